/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nothing says where our cgroup namespace begins: so we look for ourselves in the host's hierarchy. Only for v2, with
 * which runtimes give each container such a namespace.
 */
#include "cgroup_ns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#include "base/log.h"
#include "facts.h"
#include "hierarchy.h"

#define ROOT_INODE 1
#define DEPTH_MAX 32
#define LOOKED_MAX 65536	/* cgroups: a second or two */

/* The path of our namespace's root in the host's hierarchy; "": ours is the host's namespace; NULL: not known. */
static const char *top = "";

static bool goes_up(const char *path)
{
	return starts_with(path, "/..") && (path[3] == '/' || !path[3]);
}

char *cgroup_seen_from(const char *from, const char *path)
{
	size_t len = strlen(from);

	for (; goes_up(path); path += strlen("/..")) {
		if (!len)
			return NULL;
		while (from[--len] != '/')
			;
	}
	if (streq(path, "/"))
		path++;
	return len || *path ? xasprintf("%.*s%s", (int)len, from, path) : xstrdup("/");
}

char *cgroup_absolute(const char *hierarchy, const char *path)
{
	if (!top || (*top && *hierarchy))
		return NULL;
	return cgroup_seen_from(top, path);
}

bool cgroup_is_whole(const char *mount_root, bool below)
{
	if (top && !*top)
		return streq(mount_root, "/");
	while (goes_up(mount_root))
		mount_root += strlen("/..");
	return below && !*mount_root;
}

struct search {
	const char *own;	/* where we are below the root of our namespace */
	unsigned left;
};

static bool are_we_in(const char *dir, const char *own)
{
	_cleanup_free_ char *procs = xasprintf("%s%s/cgroup.procs", dir, own);
	_cleanup_fclose_ FILE *f = fopen(procs, "re");
	int pid;

	while (f && fscanf(f, "%d", &pid) == 1)
		if (pid == getpid())
			return true;
	return false;
}

/* The root of our namespace: a directory that many levels below dir. Owned by the caller; NULL: not found. */
static char *find_root(struct search *s, const char *dir, unsigned levels)
{
	_cleanup_closedir_ DIR *d = NULL;
	char *found = NULL;

	if (!s->left)
		return NULL;
	s->left--;
	if (!levels)
		return are_we_in(dir, s->own) ? xstrdup(dir) : NULL;
	d = opendir(dir);
	for (struct dirent *e; d && !found && (e = readdir(d));) {
		_cleanup_free_ char *below = NULL;

		if (e->d_type != DT_DIR || streq(e->d_name, ".") || streq(e->d_name, ".."))
			continue;
		below = xasprintf("%s/%s", dir, e->d_name);
		found = find_root(s, below, levels - 1);
	}
	return found;
}

/* Our own path, as we see it: "" at the root of our namespace. NULL: outside of it, or not known. */
static char *read_own(void)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	_cleanup_free_ char *path = NULL;

	if (read_bounded("/proc/self/cgroup", PROC_MAX, &text) < 0)
		return NULL;
	path = cgroup_line(text.s, "");
	if (!path || goes_up(path))
		return NULL;
	return xstrdup(streq(path, "/") ? "" : path);
}

static char *find_top(const char *root)
{
	unsigned levels = 0;
	_cleanup_free_ char *mount = hierarchy_mount(root, "", &levels), *own = read_own(), *found = NULL;
	struct search s = { .own = own, .left = LOOKED_MAX };
	struct stat st;

	/* Only a part of the hierarchy may be mounted there. */
	if (!mount || !own || levels > DEPTH_MAX || stat(mount, &st) || st.st_ino != ROOT_INODE)
		return NULL;
	found = find_root(&s, mount, levels);
	return found ? xstrdup(found + strlen(mount)) : NULL;
}

static bool is_ours(int fd)
{
	struct stat its, ours;

	return !fstat(fd, &its) && !stat("/proc/self/ns/cgroup", &ours) && its.st_dev == ours.st_dev &&
	       its.st_ino == ours.st_ino;
}

void cgroup_enter_host(const char *root)
{
	_cleanup_free_ char *path = xasprintf("%s/proc/1/ns/cgroup", root);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || is_ours(fd))
		return;
	if (setns(fd, CLONE_NEWCGROUP) == 0)
		return;
	log_debug("the host's cgroup namespace cannot be entered: %s", strerror(errno));
	top = NULL;
	top = find_top(root);
	log_debug("ours begins at %s", top ? top : "a place that cannot be found");
}
