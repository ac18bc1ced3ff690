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

#define PROCESS_START_GRAIN (10 * NSEC_PER_MSEC)	/* /proc has a process's start in steps of it */

/* Whether two starts (boot ns), from /proc or from the kernel side, can be of one process. */
static inline bool process_start_is(uint64_t a, uint64_t b)
{
	return (a > b ? a - b : b - a) <= PROCESS_START_GRAIN;
}

/*
 * A process's start, in ticks since boot (field 22 of stat in proc(5)): together with the PID it is unique. 0: the
 * process is gone, or a zombie.
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
