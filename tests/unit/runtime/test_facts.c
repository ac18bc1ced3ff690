/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/clock.h"
#include "../tree.h"

static void check_cgroup(const char *text, const char *path, const char *hierarchy)
{
	const char *h = "unset";
	_cleanup_free_ char *p = facts_parse_cgroup(text, &h);

	if (path)
		assert_string_equal(p, path);
	else
		assert_null(p);
	assert_string_equal(h, hierarchy);
}

static void test_parse_cgroup(void **state)
{
	(void)state;
	check_cgroup("0::/docker/x\n", "/docker/x", "");
	check_cgroup("5:memory:/m\n3:pids:/p\n0::/u\n", "/u", "");
	check_cgroup("5:memory:/m\n3:pids:/p\n0::/\n", "/p", "pids");
	check_cgroup("5:memory:/m\n3:pids:/\n0::/\n", "/m", "memory");
	check_cgroup("7:cpu,pids:/p\n0::/\n", "/p", "pids");
	check_cgroup("1:name=systemd:/s\n0::/\n", "/", "");
	check_cgroup("0::/with:colon", "/with:colon", "");
	check_cgroup("", "/", "");
	check_cgroup("nonsense\n::\n0:\n\n", "/", "");
	/* Outside of the cgroup namespace that this is read in. */
	check_cgroup("0::/../x\n", NULL, "");
	check_cgroup("3:pids:/..\n0::/\n", NULL, "");
	check_cgroup("3:pids:/p\n0::/..\n", "/p", "pids");
	check_cgroup("0::/..x/a..b\n", "/..x/a..b", "");
}

static void test_parse_ids(void **state)
{
	static const char text[] =
		"root:x:0:0:root:/:/bin/sh\nbad\n:x:5:\nweb:x:1000:\nneg:x:-1:\nbig:x:4294967296:\n"
		"max:x:4294967295:\nword:x:12a:\ncut:x:7";
	struct id_name *ids = NULL;
	size_t n = 0;

	(void)state;
	facts_parse_ids(text, strlen(text), &ids, &n);
	assert_int_equal(n, 3);
	assert_string_equal(ids[0].name, "root");
	assert_int_equal(ids[0].id, 0);
	assert_string_equal(ids[1].name, "web");
	assert_int_equal(ids[1].id, 1000);
	assert_true(ids[2].id == UINT32_MAX);
	for (size_t i = 0; i < n; i++)
		free(ids[i].name);
	free(ids);
}

static void test_parse_ids_bound(void **state)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	struct id_name *ids = NULL;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 2 * CONTAINER_IDS_MAX; i++)
		strbuf_addf(&b, "u%d:x:%d:\n", i, i);
	facts_parse_ids(b.s, b.len, &ids, &n);
	assert_int_equal(n, CONTAINER_IDS_MAX);
	for (size_t i = 0; i < n; i++)
		free(ids[i].name);
	free(ids);
}

static void test_fill_own_process(void **state)
{
	_cleanup_container_info_ struct container_info *c = xcalloc(1, sizeof(*c));
	struct stat st;

	(void)state;
	c->init_pid = (uint32_t)getpid();
	facts_fill(c, "");
	assert_int_equal(c->init_pid, getpid());
	assert_int_equal(stat("/proc/self/ns/pid", &st), 0);
	assert_int_equal(c->pidns, (uint32_t)st.st_ino);
	assert_int_equal(stat("/proc/self/ns/mnt", &st), 0);
	assert_int_equal(c->mntns, (uint32_t)st.st_ino);
	/* It is where its parent is. */
	assert_null(c->cgroup);
	assert_int_equal(c->cgroup_id, 0);
	assert_true(c->init_start > 0 && c->init_start <= clock_boot());
	assert_true(c->started > 0 && c->started <= clock_epoch());
	assert_int_equal(process_parent("", c->init_pid), getppid());
}

static void test_fill_gone_process(void **state)
{
	_cleanup_container_info_ struct container_info *c = xcalloc(1, sizeof(*c));
	pid_t pid = fork();
	siginfo_t info;

	(void)state;
	if (!pid)
		_exit(0);
	/* A zombie counts as gone. */
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	c->init_pid = (uint32_t)pid;
	facts_fill(c, "");
	assert_int_equal(c->init_pid, 0);
	assert_null(c->cgroup);
	assert_true(process_start("", (uint32_t)pid) == 0);
	waitpid(pid, NULL, 0);
	assert_true(process_start("", (uint32_t)pid) == 0);
	assert_null(process_cgroup("", (uint32_t)pid));
}

#define MOUNT "%ld 1 0:99 / / rw - overlay overlay rw\n"

static long mount_id(const char *dir)
{
	_cleanup_close_ int fd = open(dir, O_PATH | O_CLOEXEC);
	_cleanup_free_ char *path = xasprintf("/proc/self/fdinfo/%d", fd);
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char line[128];
	long id = -1;

	while (f && fgets(line, sizeof(line), f) && sscanf(line, "mnt_id: %ld", &id) != 1)
		;
	return id;
}

/* While the host's mounts are read the process ends, and another one gets its PID. */
static void *reuse_pid(void *arg)
{
	const char *root = arg;
	_cleanup_free_ char *path = xasprintf("%s/proc/1/mountinfo", root);
	_cleanup_fclose_ FILE *f = fopen(path, "we");

	assert_non_null(f);
	tree_put(root, "7 (y) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 200 0\n", "/proc/7/stat");
	fprintf(f, MOUNT, 5L);
	return NULL;
}

/* Nothing of what was read then is the container's. */
static void test_fill_reused_pid(void **state)
{
	_cleanup_container_info_ struct container_info *c = xcalloc(1, sizeof(*c));
	char dir[] = "/tmp/nunchi-test-XXXXXX";
	_cleanup_free_ char *text = NULL, *fifo = NULL;
	pthread_t thread;

	(void)state;
	assert_non_null(mkdtemp(dir));
	text = xasprintf(MOUNT, mount_id(dir));
	fifo = xasprintf("%s/proc/1/mountinfo", dir);
	tree_put(dir, "7 (x) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100 0\n", "/proc/7/stat");
	tree_put(dir, "0::/another\n", "/proc/7/cgroup");
	tree_put(dir, text, "/proc/7/mountinfo");
	tree_put(dir, "me:x:0:0::/:/bin/sh\n", "/proc/7/root/etc/passwd");
	tree_put(dir, "", "/proc/1/cgroup");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(pthread_create(&thread, NULL, reuse_pid, dir), 0);
	c->id = xstrdup("aa");
	c->init_pid = 7;
	c->shares = SHARES_NET;
	facts_fill(c, dir);
	pthread_join(thread, NULL);
	assert_int_equal(c->init_pid, 0);
	assert_int_equal(c->init_start, 0);
	assert_int_equal(c->started, 0);
	assert_int_equal(c->shares, SHARES_NET);
	assert_null(c->cgroup);
	assert_int_equal(c->n_users, 0);
	assert_int_equal(tree_remove(dir), 0);
}

static void test_read_bounded(void **state)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	char dir[] = "/tmp/nunchi-test-XXXXXX";
	char file[64], link[64], fifo[64];
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/f", dir);
	snprintf(link, sizeof(link), "%s/l", dir);
	snprintf(fifo, sizeof(fifo), "%s/p", dir);
	f = fopen(file, "we");
	assert_non_null(f);
	fputs("12345", f);
	fclose(f);
	assert_int_equal(symlink(file, link), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(read_bounded(file, 5, &b), 0);
	assert_string_equal(b.s, "12345");
	assert_int_equal(read_bounded(file, 4, &b), -EFBIG);
	assert_int_equal(read_bounded(link, 5, &b), -ELOOP);
	assert_int_equal(read_bounded(fifo, 5, &b), -EINVAL);
	assert_int_equal(read_bounded(dir, 5, &b), -EINVAL);
	assert_int_equal(read_bounded("/nonexistent", 5, &b), -ENOENT);
	unlink(file);
	unlink(link);
	unlink(fifo);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_cgroup), cmocka_unit_test(test_parse_ids),
		cmocka_unit_test(test_parse_ids_bound), cmocka_unit_test(test_fill_own_process),
		cmocka_unit_test(test_fill_gone_process), cmocka_unit_test(test_fill_reused_pid),
		cmocka_unit_test(test_read_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
