/* SPDX-License-Identifier: Apache-2.0 */
/* The tree that the parser builds and the evaluator walks, and the table of operators. */
#pragma once

#include "filter.h"
#include "operand.h"

#define FILTER_TEXT_MAX 65536	/* bytes; the longest condition of Falco's own rules has about 6,000 */
#define FILTER_DEPTH_MAX 200	/* of parentheses and "not": bounds the recursion; Falco stops at 100 */
#define FILTER_LEVELS_MAX 1000	/* of the tree, macros unfolded: walks of it recurse */
#define FILTER_WALK_MAX 10000	/* weight: walks that only explain something skip larger trees */
#define FILTER_NODES_MAX 1000000	/* weight at most: the nodes that a walk may meet, with all macros expanded */

enum node_kind { NODE_AND, NODE_OR, NODE_NOT, NODE_TEST };

/* How many of several values on the right side must compare true. */
enum quantifier { QUANTIFIER_NONE, QUANTIFIER_ANY, QUANTIFIER_ALL, QUANTIFIER_ONE };

/* QUANTIFIER_NONE: the word is no quantifier. */
enum quantifier quantifier_find(const char *word, size_t len);

struct operation;
struct value_set;
struct regex;
struct text;

/* Reference-counted and shared: a macro is one node in all conditions that name it. */
struct node {
	enum node_kind kind;
	unsigned refs;
	unsigned levels;	/* height of the tree, itself included */
	unsigned weight;	/* nodes in the tree; shared ones count as often as they occur */
	struct node **kids;	/* AND and OR: at least two; NOT: one */
	size_t n_kids;
	/* NODE_TEST */
	struct operand left;
	const struct operation *op;
	enum quantifier quantifier;
	struct value *values;	/* the right side; strings are owned */
	size_t n_values;
	struct operand *right;	/* val(...): the right side is another field; NULL: it is values */
	struct value_set *set;	/* of values, for operators that look for one of them; else NULL */
	struct regex **regexes;	/* compiled values, for the operator regex; else NULL */
	/* Where it was parsed, until it is shared */
	size_t at;		/* offset in the text */
	const struct text *text;	/* set in the root of a macro or exception; NULL: the parent's */
	/* In a set of rules */
	struct hnode by_content;
	unsigned id;
	unsigned parents;	/* how many conditions and nodes it is part of */
};

struct filter {
	struct node *root;	/* NULL matches all */
};

struct node *node_new(enum node_kind kind) _must_check_;
struct node *node_ref(struct node *n) _must_check_;
void node_unref(struct node *n);	/* the last reference frees the tree; NULL is fine */
void node_add(struct node *parent, struct node *kid);	/* takes the reference */
/* Whether the tree uses the field, with any argument; n NULL: false. */
bool node_asks(const struct node *n, const char *field);
/* A new node of this kind with two kids; takes both references. */
struct node *node_pair(enum node_kind kind, struct node *a, struct node *b) _must_check_;
struct node *node_not(struct node *a) _must_check_;
/* A test of a field, by name and without an argument; copies the values. */
struct node *node_test(const char *field, const struct operation *op, const struct value *values,
		       size_t n) _must_check_;
/* Copies the values into a test whose op is set, and prepares the set that the operator needs. */
void node_set_values(struct node *n, const struct value *values, size_t n_values);

static inline void node_unrefp(struct node **n)
{
	node_unref(*n);
}
#define _cleanup_node_ _cleanup_(node_unrefp)

enum right_side { RIGHT_NONE, RIGHT_ONE, RIGHT_LIST };

/* How an operator's right side is written: as a value of the field's type, hex bytes, or a regular expression. */
enum right_form { FORM_TYPE, FORM_HEX, FORM_REGEX };

/* A row of the table of operators: a new operator is a row. */
struct operation {
	const char *name;
	enum right_side right;
	uint8_t types;		/* bits 1 << enum value_type: what it compares */
	bool negative;		/* for a field with several values, all must differ */
	bool exact;		/* compares for equality: so values of closed vocabularies are checked */
	enum right_form form;
	/*
	 * v is never missing: then the test is false already. w is the right side: one value, or for lists
	 * the first of n.
	 */
	bool (*test)(const struct node *node, const struct value *v, const struct value *w, size_t n);
};

extern const struct operation operation_table[];
extern const size_t operation_table_len;

const struct operation *operation_find(const char *name, size_t len) _must_check_;

/* A total order of values of one type. */
int value_compare(const struct value *a, const struct value *b);
bool value_equal(const struct value *a, const struct value *b);
uint64_t value_hash(const struct value *v);
/* Whether the address is in the network. */
bool value_in_net(const struct value *ip, const struct value *net);

/* Shell pattern over any bytes: * ? [a-z] [!a] and \ before a character. Time is O(len * n). */
bool glob_match(const char *pattern, size_t n, const char *s, size_t len, bool fold_case);
/* The name of a class in the pattern that there is not ("dig" in "[[:dig:]]"); *ret_len: its length. NULL: there is none. */
const char *glob_unknown_class(const char *pattern, size_t n, size_t *ret_len);
/* Appends the names of all classes. */
void glob_add_classes(struct strbuf *out);

/* ASCII only: names in the kernel are bytes, and the answer must not depend on the locale. */
static inline char ascii_lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/*
 * Whether the field has only known values, and word is not one of them. Then *ret_what says what they are
 * ("system call"), and near has the nearest.
 */
bool vocabulary_lacks(const struct field *f, const char *word, size_t len, const char **ret_what,
		      struct strbuf *near) _must_check_;
/* Our name for a value that Falco or the kernel calls word; NULL: word is no such name. */
const char *vocabulary_synonym(const struct field *f, const char *word, size_t len);
/* Whether word is an event of Falco's that never happens here. */
bool vocabulary_never(const struct field *f, const char *word, size_t len);
