/* SPDX-License-Identifier: Apache-2.0 */
/* nunchi rules: checks, lists, explains and tests rules without putting them in force. */
#include "cmd.h"

#include <errno.h>

#include "base/log.h"
#include "guard.h"
#include "rule_files.h"
#include "rules/block.h"
#include "rules/push.h"
#include "table.h"

static const struct usage usage = {
	.command = FOR_RULES,
	.name = "rules",
	.synopsis = "check FILE...|list|explain RULE|test FILE... -r CAPTURE",
	.text = "check    reports every error in rule files, and what is doubtful\n"
		"list     lists the rules\n"
		"explain  shows a rule with its macros expanded, and the events that it needs\n"
		"test     judges the events of a capture, and shows how often each rule matched\n"
		"\n"
		"list and explain use nunchi's own rules, or those of -f and --rules-dir; list\n"
		"shows those that --tag, --disable-tag, --disable and --priority select.\n"
		"\n"
		"  nunchi rules check falco_rules.yaml my_rules.yaml\n"
		"  nunchi rules explain 'Shell in a container' -f my_rules.yaml\n"
		"  nunchi rules list --tag T1611 --priority warning\n"
		"  nunchi rules test my_rules.yaml -r web.cap\n",
};

static const char *const kinds[] = { "text", "json" };

#define UNRECORDED_MAX 100	/* bytes of calls' names: a line, with what is said of them */

static void add_count(struct strbuf *out, unsigned n, const char *what)
{
	strbuf_addf(out, "%u %s%s", n, what, n == 1 ? "" : "s");
}

static void add_sum(const struct ruleset *rs, struct report *report)
{
	if (rs) {
		add_count(&report->text, (unsigned)ruleset_count(rs), "rule");
		strbuf_adds(&report->text, ": ");
	}
	add_count(&report->text, report->counts[REPORT_ERROR], "error");
	strbuf_adds(&report->text, ", ");
	add_count(&report->text, report->counts[REPORT_WARNING], "warning");
	strbuf_adds(&report->text, ", ");
	add_count(&report->text, report->counts[REPORT_NOTE], "note");
	strbuf_addc(&report->text, '\n');
}

static int check(const struct options *o)
{
	struct report report = { .least = o->quiet ? REPORT_WARNING : REPORT_NOTE };
	int kind = options_choice(o, kinds, ARRAY_SIZE(kinds));
	struct ruleset *rs = NULL;
	int r, loaded;

	if (kind < 0)
		return EXIT_USAGE;
	if (o->n_args < 2 && !o->n_rule_paths) {
		log_error("rules check: which files?");
		return EXIT_USAGE;
	}
	report.json = kind == 1;
	loaded = rule_files_read(&rs, o, 1, &report);
	if (kind == 0)
		add_sum(rs, &report);
	r = cmd_print(&report.text);
	report_free(&report);
	if (loaded < 0)
		r = loaded == -ENOENT ? EXIT_USAGE : EXIT_FAILURE;
	ruleset_free(rs);
	return r;
}

static void add_text(struct strbuf *out, const char *key, const char *s)
{
	strbuf_adds(out, key);
	strbuf_add_json(out, s, strlen(s));
}

static void rule_json(const struct rule *rule, struct strbuf *out)
{
	add_text(out, "{\"rule\":", rule->name);
	add_text(out, ",\"priority\":", priority_names[rule->priority]);
	strbuf_addf(out, ",\"enabled\":%s", rule->enabled ? "true" : "false");
	strbuf_adds(out, ",\"tags\":[");
	for (size_t i = 0; i < rule->n_tags; i++)
		add_text(out, i ? "," : "", rule->tags[i]);
	add_text(out, "],\"action\":", action_names[rule->action]);
	add_text(out, ",\"desc\":", rule->desc);
	add_text(out, ",\"condition\":", rule->condition);
	add_text(out, ",\"output\":", rule->output_text);
	strbuf_adds(out, "}\n");
}

/* As written: the caller makes them printable. */
static void add_tags(const struct rule *rule, struct strbuf *out)
{
	strbuf_reset(out);
	for (size_t i = 0; i < rule->n_tags; i++)
		strbuf_addf(out, "%s%s", i ? ", " : "", rule->tags[i]);
}

/* Indents each line, so that no text of a rule can look like a line of ours. */
static void add_indented(const char *s, struct strbuf *out)
{
	for (size_t n; *s; s += n + (s[n] == '\n')) {
		n = strcspn(s, "\n");
		strbuf_adds(out, "  ");
		strbuf_add(out, s, n);
		strbuf_addc(out, '\n');
	}
}

static int list(const struct options *o)
{
	static const char *const heads[] = { "PRIORITY", "RULE", "TAGS" };
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT, tags = STRBUF_INIT;
	struct table t = TABLE_INIT(ARRAY_SIZE(heads));
	int kind = options_choice(o, kinds, ARRAY_SIZE(kinds)), r;
	struct ruleset *rs;

	r = kind < 0 ? EXIT_USAGE : rule_files_load(&rs, o, 1);
	if (r)
		return r;
	if (!o->quiet)
		rule_files_say_choice(rs);
	table_add_all(&t, heads, ARRAY_SIZE(heads));
	for (size_t i = 0; i < ruleset_count(rs); i++) {
		const struct rule *rule = ruleset_rule(rs, i);

		if (rule->left_out)
			continue;
		if (kind == 1) {
			rule_json(rule, &out);
			continue;
		}
		table_add(&t, rule->enabled ? priority_names[rule->priority] : "(disabled)");
		table_add(&t, rule->name);
		add_tags(rule, &tags);
		table_add(&t, tags.s);
	}
	if (kind == 0)
		table_print(&t, &out);
	table_free(&t);
	ruleset_free(rs);
	return cmd_print(&out);
}

/* The events that the rule can be about. */
static void explain_events(const struct ruleset *rs, const struct rule *rule, struct strbuf *out)
{
	struct syscall_set set = { .procexit = false };
	const char *comma = "";
	unsigned n = 0, all = 0;

	ruleset_rule_calls(rs, rule, &set);
	for (uint32_t nr = 0; nr < NUNCHI_CALLS_MAX; nr++) {
		n += set.bits[nr];
		all += syscall_by_nr(nr) != NULL;
	}
	strbuf_adds(out, "events:\n  ");
	if (n == all) {
		strbuf_adds(out, "every system call\n");
		return;
	}
	for (uint32_t nr = 0; nr < NUNCHI_CALLS_MAX; nr++) {
		if (!set.bits[nr])
			continue;
		strbuf_addf(out, "%s%s", comma, syscall_by_nr(nr)->name);
		comma = ", ";
	}
	for (unsigned type = EVENT_SYSCALL + 1; type < EVENT_OTHER; type++) {
		const struct event ev = { .type = (enum event_type)type };

		if (!ruleset_takes(rs, rule, ev.type))
			continue;
		strbuf_addf(out, "%s%s", comma, event_type_name(&ev));
		comma = ", ";
	}
	strbuf_adds(out, *comma ? "\n" : "none: this can never match\n");
}

/* What the kernel side checks before an event leaves the kernel. */
static void explain_push(const struct ruleset *rs, const struct rule *rule, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf calls = STRBUF_INIT;
	struct syscall_set set = { .procexit = false };

	ruleset_rule_calls(rs, rule, &set);
	push_describe(rule->root, &set, &calls);
	if (calls.len)
		strbuf_addf(out, "decided in the kernel:\n%s", calls.s);
}

static void explain_action(const struct ruleset *rs, const struct rule *rule, struct strbuf *out)
{
	if (rule->action == ACTION_ALERT) {
		explain_push(rs, rule, out);
		return;
	}
	strbuf_addf(out, "action: %s%s\n", action_names[rule->action],
		    rule->refuse ? ", or guard does not start" : "");
	if (!rule->enabled || !rule_blocks(rule) || !ruleset_block(rs))
		return;
	strbuf_adds(out, "decided in the kernel:\n");
	for (size_t i = 0; i < ruleset_count(rs); i++)
		if (ruleset_rule(rs, i) == rule)
			block_describe(ruleset_block(rs), (unsigned)i, out);
}

static void explain_rule(const struct ruleset *rs, const struct rule *rule, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf tags = STRBUF_INIT;

	strbuf_add_printable(out, rule->name, strlen(rule->name));
	strbuf_addc(out, '\n');
	add_indented(rule->desc, out);
	add_tags(rule, &tags);
	strbuf_addf(out, "priority: %s", priority_names[rule->priority]);
	if (rule->left_out)
		strbuf_addf(out, " (left out by --%s)", left_out_names[rule->left_out]);
	else if (!rule->enabled)
		strbuf_adds(out, " (disabled)");
	strbuf_adds(out, "\ntags: ");
	strbuf_add_printable(out, tags.s, tags.len);
	strbuf_addc(out, '\n');
	if (rule->place.source) {
		strbuf_adds(out, "file: ");
		strbuf_add_printable(out, rule->place.source->path, strlen(rule->place.source->path));
		strbuf_addf(out, ":%ld\n", rule->place.line + 1);
	}
	strbuf_adds(out, "condition:\n");
	rule_unfold(rule, out);
	explain_events(rs, rule, out);
	explain_action(rs, rule, out);
	strbuf_adds(out, "output:\n");
	add_indented(rule->output_text, out);
}

static void no_such_rule(const struct ruleset *rs, const char *name)
{
	const char **names = xcalloc(ruleset_count(rs) + 1, sizeof(*names));
	_cleanup_strbuf_ struct strbuf meant = STRBUF_INIT, text = STRBUF_INIT;

	for (size_t i = 0; i < ruleset_count(rs); i++)
		names[i] = ruleset_rule(rs, i)->name;
	strbuf_add_printable(&text, name, strlen(name));
	if (!did_you_mean(&meant, name, strlen(name), names, ruleset_count(rs)))
		strbuf_adds(&meant, ". See nunchi rules list");
	log_error("rules explain: no such rule: %s%s", text.s, meant.s);
	free(names);
}

static int explain(const struct options *o)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT, text = STRBUF_INIT;
	int kind = options_choice(o, kinds, ARRAY_SIZE(kinds));
	const struct rule *rule;
	struct ruleset *rs;
	int r;

	if (kind < 0)
		return EXIT_USAGE;
	if (o->n_args != 2) {
		log_error("rules explain: which rule? nunchi rules list names them");
		return EXIT_USAGE;
	}
	r = rule_files_load(&rs, o, 2);
	if (r)
		return r;
	rule = ruleset_find(rs, o->args[1]);
	if (rule) {
		if (kind == 1) {
			rule_json(rule, &out);
		} else {
			explain_rule(rs, rule, &text);
			strbuf_add_lines(&out, text.s, text.len);
		}
		r = cmd_print(&out);
	} else {
		no_such_rule(rs, o->args[1]);
		r = EXIT_FAILURE;
	}
	ruleset_free(rs);
	return r;
}

static int print_counts(const struct ruleset *rs)
{
	static const char *const heads[] = { "MATCHED", "PRIORITY", "RULE" };
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct table t = TABLE_INIT(ARRAY_SIZE(heads));

	table_add_all(&t, heads, ARRAY_SIZE(heads));
	for (size_t i = 0; i < ruleset_count(rs); i++) {
		const struct rule *rule = ruleset_rule(rs, i);

		if (!rule->enabled)
			continue;
		table_add_number(&t, rule->fired);
		table_add(&t, priority_names[rule->priority]);
		table_add(&t, rule->name);
	}
	table_print(&t, &out);
	table_free(&t);
	return cmd_print(&out);
}

/* All that the rule can be about are calls that record takes only if -e says so. */
static bool takes_more(const struct ruleset *rs, const struct rule *rule, const struct syscall_set *calls)
{
	struct syscall_set usual;

	syscall_set_default(&usual);
	for (uint32_t nr = 0; nr < NUNCHI_CALLS_MAX; nr++)
		if (calls->bits[nr] && usual.bits[nr])
			return false;
	for (unsigned type = EVENT_SYSCALL + 1; type < EVENT_OTHER; type++)
		if (ruleset_takes(rs, rule, (enum event_type)type))
			return false;
	return true;
}

/* A rule that matched nothing may only have had nothing to see, which its count does not say. */
static void tell_unrecorded(const struct ruleset *rs)
{
	_cleanup_strbuf_ struct strbuf names = STRBUF_INIT;
	struct syscall_set calls = { .procexit = false };
	unsigned more = 0;

	for (size_t i = 0; i < ruleset_count(rs); i++) {
		const struct rule *rule = ruleset_rule(rs, i);
		struct syscall_set own = { .procexit = false };

		if (!rule->enabled || rule->fired)
			continue;
		ruleset_rule_calls(rs, rule, &own);
		if (takes_more(rs, rule, &own))
			ruleset_rule_calls(rs, rule, &calls);
	}
	for (uint32_t nr = 0; nr < NUNCHI_CALLS_MAX; nr++) {
		if (!calls.bits[nr])
			continue;
		if (names.len < UNRECORDED_MAX)
			strbuf_addf(&names, "%s%s", names.len ? ", " : "", syscall_by_nr(nr)->name);
		else
			more++;
	}
	if (more)
		strbuf_addf(&names, " and %u more", more);
	if (names.len)
		log_info("some rules that matched nothing are about calls that record takes only with -e: %s",
			 names.s);
}

static int test(struct options *o)
{
	struct ruleset *rs;
	int r;

	if (!o->engine.replay) {
		log_error("rules test: the events of which capture? -r FILE says it; nunchi record "
			  "makes one");
		return EXIT_USAGE;
	}
	r = rule_files_load(&rs, o, 1);
	if (r)
		return r;
	/* Every match is an alert here. */
	o->fold = o->alert_limit = 0;
	r = guard_run(o, rs);
	if (!r && !(o->output && streq(o->output, "json")))
		r = print_counts(rs);
	if (!r)
		tell_unrecorded(rs);
	ruleset_free(rs);
	return r;
}

static int run_rules(struct options *o)
{
	const char *verb = o->n_args ? o->args[0] : "";

	if (streq(verb, "check"))
		return check(o);
	if (streq(verb, "list"))
		return list(o);
	if (streq(verb, "explain"))
		return explain(o);
	if (streq(verb, "test"))
		return test(o);
	log_error("rules%s%s: there is check, list, explain, test", *verb ? " " : "", verb);
	return EXIT_USAGE;
}

int cmd_rules(int argc, char **argv)
{
	return command_run(&usage, run_rules, argc, argv);
}
