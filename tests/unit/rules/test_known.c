/* SPDX-License-Identifier: Apache-2.0 */
/* What a filter says before there is an event. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "rules/filter.h"

#include "../fields/world.h"

static struct world *world;

static int set_up(void **state)
{
	world = world_new();
	return 0;
}

static int tear_down(void **state)
{
	world_free(world);
	return 0;
}

static struct filter *parse(const char *text)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	struct filter *f = NULL;

	if (filter_parse(&f, text, &err) < 0)
		fail_msg("%s", err.s);
	return f;
}

#define F TRI_FALSE
#define T TRI_TRUE
#define U TRI_UNKNOWN

static const struct {
	const char *text;
	enum tri openat, connect, procexit;
} types[] = {
	{ "", T, T, T },
	{ "evt.type=openat", T, F, F },
	{ "evt.type!=openat", F, T, T },
	{ "not evt.type=openat", F, T, T },
	{ "evt.type in (openat, procexit)", T, F, T },
	{ "evt.type exists", T, T, T },
	{ "activity.category=file", T, F, F },
	{ "activity.name='Process Exit'", F, F, T },
	{ "activity.title='Network Operation'", F, T, F },
	{ "fd.name=x", U, U, U },
	{ "fd.name exists", U, U, U },
	{ "not fd.name=x", U, U, U },
	{ "container.name=web", U, U, U },
	{ "proc.name!=x", U, U, U },
	{ "evt.type=openat and fd.name=x", U, F, F },
	{ "fd.name=x and evt.type=openat", U, F, F },
	{ "evt.type=openat or fd.name=x", T, U, U },
	{ "fd.name=x or evt.type=openat", T, U, U },
	{ "not (evt.type=openat or fd.name=x)", F, U, U },
	{ "not (evt.type=openat and fd.name=x)", U, T, T },
	{ "evt.type=openat and not fd.name=x and evt.type=connect", F, F, F },
	{ "evt.type=openat or evt.type!=openat", T, T, T },
	{ "(evt.type=openat and fd.name=x) or (evt.type=connect and fd.rport=1)", U, U, F },
	{ "fd.ip=10.0.0.1 and evt.type=connect", F, U, F },
	{ "fd.ip!=10.0.0.1 or evt.type=connect", U, T, U },
};

static void test_types(void **state)
{
	const struct syscall_info *openat = syscall_by_name("openat", 6);
	const struct syscall_info *connect = syscall_by_name("connect", 7);

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct filter *f = parse(types[i].text);

		if (filter_match_type(f, openat) != types[i].openat ||
		    filter_match_type(f, connect) != types[i].connect ||
		    filter_match_type(f, NULL) != types[i].procexit)
			fail_msg("%s: %d %d %d", types[i].text, filter_match_type(f, openat),
				 filter_match_type(f, connect), filter_match_type(f, NULL));
		filter_free(f);
	}
	assert_int_equal(filter_match_type(NULL, openat), TRI_TRUE);
}

static const struct {
	const char *text;
	enum tri web, db, host;
} containers[] = {
	{ "", T, T, T },
	{ "container.name=web", T, F, F },
	{ "container.name!=web", F, T, T },
	{ "container.id=host", F, F, T },
	{ "container.id!=host", T, T, F },
	{ "container.id=" WEB_ID, T, F, F },
	{ "not container.id=" WEB_ID, F, T, T },
	{ "container.name glob w*", T, F, F },
	{ "k8s.ns.name=shop", T, F, F },
	{ "k8s.ns.name!=shop", F, F, F },
	{ "not k8s.ns.name=shop", F, T, T },
	{ "container.label[app]=shop", T, F, F },
	{ "container.privileged=true", T, F, F },
	{ "host.name=node1", T, T, T },
	{ "host.name=node2", F, F, F },
	{ "evt.type=openat", U, U, U },
	{ "container.name=web and evt.type=openat", U, F, F },
	{ "container.name=web or evt.type=openat", T, U, U },
	{ "not (container.name=web or proc.name=x)", F, U, U },
	{ "user.name=nginx", U, U, U },
	{ "evt.failed=true and container.runtime in (runc, crun)", F, U, F },
};

static void test_containers(void **state)
{
	struct container *web = model_container(world->model, WEB_ID);
	struct container *db = model_container(world->model, "postgres-main-1");

	assert_non_null(web);
	assert_non_null(db);
	for (size_t i = 0; i < ARRAY_SIZE(containers); i++) {
		struct filter *f = parse(containers[i].text);
		const struct model *m = world->model;

		if (filter_match_container(f, m, web) != containers[i].web ||
		    filter_match_container(f, m, db) != containers[i].db ||
		    filter_match_container(f, m, NULL) != containers[i].host)
			fail_msg("%s: %d %d %d", containers[i].text,
				 filter_match_container(f, m, web),
				 filter_match_container(f, m, db),
				 filter_match_container(f, m, NULL));
		filter_free(f);
	}
	assert_int_equal(filter_match_container(NULL, world->model, web), TRI_TRUE);
}

/* Before the host has said its name, it is not known: that is not the same as missing. */
static void test_host_not_known_yet(void **state)
{
	struct filter *f = parse("host.name=node1");

	assert_int_equal(filter_match_container(f, NULL, NULL), TRI_UNKNOWN);
	filter_free(f);
}

/*
 * What is decided early is never wrong: for each event, the answers before it do not contradict the
 * one for it.
 */
static void test_early_answers_agree(void **state)
{
	static const enum world_event events[] = { W_OPEN, W_CONNECT, W_RENAME, W_KILLED, W_DB_EXIT,
						   W_HOST };
	struct field_context fc = { .ev = NULL };

	for (size_t i = 0; i < ARRAY_SIZE(types) + ARRAY_SIZE(containers); i++) {
		struct filter *f = parse(i < ARRAY_SIZE(types) ?
						 types[i].text :
						 containers[i - ARRAY_SIZE(types)].text);

		for (size_t k = 0; k < ARRAY_SIZE(events); k++) {
			const struct event *ev = &world->events[events[k]];
			enum tri type = filter_match_type(f, ev->call);
			enum tri container = filter_match_container(f, world->model, ev->container);
			bool match;

			fields_begin(&fc, ev, world->model);
			match = filter_match(f, &fc);
			assert_int_not_equal(type, match ? TRI_FALSE : TRI_TRUE);
			assert_int_not_equal(container, match ? TRI_FALSE : TRI_TRUE);
		}
		filter_free(f);
	}
	fields_end(&fc);
}

static const struct {
	const char *text;
	const char *calls;	/* with blanks around each */
	bool procexit;
} named[] = {
	{ "", "", false },
	{ "evt.type=read", " read ", false },
	{ "evt.type in (read, write, procexit)", " read write ", true },
	{ "not evt.type=read", " read ", false },
	{ "evt.type!=read", "", false },
	{ "evt.type startswith read", "", false },
	{ "proc.name=x or (fd.name=y and evt.type=read) or evt.type=close", " read close ", false },
	{ "proc.name=read", "", false },
	{ "activity.name='File Read'", "", false },
	{ "evt.type=events_lost", "", false },
};

static void test_named_calls(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(named); i++) {
		struct filter *f = parse(named[i].text);
		struct syscall_set set = { .procexit = false };

		filter_named_calls(f, &set);
		assert_int_equal(set.procexit, named[i].procexit);
		for (size_t k = 0; k < syscall_table_len; k++) {
			const struct syscall_info *call = &syscall_table[k];
			_cleanup_free_ char *word = xasprintf(" %s ", call->name);

			if (syscall_nr(call) >= 0 &&
			    !!set.bits[syscall_nr(call)] != !!strstr(named[i].calls, word))
				fail_msg("%s: %s", named[i].text, call->name);
		}
		filter_free(f);
	}
	filter_named_calls(NULL, NULL);
}

static const struct {
	const char *text;
	bool expected;
} hosts[] = {
	{ "", false },
	{ "evt.type=openat", false },
	{ "container.id=host", true },
	{ "container.name=host", true },
	{ "container.id in (web, host)", true },
	{ "container.id!=host", false },
	{ "not container.id=host", false },
	{ "not container.id!=host", true },
	{ "container.id!=0123456789ab", true },
	{ "container.id!=" WEB_ID, true },
	{ "not container.name in (web, db)", true },
	{ "not (container.name=web or container.name=db)", true },
	{ "container.name=web", false },
	{ "container.id=" WEB_ID, false },
	{ "container.name glob *", false },
	{ "container.name startswith h", false },
	{ "container.id exists", false },
	{ "container.name=web or container.id=host", true },
	{ "container.id=host and evt.type=openat", true },
	{ "container.id!=0123456789ab and container.runtime=docker", false },
	{ "container.id=host and container.name=web", false },
	{ "proc.name=host", false },
};

static void test_names_host(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct filter *f = parse(hosts[i].text);

		if (filter_names_host(f) != hosts[i].expected)
			fail_msg("%s", hosts[i].text);
		filter_free(f);
	}
	assert_false(filter_names_host(NULL));
}

static const struct {
	const char *text;
	bool expected;
} asks[] = {
	{ "", false },
	{ "proc.name=x and (fd.name=y or not evt.type=openat)", false },
	{ "proc.env exists", true },
	{ "proc.env[HOME]=/root", true },
	{ "proc.name=x and (fd.name=y or not tolower(proc.env[A]) contains b)", true },
	{ "proc.cwd = val(proc.env[PWD])", true },
	{ "proc.exe = proc.env", false },
};

/* What costs too much to be taken unasked is taken if it is named anywhere. */
static void test_asks(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(asks); i++) {
		struct filter *f = parse(asks[i].text);

		if (filter_asks(f, "proc.env") != asks[i].expected)
			fail_msg("%s", asks[i].text);
		filter_free(f);
	}
	assert_false(filter_asks(NULL, "proc.env"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_containers),
		cmocka_unit_test(test_host_not_known_yet),
		cmocka_unit_test(test_early_answers_agree),
		cmocka_unit_test(test_named_calls),
		cmocka_unit_test(test_names_host),
		cmocka_unit_test(test_asks),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
