/* SPDX-License-Identifier: Apache-2.0 */
/* By cgroups: moved, born elsewhere, or under the name of another container. */
#include "runaway.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* hierarchy: CGROUP_V2, CGROUP_V1 or a directory's name. */
static void cgroup_write(const char *hierarchy, const char *directory, const char *file, long pid)
{
	char path[PATH_MAX];
	int fd;

	if (!strncmp(hierarchy, "CGROUP_", 7))
		hierarchy = setting(hierarchy);
	snprintf(path, sizeof(path), "%s/%s/%s/%s", setting("CGROUPS"), hierarchy, directory, file);
	fd = (int)must(open(path, O_WRONLY | O_CLOEXEC), "open cgroup");
	must(dprintf(fd, "%ld", pid) > 0 ? 0 : -1, "write cgroup");
	close(fd);
}

/* ns: the hierarchy. */
void go_cgroup(const struct way *way)
{
	cgroup_write(way->ns, setting("AWAY"), "cgroup.procs", 0);
	after("after");
}

void leave_cgroups(void)
{
	DIR *dir = opendir(setting("CGROUPS"));
	struct dirent *entry;

	must(dir ? 0 : -1, "opendir");
	if (!strcmp(setting("CGROUP_V2"), ".")) {
		cgroup_write(".", ".", "cgroup.procs", 0);
		closedir(dir);
		return;
	}
	while ((entry = readdir(dir))) {
		if (*entry->d_name != '.')
			cgroup_write(entry->d_name, ".", "cgroup.procs", 0);
	}
	closedir(dir);
}

void go_cgroup_root(const struct way *way)
{
	(void)way;
	leave_cgroups();
	after("after");
}

void go_cgroup_other(const struct way *way)
{
	cgroup_write("CGROUP_V2", setting("OTHER"), "cgroup.procs", 0);
	cgroup_write("CGROUP_V1", setting("OTHER"), "cgroup.procs", 0);
	(void)way;
	after("after");
}

static void *cgroup_in_thread(void *arg)
{
	const struct way *way = arg;

	cgroup_write(way->ns, setting("AWAY"), "tasks", syscall(SYS_gettid));
	mark("thread");
	child_after("thread-child");
	return NULL;
}

void go_cgroup_in_thread(const struct way *way)
{
	pthread_t thread;

	must(-pthread_create(&thread, NULL, cgroup_in_thread, (void *)way), "pthread_create");
	pthread_join(thread, NULL);
	after("leader");
}

/* Another process of the container moves it. */
void go_cgroup_by_child(const struct way *way)
{
	long me = getpid(), pid = must(fork(), "fork");

	if (!pid) {
		cgroup_write(way->ns, setting("AWAY"), "cgroup.procs", me);
		_exit(0);
	}
	reap(pid);
	after("after");
}

static bool cgroup_is_away(long arg)
{
	char text[4096];
	int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	(void)arg;
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return strstr(text, setting("AWAY"));
}

/* The test outside moves it, and finds it by its arguments. */
void go_cgroup_by_host(const struct way *way)
{
	(void)way;
	wait_for(cgroup_is_away, 0, "moved");
	after("after");
}

static void into_cgroup(const char *directory, int flags)
{
	char path[PATH_MAX];
	struct clone_args args = { .flags = CLONE_INTO_CGROUP | (unsigned)flags,
				   .exit_signal = SIGCHLD };
	long pid;

	snprintf(path, sizeof(path), "%s/%s/%s", setting("CGROUPS"), setting("CGROUP_V2"), directory);
	args.cgroup = (uint64_t)must(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open cgroup");
	pid = must(syscall(SYS_clone3, &args, sizeof(args)), "clone3");
	if (!pid) {
		after("after");
		_exit(0);
	}
	mark("parent");
	reap(pid);
}

void go_into_cgroup(const struct way *way)
{
	into_cgroup(setting("AWAY"), way->flags);
}

void go_into_other(const struct way *way)
{
	into_cgroup(setting("OTHER"), way->flags);
}

/*
 * Looks as another container would: in a cgroup of that name, in new namespaces, and named as a
 * runtime's process on its way into them.
 */
static void claim(const char *directory, const char *name, int flags)
{
	char cgroup[PATH_MAX], path[2 * PATH_MAX];
	long pid;

	snprintf(cgroup, sizeof(cgroup), "%s/%s", directory, name);
	snprintf(path, sizeof(path), "%s/%s/%s", setting("CGROUPS"), setting("CGROUP_V2"), cgroup);
	if (mkdir(path, 0755) && errno != EEXIST)
		fail("mkdir");
	cgroup_write("CGROUP_V2", cgroup, "cgroup.procs", 0);
	prctl(PR_SET_NAME, "runc:[2:INIT]");
	pid = must(syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0), "clone");
	if (!pid) {
		mark("before");
		exec_self(EXE_FD, "after", "after");
	}
	reap(pid);
	/* Else the cgroup could not be removed with its parent. */
	cgroup_write("CGROUP_V2", setting("AWAY"), "cgroup.procs", 0);
	rmdir(path);
}

void go_claim_docker(const struct way *way)
{
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "docker-%s.scope", setting("CLAIM"));
	claim(setting("AWAY"), name, way->flags);
}

void go_claim_runc(const struct way *way)
{
	claim(setting("AWAY"), setting("OTHER"), way->flags);
}

/* A cgroup inside that of the other container. */
void go_claim_inside(const struct way *way)
{
	claim(setting("OTHER"), setting("TAG"), way->flags);
}
