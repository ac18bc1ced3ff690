/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What differs between hooks of system calls: gates WAITING makes
 *
 *	4 unshare(0), of which seccomp denies 3; 3 children, by clone, fork and vfork;
 *	WAITING accepts of as many threads, which all wait at the same time, then are connected to;
 *	one clock_nanosleep that goes on after SIGSTOP and SIGCONT, by restart_syscall.
 *
 * Ends with 0 if all of it went so.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int listening;
static atomic_int accepted;

static void *wait_for_one(void *arg)
{
	(void)arg;
	if (accept(listening, NULL, NULL) >= 0)
		accepted++;
	return NULL;
}

static int wait_all(int n)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "\0gates" };
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + 6;
	pthread_t *threads = calloc((size_t)n, sizeof(*threads));
	pthread_attr_t small;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 64 << 10);
	listening = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(listening, (struct sockaddr *)&at, len) || listen(listening, 16))
		return 1;
	for (int i = 0; i < n; i++)
		if (pthread_create(&threads[i], &small, wait_for_one, NULL))
			return 1;
	sleep(2);	/* all of them wait */
	for (int i = 0; i < n; i++)
		if (connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&at, len))
			return 1;
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	free(threads);
	return accepted != n;
}

static int deny_unshare(void)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(f) / sizeof(f[0]), f };

	if (unshare(0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		return 1;
	for (int i = 0; i < 3; i++)
		if (!unshare(0) || errno != EXDEV)
			return 1;
	return 0;
}

static int have_children(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
#ifdef SYS_fork
	pid = (pid_t)syscall(SYS_fork);
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
#endif
	pid = vfork();
	if (!pid)
		_exit(0);
	return waitpid(pid, NULL, 0) != pid;
}

static int sleep_stopped(void)
{
	struct timespec time = { .tv_nsec = 900000000 };
	pid_t pid = fork();

	if (!pid)
		_exit(clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL));
	usleep(300000);
	kill(pid, SIGSTOP);
	usleep(100000);
	kill(pid, SIGCONT);
	return waitpid(pid, NULL, 0) != pid;
}

int main(int argc, char **argv)
{
	if (wait_all(argc > 1 ? atoi(argv[1]) : 100))
		return 1;
	if (sleep_stopped())
		return 2;
	if (have_children())
		return 3;
	return deny_unshare() ? 4 : 0;
}
