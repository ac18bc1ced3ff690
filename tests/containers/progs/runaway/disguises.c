/* SPDX-License-Identifier: Apache-2.0 */
/* By looking like something else: programs without a name, other names, arguments and users. */
#include "runaway.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

void go_memfd(const struct way *way)
{
	(void)way;
	exec_self(copy_self((int)must(memfd_create("payload", MFD_CLOEXEC), "memfd_create")),
		  "after", "after");
}

static int open_again(int fd)
{
	char path[64];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = (int)must(open(path, O_RDONLY | O_CLOEXEC), "open again");
	close(fd);	/* who is open for writing cannot be executed */
	return again;
}

void go_tmpfile(const struct way *way)
{
	int fd = (int)must(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0700), "O_TMPFILE");

	(void)way;
	exec_self(open_again(copy_self(fd)), "after", "after");
}

void go_deleted(const struct way *way)
{
	int fd = (int)must(open("/tmp/deleted", O_CREAT | O_RDWR | O_CLOEXEC, 0700), "open");

	(void)way;
	fd = open_again(copy_self(fd));
	must(unlink("/tmp/deleted"), "unlink");
	exec_self(fd, "after", "after");
}

/* Lies */

static void *named_thread(void *arg)
{
	prctl(PR_SET_NAME, arg);
	mark(arg);
	return NULL;
}

void go_thread_names(const struct way *way)
{
	/* The one with a slash would make the marker's path another one. */
	static const char *const names[] = { "runc:[2:INIT]", "dockerd", "kworker0:1" };
	pthread_t thread;

	(void)way;
	for (int i = 0; i < 3; i++) {
		must(-pthread_create(&thread, NULL, named_thread, (void *)names[i]),
		     "pthread_create");
		pthread_join(thread, NULL);
	}
	prctl(PR_SET_NAME, "kworker/0:1");
	after("after");
}

/* Looks as a runtime does between clone and exec. */
void go_as_runtime(const struct way *way)
{
	long pid;

	prctl(PR_SET_NAME, "runc:[2:INIT]");
	pid = must(syscall(SYS_clone, way->flags | SIGCHLD, 0, 0, 0, 0), "clone");
	if (!pid)
		exec_self(EXE_FD, "after", "after");
	reap(pid);
}

void go_argv(const struct way *way)
{
	(void)way;
	for (char **arg = argv0; *arg; arg++)
		memset(*arg, 'x', strlen(*arg));
	snprintf(argv0[0], strlen(argv0[0]), "dockerd");
	after("after");
}

void go_setuid(const struct way *way)
{
	(void)way;
	must(setresgid(1000, 1000, 1000), "setresgid");
	must(setresuid(1000, 1000, 1000), "setresuid");
	after("after");
}
