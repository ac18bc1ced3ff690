/* SPDX-License-Identifier: Apache-2.0 */
/* What starts and ends a container, by records and by runtimes' words. The pipeline and the slots are this file. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "../event/record.h"
#include "../tree.h"
#include "bare.h"

#define ID "aaaabbbbcccc"

static unsigned n_created, n_started, n_stopped, n_removed, n_waiting, n_escapes;

static void take(struct engine *e, const struct nunchi_head *record)
{
	const char *why;
	struct event ev;

	assert_int_equal(event_decode(&ev, record, record->len, 0, &why), 0);
	model_apply(e->model, &ev);
	n_created += ev.type == EVENT_CONTAINER_CREATED;
	n_started += ev.type == EVENT_CONTAINER_STARTED;
	n_stopped += ev.type == EVENT_CONTAINER_STOPPED;
	n_removed += ev.type == EVENT_CONTAINER_REMOVED;
	n_escapes += record->kind == NUNCHI_REC_ESCAPE;
}

void pipeline_made(struct engine *e)
{
	encode_end(&e->record);
	take(e, (const struct nunchi_head *)(const void *)e->record.s);
}

bool pipeline_record(struct engine *e, const struct nunchi_head *record)
{
	take(e, record);
	return true;
}

void backlog_add(struct engine *e, const struct nunchi_head *record)
{
	(void)e;
	assert_int_equal(record->kind, NUNCHI_REC_LIFE);
	n_waiting++;
}

bool binder_is_alive(uint32_t pid)
{
	return kill((pid_t)pid, 0) == 0;
}

void binder_stopped(struct engine *e, const char *id)
{
	(void)e;
	(void)id;
}

bool binder_ends_later(struct engine *e, const char *id, uint64_t said)
{
	(void)e;
	(void)id;
	(void)said;
	return false;
}

bool binder_saw_birth(const struct engine *e, const struct container_info *info, uint64_t token)
{
	(void)e;
	(void)info;
	(void)token;
	return false;
}

bool binder_is_about(const struct engine *e, const struct container_info *info)
{
	(void)e;
	(void)info;
	return false;
}

void binder_container(struct engine *e, struct container *c, const struct container_info *info, uint64_t token)
{
	(void)e;
	(void)c;
	(void)info;
	(void)token;
}

const struct slot *binder_asked(struct engine *e, uint64_t token)
{
	(void)e;
	(void)token;
	return NULL;
}

void namesake_settle(struct engine *e, struct container_info *info, const struct slot *asked)
{
	(void)e;
	(void)info;
	(void)asked;
}

void binder_unknown(struct engine *e, uint64_t token)
{
	(void)e;
	(void)token;
}

void act_done(struct engine *e, const struct runtime_message *message)
{
	(void)e;
	(void)message;
}

void blind_look(struct engine *e, const char *container, const struct nunchi_head *record)
{
	(void)e;
	(void)container;
	(void)record;
}

void probe_slot_pidns(struct probe *p, uint32_t slot, uint32_t generation, uint32_t pidns, bool exclusive)
{
	(void)p;
	(void)slot;
	(void)generation;
	(void)pidns;
	(void)exclusive;
}

static struct engine *engine_begin(void)
{
	n_created = n_started = n_stopped = n_removed = n_waiting = n_escapes = 0;
	return bare_engine();
}

static void say_gone(struct engine *e)
{
	struct runtime_message *m = xcalloc(1, sizeof(*m));

	m->type = RUNTIME_GONE;
	m->info = xcalloc(1, sizeof(*m->info));
	m->info->id = xstrdup(ID);
	m->time = clock_boot();
	life_message(e, m);
}

static bool say_runs(struct engine *e, uint32_t pid, uint64_t start)
{
	struct runtime_message *m = xcalloc(1, sizeof(*m));

	m->type = RUNTIME_CONTAINER;
	m->info = xcalloc(1, sizeof(*m->info));
	m->info->id = xstrdup(ID);
	m->info->init_pid = pid;
	m->info->init_start = start;
	life_message(e, m);
	return model_container(e->model, ID)->running;
}

/* What was read of a run that is over by now starts none; another process can have its number. */
static void test_read_of_a_run_that_is_over(void **state)
{
	struct engine *e = engine_begin();

	(void)state;
	assert_true(say_runs(e, 100, NSEC_PER_SEC));
	encode_container_gone(&e->record, ID, 2 * NSEC_PER_SEC);
	pipeline_made(e);
	assert_false(say_runs(e, 100, NSEC_PER_SEC));
	assert_true(say_runs(e, 100, 3 * NSEC_PER_SEC));
	assert_int_equal(n_started, 2);
	bare_engine_free(e);
}

/* A list can leave out what runs: that it has ended is believed when it has. */
static void test_said_gone_and_lives(void **state)
{
	struct engine *e = engine_begin();
	pid_t pid = fork();
	struct container_info info = { .id = (char *)ID, .init_pid = (uint32_t)pid, .init_start = NSEC_PER_SEC };
	struct nunchi_head init = head_of(NUNCHI_REC_SYSCALL, (uint32_t)pid);
	const struct nunchi_call call = { .nr = (uint32_t)syscall_nr(call_named("getpid")) };

	(void)state;
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (1)
			pause();
	}
	encode_container(&e->record, &info, 1);
	pipeline_made(e);
	assert_int_equal(n_started, 1);
	init.start = info.init_start + PROCESS_START_GRAIN / 2;
	encode_begin(&e->record, &init);
	encode_bytes(&e->record, &call, sizeof(call));
	pipeline_made(e);
	say_gone(e);
	assert_int_equal(n_stopped, 0);
	assert_true(model_container(e->model, ID)->running);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	say_gone(e);
	assert_int_equal(n_stopped, 1);
	bare_engine_free(e);
}

/* Whose first process nobody knows, or another has the number of, is believed to have ended. */
static void test_said_gone_of_another(void **state)
{
	struct container_info info = { .id = (char *)ID, .init_pid = (uint32_t)getpid(), .init_start = NSEC_PER_SEC };
	struct nunchi_head other = head_of(NUNCHI_REC_SYSCALL, (uint32_t)getpid());
	const struct nunchi_call call = { .nr = (uint32_t)syscall_nr(call_named("getpid")) };

	(void)state;
	other.start = info.init_start + 2 * PROCESS_START_GRAIN;
	for (int known = 0; known <= 1; known++) {
		struct engine *e = engine_begin();

		encode_container(&e->record, &info, 1);
		pipeline_made(e);
		encode_begin(&e->record, &other);
		encode_bytes(&e->record, &call, sizeof(call));
		if (known)
			pipeline_made(e);
		say_gone(e);
		assert_int_equal(n_stopped, 1);
		bare_engine_free(e);
	}
}

static uint64_t executed_at = 1000;	/* boot ns */

static void execute(struct engine *e, struct slot *slot, uint32_t pid, uint16_t flags)
{
	const struct nunchi_call call = { .nr = (uint32_t)syscall_nr(call_named("execve")) };
	struct nunchi_head head = head_of(NUNCHI_REC_EXEC, pid);
	_cleanup_strbuf_ struct strbuf record = STRBUF_INIT;

	head.slot = (uint32_t)(slot - e->slots);
	head.generation = slot->generation;
	head.flags = flags;
	head.time = executed_at;
	encode_begin(&record, &head);
	encode_bytes(&record, &call, sizeof(call));
	encode_end(&record);
	life_deliver(e, slot, (const struct nunchi_head *)(const void *)record.s);
}

/* The first program is its init, unless it comes from outside: a container's own need not execute anything. */
static void test_first_exec(void **state)
{
	struct engine *e = engine_begin();
	struct slot *slot = &e->slots[7];

	(void)state;
	*slot = (struct slot){ .phase = SLOT_CONTAINER, .generation = 1, .born = true, .id = (char *)ID };
	encode_container(&e->record, &(struct container_info){ .id = (char *)ID }, 1);
	pipeline_made(e);
	encode_slot(&e->record, 7, 1, ID, 1);
	pipeline_made(e);
	execute(e, slot, 100, NUNCHI_F_ENTERING | NUNCHI_F_ENTERED);
	execute(e, slot, 101, NUNCHI_F_ENTERED);
	assert_int_equal(n_started, 0);
	assert_false(slot->ran);
	execute(e, slot, 102, 0);
	assert_int_equal(n_started, 1);
	assert_int_equal(model_container(e->model, ID)->info->init_pid, 102);
	bare_engine_free(e);
}

static void say(struct engine *e, enum runtime_life life)
{
	struct runtime_message *m = xcalloc(1, sizeof(*m));

	m->type = RUNTIME_LIFE;
	m->life = life;
	m->info = xcalloc(1, sizeof(*m->info));
	m->info->id = xstrdup(ID);
	life_message(e, m);
}

/* That it was made is told once, before its start; what was made before us, or long ago, by its runtime or not at all. */
static void test_made_before_it_starts(void **state)
{
	static const struct {
		int made;	/* seconds after nunchi began; 0: not known */
		bool said_before, said_after;
		unsigned expected;
	} cases[] = {
		{ 99, false, false, 1 }, { 99, true, false, 1 }, { 99, false, true, 1 }, { 99, true, true, 1 },
		{ 0, false, true, 0 },	 { 0, true, true, 1 },	 { 1, false, true, 0 },	 { -1, false, true, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct container_info info = { .id = (char *)ID };
		struct engine *e = engine_begin();
		struct slot *slot = &e->slots[7];

		e->started = 100 * NSEC_PER_SEC;
		e->boot_to_epoch = 5000 * NSEC_PER_SEC;
		executed_at = e->started + 100 * NSEC_PER_SEC;
		if (cases[i].made)
			info.created = e->boot_to_epoch + e->started + (uint64_t)cases[i].made * NSEC_PER_SEC;
		*slot = (struct slot){ .phase = SLOT_CONTAINER, .generation = 1, .born = true, .id = (char *)ID };
		encode_container(&e->record, &info, 1);
		pipeline_made(e);
		encode_slot(&e->record, 7, 1, ID, 1);
		pipeline_made(e);
		if (cases[i].said_before)
			say(e, RUNTIME_LIFE_CREATED);
		execute(e, slot, 102, 0);
		if (cases[i].said_after)
			say(e, RUNTIME_LIFE_CREATED);
		assert_int_equal(n_created, cases[i].expected);
		assert_int_equal(n_started, 1);
		bare_engine_free(e);
	}
}

/* What the output has no room for yet was before what a runtime says. */
static void test_said_while_others_wait(void **state)
{
	struct engine *e = engine_begin();
	struct held waiting = { 0 };

	(void)state;
	encode_container(&e->record, &(struct container_info){ .id = (char *)ID }, 1);
	pipeline_made(e);
	e->backlog.first = &waiting;
	say(e, RUNTIME_LIFE_REMOVED);
	assert_int_equal(n_waiting, 1);
	assert_int_equal(n_removed, 0);
	e->backlog.first = NULL;
	say(e, RUNTIME_LIFE_REMOVED);
	assert_int_equal(n_waiting, 1);
	assert_int_equal(n_removed, 1);
	bare_engine_free(e);
}

/* What the kernel side says when a task of the container moves one to a cgroup of that hierarchy. */
static void move(struct engine *e, uint32_t pid, uint32_t hierarchy, const char *path)
{
	struct nunchi_head head = head_of(NUNCHI_REC_MOVED, pid);
	const struct nunchi_moved moved = { .hierarchy = hierarchy, .mover_slot = 2, .mover_generation = 1 };
	struct strbuf b = STRBUF_INIT;

	head.slot = 2;
	head.generation = 1;
	encode_begin(&b, &head);
	encode_bytes(&b, &moved, sizeof(moved));
	add_text(&b, NUNCHI_BLOB_CGROUP_PATH, 0, path);
	encode_end(&b);
	life_deliver(e, &e->slots[2], (const struct nunchi_head *)(const void *)b.s);
	strbuf_free(&b);
}

/* In a v1 hierarchy the container's cgroup can be at another path than in that by which it is known. */
static void test_moved_in_another_hierarchy(void **state)
{
	char root[] = "/tmp/nunchi-life-XXXXXX";
	struct engine_config config = { .runtimes.root = mkdtemp(root) };
	struct engine *e = engine_begin();
	struct container_info info = { .id = (char *)ID, .init_pid = (uint32_t)getpid(), .init_start = NSEC_PER_SEC,
				       .cgroup = (char *)"/" ID };
	struct nunchi_head init = head_of(NUNCHI_REC_SYSCALL, (uint32_t)getpid());
	const struct nunchi_call call = { .nr = (uint32_t)syscall_nr(call_named("getpid")) };

	(void)state;
	tree_put(root, "13:pids:/" ID "\n3:memory:/user.slice/" ID "/inner\n0::/\n", "/proc/%d/cgroup", (int)getpid());
	e->config = &config;
	encode_container(&e->record, &info, 1);
	pipeline_made(e);
	init.start = info.init_start;
	encode_begin(&e->record, &init);
	encode_bytes(&e->record, &call, sizeof(call));
	pipeline_made(e);
	e->slots[2] = (struct slot){ .phase = SLOT_CONTAINER, .generation = 1, .id = (char *)ID };
	move(e, 5, 13, "/" ID "/child");
	move(e, 5, 3, "/user.slice/" ID "/child");
	move(e, 5, 0, "/");	/* where the container is, too */
	assert_int_equal(n_escapes, 0);
	move(e, 5, 13, "/user.slice/" ID "/child");
	move(e, 5, 3, "/user.slice");
	move(e, 5, 3, "/other");
	move(e, 5, 13, "/");
	move(e, 5, 4, "/other");	/* in none that its first process is in */
	assert_int_equal(n_escapes, 5);
	/* Where its first process is now says nothing of where it was. */
	move(e, (uint32_t)getpid(), 3, "/user.slice/" ID);
	assert_int_equal(n_escapes, 6);
	e->slots[2].id = NULL;
	bare_engine_free(e);
	assert_int_equal(tree_remove(root), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_of_a_run_that_is_over),
		cmocka_unit_test(test_said_gone_and_lives),
		cmocka_unit_test(test_said_gone_of_another),
		cmocka_unit_test(test_first_exec),
		cmocka_unit_test(test_made_before_it_starts),
		cmocka_unit_test(test_said_while_others_wait),
		cmocka_unit_test(test_moved_in_another_hierarchy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
