/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where file systems were mounted when a container began (mounted.bpf.c). */
#pragma once

#include "identity.h"
#include "root.h"

/* Writes the mounts below that of a container's root (a struct vfsmount *) into s->data, as struct mounted. */
int mounted_take(struct scratch *s, u64 mnt);
/*
 * Looks for the mount of the outermost container below which s->walk.dentry is. 1: found, s->walk.within is the
 * mount's root, and s->place the path where it was.
 */
int mounted_find(struct scratch *s, u32 slot, u32 generation);

/* The slot of the outermost container. */
static __always_inline u32 slot_outermost(u32 slot)
{
	for (u32 i = 0; i < ROOTS_MAX && unlikely(slots[slot & (NUNCHI_SLOTS_MAX - 1)].parent); i++)
		slot = slots[slot & (NUNCHI_SLOTS_MAX - 1)].parent;
	return slot & (NUNCHI_SLOTS_MAX - 1);
}

/* Whether the mounts have changed since the runtime made them. event: of the mount namespace. */
static __always_inline bool mounted_anew(u32 slot, u64 event)
{
	u64 first = slots[slot_outermost(slot)].mounts;

	return first && event != first;
}

/* The event counter of the running task's mount namespace, which changes with each mount. */
static __always_inline u64 mounts_event(void)
{
	return BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), nsproxy, mnt_ns, event);
}

/* Remembers a container's mounts when its root was made; for a container inside another the outer one's count. */
static __always_inline void mounted_begin(struct task_struct *task, u32 slot)
{
	struct nunchi_slot *row = &slots[slot & (NUNCHI_SLOTS_MAX - 1)];
	struct vfsmount *mnt = BPF_CORE_READ(task, fs, root.mnt);
	struct nunchi_slot_ref key = { slot, row->generation };
	struct scratch *s;

	if (row->parent || (u64)BPF_CORE_READ(mnt, mnt_root) != root_directory(task))
		return;
	s = scratch_get();
	if (!s) {
		count(counts[NUNCHI_COUNT_MOUNTS]);
		return;
	}
	mounted_take(s, (u64)mnt);
	/* Not in mounted_take(): the verifier of 6.1 takes no map value from a function that is verified by itself. */
	if (!bpf_map_update_elem(&mounted, &key, s->data, BPF_ANY))
		row->mounts = BPF_CORE_READ(task, nsproxy, mnt_ns, event);
	else
		count(counts[NUNCHI_COUNT_MOUNTS]);
	scratch_put(s);
}

/*
 * The root of a container is the one that its runtime has made when it executes the entrypoint. A process that comes
 * in later has a root that the container may have changed. So has one that opens a slot inside a container, whether
 * or not that is a container: in the same file system its root begins where the outer one's does.
 */
static __always_inline void container_root(struct task_struct *task, const struct identity *id, bool entering)
{
	struct nunchi_slot *row = slot_row(id->slot);
	u64 root, outer = 0;

	if (likely(row->root && (!id->setup || entering)))
		return;
	root = root_directory(task);
	if (row->parent)
		outer = root_within(row->parent, row->parent_generation, (u64)FIELD(struct dentry, root, d_sb));
	row->root = outer ? outer : root;
	mounted_begin(task, id->slot);
}
