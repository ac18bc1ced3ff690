/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nunchi stats: the accounts of all running nunchis, or of a capture: what was seen of each container,
 * and what became of it.
 */
#include "cmd.h"

#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "event/capture.h"
#include "options.h"
#include "out/account.h"
#include "out/metrics.h"
#include "serve.h"
#include "table.h"

#define STALE 3		/* seconds; a healthy nunchi rewrites its account each second */

static const struct usage usage = {
	.command = FOR_STATS,
	.name = "stats",
	.synopsis = "[OPTION]...",
	.text = "Shows what each running nunchi has seen of each container, and what became of\n"
		"it: seen = filtered + aggregated + lost + shown + what is still held or in\n"
		"flight. On a terminal it is updated each second.\n"
		"\n"
		"  sudo nunchi stats\n"
		"  sudo nunchi stats -o json\n"
		"  sudo nunchi stats --listen 127.0.0.1:9420\n"
		"  nunchi stats -r web.cap\n",
};

/* An instance as it was at the previous look, to compute rates. */
struct before {
	uint32_t pid;
	uint64_t now;
	struct accounts accounts;
};

enum stats_kind { STATS_TEXT, STATS_JSON, STATS_PROMETHEUS };

struct stats {
	enum stats_kind kind;
	struct strbuf out;
	struct metrics metrics;
	struct before *before;	/* of the look before this one */
	size_t n_before;
	struct before *seen;	/* of this one */
	size_t n_seen;
};

static const char *const heads[] = {
	"NAME", "SEEN", "PER SECOND", "FILTERED", "AGGREGATED", "SHOWN", "LOST", "HELD", "IN FLIGHT",
};

static const struct account_row *row_before(const struct before *b, const struct account_row *row)
{
	for (size_t i = 0; b && i < b->accounts.n; i++) {
		const struct account_row *old = b->accounts.rows[i];

		if (row->id ? old->id && streq(old->id, row->id) : !old->id && streq(old->name, row->name))
			return old;
	}
	return NULL;
}

static void add_rate(struct table *t, const struct before *b, uint64_t now, const struct account_row *row)
{
	const struct account_row *old = row_before(b, row);

	if (!old || now <= b->now || row->kernel.seen < old->kernel.seen)
		table_add(t, NULL);
	else
		table_add_number(t, (row->kernel.seen - old->kernel.seen) * NSEC_PER_SEC / (now - b->now));
}

static int most_first(const void *a, const void *b)
{
	const struct account_rule *one = a, *other = b;

	return one->matches != other->matches ? (one->matches < other->matches ? 1 : -1) : strcmp(one->name, other->name);
}

/* The rules that have matched. */
static void add_rules(const struct accounts *a, struct strbuf *out)
{
	_cleanup_free_ struct account_rule *rules = a->n_rules ? xmemdup(a->rules, a->n_rules * sizeof(*rules)) : NULL;
	static const char *const rule_heads[] = { "RULE", "PRIORITY", "MATCHES" };
	struct table t = TABLE_INIT(ARRAY_SIZE(rule_heads));

	if (rules)
		qsort(rules, a->n_rules, sizeof(*rules), most_first);
	if (!rules || !rules->matches)
		return;
	strbuf_addc(out, '\n');
	table_add_all(&t, rule_heads, ARRAY_SIZE(rule_heads));
	for (size_t i = 0; i < a->n_rules && rules[i].matches; i++) {
		table_add(&t, rules[i].name);
		table_add(&t, rules[i].priority);
		table_add_number(&t, rules[i].matches);
	}
	table_print(&t, out);
	table_free(&t);
}

static void add_table(const struct accounts *a, const struct before *b, uint64_t now, struct strbuf *out)
{
	_cleanup_free_ struct account_row **rows = account_sorted(a);
	struct table t = TABLE_INIT(ARRAY_SIZE(heads) + 1);

	table_add_all(&t, heads, ARRAY_SIZE(heads));
	table_add(&t, NULL);
	for (size_t i = 0; i < a->n; i++) {
		const struct account_row *row = rows[i];

		table_add(&t, row->name);
		table_add_number(&t, row->kernel.seen);
		add_rate(&t, b, now, row);
		table_add_number(&t, account_filtered(&row->kernel) + row->user.filtered);
		table_add_number(&t, row->kernel.aggregated);
		table_add_number(&t, row->user.shown);
		table_add_number(&t, account_lost(row));
		table_add_number(&t, row->user.held);
		table_add_number(&t, account_in_flight(row));
		table_add(&t, row->ended ? "ended" : NULL);
	}
	table_print(&t, out);
	table_free(&t);
	account_counts_text(&a->counts, true, out);
	add_rules(a, out);
}

/* Keeps a copy of the instance's rows for the next look. */
static void keep(struct stats *s, const struct instance *i)
{
	struct before b = { .pid = i->pid, .now = i->now };

	for (size_t n = 0; n < i->accounts.n; n++) {
		const struct account_row *row = i->accounts.rows[n];
		struct account_row copy = *row;

		copy.id = xstrdup(row->id);
		copy.name = xstrdup(row->name);
		accounts_add(&b.accounts, &copy, ACCOUNTS_MAX);
	}
	s->seen = xrealloc(s->seen, (s->n_seen + 1) * sizeof(*s->seen));
	s->seen[s->n_seen++] = b;
}

static double seconds(uint64_t from, uint64_t to)
{
	return to > from ? (double)(to - from) / (double)NSEC_PER_SEC : 0;
}

static void add_json(const struct instance *i, struct strbuf *out)
{
	strbuf_addf(out, "{\"pid\":%u,", i->pid);
	if (i->error < 0) {
		strbuf_addf(out, "\"error\":\"%s\",\"accounts\":[]}\n", strerror(-i->error));
		return;
	}
	strbuf_addf(out, "\"command\":\"%s\",\"seconds\":%.3f,\"age\":%.3f,", i->command,
		    seconds(i->started, i->now), seconds(i->now, clock_boot()));
	if (i->cpu_limit)
		strbuf_addf(out, "\"cpu_limit\":%u,\"limited\":%s,", i->cpu_limit, i->limited ? "true" : "false");
	account_json(&i->accounts, out);
	strbuf_adds(out, "}\n");
}

static void add_metrics(const struct instance *i, struct metrics *m)
{
	_cleanup_strbuf_ struct strbuf labels = STRBUF_INIT;
	_cleanup_free_ char *pid = xasprintf("%u", i->pid);

	if (!i->error)
		metrics_label(&labels, "command", i->command);
	metrics_label(&labels, "pid", pid);
	metrics_add(m, METRIC_UP, &labels, !i->error && seconds(i->now, clock_boot()) < STALE);
	if (i->error)
		return;
	metrics_add_seconds(m, METRIC_UPTIME, &labels, seconds(i->started, i->now));
	metrics_add(m, METRIC_CPU_LIMITED, &labels, i->limited);
	metrics_add_accounts(m, &labels, &i->accounts);
}

static void add_instance(const struct instance *i, void *arg)
{
	const struct before *b = NULL;
	struct stats *s = arg;
	double age = seconds(i->now, clock_boot());

	if (s->kind == STATS_PROMETHEUS) {
		add_metrics(i, &s->metrics);
		return;
	}
	if (s->kind == STATS_JSON) {
		add_json(i, &s->out);
		return;
	}
	strbuf_adds(&s->out, s->out.len ? "\n" : "");
	if (i->error < 0) {
		strbuf_addf(&s->out, "nunchi, PID %u: its account cannot be read: %s\n", i->pid, strerror(-i->error));
		return;
	}
	for (size_t n = 0; n < s->n_before; n++)
		if (s->before[n].pid == i->pid)
			b = &s->before[n];
	strbuf_addf(&s->out, "nunchi %s, PID %u, for %.0f s", i->command, i->pid, seconds(i->started, i->now));
	if (age >= STALE)
		strbuf_addf(&s->out, ", as it was %.0f s ago: it has said nothing since", age);
	if (i->limited)
		strbuf_addf(&s->out, ", at its --cpu-limit %u: what is done most is counted", i->cpu_limit);
	strbuf_addc(&s->out, '\n');
	add_table(&i->accounts, b, i->now, &s->out);
	keep(s, i);
}

static void free_looks(struct before *looks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		accounts_free(&looks[i].accounts);
	free(looks);
}

/* Looks at all running instances. 0: the result is in s->out; else an exit code. */
static int look(struct stats *s)
{
	int n;

	free_looks(s->before, s->n_before);
	s->before = s->seen;
	s->n_before = s->n_seen;
	s->seen = NULL;
	s->n_seen = 0;
	strbuf_reset(&s->out);
	n = instances_read(add_instance, s);
	if ((n >= 0 || n == -EBADMSG) && s->kind == STATS_PROMETHEUS) {
		/*
		 * That none runs is a reason for an alert but no error: on an error the last page would stay in place. Nor
		 * is it an error that all accounts are damaged or of another version: nunchi_up is 0 for those.
		 */
		metrics_add(&s->metrics, METRIC_INSTANCES, &(struct strbuf)STRBUF_INIT, n > 0 ? (uint64_t)n : 0);
		metrics_text(&s->metrics, &s->out);
		return 0;
	}
	if (n > 0)
		return 0;
	if (n == -EACCES || n == -EPERM)
		log_error("reading the account of a nunchi takes root\nTry: sudo nunchi stats");
	else if (n < 0)
		log_error("the account of a nunchi that runs here cannot be read: %s", strerror(-n));
	else
		log_error("no nunchi runs here: nunchi trace, record or guard has an account while it does");
	return EXIT_FAILURE;
}

static int page(void *arg, struct strbuf *out)
{
	struct stats *s = arg;
	int r = look(s);

	metrics_free(&s->metrics);
	*out = s->out;	/* not copied: with thousands of containers it is some MiB */
	s->out = (struct strbuf)STRBUF_INIT;
	return r;
}

/* Makes one page at once, so that missing privileges are an error at the start. */
static int serve_pages(const char *address, struct stats *s)
{
	struct strbuf first = STRBUF_INIT;
	int r = page(s, &first);

	strbuf_free(&first);
	return r ? r : serve(address, page, s);
}

static int follow(struct stats *s, uint64_t count, bool screen)
{
	int r = 0;

	for (uint64_t n = 0; !count || n < count; n++) {
		if (n)
			sleep(1);
		r = look(s);
		if (r)
			break;
		if (screen) {
			_cleanup_strbuf_ struct strbuf page = STRBUF_INIT;

			strbuf_adds(&page, "\033[H\033[2J");
			strbuf_add(&page, s->out.s, s->out.len);
			r = cmd_print(&page);
		} else {
			r = cmd_print(&s->out);
		}
		if (r)
			break;
	}
	return r;
}

static int show_capture(struct stats *s, const char *path)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	struct accounts accounts = { .n = 0 };
	const struct nunchi_head *record;
	struct capture_reader *reader;
	const char *why;
	struct event ev;
	bool in_part;
	int r;

	r = capture_reader_open(&reader, path, &err);
	if (r < 0) {
		log_error("%s: %s", path, err.len ? err.s : strerror(-r));
		return EXIT_FAILURE;
	}
	while ((r = capture_reader_next(reader, &record, &err)) > 0)
		if (event_decode(&ev, record, record->len, 0, &why) >= 0)
			accounts_apply(&accounts, &ev);
	capture_reader_close(reader);
	in_part = r < 0 || !accounts.n;
	if (in_part)
		log_error("%s: %s", path, r < 0 ? err.s : "there is no account in it");
	/* What comes before the damage is still shown. */
	if (!accounts.n) {
		r = 0;
	} else if (s->kind == STATS_PROMETHEUS) {
		metrics_add_accounts(&s->metrics, &(struct strbuf)STRBUF_INIT, &accounts);
		metrics_text(&s->metrics, &s->out);
		r = cmd_print(&s->out);
	} else if (s->kind == STATS_JSON) {
		strbuf_addc(&s->out, '{');
		account_json(&accounts, &s->out);
		strbuf_adds(&s->out, "}\n");
		r = cmd_print(&s->out);
	} else {
		add_table(&accounts, NULL, 0, &s->out);
		r = cmd_print(&s->out);
	}
	accounts_free(&accounts);
	return in_part ? EXIT_FAILURE : r;
}

static int run_stats(struct options *o)
{
	static const char *const kinds[] = { "text", "json", "prometheus" };
	int kind = options_choice(o, kinds, ARRAY_SIZE(kinds)), r;
	struct stats s = { .kind = o->listen ? STATS_PROMETHEUS : kind < 0 ? STATS_TEXT : (enum stats_kind)kind };
	bool screen = s.kind == STATS_TEXT && isatty(STDOUT_FILENO);

	if (kind < 0)
		return EXIT_USAGE;
	if (o->n_args) {
		log_error("stats: what is %s? See nunchi stats --help", o->args[0]);
		return EXIT_USAGE;
	}
	if (o->engine.replay)
		r = show_capture(&s, o->engine.replay);
	else if (o->listen)
		r = serve_pages(o->listen, &s);
	else
		r = follow(&s, o->engine.count ? o->engine.count : !screen, screen);
	free_looks(s.before, s.n_before);
	free_looks(s.seen, s.n_seen);
	strbuf_free(&s.out);
	metrics_free(&s.metrics);
	return r;
}

int cmd_stats(int argc, char **argv)
{
	return command_run(&usage, run_stats, argc, argv);
}
