/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that the kernel side has only counted become SUMMARY records: for each row that has grown, by how
 * much. A row's count is never reset, so that no call counted meanwhile is missed. A row that has not grown
 * for long is removed; the next call of that kind is then recorded again.
 */
#include "internal.h"

#define IDLE_MAX 10	/* looks without growth until a row is removed */

/* What has been reported of a row. */
struct told {
	struct hnode by_key;
	struct nunchi_summary_key key;
	uint64_t count;
	uint64_t time;	/* up to when, boot ns */
	unsigned idle;	/* looks at which it had not grown */
};

struct look {
	struct engine *e;
	uint32_t slot;	/* UINT32_MAX: any */
	bool over;	/* the last look: the container, or the run, has ended */
};

static struct told *told_get(struct engine *e, const struct nunchi_summary_key *key,
			     const struct nunchi_summary_row *row)
{
	uint64_t hash = hash_bytes(key, sizeof(*key));
	struct told *t;

	for (struct hnode *n = hmap_first(&e->summaries, hash); n; n = hmap_next(n, hash)) {
		t = container_of(n, struct told, by_key);
		if (!memcmp(&t->key, key, sizeof(*key)))
			return t;
	}
	t = xcalloc(1, sizeof(*t));
	t->key = *key;
	t->time = row->head.time;
	hmap_insert(&e->summaries, &t->by_key, hash);
	return t;
}

static void told_free(struct engine *e, struct told *t)
{
	hmap_remove(&e->summaries, &t->by_key);
	free(t);
}

/* Reports the growth of a row. over: for the last time. */
static void tell(struct engine *e, struct told *t, const struct nunchi_summary_row *row, bool over)
{
	uint64_t more = row->count - t->count, now = clock_boot();
	const struct nunchi_head *record;

	encode_summary(&e->summary, &t->key, row, more, t->time, now);
	t->count = row->count;
	t->time = now;
	t->idle = 0;
	/* Rows of a container are reported when its slot is given back; so the slot is still the row's own. */
	if (t->key.slot < NUNCHI_SLOTS_MAX)
		e->slots[t->key.slot].summarized += more;
	record = record_in(&e->summary);
	/* Not by the backlog, where it would wait until the slot is another container's. */
	if (over && slots_are_needed(e))
		life_deliver(e, &e->slots[t->key.slot % NUNCHI_SLOTS_MAX], record);
	else
		drain_dispatch(e, record);
}

static void look_at(const struct nunchi_summary_key *key, const struct nunchi_summary_row *row, void *arg)
{
	const struct look *look = arg;
	struct engine *e = look->e;
	struct told *t;

	if (look->slot != UINT32_MAX && look->slot != key->slot)
		return;
	t = told_get(e, key, row);
	if (row->count > t->count)
		tell(e, t, row, look->over);
	else
		t->idle++;
	if (look->over || t->idle > IDLE_MAX) {
		struct nunchi_summary_row last;

		/* Report what was added since the row was read. */
		if (probe_summary_forget(e->probe, key, &last) && last.count > t->count)
			tell(e, t, &last, look->over);
		told_free(e, t);
	}
}

static void look_at_all(struct engine *e, uint32_t slot, bool over)
{
	struct look look = { .e = e, .slot = slot, .over = over };

	probe_summaries(e->probe, look_at, &look);
}

void summary_tick(struct engine *e, uint64_t now)
{
	if (now < e->next_summary || e->blocked)
		return;
	e->next_summary = now + (e->config->aggregate ? e->config->aggregate : NSEC_PER_SEC);
	look_at_all(e, UINT32_MAX, false);
}

void summary_flush(struct engine *e, uint32_t slot)
{
	look_at_all(e, slot, true);
}

void summary_free(struct engine *e)
{
	hmap_for_each(&e->summaries, n)
		free(container_of(n, struct told, by_key));
	hmap_free(&e->summaries);
}
