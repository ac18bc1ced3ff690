/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who a task is for rules that block, where its storage cannot be asked for: block_who.bpf.c. */
#pragma once

#include "identity.h"

/* What of an identity matters here. */
struct who {
	struct nunchi_slot_ref ref;
	u32 pidns;
	bool setup;
};

/*
 * That of the running task where its storage cannot be asked for: before 6.2 one look at it locks it for all others on that CPU, and
 * who looks can be pushed aside; and cgroup programs may not. A task that has not used it yet is known by where it is.
 */
int who_read(struct who *ret);

/* The hash of the path that the running task's image was executed by, as who_read() would read it; 0: not known. */
u64 image_read(void);
