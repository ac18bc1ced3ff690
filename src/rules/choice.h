/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the defined rules are in force: see struct rules_choice. */
#pragma once

#include "define.h"

/* Why an enabled rule is not in force; LEFT_OUT_NOT: it is. */
enum rule_left_out choice_leaves_out(const struct rules_choice *choice, const struct definitions *d,
				     const struct definition *rule);
/* False: it names what no rule has, as the report says. */
bool choice_check(const struct rules_choice *choice, const struct definitions *d, struct report *report);
