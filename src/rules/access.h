/* SPDX-License-Identifier: Apache-2.0 */
/* How a rule is found by an event's values: tests of which at least one must hold if the rule does. */
#pragma once

#include "intern.h"

/* Which part of a value is looked up. */
enum access_kind { ACCESS_NONE, ACCESS_WHOLE, ACCESS_BEGINNING, ACCESS_END };

#define ACCESS_TESTS_MAX 256	/* of one rule; with more it is evaluated for each event */

struct access {
	const struct node **tests;
	size_t n;
	uint64_t cost;		/* roughly how many other rules are found by the same tests */
};

/* ACCESS_NONE: the test's values cannot be looked up. */
enum access_kind access_kind(const struct node *test);
/* The tests for events of a type, for which the condition can be true. NULL: there are none. */
struct access *access_find(const struct interned *in, const struct node *n, unsigned type)
	_must_check_;
void access_free(struct access *a);	/* NULL is fine */
bool access_equal(const struct access *a, const struct access *b);
