/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fnmatch.h>

#include "base/clock.h"
#include "rules/ast.h"

static bool glob(const char *pattern, const char *s)
{
	return glob_match(pattern, strlen(pattern), s, strlen(s), false);
}

static const struct {
	const char *pattern;
	const char *s;
	bool expected;
} rows[] = {
	{ "", "", true },	     { "", "a", false },	  { "*", "", true },
	{ "*", "a/b.c", true },	     { "**", "", true },	  { "?", "", false },
	{ "?", "a", true },	     { "?", "ab", false },	  { "a*", "a", true },
	{ "*a", "ba", true },	     { "*a", "ab", false },	  { "a*b*c", "aXbXc", true },
	{ "a*b*c", "aXbX", false },  { "*ab*ab", "ababab", true }, { "*.txt", ".txt", true },
	{ "[abc]", "b", true },	     { "[abc]", "d", false },	  { "[a-c]", "b", true },
	{ "[!a-c]", "b", false },    { "[^a-c]", "d", true },	  { "[]]", "]", true },
	{ "[!]]", "]", false },	     { "[a-]", "-", true },	  { "[-a]", "-", true },
	{ "[a-cx-z]", "y", true },   { "[c-a]", "b", false },	  { "[", "[", true },
	{ "[a", "[a", true },	     { "[!", "[!", true },	  { "a[", "a", false },
	{ "\\*", "*", true },	     { "\\*", "a", false },	  { "\\", "\\", true },
	{ "\\[a]", "[a]", true },    { "[\\]]", "]", true },	  { "x[*]y", "x*y", true },
	{ "[*]*", "*abc", true },    { "*[0-9]", "web-7", true }, { "*[0-9]", "web-", false },
	{ "\xff?", "\xff\xfe", true }, { "[\x80-\xff]", "\xc3", true },
	{ "[[:digit:]]*", "7up", true }, { "[[:digit:]]*", "up", false }, { "[[:digit:]]", ":", false },
	{ "[![:digit:]]", "7", false }, { "[![:digit:]]", "a", true }, { "[[:alpha:]_]x", "_x", true },
	{ "[a[:digit:]x-z]", "y", true }, { "[[:nonesuch:]]", "n", false }, { "[[:alpha:]]", "\xc3", false },
	{ "[[:xdigit:]-]", "-", true }, { "[[:digit]", ":", true }, { "[[:digit:", "[[:digit:", true },
};

static void test_rows(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (glob(rows[i].pattern, rows[i].s) != rows[i].expected)
			fail_msg("'%s' and '%s'", rows[i].pattern, rows[i].s);
	assert_true(glob_match("a?b", 3, "a\0b", 3, false));
	assert_false(glob_match("a*", 2, "", 0, false));
}

/* The C library's is the oracle, on all short patterns of the signs that work the same in both. */
static void test_as_fnmatch(void **state)
{
	static const char signs[] = "ab*?";
	char pattern[6], s[6];

	for (unsigned p = 0; p < 1024 * 4; p++) {
		for (unsigned i = 0; i < 5; i++)
			pattern[i] = signs[p >> (2 * i) & 3];
		pattern[p % 6] = '\0';
		pattern[5] = '\0';
		for (unsigned k = 0; k < 32; k++) {
			for (unsigned i = 0; i < 5; i++)
				s[i] = (char)('a' + (k >> i & 1));
			s[p % 4 + 2] = '\0';
			assert_int_equal(glob(pattern, s), !fnmatch(pattern, s, 0));
		}
	}
}

static void test_classes(void **state)
{
	static const char *const patterns[] = {
		"[[:alnum:]]", "[[:alpha:]]", "[[:blank:]]", "[[:cntrl:]]", "[[:digit:]]", "[[:graph:]]", "[[:lower:]]", "[[:print:]]",
		"[[:punct:]]", "[[:space:]]", "[[:upper:]]", "[[:xdigit:]]", "[^[:space:]]", "[![:upper:][:digit:]]", "[[:digit:]a-c]",
	};

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		for (int c = 1; c < 256; c++) {
			const char s[] = { (char)c, '\0' };

			if (glob(patterns[i], s) != !fnmatch(patterns[i], s, 0))
				fail_msg("%s and the byte %d", patterns[i], c);
		}
	}
}

static void test_unknown_classes(void **state)
{
	static const struct {
		const char *pattern, *class;
	} cases[] = {
		{ "[[:dig:]]", "dig" }, { "a*[^x[:alpha:][:Alpha:]]?", "Alpha" }, { "[[::]]", "" }, { "[]][[:word:]]", "word" },
		{ "[[:digit:]]", NULL }, { "", NULL }, { "[:dig:]", NULL },
		/* No class there, or no set. */
		{ "[[:dig]", NULL }, { "[[:dig:", NULL }, { "[[:dig:]", NULL }, { "\\[[:dig]", NULL }, { "[\\[:dig:]]", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len = 99;
		const char *class = glob_unknown_class(cases[i].pattern, strlen(cases[i].pattern), &len);

		if (!class != !cases[i].class || (class && (len != strlen(cases[i].class) || memcmp(class, cases[i].class, len))))
			fail_msg("%s: %.*s", cases[i].pattern, class ? (int)len : 0, class);
	}
}

/* What makes a matcher that backtracks take for ever. */
static void test_time(void **state)
{
	_cleanup_strbuf_ struct strbuf pattern = STRBUF_INIT, s = STRBUF_INIT;
	uint64_t start = clock_boot();

	for (int i = 0; i < 1000; i++)
		strbuf_adds(&pattern, "*a");
	strbuf_addc(&pattern, 'b');
	for (int i = 0; i < 8000; i++)
		strbuf_addc(&s, 'a');
	assert_false(glob(pattern.s, s.s));
	assert_true(clock_boot() - start < NSEC_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_as_fnmatch),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_unknown_classes),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
