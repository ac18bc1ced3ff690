/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Equal nodes of all conditions become one node, and equal operands share a slot, so that what rules
 * have in common is evaluated once per event.
 */
#pragma once

#include "ast.h"

/* Event types: first the system calls by number, then the events that are not system calls. */
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

/* What the type of an event alone says about a node. */
struct node_facts {
	struct node *node;
	struct type_bits may;	/* types for which it can be true */
	struct type_bits must;	/* types for which it is true */
	unsigned rules;		/* how many have it in their conditions */
	unsigned last_rule;	/* number of the rule counted last, plus one */
};

struct interned {
	struct hmap by_content;
	struct node_facts *facts;	/* by id, from 1 */
	size_t n_nodes;
	struct hmap operands;		/* one of each set of equal operands; borrowed */
};

static inline size_t interned_operands(const struct interned *in)
{
	return in->operands.count;
}

/* Takes the caller's reference to n; returns one to the node that stands for all its equals. */
struct node *intern_node(struct interned *in, struct node *n) _must_check_;
/* Counts the rule at n and each node below it; number: the rule's, from 0. */
void intern_count_rule(struct interned *in, const struct node *n, unsigned number);
void intern_free(struct interned *in);
