/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What calls point to, as the kernel copied it: copies.bpf.c. */
#pragma once

#include "state.h"

/*
 * What tells calls apart by number and arguments: a call whose return no hook has seen (--hooks, where a function can have
 * none) leaves its copies, and they are not those of the next one.
 */
static __always_inline u64 copies_of(const struct nunchi_call *call)
{
	u64 sum = call->nr;

#pragma unroll
	for (u32 i = 0; i < 6; i++)
		sum = sum * 31 + call->args[i];
	return sum;
}

/* Sends a MISMATCH after the record in s, if an argument of that was not what the kernel went by. */
int copies_tell(struct scratch *s);
/* What was opened in place of what its fd, whose blob begins at pos, is by now. */
int copies_opened(struct scratch *s, u32 pos);
/* Forgets those of the running task that mask has a bit of. */
int copies_drop(u32 mask);
