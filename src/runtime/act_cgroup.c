/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends or freezes a container without its runtime. The files of a cgroup act on everything in it, so they are used
 * only if nothing but the container is in there: a container without a cgroup of its own is in that of the process
 * that started it.
 */
#include "act_cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>

#include "base/clock.h"
#include "facts.h"
#include "hierarchy.h"

#define DEPTH_MAX 16

bool init_is_there(const char *root, const struct container_info *info)
{
	uint64_t start = info->init_pid ? process_start(root, info->init_pid) : 0;

	return start && process_start_is(start, info->init_start);
}

/* Whether a process is the host's, or shares our mounts, or is this one. One that is gone is not. */
static bool is_foreign(const char *root, uint32_t pid)
{
	uint64_t mounts = process_namespace(root, pid, "mnt");

	if (!mounts)
		return process_start(root, pid) != 0;
	return pid == (uint32_t)getpid() || mounts == process_namespace(root, 1, "mnt") ||
	       mounts == process_namespace("", (uint32_t)getpid(), "mnt");
}

/* A PID of 0 is a process that cannot be seen from our PID namespace: it may be anybody's. */
static bool is_its_own(const char *root, const char *dir, unsigned depth)
{
	_cleanup_free_ char *procs = xasprintf("%s/cgroup.procs", dir);
	_cleanup_fclose_ FILE *f = fopen(procs, "re");
	bool own = f && depth < DEPTH_MAX;
	_cleanup_closedir_ DIR *d = NULL;
	uint32_t pid;

	while (own && fscanf(f, "%u", &pid) == 1)
		own = pid && !is_foreign(root, pid);
	d = own ? opendir(dir) : NULL;
	for (struct dirent *e; d && own && (e = readdir(d));) {
		_cleanup_free_ char *below = NULL;

		if (e->d_type != DT_DIR || e->d_name[0] == '.')
			continue;
		below = xasprintf("%s/%s", dir, e->d_name);
		own = is_its_own(root, below, depth + 1);
	}
	return own;
}

bool cgroup_is_its_own(const char *root, const char *dir)
{
	return is_its_own(root, dir, 0);
}

static int write_text(const char *dir, const char *name, const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static int by_cgroup(const char *root, enum runtime_act what, const struct container_info *info,
		     const char **ret_how)
{
	_cleanup_free_ char *dir = freezer_file(root, info->init_pid, info->id);
	char *slash = dir ? strrchr(dir, '/') : NULL;
	bool v1;

	if (!slash)
		return -ENOENT;
	*slash = '\0';
	v1 = streq(slash + 1, "freezer.state");
	*ret_how = what == RUNTIME_ACT_KILL ? "cgroup.kill" : v1 ? "freezer.state" : "cgroup.freeze";
	if (!cgroup_is_its_own(root, dir))
		return -EBUSY;
	return write_text(dir, *ret_how, v1 && what == RUNTIME_ACT_PAUSE ? "FROZEN" : "1");
}

/* The pidfd first; then whether it is still the right process. */
static int by_signal(const char *root, const struct container_info *info)
{
	_cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, info->init_pid, 0);

	if (fd < 0)
		return -errno;
	if (!init_is_there(root, info))
		return -ESRCH;
	return syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) ? -errno : 0;
}

static void add_why(struct strbuf *why, const char *how, int r)
{
	strbuf_addf(why, "%s%s: %s", why->len ? "; " : "", how,
		    r == -EBUSY ? "others are in its cgroup" :
		    r == -ENOENT ? "there is none" : strerrordesc_np(-r));
}

int act_by_kernel(const char *root, enum runtime_act what, const struct container_info *info,
		  const char **ret_how, struct strbuf *why)
{
	const char *how = "its cgroup";
	int r;

	*ret_how = how;
	/*
	 * In a PID namespace of our own the host's PID means another process, or none: to pidfd_open(), and in cgroup.procs,
	 * which shows the host's processes as 0 (v2) or not at all (v1).
	 */
	if (!init_is_there("", info)) {
		strbuf_adds(why, "its first process is not in the PID namespace of nunchi");
		return -ESRCH;
	}
	r = by_cgroup(root, what, info, &how);
	if (r < 0)
		add_why(why, how, r);
	if (r < 0 && what == RUNTIME_ACT_KILL) {
		how = "SIGKILL";
		r = by_signal(root, info);
		if (r < 0)
			add_why(why, how, r);
	}
	*ret_how = how;
	return r;
}
