/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What arguments point to, as the kernel copied it: copies.bpf.c. */
#pragma once

#include "state.h"

/*
 * A hash of a call's number and arguments. If no hook has seen a call's return (with --hooks not every function can
 * have one) its copies are left, and must not be taken for those of the next call.
 */
static __always_inline u64 copies_of(const struct nunchi_call *call)
{
	u64 sum = call->nr;

#pragma unroll
	for (u32 i = 0; i < 6; i++)
		sum = sum * 31 + call->args[i];
	return sum;
}

/* Sends a MISMATCH after the record in s, if user memory now differs from an argument as the kernel used it. */
int copies_tell(struct scratch *s);
/* Replaces the blob at pos, of what the fd is by now, by what the call opened. */
int copies_opened(struct scratch *s, u32 pos);
/* Forgets the running task's copies that have a bit in mask. */
int copies_drop(u32 mask);
