/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "define.h"
#include "intern.h"
#include "ruleset.h"

/*
 * Says what in a rule is no error and yet hardly what was meant: fields that no event has yet (rule->partial),
 * events that never happen, beginnings of calls, arguments that none of its calls has, words in lists of values that
 * look like names of lists, and, of what blocks, paths that are mostly links. may: of which types it can be true.
 */
void rule_tell_doubts(const struct definitions *d, struct rule *rule, const struct type_bits *may);
