/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes and filters: and, or are n-ary, so that a long chain is flat and recursion is bounded by the
 * nesting alone.
 */
#include "ast.h"

struct node *node_new(enum node_kind kind)
{
	struct node *n = xcalloc(1, sizeof(*n));

	n->kind = kind;
	return n;
}

void node_free(struct node *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->n_kids; i++)
		node_free(n->kids[i]);
	free(n->kids);
	free(n->arg);
	for (size_t i = 0; i < n->n_values; i++)
		if (n->values[i].type == VALUE_STRING)
			free((char *)n->values[i].s);
	free(n->values);
	free(n);
}

void node_add(struct node *parent, struct node *kid)
{
	/* Grows at powers of two, of which the count itself tells. */
	if (!(parent->n_kids & (parent->n_kids - 1)))
		parent->kids = xrealloc(parent->kids,
					MAX(parent->n_kids * 2, (size_t)1) * sizeof(kid));
	parent->kids[parent->n_kids++] = kid;
}

struct node *node_pair(enum node_kind kind, struct node *a, struct node *b)
{
	struct node *n = node_new(kind);

	node_add(n, a);
	node_add(n, b);
	return n;
}

struct node *node_not(struct node *a)
{
	struct node *n = node_new(NODE_NOT);

	node_add(n, a);
	return n;
}

static int by_value(const void *a, const void *b)
{
	return value_compare(a, b);
}

void node_set_values(struct node *n, const struct value *values, size_t n_values)
{
	if (!n_values)
		return;
	n->values = xmemdup(values, n_values * sizeof(*values));
	n->n_values = n_values;
	for (size_t i = 0; i < n_values; i++)
		if (values[i].type == VALUE_STRING)
			n->values[i].s = xmemdup(values[i].s, values[i].len);
	qsort(n->values, n_values, sizeof(*n->values), by_value);
}

struct node *node_test(const char *field, const struct operation *op, const struct value *values,
		       size_t n)
{
	struct node *node = node_new(NODE_TEST);

	node->field = field_find(field, strlen(field), &node->arg);
	node->op = op;
	node_set_values(node, values, n);
	return node;
}

struct filter *filter_and(struct filter *a, struct filter *b)
{
	if (!a || !a->root) {
		filter_free(a);
		return b;
	}
	if (!b || !b->root) {
		filter_free(b);
		return a;
	}
	/* Joined by many calls, the tree must not become a list. */
	if (a->root->kind == NODE_AND)
		node_add(a->root, TAKE_PTR(b->root));
	else
		a->root = node_pair(NODE_AND, a->root, TAKE_PTR(b->root));
	filter_free(b);
	return a;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	node_free(f->root);
	free(f);
}
