/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many calls:
 *
 *	flood open ROUNDS CALLS [CPU]			openat and close; a line of ns per pair, for each round
 *	flood rate PER-SECOND SECONDS FILL [CPU]	openat, close and FILL times getppid at this rate;
 *							ends with the number made and the seconds
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

	if (!cpu)
		return;
	CPU_ZERO(&set);
	CPU_SET((unsigned)atoi(cpu), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void open_close(void)
{
	long fd = syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);

	if (fd < 0) {
		perror("/etc/passwd");
		exit(1);
	}
	close((int)fd);
}

static void one_round(long calls)
{
	double begin = now();

	for (long i = 0; i < calls; i++)
		open_close();
	printf("%.3f\n", (now() - begin) * 1e9 / (double)calls);
	fflush(stdout);
}

/* In short bursts; what was missed is made up for. */
static long rate(double per_second, double seconds, int fill)
{
	double begin = now(), t;
	long made = 0;

	while ((t = now() - begin) < seconds) {
		long due = (long)(t * per_second);

		if (made >= due) {
			usleep(200);
			continue;
		}
		for (; made < due; made++) {
			open_close();
			for (int i = 0; i < fill; i++)
				syscall(SYS_getppid);
		}
	}
	return made;
}

int main(int argc, char **argv)
{
	if (argc >= 5 && !strcmp(argv[1], "rate")) {
		double begin;
		long made;

		pin(argc > 5 ? argv[5] : NULL);
		begin = now();
		made = rate(atof(argv[2]), atof(argv[3]), atoi(argv[4]));
		printf("%ld %.3f\n", made, now() - begin);
		return 0;
	}
	if (argc >= 4 && !strcmp(argv[1], "open")) {
		pin(argc > 4 ? argv[4] : NULL);
		for (int i = 0; i < atoi(argv[2]); i++)
			one_round(atol(argv[3]));
		return 0;
	}
	fprintf(stderr, "flood: see the head of flood.c\n");
	return 2;
}
