/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "define.h"
#include "ruleset.h"

/*
 * Says what in a rule is no error and yet hardly what was meant: fields that no event has yet (rule->partial),
 * events that never happen, beginnings of calls, and words in lists of values that look like names of lists.
 */
void rule_tell_doubts(const struct definitions *d, struct rule *rule);
