/* SPDX-License-Identifier: Apache-2.0 */
#include "base/http.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/eventfd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "fake.h"

enum mode { GOOD, SILENT, GARBAGE, HALF, HUGE_BODY, LINES, LONG_LINE, LONG_LINES, NOT_FOUND };

static void write_forever(struct fake *f, int fd, const char *head)
{
	char block[65536];

	memset(block, 'x', sizeof(block));
	fake_write(fd, head, strlen(head));
	for (size_t i = 0; i < 2 * HTTP_BODY_MAX / sizeof(block) && !f->ending; i++)
		fake_write(fd, block, sizeof(block));
}

/* n characters, in pieces that end anywhere. */
static void write_line(int fd, size_t n)
{
	_cleanup_free_ char *line = xmalloc(n + 1);

	memset(line, 'x', n);
	line[n] = '\n';
	fake_write(fd, line, n + 1);
}

static void serve(struct fake *f, int fd)
{
	static const char stream[] = "HTTP/1.1 200 OK\r\n\r\n";
	char path[512];

	while (fake_request(fd, path)) {
		switch ((enum mode)f->mode) {
		case GOOD:
			fake_answer(fd, 200, path);
			continue;
		case NOT_FOUND:
			fake_answer(fd, 404, "no");
			continue;
		case SILENT:
			fake_hold(fd);
			return;
		case GARBAGE:
			fake_write(fd, "\0\1\2\3 no http here\r\n\r\n", 22);
			return;
		case HALF:
			fake_write(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", 44);
			return;
		case HUGE_BODY:
			write_forever(f, fd, "HTTP/1.1 200 OK\r\n\r\n");
			return;
		case LONG_LINE:
			write_forever(f, fd, stream);
			return;
		case LONG_LINES:
			fake_write(fd, stream, strlen(stream));
			fake_write(fd, "one\n", 4);
			write_line(fd, HTTP_LINE_MAX);
			write_line(fd, HTTP_LINE_MAX - 1);
			write_line(fd, 3 * HTTP_LINE_MAX);
			fake_write(fd, "two\n", 4);
			return;
		case LINES:
			fake_write(fd, stream, strlen(stream));
			fake_write(fd, "one\ntw", 6);
			usleep(50000);
			fake_write(fd, "o\n\nlast", 7);
			return;
		}
	}
}

static int get(enum mode mode, unsigned timeout_ms, struct strbuf *body, char *error, size_t size)
{
	struct fake f;
	struct http *h;
	long status = 0;
	int r;

	fake_start(&f, serve, NULL);
	f.mode = (int)mode;
	h = http_new(f.path, -1);
	r = http_get(h, "/a/b?c", timeout_ms, &status, body);
	if (r == 0)
		r = (int)status;
	if (error)
		snprintf(error, size, "%s", http_error(h));
	http_free(h);
	fake_stop(&f);
	return r;
}

static void test_get(void **state)
{
	_cleanup_strbuf_ struct strbuf body = STRBUF_INIT;
	char error[256] = "x";

	(void)state;
	assert_int_equal(get(GOOD, 5000, &body, error, sizeof(error)), 200);
	assert_string_equal(body.s, "/a/b?c");
	assert_string_equal(error, "");
	assert_int_equal(get(NOT_FOUND, 5000, &body, NULL, 0), 404);
	assert_string_equal(body.s, "no");
}

static void test_get_again_on_one_handle(void **state)
{
	_cleanup_strbuf_ struct strbuf body = STRBUF_INIT;
	struct fake f;
	struct http *h;
	long status;

	(void)state;
	fake_start(&f, serve, NULL);
	h = http_new(f.path, -1);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(http_get(h, "/x", 5000, &status, &body), 0);
		assert_string_equal(body.s, "/x");
	}
	f.mode = GARBAGE;
	assert_int_equal(http_get(h, "/x", 5000, &status, &body), -EPROTO);
	f.mode = GOOD;
	assert_int_equal(http_get(h, "/y", 5000, &status, &body), 0);
	assert_string_equal(body.s, "/y");
	http_free(h);
	fake_stop(&f);
}

static void test_get_bad_peers(void **state)
{
	_cleanup_strbuf_ struct strbuf body = STRBUF_INIT;
	char error[256];
	uint64_t start = clock_boot();

	(void)state;
	assert_int_equal(get(SILENT, 200, &body, error, sizeof(error)), -ETIMEDOUT);
	assert_string_equal(error, "no answer in 200 ms");
	assert_true(clock_boot() - start < 2 * NSEC_PER_SEC);
	assert_int_equal(get(GARBAGE, 5000, &body, error, sizeof(error)), -EPROTO);
	/* As gRPC is to who speaks HTTP: in words that say what to look at. */
	assert_non_null(strstr(error, "does not speak this kind's protocol"));
	assert_int_equal(get(HALF, 5000, &body, NULL, 0), -EPROTO);
	assert_int_equal(get(HUGE_BODY, 20000, &body, NULL, 0), -EMSGSIZE);
}

static void test_get_limited(void **state)
{
	_cleanup_strbuf_ struct strbuf body = STRBUF_INIT;
	struct fake f;
	struct http *h;
	long status;

	(void)state;
	fake_start(&f, serve, NULL);
	h = http_new(f.path, -1);
	http_limit(h, 4);
	assert_int_equal(http_get(h, "/abc", 5000, &status, &body), 0);
	assert_int_equal(http_get(h, "/abcd", 5000, &status, &body), -EMSGSIZE);
	http_free(h);
	fake_stop(&f);
}

static void test_get_no_server(void **state)
{
	_cleanup_strbuf_ struct strbuf body = STRBUF_INIT;
	_cleanup_http_ struct http *h = http_new("/nonexistent/s.sock", -1);
	long status;

	(void)state;
	assert_int_equal(http_get(h, "/", 5000, &status, &body), -ENOENT);
	assert_string_equal(http_error(h), "No such file or directory");
}

static void *abort_soon(void *arg)
{
	usleep(100000);
	eventfd_write(*(int *)arg, 1);
	return NULL;
}

static void test_get_aborted(void **state)
{
	_cleanup_strbuf_ struct strbuf body = STRBUF_INIT;
	int fd = eventfd(0, EFD_CLOEXEC);
	uint64_t start;
	pthread_t thread;
	struct http *h;
	struct fake f;
	long status;

	(void)state;
	fake_start(&f, serve, NULL);
	f.mode = SILENT;
	h = http_new(f.path, fd);
	start = clock_boot();
	assert_int_equal(pthread_create(&thread, NULL, abort_soon, &fd), 0);
	assert_int_equal(http_get(h, "/", 30000, &status, &body), -ECANCELED);
	assert_true(clock_boot() - start < NSEC_PER_SEC);
	pthread_join(thread, NULL);
	http_free(h);
	close(fd);
	fake_stop(&f);
}

static int next(struct http *h, struct strbuf *line)
{
	int r, tries = 0;

	do
		r = http_next_line(h, 20, line);
	while (r == -EAGAIN && ++tries < 500);
	return r;
}

static void test_lines(void **state)
{
	_cleanup_strbuf_ struct strbuf line = STRBUF_INIT;
	struct http *h;
	struct fake f;
	int r;

	(void)state;
	fake_start(&f, serve, NULL);
	f.mode = LINES;
	h = http_new(f.path, -1);
	assert_int_equal(http_get_lines(h, "/events", 5000), 0);
	assert_int_equal(next(h, &line), 0);
	assert_string_equal(line.s, "one");
	assert_int_equal(next(h, &line), 0);
	assert_string_equal(line.s, "two");
	assert_int_equal(next(h, &line), 0);
	assert_string_equal(line.s, "");
	/* What has no newline is half a line. */
	assert_int_equal(next(h, &line), -EPIPE);
	f.mode = LONG_LINE;
	/* It may come together with the head. */
	r = http_get_lines(h, "/events", 5000);
	assert_int_equal(r ? r : next(h, &line), -EMSGSIZE);
	assert_int_equal(next(h, &line), -EPIPE);
	f.mode = NOT_FOUND;
	assert_int_equal(http_get_lines(h, "/events", 5000), -EPROTO);
	f.mode = SILENT;
	assert_int_equal(http_get_lines(h, "/events", 100), -ETIMEDOUT);
	http_free(h);
	fake_stop(&f);
}

/* What is too long is left out, and no more than that. */
static void test_long_lines(void **state)
{
	static const size_t lengths[] = { 3, HTTP_LINE_MAX - 1, 3 };
	_cleanup_strbuf_ struct strbuf line = STRBUF_INIT;
	unsigned n = 0, left_out = 0;
	struct http *h;
	struct fake f;
	int r;

	(void)state;
	fake_start(&f, serve, NULL);
	f.mode = LONG_LINES;
	h = http_new(f.path, -1);
	assert_int_equal(http_get_lines(h, "/events", 5000), 0);
	while ((r = next(h, &line)) == 0 || r == -EMSGSIZE) {
		if (r == 0)
			assert_int_equal(line.len, lengths[n]);
		n += r == 0;
		left_out += r == -EMSGSIZE;
	}
	assert_int_equal(r, -EPIPE);
	assert_int_equal(n, ARRAY_SIZE(lengths));
	/* Of two that came before anybody looked it is said once. */
	assert_in_range(left_out, 1, 2);
	http_free(h);
	fake_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_get_again_on_one_handle),
		cmocka_unit_test(test_get_bad_peers),
		cmocka_unit_test(test_get_limited),
		cmocka_unit_test(test_get_no_server),
		cmocka_unit_test(test_get_aborted),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
