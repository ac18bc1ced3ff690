/* SPDX-License-Identifier: Apache-2.0 */
#include "out/sinks.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

#define LINES 20

static void say(bool error, const char *text)
{
	log_error("%s", text);
}

/* A pipe in place of stderr that has no room, and that nobody reads. What stderr was goes to *ret_was. */
static int fill_stderr(int *ret_was)
{
	static const char text[4096];
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	for (size_t len = sizeof(text); len; len = len > 1 ? 1 : 0)
		while (write(fds[1], text, len) > 0)
			;
	assert_int_equal(fcntl(fds[1], F_SETFL, 0), 0);
	*ret_was = dup(STDERR_FILENO);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	return fds[0];
}

/* Waits, for five seconds at most, until there is as much in the file. */
static void wait_size(int fd, off_t size)
{
	for (int i = 0; i < 1000 && lseek(fd, 0, SEEK_END) < size; i++)
		usleep(5000);
	assert_int_equal(lseek(fd, 0, SEEK_END), size);
}

/* What one has to say, and nobody reads, stops neither another nor the end. */
static void test_stderr_full(void **state)
{
	char good[] = "file:/tmp/nunchi-sinks-XXXXXX";
	const char *const to[] = { "file:/dev/full", good };
	const struct sinks_config config = { .to = to, .n = ARRAY_SIZE(to), .say = say };
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	int file = mkstemp(good + strlen("file:")), unread, was;
	struct sinks *s = NULL;

	assert_true(file >= 0);
	alarm(20);	/* who waits for a reader is killed */
	unread = fill_stderr(&was);
	assert_int_equal(sinks_start(&s, &config, &err), 0);
	for (int i = 1; i <= LINES; i++) {
		assert_int_equal(write(sinks_fd(s), "a line\n", 7), 7);
		wait_size(file, i * 7);
	}
	assert_int_equal(sinks_stop(s), -EIO);
	alarm(0);
	dup2(was, STDERR_FILENO);
	close(was);
	close(unread);
	close(file);
	unlink(good + strlen("file:"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stderr_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
