/* SPDX-License-Identifier: Apache-2.0 */
/*
 * left NAME... [exec]: to each NAME a connect that has to wait, and that a signal interrupts whose handler is to have the
 * call made again (SA_RESTART), but does not come back. Then ten files are opened, or a program is executed.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static sigjmp_buf out;

static void leave(int signal)
{
	(void)signal;
	siglongjmp(out, 1);
}

static void connect_in_vain(const char *name)
{
	struct itimerval soon = { .it_value = { .tv_usec = 100000 } };
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), first = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(to.sun_path + 1, name, strlen(name));
	if (bind(listener, (struct sockaddr *)&to, len) || listen(listener, 0) ||
	    connect(first, (struct sockaddr *)&to, len))
		perror(name);
	if (sigsetjmp(out, 1))
		return;
	setitimer(ITIMER_REAL, &soon, NULL);
	connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&to, len);
	puts("not left");
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = leave, .sa_flags = SA_RESTART };

	sigaction(SIGALRM, &action, NULL);
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "exec"))
			execl("/bin/true", "true", NULL);
		else
			connect_in_vain(argv[i]);
	}
	for (int i = 0; i < 10; i++)
		close(open("/etc/passwd", O_RDONLY));
	puts("done");
	return 0;
}
