/* SPDX-License-Identifier: Apache-2.0 */
/* Times are ns in 64 bits: "boot" is CLOCK_BOOTTIME (the records), "epoch" CLOCK_REALTIME. */
#pragma once

#include <time.h>

#include "macros.h"

static inline uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

#define PROCESS_START_GRAIN (10 * NSEC_PER_MSEC)	/* /proc tells a process's start in steps of it */

/*
 * A process's start, in ticks since boot (field 22 of proc(5)'s stat): with the number it is one process for
 * ever. 0: it is gone, be it that nobody has waited for it yet.
 */
unsigned long long process_start_of(pid_t pid);

static inline uint64_t clock_boot(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

static inline uint64_t clock_epoch(void)
{
	return clock_ns(CLOCK_REALTIME);
}
