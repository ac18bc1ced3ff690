/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens that can be counted one by one, and keeps the count itself:
 *
 *	ledger TAG PER-SECOND SECONDS [CPU]	(PER-SECOND 0: as fast as it goes)
 *
 * opens /tmp/TAG-0, /tmp/TAG-1, ..., of which none is there, and writes how many it made.
 */
#include <fcntl.h>
#include <sched.h>
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

static void pin(const char *cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((unsigned)atoi(cpu), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void make(const char *tag, long i)
{
	char path[128];

	snprintf(path, sizeof(path), "/tmp/%s-%ld", tag, i);
	syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
}

int main(int argc, char **argv)
{
	double begin = now(), t, rate, seconds;
	long made = 0;

	if (argc < 4)
		return 2;
	rate = atof(argv[2]);
	seconds = atof(argv[3]);
	if (argc > 4)
		pin(argv[4]);
	while ((t = now() - begin) < seconds) {
		long due = rate > 0 ? (long)(t * rate) : made + 100;

		if (made >= due)
			usleep(200);
		for (; made < due; made++)
			make(argv[1], made);
	}
	printf("%ld\n", made);
	return 0;
}
