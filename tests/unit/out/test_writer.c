/* SPDX-License-Identifier: Apache-2.0 */
#include "out/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/clock.h"

#define QUEUE_MAX ((size_t)4 << 20)

static void fill(struct strbuf *b, size_t len, char c)
{
	strbuf_reset(b);
	strbuf_grow(b, len);
	memset(b->s, c, len);
	b->len = len;
	b->s[len] = '\0';
}

static bool is_readable(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, timeout_ms) == 1;
}

static void test_writer_order(void **state)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	struct writer *w;
	char got[5000];
	size_t len = 0;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(writer_start(&w, fds[1], QUEUE_MAX), 0);
	for (int i = 0; i < 1000; i++) {
		strbuf_addf(&b, "%03d\n", i);
		assert_int_equal(writer_put(w, &b), 0);
		assert_int_equal(b.len, 0);
	}
	assert_int_equal(writer_stop(w, 1000), 0);
	/* Ours stays open and as it was: the description is shared with others. */
	assert_int_equal(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
	close(fds[1]);
	for (ssize_t n; (n = read(fds[0], got + len, sizeof(got) - len)) > 0;)
		len += (size_t)n;
	assert_int_equal(len, 4000);
	assert_memory_equal(got, "000\n001\n002\n", 12);
	assert_memory_equal(got + 3996, "999\n", 4);
	close(fds[0]);
}

/* What was put is there when the wait ends; who does not read is not waited for. */
static void test_writer_wait(void **state)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	struct writer *w;
	char byte;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(writer_start(&w, fds[1], QUEUE_MAX), 0);
	for (int i = 0; i < 1000; i++) {
		strbuf_addc(&b, 'x');
		assert_int_equal(writer_put(w, &b), 0);
		writer_wait(w, 10000);
		assert_int_equal(read(fds[0], &byte, 1), 1);
	}
	fill(&b, (size_t)2 << 20, 'x');
	assert_int_equal(writer_put(w, &b), 0);
	writer_wait(w, 50);
	close(fds[0]);
	writer_wait(w, 10000);
	assert_int_equal(writer_stop(w, 1000), -EPIPE);
	close(fds[1]);
}

/* A reader that does not read: the queue is bounded, and the end comes in time all the same. */
static void blocked(int read_fd, int write_fd)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	struct writer *w;
	size_t taken = 0;
	uint64_t start;
	int r;

	assert_int_equal(writer_start(&w, write_fd, QUEUE_MAX), 0);
	for (int i = 0; i < 4096; i++) {
		fill(&b, 16384, 'x');
		r = writer_put(w, &b);
		if (r == 0)
			taken += 16384;
		/* The thread may only now have taken what it was given first, which it tells. */
		else if (!is_readable(writer_fd(w), 500))
			break;
		else
			assert_int_equal(writer_error(w), 0);
	}
	assert_int_equal(r, -EAGAIN);
	assert_int_equal(b.len, 16384);
	assert_true(taken >= QUEUE_MAX - 16384);
	assert_true(taken <= QUEUE_MAX + (1 << 20));
	assert_false(is_readable(writer_fd(w), 0));
	start = clock_ns(CLOCK_MONOTONIC);
	assert_int_equal(writer_stop(w, 100), -ETIMEDOUT);
	assert_true(clock_ns(CLOCK_MONOTONIC) - start < 2 * NSEC_PER_SEC);
	close(write_fd);
	close(read_fd);
}

static void test_writer_blocked_pipe(void **state)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	blocked(fds[0], fds[1]);
}

static void test_writer_blocked_socket(void **state)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	blocked(fds[0], fds[1]);
}

static void test_writer_nonblocking_pipe(void **state)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	blocked(fds[0], fds[1]);
}

struct drain {
	int fd;
	size_t got;
};

static void *drain_main(void *arg)
{
	struct drain *d = arg;
	char buf[65536];

	for (ssize_t n; (n = read(d->fd, buf, sizeof(buf))) > 0;)
		d->got += (size_t)n;
	return NULL;
}

static void test_writer_put_wait(void **state)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	struct drain d = { .got = 0 };
	const size_t total = 4UL * QUEUE_MAX;
	struct writer *w;
	pthread_t thread;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	d.fd = fds[0];
	assert_int_equal(pthread_create(&thread, NULL, drain_main, &d), 0);
	assert_int_equal(writer_start(&w, fds[1], QUEUE_MAX), 0);
	for (size_t n = 0; n < total; n += 65536) {
		fill(&b, 65536, 'y');
		assert_int_equal(writer_put_wait(w, &b), 0);
	}
	/* More than the queue holds goes alone. */
	fill(&b, QUEUE_MAX + 1, 'z');
	assert_int_equal(writer_put_wait(w, &b), 0);
	assert_int_equal(writer_stop(w, 10000), 0);
	close(fds[1]);
	pthread_join(thread, NULL);
	assert_int_equal(d.got, total + QUEUE_MAX + 1);
	close(fds[0]);
}

/* Each of the buffers that go round has held a peak; little goes through them then, and they are small. */
static void test_writer_gives_a_peak_back(void **state)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	struct drain d = { .got = 0 };
	struct writer *w;
	pthread_t thread;
	int fds[2], small = 0;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(writer_start(&w, fds[1], QUEUE_MAX), 0);
	for (int i = 0; i < 3; i++) {
		fill(&b, QUEUE_MAX / 3, 'x');
		assert_int_equal(writer_put(w, &b), 0);
		/* It hangs in the pipe, and what comes is collected. */
		usleep(10000);
	}
	d.fd = fds[0];
	assert_int_equal(pthread_create(&thread, NULL, drain_main, &d), 0);
	for (int i = 0; i < 10000 && small < 10; i++) {
		strbuf_adds(&b, "x");
		assert_int_equal(writer_put_wait(w, &b), 0);
		small = b.cap <= 64 << 10 ? small + 1 : 0;
		usleep(1000);
	}
	assert_int_equal(small, 10);
	assert_int_equal(writer_stop(w, 10000), 0);
	close(fds[1]);
	pthread_join(thread, NULL);
	close(fds[0]);
}

static void test_writer_closed_pipe(void **state)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	struct writer *w;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(writer_start(&w, fds[1], QUEUE_MAX), 0);
	assert_false(is_readable(writer_fd(w), 20));
	/* Noticed although nothing is written. */
	close(fds[0]);
	assert_true(is_readable(writer_fd(w), 5000));
	strbuf_adds(&b, "x");
	assert_int_equal(writer_put(w, &b), -EPIPE);
	assert_int_equal(b.len, 1);
	assert_int_equal(writer_put_wait(w, &b), -EPIPE);
	assert_int_equal(writer_stop(w, 100), -EPIPE);
	close(fds[1]);
}

/* A waiting writer_put_wait must not wait for ever when the reader goes. */
static void *close_later(void *arg)
{
	usleep(50000);
	close(*(int *)arg);
	return NULL;
}

static void test_writer_closed_while_waiting(void **state)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	struct writer *w;
	pthread_t thread;
	int fds[2], r = 0;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(writer_start(&w, fds[1], QUEUE_MAX), 0);
	assert_int_equal(pthread_create(&thread, NULL, close_later, &fds[0]), 0);
	for (int i = 0; i < 64 && r == 0; i++) {
		fill(&b, 1 << 20, 'x');
		r = writer_put_wait(w, &b);
	}
	assert_int_equal(r, -EPIPE);
	pthread_join(thread, NULL);
	assert_int_equal(writer_stop(w, 100), -EPIPE);
	close(fds[1]);
}

static void test_writer_full_disk(void **state)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct writer *w;

	if (fd < 0)
		skip();
	assert_int_equal(writer_start(&w, fd, QUEUE_MAX), 0);
	assert_int_equal(writer_error(w), 0);
	strbuf_adds(&b, "x");
	assert_int_equal(writer_put(w, &b), 0);
	assert_true(is_readable(writer_fd(w), 5000));
	assert_int_equal(writer_error(w), -ENOSPC);
	assert_int_equal(writer_stop(w, 100), -ENOSPC);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writer_order),
		cmocka_unit_test(test_writer_wait),
		cmocka_unit_test(test_writer_blocked_pipe),
		cmocka_unit_test(test_writer_blocked_socket),
		cmocka_unit_test(test_writer_nonblocking_pipe),
		cmocka_unit_test(test_writer_put_wait),
		cmocka_unit_test(test_writer_gives_a_peak_back),
		cmocka_unit_test(test_writer_closed_pipe),
		cmocka_unit_test(test_writer_closed_while_waiting),
		cmocka_unit_test(test_writer_full_disk),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
