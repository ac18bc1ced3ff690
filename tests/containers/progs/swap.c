/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes what a call points to while the call is under way: another thread does, when the call has
 * come to where it waits (a fifo without a writer, a socket that has no room for one more peer). A
 * line for each: the call, what it was, what it became.
 *
 * swap fd: another thread puts /tmp/put under the number that an open of /tmp/opened is about to return; how
 * often the opener had that before it could look. swap how: flags of openat2 that another thread changes. swap gone: another thread,
 * then a process that shares nothing but descriptors, puts /tmp/put under the number that a read waits at, and has ended when that returns.
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
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
		snprintf(name, sizeof(name), "/proc/%d/task/%d/stat", tid, tid);
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

static int asked[2];

static void *put_and_end(void *arg)
{
	wait_asleep();
	dup2(put, asked[0]);
	return arg;
}

/* Has the reader go on when whoever has put the other there is no more. */
static void write_then(pid_t reader)
{
	const struct timespec a_moment = { .tv_nsec = 20 * 1000 * 1000 };
	char name[64], threads[64];
	struct stat as_put, now;

	snprintf(name, sizeof(name), "/proc/%d/fd/%d", reader, asked[0]);
	snprintf(threads, sizeof(threads), "/proc/%d/task", reader);
	for (int i = 0; i < 500; i++) {
		if (!stat(threads, &now) && now.st_nlink == 3 && !fstat(put, &as_put) && !stat(name, &now) &&
		    now.st_ino == as_put.st_ino && now.st_dev == as_put.st_dev)
			break;
		nanosleep(&a_moment, NULL);
	}
	nanosleep(&a_moment, NULL);	/* a process, of which nothing there says that it has gone */
	_exit(write(asked[1], "", 1) != 1);
}

static void swap_by_who_goes(bool is_process)
{
	pthread_t thread;
	char byte;

	put = open("/tmp/put", O_RDWR | O_CREAT, 0600);
	if (put < 0 || pipe(asked))
		exit(1);
	tid = getpid();
	if (!fork())
		write_then(getppid());
	if (!is_process) {
		pthread_create(&thread, NULL, put_and_end, NULL);
		pthread_detach(thread);
	} else if (!syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0)) {
		put_and_end(NULL);
		_exit(0);
	}
	if (read(asked[0], &byte, 1) != 1)
		exit(1);
	printf("%d\n", asked[0]);
	fflush(stdout);
	while (wait(NULL) > 0)
		;
}

static struct open_how how;
static uint64_t hows[2];

static void *flip_how(void *arg)
{
	volatile uint64_t *flags = (void *)&how.flags;

	while (!atomic_load(&over)) {
		*flags = hows[0];
		*flags = hows[1];
	}
	return arg;
}

/* Says how many of the opens were for writing, as the files themselves have it: by their mode, and by what is left in them. */
static void swap_how(const char *file, uint64_t one, uint64_t other)
{
	pthread_t thread;
	struct stat st;
	int keeper = open("/tmp/keeper", O_RDWR | O_CREAT, 0600), writes = 0;

	if (keeper < 0 || rename("/tmp/keeper", file))
		exit(1);
	hows[0] = how.flags = one;
	hows[1] = other;
	atomic_store(&over, false);
	pthread_create(&thread, NULL, flip_how, NULL);
	for (int i = 0; i < TIMES; i++) {
		/* Where one processor is all there is the other thread gets nowhere else. */
		if (i % 50 == 0)
			sched_yield();
		if (pwrite(keeper, "x", 1, 0) != 1)
			exit(1);
		int fd = (int)syscall(SYS_openat2, AT_FDCWD, file, &how, sizeof(how));

		if (fd < 0 || fstat(fd, &st))
			exit(2);
		writes += (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY || !st.st_size;
		close(fd);
	}
	atomic_store(&over, true);
	pthread_join(thread, NULL);
	close(keeper);
	printf("%s %d\n", file, writes);
}

int main(int argc, char **argv)
{
	static char winding[LONG];

	if (argc > 1 && !strcmp(argv[1], "fd")) {
		swap_fds();
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "gone")) {
		/* Each by a process that has had no threads before. */
		if (!fork()) {
			swap_by_who_goes(false);
			_exit(0);
		}
		wait(NULL);
		swap_by_who_goes(true);
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "how")) {
		swap_how("/tmp/written", O_RDONLY, O_WRONLY);
		swap_how("/tmp/emptied", O_RDONLY, O_RDONLY | O_TRUNC);
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
