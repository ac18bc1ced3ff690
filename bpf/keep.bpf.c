/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What continues while no nunchi runs, with --pin or --keep-blocking: a container's processes keep their identities.
 * --pin pins the link of keep_fork and the map of identities; keep_fork needs nothing else of the object, so that one
 * from an earlier run serves the next. While nunchi runs, process_fork does the same and more.
 */
#include "lib/mounted.h"

SEC("tp_btf/sched_process_fork")
int BPF_PROG(keep_fork, struct task_struct *parent, struct task_struct *child)
{
	struct identity *from = bpf_task_storage_get(&identities, parent, 0, 0);

	if (from && from->slot)
		identity_copy(child, from);
	return 0;
}

/* With --keep-blocking: the part of process_exec and process_exit that keeps identities up to date, without records. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(keep_exec, struct task_struct *task)
{
	struct identity *id = identity_ask(task);
	bool entering;

	if (!id)
		return 0;
	if (identity_is_open(id))
		identity_settle(true);
	entering = id->entered == ENTERED_FRESH;
	if (entering)
		id->entered = ENTERED;
	container_root(task, id, entering);
	id->setup = SETUP_NOT;
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(keep_exit, struct task_struct *task)
{
	struct identity *id = bpf_task_storage_get(&identities, task, 0, 0);
	u64 key;

	if (!id || !id->slot || id->vpid != 1 || id->pidns == host_pidns || task->signal->live.counter)
		return 0;
	key = NUNCHI_KEY_PIDNS | id->pidns;
	bpf_map_delete_elem(&namespaces, &key);
	return 0;
}
