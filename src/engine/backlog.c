/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the output does not take at the moment: a reader that is slow for a while, or much that waited
 * for a name and goes on at once. While anything waits here everything does, so that the order stays.
 * Past the bound the oldest goes on regardless, and what of it is shown is lost, and said to be.
 */
#include <malloc.h>

#include "internal.h"

#define TRIM_BYTES (1U << 20)	/* so much less waits than did: worth giving back */

/* What waited for names by the thousand leaves the heap full of holes, which the C library would keep. */
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

	/* Some in any case: the model lets go of processes first. */
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
