/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rules that block making and removing names of files: by the path of each name, and its alias. */
#pragma once

#include "block.h"

/* Looks up a path that was made, as the new name or the old one. */
static __noinline u64 block_as(struct scratch *s, u32 row, u64 mask, bool old)
{
	u32 kinds = block_rows[row & (NUNCHI_BLOCK_ROWS - 1)].kinds;
	u32 kind = old ? NUNCHI_BLOCK_OLD : NUNCHI_BLOCK_PATH, text = old ? NUNCHI_BLOCK_TEXT_OLD : NUNCHI_BLOCK_TEXT_PATH;

	if (!s || block_is_unknown(s))
		return mask;
	if (kinds & 1 << kind) {
		block_path_key(s);
		mask &= look_up(&s->block, row, kind);
	}
	if (mask && NUNCHI_BLOCK_READS(kinds, text))
		mask &= block_read_path(s, row, text);
	return mask;
}

/* Looks up the name that s->leaf has or is to get: its dentry has a name in a directory, but perhaps no file yet. */
static __noinline u64 block_entry(struct scratch *s, u32 row, u64 mask, bool old)
{
	u32 kinds = block_rows[row & (NUNCHI_BLOCK_ROWS - 1)].kinds;
	u64 found;

	if (!s || !mask)
		return 0;
	if (!(kinds & 1 << (old ? NUNCHI_BLOCK_OLD : NUNCHI_BLOCK_PATH)) &&
	    !NUNCHI_BLOCK_READS(kinds, old ? NUNCHI_BLOCK_TEXT_OLD : NUNCHI_BLOCK_TEXT_PATH))
		return mask;
	block_leaf(s);
	found = block_as(s, row, mask, old);
	if (block_alias(s) == ALIAS_PATH)
		found |= block_as(s, row, mask, old);
	return found;
}
