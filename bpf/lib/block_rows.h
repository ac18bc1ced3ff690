/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The rows of rules that block, a class of calls each, and look-ups in their table (nunchi/block.h). */
#pragma once

#include "record.h"

/*
 * The class's row, in the half of the tables that is in force: asked for once in a run, so that all of it is
 * one generation's.
 */
static __always_inline u32 block_row(u32 class)
{
	u32 generation = *(volatile __u32 *)&block_generation;

	return NUNCHI_BLOCK_ROW(class, generation) | generation << 8;
}

static __always_inline u32 block_class(u32 row)
{
	return row & (NUNCHI_BLOCK_MAX - 1);
}

static __always_inline u64 look_up(struct block_work *b, u32 row, u32 kind)
{
	u64 *mask;

	b->key.bits = sizeof(b->key.bytes) * 8 + NUNCHI_BLOCK_KEY_BITS;
	b->key.row = row;
	b->key.kind = kind;
	mask = bpf_map_lookup_elem(&block_values, &b->key);
	return mask ? *mask : 0;
}

/* A name of a task, of which the key has the bytes; by one way or both. */
static __always_inline u64 look_up_comm(struct scratch *s, u32 row, u32 kind, u32 text, u64 mask)
{
	u32 kinds = block_rows[row & (NUNCHI_BLOCK_ROWS - 1)].kinds;

	if (mask && kinds & 1 << kind)
		mask &= look_up(&s->block, row, kind);
	if (mask && NUNCHI_BLOCK_READS(kinds, text))
		mask &= block_read(s, row, text, KEY_AT);
	return mask;
}

static __always_inline u64 look_up_number(struct block_work *b, u32 row, u32 kind, u32 value, u32 size)
{
	value = __builtin_bswap32(value << (4 - size) * 8);
	b->key.bytes[0] = 1;
	__builtin_memcpy(&b->key.bytes[1], &value, sizeof(value));
	return look_up(b, row, kind);
}

static __always_inline u64 look_up_code(struct block_work *b, u32 row, u32 kind, u8 code)
{
	b->key.bytes[0] = code;
	return look_up(b, row, kind);
}

/* One of its own, for what nobody can push aside: there is nobody in between. */
static __always_inline struct scratch *late_scratch(void)
{
	u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&late_scratches, &cpu);
}
