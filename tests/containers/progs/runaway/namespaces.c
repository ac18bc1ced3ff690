/* SPDX-License-Identifier: Apache-2.0 */
/* By namespaces: new ones, and those of others. */
#include "runaway.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOOPS 1000

void go_unshare(const struct way *way)
{
	must(unshare(way->flags), "unshare");
	if (way->flags & (CLONE_NEWPID | CLONE_NEWTIME)) {	/* for children only */
		mark("parent");
		child_after("after");
	} else {
		after("after");
	}
}

void go_unshare_loop(const struct way *way)
{
	for (int i = 0; i < LOOPS; i++)
		must(unshare(way->flags), "unshare");
	after("after");
}

void go_unshare_as_user(const struct way *way)
{
	must(setresgid(1000, 1000, 1000), "setresgid");
	must(setresuid(1000, 1000, 1000), "setresuid");
	go_unshare(way);
}

void go_clone(const struct way *way)
{
	long pid = must(syscall(SYS_clone, way->flags | SIGCHLD, 0, 0, 0, 0), "clone");

	if (!pid) {
		after("after");
		_exit(0);
	}
	mark("parent");
	reap(pid);
}

static void *unshare_in_thread(void *arg)
{
	const struct way *way = arg;

	must(unshare(way->flags), "unshare");
	mark("thread");
	child_after("thread-child");
	return NULL;
}

void go_unshare_in_thread(const struct way *way)
{
	pthread_t thread;

	must(-pthread_create(&thread, NULL, unshare_in_thread, (void *)way), "pthread_create");
	pthread_join(thread, NULL);
	after("leader");
}

static void deeper(int levels)
{
	long pid;

	if (!levels) {
		after("after");
		return;
	}
	must(unshare(CLONE_NEWPID), "unshare");
	pid = must(fork(), "fork");
	if (!pid) {
		deeper(levels - 1);
		_exit(0);
	}
	reap(pid);
}

void go_deep(const struct way *way)
{
	(void)way;
	deeper(10);
}

/* Namespaces of others */

static void go_setns(const char *whose, const struct way *way)
{
	int fd = ns_open(whose, way->ns);

	must(setns(fd, way->flags), "setns");
	if (way->flags == CLONE_NEWPID) {
		mark("parent");
		child_after("after");
	} else {
		after("after");
	}
}

void go_setns_host(const struct way *way)
{
	go_setns("HOST_PID", way);
}

void go_setns_other(const struct way *way)
{
	go_setns("OTHER_PID", way);
}

/* The container's is the host's: away from it first. */
void go_setns_host_time(const struct way *way)
{
	long pid;

	must(unshare(CLONE_NEWTIME), "unshare");
	pid = must(fork(), "fork");
	if (!pid) {
		mark("unshared");
		go_setns("HOST_PID", way);
		_exit(0);
	}
	reap(pid);
}

static void go_pidfd(const char *whose, const struct way *way)
{
	int fd = (int)must(syscall(SYS_pidfd_open, atoi(setting(whose)), 0), "pidfd_open");

	must(setns(fd, way->flags), "setns");
	mark("parent");
	if (way->flags & CLONE_NEWPID)
		child_after("after");
	else
		after("after");
}

void go_pidfd_host(const struct way *way)
{
	go_pidfd("HOST_PID", way);
}

void go_pidfd_other(const struct way *way)
{
	go_pidfd("OTHER_PID", way);
}

void go_setns_all_other(const struct way *way)
{
	static const struct {
		const char *ns;
		int flag;
	} each[] = { { "ipc", CLONE_NEWIPC }, { "uts", CLONE_NEWUTS }, { "net", CLONE_NEWNET },
		     { "cgroup", CLONE_NEWCGROUP }, { "mnt", CLONE_NEWNS } };
	enum { N = sizeof(each) / sizeof(*each) };
	int fds[N];

	(void)way;
	for (int i = 0; i < N; i++)
		fds[i] = ns_open("OTHER_PID", each[i].ns);
	for (int i = 0; i < N; i++)
		must(setns(fds[i], each[i].flag), each[i].ns);
	after("after");
}

static void *setns_in_thread(void *arg)
{
	const struct way *way = arg;

	must(setns(ns_open("HOST_PID", way->ns), way->flags), "setns");
	mark("thread");
	child_after("thread-child");
	return NULL;
}

void go_setns_in_thread(const struct way *way)
{
	pthread_t thread;

	must(-pthread_create(&thread, NULL, setns_in_thread, (void *)way), "pthread_create");
	pthread_join(thread, NULL);
	after("leader");
}

/* A grandchild in another container's PID namespace becomes its init's child. */
void go_adopted_by_other(const struct way *way)
{
	long pid, child;

	must(setns(ns_open("OTHER_PID", way->ns), way->flags), "setns");
	pid = must(fork(), "fork");
	if (!pid) {
		pid = getpid();
		child = must(fork(), "fork");
		if (!child) {
			wait_for(parent_is_not, pid, "adopted");
			after("after");
		}
		_exit(0);
	}
	reap(pid);
}
