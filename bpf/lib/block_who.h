/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* For rules that block: who a task is, if its storage cannot be used: block_who.bpf.c. */
#pragma once

#include "identity.h"

/* What of an identity matters here. */
struct who {
	struct nunchi_slot_ref ref;
	u32 pidns;
	bool setup;
};

/*
 * Reads who the running task is without using its storage: before 6.2 a program that reads storage locks it for all
 * others on that CPU, and can be preempted; and cgroup programs may not use it. A task that has no storage yet is
 * known by where it is.
 */
int who_read(struct who *ret);

/* The hash of the path by which the running task's image was executed, read as in who_read(); 0: not known. */
u64 image_read(void);
