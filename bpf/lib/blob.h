/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Appending blobs to a record. These are global functions, which the verifier checks only once however often they are
 * called. All return 0 unless something else is said; what did not fit is marked in the record's head.
 */
#pragma once

#include "state.h"

#define DATA_MAX 4096		/* of one blob */
#define LAST_POS (NUNCHI_RECORD_MAX - DATA_MAX - 512)	/* where the last blob may begin */
#define FOUND NUNCHI_RECORD_MAX		/* offset in scratch: what user memory has in place of a copy */
#define SPARE (NUNCHI_RECORD_MAX + 4096)	/* offset in scratch: bytes that are only measured */

/* A field of a struct whose address is a number. cast.h, if included before, has a faster way. */
#ifndef FIELD
#define FIELD(type, addr, field) BPF_CORE_READ((type *)(addr), field)
#endif

/* type and arg of a blob in one word. */
#define BLOB(type, arg) ((u32)(type) | (u32)(arg) << 8)

int blob_user_bytes(struct scratch *s, u64 ptr, u32 len, u32 full, u32 blob);
int blob_kernel_str(struct scratch *s, u64 ptr, u32 blob);
int blob_user_strv(struct scratch *s, u64 ptr, u32 blob);
/* Two longs, recorded as two of 64 bits. */
int blob_longs(struct scratch *s, u64 ptr, u32 blob);
/* The running task's argv, from its memory. */
int blob_argv(struct scratch *s);
/*
 * The file or directory s->walk.dentry in s->walk.mnt, with its path from the first mount of the running task's
 * namespace.
 */
int blob_walk(struct scratch *s, u32 blob);
/* What an fd of the running task is, or, for argument 0, what s->file is: a FILE or a SOCK. */
int blob_fd(struct scratch *s, u32 fd, u32 arg);
/* The running task's working directory. */
int blob_cwd(struct scratch *s, u32 blob);
/*
 * Where the running task's absolute paths start, for the path in argument arg; nothing if that is its namespace's
 * root.
 */
int blob_start(struct scratch *s, u32 arg);
int blob_file(struct scratch *s, u64 file, u32 blob);
/*
 * For an image whose blob is at pos, if s->walk did not lead to the container's root through that one's own mount
 * alone: marks it if, without the mounts that were made in the container, it has another path or none.
 */
int blob_moved(struct scratch *s, u64 file, u32 pos);
/* Whether the last walk, from this mount, has led to this root through no other mount. */
static __always_inline bool is_plain(const struct scratch *s, u64 mnt, u64 root)
{
	const struct walk *w = &s->walk;

	return (w->below == mnt || !w->below) && (w->own_root == root || !root);
}

/* What the running task has after the exec of this file (traits.bpf.c). */
int blob_traits(struct scratch *s, u64 file);
enum interpreter { INTERPRETER_NONE, INTERPRETER_FOUND, INTERPRETER_UNKNOWN };

/*
 * Whether the first instruction that the running task will execute is in another file than its image: enum
 * interpreter. That file is then in s->walk.mnt and dentry.
 */
int interpreter_find(struct scratch *s);
/* Appends that file, if there is one, or that it is not known. */
int blob_interpreter(struct scratch *s);
/* The running task's environment, as its exec has set it. */
int blob_env(struct scratch *s);
/* A cgroup's path. */
int blob_cgroup(struct scratch *s, u64 kn);
/*
 * Finishes the record of a call: the rest of its head, if that was left; its arguments, as its row in specs says; the
 * returned fd. Then sends it, if it leaves the kernel (s->clauses: push.h). Returns whether it was sent.
 */
int call_finish(struct scratch *s);

/*
 * Argument arg of the running call as the kernel copied it. 1: there is a copy. user: the address from which it was
 * copied.
 */
int blob_copy(struct scratch *s, u64 user, u32 blob);

/* The address that a struct msghdr (with which struct mmsghdr begins) names, and its length. 0: it names none. */
static __always_inline u64 msghdr_name(u64 ptr, u32 pointer_size, u32 *ret_len)
{
	u64 name = 0;

	if (bpf_probe_read_user(&name, pointer_size, (void *)ptr) ||
	    bpf_probe_read_user(ret_len, sizeof(*ret_len), (void *)(ptr + pointer_size)))
		return 0;
	return name;
}

/* Of the caller's. */
static __always_inline u32 pointer_size(const struct nunchi_call *call)
{
	return call->layout & NUNCHI_LAYOUT_POINTERS32 ? sizeof(u32) : sizeof(u64);
}

/* Whether len bytes at two offsets of the record differ; both are padded with zeros to whole words. */
int data_differs(struct scratch *s, u32 one, u32 other, u32 len);

/* Goes from the root of a mount to where it is mounted. 1: it is the first mount of all, where a walk ends; else 0. */
static __always_inline long walk_up(struct walk *w)
{
	u64 m = w->mnt - bpf_core_field_offset(struct mount, mnt);
	u64 up = (u64)FIELD(struct mount, m, mnt_parent), mnt;

	if (up == m)
		return 1;
	w->below = w->mnt;
	w->dentry = (u64)FIELD(struct mount, m, mnt_mountpoint);
	mnt = up + bpf_core_field_offset(struct mount, mnt);
	w->mnt = mnt;
	w->mnt_root = (u64)FIELD(struct vfsmount, mnt, mnt_root);
	return 0;
}

/* Where the next blob begins. False: there is no record, or no room, which is then marked in the record's head. */
static __always_inline bool blob_begin(struct scratch *s, u32 *ret)
{
	if (!s)
		return false;
	*ret = s->pos;
	if (*ret <= LAST_POS)
		return true;
	s->head.flags |= NUNCHI_F_CUT;
	count(counts[NUNCHI_COUNT_CUT]);
	return false;
}

/* Zeroes the rest of the last eight bytes of data that ends at `end`. */
static __always_inline void blob_pad(struct scratch *s, u32 end)
{
	u64 *word = (u64 *)&s->data[end & ~7U & (sizeof(s->data) - 1)];

	*word &= (1ULL << ((end & 7) * 8)) - 1;
}

/* Ends the blob that began at pos with len bytes of data. */
static __always_inline void blob_end(struct scratch *s, u32 pos, u32 len, u32 full, u32 flags,
				     u32 blob)
{
	struct nunchi_blob *b;
	u32 end;

	if (pos > LAST_POS || len > DATA_MAX + 256)
		return;
	b = (void *)&s->data[pos];
	b->type = blob;
	b->arg = blob >> 8;
	b->flags = flags;
	b->len = len;
	b->full = full;
	b->pad = 0;
	if (unlikely(flags & NUNCHI_BLOB_UNREADABLE))
		count(counts[NUNCHI_COUNT_UNREADABLE]);
	/* Only the beginning of a buffer is wanted in any case. */
	if (unlikely(flags & NUNCHI_BLOB_TRUNCATED) && (u8)blob != NUNCHI_BLOB_BYTES)
		count(counts[NUNCHI_COUNT_TRUNCATED]);
	end = pos + sizeof(*b) + len;
	blob_pad(s, end);
	s->pos = (end + 7) & ~7U;
}

/* Sets flags of the blob that was appended at pos, if one was. */
static __always_inline void blob_mark(struct scratch *s, u32 pos, u32 flags)
{
	if (s->pos == pos)
		return;
	/* Older verifiers forget bounds when a register is spilled. */
	barrier_var(pos);
	if (pos <= LAST_POS)
		((struct nunchi_blob *)&s->data[pos])->flags |= flags;
}

/* A task's name. comm: 16 bytes, in the kernel's memory or a map. */
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
