/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Equal nodes of all conditions become one, and equal operands get one slot, so that what rules have
 * in common is evaluated once per event.
 */
#pragma once

#include "ast.h"

/* Of events: by the number of a system call, then what is no system call. */
#define EVENT_KINDS (EVENT_OTHER + 1)
#define TYPES_MAX (NUNCHI_CALLS_MAX + EVENT_KINDS)
#define TYPE_WORDS ((TYPES_MAX + 63) / 64)

struct type_bits {
	uint64_t bits[TYPE_WORDS];
};

static inline bool type_bit(const struct type_bits *b, unsigned type)
{
	return b->bits[type / 64] >> type % 64 & 1;
}

/* What can be said of a node by an event's type alone. */
struct node_facts {
	struct node *node;
	struct type_bits may;	/* it can be true */
	struct type_bits must;	/* it is true */
	unsigned rules;		/* that have it in their conditions */
	unsigned last_rule;	/* who counted there last, and one */
};

struct interned {
	struct hmap by_content;
	struct node_facts *facts;	/* by id, from 1 */
	size_t n_nodes;
	struct hmap operands;		/* one of those that are equal; borrowed */
};

static inline size_t interned_operands(const struct interned *in)
{
	return in->operands.count;
}

/* Takes the reference, returns one to the node that stands for it. */
struct node *intern_node(struct interned *in, struct node *n) _must_check_;
/* Counts the rule at each node below; number: from 0. */
void intern_count_rule(struct interned *in, const struct node *n, unsigned number);
void intern_free(struct interned *in);
