/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens that can be counted one by one, and keeps the count itself:
 *
 *	ledger TAG PER-SECOND SECONDS	(PER-SECOND 0: as fast as it goes)
 *
 * writes "ready", and once there is /go-TAG opens /tmp/TAG-0, /tmp/TAG-1, ..., of which none is there, until the time is over or
 * there is /stop-TAG, and writes how many it made.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int has_sign(const char *what, const char *tag)
{
	char path[128];

	snprintf(path, sizeof(path), "/%s-%s", what, tag);
	return !access(path, F_OK);
}

/* What starting a container does is over by then, and is not in the way of what is counted. */
static void wait_for_go(const char *tag)
{
	printf("ready\n");
	fflush(stdout);
	while (!has_sign("go", tag))
		usleep(2000);
}

static void make(const char *tag, long i)
{
	char path[128];

	snprintf(path, sizeof(path), "/tmp/%s-%ld", tag, i);
	syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
}

int main(int argc, char **argv)
{
	double begin, t, rate, seconds;
	long made = 0;

	if (argc < 4)
		return 2;
	rate = atof(argv[2]);
	seconds = atof(argv[3]);
	wait_for_go(argv[1]);
	begin = now();
	while ((t = now() - begin) < seconds && !has_sign("stop", argv[1])) {
		long due = rate > 0 ? (long)(t * rate) : made + 100;

		if (made >= due)
			usleep(200);
		for (; made < due; made++)
			make(argv[1], made);
	}
	printf("%ld\n", made);
	return 0;
}
