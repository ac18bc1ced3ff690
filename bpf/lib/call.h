/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The record of a call, and calls that signals interrupt. Such a call returns ERESTART* inside the
 * kernel, which is not its end: if a handler runs, SA_RESTART decides whether the kernel makes
 * the call again; if none does, it always goes on. So it is put aside until that is known, and
 * there is one record however often it was interrupted.
 */
#pragma once

#include "compat.h"
#include "copies.h"
#include "identity.h"
#include "push.h"

/* The call in the running task's registers. False: there is no equivalent native call. */
static __always_inline bool call_read(struct task_struct *task, struct pt_regs *regs,
				      struct nunchi_call *call)
{
	u32 nr = syscall_nr(regs);
	enum nunchi_abi abi = syscall_abi(task, nr);

	if (unlikely(abi != NUNCHI_ABI_NATIVE))
		return compat_read(call, abi);
	call->nr = nr;
	call->abi = abi;
	call->layout = 0;
	syscall_args(regs, call->args);
	return true;
}

/* Makes the record of a call in s, and sends it if it leaves the kernel. follow: see record.h; s->clauses: push.h. */
static __always_inline void call_send(struct scratch *s, struct task_struct *task,
				      const struct identity *id, const struct nunchi_call *call,
				      s64 ret, u16 flags, bool follow)
{
	u32 nr = call->nr & (NUNCHI_CALLS_MAX - 1);

	record_begin(s, task, id, NUNCHI_REC_SYSCALL, sizeof(s->call), follow);
	__builtin_memcpy(&s->call, call, sizeof(s->call));
	s->call.ret = ret;
	if (!(wanted[nr] & NUNCHI_WANT_EVENT))
		flags |= NUNCHI_F_MODEL;
	s->head.flags |= flags;
	/* From this record the model knows the process. */
	if (call_finish(s) && unlikely(id->untold))
		((struct identity *)id)->untold = 0;
}

/* Takes a cgroup program's verdict on the call, to be recorded with it; if it says so, kills. */
static __noinline void refused_take(struct identity *id, u32 nr)
{
	u64 thread = bpf_get_current_pid_tgid();
	u32 *told, verdict, class = (block_calls[nr & (NUNCHI_CALLS_MAX - 1)] & ~NUNCHI_BLOCK_FLAGS) - 1, row;

	if (!id || (class != NUNCHI_BLOCK_CONNECT && class != NUNCHI_BLOCK_BIND))
		return;
	told = bpf_map_lookup_elem(&block_told, &thread);
	if (!told)
		return;
	verdict = id->verdict = *told;
	bpf_map_delete_elem(&block_told, &thread);
	row = NUNCHI_BLOCK_ROW(class, NUNCHI_VERDICT_GENERATION(verdict));
	barrier_var(row);	/* so that the verifier sees the mask */
	if (NUNCHI_VERDICT_EFFECT(verdict) == NUNCHI_EFFECT_BEFORE &&
	    block_rows[row & (NUNCHI_BLOCK_ROWS - 1)].kill & 1ULL << (NUNCHI_VERDICT_CLAUSE(verdict) & 63))
		bpf_send_signal(SIGKILL);
}

/* A scratch for the record of a call, if any condition can match it. */
static __always_inline struct scratch *call_scratch(const struct identity *id,
						    const struct nunchi_call *call, s64 ret)
{
	u64 mask = push_codes(id, call, ret);
	struct scratch *s;

	if (block_has_cgroup)
		refused_take((struct identity *)id, call->nr);
	if (!mask && !id->verdict) {
		push_count(id->slot);
		return 0;
	}
	s = scratch_get();
	if (!s) {
		account_drop(id->slot, NUNCHI_DROP_SCRATCH, call->nr);
		return 0;
	}
	s->clauses = mask;
	s->differs = 0;
	return s;
}

static __always_inline void call_record(struct task_struct *task, const struct identity *id,
					const struct nunchi_call *call, s64 ret, u16 flags,
					bool follow)
{
	struct scratch *s = call_scratch(id, call, ret);

	if (!s)
		return;
	s->file = s->names = s->creds = 0;
	s->copied = 0;
	if (unlikely(id->copied) && id->copied_of == copies_of(call))
		s->copied = id->copied;
	call_send(s, task, id, call, ret, flags, follow);
	if (unlikely(s->differs))
		copies_tell(s);
	scratch_put(s);
}

/* Records an io_uring request as the equivalent call; of: as in struct scratch. */
static __always_inline void call_record_other(struct task_struct *task, const struct identity *id,
					      const struct nunchi_call *call, s64 ret, u16 flags,
					      const struct request_of *of)
{
	struct scratch *s = call_scratch(id, call, ret);

	if (!s)
		return;
	s->file = of->file;
	s->names = of->names;
	s->creds = of->creds;
	s->made = of->made;
	s->copied = 0;
	call_send(s, task, id, call, ret, flags, false);
	if (unlikely(s->differs))
		copies_tell(s);
	scratch_put(s);
}

/*
 * Whether this is not the end of a call: the child's return from a fork; or an exec that the exec hook has recorded
 * (an execveat() that only checks executes nothing, and leaves the registers as they were).
 */
static __always_inline bool call_is_no_end(const struct nunchi_call *call, u8 flags, s64 ret)
{
	if (ret || !(flags & (NUNCHI_SPEC_FORK | NUNCHI_SPEC_EXEC)))
		return false;
	return !(flags & NUNCHI_SPEC_EXEC_CHECK) || !(call->args[4] & AT_EXECVE_CHECK);
}

static __always_inline bool call_is_interrupted(s64 ret)
{
	return ret == -ERESTARTSYS || ret == -ERESTARTNOINTR || ret == -ERESTARTNOHAND ||
	       ret == -ERESTART_RESTARTBLOCK;
}

/* Whether this is the return of the call that was put aside; a signal handler's own calls may return before it. */
static __always_inline bool call_goes_on(const struct identity *id, const struct nunchi_call *call,
					 bool restart)
{
	if (!id->interrupted.ret || restart)
		return restart && id->interrupted.ret;
	if (call->nr != id->interrupted.nr)
		return false;
#pragma unroll
	for (int i = 0; i < 6; i++) {
		if (call->args[i] != id->interrupted.args[i])
			return false;
	}
	return true;
}

#define PASSED_MAX 8	/* calls of a handler's own */

/*
 * Whether the call that was put aside is recorded as it is: a handler need not return (siglongjmp), nor need the
 * interrupted call continue. There is room for one: either the present call must be put aside itself, or so many have
 * returned that this is no handler.
 */
static __always_inline bool call_is_given_up(struct identity *id, s64 ret)
{
	return call_is_interrupted(ret) || ++id->passed > PASSED_MAX;
}

/* Drops what the kernel copied for the call. */
static __always_inline void call_forget(struct identity *id)
{
	if (unlikely(id->copied))
		copies_drop(id->copied);
	id->copied = 0;
}

/*
 * Records the end of the call that was put aside: with -EINTR if a handler ran after which it does not continue, or
 * if the task dies. A function that is verified once, with everything that it calls.
 */
int call_interrupted_end(s64 ret);
