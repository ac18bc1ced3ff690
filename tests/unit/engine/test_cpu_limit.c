/* SPDX-License-Identifier: Apache-2.0 */
/* How much room a bulk ring has by how much of a CPU was taken. */
#include "engine/internal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ALL (1ULL << 20)	/* of each ring, of which there are four */
#define LEAST (16ULL << 10)
#define LIMIT 10U		/* percent */

static uint64_t cpu, room;
static unsigned n_set;

/* In place of the C library's, for what this process takes. */
int clock_gettime(clockid_t id, struct timespec *ret)
{
	uint64_t ns = id == CLOCK_PROCESS_CPUTIME_ID ? cpu : 0;

	*ret = (struct timespec){ (time_t)(ns / NSEC_PER_SEC), (long)(ns % NSEC_PER_SEC) };
	return 0;
}

unsigned probe_rings(const struct probe *p)
{
	(void)p;
	return 5;
}

uint64_t probe_bulk_bytes(const struct probe *p)
{
	(void)p;
	return ALL;
}

void probe_bulk_limit(struct probe *p, uint64_t bytes)
{
	(void)p;
	room = bytes;
	n_set++;
}

struct world {
	struct engine_config config;
	struct engine e;
	uint64_t now;
};

static void begin(struct world *w)
{
	*w = (struct world){ .config = { .cpu_limit = LIMIT }, .e = { .ready = true }, .now = NSEC_PER_SEC };
	w->e.config = &w->config;
	cpu = room = 0;
	n_set = 0;
	log_set_level(LOG_ERROR);
	cpu_limit_tick(&w->e, w->now);
}

/* A tenth of a second in which so many thousandths of a core are taken. */
static void run(struct world *w, uint64_t permille)
{
	w->now += 100 * NSEC_PER_MSEC;
	cpu += permille * 100 * NSEC_PER_MSEC / 1000;
	cpu_limit_tick(&w->e, w->now);
}

/* But for what rounding makes of it. */
static void expect_room(uint64_t bytes)
{
	assert_in_range(room, bytes - 4, bytes + 4);
}

static void test_less_and_more(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	run(&w, 100);	/* what it may */
	assert_int_equal(n_set, 0);
	run(&w, 125);
	expect_room(ALL / 5 * 4);
	assert_true(w.e.cpu_limit.in_force);
	run(&w, 1000);	/* no less than half at a time */
	expect_room(ALL / 5 * 4 / 2);
	run(&w, 95);	/* near enough: as it is */
	expect_room(ALL / 5 * 4 / 2);
	run(&w, 50);	/* no more than a quarter */
	expect_room(ALL / 2);
	run(&w, 85);	/* not so much that it would be too much again */
	expect_room(ALL / 2 * 100 / 85);
	for (unsigned i = 0; i < 10; i++)
		run(&w, 1000);
	expect_room(LEAST);
	for (unsigned i = 0; i < 30; i++)
		run(&w, 10);
	expect_room(ALL);
	assert_false(w.e.cpu_limit.in_force);
	n_set = 0;
	run(&w, 100);
	assert_int_equal(n_set, 0);
}

/* Tenths of a second under it are counted; before all is there, and in between, nothing is looked at. */
static void test_when(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	run(&w, 500);
	run(&w, 500);
	run(&w, 500);
	assert_int_equal(w.e.counts[ACCOUNT_READER_LIMITED], 2);
	cpu += NSEC_PER_SEC;
	n_set = 0;
	cpu_limit_tick(&w.e, w.now + 99 * NSEC_PER_MSEC);
	w.e.attaching = true;
	cpu_limit_tick(&w.e, w.now + NSEC_PER_SEC);
	w.e.attaching = false;
	w.config.cpu_limit = 0;
	cpu_limit_tick(&w.e, w.now + NSEC_PER_SEC);
	assert_int_equal(n_set, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_less_and_more),
		cmocka_unit_test(test_when),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
