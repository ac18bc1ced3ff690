/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes and filters. "and" and "or" are n-ary, so that a long chain is flat, and only real nesting makes
 * recursion deep.
 */
#include "ast.h"

#include "regex.h"
#include "value_set.h"

struct node *node_new(enum node_kind kind)
{
	struct node *n = xcalloc(1, sizeof(*n));

	n->kind = kind;
	n->refs = 1;
	n->weight = n->levels = 1;
	return n;
}

struct node *node_ref(struct node *n)
{
	n->refs++;
	return n;
}

void node_unref(struct node *n)
{
	if (!n || --n->refs)
		return;
	for (size_t i = 0; i < n->n_kids; i++)
		node_unref(n->kids[i]);
	free(n->kids);
	operand_free(&n->left);
	if (n->right)
		operand_free(n->right);
	free(n->right);
	for (size_t i = 0; i < n->n_values; i++) {
		if (n->regexes)
			regex_free(n->regexes[i]);
		if (n->values[i].type == VALUE_STRING)
			free((char *)n->values[i].s);
	}
	free(n->regexes);
	free(n->values);
	value_set_free(n->set);
	free(n);
}

void node_add(struct node *parent, struct node *kid)
{
	/* Grows at powers of two, so that no capacity needs to be stored. */
	if (!(parent->n_kids & (parent->n_kids - 1)))
		parent->kids = xrealloc(parent->kids,
					MAX(parent->n_kids * 2, (size_t)1) * sizeof(struct node *));
	parent->kids[parent->n_kids++] = kid;
	parent->levels = MAX(parent->levels, kid->levels + 1);
	parent->weight = MIN(parent->weight + kid->weight, (unsigned)FILTER_NODES_MAX + 1);
}

bool node_asks(const struct node *n, const char *field)
{
	if (!n)
		return false;
	if (n->kind == NODE_TEST)
		return operand_asks(&n->left, field) || (n->right && operand_asks(n->right, field));
	for (size_t i = 0; i < n->n_kids; i++)
		if (node_asks(n->kids[i], field))
			return true;
	return false;
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

void node_set_values(struct node *n, const struct value *values, size_t n_values)
{
	if (!n_values)
		return;
	n->values = xmemdup(values, n_values * sizeof(*values));
	n->n_values = n_values;
	for (size_t i = 0; i < n_values; i++)
		if (values[i].type == VALUE_STRING)
			n->values[i].s = xstrndup(values[i].s, values[i].len);
	if (n->op->right == RIGHT_LIST)
		n->set = value_set_new(n->values, n_values, streq(n->op->name, "pmatch") ? SET_PATHS : SET_VALUES);
	else if (n->quantifier == QUANTIFIER_ANY && streq(n->op->name, "startswith"))
		n->set = value_set_new(n->values, n_values, SET_BEGINNINGS);
	else if (n->quantifier == QUANTIFIER_ANY && streq(n->op->name, "endswith"))
		n->set = value_set_new(n->values, n_values, SET_ENDINGS);
}

struct node *node_test(const char *field, const struct operation *op, const struct value *values,
		       size_t n)
{
	struct node *node = node_new(NODE_TEST);

	node->left.field = field_find(field, strlen(field), &node->left.arg);
	node->left.type = node->left.field->type;
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
	/* Extends an existing "and": many calls must not make the tree as deep as a list. */
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
	node_unref(f->root);
	free(f);
}
