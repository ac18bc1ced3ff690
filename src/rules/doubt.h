/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "define.h"
#include "intern.h"
#include "ruleset.h"

/*
 * Warns of what is valid in a rule but probably not what its author meant: fields that no event has yet
 * (rule->partial), events that never happen, entries of calls, arguments that none of its calls has, values that
 * look like the name of a list, and, in a rule that blocks, paths that are symbolic links on most systems.
 * may: the event types for which the condition can be true.
 */
void rule_tell_doubts(const struct definitions *d, struct rule *rule, const struct type_bits *may);
