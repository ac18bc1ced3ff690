/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a known number of calls from threads and forked children, with signals in between, and
 * writes what it did, by its own counters:
 *
 *	count CALLS [THREADS]  ->  {"openat":5000,"mkdirat":...,"procexit":...}
 *
 * Only calls through run() are counted, and no other code here makes a call of nunchi's default
 * set after the marker, an unlink of /tmp/start.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum what { OPENAT, OPENAT_FAILED, MKDIRAT, UNLINKAT, RENAMEAT2, SOCKET, TGKILL, SETRESUID, WHATS };

static const char *const names[WHATS] = { "openat", "openat", "mkdirat", "unlinkat", "renameat2",
					  "socket", "tgkill", "setresuid" };

/* Shared with the children. */
static struct {
	_Atomic long made[WHATS];
	_Atomic long clones;	/* of children; those of threads are counted by the parent */
} *log_;

static _Atomic long signals;

static void on_signal(int sig)
{
	(void)sig;
	signals++;
}

static void run(enum what what, int thread, long i)
{
	char path[64], other[64];
	long r = 0;

	snprintf(path, sizeof(path), "/tmp/d%d-%d", (int)getpid(), thread);
	snprintf(other, sizeof(other), "/tmp/e%d-%d", (int)getpid(), thread);
	switch (what) {
	case OPENAT:
		r = syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
		if (r >= 0)
			close((int)r);
		break;
	case OPENAT_FAILED:
		r = syscall(SYS_openat, AT_FDCWD, i % 2 ? "/tmp/none" : "/none/none", O_RDWR);
		break;
	case MKDIRAT:
		r = syscall(SYS_mkdirat, AT_FDCWD, path, 0700);
		break;
	case RENAMEAT2:
		r = syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, other, 0);
		break;
	case UNLINKAT:
		r = syscall(SYS_unlinkat, AT_FDCWD, other, AT_REMOVEDIR);
		break;
	case SOCKET:
		r = syscall(SYS_socket, 1, 1, 0);
		if (r >= 0)
			close((int)r);
		break;
	case TGKILL:
		r = syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1);
		break;
	case SETRESUID:
		r = syscall(SYS_setresuid, -1, -1, -1);
		break;
	case WHATS:
		break;
	}
	(void)r;
	log_->made[what]++;
}

struct part {
	int thread;
	long calls;
};

static void *work(void *arg)
{
	struct part *part = arg;

	for (long i = 0; i < part->calls; i++)
		run((enum what)(i % WHATS), part->thread, i / WHATS);
	return NULL;
}

/* calls divided among the threads of this process. */
static void divide(long calls, int threads)
{
	pthread_t ids[64];
	struct part parts[64];

	for (int t = 0; t < threads; t++) {
		parts[t] = (struct part){ t, calls / threads + (t < calls % threads) };
		if (pthread_create(&ids[t], NULL, work, &parts[t]))
			abort();
		log_->clones++;
	}
	for (int t = 0; t < threads; t++)
		pthread_join(ids[t], NULL);
}

int main(int argc, char **argv)
{
	long calls = argc > 1 ? atol(argv[1]) : 10000;
	int threads = argc > 2 ? atoi(argv[2]) : 4, children = 8, ended = 0;
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	if (threads < 1 || threads > 64)
		return 2;
	log_ = mmap(NULL, sizeof(*log_), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (log_ == MAP_FAILED)
		return 1;
	sigaction(SIGUSR1, &sa, NULL);
	unlink("/tmp/start");

	/* Half of it here, the rest in children, one after the other and all at once. */
	divide(calls / 2, threads);
	for (int c = 0; c < children; c++) {
		pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

		if (pid == 0) {
			long mine = (calls - calls / 2) / children;

			if (c == 0)
				mine += (calls - calls / 2) % children;
			if (c % 2)
				divide(mine, 2);
			else
				work(&(struct part){ 0, mine });
			syscall(SYS_exit_group, 0);
		}
		log_->clones++;
		if (c < children / 2)
			ended += waitpid(pid, NULL, 0) == pid;
	}
	while (wait(NULL) > 0 || errno == EINTR)
		ended++;

	printf("{");
	for (int w = 0; w < WHATS; w++) {
		/* openat stands twice: once that succeeds, once that fails. */
		if (w == OPENAT_FAILED)
			continue;
		printf("\"%s\":%ld,", names[w],
		       log_->made[w] + (w == OPENAT ? log_->made[OPENAT_FAILED] : 0));
	}
	printf("\"clone\":%ld,\"procexit\":%d}\n", (long)log_->clones, ended);
	return 0;
}
