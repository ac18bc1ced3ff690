/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which container a task belongs to. The answer is kept in task storage. It is copied at fork and computed
 * on a miss, and it only ever narrows: from the host to a container, from a container to one made inside
 * it; never to another one, and never back. A task in an unknown mount namespace opens a pending slot, with
 * which its events are marked until user space has found the name.
 */
#pragma once

#include "blob.h"
#include "record.h"

/* Not inlined, because it is called only for a task with our tgid. */
static __noinline __attribute__((unused)) bool started_as_nunchi(struct task_struct *task)
{
	return BPF_CORE_READ(task, group_leader, start_boottime) / 10000000 == own_start;
}

/*
 * Whether the task is nunchi itself. The tgid alone is not enough: blocking programs can outlive nunchi, and
 * own_tgid is wrong if nunchi runs in a PID namespace of its own (then no task is nunchi).
 */
static __always_inline bool is_nunchi(struct task_struct *task)
{
	return unlikely((u32)task->tgid == own_tgid) && started_as_nunchi(task);
}

/* Where a task is, and which container that makes it belong to. */
struct place {
	u64 key;			/* of its mount namespace, in the map namespaces */
	u64 cgroup;			/* as in nunchi_head.cgroup */
	u32 tgid;
	u32 pidns;
	u32 has_host_mounts;
	u32 is_new;			/* the place was unknown: a slot was opened */
	struct nunchi_slot_ref holder;	/* the container that the task can no longer leave; slot 0: none */
	struct nunchi_slot_ref ref;	/* the slot the task belongs to; slot 0: the host */
};

/* Fills in holder, ref and is_new of the place of a task with this identity. Opens a slot if the place is unknown. */
int identity_place(const struct identity *id, struct place *p);

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
 * Whether an identity may still change, other than by entering a container made inside. It may not if the
 * slot is a named container's, unless the task has just come in and executed nothing.
 */
static __always_inline bool identity_is_open(const struct identity *id)
{
	struct nunchi_slot *row = slot_row(id->slot);

	return !id->slot || row->generation != id->generation || row->state != NUNCHI_SLOT_NAMED ||
	       id->entered == ENTERED_FRESH;
}

static __always_inline void place_of(struct task_struct *task, u32 pidns, struct place *ret)
{
	u32 mntns = task_mntns(task);

	ret->key = task_mntns_key(task);
	ret->cgroup = task_cgroup_id(task);
	ret->tgid = task->tgid;
	ret->pidns = pidns;
	ret->has_host_mounts = !mntns || mntns == host_mntns[0] || mntns == host_mntns[1];
}

/*
 * The slot of the place, by its cgroup, else by its namespaces. False: none is known. The PID namespace
 * counts only for a task with the host's mounts: for others the mount namespace has decided.
 */
static __always_inline bool slot_find(const struct place *p, struct nunchi_slot_ref *ret)
{
	u64 cgroup = p->cgroup, key = p->key, pid_key = NUNCHI_KEY_PIDNS | p->pidns;
	struct nunchi_slot_ref *ref = bpf_map_lookup_elem(&cgroups, &cgroup);

	if (!slot_is_current(ref) && !p->has_host_mounts)
		ref = bpf_map_lookup_elem(&namespaces, &key);
	if (!slot_is_current(ref) && p->has_host_mounts && p->pidns != host_pidns)
		ref = bpf_map_lookup_elem(&namespaces, &pid_key);
	if (!slot_is_current(ref))
		return false;
	*ret = *ref;
	return true;
}

/* Tells user space that a slot was opened for tasks in an unknown mount namespace. */
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

/* Counts and begins a record of a life-cycle hook, for the caller to fill in and send. 0: not wanted, or no scratch. */
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

/* Records that the task came in from outside. */
static __always_inline void enter_send(struct task_struct *task, const struct identity *id)
{
	struct scratch *s = life_begin(task, id, NUNCHI_REC_ENTER, 0);

	if (s)
		life_send(s, LANE_CRITICAL);
}

static __always_inline void identity_move(struct task_struct *task, struct identity *id, const struct place *p,
					  bool starting)
{
	bool from_host = identity_is_host(id);
	bool entering = from_host && p->ref.slot && starting && settled && !p->holder.slot &&
			slot_row(p->ref.slot)->state == NUNCHI_SLOT_NAMED;

	if (!p->ref.slot || !starting || !settled || !(id->setup || from_host)) {
		id->setup = SETUP_NOT;
	} else if (!id->setup) {
		id->setup = SETUP;
		id->setup_at = boot_seconds();
	}
	id->slot = p->ref.slot;
	id->generation = p->ref.generation;
	id->base = p->holder.slot;
	id->base_generation = p->holder.generation;
	if (from_host) {
		id->entered = entering ? ENTERED_FRESH : ENTERED_NOT;
		if (p->ref.slot)
			task_namespaces(task, id->namespaces);
	}
	if (!p->ref.slot)
		id->entered = ENTERED_NOT;
	if (entering)
		enter_send(task, id);
}

/*
 * Looks at where the task is now, and moves its identity there if that is allowed. starting: the task is new
 * there and has executed nothing (false for tasks that ran before nunchi).
 */
static __always_inline void identity_look(struct task_struct *task, struct identity *id, bool starting)
{
	struct nunchi_slot_ref from = { id->slot, id->generation };
	struct place p = { 0 };

	place_of(task, id->pidns, &p);
	identity_place(id, &p);
	id->sandboxed = !p.ref.slot && !p.has_host_mounts;
	if (p.ref.slot == from.slot && p.ref.generation == from.generation)
		return;
	identity_move(task, id, &p, starting);
	if (p.is_new)
		pending_send(task, id, &from, p.key);
}

/* identity_look(), not inlined. */
static __noinline void identity_locate(struct task_struct *task, struct identity *id, bool starting)
{
	identity_look(task, id, starting);
}

/*
 * Whether other tasks share the descriptors or directories, and could exchange a file under a number. By the
 * time a call that slept returns, such a task may have exited; so callers remember it once it was true.
 */
static __always_inline bool shares_now(struct task_struct *task)
{
	return task->files->count.counter > 1 || task->fs->users > 1;
}

/* Makes an identity for the task, with the container of from (0: the host). 0: no room. */
static __always_inline struct identity *identity_copy(struct task_struct *task,
						      const struct identity *from)
{
	struct task_struct *leader = task->group_leader;
	struct identity *id;

	id = bpf_task_storage_get(&identities, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!id)
		return 0;
	id->vpid = 0;
	id->vtid = task_vnr(task, &id->pidns);
	if (leader) {
		id->start = leader->start_boottime;
		id->vpid = task->pid == task->tgid ? id->vtid : task_vnr(leader, &id->pidns);
	}
	id->shared = shares_now(task);
	id->slot = 0;
	id->generation = slots[0].generation;
	if (from) {
		__builtin_memcpy(&id->caps, &from->caps, sizeof(id->caps));
		id->exe = from->exe;
		id->exe_run = from->exe_run;
		id->exe_execs = from->exe_execs;
	} else {
		id->caps.effective = CAPS_UNKNOWN;
	}
	if (from && (from->slot || from->sandboxed)) {
		id->slot = from->slot;
		id->generation = from->generation;
		id->base = from->base;
		id->base_generation = from->base_generation;
		id->setup = from->setup;
		id->setup_at = from->setup_at;
		id->entered = from->entered;
		id->sandboxed = from->sandboxed;
		id->image = from->image;
		id->image_generation = from->image_generation;
		__builtin_memcpy(id->namespaces, from->namespaces, sizeof(id->namespaces));
	}
	return id;
}

#define STORAGES_MAX 8	/* task storages of other programs that are searched past */

/* Our storage of a task, found as bpf_local_storage_lookup() does; 0: it has none yet. */
static __always_inline struct bpf_local_storage_data *storage_find(struct task_struct *task)
{
	struct bpf_local_storage_map *map = (void *)&identities;
	u32 index = map->cache_idx & 15;
	struct bpf_local_storage_data *data = 0;
	struct bpf_local_storage *storage = BPF_CORE_READ(task, bpf_storage);
	struct hlist_node *node;

	bpf_probe_read_kernel(&data, sizeof(data), &storage->cache[index]);
	if (data && BPF_CORE_READ(data, smap) == map)
		return data;
	node = BPF_CORE_READ(storage, list.first);
	for (int i = 0; i < STORAGES_MAX && node; i++) {
		data = (void *)node - bpf_core_field_offset(struct bpf_local_storage_elem, snode) +
		       bpf_core_field_offset(struct bpf_local_storage_elem, sdata);
		if (BPF_CORE_READ(data, smap) == map)
			return data;
		node = BPF_CORE_READ(node, next);
	}
	return 0;
}

/* The identity to copy for a new one: the group leader's, else the parent's; 0: neither has one. */
static __always_inline struct identity *identity_origin(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader, *parent = task->real_parent;
	struct identity *from = 0;

	if (leader && task->pid != task->tgid)
		from = bpf_task_storage_get(&identities, leader, 0, 0);
	if (!from && parent)
		from = bpf_task_storage_get(&identities, parent, 0, 0);
	return from;
}

/* A copy for a task whose fork was not seen: its origin may have executed another image since, so the image is unknown. */
static __always_inline struct identity *identity_copy_late(struct task_struct *task, const struct identity *from)
{
	struct identity *id = identity_copy(task, from);

	if (id)
		id->image = 0;
	/* A thread is still of the same run of its process. */
	if (id && task->pid == task->tgid)
		id->exe_run = 0;
	return id;
}

static __always_inline struct identity *identity_late(struct task_struct *task, bool starting)
{
	struct identity *id = identity_copy_late(task, identity_origin(task));

	if (id)
		identity_locate(task, id, starting);
	else
		count(counts[NUNCHI_COUNT_IDENTITY]);
	return id;
}

/*
 * Gives the running task an identity, if it has none, or one of a container that is gone. look: look at where
 * it is in any case. A global function, so that it is verified only once.
 */
int identity_settle(u32 look);

/* The identity of the running task. NULL: no room for it, or its storage is locked. */
static __always_inline struct identity *identity_ask(struct task_struct *task)
{
	struct identity *id = bpf_task_storage_get(&identities, task, 0, 0);

	if (likely(id && slot_row(id->slot)->generation == id->generation))
		return id;
	identity_settle(false);
	return bpf_task_storage_get(&identities, task, 0, 0);
}

/* The same for hooks that record what the task does: a failure is counted, because an event is missed. */
static __always_inline struct identity *identity_get(struct task_struct *task)
{
	struct identity *id = identity_ask(task);

	if (unlikely(!id))
		count(counts[NUNCHI_COUNT_IDENTITY]);
	return id;
}
