/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Makes the path of a file as text, for look-ups: from the leaf up to the root of the container, which is the top of
 * its mounts, so that a chroot changes nothing. The text is written from the end of the buffer to its beginning. If a
 * path is longer than the buffer its end is dropped, since look-ups are about its first bytes; it cannot be read byte
 * by byte then (block_read.h).
 */
#pragma once

#include "blob.h"
#include "record.h"
#include "mounted.h"

#define TEXT_END (BLOCK_TEXT_MAX - 1)	/* where its NUL stands */
#define TEXT_LOW 512	/* below this the next name might not fit */
#define TEXT_KEPT 300	/* bytes of the beginning that are kept if it is too long */

static __always_inline void text_shift(struct block_work *b, struct walk *w)
{
	u32 to = TEXT_END - TEXT_KEPT;

	bpf_probe_read_kernel(&b->text[to], TEXT_KEPT, &b->text[w->pos & (BLOCK_TEXT_MAX - 1)]);
	w->pos = to;
	w->len = 1;	/* the leaf was dropped: it is beyond the bytes that are compared */
	w->flags = NUNCHI_BLOB_TRUNCATED;
}

/* Puts a name, and the slash before it, in front of the text. n counts the name's NUL, for the slash. */
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

/* Makes the path of s->walk.dentry in s->walk.mnt (0: the path within its file system), in s->block.text. */
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

/* The same for a struct file, which becomes the leaf. */
static __always_inline void block_path(struct scratch *s, u64 file)
{
	leaf_of(s, file);
	block_leaf(s);
}

#define PLACE_PROC 0x636f72702fULL	/* "/proc" as a little-endian number */
#define PLACE_SYS 0x7379732fULL	/* "/sys" */

/*
 * After that: whether it is in a proc or sysfs that may be mounted elsewhere than at /proc or /sys, even below these.
 * Then makes its path there.
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

/* Puts a component of s->place in front of the text. 1: it was the last. */
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

/*
 * After that: whether it is below something that was mounted elsewhere when the container began, see blob_mounted().
 * Then makes its path there.
 */
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
	ALIAS_PATH,	/* it has another path, which is made: see blob_alias() */
	ALIAS_FOREIGN,	/* it is in a mount that the container has made, and has no other path than there */
};

/*
 * For a file below no mount that the runtime made, in this file system or another. If it is not known whose it is
 * (cgroup programs), it has no other path.
 */
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
 * The same for an image, which must be allowed by each of its paths. A foreign one has the path of a missing value as
 * well, since anybody can put it anywhere. Returns whether there is another path.
 */
static __always_inline bool block_image_alias(struct scratch *s)
{
	enum alias alias = block_alias(s);

	if (alias == ALIAS_FOREIGN)
		block_no_path(s);
	return alias != ALIAS_NONE;
}

/* Puts the path that block_path() has made into the key. */
static __always_inline void block_path_key(struct scratch *s)
{
	struct block_work *b = &s->block;

	bpf_probe_read_kernel(b->key.bytes, sizeof(b->key.bytes),
			      &b->text[s->walk.pos & (BLOCK_TEXT_MAX - 1)]);
}

/* After that: puts its directory into the key; "/" if it is in the root. */
static __always_inline void block_directory_key(struct scratch *s)
{
	u32 len = s->walk.len - s->walk.pos;

	if (len > sizeof(s->block.key.bytes) - 2)
		return;	/* longer than the bytes that are compared */
	if (!len)
		len = 1;
	s->block.key.bytes[len] = 0;
}
