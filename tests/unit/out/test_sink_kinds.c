/* SPDX-License-Identifier: Apache-2.0 */
#include "out/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
