/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * System calls, when they return: at that point the registers still hold number and arguments, so
 * that one hook gives arguments and result. signal_deliver tells how an interrupted one goes on.
 * Not seen here: calls that do not return (exit; see sched.bpf.c), an execve that succeeded (its
 * registers are the new image's; sched.bpf.c), 32-bit calls that no native call is like (stime, nice).
 * Cost: a load and a bit test for a number nobody wants.
 */
#include "lib/call.h"
#include "lib/leave.h"

/* A wanted call of a task that is counted. */
static __always_inline void call_returned(struct task_struct *task, struct identity *id,
					  const struct nunchi_call *call, long ret, u8 want,
					  enum nunchi_mode mode)
{
	bool restart = want & NUNCHI_WANT_RESTART, goes_on = call_goes_on(id, call, restart);
	u8 flags = specs[call->nr & (NUNCHI_CALLS_MAX - 1)].flags;

	if (restart && !goes_on)
		return;	/* of a call that nobody wants */
	/* The child's return of a fork, and an execve that the exec hook has reported: no calls. */
	if (!ret && (flags & (NUNCHI_SPEC_FORK | NUNCHI_SPEC_EXEC)))
		return;
	if (unlikely(call_is_interrupted(ret))) {
		if (!restart)
			id->interrupted = *call;
		id->interrupted.ret = ret;
		return;
	}
	if (account_seen(id->slot, mode)) {
		if (likely(!goes_on))
			call_record(task, id, call, ret, 0, true);
		else
			call_record(task, id, &id->interrupted, ret, NUNCHI_F_INTERRUPTED, false);
	}
	if (goes_on)
		id->interrupted.ret = 0;
}

static __always_inline int syscall_returned(struct pt_regs *regs, long ret)
{
	u64 nr = syscall_nr(regs);
	struct task_struct *task;
	struct nunchi_call *call;
	enum nunchi_mode mode;
	struct identity *id;
	bool moves;
	u8 want;

	barrier_var(nr);	/* the compiler must index with what was checked */
	if (nr < NUNCHI_CALLS_MAX) {
		want = wanted[nr];
		if (likely(!want))
			return 0;
	} else if (!syscall_is_x32(nr)) {
		return 0;
	} else {
		want = 0;
	}
	task = bpf_get_current_task_btf();
	if (want == NUNCHI_WANT_COMPAT && syscall_abi(task, nr) == NUNCHI_ABI_NATIVE)
		return 0;	/* the number is another call's */
	id = identity_get(task);
	if (!id)
		return 0;
	call = &id->call;
	if (!call_read(task, regs, call) || call->nr >= NUNCHI_CALLS_MAX)
		return 0;
	want = wanted[call->nr] & ~NUNCHI_WANT_COMPAT;
	if (!want)
		return 0;
	moves = unlikely(want & NUNCHI_WANT_IDENTITY) && ret >= 0;
	if (moves)
		identity_locate(task, id, true);
	mode = identity_mode(id);
	if (mode == NUNCHI_MODE_NONE)
		return 0;
	if (!id->slot && (u32)task->tgid == own_tgid)
		return 0;	/* it would report its own reports */
	if (want != NUNCHI_WANT_IDENTITY)
		call_returned(task, id, call, ret, want, mode);
	if (!id->interrupted.ret)
		call_forget(id);
	if (moves)
		namespaces_check(task, id);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long ret)
{
	return syscall_returned(regs, ret);
}

/*
 * The same where the hook of the first kind can be preempted: one of these cannot, and none is missed
 * because another task was in the middle of it. Dearer: 150 ns a call.
 */
SEC("tracepoint/raw_syscalls/sys_exit")
int sys_exit_perf(struct trace_event_raw_sys_exit *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return syscall_returned((struct pt_regs *)bpf_task_pt_regs(task), ctx->ret);
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
		call_cut_short(task, id);
	return 0;
}
