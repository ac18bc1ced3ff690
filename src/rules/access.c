/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chooses the tests by which the index finds a rule. In an and, any part will do: the one by which the
 * fewest rules are found is taken. In an or, all parts are needed. Parts that the event's type alone makes
 * true or false are left out.
 */
#include "access.h"

#define WEAK 32 /* cost factor of numbers and very short texts: so many events contain them that they hardly help */

enum access_kind access_kind(const struct node *test)
{
	const char *op = test->op->name;

	if (test->right || !test->n_values || test->left.type == VALUE_BOOL ||
	    test->left.type == VALUE_NET ||
	    (test->quantifier != QUANTIFIER_NONE && test->quantifier != QUANTIFIER_ANY))
		return ACCESS_NONE;
	if (streq(op, "=") || streq(op, "==") || streq(op, "in") || streq(op, "intersects"))
		return ACCESS_WHOLE;
	if (streq(op, "startswith") || streq(op, "bstartswith") || streq(op, "pmatch"))
		return ACCESS_BEGINNING;
	return streq(op, "endswith") ? ACCESS_END : ACCESS_NONE;
}

static struct access *access_of_test(const struct interned *in, const struct node *test)
{
	struct access *a;
	uint64_t weight = 1;

	if (access_kind(test) == ACCESS_NONE)
		return NULL;
	for (size_t i = 0; i < test->n_values; i++)
		if (test->values[i].type == VALUE_NUMBER || test->values[i].len < 3)
			weight = WEAK;
	a = xcalloc(1, sizeof(*a));
	a->tests = xcalloc(1, sizeof(*a->tests));
	a->tests[a->n++] = test;
	a->cost = in->facts[test->id].rules * weight + 1;
	return a;
}

static struct access *best_part(const struct interned *in, const struct node *n, unsigned type)
{
	struct access *best = NULL;

	for (size_t i = 0; i < n->n_kids; i++) {
		struct access *a;

		if (type_bit(&in->facts[n->kids[i]->id].must, type))
			continue;
		a = access_find(in, n->kids[i], type);
		if (a && (!best || a->cost < best->cost)) {
			access_free(best);
			best = a;
		} else {
			access_free(a);
		}
	}
	return best;
}

/* Appends b to a, and frees b. */
static void join(struct access *a, struct access *b)
{
	a->tests = xrealloc(a->tests, (a->n + b->n) * sizeof(*a->tests));
	memcpy(a->tests + a->n, b->tests, b->n * sizeof(*a->tests));
	a->n += b->n;
	a->cost += b->cost;
	access_free(b);
}

static struct access *all_parts(const struct interned *in, const struct node *n, unsigned type)
{
	struct access *all = xcalloc(1, sizeof(*all));

	for (size_t i = 0; i < n->n_kids; i++) {
		struct access *a;

		if (!type_bit(&in->facts[n->kids[i]->id].may, type))
			continue;
		a = access_find(in, n->kids[i], type);
		if (!a || all->n + a->n > ACCESS_TESTS_MAX) {
			access_free(a);
			access_free(all);
			return NULL;
		}
		join(all, a);
	}
	if (!all->n) {
		access_free(all);
		return NULL;
	}
	return all;
}

struct access *access_find(const struct interned *in, const struct node *n, unsigned type)
{
	if (type_bit(&in->facts[n->id].must, type))
		return NULL;
	switch (n->kind) {
	case NODE_TEST:
		return access_of_test(in, n);
	case NODE_AND:
		return best_part(in, n, type);
	case NODE_OR:
		return all_parts(in, n, type);
	case NODE_NOT:
		break;
	}
	return NULL;
}

void access_free(struct access *a)
{
	if (!a)
		return;
	free(a->tests);
	free(a);
}

bool access_equal(const struct access *a, const struct access *b)
{
	if (!a || !b)
		return a == b;
	return a->n == b->n && !memcmp(a->tests, b->tests, a->n * sizeof(*a->tests));
}
