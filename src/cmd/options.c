/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options are rows of one table; getopt's arrays and the help are made from it, so that no option
 * can be taken that --help does not name.
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <sys/ioctl.h>

#include "base/log.h"
#include "cmd.h"
#include "out/alert_context.h"
#include "rules/fold.h"

#define SHOW (FOR_TRACE | FOR_RECORD)
#define LIVE (FOR_TRACE | FOR_RECORD | FOR_GUARD)
#define EVERY (FOR_TRACE | FOR_RECORD | FOR_PS | FOR_LIST | FOR_GUARD | FOR_RULES | FOR_DOCTOR)

/* Codes of the options that have no letter. */
enum {
	OPT_POD = 256,
	OPT_K8S_NS,
	OPT_IMAGE,
	OPT_PID,
	OPT_FAILED,
	OPT_HOST,
	OPT_HOOKS,
	OPT_ENTRY,
	OPT_DRY_RUN,
	OPT_PIN,
	OPT_SETUP,
	OPT_TIMEOUT,
	OPT_FORMAT,
	OPT_RUNTIME,
	OPT_HOST_ROOT,
	OPT_HOLD_MS,
	OPT_HOLD_BYTES,
	OPT_RULES_DIR,
	OPT_CONTEXT,
	OPT_FOLD,
	OPT_ALERT_LIMIT,
	OPT_TO,
	OPT_HTTP_CA,
	OPT_HTTP_CERT,
	OPT_HTTP_KEY,
	OPT_COLOR,
	OPT_NO_COLOR,
};

static const struct option_row {
	int code;		/* the letter, or OPT_* */
	const char *name;
	const char *arg;	/* what stands after it; NULL: nothing */
	unsigned commands;
	const char *help;
} rows[] = {
	{ 'f', "rules", "FILE", FOR_GUARD | FOR_RULES,
	  "a file of rules, or a directory of them; what comes later changes what came before" },
	{ OPT_RULES_DIR, "rules-dir", "DIR", FOR_GUARD | FOR_RULES, "the files of rules in it, by name" },
	{ 'c', "container", "NAME", LIVE | FOR_PS,
	  "only this container: name, id, its beginning, namespace/pod, or a glob" },
	{ OPT_POD, "pod", "NAME", LIVE | FOR_PS, "only this Kubernetes pod" },
	{ OPT_K8S_NS, "k8s-ns", "NAME", LIVE | FOR_PS, "only this Kubernetes namespace" },
	{ OPT_IMAGE, "image", "IMAGE", LIVE | FOR_PS, "only containers of this image" },
	{ 'l', "label", "KEY=VALUE", LIVE | FOR_PS, "only containers, or pods, with this label" },
	{ OPT_PID, "pid", "PID", LIVE, "only this process, by its id on the host" },
	{ 'e', "events", "SET", SHOW,
	  "calls to show: names, @category, all, !name, separated by commas" },
	{ OPT_FAILED, "failed", NULL, SHOW, "only calls that failed" },
	{ OPT_HOST, "host", NULL, LIVE | FOR_RULES, "the host's own processes too" },
	{ OPT_HOOKS, "hooks", "auto|tracepoint|fentry|kprobe", LIVE | FOR_PS,
	  "where system calls are seen" },
	{ OPT_ENTRY, "entry", NULL, SHOW,
	  "with --hooks kprobe: calls when they begin, too (evt.dir is >)" },
	{ OPT_DRY_RUN, "dry-run", NULL, FOR_GUARD, "rules that kill or deny only say what they would do" },
	{ OPT_PIN, "pin", NULL, LIVE,
	  "for services: whose a process is outlives nunchi, in /sys/fs/bpf/nunchi" },
	{ OPT_SETUP, "setup", NULL, LIVE | FOR_RULES, "also what a runtime does before the entrypoint runs" },
	{ 'n', "count", "COUNT", LIVE, "end after so many events" },
	{ OPT_TIMEOUT, "timeout", "SECONDS", LIVE, "end after this time" },
	{ 'o', "output", "text|json|block", FOR_TRACE, "the form of the output" },
	{ 'o', "output", "wide|json", FOR_PS, "more columns, or JSON" },
	{ 'o', "output", "text|json", FOR_LIST | FOR_GUARD | FOR_RULES | FOR_DOCTOR, "the form of the output" },
	{ OPT_CONTEXT, "context", "COUNT", FOR_GUARD,
	  "an alert shows so many events of its process before it, at most 32" },
	{ OPT_FOLD, "fold", "SECONDS", FOR_GUARD,
	  "repeats of an alert in this time become a count (60; 0: never)" },
	{ OPT_ALERT_LIMIT, "alert-limit", "COUNT", FOR_GUARD,
	  "new alerts of a rule a minute; what is more is only counted (100; 0: any number)" },
	{ OPT_TO, "to", "SINK", FOR_GUARD,
	  "where alerts go, as often as you like: stdout, file:PATH, syslog, program:COMMAND, https://..." },
	{ OPT_HTTP_CA, "http-ca", "FILE", FOR_GUARD, "who may sign the certificate of an https sink" },
	{ OPT_HTTP_CERT, "http-cert", "FILE", FOR_GUARD, "our certificate for https sinks" },
	{ OPT_HTTP_KEY, "http-key", "FILE", FOR_GUARD, "its key, if that is another file" },
	{ OPT_FORMAT, "format", "FORMAT", FOR_TRACE,
	  "a line of your own: '%container.name %proc.name %fd.name'" },
	{ 'w', "write", "FILE", FOR_RECORD, "the capture file to write (- is stdout)" },
	{ 'r', "read", "FILE", FOR_TRACE | FOR_PS | FOR_GUARD | FOR_RULES,
	  "read a capture file (- is stdin), not the kernel" },
	{ 'a', "all", NULL, FOR_PS, "stopped containers and pause containers too" },
	{ OPT_RUNTIME, "runtime", "KIND=SOCKET", LIVE | FOR_PS | FOR_DOCTOR,
	  "one more runtime to ask" },
	{ OPT_HOST_ROOT, "host-root", "DIR", LIVE | FOR_PS | FOR_DOCTOR,
	  "where the host's / is, when nunchi runs in a container" },
	{ OPT_HOLD_MS, "hold-ms", "MS", LIVE, "how long events wait for their container's name" },
	{ OPT_HOLD_BYTES, "hold-bytes", "BYTES", LIVE,
	  "how much may wait for names; what is more goes on without" },
	{ OPT_COLOR, "color", NULL, FOR_TRACE, "colours, terminal or not" },
	{ OPT_NO_COLOR, "no-color", NULL, FOR_TRACE, "no colours (NO_COLOR does the same)" },
	{ 'q', "quiet", NULL, LIVE | FOR_PS | FOR_RULES, "only errors on stderr" },
	{ 'v', "verbose", NULL, LIVE | FOR_PS | FOR_DOCTOR, "more on stderr" },
	{ 'h', "help", NULL, EVERY, "this text" },
};

static int show_help(const struct usage *usage)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;

	strbuf_addf(&b, "Usage: nunchi %s %s\n\n%s\nOptions:\n", usage->name, usage->synopsis,
		    usage->text);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_strbuf_ struct strbuf flag = STRBUF_INIT;

		if (!(rows[i].commands & usage->command))
			continue;
		if (rows[i].code < 256)
			strbuf_addf(&flag, "-%c, ", rows[i].code);
		else
			strbuf_adds(&flag, "    ");
		strbuf_addf(&flag, "--%s", rows[i].name);
		if (rows[i].arg)
			strbuf_addf(&flag, " %s", rows[i].arg);
		strbuf_addf(&b, "  %-28s  %s\n", flag.s, rows[i].help);
	}
	return cmd_print(&b);
}

static const struct option_row *find_row(unsigned command, int code)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].code == code && (rows[i].commands & command))
			return &rows[i];
	return NULL;
}

/* After getopt's "?": word is what it stopped at. */
static void tell_unknown(const struct usage *usage, const char *word)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT, nearest = STRBUF_INIT;
	const struct option_row *row = optopt ? find_row(usage->command, optopt) : NULL;
	const char *names[ARRAY_SIZE(rows)];
	char letter[3] = { '-', (char)optopt, '\0' };
	size_t n = 0;

	if (row) {
		log_error("%s: --%s takes no value", usage->name, row->name);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].commands & usage->command)
			names[n++] = rows[i].name;
	strbuf_reset(&nearest);
	if (optopt) {
		word = letter;
	} else if (starts_with(word, "--")) {
		const char *name = word + strlen("--");

		nearest_names(&nearest, name, strcspn(name, "="), names, n);
	}
	strbuf_add_printable(&text, word, strlen(word));
	if (nearest.len)
		log_error("%s: no such option: %s. Did you mean --%s?", usage->name, text.s,
			  nearest.s);
	else
		log_error("%s: no such option: %s. See nunchi %s --help", usage->name, text.s,
			  usage->name);
}

/* A number from 0 to max. False: it is none, which was told. */
static bool parse_number(const char *option, const char *s, uint64_t max, uint64_t *ret)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(s, &end, 10);
	if (*s < '0' || *s > '9' || *end || errno || n > max) {
		log_error("%s %s: expected a number up to %llu", option, s,
			  (unsigned long long)max);
		return false;
	}
	*ret = n;
	return true;
}

static bool parse_seconds(const char *s, uint64_t *ret_ns)
{
	char *end;
	double seconds = strtod(s, &end);

	if (end == s || *end || !isfinite(seconds) || seconds <= 0 || seconds > 1e9) {
		log_error("--timeout %s: expected seconds, as 10 or 0.5", s);
		return false;
	}
	*ret_ns = (uint64_t)(seconds * (double)NSEC_PER_SEC);
	return true;
}

static bool take_set(struct options *o, const char *spec)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;

	if (syscall_set_parse(&o->engine.set, spec, &err) < 0) {
		log_error("%s", err.s);
		return false;
	}
	o->engine.set_given = true;
	return true;
}

static bool take_selection(struct options *o, enum select_kind kind, const char *value)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;

	if (selection_add(&o->selection, kind, value, &err) < 0) {
		log_error("%s", err.s);
		return false;
	}
	return true;
}

static bool take_runtime(struct options *o, const char *value)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	size_t n = o->engine.runtimes.n_extra;

	if (runtimes_check(value, &err) < 0) {
		log_error("%s", err.s);
		return false;
	}
	o->runtimes = xrealloc(o->runtimes, (n + 1) * sizeof(*o->runtimes));
	o->runtimes[n] = value;
	o->engine.runtimes.extra = o->runtimes;
	o->engine.runtimes.n_extra = n + 1;
	return true;
}

static bool take_sink(struct options *o, const char *to)
{
	o->sinks.to = o->sink_names = xrealloc(o->sink_names, (o->sinks.n + 1) * sizeof(*o->sink_names));
	o->sink_names[o->sinks.n++] = to;
	return true;
}

static bool take_rules(struct options *o, const char *path)
{
	o->rule_paths = xrealloc(o->rule_paths, (o->n_rule_paths + 1) * sizeof(*o->rule_paths));
	o->rule_paths[o->n_rule_paths++] = path;
	return true;
}

/* "/" is no prefix, and a path is compared with those of mounts: no link in it, no slash after. */
static bool take_host_root(struct options *o, const char *value)
{
	char *real = realpath(value, NULL);
	_cleanup_free_ char *stat = real ? xasprintf("%s/proc/1/stat", real) : NULL;

	if (!real || access(stat, F_OK) < 0) {
		log_error("--host-root %s: there is no %s/proc with the host's processes; "
			  "mount the host's / there "
			  "(docker run --privileged --pid host -v /:%s:rslave)",
			  value, value, value);
		free(real);
		return false;
	}
	free(o->host_root);
	o->host_root = real;
	o->engine.runtimes.root = streq(real, "/") ? "" : real;
	return true;
}

static bool take_hold_bytes(struct options *o, const char *value)
{
	uint64_t bytes;

	if (!parse_number("--hold-bytes", value, 1U << 30, &bytes))
		return false;
	o->engine.hold_bytes = bytes;
	return true;
}

static bool take_hooks(struct options *o, const char *value)
{
	for (unsigned i = 0; i < PROBE_HOOKS_MAX; i++) {
		if (streq(value, probe_hooks_name((enum probe_hooks)i))) {
			o->engine.hooks = (enum probe_hooks)i;
			return true;
		}
	}
	log_error("--hooks %s: no such hooks. There is auto, tracepoint, fentry, kprobe", value);
	return false;
}

static bool take_number(const char *option, const char *value, uint64_t max, unsigned *ret)
{
	uint64_t n;

	if (!parse_number(option, value, max, &n))
		return false;
	*ret = (unsigned)n;
	return true;
}

/* Options with a value. */
static bool take_value(struct options *o, int code, const char *value)
{
	switch (code) {
	case 'c':
		return take_selection(o, SELECT_CONTAINER, value);
	case OPT_POD:
		return take_selection(o, SELECT_POD, value);
	case OPT_K8S_NS:
		return take_selection(o, SELECT_K8S_NS, value);
	case OPT_IMAGE:
		return take_selection(o, SELECT_IMAGE, value);
	case 'l':
		return take_selection(o, SELECT_LABEL, value);
	case OPT_PID:
		return take_selection(o, SELECT_PID, value);
	case 'e':
		return take_set(o, value);
	case 'n':
		return parse_number("-n", value, UINT32_MAX, &o->engine.count);
	case OPT_TIMEOUT:
		return parse_seconds(value, &o->engine.timeout);
	case OPT_RUNTIME:
		return take_runtime(o, value);
	case OPT_HOST_ROOT:
		return take_host_root(o, value);
	case OPT_HOOKS:
		return take_hooks(o, value);
	case OPT_HOLD_MS:
		return take_number("--hold-ms", value, 60000, &o->engine.hold_ms);
	case OPT_HOLD_BYTES:
		return take_hold_bytes(o, value);
	case OPT_CONTEXT:
		return take_number("--context", value, CONTEXT_EVENTS_MAX, &o->context);
	case OPT_FOLD:
		return take_number("--fold", value, 86400, &o->fold);
	case OPT_ALERT_LIMIT:
		return take_number("--alert-limit", value, UINT32_MAX, &o->alert_limit);
	case OPT_TO:
		return take_sink(o, value);
	case OPT_HTTP_CA:
		o->sinks.ca = value;
		return true;
	case OPT_HTTP_CERT:
		o->sinks.cert = value;
		return true;
	case OPT_HTTP_KEY:
		o->sinks.key = value;
		return true;
	case 'f':
	case OPT_RULES_DIR:
		return take_rules(o, value);
	case 'o':
		o->output = value;
		return true;
	case OPT_FORMAT:
		o->format = value;
		return true;
	case 'w':
		o->engine.record = value;
		return true;
	default: /* 'r' */
		o->engine.replay = value;
		return true;
	}
}

static void take_switch(struct options *o, int code)
{
	switch (code) {
	case OPT_FAILED:
		o->engine.failed_only = true;
		break;
	case OPT_DRY_RUN:
		o->engine.dry_run = true;
		break;
	case OPT_HOST:
		o->engine.host = true;
		break;
	case OPT_ENTRY:
		o->engine.entries = true;
		break;
	case OPT_PIN:
		o->engine.pin = true;
		break;
	case OPT_SETUP:
		o->engine.setup = true;
		break;
	case OPT_COLOR:
		o->color = COLOR_ALWAYS;
		break;
	case OPT_NO_COLOR:
		o->color = COLOR_NEVER;
		break;
	case 'a':
		o->all = true;
		break;
	case 'q':
		o->quiet = true;
		log_set_level(LOG_ERROR);
		break;
	case 'v':
		log_set_level(LOG_DEBUG);
		break;
	default:
		break;
	}
}

/* getopt's own two forms of the table. */
static void make_getopt(unsigned command, struct strbuf *letters, struct option *longs)
{
	size_t n = 0;

	strbuf_addc(letters, ':');
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!(rows[i].commands & command))
			continue;
		longs[n].name = rows[i].name;
		longs[n].has_arg = rows[i].arg ? required_argument : no_argument;
		longs[n++].val = rows[i].code;
		if (rows[i].code >= 256)
			continue;
		strbuf_addc(letters, (char)rows[i].code);
		if (rows[i].arg)
			strbuf_addc(letters, ':');
	}
}

static void options_init(struct options *o)
{
	memset(o, 0, sizeof(*o));
	syscall_set_default(&o->engine.set);
	o->engine.hold_ms = ENGINE_HOLD_MS_DEFAULT;
	o->engine.hold_bytes = ENGINE_HOLD_BYTES_DEFAULT;
	o->engine.runtimes.root = "";
	o->engine.runtimes.defaults = true;
	o->engine.out_fd = STDOUT_FILENO;
	o->fold = FOLD_WINDOW_DEFAULT;
	o->alert_limit = FOLD_LIMIT_DEFAULT;
}

enum parsed options_parse(struct options *o, const struct usage *usage, int argc, char **argv)
{
	struct option longs[ARRAY_SIZE(rows) + 1] = { 0 };
	_cleanup_strbuf_ struct strbuf letters = STRBUF_INIT;

	options_init(o);
	make_getopt(usage->command, &letters, longs);
	opterr = 0;
	optind = 1;
	for (;;) {
		int code = getopt_long(argc, argv, letters.s, longs, NULL);
		const struct option_row *row;

		if (code == -1)
			break;
		if (code == 'h')
			return show_help(usage) ? PARSED_USAGE : PARSED_DONE;
		if (code == ':') {
			row = find_row(usage->command, optopt);
			log_error("%s: --%s needs %s", usage->name, row ? row->name : "option",
				  row ? row->arg : "a value");
			return PARSED_USAGE;
		}
		if (code == '?') {
			tell_unknown(usage, argv[optind - 1]);
			return PARSED_USAGE;
		}
		row = find_row(usage->command, code);
		if (!row->arg)
			take_switch(o, code);
		else if (!take_value(o, code, optarg))
			return PARSED_USAGE;
	}
	if (o->engine.entries && o->engine.hooks != PROBE_HOOKS_KPROBE) {
		log_error("--entry needs --hooks kprobe: other hooks are where calls end");
		return PARSED_USAGE;
	}
	o->args = argv + optind;
	o->n_args = argc - optind;
	o->engine.account = !o->quiet;
	o->engine.ready_line = !o->quiet;
	return PARSED_OK;
}

void options_free(struct options *o)
{
	filter_free(o->engine.filter);
	o->engine.filter = NULL;
	selection_free(&o->selection);
	free(o->runtimes);
	free(o->rule_paths);
	free(o->sink_names);
	free(o->host_root);
}

static bool add_filter(struct options *o, const char *text)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	struct filter *f = NULL;

	if (filter_parse(&f, text, &err) < 0) {
		log_error("filter: %s", err.s);
		return false;
	}
	o->engine.filter = filter_and(o->engine.filter, f);
	return true;
}

bool options_build_filter(struct options *o, char *const *words, int n_words)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	selection_text(&o->selection, &text);
	if (text.len && !add_filter(o, text.s))
		return false;
	/* Apart from the flags', so that an error shows what was typed and no more. */
	strbuf_reset(&text);
	for (int i = 0; i < n_words; i++) {
		if (i)
			strbuf_addc(&text, ' ');
		strbuf_adds(&text, words[i]);
	}
	if (text.len && !add_filter(o, text.s))
		return false;
	if (o->engine.filter && filter_names_host(o->engine.filter))
		o->engine.host = true;
	return true;
}

int options_choice(const struct options *o, const char *const *names, size_t n_names)
{
	_cleanup_strbuf_ struct strbuf all = STRBUF_INIT;

	if (!o->output)
		return 0;
	for (size_t i = 0; i < n_names; i++) {
		if (streq(o->output, names[i]))
			return (int)i;
		strbuf_addf(&all, "%s%s", i ? ", " : "", names[i]);
	}
	log_error("-o %s: no such output. There is %s", o->output, all.s);
	return -1;
}

bool options_color(const struct options *o)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (o->color != COLOR_AUTO)
		return o->color == COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && !(term && streq(term, "dumb"));
}

unsigned terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_col;
}
