/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many processes with long arguments, which their children have from them:
 *
 *	many CHILDREN SECONDS [ARGUMENT...]
 *
 * makes them, writes how many there are, and ends them all after that time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int children = argc > 1 ? atoi(argv[1]) : 0, seconds = argc > 2 ? atoi(argv[2]) : 0, made = 0, end[2];
	char byte;

	if (children < 1 || seconds < 1 || pipe(end))
		return 2;
	for (int i = 0; i < children; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			close(end[1]);
			_exit(read(end[0], &byte, 1) != 0);
		}
		made += pid > 0;
	}
	printf("%d\n", made);
	fflush(stdout);
	sleep((unsigned)seconds);
	close(end[1]);
	while (wait(NULL) > 0)
		;
	return 0;
}
