/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The account: what the kernel counted and what we counted, per slot. The two are kept apart and compared
 * only here. When a slot is given back, its account goes to a table by container, and into the capture.
 */
#include <inttypes.h>
#include <stdio.h>

#include "internal.h"
#include "out/account.h"

/* Rows of ended containers: as many as the model remembers. Older ones are added up in one row. */
#define ENDED_MAX MODEL_STOPPED_MAX

static void row_of_slot(struct engine *e, uint32_t i, struct account_row *row)
{
	struct slot *slot = &e->slots[i];
	struct container *c = slot->id ? model_container(e->model, slot->id) : NULL;

	*row = (struct account_row){ .id = xstrdup(slot->id), .user = slot->account };
	if (c)
		row->name = xstrdup(c->display);
	else if (!slot->id && slot->phase != SLOT_HOST && i > NUNCHI_SLOT_HELPERS)
		row->name = xstrdup("(no name yet)");
	probe_account(e->probe, i, &row->kernel);
}

/* At the end of a slot: the summaries must add up to what the kernel has aggregated. */
static void check_summaries(const struct engine *e, uint32_t i, const struct account_row *row)
{
	if (row->kernel.aggregated != e->slots[i].summarized)
		log_warn("account of slot %u: %llu were counted in the kernel, and %llu of them told", i,
			 (unsigned long long)row->kernel.aggregated,
			 (unsigned long long)e->slots[i].summarized);
}

static void record_row(struct engine *e, uint32_t slot, const struct account_row *row)
{
	if (!row->kernel.seen && !row->user.received)
		return;
	encode_account(&e->record, row, slot, e->slots[slot].generation, clock_boot());
	pipeline_made(e);
}

bool account_complete(struct engine *e, uint32_t slot)
{
	struct nunchi_account kernel;

	probe_account(e->probe, slot, &kernel);
	return kernel.sent == e->slots[slot].account.received && !e->slots[slot].held.count;
}

bool account_close(struct engine *e, uint32_t slot)
{
	struct account_row row;

	summary_flush(e, slot);
	if (!losses_tell_slot(e, slot, clock_boot())) {
		if (!slots_are_needed(e))
			return false;
		e->counts[ACCOUNT_READER_UNTOLD] += losses_give_up(e, slot);
	}
	row_of_slot(e, slot, &row);
	check_summaries(e, slot, &row);
	row.ended = true;
	record_row(e, slot, &row);
	accounts_add(&e->closed, &row, ENDED_MAX);
	memset(&e->slots[slot].account, 0, sizeof(e->slots[slot].account));
	memset(e->slots[slot].told, 0, sizeof(e->slots[slot].told));
	e->slots[slot].summarized = 0;
	return true;
}

static void add_missed(const char *program, uint64_t count, void *arg)
{
	struct account_counts *counts = arg;
	struct account_missed *m = &counts->missed[counts->n_missed];

	if (counts->n_missed == ACCOUNT_MISSED_MAX)
		return;
	snprintf(m->program, sizeof(m->program), "%s", program);
	m->count = count;
	counts->n_missed++;
}

/*
 * How many tasks of the host exceed the share of --memory for their identities. This is the one memory
 * without a bound: whatever a task without an identity does would be lost.
 */
static uint64_t tasks_past_room(const struct engine *e)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/loadavg", "re");
	uint64_t room = e->memory.tasks / MEMORY_TASK_BYTES, tasks = 0;

	if (!f || fscanf(f, "%*f %*f %*f %*u/%" SCNu64, &tasks) != 1)
		return 0;
	return tasks > room ? tasks - room : 0;
}

static void take_counts(struct engine *e, struct account_counts *ret)
{
	*ret = (struct account_counts){ .n_missed = 0 };
	probe_counts(e->probe, ret->kernel);
	e->counts[ACCOUNT_READER_TASKS] = MAX(e->counts[ACCOUNT_READER_TASKS], tasks_past_room(e));
	memcpy(ret->reader, e->counts, sizeof(ret->reader));
	ret->reader[ACCOUNT_READER_FORGOTTEN] = model_forgotten(e->model);
	probe_missed(e->probe, add_missed, ret);
}

/* Records that got a number and never came, less those that a counter explains. Valid only when nothing is in flight. */
static void find_missing(struct engine *e)
{
	uint64_t counts[NUNCHI_COUNT_MAX];

	probe_counts(e->probe, counts);
	if (e->missing > counts[NUNCHI_COUNT_NUMBERS])
		e->counts[ACCOUNT_READER_MISSING] = e->missing - counts[NUNCHI_COUNT_NUMBERS];
}

static bool is_given_back(const struct slot *slot)
{
	return slot->phase == SLOT_UNKNOWN && slot->generation && !slot->account.received;
}

/* The counts of all enabled rules, including zeros: a metric must exist before its first increase. */
static void add_rules(struct engine *e, uint64_t now, struct strbuf *out)
{
	const struct ruleset *rules = e->force->rules;

	for (size_t i = 0; rules && i < ruleset_count(rules); i++) {
		const struct rule *rule = ruleset_rule(rules, i);

		if (!rule->enabled)
			continue;
		encode_rule(&e->record, rule->name, priority_names[rule->priority], in_force_fired(rule), now);
		strbuf_add(out, e->record.s, e->record.len);
	}
}

void account_now(struct engine *e, struct strbuf *out)
{
	struct account_counts counts;
	uint64_t now = clock_boot();

	take_counts(e, &counts);
	encode_counts(&e->record, &counts, now);
	strbuf_add(out, e->record.s, e->record.len);
	add_rules(e, now, out);
	for (size_t i = 0; i < e->closed.n; i++) {
		encode_account(&e->record, e->closed.rows[i], 0, 0, now);
		strbuf_add(out, e->record.s, e->record.len);
	}
	for (uint32_t i = 0; i < e->slots_used; i++) {
		struct account_row row;

		if (is_given_back(&e->slots[i]))
			continue;	/* saves a system call for each such slot each second */
		row_of_slot(e, i, &row);
		if (row.kernel.seen || row.user.received || row.id) {
			encode_account(&e->record, &row, i, e->slots[i].generation, now);
			strbuf_add(out, e->record.s, e->record.len);
		}
		account_row_free(&row);
	}
}

/* No event can say which container is not seen for want of a slot. So it is logged when that begins, not only at the end. */
void account_warn(struct engine *e)
{
	uint64_t counts[NUNCHI_COUNT_MAX];

	if (e->said_no_slot)
		return;
	probe_counts(e->probe, counts);
	e->said_no_slot = counts[NUNCHI_COUNT_SLOTS];
	if (e->said_no_slot)
		log_warn("there are more containers than there is room for: what the last of them do is not seen, until others end (--memory)");
}

void account_end(struct engine *e, struct accounts *ret)
{
	*ret = e->closed;
	e->closed = (struct accounts){ .n = 0 };
	for (uint32_t i = 0; i < e->slots_used; i++) {
		struct account_row row;

		row_of_slot(e, i, &row);
		check_summaries(e, i, &row);
		record_row(e, i, &row);
		accounts_add(ret, &row, ACCOUNTS_MAX);
	}
	find_missing(e);
	take_counts(e, &ret->counts);
	encode_counts(&e->record, &ret->counts, clock_boot());
	pipeline_made(e);
}

void account_say(struct engine *e, const struct accounts *accounts)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	uint64_t ns = clock_boot() - e->started;

	/* If both go to one terminal, the summary comes after the events that it counts. */
	if (e->writer)
		writer_wait(e->writer, ENGINE_SAY_LAST_MS);
	for (uint32_t i = 0; i < e->slots_used; i++)
		if (!account_complete(e, i))
			log_warn("account of slot %u: not everything came that the kernel sent", i);
	account_summary(accounts, ns, &text);
	log_lines(LOG_INFO, text.s);
	account_log_faults(accounts);
}
