/* SPDX-License-Identifier: Apache-2.0 */
/* Engines that are large, slow or half broken, and a reader that is slow itself. */
#include "runtime/runtime.h"

#include <malloc.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../tree.h"
#include "base/clock.h"
#include "fake.h"
#include "runtime/source.h"

#define MANY 2000U

enum mode { ALL_GOOD, SLOW, ONE_BROKEN, ONE_GARBAGE, ONE_HUNG, HUNG };

static void answer_list(struct fake *f, int fd)
{
	_cleanup_strbuf_ struct strbuf list = STRBUF_INIT;
	unsigned n = *(unsigned *)f->arg;

	strbuf_addc(&list, '[');
	for (unsigned i = 0; i < n; i++)
		strbuf_addf(&list, "%s{\"Id\":\"c%04u\"}", i ? "," : "", i);
	strbuf_addc(&list, ']');
	fake_answer(fd, 200, list.s);
}

static void answer_inspect(struct fake *f, int fd, const char *path)
{
	_cleanup_free_ char *text = NULL;
	unsigned i;

	if (sscanf(path, "/containers/c%u/json", &i) != 1) {
		fake_answer(fd, 404, "{}");
		return;
	}
	if (i == 1 && f->mode == ONE_BROKEN) {
		fake_answer(fd, 500, "{\"message\":\"driver failed\"}");
		return;
	}
	if (i == 1 && f->mode == ONE_GARBAGE) {
		fake_answer(fd, 200, "{\"Id\":");
		return;
	}
	if (i == 1 && f->mode == ONE_HUNG) {
		fake_hold(fd);
		return;
	}
	text = xasprintf("{\"Id\":\"c%04u\",\"Name\":\"/n%u\",\"State\":{\"Running\":true,\"Pid\":%d},"
			 "\"Config\":{\"Labels\":{\"filler\":\"%0500d\"}}}", i, i, getpid(), 0);
	fake_answer(fd, 200, text);
}

static void serve(struct fake *f, int fd)
{
	static const char stream[] = "HTTP/1.1 200 OK\r\n\r\n";
	char path[512];

	while (fake_request(fd, path)) {
		if (f->mode == HUNG) {
			fake_hold(fd);
			return;
		}
		if (f->mode == SLOW)
			usleep(300000);
		if (streq(path, "/version")) {
			fake_answer(fd, 200, "{\"Version\":\"9.9\"}");
		} else if (starts_with(path, "/events")) {
			fake_write(fd, stream, strlen(stream));
			fake_hold(fd);
			return;
		} else if (starts_with(path, "/containers/json?")) {
			answer_list(f, fd);
		} else {
			answer_inspect(f, fd, path);
		}
	}
}

static struct runtimes *start(const struct fake *f, const char *root)
{
	_cleanup_free_ char *extra = xasprintf("docker=%s", f->path);
	_cleanup_free_ char *below = *root ? xstrdup("docker=/s.sock") : NULL;
	const char *list[] = { *root ? below : extra };
	const struct runtimes_config config = {
		.extra = list, .n_extra = 1, .root = root, .defaults = *root != '\0',
	};
	struct runtimes *rt = NULL;

	assert_int_equal(runtimes_start(&rt, &config), 0);
	return rt;
}

static struct runtime_message *next(struct runtimes *rt, unsigned ms)
{
	uint64_t deadline = clock_boot() + ms * NSEC_PER_MSEC;
	struct pollfd p = { .fd = runtimes_fd(rt), .events = POLLIN };

	do {
		struct runtime_message *m = runtimes_next(rt);

		if (m)
			return m;
		poll(&p, 1, 20);
	} while (clock_boot() < deadline);
	return NULL;
}

/* The containers that are told of until n were, or nothing comes for this long. */
static unsigned count(struct runtimes *rt, unsigned n, unsigned ms)
{
	struct runtime_message *m;
	unsigned seen = 0;

	while (seen < n && (m = next(rt, ms))) {
		seen += m->type == RUNTIME_CONTAINER;
		runtime_message_free(m);
	}
	return seen;
}

static void stop_soon(struct runtimes *rt)
{
	uint64_t before = clock_boot();

	runtimes_stop(rt);
	assert_true(clock_boot() - before < NSEC_PER_SEC);
}

static void test_two_thousand(void **state)
{
	unsigned n = MANY;
	struct runtimes *rt;
	struct fake f;

	(void)state;
	fake_start(&f, serve, &n);
	rt = start(&f, "");
	assert_int_equal(count(rt, MANY, 20000), MANY);
	stop_soon(rt);
	fake_stop(&f);
}

/* While nobody reads, what waits is bounded, and nothing of it is lost. */
static void test_slow_reader(void **state)
{
	unsigned n = MANY;
	struct runtimes *rt;
	struct fake f;
	size_t before;

	(void)state;
	fake_start(&f, serve, &n);
	before = mallinfo2().uordblks;
	rt = start(&f, "");
	for (int i = 0; i < 200 && rt->queue.n < MESSAGES_MAX; i++)
		usleep(50000);
	usleep(200000);
	assert_int_equal(rt->queue.n, MESSAGES_MAX);
	assert_true(mallinfo2().uordblks - before < (32U << 20));
	assert_int_equal(count(rt, MANY, 20000), MANY);
	stop_soon(rt);
	fake_stop(&f);
}

/* Names come one by one as it gives them, and the end does not wait for it. */
static void test_slow_engine(void **state)
{
	unsigned n = 1000;
	struct runtimes *rt;
	struct fake f;

	(void)state;
	fake_start(&f, serve, &n);
	f.mode = SLOW;
	rt = start(&f, "");
	assert_int_equal(count(rt, 3, 5000), 3);
	stop_soon(rt);
	fake_stop(&f);
}

static void check_others(enum mode mode, unsigned ms)
{
	unsigned n = 4;
	struct runtimes *rt;
	struct fake f;

	fake_start(&f, serve, &n);
	f.mode = (int)mode;
	rt = start(&f, "");
	assert_int_equal(count(rt, 3, ms), 3);
	/* The connection stands: it is not told to be broken, and not made anew. */
	assert_int_equal(count(rt, 1, 1500), 0);
	assert_int_equal(runtimes_unlisted(rt), 0);
	stop_soon(rt);
	fake_stop(&f);
}

static void test_one_broken_container(void **state)
{
	(void)state;
	check_others(ONE_BROKEN, 5000);
	check_others(ONE_GARBAGE, 5000);
}

/* It does not answer to what it is asked of one, but of others it does. */
static void test_one_hung_container(void **state)
{
	(void)state;
	/* Nor are the others told of when it has been waited for. */
	check_others(ONE_HUNG, 5000);
}

/* The disk goes on to answer while Docker hangs. */
static void test_disk_beside_a_hung_engine(void **state)
{
	static const char id[] = "675fbb69a050ddff24d5bad0e87288445022f3db543aa5c7f54b6890432da70d";
	_cleanup_free_ char *config = xasprintf("/var/lib/docker/containers/%s/config.v2.json", id);
	_cleanup_free_ char *text = xasprintf("{\"ID\":\"%s\",\"Name\":\"/db\"}", id);
	_cleanup_free_ char *cgroup = xasprintf("/docker/%s", id);
	_cleanup_free_ char *var = NULL;
	struct runtime_message *m;
	uint64_t before;
	struct runtimes *rt;
	unsigned n = 1;
	struct fake f;

	(void)state;
	fake_start(&f, serve, &n);
	f.mode = HUNG;
	tree_put(f.dir, text, "%s", config);
	rt = start(&f, f.dir);
	before = clock_boot();
	runtimes_resolve(rt, 7, 999999, 0, cgroup);
	while ((m = next(rt, 3000)) && m->token != 7)
		runtime_message_free(m);
	assert_non_null(m);
	assert_int_equal(m->type, RUNTIME_CONTAINER);
	assert_string_equal(m->info->name, "db");
	assert_true(clock_boot() - before < 2 * NSEC_PER_SEC);
	runtime_message_free(m);
	assert_int_equal(runtimes_unlisted(rt), 1);
	stop_soon(rt);
	var = xasprintf("%s/var", f.dir);
	assert_int_equal(tree_remove(var), 0);
	fake_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_thousand),
		cmocka_unit_test(test_slow_reader),
		cmocka_unit_test(test_slow_engine),
		cmocka_unit_test(test_one_broken_container),
		cmocka_unit_test(test_one_hung_container),
		cmocka_unit_test(test_disk_beside_a_hung_engine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
