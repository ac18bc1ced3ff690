/* SPDX-License-Identifier: Apache-2.0 */
#include "facts.h"

#include <limits.h>

#include "../tree.h"

static char top[] = "/tmp/nunchi-test-XXXXXX";

static int make_top(void **state)
{
	strcpy(top + strlen(top) - 6, "XXXXXX");
	return mkdtemp(top) ? 0 : -1;
}

static int remove_top(void **state)
{
	return tree_remove(top);
}

static void put(const char *path, const char *text)
{
	tree_put(top, text, "%s", path);
}

static struct doctor_host look(void)
{
	struct doctor_host h = { .release = "6.12.1" };

	doctor_read_files(&h, top);
	return h;
}

static void test_nothing_can_be_read(void **state)
{
	struct doctor_host h = look();

	assert_false(h.btf);
	assert_int_equal(h.lockdown, LOCKDOWN_UNKNOWN);
	assert_false(h.lsm_known);
	assert_int_equal(h.cgroups, CGROUPS_NONE);
	assert_string_equal(h.cgroup_mount, "");
	assert_int_equal(h.preemption, PREEMPTION_UNKNOWN);
	assert_int_equal(h.unprivileged_bpf, INT_MIN);
	assert_int_equal(h.perf_paranoid, INT_MIN);
}

static void test_lockdown(void **state)
{
	static const struct {
		const char *text;
		enum doctor_lockdown lockdown;
	} files[] = {
		{ "[none] integrity confidentiality\n", LOCKDOWN_NONE },
		{ "none [integrity] confidentiality\n", LOCKDOWN_INTEGRITY },
		{ "none integrity [confidentiality]\n", LOCKDOWN_CONFIDENTIALITY },
		{ "none integrity", LOCKDOWN_UNKNOWN },
		{ "[none", LOCKDOWN_UNKNOWN },
		{ "] [", LOCKDOWN_UNKNOWN },
		{ "[another]", LOCKDOWN_UNKNOWN },
		{ "", LOCKDOWN_UNKNOWN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		put("/sys/kernel/security/lockdown", files[i].text);
		assert_int_equal(doctor_lockdown(top), files[i].lockdown);
	}
}

static void test_lsm(void **state)
{
	struct doctor_host h;

	put("/sys/kernel/security/lsm", "capability,landlock,bpf\n");
	h = look();
	assert_true(h.lsm_known);
	assert_string_equal(h.lsm, "capability,landlock,bpf");
	put("/sys/kernel/security/lsm", "");
	h = look();
	assert_true(h.lsm_known);
	assert_string_equal(h.lsm, "");
}

static void test_cgroups(void **state)
{
	static const struct {
		const char *mounts;
		enum doctor_cgroups cgroups;
		const char *place;
	} files[] = {
		{ "proc /proc proc rw 0 0\n", CGROUPS_NONE, "" },
		{ "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n", CGROUPS_V2, "/sys/fs/cgroup" },
		{ "cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n"
		  "cgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0\n", CGROUPS_V1, "/sys/fs/cgroup/pids" },
		{ "cgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0\n"
		  "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n"
		  "cgroup2 /run/another cgroup2 rw 0 0\n", CGROUPS_HYBRID, "/sys/fs/cgroup/unified" },
		{ "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n"
		  "cgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0\n", CGROUPS_HYBRID,
		  "/sys/fs/cgroup/unified" },
		{ "cgroup /sys/fs/cgroup/systemd cgroup rw,name=systemd 0 0\n", CGROUPS_V1, "" },
		{ "cgroup\ncgroup2 /x\ncgroup2 /x cgroup2", CGROUPS_NONE, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct doctor_host h;

		put("/proc/1/mounts", files[i].mounts);
		h = look();
		assert_int_equal(h.cgroups, files[i].cgroups);
		assert_string_equal(h.cgroup_mount, files[i].place);
	}
}

/* What it is beats what was asked for, and that what was built. */
static void test_preemption(void **state)
{
	put("/boot/config-6.12.1", "# CONFIG_PREEMPT_NONE is not set\nCONFIG_PREEMPT_VOLUNTARY=y\n"
				   "CONFIG_PREEMPT_DYNAMIC=y\n");
	assert_int_equal(look().preemption, PREEMPTION_VOLUNTARY);
	put("/boot/config-6.12.1", "X=y\nCONFIG_PREEMPT=y\nCONFIG_PREEMPT_COUNT=y\n");
	assert_int_equal(look().preemption, PREEMPTION_FULL);
	put("/proc/cmdline", "root=/dev/vda nopreempt=full quiet\n");
	assert_int_equal(look().preemption, PREEMPTION_FULL);
	put("/proc/cmdline", "root=/dev/vda preempt=none\n");
	assert_int_equal(look().preemption, PREEMPTION_NONE);
	put("/sys/kernel/debug/sched/preempt", "none voluntary full (lazy) \n");
	assert_int_equal(look().preemption, PREEMPTION_LAZY);
}

static void test_numbers(void **state)
{
	put("/proc/sys/kernel/unprivileged_bpf_disabled", "2\n");
	put("/proc/sys/kernel/perf_event_paranoid", "-1\n");
	assert_int_equal(look().unprivileged_bpf, 2);
	assert_int_equal(look().perf_paranoid, -1);
}

static void test_ways(void **state)
{
	struct doctor_host h = { .faultable = true };

	doctor_look_ways(&h, top);
	assert_true(h.ways & 1U << DOCTOR_UNSEEN_PREEMPTED);	/* not known: it may be */
	put("/proc/sys/kernel/io_uring_disabled", "2\n");
	put("/proc/cmdline", "preempt=full\n");
	doctor_look_ways(&h, top);
	assert_true(h.ways & 1U << DOCTOR_UNSEEN_PREEMPTED);
	assert_false(h.ways & 1U << DOCTOR_UNSEEN_IO_URING);
	put("/proc/cmdline", "preempt=voluntary\n");
	doctor_look_ways(&h, top);
	assert_false(h.ways & 1U << DOCTOR_UNSEEN_PREEMPTED);
	assert_false(h.calls_32);
#if defined(__x86_64__)
	put("/proc/sys/abi/vsyscall32", "1\n");
	doctor_look_ways(&h, top);
	assert_true(h.calls_32);
#endif
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_top, remove_top)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_can_be_read), TEST(test_lockdown), TEST(test_lsm),
		TEST(test_cgroups), TEST(test_preemption), TEST(test_numbers), TEST(test_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
