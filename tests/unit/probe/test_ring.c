/* SPDX-License-Identifier: Apache-2.0 */
/* The reader's end of a bulk ring, against a writer that does what bpf/lanes.bpf.c does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "probe/ring.h"

#define PIECE_SHIFT 16
#define PIECE (1U << PIECE_SHIFT)
#define PIECES 4
#define STRIDE (PIECE + NUNCHI_BULK_BEHIND)
#define SECRET 0x9e3779b97f4a7c15ULL
#define WRITERS 2
#define RECORDS 10000	/* of each */

struct rig {
	struct nunchi_bulk_put put;
	struct nunchi_bulk_taken taken;
	struct bulk bulk;
	struct ring ring;
	unsigned writers;	/* that have begun */
};

/* start: the word that the ring begins with. */
static void rig_make(struct rig *g, uint64_t start)
{
	*g = (struct rig){ .put.put = start, .put.taken = start, .taken.taken = start };
	g->bulk = (struct bulk){
		.put = &g->put, .taken = &g->taken, .piece_shift = PIECE_SHIFT, .stride = STRIDE, .pieces = PIECES, .secret = SECRET,
	};
	assert_int_equal(posix_memalign((void **)&g->bulk.data, NUNCHI_BULK_UNIT, (size_t)PIECES * STRIDE), 0);
	memset(g->bulk.data, 0, (size_t)PIECES * STRIDE);
	ring_bulk(&g->ring, &g->bulk);
}

static void rig_end(struct rig *g)
{
	free(g->bulk.data);
}

static struct nunchi_head *place(const struct rig *g, uint64_t word)
{
	uint64_t at = (uint64_t)(uint32_t)word * NUNCHI_BULK_UNIT;

	return (void *)(g->bulk.data + at / PIECE % PIECES * STRIDE + at % PIECE);
}

/* As bulk_reserve() does it, with the whole ring as its room. */
static bool reserve(struct rig *g, uint32_t len, uint64_t *ret)
{
	for (;;) {
		__u64 put = __atomic_load_n(&g->put.put, __ATOMIC_RELAXED), now = put;

		if (nunchi_bulk_used(put, g->put.taken) > PIECE) {
			g->put.taken = __atomic_load_n(&g->taken.taken, __ATOMIC_ACQUIRE);
			if (nunchi_bulk_used(put, g->put.taken) + nunchi_bulk_room(len) > (uint64_t)PIECE * PIECES) {
				if (__atomic_load_n(&g->put.put, __ATOMIC_RELAXED) != put)
					continue;
				return false;
			}
		}
		*ret = put;
		if (__atomic_compare_exchange_n(&g->put.put, &now, nunchi_bulk_next(put, len), false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			return true;
	}
}

/* Every byte after the head is what. */
static void fill(struct rig *g, uint64_t word, uint32_t len, unsigned char what)
{
	struct nunchi_head *head = place(g, word);

	head->len = len;
	memset(head + 1, what, len - sizeof(*head));
}

static void mark(struct rig *g, uint64_t word)
{
	__atomic_store_n(&place(g, word)->seq, word + SECRET, __ATOMIC_RELEASE);
}

static uint32_t length(unsigned i)
{
	return (uint32_t)sizeof(struct nunchi_head) + i * 2654435761U % 7 * i % (NUNCHI_RECORD_MAX - sizeof(struct nunchi_head));
}

/* Records 0, 1, ... of the writer that pid says. */
static void *write_all(void *arg)
{
	struct rig *g = arg;
	unsigned writer = __atomic_fetch_add(&g->writers, 1, __ATOMIC_RELAXED);
	uint64_t word;

	for (unsigned i = 0; i < RECORDS; i++) {
		while (!reserve(g, length(i), &word))
			sched_yield();
		fill(g, word, length(i), (unsigned char)i);
		place(g, word)->pid = writer;
		mark(g, word);
	}
	return NULL;
}

static void expect(const struct nunchi_head *head, uint32_t len, unsigned i)
{
	const unsigned char *bytes = (const void *)(head + 1);

	assert_int_equal(len, length(i));
	assert_int_equal(head->len, len);
	for (uint32_t k = 0; k < len - sizeof(*head); k++)
		if (bytes[k] != (unsigned char)i)
			fail_msg("record %u, byte %u: %u", i, k, bytes[k]);
}

static void read_all(uint64_t start)
{
	const struct nunchi_head *head;
	unsigned next[WRITERS] = { 0 };
	pthread_t writers[WRITERS];
	struct rig g;
	uint32_t len;

	rig_make(&g, start);
	for (unsigned i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&writers[i], NULL, write_all, &g), 0);
	for (unsigned i = 0; i < WRITERS * RECORDS; i++) {
		while (!(head = ring_peek(&g.ring, &len)))
			sched_yield();
		assert_in_range(head->pid, 0, WRITERS - 1);
		expect(head, len, next[head->pid]++);
		assert_int_equal(head->seq, (start >> 32) + i + 1);
		/* Whoever looks twice sees the same. */
		assert_ptr_equal(ring_peek(&g.ring, &len), head);
		ring_advance(&g.ring);
		if (!(i % 4))
			ring_commit(&g.ring);
	}
	for (unsigned i = 0; i < WRITERS; i++)
		pthread_join(writers[i], NULL);
	ring_commit(&g.ring);
	assert_true(ring_is_empty(&g.ring));
	assert_int_equal(ring_last_number(&g.ring), (start >> 32) + WRITERS * RECORDS);
	rig_end(&g);
}

static void test_all_come_in_order(void **state)
{
	read_all(0);
}

/* Both halves of the word begin anew in the middle: the number is told on. */
static void test_words_begin_anew(void **state)
{
	read_all((UINT32_MAX - 1000ULL) << 32 | (UINT32_MAX - 5000U));
}

/* One that is under way holds up those after it, and nobody takes the ring for empty. */
static void test_one_under_way(void **state)
{
	uint64_t first, second;
	struct rig g;
	uint32_t len;

	rig_make(&g, 0);
	assert_true(ring_is_empty(&g.ring));
	assert_true(reserve(&g, 200, &first));
	assert_true(reserve(&g, 300, &second));
	fill(&g, second, 300, 2);
	mark(&g, second);
	assert_null(ring_peek(&g.ring, &len));
	assert_false(ring_is_empty(&g.ring));
	fill(&g, first, 200, 1);
	assert_null(ring_peek(&g.ring, &len));
	mark(&g, first);
	assert_non_null(ring_peek(&g.ring, &len));
	assert_int_equal(len, 200);
	ring_advance(&g.ring);
	assert_non_null(ring_peek(&g.ring, &len));
	assert_int_equal(len, 300);
	rig_end(&g);
}

/* What earlier rounds have left is no record: not by their marks. */
static void test_what_was_there(void **state)
{
	const struct nunchi_head *head;
	uint64_t word;
	struct rig g;
	uint32_t len;

	rig_make(&g, 0);
	for (unsigned i = 0; i < 5000; i++) {
		assert_true(reserve(&g, 64 * 3, &word));
		/* Reserved, not yet written: the bytes of the round before. */
		assert_null(ring_peek(&g.ring, &len));
		fill(&g, word, 64 * 3, (unsigned char)(word + 1));
		mark(&g, word);
		head = ring_peek(&g.ring, &len);
		assert_non_null(head);
		assert_int_equal(head->seq, i + 1);
		ring_advance(&g.ring);
		ring_commit(&g.ring);
	}
	rig_end(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_come_in_order),
		cmocka_unit_test(test_words_begin_anew),
		cmocka_unit_test(test_one_under_way),
		cmocka_unit_test(test_what_was_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
