/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes records out of the rings, merged by time: always the earliest head of all rings, and none younger
 * than the watermark (a little before now), because an earlier record may still be on its way to another
 * ring. A record that comes even later is marked, counted and not reordered.
 */
#include "internal.h"

#define COMMIT_ALL 4096		/* after so many records the room of all rings is given back */

void drain_dispatch(struct engine *e, const struct nunchi_head *record)
{
	struct slot *slot;

	switch (record->kind) {
	case NUNCHI_REC_PENDING:
		binder_pending(e, record);
		return;
	case NUNCHI_REC_CGROUP_NEW:
	case NUNCHI_REC_CGROUP_GONE:
		binder_cgroup(e, record);
		return;
	default:
		break;
	}
	slot = binder_slot(e, record);
	if (is_accounted(record))
		slot->account.received++;
	if (slot->phase == SLOT_PENDING)
		binder_hold(e, slot, record);
	else if (unlikely(e->blocked || e->backlog.first))
		backlog_add(e, record);
	else
		life_deliver(e, slot, record);
}

static void check_number(struct engine *e, unsigned ring, uint64_t seq)
{
	uint64_t *expected = &e->expected[ring];

	if (likely(seq == *expected + 1)) {
		*expected = seq;
	} else if (seq > *expected) {
		e->missing += seq - *expected - 1;
		*expected = seq;
	} else {
		e->missing--;	/* overtaken by a program that had preempted it */
	}
}

/* Marks a late record, in a copy: the critical ring is mapped read-only. */
static const struct nunchi_head *mark_late(struct engine *e, const struct nunchi_head *record)
{
	struct nunchi_head *copy;

	e->counts[ACCOUNT_READER_LATE]++;
	strbuf_reset(&e->late);
	strbuf_add(&e->late, record, record->len);
	copy = (struct nunchi_head *)(void *)e->late.s;
	copy->flags |= NUNCHI_F_LATE;
	return copy;
}

struct ring_head {
	const struct nunchi_head *record;
	uint64_t time;		/* UINT64_MAX: nothing that is due */
};

static void peek(struct engine *e, unsigned i, struct ring_head *head, uint64_t watermark)
{
	uint32_t len;

	head->record = ring_peek(probe_ring(e->probe, i), &len);
	head->time = UINT64_MAX;
	if (!head->record)
		return;
	if (head->record->len > len) {	/* cannot be; if it is, the record counts as lost, because its number is missing */
		ring_advance(probe_ring(e->probe, i));
		head->record = NULL;
		return;
	}
	if (head->record->time <= watermark)
		head->time = head->record->time;
}

/* Gives the room of all records taken back to the rings. */
static void commit_all(struct engine *e)
{
	for (unsigned i = 0; i < probe_rings(e->probe); i++)
		ring_commit(probe_ring(e->probe, i));
}

static void take(struct engine *e, unsigned ring, const struct nunchi_head *record)
{
	check_number(e, ring, record->seq);
	if (unlikely(record->time < e->last_time))
		record = mark_late(e, record);
	else
		e->last_time = record->time;
	drain_dispatch(e, record);
	if (unlikely(record->flags & NUNCHI_F_SHARED))
		probe_taken(e->probe, record);
	ring_advance(probe_ring(e->probe, ring));
}

/* A linear search: with 60 rings, the most there are, it takes 46 ns, and a heap 33; the rest of an event takes ten times that. */
static unsigned earliest(const struct ring_head *heads, unsigned n)
{
	unsigned first = 0;

	for (unsigned i = 1; i < n; i++) {
		if (heads[i].time < heads[first].time)
			first = i;
	}
	return first;
}

unsigned drain_rings(struct engine *e, uint64_t watermark)
{
	struct ring_head heads[PROBE_RINGS_MAX];
	unsigned n_rings = probe_rings(e->probe), n = 0;

	for (unsigned i = 0; i < n_rings; i++)
		peek(e, i, &heads[i], watermark);
	while (n < DRAIN_MAX) {
		unsigned first = earliest(heads, n_rings);

		if (heads[first].time == UINT64_MAX)
			break;
		take(e, first, heads[first].record);
		if (!(++n % 64))
			ring_commit(probe_ring(e->probe, first));
		if (!(n % COMMIT_ALL))	/* also of rings that were not drained just now */
			commit_all(e);
		peek(e, first, &heads[first], watermark);
	}
	commit_all(e);
	return n;
}
