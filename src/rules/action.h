/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "block.h"
#include "define.h"

/*
 * Adds the clauses of a rule that blocks to the plan, under this number. False: the kernel side cannot
 * decide the condition, as the report says.
 */
bool compile_action(struct definitions *d, const struct definition *rule, const struct node *root,
		    unsigned number, struct block_plan *plan);
