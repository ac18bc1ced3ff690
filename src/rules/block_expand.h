/* SPDX-License-Identifier: Apache-2.0 */
/* Splits conditions into clauses, for rules that block (block.c) and for those that only look (push.c). */
#pragma once

#include "block.h"

#define BLOCK_CALLS_MAX 16	/* of one class */

struct block_clauses {
	struct block_clause c[NUNCHI_BLOCK_CLAUSES];
	size_t n;
};

void block_clauses_free(struct block_clauses *l);	/* the clauses, not l */

/* What a condition is split for: the calls of one class. */
struct block_expander {
	unsigned class;
	const struct syscall_info *calls[BLOCK_CALLS_MAX];	/* those of the class that the rule can be about */
	size_t n_calls;
	bool watch;		/* for --watch: nothing is blocked */
	block_test_fn *test;
	bool loose;		/* assume that what is not known holds; nothing is an error */
	struct strbuf *err;	/* gets a sentence if the kernel side cannot decide the condition; unless loose */
	const struct node *where;	/* then: the node to blame */
};

/* The result of the condition, if it is the same for every call; else TRI_UNKNOWN. */
enum tri block_known(const struct block_expander *x, const struct node *n);
/* Splits the condition into clauses; ret is empty before. False: the kernel side cannot decide it, as x->err says. */
bool block_expand(struct block_expander *x, const struct node *root, struct block_clauses *ret) _must_check_;
/*
 * Splits the condition, for these calls, into clauses of which at least one holds if the condition does: what the test
 * function does not know is assumed to be as the condition wants it. ret is empty before.
 */
void block_expand_loosely(const struct node *root, unsigned class, block_test_fn *test,
			  const struct syscall_info *const *calls, size_t n_calls,
			  struct block_clauses *ret);
