/* SPDX-License-Identifier: Apache-2.0 */
/* Losses as they are told, held against a kernel side and an output that are this file. */
#include "engine/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define SLOT 7
#define OPENAT 257
#define CONNECT 42

/* What the kernel side has lost, and what it has kept of that. */
static struct nunchi_account kernel;
static struct {
	struct nunchi_loss_key key;
	struct nunchi_loss loss;
} rows[4];
static size_t n_rows;
static uint64_t seen;

/* What was told, while the output takes it. */
static bool takes;
static struct nunchi_lost told[4];
static struct nunchi_lost_kind kinds[4][4];
static size_t n_told;

bool pipeline_record(struct engine *e, const struct nunchi_head *record)
{
	const struct nunchi_lost *lost = (const void *)(record + 1);

	(void)e;
	assert_int_equal(record->kind, NUNCHI_REC_LOST);
	if (!takes)
		return false;
	assert_true(n_told < ARRAY_SIZE(told) && lost->kinds <= ARRAY_SIZE(kinds[0]));
	told[n_told] = *lost;
	memcpy(kinds[n_told++], lost + 1, lost->kinds * sizeof(kinds[0][0]));
	return true;
}

uint64_t probe_losses_seen(const struct probe *p)
{
	(void)p;
	return seen;
}

void probe_account(struct probe *p, uint32_t slot, struct nunchi_account *ret)
{
	(void)p;
	*ret = slot == SLOT ? kernel : (struct nunchi_account){ .seen = 0 };
}

void probe_losses(struct probe *p,
		  void (*fn)(const struct nunchi_loss_key *key, const struct nunchi_loss *loss, void *arg), void *arg)
{
	(void)p;
	for (; n_rows; n_rows--)
		fn(&rows[n_rows - 1].key, &rows[n_rows - 1].loss, arg);
}

static void lose_in_kernel(uint16_t what, uint64_t count, uint64_t first, uint64_t last)
{
	kernel.dropped[NUNCHI_DROP_RING_FULL] += count;
	rows[n_rows].key = (struct nunchi_loss_key){ .slot = SLOT, .reason = NUNCHI_DROP_RING_FULL, .what = what };
	rows[n_rows++].loss = (struct nunchi_loss){ .count = count, .first = first, .last = last };
	seen += count;
}

static struct engine *engine_begin(void)
{
	struct engine *e = xcalloc(1, sizeof(*e));

	memset(&kernel, 0, sizeof(kernel));
	n_rows = n_told = 0;
	seen = 0;
	takes = true;
	e->slots = xcalloc(NUNCHI_SLOTS_MAX, sizeof(*e->slots));
	e->probe = (struct probe *)e;	/* which nobody looks into */
	return e;
}

static void engine_end(struct engine *e)
{
	losses_free(e);
	strbuf_free(&e->loss);
	free(e->slots);
	free(e);
}

/* Refused once: the next time it is the same loss, with its kinds and times, and what came since. */
static void test_retry_keeps_kinds(void **state)
{
	struct engine *e = engine_begin();

	(void)state;
	lose_in_kernel(OPENAT, 3, 100, 120);
	lose_in_kernel(CONNECT, 1, 90, 90);
	takes = false;
	losses_tell(e, 1000);
	assert_true(e->losses_untold);
	assert_true(losses_are_due(e));
	lose_in_kernel(OPENAT, 2, 1100, 1200);
	takes = true;
	losses_tell(e, 2000);
	assert_int_equal(n_told, 1);
	assert_int_equal(told[0].count, 6);
	assert_int_equal(told[0].first, 90);
	assert_int_equal(told[0].last, 1200);
	assert_int_equal(told[0].kinds, 2);
	assert_int_equal(kinds[0][0].what, OPENAT);
	assert_int_equal(kinds[0][0].count, 5);
	assert_int_equal(kinds[0][1].what, CONNECT);
	assert_int_equal(kinds[0][1].count, 1);
	assert_false(e->losses_untold);
	losses_tell(e, 3000);
	assert_int_equal(n_told, 1);	/* once */
	engine_end(e);
}

/* That the table of kinds had no room is no reason not to tell how many, and since when at the most. */
static void test_without_kinds(void **state)
{
	struct engine *e = engine_begin();

	(void)state;
	losses_tell(e, 1000);
	kernel.dropped[NUNCHI_DROP_RING_FULL] += 7;
	e->slots_used = SLOT + 1;
	losses_tell(e, 2000);
	assert_int_equal(n_told, 1);
	assert_int_equal(told[0].count, 7);
	assert_int_equal(told[0].kinds, 0);
	assert_int_equal(told[0].first, 1000);
	assert_int_equal(told[0].last, 2000);
	engine_end(e);
}

/* A slot is not given to another container before its losses are told, of which it has the kinds. */
static void test_slot_waits(void **state)
{
	struct engine *e = engine_begin();

	(void)state;
	lose_in_kernel(OPENAT, 3, 100, 120);
	takes = false;
	assert_false(losses_tell_slot(e, SLOT, 1000));
	takes = true;
	assert_true(losses_tell_slot(e, SLOT, 2000));
	assert_int_equal(n_told, 1);
	assert_int_equal(told[0].kinds, 1);
	assert_int_equal(e->losses.count, 0);
	engine_end(e);
}

/* What the output has not taken is not told while it takes nothing. */
static void test_output_waits(void **state)
{
	struct engine *e = engine_begin();
	const struct nunchi_head record = { .kind = NUNCHI_REC_EXIT, .slot = SLOT, .time = 50, .len = sizeof(record) };

	(void)state;
	losses_add(e, &record, NUNCHI_DROP_OUTPUT);
	e->blocked = true;
	assert_false(losses_tell_slot(e, SLOT, 1000));
	losses_tell(e, 1000);
	assert_int_equal(n_told, 0);
	assert_true(e->losses_untold);
	e->blocked = false;
	assert_true(losses_are_due(e));
	losses_tell(e, 2000);
	assert_int_equal(n_told, 1);
	assert_int_equal(told[0].count, 1);
	assert_int_equal(kinds[0][0].what, NUNCHI_CALLS_MAX + NUNCHI_REC_EXIT);
	engine_end(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retry_keeps_kinds),
		cmocka_unit_test(test_without_kinds),
		cmocka_unit_test(test_slot_waits),
		cmocka_unit_test(test_output_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
