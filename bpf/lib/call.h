/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The record of a call, and calls that signals interrupt. Such a call returns ERESTART* inside the
 * kernel, which is not its end: if a handler runs, SA_RESTART decides whether the kernel makes
 * the call again; if none does, it always goes on. So it is put aside until that is known, and
 * there is one record however often it was interrupted.
 */
#pragma once

#include "identity.h"

/* regs: where the arguments are; or of what was put aside, if it is 0. follow: see record.h. */
static __always_inline void call_record(struct task_struct *task, const struct identity *id,
					struct pt_regs *regs, u32 nr, s64 ret, u16 flags,
					bool follow)
{
	struct scratch *s = scratch_get();

	if (!s) {
		account_drop(id->slot, NUNCHI_DROP_SCRATCH);
		return;
	}
	nr &= NUNCHI_CALLS_MAX - 1;
	record_begin(s, task, id, NUNCHI_REC_SYSCALL, sizeof(s->call), follow);
	s->call.nr = nr;
	s->call.pad = 0;
	s->call.ret = ret;
	if (regs)
		syscall_args(regs, s->call.args);
	else
		__builtin_memcpy(s->call.args, id->interrupted.args, sizeof(s->call.args));
	if (!(wanted[nr] & NUNCHI_WANT_EVENT))
		flags |= NUNCHI_F_MODEL;
	s->head.flags |= flags;
	blob_call(s);
	record_send(s, specs[nr].flags & NUNCHI_SPEC_CRITICAL);
	scratch_put(s);
}

static __always_inline bool call_is_interrupted(s64 ret)
{
	return ret == -ERESTARTSYS || ret == -ERESTARTNOINTR || ret == -ERESTARTNOHAND ||
	       ret == -ERESTART_RESTARTBLOCK;
}

static __always_inline void call_put_aside(struct identity *id, struct pt_regs *regs, u32 nr,
					   s64 ret)
{
	id->interrupted.nr = nr;
	id->interrupted.ret = ret;
	syscall_args(regs, id->interrupted.args);
}

/* Whether this return is that of what was put aside; a handler's own calls may come before it. */
static __always_inline bool call_goes_on(const struct identity *id, struct pt_regs *regs, u32 nr,
					 bool restart)
{
	__u64 args[6];

	if (!id->interrupted.ret || restart)
		return restart && id->interrupted.ret;
	if (nr != id->interrupted.nr)
		return false;
	syscall_args(regs, args);
#pragma unroll
	for (int i = 0; i < 6; i++) {
		if (args[i] != id->interrupted.args[i])
			return false;
	}
	return true;
}

/* What was put aside has ended: a handler ran that does not let it go on, or the task dies. */
static __always_inline void call_cut_short(struct task_struct *task, struct identity *id)
{
	enum nunchi_mode mode = identity_mode(id);

	if (mode != NUNCHI_MODE_NONE && account_seen(id->slot, mode))
		call_record(task, id, 0, id->interrupted.nr, -EINTR, NUNCHI_F_INTERRUPTED, false);
	id->interrupted.ret = 0;
}
