/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

#include "macros.h"

static uint64_t power_of_two(uint64_t n)
{
	while (n & (n - 1))
		n &= n - 1;
	return n;
}

void memory_divide(struct memory *ret, uint64_t total, unsigned cpus, unsigned rings_max)
{
	uint64_t rest = total - MEMORY_PROGRAM, rings;

	*ret = (struct memory){
		.total = total,
#define X(name, parts, what) .name = rest / 64 * (parts),
		MEMORY_SHARES(X)
#undef X
	};
	ret->critical = power_of_two(MIN(MAX(ret->critical, MEMORY_CRITICAL_LEAST), MEMORY_RING_MOST));
	rings = MIN(MAX(ret->bulk / MEMORY_RINGS_LEAST, 1ULL), rings_max);
	ret->rings = (unsigned)MIN(rings, cpus);
	/* Each serves the same number of CPUs, but for the last. */
	ret->rings = (cpus + (cpus + ret->rings - 1) / ret->rings - 1) / ((cpus + ret->rings - 1) / ret->rings);
	ret->ring = power_of_two(MIN(MAX(ret->bulk / ret->rings, MEMORY_RINGS_LEAST), MEMORY_RING_MOST));
}
