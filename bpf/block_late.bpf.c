/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rules that block, when the call has been done: its process is killed before it sees the result. They apply where
 * nothing can refuse before the call; and to what block.bpf.c has let pass without looking, which happens where the
 * kernel preempts programs: a program that is preempted keeps its scratch, and before 6.2 the kernel skips all other
 * runs of it on that CPU meanwhile. The programs here cannot be preempted.
 */
#include "lib/block_file.h"
#include "lib/block_made.h"
#include "lib/block_unix.h"
#include "lib/uring.h"

/* The file behind an fd of the running task. */
static __always_inline u64 fd_file(struct task_struct *task, u64 fd)
{
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct file *file = 0;

	if (fd < BPF_CORE_READ(fdt, max_fds))
		bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(fdt, fd) + fd);
	return (u64)file;
}

/*
 * The flags of a call that opens a file: argument 1 if argument 0 is a path, else argument 2, or in the struct that
 * this points to.
 */
static __always_inline u64 asked_flags(const struct nunchi_call *call)
{
	const struct nunchi_spec *spec = &specs[call->nr & (NUNCHI_CALLS_MAX - 1)];
	u64 flags = call->args[2];

	if (spec->capture[0] == NUNCHI_CAP_PATH)
		return call->args[1];
	if (spec->capture[2] == NUNCHI_CAP_BYTES && bpf_probe_read_user(&flags, sizeof(flags), (void *)call->args[2]))
		return 0;
	return flags;
}

static __always_inline u64 unix_peer(u64 file)
{
	struct socket *socket = BPF_CORE_READ((struct file *)file, private_data);
	struct unix_sock *own = (void *)BPF_CORE_READ(socket, sk);

	return (u64)BPF_CORE_READ(own, peer);
}

/* Looks up a call's object by its file: an opened file, or a socket. A function because of its stack. */
static __noinline u64 file_object(struct scratch *s, u64 file, u64 asked, u32 row, u64 mask)
{
	u32 class = block_class(row);
	struct block_address a;

	if (!s)
		return 0;
	if (class == NUNCHI_BLOCK_OPEN)
		return BPF_CORE_READ((struct file *)file, f_flags) & O_PATH ? 0 : block_file(s, file, asked, row, mask);
	if (class == NUNCHI_BLOCK_SOCKET) {
		struct socket *socket = BPF_CORE_READ((struct file *)file, private_data);
		const struct made_socket made = { BPF_CORE_READ(socket, sk, __sk_common.skc_family),
						   BPF_CORE_READ(socket, type), BPF_CORE_READ(socket, sk, sk_protocol) };

		return block_made(s, &made, row, mask);
	}
	address_from_socket(&a, (u64)BPF_CORE_READ((struct file *)file, private_data),
			    class == NUNCHI_BLOCK_CONNECT);
	mask = block_socket(s, &a, row, mask);
	return a.family == AF_UNIX ? block_unix(s, unix_peer(file), row, mask) : mask;
}

/* Looks up a socket by the arguments of socket(2), as __sock_create() uses them. */
static __always_inline u64 asked_socket(struct scratch *s, const struct nunchi_call *call, u32 row, u64 mask)
{
	struct made_socket made = { call->args[0], call->args[1], call->args[2] };

	if (made.family == AF_INET && (made.type & SOCK_TYPE_MASK) == SOCK_PACKET)
		made.family = AF_PACKET;
	return block_made(s, &made, row, mask);
}

/* Looks up the object of a call that has returned. */
static __always_inline u64 returned_object(struct scratch *s, struct task_struct *task,
					   const struct nunchi_call *call, s64 ret, u32 row, u64 mask)
{
	u32 class = block_class(row);
	u64 file;

	if (class == NUNCHI_BLOCK_SOCKET)
		return asked_socket(s, call, row, mask);
	if (class != NUNCHI_BLOCK_OPEN && class != NUNCHI_BLOCK_CONNECT && class != NUNCHI_BLOCK_BIND)
		return mask;
	file = fd_file(task, class == NUNCHI_BLOCK_OPEN ? (u64)ret : call->args[0]);
	return file ? file_object(s, file, class == NUNCHI_BLOCK_OPEN ? asked_flags(call) : 0, row, mask) : 0;
}

/* clone3() has its flags in the first word of the struct that its first argument points to. */
static __always_inline bool makes_userns(const struct nunchi_call *call)
{
	u64 flags = call->args[0];

	if (call->nr == NR_CLONE3 && bpf_probe_read_user(&flags, sizeof(flags), (void *)call->args[0]))
		return false;
	return flags & CLONE_NEWUSER;
}

/* Whether a call is about another process: a task may always access itself, see __ptrace_may_access(). */
static __always_inline bool is_about_another(struct task_struct *task, const struct nunchi_call *call)
{
	u32 pidns, pid = call->args[0];

	return call->nr == NR_PIDFD_GETFD || (pid != task_vnr(task, &pidns) && pid != task_vnr(task->group_leader, &pidns));
}

/*
 * Whether the call does what its class is about: others with the same number are not refused either. Of calls that
 * send, only one that connects the socket can be judged afterwards; the flags are those of sendto() or sendmsg().
 */
static __always_inline bool is_meant(struct task_struct *task, const struct nunchi_call *call, u32 class)
{
	u32 flags = block_calls[call->nr & (NUNCHI_CALLS_MAX - 1)] & NUNCHI_BLOCK_FLAGS;

	if (flags)
		return flags & NUNCHI_BLOCK_SENDS && (call->args[2] | call->args[3]) & MSG_FASTOPEN;
	if (class == NUNCHI_BLOCK_MOUNT)
		return call->nr != NR_FSCONFIG || call->args[1] >= FSCONFIG_CMD_CREATE;
	if (class == NUNCHI_BLOCK_USERNS)
		return makes_userns(call);
	if (class != NUNCHI_BLOCK_PTRACE)
		return true;
	if (call->nr != NR_PTRACE)
		return is_about_another(task, call);
	return call->args[0] == PTRACE_TRACEME || call->args[0] == PTRACE_ATTACH || call->args[0] == PTRACE_SEIZE;
}

/* Whether a call has succeeded or is in progress: a connect that is interrupted while it waits is still made. */
static __always_inline bool is_under_way(long ret)
{
	return ret >= 0 || ret == -EINPROGRESS || ret == -EALREADY || ret == -EINTR || ret == -ERESTARTSYS;
}

static __always_inline int block_returned(struct task_struct *task, struct pt_regs *regs, long ret)
{
	u64 nr = syscall_nr(regs), mask;
	struct nunchi_call call;
	struct identity *id;
	struct scratch *s;
	u32 class, row;

	barrier_var(nr);
	if ((nr < NUNCHI_CALLS_MAX ? !wanted[nr] : !syscall_is_x32(nr)) || !is_under_way(ret))
		return 0;
	if (!call_read(task, regs, &call) || call.nr >= NUNCHI_CALLS_MAX)
		return 0;
	class = (block_calls[call.nr] & ~NUNCHI_BLOCK_FLAGS) - 1;
	/*
	 * An exec that succeeded returns 0, and is decided in block_executed(); of removed or renamed names nothing
	 * is left to look at.
	 */
	if (class >= NUNCHI_BLOCK_MAX || class == NUNCHI_BLOCK_EXEC || NUNCHI_BLOCK_NAMES >> class & 1 ||
	    !is_meant(task, &call, class) || (ret < 0 && class != NUNCHI_BLOCK_CONNECT))
		return 0;
	row = block_row(class);
	mask = block_begin(task, row, &id);
	s = mask ? late_scratch() : 0;
	if (!s)
		return 0;
	mask = block_subject(s, row, mask);
	block_whose(s, id);
	mask = returned_object(s, task, &call, ret, row, mask);
	mask = block_image(s, task, image_owner(task), row, mask);
	block_act(id, row, mask, NUNCHI_EFFECT_AFTER);
	return 0;
}

/* The file of a completed io_uring request; 0: it was opened into the ring's own table, where it is not searched. */
static __always_inline u64 requested_file(struct task_struct *task, u64 req, u32 class, s32 res)
{
	if (class == NUNCHI_BLOCK_SOCKET)
		return BPF_CORE_READ((struct io_socket *)req, file_slot) ? 0 : fd_file(task, res);
	if (class != NUNCHI_BLOCK_OPEN)
		return (u64)BPF_CORE_READ((struct io_kiocb *)req, file);
	return BPF_CORE_READ((struct io_open *)req, file_slot) ? 0 : fd_file(task, res);
}

/* The same for an io_uring request, which does not return from a system call. */
static __always_inline int block_requested(u64 req)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 nr = uring_calls[BPF_CORE_READ((struct io_kiocb *)req, opcode) & (NUNCHI_URING_MAX - 1)];
	s32 res = BPF_CORE_READ((struct io_kiocb *)req, cqe.res);
	/* Calls that send have a higher number than these classes. */
	u32 class = nr ? block_calls[(nr - 1) & (NUNCHI_CALLS_MAX - 1)] - 1 : NUNCHI_BLOCK_MAX, row;
	struct identity *id;
	struct scratch *s;
	u64 mask, file;

	if ((class != NUNCHI_BLOCK_OPEN && class != NUNCHI_BLOCK_CONNECT && class != NUNCHI_BLOCK_BIND &&
	     class != NUNCHI_BLOCK_SOCKET) || (res < 0 && res != -EINPROGRESS))
		return 0;
	row = block_row(class);
	mask = block_begin(task, row, &id);
	file = mask ? requested_file(task, req, class, res) : 0;
	s = file ? late_scratch() : 0;
	if (!s)
		return 0;
	mask = block_subject(s, row, mask);
	block_whose(s, id);
	mask = file_object(s, file, class == NUNCHI_BLOCK_OPEN ? BPF_CORE_READ((struct io_open *)req, how.flags) : 0, row, mask);
	mask = block_image(s, task, image_owner(task), row, mask);
	block_act(id, row, mask, NUNCHI_EFFECT_AFTER);
	return 0;
}

/*
 * The clauses that the ELF interpreter of an executed image satisfies, as in block_interpreter(). One that is not
 * known satisfies every clause about a path.
 */
static __noinline u64 executed_interpreter(struct scratch *s, u32 row, u64 mask)
{
	int found;

	if (!s || !mask || !asks_exe(row))
		return 0;
	found = interpreter_find(s);
	if (found == INTERPRETER_NONE)
		return 0;
	if (found == INTERPRETER_FOUND) {
		block_walk(s);
		mask = block_exe_path(s, row, mask);
	} else {
		count(counts[NUNCHI_COUNT_UNREAD]);
	}
	return mask & ~block_exe(s, 0, row, mask);
}

/* Decides an exec, before the new image's first instruction. */
static __always_inline int block_executed(struct task_struct *task)
{
	u32 row = block_row(NUNCHI_BLOCK_EXEC);
	struct identity *id = identity_ask(task);
	struct scratch *s;
	u64 mask, meant;

	if (id && identity_is_open(id))
		identity_settle(true);
	mask = block_begin(task, row, &id);
	s = mask ? late_scratch() : 0;
	if (!s)
		return 0;
	mask = block_subject(s, row, mask);
	block_whose(s, id);
	meant = block_exe(s, task_exe(task), row, mask);
	if (!meant)
		meant = executed_interpreter(s, row, mask);
	block_act(id, row, meant, NUNCHI_EFFECT_AFTER);
	return 0;
}

/* Attached before the hooks that record calls: programs run in the order in which they were attached. */
SEC("tp_btf/sys_exit")
int BPF_PROG(block_sys_exit, struct pt_regs *regs, long ret)
{
	return block_returned(bpf_get_current_task_btf(), regs, ret);
}

/* The same for kernels where the hook above can be preempted: see syscall.bpf.c. */
SEC("tracepoint/raw_syscalls/sys_exit")
int block_sys_exit_perf(struct trace_event_raw_sys_exit *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return block_returned(task, (struct pt_regs *)bpf_task_pt_regs(task), ctx->ret);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(block_process_exec, struct task_struct *task)
{
	return block_executed(task);
}

SEC("tracepoint/sched/sched_process_exec")
int block_process_exec_perf(void *ctx)
{
	return block_executed(bpf_get_current_task_btf());
}

SEC("raw_tp/io_uring_complete")
int block_uring(struct bpf_raw_tracepoint_args *ctx)
{
	return ctx->args[1] ? block_requested(ctx->args[1]) : 0;
}

SEC("tracepoint/io_uring/io_uring_complete")
int block_uring_perf(struct trace_event_raw_io_uring_complete *ctx)
{
	return ctx->req ? block_requested((u64)ctx->req) : 0;
}

/* Where the ring is full. */
static __always_inline int block_overflowed(u64 req)
{
	return req ? block_requested(req) : 0;
}

SEC("raw_tp/io_uring_cqe_overflow")
int block_uring_overflow(struct bpf_raw_tracepoint_args *ctx)
{
	return block_overflowed(overflow_find(ctx->args[0], ctx->args[1], ctx->args[2]));
}

SEC("tracepoint/io_uring/io_uring_cqe_overflow")
int block_uring_overflow_perf(struct trace_event_raw_io_uring_cqe_overflow *ctx)
{
	return block_overflowed(overflow_find((u64)ctx->ctx, ctx->user_data, ctx->res));
}
