/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The path that a file of a volume, a tmpfs or a cgroup hierarchy had before somebody mounted that elsewhere.
 *
 * When a container's root is made (root.h) its runtime has made all mounts: the root dentry of each is kept, and
 * where it is. If a file is reached after the mounts have changed, the directories above it are searched: the nearest
 * that is one of those roots was mounted at the path that was kept. Dentries are kept as addresses, which are
 * compared and never followed. Not kept are proc and sysfs, whose places are known, and single devices: some of those
 * mask files. As long as no mount has changed it costs one comparison (30 instructions for an open and close on 6.1).
 */
#include "lib/mounted.h"

#define TREE_STEPS 1024		/* each mount is passed twice at most */
#define PLACE_STEPS 64		/* directories and mounts above one mount */

/* One step up from a mount's root towards the container's. 1 ends it. */
static long place_step(u32 i, struct scratch **ctx)
{
	struct scratch *s = *ctx;
	struct mounted *m = (void *)s->data;
	struct walk *w = &s->walk;
	u64 dentry = w->dentry;
	u32 len = w->len;
	long n;

	if (dentry == w->mnt_root)
		return w->mnt == w->root_mnt || walk_up(w);
	barrier_var(len);
	if (len > MOUNTED_BYTES)
		return 1;
	n = bpf_probe_read_kernel_str(&m->places[len], PLACE_MAX, (void *)FIELD(struct dentry, dentry, d_name.name));
	if (n <= 1 || n > PLACE_MAX)
		return 1;
	w->len = len + n;
	w->dentry = (u64)FIELD(struct dentry, dentry, d_parent);
	return 0;
}

static __always_inline void row_add(struct mounted *m, u64 dentry, u32 at, u32 len)
{
	u32 n = m->n;

	barrier_var(n);
	if (n >= MOUNTED_MAX) {
		count(counts[NUNCHI_COUNT_MOUNTS]);
		return;
	}
	m->rows[n].dentry = dentry;
	m->rows[n].at = at;
	m->rows[n].len = len;
	m->n = n + 1;
}

static __always_inline bool is_cgroups(u64 magic)
{
	return magic == CGROUP_SUPER_MAGIC || magic == CGROUP2_SUPER_MAGIC;
}

static __noinline int mount_add(struct scratch *s)
{
	struct mounted *m;
	struct walk *w;
	u64 mnt, root, sb, magic;
	u32 at;

	if (!s)
		return 0;
	m = (void *)s->data;
	w = &s->walk;
	mnt = s->mount + bpf_core_field_offset(struct mount, mnt);
	root = (u64)FIELD(struct vfsmount, mnt, mnt_root);
	sb = (u64)FIELD(struct vfsmount, mnt, mnt_sb);
	magic = FIELD(struct super_block, sb, s_magic);
	if (magic == PROC_SUPER_MAGIC || magic == SYSFS_MAGIC ||
	    (BPF_CORE_READ((struct dentry *)root, d_inode, i_mode) & S_IFMT) == S_IFCHR)
		return 0;
	w->mnt = mnt;
	w->mnt_root = w->dentry = root;
	w->len = at = m->len;
	bpf_loop(PLACE_STEPS, place_step, &s, 0);
	if (w->mnt != w->root_mnt || w->dentry != w->mnt_root || w->len > MOUNTED_BYTES || w->len - at >= PLACE_MAX) {
		count(counts[NUNCHI_COUNT_MOUNTS]);
		return 0;
	}
	row_add(m, root, at, w->len - at);
	/* A container has only a part of its hierarchy; a mount of the whole would show the rest, too. */
	if (is_cgroups(magic) && root != (u64)FIELD(struct super_block, sb, s_root))
		row_add(m, (u64)FIELD(struct super_block, sb, s_root), at, w->len - at);
	m->len = w->len;
	return 0;
}

/*
 * Goes on to the first mount inside this one, to the next beside it, or back to the one that it is in, as next_mnt()
 * does. 1 ends it.
 */
static long tree_step(u32 i, struct scratch **ctx)
{
	struct scratch *s = *ctx;
	u64 mount = s->mount, mnt = mount + bpf_core_field_offset(struct mount, mnt), up, next;

	if (!s->mount_done) {
		if (mnt != s->walk.root_mnt)
			mount_add(s);
		next = (u64)FIELD(struct mount, mount, mnt_mounts.next);
		s->mount_done = next == mount + bpf_core_field_offset(struct mount, mnt_mounts);
		if (!s->mount_done)
			s->mount = next - bpf_core_field_offset(struct mount, mnt_child);
		return 0;
	}
	if (mnt == s->walk.root_mnt)
		return 1;
	up = (u64)FIELD(struct mount, mount, mnt_parent);
	next = (u64)FIELD(struct mount, mount, mnt_child.next);
	s->mount_done = next == up + bpf_core_field_offset(struct mount, mnt_mounts);
	s->mount = s->mount_done ? up : next - bpf_core_field_offset(struct mount, mnt_child);
	return 0;
}

__noinline int mounted_take(struct scratch *s, u64 mnt)
{
	struct mounted *m;

	if (!s)
		return 0;
	m = (void *)s->data;
	m->n = m->len = 0;
	s->walk.root_mnt = mnt;
	s->mount = mnt - bpf_core_field_offset(struct mount, mnt);
	s->mount_done = 0;
	bpf_loop(TREE_STEPS, tree_step, &s, 0);
	return 0;
}

struct search {
	struct scratch *s;
	struct mounted *m;
};

/* Looks whether the directory is the root of a kept mount, and goes on to the one above it. 1 ends it. */
static long above_step(u32 i, struct search *ctx)
{
	struct mounted *m = ctx->m;
	struct walk *w = &ctx->s->walk;
	u64 dentry = w->dentry, parent;

	for (u32 k = 0; k < MOUNTED_MAX && k < m->n; k++) {
		if (m->rows[k].dentry != dentry)
			continue;
		w->within = dentry;
		w->pos = k;
		return 1;
	}
	parent = (u64)FIELD(struct dentry, dentry, d_parent);
	w->dentry = parent;
	return parent == dentry;
}

__noinline int mounted_find(struct scratch *s, u32 slot, u32 generation)
{
	struct nunchi_slot_ref key = { slot, generation };
	struct search search = { s };
	struct mounted_row *row;
	u32 len;

	if (!s || slots[slot & (NUNCHI_SLOTS_MAX - 1)].generation != generation)
		return 0;
	key.slot = slot_outermost(slot);
	key.generation = slots[key.slot & (NUNCHI_SLOTS_MAX - 1)].generation;
	search.m = bpf_map_lookup_elem(&mounted, &key);
	if (!search.m)
		return 0;
	s->walk.within = 0;
	bpf_loop(NUNCHI_COMPONENTS_MAX, above_step, &search, 0);
	if (!s->walk.within || s->walk.pos >= MOUNTED_MAX)
		return 0;
	row = &search.m->rows[below(s->walk.pos, 64)];
	bpf_probe_read_kernel(&len, sizeof(len), &row->at);	/* and len */
	s->place_len = below(len >> 16, PLACE_MAX);
	bpf_probe_read_kernel(s->place, below(len >> 16, PLACE_MAX), search.m->places + below(len, 2048));
	return 1;
}
