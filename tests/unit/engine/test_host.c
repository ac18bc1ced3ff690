/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of times when somebody sets the clock: that is this file's. */
#include "engine/internal.h"

#include "../event/record.h"

static struct timespec epoch, boot;
static unsigned n_said, n_forgotten;

int clock_gettime(clockid_t id, struct timespec *ret)
{
	*ret = id == CLOCK_REALTIME ? epoch : boot;
	return 0;
}

void pipeline_made(struct engine *e)
{
	const struct nunchi_head *record = (const struct nunchi_head *)(const void *)e->record.s;
	const char *why;
	struct event ev;

	assert_int_equal(event_decode(&ev, record, record->len, e->boot_to_epoch, &why), 0);
	assert_int_equal(record->kind, NUNCHI_REC_HOST);
	assert_int_equal(record->time, e->started);
	model_apply(e->model, &ev);
	n_said++;
}

void output_forget(struct output *o, struct strbuf *out)
{
	(void)o;
	(void)out;
	n_forgotten++;
}

/* One that is slewed goes with the boot clock; one that is set, be it back, is said, and so are the names that were said before. */
static void test_clock_is_set(void **state)
{
	struct engine_config config = { .output = (struct output *)&epoch };	/* which nobody looks into */
	struct engine e = { .config = &config, .model = model_new(1 << 20) };
	size_t users;

	(void)state;
	boot = (struct timespec){ .tv_sec = 100 };
	epoch = (struct timespec){ .tv_sec = 1000 };
	e.started = clock_boot();
	e.boot_to_epoch = clock_epoch() - e.started;
	config.runtimes.root = "";
	host_say(&e);
	users = model_host(e.model)->n_users;
	assert_true(users);
	boot.tv_sec += 60;
	epoch.tv_sec += 60;
	epoch.tv_nsec = 900000;
	host_look_at_clock(&e);
	assert_int_equal(n_said, 1);
	for (int i = 0; i < 2; i++) {
		epoch.tv_sec += i ? -7200 : 3600;
		host_look_at_clock(&e);
		host_look_at_clock(&e);
		assert_int_equal(n_said, 2 + i);
		assert_int_equal(n_forgotten, 1 + i);
		assert_int_equal(clock_boot() + e.boot_to_epoch, clock_epoch());
		assert_int_equal(model_host(e.model)->boot_to_epoch, e.boot_to_epoch);
		assert_int_equal(model_host(e.model)->n_users, users);
	}
	model_free(e.model);
	strbuf_free(&e.record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock_is_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
