/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Capture: what is appended to a record, by kind. Cost, measured on a 3 GHz core: a user string
 * 60 ns, a path 60 ns and 25 ns per component (a third of it where casts are to be had), a socket 60 ns.
 *
 * Every function begins at s->pos, checks once that the largest blob fits, and leaves s->pos
 * 8-byte aligned with the padding zeroed: nothing of an earlier record is ever sent.
 */
#include "lib/kernel.h"

/*
 * A field of a struct whose address is a number. What the kernel lets be called a struct is read by one
 * instruction, all else by a function's call: 30 ns each, and there are thirty in a path.
 * Of one object only: libbpf before 1.2 links none that declares a function of the kernel a second time.
 */
extern void *bpf_rdonly_cast(const void *obj, u32 btf_id) __ksym __weak;

#define CAST(type, addr) ((type *)bpf_rdonly_cast((void *)(addr), bpf_core_type_id_kernel(type)))
#define TYPED(type, addr, field) (CAST(type, addr)->field)	/* where casts are to be had */
#define FIELD(type, addr, field)                                                               \
	({                                                                                     \
		/* Not within what CO-RE relocates: there it would be of the kernel's, too. */         \
		u64 addr_ = (u64)(addr);                                                       \
		typeof(((type *)0)->field) to_;                                                \
		if (has_casts)                                                                 \
			to_ = TYPED(type, addr_, field);                                       \
		else                                                                           \
			bpf_core_read(&to_, sizeof(to_), &((type *)addr_)->field);             \
		to_;                                                                           \
	})

#include "lib/blob.h"
#include "lib/bulk.h"
#include "lib/copies.h"
#include "lib/push.h"

#define MEASURE_CHUNKS 32	/* of 4 KiB: MAX_ARG_STRLEN, the longest string execve takes */

/*
 * What the head says of a task, in three ways: of any by structs; where those cannot be had, of the running one by
 * pointers that the verifier follows, in a function that is verified once (for each, the one of 6.x searches all the
 * kernel's type names: milliseconds), and of any by reads, which cost 600 ns.
 */
static __always_inline void head_typed(struct scratch *s)
{
	u64 task = s->of, cred, cgroup, ns;
	struct nunchi_head *head = &s->head;

	cred = (u64)TYPED(struct task_struct, task, cred);
	head->ppid = TYPED(struct task_struct, TYPED(struct task_struct, task, real_parent), tgid);
	head->uid = TYPED(struct cred, cred, euid.val);
	head->gid = TYPED(struct cred, cred, egid.val);
	if (bpf_core_field_exists(((struct cred *)0)->cap_effective.val)) {
		s->caps.inheritable = TYPED(struct cred, cred, cap_inheritable.val);
		s->caps.permitted = TYPED(struct cred, cred, cap_permitted.val);
		s->caps.effective = TYPED(struct cred, cred, cap_effective.val);
	} else {
		caps_read(&s->caps, (struct cred *)cred);
	}
	ns = (u64)TYPED(struct nsproxy, TYPED(struct task_struct, task, nsproxy), mnt_ns);
	head->mntns = TYPED(struct mnt_namespace, ns, ns.inum);
	cgroup = (u64)TYPED(struct css_set, TYPED(struct task_struct, task, cgroups), dfl_cgrp);
	if (likely(!cgroup_hierarchy || TYPED(struct cgroup, cgroup, level) > 0))
		head->cgroup = TYPED(struct kernfs_node, TYPED(struct cgroup, cgroup, kn), id);
	else
		head->cgroup = task_cgroup_id((struct task_struct *)task);
}

static __always_inline void caps_follow(struct scratch *s, const struct cred *cred)
{
	const struct cred___halves *halves = (const struct cred___halves *)cred;
	u32 *to = (u32 *)&s->caps;

	if (bpf_core_field_exists(cred->cap_effective.val)) {
		s->caps.inheritable = cred->cap_inheritable.val;
		s->caps.permitted = cred->cap_permitted.val;
		s->caps.effective = cred->cap_effective.val;
		return;
	}
	to[0] = halves->cap_inheritable.cap[0];
	to[1] = halves->cap_inheritable.cap[1];
	to[2] = halves->cap_permitted.cap[0];
	to[3] = halves->cap_permitted.cap[1];
	to[4] = halves->cap_effective.cap[0];
	to[5] = halves->cap_effective.cap[1];
}

static __always_inline void head_follow(struct scratch *s)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct cred *cred = task->cred;
	struct cgroup *cgroup = task->cgroups->dfl_cgrp;
	struct nunchi_head *head = &s->head;

	head->ppid = task->real_parent->tgid;
	head->uid = cred->euid.val;
	head->gid = cred->egid.val;
	caps_follow(s, cred);
	head->mntns = task->nsproxy->mnt_ns->ns.inum;
	if (likely(!cgroup_hierarchy || cgroup->level > 0))
		head->cgroup = cgroup->kn->id;
	else
		head->cgroup = task_cgroup_id(task);
}

static __always_inline void head_read(struct scratch *s)
{
	struct task_struct *task = (struct task_struct *)s->of;
	struct nunchi_head *head = &s->head;

	head->ppid = BPF_CORE_READ(task, real_parent, tgid);
	head->uid = BPF_CORE_READ(task, cred, euid.val);
	head->gid = BPF_CORE_READ(task, cred, egid.val);
	caps_read(&s->caps, BPF_CORE_READ(task, cred));
	head->mntns = task_mntns(task);
	head->cgroup = task_cgroup_id(task);
}

__noinline int head_fill(struct scratch *s)
{
	if (s && has_casts)
		head_typed(s);
	else if (s)
		head_read(s);
	return 0;
}

/* How long a user string is that did not fit into DATA_MAX. */
static __noinline u32 measure(struct scratch *s, u64 ptr)
{
	u32 len = DATA_MAX - 1;

	if (!s)
		return 0;
	for (int i = 0; i < MEASURE_CHUNKS; i++) {
		long n = bpf_probe_read_user_str(&s->data[SPARE], DATA_MAX, (void *)(ptr + len));

		if (n <= 0)
			break;
		len += n - 1;
		if (n < DATA_MAX)
			break;
	}
	return len;
}

static __always_inline void user_str(struct scratch *s, u64 ptr, u32 blob)
{
	u32 pos, len, full, flags = 0;
	long n;

	if (!blob_begin(s, &pos))
		return;
	n = bpf_probe_read_user_str(&s->data[pos + sizeof(struct nunchi_blob)], DATA_MAX,
				    (void *)ptr);
	if (n <= 0) {
		blob_end(s, pos, 0, 0, NUNCHI_BLOB_UNREADABLE, blob);
		return;
	}
	len = full = n - 1;
	if (n == DATA_MAX) {
		full = measure(s, ptr);
		if (full > len)
			flags = NUNCHI_BLOB_TRUNCATED;
	}
	blob_end(s, pos, len, full, flags, blob);
}

/*
 * Where structs cannot be had, their beginning is read at once: a read costs as much for 64 bytes as for 8. The
 * offsets are constants once the object is loaded; a field that lies further back on some kernel
 * is read by itself.
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

#define SHORT_NAME 32	/* what every kernel has room for in the dentry itself */

/* Where short names are; 6.14 has renamed it. */
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
 * The short name of a dentry, without a call: its bytes and a NUL, to data, which has room. Returns how many
 * they are; 0: it is long, or somebody renames it right now.
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
	for (u32 i = 0; i < SHORT_NAME / sizeof(u64); i++)
		((u64 *)data)[i] = words[i];
	data[len] = 0;
	barrier();
	return dentry->d_seq.seqcount.sequence == seq ? len + 1 : 0;
}

/* Where a dentry's parent and its name are. */
static __always_inline bool dentry_read(struct walk *w, u64 dentry, bool typed)
{
	u8 head[HEAD_BYTES];

	if (typed) {
		w->parent = (u64)TYPED(struct dentry, dentry, d_parent);
		w->name = (u64)TYPED(struct dentry, dentry, d_name.name);
		return true;
	}
	if (bpf_probe_read_kernel(head, sizeof(head), (void *)dentry))
		return false;
	HEAD_FIELD(head, dentry, struct dentry, d_parent, w->parent);
	HEAD_FIELD(head, dentry, struct dentry, d_name.name, w->name);
	return true;
}

/* One step of a walk: a name, or from the root of a mount to where it is mounted. 1 ends it. */
static __always_inline long walk_on(struct scratch *s, bool typed)
{
	struct walk *w = &s->walk;
	u64 dentry = w->dentry;
	u32 pos, len;
	long n;

	if (dentry == w->root_dentry && w->mnt == w->root_mnt)
		return 1;
	if (dentry == w->mnt_root)
		return walk_up(w);
	if (!dentry_read(w, dentry, typed))
		return 1;
	pos = w->pos;
	len = w->len;
	if (pos > LAST_POS + sizeof(struct nunchi_blob))
		return 1;
	if (len > DATA_MAX) {
		w->flags |= NUNCHI_BLOB_TRUNCATED;
		return 1;
	}
	n = typed ? short_name(dentry, &s->data[pos + len]) : 0;
	if (!n)
		n = bpf_probe_read_kernel_str(&s->data[pos + len], 256, (void *)w->name);
	if (n <= 0 || n > 256)
		return 1;
	s->names_at[s->n_names++ & (NUNCHI_COMPONENTS_MAX - 1)] = len;
	w->len = len + n;
	if (dentry == w->parent)
		return 1;
	w->dentry = w->parent;
	return 0;
}

/*
 * The last of the longest chain of calls, so that nothing is on its stack but the 64 bytes: where structs can
 * be had it is another.
 */
static long walk_step(u32 i, struct scratch **ctx)
{
	return walk_on(*ctx, false);
}

static long walk_step_typed(u32 i, struct scratch **ctx)
{
	return walk_on(*ctx, true);
}

/* Most paths are no longer: they are walked without a call a step, which costs as much as the step. */
#define WALK_INLINE 8

/*
 * Returns whether the walk has come to its end. The jump back by hand: the verifier of 6.1 takes no loop whose
 * beginning is reached by falling into it from its end, as the compiler likes to have it.
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

/* Whether an overlay's file is in its upper layer: the dentry of that follows the inode in struct ovl_inode. */
static __always_inline bool is_upper(u64 inode)
{
	struct dentry *upper = 0;

	bpf_probe_read_kernel(&upper, sizeof(upper), (void *)inode + bpf_core_type_size(struct inode));
	return upper && BPF_CORE_READ(upper, d_inode);
}

/* The file itself. Returns NUNCHI_BLOB_* of it. */
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

/* A function, so that its 64 bytes are not on the stack of the longest chain of calls. */
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
	struct mount *top = task->nsproxy->mnt_ns->root;
	struct vfsmount *root = task->fs->root.mnt;
	u64 m = (u64)root - bpf_core_field_offset(struct mount, mnt), over = (u64)top->mnt.mnt_root;

	ret->top = (u64)top;
	ret->root_mnt = 0;
	ret->root_dentry = (u64)task->fs->root.dentry;
	if (unlikely((u64)root->mnt_root != ret->root_dentry))
		return;
	/* They lie side by side; if they did not the walk would only go on to the top. */
	bpf_probe_read_kernel(&ret->parent, 2 * sizeof(u64), (void *)m + bpf_core_field_offset(struct mount, mnt_parent));
	if (likely(ret->parent == ret->top && ret->name == over))
		ret->root_mnt = (u64)root;
}

/* Its root directory. Returns whether others share it. */
static __always_inline bool root_read(struct scratch *s, struct walk *ret)
{
	struct task_struct *task;
	u64 fs;

	if (has_casts) {
		fs = (u64)TYPED(struct task_struct, s->task, fs);
		ret->mnt = (u64)TYPED(struct fs_struct, fs, root.mnt);
		ret->dentry = (u64)TYPED(struct fs_struct, fs, root.dentry);
		return TYPED(struct fs_struct, fs, users) > 1;
	}
	task = bpf_get_current_task_btf();
	ret->mnt = (u64)task->fs->root.mnt;
	ret->dentry = (u64)task->fs->root.dentry;
	return task->fs->users > 1;
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
		return TYPED(struct fs_struct, fs, users) > 1;
	}
	task = bpf_get_current_task_btf();
	ret->mnt = (u64)task->fs->pwd.mnt;
	ret->dentry = (u64)task->fs->pwd.dentry;
	return task->fs->users > 1;
}

/* The struct file of an fd; 0: there is none. ret_shared: others share the table. */
static __always_inline u64 fd_file(struct scratch *s, u32 fd, bool *ret_shared)
{
	struct task_struct *task;
	struct file *file = 0;
	u64 files, table, at;

	if (has_casts) {
		files = (u64)TYPED(struct task_struct, s->task, files);
		table = (u64)TYPED(struct files_struct, files, fdt);
		*ret_shared = TYPED(struct files_struct, files, count.counter) > 1;
		if (fd >= TYPED(struct fdtable, table, max_fds))
			return 0;
		at = (u64)TYPED(struct fdtable, table, fd) + fd * sizeof(u64);
		return (u64)TYPED(struct hlist_head, at, first);
	}
	task = bpf_get_current_task_btf();
	*ret_shared = task->files->count.counter > 1;
	if (fd < task->files->fdt->max_fds)
		bpf_probe_read_kernel(&file, sizeof(file), task->files->fdt->fd + fd);
	return (u64)file;
}

/*
 * The path of what s->walk has as mnt (0: that within its file system) and dentry. Its components, leaf first: names up to the root of the mount,
 * then on from where that is mounted, until the first mount of all: a chroot changes nothing. A walk that ends
 * elsewhere (a detached mount, a pipe, another namespace's file) is marked.
 */
__noinline int blob_walk(struct scratch *s, u32 blob)
{
	struct nunchi_file *file;
	u64 dentry;
	struct walk *w;
	u32 pos, flags;
	bool over;

	if (!blob_begin(s, &pos))
		return 0;
	w = &s->walk;
	dentry = w->dentry;
	file = (void *)&s->data[pos + sizeof(struct nunchi_blob)];
	flags = has_casts ? facts_typed(file, dentry) : facts_read(file, dentry);
	if (unlikely(!w->mnt)) {	/* within its file system */
		w->mnt_root = w->root_dentry = (u64)FIELD(struct super_block, FIELD(struct dentry, dentry, d_sb), s_root);
		w->root_mnt = w->top = 0;
	} else {
		w->mnt_root = (u64)FIELD(struct vfsmount, w->mnt, mnt_root);
		if (has_casts)
			ends_typed(s, w);
		else
			ends_follow(w);
	}
	w->below = w->before = 0;
	w->pos = pos + sizeof(struct nunchi_blob);
	w->len = sizeof(struct nunchi_file);
	if (dentry == w->mnt_root)	/* never has a place in the hash */
		flags &= ~NUNCHI_BLOB_DELETED;
	w->flags = flags | NUNCHI_BLOB_UNREACHABLE;
	s->walked = pos;
	s->n_names = 0;
	if (has_casts)
		over = walk_typed(s);
	else
		over = bpf_loop(NUNCHI_COMPONENTS_MAX, walk_step, &s, 0) < NUNCHI_COMPONENTS_MAX;
	if (w->dentry == w->mnt_root && w->mnt == w->root_mnt) {
		w->flags &= ~NUNCHI_BLOB_UNREACHABLE;
		w->below = w->mnt;
	} else if (w->dentry == w->mnt_root && w->mnt - bpf_core_field_offset(struct mount, mnt) == w->top) {
		w->flags &= ~NUNCHI_BLOB_UNREACHABLE;
	} else if (!over) {
		w->flags |= NUNCHI_BLOB_TRUNCATED;	/* how it begins is not known */
	}
	blob_end(s, pos, w->len, w->len, w->flags, blob);
	return 0;
}

/* By way of memory: the verifier takes no pointers for numbers. */
static __always_inline void path_append(struct scratch *s, u64 mnt, u64 dentry, u32 blob)
{
	s->walk.mnt = mnt;
	s->walk.dentry = dentry;
	blob_walk(s, blob);
}

/*
 * What was found by one mount of the root's file system, but not the root's own (mount --bind), has another path by that:
 * the one that is meant, mostly, when somebody names it. Of a file that was walked to just now.
 */
static __noinline int blob_alias(struct scratch *s, u64 dentry, u32 arg)
{
	u32 pos;

	if (!s)
		return 0;
	pos = s->pos;
	path_append(s, s->walk.below, dentry, BLOB(NUNCHI_BLOB_ALIAS, arg));
	if (s->walk.flags & NUNCHI_BLOB_UNREACHABLE)
		s->pos = pos;	/* the root is a part of its file system, and this is another */
	return 0;
}

#define FIRST_PROC 0x636f7270	/* "proc" and its NUL as a little-endian number */
#define FIRST_SYS 0x737973

/* Whether the FILE at pos, of the walk that was the last, is of proc or sysfs, and its path not below /proc or /sys. */
static __always_inline bool is_misplaced(struct scratch *s, u32 pos)
{
	u32 at = pos + sizeof(struct nunchi_blob) + s->names_at[(s->n_names - 1) & (NUNCHI_COMPONENTS_MAX - 1)];
	u64 magic, first = 0;

	barrier_var(pos);
	if (pos > LAST_POS)
		return false;
	magic = ((struct nunchi_file *)&s->data[pos + sizeof(struct nunchi_blob)])->magic;
	if (likely(magic != PROC_SUPER_MAGIC && magic != SYSFS_MAGIC))
		return false;
	barrier_var(at);
	if (at > NUNCHI_RECORD_MAX)
		return false;
	bpf_probe_read_kernel(&first, 5, &s->data[at]);
	return magic == PROC_SUPER_MAGIC ? first != FIRST_PROC : (u32)first != FIRST_SYS;
}

/*
 * After the walk of what mnt led to: the root's own mount, if that is another of the same file system; else 0. It is the one
 * that was left last, or the one before where the first mount of all has nothing but the next one over it (7.x).
 */
static __always_inline u64 alias_mount(struct scratch *s, u64 mnt)
{
	struct walk *w = &s->walk;
	u64 sb, below = w->below, before = w->before;

	if (w->flags & NUNCHI_BLOB_UNREACHABLE) {	/* of a tree that is mounted nowhere, perhaps */
		root_read(s, w);
		below = w->mnt;
		before = 0;
	}
	sb = (u64)FIELD(struct vfsmount, mnt, mnt_sb);
	if (below && (u64)FIELD(struct vfsmount, below, mnt_sb) == sb)
		return below;
	if (before && before != mnt && (u64)FIELD(struct vfsmount, before, mnt_sb) == sb)
		return before;
	return 0;
}

static __always_inline void file_append(struct scratch *s, u64 mnt, u64 dentry, u32 arg)
{
	u32 pos = s->pos;
	u64 root;

	path_append(s, mnt, dentry, BLOB(NUNCHI_BLOB_FILE, arg));
	if (likely(s->walk.below == mnt))
		return;
	root = alias_mount(s, mnt);
	if (unlikely(root)) {
		s->walk.below = root;
		blob_alias(s, dentry, arg);
	} else if (unlikely(s->pos != pos && is_misplaced(s, pos))) {
		path_append(s, 0, dentry, BLOB(NUNCHI_BLOB_ALIAS, arg));
	}
}

__noinline int blob_cwd(struct scratch *s, u32 blob)
{
	if (!s)
		return 0;
	cwd_read(s, &s->walk);
	return blob_walk(s, blob);
}

/* The root directory of the running task. Returns whether that is another than its namespace's: a chroot. */
static __noinline int blob_root(struct scratch *s, u32 blob)
{
	bool shared;
	u32 pos;

	if (!s)
		return 0;
	pos = s->pos;
	shared = root_read(s, &s->walk);
	blob_walk(s, blob);
	if (shared)
		blob_mark(s, pos, NUNCHI_BLOB_LATE);
	return s->walk.len > sizeof(struct nunchi_file);
}

__noinline int blob_start(struct scratch *s, u32 arg)
{
	u32 pos;

	if (!s)
		return 0;
	pos = s->pos;
	if (!blob_root(s, BLOB(NUNCHI_BLOB_BASE, arg)))
		s->pos = pos;
	return 0;
}

__noinline int blob_file(struct scratch *s, u64 file, u32 blob)
{
	if (s)
		path_append(s, (u64)FIELD(struct file, file, f_path.mnt), (u64)FIELD(struct file, file, f_path.dentry),
			    blob);
	return 0;
}

/* The path that a unix socket is bound to: bytes of sun_path appended at pos. */
static __always_inline u32 unix_name(struct scratch *s, u32 pos, u64 sk)
{
	u64 address;
	u32 len;

	if (!sk || pos > NUNCHI_RECORD_MAX)
		return 0;
	address = (u64)FIELD(struct unix_sock, sk, addr);
	if (!address)
		return 0;
	len = FIELD(struct unix_address, address, len) - sizeof(u16);
	if (len > 108)
		return 0;
	if (bpf_probe_read_kernel(&s->data[pos], len,
				  (void *)address + bpf_core_field_offset(struct unix_address, name) +
					  sizeof(u16)))
		return 0;
	return len;
}

/*
 * Both ends of what has no IP addresses. A type that is a module's cannot be cast to, and few sockets are such: all is
 * read.
 */
static __always_inline void netlink_ends(struct netlink_sock *sk, struct nunchi_sock *out)
{
	struct nunchi_end *local = (void *)out->laddr, *peer = (void *)out->raddr;
	unsigned long groups = 0;
	u32 group;

	local->first = BPF_CORE_READ(sk, portid);
	/* Of many groups the first, as getsockname(2) has them. */
	bpf_probe_read_kernel(&groups, sizeof(groups), BPF_CORE_READ(sk, groups));
	local->second = groups;
	peer->first = BPF_CORE_READ(sk, dst_portid);
	group = BPF_CORE_READ(sk, dst_group);
	peer->second = group ? 1U << ((group - 1) & 31) : 0;
}

static __always_inline void packet_ends(struct packet_sock *sk, struct nunchi_sock *out)
{
	struct nunchi_end *local = (void *)out->laddr;

	local->first = BPF_CORE_READ(sk, ifindex);
	local->second = __builtin_bswap16(BPF_CORE_READ(sk, num));
}

/* As the UAPI has it. */
struct vsock_address {
	u16 family;
	u16 reserved;
	u32 port;
	u32 cid;
	u32 more;
};

/*
 * vsock's type is in no kernel's own BTF where that is a module. After what all sockets have it begins with a pointer
 * and both addresses, which begin with their family: what has none there is not what it was.
 */
static __always_inline void vsock_ends(u64 sk, struct nunchi_sock *out)
{
	struct nunchi_end *local = (void *)out->laddr, *peer = (void *)out->raddr;
	struct vsock_address addr[2] = {};

	bpf_probe_read_kernel(addr, sizeof(addr), (void *)sk + bpf_core_type_size(struct sock) + sizeof(u64));
	if (addr[0].family != AF_VSOCK || addr[1].family != AF_VSOCK)
		return;
	local->first = addr[0].cid;
	local->second = addr[0].port;
	peer->first = addr[1].cid;
	peer->second = addr[1].port;
}

/* The socket that file is. */
static __noinline int blob_sock(struct scratch *s, u64 file, u32 arg)
{
	u64 socket = (u64)FIELD(struct file, file, private_data);
	u64 sk = (u64)FIELD(struct socket, socket, sk);
	struct nunchi_sock *out;
	u32 pos, len = sizeof(*out), n;
	struct pid *peer;

	if (!blob_begin(s, &pos))
		return 0;
	pos += sizeof(struct nunchi_blob);
	out = (void *)&s->data[pos];
	__builtin_memset(out, 0, sizeof(*out));
	out->family = FIELD(struct sock, sk, __sk_common.skc_family);
	out->type = FIELD(struct socket, socket, type);
	out->protocol = FIELD(struct sock, sk, sk_protocol);
	out->state = FIELD(struct sock, sk, __sk_common.skc_state);
	out->ino = FIELD(struct inode, FIELD(struct file, file, f_inode), i_ino);
	if (out->family == AF_INET || out->family == AF_INET6) {
		out->lport = FIELD(struct sock, sk, __sk_common.skc_num);
		out->rport = __builtin_bswap16(FIELD(struct sock, sk, __sk_common.skc_dport));
	}
	if (out->family == AF_INET) {
		*(u32 *)out->laddr = FIELD(struct sock, sk, __sk_common.skc_rcv_saddr);
		*(u32 *)out->raddr = FIELD(struct sock, sk, __sk_common.skc_daddr);
	} else if (out->family == AF_INET6) {
		*(struct in6_addr *)out->laddr = FIELD(struct sock, sk, __sk_common.skc_v6_rcv_saddr);
		*(struct in6_addr *)out->raddr = FIELD(struct sock, sk, __sk_common.skc_v6_daddr);
	} else if (out->family == AF_UNIX) {
		peer = FIELD(struct sock, sk, sk_peer_pid);
		if (peer)
			*(u32 *)out->raddr = BPF_CORE_READ(peer, numbers[0].nr);
		n = unix_name(s, pos + len, sk);
		out->lpath = n;
		len += n;
		n = unix_name(s, pos + len, (u64)FIELD(struct unix_sock, sk, peer));
		out->rpath = n;
		len += n;
	} else if (out->family == AF_NETLINK && bpf_core_type_exists(struct netlink_sock)) {
		netlink_ends((struct netlink_sock *)sk, out);
	} else if (out->family == AF_PACKET && bpf_core_type_exists(struct packet_sock)) {
		packet_ends((struct packet_sock *)sk, out);
	} else if (out->family == AF_VSOCK) {
		vsock_ends(sk, out);
	}
	blob_end(s, pos - sizeof(struct nunchi_blob), len, len, 0, BLOB(NUNCHI_BLOB_SOCK, arg));
	return 0;
}

/* What the file is open for, into its blob at pos. */
static __always_inline void opened_mark(struct scratch *s, u32 pos, u64 file)
{
	if (s->pos == pos)
		return;
	barrier_var(pos);
	if (pos <= LAST_POS)
		((struct nunchi_file *)&s->data[pos + sizeof(struct nunchi_blob)])->opened =
			NUNCHI_OPENED_KNOWN | (FIELD(struct file, file, f_flags) & O_ACCMODE);
}

/*
 * What an fd is by now: a file, or a socket. Who shares the table can have put something else there since the
 * call. What argument 0 is may be known otherwise.
 */
__noinline int blob_fd(struct scratch *s, u32 fd, u32 arg)
{
	u64 file, inode;
	bool late = false;
	u32 pos;

	if (!s)
		return 0;
	file = s->file;
	if (likely(arg || !file))
		file = fd_file(s, fd, &late);
	if (!file)
		return 0;
	pos = s->pos;
	inode = (u64)FIELD(struct file, file, f_inode);
	if ((FIELD(struct inode, inode, i_mode) & S_IFMT) == S_IFSOCK) {
		blob_sock(s, file, arg);
	} else {
		file_append(s, (u64)FIELD(struct file, file, f_path.mnt), (u64)FIELD(struct file, file, f_path.dentry), arg);
		/* Others are asked for it in a register: openat2 in memory. */
		if (arg == NUNCHI_ARG_RET && unlikely(specs[s->call.nr & (NUNCHI_CALLS_MAX - 1)].capture[2] == NUNCHI_CAP_BYTES))
			opened_mark(s, pos, file);
	}
	if (late)
		blob_mark(s, pos, NUNCHI_BLOB_LATE);
	return 0;
}

/* A relative path starts at a directory: the working directory, or what dirfd is. */
__noinline int blob_base(struct scratch *s, s32 dirfd, u32 arg)
{
	bool shared;
	u64 file;
	u32 pos;

	if (!s)
		return 0;
	pos = s->pos;
	if (dirfd == AT_FDCWD) {
		shared = cwd_read(s, &s->walk);
	} else {
		file = fd_file(s, dirfd, &shared);
		if (!file)
			return 0;
		s->walk.mnt = (u64)FIELD(struct file, file, f_path.mnt);
		s->walk.dentry = (u64)FIELD(struct file, file, f_path.dentry);
	}
	blob_walk(s, BLOB(NUNCHI_BLOB_BASE, arg));
	if (shared)
		blob_mark(s, pos, NUNCHI_BLOB_LATE);
	return 0;
}

/* A string argument that is the number of a name which the kernel had copied. */
static __noinline int blob_uring_name(struct scratch *s, u64 value, u32 arg)
{
	struct uring_names *names;
	struct nunchi_blob *b;
	u32 pos, cut = 0;

	if (!s)
		return 0;
	names = (void *)s->names;
	value = (value - 1) & 1;
	pos = s->pos;
	blob_kernel_str(s, (u64)names->text[value], BLOB(NUNCHI_BLOB_STR, arg));
	bpf_probe_read_kernel(&cut, sizeof(cut), &names->cut[value]);
	blob_mark(s, pos, NUNCHI_BLOB_KERNEL | (cut ? NUNCHI_BLOB_TRUNCATED : 0));
	if (!cut || s->pos == pos || pos > LAST_POS)
		return 0;
	b = (void *)&s->data[pos];
	b->full = NUNCHI_PATH_MAX;	/* at most: how long it was is not known */
	return 0;
}

/* A string argument: in the caller's memory, mostly. */
static __always_inline void string_append(struct scratch *s, u64 value, u32 arg)
{
	if (unlikely(s->names))
		blob_uring_name(s, value, arg);
	else if (likely(!(s->copied & 1U << (arg & 7))) || !blob_copy(s, value, BLOB(NUNCHI_BLOB_STR, arg)))
		user_str(s, value, BLOB(NUNCHI_BLOB_STR, arg));
}

/* An address, if there is one. full: how long the caller says that it is. */
static __always_inline int blob_address(struct scratch *s, u64 value, u32 full, u32 arg)
{
	u32 blob = BLOB(NUNCHI_BLOB_SOCKADDR, arg);

	if (unlikely(s->names || (s->copied & 1U << (arg & 7))) && blob_copy(s, value, blob))
		return 0;
	if (!value)
		return 0;
	return blob_user_bytes(s, value, full > NUNCHI_SOCKADDR_MAX ? NUNCHI_SOCKADDR_MAX : full, full,
			       blob);
}

/*
 * sendmsg and recvmsg: the address in struct msghdr, whose first fields are name and its length. Of sendmmsg that in
 * the first struct mmsghdr, which begins with one.
 */
static __noinline int blob_msghdr(struct scratch *s, u64 ptr, u32 arg)
{
	u32 size, len = 0;
	u64 name = 0;

	if (!s)
		return 0;
	size = s->call.layout & NUNCHI_LAYOUT_POINTERS32 ? sizeof(u32) : sizeof(u64);
	/* What says by now that there is none may have had one. */
	if (bpf_probe_read_user(&name, size, (void *)ptr) ||
	    bpf_probe_read_user(&len, sizeof(len), (void *)(ptr + size)))
		name = 0;
	return blob_address(s, name, len, arg);
}

static __always_inline u32 at_most(u64 n, u32 max)
{
	return n > max ? max : n;
}

/* Argument i of the call in the record. */
__noinline int blob_argument(struct scratch *s, u32 i, u32 capture, u32 size)
{
	u64 value, next, previous;
	struct nunchi_blob *b;
	u32 len = 0, pos;
	s64 ret;

	if (!s || i > 5)
		return 0;
	value = s->call.args[i];
	next = i < 5 ? s->call.args[i + 1] : 0;
	/* Of the first, whose is not asked for, what stands behind them: older verifiers do not learn from i != 0. */
	previous = s->call.args[(i - 1) & 7];
	ret = s->call.ret;
	switch (capture) {
	case NUNCHI_CAP_PATHAT:
		if (!value)	/* utimensat and the like: no path means the fd itself */
			return blob_base(s, previous, i);
		/* fallthrough */
	case NUNCHI_CAP_PATH:
	case NUNCHI_CAP_STR:
		if (!value)
			return 0;
		pos = s->pos;
		string_append(s, value, i);
		if (capture == NUNCHI_CAP_STR || s->pos == pos || pos > LAST_POS)
			return 0;
		/* What was copied decides, not what stands in user memory by now. */
		b = (void *)&s->data[pos];
		if (b->flags & NUNCHI_BLOB_UNREADABLE)
			return 0;
		if (!b->len || *(char *)(b + 1) != '/')
			blob_base(s, capture == NUNCHI_CAP_PATHAT ? previous : AT_FDCWD, i);
		else if (unlikely(chroots))
			blob_start(s, i);
		return 0;
	case NUNCHI_CAP_STRV:
		return value ? blob_user_strv(s, value, BLOB(NUNCHI_BLOB_STRV, i)) : 0;
	case NUNCHI_CAP_SOCKADDR_OUT:
		if (ret < 0 || !value || bpf_probe_read_user(&len, sizeof(len), (void *)next))
			return 0;
		next = len;
		/* fallthrough */
	case NUNCHI_CAP_SOCKADDR:
		return blob_address(s, value, next, i);
	case NUNCHI_CAP_MSGHDR:
	case NUNCHI_CAP_MMSGHDR:
		return blob_msghdr(s, value, i);
	case NUNCHI_CAP_BUFFER_OUT:
		if (ret < 0)
			return 0;
		next = ret;
		/* fallthrough */
	case NUNCHI_CAP_BUFFER:
		return value ? blob_user_bytes(s, value, at_most((u32)next, NUNCHI_BUFFER_MAX),
					       (u32)next, BLOB(NUNCHI_BLOB_BYTES, i)) : 0;
	case NUNCHI_CAP_BYTES:
		return value ? blob_user_bytes(s, value, size, size, BLOB(NUNCHI_BLOB_BYTES, i)) : 0;
	case NUNCHI_CAP_LONGS:
		return value ? blob_longs(s, value, BLOB(NUNCHI_BLOB_BYTES, i)) : 0;
	default:
		return 0;
	}
}

/* Every argument of the call, as its row says; the returned fd. */
static __always_inline void call_blobs(struct scratch *s, const struct nunchi_spec *spec)
{
	u32 captures = spec->captures;

	if (unlikely(spec->flags & NUNCHI_SPEC_CLOSES) && s->call.ret != NUNCHI_RET_ENTRY)
		captures &= ~1U;
	for (u32 i = 0; captures && i < 6; i++) {
		if (!(captures & 1U << i))
			continue;
		if (spec->capture[i] == NUNCHI_CAP_FD)
			blob_fd(s, s->call.args[i], i);
		else
			blob_argument(s, i, spec->capture[i], spec->size[i]);
	}
	if ((spec->flags & NUNCHI_SPEC_RET_FD) && s->call.ret >= 0 &&
	    !(s->call.layout & NUNCHI_LAYOUT_NO_FD)) {
		u32 pos = s->pos;

		blob_fd(s, s->call.ret, NUNCHI_ARG_RET);
		if (unlikely(s->copied & 1 << COPY_OPENED))
			copies_opened(s, pos);
	}
	if ((spec->flags & NUNCHI_SPEC_CWD) && s->call.ret >= 0)
		blob_cwd(s, BLOB(NUNCHI_BLOB_CWD, 0));
	if ((spec->flags & NUNCHI_SPEC_ROOT) && s->call.ret >= 0)
		chroots |= blob_root(s, BLOB(NUNCHI_BLOB_ROOT, 0));
}

static __always_inline bool caps_differ(const struct scratch *s)
{
	return s->caps.effective != s->known.effective || s->caps.permitted != s->known.permitted ||
	       s->caps.inheritable != s->known.inheritable;
}

static __noinline int blob_caps(struct scratch *s)
{
	u32 pos;

	if (!blob_begin(s, &pos))
		return 0;
	__builtin_memcpy(&s->data[pos + sizeof(struct nunchi_blob)], &s->caps, sizeof(s->caps));
	blob_end(s, pos, sizeof(s->caps), sizeof(s->caps), 0, BLOB(NUNCHI_BLOB_CAPS, 0));
	return 0;
}

__noinline int call_finish(struct scratch *s)
{
	struct nunchi_spec *spec;
	enum lane lane;
	u32 nr;

	if (!s)
		return 0;
	if (has_casts && likely(s->headless))
		head_typed(s);
	else if (likely(s->headless))
		head_follow(s);
	nr = s->call.nr;
	if (nr >= NUNCHI_CALLS_MAX)
		return 0;
	spec = &specs[nr];
	call_blobs(s, spec);
	if (unlikely(s->clauses != PUSH_ALL) && !push_record(s)) {
		push_count(s->head.slot);
		return 0;
	}
	if (unlikely(caps_differ(s)))
		blob_caps(s);
	lane = call_lane(s, spec->flags & NUNCHI_SPEC_CRITICAL);
	if (unlikely(lane != LANE_BULK || aggregates || s->pos > NUNCHI_RECORD_MAX))
		return record_send(s, lane);
	/* Most go so, and without a call more. */
	if (unlikely(!bulk_output(s)))
		return record_refused(s);
	record_sent(s);
	return 1;
}
