/* SPDX-License-Identifier: Apache-2.0 */
/* What tests/cli/prometheus.py cannot: names that no runtime gives, and each number in its place. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "out/metrics.h"

static void assert_label(const char *value, const char *expected)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;

	metrics_label(&b, "l", value);
	assert_string_equal(b.s, expected);
}

static void test_labels(void **state)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;

	assert_label("", "l=\"\"");
	assert_label("shop/nginx-7d9", "l=\"shop/nginx-7d9\"");
	assert_label("a\"b\\c\nd", "l=\"a\\\"b\\\\c\\nd\"");
	assert_label("\xeb\x88\x88\xec\xb9\x98", "l=\"\xeb\x88\x88\xec\xb9\x98\"");
	/* No UTF-8, which a reader would refuse the page for. */
	assert_label("\xff" "a\xc3", "l=\"\\\\xffa\\\\xc3\"");
	assert_label("a\x1b[2J", "l=\"a\\\\x1b[2J\"");
	metrics_label(&b, "a", "1");
	metrics_label(&b, "b", "2");
	assert_string_equal(b.s, "a=\"1\",b=\"2\"");
}

static void assert_has(const struct strbuf *page, const char *line)
{
	if (!strstr(page->s, line))
		fail_msg("expected %s in\n%s", line, page->s);
}

static void test_accounts(void **state)
{
	_cleanup_strbuf_ struct strbuf none = STRBUF_INIT, labels = STRBUF_INIT, page = STRBUF_INIT;
	struct account_row row = {
		.id = xstrdup("0123"), .name = xstrdup("web"), .containers = 1,
		.kernel = { .seen = 30, .filtered = { 1, 2 }, .aggregated = 3, .dropped = { 4 }, .sent = 20 },
		.user = { .received = 19, .shown = 8, .filtered = 6, .held = 3, .dropped = { 1, 0, 1 } },
	};
	struct metrics m = { .samples = { STRBUF_INIT } };
	struct accounts a = { .n = 0 };

	accounts_add(&a, &row, ACCOUNTS_MAX);
	a.counts.kernel[NUNCHI_COUNT_SLOTS] = 7;
	a.counts.missed[a.counts.n_missed++] = (struct account_missed){ "sys_exit", 9 };
	metrics_label(&labels, "pid", "1");
	metrics_add_accounts(&m, &labels, &a);
	metrics_add(&m, METRIC_INSTANCES, &none, 2);
	metrics_add_seconds(&m, METRIC_UPTIME, &labels, 1.5);
	metrics_text(&m, &page);
	assert_has(&page, "# HELP nunchi_instances How many nunchi trace, record and guard run here.\n"
			  "# TYPE nunchi_instances gauge\nnunchi_instances 2\n");
	assert_has(&page, "\nnunchi_uptime_seconds{pid=\"1\"} 1.500\n");
#define OF "{pid=\"1\",container=\"web\",container_id=\"0123\""
	assert_has(&page, "# TYPE nunchi_events_seen_total counter\nnunchi_events_seen_total" OF "} 30\n");
	assert_has(&page, "\nnunchi_events_filtered_total" OF ",reason=\"container\"} 1\n"
			  "nunchi_events_filtered_total" OF ",reason=\"unwanted\"} 2\n"
			  "nunchi_events_filtered_total" OF ",reason=\"filter\"} 6\n");
	assert_has(&page, "\nnunchi_events_aggregated_total" OF "} 3\n");
	assert_has(&page, "\nnunchi_events_shown_total" OF "} 8\n");
	assert_has(&page, "\nnunchi_events_lost_total" OF ",reason=\"ring full\"} 5\n");
	assert_has(&page, "\nnunchi_events_lost_total" OF ",reason=\"no scratch\"} 0\n");
	assert_has(&page, "\nnunchi_events_held" OF "} 3\n");
	assert_has(&page, "\nnunchi_events_in_flight" OF "} 1\n");
	assert_has(&page, "\nnunchi_account_adds_up" OF "} 1\n");
	assert_has(&page, "\nnunchi_unseen_total{pid=\"1\",reason=\"no free slot for a container\"} 7\n");
	assert_has(&page, "\nnunchi_missed_runs_total{pid=\"1\",program=\"sys_exit\"} 9\n");
	metrics_free(&m);
	accounts_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_accounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
