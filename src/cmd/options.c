/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options are rows of one table. getopt's tables, --help, the keys of the configuration file, the
 * manual pages and completion are generated from it, so that none can know an option that another
 * does not.
 */
#include "option_table.h"

#include <errno.h>
#include <math.h>

#include "out/alert_context.h"
#include "rules/block.h"
#include "serve.h"

#define CPU_LIMIT_MAX 100000U	/* percent */
#define HOLD_BYTES_MAX (1U << 30)
#define HOLD_MS_MAX 60000U	/* a minute: no runtime is that slow */
#define FOLD_MAX 86400U		/* seconds: a day */
#define SHOW (FOR_TRACE | FOR_RECORD)
#define LIVE (FOR_TRACE | FOR_RECORD | FOR_GUARD)
#define TUNED (FOR_TRACE | FOR_RECORD | FOR_PS | FOR_LIST | FOR_GUARD | FOR_RULES | FOR_DOCTOR | FOR_STATS)
#define EVERY (TUNED | FOR_CONFIG | FOR_UNBLOCK)

/* Codes of the options that have no letter. */
enum {
	OPT_POD = OPTION_CONFIG + 1,
	OPT_K8S_NS,
	OPT_IMAGE,
	OPT_PID,
	OPT_FAILED,
	OPT_HOST,
	OPT_HOOKS,
	OPT_ENTRY,
	OPT_DRY_RUN,
	OPT_KEEP_BLOCKING,
	OPT_LIST,
	OPT_PIN,
	OPT_SETUP,
	OPT_WATCH,
	OPT_AGGREGATE,
	OPT_TIMEOUT,
	OPT_FORMAT,
	OPT_RUNTIME,
	OPT_HOST_ROOT,
	OPT_HOLD_MS,
	OPT_HOLD_BYTES,
	OPT_MEMORY,
	OPT_CPU_LIMIT,
	OPT_RULES_DIR,
	OPT_PRIORITY,
	OPT_APPEND_OUTPUT,
	OPT_CONTEXT,
	OPT_FOLD,
	OPT_ALERT_LIMIT,
	OPT_TO,
	OPT_HTTP_CA,
	OPT_HTTP_CERT,
	OPT_HTTP_KEY,
	OPT_LISTEN,
	OPT_COLOR,
	OPT_NO_COLOR,
};

const struct option_row option_rows[] = {
	{ 'f', "rules", "FILE", MANY | FOR_GUARD | FOR_RULES,
	  "a rule file, a directory of them, or 'default' for nunchi's own; later files override earlier ones" },
	{ OPT_RULES_DIR, "rules-dir", "DIR", MANY | FOR_GUARD | FOR_RULES, "all rule files in it, in the order of their names" },
	{ 't', "tag", "TAG", MANY | FOR_GUARD | FOR_RULES, "only rules with this tag (or another -t)" },
	{ 'T', "disable-tag", "TAG", MANY | FOR_GUARD | FOR_RULES, "no rules with this tag" },
	{ 'D', "disable", "RULE", MANY | FOR_GUARD | FOR_RULES,
	  "not this rule: a name, a part of names, or a glob" },
	{ OPT_PRIORITY, "priority", "PRIORITY", FOR_GUARD | FOR_RULES,
	  "only rules of at least this priority, such as warning" },
	{ 'c', "container", "NAME", MANY | LIVE | FOR_PS,
	  "only this container: name, id or its beginning, namespace/pod, or a glob" },
	{ OPT_POD, "pod", "NAME", MANY | LIVE | FOR_PS, "only this Kubernetes pod" },
	{ OPT_K8S_NS, "k8s-ns", "NAME", MANY | LIVE | FOR_PS, "only this Kubernetes namespace" },
	{ OPT_IMAGE, "image", "IMAGE", MANY | LIVE | FOR_PS, "only containers of this image" },
	{ 'l', "label", "KEY=VALUE", MANY | LIVE | FOR_PS, "only containers or pods with this label" },
	{ OPT_PID, "pid", "PID", MANY | LIVE, "only this process, by its id on the host" },
	{ 'e', "events", "SET", MANY | SHOW,
	  "calls to show: names, @category, all, !name, separated by commas" },
	{ OPT_FAILED, "failed", NULL, SHOW, "only calls that failed" },
	{ OPT_HOST, "host", NULL, LIVE | FOR_RULES, "also the host's own processes" },
	{ OPT_HOOKS, "hooks", "auto|tracepoint|fentry|kprobe", LIVE | FOR_PS,
	  "how system calls are seen" },
	{ OPT_ENTRY, "entry", NULL, SHOW,
	  "with --hooks kprobe: also the start of calls (evt.dir is >)" },
	{ OPT_DRY_RUN, "dry-run", NULL, FOR_GUARD, "actions of rules are reported, not done" },
	{ OPT_KEEP_BLOCKING, "keep-blocking", NULL, FOR_GUARD,
	  "what rules deny stays denied after guard ends, until nunchi unblock" },
	{ OPT_LIST, "list", NULL, FOR_UNBLOCK, "only list what is in force" },
	{ OPT_PIN, "pin", NULL, LIVE,
	  "for services: remember the container of each process across restarts, in /sys/fs/bpf/nunchi" },
	{ OPT_SETUP, "setup", NULL, LIVE | FOR_RULES, "also what runtimes do before the entrypoint runs" },
	{ OPT_WATCH, "watch", "FILTER", MANY | LIVE,
	  "opens, execs, connects, ... to report even when everything else floods" },
	{ OPT_AGGREGATE, "aggregate", "SECONDS", SHOW,
	  "report repeated events once, then count them, and report the counts this often (activity_summary)" },
	{ 'n', "count", "COUNT", LIVE, "end after this many events" },
	{ 'n', "count", "COUNT", FOR_STATS, "show it this many times, a second apart" },
	{ OPT_TIMEOUT, "timeout", "SECONDS", LIVE, "end after this time" },
	{ 'o', "output", "text|json|block", FOR_TRACE, "the format of the output" },
	{ 'o', "output", "text|wide|json", FOR_PS, "the format of the output; wide has more columns" },
	{ 'o', "output", "text|json", FOR_LIST | FOR_GUARD | FOR_RULES | FOR_DOCTOR,
	  "the format of the output" },
	{ 'o', "output", "text|json|prometheus", FOR_STATS,
	  "the format of the output; prometheus is its text format" },
	{ OPT_LISTEN, "listen", "ADDRESS:PORT", ONCE | FOR_STATS,
	  "serve metrics at /metrics until terminated; :PORT is every address" },
	{ OPT_APPEND_OUTPUT, "append-output", "TEXT", FOR_GUARD | FOR_RULES,
	  "text to append to each rule's output, such as 'env=%proc.env cwd=%proc.cwd'" },
	{ OPT_CONTEXT, "context", "COUNT", FOR_GUARD,
	  "show this many earlier events of the process with an alert, at most 32" },
	{ OPT_FOLD, "fold", "SECONDS", FOR_GUARD,
	  "count repeats of an alert within this time (default 60; 0: never)" },
	{ OPT_ALERT_LIMIT, "alert-limit", "COUNT", FOR_GUARD,
	  "new alerts per rule and minute; more are only counted (default 100; 0: no limit)" },
	{ OPT_TO, "to", "SINK", FOR_GUARD | MANY,
	  "where alerts go; may be repeated: stdout, file:PATH, syslog, program:COMMAND, https://..." },
	{ OPT_HTTP_CA, "http-ca", "FILE", FOR_GUARD, "certificate authorities for https sinks" },
	{ OPT_HTTP_CERT, "http-cert", "FILE", FOR_GUARD, "client certificate for https sinks" },
	{ OPT_HTTP_KEY, "http-key", "FILE", FOR_GUARD, "its key, if in another file" },
	{ OPT_FORMAT, "format", "FORMAT", FOR_TRACE,
	  "a line of your own: '%container.name %proc.name %fd.name'" },
	{ 'w', "write", "FILE", FOR_RECORD, "the capture file to write (- is stdout)" },
	{ 'r', "read", "FILE", FOR_TRACE | FOR_PS | FOR_GUARD | FOR_RULES | FOR_STATS,
	  "read a capture file (- is stdin) instead of the kernel" },
	{ 'a', "all", NULL, FOR_PS, "also pause containers, and of a capture those that stopped" },
	{ OPT_RUNTIME, "runtime", "KIND=SOCKET", MANY | LIVE | FOR_PS | FOR_DOCTOR,
	  "another runtime to ask: docker, podman, cri, containerd; or runc, crun, storage with a directory" },
	{ OPT_HOST_ROOT, "host-root", "DIR", LIVE | FOR_PS | FOR_DOCTOR,
	  "where the host's / is, when nunchi runs in a container" },
	{ OPT_HOLD_MS, "hold-ms", "MS", LIVE, "how long events wait for their container's name (default 2000)" },
	{ OPT_HOLD_BYTES, "hold-bytes", "SIZE", LIVE,
	  "memory for events that wait for names (default 8M); beyond it events go on without" },
	{ OPT_MEMORY, "memory", "SIZE", LIVE | FOR_PS,
	  "memory that nunchi may use in all, such as 64M or 1G (default 64M)" },
	{ OPT_CPU_LIMIT, "cpu-limit", "PERCENT", LIVE,
	  "share of one core that nunchi may use; beyond it frequent events are only counted" },
	{ OPT_COLOR, "color", NULL, FOR_TRACE, "use colours, even if stdout is no terminal" },
	{ OPT_NO_COLOR, "no-color", NULL, FOR_TRACE, "no colours (NO_COLOR does the same)" },
	{ 'q', "quiet", NULL, LIVE | FOR_PS | FOR_RULES, "only errors on stderr" },
	{ 'v', "verbose", NULL, LIVE | FOR_PS | FOR_DOCTOR, "more on stderr" },
	{ OPTION_CONFIG, "config", "FILE", TUNED,
	  "read options from this file, not from " NUNCHI_CONFIG },
	{ 'h', "help", NULL, EVERY, "this text" },
};

const size_t n_option_rows = ARRAY_SIZE(option_rows);

const struct option_command option_commands[] = {
	{ "trace", FOR_TRACE }, { "record", FOR_RECORD }, { "guard", FOR_GUARD },
	{ "rules", FOR_RULES }, { "ps", FOR_PS },	  { "list", FOR_LIST },
	{ "stats", FOR_STATS },
	{ "doctor", FOR_DOCTOR }, { "config", FOR_CONFIG },
	{ "unblock", FOR_UNBLOCK },
};
const size_t n_option_commands = ARRAY_SIZE(option_commands);

const struct option_row *option_find(unsigned command, int code)
{
	for (size_t i = 0; i < n_option_rows; i++)
		if (option_rows[i].code == code && (option_rows[i].commands & command))
			return &option_rows[i];
	return NULL;
}

int option_group(int code)
{
	switch (code) {
	case OPT_RULES_DIR:
		return 'f';
	case OPT_FORMAT:
		return 'o';
	case OPT_NO_COLOR:
		return OPT_COLOR;
	default:
		return code;
	}
}

/* A number from 0 to max. All of these functions return false with the reason in o->error. */
static bool parse_number(struct options *o, const char *option, const char *s, uint64_t max,
			 uint64_t *ret)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(s, &end, 10);
	if (*s < '0' || *s > '9' || *end || errno || n > max) {
		strbuf_addf(&o->error, "%s %s: expected a number up to %llu", option, s,
			    (unsigned long long)max);
		return false;
	}
	*ret = n;
	return true;
}

static bool parse_seconds(struct options *o, const char *option, const char *s, uint64_t *ret_ns)
{
	char *end;
	double seconds = strtod(s, &end);

	if (end == s || *end || !isfinite(seconds) || seconds < 1e-9 || seconds > 1e9) {
		strbuf_addf(&o->error, "%s %s: expected seconds, as 10 or 0.5", option, s);
		return false;
	}
	*ret_ns = (uint64_t)(seconds * (double)NSEC_PER_SEC);
	return true;
}

/* The first name in the set that is an event but no system call: -e does not select those. NULL: none. */
static const char *other_event(const char *spec)
{
	for (unsigned type = EVENT_SYSCALL + 1; type < EVENT_OTHER; type++) {
		const struct event ev = { .type = (enum event_type)type };
		const char *name = event_type_name(&ev);
		size_t len = strlen(name);

		for (const char *at = spec; type != EVENT_PROCEXIT && (at = strstr(at, name)); at += len)
			if ((at == spec || strchr(",!", at[-1])) && strchr(",", at[len]))
				return name;
	}
	return NULL;
}

static bool take_set(struct options *o, const char *spec)
{
	const char *other = other_event(spec);

	if (other) {
		strbuf_addf(&o->error, "-e %s: is no system call. A filter asks for it: 'evt.type = %s'", other, other);
		return false;
	}
	if (syscall_set_parse(&o->engine.set, spec, &o->error) < 0)
		return false;
	o->engine.set_given = true;
	return true;
}

static bool take_runtime(struct options *o, const char *value)
{
	size_t n = o->engine.runtimes.n_extra;

	if (runtimes_check(value, &o->error) < 0)
		return false;
	o->runtimes = xrealloc(o->runtimes, (n + 1) * sizeof(*o->runtimes));
	o->runtimes[n] = value;
	o->engine.runtimes.extra = o->runtimes;
	o->engine.runtimes.n_extra = n + 1;
	return true;
}

static bool take_sink(struct options *o, const char *to)
{
	_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;

	if (sinks_check(to, &why) < 0) {
		strbuf_addf(&o->error, "--to %s", why.s);
		return false;
	}
	o->sinks.to = o->sink_names = xrealloc(o->sink_names, (o->sinks.n + 1) * sizeof(*o->sink_names));
	o->sink_names[o->sinks.n++] = to;
	return true;
}

static bool take_watch(struct options *o, const char *text)
{
	_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;
	size_t n = o->engine.n_watches;
	struct filter *f = NULL;
	int r = filter_parse(&f, text, &why);

	if (r >= 0) {
		o->watches = xrealloc(o->watches, (n + 1) * sizeof(*o->watches));
		o->watches[n] = f;
		o->engine.watches = o->watches;
		o->engine.n_watches = n + 1;
		if (!o->watch_plan)
			o->watch_plan = block_plan_new();
		o->engine.watch = o->watch_plan;
		r = block_watch(o->watch_plan, f, &why);
		if (r >= 0)
			r = block_finish(o->watch_plan, &why);
	}
	if (r < 0)
		strbuf_addf(&o->error, "--watch %s: %s", text, why.s);
	return r >= 0;
}

static bool take_rules(struct options *o, const char *path)
{
	size_t n = o->n_rule_paths++;

	o->rule_paths = xrealloc(o->rule_paths, (n + 1) * sizeof(*o->rule_paths));
	o->rule_places = xrealloc(o->rule_places, (n + 1) * sizeof(*o->rule_places));
	o->rule_paths[n] = path;
	o->rule_places[n] = o->at;
	return true;
}

static bool take_name(struct options *o, const char *option, const char *name, struct choice_names *to)
{
	if (!*name) {
		strbuf_addf(&o->error, "%s: the name is empty", option);
		return false;
	}
	to->names = xrealloc(to->names, (to->n + 1) * sizeof(*to->names));
	to->places = xrealloc(to->places, (to->n + 1) * sizeof(*to->places));
	to->names[to->n] = name;
	to->places[to->n++] = o->at;
	return true;
}

static bool take_priority(struct options *o, const char *value)
{
	_cleanup_strbuf_ struct strbuf meant = STRBUF_INIT;

	if (priority_parse(value, &o->choice.least))
		return true;
	priority_meant(value, &meant);
	strbuf_adds(&o->error, "--priority ");
	strbuf_add_printable(&o->error, value, strlen(value));
	strbuf_addf(&o->error, ": no such priority%s", meant.s);
	return false;
}

static bool take_append_output(struct options *o, const char *value)
{
	struct template *t = NULL;
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	size_t at;

	if (template_new(&t, value, false, NULL, &err, &at) < 0) {
		strbuf_addf(&o->error, "--append-output: %s", err.s);
		return false;
	}
	template_free(t);
	o->choice.append_output = *value ? value : NULL;
	return true;
}

/* Resolved, without a trailing slash, because paths of mounts are compared with it. "/" becomes "", no prefix. */
static bool take_host_root(struct options *o, const char *value)
{
	char *real = realpath(value, NULL);
	_cleanup_free_ char *stat = real ? xasprintf("%s/proc/1/stat", real) : NULL;

	if (!real || access(stat, F_OK) < 0) {
		strbuf_addf(&o->error,
			    "--host-root %s: there is no %s/proc with the host's processes; "
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

/* "64M": a number, with K, M or G as powers of 1024. False: not a size, or more than max. */
static bool parse_size(const char *s, uint64_t max, uint64_t *ret)
{
	static const char units[] = "KMG";
	char *end;
	unsigned long long n = strtoull(s, &end, 10);
	const char *unit = *end ? strchr(units, *end) : NULL;
	unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;

	if (*s < '0' || *s > '9' || (*end && (!unit || end[1])) || n > max >> shift)
		return false;
	*ret = n << shift;
	return true;
}

static bool take_hold_bytes(struct options *o, const char *value)
{
	uint64_t bytes;

	if (!parse_size(value, HOLD_BYTES_MAX, &bytes)) {
		strbuf_adds(&o->error, "--hold-bytes ");
		strbuf_add_printable(&o->error, value, strlen(value));
		strbuf_addf(&o->error, ": expected a size up to %uG, as 8M", HOLD_BYTES_MAX >> 30);
		return false;
	}
	o->engine.hold_bytes = bytes;
	return true;
}

static bool take_memory(struct options *o, const char *value)
{
	uint64_t bytes;

	if (!parse_size(value, MEMORY_MAX, &bytes) || bytes < MEMORY_MIN) {
		strbuf_adds(&o->error, "--memory ");
		strbuf_add_printable(&o->error, value, strlen(value));
		strbuf_addf(&o->error, ": expected a size from %lluM to %lluG, as 64M", MEMORY_MIN >> 20,
			    MEMORY_MAX >> 30);
		return false;
	}
	o->engine.memory = bytes;
	return true;
}

/* take_choice() has checked that it is one of them. */
static bool take_hooks(struct options *o, const char *value)
{
	for (unsigned i = 0; i < PROBE_HOOKS_MAX; i++)
		if (streq(value, probe_hooks_name((enum probe_hooks)i)))
			o->engine.hooks = (enum probe_hooks)i;
	return true;
}

static bool take_number(struct options *o, const char *option, const char *value, uint64_t max, unsigned *ret)
{
	uint64_t n;

	if (!parse_number(o, option, value, max, &n))
		return false;
	*ret = (unsigned)n;
	return true;
}

/* Percent of one core: more than 100 is several cores. */
static bool take_cpu_limit(struct options *o, const char *value)
{
	if (!take_number(o, "--cpu-limit", value, CPU_LIMIT_MAX, &o->engine.cpu_limit))
		return false;
	if (!o->engine.cpu_limit)
		strbuf_addf(&o->error, "--cpu-limit 0: expected percent of a core, from 1 to %u", CPU_LIMIT_MAX);
	return o->engine.cpu_limit;
}

static bool take_listen(struct options *o, const char *value)
{
	struct sockaddr_storage address;

	if (!serve_address(value, &address)) {
		strbuf_adds(&o->error, "--listen ");
		strbuf_add_printable(&o->error, value, strlen(value));
		strbuf_adds(&o->error, ": expected ADDRESS:PORT, as 127.0.0.1:9420, [::1]:9420, or :9420 for every address");
		return false;
	}
	o->listen = value;
	return true;
}

/* The text that an option's value is kept as; NULL: it is not kept as it is. */
static const char **text_of(struct options *o, int code)
{
	switch (code) {
	case 'o':
		return &o->output;
	case 'r':
		return &o->engine.replay;
	case 'w':
		return &o->engine.record;
	case OPT_FORMAT:
		return &o->format;
	case OPT_HTTP_CA:
		return &o->sinks.ca;
	case OPT_HTTP_CERT:
		return &o->sinks.cert;
	case OPT_HTTP_KEY:
		return &o->sinks.key;
	case OPTION_CONFIG:
		return &o->config;
	default:
		return NULL;
	}
}

/* SELECT_MAX: the option selects nothing. */
static enum select_kind selects(int code)
{
	switch (code) {
	case 'c':
		return SELECT_CONTAINER;
	case 'l':
		return SELECT_LABEL;
	case OPT_POD:
		return SELECT_POD;
	case OPT_K8S_NS:
		return SELECT_K8S_NS;
	case OPT_IMAGE:
		return SELECT_IMAGE;
	case OPT_PID:
		return SELECT_PID;
	default:
		return SELECT_MAX;
	}
}

/* Values that have to be parsed. */
static bool parse_value(struct options *o, int code, const char *value)
{
	switch (code) {
	case 't':
		return take_name(o, "--tag", value, &o->choice.tags);
	case 'T':
		return take_name(o, "--disable-tag", value, &o->choice.not_tags);
	case 'D':
		return take_name(o, "--disable", value, &o->choice.not_names);
	case OPT_PRIORITY:
		return take_priority(o, value);
	case OPT_APPEND_OUTPUT:
		return take_append_output(o, value);
	case 'e':
		return take_set(o, value);
	case 'n':
		return parse_number(o, "-n", value, UINT32_MAX, &o->engine.count);
	case OPT_TIMEOUT:
		return parse_seconds(o, "--timeout", value, &o->engine.timeout);
	case OPT_AGGREGATE:
		return parse_seconds(o, "--aggregate", value, &o->engine.aggregate);
	case OPT_WATCH:
		return take_watch(o, value);
	case OPT_RUNTIME:
		return take_runtime(o, value);
	case OPT_HOST_ROOT:
		return take_host_root(o, value);
	case OPT_HOOKS:
		return take_hooks(o, value);
	case OPT_HOLD_MS:
		return take_number(o, "--hold-ms", value, HOLD_MS_MAX, &o->engine.hold_ms);
	case OPT_HOLD_BYTES:
		return take_hold_bytes(o, value);
	case OPT_MEMORY:
		return take_memory(o, value);
	case OPT_CPU_LIMIT:
		return take_cpu_limit(o, value);
	case OPT_CONTEXT:
		return take_number(o, "--context", value, CONTEXT_EVENTS_MAX, &o->context);
	case OPT_FOLD:
		return take_number(o, "--fold", value, FOLD_MAX, &o->fold);
	case OPT_ALERT_LIMIT:
		return take_number(o, "--alert-limit", value, UINT32_MAX, &o->alert_limit);
	case OPT_TO:
		return take_sink(o, value);
	case OPT_LISTEN:
		return take_listen(o, value);
	case 'f':
		return take_rules(o, streq(value, OWN_RULES) ? NULL : value);
	case OPT_RULES_DIR:
		return take_rules(o, value);
	default:
		abort();	/* a row of the table without a case here */
	}
}

/* Options with a value. */
static bool take_value(struct options *o, int code, const char *value)
{
	enum select_kind kind = selects(code);
	const char **text = text_of(o, code);

	if (text) {
		*text = value;
		return true;
	}
	return kind == SELECT_MAX ? parse_value(o, code, value) : selection_add(&o->selection, kind, value, &o->error) >= 0;
}

static void take_switch(struct options *o, int code, bool on)
{
	switch (code) {
	case OPT_FAILED:
		o->engine.failed_only = on;
		break;
	case OPT_DRY_RUN:
		o->engine.dry_run = on;
		break;
	case OPT_HOST:
		o->engine.host = on;
		break;
	case OPT_ENTRY:
		o->engine.entries = on;
		break;
	case OPT_KEEP_BLOCKING:
		o->engine.keep_blocking = on;
		break;
	case OPT_LIST:
		o->list = on;
		break;
	case OPT_PIN:
		o->engine.pin = on;
		break;
	case OPT_SETUP:
		o->engine.setup = on;
		break;
	case OPT_COLOR:
		o->color = on ? COLOR_ALWAYS : COLOR_AUTO;
		break;
	case OPT_NO_COLOR:
		o->color = on ? COLOR_NEVER : COLOR_AUTO;
		break;
	case 'a':
		o->all = on;
		break;
	case 'q':
		o->quiet = on;
		break;
	case 'v':
		o->verbose = on;
		break;
	default:
		break;
	}
}

/* "text|json|block": one of these. */
static bool take_choice(struct options *o, const struct option_row *row, const char *value)
{
	size_t len = strlen(value), n;

	for (const char *s = row->arg; *s; s += n + (s[n] == '|')) {
		n = strcspn(s, "|");
		if (n == len && !memcmp(s, value, n))
			return true;
	}
	strbuf_addf(&o->error, "--%s ", row->name);
	strbuf_add_printable(&o->error, value, len);
	strbuf_adds(&o->error, ": there is ");
	for (const char *s = row->arg; *s; s += n + (s[n] == '|')) {
		n = strcspn(s, "|");
		strbuf_addf(&o->error, "%s%.*s", s == row->arg ? "" : ", ", (int)n, s);
	}
	return false;
}

static bool take_bool(struct options *o, const struct option_row *row, const char *value)
{
	static const char *const words[] = { "false", "true", "no", "yes", "off", "on" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (streq(value, words[i])) {
			take_switch(o, row->code, i % 2);
			return true;
		}
	}
	strbuf_addf(&o->error, "--%s ", row->name);
	strbuf_add_printable(&o->error, value, strlen(value));
	strbuf_adds(&o->error, ": expected true or false");
	return false;
}

bool option_take(struct options *o, const struct option_row *row, const char *value)
{
	strbuf_reset(&o->error);
	if (!row->arg)
		return take_bool(o, row, value ? value : "true");
	if (strchr(row->arg, '|') && !take_choice(o, row, value))
		return false;
	return take_value(o, row->code, value);
}

static int conflict(struct options *o, int code, const char *why)
{
	strbuf_reset(&o->error);
	strbuf_addf(&o->error, "--%s %s", option_find(~0U, code)->name, why);
	return code;
}

static bool is_output(const struct options *o, const char *name)
{
	return o->output && streq(o->output, name);
}

/* An option that the command does not take has its default, and conflicts with nothing. */
int options_conflict(struct options *o)
{
	if (o->engine.entries && o->engine.hooks != PROBE_HOOKS_KPROBE)
		return conflict(o, OPT_ENTRY, "needs --hooks kprobe: other hooks are where calls end");
	if (o->engine.keep_blocking && o->engine.dry_run)
		return conflict(o, OPT_KEEP_BLOCKING, "with --dry-run: nothing is blocked that could be kept");
	if (o->format && o->output)
		return conflict(o, OPT_FORMAT, "is an output of its own: --output excludes it");
	if (is_output(o, "prometheus") && o->engine.count > 1)
		return conflict(o, 'o', "prometheus is one page: --count would write several, which nobody reads as one");
	if (o->listen && (o->engine.replay || o->engine.count || (o->output && !is_output(o, "prometheus"))))
		return conflict(o, OPT_LISTEN, "serves metrics of what runs, as Prometheus reads them: --read, --count and other forms of output exclude it");
	for (size_t i = 0; i < o->sinks.n; i++) {
		_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;

		if (!sinks_is_server(o->sinks.to[i]) || is_output(o, "json"))
			continue;
		strbuf_addf(&why, "%s: servers take alerts as JSON: -o json is missing", o->sinks.to[i]);
		return conflict(o, OPT_TO, why.s);
	}
	return 0;
}
