/* SPDX-License-Identifier: Apache-2.0 */
/*
 * denied PATH TIMES: opens a file so often, by eight processes on one CPU, half of which sleep in
 * between, so that they push others aside in the middle of it. One that is killed has a successor. Prints how often
 * it was opened, and how many were killed.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESSES 8

static void try_it(const char *path, unsigned long times, int sleeps, unsigned long counts[2])
{
	const struct timespec a_moment = { .tv_nsec = 1000 };

	while (__atomic_add_fetch(&counts[0], 1, __ATOMIC_RELAXED) <= times) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd >= 0) {
			__atomic_add_fetch(&counts[1], 1, __ATOMIC_RELAXED);
			close(fd);
		}
		if (sleeps)
			nanosleep(&a_moment, NULL);
	}
}

static void start(const char *path, unsigned long times, unsigned long counts[2])
{
	static int n;

	n++;
	if (fork() == 0) {
		try_it(path, times, n % 2, counts);
		_exit(0);
	}
}

int main(int argc, char **argv)
{
	unsigned long *counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned long times = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	unsigned long killed = 0;
	cpu_set_t first;
	int status;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	if (argc != 3 || counts == MAP_FAILED || sched_setaffinity(0, sizeof(first), &first))
		return 2;
	for (int i = 0; i < PROCESSES; i++)
		start(argv[1], times, counts);
	while (wait(&status) > 0) {
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
			killed++;
			start(argv[1], times, counts);
		}
	}
	printf("%lu %lu\n", counts[1], killed);
	return 0;
}
