/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Puts a record into the bulk ring of its CPU; nunchi/bulk.h explains these rings. */
#pragma once

#include "record.h"

/*
 * Whether the record may go into a ring of which so much is used. row: of lane_put. Marks the record if it counts
 * against its container's share.
 */
int lane_admit(struct scratch *s, u64 used, u32 row, u32 lane);
/* It went, and counts. */
int lane_count(struct scratch *s, u32 row);
/* The reader sleeps, or did. */
int reader_wake(void);
/*
 * Reserves room for the record, whatever may be in the way. 1: the word of its place is in s->search; 0: there is no
 * room.
 */
int bulk_search(struct scratch *s, u32 ring);

/* Reserves room and a number for the record; *ret: the word of its place. False: another program was faster. */
static __always_inline bool bulk_take(const struct scratch *s, u32 ring, u64 put, u64 *ret)
{
	*ret = put;
	return __sync_val_compare_and_swap(&bulk_put[ring].put, put, nunchi_bulk_next(put, s->pos)) == put;
}

/* The same; what is seldom needed is in a function, which the verifier checks once, not wherever records are sent. */
static __always_inline bool bulk_reserve(struct scratch *s, u32 ring, u64 *ret)
{
	u64 put = *(volatile u64 *)&bulk_put[ring].put;

	/* Unless something floods, this is all that shares cost: the reader's position is read only now and then. */
	if (likely(nunchi_bulk_used(put, bulk_put[ring].taken) < bulk_bytes / 4) && likely(bulk_take(s, ring, put, ret)))
		return true;
	if (!bulk_search(s, ring))
		return false;
	*ret = s->search.word;
	return true;
}

/* Most records are not longer, and are copied without a call. */
#define COPY_INLINE 512

/* Copies the record, in units, to its place. */
static __always_inline void bulk_copy(u8 *to, struct scratch *s)
{
	const u64 *from = (const u64 *)s->data;
	u32 len = s->pos, rest;

#pragma unroll
	for (u32 i = 0; i < COPY_INLINE; i += NUNCHI_BULK_UNIT) {
#pragma unroll
		for (u32 j = i; j < i + NUNCHI_BULK_UNIT; j += sizeof(u64))
			*(u64 *)(to + j) = from[j / sizeof(u64)];
		if (len <= i + NUNCHI_BULK_UNIT)
			return;
	}
	rest = len - COPY_INLINE;
	barrier_var(rest);
	if (rest <= NUNCHI_RECORD_MAX - COPY_INLINE)
		bpf_probe_read_kernel(to + COPY_INLINE, rest, s->data + COPY_INLINE);
}

/* Writes the mark, after everything before it was written. */
static __always_inline void mark_put(u64 *at, u64 mark)
{
#if defined(__TARGET_ARCH_x86)	/* keeps the order of writes */
	barrier();
	*(volatile u64 *)at = mark;
#else
	__sync_lock_test_and_set(at, mark);
#endif
}

static __always_inline void account_sent(u32 slot)
{
	struct nunchi_account *account = account_of(slot);

	if (account)
		count(account->sent);
}

/*
 * Sends the record. It is counted before it is copied: a locked instruction waits until everything that was written before is
 * visible, and the ring's memory is in another processor's cache (28 ns for an open).
 */
static __always_inline bool bulk_output(struct scratch *s)
{
	u32 ring = bpf_get_smp_processor_id() >> ring_shift & (RINGS_MAX - 1), piece;
	struct nunchi_head *head;
	u64 word, at;
	u8 *to;

	if (!bulk_reserve(s, ring, &word))
		return false;
	at = (u64)(u32)word * NUNCHI_BULK_UNIT;
	piece = ring * bulk_pieces + (at >> bulk_piece_shift & (bulk_pieces - 1));
	to = bpf_map_lookup_elem(&bulk, &piece);
	if (!to)
		return false;
	account_sent(s->head.slot);
	to += at & bulk_piece_mask;
	bulk_copy(to, s);
	/* Only now: reading a word whose parts were just written is slow. */
	head = (struct nunchi_head *)to;
	head->len = s->pos;
	head->ring = ring + 1;
	mark_put(&head->seq, word + bulk_secret);
	if (unlikely(s->head.flags & NUNCHI_F_SHARED))
		lane_count(s, ring + 1);
	return true;
}

/*
 * Wakes the reader if it sleeps, after a record was sent. The record's place was reserved by an atomic operation, which is
 * a full barrier, before this looks; a reader that announces its sleep looks once more whether any place was reserved, and
 * then does not sleep.
 */
static __always_inline void reader_call(void)
{
	if (unlikely(reader_sleeps))
		reader_wake();
}
