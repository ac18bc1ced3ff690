/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many patterns as one deterministic automaton: a text is read once, byte by byte, and the state in
 * which it ends says exactly which patterns match it. Each group of patterns has a start of its own,
 * and no state is in two groups.
 */
#pragma once

#include "base/alloc.h"

/* One byte of a set, or with star any number of them. */
struct element {
	uint8_t set[32];	/* a bit for each of the 256 bytes */
	bool star;
};

struct automaton;

struct automaton *automaton_new(unsigned n_groups) _must_check_;
void automaton_free(struct automaton *a);	/* NULL is fine */
/* accept: the number that automaton_accepts() gives for a text that matches. */
void automaton_add(struct automaton *a, unsigned group, const struct element *pattern, size_t n,
		   unsigned accept);
/* Once all patterns are added. -E2BIG: it would have more states, or tell more bytes apart. */
int automaton_build(struct automaton *a, size_t max_states, unsigned max_letters) _must_check_;

size_t automaton_states(const struct automaton *a);
unsigned automaton_letters(const struct automaton *a);
const uint8_t *automaton_alphabet(const struct automaton *a);	/* the letter of each of the 256 bytes */
unsigned automaton_start(const struct automaton *a, unsigned group);
unsigned automaton_next(const struct automaton *a, unsigned state, unsigned letter);
unsigned automaton_group(const struct automaton *a, unsigned state);
/* The accept numbers of texts that end in this state, ascending. */
const uint32_t *automaton_accepts(const struct automaton *a, unsigned state, size_t *ret_n);
