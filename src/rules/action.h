/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "block.h"
#include "define.h"

/*
 * What a rule is to do, as far as the kernel side can: its clauses go into the plan, under this number.
 * False: it cannot decide the condition, and the error was told.
 */
bool compile_action(struct definitions *d, const struct definition *rule, const struct node *root,
		    unsigned number, struct block_plan *plan);
