/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loops of one system call, timed in rounds, for the benchmark:
 *
 *	flood getppid|open ROUNDS CALLS [CPU]	a line of ns per call, for each round
 *	flood gate getppid|open CALLS FIFO [CPU]	one round for each byte that comes by FIFO
 *	flood rate PER-SECOND SECONDS FILL [CPU]	openat, close and FILL times getppid at this rate;
 *							ends with the number made and the seconds
 *
 * Each round starts when it is told to (gate), so that traced and untraced ones can alternate.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
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

static void one_round(const char *what, long calls)
{
	bool is_open = !strcmp(what, "open");
	double begin = now();

	for (long i = 0; i < calls; i++) {
		if (is_open)
			open_close();
		else
			syscall(SYS_getppid);
	}
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
	char byte;

	if (argc >= 5 && !strcmp(argv[1], "gate")) {
		int gate = open(argv[4], O_RDONLY);

		if (gate < 0)
			return 1;
		pin(argc > 5 ? argv[5] : NULL);
		while (read(gate, &byte, 1) == 1)
			one_round(argv[2], atol(argv[3]));
		return 0;
	}
	if (argc >= 5 && !strcmp(argv[1], "rate")) {
		double begin;
		long made;

		pin(argc > 5 ? argv[5] : NULL);
		begin = now();
		made = rate(atof(argv[2]), atof(argv[3]), atoi(argv[4]));
		printf("%ld %.3f\n", made, now() - begin);
		return 0;
	}
	if (argc >= 4) {
		pin(argc > 4 ? argv[4] : NULL);
		for (int i = 0; i < atoi(argv[2]); i++)
			one_round(argv[1], atol(argv[3]));
		return 0;
	}
	fprintf(stderr, "flood: see the head of flood.c\n");
	return 2;
}
