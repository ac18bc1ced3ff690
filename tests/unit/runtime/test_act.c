/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/act_cgroup.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "../tree.h"
#include "base/clock.h"
#include "runtime/facts.h"

#define NOBODY 4194304	/* no PID is as high */

/* The kernel shows a process that the reader's PID namespace does not have as 0. */
static void test_own_cgroup(void **state)
{
	char dir[] = "/tmp/nunchi-act-XXXXXX";
	_cleanup_free_ char *own = xasprintf("%d\n%d\n", NOBODY, getpid());

	(void)state;
	assert_non_null(mkdtemp(dir));
	tree_put(dir, "4194304\n", "/cgroup.procs");
	assert_true(cgroup_is_its_own("", dir));
	tree_put(dir, own, "/cgroup.procs");
	assert_false(cgroup_is_its_own("", dir));
	tree_put(dir, "0\n4194304\n", "/cgroup.procs");
	assert_false(cgroup_is_its_own("", dir));
	tree_put(dir, "", "/cgroup.procs");
	tree_put(dir, "0\n", "/below/cgroup.procs");
	assert_false(cgroup_is_its_own("", dir));
	assert_int_equal(tree_remove(dir), 0);
}

/* The host's /proc below root has a process of that number and start; ours has another one of that number. */
static void test_signal_own_number(void **state)
{
	char root[] = "/tmp/nunchi-act-XXXXXX";
	struct container_info info = { .id = (char *)"x" };
	_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;
	const char *how;
	int status;
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		pause();
		_exit(0);
	}
	assert_non_null(mkdtemp(root));
	tree_put(root, "1 (x) S 1 1 1 0 0 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0\n", "/proc/%d/stat", pid);
	info.init_pid = (uint32_t)pid;
	info.init_start = process_start(root, info.init_pid);
	assert_true(init_is_there(root, &info));

	assert_int_equal(act_by_kernel(root, RUNTIME_ACT_KILL, &info, &how, &why), -ESRCH);
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);

	/* And one that is the same process for both. */
	info.init_start = process_start("", info.init_pid);
	assert_int_equal(act_by_kernel("", RUNTIME_ACT_KILL, &info, &how, &why), 0);
	assert_string_equal(how, "SIGKILL");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(tree_remove(root), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_cgroup),
		cmocka_unit_test(test_signal_own_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
