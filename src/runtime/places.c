/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Some of these directories belong to users. So below the first "*" no symbolic link is followed and no mount is crossed:
 * nobody can lead us elsewhere, or keep us waiting with a file system of his own.
 */
#include "disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "nunchi/limits.h"
#include "root.h"

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
	{ PLACE_STORAGE, "/var/lib/containers/storage/*-containers" },
	{ PLACE_RUNROOT, "/run/containers/storage/*-containers" },
	{ PLACE_RUNROOT, "/run/user/*/containers/*-containers" },
	/* Users make directories in their homes all day. */
	{ PLACE_STORAGE, "/home/*/.local/share/containers/storage/*-containers", true },
};
const size_t n_default_places = ARRAY_SIZE(default_places);

const char *place_state_file(enum place_kind kind)
{
	static const char *const files[] = {
		[PLACE_RUNC] = "state.json",
		[PLACE_CRUN] = "status",
		[PLACE_BUNDLE] = "init.pid",
		[PLACE_STORAGE] = "userdata/config.json",
		[PLACE_RUNROOT] = "userdata/pidfile",
	};

	return files[kind];
}

/* The state of a walk down one path. */
struct walk {
	const char *root;
	const struct place *place;
	const struct place_visitor *v;
	size_t trusted;		/* 0: no "*" was passed yet */
	uid_t user;		/* see struct place_hit */
	unsigned *left;		/* directories of that user that may still be looked into; NULL: any number */
};
static bool may_look(const struct walk *w)
{
	return !w->left || (*w->left && (*w->left)--);
}

static void watch(const struct walk *w, int fd)
{
	if (!w->place->quiet)
		w->v->directory(w->v->arg, fd);
}

static void visit_place(const struct walk *w, int fd, const char *path)
{
	_cleanup_closedir_ DIR *d = open_directory(fd, ".");
	const char *above = strrchr(path, '/');
	unsigned n = 0;

	for (struct dirent *e; d && n < NUNCHI_SLOTS_MAX && (e = readdir(d));) {
		_cleanup_free_ char *below = NULL;
		_cleanup_close_ int dir = -1, data = -1;
		struct place_hit hit;

		if (!container_id_valid(e->d_name))
			continue;
		if (!may_look(w))
			return;
		dir = open_within(fd, e->d_name, O_RDONLY | O_DIRECTORY);
		if (dir < 0)
			continue;
		n++;
		below = xasprintf("%s/%s", path, e->d_name);
		hit = (struct place_hit){
			.kind = w->place->kind,
			.path = below,
			.trusted = w->trusted,
			.user = w->user,
			.dir = dir,
			.above = above ? above + 1 : path,
			.id = e->d_name,
		};
		if (!w->v->admit(w->v->arg, &hit))
			continue;
		watch(w, dir);
		if (w->place->kind == PLACE_RUNROOT)
			data = open_within(dir, "userdata", O_RDONLY | O_DIRECTORY);
		if (data >= 0)
			watch(w, data);
		w->v->container(w->v->arg, &hit);
	}
}

static void walk(struct walk w, int fd, const char *path, const char *rest);

/* Walks on from the directory that the first "*" stands for. If it is a user's, everything below counts as his. */
static void walk_whose(struct walk w, int fd, const char *path, const char *rest)
{
	unsigned left = PLACE_USER_MAX;
	struct stat st;

	if (!w.user && fstat(fd, &st) == 0 && st.st_uid && st.st_uid != geteuid()) {
		w.user = st.st_uid;
		w.left = &left;
	}
	walk(w, fd, path, rest);
}

static void descend(struct walk w, int fd, const char *path, const char *name, const char *rest)
{
	_cleanup_free_ char *below = xasprintf("%s/%s", path, name);
	_cleanup_close_ int dir =
		w.trusted ? open_within(fd, name, O_RDONLY | O_DIRECTORY) :
			    root_open(w.root, below + strlen(w.root), O_RDONLY | O_DIRECTORY);

	if (dir < 0)
		return;
	/* The path is kept and opened again later: it must lead to the same directory then. */
	if (!w.trusted && *w.root) {
		free(below);
		below = fd_path(dir);
	}
	if (below && w.trusted)
		walk_whose(w, dir, below, rest);
	else if (below)
		walk(w, dir, below, rest);
}

/* A user's runtime directory (/run/user/UID) is a mount, so that it cannot be opened by open_within(). */
static bool is_user_dir(const char *path)
{
	size_t len = strlen(path);

	return len >= 9 && streq(path + len - 9, "/run/user");
}

static void descend_user(struct walk w, int fd, const char *path, const char *name,
			 const char *rest)
{
	_cleanup_free_ char *below = xasprintf("%s/%s", path, name);
	_cleanup_close_ int dir = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	w.trusted = strlen(below);
	if (dir >= 0)
		walk_whose(w, dir, below, rest);
}

static void walk(struct walk w, int fd, const char *path, const char *rest)
{
	_cleanup_free_ char *name = NULL;
	_cleanup_closedir_ DIR *d = NULL;
	bool user = is_user_dir(path);
	size_t len;
	unsigned n = 0;

	if (*path)
		watch(&w, fd);
	rest += strspn(rest, "/");
	if (!*rest) {
		visit_place(&w, fd, path);
		return;
	}
	len = strcspn(rest, "/");
	name = xstrndup(rest, len);
	rest += len;
	if (!strchr(name, '*')) {
		descend(w, fd, path, name, rest);
		return;
	}
	if (!w.trusted)
		w.trusted = strlen(path);
	d = open_directory(fd, ".");
	for (struct dirent *e; d && n < NUNCHI_SLOTS_MAX && (e = readdir(d)); n++) {
		if (fnmatch(name, e->d_name, FNM_PERIOD))
			continue;
		if (!may_look(&w))
			return;
		if (user)
			descend_user(w, fd, path, e->d_name, rest);
		else
			descend(w, fd, path, e->d_name, rest);
	}
}

void place_visit(const char *root, const struct place *place, const struct place_visitor *visitor)
{
	_cleanup_close_ int fd = open(*root ? root : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct walk w = { .root = root, .place = place, .v = visitor };

	if (fd < 0)
		return;
	/* The path begins with the root's prefix; "" stands for the top, which is not watched. */
	walk(w, fd, root, place->pattern);
}
