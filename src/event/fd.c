/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The view is made from the kinds of the call's arguments and from what was captured of them, in
 * this order: what the call returned, the paths it was given, the fd it was given. What came from
 * the kernel's objects wins over what user memory said.
 */
#include "fd.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "fd_sock.h"

#define NO_PLACE SIZE_MAX

const char *fd_type_name(enum fd_type type)
{
	static const char *const names[] = {
		[FD_FILE] = "file", [FD_DIRECTORY] = "directory", [FD_IPV4] = "ipv4",
		[FD_IPV6] = "ipv6", [FD_UNIX] = "unix", [FD_NETLINK] = "netlink",
		[FD_PACKET] = "packet", [FD_VSOCK] = "vsock", [FD_PIPE] = "pipe",
		[FD_CHAR] = "char", [FD_BLOCK] = "block", [FD_ANON] = "anon",
		[FD_MEMFD] = "memfd", [FD_OTHER] = "other",
	};

	return type < ARRAY_SIZE(names) ? names[type] : NULL;
}

enum grade grade_of(const struct event_blob *blob)
{
	switch (blob->type) {
	case NUNCHI_BLOB_STR:
	case NUNCHI_BLOB_STRV:
	case NUNCHI_BLOB_SOCKADDR:
	case NUNCHI_BLOB_BYTES:
	case NUNCHI_BLOB_FOUND:
		/* A part of what the kernel copied is not what it went by. */
		return (blob->flags & (NUNCHI_BLOB_KERNEL | NUNCHI_BLOB_TRUNCATED)) == NUNCHI_BLOB_KERNEL ? GRADE_OBJECT :
													    GRADE_USER;
	default:
		return blob->flags & NUNCHI_BLOB_LATE ? GRADE_LATE : GRADE_OBJECT;
	}
}

/* Where in the scratch the texts start; pointers are made when it does not grow any more. */
struct view {
	const struct event *ev;
	const char *cwd;
	struct strbuf *text;
	struct event_fd *fd;
	size_t name, old;
};

static enum fd_type type_of_mode(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return FD_FILE;
	case S_IFDIR:
		return FD_DIRECTORY;
	case S_IFCHR:
		return FD_CHAR;
	case S_IFBLK:
		return FD_BLOCK;
	case S_IFIFO:
		return FD_PIPE;
	case 0:
		return FD_ANON;
	default:
		return FD_OTHER;
	}
}

/* A walk that was given up has met no root either. */
static bool is_unreachable(const struct event_blob *blob)
{
	return (blob->flags & (NUNCHI_BLOB_UNREACHABLE | NUNCHI_BLOB_TRUNCATED)) == NUNCHI_BLOB_UNREACHABLE;
}

/* The file behind an fd. */
static void view_file(struct view *v, const struct event_blob *blob)
{
	struct event_fd *fd = v->fd;
	struct nunchi_file file;

	if (blob->len < sizeof(file))
		return;
	memcpy(&file, blob->data, sizeof(file));
	fd->present = true;
	fd->type = type_of_mode(file.mode);
	fd->ino = file.ino;
	fd->dev = file.dev;
	fd->magic = file.magic;
	if (file.magic == OVERLAYFS_SUPER_MAGIC)
		fd->layer = blob->flags & NUNCHI_BLOB_UPPER ? FD_LAYER_UPPER : FD_LAYER_LOWER;
	v->name = v->text->len;
	fd->is_path = path_from_file(v->text, blob);
	fd->unreachable = fd->is_path && is_unreachable(blob);
	fd->deleted = fd->is_path && path_is_deleted(blob);
	if (fd->deleted)
		strbuf_adds(v->text, " (deleted)");
	else if (starts_with(v->text->s + v->name, "memfd:"))
		fd->type = FD_MEMFD;
	else if (!fd->is_path && fd->type == FD_FILE)
		fd->type = FD_ANON;	/* pidfds, namespaces: files of no file system */
}

/* What an fd is. False if nothing was captured of it. */
static bool view_object(struct view *v, int arg)
{
	const struct event_blob *file = event_blob(v->ev, NUNCHI_BLOB_FILE, arg);
	const struct event_blob *sock = event_blob(v->ev, NUNCHI_BLOB_SOCK, arg);

	if (file || sock)
		v->fd->name_grade = grade_of(file ? file : sock);
	v->fd->alias = file ? event_blob(v->ev, NUNCHI_BLOB_ALIAS, arg) : NULL;
	if (file)
		view_file(v, file);
	else if (sock && fd_view_sock(v->ev, sock, v->text, v->fd, &v->name))
		v->fd->present = true;
	return file || sock;
}

static bool is_path_arg(const struct syscall_arg *arg)
{
	return arg->kind == ARG_PATH || arg->kind == ARG_PATHAT;
}

/* The directory that a relative path argument starts at, appended; false if nobody knows. */
static bool add_base(struct strbuf *out, const struct view *v, unsigned index, bool exec,
		     enum grade *grade)
{
	const struct event_blob *base = event_blob(v->ev, NUNCHI_BLOB_BASE, (int)index);
	bool from_cwd = exec || v->ev->call->args[index].kind != ARG_PATHAT || !index ||
			(int)v->ev->args[index - 1] == AT_FDCWD;

	if (!base && exec)
		base = event_blob(v->ev, NUNCHI_BLOB_CWD, -1);
	if (base) {
		*grade = MAX(*grade, grade_of(base));
		path_from_file(out, base);
		return base->len >= sizeof(struct nunchi_file);
	}
	if (!from_cwd || !v->cwd)
		return false;
	strbuf_adds(out, v->cwd);
	return true;
}

/*
 * In a chroot it starts there, and does not rise above it. The call that makes one is over when its root is
 * looked at: that is the directory, and no path starts there.
 */
static void add_absolute(struct view *v, unsigned index, const char *name, size_t len, enum grade *grade)
{
	const struct event_blob *root = event_blob(v->ev, NUNCHI_BLOB_BASE, (int)index);
	_cleanup_strbuf_ struct strbuf base = STRBUF_INIT, below = STRBUF_INIT;

	if (!root) {
		path_join(v->text, "", 0, name, len);
		return;
	}
	*grade = MAX(*grade, grade_of(root));
	path_from_file(&base, root);
	if (streq(v->ev->call->name, "chroot") && !event_failed(v->ev))
		len = 0;
	path_join(&below, "", 0, name, len);
	path_join(v->text, base.s, base.len, below.s + 1, below.len - 1);
}

/* Of what path_from_file() has made: what has none begins otherwise. */
static bool is_path_text(const char *text)
{
	return text[0] == '/' || text[0] == '.';
}

/*
 * Appends the absolute path that an argument means, and sets where it starts. Nothing if the
 * directory that it is relative to is not known.
 */
static size_t add_path(struct view *v, unsigned index, const struct event_blob *raw, bool exec,
		       enum grade *ret_grade)
{
	_cleanup_strbuf_ struct strbuf base = STRBUF_INIT;
	size_t start = v->text->len;
	const char *name = raw ? raw->data : "";
	size_t len = raw ? raw->len : 0;

	if (raw && (raw->flags & NUNCHI_BLOB_UNREADABLE))
		return NO_PLACE;
	if (!raw && !event_blob(v->ev, NUNCHI_BLOB_BASE, (int)index))
		return NO_PLACE;
	*ret_grade = raw ? grade_of(raw) : GRADE_OBJECT;
	if (len && name[0] == '/') {
		add_absolute(v, index, name, len, ret_grade);
		return start;
	}
	if (!add_base(&base, v, index, exec, ret_grade))
		return NO_PLACE;
	/* The descriptor itself (AT_EMPTY_PATH), and that is a pipe, say. */
	if (!len && !is_path_text(base.s))
		strbuf_add(v->text, base.s, base.len);
	else
		path_join(v->text, base.s, base.len, name, len);
	return start;
}

static void set_raw(struct event_fd *fd, const struct event_blob *raw)
{
	if (!raw || raw->flags & NUNCHI_BLOB_UNREADABLE)
		return;
	fd->nameraw = raw->data;
	fd->nameraw_len = raw->len;
	fd->nameraw_grade = grade_of(raw);
}

/* A path that the call acted on, by its words. */
static void view_path(struct view *v, unsigned index)
{
	const struct event_blob *raw = event_blob(v->ev, NUNCHI_BLOB_STR, (int)index);

	v->fd->present = true;
	set_raw(v->fd, raw);
	if (v->name != NO_PLACE)
		return;		/* the object that was opened has told its own */
	v->name = add_path(v, index, raw, false, &v->fd->name_grade);
	v->fd->is_path = v->name != NO_PLACE && is_path_text(v->text->s + v->name);
}

/* symlink: the text that the link holds, which is no path of this process. */
static void view_target(struct view *v)
{
	const struct event_blob *raw = event_blob(v->ev, NUNCHI_BLOB_STR, 0);

	if (!raw || raw->flags & NUNCHI_BLOB_UNREADABLE)
		return;
	v->old = v->text->len;
	v->fd->oldname_grade = grade_of(raw);
	strbuf_add(v->text, raw->data, raw->len);
}

/* The argument that the event is about, and the other path of rename, link, mount. -1: none. */
static void find_paths(const struct syscall_info *call, int *ret_path, int *ret_other)
{
	int first = -1, last = -1;

	for (int i = 0; i < call->n_args; i++) {
		if (!is_path_arg(&call->args[i]))
			continue;
		if (first < 0)
			first = i;
		last = i;
	}
	*ret_path = last;
	*ret_other = first != last ? first : -1;
	if (*ret_other >= 0 && streq(call->name, "pivot_root")) {
		*ret_path = first;
		*ret_other = last;
	}
}

bool event_exec_path(const struct event *ev, const char *cwd, struct strbuf *out)
{
	struct view v = { .ev = ev, .cwd = cwd, .text = out };
	enum grade grade;

	return add_path(&v, 0, event_blob(ev, NUNCHI_BLOB_FILENAME, -1), true, &grade) != NO_PLACE;
}

bool event_arg_path(const struct event *ev, const char *cwd, unsigned index, struct strbuf *out)
{
	struct view v = { .ev = ev, .cwd = cwd, .text = out };
	enum grade grade;

	if (!is_path_arg(&ev->call->args[index]))
		return false;
	if (ev->head->kind == NUNCHI_REC_EXEC)
		return event_exec_path(ev, cwd, out);
	return add_path(&v, index, event_blob(ev, NUNCHI_BLOB_STR, (int)index), false, &grade) != NO_PLACE;
}

bool event_asked_path(const struct event *ev, const char *cwd, struct strbuf *out)
{
	int path, other;

	if (ev->type != EVENT_SYSCALL || ev->head->kind == NUNCHI_REC_EXEC)
		return false;
	find_paths(ev->call, &path, &other);
	return path >= 0 && event_arg_path(ev, cwd, (unsigned)path, out);
}

static void view_paths(struct view *v)
{
	int path, other;

	find_paths(v->ev->call, &path, &other);
	if (path < 0)
		return;
	view_path(v, (unsigned)path);
	/* Its first argument is text, whichever kind the table gives it. */
	if (starts_with(v->ev->call->name, "symlink"))
		view_target(v);
	else if (other >= 0)
		v->old = add_path(v, (unsigned)other,
				  event_blob(v->ev, NUNCHI_BLOB_STR, other), false,
				  &v->fd->oldname_grade);
}

/* Not of what lies in memory only: it is below nobody's root, and never had a name. */
static void view_image(struct view *v)
{
	const struct event_blob *exe = event_blob(v->ev, NUNCHI_BLOB_EXE, -1);
	_cleanup_strbuf_ struct strbuf path = STRBUF_INIT;

	if (!exe || !path_from_file(&path, exe))
		return;
	v->fd->unreachable = is_unreachable(exe);
	v->fd->deleted = path_is_deleted(exe);
}

static void view_exec(struct view *v)
{
	const struct event_blob *raw = event_blob(v->ev, NUNCHI_BLOB_FILENAME, -1);

	if (!raw)
		return;
	v->fd->present = true;
	v->fd->type = FD_FILE;
	set_raw(v->fd, raw);
	v->name = add_path(v, 0, raw, true, &v->fd->name_grade);
	v->fd->is_path = v->name != NO_PLACE;
	view_image(v);
}

/* Rows of the table, by their number on x86-64. */
enum { CALL_MMAP = 9, CALL_URING_SETUP = 425, CALL_URING_ENTER = 426, CALL_URING_REGISTER = 427, CALL_LANDLOCK_CREATE = 444 };

#define URING_SETUP_REGISTERED_FD_ONLY (1U << 15)
#define URING_ENTER_REGISTERED_RING (1U << 4)
#define URING_REGISTER_USE_REGISTERED_RING (1U << 31)

/* io_uring_setup's flags are the third word of what its argument 1 points to. */
static bool ring_has_no_fd(const struct event *ev)
{
	const struct event_blob *params = event_blob(ev, NUNCHI_BLOB_BYTES, 1);
	uint32_t flags;

	if (!params || params->len < 3 * sizeof(flags))
		return false;
	memcpy(&flags, params->data + 2 * sizeof(flags), sizeof(flags));
	return flags & URING_SETUP_REGISTERED_FD_ONLY;
}

/*
 * Whether what stands in a descriptor's place, as an argument or the result, is one: by what else it is given, a call takes
 * no notice of it, or counts in something else, where another file of the process has that number.
 */
static bool is_descriptor(const struct event *ev, int arg)
{
	switch (ev->call->nr_x86_64) {
	case CALL_MMAP:
		return !(ev->args[3] & MAP_ANONYMOUS);
	case CALL_URING_SETUP:
		return !ring_has_no_fd(ev);	/* an index of rings that the thread has registered */
	case CALL_URING_ENTER:
		return !(ev->args[3] & URING_ENTER_REGISTERED_RING);
	case CALL_URING_REGISTER:
		return !(ev->args[1] & URING_REGISTER_USE_REGISTERED_RING);
	case CALL_LANDLOCK_CREATE:
		return arg != NUNCHI_ARG_RET || !ev->args[2];	/* what the kernel knows of Landlock: its version */
	default:
		return true;
	}
}

static void view_result(struct view *v)
{
	if (event_is_entry(v->ev))
		return;
	if (event_failed(v->ev)) {
		v->fd->num = -1;
		return;
	}
	if (!is_descriptor(v->ev, NUNCHI_ARG_RET))
		return;
	v->fd->num = v->ev->ret;
	v->fd->present = true;
	view_object(v, NUNCHI_ARG_RET);
}

/* The first fd argument of which something is known; else the first that is an fd at all. */
static void view_arguments(struct view *v)
{
	const struct syscall_info *call = v->ev->call;
	bool has_num = v->fd->num != INT64_MIN;
	int first = -1;

	for (int i = 0; i < call->n_args; i++) {
		int num = (int)v->ev->args[i];

		if (call->args[i].kind != ARG_FD || !is_descriptor(v->ev, i))
			continue;
		if (view_object(v, i)) {
			if (!has_num)
				v->fd->num = num;
			return;
		}
		if (first < 0 && num >= 0)
			first = num;
	}
	if (first >= 0 && !has_num) {
		v->fd->present = true;
		v->fd->num = first;
	}
}

static void view_call(struct view *v)
{
	const struct syscall_info *call = v->ev->call;

	if (v->ev->head->kind == NUNCHI_REC_EXEC) {
		view_exec(v);
		return;
	}
	if (call->ret == RET_FD)
		view_result(v);
	view_paths(v);
	/* What was opened is not known, and what was asked for, be it the kernel's own copy, can be a link. */
	if (call->ret == RET_FD && v->fd->type == FD_NONE && !event_is_entry(v->ev) && !event_failed(v->ev))
		v->fd->name_grade = GRADE_USER;
	if (v->name == NO_PLACE && !v->fd->nameraw && v->fd->type == FD_NONE)
		view_arguments(v);
	if (v->fd->type == FD_NONE && fd_view_created(v->ev, v->fd))
		v->fd->present = true;
	if (v->fd->num == -1 && call->ret == RET_FD)
		v->fd->present = true;
}

static void split_name(struct event_fd *fd)
{
	const char *slash = memrchr(fd->name, '/', fd->name_len);

	if (!slash)
		return;
	fd->dir_len = slash == fd->name ? 1 : (size_t)(slash - fd->name);
	fd->file_off = (size_t)(slash - fd->name) + 1;
}

void event_fd(const struct event *ev, const char *cwd, struct strbuf *scratch, struct event_fd *ret)
{
	struct view v = { .ev = ev, .cwd = cwd, .text = scratch, .fd = ret, .name = NO_PLACE,
			  .old = NO_PLACE };

	*ret = (struct event_fd){ .num = INT64_MIN };
	strbuf_reset(scratch);
	if (ev->type == EVENT_SUMMARY) {
		struct event counted = *ev;

		if (event_become_counted(&counted)) {
			event_fd(&counted, cwd, scratch, ret);
			ret->num = INT64_MIN;	/* each may have been another */
		}
		return;
	}
	if (ev->type != EVENT_SYSCALL)
		return;
	view_call(&v);
	/* The name was put down first, the other path after it. */
	if (v.name != NO_PLACE) {
		ret->name = scratch->s + v.name;
		ret->name_len = (v.old != NO_PLACE ? v.old : scratch->len) - v.name;
		ret->file_off = ret->name_len;
		if (ret->is_path)
			split_name(ret);
	}
	if (v.old != NO_PLACE) {
		ret->oldname = scratch->s + v.old;
		ret->oldname_len = scratch->len - v.old;
	}
}
