/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * System calls, when they return: at that point the registers still hold number and arguments, so
 * that one hook gives arguments and result. Not seen here: calls that do not return (exit; see
 * sched.bpf.c), an execve that succeeded (its registers are the new image's; sched.bpf.c), 32-bit
 * calls (counted as unseen). Cost: 3 ns for a number nobody wants; see docs for events.
 */
#include "lib/identity.h"

/* A call of a task whose container is recorded. */
static __always_inline int call_record(struct task_struct *task, const struct identity *id,
				  struct pt_regs *regs, u32 nr, s64 ret)
{
	struct scratch *s = scratch_get();

	if (!s) {
		account_drop(id->slot, NUNCHI_DROP_SCRATCH);
		return 0;
	}
	record_begin(s, task, id, NUNCHI_REC_SYSCALL, sizeof(s->call));
	s->call.nr = nr;
	s->call.pad = 0;
	s->call.ret = ret;
	syscall_args(regs, s->call.args);
	if (!(wanted[nr & (NUNCHI_CALLS_MAX - 1)] & NUNCHI_WANT_EVENT))
		s->head.flags |= NUNCHI_F_MODEL;
	if (ret <= -ERESTARTSYS && ret >= -ERESTART_RESTARTBLOCK)
		s->head.flags |= NUNCHI_F_INTERRUPTED;
	blob_call(s);
	record_send(s, specs[nr & (NUNCHI_CALLS_MAX - 1)].flags & NUNCHI_SPEC_CRITICAL);
	scratch_put(s);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long ret)
{
	u64 nr = syscall_nr(regs);
	struct nunchi_account *account;
	struct task_struct *task;
	enum nunchi_mode mode;
	struct identity *id;
	u8 want, flags;

	barrier_var(nr);	/* the compiler must index with what was checked */
	if (nr >= NUNCHI_CALLS_MAX)
		return 0;
	want = wanted[nr];
	if (likely(!want))
		return 0;
	task = bpf_get_current_task_btf();
	id = identity_get(task);
	if (!id)
		return 0;
	if (unlikely(want & NUNCHI_WANT_IDENTITY) && ret >= 0 && identity_is_open(id))
		identity_locate(task, id, true);
	mode = identity_mode(id);
	if (mode == NUNCHI_MODE_NONE || !(want & (NUNCHI_WANT_EVENT | NUNCHI_WANT_MODEL)))
		return 0;
	if (unlikely(syscall_is_compat(task))) {
		count(unseen_compat);
		return 0;
	}
	/* The child's return of a fork, and an execve that the exec hook has reported: no calls. */
	flags = specs[nr].flags;
	if (!ret && (flags & (NUNCHI_SPEC_FORK | NUNCHI_SPEC_EXEC)))
		return 0;
	/* The kernel runs it again by itself, always: not its end. */
	if (ret == -ERESTARTNOINTR)
		return 0;
	account = account_of(id->slot);
	if (!account)
		return 0;
	count(account->seen);
	if (mode == NUNCHI_MODE_COUNT) {
		count(account->filtered);
		return 0;
	}
	return call_record(task, id, regs, nr, ret);
}
