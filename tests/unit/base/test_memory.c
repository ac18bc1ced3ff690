/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/memory.h"

#define RINGS_MAX 63

static void check(const struct memory *m, unsigned cpus)
{
	uint64_t scratch = cpus > MEMORY_PROGRAM_CPUS ? (cpus - MEMORY_PROGRAM_CPUS) * MEMORY_CPU_BYTES : 0;
	unsigned each = 1U << m->ring_shift;

	assert_int_equal(m->ring & (m->ring - 1), 0);
	assert_int_equal(m->critical & (m->critical - 1), 0);
	assert_true(m->ring >= MEMORY_RINGS_LEAST);
	assert_true(m->rings >= 1 && m->rings <= RINGS_MAX && m->rings <= cpus);
	/* Every CPU has a ring, and every ring a CPU. */
	assert_true(each * m->rings >= cpus && each * (m->rings - 1) < cpus);
	assert_true(MEMORY_PROGRAM + scratch + m->critical + m->rings * memory_ring_all(m) + m->slots + m->tasks + m->calls +
			    m->rules + m->reader <=
		    m->total);
	assert_true(m->total >= memory_least(cpus));
}

static void test_parts_are_the_whole(void **state)
{
	unsigned parts = 0;

#define X(name, n, what) parts += n;
	MEMORY_SHARES(X)
#undef X
	assert_int_equal(parts, 64);
}

static void test_it_never_is_more(void **state)
{
	struct memory m;

	for (uint64_t total = MEMORY_MIN; total <= 4ULL << 30; total += total / 7)
		for (unsigned cpus = 1; cpus <= 512; cpus++) {
			memory_divide(&m, total, cpus, RINGS_MAX);
			check(&m, cpus);
		}
}

static void test_default(void **state)
{
	struct memory m;

	memory_divide(&m, MEMORY_DEFAULT, 2, RINGS_MAX);
	assert_int_equal(m.critical, 2 << 20);
	assert_int_equal(m.rings, 2);
	assert_int_equal(m.ring, 8 << 20);
	assert_int_equal(memory_least(2), MEMORY_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts_are_the_whole),
		cmocka_unit_test(test_it_never_is_more),
		cmocka_unit_test(test_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
