/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The walk from a leaf up to the root of its container, verified once: lib/block_path.h. */
#include "lib/block_path.h"

#define BLOCK_STEPS 4096	/* names and mounts; a path of PATH_MAX bytes has no more */

/* One step: a name; or, at the root of a mount, up to where it is mounted. 1 ends it. */
static long block_step(u32 i, struct scratch **ctx)
{
	struct scratch *s = *ctx;
	struct block_work *b = &s->block;
	struct walk *w = &s->walk;
	u64 dentry = w->dentry, parent;
	u32 pos;
	long n;

	if (dentry == w->mnt_root)
		return w->mnt ? walk_up(w) : 1;
	parent = (u64)BPF_CORE_READ((struct dentry *)dentry, d_parent);
	n = bpf_probe_read_kernel_str(b->name, sizeof(b->name),
				      BPF_CORE_READ((struct dentry *)dentry, d_name.name));
	if (n <= 1 || n > 256)
		return 1;
	pos = text_put(b, w, n);
	if (dentry == parent) {	/* memfd:name and the like are in no directory */
		w->pos = pos + 1;
		return 1;
	}
	w->dentry = parent;
	return 0;
}

__noinline int block_walk(struct scratch *s)
{
	struct block_work *b;
	struct vfsmount *mnt;
	struct dentry *dentry;
	struct walk *w;

	if (!s)
		return 0;
	b = &s->block;
	w = &s->walk;
	dentry = (void *)w->dentry;
	mnt = (void *)w->mnt;
	if (mnt)
		w->mnt_root = (u64)BPF_CORE_READ(mnt, mnt_root);
	else if (w->within)
		w->mnt_root = w->within;
	else
		w->mnt_root = (u64)BPF_CORE_READ(dentry, d_sb, s_root);
	w->own_root = w->mnt_root;
	w->below = 0;
	w->pos = TEXT_END;
	w->len = w->flags = 0;
	b->text[TEXT_END] = 0;
	if (bpf_loop(BLOCK_STEPS, block_step, &s, 0) == BLOCK_STEPS)
		w->flags |= NUNCHI_BLOB_UNREACHABLE;	/* how it begins is not known */
	if (w->pos == TEXT_END) {
		w->pos = TEXT_END - 1;
		w->len = w->pos;
		b->text[TEXT_END - 1] = '/';
	}
	return 0;
}
