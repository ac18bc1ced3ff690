/* SPDX-License-Identifier: Apache-2.0 */
/* What comes back from the process that looks names up; and that it ends. */
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "engine/internal.h"

static void test_answer(void **state)
{
	const struct address wanted = { .family = AF_INET, .ip = { 10, 0, 0, 7 } };
	struct engine *e = xcalloc(1, sizeof(*e));
	const char *names[2];
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	e->model = model_new((size_t)4 << 20);
	e->resolver = pair[0];
	assert_true(send(pair[1], "db.example 10.0.0.7 fe80::1%eth0", 32, 0) == 32);
	resolver_take(e);
	assert_int_equal(model_address_names(e->model, &wanted, names, ARRAY_SIZE(names)), 1);
	assert_string_equal(names[0], "db.example");
	close(pair[1]);
	resolver_stop(e);
	model_free(e->model);
	free(e);
}

/* Its descriptor is closed once: the number is another file's by then. */
static void test_end(void **state)
{
	struct engine *e = xcalloc(1, sizeof(*e));
	int pair[2], other;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	e->resolver = pair[0];
	close(pair[1]);
	resolver_take(e);
	other = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(other, pair[0]);
	resolver_stop(e);
	assert_true(fcntl(other, F_GETFD) >= 0);
	assert_int_equal(e->resolver, -1);
	close(other);
	free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_end),
	};

	return cmocka_run_group_tests_name("resolver", tests, NULL, NULL);
}
