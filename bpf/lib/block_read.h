/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A text that rules that block are about, read byte by byte: block_read.bpf.c. */
#pragma once

#include "record.h"

#define TEXT_AT offsetof(struct block_work, text)
#define KEY_AT (offsetof(struct block_work, key) + offsetof(struct nunchi_block_key, bytes))

/*
 * The clauses that the text satisfies, which is at these bytes of the scratch, up to a NUL. What cannot be read
 * satisfies all of them: a rule must not be evaded by a directory that is deep enough.
 */
u64 block_read(struct scratch *s, u32 row, u32 text, u32 at);

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
