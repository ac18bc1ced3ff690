/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * System calls, when they return: at that point the registers still hold number and arguments, so
 * that one hook gives arguments and result. signal_deliver tells how an interrupted one goes on.
 * Not seen here: calls that do not return (exit; see sched.bpf.c), an execve that succeeded (its
 * registers are the new image's; sched.bpf.c), 32-bit calls that no native call is like (stime, nice).
 * Cost: a load and a bit test for a number nobody wants.
 */
#include "lib/returned.h"

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
 * The same where the hook of the first kind can be preempted: one of these cannot, and none is missed
 * because another task was in the middle of it. Dearer: 150 ns a call.
 */
SEC("tracepoint/raw_syscalls/sys_exit")
int sys_exit_perf(struct trace_event_raw_sys_exit *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return syscall_returned((struct pt_regs *)bpf_task_pt_regs(task), ctx->ret, false);
}

SEC("tp_btf/signal_deliver")
int BPF_PROG(signal_deliver, int sig, struct kernel_siginfo *info, struct k_sigaction *ka)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct identity *id = bpf_task_storage_get(&identities, task, 0, 0);
	s32 ret;

	if (!id || !id->interrupted.ret || (u64)ka->sa.sa_handler <= SIG_IGN)
		return 0;
	ret = id->interrupted.ret;
	if (ret == -ERESTARTNOINTR || (ret == -ERESTARTSYS && (ka->sa.sa_flags & SA_RESTART)))
		id->interrupted.ret = -ERESTARTNOINTR;	/* decided: later handlers change nothing */
	else
		call_interrupted_end(-EINTR);
	return 0;
}
