/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rules an event can match, found without looking at each. For a type of event each rule
 * gives a few of its tests, one of which must hold if the rule does: "proc.name in (nc, ncat)",
 * "fd.name startswith /etc". The values of all of these stand in hash tables, one for a field and
 * kind of test, and a look-up of the event's value there yields the rules. So the cost does not grow
 * with their number; rules that have no such test are looked at each time.
 */
#pragma once

#include "evaluation.h"
#include "intern.h"

struct index;

/* roots[i]: the condition of rule i, interned; NULL: it is not to be found. */
struct index *index_new(const struct interned *in, struct node *const *roots, size_t n) _must_check_;
void index_free(struct index *ix);	/* NULL is fine */

/*
 * The candidates for the event, as *ret_words words of bits. The array is
 * the index's own, until the next call. Bit i is rule (*ret_rules)[i]. NULL: there are none.
 */
const uint64_t *index_candidates(const struct index *ix, struct evaluation *e,
				 struct field_context *fc, size_t *ret_words,
				 const unsigned **ret_rules);
