/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Appending to a record. These are global functions, which the verifier checks once each however
 * often they are called. All return 0; what did not fit is marked in the record's head.
 */
#pragma once

#include "state.h"

/* type and arg of a blob in one word. */
#define BLOB(type, arg) ((u32)(type) | (u32)(arg) << 8)

int blob_user_str(struct scratch *s, u64 ptr, u32 blob);
int blob_user_bytes(struct scratch *s, u64 ptr, u32 len, u32 full, u32 blob);
int blob_kernel_str(struct scratch *s, u64 ptr, u32 blob);
int blob_user_strv(struct scratch *s, u64 ptr, u32 blob);
/* The running task's argv, as its memory has it. */
int blob_argv(struct scratch *s);
/* The directory or file dentry on the mount mnt, with its path up to the running task's root. */
int blob_path(struct scratch *s, u64 mnt, u64 dentry, u32 blob);
/* What an fd of the running task is: a FILE, or a SOCK. */
int blob_fd(struct scratch *s, u32 fd, u32 arg);
/* The running task's working directory. */
int blob_cwd(struct scratch *s, u32 blob);
int blob_file(struct scratch *s, u64 file, u32 blob);
/* A cgroup's path. */
int blob_cgroup(struct scratch *s, u64 kn);
/* Every argument of the call in the record, as its specs row says, and the returned fd. */
int blob_call(struct scratch *s);

/* A task's name. comm: 16 bytes, the kernel's or of a map. */
static __always_inline void blob_comm(struct scratch *s, const char *comm, u32 blob)
{
	u32 pos = s->pos;
	struct nunchi_blob *b;
	long n;

	if (pos > NUNCHI_RECORD_MAX)
		return;
	b = (void *)&s->data[pos];
	__builtin_memset(b, 0, sizeof(*b) + 16);
	n = bpf_probe_read_kernel_str(b + 1, 16, comm);
	b->type = blob;
	b->len = b->full = n > 0 ? n - 1 : 0;
	s->pos = pos + sizeof(*b) + (b->len > 8 ? 16 : b->len ? 8 : 0);
}
