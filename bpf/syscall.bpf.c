/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * System calls, at their return: the registers still hold number and arguments then, so one hook sees
 * arguments and result. signal_deliver tells how an interrupted call continues.
 *
 * Not seen here: calls that do not return (exit: sched.bpf.c), a successful execve (its registers are the
 * new image's: sched.bpf.c), 32-bit calls without a native equivalent (stime, nice).
 * Cost: a load and a bit test for a call that nobody wants.
 */
#include "lib/returned.h"
#include "lib/tells.h"

__noinline int call_interrupted_end(s64 ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct identity *id = bpf_task_storage_get(&identities, task, 0, 0);
	enum nunchi_mode mode;

	if (!id)
		return 0;
	mode = identity_mode(id);
	if (mode != NUNCHI_MODE_NONE && account_seen(id->slot, mode))
		call_record(task, id, &id->interrupted, ret, NUNCHI_F_INTERRUPTED, false);
	id->interrupted.ret = 0;
	call_forget(id);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long ret)
{
	return syscall_returned(regs, ret, false);
}

/*
 * The same as a perf-type tracepoint, for kernels where sys_exit can be preempted, and is then skipped in
 * other tasks. This one cannot be preempted, so no run is skipped. Costs 150 ns more per call.
 */
SEC("tracepoint/raw_syscalls/sys_exit")
int sys_exit_perf(struct trace_event_raw_sys_exit *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return syscall_returned((struct pt_regs *)bpf_task_pt_regs(task), ctx->ret, false);
}

/* The running task's identity, if an interrupted call of it was put aside; else 0. A signal decides how the call continues. */
static __always_inline struct identity *put_aside(void)
{
	struct identity *id = bpf_task_storage_get(&identities, bpf_get_current_task_btf(), 0, 0);

	return id && id->interrupted.ret ? id : 0;
}

static __always_inline int delivered(void *ctx, struct identity *id, u64 handler, u64 flags)
{
	s32 ret = id->interrupted.ret;

	if (handler <= SIG_IGN)
		return 0;
	if (ret != -ERESTARTNOINTR && (ret != -ERESTARTSYS || !(flags & SA_RESTART)))
		return tell(ctx, TELL_SIGNAL);
	id->interrupted.ret = -ERESTARTNOINTR;	/* it will be restarted: further handlers cannot change that */
	return 0;
}

SEC("raw_tp/signal_deliver")
int signal_deliver(struct bpf_raw_tracepoint_args *ctx)
{
	struct identity *id = put_aside();
	struct k_sigaction *ka = (void *)ctx->args[2];

	return id ? delivered(ctx, id, (u64)BPF_CORE_READ(ka, sa.sa_handler), BPF_CORE_READ(ka, sa.sa_flags)) : 0;
}

/* Needed although signal_deliver is never preempted: where the other hooks are of perf type, so is the program that it tail-calls. */
SEC("tracepoint/signal/signal_deliver")
int signal_deliver_perf(struct trace_event_raw_signal_deliver *ctx)
{
	struct identity *id = put_aside();

	return id ? delivered(ctx, id, ctx->sa_handler, ctx->sa_flags) : 0;
}
