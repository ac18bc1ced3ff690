/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <cmocka.h>
#include <linux/capability.h>

#include "syscalls/syscalls.h"

static void test_errno(void **state)
{
	assert_string_equal(errno_name(ENOENT), "ENOENT");
	assert_string_equal(errno_name(EAGAIN), "EAGAIN");
	assert_string_equal(errno_name(EOPNOTSUPP), "EOPNOTSUPP");
	assert_string_equal(errno_name(133), "EHWPOISON");
	assert_string_equal(errno_name(512), "ERESTARTSYS");
	assert_string_equal(errno_name(513), "ERESTARTNOINTR");
	assert_string_equal(errno_name(514), "ERESTARTNOHAND");
	assert_string_equal(errno_name(516), "ERESTART_RESTARTBLOCK");
	assert_string_equal(errno_name(524), "ENOTSUPP");
	assert_null(errno_name(0));
	assert_null(errno_name(-1));
	assert_null(errno_name(INT_MIN));
	assert_null(errno_name(INT_MAX));
	for (int err = ERRNO_NAMES_END; err <= 4095; err++)
		assert_null(errno_name(err));
	assert_non_null(errno_name(ERRNO_NAMES_END - 1));
}

static void test_signal(void **state)
{
	assert_string_equal(signal_name(SIGKILL), "SIGKILL");
	assert_string_equal(signal_name(SIGSYS), "SIGSYS");
	assert_string_equal(signal_name(32), "SIGRTMIN-2");
	assert_string_equal(signal_name(33), "SIGRTMIN-1");
	assert_string_equal(signal_name(34), "SIGRTMIN");
	assert_string_equal(signal_name(36), "SIGRTMIN+2");
	assert_string_equal(signal_name(49), "SIGRTMIN+15");
	assert_string_equal(signal_name(50), "SIGRTMAX-14");
	assert_string_equal(signal_name(64), "SIGRTMAX");
	assert_null(signal_name(0));
	assert_null(signal_name(65));
	assert_null(signal_name(-9));
	assert_null(signal_name(INT_MIN));
	for (int i = 1; i <= 64; i++)
		assert_non_null(signal_name(i));
}

static void test_capability(void **state)
{
	assert_string_equal(capability_name(0), "CAP_CHOWN");
	assert_string_equal(capability_name(21), "CAP_SYS_ADMIN");
	for (int i = 0; i <= CAP_LAST_CAP; i++)
		assert_non_null(capability_name(i));
	assert_null(capability_name(CAP_LAST_CAP + 1));
	assert_null(capability_name(-1));
}

static void test_family(void **state)
{
	assert_string_equal(family_name(AF_INET), "AF_INET");
	assert_string_equal(family_name(AF_VSOCK), "AF_VSOCK");
	assert_string_equal(family_name(0), "AF_UNSPEC");
	assert_null(family_name(-1));
	assert_null(family_name(AF_MAX));
}

static void test_result(void **state)
{
	const struct syscall_info *open = syscall_by_name("openat", 6);
	const struct syscall_info *mmap = syscall_by_name("mmap", 4);

	assert_string_equal(result_name(open, 3), "SUCCESS");
	assert_string_equal(result_name(open, 0), "SUCCESS");
	assert_string_equal(result_name(open, -2), "ENOENT");
	assert_string_equal(result_name(open, -512), "ERESTARTSYS");
	assert_string_equal(result_name(open, -4000), "EUNKNOWN");
	assert_string_equal(result_name(mmap, -4096), "SUCCESS");
	assert_string_equal(result_name(mmap, -12), "ENOMEM");
	assert_string_equal(result_name(mmap, INT64_MIN), "SUCCESS");
	assert_string_equal(result_name(NULL, -1), "EPERM");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errno),	   cmocka_unit_test(test_signal),
		cmocka_unit_test(test_capability), cmocka_unit_test(test_family),
		cmocka_unit_test(test_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
