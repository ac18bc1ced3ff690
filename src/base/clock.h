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

static inline uint64_t clock_boot(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

static inline uint64_t clock_epoch(void)
{
	return clock_ns(CLOCK_REALTIME);
}
