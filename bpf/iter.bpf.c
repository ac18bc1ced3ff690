/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What already runs when nunchi starts: every task gets its identity, and for each process of a container (with
 * --host: each process) the head of a TASK record is written to the iterator's reader. User space adds what it needs
 * from /proc.
 */
#include "lib/block_image.h"
#include "lib/identity.h"
#include "lib/mounted.h"

/* For rules that block: its image is assumed to have been executed by the path that it has now. */
static __always_inline void find_image(struct task_struct *task, struct identity *id)
{
	u64 execs = task->self_exec_id, exe = (u64)BPF_CORE_READ(task, mm, exe_file);
	struct scratch *s;

	if (!block_image_run || image_is_set(id, task))
		return;
	s = scratch_get();
	if (!s)
		return;
	s->image = 0;
	block_whose(s, id);
	image_judge(s, exe, block_row(NUNCHI_BLOCK_EXEC));
	image_set(id, s->image, execs);
	scratch_put(s);
}

/* Sets where the host's paths begin, and those of containers that already run. */
static __always_inline void find_root(struct task_struct *task, const struct identity *id)
{
	struct nunchi_slot *row = slot_row(id ? id->slot : 0);

	if (task->pid == 1)
		slots[0].root = root_directory(task);
	if (!id || !id->slot || row->root)
		return;
	row->root = root_directory(task);
	mounted_begin(task, id->slot);
}

SEC("iter/task")
int tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct identity *id;
	struct scratch *s;

	faultable = syscalls_are_faultable();
	if (!task || !task->mm)
		return 0;
	id = bpf_task_storage_get(&identities, task, 0, 0);
	if (id && !settled) {
		/* From an earlier run, whose user space knew other capabilities than ours will read from /proc. */
		id->caps.effective = CAPS_UNKNOWN;
	} else if (!id) {
		id = identity_late(task, false);
		/* Of the leader, as /proc has them. */
		if (id)
			caps_read(&id->caps, BPF_CORE_READ(task, group_leader, cred));
	}
	find_root(task, id);
	if (id)
		find_image(task, id);
	if (!id || identity_mode(id) == NUNCHI_MODE_NONE || task->pid != task->tgid)
		return 0;
	s = scratch_get();
	if (!s)
		return 0;
	record_begin(s, task, id, NUNCHI_REC_TASK, 0, false);
	s->head.len = sizeof(s->head);
	s->head.seq = 0;
	s->head.ring = 0;
	bpf_seq_write(ctx->meta->seq, &s->head, sizeof(s->head));
	scratch_put(s);
	return 0;
}
