/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables by which events stay in the kernel. They can be changed while programs run; until the new ones are
 * complete every event leaves.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "internal.h"

#define ROOM_MORE 4096	/* states beyond what the first rules need, for those of a reload */

void push_choose(struct probe *p, const struct nunchi_push *push)
{
	uint64_t left = p->memory.rules / PROBE_STATE_BYTES - 2ULL * p->block_room;

	p->push_room = push ? (uint32_t)MAX(MIN(push->text.n_states + ROOM_MORE, left), 1ULL) : 1;
	bpf_map__set_max_entries(p->skel->maps.push_states, p->push_room);
}

int push_map(struct probe *p, struct strbuf *err)
{
	if (p->push_room == 1)
		return 0;
	return map_table(p->skel->maps.push_states, p->push_room * sizeof(*p->push_states),
			 "mapping the table of what may leave", (void **)&p->push_states, err);
}

static void clear(struct probe *p)
{
	if (!p->pushes)
		return;
	memset(p->skel->bss->push_calls, 0, sizeof(p->skel->bss->push_calls));
	p->skel->bss->push_image_start = 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	wait_for_programs();	/* one that has begun still uses the old tables */
	p->pushes = false;
}

/* Group 0, in which every slot begins: all clauses are possible. */
static void forget_groups(struct probe *p)
{
	for (uint32_t slot = 0; slot < p->n_slots; slot++)
		p->skel->bss->slots[slot].group = 0;
	memset(p->skel->bss->push_groups[0], 0xff, sizeof(p->skel->bss->push_groups[0]));
	p->n_groups = 1;
}

/* The group of those clauses, a new one if there is room. */
static unsigned group_for(struct probe *p, const uint64_t clauses[NUNCHI_PUSH_CLASSES])
{
	for (unsigned i = 0; i < p->n_groups; i++)
		if (!memcmp(p->skel->bss->push_groups[i], clauses, sizeof(p->skel->bss->push_groups[i])))
			return i;
	if (p->n_groups == NUNCHI_PUSH_GROUPS)
		return 0;
	memcpy(p->skel->bss->push_groups[p->n_groups], clauses, sizeof(p->skel->bss->push_groups[0]));
	return p->n_groups++;
}

void probe_push_slot(struct probe *p, uint32_t slot, uint32_t generation,
		     const uint64_t clauses[NUNCHI_PUSH_CLASSES])
{
	if (p->pushes && slot_is_current(p, slot, generation))
		__atomic_store_n(&p->skel->bss->slots[slot].group, group_for(p, clauses), __ATOMIC_RELEASE);
}

/* A number that neither the rules before these had nor, since --pin keeps identities, those of an earlier run. */
static uint32_t next_generation(uint32_t last)
{
	uint32_t now = (uint32_t)(clock_boot() / NSEC_PER_MSEC);

	return now == last ? now + 1 : now;
}

void push_fill(struct probe *p, const struct nunchi_push *push)
{
	clear(p);
	p->push_wish = push ? push->text.n_states : 0;
	if (!push || !p->push_states || push->text.n_states > p->push_room)
		return;
	memcpy(p->push_states, push->text.states, push->text.n_states * sizeof(*push->text.states));
	memcpy(p->skel->bss->push_letters, push->text.letters, sizeof(push->text.letters));
	memcpy(p->skel->bss->push_rows, push->rows, sizeof(push->rows));
	memcpy(p->skel->bss->push_images, push->images, sizeof(push->images));
	forget_groups(p);
	p->skel->bss->push_image_generation = next_generation(p->skel->bss->push_image_generation);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	p->skel->bss->push_image_start = push->image_start;
	memcpy(p->skel->bss->push_calls, push->calls, sizeof(push->calls));
	p->pushes = true;
}

uint32_t probe_push_missing(const struct probe *p, uint32_t *ret_room)
{
	*ret_room = p->push_room;
	return p->pushes ? 0 : p->push_wish;
}

void push_close(struct probe *p)
{
	if (p->push_states)
		munmap(p->push_states, p->push_room * sizeof(*p->push_states));
}
