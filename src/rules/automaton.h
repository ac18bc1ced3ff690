/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns of texts as one deterministic automaton: a text is read once, byte by byte, and where it ends
 * says which of all patterns match it, exactly. Texts of several groups do not meet: each group has
 * a start of its own.
 */
#pragma once

#include "base/alloc.h"

/* One byte of a set, or any number of them. */
struct element {
	uint8_t set[32];
	bool star;
};

struct automaton;

struct automaton *automaton_new(unsigned n_groups) _must_check_;
void automaton_free(struct automaton *a);	/* NULL is fine */
/* accept: what is said of a text that matches. */
void automaton_add(struct automaton *a, unsigned group, const struct element *pattern, size_t n,
		   unsigned accept);
/* -E2BIG: there would be more states or letters. */
int automaton_build(struct automaton *a, size_t max_states, unsigned max_letters) _must_check_;

size_t automaton_states(const struct automaton *a);
unsigned automaton_letters(const struct automaton *a);
const uint8_t *automaton_alphabet(const struct automaton *a);	/* letter of each byte */
unsigned automaton_start(const struct automaton *a, unsigned group);
unsigned automaton_next(const struct automaton *a, unsigned state, unsigned letter);
unsigned automaton_group(const struct automaton *a, unsigned state);
/* What is said of texts that end in this state, ascending. */
const uint32_t *automaton_accepts(const struct automaton *a, unsigned state, size_t *ret_n);
