/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The arguments of an io_uring request, as those of the equivalent system call. It is read when the kernel has taken
 * it from the ring: names are the kernel's own copies.
 */
#pragma once

#include "uring.h"

#define SPLICE_F_FD_IN_FIXED (1U << 31)
#define ACCEPT_MULTISHOT 1
#define RECV_MULTISHOT 2

/* The operations, as the UAPI numbers them. */
enum {
	OP_READV = 1, OP_WRITEV = 2, OP_FSYNC = 3, OP_READ_FIXED = 4, OP_WRITE_FIXED = 5,
	OP_SYNC_FILE_RANGE = 8, OP_SENDMSG = 9, OP_RECVMSG = 10, OP_ACCEPT = 13, OP_CONNECT = 16,
	OP_FALLOCATE = 17, OP_OPENAT = 18, OP_CLOSE = 19, OP_STATX = 21, OP_READ = 22, OP_WRITE = 23,
	OP_FADVISE = 24, OP_MADVISE = 25, OP_SEND = 26, OP_RECV = 27, OP_OPENAT2 = 28, OP_EPOLL_CTL = 29,
	OP_SPLICE = 30, OP_TEE = 33, OP_SHUTDOWN = 34, OP_RENAMEAT = 35, OP_UNLINKAT = 36,
	OP_MKDIRAT = 37, OP_SYMLINKAT = 38, OP_LINKAT = 39, OP_FSETXATTR = 41, OP_SETXATTR = 42,
	OP_FGETXATTR = 43, OP_GETXATTR = 44, OP_SOCKET = 45, OP_SEND_ZC = 47, OP_SENDMSG_ZC = 48,
	OP_READ_MULTISHOT = 49, OP_FTRUNCATE = 55, OP_BIND = 56, OP_LISTEN = 57, OP_RECV_ZC = 58,
	OP_READV_FIXED = 60, OP_WRITEV_FIXED = 61, OP_PIPE = 62,
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
	int iou_flags;
	u32 file_slot;
};

struct io_connect {
	void *addr;
	int addr_len;
};

struct io_sr_msg {
	void *umsg;
	int len;
	unsigned int msg_flags;
	u16 flags;
	u16 addr_len;
	void *addr;
};

struct io_bind {
	int addr_len;
};

/* Before 6.9, where it is only allocated when it is needed. */
struct io_async_connect {
};

/* The part of struct io_async_msghdr that is used for sends. */
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

struct io_sync {
	s64 len;
	s64 off;
	int flags;
	int mode;
};

struct io_fadvise {
	u64 offset;
	u64 len;	/* of 32 bits until 6.10 */
	u32 advice;
};

struct io_madvise {
	u64 addr;
	u64 len;	/* as that */
	u32 advice;
};

struct io_epoll {
	int epfd;
	int op;
	int fd;
};

struct io_splice {
	s64 off_out;
	s64 off_in;
	u64 len;
	int splice_fd_in;
	unsigned int flags;
};

struct xattr_name;	/* is a text */

/* The struct's name has changed; its place says what it is. */
struct xattr_ctx {
	void *value;
	u64 size;
	struct xattr_name *kname;
	unsigned int flags;
};

struct io_xattr {
	struct xattr_ctx ctx;
	struct filename *filename;
};

/* 6.16 */
struct io_pipe {
	int *fds;
	int flags;
	int file_slot;
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

struct io_xattr___delayed {
	struct delayed_filename filename;
};

struct io_link___delayed {
	struct delayed_filename oldpath;
	struct delayed_filename newpath;
};

#pragma clang attribute pop

/* Not every kernel has the newest operations (6.9, 6.11). */
#define CMD(type, field) BPF_CORE_READ((struct type *)req, field)
#define CMD_WORD(type, field)                                                                      \
	(bpf_core_field_size(((struct type *)0)->field) == 4 ? (u32)CMD(type, field) : CMD(type, field))
#define NAME(number, type, field)                                                                  \
	name_take(r, number,                                                                       \
		  bpf_core_field_exists(((struct type *)0)->field) ?                               \
			  (u64)CMD(type, field) :                                                  \
			  (u64)CMD(type##___delayed, field.__incomplete_filename))

/* Copies a text that the kernel has copied: user memory may say something else by the end. */
static __always_inline u64 text_take(struct request *r, u32 number, const char *text)
{
	u32 i = (number - 1) & 1;
	long n = bpf_probe_read_kernel_str(r->names.text[i], sizeof(r->names.text[i]), text);

	if (n <= 0)
		return 0;
	r->names.cut[i] = n == sizeof(r->names.text[i]);
	return number;
}

static __always_inline u64 name_take(struct request *r, u32 number, u64 filename)
{
	return text_take(r, number, BPF_CORE_READ((struct filename *)filename, name));
}

/* The extended attribute of a request; its name's number follows that of the file's name, if there is one. */
static __always_inline void xattr_take(u64 req, struct request *r, u32 number, bool sets)
{
	u64 *args = r->call.args;

	args[1] = text_take(r, number, (const char *)CMD(io_xattr, ctx.kname));
	args[2] = (u64)CMD(io_xattr, ctx.value);
	args[3] = CMD(io_xattr, ctx.size);
	if (sets)
		args[4] = CMD(io_xattr, ctx.flags);
}

/* Operations that name files. False: it is none of these. */
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
	case OP_SETXATTR:
	case OP_GETXATTR:
		args[0] = NAME(1, io_xattr, filename);
		xattr_take(req, r, 2, op == OP_SETXATTR);
		return true;
	default:
		return false;
	}
}

/* Operations on the request's own file, which is argument 0. */
static __always_inline void read_file(u64 req, u8 op, struct request *r)
{
	u64 *args = r->call.args;

	switch (op) {
	case OP_READ:
	case OP_WRITE:
	case OP_READV:
	case OP_WRITEV:
	case OP_READ_FIXED:
	case OP_WRITE_FIXED:
	case OP_READV_FIXED:
	case OP_WRITEV_FIXED:
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
	case OP_FALLOCATE:
		args[1] = CMD(io_sync, mode);
		args[2] = CMD(io_sync, off);
		args[3] = CMD(io_sync, len);
		break;
	case OP_SYNC_FILE_RANGE:
		args[1] = CMD(io_sync, off);
		args[2] = CMD(io_sync, len);
		args[3] = CMD(io_sync, flags);
		break;
	case OP_FADVISE:
		args[1] = CMD(io_fadvise, offset);
		args[2] = CMD_WORD(io_fadvise, len);
		args[3] = CMD(io_fadvise, advice);
		break;
	case OP_FSETXATTR:
	case OP_FGETXATTR:
		xattr_take(req, r, 1, op == OP_FSETXATTR);
		break;
	}
}

/* Operations on fds whose first is not the request's own file. False: it is none of these. */
static __always_inline bool read_fds(u64 req, u8 op, u64 *args)
{
	bool fixed = BPF_CORE_READ((struct io_kiocb *)req, flags) & REQ_F_FIXED_FILE;
	u64 in, out;

	switch (op) {
	case OP_SPLICE:
	case OP_TEE:
		in = CMD(io_splice, flags) & SPLICE_F_FD_IN_FIXED ? -1 : CMD(io_splice, splice_fd_in);
		out = fixed ? -1 : BPF_CORE_READ((struct io_kiocb *)req, cqe.fd);
		args[0] = in;
		args[op == OP_TEE ? 1 : 2] = out;
		args[op == OP_TEE ? 2 : 4] = CMD(io_splice, len);
		args[op == OP_TEE ? 3 : 5] = CMD(io_splice, flags) & ~SPLICE_F_FD_IN_FIXED;
		return true;
	case OP_EPOLL_CTL:
		args[0] = CMD(io_epoll, epfd);
		args[1] = CMD(io_epoll, op);
		args[2] = CMD(io_epoll, fd);
		return true;
	default:
		return false;
	}
}

/* Operations on no existing file. False: it is none of these. */
static __always_inline bool read_other(u64 req, u8 op, u64 *args)
{
	switch (op) {
	case OP_CLOSE:
		args[0] = CMD(io_close, file_slot) ? -1 : CMD(io_close, fd);	/* a slot of the ring's own files is not an fd */
		return true;
	case OP_SOCKET:
		args[0] = CMD(io_socket, domain);
		args[1] = CMD(io_socket, type) | CMD(io_socket, flags);
		args[2] = CMD(io_socket, protocol);
		return true;
	case OP_MADVISE:
		args[0] = CMD(io_madvise, addr);
		args[1] = CMD_WORD(io_madvise, len);
		args[2] = CMD(io_madvise, advice);
		return true;
	case OP_PIPE:
		if (bpf_core_type_exists(struct io_pipe)) {
			args[0] = CMD(io_pipe, file_slot) ? 0 : (u64)CMD(io_pipe, fds);
			args[1] = CMD(io_pipe, flags);
		}
		return true;
	default:
		return false;
	}
}

/*
 * The address of a send, if the kernel has copied it by now. It has those of connect and bind as well, but in 6.18 at
 * a place that belongs to something else.
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

/* The number, from 1, of the one of the ring's own files that the result is to be; 0: it is an fd. */
static __always_inline u32 goes_to_slot(u64 req, u8 op)
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
		return 0;
	}
}

#define SLOT_ANY ~0U	/* a free one, which the result tells */
#define FILE_FLAGS 7UL

/* One of the ring's own files, as a number. Whoever has the ring can have exchanged it. 0: none. */
static __always_inline u64 own_file(u64 req, u64 index)
{
	struct io_ring_ctx *ctx = (struct io_ring_ctx *)BPF_CORE_READ((struct io_kiocb *)req, ctx);
	struct io_rsrc_node *node = 0;
	u64 file = 0;

	if (bpf_core_field_exists(ctx->file_table.files)) {
		bpf_probe_read_kernel(&file, sizeof(file), (void *)BPF_CORE_READ(ctx, file_table.files) +
				      index * bpf_core_type_size(struct io_fixed_file));
	} else {
		bpf_probe_read_kernel(&node, sizeof(node), BPF_CORE_READ(ctx, file_table.data.nodes) + index);
		file = BPF_CORE_READ(node, file_ptr);
	}
	return file & ~FILE_FLAGS;
}

/* That of them which a request has made. */
static __always_inline u64 file_made(u64 req, u8 op, s64 res)
{
	u32 slot = goes_to_slot(req, op);

	return slot ? own_file(req, slot == SLOT_ANY ? (u64)res : slot - 1) : 0;
}

/* That of them which a request reads from, if that is not its own file. */
static __always_inline u64 file_read(u64 req, u8 op)
{
	if ((op != OP_SPLICE && op != OP_TEE) || !(CMD(io_splice, flags) & SPLICE_F_FD_IN_FIXED))
		return 0;
	return own_file(req, (u32)CMD(io_splice, splice_fd_in));
}

static __always_inline void read_arguments(u64 req, u8 op, struct request *r)
{
	u64 *args = r->call.args;

	if (goes_to_slot(req, op))
		r->call.layout |= NUNCHI_LAYOUT_NO_FD;
	if (read_name(req, op, r) || read_fds(req, op, args) || read_other(req, op, args))
		return;
	r->has_file = 1;
	args[0] = BPF_CORE_READ((struct io_kiocb *)req, cqe.fd);
	read_file(req, op, r);
	if (op == OP_SEND || op == OP_SEND_ZC || op == OP_SENDMSG || op == OP_SENDMSG_ZC)
		read_address(req, r);
}

/* Whether the request can have many results. Before 6.10 an accept does not say so. */
static __always_inline bool has_many(u64 req, u8 op)
{
	switch (op) {
	case OP_ACCEPT:
		return !bpf_core_field_exists(((struct io_accept *)0)->iou_flags) ||
		       CMD(io_accept, iou_flags) & ACCEPT_MULTISHOT;
	case OP_READ_MULTISHOT:
	case OP_RECV_ZC:
		return true;
	case OP_RECV:
	case OP_RECVMSG:
		return CMD(io_sr_msg, flags) & RECV_MULTISHOT;
	default:
		return false;
	}
}

/*
 * The same for a request that is complete, as far as its success says more than its beginning: what was opened, and who is
 * at the other end. The names and the number of its own file are gone. False: it is no such request.
 */
static __noinline __attribute__((unused)) bool read_complete(u64 req, u32 nr, struct request *r)
{
	u8 op = BPF_CORE_READ((struct io_kiocb *)req, opcode);
	u64 *args = r->call.args;

	__builtin_memset(&r->call, 0, sizeof(r->call));
	r->call.nr = nr;
	r->call.abi = NUNCHI_ABI_IO_URING;
	r->names.text[0][0] = r->names.text[1][0] = 0;
	r->names.cut[0] = r->names.cut[1] = r->names.address = 0;
	r->has_file = op == OP_ACCEPT || op == OP_CONNECT;
	r->quiet = 0;
	r->op = op;
	if (goes_to_slot(req, op))
		r->call.layout = NUNCHI_LAYOUT_NO_FD;
	args[0] = -1;
	if (op != OP_OPENAT && op != OP_OPENAT2)
		return r->has_file;
	args[0] = CMD(io_open, dfd);
	args[2] = CMD(io_open, how.flags) & ~(u64)O_LARGEFILE;
	args[3] = CMD(io_open, how.mode);
	return true;
}

/* A function so that its frame is gone when the record is made: a chain of calls has only 512 bytes of stack. */
static __noinline __attribute__((unused)) void read_request(u64 req, u32 nr, struct request *r)
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
	r->many = has_many(req, r->op);
	read_arguments(req, r->op, r);
}
