/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The parts of a walk along a path: its steps, what is recorded of the file at its beginning, where it ends, and
 * where the running task's own paths begin. blob.bpf.c does the walk.
 */
#pragma once

#include "cast.h"
#include "blob.h"

/*
 * Without casts the beginning of a struct is read in one go: reading 64 bytes costs as much as reading 8. The offsets
 * are constants once the object is loaded; a field that is further back on some kernel is read by itself.
 */
#define HEAD_BYTES 64
#define HEAD_FIELD(bytes, addr, type, field, to)                                               \
	({                                                                                     \
		if (bpf_core_field_offset(type, field) + sizeof(to) <= HEAD_BYTES)             \
			__builtin_memcpy(&(to), (bytes) + bpf_core_field_offset(type, field),  \
					 sizeof(to));                                          \
		else                                                                           \
			bpf_core_read(&(to), sizeof(to), &((type *)(addr))->field);            \
	})

#define SHORT_NAME 32	/* every kernel has room for that in the dentry itself */

/* The field with short names, which was renamed in 6.14. */
struct dentry___iname {
	unsigned char d_iname[SHORT_NAME];
} __attribute__((preserve_access_index));

union shortname_store {
	unsigned char string[SHORT_NAME];
} __attribute__((preserve_access_index));

struct dentry___shortname {
	union shortname_store d_shortname;
} __attribute__((preserve_access_index));

/*
 * Copies the short name of a dentry, with a NUL, to data, without a call. Returns the number of bytes; 0: the name is
 * long, or is being changed at the moment.
 */
static __always_inline u32 short_name(u64 addr, u8 *data)
{
	u32 at = bpf_core_field_exists(((struct dentry___shortname *)0)->d_shortname) ?
			 bpf_core_field_offset(struct dentry___shortname, d_shortname) :
			 bpf_core_field_offset(struct dentry___iname, d_iname);
	struct dentry *dentry = CAST(struct dentry, addr);
	u32 seq = dentry->d_seq.seqcount.sequence, len = dentry->d_name.len;
	u64 *words = (void *)dentry + at;

	if (seq & 1 || len >= SHORT_NAME || (u64)dentry->d_name.name != addr + at)
		return 0;
	((u64 *)data)[0] = words[0];
	((u64 *)data)[1] = words[1];
	if (len >= 2 * sizeof(u64)) {	/* each word that is read is checked by ten instructions: most names have few */
		((u64 *)data)[2] = words[2];
		((u64 *)data)[3] = words[3];
	}
	data[len] = 0;
	barrier();
	return dentry->d_seq.seqcount.sequence == seq ? len + 1 : 0;
}

/*
 * Reads where a dentry's parent is, and its name, with a NUL, to data. Returns the number of bytes; not above 0: it cannot be read.
 */
static __always_inline long dentry_read(struct walk *w, u64 dentry, u8 *data, u64 *ret_parent, bool typed)
{
	u8 head[HEAD_BYTES];
	u32 n;

	if (typed) {
		*ret_parent = (u64)TYPED(struct dentry, dentry, d_parent);
		n = short_name(dentry, data);
		if (likely(n))
			return n;
		w->name = (u64)TYPED(struct dentry, dentry, d_name.name);
	} else {
		if (bpf_probe_read_kernel(head, sizeof(head), (void *)dentry))
			return 0;
		HEAD_FIELD(head, dentry, struct dentry, d_parent, w->parent);
		HEAD_FIELD(head, dentry, struct dentry, d_name.name, w->name);
		*ret_parent = w->parent;
	}
	return bpf_probe_read_kernel_str(data, 256, (void *)w->name);
}

/* One step of a walk: a name; or, at the root of a mount, up to where it is mounted. 1 ends it. */
static __always_inline long walk_on(struct scratch *s, bool typed)
{
	struct walk *w = &s->walk;
	u64 dentry = w->dentry, parent;
	u32 pos, len;
	long n;

	if (dentry == w->root_dentry && w->mnt == w->root_mnt)
		return 1;
	if (dentry == w->mnt_root)
		return walk_up(w);
	pos = w->pos;
	len = w->len;
	if (pos > LAST_POS + sizeof(struct nunchi_blob))
		return 1;
	if (len > DATA_MAX) {
		w->flags |= NUNCHI_BLOB_TRUNCATED;
		return 1;
	}
	n = dentry_read(w, dentry, &s->data[pos + len], &parent, typed);
	if (n <= 0 || n > 256)
		return 1;
	s->names_at[s->n_names++ & (NUNCHI_COMPONENTS_MAX - 1)] = len;
	w->len = len + n;
	if (dentry == parent)
		return 1;
	w->dentry = parent;
	return 0;
}

/*
 * The last function of the longest chain of calls, so there is nothing on its stack but the 64 bytes. With casts
 * walk_typed() is used instead.
 */
static long walk_step(u32 i, struct scratch **ctx)
{
	return walk_on(*ctx, false);
}

static long walk_step_typed(u32 i, struct scratch **ctx)
{
	return walk_on(*ctx, true);
}

/* Most paths are not longer. They are walked without a call for each step, which would cost as much as the step. */
#define WALK_INLINE 8

/*
 * Returns whether the walk has reached its end. The backward jump is written by hand: the verifier of 6.1 rejects a
 * loop whose beginning is also reached by falling into it from its end, which compilers like to generate.
 */
static __always_inline bool walk_typed(struct scratch *s)
{
	u64 left = WALK_INLINE;

again:
	if (walk_on(s, true))
		return true;
	left--;
	asm volatile goto("if %[left] != 0 goto %l[again]" : : [left] "r"(left) : : again);
	return bpf_loop(NUNCHI_COMPONENTS_MAX - WALK_INLINE, walk_step_typed, &s, 0) <
	       NUNCHI_COMPONENTS_MAX - WALK_INLINE;
}

/* Whether a file of an overlay is in its upper layer: the upper dentry follows the inode in struct ovl_inode. */
static __always_inline bool is_upper(u64 inode)
{
	struct dentry *upper = 0;

	bpf_probe_read_kernel(&upper, sizeof(upper), (void *)inode + bpf_core_type_size(struct inode));
	return upper && BPF_CORE_READ(upper, d_inode);
}

/* Completes what is recorded of the file itself. Returns its NUNCHI_BLOB_* flags. */
static __always_inline u32 facts_end(struct nunchi_file *file, u64 inode, u16 mode, u64 ino, u64 hashed)
{
	u32 flags = hashed ? 0 : NUNCHI_BLOB_DELETED;

	file->ino = ino;
	file->mode = mode;
	file->opened = 0;
	if (file->magic == OVERLAYFS_SUPER_MAGIC && is_upper(inode))
		flags |= NUNCHI_BLOB_UPPER;
	return flags;
}

static __always_inline u32 facts_typed(struct nunchi_file *file, u64 dentry)
{
	u64 inode = (u64)TYPED(struct dentry, dentry, d_inode);
	u64 sb = (u64)TYPED(struct inode, inode, i_sb);

	file->dev = TYPED(struct super_block, sb, s_dev);
	file->magic = TYPED(struct super_block, sb, s_magic);
	return facts_end(file, inode, TYPED(struct inode, inode, i_mode), TYPED(struct inode, inode, i_ino),
			 (u64)TYPED(struct dentry, dentry, d_hash.pprev));
}

/* A function so that its 64 bytes are not on the stack of the longest chain of calls. */
static __noinline u32 facts_read(struct nunchi_file *file, u64 dentry)
{
	u64 inode = 0, sb = 0, ino = 0, pprev = 0;
	u8 head[HEAD_BYTES];
	u16 mode = 0;

	if (!file)
		return 0;
	bpf_probe_read_kernel(head, sizeof(head), (void *)dentry);
	HEAD_FIELD(head, dentry, struct dentry, d_inode, inode);
	HEAD_FIELD(head, dentry, struct dentry, d_hash.pprev, pprev);
	bpf_probe_read_kernel(head, sizeof(head), (void *)inode);
	HEAD_FIELD(head, inode, struct inode, i_mode, mode);
	HEAD_FIELD(head, inode, struct inode, i_sb, sb);
	HEAD_FIELD(head, inode, struct inode, i_ino, ino);
	file->dev = BPF_CORE_READ((struct super_block *)sb, s_dev);
	file->magic = BPF_CORE_READ((struct super_block *)sb, s_magic);
	return facts_end(file, inode, mode, ino, pprev);
}

/*
 * Where a walk ends: at the first mount of the task's namespace, or one mount below, at the task's root directory where that has
 * been put in the place of that one, as in a container; in a chroot it is not asked for. What is the running task's own is read
 * twice: typed, and where that cannot be by pointers that the verifier follows, which it takes no helper for (see head_typed()).
 */
static __always_inline void ends_typed(struct scratch *s, struct walk *ret)
{
	u64 fs = (u64)TYPED(struct task_struct, s->task, fs), mnt = (u64)TYPED(struct fs_struct, fs, root.mnt), m;
	u64 ns = (u64)TYPED(struct nsproxy, TYPED(struct task_struct, s->task, nsproxy), mnt_ns);

	ret->top = (u64)TYPED(struct mnt_namespace, ns, root);
	ret->event = TYPED(struct mnt_namespace, ns, event);
	ret->root_mnt = 0;
	ret->root_dentry = (u64)TYPED(struct fs_struct, fs, root.dentry);
	m = mnt - bpf_core_field_offset(struct mount, mnt);
	if (likely((u64)TYPED(struct vfsmount, mnt, mnt_root) == ret->root_dentry &&
		   (u64)TYPED(struct mount, m, mnt_parent) == ret->top &&
		   TYPED(struct mount, m, mnt_mountpoint) == TYPED(struct mount, ret->top, mnt.mnt_root)))
		ret->root_mnt = mnt;
}

static __always_inline void ends_follow(struct walk *ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mnt_namespace *ns = task->nsproxy->mnt_ns;
	struct mount *top = ns->root;
	struct vfsmount *root = task->fs->root.mnt;
	u64 m = (u64)root - bpf_core_field_offset(struct mount, mnt), over = (u64)top->mnt.mnt_root;

	ret->top = (u64)top;
	ret->event = ns->event;
	ret->root_mnt = 0;
	ret->root_dentry = (u64)task->fs->root.dentry;
	if (unlikely((u64)root->mnt_root != ret->root_dentry))
		return;
	/* The two are adjacent; if they were not, the walk would only continue to the top. */
	bpf_probe_read_kernel(&ret->parent, 2 * sizeof(u64), (void *)m + bpf_core_field_offset(struct mount, mnt_parent));
	if (likely(ret->parent == ret->top && ret->name == over))
		ret->root_mnt = (u64)root;
}

/* Reads the task's root directory. Returns whether other tasks share it, or have done so. */
static __always_inline bool root_read(struct scratch *s, struct walk *ret)
{
	struct task_struct *task;
	u64 fs;

	if (has_casts) {
		fs = (u64)TYPED(struct task_struct, s->task, fs);
		ret->mnt = (u64)TYPED(struct fs_struct, fs, root.mnt);
		ret->dentry = (u64)TYPED(struct fs_struct, fs, root.dentry);
		return s->shared || TYPED(struct fs_struct, fs, users) > 1;
	}
	task = bpf_get_current_task_btf();
	ret->mnt = (u64)task->fs->root.mnt;
	ret->dentry = (u64)task->fs->root.dentry;
	return s->shared || task->fs->users > 1;
}

/* And its working directory. */
static __always_inline bool cwd_read(struct scratch *s, struct walk *ret)
{
	struct task_struct *task;
	u64 fs;

	if (has_casts) {
		fs = (u64)TYPED(struct task_struct, s->task, fs);
		ret->mnt = (u64)TYPED(struct fs_struct, fs, pwd.mnt);
		ret->dentry = (u64)TYPED(struct fs_struct, fs, pwd.dentry);
		return s->shared || TYPED(struct fs_struct, fs, users) > 1;
	}
	task = bpf_get_current_task_btf();
	ret->mnt = (u64)task->fs->pwd.mnt;
	ret->dentry = (u64)task->fs->pwd.dentry;
	return s->shared || task->fs->users > 1;
}
