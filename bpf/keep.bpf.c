/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What goes on while no nunchi runs, in service mode: a container's children stay its own. The link
 * and the identities are pinned; this hook needs nothing else of the object, so that one of an
 * earlier run serves the next. While nunchi runs, process_fork does the same and more.
 */
#include "lib/identity.h"

SEC("tp_btf/sched_process_fork")
int BPF_PROG(keep_fork, struct task_struct *parent, struct task_struct *child)
{
	struct identity *from = bpf_task_storage_get(&identities, parent, 0, 0);

	if (from && from->slot)
		identity_copy(child, from);
	return 0;
}
