/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics.h"

#include "account.h"

static const struct {
	const char *name, *type, *help;
} metrics[] = {
#define X(id, name, type, help) [METRIC_##id] = { name, type, help },
	METRICS(X)
#undef X
};

void metrics_label(struct strbuf *labels, const char *name, const char *value)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	/* Valid UTF-8, or the page is refused; and somebody may look at it on a terminal. */
	strbuf_add_lines(&text, value, strlen(value));
	strbuf_addf(labels, "%s%s=\"", labels->len ? "," : "", name);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.s[i];

		strbuf_adds(labels, c == '\n' || c == '"' || c == '\\' ? "\\" : "");
		strbuf_addc(labels, c == '\n' ? 'n' : c);
	}
	strbuf_addc(labels, '"');
}

static struct strbuf *add_name(struct metrics *m, enum metric metric, const struct strbuf *labels)
{
	struct strbuf *out = &m->samples[metric];

	strbuf_addf(out, "nunchi_%s", metrics[metric].name);
	if (labels->len)
		strbuf_addf(out, "{%s}", labels->s);
	return out;
}

void metrics_add(struct metrics *m, enum metric metric, const struct strbuf *labels, uint64_t value)
{
	strbuf_addf(add_name(m, metric, labels), " %llu\n", (unsigned long long)value);
}

void metrics_add_seconds(struct metrics *m, enum metric metric, const struct strbuf *labels, double seconds)
{
	strbuf_addf(add_name(m, metric, labels), " %.3f\n", seconds);
}

static void add_labelled(struct metrics *m, enum metric metric, const struct strbuf *labels, const char *name,
			 const char *value, uint64_t n)
{
	_cleanup_strbuf_ struct strbuf all = STRBUF_INIT;

	strbuf_add(&all, labels->s, labels->len);
	metrics_label(&all, name, value);
	metrics_add(m, metric, &all, n);
}

/* With zeros: a series that begins with the first loss would show no increase. */
static void add_row(struct metrics *m, const struct strbuf *others, const struct account_row *row)
{
	_cleanup_strbuf_ struct strbuf labels = STRBUF_INIT;

	strbuf_add(&labels, others->s, others->len);
	metrics_label(&labels, "container", row->name);
	metrics_label(&labels, "container_id", row->id ? row->id : "");
	metrics_add(m, METRIC_SEEN, &labels, row->kernel.seen);
	for (size_t i = 0; i < NUNCHI_FILTER_MAX; i++)
		add_labelled(m, METRIC_FILTERED, &labels, "reason", account_filter_names[i].text, row->kernel.filtered[i]);
	add_labelled(m, METRIC_FILTERED, &labels, "reason", "filter", row->user.filtered);
	metrics_add(m, METRIC_AGGREGATED, &labels, row->kernel.aggregated);
	metrics_add(m, METRIC_SHOWN, &labels, row->user.shown);
	for (size_t i = 0; i < NUNCHI_DROP_MAX; i++)
		add_labelled(m, METRIC_LOST, &labels, "reason", account_drop_names[i].text,
			     row->kernel.dropped[i] + row->user.dropped[i]);
	metrics_add(m, METRIC_HELD, &labels, row->user.held);
	metrics_add(m, METRIC_IN_FLIGHT, &labels, account_in_flight(row));
	metrics_add(m, METRIC_ADDS_UP, &labels, account_adds_up(row));
}

static void add_rule(struct metrics *m, const struct strbuf *others, const struct account_rule *rule)
{
	_cleanup_strbuf_ struct strbuf labels = STRBUF_INIT;

	strbuf_add(&labels, others->s, others->len);
	metrics_label(&labels, "rule", rule->name);
	metrics_label(&labels, "priority", rule->priority);
	metrics_add(m, METRIC_RULE, &labels, rule->matches);
}

void metrics_add_accounts(struct metrics *m, const struct strbuf *labels, const struct accounts *a)
{
	for (size_t i = 0; i < a->n; i++)
		add_row(m, labels, a->rows[i]);
	for (size_t i = 0; i < a->n_rules; i++)
		add_rule(m, labels, &a->rules[i]);
	for (size_t i = 0; i < NUNCHI_COUNT_MAX; i++)
		add_labelled(m, i < NUNCHI_UNSEEN_MAX ? METRIC_UNSEEN : METRIC_LESSENED, labels, "reason",
			     account_kernel_names[i].text, a->counts.kernel[i]);
	for (size_t i = 0; i < ACCOUNT_READER_MAX; i++)
		add_labelled(m, METRIC_READER, labels, "reason", account_reader_names[i].text, a->counts.reader[i]);
	for (unsigned i = 0; i < a->counts.n_missed; i++)
		add_labelled(m, METRIC_MISSED, labels, "program", a->counts.missed[i].program,
			     a->counts.missed[i].count);
}

void metrics_text(const struct metrics *m, struct strbuf *out)
{
	for (size_t i = 0; i < METRIC_MAX; i++) {
		if (!m->samples[i].len)
			continue;
		strbuf_addf(out, "# HELP nunchi_%s %s\n# TYPE nunchi_%s %s\n", metrics[i].name, metrics[i].help,
			    metrics[i].name, metrics[i].type);
		strbuf_add(out, m->samples[i].s, m->samples[i].len);
	}
}

void metrics_free(struct metrics *m)
{
	for (size_t i = 0; i < METRIC_MAX; i++)
		strbuf_free(&m->samples[i]);
}
