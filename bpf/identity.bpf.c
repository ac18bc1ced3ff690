/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which slot a task's place belongs to: one that is known, or one that is opened for it. In a function that is verified
 * once, because nearly every program calls it.
 */
#include "lib/identity.h"

#define NESTING_MAX 4	/* levels of nested containers at which parents are looked at */

/*
 * The container that the task can no longer leave, even if its name is not known yet; slot 0: none. If a pending slot turns
 * out to be the host's, its tasks are released (see probe_slot_host()).
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

/* Whether the slot is holder, or was made inside holder. */
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

/* From now on the slot is known by this mount namespace. */
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

/*
 * Sets the slot that rules that block go by while this one has no name: the outermost of the nested slots that have none,
 * however many there are.
 */
static __always_inline void slot_set_outer(struct nunchi_slot *row, const struct nunchi_slot_ref *holder)
{
	struct nunchi_slot *in = slot_row(holder->slot);
	bool further = in->state == NUNCHI_SLOT_PENDING && in->outer;

	row->outer = further ? in->outer : holder->slot;
	row->outer_generation = further ? in->outer_generation : holder->generation;
}

static __always_inline bool slot_pop(u32 *ret)
{
	if (!bpf_map_pop_elem(&free_slots, ret))
		return true;
	if (slots_had >= lane_slots)
		return false;
	*ret = __sync_fetch_and_add(&slots_had, 1);
	return *ret < lane_slots;
}

/* Takes a free slot for an unknown mount namespace. Another CPU may have been faster. */
static __always_inline bool slot_take(struct place *p)
{
	struct nunchi_slot *row;
	struct nunchi_slot_ref *known, ref;
	u64 key = p->key;
	u32 slot;

	/* Slots made inside containers may take half of all: the rest is for new containers of the host. */
	if (p->holder.slot && slots_inside >= lane_slots / 2)
		return false;
	if (!slot_pop(&slot)) {
		count(counts[NUNCHI_COUNT_SLOTS]);
		return false;
	}
	if (p->holder.slot)
		__sync_fetch_and_add(&slots_inside, 1);
	slot &= NUNCHI_SLOTS_MAX - 1;
	row = slot_row(slot);
	row->state = NUNCHI_SLOT_PENDING;
	row->mode = NUNCHI_MODE_EVENT;
	row->group = 0;
	row->opener = p->tgid;
	row->pidns = 0;
	row->parent = p->holder.slot;
	row->parent_generation = p->holder.generation;
	slot_set_outer(row, &p->holder);
	row->key = key;
	row->root = row->mounts = 0;
	ref.slot = slot;
	ref.generation = row->generation;
	known = bpf_map_lookup_elem(&namespaces, &key);
	if (known && !slot_is_current(known))
		bpf_map_delete_elem(&namespaces, &key);
	if (!bpf_map_update_elem(&namespaces, &key, &ref, BPF_NOEXIST)) {
		p->ref = ref;
		p->is_new = 1;
		return true;
	}
	row->state = NUNCHI_SLOT_FREE;
	if (p->holder.slot)
		__sync_fetch_and_add(&slots_inside, -1);
	bpf_map_push_elem(&free_slots, &slot, 0);
	known = bpf_map_lookup_elem(&namespaces, &key);
	if (!slot_is_current(known)) {
		count(counts[NUNCHI_COUNT_NAMESPACES]);
		return false;
	}
	p->ref = *known;
	return true;
}

/*
 * The task is in an unknown mount namespace, perhaps a new container's: opens a slot. Not if the namespace is known as a
 * sandbox; nor if the task's process has opened a slot already, which it keeps; nor if the task is a container's and in that
 * one's PID namespace: then it has only unshared its mounts.
 */
static __always_inline bool slot_open(const struct identity *id, struct place *p)
{
	struct nunchi_slot_ref own = { id->slot, id->generation };
	struct nunchi_slot *row = slot_row(id->slot);
	u64 key = p->key;

	if (bpf_map_lookup_elem(&sandboxes, &key))
		return false;
	if (id->slot && slot_is_current(&own) && row->state != NUNCHI_SLOT_NAMED &&
	    row->opener == p->tgid) {
		slot_rekey(&own, key);
		p->ref = own;
		return true;
	}
	if (p->holder.slot && slot_row(p->holder.slot)->state == NUNCHI_SLOT_NAMED) {
		u32 pidns = slot_row(p->holder.slot)->pidns;

		if (!pidns || id->pidns == pidns)
			return false;
	}
	return slot_take(p);
}

__noinline int identity_place(const struct identity *id, struct place *p)
{
	struct nunchi_slot_ref to = { 0 };
	bool found;

	if (!id || !p)
		return 0;
	p->holder = identity_holder(id);
	found = slot_find(p, &to);
	p->ref = to;
	if (found && p->holder.slot && !slot_is_within(&p->ref, &p->holder))
		p->ref = p->holder;
	if (!found && (p->has_host_mounts || !slot_open(id, p)))
		p->ref = p->holder;
	if (!p->ref.slot)
		p->ref.generation = slots[0].generation;
	return 0;
}

static __noinline bool has_storage(struct task_struct *task)
{
	return storage_find(task);
}

/*
 * Makes an identity for the running task, of which a look-up said that it has none. Before 6.2 reading any task's storage
 * locks storage for all other tasks on that CPU, and the reader can be preempted in the middle: so NULL may only mean that,
 * and a moment later the lock may be gone. A task that is wrongly taken for new would count as a runtime's that came in from
 * the host, to which rules that block do not apply. So no identity is made while the task, or the one to copy from, has
 * storage that cannot be read.
 */
static __always_inline struct identity *identity_begin(struct task_struct *task)
{
	struct task_struct *origin = task->group_leader;
	struct identity *from;

	if (task->pid == task->tgid || !has_storage(origin))
		origin = task->real_parent;
	from = bpf_task_storage_get(&identities, origin, 0, 0);
	if (has_storage(task) || (!from && has_storage(origin)))
		return 0;
	return identity_copy_late(task, from);
}

__noinline int identity_settle(u32 look)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct identity *id = bpf_task_storage_get(&identities, task, 0, 0);

	if (!id)
		id = identity_begin(task);
	else if (!look && slot_row(id->slot)->generation == id->generation)
		return 0;
	if (id)
		identity_look(task, id, true);
	return 0;
}
