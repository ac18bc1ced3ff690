/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A text read byte by byte in the automaton of rules that block (nunchi/block.h). Where it ends says which clauses
 * it satisfies; what it comes by on its way (contains) are marks, which say the rest.
 */
#pragma once

#include "block_path.h"

#define TEXT_AT offsetof(struct block_work, text)
#define KEY_AT (offsetof(struct block_work, key) + offsetof(struct nunchi_block_key, bytes))

static __always_inline struct nunchi_push_state *block_state(u32 index)
{
	return bpf_map_lookup_elem(&block_states, &index);
}

/* A byte of it. 1 ends it. */
static long block_read_step(u32 i, struct scratch **ctx)
{
	struct scratch *s = *ctx;
	struct reading *r = &s->reading;
	struct nunchi_push_state *state = block_state(r->tail);
	u8 byte = s->data[(r->at + i) & (sizeof(s->data) - 1)];
	u32 letter;

	if (!state)
		return 1;
	r->within |= state->within;
	if (!byte || state->over)
		return 1;
	letter = block_letters[r->half & 1][byte];
	barrier_var(letter);
	r->tail = state->next[letter & (NUNCHI_PUSH_LETTERS - 1)];
	return 0;
}

/* The clauses that are left of the marks. */
static __always_inline u64 block_marks(const struct nunchi_block_read *read, u32 text, u64 seen)
{
	u64 marks = read->marks[text], mask = (u64)-1;

	if (!(seen & marks))
		return read->without_any[text];
	for (u32 i = 0; i < NUNCHI_BLOCK_MARKS; i++)
		if (marks >> i & 1)
			mask &= seen >> i & 1 ? read->with[i] : read->without[i];
	return mask;
}

/*
 * The clauses that the text satisfies, which is at these bytes of the scratch, up to a NUL. What cannot be read
 * satisfies all of them: a rule must not be evaded by a directory that is deep enough.
 */
__noinline u64 block_read(struct scratch *s, u32 row, u32 text, u32 at)
{
	const struct nunchi_block_read *read = &block_reads[row & (NUNCHI_BLOCK_ROWS - 1)];
	u32 places = NUNCHI_BLOCK_READS(block_rows[row & (NUNCHI_BLOCK_ROWS - 1)].kinds, text);
	struct nunchi_push_state *state;
	struct reading *r;
	u64 mask = (u64)-1;

	if (!s || text >= NUNCHI_BLOCK_TEXTS)
		return 0;
	r = &s->reading;
	r->at = at;
	r->half = (row & (NUNCHI_BLOCK_ROWS - 1)) / NUNCHI_BLOCK_MAX;
	if (places & 1 << NUNCHI_BLOCK_HEAD) {
		r->tail = read->start[text][NUNCHI_BLOCK_HEAD];
		bpf_loop(BLOCK_TEXT_MAX, block_read_step, &s, 0);
		state = block_state(r->tail);
		mask &= state ? state->mask : (u64)-1;
	}
	if (places & ~(1 << NUNCHI_BLOCK_HEAD)) {
		r->tail = read->start[text][NUNCHI_BLOCK_TAIL];
		r->within = 0;
		bpf_loop(BLOCK_TEXT_MAX, block_read_step, &s, 0);
		state = block_state(r->tail);
		mask &= state ? state->mask : (u64)-1;
		mask &= block_marks(read, text, r->within);
	}
	return mask;
}

/* Of the path that block_path() has made not even the beginning is known: nor can it be looked up. */
static __always_inline bool block_is_unknown(const struct scratch *s)
{
	if (!(s->walk.flags & NUNCHI_BLOB_UNREACHABLE))
		return false;
	count(counts[NUNCHI_COUNT_UNREAD]);
	return true;
}

/* That path; one of which the end is lost cannot be read. */
static __always_inline u64 block_read_path(struct scratch *s, u32 row, u32 text)
{
	if (!s->walk.flags)
		return block_read(s, row, text, TEXT_AT + s->walk.pos);
	count(counts[NUNCHI_COUNT_UNREAD]);
	return (u64)-1;
}
