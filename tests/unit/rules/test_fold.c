/* SPDX-License-Identifier: Apache-2.0 */
/* Every match is an alert, in a count, or swallowed; and what is counted is told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "nunchi/block.h"
#include "rules/fold.h"

#define AT(s) (1700000000ULL * NSEC_PER_SEC + (uint64_t)(s) * NSEC_PER_SEC)

static struct rule rules[2] = { { .name = (char *)"one" }, { .name = (char *)"two" } };
static struct container_info infos[2] = {
	{ .id = (char *)"aaaaaaaaaaaaaaaa", .name = (char *)"a" },
	{ .id = (char *)"bbbbbbbbbbbbbbbb", .name = (char *)"b" },
};
static struct container containers[2] = { { .info = &infos[0] }, { .info = &infos[1] } };
static uint64_t minute;

static struct fold *make(uint64_t seconds, uint32_t limit)
{
	const struct fold_config config = { .window = seconds * NSEC_PER_SEC, .limit = limit };

	return fold_new(&config);
}

static enum fold_verdict match(struct fold *f, int rule, int container, const char *image, uint64_t time)
{
	struct process p = { .exepath = (char *)image };
	struct event ev = { .time = time, .proc = &p, .container = &containers[container] };
	struct field_context fc = { .ev = &ev };

	return fold_match(f, &rules[rule], &fc, 0, &minute);
}

static void assert_totals(const struct fold *f, uint64_t alerts, uint64_t counted, uint64_t swallowed)
{
	struct fold_totals t = fold_totals(f);

	assert_int_equal(t.alerts, alerts);
	assert_int_equal(t.counted, counted);
	assert_int_equal(t.swallowed, swallowed);
	assert_int_equal(t.matches, alerts + counted + swallowed);
}

static void test_count(void **state)
{
	struct fold *f = make(60, 0);
	struct fold_told told;

	assert_int_equal(match(f, 0, 0, "/bin/sh", AT(0)), FOLD_ALERT);
	fold_text(f, "a shell\xc3\xa9", 9);
	assert_int_equal(match(f, 0, 0, "/bin/sh", AT(1)), FOLD_COUNT);
	assert_int_equal(match(f, 0, 0, "/bin/sh", AT(5)), FOLD_COUNT);
	/* Another program, container, rule: alerts of their own. */
	assert_int_equal(match(f, 0, 0, "/bin/ash", AT(6)), FOLD_ALERT);
	assert_int_equal(match(f, 0, 1, "/bin/sh", AT(6)), FOLD_ALERT);
	assert_int_equal(match(f, 1, 0, "/bin/sh", AT(6)), FOLD_ALERT);
	assert_false(fold_next(f, AT(59), &told));
	assert_true(fold_next(f, AT(60), &told));
	assert_ptr_equal(told.rule, &rules[0]);
	assert_false(told.swallowed);
	assert_int_equal(told.count, 2);
	assert_int_equal(told.first, AT(1));
	assert_int_equal(told.last, AT(5));
	assert_string_equal(told.container, infos[0].id);
	assert_string_equal(told.container_name, "a");
	assert_string_equal(told.image, "/bin/sh");
	assert_string_equal(told.text, "a shell\xc3\xa9");
	/* The window is over: an alert again; those that had no repeats end without a word. */
	assert_int_equal(match(f, 0, 0, "/bin/sh", AT(60)), FOLD_ALERT);
	assert_false(fold_next(f, UINT64_MAX, &told));
	assert_totals(f, 5, 2, 0);
	fold_free(f);
}

/* What was refused and what was not are no repeats of each other. */
static void test_effects(void **state)
{
	const struct event ev = { .time = AT(0) };
	struct field_context fc = { .ev = &ev };
	struct fold *f = make(60, 0);
	struct fold_told told;

	for (unsigned i = 0; i < 6; i++) {
		unsigned effect = i % 2 ? NUNCHI_EFFECT_BEFORE : NUNCHI_EFFECT_NONE;

		assert_int_equal(fold_match(f, &rules[0], &fc, effect, &minute),
				 i < 2 ? FOLD_ALERT : FOLD_COUNT);
	}
	for (unsigned i = 0; i < 2; i++) {
		assert_true(fold_next(f, UINT64_MAX, &told));
		assert_int_equal(told.count, 2);
		assert_int_equal(told.effect, i ? NUNCHI_EFFECT_BEFORE : NUNCHI_EFFECT_NONE);
	}
	assert_false(fold_next(f, UINT64_MAX, &told));
	assert_totals(f, 2, 4, 0);
	fold_free(f);
}

/* Rules that go are spoken of no more; those that come begin anew. */
static void test_forget(void **state)
{
	struct fold *f = make(60, 4);
	struct fold_told told;

	for (int i = 0; i < 3; i++)
		match(f, 0, 0, i ? "/b" : "/a", AT(i));
	match(f, 0, 0, "/c", AT(3));
	assert_true(fold_next(f, UINT64_MAX, &told));
	assert_int_equal(told.count, 1);
	assert_true(fold_next(f, UINT64_MAX, &told));
	assert_true(told.swallowed);
	assert_false(fold_next(f, UINT64_MAX, &told));
	fold_forget(f);
	assert_int_equal(match(f, 0, 0, "/c", AT(4)), FOLD_ALERT);
	assert_int_equal(minute, 1);
	fold_forget(f);
	assert_false(fold_next(f, UINT64_MAX, &told));
	assert_totals(f, 3, 1, 1);
	fold_free(f);
}

static void test_limit(void **state)
{
	struct fold *f = make(10, 4);
	struct fold_told told;

	assert_int_equal(match(f, 0, 0, "/1", AT(0)), FOLD_ALERT);
	assert_int_equal(match(f, 0, 0, "/2", AT(1)), FOLD_ALERT);
	assert_int_equal(match(f, 0, 0, "/3", AT(2)), FOLD_SWALLOW);
	assert_int_equal(match(f, 0, 0, "/4", AT(3)), FOLD_SWALLOW);
	/* What has an alert is counted still, and other rules have limits of their own. */
	assert_int_equal(match(f, 0, 0, "/1", AT(4)), FOLD_COUNT);
	assert_int_equal(match(f, 1, 0, "/3", AT(4)), FOLD_ALERT);
	assert_true(fold_next(f, AT(59), &told));
	assert_false(told.swallowed);
	assert_false(fold_next(f, AT(59), &told));
	assert_true(fold_next(f, AT(60), &told));
	assert_true(told.swallowed);
	assert_int_equal(told.count, 2);
	assert_int_equal(told.first, AT(2));
	assert_int_equal(told.last, AT(3));
	assert_false(fold_next(f, AT(60), &told));
	assert_int_equal(match(f, 0, 0, "/3", AT(61)), FOLD_ALERT);
	assert_totals(f, 4, 1, 2);
	fold_free(f);
}

/* Whoever makes much noise in one container leaves alerts to the others. */
static void test_shares(void **state)
{
	struct fold *f = make(60, 10);
	struct fold_told told;
	char image[16];

	for (int i = 0; i < 1000; i++) {
		snprintf(image, sizeof(image), "/%d", i);
		assert_int_equal(match(f, 0, 0, image, AT(0)), i < 5 ? FOLD_ALERT : FOLD_SWALLOW);
	}
	for (int i = 0; i < 10; i++) {
		snprintf(image, sizeof(image), "/%d", i);
		assert_int_equal(match(f, 0, 1, image, AT(1)), i < 3 ? FOLD_ALERT : FOLD_SWALLOW);
	}
	assert_totals(f, 8, 0, 1002);
	assert_true(fold_next(f, AT(60), &told));
	assert_true(told.swallowed);
	assert_int_equal(told.count, 1002);
	/* The next minute is another. */
	assert_int_equal(match(f, 0, 0, "/new", AT(61)), FOLD_ALERT);
	fold_free(f);
}

static void test_several_limits(void **state)
{
	struct fold *f = make(0, 1);
	struct fold_told told;

	for (int rule = 0; rule < 2; rule++) {
		assert_int_equal(match(f, rule, 0, "/1", AT(10 * rule)), FOLD_ALERT);
		assert_int_equal(match(f, rule, 0, "/1", AT(10 * rule + 1)), FOLD_SWALLOW);
	}
	assert_true(fold_next(f, AT(60), &told));
	assert_ptr_equal(told.rule, &rules[0]);
	assert_false(fold_next(f, AT(69), &told));
	assert_true(fold_next(f, AT(70), &told));
	assert_ptr_equal(told.rule, &rules[1]);
	assert_false(fold_next(f, UINT64_MAX, &told));
	assert_totals(f, 2, 0, 2);
	fold_free(f);
}

static void test_minute(void **state)
{
	struct fold *f = make(0, 0);

	for (int i = 0; i < 5; i++)
		assert_int_equal(match(f, 0, 0, "/1", AT(i)), FOLD_ALERT);
	assert_int_equal(minute, 5);
	match(f, 0, 0, "/1", AT(59));
	assert_int_equal(minute, 6);
	match(f, 0, 0, "/1", AT(61));
	assert_int_equal(minute, 5);
	match(f, 1, 0, "/1", AT(61));
	assert_int_equal(minute, 1);
	match(f, 0, 0, "/1", AT(60));	/* it came late */
	assert_int_equal(minute, 6);
	match(f, 0, 0, "/1", AT(9000));
	assert_int_equal(minute, 1);
	fold_free(f);
}

/* More windows than there is room for: those that were first end early, and nothing is lost. */
static void test_bound(void **state)
{
	struct fold *f = make(3600, 0);
	struct fold_told told;
	uint64_t counted = 0;

	for (int i = 0; i < 2 * FOLD_ENTRIES_MAX; i++) {
		char image[16];

		snprintf(image, sizeof(image), "/%d", i);
		assert_int_equal(match(f, 0, 0, image, AT(0)), FOLD_ALERT);
		assert_int_equal(match(f, 0, 0, image, AT(1)), FOLD_COUNT);
		while (fold_next(f, AT(1), &told))
			counted += told.count;
	}
	assert_int_equal(counted, FOLD_ENTRIES_MAX);
	while (fold_next(f, UINT64_MAX, &told))
		counted += told.count;
	assert_int_equal(counted, 2 * FOLD_ENTRIES_MAX);
	assert_totals(f, 2 * FOLD_ENTRIES_MAX, 2 * FOLD_ENTRIES_MAX, 0);
	fold_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count),	      cmocka_unit_test(test_limit),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_several_limits), cmocka_unit_test(test_minute),
		cmocka_unit_test(test_bound),	      cmocka_unit_test(test_effects),
		cmocka_unit_test(test_forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
