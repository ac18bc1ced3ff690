/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Namespaces and cgroups that a container's task leaves: checked wherever they can have changed. */
#pragma once

#include "identity.h"

/*
 * 1 or 0, without a branch: with one for each namespace the verifier would follow every combination, and that of 6.1 gives
 * up on the code of newer compilers.
 */
static __always_inline u32 differs(u32 a, u32 b)
{
	u64 difference = a ^ b;

	barrier_var(difference);	/* or the compiler sees through it, and branches */
	return -difference >> 63;
}

/* Records it if a container's task is in other namespaces than before. */
static __noinline __attribute__((unused)) void
namespaces_check(struct task_struct *task, struct identity *id)
{
	u32 now[NUNCHI_NS_MAX], changed = 0, host = 0;
	struct scratch *s;

	if (!id->slot)
		return;
	task_namespaces(task, now);
#pragma unroll
	for (int i = 0; i < NUNCHI_NS_MAX; i++) {
		changed |= differs(now[i], id->namespaces[i]) << i;
		host |= !differs(now[i], host_namespaces[i]) << i;
	}
	host &= changed;
	if (!changed)
		return;
	s = life_begin(task, id, NUNCHI_REC_NAMESPACES, sizeof(s->namespaces));
	if (s) {
		__builtin_memcpy(s->namespaces.before, id->namespaces, sizeof(now));
		__builtin_memcpy(s->namespaces.now, now, sizeof(now));
		s->namespaces.changed = changed;
		s->namespaces.host = host;
		life_send(s, LANE_CRITICAL);
	}
	__builtin_memcpy(id->namespaces, now, sizeof(now));
}

/* Records that a container's task was moved to another cgroup, perhaps out of the container's. */
static __noinline __attribute__((unused)) void
moved_send(struct task_struct *task, const struct identity *id, struct cgroup *to)
{
	struct task_struct *mover = bpf_get_current_task_btf();
	struct identity *mover_id = bpf_task_storage_get(&identities, mover, 0, 0);
	struct scratch *s = life_begin(task, id, NUNCHI_REC_MOVED, sizeof(s->moved));

	if (!s)
		return;
	s->moved.id = BPF_CORE_READ(to, kn, id);
	s->moved.hierarchy = BPF_CORE_READ(to, root, hierarchy_id);
	s->moved.mover_pid = mover->tgid;
	s->moved.mover_slot = mover_id ? mover_id->slot : 0;
	s->moved.mover_generation = mover_id ? mover_id->generation : slots[0].generation;
	bpf_probe_read_kernel(s->moved.mover_comm, sizeof(s->moved.mover_comm), mover->comm);
	blob_cgroup(s, (u64)BPF_CORE_READ(to, kn));
	life_send(s, LANE_CRITICAL);
}
