/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A record in the making: scratch and head (lanes.bpf.c sends it). Programs can be preempted and interrupted, so
 * that each takes a scratch of its own and gives it back; a record is sent whole or not at all.
 */
#pragma once

#include "drift.h"

static __always_inline struct nunchi_account *account_of(u32 slot)
{
	u32 at = bpf_get_smp_processor_id() * lane_slots + slot;

	return bpf_map_lookup_elem(&accounts, &at);
}

/*
 * An event of the slot is lost (enum nunchi_drop): counted, and told in the stream. what: a call's number; of any other record
 * NUNCHI_CALLS_MAX and its kind.
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

/* It is of this CPU: no locked instruction is needed to let go. */
static __always_inline void scratch_put(struct scratch *s)
{
	barrier();
	*(volatile u32 *)&s->busy = 0;
}

/* What the head says of s->of, but what record_begin() does. */
int head_fill(struct scratch *s);

#define SETUP_SECONDS 30

static __always_inline u16 boot_seconds(void)
{
	return bpf_ktime_get_boot_ns() / 1000000000;
}

/* Whether the task's doing is its runtime's yet. One that is traced is in another's hands. */
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
 * The head of a record about task, whose identity is id. The record's body is body bytes long. follow: task is the
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
	/* Here, where id is at hand: a variable more in the callers is more stack than they have. */
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
	/* The kernel pads it with zeros, so that 16 bytes carry nothing else. */
	((u64 *)head->comm)[0] = ((u64 *)task->comm)[0];
	((u64 *)head->comm)[1] = ((u64 *)task->comm)[1];
	s->pos = sizeof(*head) + body;
}

/*
 * How a record travels: by the ring of its CPU, or by the critical one. LANE_NEEDED may use what the
 * others leave of that: without it the model would go wrong.
 */
enum lane {
	LANE_BULK,
	LANE_CRITICAL,
	LANE_WATCHED,	/* a share of its own */
	LANE_NEEDED,
};

/*
 * Numbers and sends a record that a container's account has seen, and counts what became of it: if its
 * container has no room in the lane any more, what it tells is counted (lanes.bpf.c). Returns whether it went.
 */
int record_send(struct scratch *s, u32 lane);
/* The end of one that its lane had no room for: what it tells is counted, or lost. Returns 0. */
int record_refused(struct scratch *s);
/* A record that is no container's yet: of slots and cgroups. */
int record_send_name(struct scratch *s);

/* Whether the verdict can be of such a call. */
static __always_inline bool verdict_is_of(u32 verdict, u64 nr)
{
	u32 class = NUNCHI_VERDICT_CLASS(verdict), call = block_calls[nr & (NUNCHI_CALLS_MAX - 1)];

	return (call & ~NUNCHI_BLOCK_FLAGS) == class + 1 || (call & NUNCHI_BLOCK_SETS && class == NUNCHI_BLOCK_BIND);
}

/* Of a call. What a rule has decided of another call, which nobody is told of, does not count. */
static __always_inline enum lane call_lane(struct scratch *s, bool is_critical)
{
	u32 verdict = s->head.verdict;

	if (likely(!verdict) || !verdict_is_of(verdict, s->call.nr))
		return is_critical ? LANE_CRITICAL : LANE_BULK;
	s->head.flags |= NUNCHI_F_WATCHED;
	return LANE_WATCHED;
}
