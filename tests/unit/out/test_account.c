/* SPDX-License-Identifier: Apache-2.0 */
#include "out/account.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* One that has ended and lost something on either side, and one that did more. */
static struct accounts make(void)
{
	struct account_row ended = {
		.id = xstrdup("abc"), .name = xstrdup("we\"b"), .ended = true,
		.kernel = { .seen = 1012, .filtered = { 1, 2 }, .aggregated = 3, .dropped = { [NUNCHI_DROP_RING_FULL] = 4 },
			    .sent = 1002 },
		.user = { .received = 1001, .shown = 900, .filtered = 90, .held = 5,
			  .dropped = { [NUNCHI_DROP_OUTPUT] = 6 } },
	};
	struct account_row host = { .kernel = { .seen = 5000, .sent = 5000 }, .user = { .received = 5000, .shown = 5000 } };
	struct accounts a = { .n = 0 };

	accounts_add(&a, &host, 8);
	accounts_add(&a, &ended, 8);
	a.counts.kernel[NUNCHI_COUNT_SLOTS] = 7;
	a.counts.reader[ACCOUNT_READER_LATE] = 8;
	a.counts.n_missed = 2;
	a.counts.missed[0] = (struct account_missed){ "sys_exit", 9 };
	/* A capture can say anything. */
	a.counts.missed[1] = (struct account_missed){ "a\x1b\"\nb", 10 };
	return a;
}

static void test_json(void **state)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct accounts a = make();

	(void)state;
	account_json(&a, &out);
	assert_string_equal(out.s,
		"\"accounts\":[{\"name\":\"host\",\"ended\":false,"
		"\"kernel\":{\"seen\":5000,\"filtered\":{},\"aggregated\":0,\"dropped\":{},\"sent\":5000},"
		"\"reader\":{\"received\":5000,\"shown\":5000,\"filtered\":0,\"dropped\":{},\"held\":0},"
		"\"lost\":0,\"in_flight\":0,\"adds_up\":true},"
		"{\"name\":\"we\\\"b\",\"id\":\"abc\",\"ended\":true,"
		"\"kernel\":{\"seen\":1012,\"filtered\":{\"container\":1,\"unwanted\":2},\"aggregated\":3,"
		"\"dropped\":{\"ring full\":4},\"sent\":1002},"
		"\"reader\":{\"received\":1001,\"shown\":900,\"filtered\":90,\"dropped\":{\"output blocked\":6},\"held\":5},"
		"\"lost\":10,\"in_flight\":1,\"adds_up\":true}],\"rules\":[],"
		"\"counts\":{\"no free slot for a container\":7},"
		"\"reader\":{\"records that came late\":8},"
		"\"missed_runs\":{\"sys_exit\":9,\"a\\u001b\\\"\\nb\":10}");
	accounts_free(&a);
}

/* A capture may name a program as it likes. */
static void test_names_of_programs(void **state)
{
	const struct account_counts counts = { .n_missed = 1, .missed = { { "a\x1b[2J\nnunchi: \"b\"", 7 } } };
	struct accounts a = { .counts = counts };
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

	(void)state;
	account_counts_text(&counts, false, &out);
	assert_string_equal(out.s, "degraded: not seen: 7 missed runs of a\\x1b[2J\\nnunchi: \"b\"\n");
	strbuf_reset(&out);
	account_json(&a, &out);
	assert_non_null(strstr(out.s, "\"missed_runs\":{\"a\\u001b[2J\\nnunchi: \\\"b\\\"\":7}"));
}

/* And a rule, and its priority. */
static void test_names_of_rules(void **state)
{
	struct account_rule rules[] = { { (char *)"a \"b\"\n", (char *)"x\"}", 3 }, { (char *)"c", (char *)"NOTICE", 0 } };
	const struct accounts a = { .rules = rules, .n_rules = 2 };
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

	(void)state;
	account_json(&a, &out);
	assert_non_null(strstr(out.s, ",\"rules\":[{\"rule\":\"a \\\"b\\\"\\n\",\"priority\":\"x\\\"}\",\"matches\":3},"
				      "{\"rule\":\"c\",\"priority\":\"NOTICE\",\"matches\":0}],"));
}

static void test_does_not_add_up(void **state)
{
	const struct account_row good = { .kernel = { .seen = 3, .filtered = { 1 }, .aggregated = 1, .sent = 1 },
					  .user = { .received = 1, .held = 1 } };
	struct account_row bad;

	(void)state;
	assert_true(account_adds_up(&good));
#define WORSE(field)                            \
	bad = good;                             \
	bad.field++;                            \
	assert_false(account_adds_up(&bad))
	WORSE(kernel.seen);
	WORSE(kernel.filtered[NUNCHI_FILTER_UNWANTED]);
	WORSE(kernel.aggregated);
	WORSE(kernel.dropped[NUNCHI_DROP_TOO_LONG]);
	WORSE(kernel.sent);
	WORSE(user.received);
	WORSE(user.shown);
	WORSE(user.filtered);
	WORSE(user.dropped[NUNCHI_DROP_SEQUENCE]);
	WORSE(user.held);
#undef WORSE
	/* More has come than was sent. */
	bad = good;
	bad.user.received = bad.user.held = 2;
	assert_false(account_adds_up(&bad));
}

/* Who has lost something is first, whoever does more. */
static void test_text(void **state)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct accounts a = make();
	_cleanup_free_ struct account_row **rows = account_sorted(&a);

	(void)state;
	assert_string_equal(rows[0]->name, "we\"b");
	assert_string_equal(rows[1]->name, "host");
	account_summary(&a, 3 * NSEC_PER_SEC, &out);
	assert_non_null(strstr(out.s, "1 container, 3.0 s: seen 6,012 = delivered 5,900 + filtered 93 (unwanted 2) "
				      "+ aggregated 3 + lost 10"));
	strbuf_reset(&out);
	account_counts_text(&a.counts, true, &out);
	assert_non_null(strstr(out.s, "7 no free slot for a container"));
	assert_non_null(strstr(out.s, "10 missed runs of a\\x1b\"\\nb\n"));
	accounts_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_names_of_programs),
		cmocka_unit_test(test_names_of_rules),
		cmocka_unit_test(test_does_not_add_up),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
