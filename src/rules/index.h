/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the rules that an event can match without a look at each rule. For each event type a rule
 * gives a few of its tests, at least one of which must hold if the rule matches: "proc.name in
 * (nc, ncat)", "fd.name startswith /etc". Their values are the keys of hash tables, one per field and
 * kind of test, and a look-up of the event's value yields the rules. So the cost does not grow with
 * the number of rules, except of those that have no such test: they are always candidates.
 */
#pragma once

#include "evaluation.h"
#include "intern.h"

struct index;

/* roots[i]: the condition of rule i, interned; NULL: the rule is never a candidate. */
struct index *index_new(const struct interned *in, struct node *const *roots, size_t n) _must_check_;
void index_free(struct index *ix);	/* NULL is fine */

/*
 * The candidates for the event, a bit set of *ret_words words: bit i is rule (*ret_rules)[i]. The
 * arrays belong to the index; the bits are valid until the next call. NULL: there are no candidates.
 */
const uint64_t *index_candidates(const struct index *ix, struct evaluation *e,
				 struct field_context *fc, size_t *ret_words,
				 const unsigned **ret_rules);
