/* SPDX-License-Identifier: Apache-2.0 */
/* What no hook sees is told of the container that begins it, once. The pipeline is this file. */
#include "engine/internal.h"

#include "../event/record.h"

static unsigned n_told;
static uint32_t told_pid;

void pipeline_made(struct engine *e)
{
	struct event ev;

	decode(&ev, &e->record);
	model_apply(e->model, &ev);
	assert_int_equal(ev.type, EVENT_BLIND);
	assert_non_null(ev.container);
	told_pid = ev.head->pid;
	n_told++;
}

static void apply(struct engine *e, struct strbuf *rec)
{
	struct event ev;

	decode(&ev, rec);
	model_apply(e->model, &ev);
}

static struct engine *engine_begin(uint32_t unseen)
{
	struct engine *e = xcalloc(1, sizeof(*e));
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT;

	n_told = 0;
	e->unseen = unseen;
	e->model = model_new((size_t)4 << 20);
	for (uint32_t slot = 7; slot < 9; slot++) {
		const char *id = slot == 7 ? "web" : "job";

		strbuf_reset(&rec);
		encode_container(&rec, &(struct container_info){ .id = (char *)id, .name = (char *)id }, 1);
		apply(e, &rec);
		strbuf_reset(&rec);
		encode_slot(&rec, slot, 1, id, 1);
		apply(e, &rec);
	}
	return e;
}

static void engine_end(struct engine *e)
{
	model_free(e->model);
	strbuf_free(&e->record);
	free(e);
}

static void look(struct engine *e, uint32_t slot, enum nunchi_kind kind, const char *call, int64_t ret, uint32_t traits)
{
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT;
	struct nunchi_traits t = { .flags = traits };
	struct nunchi_call numbers = { .nr = (uint32_t)syscall_nr(call_named(call)), .ret = ret };
	struct nunchi_head head = head_of(kind, 50);

	head.slot = slot;
	head.generation = 1;
	encode_begin(&rec, &head);
	encode_bytes(&rec, &numbers, sizeof(numbers));
	if (kind == NUNCHI_REC_EXEC)
		encode_blob(&rec, NUNCHI_BLOB_TRAITS, 0, 0, &t, sizeof(t));
	encode_end(&rec);
	blind_look(e, slot == 7 ? "web" : "job", (const void *)rec.s);
}

#define RING 1U << DOCTOR_UNSEEN_IO_URING
#define SETUP NUNCHI_REC_SYSCALL, "io_uring_setup"
#define EXEC NUNCHI_REC_EXEC, "execve", 0

static void test_a_ring(void **state)
{
	struct engine *e = engine_begin(RING);

	look(e, 7, NUNCHI_REC_SYSCALL, "openat", 3, 0);
	look(e, 7, SETUP, -1, 0);
	look(e, 7, SETUP, NUNCHI_RET_ENTRY, 0);
	look(e, 7, EXEC, NUNCHI_TRAIT_32);
	assert_int_equal(n_told, 0);
	look(e, 7, SETUP, 3, 0);
	assert_int_equal(n_told, 1);
	assert_int_equal(told_pid, 50);
	look(e, 7, SETUP, 4, 0);
	assert_int_equal(n_told, 1);
	look(e, 8, SETUP, 3, 0);
	assert_int_equal(n_told, 2);
	assert_int_equal(e->blind_said, 2);
	engine_end(e);
}

static void test_a_32_bit_program(void **state)
{
	static const uint32_t ways[] = { 1U << DOCTOR_UNSEEN_COMPAT, 1U << DOCTOR_UNSEEN_FUNCTIONS_32 | RING };

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct engine *e = engine_begin(ways[i]);

		look(e, 7, EXEC, NUNCHI_TRAIT_EXE);
		assert_int_equal(n_told, 0);
		look(e, 7, EXEC, NUNCHI_TRAIT_EXE | NUNCHI_TRAIT_32);
		look(e, 7, EXEC, NUNCHI_TRAIT_32);
		assert_int_equal(n_told, 1);
		engine_end(e);
	}
}

/* Where all of it is seen, and of a container that nobody knows. */
static void test_nothing(void **state)
{
	struct engine *e = engine_begin(1U << DOCTOR_UNSEEN_UNDER_WAY);
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT;

	look(e, 7, SETUP, 3, 0);
	look(e, 7, EXEC, NUNCHI_TRAIT_32);
	e->unseen = RING;
	begin_call(&rec, NUNCHI_REC_SYSCALL, "io_uring_setup", 3, 0, 0, 0);
	encode_end(&rec);
	blind_look(e, "nobody", (const void *)rec.s);
	assert_int_equal(n_told, 0);
	engine_end(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_ring),
		cmocka_unit_test(test_a_32_bit_program),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
