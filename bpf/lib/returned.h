/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is done when a system call returns. The hooks that see it differ only in where they find the result. */
#pragma once

#include "call.h"
#include "leave.h"
#include "messages.h"

#define SIGNALS_SEEN 4	/* pending signals that are looked at, newest first: the call's own is behind blocked ones */

/*
 * Whether seccomp answers the returning call with a signal (SECCOMP_RET_TRAP, SECCOMP_RET_KILL_*), so that the call
 * has not run. Only the thread itself can send itself a signal with that code, and that would not stay pending until
 * another call.
 */
static __noinline int call_is_trapped(struct task_struct *task)
{
	const u64 bit = 1ULL << (SIGSYS - 1);
	struct sigqueue *q;
	u64 end;

	if (!(task->pending.signal.sig[0] & bit) || task->blocked.sig[0] & bit)
		return false;
	end = (u64)&task->pending.list;
	q = (struct sigqueue *)task->pending.list.prev;	/* which begins with its list */
	for (u32 i = 0; i < SIGNALS_SEEN && (u64)q != end; i++) {
		if (BPF_CORE_READ(q, info.si_signo) == SIGSYS && BPF_CORE_READ(q, info.si_code) == SYS_SECCOMP)
			return true;
		q = (struct sigqueue *)BPF_CORE_READ(q, list.prev);
	}
	return false;
}

/* Records a wanted call, of a task whose events are at least counted. */
static __always_inline void call_returned(struct task_struct *task, struct identity *id,
					  const struct nunchi_call *call, long ret, u8 want,
					  enum nunchi_mode mode)
{
	bool restart = want & NUNCHI_WANT_RESTART, goes_on = call_goes_on(id, call, restart);
	u8 flags = specs[call->nr & (NUNCHI_CALLS_MAX - 1)].flags;

	if (restart && !goes_on)
		return;	/* of a call that nobody wants */
	if (call_is_no_end(call, flags, ret))
		return;
	if (unlikely(id->interrupted.ret) && !goes_on && call_is_given_up(id, ret))
		call_interrupted_end(-EINTR);
	if (unlikely(call_is_interrupted(ret))) {
		if (!restart)
			id->interrupted = *call;
		id->interrupted.ret = ret;
		id->passed = 0;
		return;
	}
	if (unlikely(goes_on))
		call_interrupted_end(ret);
	else if (account_seen(id->slot, mode))
		call_record(task, id, call, ret, 0, true);
}

/*
 * function: the hook is of the call's own function. Until each wanted call has such a hook the tracepoint is attached
 * as well, and ignores calls that were answered, so that nothing is lost or recorded twice.
 */
static __always_inline int syscall_returned(struct pt_regs *regs, long ret, bool function)
{
	u64 nr = syscall_nr(regs);
	struct task_struct *task;
	struct nunchi_call *call;
	enum nunchi_mode mode;
	struct identity *id;
	bool moves, several;
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
	if (function) {
		id->answered = nr + 1;
	} else if (hooks_overlap && id->answered) {
		bool is_this = id->answered == nr + 1;

		id->answered = 0;
		if (is_this)
			return 0;
	}
	call = &id->call;
	if (!call_read(task, regs, call) || call->nr >= NUNCHI_CALLS_MAX)
		return 0;
	want = wanted[call->nr] & ~NUNCHI_WANT_COMPAT;
	if (!want)
		return 0;
	if (unlikely(is_put_back(regs, ret)) && call_is_trapped(task))
		ret = -EPERM;
	/* A fork does not move its caller; but a task of which it was not known where it is may be found by now. */
	moves = unlikely(want & NUNCHI_WANT_IDENTITY) && ret >= 0 &&
		(!(specs[call->nr & (NUNCHI_CALLS_MAX - 1)].flags & NUNCHI_SPEC_FORK) || identity_is_open(id));
	if (moves)
		identity_settle(true);
	mode = identity_mode(id);
	if (mode == NUNCHI_MODE_NONE)
		return 0;
	if (is_nunchi(task))
		return 0;	/* its reports would cause further reports, also if it runs in a container */
	several = unlikely(sends_several(call, ret)) && mode == NUNCHI_MODE_EVENT;
	if (several)
		messages_begin(id);
	if (want != NUNCHI_WANT_IDENTITY)
		call_returned(task, id, call, ret, want, mode);
	if (several)
		messages_tell(id, ret);
	if (!id->interrupted.ret)
		call_forget(id);
	if (moves)
		namespaces_check(task, id);
	return 0;
}
