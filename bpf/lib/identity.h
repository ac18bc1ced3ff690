/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who a task is. The answer is kept in task storage: copied at fork, computed on a miss, and it
 * only narrows, from the host to a container. A task in namespaces that nobody knows opens a
 * pending slot, by which its events travel until user space has found the name.
 */
#pragma once

#include "blob.h"
#include "record.h"

/* Tells user space that tasks in an unknown mount namespace have appeared. */
static __always_inline void pending_send(struct task_struct *task, const struct identity *id,
					 const struct nunchi_slot_ref *from, u64 key)
{
	struct scratch *s = scratch_get();

	if (!s)
		return;
	record_begin(s, task, id, NUNCHI_REC_PENDING, sizeof(s->pending), false);
	s->pending.parent_slot = from->slot;
	s->pending.parent_generation = from->generation;
	s->pending.namespace_key = key;
	blob_cgroup(s, (u64)BPF_CORE_READ(task_cgroup(task), kn));
	record_output(s, true);
	scratch_put(s);
}

static __always_inline bool slot_is_current(const struct nunchi_slot_ref *ref)
{
	return ref && slots[ref->slot & (NUNCHI_SLOTS_MAX - 1)].generation == ref->generation;
}

/*
 * The slot of the task's cgroup or namespaces, if one is known. The PID namespace counts only for
 * a task that has the host's mounts: others have been in the mount namespace's entry.
 */
static __always_inline bool slot_find(struct task_struct *task, bool host_mounts, u64 key,
				      u32 pidns, struct nunchi_slot_ref *ret)
{
	u64 cgroup = task_cgroup_id(task), pid_key = NUNCHI_KEY_PIDNS | pidns;
	struct nunchi_slot_ref *ref = bpf_map_lookup_elem(&cgroups, &cgroup);

	if (!slot_is_current(ref) && !host_mounts)
		ref = bpf_map_lookup_elem(&namespaces, &key);
	if (!slot_is_current(ref) && host_mounts && pidns != host_pidns)
		ref = bpf_map_lookup_elem(&namespaces, &pid_key);
	if (!slot_is_current(ref))
		return false;
	*ret = *ref;
	return true;
}

/* Takes a free slot for an unknown mount namespace. Another CPU may have been faster. */
static __always_inline bool slot_open(u64 key, struct nunchi_slot_ref *ret, bool *ret_new)
{
	struct nunchi_slot *row;
	struct nunchi_slot_ref *known;
	u32 slot;

	if (bpf_map_pop_elem(&free_slots, &slot)) {
		count(unseen_slots);
		return false;
	}
	slot &= NUNCHI_SLOTS_MAX - 1;
	row = &slots[slot];
	row->state = NUNCHI_SLOT_PENDING;
	row->mode = NUNCHI_MODE_EVENT;
	ret->slot = slot;
	ret->generation = row->generation;
	*ret_new = true;
	known = bpf_map_lookup_elem(&namespaces, &key);
	if (known && !slot_is_current(known))
		bpf_map_delete_elem(&namespaces, &key);
	if (!bpf_map_update_elem(&namespaces, &key, ret, BPF_NOEXIST))
		return true;
	row->state = NUNCHI_SLOT_FREE;
	bpf_map_push_elem(&free_slots, &slot, 0);
	*ret_new = false;
	known = bpf_map_lookup_elem(&namespaces, &key);
	if (!slot_is_current(known))
		return false;
	*ret = *known;
	return true;
}

static __always_inline bool identity_is_host(const struct identity *id)
{
	struct nunchi_slot *row = &slots[id->slot & (NUNCHI_SLOTS_MAX - 1)];

	return !id->slot || row->generation != id->generation || row->state == NUNCHI_SLOT_HOST;
}

/* Whether an identity may still change: only a named container's is for good. */
static __always_inline bool identity_is_open(const struct identity *id)
{
	struct nunchi_slot *row = &slots[id->slot & (NUNCHI_SLOTS_MAX - 1)];

	return !id->slot || row->generation != id->generation || row->state != NUNCHI_SLOT_NAMED;
}

/*
 * Looks again at where the task is, and moves its identity if that is in another container.
 * starting: it is new in there and has executed nothing (false for what ran before nunchi did).
 */
static __noinline void identity_locate(struct task_struct *task, struct identity *id, bool starting)
{
	u32 mntns = task_mntns(task);
	bool host_mounts = !mntns || mntns == host_mntns[0] || mntns == host_mntns[1];
	u64 key = task_mntns_key(task);
	struct nunchi_slot_ref from = { id->slot, id->generation }, to = { 0 };
	bool is_new = false;

	if (!slot_find(task, host_mounts, key, id->pidns, &to)) {
		if (host_mounts || !slot_open(key, &to, &is_new)) {
			id->slot = 0;
			id->generation = slots[0].generation;
			return;
		}
	}
	if (to.slot == id->slot && to.generation == id->generation)
		return;
	id->setup = starting && settled && (id->setup || identity_is_host(id));
	id->slot = to.slot;
	id->generation = to.generation;
	if (is_new)
		pending_send(task, id, &from, key);
}

/* A task that has no identity yet gets one: its leader's, its parent's, or by where it is. */
static __noinline struct identity *identity_make(struct task_struct *task, bool starting)
{
	struct identity *id, *from = 0;
	struct task_struct *leader = task->group_leader, *parent = task->real_parent;

	id = bpf_task_storage_get(&identities, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!id) {
		count(unseen_identity);
		return 0;
	}
	id->vpid = 0;
	id->vtid = task_vnr(task, &id->pidns);
	if (leader) {
		id->start = leader->start_boottime;
		id->vpid = task_vnr(leader, &id->pidns);
	}
	id->generation = slots[0].generation;
	if (leader && task->pid != task->tgid)
		from = bpf_task_storage_get(&identities, leader, 0, 0);
	if (!from && parent)
		from = bpf_task_storage_get(&identities, parent, 0, 0);
	if (from && !identity_is_open(from)) {
		id->slot = from->slot;
		id->generation = from->generation;
		id->setup = from->setup;
		return id;
	}
	identity_locate(task, id, starting);
	return id;
}

static __always_inline struct identity *identity_get(struct task_struct *task)
{
	struct identity *id = bpf_task_storage_get(&identities, task, 0, 0);

	if (unlikely(!id))
		return identity_make(task, true);
	if (unlikely(slots[id->slot & (NUNCHI_SLOTS_MAX - 1)].generation != id->generation))
		identity_locate(task, id, true);
	return id;
}

static __always_inline enum nunchi_mode identity_mode(const struct identity *id)
{
	return slots[id->slot & (NUNCHI_SLOTS_MAX - 1)].mode;
}
