/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGINT and SIGTERM while the kernel side is loaded. The verifier takes half a second, on a busy machine ten; a
 * load cannot be cut short, and nothing has begun that would have to be ended. So the process is.
 */
#include <signal.h>
#include <unistd.h>

#include "internal.h"

static const char *volatile unfinished;	/* a file that is of no use to anybody yet, or NULL */

static void end(int number)
{
	if (unfinished)
		(void)unlink(unfinished);
	signal(number, SIG_DFL);
	raise(number);	/* delivered when this returns */
}

static void mask(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(how, &set, NULL);
}

void interrupt_allow(const char *file)
{
	const struct sigaction action = { .sa_handler = end };

	unfinished = file;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	mask(SIG_UNBLOCK);
}

void interrupt_forbid(void)
{
	mask(SIG_BLOCK);
	unfinished = NULL;
}
