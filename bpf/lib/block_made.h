/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rules that block making a socket: only the arguments of socket(2) are known. */
#pragma once

#include "block.h"

struct made_socket {
	u32 family, type, protocol;
};

/* What it satisfies. */
static __noinline u64 block_made(struct scratch *s, const struct made_socket *made, u32 row, u64 mask)
{
	u32 kinds = block_rows[row & (NUNCHI_BLOCK_ROWS - 1)].kinds, family;

	if (!s || !made)
		return 0;
	family = made->family < NUNCHI_BLOCK_FAMILY_MAX ? made->family : NUNCHI_BLOCK_FAMILY_MAX - 1;
	if (mask && kinds & 1 << NUNCHI_BLOCK_FAMILY)
		mask &= look_up_code(&s->block, row, NUNCHI_BLOCK_FAMILY, family);
	if (mask && kinds & 1 << NUNCHI_BLOCK_SOCKTYPE)
		mask &= look_up_code(&s->block, row, NUNCHI_BLOCK_SOCKTYPE, made->type & SOCK_TYPE_MASK);
	if (mask && kinds & 1 << NUNCHI_BLOCK_PROTOCOL)
		mask &= look_up_number(&s->block, row, NUNCHI_BLOCK_PROTOCOL, made->protocol, 4);
	return mask;
}
