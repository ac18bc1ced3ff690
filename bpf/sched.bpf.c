/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Processes: sched_process_fork copies the identity to the child; sched_process_exec records an execve that succeeded;
 * sched_process_exit the end of a process (tells.bpf.c makes the record); task_rename keeps the name that an exec replaces.
 * All records go to the critical ring. Not recorded: births and ends of threads, which the model does not need. Cost for
 * the host's processes: only to look whether namespaces or cgroup have changed.
 *
 * Each body has two hooks, of which src/probe/variants.c chooses one: if the kernel preempts in tracepoints, that of the perf
 * type, whose runs are never skipped. It is given no pointers.
 */
#include "lib/leave.h"
#include "lib/mounted.h"
#include "lib/tells.h"

/* Whether a task's children are born in the host's PID namespace. */
static __always_inline bool makes_host_children(struct task_struct *task)
{
	return BPF_CORE_READ(task, nsproxy, pid_ns_for_children, ns.inum) == host_pidns;
}

extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym __weak;
extern void bpf_task_release(struct task_struct *task) __ksym __weak;

/*
 * Gives a new task an identity: a copy of from's (0: its origin's), corrected by where the task is, unless that is known to
 * be the same place.
 */
static __noinline struct identity *identity_make(struct task_struct *task, struct identity *from,
						 bool same_place, bool starting)
{
	struct identity *id;

	if (!from)
		from = identity_origin(task);
	id = identity_copy(task, from);
	if (!id) {
		count(counts[NUNCHI_COUNT_IDENTITY]);
		return 0;
	}
	if (!(from && (from->slot || from->sandboxed) && same_place && id->pidns == from->pidns))
		identity_locate(task, id, starting);
	return id;
}

static __always_inline int forked(struct task_struct *parent, struct task_struct *child)
{
	struct identity *from = bpf_task_storage_get(&identities, parent, 0, 0), *id;
	bool same_namespaces = BPF_CORE_READ(child, nsproxy) == BPF_CORE_READ(parent, nsproxy);
	bool same_cgroup = BPF_CORE_READ(child, cgroups) == BPF_CORE_READ(parent, cgroups);
	bool same_place = same_namespaces && same_cgroup;
	struct scratch *s;

	/* A child of a host process is looked at when it does something, unless it is in another place. */
	if ((!from || !from->slot) && same_place && !slots[0].mode && makes_host_children(parent))
		return 0;
	id = identity_make(child, from, same_place, true);
	if (!id)
		return 0;
	if (from && id->shared)
		from->shared = 1;
	if (child->pid == child->tgid) {
		s = life_begin(child, id, NUNCHI_REC_FORK, 0);
		if (s) {
			blob_comm(s, parent->comm, NUNCHI_BLOB_PARENT_COMM);
			id->untold = !life_send(s, LANE_CRITICAL);
		}
	}
	if (!same_namespaces ||
	    BPF_CORE_READ(child, cred, user_ns) != BPF_CORE_READ(parent, cred, user_ns))
		namespaces_check(child, id);
	if (!same_cgroup && from && from->slot && id->slot)	/* CLONE_INTO_CGROUP */
		moved_send(child, id, BPF_CORE_READ(child, cgroups, dfl_cgrp));
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	return forked(parent, child);
}

SEC("tracepoint/sched/sched_process_fork")
int process_fork_perf(struct trace_event_raw_sched_process_fork *ctx)
{
	struct task_struct *child = bpf_task_from_pid(ctx->child_pid);

	if (!child)
		return 0;
	forked(bpf_get_current_task_btf(), child);
	bpf_task_release(child);
	return 0;
}

/* What the kernel itself starts (core_pattern, modprobe, release_agent) is always reported. */
static __always_inline void find_helper(struct task_struct *task, struct identity *id)
{
	if (id->slot || !(BPF_CORE_READ(task, real_parent, flags) & PF_KTHREAD))
		return;
	id->slot = NUNCHI_SLOT_HELPERS;
	id->generation = slots[NUNCHI_SLOT_HELPERS].generation;
}

/* The offset of the data of the first blob in an exec's record. */
#define EXEC_FILENAME (sizeof(struct nunchi_head) + sizeof(struct nunchi_call) + sizeof(struct nunchi_blob))

/* filename: a string of the kernel's; file: the image. */
static __always_inline int executed(struct task_struct *task, u64 filename, u64 file)
{
	struct identity *id = identity_get(task);
	struct scratch *s;
	bool entering, plain;
	u32 at;

	if (!id)
		return 0;
	if (identity_is_open(id))
		identity_settle(true);
	find_helper(task, id);
	entering = id->entered == ENTERED_FRESH;
	if (entering)
		id->entered = ENTERED;
	container_root(task, id, entering);
	id->setup = SETUP_NOT;
	id->vtid = id->vpid;	/* an exec from a thread makes it the leader */
	id->shared = shares_now(task);
	s = life_begin(task, id, NUNCHI_REC_EXEC, sizeof(s->call));
	if (!s) {
		push_executed(id, 0, 0);
		id->caps.effective = CAPS_UNKNOWN;
		return 0;
	}
	if (entering)
		s->head.flags |= NUNCHI_F_ENTERING;
	__builtin_memset(&s->call, 0, sizeof(s->call));
	/*
	 * x86's set_personality_64bit() has made every exec an execve in the registers by now; the
	 * rename that an exec makes before that has kept which call it was.
	 */
	if (id->renamed_by_exec)
		__builtin_memcpy(&s->call, &id->interrupted, sizeof(s->call));
	else
		s->call.nr = syscall_nr((struct pt_regs *)bpf_task_pt_regs(task));
	id->renamed_by_exec = 0;
	call_forget(id);
	/* Through memory, so that the verifier takes it for a plain number. */
	*(volatile u64 *)&s->names = filename;
	blob_kernel_str(s, *(volatile u64 *)&s->names, BLOB(NUNCHI_BLOB_FILENAME, 0));
	if (unlikely(chroots) && s->data[EXEC_FILENAME] == '/')
		blob_start(s, 0);
	blob_argv(s);
	at = s->pos;
	blob_file(s, file, BLOB(NUNCHI_BLOB_EXE, 0));
	plain = is_plain(s, (u64)FIELD(struct file, file, f_path.mnt), root_own(s->head.slot, s->head.generation));
	push_executed(id, s, at);
	if (unlikely(!plain))
		blob_moved(s, file, at);
	blob_interpreter(s);
	blob_cwd(s, BLOB(NUNCHI_BLOB_CWD, 0));
	blob_comm(s, id->prev_comm, NUNCHI_BLOB_PREV_COMM);
	blob_comm(s, BPF_CORE_READ(task, real_parent)->comm, NUNCHI_BLOB_PARENT_COMM);
	blob_traits(s, file);
	if (wants_env)
		blob_env(s);
	__builtin_memcpy(&id->caps, &s->caps, sizeof(id->caps));
	if (life_send(s, call_lane(s, true)))
		id->untold = 0;
	else
		id->caps.effective = CAPS_UNKNOWN;
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	return executed(task, (u64)BPF_CORE_READ(bprm, filename), (u64)BPF_CORE_READ(bprm, file));
}

SEC("tracepoint/sched/sched_process_exec")
int process_exec_perf(struct trace_event_raw_sched_process_exec *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 filename = ctx->__data_loc_filename & 0xffff;

	return executed(task, (u64)ctx + filename, (u64)BPF_CORE_READ(task, mm, exe_file));
}

/* Everything is done in tells.bpf.c, except to pass over the host's tasks. */
static __always_inline int exits(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!slots[0].mode && !bpf_task_storage_get(&identities, task, 0, 0) &&
	    !bpf_task_storage_get(&identities, task->group_leader, 0, 0) && !storage_find(task))
		return 0;
	return tell(ctx, TELL_EXIT);
}

SEC("raw_tp/sched_process_exit")
int process_exit(struct bpf_raw_tracepoint_args *ctx)
{
	return exits(ctx);
}

SEC("tracepoint/sched/sched_process_exit")
int process_exit_perf(void *ctx)
{
	return exits(ctx);
}

__noinline int exec_begins(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct identity *id = bpf_task_storage_get(&identities, task, 0, 0);
	struct nunchi_call call = { 0 };

	if (!id || !call_read(task, (struct pt_regs *)bpf_task_pt_regs(task), &call) || call.nr >= NUNCHI_CALLS_MAX ||
	    !(specs[call.nr].flags & NUNCHI_SPEC_EXEC))
		return 0;
	if (!id->interrupted.ret)
		id->interrupted = call;
	return 1;
}

/* Before the task is renamed: by an exec, prctl() or /proc/self/comm. (If another task renames it, that is not an exec.) */
static __always_inline int renamed(void *ctx, struct task_struct *task)
{
	struct identity *id = bpf_task_storage_get(&identities, task, 0, 0);

	if (!id || !(id->slot || slots[0].mode))
		return 0;
	bpf_probe_read_kernel(id->prev_comm, sizeof(id->prev_comm), task->comm);
	id->renamed_by_exec = exec_begins();
	return unlikely(id->renamed_by_exec && id->interrupted.ret) ? tell(ctx, TELL_EXEC) : 0;
}

SEC("raw_tp/task_rename")
int task_rename(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return ctx->args[0] == (u64)task ? renamed(ctx, task) : 0;
}

SEC("tracepoint/task/task_rename")
int task_rename_perf(struct trace_event_raw_task_rename *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return ctx->pid == task->pid ? renamed(ctx, task) : 0;
}
