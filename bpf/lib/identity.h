/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who a task is. The answer is kept in task storage: copied at fork, computed on a miss, and it
 * only narrows: from the host to a container, from a container to one that was made inside it,
 * never sideways and never up. A task in a mount namespace that nobody knows opens a pending slot,
 * by which its events travel until user space has found the name.
 */
#pragma once

#include "blob.h"
#include "record.h"

#define NESTING_MAX 4	/* containers in containers that a look at parents goes through */

static __always_inline struct nunchi_slot *slot_row(u32 slot)
{
	return &slots[slot & (NUNCHI_SLOTS_MAX - 1)];
}

static __always_inline bool slot_is_current(const struct nunchi_slot_ref *ref)
{
	return ref && slot_row(ref->slot)->generation == ref->generation;
}

static __always_inline enum nunchi_mode identity_mode(const struct identity *id)
{
	return slot_row(id->slot)->mode;
}

static __always_inline bool identity_is_host(const struct identity *id)
{
	struct nunchi_slot *row = slot_row(id->slot);

	return !id->slot || row->generation != id->generation || row->state == NUNCHI_SLOT_HOST;
}

/*
 * Whether an identity may still change otherwise than by going into a container made inside: only a
 * named container's is for good, and not of who has just come in and executed nothing.
 */
static __always_inline bool identity_is_open(const struct identity *id)
{
	struct nunchi_slot *row = slot_row(id->slot);

	return !id->slot || row->generation != id->generation || row->state != NUNCHI_SLOT_NAMED ||
	       id->entered == ENTERED_FRESH;
}

/*
 * The container that the task cannot leave any more, be it that nobody knows its name yet; slot 0:
 * none. If a pending slot turns out to be the host's, its tasks are let go (see probe_slot_host).
 */
static __always_inline struct nunchi_slot_ref identity_holder(const struct identity *id)
{
	struct nunchi_slot_ref holder = { id->slot, id->generation };
	struct nunchi_slot *row = slot_row(id->slot);

	if (id->slot && row->generation == id->generation && id->entered != ENTERED_FRESH &&
	    row->state != NUNCHI_SLOT_HOST)
		return holder;
	holder.slot = id->base;
	holder.generation = id->base_generation;
	if (!holder.slot || !slot_is_current(&holder))
		holder.slot = 0;
	return holder;
}

/* Whether the slot is holder's, or of something that was made inside holder. */
static __always_inline bool slot_is_within(const struct nunchi_slot_ref *ref,
					   const struct nunchi_slot_ref *holder)
{
	u32 slot = ref->slot, generation = ref->generation;

#pragma unroll
	for (int i = 0; i < NESTING_MAX; i++) {
		struct nunchi_slot *row;

		if (slot == holder->slot && generation == holder->generation)
			return true;
		row = slot_row(slot);
		slot = row->parent;
		generation = row->parent_generation;
	}
	return false;
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

/* The slot is known by another mount namespace from now on. */
static __always_inline void slot_rekey(const struct nunchi_slot_ref *ref, u64 key)
{
	struct nunchi_slot *row = slot_row(ref->slot);
	u64 old = row->key;

	if (bpf_map_update_elem(&namespaces, &key, ref, BPF_ANY)) {
		count(counts[NUNCHI_COUNT_NAMESPACES]);
		return;
	}
	row->key = key;
	if (old && old != key)
		bpf_map_delete_elem(&namespaces, &old);
}

/* Takes a free slot for an unknown mount namespace. Another CPU may have been faster. */
static __always_inline bool slot_take(struct task_struct *task, u64 key,
				      const struct nunchi_slot_ref *parent,
				      struct nunchi_slot_ref *ret, bool *ret_new)
{
	struct nunchi_slot *row;
	struct nunchi_slot_ref *known, ref;
	u32 slot;

	if (bpf_map_pop_elem(&free_slots, &slot)) {
		count(counts[NUNCHI_COUNT_SLOTS]);
		return false;
	}
	slot &= NUNCHI_SLOTS_MAX - 1;
	row = slot_row(slot);
	row->state = NUNCHI_SLOT_PENDING;
	row->mode = NUNCHI_MODE_EVENT;
	row->group = 0;
	row->opener = task->tgid;
	row->pidns = 0;
	row->parent = parent->slot;
	row->parent_generation = parent->generation;
	row->key = key;
	ref.slot = slot;
	ref.generation = row->generation;
	known = bpf_map_lookup_elem(&namespaces, &key);
	if (known && !slot_is_current(known))
		bpf_map_delete_elem(&namespaces, &key);
	if (!bpf_map_update_elem(&namespaces, &key, &ref, BPF_NOEXIST)) {
		*ret = ref;
		*ret_new = true;
		return true;
	}
	row->state = NUNCHI_SLOT_FREE;
	bpf_map_push_elem(&free_slots, &slot, 0);
	known = bpf_map_lookup_elem(&namespaces, &key);
	if (!slot_is_current(known)) {
		count(counts[NUNCHI_COUNT_NAMESPACES]);
		return false;
	}
	*ret = *known;
	return true;
}

/*
 * The task is in a mount namespace that nobody knows: perhaps a new container's. Not so if it is
 * known as a sandbox; if its process has opened a slot already, which it keeps; and if it is a
 * container's and has that one's PID namespace: then it plays with its mounts.
 */
static __always_inline bool slot_open(struct task_struct *task, const struct identity *id, u64 key,
				      const struct nunchi_slot_ref *holder,
				      struct nunchi_slot_ref *ret, bool *ret_new)
{
	struct nunchi_slot_ref own = { id->slot, id->generation };
	struct nunchi_slot *row = slot_row(id->slot);

	if (bpf_map_lookup_elem(&sandboxes, &key))
		return false;
	if (id->slot && slot_is_current(&own) && row->state != NUNCHI_SLOT_NAMED &&
	    row->opener == (u32)task->tgid) {
		slot_rekey(&own, key);
		*ret = own;
		return true;
	}
	if (holder->slot && slot_row(holder->slot)->state == NUNCHI_SLOT_NAMED) {
		u32 pidns = slot_row(holder->slot)->pidns;

		if (!pidns || id->pidns == pidns)
			return false;
	}
	return slot_take(task, key, holder, ret, ret_new);
}

/* Tells user space that tasks in an unknown mount namespace have appeared. */
static __always_inline void pending_send(struct task_struct *task, const struct identity *id,
					 const struct nunchi_slot_ref *from, u64 key)
{
	struct scratch *s = scratch_get();

	if (!s) {
		count(counts[NUNCHI_COUNT_NAMES]);
		return;
	}
	record_begin(s, task, id, NUNCHI_REC_PENDING, sizeof(s->pending), false);
	s->pending.parent_slot = from->slot;
	s->pending.parent_generation = from->generation;
	s->pending.namespace_key = key;
	blob_cgroup(s, (u64)BPF_CORE_READ(task_cgroup(task), kn));
	record_send_name(s);
	scratch_put(s);
}

/* A record that a life-cycle hook makes: counted, begun, and the caller's to fill and to send. */
static __always_inline struct scratch *life_begin(struct task_struct *task,
						  const struct identity *id,
						  enum nunchi_kind kind, u32 body)
{
	enum nunchi_mode mode = identity_mode(id);
	struct scratch *s;

	if (mode == NUNCHI_MODE_NONE || !account_seen(id->slot, mode))
		return 0;
	s = scratch_get();
	if (!s) {
		account_drop(id->slot, NUNCHI_DROP_SCRATCH, NUNCHI_CALLS_MAX + kind);
		return 0;
	}
	record_begin(s, task, id, kind, body, false);
	return s;
}

static __always_inline bool life_send(struct scratch *s, enum lane lane)
{
	bool sent = record_send(s, lane);

	scratch_put(s);
	return sent;
}

/* The task came in from outside. */
static __always_inline void enter_send(struct task_struct *task, const struct identity *id)
{
	struct scratch *s = life_begin(task, id, NUNCHI_REC_ENTER, 0);

	if (s)
		life_send(s, LANE_CRITICAL);
}

/* holder: who held it until now. */
static __always_inline void identity_move(struct task_struct *task, struct identity *id,
					  const struct nunchi_slot_ref *holder,
					  const struct nunchi_slot_ref *to, bool starting)
{
	bool from_host = identity_is_host(id);
	bool entering = from_host && to->slot && starting && settled && !holder->slot &&
			slot_row(to->slot)->state == NUNCHI_SLOT_NAMED;

	id->setup = to->slot && starting && settled && (id->setup || from_host);
	id->slot = to->slot;
	id->generation = to->generation;
	id->base = holder->slot;
	id->base_generation = holder->generation;
	if (from_host) {
		id->entered = entering ? ENTERED_FRESH : ENTERED_NOT;
		if (to->slot)
			task_namespaces(task, id->namespaces);
	}
	if (!to->slot)
		id->entered = ENTERED_NOT;
	if (entering)
		enter_send(task, id);
}

/*
 * Looks again at where the task is, and moves its identity if that is elsewhere and allowed.
 * starting: it is new in there and has executed nothing (false for what ran before nunchi did).
 */
static __noinline void identity_locate(struct task_struct *task, struct identity *id, bool starting)
{
	u32 mntns = task_mntns(task);
	bool host_mounts = !mntns || mntns == host_mntns[0] || mntns == host_mntns[1];
	u64 key = task_mntns_key(task);
	struct nunchi_slot_ref from = { id->slot, id->generation }, to = { 0 };
	struct nunchi_slot_ref holder = identity_holder(id);
	bool is_new = false, found = slot_find(task, host_mounts, key, id->pidns, &to);

	if (found && holder.slot && !slot_is_within(&to, &holder))
		to = holder;
	if (!found && (host_mounts || !slot_open(task, id, key, &holder, &to, &is_new)))
		to = holder;
	id->sandboxed = !to.slot && !host_mounts;
	if (!to.slot)
		to.generation = slots[0].generation;
	if (to.slot == id->slot && to.generation == id->generation)
		return;
	identity_move(task, id, &holder, &to, starting);
	if (is_new)
		pending_send(task, id, &from, key);
}

/* A new identity for the task, with the container of from (0: the host's). */
static __always_inline struct identity *identity_copy(struct task_struct *task,
						      const struct identity *from)
{
	struct task_struct *leader = task->group_leader;
	struct identity *id;

	id = bpf_task_storage_get(&identities, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!id) {
		count(counts[NUNCHI_COUNT_IDENTITY]);
		return 0;
	}
	id->vpid = 0;
	id->vtid = task_vnr(task, &id->pidns);
	if (leader) {
		id->start = leader->start_boottime;
		id->vpid = task_vnr(leader, &id->pidns);
	}
	id->slot = 0;
	id->generation = slots[0].generation;
	if (from && (from->slot || from->sandboxed)) {
		id->slot = from->slot;
		id->generation = from->generation;
		id->base = from->base;
		id->base_generation = from->base_generation;
		id->setup = from->setup;
		id->entered = from->entered;
		id->sandboxed = from->sandboxed;
		__builtin_memcpy(id->namespaces, from->namespaces, sizeof(id->namespaces));
	}
	return id;
}

/*
 * A task that has no identity yet gets one: a copy of from's (0: its leader's, else its parent's),
 * corrected by where it is, unless that is known to be the same place.
 */
static __noinline struct identity *identity_make(struct task_struct *task, struct identity *from,
						 bool same_place, bool starting)
{
	struct task_struct *leader = task->group_leader, *parent = task->real_parent;
	struct identity *id;

	if (!from && leader && task->pid != task->tgid)
		from = bpf_task_storage_get(&identities, leader, 0, 0);
	if (!from && parent)
		from = bpf_task_storage_get(&identities, parent, 0, 0);
	id = identity_copy(task, from);
	if (!id)
		return 0;
	if (!(from && (from->slot || from->sandboxed) && same_place && id->pidns == from->pidns))
		identity_locate(task, id, starting);
	return id;
}

static __always_inline struct identity *identity_get(struct task_struct *task)
{
	struct identity *id = bpf_task_storage_get(&identities, task, 0, 0);

	if (unlikely(!id))
		return identity_make(task, 0, false, true);
	if (unlikely(slot_row(id->slot)->generation != id->generation))
		identity_locate(task, id, true);
	return id;
}
