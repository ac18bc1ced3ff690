/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LINES 20000	/* more than a terminal and a pipe have room for */

/* Tells more than there is room for, says so, and tells one line more when it may. */
static _noreturn_ void tell(int err, int said, int may)
{
	char byte = 0;

	alarm(20);	/* who waits for a reader is killed */
	dup2(err, STDERR_FILENO);
	log_set_patience(0);
	for (int i = 0; i < LINES; i++)
		log_info("line %d of what nobody reads", i);
	if (write(said, &byte, 1) != 1 || read(may, &byte, 1) != 1)
		_exit(1);
	log_info("the last");
	_exit(0);
}

/* What is there, and comes within a second: a terminal hands on what was written in its own time. */
static void read_all(int fd, char *to, size_t size, size_t *len)
{
	struct pollfd in = { .fd = fd, .events = POLLIN };
	ssize_t n;

	while (*len < size - 1 && poll(&in, 1, 1000) > 0 && (n = read(fd, to + *len, size - 1 - *len)) > 0)
		*len += (size_t)n;
	to[*len] = '\0';
}

/* A terminal hands on a part now and then, so that there may be more than one gap. */
static const char *last_of(const char *text, const char *what)
{
	const char *found = NULL;

	while ((text = strstr(text, what)))
		found = text++;
	return found;
}

/* err: to be written; from: to be read, and does not wait. */
static void check_unread(int err, int from)
{
	static char text[1 << 20];
	struct pollfd room = { .fd = err, .events = POLLOUT };
	int said[2], may[2], status;
	const char *gap;
	size_t len = 0;
	char byte = 0;
	pid_t child;

	assert_int_equal(pipe(said), 0);
	assert_int_equal(pipe(may), 0);
	child = fork();
	if (!child)
		tell(err, said[1], may[0]);
	close(said[1]);
	assert_int_equal(read(said[0], &byte, 1), 1);
	read_all(from, text, sizeof(text), &len);
	assert_int_equal(poll(&room, 1, 10000), 1);
	assert_int_equal(write(may[1], &byte, 1), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	read_all(from, text, sizeof(text), &len);
	assert_non_null(strstr(text, "\nnunchi: "));
	gap = last_of(text, " lines before this one were not written: nobody read them");
	assert_non_null(gap);
	assert_null(strstr(gap + 1, "nunchi: line "));
	assert_non_null(strstr(text, "\nnunchi: the last"));
	close(said[0]);
	close(may[0]);
	close(may[1]);
}

static void test_pipe(void **state)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	check_unread(fds[1], fds[0]);
	/* Others who have it wait as ever. */
	assert_false(fcntl(fds[1], F_GETFL) & O_NONBLOCK);
	close(fds[0]);
	close(fds[1]);
}

static void test_terminal(void **state)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK), terminal;

	assert_true(master >= 0 && !grantpt(master) && !unlockpt(master));
	terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(terminal >= 0);
	check_unread(terminal, master);
	assert_false(fcntl(terminal, F_GETFL) & O_NONBLOCK);
	close(terminal);
	close(master);
}

/* Foreign text in a line moves no cursor; what is of several lines stays so. */
static void test_escapes(void **state)
{
	static char text[256];
	int fds[2], was = dup(STDERR_FILENO);
	size_t len = 0;

	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	log_error("a%s\nTry: b\\", "\x1b[2J\r\xff");
	dup2(was, STDERR_FILENO);
	close(was);
	close(fds[1]);
	read_all(fds[0], text, sizeof(text), &len);
	close(fds[0]);
	assert_string_equal(text, "nunchi: a\\x1b[2J\\x0d\\xff\nTry: b\\\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
