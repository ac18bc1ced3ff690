/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "out/columns.h"

static void assert_cut(void (*cut)(struct strbuf *, const char *, size_t, size_t), const char *s,
		       size_t width, const char *expected)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;

	strbuf_reset(&b);
	cut(&b, s, strlen(s), width);
	assert_string_equal(b.s, expected);
}

static void test_columns_width(void **state)
{
	assert_int_equal(columns_width("", 0), 0);
	assert_int_equal(columns_width("abc", 3), 3);
	assert_int_equal(columns_width("\xec\xbb\xa8\xed\x85\x8c", 6), 4);	/* hangul */
	assert_int_equal(columns_width("e\xcc\x81", 3), 1);			/* e, combining acute */
	assert_int_equal(columns_width("\xff\xff", 2), 2);
}

static void test_columns_add_cut(void **state)
{
	assert_cut(columns_add_cut, "abcdef", 6, "abcdef");
	assert_cut(columns_add_cut, "abcdef", 5, "abcd\xe2\x80\xa6");
	assert_cut(columns_add_cut, "abcdef", 1, "\xe2\x80\xa6");
	/* Never half a character, nor half of a wide one. */
	assert_cut(columns_add_cut, "\xec\xbb\xa8\xed\x85\x8c", 3, "\xec\xbb\xa8\xe2\x80\xa6");
	assert_cut(columns_add_cut, "\xec\xbb\xa8\xed\x85\x8c", 2, "\xe2\x80\xa6");
}

static void test_columns_add_path(void **state)
{
	const char *path = "/usr/share/nginx/html/index.html";

	assert_cut(columns_add_path, path, 32, path);
	assert_cut(columns_add_path, path, 31, "/usr/share/nginx/\xe2\x80\xa6/index.html");
	assert_cut(columns_add_path, path, 20, "/usr/\xe2\x80\xa6/index.html");
	assert_cut(columns_add_path, path, 13, "/\xe2\x80\xa6/index.html");
	/* The file name stays, however narrow it is. */
	assert_cut(columns_add_path, path, 3, "\xe2\x80\xa6/index.html");
	assert_cut(columns_add_path, "/a-long-name-in-the-root", 5, "/a-long-name-in-the-root");
	assert_cut(columns_add_path, "a-long-relative-name", 5, "a-long-relative-name");
	assert_cut(columns_add_path, "/", 0, "/");
	assert_cut(columns_add_path, "", 0, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns_width),
		cmocka_unit_test(test_columns_add_cut),
		cmocka_unit_test(test_columns_add_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
