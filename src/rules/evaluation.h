/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is remembered while one event is looked at by many conditions: values of fields, and what
 * nodes came to that more than one condition has.
 */
#pragma once

#include "ast.h"

struct remembered {
	uint32_t event;		/* of which this is true; events are counted from 1 */
	bool match;
};

struct operand_value {
	uint32_t event;
	struct value v;
	struct strbuf text;	/* a copy of what an accessor has made: that lives shortly */
	struct value *items;	/* a copy of a list; NULL: there was none yet */
};

struct evaluation {
	uint32_t event;
	struct remembered *nodes;	/* by node.id */
	struct operand_value *operands;	/* by operand.slot */
	size_t n_nodes, n_operands;
};

void evaluation_init(struct evaluation *e, size_t n_nodes, size_t n_operands);
void evaluation_free(struct evaluation *e);
void evaluation_next(struct evaluation *e);	/* another event */
const struct value *evaluation_operand(struct evaluation *e, const struct operand *o,
				       struct field_context *fc);

/* e NULL: nothing is remembered, and slots and ids mean nothing. */
bool node_match(const struct node *n, struct field_context *fc, struct evaluation *e);
/* What can be said of an event of this type (call: of an EVENT_SYSCALL). */
enum tri node_match_type(const struct node *n, enum event_type type,
			 const struct syscall_info *call);
/* Whether this value of the left side satisfies the test; it compares with no other field. */
bool node_test_value(const struct node *n, const struct value *v);
/* What the condition comes to if test says what its tests come to. */
bool node_holds(const struct node *n, bool (*test)(const struct node *test, void *arg), void *arg);
/* The same where some tests cannot be decided: TRI_UNKNOWN if it depends on them. */
enum tri node_decide(const struct node *n, enum tri (*test)(const struct node *test, void *arg), void *arg);
/* Of a condition on the container alone; NULL: the host. */
bool node_match_container(const struct node *n, const struct model *m, struct container *c);
