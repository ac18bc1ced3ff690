/* SPDX-License-Identifier: Apache-2.0 */
/* fd.*: views of struct event_fd, which is computed when the first of them is read. */
#include "accessors.h"

#include <linux/magic.h>

/* Falco's letters; it has none for packet and vsock sockets. */
static const char *const type_chars[] = {
	[FD_FILE] = "f",    [FD_DIRECTORY] = "d", [FD_IPV4] = "4",   [FD_IPV6] = "6",
	[FD_UNIX] = "u",    [FD_NETLINK] = "n",   [FD_PACKET] = "o", [FD_VSOCK] = "o",
	[FD_PIPE] = "p",    [FD_CHAR] = "f",      [FD_BLOCK] = "f",  [FD_ANON] = "o",
	[FD_MEMFD] = "m",   [FD_OTHER] = "o",
};

FIELD_GET(fd_num)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present && fd->num != INT64_MIN)
		value_set_number(ret, fd->num);
}

FIELD_GET(fd_type)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present)
		value_set_text(ret, fd_type_name(fd->type));
}

FIELD_GET(fd_typechar)
{
	const struct event_fd *fd = fields_fd(fc);

	if (!fd->present)
		return;
	if (fields_opened_as_path(fc))
		value_set_bytes(ret, "f", 1);	/* a pipe or memfd by its place in /proc, a FIFO: by the call, as Falco */
	else if ((size_t)fd->type < ARRAY_SIZE(type_chars) && type_chars[fd->type])
		value_set_bytes(ret, type_chars[fd->type], 1);
	else if (fd->is_path && fd->num != INT64_MIN)
		value_set_bytes(ret, "f", 1);	/* an open that failed, or for a ring: by the call, as Falco */
}

FIELD_GET(fd_name)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present && fd->name)
		value_set_bytes(ret, fd->name, fd->name_len);
}

FIELD_GET(fd_nameraw)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present && fd->nameraw)
		value_set_bytes(ret, fd->nameraw, fd->nameraw_len);
}

FIELD_GET(fd_oldname)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present && fd->oldname)
		value_set_bytes(ret, fd->oldname, fd->oldname_len);
}

FIELD_GET(fd_directory)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present && fd->name && fd->is_path && fd->dir_len)
		value_set_bytes(ret, fd->name, fd->dir_len);
}

FIELD_GET(fd_filename)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present && fd->name && fd->is_path && fd->file_off < fd->name_len)
		value_set_bytes(ret, fd->name + fd->file_off, fd->name_len - fd->file_off);
}

/* The file's other paths: the one that was asked for, and the one by the root's own mount. */
static void get_path(const struct strbuf *path, struct value *ret)
{
	if (path)
		value_set_strbuf(ret, path);
}

/* A socket has no directory. */
static const struct strbuf *asked_file(struct field_context *fc)
{
	return fields_fd(fc)->is_path ? fields_asked(fc) : NULL;
}

/* The directory of an absolute path, which has a slash. */
static void get_directory(const struct strbuf *path, struct value *ret)
{
	const char *slash = path ? strrchr(path->s, '/') : NULL;

	if (slash)
		value_set_bytes(ret, path->s, slash == path->s ? 1 : (size_t)(slash - path->s));
}

static void get_filename(const struct strbuf *path, struct value *ret)
{
	const char *slash = path ? strrchr(path->s, '/') : NULL;

	if (slash && slash[1])
		value_set_text(ret, slash + 1);
}

FIELD_GET(asked_fd_name) { get_path(fields_asked(fc), ret); }
FIELD_GET(asked_fd_directory) { get_directory(asked_file(fc), ret); }
FIELD_GET(asked_fd_filename) { get_filename(asked_file(fc), ret); }
FIELD_GET(alias_fd_name) { get_path(fields_alias(fc), ret); }
FIELD_GET(alias_fd_directory) { get_directory(fields_alias(fc), ret); }
FIELD_GET(alias_fd_filename) { get_filename(fields_alias(fc), ret); }

FIELD_GET(fd_alias)
{
	get_path(fields_alias(fc), ret);
}

FIELD_GET(fd_peer_pid)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present && fd->peer_pid)
		value_set_number(ret, fd->peer_pid);
}

FIELD_GET(fd_ino)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present && fd->ino)
		value_set_number(ret, (int64_t)fd->ino);
}

/* Whether the kernel's object said what it is. */
static bool is_known_file(const struct event_fd *fd)
{
	return fd->present && fd->is_path && fd->type != FD_NONE;
}

FIELD_GET(fd_unreachable)
{
	const struct event_fd *fd = fields_fd(fc);

	if (is_known_file(fd))
		value_set_bool(ret, fd->unreachable);
}

FIELD_GET(fd_is_deleted)
{
	const struct event_fd *fd = fields_fd(fc);

	if (is_known_file(fd))
		value_set_bool(ret, fd->deleted);
}

FIELD_GET(fd_dev)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present && fd->ino)
		value_set_number(ret, fd->dev);
}

/* The kernel's encoding: major << 20 | minor. */
FIELD_GET(fd_dev_major)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present && fd->ino)
		value_set_number(ret, fd->dev >> 20);
}

FIELD_GET(fd_dev_minor)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present && fd->ino)
		value_set_number(ret, fd->dev & ((1U << 20) - 1));
}

/* File systems by their magic numbers, wherever they are mounted. */
static const struct {
	uint64_t magic;
	const char *name;
} file_systems[] = {
	{ OVERLAYFS_SUPER_MAGIC, "overlay" }, { EXT4_SUPER_MAGIC, "ext4" }, { XFS_SUPER_MAGIC, "xfs" },
	{ BTRFS_SUPER_MAGIC, "btrfs" },	      { TMPFS_MAGIC, "tmpfs" },	    { PROC_SUPER_MAGIC, "proc" },
	{ SYSFS_MAGIC, "sysfs" },	      { CGROUP_SUPER_MAGIC, "cgroup" }, { CGROUP2_SUPER_MAGIC, "cgroup2" },
	{ BINFMTFS_MAGIC, "binfmt_misc" },    { TRACEFS_MAGIC, "tracefs" }, { DEBUGFS_MAGIC, "debugfs" },
	{ SECURITYFS_MAGIC, "securityfs" },   { SELINUX_MAGIC, "selinuxfs" }, { BPF_FS_MAGIC, "bpf" },
	{ NFS_SUPER_MAGIC, "nfs" },	      { FUSE_SUPER_MAGIC, "fuse" },
};

FIELD_GET(fd_fstype)
{
	const struct event_fd *fd = fields_fd(fc);

	for (size_t i = 0; fd->present && i < ARRAY_SIZE(file_systems); i++)
		if (file_systems[i].magic == fd->magic)
			value_set_text(ret, file_systems[i].name);
}

FIELD_GET(fd_is_upper_layer)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present && fd->ino)
		value_set_bool(ret, fd->layer == FD_LAYER_UPPER);
}

FIELD_GET(fd_is_lower_layer)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present && fd->ino)
		value_set_bool(ret, fd->layer == FD_LAYER_LOWER);
}

/* Two values with a sign between them; missing if one of them is. */
static void join_two(struct field_context *fc, const struct value *a, char sign, const struct value *b,
		     struct value *ret)
{
	struct strbuf *text;

	if (a->type == VALUE_NONE || b->type == VALUE_NONE)
		return;
	text = scratch_next(fc);
	value_print(text, a);
	if (sign)
		strbuf_addc(text, sign);
	value_print(text, b);
	value_set_strbuf(ret, text);
}

FIELD_GET(fd_uid)
{
	struct value tid = { .type = VALUE_NONE }, num = { .type = VALUE_NONE };

	field_get_thread_tid(fc, NULL, &tid);
	field_get_fd_num(fc, NULL, &num);
	join_two(fc, &tid, '\0', &num, ret);
}

FIELD_GET(fd_containername)
{
	struct value id = { .type = VALUE_NONE }, name = { .type = VALUE_NONE };

	field_get_container_id(fc, NULL, &id);
	field_get_fd_name(fc, NULL, &name);
	join_two(fc, &id, ':', &name, ret);
}

FIELD_GET(fd_containerdirectory)
{
	struct value id = { .type = VALUE_NONE }, directory = { .type = VALUE_NONE };

	field_get_container_id(fc, NULL, &id);
	field_get_fd_directory(fc, NULL, &directory);
	join_two(fc, &id, ':', &directory, ret);
}
