/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A file's path as text, to be looked up: from the leaf up to the root of the container, which is
 * the top of its mounts, so that a chroot changes nothing. It is written from the end of the room
 * to its beginning. Of one that is longer than the room the end is let go, since a look-up is about its first
 * bytes; it cannot be read (block_read.h).
 */
#pragma once

#include "blob.h"
#include "record.h"
#include "mounted.h"

#define TEXT_END (BLOCK_TEXT_MAX - 1)	/* where its NUL stands */
#define TEXT_LOW 512	/* below this the next name might not fit */
#define TEXT_KEPT 300	/* of its beginning, when it is too long */

static __always_inline void text_shift(struct block_work *b, struct walk *w)
{
	u32 to = TEXT_END - TEXT_KEPT;

	bpf_probe_read_kernel(&b->text[to], TEXT_KEPT, &b->text[w->pos & (BLOCK_TEXT_MAX - 1)]);
	w->pos = to;
	w->len = 1;	/* where the leaf stood is lost: further than what is compared */
	w->flags = NUNCHI_BLOB_TRUNCATED;
}

/* A name and the slash before it, of which the NUL is counted, before what there is. */
static __always_inline u32 text_put(struct block_work *b, struct walk *w, u32 n)
{
	u32 len = n - 1, pos;

	if (w->pos < TEXT_LOW)
		text_shift(b, w);
	pos = (w->pos - len - 1) & (BLOCK_TEXT_MAX - 1);
	bpf_probe_read_kernel(&b->text[pos + 1], below(len, 256), b->name);
	b->text[pos] = '/';
	if (!w->len)
		w->len = pos;	/* the leaf's slash */
	w->pos = pos;
	return pos;
}

/* The path of what s->walk has as mnt (0: that within its file system) and dentry, into s->block.text. */
int block_walk(struct scratch *s);

/* Of s->leaf. */
static __always_inline void block_leaf(struct scratch *s)
{
	s->walk.mnt = s->leaf.mnt;
	s->walk.dentry = s->leaf.dentry;
	block_walk(s);
}

static __always_inline void leaf_set(struct scratch *s, const struct vfsmount *mnt, const struct dentry *dentry)
{
	s->leaf.mnt = (u64)mnt;
	s->leaf.dentry = (u64)dentry;
}

/* A struct file is the leaf. */
static __always_inline void leaf_of(struct scratch *s, u64 file)
{
	struct path path = { 0 };

	BPF_CORE_READ_INTO(&path, (struct file *)file, f_path);
	leaf_set(s, path.mnt, path.dentry);
}

/* Of a struct file, which is the leaf then. */
static __always_inline void block_path(struct scratch *s, u64 file)
{
	leaf_of(s, file);
	block_leaf(s);
}

#define PLACE_PROC 0x636f72702fULL	/* "/proc" as a little-endian number */
#define PLACE_SYS 0x7379732fULL	/* "/sys" */

/*
 * After that: whether it is of proc or sysfs, and may be mounted elsewhere than in /proc or /sys, be it below those. Then its path
 * there is made.
 */
static __always_inline bool block_misplaced(struct scratch *s, u64 magic)
{
	u64 place = magic == SYSFS_MAGIC ? PLACE_SYS : PLACE_PROC, first = 0;
	u32 len = magic == SYSFS_MAGIC ? 4 : 5, pos;
	struct block_work *b = &s->block;

	if (magic != PROC_SUPER_MAGIC && magic != SYSFS_MAGIC)
		return false;
	bpf_probe_read_kernel(&first, below(len + 1, 8), &b->text[s->walk.pos & (BLOCK_TEXT_MAX - 1)]);
	first ^= place;
	if ((!first || first == (u64)'/' << len * 8) && !mounted_anew(s->whose.slot, mounts_event()))
		return false;
	s->walk.mnt = s->walk.within = 0;
	s->walk.dentry = s->leaf.dentry;
	block_walk(s);
	pos = s->walk.pos - len;
	if (s->walk.len == TEXT_END - 1)	/* its root has no slash any more */
		s->walk.len = pos = TEXT_END - len;
	s->walk.pos = pos;
	bpf_probe_read_kernel(&b->text[pos & (BLOCK_TEXT_MAX - 1)], below(len, 8), &place);
	return true;
}

/* A component of s->place before what there is. 1 ends it. */
static long place_put_step(u32 i, struct scratch **ctx)
{
	struct scratch *s = *ctx;
	struct walk *w = &s->walk;
	u32 at = w->parent;	/* how far that is */
	long n;

	if (at >= s->place_len)
		return 1;
	n = bpf_probe_read_kernel_str(s->block.name, sizeof(s->block.name), &s->place[below(at, PLACE_MAX)]);
	if (n <= 1 || n > 256)
		return 1;
	text_put(&s->block, w, n);
	w->parent = at + n;
	return 0;
}

/* After that: whether what it lies below was mounted elsewhere when the container began, see blob_mounted(). Then its path there is made. */
static __noinline int block_mounted(struct scratch *s)
{
	struct mnt_namespace *ns = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), nsproxy, mnt_ns);
	u64 top;

	if (!s)
		return 0;
	top = (u64)BPF_CORE_READ(ns, root) + bpf_core_field_offset(struct mount, mnt);
	if (s->walk.mnt == top && !mounted_anew(s->whose.slot, BPF_CORE_READ(ns, event)))
		return 0;
	s->walk.dentry = s->leaf.dentry;
	if (!mounted_find(s, s->whose.slot, s->whose.generation))
		return 0;
	s->walk.mnt = 0;
	s->walk.dentry = s->leaf.dentry;
	block_walk(s);
	if (s->walk.len == TEXT_END - 1) {	/* its root has no slash any more */
		s->walk.pos = TEXT_END;
		s->walk.len = 0;
	}
	s->walk.parent = 0;
	bpf_loop(PLACE_MAX, place_put_step, &s, 0);
	return 1;
}

enum alias {
	ALIAS_NONE = 0,
	ALIAS_PATH,	/* it has another path, see blob_alias(), which is made */
	ALIAS_FOREIGN,	/* it lies in what the container has mounted itself, as a tmpfs, and has none but where it has put that */
};

/* What lies below no mount that the runtime has made, in that file system or another. Where nobody can say whose it is (cgroup programs), it is none. */
static __always_inline enum alias alias_elsewhere(struct scratch *s)
{
	if (block_mounted(s))
		return ALIAS_PATH;
	return s->whose.slot && mounted_anew(s->whose.slot, mounts_event()) ? ALIAS_FOREIGN : ALIAS_NONE;
}

/* After block_path(), or block_leaf(). */
static __always_inline enum alias block_alias(struct scratch *s)
{
	struct dentry *dentry = (void *)s->leaf.dentry;
	struct super_block *sb = BPF_CORE_READ(dentry, d_sb);
	struct walk *w = &s->walk;
	u64 mnt = s->leaf.mnt, root;

	root = root_own(s->whose.slot, s->whose.generation);
	if (likely((w->below == mnt || !w->below) && (w->own_root == root || !root)))
		return ALIAS_NONE;
	root = root_within(s->whose.slot, s->whose.generation, (u64)sb);
	if (!root && block_misplaced(s, BPF_CORE_READ(sb, s_magic)))
		return ALIAS_PATH;
	if (!root)
		return alias_elsewhere(s);
	mnt = w->mnt;	/* where it has come to */
	w->mnt = 0;
	w->within = root;
	w->dentry = s->leaf.dentry;
	block_walk(s);
	if (w->dentry == w->mnt_root)
		return ALIAS_PATH;
	w->mnt = mnt;
	return alias_elsewhere(s);
}

/* The path of what there is not. */
static __always_inline void block_no_path(struct scratch *s)
{
	s->block.text[TEXT_END] = 0;
	s->walk.pos = TEXT_END;
	s->walk.flags = 0;
}

/*
 * The same of an image, which is to be let pass by each path that it has. One that is foreign has the path of what there is not
 * besides: anybody can put it where he likes. Whether there is another.
 */
static __always_inline bool block_image_alias(struct scratch *s)
{
	enum alias alias = block_alias(s);

	if (alias == ALIAS_FOREIGN)
		block_no_path(s);
	return alias != ALIAS_NONE;
}

/* What block_path() has made, into the key. */
static __always_inline void block_path_key(struct scratch *s)
{
	struct block_work *b = &s->block;

	bpf_probe_read_kernel(b->key.bytes, sizeof(b->key.bytes),
			      &b->text[s->walk.pos & (BLOCK_TEXT_MAX - 1)]);
}

/* After that: its directory, "/" for what is in the root. */
static __always_inline void block_directory_key(struct scratch *s)
{
	u32 len = s->walk.len - s->walk.pos;

	if (len > sizeof(s->block.key.bytes) - 2)
		return;	/* it is longer than what is compared */
	if (!len)
		len = 1;
	s->block.key.bytes[len] = 0;
}
