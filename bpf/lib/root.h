/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where a container's paths begin: at the directory that its runtime made the root, whatever its processes change
 * later. A slot has its address, which is compared and never followed. A process that has left the last mount of that
 * directory cannot reach it any more.
 */
#pragma once

#include "blob.h"

#define ROOTS_MAX 4	/* containers in containers */

static __always_inline u64 root_directory(struct task_struct *task)
{
	return (u64)BPF_CORE_READ(task, fs, root.dentry);
}

/* The slot's root, or, before anything was executed in it, that of the slot from which it was opened; 0: not known. */
static __always_inline u64 root_own(u32 slot, u32 generation)
{
	const struct nunchi_slot *row = &slots[slot & (NUNCHI_SLOTS_MAX - 1)];

	if (unlikely(!row->root && row->parent))
		return slots[row->parent & (NUNCHI_SLOTS_MAX - 1)].root;
	return row->generation == generation ? row->root : 0;
}

/* The root, of the slot or of those from which it was opened, that is in this file system; 0: none is. */
static __always_inline u64 root_within(u32 slot, u32 generation, u64 sb)
{
	for (u32 i = 0; i < ROOTS_MAX; i++) {
		const struct nunchi_slot *row = &slots[slot & (NUNCHI_SLOTS_MAX - 1)];
		u64 root = row->root;

		if (row->generation != generation)
			return 0;
		if (root && (u64)FIELD(struct dentry, root, d_sb) == sb)
			return root;
		slot = row->parent;
		generation = row->parent_generation;
		if (!slot)
			return 0;
	}
	return 0;
}
