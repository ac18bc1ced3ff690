/* SPDX-License-Identifier: Apache-2.0 */
/* What io_uring does, as the system calls that do the same. */
#include "syscalls.h"

#include <linux/io_uring.h>

/* Newer than Debian 12's headers. */
#define OP_READ_MULTISHOT 49
#define OP_FIXED_FD_INSTALL 54
#define OP_FTRUNCATE 55
#define OP_BIND 56
#define OP_LISTEN 57
#define OP_RECV_ZC 58
#define OP_READV_FIXED 60
#define OP_WRITEV_FIXED 61
#define OP_PIPE 62

static const char *const names[NUNCHI_URING_MAX] = {
	[IORING_OP_READV] = "readv",
	[IORING_OP_WRITEV] = "writev",
	[IORING_OP_FSYNC] = "fsync",
	[IORING_OP_READ_FIXED] = "read",
	[IORING_OP_WRITE_FIXED] = "write",
	[IORING_OP_SYNC_FILE_RANGE] = "sync_file_range",
	[IORING_OP_SENDMSG] = "sendmsg",
	[IORING_OP_RECVMSG] = "recvmsg",
	[IORING_OP_ACCEPT] = "accept4",
	[IORING_OP_CONNECT] = "connect",
	[IORING_OP_FALLOCATE] = "fallocate",
	[IORING_OP_OPENAT] = "openat",
	[IORING_OP_CLOSE] = "close",
	[IORING_OP_STATX] = "statx",
	[IORING_OP_READ] = "read",
	[IORING_OP_WRITE] = "write",
	[IORING_OP_FADVISE] = "fadvise64",
	[IORING_OP_MADVISE] = "madvise",
	[IORING_OP_SEND] = "sendto",
	[IORING_OP_RECV] = "recvfrom",
	[IORING_OP_OPENAT2] = "openat",	/* of the two the one whose arguments a request has */
	[IORING_OP_EPOLL_CTL] = "epoll_ctl",
	[IORING_OP_SPLICE] = "splice",
	[IORING_OP_TEE] = "tee",
	[IORING_OP_SHUTDOWN] = "shutdown",
	[IORING_OP_RENAMEAT] = "renameat2",
	[IORING_OP_UNLINKAT] = "unlinkat",
	[IORING_OP_MKDIRAT] = "mkdirat",
	[IORING_OP_SYMLINKAT] = "symlinkat",
	[IORING_OP_LINKAT] = "linkat",
	[IORING_OP_FSETXATTR] = "fsetxattr",
	[IORING_OP_SETXATTR] = "setxattr",
	[IORING_OP_FGETXATTR] = "fgetxattr",
	[IORING_OP_GETXATTR] = "getxattr",
	[IORING_OP_SOCKET] = "socket",
	[IORING_OP_SEND_ZC] = "sendto",
	[IORING_OP_SENDMSG_ZC] = "sendmsg",
	[OP_READ_MULTISHOT] = "read",
	[OP_FIXED_FD_INSTALL] = "dup",	/* of one of the ring's own files */
	[OP_FTRUNCATE] = "ftruncate",
	[OP_BIND] = "bind",
	[OP_LISTEN] = "listen",
	[OP_RECV_ZC] = "recvfrom",
	[OP_READV_FIXED] = "readv",
	[OP_WRITEV_FIXED] = "writev",
	[OP_PIPE] = "pipe2",
};

void syscall_uring_calls(uint16_t calls[NUNCHI_URING_MAX])
{
	for (unsigned op = 0; op < NUNCHI_URING_MAX; op++) {
		const struct syscall_info *call =
			names[op] ? syscall_by_name(names[op], strlen(names[op])) : NULL;

		calls[op] = call ? (uint16_t)(syscall_nr(call) + 1) : 0;
	}
}
