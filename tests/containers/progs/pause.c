/* SPDX-License-Identifier: Apache-2.0 */
/* Does nothing until it is told to end: a pod's sandbox, and a container to look at. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void end(int sig)
{
	(void)sig;
	_exit(0);
}

int main(void)
{
	signal(SIGTERM, end);
	signal(SIGINT, end);
	for (;;)
		pause();
}
