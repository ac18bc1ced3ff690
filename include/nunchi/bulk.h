/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Bulk rings: rings in an mmap()ed map, one for one or a few CPUs, that programs write and user space reads in
 * place. The kernel's own ring buffer takes for each record a lock, calls, and a read of the position that the
 * reader has just written: a third of the cost of an event.
 *
 * A position is a 64-bit word: the low half is the offset in the ring, in units; the high half counts the
 * records before it. A program advances `put` by compare-and-exchange, which reserves the room and the
 * record's number in one step. It copies the record there, and writes the mark last, where the number
 * belongs: the word, combined with a secret of this run. A record is complete when the reader finds its
 * mark. Anything else there, such as the rest of an older record, whose bytes a container may have chosen,
 * cannot equal it.
 *
 * The memory is in pieces. Behind each there is room for a whole record, so that no record spans two pieces.
 */
#pragma once

#include "wire.h"

#define NUNCHI_BULK_UNIT 64	/* bytes; records begin at multiples of it */
#define NUNCHI_BULK_BEHIND (NUNCHI_RECORD_MAX + NUNCHI_BULK_UNIT)	/* room behind a piece */

/* The mark is a 64-bit word, in a record's first unit. */
_Static_assert(NUNCHI_BULK_BEHIND % NUNCHI_BULK_UNIT == 0, "pieces begin at units");
_Static_assert(__builtin_offsetof(struct nunchi_head, seq) % 8 == 0 && __builtin_offsetof(struct nunchi_head, seq) < NUNCHI_BULK_UNIT,
	       "the mark's place");

/* The programs' side of a ring, in a cache line of its own. */
struct nunchi_bulk_put {
	__u64 put;		/* position of the next record */
	__u64 taken;		/* nunchi_bulk_taken.taken, as they last read it */
	__u64 pad[6];
};

/* The reader's side, likewise. */
struct nunchi_bulk_taken {
	__u64 taken;		/* position of the oldest record that still needs its room */
	__u64 pad[7];
};

/* Bytes that a record of len bytes takes in a ring. */
static inline __attribute__((always_inline)) __u64 nunchi_bulk_room(__u32 len)
{
	return ((__u64)len + NUNCHI_BULK_UNIT - 1) / NUNCHI_BULK_UNIT * NUNCHI_BULK_UNIT;
}

/* The position after a record of len bytes at that one. */
static inline __attribute__((always_inline)) __u64 nunchi_bulk_next(__u64 word, __u32 len)
{
	return ((word >> 32) + 1) << 32 | (__u32)((__u32)word + nunchi_bulk_room(len) / NUNCHI_BULK_UNIT);
}

/* Bytes in use, from taken to put. */
static inline __attribute__((always_inline)) __u64 nunchi_bulk_used(__u64 put, __u64 taken)
{
	return (__u64)(__u32)((__u32)put - (__u32)taken) * NUNCHI_BULK_UNIT;
}
