/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who a task is, if its storage cannot be used: the storage is read as the kernel itself finds it, but without the
 * lock.
 */
#include "lib/block_who.h"

__noinline int who_read(struct who *who)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct bpf_local_storage_data *data = storage_find(task);
	const struct identity *id;
	struct place place = { 0 };
	u16 setup_at = 0;
	u8 setup = 0;

	if (!who)
		return 0;
	if (data) {
		id = (const struct identity *)data->data;
		bpf_probe_read_kernel(&who->ref, sizeof(who->ref), &id->slot);
		bpf_probe_read_kernel(&who->pidns, sizeof(who->pidns), &id->pidns);
		bpf_probe_read_kernel(&setup, sizeof(setup), &id->setup);
		bpf_probe_read_kernel(&setup_at, sizeof(setup_at), &id->setup_at);
		who->setup = is_setup(task, setup, setup_at);
		if (slot_is_current(&who->ref))
			return 0;
		who->ref.slot = 0;
	}
	task_vnr(task, &who->pidns);
	place_of(task, who->pidns, &place);
	slot_find(&place, &who->ref);
	return 0;
}

__noinline u64 image_read(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct bpf_local_storage_data *data = storage_find(BPF_CORE_READ(task, group_leader));
	const struct identity *id;
	u32 run = 0, execs = 0;
	u64 image = 0;

	if (!data)
		return 0;
	id = (const struct identity *)data->data;
	bpf_probe_read_kernel(&run, sizeof(run), &id->exe_run);
	bpf_probe_read_kernel(&execs, sizeof(execs), &id->exe_execs);
	bpf_probe_read_kernel(&image, sizeof(image), &id->exe);
	return run == block_image_run && execs == (u32)task->self_exec_id ? image : 0;
}
