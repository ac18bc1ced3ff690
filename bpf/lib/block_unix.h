/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rules that block connecting and sending to a unix socket by its path: that of the file to which its owner has bound
 * it, as it is mounted there, and as the runtime has mounted it in the container. The name in the call is not looked
 * at: it can be any link.
 */
#pragma once

#include "block.h"

static __always_inline bool asks_unix_path(u32 row)
{
	return asks_path(block_rows[row & (NUNCHI_BLOCK_ROWS - 1)].kinds);
}

/* peer: a struct sock, or 0. For a socket without a path, such as an abstract one, the path is a missing value. */
static __noinline u64 block_unix(struct scratch *s, u64 peer, u32 row, u64 mask)
{
	struct unix_sock *bound = (void *)peer;
	struct dentry *dentry;

	if (!s || !mask || !asks_unix_path(row))
		return mask;
	dentry = BPF_CORE_READ(bound, path.dentry);
	if (!dentry) {
		block_no_path(s);
		return block_name(s, row, mask);
	}
	leaf_set(s, BPF_CORE_READ(bound, path.mnt), dentry);
	return block_paths(s, row, mask);
}
