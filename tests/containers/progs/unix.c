/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unix HOW PATH ...: speaks to a unix socket, once for each path: stream and datagram connect, send sends without. A line for each:
 * "HOW PATH: ERROR", "done" where there was none.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		int fd = socket(AF_UNIX, strcmp(argv[1], "stream") ? SOCK_DGRAM : SOCK_STREAM, 0);
		struct sockaddr_un to = { .sun_family = AF_UNIX };
		long r;

		strncpy(to.sun_path, argv[i], sizeof(to.sun_path) - 1);
		if (!strcmp(argv[1], "send"))
			r = sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to));
		else
			r = connect(fd, (struct sockaddr *)&to, sizeof(to));
		printf("%s %s: %s\n", argv[1], argv[i], r < 0 ? strerrorname_np(errno) : "done");
		close(fd);
	}
	return 0;
}
