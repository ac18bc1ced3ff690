/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records that the output does not accept at the moment: its reader is slow for a while, or many records
 * waited for a name and continue at once. While one record waits here all do, so that the order is kept.
 * Beyond the bound the oldest one continues regardless; if it would have been shown, it is lost, which is
 * reported.
 */
#include <malloc.h>

#include "internal.h"

#define TRIM_BYTES (1U << 20)	/* a decrease that is worth a malloc_trim() */

/* Thousands of records that waited leave the heap full of holes, which the C library would not give back. */
void backlog_trim(struct engine *e)
{
	size_t waits = e->backlog.bytes + e->held_bytes;

	if (waits + TRIM_BYTES < e->waited_most) {
		malloc_trim(0);
		e->waited_most = waits;
	}
	e->waited_most = MAX(e->waited_most, waits);
}

size_t backlog_room(const struct engine *e)
{
	size_t share = e->memory.reader, model = model_bytes(e->model), text = WRITER_QUEUE_OF(share);

	/* An eighth in any case: the model forgets processes to make room. */
	return model + text < share ? MAX(share - model - text, share / 8) : share / 8;
}

static bool must_wait(const struct engine *e)
{
	return e->blocked && !e->last_call && e->backlog.bytes + e->held_bytes <= backlog_room(e);
}

void backlog_run(struct engine *e)
{
	struct held *h;

	while (!must_wait(e) && (h = hold_take(&e->backlog))) {
		struct slot *slot = &e->slots[h->record->slot % NUNCHI_SLOTS_MAX];

		slot->account.held -= is_accounted(h->record);
		life_deliver(e, slot, h->record);
		free(h);
	}
}

void backlog_add(struct engine *e, const struct nunchi_head *record)
{
	e->slots[record->slot % NUNCHI_SLOTS_MAX].account.held += is_accounted(record);
	hold_add(&e->backlog, record);
	e->waited_most = MAX(e->waited_most, e->backlog.bytes + e->held_bytes);
	backlog_run(e);
}

void backlog_release(struct engine *e, struct slot *slot)
{
	e->waited_most = MAX(e->waited_most, e->backlog.bytes + e->held_bytes);
	e->held_bytes -= slot->held.bytes;
	hold_move(&e->backlog, &slot->held);
	backlog_run(e);
}

void backlog_free(struct engine *e)
{
	struct held *h;

	while ((h = hold_take(&e->backlog)))
		free(h);
}
