/* SPDX-License-Identifier: Apache-2.0 */
/* Slots that are opened and bound. What is on all sides of that is this file. */
#include "bare.h"

#include "../event/record.h"

#define ID "aaaabbbbcccc"
#define SLOT 300U
#define HOLD_BYTES 1000U

void pipeline_made(struct engine *e)
{
	struct event ev;

	decode(&ev, &e->record);
	model_apply(e->model, &ev);
}

/* A slot is whose the test says; and those with a parent were opened in this one. */
static struct container *found, *around;

struct container *claim_find(struct engine *e, const struct slot *slot)
{
	(void)e;
	(void)slot;
	return found;
}

struct slot *claim_parent(struct engine *e, const struct slot *slot)
{
	(void)e;
	(void)slot;
	return NULL;
}

struct container *claim_outer(struct engine *e, const struct slot *slot)
{
	(void)e;
	return slot->parent ? around : NULL;
}

struct container *claim_by_kernel(struct engine *e, const struct slot *slot, const char *why)
{
	(void)e;
	(void)slot;
	(void)why;
	return NULL;
}

bool claim_matches(const struct slot *slot, const struct container_info *info)
{
	(void)slot;
	(void)info;
	return false;
}

bool claim_is_anothers(const struct slot *slot, const struct container_info *info)
{
	(void)slot;
	(void)info;
	return false;
}

bool claim_may_be(struct engine *e, const struct slot *slot, const struct container_info *info)
{
	(void)e;
	(void)slot;
	(void)info;
	return false;
}

unsigned probe_slots(const struct probe *p)
{
	(void)p;
	return NUNCHI_SLOTS_MAX;
}

/* What the kernel side has counted in the slot, and what of it is in an account. */
static uint64_t counted, in_account, lost;
static bool is_retired;

bool account_close(struct engine *e, uint32_t slot)
{
	(void)e;
	(void)slot;
	in_account = counted;
	return true;
}

bool account_complete(struct engine *e, uint32_t slot)
{
	(void)e;
	(void)slot;
	return true;
}

void backlog_release(struct engine *e, struct slot *slot)
{
	e->held_bytes -= slot->held.bytes;
	slot->held.bytes = 0;
}

size_t backlog_room(const struct engine *e)
{
	(void)e;
	return SIZE_MAX;
}

void block_slot(struct engine *e, const struct slot *slot)
{
	(void)e;
	(void)slot;
}

void hold_add(struct hold_queue *q, const struct nunchi_head *record)
{
	q->bytes += record->len;
}

struct held *hold_take(struct hold_queue *q)
{
	(void)q;
	return NULL;
}

void in_force_slot(struct engine *e, uint32_t slot, uint32_t generation, struct container *c)
{
	(void)e;
	(void)slot;
	(void)generation;
	(void)c;
}

void life_said_gone(struct engine *e, const char *id, uint64_t said)
{
	(void)e;
	(void)id;
	(void)said;
}

void probe_forget_cgroup(struct probe *p, uint32_t slot, uint32_t generation, uint64_t id)
{
	(void)p;
	(void)slot;
	(void)generation;
	(void)id;
}

void probe_forget_pidns(struct probe *p, uint32_t slot, uint32_t generation, uint32_t inum)
{
	(void)p;
	(void)slot;
	(void)generation;
	(void)inum;
}

void probe_keep(struct probe *p, uint32_t slot, struct probe_kept *kept)
{
	(void)p;
	(void)slot;
	(void)kept;
}

void probe_kept(struct probe *p, void (*fn)(uint32_t slot, const struct probe_kept *k, void *arg), void *arg)
{
	(void)p;
	(void)fn;
	(void)arg;
}

void probe_slot_cgroup(struct probe *p, uint32_t slot, uint32_t generation, uint64_t id)
{
	(void)p;
	(void)slot;
	(void)generation;
	(void)id;
}

uint32_t probe_slot_host(struct probe *p, uint32_t slot, uint32_t generation, enum nunchi_mode mode)
{
	(void)p;
	(void)slot;
	(void)mode;
	return generation;
}

void probe_slot_pidns(struct probe *p, uint32_t slot, uint32_t generation, uint32_t inum, bool exclusive)
{
	(void)p;
	(void)slot;
	(void)generation;
	(void)inum;
	(void)exclusive;
}

/* Who is in it goes on till then, and a program that has found it counts once more. */
void probe_slot_retire(struct probe *p, uint32_t slot, uint32_t generation)
{
	(void)p;
	(void)slot;
	(void)generation;
	assert_false(is_retired);
	is_retired = true;
	counted += 2;
}

void probe_slot_free(struct probe *p, uint32_t slot, uint32_t generation)
{
	(void)p;
	(void)slot;
	(void)generation;
	assert_true(is_retired);
	lost += counted - in_account;
	counted = 0;
	is_retired = false;
}

void probe_slot_sandbox(struct probe *p, uint32_t slot, uint32_t generation)
{
	(void)p;
	(void)slot;
	(void)generation;
}

void probe_slot_set(struct probe *p, uint32_t slot, uint32_t generation, enum nunchi_slot_state state,
		    enum nunchi_mode mode)
{
	(void)p;
	(void)slot;
	(void)generation;
	(void)state;
	(void)mode;
}

static struct engine *engine_begin(void)
{
	static const struct engine_config config = { .hold_ms = 1000, .hold_bytes = HOLD_BYTES };
	struct engine *e = bare_engine();

	e->config = &config;
	return e;
}

static void engine_end(struct engine *e)
{
	binder_free(e);
	bare_engine_free(e);
}

static struct container *say_container(struct engine *e, const char *id, uint32_t init_pid)
{
	const struct container_info info = { .id = (char *)id, .init_pid = init_pid };

	encode_container(&e->record, &info, 1);
	pipeline_made(e);
	return model_container(e->model, id);
}

static struct slot *open_slot(struct engine *e, uint16_t flags, const char *comm)
{
	struct nunchi_head head = head_of(NUNCHI_REC_SYSCALL, 100);

	head.slot = SLOT;
	head.generation = 1;
	head.flags = flags;
	snprintf(head.comm, sizeof(head.comm), "%s", comm);
	return binder_slot(e, &head);
}

/* The model may forget a container that lives, if there are too many; who hears of it again must be its slot's, too. */
static void test_slot_of_forgotten(void **state)
{
	struct engine *e = engine_begin();
	struct container *c;

	(void)state;
	found = say_container(e, ID, 0);
	open_slot(e, 0, "sh");
	assert_true(model_slot(e->model, SLOT, 1, &c));
	assert_ptr_equal(c, found);
	for (unsigned i = 0; model_container(e->model, ID); i++) {
		_cleanup_free_ char *id = xasprintf("c%u", i);

		say_container(e, id, 0);
	}
	assert_false(model_slot(e->model, SLOT, 1, &c));
	found = say_container(e, ID, 0);
	binder_container(e, found, found->info, 0);
	assert_true(model_slot(e->model, SLOT, 1, &c));
	assert_ptr_equal(c, found);
	engine_end(e);
}

/* A container's first exec is its start, but for what CRIU has restored. */
static void test_born(void **state)
{
	static const struct {
		uint16_t flags;
		const char *comm;
		bool born;
	} rows[] = {
		{ NUNCHI_F_SETUP, "runc:[1:CHILD]", true }, { 0, "sh", false },
		{ NUNCHI_F_SETUP, "criu", false },	    { NUNCHI_F_SETUP, "criu-swrk", false },
		{ NUNCHI_F_SETUP, "crun", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct engine *e = engine_begin();

		found = say_container(e, ID, 0);
		assert_int_equal(open_slot(e, rows[i].flags, rows[i].comm)->born, rows[i].born);
		engine_end(e);
	}
}

/* A slot's account is closed when nothing can be counted in it any more, and not before. */
static void test_given_back(void **state)
{
	struct engine *e = engine_begin();
	const struct slot *slot;
	uint64_t retired;

	(void)state;
	found = say_container(e, ID, 0);
	slot = open_slot(e, 0, "sh");
	counted = 1000;
	binder_stopped(e, ID);
	binder_tick(e, slot->release_at - 1);
	assert_false(is_retired);
	retired = clock_boot();
	binder_tick(e, slot->release_at);
	assert_true(is_retired && slot->retired && slot->phase == SLOT_CONTAINER);
	assert_true(slot->release_at >= retired + ENGINE_RETIRED_NS);
	/* What is said of the container meanwhile is not of this slot. */
	binder_container(e, found, found->info, 0);
	assert_true(slot->release_at);
	binder_tick(e, slot->release_at);
	assert_false(is_retired);
	assert_int_equal(slot->phase, SLOT_UNKNOWN);
	assert_int_equal(slot->generation, 2);
	assert_int_equal(in_account, 1002);
	assert_int_equal(lost, 0);
	engine_end(e);
}

static void hold(struct engine *e, uint32_t slot, uint32_t bytes)
{
	struct nunchi_head head = head_of(NUNCHI_REC_SYSCALL, 100);

	head.slot = slot;
	head.len = bytes;
	binder_hold(e, &e->slots[slot], &head);
}

/* What a container opens in itself must not use up the room in which new containers wait for their names. */
static void test_too_much_waits(void **state)
{
	struct engine *e = engine_begin();
	struct slot *inner = &e->slots[SLOT], *idle = inner + 1, *new = inner + 2, *other = inner + 3;

	(void)state;
	found = NULL;
	around = say_container(e, ID, 0);
	for (struct slot *slot = inner; slot <= other; slot++)
		*slot = (struct slot){ .phase = SLOT_PENDING, .generation = 1, .parent = slot < new ? 7 : 0 };
	e->slots_used = SLOT + 4;
	hold(e, SLOT, HOLD_BYTES);
	hold(e, SLOT + 2, 100);
	assert_int_equal(inner->phase, SLOT_CONTAINER);
	assert_string_equal(inner->id, ID);
	assert_int_equal(idle->phase, SLOT_PENDING);
	assert_int_equal(new->phase, SLOT_PENDING);
	assert_int_equal(e->held_bytes, 100);
	/* If that does not do, the one with one too many. */
	hold(e, SLOT + 3, HOLD_BYTES);
	assert_int_equal(new->phase, SLOT_PENDING);
	assert_int_equal(other->phase, SLOT_HOST);
	assert_int_equal(e->held_bytes, 100);
	engine_end(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slot_of_forgotten),
		cmocka_unit_test(test_born),
		cmocka_unit_test(test_given_back),
		cmocka_unit_test(test_too_much_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
