/* SPDX-License-Identifier: Apache-2.0 */
#include "out/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static const struct sink_kind *kind_of(const char *prefix)
{
	size_t i = 0;

	while (!streq(sink_kinds[i].prefix, prefix))
		i++;
	return &sink_kinds[i];
}

/* A limit, in place of a disk that is full. */
static void set_room(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static int put(struct sink *s, const char *line)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;

	return s->kind->send(s, line, strlen(line), &err);
}

static void test_file_full(void **state)
{
	static const char expected[] = "{\"n\":1}\n{\"n\"\n{\"n\":4}\n{\"n\":5}\n";
	char path[] = "/tmp/nunchi-sink-XXXXXX", text[128] = "";
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	struct sink s = { .kind = kind_of("file:"), .name = path, .arg = path, .fd = -1 };
	int made = mkstemp(path);

	signal(SIGXFSZ, SIG_IGN);
	assert_true(made >= 0);
	assert_int_equal(s.kind->open(&s, NULL, &err), 0);
	set_room(12);
	assert_int_equal(put(&s, "{\"n\":1}\n"), 0);
	assert_int_equal(put(&s, "{\"n\":2}\n"), -EFBIG);
	assert_int_equal(put(&s, "{\"n\":3}\n"), -EFBIG);
	set_room(RLIM_INFINITY);
	assert_int_equal(put(&s, "{\"n\":4}\n"), 0);
	assert_int_equal(put(&s, "{\"n\":5}\n"), 0);
	assert_true(read(made, text, sizeof(text) - 1) > 0);
	assert_string_equal(text, expected);
	close(s.fd);
	close(made);
	unlink(path);
}

/* The level that a line is sent to syslog with. */
static unsigned level_of(const char *line)
{
	char dir[] = "/tmp/nunchi-syslog-XXXXXX", text[512] = "";
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sink s = { .kind = kind_of("syslog:"), .name = "syslog:", .arg = un.sun_path, .fd = -1 };
	int log = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_non_null(mkdtemp(dir));
	snprintf(un.sun_path, sizeof(un.sun_path), "%s/log", dir);
	assert_int_equal(bind(log, (const struct sockaddr *)&un, sizeof(un)), 0);
	assert_int_equal(put(&s, line), 0);
	assert_true(recv(log, text, sizeof(text) - 1, MSG_DONTWAIT) > 0);
	close(s.fd);
	close(log);
	unlink(un.sun_path);
	rmdir(dir);
	assert_int_equal(text[0], '<');
	return (unsigned)strtoul(text + 1, NULL, 10) & 7;
}

/* What a container calls its files says nothing of how urgent the alert is. */
static void test_syslog_level(void **state)
{
	assert_int_equal(level_of("14:05:31.123456789: Critical Shell started (file=/x)\n"), 2);
	assert_int_equal(level_of("14:05:31.123456789: Critical Shell started (file=,\"priority\":\"Debug\")\n"), 2);
	assert_int_equal(level_of("14:05:31.123456789: Emergency all (file=/x)\n"), 0);
	assert_int_equal(level_of("14:05:31.123456789: Debug read (file=/a: Emergency)\n"), 7);
	assert_int_equal(level_of("    before: 14:05:30.1 openat ,\"priority\":\"Emergency\" ok\n"), 5);
	assert_int_equal(level_of("{\"output\":\"1: Debug ,\\\"priority\\\":\\\"Debug\\\"\",\"priority\":\"Warning\"}\n"), 4);
}

static int send_never(struct sink *s, const char *line, size_t len, struct strbuf *err)
{
	(void)s;
	(void)line;
	(void)len;
	strbuf_adds(err, "it is gone");
	return -EPIPE;
}

static volatile bool is_said;

static void say_slowly(bool error, const char *text)
{
	(void)error;
	(void)text;
	usleep(100000);
	is_said = true;
}

/* Who waits until it is done ends the process: nothing that is to be said may be left. */
static void test_last_word(void **state)
{
	static const struct sink_kind kind = { .prefix = "none:", .send = send_never };
	/* Its thread is left alone, as in a process that ends. */
	static struct sink s = { .kind = &kind, .name = "none:", .say = say_slowly, .fd = -1 };

	(void)state;
	assert_int_equal(sink_start(&s), 0);
	sink_put(&s, "a line\n", 7);
	while (!sink_is_done(&s))
		usleep(1000);
	assert_true(is_said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_full),
		cmocka_unit_test(test_syslog_level),
		cmocka_unit_test(test_last_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
