/* SPDX-License-Identifier: Apache-2.0 */
/* Containers that are called the same: one for each that there is, whoever tells of it, and no more. */
#include "../event/record.h"
#include "bare.h"

#define CALLED "web"
#define NUMBERED "web#2"

/* Whose first processes are there. */
static uint32_t alive[4];

void pipeline_made(struct engine *e)
{
	struct event ev;

	decode(&ev, &e->record);
	model_apply(e->model, &ev);
}

bool binder_is_alive(uint32_t pid)
{
	for (size_t i = 0; i < ARRAY_SIZE(alive); i++)
		if (pid && alive[i] == pid)
			return true;
	return false;
}

bool claim_same_mounts(const struct slot *slot, const struct container_info *info)
{
	return info->mntns && slot->mntns == info->mntns;
}

static struct engine *engine_begin(void)
{
	memset(alive, 0, sizeof(alive));
	alive[0] = 100;
	alive[1] = 200;
	return bare_engine();
}

/* What is said of CALLED gets this id, and is taken by the model if it is facts. */
static void assert_settles(struct engine *e, const struct container_info *said, bool facts, const struct slot *asked, const char *id)
{
	struct container_info *info = container_info_dup(said);

	free(info->id);
	info->id = xstrdup(CALLED);
	namesake_settle(e, info, asked);
	assert_string_equal(info->id, id);
	assert_string_equal(container_called(info), CALLED);
	if (facts) {
		encode_container(&e->record, info, 1);
		pipeline_made(e);
	}
	container_info_free(info);
}

static struct container_info said_by(const char *space, uint32_t init_pid)
{
	return (struct container_info){ .space = (char *)space, .owner = CONTAINER_OWNER_ROOT, .init_pid = init_pid,
					.init_start = init_pid * NSEC_PER_SEC };
}

static void test_two_spaces(void **state)
{
	struct container_info runc = said_by("/run/runc", 100), ctr = said_by("default", 200), word;
	struct engine *e = engine_begin();

	(void)state;
	assert_settles(e, &runc, true, NULL, CALLED);
	assert_settles(e, &ctr, true, NULL, NUMBERED);
	assert_string_equal(model_container(e->model, CALLED)->display, CALLED);
	assert_string_equal(model_container(e->model, NUMBERED)->display, NUMBERED);
	assert_string_equal(model_container(e->model, NUMBERED)->short_id, CALLED);
	/* Again, of its next run, and what is said of it without facts. */
	runc.init_pid = 101;
	assert_settles(e, &runc, true, NULL, CALLED);
	word = said_by("default", 0);
	assert_settles(e, &word, false, NULL, NUMBERED);
	word = said_by("/run/runc", 0);
	assert_settles(e, &word, false, NULL, CALLED);
	word = said_by("other", 0);
	assert_settles(e, &word, false, NULL, "web#3");
	assert_null(model_container(e->model, "web#3"));
	bare_engine_free(e);
}

/* The directory by another way: one first process is one container's. */
static void test_one_by_two_ways(void **state)
{
	struct container_info first = said_by("/run/runc", 100), second = said_by("/var/run/runc", 100);
	struct engine *e = engine_begin();

	(void)state;
	assert_settles(e, &first, true, NULL, CALLED);
	assert_settles(e, &second, true, NULL, CALLED);
	/* And once it has ended. */
	encode_container_gone(&e->record, CALLED, 2);
	pipeline_made(e);
	assert_settles(e, &first, false, NULL, CALLED);
	assert_settles(e, &second, false, NULL, CALLED);
	bare_engine_free(e);
}

/* What the kernel alone knows is the one of which is said what agrees with it, and no other that runs. */
static void test_known_by_the_kernel(void **state)
{
	struct container_info runc = said_by("/run/runc", 100), ctr = said_by("default", 200), early = said_by("default", 0);
	const struct slot asked = { .phase = SLOT_PENDING };
	struct engine *e = engine_begin();

	(void)state;
	encode_container(&e->record, &(struct container_info){ .id = (char *)CALLED, .init_pid = 100, .init_start = 100 * NSEC_PER_SEC },
			 1);
	pipeline_made(e);
	assert_settles(e, &ctr, false, NULL, NUMBERED);
	assert_settles(e, &early, false, &asked, NUMBERED);
	assert_settles(e, &runc, false, NULL, CALLED);
	/* Its run is over: whoever says something of that name says it of this one, as far as is known. */
	alive[0] = 0;
	assert_settles(e, &ctr, false, NULL, CALLED);
	bare_engine_free(e);
}

/* Slots that an earlier run had are known by their mounts. */
static void test_adopted(void **state)
{
	struct container_info runc = said_by("/run/runc", 100), ctr = said_by("default", 200);
	struct engine *e = engine_begin();

	(void)state;
	e->slots[7] = (struct slot){ .phase = SLOT_CONTAINER, .id = (char *)CALLED, .mntns = 51 };
	e->slots[8] = (struct slot){ .phase = SLOT_CONTAINER, .id = (char *)NUMBERED, .mntns = 52 };
	e->slots_used = 9;
	encode_container(&e->record, &(struct container_info){ .id = (char *)CALLED }, 1);
	pipeline_made(e);
	encode_container(&e->record, &(struct container_info){ .id = (char *)NUMBERED, .called = (char *)CALLED }, 1);
	pipeline_made(e);
	runc.mntns = 52;
	ctr.mntns = 51;
	assert_settles(e, &runc, true, NULL, NUMBERED);
	assert_settles(e, &ctr, true, NULL, CALLED);
	bare_engine_free(e);
}

/* A user's of the same name is none of root's, whoever was first; and what engines call theirs is one container's. */
static void test_others(void **state)
{
	struct container_info root = said_by("/run/runc", 100), user = said_by("/run/user/1000/runc", 200), engine = said_by(NULL, 300);
	struct engine *e = engine_begin();

	(void)state;
	user.owner = container_owner(1000);
	assert_settles(e, &user, true, NULL, CALLED);
	assert_settles(e, &root, true, NULL, NUMBERED);
	assert_settles(e, &user, true, NULL, CALLED);
	assert_settles(e, &engine, false, NULL, CALLED);
	bare_engine_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_spaces),
		cmocka_unit_test(test_one_by_two_ways),
		cmocka_unit_test(test_known_by_the_kernel),
		cmocka_unit_test(test_adopted),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
