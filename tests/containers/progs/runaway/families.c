/* SPDX-License-Identifier: Apache-2.0 */
/* By births and deaths: whose child a task is, and under which number. */
#include "runaway.h"

#include <errno.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STORM 100

void go_double_fork(const struct way *way)
{
	long pid = must(fork(), "fork");

	(void)way;
	if (!pid) {
		setsid();
		pid = getpid();
		if (!must(fork(), "fork")) {
			wait_for(parent_is_not, pid, "orphaned");
			umask(0);
			after("after");
		}
		_exit(0);
	}
	reap(pid);
}

void go_orphan(const struct way *way)
{
	long pid = getpid();

	(void)way;
	if (!must(fork(), "fork")) {
		wait_for(parent_is_not, pid, "orphaned");
		after("after");
	}
	_exit(0);
}

/* Three generations, the middle ones gone before the last is born. */
void go_grandchild(const struct way *way)
{
	long pid = getpid(), next;

	(void)way;
	if (must(fork(), "fork"))
		_exit(0);
	wait_for(parent_is_not, pid, "orphaned");
	next = getpid();
	if (must(fork(), "fork"))
		_exit(0);
	wait_for(parent_is_not, next, "orphaned twice");
	if (must(fork(), "fork"))
		_exit(0);
	after("after");
}

void go_subreaper(const struct way *way)
{
	long pid, middle;

	(void)way;
	must(prctl(PR_SET_CHILD_SUBREAPER, 1), "prctl");
	pid = must(fork(), "fork");
	if (!pid) {
		middle = getpid();
		if (!must(fork(), "fork")) {
			wait_for(parent_is_not, middle, "adopted");
			after("after");
		}
		_exit(0);
	}
	while (wait(NULL) > 0 || errno == EINTR)
		;
	mark("reaper");
}

/* The child becomes its parent's sibling. */
void go_clone_parent(const struct way *way)
{
	long pid = must(syscall(SYS_clone, CLONE_PARENT | way->flags | SIGCHLD, 0, 0, 0, 0), "clone");

	if (!pid) {
		after("after");
		_exit(0);
	}
	mark("sibling");
}

void go_vfork(const struct way *way)
{
	pid_t pid = vfork();

	(void)way;
	must(pid, "vfork");
	if (!pid) {
		mark("child");
		exec_self(EXE_FD, "after", "after");
	}
	reap(pid);
	mark("parent");
}

static int vm_child(void *arg)
{
	(void)arg;
	mark("child");
	return 0;
}

void go_clone_vm(const struct way *way)
{
	static char stack[65536] __attribute__((aligned(16)));
	int pid = clone(vm_child, stack + sizeof(stack), CLONE_VM | way->flags | SIGCHLD, NULL);

	must(pid, "clone");
	reap(pid);
	mark("parent");
}

static void *exec_in_thread(void *arg)
{
	(void)arg;
	mark("thread");
	exec_self(EXE_FD, "after", "after");
	return NULL;
}

void go_exec_from_thread(const struct way *way)
{
	pthread_t thread;

	(void)way;
	must(-pthread_create(&thread, NULL, exec_in_thread, NULL), "pthread_create");
	for (;;)
		pause();
}

bool is_gone(long pid)
{
	return kill((pid_t)pid, 0) && errno == ESRCH;
}

/* A PID that another process has just had. */
void go_same_pid(const struct way *way)
{
	pid_t wanted = (pid_t)must(fork(), "fork");
	struct clone_args args = { .exit_signal = SIGCHLD, .set_tid = (uint64_t)&wanted,
				   .set_tid_size = 1 };
	long pid;

	(void)way;
	if (!wanted) {
		mark("first");
		_exit(0);
	}
	reap(wanted);
	wait_for(is_gone, wanted, "gone");
	pid = must(syscall(SYS_clone3, &args, sizeof(args)), "clone3");
	if (!pid) {
		after("after");
		_exit(0);
	}
	reap(pid);
}

/* A daemon that keeps nothing: what it needs later is mapped. */
void go_daemon(const struct way *way)
{
	long pid = must(fork(), "fork");

	(void)way;
	if (!pid) {
		setsid();
		pid = getpid();
		if (must(fork(), "fork"))
			_exit(0);
		wait_for(parent_is_not, pid, "orphaned");
		must(close_range(0, ~0U, 0), "close_range");
		must(chdir("/"), "chdir");
		mark("after");
		if (!must(fork(), "fork")) {
			mark("child");
			_exit(0);
		}
		wait(NULL);
		_exit(0);
	}
	reap(pid);
}

void go_spawn_storm(const struct way *way)
{
	char *argv[] = { "runaway", "mark", (char *)way->name, "storm", NULL };
	pid_t pid;

	for (int i = 0; i < STORM; i++)
		must(-posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ), "spawn");
	while (wait(NULL) > 0 || errno == EINTR)
		;
	mark("parent");
}

void go_fork_storm(const struct way *way)
{
	(void)way;
	for (int i = 0; i < 3 * STORM; i++) {
		if (!must(fork(), "fork")) {
			mark("storm");
			_exit(0);
		}
		if (i % 32 == 31) {
			while (wait(NULL) > 0 || errno == EINTR)
				;
		}
	}
	while (wait(NULL) > 0 || errno == EINTR)
		;
}

void go_unshare_storm(const struct way *way)
{
	for (int i = 0; i < STORM; i++) {
		long pid = must(syscall(SYS_clone, way->flags | SIGCHLD, 0, 0, 0, 0), "clone");

		if (!pid) {
			mark("storm");
			exec_self(EXE_FD, "mark", "storm-exec");
		}
		if (i % 16 == 15) {
			while (wait(NULL) > 0 || errno == EINTR)
				;
		}
	}
	while (wait(NULL) > 0 || errno == EINTR)
		;
}
