/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Making a record: scratch memory and head (lanes.bpf.c sends it). Programs can be preempted and interrupted, so each
 * takes a scratch of its own and gives it back; a record is sent whole or not at all.
 */
#pragma once

#include "drift.h"

static __always_inline struct nunchi_account *account_of(u32 slot)
{
	u32 at = bpf_get_smp_processor_id() * lane_slots + slot;

	return bpf_map_lookup_elem(&accounts, &at);
}

/*
 * Counts a lost event of the slot (enum nunchi_drop), for the account and for the stream. what: a call's number; for
 * any other record NUNCHI_CALLS_MAX plus its kind.
 */
int account_drop(u32 slot, u32 reason, u32 what);

/* Counts a call or life-cycle event, and says whether it is to be recorded. */
static __always_inline bool account_seen(u32 slot, enum nunchi_mode mode)
{
	struct nunchi_account *account = account_of(slot);

	if (!account)
		return false;
	count(account->seen);
	if (mode == NUNCHI_MODE_EVENT)
		return true;
	count(account->filtered[NUNCHI_FILTER_CONTAINER]);
	return false;
}

static __always_inline struct scratch *scratch_get(void)
{
	u32 first = bpf_get_smp_processor_id() * NUNCHI_SCRATCH_LEVELS;

	/* Not unrolled: each call takes time when programs are loaded. */
#pragma nounroll
	for (u32 level = 0; level < NUNCHI_SCRATCH_LEVELS; level++) {
		u32 index = first + level;
		struct scratch *s = bpf_map_lookup_elem(&scratches, &index);

		if (s && !__sync_lock_test_and_set(&s->busy, 1))
			return s;
	}
	return 0;
}

/* It belongs to this CPU, so no locked instruction is needed. */
static __always_inline void scratch_put(struct scratch *s)
{
	barrier();
	*(volatile u32 *)&s->busy = 0;
}

/* Fills in what the head says of s->of, except what record_begin() does. */
int head_fill(struct scratch *s);

#define SETUP_SECONDS 30

static __always_inline u16 boot_seconds(void)
{
	return bpf_ktime_get_boot_ns() / 1000000000;
}

/* Whether what the task does is still its runtime's doing. Not if it is traced: then another process controls it. */
static __always_inline bool is_setup(const struct task_struct *task, u8 setup, u16 setup_at)
{
	return unlikely(setup == SETUP) && !BPF_CORE_READ(task, ptrace) &&
	       (u16)(boot_seconds() - setup_at) < SETUP_SECONDS;
}

/* The same; once it is not, it never is again. */
static __always_inline bool identity_is_setup(const struct task_struct *task, struct identity *id)
{
	if (likely(!id->setup))
		return false;
	if (is_setup(task, id->setup, id->setup_at))
		return true;
	id->setup = SETUP_LONG;
	return false;
}

static __always_inline u16 identity_flags(const struct task_struct *task, const struct identity *id)
{
	u16 flags = identity_is_setup(task, (struct identity *)id) ? NUNCHI_F_SETUP : 0;

	if (id->entered)
		flags |= NUNCHI_F_ENTERED;
	if (id->slot ? slots[id->slot & (NUNCHI_SLOTS_MAX - 1)].state == NUNCHI_SLOT_HOST :
		       id->sandboxed)
		flags |= NUNCHI_F_SANDBOXED;
	return flags;
}

/*
 * Begins a record about task, whose identity is id: its head. The record's body has `body` bytes. follow: task is the
 * running one, and the rest of the head is left to call_finish(), where it costs least.
 */
static __always_inline void record_begin(struct scratch *s, struct task_struct *task,
					 const struct identity *id, enum nunchi_kind kind, u32 body,
					 bool follow)
{
	struct nunchi_head *head = &s->head;

	head->kind = kind;
	head->flags = identity_flags(task, id);
	head->time = bpf_ktime_get_boot_ns();
	head->slot = id->slot;
	head->generation = id->generation;
	head->cpu = bpf_get_smp_processor_id();
	head->pid = task->tgid;
	head->tid = task->pid;
	head->vpid = id->vpid;
	head->vtid = id->vtid;
	head->loginuid = bpf_core_field_exists(task->loginuid) ? task->loginuid.val : (u32)-1;
	head->pidns = id->pidns;
	head->verdict = 0;
	/* Here, where id is at hand: the callers' stacks have no room for one more variable. */
	if (kind == NUNCHI_REC_SYSCALL || kind == NUNCHI_REC_EXEC) {
		head->verdict = id->verdict;
		((struct identity *)id)->verdict = 0;
		__builtin_memcpy(&s->known, &id->caps, sizeof(s->known));
		s->shared = id->shared;
	}
	head->start = id->start;
	s->headless = follow;
	s->of = (u64)task;
	if (follow) {
		s->task = (u64)task;
	} else {
		s->task = bpf_get_current_task();
		head_fill(s);
	}
	/* The kernel pads comm with zeros, so all 16 bytes can be copied. */
	((u64 *)head->comm)[0] = ((u64 *)task->comm)[0];
	((u64 *)head->comm)[1] = ((u64 *)task->comm)[1];
	s->pos = sizeof(*head) + body;
}

/*
 * Which ring a record goes to: that of its CPU, or the critical one. LANE_NEEDED may use what the others leave of the
 * critical one: without such a record the model would be wrong.
 */
enum lane {
	LANE_BULK,
	LANE_CRITICAL,
	LANE_WATCHED,	/* a share of its own */
	LANE_NEEDED,
};

/*
 * Numbers and sends a record that a container's account has counted as seen, and counts what became of it. If the
 * container has no room left in the lane the event is only counted (lanes.bpf.c). Returns whether it was sent.
 */
int record_send(struct scratch *s, u32 lane);
/* For a record for which its lane has no room: the event is only counted, or lost. Returns 0. */
int record_refused(struct scratch *s);
/* Sends a record that belongs to no container yet: about slots and cgroups. */
int record_send_name(struct scratch *s);

/* Whether the verdict can be on a call of this number. */
static __always_inline bool verdict_is_of(u32 verdict, u64 nr)
{
	u32 class = NUNCHI_VERDICT_CLASS(verdict), call = block_calls[nr & (NUNCHI_CALLS_MAX - 1)];

	return (call & ~NUNCHI_BLOCK_FLAGS) == class + 1 || (call & NUNCHI_BLOCK_SETS && class == NUNCHI_BLOCK_BIND);
}

/* The lane of a call's record. A verdict on another call, which was not recorded, does not count. */
static __always_inline enum lane call_lane(struct scratch *s, bool is_critical)
{
	u32 verdict = s->head.verdict;

	if (likely(!verdict) || !verdict_is_of(verdict, s->call.nr))
		return is_critical ? LANE_CRITICAL : LANE_BULK;
	s->head.flags |= NUNCHI_F_WATCHED;
	return LANE_WATCHED;
}
