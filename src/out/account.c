/* SPDX-License-Identifier: Apache-2.0 */
#include "account.h"

#include "base/log.h"
#include "describe.h"

#define ROWS_SAID 10	/* of containers; the others are in nunchi stats and in the capture */

const struct account_name account_kernel_names[NUNCHI_COUNT_MAX] = {
#define X(name, text, why) [NUNCHI_COUNT_##name] = { text, why },
	NUNCHI_UNSEEN(X)
	NUNCHI_LESSENED(X)
#undef X
}, account_reader_names[ACCOUNT_READER_MAX] = {
#define X(name, text, why) [ACCOUNT_READER_##name] = { text, why },
	ACCOUNT_READER(X)
#undef X
}, account_filter_names[NUNCHI_FILTER_MAX] = {
#define X(name, text, why) [NUNCHI_FILTER_##name] = { text, why },
	NUNCHI_FILTERS(X)
#undef X
}, account_drop_names[NUNCHI_DROP_MAX] = {
#define X(name, text, why) [NUNCHI_DROP_##name] = { text, why },
	NUNCHI_DROPS(X)
#undef X
};

static uint64_t row_dropped(const struct account_row *row, size_t reason)
{
	return row->kernel.dropped[reason] + row->user.dropped[reason];
}

static void add_term(struct strbuf *out, const char *what, uint64_t n, bool always)
{
	if (!n && !always)
		return;
	strbuf_adds(out, what);
	add_grouped(out, n);
}

static void add_equation(const struct account_row *row, struct strbuf *out)
{
	const char *between = " (";

	add_term(out, "seen ", row->kernel.seen, true);
	add_term(out, " = delivered ", row->user.shown, true);
	add_term(out, " + filtered ", account_filtered(&row->kernel) + row->user.filtered, true);
	if (row->kernel.filtered[NUNCHI_FILTER_UNWANTED]) {
		strbuf_addf(out, " (%s ", account_filter_names[NUNCHI_FILTER_UNWANTED].text);
		add_grouped(out, row->kernel.filtered[NUNCHI_FILTER_UNWANTED]);
		strbuf_addc(out, ')');
	}
	add_term(out, " + aggregated ", row->kernel.aggregated, false);
	add_term(out, " + lost ", account_lost(row), true);
	for (size_t i = 0; i < NUNCHI_DROP_MAX; i++) {
		if (!row_dropped(row, i))
			continue;
		strbuf_addf(out, "%s%s ", between, account_drop_names[i].text);
		add_grouped(out, row_dropped(row, i));
		between = ", ";
	}
	if (*between == ',')
		strbuf_addc(out, ')');
	add_term(out, " + held ", row->user.held, false);
	add_term(out, " + in flight ", account_in_flight(row), false);
}

static int busiest_first(const void *a, const void *b)
{
	const struct account_row *x = *(struct account_row *const *)a;
	const struct account_row *y = *(struct account_row *const *)b;

	/* Those that lost something come first. */
	if (!account_lost(x) != !account_lost(y))
		return account_lost(x) ? -1 : 1;
	if (x->kernel.seen != y->kernel.seen)
		return x->kernel.seen < y->kernel.seen ? 1 : -1;
	return strcmp(x->name, y->name);
}

struct account_row **account_sorted(const struct accounts *a)
{
	struct account_row **rows = a->n ? xmemdup(a->rows, a->n * sizeof(struct account_row *)) : NULL;

	if (rows)
		qsort(rows, a->n, sizeof(struct account_row *), busiest_first);
	return rows;
}

static void add_rows(const struct accounts *a, struct strbuf *out)
{
	_cleanup_free_ struct account_row **rows = account_sorted(a);
	size_t said = 0, n = 0;

	for (size_t i = 0; i < a->n; i++)
		n += !!rows[i]->kernel.seen;
	for (size_t i = 0; n > 1 && i < a->n && said < ROWS_SAID; i++) {
		if (!rows[i]->kernel.seen)
			continue;
		strbuf_adds(out, "  ");
		strbuf_add_printable(out, rows[i]->name, strlen(rows[i]->name));
		strbuf_adds(out, ": ");
		add_equation(rows[i], out);
		strbuf_addc(out, '\n');
		said++;
	}
	if (n > 1 && n > said)
		strbuf_addf(out, "  and %zu more\n", n - said);
}

void account_summary(const struct accounts *a, uint64_t ns, struct strbuf *out)
{
	struct account_row sum = accounts_sum(a);
	uint64_t n = sum.containers;

	strbuf_addf(out, "%llu container%s, %.1f s: ", (unsigned long long)n, n == 1 ? "" : "s",
		    (double)ns / (double)NSEC_PER_SEC);
	add_equation(&sum, out);
	strbuf_addc(out, '\n');
	add_rows(a, out);
}

static void add_count(struct strbuf *out, const char *before, uint64_t n, const char *text)
{
	if (n)
		strbuf_addf(out, "%s%llu %s\n", before, (unsigned long long)n, text);
}

void account_counts_text(const struct account_counts *counts, bool lessened, struct strbuf *out)
{
	for (size_t i = 0; i < NUNCHI_UNSEEN_MAX; i++)
		add_count(out, "degraded: not seen: ", counts->kernel[i], account_kernel_names[i].text);
	for (unsigned i = 0; i < counts->n_missed; i++) {
		const struct account_missed *missed = &counts->missed[i];

		strbuf_addf(out, "degraded: not seen: %llu missed runs of ", (unsigned long long)missed->count);
		strbuf_add_printable(out, missed->program, strlen(missed->program));
		strbuf_addc(out, '\n');
	}
	for (size_t i = 0; i < ACCOUNT_READER_MAX; i++)
		add_count(out, i == ACCOUNT_READER_MISSING || i == ACCOUNT_READER_SWITCHED ? "degraded: " : "",
			  counts->reader[i], account_reader_names[i].text);
	for (size_t i = NUNCHI_UNSEEN_MAX; i < NUNCHI_COUNT_MAX && lessened; i++)
		add_count(out, "", counts->kernel[i], account_kernel_names[i].text);
}

void account_log_faults(const struct accounts *a)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < a->n; i++) {
		const struct account_row *row = a->rows[i];

		if (account_adds_up(row))
			continue;
		strbuf_adds(&text, "the account of ");
		strbuf_add_printable(&text, row->name, strlen(row->name));
		strbuf_adds(&text, " does not add up\n");
	}
	account_counts_text(&a->counts, false, &text);
	log_lines(LOG_WARN, text.s);
}

static void json_number(struct strbuf *out, const char *name, uint64_t n)
{
	strbuf_addf(out, ",\"%s\":", name);
	strbuf_addu(out, n);
}

/* An object with those of the n values that are not zero. They are __u64 or uint64_t, which have the same size. */
static void json_counts(struct strbuf *out, const char *name, const void *values,
			const struct account_name *names, size_t n)
{
	const char *comma = "";

	strbuf_addf(out, ",\"%s\":{", name);
	for (size_t i = 0; i < n; i++) {
		uint64_t value;

		memcpy(&value, (const char *)values + i * sizeof(value), sizeof(value));
		if (!value)
			continue;
		strbuf_addf(out, "%s\"%s\":", comma, names[i].text);
		strbuf_addu(out, value);
		comma = ",";
	}
	strbuf_addc(out, '}');
}

static void json_row(const struct account_row *row, struct strbuf *out)
{
	strbuf_adds(out, "{\"name\":");
	strbuf_add_json(out, row->name, strlen(row->name));
	if (row->id) {
		strbuf_adds(out, ",\"id\":");
		strbuf_add_json(out, row->id, strlen(row->id));
	}
	strbuf_addf(out, ",\"ended\":%s", row->ended ? "true" : "false");
	strbuf_adds(out, ",\"kernel\":{\"seen\":");
	strbuf_addu(out, row->kernel.seen);
	json_counts(out, "filtered", row->kernel.filtered, account_filter_names, ARRAY_SIZE(account_filter_names));
	json_number(out, "aggregated", row->kernel.aggregated);
	json_counts(out, "dropped", row->kernel.dropped, account_drop_names, ARRAY_SIZE(account_drop_names));
	json_number(out, "sent", row->kernel.sent);
	strbuf_adds(out, "},\"reader\":{\"received\":");
	strbuf_addu(out, row->user.received);
	json_number(out, "shown", row->user.shown);
	json_number(out, "filtered", row->user.filtered);
	json_counts(out, "dropped", row->user.dropped, account_drop_names, ARRAY_SIZE(account_drop_names));
	json_number(out, "held", row->user.held);
	strbuf_addc(out, '}');
	json_number(out, "lost", account_lost(row));
	json_number(out, "in_flight", account_in_flight(row));
	strbuf_addf(out, ",\"adds_up\":%s}", account_adds_up(row) ? "true" : "false");
}

void account_json(const struct accounts *a, struct strbuf *out)
{
	strbuf_adds(out, "\"accounts\":[");
	for (size_t i = 0; i < a->n; i++) {
		strbuf_adds(out, i ? "," : "");
		json_row(a->rows[i], out);
	}
	strbuf_addc(out, ']');
	strbuf_adds(out, ",\"rules\":[");
	for (size_t i = 0; i < a->n_rules; i++) {
		strbuf_adds(out, i ? ",{\"rule\":" : "{\"rule\":");
		strbuf_add_json(out, a->rules[i].name, strlen(a->rules[i].name));
		strbuf_adds(out, ",\"priority\":");
		strbuf_add_json(out, a->rules[i].priority, strlen(a->rules[i].priority));
		strbuf_adds(out, ",\"matches\":");
		strbuf_addu(out, a->rules[i].matches);
		strbuf_addc(out, '}');
	}
	strbuf_addc(out, ']');
	json_counts(out, "counts", a->counts.kernel, account_kernel_names, ARRAY_SIZE(account_kernel_names));
	json_counts(out, "reader", a->counts.reader, account_reader_names, ARRAY_SIZE(account_reader_names));
	strbuf_adds(out, ",\"missed_runs\":{");
	for (unsigned i = 0; i < a->counts.n_missed; i++) {
		strbuf_adds(out, i ? "," : "");
		strbuf_add_json(out, a->counts.missed[i].program, strlen(a->counts.missed[i].program));
		strbuf_addc(out, ':');
		strbuf_addu(out, a->counts.missed[i].count);
	}
	strbuf_addc(out, '}');
}
