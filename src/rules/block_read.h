/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "block.h"

/* Makes the automaton, after the rows. 0; or -E2BIG, with a sentence. */
int block_read_make(struct block_plan *p, struct strbuf *err) _must_check_;
/* enum nunchi_block_place of a kind from NUNCHI_BLOCK_READ_FIRST on. */
unsigned block_place_of(unsigned kind);

/* Whether it is a match within a text: each such test is a part by itself, and has a mark. */
static inline bool block_is_within(unsigned kind)
{
	return kind >= NUNCHI_BLOCK_READ_FIRST && kind < NUNCHI_BLOCK_KINDS &&
	       block_place_of(kind) == NUNCHI_BLOCK_WITHIN;
}
