/* SPDX-License-Identifier: Apache-2.0 */
/* The tree that the parser builds and the evaluator walks, and the table of operators. */
#pragma once

#include "filter.h"

#define FILTER_TEXT_MAX 65536	/* bytes; the longest condition of Falco's own rules has about 6,000 */
#define FILTER_DEPTH_MAX 200	/* of parentheses and "not": bounds the recursion; Falco stops at 100 */

enum node_kind { NODE_AND, NODE_OR, NODE_NOT, NODE_TEST };

struct operation;

struct node {
	enum node_kind kind;
	struct node **kids;	/* AND and OR: at least two; NOT: one */
	size_t n_kids;
	/* NODE_TEST */
	const struct field *field;
	char *arg;		/* of the field; owned */
	const struct operation *op;
	struct value *values;	/* what to compare with; strings owned; sorted for lists */
	size_t n_values;
};

struct filter {
	struct node *root;	/* NULL matches all */
};

struct node *node_new(enum node_kind kind) _must_check_;
void node_free(struct node *n);	/* with all below; NULL is fine */
void node_add(struct node *parent, struct node *kid);
/* The two under a new node of this kind. */
struct node *node_pair(enum node_kind kind, struct node *a, struct node *b) _must_check_;
struct node *node_not(struct node *a) _must_check_;
/* A test of a field, by name and without an argument; copies the values. */
struct node *node_test(const char *field, const struct operation *op, const struct value *values,
		       size_t n) _must_check_;
void node_set_values(struct node *n, const struct value *values, size_t n_values);

static inline void node_freep(struct node **n)
{
	node_free(*n);
}
#define _cleanup_node_ _cleanup_(node_freep)

enum operand { OPERAND_NONE, OPERAND_ONE, OPERAND_LIST };

/* A row of the table of operators: a new operator is a row. */
struct operation {
	const char *name;
	enum operand operand;
	uint8_t types;		/* bits 1 << enum value_type: what it compares */
	bool negative;		/* of two fields that mean either, neither may be equal */
	bool exact;		/* compares for equality: values of closed vocabularies are checked */
	/* v is never missing: a missing value has failed before. */
	bool (*test)(const struct value *v, const struct node *n);
};

extern const struct operation operation_table[];
extern const size_t operation_table_len;

const struct operation *operation_find(const char *name, size_t len) _must_check_;

/* A total order of values of one type, for sorted lists. */
int value_compare(const struct value *a, const struct value *b);

/* Shell pattern over any bytes: * ? [a-z] [!a] and \ before a character. Time is O(len * n). */
bool glob_match(const char *pattern, size_t n, const char *s, size_t len);

/*
 * Whether the field takes only known values, and word is none of them: then what they are is in
 * *ret_what ("system call"), and near has the nearest.
 */
bool vocabulary_lacks(const struct field *f, const char *word, size_t len, const char **ret_what,
		      struct strbuf *near) _must_check_;
