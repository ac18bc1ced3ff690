/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hides one deed in a flood of its own: attack TIMES PATH. Opens random names that are not there, each
 * only once, as fast as it can, and amid them TIMES times PATH, some milliseconds apart. At the end
 * prints how many of each.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	long times = argc == 3 ? atol(argv[1]) : 0, noise = 0, done = 0;
	double next = now() + 0.1;
	char name[64];
	int fd;

	if (times <= 0) {
		fprintf(stderr, "attack TIMES PATH\n");
		return 2;
	}
	srandom(1);
	while (done < times) {
		snprintf(name, sizeof(name), "/tmp/%08lx%08lx", random(), random());
		if (open(name, O_RDONLY) >= 0)
			return 1;
		if (++noise % 64 || now() < next)
			continue;
		fd = open(argv[2], O_RDONLY);
		if (fd < 0) {
			perror(argv[2]);
			return 1;
		}
		close(fd);
		done++;
		next = now() + 0.002 + (double)(random() % 16) / 1000;
	}
	printf("%ld %ld\n", done, noise);
	return 0;
}
