/* SPDX-License-Identifier: Apache-2.0 */
/* A container with so many processes, each of which sleeps: many PROCESSES. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int processes = argc == 2 ? atoi(argv[1]) : 0;

	if (processes <= 0) {
		fprintf(stderr, "many PROCESSES\n");
		return 2;
	}
	for (int i = 1; i < processes; i++) {
		pid_t child = fork();

		if (child < 0) {
			perror("fork");
			return 1;
		}
		if (!child)
			break;
	}
	/* Its parent is the first process of the container, whose end is theirs. */
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
