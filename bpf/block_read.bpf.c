/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads a text byte by byte in the automaton of rules that block (nunchi/block.h). The state in which it ends says
 * which clauses it satisfies, except for matches within the text (contains), which set marks on the way.
 */
#include "lib/block_read.h"

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

/* The clauses that the marks leave. */
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
