/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cache for one event that many conditions are evaluated for: the values of fields, and the
 * results of nodes that conditions share.
 */
#pragma once

#include "ast.h"

struct remembered {
	uint32_t event;		/* the event this result is for, counted from 1 */
	bool match;
};

struct operand_value {
	uint32_t event;
	struct value v;
	struct strbuf text;	/* a copy of the text: an accessor's own is soon overwritten */
	struct value *items;	/* a copy of a list; NULL: none so far */
};

struct evaluation {
	uint32_t event;
	struct remembered *nodes;	/* by node.id */
	struct operand_value *operands;	/* by operand.slot */
	size_t n_nodes, n_operands;
};

void evaluation_init(struct evaluation *e, size_t n_nodes, size_t n_operands);
void evaluation_free(struct evaluation *e);
void evaluation_next(struct evaluation *e);	/* start on another event: forgets all results */
const struct value *evaluation_operand(struct evaluation *e, const struct operand *o,
				       struct field_context *fc);

/* e NULL: nothing is cached, and slots and ids are not used. */
bool node_match(const struct node *n, struct field_context *fc, struct evaluation *e);
/* The result for an event of which only the type is known (for EVENT_SYSCALL also the call). */
enum tri node_match_type(const struct node *n, enum event_type type,
			 const struct syscall_info *call);
/* Whether the test holds for this value of its left side. The test must not compare with another field. */
bool node_test_value(const struct node *n, const struct value *v);
/* The result of the condition, given a function that decides its tests. */
bool node_holds(const struct node *n, bool (*test)(const struct node *test, void *arg), void *arg);
/* The same where some tests cannot be decided: TRI_UNKNOWN if the result depends on them. */
enum tri node_decide(const struct node *n, enum tri (*test)(const struct node *test, void *arg), void *arg);
/* The result of a condition that asks only about the container. c NULL: the host. */
bool node_match_container(const struct node *n, const struct model *m, struct container *c);
