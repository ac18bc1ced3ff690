/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes what a call points to while the call is under way: another thread does, when the call has
 * come to where it waits (a fifo without a writer, a socket that has no room for one more peer). A
 * line for each: the call, what it was, what it became.
 *
 * swap fd: another thread puts /tmp/put under the number that an open of /tmp/opened is about to return; how
 * often the opener had that before it could look.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LONG 3000

static char path[4096];
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static int tid;

static void *open_it(void *arg)
{
	(void)arg;
	tid = (int)syscall(SYS_gettid);
	close(openat(AT_FDCWD, path, O_RDONLY));
	return NULL;
}

static void *connect_it(void *arg)
{
	(void)arg;
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	tid = (int)syscall(SYS_gettid);
	connect(s, (struct sockaddr *)&address, sizeof(address));
	close(s);
	return NULL;
}

/* Until the other thread sleeps in its call. */
static void wait_asleep(void)
{
	const struct timespec a_moment = { .tv_nsec = 20 * 1000 * 1000 };
	char name[64], line[256], *state;

	for (int i = 0; i < 500; i++) {
		FILE *f;

		nanosleep(&a_moment, NULL);
		snprintf(name, sizeof(name), "/proc/self/task/%d/stat", tid);
		f = tid ? fopen(name, "r") : NULL;
		if (!f)
			continue;
		state = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
		fclose(f);
		if (state && state[2] == 'S')
			return;
	}
	exit(3);
}

static void swap_path(const char *really, const char *shown)
{
	pthread_t thread;
	int writer;

	snprintf(path, sizeof(path), "%s", really);
	tid = 0;
	pthread_create(&thread, NULL, open_it, NULL);
	wait_asleep();
	snprintf(path, sizeof(path), "%s", shown);
	writer = open("/tmp/fifo", O_WRONLY);
	pthread_join(thread, NULL);
	close(writer);
	printf("openat %s %s\n", really, shown);
}

static void swap_address(const char *really, const char *shown)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int server = socket(AF_UNIX, SOCK_STREAM, 0), first = socket(AF_UNIX, SOCK_STREAM, 0);
	pthread_t thread;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", really);
	if (bind(server, (struct sockaddr *)&at, sizeof(at)) || listen(server, 0) ||
	    connect(first, (struct sockaddr *)&at, sizeof(at)))
		exit(4);
	address = at;
	tid = 0;
	pthread_create(&thread, NULL, connect_it, NULL);
	wait_asleep();
	memset(address.sun_path, 0, sizeof(address.sun_path));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", shown);
	close(accept(server, NULL, NULL));
	pthread_join(thread, NULL);
	printf("connect %s %s\n", really, shown);
}

#define TIMES 1500

static int wanted, put;
static atomic_bool over;

static void *put_it(void *arg)
{
	while (!atomic_load(&over))
		dup2(put, wanted);
	return arg;
}

static void swap_fds(void)
{
	struct stat as_put, as_opened;
	pthread_t thread;
	int swapped = 0;

	put = open("/tmp/put", O_RDWR | O_CREAT, 0600);
	close(open("/tmp/opened", O_RDWR | O_CREAT, 0600));
	wanted = open("/dev/null", O_RDONLY);
	if (put < 0 || wanted < 0 || fstat(put, &as_put))
		exit(1);
	close(wanted);
	pthread_create(&thread, NULL, put_it, NULL);
	for (int i = 0; i < TIMES; i++) {
		int fd = open("/tmp/opened", O_RDONLY);

		swapped += !fstat(fd, &as_opened) && as_opened.st_ino == as_put.st_ino;
		close(wanted);
		if (fd != wanted)
			close(fd);
	}
	atomic_store(&over, true);
	pthread_join(thread, NULL);
	printf("%d\n", swapped);
}

int main(int argc, char **argv)
{
	static char winding[LONG];

	if (argc > 1 && !strcmp(argv[1], "fd")) {
		swap_fds();
		return 0;
	}
	mkfifo("/tmp/fifo", 0600);
	swap_path("/tmp/fifo", "/tmp/harmless");
	swap_path("/tmp/fifo", "/tmp/fif");
	/* A path that is too long to be kept with the others. */
	strcpy(winding, "/tmp");
	while (strlen(winding) < LONG - 16)
		strcat(winding, "/.");
	strcat(winding, "/fifo");
	swap_path(winding, "/tmp/harmless-too");
	/* One that nobody changes. */
	swap_path("/tmp/fifo", "/tmp/fifo");
	swap_address("/tmp/really", "/tmp/shown");
	return 0;
}
