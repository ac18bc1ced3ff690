/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "base/utf8.h"

static struct strbuf b;

static int reset(void **state)
{
	strbuf_free(&b);
	return 0;
}

static void test_grow(void **state)
{
	for (unsigned i = 0; i < 10000; i++)
		strbuf_addc(&b, (char)('a' + i % 26));
	assert_int_equal(b.len, 10000);
	assert_true(b.cap > b.len);
	assert_int_equal(b.s[b.len], '\0');
	for (unsigned i = 0; i < 10000; i++)
		assert_int_equal(b.s[i], 'a' + i % 26);
	strbuf_reset(&b);
	assert_string_equal(b.s, "");
	assert_int_equal(b.len, 0);
}

static void test_reset_of_nothing(void **state)
{
	strbuf_reset(&b);
	assert_string_equal(b.s, "");
	strbuf_free(&b);
	assert_null(b.s);
	strbuf_free(&b);
}

static void test_add(void **state)
{
	strbuf_add(&b, NULL, 0);
	strbuf_add(&b, "a\0b", 3);
	strbuf_adds(&b, "cd");
	strbuf_adds(&b, "");
	assert_int_equal(b.len, 5);
	assert_memory_equal(b.s, "a\0bcd", 6);
}

/* At each length that meets the capacity, the NUL has its place. */
static void test_add_at_the_edge(void **state)
{
	char text[200];

	memset(text, 'x', sizeof(text));
	for (size_t n = 0; n < sizeof(text); n++) {
		strbuf_free(&b);
		strbuf_add(&b, text, n);
		assert_int_equal(strlen(b.s), n);
		strbuf_addc(&b, 'y');
		assert_int_equal(strlen(b.s), n + 1);
	}
}

static void test_take(void **state)
{
	_cleanup_free_ char *empty = strbuf_take(&b);
	_cleanup_free_ char *text = NULL;

	assert_string_equal(empty, "");
	strbuf_adds(&b, "text");
	text = strbuf_take(&b);
	assert_string_equal(text, "text");
	assert_null(b.s);
	assert_int_equal(b.len, 0);
}

static void test_format(void **state)
{
	char big[3000];

	memset(big, 'z', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	strbuf_addf(&b, "%s-%d", "a", 1);
	assert_string_equal(b.s, "a-1");
	strbuf_addf(&b, "%s", "");
	assert_int_equal(b.len, 3);
	strbuf_addf(&b, "%s", big);
	assert_int_equal(b.len, 3 + strlen(big));
	assert_string_equal(b.s + 3, big);
}

static const char *number(void (*add)(struct strbuf *b, uint64_t v), uint64_t v)
{
	strbuf_reset(&b);
	add(&b, v);
	return b.s;
}

static const char *integer(int64_t v)
{
	strbuf_reset(&b);
	strbuf_addi(&b, v);
	return b.s;
}

static void test_numbers(void **state)
{
	assert_string_equal(number(strbuf_addu, 0), "0");
	assert_string_equal(number(strbuf_addu, 10), "10");
	assert_string_equal(number(strbuf_addu, UINT64_MAX), "18446744073709551615");
	assert_string_equal(integer(0), "0");
	assert_string_equal(integer(-1), "-1");
	assert_string_equal(integer(INT64_MAX), "9223372036854775807");
	assert_string_equal(integer(INT64_MIN), "-9223372036854775808");
	assert_string_equal(number(strbuf_addx, 0), "0x0");
	assert_string_equal(number(strbuf_addx, 0x1f), "0x1f");
	assert_string_equal(number(strbuf_addx, UINT64_MAX), "0xffffffffffffffff");
	assert_string_equal(number(strbuf_addo, 0), "0");
	assert_string_equal(number(strbuf_addo, 0644), "0644");
	assert_string_equal(number(strbuf_addo, UINT64_MAX), "01777777777777777777777");
}

static const char *json(const char *s, size_t len)
{
	_cleanup_free_ char *copy = xmemdup(s, len);

	strbuf_reset(&b);
	strbuf_add_json(&b, copy, len);
	return b.s;
}

static void test_json(void **state)
{
	assert_string_equal(json("", 0), "\"\"");
	assert_string_equal(json("plain", 5), "\"plain\"");
	assert_string_equal(json("\"\\/", 3), "\"\\\"\\\\/\"");
	assert_string_equal(json("a\nb\tc\r", 6), "\"a\\nb\\tc\\u000d\"");
	assert_string_equal(json("\0\x1f\x7f", 3), "\"\\u0000\\u001f\\u007f\"");
	assert_string_equal(json("\xc2\x85", 2), "\"\\u0085\"");
	assert_string_equal(json("\xe2\x80\xa8\xe2\x80\xa9", 6), "\"\\u2028\\u2029\"");
	assert_string_equal(json("\xea\xb0\x80", 3), "\"\xea\xb0\x80\"");
	assert_string_equal(json("\xf0\x9f\x98\x80", 4), "\"\xf0\x9f\x98\x80\"");
	assert_string_equal(json("\xf3\xa0\x81\x81", 4), "\"\\udb40\\udc41\"");
	assert_string_equal(json("\xf0\x9d\x85\xb3z", 5), "\"\\ud834\\udd73z\"");
	assert_string_equal(json("\xff\xfe", 2), "\"\\ufffd\\ufffd\"");
	assert_string_equal(json("\xf0\x9f\x98", 3), "\"\\ufffd\\ufffd\\ufffd\"");
	assert_string_equal(json("\xed\xa0\x80", 3), "\"\\ufffd\\ufffd\\ufffd\"");
	assert_string_equal(json("\xc0\xaf", 2), "\"\\ufffd\\ufffd\"");
	assert_string_equal(json("\xc3\"", 2), "\"\\ufffd\\\"\"");
}

static const char *printed(const char *s, size_t len)
{
	_cleanup_free_ char *copy = xmemdup(s, len);

	strbuf_reset(&b);
	strbuf_add_printable(&b, copy, len);
	return b.s;
}

static void test_printable(void **state)
{
	assert_string_equal(printed("", 0), "");
	assert_string_equal(printed("a b~", 4), "a b~");
	assert_string_equal(printed("\\n", 2), "\\\\n");
	assert_string_equal(printed("a\nb\t", 4), "a\\nb\\t");
	assert_string_equal(printed("\r\x1b[2J\x7f", 6), "\\x0d\\x1b[2J\\x7f");
	assert_string_equal(printed("\0", 1), "\\x00");
	assert_string_equal(printed("\xc2\x9b", 2), "\\u{9b}");	/* CSI in one character */
	assert_string_equal(printed("\xe2\x80\xae", 3), "\\u{202e}");	/* right to left */
	assert_string_equal(printed("\xf3\xa0\x81\x81", 4), "\\u{e0041}");	/* a tag, which shows nothing */
	assert_string_equal(printed("\xe3\x85\xa4", 3), "\\u{3164}");	/* a letter that is empty */
	assert_string_equal(printed("\xc2\xad", 2), "\\u{ad}");	/* a hyphen where a line breaks */
	assert_string_equal(printed("\xe2\x81\xa6", 3), "\\u{2066}");
	assert_string_equal(printed("\xef\xbb\xbf", 3), "\\u{feff}");
	assert_string_equal(printed("\xe2\x80\xa8", 3), "\\u{2028}");
	assert_string_equal(printed("\xea\xb0\x80", 3), "\xea\xb0\x80");
	assert_string_equal(printed("\xff\xea\xb0", 3), "\\xff\\xea\\xb0");
	assert_string_equal(printed("\xed\xa0\x80", 3), "\\xed\\xa0\\x80");
}

static const char *lines(const char *s)
{
	strbuf_reset(&b);
	strbuf_add_lines(&b, s, strlen(s));
	return b.s;
}

/* What is printable already stays as it is. */
static void test_lines(void **state)
{
	_cleanup_free_ char *text = printable("a\n\\\x1b\xff");

	assert_string_equal(text, "a\\n\\\\\\x1b\\xff");
	assert_string_equal(lines(text), text);
	assert_string_equal(lines("a\n\tb\\\xea\xb0\x80"), "a\n\tb\\\xea\xb0\x80");
	assert_string_equal(lines("a\r\x1b[2J\x7f\xc2\x9b\xe2\x80\xae\xff"), "a\\x0d\\x1b[2J\\x7f\\u{9b}\\u{202e}\\xff");
}

/* Walks a JSON string as a parser would; its length, or 0 if it is none. */
static size_t json_length(const char *s, size_t len)
{
	size_t i = 1;

	if (!len || s[0] != '"')
		return 0;
	while (i < len && s[i] != '"') {
		uint32_t rune;
		size_t n = utf8_decode(s + i, len - i, &rune);

		if (!n || rune < 0x20)
			return 0;
		if (s[i] == '\\')
			n = i + 1 < len && s[i + 1] == 'u' ? 6 : 2;
		i += n;
	}
	return i < len ? i + 1 : 0;
}

/* All pairs of bytes: a string stays one string, a line one line of valid characters. */
static void test_all_pairs(void **state)
{
	for (unsigned pair = 0; pair < 0x10000; pair++) {
		const char s[2] = { (char)(pair >> 8), (char)pair };

		strbuf_reset(&b);
		strbuf_add_json(&b, s, 2);
		if (json_length(b.s, b.len) != b.len)
			fail_msg("JSON of %04x: %s", pair, b.s);

		strbuf_reset(&b);
		strbuf_add_printable(&b, s, 2);
		for (size_t i = 0; i < b.len;) {
			uint32_t rune;
			size_t n = utf8_decode(b.s + i, b.len - i, &rune);

			if (!n || rune < 0x20 || (rune >= 0x7f && rune < 0xa0))
				fail_msg("printable %04x: %s", pair, b.s);
			i += n;
		}
	}
}

static void test_wrapped(void **state)
{
	static const char s[] = "the words of a line";

	strbuf_reset(&b);
	strbuf_add_wrapped(&b, s, strlen(s), 4, 13);
	assert_string_equal(b.s, "the words\n    of a line\n");
	strbuf_reset(&b);
	strbuf_add_wrapped(&b, s, strlen(s), 4, 80);
	assert_string_equal(b.s, "the words of a line\n");
	strbuf_reset(&b);
	strbuf_add_wrapped(&b, "indivisible", 11, 4, 8);
	assert_string_equal(b.s, "indivisible\n");
}

static const char *iso8601(uint64_t ns)
{
	strbuf_reset(&b);
	strbuf_add_iso8601(&b, ns);
	return b.s;
}

static void test_iso8601(void **state)
{
	assert_string_equal(iso8601(0), "1970-01-01T00:00:00.000000000Z");
	assert_string_equal(iso8601(1), "1970-01-01T00:00:00.000000001Z");
	assert_string_equal(iso8601(1709210096123456789), "2024-02-29T12:34:56.123456789Z");
	assert_string_equal(iso8601(UINT64_MAX), "2554-07-21T23:34:33.709551615Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_grow, reset),
		cmocka_unit_test_teardown(test_reset_of_nothing, reset),
		cmocka_unit_test_teardown(test_add, reset),
		cmocka_unit_test_teardown(test_add_at_the_edge, reset),
		cmocka_unit_test_teardown(test_take, reset),
		cmocka_unit_test_teardown(test_format, reset),
		cmocka_unit_test_teardown(test_numbers, reset),
		cmocka_unit_test_teardown(test_json, reset),
		cmocka_unit_test_teardown(test_printable, reset),
		cmocka_unit_test_teardown(test_lines, reset),
		cmocka_unit_test_teardown(test_all_pairs, reset),
		cmocka_unit_test_teardown(test_wrapped, reset),
		cmocka_unit_test_teardown(test_iso8601, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
