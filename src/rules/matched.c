/* SPDX-License-Identifier: Apache-2.0 */
/* Why a rule has matched: the tests that made its condition true, without those that made no difference. */
#include "evaluation.h"
#include "ruleset.h"

struct found {
	const struct operand **ret;
	size_t n, max;
};

static void add(struct found *f, const struct operand *o)
{
	for (size_t i = 0; i < f->n; i++)
		if (operand_equal(f->ret[i], o))
			return;
	if (f->n < f->max)
		f->ret[f->n++] = o;
}

/*
 * The value of n is known to be `is`. All parts of an "and" make it true, and those that are false make it false;
 * with "or" it is the other way round.
 */
static void walk(struct found *f, const struct node *n, bool is, struct field_context *fc)
{
	if (n->kind == NODE_TEST) {
		add(f, &n->left);
		if (n->right)
			add(f, n->right);
		return;
	}
	for (size_t i = 0; i < n->n_kids && f->n < f->max; i++) {
		bool kid = n->kind == NODE_NOT ? !is : is;

		if (n->kind == NODE_NOT || (n->kind == NODE_AND) == is ||
		    node_match(n->kids[i], fc, NULL) == is)
			walk(f, n->kids[i], kid, fc);
	}
}

size_t rule_matched(const struct rule *rule, struct field_context *fc, const struct operand **ret,
		    size_t max)
{
	struct found f = { .ret = ret, .max = max };

	if (rule->root->weight <= FILTER_WALK_MAX)
		walk(&f, rule->root, true, fc);
	return f.n;
}
