/* SPDX-License-Identifier: Apache-2.0 */
#include "base/patience.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"

/* Waits for a byte in a pipe, if it has one. */
struct waiting {
	struct patience patience;
	int pipe;
	int done;
};

static int released;

static void wait_for_it(struct patience *what)
{
	struct waiting *w = (struct waiting *)what;
	char byte;

	if (w->pipe >= 0)
		assert_int_equal(read(w->pipe, &byte, 1), 1);
	w->done = 1;
}

static void release(struct patience *what)
{
	__atomic_add_fetch(&released, 1, __ATOMIC_SEQ_CST);
	free(what);
}

static struct waiting *make(int pipe)
{
	struct waiting *w = xcalloc(1, sizeof(*w));

	w->patience = (struct patience){ .run = wait_for_it, .release = release };
	w->pipe = pipe;
	return w;
}

static void until_released(int n)
{
	for (int i = 0; i < 5000 && __atomic_load_n(&released, __ATOMIC_SEQ_CST) < n; i++)
		usleep(1000);
	assert_int_equal(__atomic_load_n(&released, __ATOMIC_SEQ_CST), n);
	for (int i = 0; i < 5000 && patience_left(); i++)
		usleep(1000);
	assert_int_equal(patience_left(), 0);
}

static void test_done(void **state)
{
	struct waiting *w = make(-1);

	assert_true(patience_run(&w->patience, 60000));
	assert_int_equal(w->done, 1);
	assert_int_equal(released, 0);
	free(w);
}

static void test_left(void **state)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_false(patience_run(&make(fds[0])->patience, 1));
	assert_int_equal(patience_left(), 1);
	assert_int_equal(write(fds[1], "x", 1), 1);
	until_released(1);
	/* However many wait: of those that are left there is an end. */
	for (int i = 0; i < PATIENCE_LEFT_MAX + 2; i++)
		assert_false(patience_run(&make(fds[0])->patience, 1));
	assert_int_equal(patience_left(), PATIENCE_LEFT_MAX);
	assert_int_equal(released, 3);
	for (int i = 0; i < PATIENCE_LEFT_MAX; i++)
		assert_int_equal(write(fds[1], "x", 1), 1);
	until_released(3 + PATIENCE_LEFT_MAX);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_done),
		cmocka_unit_test(test_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
