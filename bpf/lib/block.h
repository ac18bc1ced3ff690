/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whether a rule that blocks applies to what a task does. Each property of the task and of the call is one look-up in
 * one table (nunchi/block.h), which yields the clauses that it satisfies; as soon as no clause is left the call is
 * allowed. A file's properties come from the file that is being opened, not from a path in user memory, so that
 * nobody can change it in between. Cost for a container to which no clause applies: a look at its identity and at its
 * masks.
 */
#pragma once

#include "block_address.h"
#include "block_image.h"
#include "block_who.h"
#include "call.h"

/* The clauses that a slot's container satisfies; NULL: not known yet. */
static __always_inline struct nunchi_block_slot *block_slot_of(u32 number, u32 generation)
{
	struct nunchi_block_slot *slot = bpf_map_lookup_elem(&block_slots, &number);

	return slot && slot->generation == generation ? slot : 0;
}

/*
 * The clauses that can apply to this task: those that its container satisfies. A pending slot counts as a container's
 * if it has a PID namespace of its own; the host's sandboxes have the host's. To a slot that was opened in a
 * container everything applies that applies to that container: a process that unshares must not be free until user
 * space has looked at it.
 */
static __always_inline u64 block_who(const struct who *who, u32 row)
{
	const struct nunchi_block_row *rules = &block_rows[row & (NUNCHI_BLOCK_ROWS - 1)];
	struct nunchi_slot *known = slot_row(who->ref.slot);
	struct nunchi_block_slot *slot;
	u64 mask;

	if (!who->ref.slot || !slot_is_current(&who->ref) || known->state == NUNCHI_SLOT_HOST)
		return rules->active & rules->host;
	/* What the runtime itself does; but its last exec is the container's first. */
	if (who->setup && block_class(row) != NUNCHI_BLOCK_EXEC)
		return 0;
	slot = block_slot_of(who->ref.slot, who->ref.generation);
	if (slot)
		return rules->active & slot->masks[row & (NUNCHI_BLOCK_ROWS - 1)];
	mask = who->pidns != host_pidns ? rules->pending : 0;
	slot = known->outer ? block_slot_of(known->outer, known->outer_generation) : 0;
	if (slot)
		mask |= slot->masks[row & (NUNCHI_BLOCK_ROWS - 1)];
	return rules->active & mask;
}

static __always_inline bool asks_comm(u32 row, u32 kind, u32 text)
{
	u32 kinds = block_rows[row & (NUNCHI_BLOCK_ROWS - 1)].kinds;

	return kinds & 1 << kind || NUNCHI_BLOCK_READS(kinds, text);
}

/* What is known of any task. */
static __always_inline u64 block_task(struct scratch *s, struct task_struct *task, u32 row, u64 mask)
{
	struct block_work *b = &s->block;

	if (block_rows[row & (NUNCHI_BLOCK_ROWS - 1)].kinds & 1 << NUNCHI_BLOCK_UID)
		mask &= look_up_number(b, row, NUNCHI_BLOCK_UID, BPF_CORE_READ(task, cred, euid.val), 4);
	if (mask && asks_comm(row, NUNCHI_BLOCK_PARENT_COMM, NUNCHI_BLOCK_TEXT_PARENT_COMM)) {
		bpf_probe_read_kernel_str(b->key.bytes, 16,
					  BPF_CORE_READ(task, real_parent, group_leader)->comm);
		mask = look_up_comm(s, row, NUNCHI_BLOCK_PARENT_COMM, NUNCHI_BLOCK_TEXT_PARENT_COMM, mask);
	}
	return mask;
}

static __always_inline u64 block_comm(struct scratch *s, u32 row, const char *comm, u64 mask)
{
	if (!mask || !asks_comm(row, NUNCHI_BLOCK_COMM, NUNCHI_BLOCK_TEXT_COMM))
		return mask;
	bpf_probe_read_kernel_str(s->block.key.bytes, 16, comm);
	return look_up_comm(s, row, NUNCHI_BLOCK_COMM, NUNCHI_BLOCK_TEXT_COMM, mask);
}

/* Looks up a path that was made, of the call's object. */
static __noinline u64 block_name(struct scratch *s, u32 row, u64 mask)
{
	u32 kinds = block_rows[row & (NUNCHI_BLOCK_ROWS - 1)].kinds;
	struct block_work *b;

	if (!s || block_is_unknown(s))
		return mask;
	b = &s->block;
	if (kinds & (1 << NUNCHI_BLOCK_PATH | 1 << NUNCHI_BLOCK_DIRECTORY))
		block_path_key(s);
	if (kinds & 1 << NUNCHI_BLOCK_PATH)
		mask &= look_up(b, row, NUNCHI_BLOCK_PATH);
	if (mask && kinds & 1 << NUNCHI_BLOCK_DIRECTORY) {
		block_directory_key(s);
		mask &= look_up(b, row, NUNCHI_BLOCK_DIRECTORY);
	}
	if (mask && NUNCHI_BLOCK_READS(kinds, NUNCHI_BLOCK_TEXT_PATH))
		mask &= block_read_path(s, row, NUNCHI_BLOCK_TEXT_PATH);
	return mask;
}

static __always_inline bool asks_path(u32 kinds)
{
	return kinds & (1 << NUNCHI_BLOCK_PATH | 1 << NUNCHI_BLOCK_DIRECTORY) || NUNCHI_BLOCK_READS(kinds, NUNCHI_BLOCK_TEXT_PATH);
}

/* Looks up the path of s->leaf, and its alias. */
static __always_inline u64 block_paths(struct scratch *s, u32 row, u64 mask)
{
	u64 found;

	block_leaf(s);
	found = block_name(s, row, mask);
	if (block_alias(s) == ALIAS_PATH)
		found |= block_name(s, row, mask);
	return found;
}

/* The clauses that an address satisfies; for a unix socket's path see block_unix.h. */
static __noinline u64 block_socket(struct scratch *s, const struct block_address *a, u32 row, u64 mask)
{
	u32 kinds = block_rows[row & (NUNCHI_BLOCK_ROWS - 1)].kinds;
	struct block_work *b;
	u64 found;
	bool ip;

	if (!s || !a)
		return 0;
	b = &s->block;
	ip = a->family == AF_INET || a->family == AF_INET6;
	if (mask && kinds & 1 << NUNCHI_BLOCK_TYPE)
		mask &= look_up_code(b, row, NUNCHI_BLOCK_TYPE, address_type(a));
	if (mask && kinds & 1 << NUNCHI_BLOCK_PORT)
		mask &= ip ? look_up_number(b, row, NUNCHI_BLOCK_PORT, a->port, 2) :
			     look_up_code(b, row, NUNCHI_BLOCK_PORT, 0);
	if (mask && kinds & 1 << NUNCHI_BLOCK_ADDRESS) {
		address_key(b, a);
		found = look_up(b, row, NUNCHI_BLOCK_ADDRESS);
		if (a->own) {
			own_key(b, a);
			found |= look_up(b, row, NUNCHI_BLOCK_ADDRESS);
		}
		mask &= found;
	}
	if (mask && a->family != AF_UNIX && asks_path(kinds)) {
		block_no_path(s);
		mask = block_name(s, row, mask);
	}
	return mask;
}

/* The lowest bit that is set in a mask other than 0; clang 14 crashes on __builtin_ctzll() here. */
static __always_inline u32 first_bit(u64 mask)
{
	u32 n = 0;

#pragma unroll
	for (u32 width = 32; width; width /= 2) {
		if (!(mask & ((1ULL << width) - 1))) {
			mask >>= width;
			n += width;
		}
	}
	return n;
}

/*
 * Carries out the clause that decides: of those that are left one that kills, else the first. id: 0 if storage is
 * locked, so that nobody can be told. A call that is done cannot be refused any more: its process is killed, by a
 * rule that only denies just if a hook before the call was skipped.
 */
static __always_inline int block_act(struct identity *id, u32 row, u64 mask, enum nunchi_effect effect)
{
	const struct nunchi_block_row *meant = &block_rows[row & (NUNCHI_BLOCK_ROWS - 1)];
	u64 watch = mask & meant->watch, kill = mask & meant->kill;

	mask &= effect == NUNCHI_EFFECT_AFTER && !block_comes_before ? kill : ~watch;
	if (!mask) {
		if (watch && id)
			id->verdict = NUNCHI_VERDICT(first_bit(watch), block_class(row), NUNCHI_EFFECT_WATCH, row >> 8);
		return 0;
	}
	if (block_is_dry)
		effect = NUNCHI_EFFECT_DRY;
	if (id)
		id->verdict = NUNCHI_VERDICT(first_bit(kill ? kill : mask), block_class(row), effect, row >> 8);
	if (block_is_dry)
		return 0;
	if (kill || effect == NUNCHI_EFFECT_AFTER)
		bpf_send_signal(SIGKILL);
	return effect == NUNCHI_EFFECT_BEFORE ? -EPERM : 0;
}

/* Whether rules that block can apply to the task at all. io_uring's workers do not count as kernel threads here. */
static __always_inline bool is_judged(struct task_struct *task)
{
	return !(task->flags & PF_KTHREAD) && !is_nunchi(task);
}

/* Finds out who the task is, and which clauses can apply; 0: none. */
static __always_inline u64 block_begin(struct task_struct *task, u32 row, struct identity **ret)
{
	struct who who = { 0 };
	struct identity *id;

	if (!is_judged(task))
		return 0;
	*ret = id = identity_ask(task);
	if (likely(id)) {
		who.ref.slot = id->slot;
		who.ref.generation = id->generation;
		who.pidns = id->pidns;
		who.setup = identity_is_setup(task, id);
	} else {
		who_read(&who);
	}
	return block_who(&who, row);
}

/* The identity that has what is known of the task's image; NULL: there is none, or it cannot be read. */
static __always_inline struct identity *image_owner(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;

	return leader ? bpf_task_storage_get(&identities, leader, 0, 0) : 0;
}

/* Looks up the task's image, by the path by which it was executed. owner: image_owner(), or NULL. */
static __noinline u64 block_image(struct scratch *s, struct task_struct *task, struct identity *owner, u32 row,
				  u64 mask)
{
	const u64 *kept;
	u64 known;

	if (!s || !mask || !asks_exe(row))
		return mask;
	if (owner)
		known = image_is_set(owner, task) ? owner->exe : 0;
	else
		known = image_read();
	s->image = known;
	block_whose(s, owner);
	kept = known ? image_kept(s, row) : 0;
	if (kept)
		return mask & *kept;
	mask &= image_judge(s, task_exe(task), row);
	if (!known && owner)
		image_set(owner, s->image, task->self_exec_id);
	return mask;
}

/* Looks up all properties of the running task itself. */
static __always_inline u64 block_subject(struct scratch *s, u32 row, u64 mask)
{
	struct task_struct *task = bpf_get_current_task_btf();

	mask = block_task(s, task, row, mask);
	return block_comm(s, row, task->comm, mask);
}
