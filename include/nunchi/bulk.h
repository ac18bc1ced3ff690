/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Bulk rings: a ring for each few CPUs, which programs write and user space reads in place. The kernel's own kind takes a
 * lock, calls and a read of what the reader has just written for each record: a third of what an event costs.
 *
 * A place is a word: below, where in the ring, in units; above, how many records are before it. A program moves
 * `put` on by compare-and-exchange, so that a record's room and its number are taken at once, copies the record
 * there, and last writes its mark, in place of its number: the word, and a secret of this run. Where the reader finds
 * the mark, the record is whole; all else that can be there (what an earlier one has left, and that can be any
 * container's words) is another number.
 *
 * The memory is in pieces. What begins in one has room behind its end, so that no record is in two.
 */
#pragma once

#include "wire.h"

#define NUNCHI_BULK_UNIT 64	/* bytes; records begin at multiples of it */
#define NUNCHI_BULK_BEHIND (NUNCHI_RECORD_MAX + NUNCHI_BULK_UNIT)	/* room behind a piece */

/* The mark is a word, and in a record's first unit. */
_Static_assert(NUNCHI_BULK_BEHIND % NUNCHI_BULK_UNIT == 0, "pieces begin at units");
_Static_assert(__builtin_offsetof(struct nunchi_head, seq) % 8 == 0 && __builtin_offsetof(struct nunchi_head, seq) < NUNCHI_BULK_UNIT,
	       "the mark's place");

/* The programs' side of a ring, a cache line. */
struct nunchi_bulk_put {
	__u64 put;		/* word of the next record */
	__u64 taken;		/* what they last saw of nunchi_bulk_taken */
	__u64 pad[6];
};

/* The reader's side. */
struct nunchi_bulk_taken {
	__u64 taken;		/* word of the first record that still needs its place */
	__u64 pad[7];
};

/* What a record of len bytes takes of a ring. */
static inline __attribute__((always_inline)) __u64 nunchi_bulk_room(__u32 len)
{
	return ((__u64)len + NUNCHI_BULK_UNIT - 1) / NUNCHI_BULK_UNIT * NUNCHI_BULK_UNIT;
}

/* The word after a record of len bytes at that one. */
static inline __attribute__((always_inline)) __u64 nunchi_bulk_next(__u64 word, __u32 len)
{
	return ((word >> 32) + 1) << 32 | (__u32)((__u32)word + nunchi_bulk_room(len) / NUNCHI_BULK_UNIT);
}

/* Bytes from one word to another, which is not before it. */
static inline __attribute__((always_inline)) __u64 nunchi_bulk_used(__u64 put, __u64 taken)
{
	return (__u64)(__u32)((__u32)put - (__u32)taken) * NUNCHI_BULK_UNIT;
}
