/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "block.h"

/* Once rows are made: the automaton, and how texts are read in it. -E2BIG and a sentence: there is no room. */
int block_read_make(struct block_plan *p, struct strbuf *err) _must_check_;
/* Of a kind from NUNCHI_BLOCK_READ_FIRST on: enum nunchi_block_place. */
unsigned block_place_of(unsigned kind);

/* Such tests are parts by themselves: each is a mark. */
static inline bool block_is_within(unsigned kind)
{
	return kind >= NUNCHI_BLOCK_READ_FIRST && kind < NUNCHI_BLOCK_KINDS &&
	       block_place_of(kind) == NUNCHI_BLOCK_WITHIN;
}
