/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that say in every call whose they are:
 *
 *	crowd LABEL WORKERS SECONDS PER-SECOND [restless]
 *
 * forks so many workers, each of which calls itself LABEL (so it is at most 15 bytes) and opens
 * /tmp/LABEL-N so often a second, a restless one each time from a new child in a mount namespace of
 * its own, whose number a container that has just ended may have had. Ends with the number of opens that were made, by its own count.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static _Atomic long *made;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void open_path(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0)
		_exit(1);
	close(fd);
	(*made)++;
}

static void open_elsewhere(const char *path)
{
	int status = 1;
	pid_t pid = fork();

	if (!pid) {
		if (unshare(CLONE_NEWNS))
			_exit(1);
		open_path(path);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		_exit(1);
}

static void work(const char *label, int worker, double seconds, double per_second, bool restless)
{
	double begin = now(), t;
	char path[128];

	prctl(PR_SET_NAME, label);
	snprintf(path, sizeof(path), "/tmp/%s-%d", label, worker);
	for (long i = 0; (t = now() - begin) < seconds; i++) {
		double due = (double)i / per_second;

		if (t < due)
			usleep((useconds_t)((due - t) * 1e6));
		if (restless)
			open_elsewhere(path);
		else
			open_path(path);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	int status, bad = 0;

	if (argc < 5)
		return 2;
	made = mmap(NULL, sizeof(*made), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (made == MAP_FAILED)
		return 1;
	for (int i = 0; i < atoi(argv[2]); i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (!pid)
			work(argv[1], i, atof(argv[3]), atof(argv[4]), argc > 5);
	}
	while (wait(&status) > 0)
		bad |= status;
	printf("%ld\n", (long)*made);
	return bad != 0;
}
