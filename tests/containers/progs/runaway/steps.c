/* SPDX-License-Identifier: Apache-2.0 */
/* What the ways are made of: marks, failures, waiting, and what each task does that has got away. */
#include "runaway.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Logs a task's mark without making it: what another program has done, or will do. */
void log_mark(const char *who)
{
	int n = log_->n++;

	if (n < MARKS_MAX)
		snprintf(log_->marks[n], sizeof(log_->marks[n]), "%s", who);
}

const char *mark_path(const char *way, const char *who)
{
	static _Thread_local char path[96];
	const char *tag = getenv("TAG");

	snprintf(path, sizeof(path), "/tmp/mark-%s-%s-%s", tag ? tag : "none", way, who);
	return path;
}

void mark(const char *who)
{
	log_mark(who);
	syscall(SYS_openat, AT_FDCWD, mark_path(way_name, who), O_RDONLY, 0);
}

/* The way ends here: a step was not permitted. */
void fail(const char *step)
{
	int error = errno;

	if (!log_->failed++) {
		log_->error = error;
		snprintf(log_->step, sizeof(log_->step), "%s", step);
	}
	_exit(1);
}

long must(long result, const char *step)
{
	if (result < 0)
		fail(step);
	return result;
}

/* Waits for what may take a moment, another process's doing; at most 5 s. */
void wait_for(bool (*condition)(long), long arg, const char *what)
{
	for (int i = 0; i < 5000 && !condition(arg); i++)
		usleep(1000);
	if (condition(arg))
		return;
	errno = ETIMEDOUT;
	fail(what);
}

bool parent_is_not(long pid)
{
	return getppid() != pid;
}

void reap(long pid)
{
	while (waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR)
		;
}

void exec_self(int fd, const char *how, const char *who)
{
	char *argv[] = { "runaway", (char *)how, (char *)way_name, (char *)who, NULL };

	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	fail("execveat");
}

/* What every task that got away does: a call, a child's call, a new program's call. */
void after(const char *who)
{
	char name[24];
	long pid;

	mark(who);
	pid = must(fork(), "fork after");
	if (!pid) {
		snprintf(name, sizeof(name), "%s-child", who);
		mark(name);
		_exit(0);
	}
	reap(pid);
	pid = must(fork(), "fork after");
	if (!pid) {
		snprintf(name, sizeof(name), "%s-exec", who);
		exec_self(EXE_FD, "mark", name);
	}
	reap(pid);
}

/* A child that has got away. */
void child_after(const char *who)
{
	long pid = must(fork(), "fork");

	if (!pid) {
		after(who);
		_exit(0);
	}
	reap(pid);
}

const char *setting(const char *name)
{
	const char *value = getenv(name);

	if (!value) {
		errno = ENOKEY;
		fail(name);
	}
	return value;
}

int ns_open(const char *whose, const char *ns)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/%s/ns/%s", setting("PROC"), setting(whose), ns);
	return (int)must(open(path, O_RDONLY | O_CLOEXEC), "open ns");
}

int copy_self(int to)
{
	char data[65536];
	ssize_t n;

	for (off_t at = 0; (n = pread(EXE_FD, data, sizeof(data), at)) > 0; at += n)
		must(write(to, data, (size_t)n), "write");
	must(n, "read");
	return to;
}
