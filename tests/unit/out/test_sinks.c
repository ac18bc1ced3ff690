/* SPDX-License-Identifier: Apache-2.0 */
#include "out/sinks.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

/* A process that ends once it has read a line, and says so if it is this one. */
static pid_t begin_reader(const char *path, const char *line)
{
	pid_t pid = fork();
	char text[64];
	ssize_t n;
	int fd;

	assert_true(pid >= 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, text, sizeof(text));
	_exit(n != (ssize_t)strlen(line) || memcmp(text, line, (size_t)n));
}

static void end_reader(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* As long as nobody reads it, it cannot be opened like this. An fd, without which the reader would see its end. */
static int wait_reader(const char *path)
{
	int fd = -1;

	for (int i = 0; i < 1000 && (fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) < 0; i++)
		usleep(5000);
	assert_true(fd >= 0);
	return fd;
}

/* A FIFO's reader can go, and another one come: what is told in between is lost, and no more. */
static void test_fifo_gets_another_reader(void **state)
{
	char to_fifo[] = "file:/tmp/nunchi-sinks-XXXXXX", other[] = "file:/tmp/nunchi-sinks-XXXXXX";
	const char *path = to_fifo + strlen("file:"), *const to[] = { to_fifo, other };
	const struct sinks_config config = { .to = to, .n = ARRAY_SIZE(to), .say = say };
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	int file = mkstemp(other + strlen("file:")), fd;
	struct sinks *s = NULL;
	pid_t reader;

	assert_int_equal(close(mkstemp(to_fifo + strlen("file:"))), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(20);
	reader = begin_reader(path, "one\n");
	fd = wait_reader(path);
	assert_int_equal(sinks_start(&s, &config, &err), 0);
	close(fd);
	assert_int_equal(write(sinks_fd(s), "one\n", 4), 4);
	end_reader(reader);
	assert_int_equal(write(sinks_fd(s), "two\n", 4), 4);
	wait_size(file, 8);
	usleep(100000);
	reader = begin_reader(path, "three\n");
	usleep(100000);
	assert_int_equal(write(sinks_fd(s), "three\n", 6), 6);
	end_reader(reader);
	assert_int_equal(sinks_stop(s), -EIO);
	alarm(0);
	close(file);
	unlink(path);
	unlink(other + strlen("file:"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stderr_full),
		cmocka_unit_test(test_fifo_gets_another_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
