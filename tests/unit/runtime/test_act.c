/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/act_cgroup.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/clock.h"
#include "runtime/facts.h"

#define NOBODY 4194304	/* no PID is as high */

static void write_file(const char *dir, const char *name, const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void make_dir(const char *dir, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);

	assert_int_equal(mkdir(path, 0755), 0);
}

static void remove_all(const char *dir)
{
	_cleanup_free_ char *command = xasprintf("rm -rf '%s'", dir);

	assert_int_equal(system(command), 0);
}

/* The kernel shows a process that the reader's PID namespace does not have as 0. */
static void test_own_cgroup(void **state)
{
	char dir[] = "/tmp/nunchi-act-XXXXXX";
	_cleanup_free_ char *own = xasprintf("%d\n%d\n", NOBODY, getpid());

	(void)state;
	assert_non_null(mkdtemp(dir));
	write_file(dir, "cgroup.procs", "4194304\n");
	assert_true(cgroup_is_its_own("", dir));
	write_file(dir, "cgroup.procs", own);
	assert_false(cgroup_is_its_own("", dir));
	write_file(dir, "cgroup.procs", "0\n4194304\n");
	assert_false(cgroup_is_its_own("", dir));
	write_file(dir, "cgroup.procs", "");
	make_dir(dir, "below");
	write_file(dir, "below/cgroup.procs", "0\n");
	assert_false(cgroup_is_its_own("", dir));
	remove_all(dir);
}

/* The host's /proc below root has a process of that number and start; ours has another one of that number. */
static void test_signal_own_number(void **state)
{
	char root[] = "/tmp/nunchi-act-XXXXXX";
	struct container_info info = { .id = (char *)"x" };
	_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;
	_cleanup_free_ char *name = NULL, *stat = NULL;
	const char *how;
	int status;
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		pause();
		_exit(0);
	}
	assert_non_null(mkdtemp(root));
	make_dir(root, "proc");
	name = xasprintf("proc/%d", pid);
	make_dir(root, name);
	stat = xasprintf("proc/%d/stat", pid);
	write_file(root, stat, "1 (x) S 1 1 1 0 0 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0\n");
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
	remove_all(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_cgroup),
		cmocka_unit_test(test_signal_own_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
