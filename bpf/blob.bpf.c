/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Capture: what is appended to a record, by kind. Cost, measured on a 3 GHz core: a user string
 * 60 ns, a path 60 ns and 25 ns per component (a third of it where casts are to be had), a socket 60 ns.
 *
 * Every function begins at s->pos, checks once that the largest blob fits, and leaves s->pos
 * 8-byte aligned with the padding zeroed: nothing of an earlier record is ever sent.
 */
#include "lib/blob_head.h"
#include "lib/blob_sock.h"
#include "lib/blob_walk.h"
#include "lib/bulk.h"
#include "lib/copies.h"
#include "lib/mounted.h"
#include "lib/push.h"

#define MEASURE_CHUNKS 32	/* of 4 KiB: MAX_ARG_STRLEN, the longest string execve takes */

__noinline int head_fill(struct scratch *s)
{
	if (s && has_casts)
		head_typed(s);
	else if (s)
		head_read(s);
	return 0;
}

/* A chunk. 1 ends them. */
static long measure_step(u32 i, struct scratch **ctx)
{
	struct scratch *s = *ctx;
	struct measure *m = &s->measure;
	long n = bpf_probe_read_user_str(&s->data[SPARE], DATA_MAX, (void *)(m->ptr + m->len));

	if (n > 0)
		m->len += n - 1;
	return n < DATA_MAX;
}

/* Measures a user string that did not fit into DATA_MAX. */
__noinline u32 measure(struct scratch *s, u64 ptr)
{
	if (!s)
		return 0;
	s->measure.ptr = ptr;
	s->measure.len = DATA_MAX - 1;
	bpf_loop(MEASURE_CHUNKS, measure_step, &s, 0);
	return s->measure.len;
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

/* The struct file of an fd; 0: there is none. *ret_shared: other tasks share the table. */
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
 * Appends the path of s->walk.dentry in s->walk.mnt (0: the path within its file system). Its components, leaf first:
 * names up to the root of the mount, then on from where that is mounted, until the first mount of all: a chroot
 * changes nothing. A walk that ends elsewhere (a detached mount, a pipe, a file of another namespace) is marked.
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
		w->mnt_root = w->within;
		if (!w->mnt_root)
			w->mnt_root = (u64)FIELD(struct super_block, FIELD(struct dentry, dentry, d_sb), s_root);
		w->root_dentry = w->mnt_root;
		w->root_mnt = w->top = 0;
	} else {
		w->mnt_root = (u64)FIELD(struct vfsmount, w->mnt, mnt_root);
		if (has_casts)
			ends_typed(s, w);
		else
			ends_follow(w);
	}
	w->below = 0;
	w->own_root = w->mnt_root;
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

/* Through memory, because the verifier does not take pointers for numbers. */
static __always_inline void path_append(struct scratch *s, u64 mnt, u64 dentry, u32 blob)
{
	s->walk.mnt = mnt;
	s->walk.dentry = dentry;
	blob_walk(s, blob);
}

/*
 * A file that was reached through a bind mount of the container's own file system, or below another root
 * (pivot_root), has another path without that: mostly the one that people mean when they name it. For the file walked
 * last; root: the container's. Returns whether there is such a path.
 */
static __always_inline bool blob_alias(struct scratch *s, u64 root, u64 dentry, u32 arg)
{
	u32 pos = s->pos;

	s->walk.within = root;
	path_append(s, 0, dentry, BLOB(NUNCHI_BLOB_ALIAS, arg));
	if (!(s->walk.flags & NUNCHI_BLOB_UNREACHABLE))
		return true;
	s->pos = pos;	/* the root is only a part of its file system, and the file is in another part */
	return false;
}

/* 1 ends the loop. */
static long compare_step(u32 i, struct scratch **ctx)
{
	struct scratch *s = *ctx;
	struct comparison *c = &s->comparison;
	u32 one = (c->one + i * 8) & (sizeof(s->data) - 8), other = (c->other + i * 8) & (sizeof(s->data) - 8);

	c->differs = *(u64 *)&s->data[one] != *(u64 *)&s->data[other];
	return c->differs;
}

__noinline int data_differs(struct scratch *s, u32 one, u32 other, u32 len)
{
	if (!s)
		return 0;
	s->comparison.one = one;
	s->comparison.other = other;
	s->comparison.differs = 0;
	bpf_loop((len + 7) / 8, compare_step, &s, 0);
	return s->comparison.differs;
}

/* Whether two blobs have the same data. */
__noinline int blobs_equal(struct scratch *s, u32 one, u32 other)
{
	u32 len;

	if (!s || one > LAST_POS || other > LAST_POS)
		return 0;
	len = ((struct nunchi_blob *)&s->data[one])->len;
	return len == ((struct nunchi_blob *)&s->data[other])->len &&
	       !data_differs(s, one + sizeof(struct nunchi_blob), other + sizeof(struct nunchi_blob), len);
}

/* For a file whose blob is at pos: if it was mounted elsewhere when the container began, its path then. */
static __always_inline void blob_mounted(struct scratch *s, u64 dentry, u32 pos, u32 arg)
{
	u32 names, begin, at, len;

	s->walk.dentry = dentry;
	if (!mounted_find(s, s->head.slot, s->head.generation))
		return;
	names = s->n_names;
	begin = s->pos;
	path_append(s, 0, dentry, BLOB(NUNCHI_BLOB_ALIAS, arg));
	len = s->walk.len;
	at = begin + sizeof(struct nunchi_blob) + len;
	if (s->pos == begin || begin > LAST_POS || len > DATA_MAX || s->walk.flags & NUNCHI_BLOB_TRUNCATED)
		goto drop;
	bpf_probe_read_kernel(&s->data[at], below(s->place_len, PLACE_MAX), s->place);
	len += below(s->place_len, PLACE_MAX);
	blob_end(s, begin, len, len, s->walk.flags, BLOB(NUNCHI_BLOB_ALIAS, arg));
	if (!blobs_equal(s, pos, begin))
		return;
	/* It is where it was: the names are the same as in the other path. */
	s->walked = pos;
	s->n_names = names;
drop:
	s->pos = begin;
}

/* Whether the last walk has ended at the root of a mount that is mounted nowhere; a pipe is below no mount. */
static __always_inline bool is_apart(const struct scratch *s)
{
	return s->walk.flags & NUNCHI_BLOB_UNREACHABLE && s->walk.dentry == s->walk.mnt_root;
}

#define FIRST_PROC 0x636f7270	/* "proc" and its NUL as a little-endian number */
#define FIRST_SYS 0x737973

/*
 * Whether the FILE at pos, of the last walk, is in a proc or sysfs that may be mounted elsewhere than at /proc or
 * /sys, even below these.
 */
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
	return (magic == PROC_SUPER_MAGIC ? first != FIRST_PROC : (u32)first != FIRST_SYS) ||
	       mounted_anew(s->head.slot, s->walk.event);
}

/*
 * For the file walked last, if that did not lead to the container's root through its own mount alone: appends the
 * other path that it has. s->walk.of is its dentry, pos the offset of its blob.
 */
__noinline int blob_elsewhere(struct scratch *s, u32 pos, u32 arg)
{
	u64 dentry, root;
	bool apart;

	if (!s)
		return 0;
	dentry = s->walk.of;
	apart = is_apart(s);
	root = root_within(s->head.slot, s->head.generation, (u64)FIELD(struct dentry, dentry, d_sb));
	if (root && blob_alias(s, root, dentry, arg))
		return 0;
	if (unlikely(s->pos != pos && is_misplaced(s, pos))) {
		s->walk.within = 0;
		path_append(s, 0, dentry, BLOB(NUNCHI_BLOB_ALIAS, arg));
	} else if (unlikely(s->pos != pos && (apart || mounted_anew(s->head.slot, s->walk.event)))) {
		blob_mounted(s, dentry, pos, arg);
	}
	return 0;
}

__noinline int blob_moved(struct scratch *s, u64 file, u32 pos)
{
	u64 dentry, root, event;
	bool moved = true;
	u32 begin;

	if (!s)
		return 0;
	begin = s->pos;
	event = s->walk.event;
	dentry = (u64)FIELD(struct file, file, f_path.dentry);
	root = root_within(s->head.slot, s->head.generation, (u64)FIELD(struct dentry, dentry, d_sb));
	if (root && blob_alias(s, root, dentry, 0)) {
		moved = !blobs_equal(s, pos, begin);
	} else {
		if (!mounted_anew(s->head.slot, event))
			return 0;
		s->walk.dentry = dentry;
		if (mounted_find(s, s->head.slot, s->head.generation)) {
			blob_mounted(s, dentry, pos, 0);
			moved = s->pos != begin;
		}
	}
	s->pos = begin;
	if (moved)
		blob_mark(s, pos, NUNCHI_BLOB_MOVED);
	return 0;
}

static __always_inline void file_append(struct scratch *s, u64 mnt, u64 dentry, u32 arg)
{
	u64 root = root_own(s->head.slot, s->head.generation);
	u32 pos = s->pos;

	s->walk.of = dentry;
	path_append(s, mnt, dentry, BLOB(NUNCHI_BLOB_FILE, arg));
	if (unlikely(!is_plain(s, mnt, root)))
		blob_elsewhere(s, pos, arg);
}

__noinline int blob_cwd(struct scratch *s, u32 blob)
{
	if (!s)
		return 0;
	cwd_read(s, &s->walk);
	return blob_walk(s, blob);
}

/* Appends the running task's root directory. Returns whether it differs from its namespace's: a chroot. */
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

/* Puts what the file is open for into its blob at pos. */
static __always_inline void opened_mark(struct scratch *s, u32 pos, u64 file)
{
	if (s->pos == pos)
		return;
	barrier_var(pos);
	if (pos <= LAST_POS)
		((struct nunchi_file *)&s->data[pos + sizeof(struct nunchi_blob)])->opened =
			NUNCHI_OPENED_KNOWN | (FIELD(struct file, file, f_flags) & O_ACCMODE);
}

/* Appends what a file is: a file or a socket. */
static __always_inline void fd_append(struct scratch *s, u64 file, bool late, u32 arg)
{
	u64 inode = (u64)FIELD(struct file, file, f_inode);
	u32 pos = s->pos;

	if ((FIELD(struct inode, inode, i_mode) & S_IFMT) == S_IFSOCK) {
		blob_sock(s, file, arg);
	} else {
		file_append(s, (u64)FIELD(struct file, file, f_path.mnt), (u64)FIELD(struct file, file, f_path.dentry), arg);
		/* Only openat2 has its flags in memory; the others have them in a register. */
		if (arg == NUNCHI_ARG_RET && unlikely(specs[s->call.nr & (NUNCHI_CALLS_MAX - 1)].capture[2] == NUNCHI_CAP_BYTES))
			opened_mark(s, pos, file);
	}
	if (late)
		blob_mark(s, pos, NUNCHI_BLOB_LATE);
}

/* Appends the file that an io_uring request has put among its ring's own. */
static __noinline int blob_made(struct scratch *s)
{
	if (s && s->made)
		fd_append(s, s->made, true, NUNCHI_ARG_RET);
	return 0;
}

/*
 * Appends what an fd is by now: a file or a socket. A task that shares the table can have put something else there
 * since the call. What argument 0 is may be known otherwise.
 */
__noinline int blob_fd(struct scratch *s, u32 fd, u32 arg)
{
	bool late = false;
	u64 file;

	if (!s)
		return 0;
	file = s->file;
	if (likely(arg || !file)) {
		file = fd_file(s, fd, &late);
		/*
		 * A task that shared it when the call began may have exited while the call slept; after an open has
		 * its fd it does not sleep any more.
		 */
		late |= s->shared && arg != NUNCHI_ARG_RET;
	} else {
		late = file == s->made;
	}
	if (file)
		fd_append(s, file, late, arg);
	return 0;
}

/* Appends the directory at which a relative path starts: the working directory, or dirfd. */
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
		shared |= s->shared;
		s->walk.mnt = (u64)FIELD(struct file, file, f_path.mnt);
		s->walk.dentry = (u64)FIELD(struct file, file, f_path.dentry);
	}
	blob_walk(s, BLOB(NUNCHI_BLOB_BASE, arg));
	if (shared)
		blob_mark(s, pos, NUNCHI_BLOB_LATE);
	return 0;
}

/* Appends a string argument that is the number of a name that the kernel copied. */
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
	b->full = NUNCHI_PATH_MAX;	/* an upper bound: its length is not known */
	return 0;
}

/* Appends a string argument, which is mostly in the caller's memory. */
static __always_inline void string_append(struct scratch *s, u64 value, u32 arg)
{
	if (unlikely(s->names))
		blob_uring_name(s, value, arg);
	else if (likely(!(s->copied & 1U << (arg & 7))) || !blob_copy(s, value, BLOB(NUNCHI_BLOB_STR, arg)))
		user_str(s, value, BLOB(NUNCHI_BLOB_STR, arg));
}

/* Appends an address, if there is one. full: its length as given by the caller. */
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

/* For sendmsg and recvmsg: appends the address in struct msghdr; for sendmmsg that in the first struct mmsghdr. */
static __noinline int blob_msghdr(struct scratch *s, u64 ptr, u32 arg)
{
	u32 len = 0;
	u64 name;

	if (!s)
		return 0;
	/* Even if user memory names none by now, there may have been one. */
	name = msghdr_name(ptr, pointer_size(&s->call), &len);
	return blob_address(s, name, len, arg);
}

static __always_inline u32 at_most(u64 n, u32 max)
{
	return n > max ? max : n;
}

/* Appends argument i of the call in the record. */
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
	/*
	 * For argument 0, which does not use it, this reads behind the array's end: older verifiers do not learn from
	 * i != 0.
	 */
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
		/* The kernel's copy decides, not what user memory has by now. */
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

/* Appends every argument of the call, as its row says, and the returned fd. */
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
	} else if (unlikely(s->call.layout & NUNCHI_LAYOUT_NO_FD) && spec->flags & NUNCHI_SPEC_RET_FD) {
		blob_made(s);
	}
	if ((spec->flags & NUNCHI_SPEC_CWD) && s->call.ret >= 0)
		blob_cwd(s, BLOB(NUNCHI_BLOB_CWD, 0));
	if ((spec->flags & NUNCHI_SPEC_ROOT) && s->call.ret >= 0 && blob_root(s, BLOB(NUNCHI_BLOB_ROOT, 0)))
		chroots = 1;
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
	else if (s->creds)
		head_creds(s);
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
	/* Most records are sent like this, without one more call. */
	if (unlikely(!bulk_output(s)))
		return record_refused(s);
	reader_call();
	return 1;
}
