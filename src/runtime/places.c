/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Some of these directories belong to users, and all are written by others: below the first "*"
 * no symbolic link is followed and no mount is crossed, so nobody can lead us elsewhere or make us
 * wait for a file system of his own.
 */
#include "disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>

#include "facts.h"
#include "json.h"
#include "nunchi/limits.h"

const struct place default_places[] = {
	{ PLACE_RUNC, "/run/runc" },
	{ PLACE_RUNC, "/run/containerd/runc/*" },
	{ PLACE_RUNC, "/run/docker/runtime-*/*" },
	{ PLACE_RUNC, "/run/user/*/runc" },
	{ PLACE_RUNC, "/run/user/*/docker/runtime-*/*" },
	{ PLACE_CRUN, "/run/crun" },
	{ PLACE_CRUN, "/run/user/*/crun" },
	{ PLACE_BUNDLE, "/run/containerd/io.containerd.runtime.v2.task/*" },
	{ PLACE_BUNDLE, "/run/docker/containerd/daemon/io.containerd.runtime.v2.task/*" },
	{ PLACE_BUNDLE, "/run/k3s/containerd/io.containerd.runtime.v2.task/*" },
	{ PLACE_BUNDLE, "/run/k0s/containerd/io.containerd.runtime.v2.task/*" },
	{ PLACE_BUNDLE, "/var/snap/microk8s/common/run/containerd/io.containerd.runtime.v2.task/*" },
};
const size_t n_default_places = ARRAY_SIZE(default_places);

const char *place_state_file(enum place_kind kind)
{
	static const char *const files[] = {
		[PLACE_RUNC] = "state.json",
		[PLACE_CRUN] = "status",
		[PLACE_BUNDLE] = "init.pid",
	};

	return files[kind];
}

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* A stream over a copy of fd, which stays the caller's. */
static DIR *list(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);

	if (!d && copy >= 0)
		close(copy);
	return d;
}

static void visit_place(enum place_kind kind, int fd, const char *path,
			const struct place_visitor *v)
{
	_cleanup_(closedirp) DIR *d = list(fd);
	const char *above = strrchr(path, '/');
	unsigned n = 0;

	for (struct dirent *e; d && n < NUNCHI_SLOTS_MAX && (e = readdir(d));) {
		_cleanup_free_ char *below = NULL;
		_cleanup_close_ int dir = -1;

		if (!container_id_valid(e->d_name))
			continue;
		dir = open_within(fd, e->d_name, O_RDONLY | O_DIRECTORY);
		if (dir < 0)
			continue;
		n++;
		below = xasprintf("%s/%s", path, e->d_name);
		v->directory(v->arg, dir);
		v->container(v->arg, kind, below, dir, above ? above + 1 : path, e->d_name);
	}
}

static void walk(enum place_kind kind, int fd, const char *path, const char *rest, bool wild,
		 const struct place_visitor *v);

static void descend(enum place_kind kind, int fd, const char *path, const char *name,
		    const char *rest, bool wild, const struct place_visitor *v)
{
	_cleanup_free_ char *below = xasprintf("%s/%s", path, name);
	_cleanup_close_ int dir =
		wild ? open_within(fd, name, O_RDONLY | O_DIRECTORY) :
		       openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir >= 0)
		walk(kind, dir, below, rest, wild, v);
}

/* A user's runtime directory is a mount itself, so its name is opened as the literal ones are. */
static bool is_user_dir(const char *path)
{
	size_t len = strlen(path);

	return len >= 9 && streq(path + len - 9, "/run/user");
}

static void walk(enum place_kind kind, int fd, const char *path, const char *rest, bool wild,
		 const struct place_visitor *v)
{
	_cleanup_free_ char *name = NULL;
	_cleanup_(closedirp) DIR *d = NULL;
	size_t len;
	unsigned n = 0;

	if (*path)
		v->directory(v->arg, fd);
	rest += strspn(rest, "/");
	if (!*rest) {
		visit_place(kind, fd, path, v);
		return;
	}
	len = strcspn(rest, "/");
	name = xstrndup(rest, len);
	rest += len;
	if (!strchr(name, '*')) {
		descend(kind, fd, path, name, rest, wild, v);
		return;
	}
	d = list(fd);
	for (struct dirent *e; d && n < NUNCHI_SLOTS_MAX && (e = readdir(d)); n++) {
		if (fnmatch(name, e->d_name, FNM_PERIOD))
			continue;
		if (is_user_dir(path)) {
			_cleanup_free_ char *below = xasprintf("%s/%s", path, e->d_name);
			_cleanup_close_ int dir = openat(fd, e->d_name, O_RDONLY | O_DIRECTORY |
							 O_CLOEXEC | O_NOFOLLOW);

			if (dir >= 0)
				walk(kind, dir, below, rest, true, v);
			continue;
		}
		descend(kind, fd, path, e->d_name, rest, true, v);
	}
}

void place_visit(const char *root, const struct place *place, const struct place_visitor *visitor)
{
	_cleanup_close_ int fd = open(*root ? root : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	/* The path begins with the root's prefix; "" stands for the top, which is not watched. */
	walk(place->kind, fd, root, place->pattern, false, visitor);
}
