/* SPDX-License-Identifier: Apache-2.0 */
/* Records of several rings become one stream: by time, counted by their numbers, and on the way that their slots have. */
#include "engine/internal.h"

#include "../event/record.h"

#define RINGS 3
#define RECORDS 8U

static struct ring rings[RINGS];
static struct nunchi_head records[RINGS][RECORDS];
static size_t put[RINGS], taken[RINGS], given_back[RINGS];
static uint64_t order[RINGS * RECORDS];	/* times */
static unsigned late, shared;
static size_t n;
static enum { WENT_ON, HELD, BEHIND } went;

unsigned probe_rings(const struct probe *p)
{
	(void)p;
	return RINGS;
}

struct ring *probe_ring(struct probe *p, unsigned i)
{
	(void)p;
	return &rings[i];
}

const struct nunchi_head *ring_peek(struct ring *r, uint32_t *ret_len)
{
	size_t i = (size_t)(r - rings);

	*ret_len = sizeof(struct nunchi_head);
	return taken[i] < put[i] ? &records[i][taken[i]] : NULL;
}

void ring_advance(struct ring *r)
{
	taken[r - rings]++;
}

void ring_commit(struct ring *r)
{
	given_back[r - rings] = taken[r - rings];
}

void probe_taken(struct probe *p, const struct nunchi_head *record)
{
	(void)p;
	(void)record;
	shared++;
}

struct slot *binder_slot(struct engine *e, const struct nunchi_head *record)
{
	return &e->slots[record->slot];
}

void binder_pending(struct engine *e, const struct nunchi_head *record)
{
	(void)e;
	(void)record;
}

void binder_cgroup(struct engine *e, const struct nunchi_head *record)
{
	(void)e;
	(void)record;
}

static void take(const struct nunchi_head *record)
{
	order[n++] = record->time;
	late += !!(record->flags & NUNCHI_F_LATE);
}

void binder_hold(struct engine *e, struct slot *slot, const struct nunchi_head *record)
{
	(void)e;
	(void)slot;
	take(record);
	went = HELD;
}

void backlog_add(struct engine *e, const struct nunchi_head *record)
{
	(void)e;
	take(record);
	went = BEHIND;
}

void life_deliver(struct engine *e, struct slot *slot, const struct nunchi_head *record)
{
	(void)e;
	(void)slot;
	take(record);
	went = WENT_ON;
}

static struct engine *engine_begin(void)
{
	struct engine *e = xcalloc(1, sizeof(*e));

	memset(put, 0, sizeof(put));
	memset(taken, 0, sizeof(taken));
	memset(given_back, 0, sizeof(given_back));
	n = 0;
	late = shared = 0;
	e->slots = xcalloc(NUNCHI_SLOTS_MAX, sizeof(*e->slots));
	e->slots[0].phase = SLOT_HOST;
	return e;
}

static void engine_end(struct engine *e)
{
	strbuf_free(&e->late);
	free(e->slots);
	free(e);
}

static struct nunchi_head *send(unsigned ring, uint64_t time, uint64_t seq)
{
	struct nunchi_head *head = &records[ring][put[ring]++];

	*head = head_of(NUNCHI_REC_FORK, 7);
	head->len = sizeof(*head);
	head->time = time;
	head->seq = seq;
	return head;
}

static void expect(const uint64_t *times, size_t n_times)
{
	assert_int_equal(n, n_times);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(order[i], times[i]);
	n = 0;
}

/* The earliest of all first, and nothing that is younger than the watermark. */
static void test_order(void **state)
{
	struct engine *e = engine_begin();

	(void)state;
	send(0, 10, 1);
	send(0, 40, 2);
	send(1, 30, 1);
	send(1, 50, 2);
	send(2, 20, 1);
	send(2, 60, 2)->flags = NUNCHI_F_SHARED;
	assert_int_equal(drain_rings(e, 50), 5);
	expect((const uint64_t[]){ 10, 20, 30, 40, 50 }, 5);
	assert_int_equal(given_back[0], 2);
	assert_int_equal(given_back[2], 1);
	assert_int_equal(shared, 0);
	assert_int_equal(drain_rings(e, 60), 1);
	expect((const uint64_t[]){ 60 }, 1);
	assert_int_equal(shared, 1);
	assert_int_equal(late, 0);
	assert_int_equal(e->missing, 0);
	assert_int_equal(e->slots[0].account.received, 6);
	engine_end(e);
}

/* Whose time had been passed is taken as it comes, and says so; the others' time is no other for it. */
static void test_late(void **state)
{
	struct engine *e = engine_begin();

	(void)state;
	send(0, 100, 1);
	assert_int_equal(drain_rings(e, 200), 1);
	send(1, 90, 1);
	send(0, 100, 2);
	send(0, 110, 3);
	assert_int_equal(drain_rings(e, 200), 3);
	expect((const uint64_t[]){ 100, 90, 100, 110 }, 4);
	assert_int_equal(late, 1);
	assert_int_equal(e->counts[ACCOUNT_READER_LATE], 1);
	assert_false(records[1][0].flags & NUNCHI_F_LATE);	/* the ring's own cannot be written */
	engine_end(e);
}

/* A number that has not come is missing, of each ring by itself, until it comes behind others. */
static void test_numbers(void **state)
{
	struct engine *e = engine_begin();

	(void)state;
	send(0, 1, 1);
	send(0, 2, 4);
	send(1, 3, 2);
	assert_int_equal(drain_rings(e, 10), 3);
	assert_int_equal(e->missing, 3);
	send(0, 4, 3);
	send(0, 5, 5);
	assert_int_equal(drain_rings(e, 10), 2);
	assert_int_equal(e->missing, 2);
	assert_int_equal(e->expected[0], 5);
	engine_end(e);
}

/* Of a slot that has no name it waits for that; behind what waits for the output; else it goes on. */
static void test_ways(void **state)
{
	struct engine *e = engine_begin();
	struct held waits = { 0 };

	(void)state;
	e->slots[5].phase = SLOT_PENDING;
	send(0, 1, 1)->slot = 5;
	assert_int_equal(drain_rings(e, 1), 1);
	assert_int_equal(went, HELD);
	send(0, 2, 2);
	assert_int_equal(drain_rings(e, 2), 1);
	assert_int_equal(went, WENT_ON);
	e->blocked = true;
	send(0, 3, 3);
	assert_int_equal(drain_rings(e, 3), 1);
	assert_int_equal(went, BEHIND);
	e->blocked = false;
	e->backlog.first = &waits;
	send(0, 4, 4);
	assert_int_equal(drain_rings(e, 4), 1);
	assert_int_equal(went, BEHIND);
	assert_int_equal(e->slots[5].account.received, 1);
	assert_int_equal(e->slots[0].account.received, 3);
	engine_end(e);
}

/* Longer than what was sent cannot be: it is passed over, and missing, once. */
static void test_too_long(void **state)
{
	struct engine *e = engine_begin();

	(void)state;
	send(0, 1, 1)->len = sizeof(struct nunchi_head) + 8;
	assert_int_equal(drain_rings(e, 10), 0);
	assert_int_equal(taken[0], 1);
	send(0, 2, 2);
	assert_int_equal(drain_rings(e, 10), 1);
	assert_int_equal(e->missing, 1);
	engine_end(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_ways),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
