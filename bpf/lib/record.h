/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A record in the making: scratch, head, sending. Programs can be preempted and interrupted, so
 * that each takes a scratch of its own and gives it back; a record is sent whole or not at all.
 */
#pragma once

#include "drift.h"

static __always_inline struct nunchi_account *account_of(u32 slot)
{
	return bpf_map_lookup_elem(&accounts, &slot);
}

/* When, and of what kind: told beside the account, in the stream. */
static __noinline void loss_add(u32 slot, u32 reason, u32 what)
{
	struct nunchi_loss_key key = { .slot = slot, .reason = reason, .what = what };
	u64 now = bpf_ktime_get_boot_ns();
	struct nunchi_loss *loss = bpf_map_lookup_elem(&losses, &key), none = { .first = now, .last = now };

	if (!loss) {
		bpf_map_update_elem(&losses, &key, &none, BPF_NOEXIST);
		loss = bpf_map_lookup_elem(&losses, &key);
	}
	if (loss) {
		count(loss->count);
		loss->last = now;
	} else {
		count(counts[NUNCHI_COUNT_LOSSES]);
	}
	count(losses_seen);
}

/* A call's number is what; of any other record NUNCHI_CALLS_MAX and its kind. */
static __always_inline void account_drop(u32 slot, enum nunchi_drop reason, u32 what)
{
	struct nunchi_account *account = account_of(slot);

	if (!account)
		return;
	count(account->dropped[reason]);
	loss_add(slot, reason, what);
}

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

#pragma unroll
	for (u32 level = 0; level < NUNCHI_SCRATCH_LEVELS; level++) {
		u32 index = first + level;
		struct scratch *s = bpf_map_lookup_elem(&scratches, &index);

		if (s && !__sync_lock_test_and_set(&s->busy, 1))
			return s;
	}
	return 0;
}

static __always_inline void scratch_put(struct scratch *s)
{
	__sync_lock_test_and_set(&s->busy, 0);
}

/*
 * What a head says of a task, twice: by pointers that the verifier follows, which costs the event
 * path 20 ns, and by reads, which cost 100 ns but no time at load (for each pointer that it
 * follows, the verifier of 6.x searches all the kernel's type names: milliseconds). Of the current
 * task, in a function that is verified once.
 */
int head_follow(struct scratch *s);

static __always_inline void head_read(struct nunchi_head *head, struct task_struct *task)
{
	head->ppid = BPF_CORE_READ(task, real_parent, tgid);
	head->uid = BPF_CORE_READ(task, cred, euid.val);
	head->gid = BPF_CORE_READ(task, cred, egid.val);
	head->mntns = task_mntns(task);
	head->cgroup = task_cgroup_id(task);
}

static __always_inline u16 identity_flags(const struct identity *id)
{
	u16 flags = id->setup ? NUNCHI_F_SETUP : 0;

	if (id->entered)
		flags |= NUNCHI_F_ENTERED;
	if (id->slot ? slots[id->slot & (NUNCHI_SLOTS_MAX - 1)].state == NUNCHI_SLOT_HOST :
		       id->sandboxed)
		flags |= NUNCHI_F_SANDBOXED;
	return flags;
}

/* The head of a record about task, whose identity is id. The record's body is body bytes long. */
static __always_inline void record_begin(struct scratch *s, struct task_struct *task,
					 const struct identity *id, enum nunchi_kind kind, u32 body,
					 bool follow)
{
	struct nunchi_head *head = &s->head;

	head->kind = kind;
	head->flags = identity_flags(id);
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
	}
	head->start = id->start;
	if (follow)
		head_follow(s);
	else
		head_read(head, task);
	/* The kernel pads it with zeros, so that 16 bytes carry nothing else. */
	bpf_probe_read_kernel(head->comm, sizeof(head->comm), task->comm);
	s->pos = sizeof(*head) + body;
}

/*
 * Numbers the record and sends it: by the critical ring, or by that of this CPU. A number is
 * used up even if the ring is full, so that the reader sees the gap. Returns whether it went.
 */
static __always_inline bool record_output(struct scratch *s, bool is_critical)
{
	u32 ring = is_critical ? 0 : bpf_get_smp_processor_id() / cpus_per_ring + 1;
	u32 index = ring - 1, len = s->pos;
	void *map = 0;

	if (len > NUNCHI_RECORD_MAX)
		return false;
	ring &= RINGS_MAX - 1;	/* it is below: user space has chosen cpus_per_ring so */
	s->head.len = len;
	s->head.ring = ring;
	s->head.seq = __sync_fetch_and_add(&ring_numbers[ring].last, 1) + 1;
	if (!is_critical)
		map = bpf_map_lookup_elem(&bulk, &index);
	/* Older verifiers forget the bound when the register is spilled: say it again, as a mask. */
	barrier_var(len);
	len &= sizeof(s->data) - 1;
	if (is_critical)
		return !bpf_ringbuf_output(&critical, s->data, len, 0);
	return map && !bpf_ringbuf_output(map, s->data, len, BPF_RB_NO_WAKEUP);
}

/* The same for a record that a container's account has seen: counts what became of it. */
static __always_inline void record_send(struct scratch *s, bool is_critical)
{
	u32 what = NUNCHI_CALLS_MAX + s->head.kind;
	struct nunchi_account *account;

	if (s->pos > NUNCHI_RECORD_MAX) {
		account_drop(s->head.slot, NUNCHI_DROP_TOO_LONG, what);
		return;
	}
	if (record_output(s, is_critical)) {
		account = account_of(s->head.slot);
		if (account)
			count(account->sent);
		return;
	}
	if (s->head.kind == NUNCHI_REC_SYSCALL)
		what = s->call.nr;
	account_drop(s->head.slot, NUNCHI_DROP_RING_FULL, what);
}

/* A record that is no container's yet: of slots and cgroups. */
static __always_inline void record_send_name(struct scratch *s)
{
	if (!record_output(s, true))
		count(counts[NUNCHI_COUNT_NAMES]);
}
