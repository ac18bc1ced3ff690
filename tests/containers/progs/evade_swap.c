/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments that are rewritten between the kernel's copy and the end of the call, while the call
 * sleeps: what a monitor reads then is a lie, and what it read before it is a guess.
 */
#include "evade.h"

#include <arpa/inet.h>
#include <linux/userfaultfd.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

static pid_t opener;

/* Waits until the thread sleeps in a call: then its arguments have been copied. */
static void until_it_sleeps(pid_t tid)
{
	char path[64], text[256], state;

	for (int i = 0; i < 2000; i++) {
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
		f = fopen(path, "r");
		state = 0;
		if (f && fgets(text, sizeof(text), f))
			state = strrchr(text, ')')[2];
		if (f)
			fclose(f);
		if (state == 'S')
			break;
		usleep(1000);
	}
	usleep(5000);
}

struct swap {
	char *from;
	const void *to;
	size_t size;
	int (*release)(void);	/* lets the call end */
};

static void *swapper(void *arg)
{
	struct swap *swap = arg;

	until_it_sleeps(opener);
	memcpy(swap->from, swap->to, swap->size);
	need(swap->release(), "release");
	return NULL;
}

static void start_swap(pthread_t *thread, struct swap *swap)
{
	opener = (pid_t)syscall(SYS_gettid);
	pthread_create(thread, NULL, swapper, swap);
}

static int write_to_fifo(void)
{
	return open("/tmp/ev-fifo", O_WRONLY);
}

/* An open of a FIFO waits for who writes; meanwhile its name becomes another. */
static void path_of_a_fifo(void)
{
	static char path[32] = "/tmp/ev-fifo";
	struct swap swap = { path, "/tmp/ev-lies", 13, write_to_fifo };
	pthread_t thread;

	need(mkfifo(path, 0600), "mkfifo");
	start_swap(&thread, &swap);
	need(open(path, O_RDONLY), "open");
	pthread_join(thread, NULL);
}

static int faults;
static char *page;

static void answer(const char *text)
{
	static char copy[4096] __attribute__((aligned(4096)));
	struct uffd_msg msg;
	struct uffdio_copy fill = { .dst = (uintptr_t)page, .src = (uintptr_t)copy, .len = 4096 };

	memset(copy, 0, sizeof(copy));
	strcpy(copy, text);
	need(read(faults, &msg, sizeof(msg)), "read");
	need(ioctl(faults, UFFDIO_COPY, &fill), "UFFDIO_COPY");
}

static void *serve(void *unused)
{
	answer("/tmp/ev-uffd-fifo");
	until_it_sleeps(opener);
	need(madvise(page, 4096, MADV_DONTNEED), "madvise");
	need(open("/tmp/ev-uffd-fifo", O_WRONLY), "open");
	return unused;
}

static void watch_page(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	faults = (int)has(syscall(SYS_userfaultfd, O_CLOEXEC), "userfaultfd");
	has(ioctl(faults, UFFDIO_API, &api), "UFFDIO_API");
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (uintptr_t)page;
	range.range.len = 4096;
	has(ioctl(faults, UFFDIO_REGISTER, &range), "UFFDIO_REGISTER");
}

/* userfaultfd gives the page to the kernel's copy only: nobody reads the name before or after. */
static void path_by_userfaultfd(void)
{
	pthread_t thread;

	need(mkfifo("/tmp/ev-uffd-fifo", 0600), "mkfifo");
	watch_page();
	opener = (pid_t)syscall(SYS_gettid);
	pthread_create(&thread, NULL, serve, NULL);
	need(open(page, O_RDONLY), "open");
	pthread_join(thread, NULL);
}

/* A socket that listens on loopback; its queue is full after one connection. */
static int full_listener(uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	int listener = (int)need(socket(AF_INET, SOCK_STREAM, 0), "socket");

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	need(bind(listener, (struct sockaddr *)&in, sizeof(in)), "bind");
	need(listen(listener, 0), "listen");
	need(connect((int)need(socket(AF_INET, SOCK_STREAM, 0), "socket"), (struct sockaddr *)&in,
		     sizeof(in)), "connect");
	return listener;
}

static int listener;

static int accept_one(void)
{
	return accept(listener, NULL, NULL);
}

/* A connect waits for the other side; meanwhile its address becomes another. */
static void address_of_a_connect(void)
{
	static struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in lie = { .sin_family = AF_INET, .sin_port = htons(4799) };
	struct swap swap = { (char *)&in, &lie, sizeof(lie), accept_one };
	pthread_t thread;
	int fd = (int)need(socket(AF_INET, SOCK_STREAM, 0), "socket");

	listener = full_listener(4731);
	in.sin_port = htons(4731);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	lie.sin_addr.s_addr = htonl(0x7f090909);
	start_swap(&thread, &swap);
	need(connect(fd, (struct sockaddr *)&in, sizeof(in)), "connect");
	pthread_join(thread, NULL);
}

static struct sockaddr_un real_name = { .sun_family = AF_UNIX, .sun_path = "/tmp/ev-real.sock" };

static void *serve_address(void *unused)
{
	static char copy[4096] __attribute__((aligned(4096)));
	struct uffd_msg msg;
	struct uffdio_copy fill = { .dst = (uintptr_t)page, .src = (uintptr_t)copy, .len = 4096 };

	memcpy(copy, &real_name, sizeof(real_name));
	need(read(faults, &msg, sizeof(msg)), "read");
	need(ioctl(faults, UFFDIO_COPY, &fill), "UFFDIO_COPY");
	until_it_sleeps(opener);
	need(madvise(page, 4096, MADV_DONTNEED), "madvise");
	need(accept(listener, NULL, NULL), "accept");
	return unused;
}

/* The same by userfaultfd: the address is nowhere when the connect ends. */
static void address_by_userfaultfd(void)
{
	struct sockaddr *real = (struct sockaddr *)&real_name;
	pthread_t thread;
	int first = (int)need(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
	int fd = (int)need(socket(AF_UNIX, SOCK_STREAM, 0), "socket");

	listener = (int)need(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
	need(bind(listener, real, sizeof(real_name)), "bind");
	need(listen(listener, 0), "listen");
	need(connect(first, real, sizeof(real_name)), "connect");
	watch_page();
	opener = (pid_t)syscall(SYS_gettid);
	pthread_create(&thread, NULL, serve_address, NULL);
	need(connect(fd, (struct sockaddr *)page, sizeof(real_name)), "connect");
	pthread_join(thread, NULL);
}

static const struct row rows[] = {
	ROW("swap-path", path_of_a_fifo), ROW("swap-path-userfaultfd", path_by_userfaultfd),
	ROW("swap-address", address_of_a_connect),
	ROW("swap-address-userfaultfd", address_by_userfaultfd),
};

int main(int argc, char **argv)
{
	(void)argc;
	return RUN_ROWS(rows, argv);
}
