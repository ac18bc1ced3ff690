/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "syscalls/syscalls.h"

static struct syscall_set set;
static struct strbuf err;

static int reset(void **state)
{
	strbuf_free(&err);
	return 0;
}

static bool in_set(const char *name)
{
	const struct syscall_info *call = syscall_by_name(name, strlen(name));

	assert_non_null(call);
	return set.bits[syscall_nr(call)];
}

static size_t count(void)
{
	size_t n = 0;

	for (size_t i = 0; i < NUNCHI_CALLS_MAX; i++)
		n += set.bits[i];
	return n;
}

static void parse(const char *spec)
{
	strbuf_reset(&err);
	memset(&set, 0x5a, sizeof(set));
	assert_int_equal(syscall_set_parse(&set, spec, &err), 0);
	assert_int_equal(err.len, 0);
}

static const char *refuse(const char *spec)
{
	strbuf_reset(&err);
	assert_int_equal(syscall_set_parse(&set, spec, &err), -EINVAL);
	return err.s;
}

static void test_presets(void **state)
{
	syscall_set_default(&set);
	assert_true(count() >= 64 && count() <= 125);
	assert_true(in_set("openat") && in_set("execve") && in_set("setns"));
	assert_false(in_set("read") || in_set("chdir"));
	assert_true(set.procexit);

	parse("all");
	assert_true(count() >= 300 && count() <= syscall_table_len);
	assert_true(in_set("read") && in_set("file_setattr"));
	assert_true(set.procexit);
}

static void test_names(void **state)
{
	parse("openat");
	assert_true(in_set("openat"));
	assert_int_equal(count(), 1);
	assert_false(set.procexit);

	parse(" openat , connect,read ");
	assert_true(in_set("openat") && in_set("connect") && in_set("read"));
	assert_int_equal(count(), 3);

	parse("procexit");
	assert_int_equal(count(), 0);
	assert_true(set.procexit);
}

static void test_groups(void **state)
{
	parse("@network");
	assert_true(in_set("connect") && in_set("sendmsg"));
	assert_false(in_set("openat") || set.procexit);

	parse("@process");
	assert_true(in_set("execve") && in_set("getpid") && set.procexit);

	parse("all");
	assert_true(in_set("read") && in_set("futex") && set.procexit);

	parse("default,read");
	assert_true(in_set("openat") && in_set("read") && set.procexit);
}

static void test_exclusion(void **state)
{
	parse("!openat");
	assert_false(in_set("openat"));
	assert_true(in_set("connect") && set.procexit);

	parse("all,!@file,openat");
	assert_true(in_set("openat") && in_set("connect"));
	assert_false(in_set("read") || in_set("unlink"));

	parse("openat,!openat");
	assert_int_equal(count(), 0);
	parse("openat,!connect");
	assert_int_equal(count(), 1);
	parse("!procexit,!@network");
	assert_true(!set.procexit && in_set("openat") && !in_set("socket"));
	parse("all,!all");
	assert_true(!count() && !set.procexit);
	parse("all,!default");
	assert_true(in_set("read") && !in_set("openat"));
}

static void test_unknown(void **state)
{
	assert_string_equal(refuse("openatt"), "-e openatt: no such system call or category. "
					     "Did you mean openat, openat2?");
	assert_string_equal(refuse("read,@netwrk"), "-e @netwrk: no such system call or category. "
						  "Did you mean @network?");
	assert_non_null(strstr(refuse("@foo"), " There is @"));
	assert_non_null(strstr(refuse("@foo"), ", @network"));
	assert_null(strstr(refuse("@foo"), "procexit"));
	assert_string_equal(refuse("zzzzzzzz"), "-e zzzzzzzz: no such system call or category. See nunchi list calls");
	assert_string_equal(refuse("net"), "-e net: no such system call or category. Did you mean @network?");
	assert_string_equal(refuse("!opeat"), "-e opeat: no such system call or category. "
					    "Did you mean openat?");
	assert_non_null(strstr(refuse("file"), "@file"));
	assert_non_null(strstr(refuse("OPENAT"), "openat"));
	assert_non_null(strstr(refuse("openat connect"), "-e connect: "));
	assert_non_null(strstr(refuse("!!openat"), "-e !openat: "));
}

static void test_missing(void **state)
{
	static const char *const specs[] = { "", " ", ",", "openat,", ",openat",
					     "openat,,read", "!", "!,read" };

	for (size_t i = 0; i < ARRAY_SIZE(specs); i++)
		assert_non_null(strstr(refuse(specs[i]), "a name is missing"));
	assert_non_null(strstr(refuse("@"), "-e @: no such"));
}

static void test_hostile(void **state)
{
	char word[5001];

	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_true(strlen(refuse(word)) < 200);
	assert_null(strpbrk(refuse("a\nb\x1b[31m\xff"), "\n\x1b\xff"));
	assert_non_null(strstr(err.s, "a\\nb\\x1b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_presets),	  cmocka_unit_test(test_names),
		cmocka_unit_test(test_groups),	  cmocka_unit_test(test_exclusion),
		cmocka_unit_test(test_unknown),	  cmocka_unit_test(test_missing),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, reset);
}
