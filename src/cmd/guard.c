/* SPDX-License-Identifier: Apache-2.0 */
/* nunchi guard: what containers do, judged by rules; alerts, one a line. */
#include "guard.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd.h"
#include "rule_files.h"
#include "rules/fold.h"

static const struct usage usage = {
	.command = FOR_GUARD,
	.name = "guard",
	.synopsis = "[-f RULES]... [OPTION]... [FILTER]",
	.text = "Judges what containers do by rules, and writes an alert for each event that\n"
		"matches one. Rule files are Falco's: lists, macros and rules (docs/rules.md).\n"
		"Without -f and --rules-dir, nunchi's own rules are in force. Calls that no rule\n"
		"is about are not hooked. --tag, --disable-tag, --disable and --priority select\n"
		"rules; FILTER narrows which events are judged.\n"
		"\n"
		"  nunchi guard\n"
		"  nunchi guard -f default -f my_changes.yaml\n"
		"  nunchi guard -f falco_rules.yaml -f my_rules.yaml -o json\n"
		"  nunchi guard --priority warning --disable-tag T1082\n"
		"  nunchi guard -c web 'not proc.name=backup'\n"
		"  nunchi guard -r web.cap\n",
};

static int make_output(const struct options *o, struct fold *fold, struct output **ret)
{
	static const char *const kinds[] = { "text", "json" };
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	int kind = options_choice(o, kinds, ARRAY_SIZE(kinds));
	struct output_config config = {
		.kind = kind == 1 ? OUTPUT_ALERT_JSON : OUTPUT_ALERT_TEXT,
		.fold = fold,
		.context = o->context,
	};

	if (kind < 0)
		return EXIT_USAGE;
	if (output_new(ret, &config, &err) < 0) {
		log_error("%s", err.s);
		return EXIT_FAILURE;
	}
	return 0;
}

/* A rule that cannot fire must not be mistaken for one that had no reason to. */
static void say_in_force(const struct ruleset *rs)
{
	unsigned n = 0, enabled = 0;

	rule_files_say_choice(rs);
	for (size_t i = 0; i < ruleset_count(rs); i++) {
		enabled += ruleset_rule(rs, i)->enabled;
		n += ruleset_rule(rs, i)->enabled && ruleset_rule(rs, i)->partial;
	}
	if (!enabled)
		log_warn("no rule is in force: nothing will be told");
	if (n)
		log_warn("%u of %zu rules ask for what no event has yet; nunchi rules check says which",
			 n, ruleset_count(rs));
}

static void say_folded(const struct fold *fold)
{
	struct fold_totals t = fold_totals(fold);

	if (t.counted || t.swallowed)
		log_info("%" PRIu64 " matches of rules = alerts %" PRIu64 " + counted %" PRIu64
			 " + swallowed %" PRIu64, t.matches, t.alerts, t.counted, t.swallowed);
}

static void say_of_sinks(bool error, const char *text)
{
	if (error)
		log_error("%s", text);
	else
		log_info("%s", text);
}

/* Checked at the start: the first alert would be a bad moment to find out. */
static bool can_read(const char *option, const char *path)
{
	if (!path || !access(path, R_OK))
		return true;
	log_error("%s %s: %s", option, path, strerror(errno));
	return false;
}

/* False: an error was told. */
static bool open_sinks(struct options *o, struct sinks **ret)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;

	if (!can_read("--http-ca", o->sinks.ca) || !can_read("--http-cert", o->sinks.cert) ||
	    !can_read("--http-key", o->sinks.key))
		return false;
	o->sinks.say = say_of_sinks;
	if (o->sinks.n && sinks_start(ret, &o->sinks, &err) < 0) {
		log_error("--to %s", err.s);
		return false;
	}
	return true;
}

/* The process of the sinks is forked before anything is open that it must not inherit. */
static int run_with_sinks(struct options *o)
{
	struct sinks *sinks = NULL;
	int r;

	if (!open_sinks(o, &sinks))
		return EXIT_FAILURE;
	if (!sinks)
		return engine_run(&o->engine);
	o->engine.out_fd = sinks_fd(sinks);
	o->engine.reopen_fd = sinks_reopen_fd(sinks);
	r = engine_run(&o->engine);
	if (sinks_stop(sinks) < 0) {
		log_error("not all alerts have come where they were to go");
		return EXIT_FAILURE;
	}
	return r;
}

/* False: an error was told. */
static bool add_watches(const struct options *o, struct ruleset *rs)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;

	for (size_t i = 0; i < o->engine.n_watches; i++) {
		if (ruleset_watch(rs, o->engine.watches[i], &err) < 0) {
			log_error("--watch: %s", err.s);
			return false;
		}
	}
	return true;
}

static int judge(struct options *o, struct ruleset *rs, struct fold *fold)
{
	struct output *output = NULL;
	int r = add_watches(o, rs) ? make_output(o, fold, &output) : EXIT_USAGE;

	if (r)
		return r;
	if (!o->quiet)
		say_in_force(rs);
	o->engine.output = output;
	o->engine.rules = rs;
	o->engine.context = o->context > 0;
	r = run_with_sinks(o);
	output_free(output);
	if (!o->quiet)
		say_folded(fold);
	return r;
}

/* Who has changed options and reloads the service would think that they apply. */
static void say_config_changed(const struct options *o)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	const struct rule_file *then = o->config_text;
	struct rule_file *now;
	struct stat st;

	/* A pipe is read only once. */
	if (!then || stat(then->path, &st) < 0 || !S_ISREG(st.st_mode) || rule_file_read(&now, then->path, &err) < 0)
		return;
	if (now->len != then->len || memcmp(now->text, then->text, now->len))
		log_warn("%s has changed: options are read at the start only; restart nunchi", then->path);
	rule_file_free(now);
}

/* Errors are reported as at the start; then the old rules stay in force, and NULL is returned. */
static struct ruleset *reread(void *arg)
{
	const struct options *o = arg;
	struct ruleset *rs = NULL;

	if (!o->quiet)
		say_config_changed(o);
	if (!rule_files_load(&rs, o, o->n_args) && !add_watches(o, rs)) {
		ruleset_free(rs);
		rs = NULL;
	}
	if (!rs)
		log_error("the rules stay what they were");
	else if (!o->quiet)
		say_in_force(rs);
	return rs;
}

int guard_run(struct options *o, struct ruleset *rs)
{
	const struct fold_config config = {
		.window = o->fold * NSEC_PER_SEC,
		.limit = o->alert_limit,
	};
	struct fold *fold = fold_new(&config);
	int r = judge(o, rs, fold);

	fold_free(fold);
	return r;
}

static int guard(struct options *o)
{
	struct ruleset *rs = NULL;
	int r;

	if (!options_build_filter(o, o->args, o->n_args))
		return EXIT_USAGE;
	if (!rule_files_keep(o))
		return EXIT_FAILURE;
	r = rule_files_load(&rs, o, o->n_args);
	if (r)
		return r;
	o->engine.reread = reread;
	o->engine.reread_arg = o;
	o->engine.rule_paths = o->rule_paths;
	o->engine.n_rule_paths = o->n_rule_paths;
	r = guard_run(o, rs);
	ruleset_free(rs);
	return r;
}

int cmd_guard(int argc, char **argv)
{
	/* logrotate(8) sends it to every guard, whether or not that has a file to open anew. Ignored before anything can fail. */
	signal(SIGUSR1, SIG_IGN);
	return command_run(&usage, guard, argc, argv);
}
