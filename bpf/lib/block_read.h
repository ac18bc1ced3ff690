/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* For rules that block: reads a text byte by byte: block_read.bpf.c. */
#pragma once

#include "record.h"

#define TEXT_AT offsetof(struct block_work, text)
#define KEY_AT (offsetof(struct block_work, key) + offsetof(struct nunchi_block_key, bytes))

/*
 * The clauses satisfied by the text that is at offset `at` of the scratch, up to a NUL. A text that cannot be read
 * satisfies all of them: a rule must not be evaded by a directory that is deep enough.
 */
u64 block_read(struct scratch *s, u32 row, u32 text, u32 at);

/*
 * Whether not even the beginning is known of the path that block_path() has made, so that it cannot be looked up
 * either.
 */
static __always_inline bool block_is_unknown(const struct scratch *s)
{
	if (!(s->walk.flags & NUNCHI_BLOB_UNREACHABLE))
		return false;
	count(counts[NUNCHI_COUNT_UNREAD]);
	return true;
}

/* block_read() for that path. It cannot be read if its end was dropped. */
static __always_inline u64 block_read_path(struct scratch *s, u32 row, u32 text)
{
	if (!s->walk.flags)
		return block_read(s, row, text, TEXT_AT + s->walk.pos);
	count(counts[NUNCHI_COUNT_UNREAD]);
	return (u64)-1;
}
