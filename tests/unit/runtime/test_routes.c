/* SPDX-License-Identifier: Apache-2.0 */
/* By which socket a container is commanded: nobody's word may lead a command of root's elsewhere. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "runtime/routes.h"
#include "runtime/source.h"

static struct route make(const char *socket, uid_t owner)
{
	return (struct route){ .runtime = (char *)"r", .socket = (char *)socket, .owner = owner };
}

static void assert_route(struct routes *l, const char *id, const char *socket)
{
	struct route found;

	if (!socket) {
		assert_false(route_get(l, id, NULL, &found));
		return;
	}
	assert_true(route_get(l, id, NULL, &found));
	assert_string_equal(found.socket, socket);
	route_free(&found);
}

static void test_root_s_word(void **state)
{
	const struct route root = make("/run/root", 0), user = make("/run/user", 1000),
			   other = make("/run/other", 0);
	struct routes *l = routes_new();

	assert_route(l, "a", NULL);
	route_set(l, "a", NULL, &user);
	assert_route(l, "a", "/run/user");
	route_set(l, "a", NULL, &root);
	assert_route(l, "a", "/run/root");
	route_set(l, "a", NULL, &user);
	assert_route(l, "a", "/run/root");
	/* A daemon that came back under another name. */
	route_set(l, "a", NULL, &other);
	assert_route(l, "a", "/run/other");
	route_drop(l, "a", NULL, "/run/root");
	assert_route(l, "a", "/run/other");
	route_drop(l, "a", NULL, "/run/other");
	assert_route(l, "a", NULL);
	route_set(l, "b", NULL, &user);
	route_set(l, "c", NULL, &root);
	assert_route(l, "b", "/run/user");
	routes_free(l);
}

/* What two namespaces call the same is commanded in its own; what none of them has, in neither. */
static void test_two_of_one_name(void **state)
{
	struct route one = make("/run/s", 0), other = make("/run/s", 0), found;
	struct routes *l = routes_new();

	(void)state;
	one.space = (char *)"one";
	other.space = (char *)"other";
	route_set(l, "a", "one", &one);
	route_set(l, "a", "other", &other);
	assert_false(route_get(l, "a", NULL, &found));
	assert_true(route_get(l, "a", "one", &found));
	assert_string_equal(found.space, "one");
	route_free(&found);
	route_drop(l, "a", "one", "/run/s");
	assert_false(route_get(l, "a", "one", &found));
	assert_true(route_get(l, "a", "other", &found));
	assert_string_equal(found.space, "other");
	route_free(&found);
	routes_free(l);
}

/* A service that is gone, as users' come and go, leaves nothing behind. */
static void test_source_goes(void **state)
{
	struct runtimes rt = { .root = (char *)"", .routes = routes_new() };
	struct source *s;

	assert_int_equal(messages_init(&rt.queue), 0);
	s = source_new(&rt, "docker", "/run/s.sock", 0);
	source_found(s, info_new("a"), NULL);
	assert_route(rt.routes, "a", "/run/s.sock");
	source_free(s);
	assert_route(rt.routes, "a", NULL);
	messages_free(&rt.queue);
	routes_free(rt.routes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_root_s_word),
		cmocka_unit_test(test_two_of_one_name),
		cmocka_unit_test(test_source_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
