/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container.mounts, container.mount.*: what of the host is mounted in the container, as its runtime has
 * said. One mount is named by its number or by a pattern: of where it is, or, for where it is, of where it
 * comes from. fd.host_path: which file of the host's one below them is.
 */
#include "accessors.h"

#include <fnmatch.h>

static const struct container_info *info_of(const struct field_context *fc)
{
	return fc->ev->container ? fc->ev->container->info : NULL;
}

/* As Falco writes it: source, destination, mode (which only Docker has), whether it is writable, propagation. */
static void mount_print(struct strbuf *out, const struct mount *m)
{
	strbuf_addf(out, "%s:%s::%s:%.*s", m->source, m->dest, m->writable ? "true" : "false",
		    (int)m->propagation_len, m->propagation);
}

static bool mount_find(const struct field_context *fc, const char *arg, bool by_source, struct mount *ret)
{
	const struct container_info *info = info_of(fc);
	bool number = arg && *arg && !arg[strspn(arg, "0123456789")];

	for (size_t i = 0; info && arg && i < info->n_mounts; i++) {
		if (!container_info_mount(info, i, ret))
			continue;
		if (number ? strtoul(arg, NULL, 10) == i :
			     !fnmatch(arg, by_source ? ret->source : ret->dest, 0))
			return true;
	}
	return false;
}

FIELD_GET(container_mounts)
{
	const struct container_info *info = info_of(fc);
	struct strbuf *b = scratch_next(fc);
	struct mount m;

	for (size_t i = 0; info && i < info->n_mounts; i++) {
		if (!container_info_mount(info, i, &m))
			continue;
		if (b->len)
			strbuf_addc(b, ' ');
		mount_print(b, &m);
	}
	value_set_strbuf(ret, b);
}

FIELD_GET(container_mount)
{
	struct strbuf *b;
	struct mount m;

	if (!mount_find(fc, arg, true, &m))
		return;
	b = scratch_next(fc);
	mount_print(b, &m);
	value_set_strbuf(ret, b);
}

FIELD_GET(container_mount_dest)
{
	struct mount m;

	if (mount_find(fc, arg, true, &m))
		value_set_text(ret, m.dest);
}

FIELD_GET(container_mount_source)
{
	struct mount m;

	if (mount_find(fc, arg, false, &m))
		value_set_text(ret, m.source);
}

FIELD_GET(container_mount_rdwr)
{
	struct mount m;

	if (mount_find(fc, arg, true, &m))
		value_set_bool(ret, m.writable);
}

FIELD_GET(container_mount_mode)
{
	struct mount m;

	if (mount_find(fc, arg, true, &m))
		value_set_bytes(ret, "", 0);
}

FIELD_GET(container_mount_propagation)
{
	struct mount m;

	if (mount_find(fc, arg, true, &m))
		value_set_bytes(ret, m.propagation, m.propagation_len);
}

/* The length of the beginning of a file's path that is the mount's destination; SIZE_MAX: the file is not below it. */
static size_t place_len(const struct event_fd *fd, const char *place)
{
	size_t len = strlen(place);

	while (len && place[len - 1] == '/')
		len--;
	if (fd->name_len < len || memcmp(fd->name, place, len) != 0 || (fd->name_len > len && fd->name[len] != '/'))
		return SIZE_MAX;
	return len;
}

/* The namespace of a container that ended before it was looked at is not known; it had no time to make others. */
static bool has_other_mounts(const struct nunchi_head *head, const struct container_info *info)
{
	return head->flags & NUNCHI_F_SETUP || (info->mntns && info->mntns != head->mntns);
}

/* Whether the path of the event's file leads through the mounts that the runtime has made, and tells of. */
static bool is_in_container(struct field_context *fc, const struct container_info *info)
{
	const struct nunchi_head *head = task_head(fc);
	const struct event_fd *fd = fields_fd(fc);

	if (!fd->present || !fd->ino || !fd->is_path || fd->unreachable || fd->name[0] != '/')
		return false;
	return head && !has_other_mounts(head, info);
}

/* Of nested mounts the innermost counts. */
FIELD_GET(fd_host_path)
{
	const struct container_info *info = info_of(fc);
	const struct event_fd *fd = fields_fd(fc);
	size_t best = SIZE_MAX;
	struct mount m, found;
	struct strbuf *b;
	size_t start;

	if (!info || !info->n_mounts || !is_in_container(fc, info))
		return;
	for (size_t i = 0; i < info->n_mounts; i++) {
		size_t len = container_info_mount(info, i, &m) ? place_len(fd, m.dest) : SIZE_MAX;

		if (len == SIZE_MAX || (best != SIZE_MAX && len < best))
			continue;
		best = len;
		found = m;
	}
	if (best == SIZE_MAX)
		return;
	b = scratch_next(fc);
	start = best + (best < fd->name_len && fd->name[best] == '/');
	path_join(b, found.source, strlen(found.source), fd->name + start, fd->name_len - start);
	value_set_strbuf(ret, b);
}
