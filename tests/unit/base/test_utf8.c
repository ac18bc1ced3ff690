/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/utf8.h"

#define UNTOUCHED 0xdeadbeef

static uint32_t rune;

/* Decodes a copy without a byte to spare. */
static size_t decode(const char *s, size_t len)
{
	_cleanup_free_ char *copy = xmemdup(s, len);

	rune = UNTOUCHED;
	return utf8_decode(copy, len, &rune);
}

static void test_valid(void **state)
{
	static const struct {
		const char *s;
		size_t len;
		uint32_t rune;
	} cases[] = {
		{ "a", 1, 'a' },	      { "\0", 1, 0 },
		{ "\x7f", 1, 0x7f },	      { "\xc2\x80", 2, 0x80 },
		{ "\xdf\xbf", 2, 0x7ff },     { "\xe0\xa0\x80", 3, 0x800 },
		{ "\xed\x9f\xbf", 3, 0xd7ff }, { "\xee\x80\x80", 3, 0xe000 },
		{ "\xef\xbf\xbf", 3, 0xffff }, { "\xf0\x90\x80\x80", 4, 0x10000 },
		{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(decode(cases[i].s, cases[i].len), cases[i].len);
		assert_int_equal(rune, cases[i].rune);
	}
	assert_int_equal(decode("\xc3\xa9xyz", 5), 2);
	assert_int_equal(rune, 0xe9);
}

static void test_invalid(void **state)
{
	static const struct {
		const char *s;
		size_t len;
	} cases[] = {
		{ "", 0 },
		{ "\x80", 1 },			/* a continuation by itself */
		{ "\xbf\x80", 2 },
		{ "\xc0\x80", 2 },		/* NUL in two bytes */
		{ "\xc1\xbf", 2 },
		{ "\xe0\x80\xaf", 3 },		/* '/' in three */
		{ "\xe0\x9f\xbf", 3 },
		{ "\xf0\x80\x80\xaf", 4 },
		{ "\xf0\x8f\xbf\xbf", 4 },
		{ "\xed\xa0\x80", 3 },		/* surrogates */
		{ "\xed\xbf\xbf", 3 },
		{ "\xf4\x90\x80\x80", 4 },	/* past U+10FFFF */
		{ "\xf5\x80\x80\x80", 4 },
		{ "\xf8\x88\x80\x80\x80", 5 },
		{ "\xfe", 1 },
		{ "\xff\xff\xff\xff", 4 },
		{ "\xc3", 1 },			/* cut short */
		{ "\xe2\x82", 2 },
		{ "\xf0\x9f\x98", 3 },
		{ "\xc3(", 2 },			/* no continuation */
		{ "\xe2\x28\xa1", 3 },
		{ "\xe2\x82(", 3 },
		{ "\xf0\x9f\x98(", 4 },
		{ "\xc3\xc3", 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(decode(cases[i].s, cases[i].len), 0);
		assert_int_equal(rune, UNTOUCHED);
	}
}

/* Every code point, encoded here, comes back; surrogates do not. */
static void test_every_rune(void **state)
{
	for (uint32_t r = 0x80; r <= 0x10ffff; r++) {
		size_t n = r < 0x800 ? 2 : r < 0x10000 ? 3 : 4;
		char s[4];
		uint32_t got = UNTOUCHED;
		bool surrogate = r >= 0xd800 && r < 0xe000;

		for (size_t i = 1; i < n; i++)
			s[i] = (char)(0x80 | ((r >> (6 * (n - 1 - i))) & 0x3f));
		s[0] = (char)((0xf00U >> n) | r >> (6 * (n - 1)));
		if (utf8_decode(s, n, &got) != (surrogate ? 0 : n) ||
		    got != (surrogate ? UNTOUCHED : r))
			fail_msg("U+%04X", r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_every_rune),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
