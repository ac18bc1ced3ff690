/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a slot can be: by what the kernel has seen, and a name only where nobody else has it. */
#include "../event/record.h"
#include "bare.h"

#define OUTER 10U	/* slots */
#define INNER 11U
#define MINE "1111111111111111111111111111111111111111111111111111111111111111"
#define THEIRS "2222222222222222222222222222222222222222222222222222222222222222"

void pipeline_made(struct engine *e)
{
	struct event ev;

	decode(&ev, &e->record);
	model_apply(e->model, &ev);
}

/* Whether the first process of a container that is called as the slot's is there. */
static bool runs;

bool namesake_runs(const struct container *c)
{
	return runs && c->running;
}

char *namesake_id(const struct engine *e, const char *called)
{
	(void)e;
	return xasprintf("%s#2", called);
}

static struct container *say_container(struct engine *e, const struct container_info *info)
{
	encode_container(&e->record, info, 1);
	pipeline_made(e);
	return model_container(e->model, info->id);
}

/* A slot of a container, and one that was opened in it, in mounts and a cgroup of its own. */
static struct slot *open_inner(struct engine *e, const char *opener)
{
	e->slots[OUTER] = (struct slot){ .phase = SLOT_CONTAINER, .generation = 3, .id = (char *)MINE, .cgroup_path = (char *)"/docker/" MINE };
	e->slots[INNER] = (struct slot){ .phase = SLOT_PENDING, .generation = 1, .parent = OUTER, .parent_generation = 3,
					 .mntns = 51, .cgroup = 61, .born = true, .time = NSEC_PER_SEC };
	snprintf(e->slots[INNER].opener, sizeof(e->slots[INNER].opener), "%s", opener);
	return &e->slots[INNER];
}

static void test_matches(void **state)
{
	static const struct {
		const char *what;
		struct slot slot;
		struct container_info info;
		bool matches;
	} rows[] = {
		{ "nothing is known", { .mntns = 0 }, { .init_pid = 7 }, false },
		{ "cgroup", { .cgroup = 5 }, { .cgroup_id = 5 }, true },
		{ "another's", { .cgroup = 5 }, { .cgroup_id = 6 }, false },
		{ "cgroup's path", { .cgroup_path = (char *)"/a" }, { .cgroup = (char *)"/a" }, true },
		{ "mounts", { .mntns = 5 }, { .mntns = 5 }, true },
		{ "mounts of another init", { .mntns = 5, .init_pid = 7 }, { .mntns = 5, .init_pid = 8 }, false },
		{ "a number that is given out again", { .mntns = 5, .key = 70 }, { .mntns = 5, .mntns_key = 71 }, false },
		{ "what is never given out again", { .mntns = 5, .key = 70 }, { .mntns = 6, .mntns_key = 70 }, true },
		{ "of the host's only the cgroup", { .phase = SLOT_HOST, .mntns = 5 }, { .mntns = 5 }, false },
		{ "an init that is older than the namespace", { .mntns = 5, .born = true, .time = 9 * NSEC_PER_SEC },
		  { .mntns = 5, .init_start = 8 * NSEC_PER_SEC }, false },
		{ "as old, as /proc tells it", { .mntns = 5, .born = true, .time = 9 * NSEC_PER_SEC },
		  { .mntns = 5, .init_start = 9 * NSEC_PER_SEC - PROCESS_START_GRAIN }, true },
		{ "a container that ran in that cgroup when a runtime made this", { .cgroup = 5, .mntns = 5, .born = true,
		    .time = 9 * NSEC_PER_SEC, .opener = "runc:[2:INIT]" },
		  { .cgroup_id = 5, .mntns = 6, .init_start = 8 * NSEC_PER_SEC }, false },
		{ "one that had waited, and goes on", { .cgroup = 5, .mntns = 5, .born = true, .time = 9 * NSEC_PER_SEC,
		    .opener = "runc:[2:INIT]" }, { .cgroup_id = 5, .mntns = 5, .init_start = 8 * NSEC_PER_SEC }, true },
		{ "the one that it made", { .cgroup = 5, .born = true, .time = 9 * NSEC_PER_SEC, .opener = "runc:[2:INIT]" },
		  { .cgroup_id = 5, .init_start = 9 * NSEC_PER_SEC }, true },
		{ "who came into that cgroup", { .cgroup = 5, .born = true, .time = 9 * NSEC_PER_SEC, .opener = "sh" },
		  { .cgroup_id = 5, .init_start = 8 * NSEC_PER_SEC }, true },
		{ "an init that came after one that was there before us", { .mntns = 5, .time = 8 * NSEC_PER_SEC },
		  { .mntns = 5, .init_start = 9 * NSEC_PER_SEC }, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (claim_matches(&rows[i].slot, &rows[i].info) != rows[i].matches)
			fail_msg("%s", rows[i].what);
}

/* A cgroup is easily entered: what was opened in a container is another's by its mounts alone. */
static void test_inside(void **state)
{
	struct engine *e = bare_engine();
	struct slot *slot = open_inner(e, "sh");

	assert_true(claim_may_be(e, slot, &(struct container_info){ .mntns = 51 }));
	assert_false(claim_may_be(e, slot, &(struct container_info){ .cgroup_id = 61 }));
	slot->parent_generation = 2;	/* that slot has been given back, and is another container's now */
	assert_null(claim_parent(e, slot));
	assert_true(claim_may_be(e, slot, &(struct container_info){ .cgroup_id = 61 }));
	bare_engine_free(e);
}

/* Who unshares is in his container; who makes one in it makes a container, but none that runs already. */
static void test_nested(void **state)
{
	struct engine *e = bare_engine();
	struct container *mine = say_container(e, &(struct container_info){ .id = (char *)MINE, .init_pid = 100,
									    .cgroup = (char *)"/docker/" MINE });
	struct container *theirs = say_container(e, &(struct container_info){ .id = (char *)THEIRS, .init_pid = 200,
									      .parent_id = (char *)MINE });
	struct slot *slot = open_inner(e, "unshare");

	slot->cgroup_path = (char *)"/docker/" MINE;
	assert_ptr_equal(claim_find(e, slot), mine);
	slot = open_inner(e, "runc:[2:INIT]");
	slot->cgroup_path = (char *)"/docker/" MINE "/inner";
	assert_string_equal(claim_find(e, slot)->info->id, "inner");
	slot->cgroup_path = (char *)"/docker/" THEIRS;
	assert_true(theirs->running);
	assert_null(claim_find(e, slot));
	bare_engine_free(e);
}

/* Of two in one cgroup that whose mounts it has. */
static void test_one_cgroup(void **state)
{
	struct engine *e = bare_engine();
	struct slot slot = { .phase = SLOT_PENDING, .cgroup = 5, .mntns = 52, .time = 9 * NSEC_PER_SEC };
	struct container_info info = { .id = (char *)"a", .init_pid = 100, .init_start = NSEC_PER_SEC, .cgroup_id = 5, .mntns = 51 };

	(void)state;
	say_container(e, &info);
	info.id = (char *)"b";
	info.mntns = 52;
	say_container(e, &info);
	assert_string_equal(claim_find(e, &slot)->info->id, "b");
	slot.mntns = 51;
	assert_string_equal(claim_find(e, &slot)->info->id, "a");
	slot.mntns = 53;
	assert_string_equal(claim_find(e, &slot)->info->id, "a");
	bare_engine_free(e);
}

/* What a runtime makes while one of that name runs is one more; not by an engine's id, nor in a container. */
static void test_called_the_same(void **state)
{
	const struct engine_config config = { .host = false };
	struct engine *e = bare_engine();
	struct slot slot = { .phase = SLOT_PENDING, .born = true, .time = 9 * NSEC_PER_SEC, .opener = "runc:[2:INIT]",
			     .cgroup_path = (char *)"/elsewhere/web" };
	struct container *c, *first;

	(void)state;
	e->config = &config;
	first = say_container(e, &(struct container_info){ .id = (char *)"web", .init_pid = 100, .owner = CONTAINER_OWNER_ROOT,
							   .space = (char *)"/run/runc", .image = (char *)"theirs" });
	runs = false;
	assert_null(claim_by_kernel(e, &slot, "why"));
	runs = true;
	c = claim_by_kernel(e, &slot, "why");
	assert_non_null(c);
	assert_ptr_not_equal(c, first);
	assert_string_equal(c->info->id, "web#2");
	assert_string_equal(container_called(c->info), "web");
	assert_string_equal(c->info->name, "web");
	assert_null(c->info->image);
	/* That has ended: its next run is no third. */
	assert_ptr_equal(claim_by_kernel(e, &slot, "why"), c);
	slot.parent = OUTER;
	slot.parent_generation = 3;
	e->slots[OUTER].generation = 3;
	assert_null(claim_by_kernel(e, &slot, "why"));
	slot.parent = 0;
	say_container(e, &(struct container_info){ .id = (char *)MINE, .init_pid = 100, .owner = CONTAINER_OWNER_ROOT });
	slot.cgroup_path = (char *)"/elsewhere/" MINE;
	assert_null(claim_by_kernel(e, &slot, "why"));
	bare_engine_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_inside),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_one_cgroup),
		cmocka_unit_test(test_called_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
