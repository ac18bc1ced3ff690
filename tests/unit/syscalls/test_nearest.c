/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "syscalls/syscalls.h"

static const char *const names[] = {
	"open", "openat", "openat2", "open_tree", "connect", "accept", "accept4", "evt.type",
	"evt.res", "container.name", "container.id",
};

static struct strbuf out;

static int reset(void **state)
{
	strbuf_free(&out);
	return 0;
}

static const char *nearest(const char *word, size_t len)
{
	strbuf_reset(&out);
	nearest_names(&out, word, len, names, ARRAY_SIZE(names));
	return out.s;
}

#define NEAREST(word) nearest(word, strlen(word))

static void test_slips(void **state)
{
	assert_string_equal(NEAREST("openatt"), "openat, openat2");
	assert_string_equal(NEAREST("conect"), "connect");
	assert_string_equal(NEAREST("cnonect"), "connect");	/* swapped */
	assert_string_equal(NEAREST("connectx"), "connect");
	assert_string_equal(NEAREST("xonnect"), "connect");
	assert_string_equal(NEAREST("CONNECT"), "connect");
	assert_string_equal(NEAREST("evt.tpye"), "evt.type");
}

static void test_prefixes(void **state)
{
	assert_string_equal(NEAREST("container"), "container.id, container.name");
	assert_string_equal(NEAREST("acc"), "accept, accept4");
	assert_string_equal(NEAREST("ope"), "open, openat, openat2");	/* never more than three */
}

static void test_nothing_near(void **state)
{
	assert_string_equal(NEAREST(""), "");
	assert_string_equal(NEAREST("q"), "");
	assert_string_equal(NEAREST("zzzzzz"), "");
	nearest_names(&out, "open", 4, NULL, 0);
	assert_string_equal(out.s, "");
}

/* An option that is a command, too, or has a row for each of its forms. */
static void test_names_twice(void **state)
{
	static const char *const list[] = { "rules", "rules-dir", "rules", "ruled" };

	strbuf_reset(&out);
	nearest_names(&out, "rule", 4, list, ARRAY_SIZE(list));
	assert_string_equal(out.s, "rules, ruled, rules-dir");
}

static void test_hostile(void **state)
{
	char word[4096];

	memset(word, 'o', sizeof(word));
	for (size_t len = 0; len < sizeof(word); len += len < 70 ? 1 : 997)
		assert_string_equal(nearest(word, len), "");
	assert_string_equal(nearest("openat\xff\xff", 7), "openat, openat2");
	assert_string_equal(nearest("op\0n", 4), "open");
}

static void test_long_names(void **state)
{
	char name[200];
	const char *list[] = { name };

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	strbuf_reset(&out);
	nearest_names(&out, name, 64, list, 1);
	assert_string_equal(out.s, "");
	name[64] = '\0';
	nearest_names(&out, name, 64, list, 1);
	assert_string_equal(out.s, name);
}

/* The end of a message, whatever was in the buffer before. */
static void test_question(void **state)
{
	const char *list[] = { "trace", "record" };

	strbuf_reset(&out);
	strbuf_adds(&out, "left over");
	assert_true(did_you_mean(&out, "trcae", 5, list, ARRAY_SIZE(list)));
	assert_string_equal(out.s, ". Did you mean trace?");
	assert_false(did_you_mean(&out, "zzz", 3, list, ARRAY_SIZE(list)));
	assert_string_equal(out.s, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slips),	     cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_nothing_near), cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_long_names),   cmocka_unit_test(test_names_twice),
		cmocka_unit_test(test_question),
	};

	return cmocka_run_group_tests(tests, NULL, reset);
}
