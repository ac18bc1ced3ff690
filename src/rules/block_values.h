/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "block.h"

/* The table of values and which kinds are in it, of clauses that are complete. */
void block_values(struct block_plan *p);
