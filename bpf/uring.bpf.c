/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What io_uring does: files opened, sockets connected, names removed without a system call of their
 * own. A request is read when it is taken from the ring (its arguments are the kernel's copies, but for addresses:
 * those are kept when the security hooks are asked about them, see copies.bpf.c) and told when it is complete, as the system call that does the same; what it was done to is the
 * request's own file. Who asks for no word of a success (IOSQE_CQE_SKIP_SUCCESS) gets none, and
 * neither do we: that is told when it is taken, as a success, and once more if it fails. Not seen:
 * operations that are none of those below (waiting, polling, splicing, extended attributes, ...), a
 * request that the kernel refuses before it is one, the accepts and receives of a multishot request
 * after its first, what a process leaves behind that ends. Cost: nothing but for who uses io_uring;
 * 100 ns a request that nobody wants.
 */
#include "lib/call.h"
#include "lib/uring.h"

#define REQ_F_CQE_SKIP 0x40	/* as IOSQE_CQE_SKIP_SUCCESS: no word of a success */

/* The operations, as the UAPI numbers them. */
enum {
	OP_READV = 1, OP_WRITEV = 2, OP_READ_FIXED = 4, OP_WRITE_FIXED = 5, OP_SENDMSG = 9,
	OP_RECVMSG = 10, OP_ACCEPT = 13, OP_CONNECT = 16, OP_OPENAT = 18, OP_CLOSE = 19,
	OP_STATX = 21, OP_READ = 22, OP_WRITE = 23, OP_SEND = 26, OP_RECV = 27, OP_OPENAT2 = 28,
	OP_SHUTDOWN = 34, OP_RENAMEAT = 35, OP_UNLINKAT = 36, OP_MKDIRAT = 37, OP_SYMLINKAT = 38,
	OP_LINKAT = 39, OP_SOCKET = 45, OP_SEND_ZC = 47, OP_SENDMSG_ZC = 48, OP_FTRUNCATE = 55,
	OP_BIND = 56, OP_LISTEN = 57,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct delayed_filename {
	struct filename *__incomplete_filename;
};

struct io_close {
	int fd;
	u32 file_slot;
};

struct io_rw {
	u64 addr;
	u32 len;
};

struct io_rename {
	int old_dfd;
	int new_dfd;
	struct filename *oldpath;
	struct filename *newpath;
	int flags;
};

struct io_link {
	int old_dfd;
	int new_dfd;
	struct filename *oldpath;
	struct filename *newpath;
	int flags;
};

struct io_unlink {
	int dfd;
	int flags;
	struct filename *filename;
};

struct io_mkdir {
	int dfd;
	u16 mode;
	struct filename *filename;
};

struct io_statx {
	int dfd;
	unsigned int mask;
	unsigned int flags;
	struct filename *filename;
};

struct io_accept {
	void *addr;
	int *addr_len;
	int flags;
	u32 file_slot;
};

struct io_connect {
	void *addr;
	int addr_len;
};

struct io_socket {
	int domain;
	int type;
	int protocol;
	int flags;
	u32 file_slot;
};

struct io_sr_msg {
	void *umsg;
	int len;
	unsigned int msg_flags;
	u16 addr_len;
	void *addr;
};

struct io_bind {
	int addr_len;
};

/* Until 6.9, where none of that is made before it is needed. */
struct io_async_connect {
};

/* What a request to send has of its own. */
struct io_async_msghdr {
	struct msghdr msg;
};

struct io_shutdown {
	int how;
};

struct io_ftrunc {
	s64 len;
};

struct io_listen {
	int backlog;
};

struct io_open___delayed {
	struct delayed_filename filename;
};

struct io_unlink___delayed {
	struct delayed_filename filename;
};

struct io_mkdir___delayed {
	struct delayed_filename filename;
};

struct io_statx___delayed {
	struct delayed_filename filename;
};

struct io_rename___delayed {
	struct delayed_filename oldpath;
	struct delayed_filename newpath;
};

struct io_link___delayed {
	struct delayed_filename oldpath;
	struct delayed_filename newpath;
};

#pragma clang attribute pop

struct map_requests requests SEC(".maps");

/* The newest operations (6.9, 6.11) are not known to every kernel. */
#define CMD(type, field) BPF_CORE_READ((struct type *)req, field)
#define NAME(number, type, field)                                                                  \
	name_take(r, number,                                                                       \
		  bpf_core_field_exists(((struct type *)0)->field) ?                               \
			  (u64)CMD(type, field) :                                                  \
			  (u64)CMD(type##___delayed, field.__incomplete_filename))

/* Copies a name that the kernel has copied: user memory may say something else by the end. */
static __always_inline u64 name_take(struct request *r, u32 number, u64 filename)
{
	const char *name = BPF_CORE_READ((struct filename *)filename, name);
	u32 i = (number - 1) & 1;
	long n;

	n = bpf_probe_read_kernel_str(r->names.text[i], sizeof(r->names.text[i]), name);
	if (!filename || n <= 0)
		return 0;
	r->names.cut[i] = n == sizeof(r->names.text[i]);
	return number;
}

/* What names files. False: it is another. */
static __always_inline bool read_name(u64 req, u8 op, struct request *r)
{
	u64 *args = r->call.args;

	switch (op) {
	case OP_OPENAT:
	case OP_OPENAT2:
		args[0] = CMD(io_open, dfd);
		args[1] = NAME(1, io_open, filename);
		args[2] = CMD(io_open, how.flags) & ~(u64)O_LARGEFILE;	/* set by the kernel */
		args[3] = CMD(io_open, how.mode);
		return true;
	case OP_STATX:
		args[0] = CMD(io_statx, dfd);
		args[1] = NAME(1, io_statx, filename);
		args[2] = CMD(io_statx, flags);
		args[3] = CMD(io_statx, mask);
		return true;
	case OP_RENAMEAT:
		args[0] = CMD(io_rename, old_dfd);
		args[1] = NAME(1, io_rename, oldpath);
		args[2] = CMD(io_rename, new_dfd);
		args[3] = NAME(2, io_rename, newpath);
		args[4] = CMD(io_rename, flags);
		return true;
	case OP_LINKAT:
		args[0] = CMD(io_link, old_dfd);
		args[1] = NAME(1, io_link, oldpath);
		args[2] = CMD(io_link, new_dfd);
		args[3] = NAME(2, io_link, newpath);
		args[4] = CMD(io_link, flags);
		return true;
	case OP_SYMLINKAT:
		args[0] = NAME(1, io_link, oldpath);
		args[1] = CMD(io_link, new_dfd);
		args[2] = NAME(2, io_link, newpath);
		return true;
	case OP_UNLINKAT:
		args[0] = CMD(io_unlink, dfd);
		args[1] = NAME(1, io_unlink, filename);
		args[2] = CMD(io_unlink, flags);
		return true;
	case OP_MKDIRAT:
		args[0] = CMD(io_mkdir, dfd);
		args[1] = NAME(1, io_mkdir, filename);
		args[2] = CMD(io_mkdir, mode);
		return true;
	default:
		return false;
	}
}

/* What goes by a file, which is the request's, and stands for argument 0. */
static __always_inline void read_file(u64 req, u8 op, u64 *args)
{
	switch (op) {
	case OP_READ:
	case OP_WRITE:
	case OP_READV:
	case OP_WRITEV:
	case OP_READ_FIXED:
	case OP_WRITE_FIXED:
		args[1] = CMD(io_rw, addr);
		args[2] = CMD(io_rw, len);
		break;
	case OP_SEND:
	case OP_RECV:
	case OP_SEND_ZC:
		args[1] = (u64)CMD(io_sr_msg, umsg);
		args[2] = CMD(io_sr_msg, len);
		args[3] = CMD(io_sr_msg, msg_flags);
		if (op != OP_RECV && bpf_core_field_exists(((struct io_sr_msg *)0)->addr)) {
			args[4] = (u64)CMD(io_sr_msg, addr);
			args[5] = CMD(io_sr_msg, addr_len);
		}
		break;
	case OP_SENDMSG:
	case OP_RECVMSG:
	case OP_SENDMSG_ZC:
		args[1] = (u64)CMD(io_sr_msg, umsg);
		args[2] = CMD(io_sr_msg, msg_flags);
		break;
	case OP_ACCEPT:
		args[1] = (u64)CMD(io_accept, addr);
		args[2] = (u64)CMD(io_accept, addr_len);
		args[3] = CMD(io_accept, flags);
		break;
	case OP_CONNECT:
		args[1] = (u64)CMD(io_connect, addr);
		args[2] = CMD(io_connect, addr_len);
		break;
	case OP_BIND:
		if (bpf_core_type_exists(struct io_bind))
			args[2] = CMD(io_bind, addr_len);	/* where it was is not kept */
		break;
	case OP_SHUTDOWN:
		args[1] = CMD(io_shutdown, how);
		break;
	case OP_FTRUNCATE:
		if (bpf_core_type_exists(struct io_ftrunc))
			args[1] = CMD(io_ftrunc, len);
		break;
	case OP_LISTEN:
		if (bpf_core_type_exists(struct io_listen))
			args[1] = CMD(io_listen, backlog);
		break;
	}
}

/*
 * The address that a request to send has, where the kernel has copied it by now. Of a connect and a bind it has, too,
 * but at a place that is another's in 6.18.
 */
static __always_inline void read_address(u64 req, struct request *r)
{
	struct io_async_msghdr *m = BPF_CORE_READ((struct io_kiocb *)req, async_data);
	u64 name;

	if (bpf_core_type_exists(struct io_async_connect) || !m)
		return;
	name = (u64)BPF_CORE_READ(m, msg.msg_name);
	if (name)
		address_take(r, name, BPF_CORE_READ(m, msg.msg_namelen));
}

/* Whether the result is an index of the ring's own files, not an fd. */
static __always_inline bool goes_to_slot(u64 req, u8 op)
{
	switch (op) {
	case OP_OPENAT:
	case OP_OPENAT2:
		return CMD(io_open, file_slot);
	case OP_ACCEPT:
		return CMD(io_accept, file_slot);
	case OP_SOCKET:
		return CMD(io_socket, file_slot);
	default:
		return false;
	}
}

static __always_inline void read_arguments(u64 req, u8 op, struct request *r)
{
	u64 *args = r->call.args;

	if (goes_to_slot(req, op))
		r->call.layout |= NUNCHI_LAYOUT_NO_FD;
	if (read_name(req, op, r))
		return;
	if (op == OP_CLOSE) {
		args[0] = CMD(io_close, file_slot) ? -1 : CMD(io_close, fd);	/* of the ring's own files it is no fd */
	} else if (op == OP_SOCKET) {
		args[0] = CMD(io_socket, domain);
		args[1] = CMD(io_socket, type) | CMD(io_socket, flags);
		args[2] = CMD(io_socket, protocol);
	} else {
		r->has_file = 1;
		args[0] = BPF_CORE_READ((struct io_kiocb *)req, cqe.fd);
		read_file(req, op, args);
		if (op == OP_SEND || op == OP_SEND_ZC || op == OP_SENDMSG || op == OP_SENDMSG_ZC)
			read_address(req, r);
	}
}

/* A frame of its own, which is gone when the record is made: 512 bytes are all that a chain of calls has. */
static __noinline void read_request(u64 req, u32 nr, struct request *r)
{
	__builtin_memset(&r->call, 0, sizeof(r->call));
	r->call.nr = nr;
	r->call.abi = NUNCHI_ABI_IO_URING;
	r->names.text[0][0] = r->names.text[1][0] = 0;
	r->names.cut[0] = r->names.cut[1] = r->names.address = 0;
	r->has_file = 0;
	r->quiet = !!(BPF_CORE_READ((struct io_kiocb *)req, flags) & REQ_F_CQE_SKIP);
	if (r->quiet)
		r->call.layout = NUNCHI_LAYOUT_NO_FD;	/* which fd it will be is not known */
	read_arguments(req, BPF_CORE_READ((struct io_kiocb *)req, opcode), r);
}

static __always_inline void tell(struct task_struct *task, struct identity *id, u64 req,
				 const struct request *r, s64 res, u16 flags)
{
	enum nunchi_mode mode = identity_mode(id);
	u64 file = r->has_file ? (u64)BPF_CORE_READ((struct io_kiocb *)req, file) : 0;

	if (mode != NUNCHI_MODE_NONE && account_seen(id->slot, mode))
		call_record_other(task, id, &r->call, res, flags, file, (u64)&r->names);
}

static __always_inline int submitted(u64 req)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u8 op = BPF_CORE_READ((struct io_kiocb *)req, opcode);
	u32 nr = uring_calls[op & (NUNCHI_URING_MAX - 1)];
	struct identity *id;
	struct request *r;
	struct scratch *s;
	bool kept;

	if (!nr)
		return 0;
	nr = (nr - 1) & (NUNCHI_CALLS_MAX - 1);
	barrier_var(nr);
	if (nr >= NUNCHI_CALLS_MAX || !(wanted[nr] & NUNCHI_WANT_EVENT))
		return 0;
	id = identity_get(task);
	if (!id || identity_mode(id) == NUNCHI_MODE_NONE)
		return 0;
	s = scratch_get();	/* room for it, no more */
	if (!s) {
		count(counts[NUNCHI_COUNT_URING]);
		return 0;
	}
	r = (void *)s->data;
	r->tgid = task->tgid;
	r->op = op;
	read_request(req, nr, r);
	kept = !bpf_map_update_elem(&requests, &req, r, BPF_ANY);
	if (!kept)
		count(counts[NUNCHI_COUNT_URING]);
	/* Of one that cannot be remembered the beginning is told: whoever has many under way hides no other. */
	if (r->quiet || !kept)
		tell(task, id, req, r, r->quiet ? 0 : NUNCHI_RET_ENTRY, r->quiet ? 0 : NUNCHI_F_ENTRY);
	scratch_put(s);
	return 0;
}

static __always_inline bool has_address(u8 op)
{
	return op == OP_BIND || op == OP_CONNECT || op == OP_SENDMSG || op == OP_SENDMSG_ZC || op == OP_SEND ||
	       op == OP_SEND_ZC;
}

/* A request is begun with. */
SEC("fentry/io_issue_sqe")
int BPF_PROG(copied_request, struct io_kiocb *req)
{
	struct identity *id;
	u64 key = (u64)req;

	if (!has_address(req->opcode) || !bpf_map_lookup_elem(&requests, &key))
		return 0;
	id = identity_get(bpf_get_current_task_btf());
	if (id)
		id->request = key;
	return 0;
}

/* It waits, or is over: what the task does from here on is another's. By then the request can be gone. */
SEC("fexit/io_issue_sqe")
int BPF_PROG(copied_request_left)
{
	struct identity *id = bpf_task_storage_get(&identities, bpf_get_current_task_btf(), 0, 0);

	if (id && id->request)
		id->request = 0;
	return 0;
}

/* Until 6.2 the hook of the same place had another name. */
SEC("raw_tp/io_uring_submit_req")
int uring_submit_req(struct bpf_raw_tracepoint_args *ctx)
{
	return submitted(ctx->args[0]);
}

SEC("raw_tp/io_uring_submit_sqe")
int uring_submit_sqe(struct bpf_raw_tracepoint_args *ctx)
{
	return submitted(ctx->args[0]);
}

/* Where the kernel preempts at tracepoints; see sched.bpf.c. */
SEC("tracepoint/io_uring/io_uring_submit_req")
int uring_submit_perf(struct trace_event_raw_io_uring_submit_req *ctx)
{
	return submitted((u64)ctx->req);
}

static __always_inline int completed(u64 req)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct identity *id;
	struct request *r;
	s32 res;

	r = req ? bpf_map_lookup_elem(&requests, &req) : 0;
	if (!r)
		return 0;
	res = BPF_CORE_READ((struct io_kiocb *)req, cqe.res);
	if (r->quiet && (r->tgid != (u32)task->tgid || r->op != BPF_CORE_READ((struct io_kiocb *)req, opcode))) {
		/* That one has succeeded; this is another in its place, which nobody wants. */
	} else if (r->tgid != (u32)task->tgid) {
		count(counts[NUNCHI_COUNT_URING]);	/* cancelled after its process */
	} else if (!r->quiet || res < 0) {
		id = identity_get(task);
		if (id)
			tell(task, id, req, r, res, 0);
	}
	bpf_map_delete_elem(&requests, &req);
	return 0;
}

SEC("raw_tp/io_uring_complete")
int uring_complete(struct bpf_raw_tracepoint_args *ctx)
{
	return completed(ctx->args[1]);
}

SEC("tracepoint/io_uring/io_uring_complete")
int uring_complete_perf(struct trace_event_raw_io_uring_complete *ctx)
{
	return completed((u64)ctx->req);
}
