/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "block.h"

/* Fills in p->values, and the kinds in p->rows, from the clauses. */
void block_values(struct block_plan *p);
