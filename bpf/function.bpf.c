/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * System calls at their own functions (--hooks fentry, --hooks kprobe) instead of the tracepoint that every call
 * passes: a call that nobody wants costs nothing. Number and arguments are in the caller's registers, so one program
 * serves all calls. A call that seccomp denies never reaches its function; it is seen at the return of
 * __secure_computing(). Not seen: calls that began before the hook was attached, and 32-bit calls, which have other
 * functions.
 */
#include "lib/returned.h"

#if defined(__TARGET_ARCH_x86)
#define OPENAT "__x64_sys_openat"
#elif defined(__TARGET_ARCH_arm64)
#define OPENAT "__arm64_sys_openat"
#endif

static __always_inline int function_returned(long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return syscall_returned((struct pt_regs *)bpf_task_pt_regs(task), ret, true);
}

/* A denied call's result is in the registers already. */
static __always_inline int seccomp_returned(int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	return ret == -1 ? syscall_returned(regs, result_register(regs), true) : 0;
}

/* A function so that its frame is gone when the record is made: a chain of calls has only 512 bytes of stack. */
static __noinline u64 traced_result(void *ctx)
{
	u64 ret = 0;

	bpf_get_func_ret(ctx, &ret);
	return ret;
}

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} bodies SEC(".maps");

/*
 * The programs of all functions tail-call this one. The kernel prevents only that each of those runs inside itself;
 * this one can run inside a run that another function's program began. Since 6.13 all runs of a program on a CPU
 * share one stack for large frames, unless the program contains a tail call: calls_on, which is never true, is there
 * only for that.
 */
SEC("fexit/" OPENAT)
int call_fexit(void *ctx)
{
	if (calls_on)
		bpf_tail_call(ctx, &bodies, 0);
	return function_returned(traced_result(ctx));
}

/*
 * A program of this type is loaded for a single function: this one is loaded once for each, and tail-calls the one
 * above.
 */
SEC("fexit/" OPENAT)
int call_stub(void *ctx)
{
	bpf_tail_call(ctx, &bodies, 0);
	return 0;
}

/* Its arguments differ between kernels. */
SEC("fexit/__secure_computing")
int seccomp_fexit(void *ctx)
{
	return seccomp_returned(traced_result(ctx));
}

/* Records a call that begins (--entry). */
static __always_inline void call_entered(struct task_struct *task, struct identity *id,
					 enum nunchi_mode mode)
{
	struct nunchi_call *call = &id->call;

	if (!call_read(task, (struct pt_regs *)bpf_task_pt_regs(task), call) ||
	    call->nr >= NUNCHI_CALLS_MAX || !(wanted[call->nr] & NUNCHI_WANT_EVENT))
		return;
	if (is_nunchi(task))
		return;
	if (account_seen(id->slot, mode))
		call_record(task, id, call, NUNCHI_RET_ENTRY, NUNCHI_F_ENTRY, false);
}

/* Counts kretprobes that did not fire: there is only a limited number per function at a time. */
SEC("kprobe")
int call_kprobe(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct identity *id = bpf_task_storage_get(&identities, task, 0, 0);
	enum nunchi_mode mode;

	if (entries && !id)
		id = identity_get(task);
	if (!id)
		return 0;
	mode = identity_mode(id);
	if (mode == NUNCHI_MODE_NONE)
		return 0;
	if (id->within)
		count(counts[NUNCHI_COUNT_RETURNS]);
	id->within = 1;
	if (entries)
		call_entered(task, id, mode);
	return 0;
}

SEC("kretprobe")
int call_kretprobe(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct identity *id = bpf_task_storage_get(&identities, task, 0, 0);

	if (id)
		id->within = 0;
	return function_returned(result_register(ctx));
}

SEC("kretprobe")
int seccomp_kretprobe(struct pt_regs *ctx)
{
	return seccomp_returned(result_register(ctx));
}
