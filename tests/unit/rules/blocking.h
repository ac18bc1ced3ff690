/* SPDX-License-Identifier: Apache-2.0 */
/* Blocking rules, loaded for a test. What is wrong with them is in report. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "rules/block.h"

static struct report report;

/* NULL: an error, which is in report. */
static inline struct ruleset *load(const char *text)
{
	const struct rules_input input = { "a.yaml", text };
	struct ruleset *rs = NULL;

	report_free(&report);
	report = (struct report){ .least = REPORT_WARNING };
	return ruleset_load(&rs, &input, 1, NULL, &report) < 0 ? NULL : rs;
}

/* One rule that denies. */
static inline struct ruleset *load_condition(const char *condition)
{
	_cleanup_free_ char *text = xasprintf("- rule: r\n  desc: d\n  priority: INFO\n  output: o\n"
					      "  action: deny\n  condition: %s\n", condition);

	return load(text);
}
