/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

#include "macros.h"
#include "nunchi/bulk.h"

static uint64_t power_of_two(uint64_t n)
{
	while (n & (n - 1))
		n &= n - 1;
	return n;
}

uint64_t memory_piece(const struct memory *m)
{
	return MIN(m->ring, MEMORY_PIECE_MOST);
}

uint64_t memory_ring_all(const struct memory *m)
{
	return m->ring + m->ring / memory_piece(m) * NUNCHI_BULK_BEHIND;
}

static uint64_t program_bytes(unsigned cpus)
{
	return MEMORY_PROGRAM + (cpus > MEMORY_PROGRAM_CPUS ? (cpus - MEMORY_PROGRAM_CPUS) * MEMORY_CPU_BYTES : 0);
}

uint64_t memory_least(unsigned cpus)
{
	return program_bytes(cpus) + MEMORY_REST_LEAST;
}

void memory_divide(struct memory *ret, uint64_t total, unsigned cpus, unsigned rings_max)
{
	uint64_t rest, rings;

	total = MAX(total, memory_least(cpus));
	rest = total - program_bytes(cpus);
	*ret = (struct memory){
		.total = total,
#define X(name, parts, what) .name = rest / 64 * (parts),
		MEMORY_SHARES(X)
#undef X
	};
	ret->critical = power_of_two(MIN(MAX(ret->critical, MEMORY_CRITICAL_LEAST), MEMORY_RING_MOST));
	rings = MIN(MAX(ret->bulk / (MEMORY_RINGS_LEAST + NUNCHI_BULK_BEHIND), 1ULL), rings_max);
	while ((cpus - 1) >> ret->ring_shift >= rings)
		ret->ring_shift++;
	ret->rings = ((cpus - 1) >> ret->ring_shift) + 1;
	ret->ring = power_of_two(MIN(MAX(ret->bulk / ret->rings, MEMORY_RINGS_LEAST), MEMORY_RING_MOST));
	if (ret->ring > MEMORY_RINGS_LEAST && ret->rings * memory_ring_all(ret) > ret->bulk)
		ret->ring /= 2;
}
