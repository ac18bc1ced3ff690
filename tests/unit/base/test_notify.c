/* SPDX-License-Identifier: Apache-2.0 */
#include "base/notify.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* A manager's socket; name: what $NOTIFY_SOCKET says, "@" for the NUL of an abstract one. */
static int manager(const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0 && strlen(name) < sizeof(at.sun_path));
	memcpy(at.sun_path, name, strlen(name));
	if (*name == '@')
		at.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&at,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	return fd;
}

static void test_told(void **state)
{
	char abstract[64], path[64], got[32] = "";
	const char *const names[] = { abstract, path };

	snprintf(abstract, sizeof(abstract), "@nunchi-test-%d", getpid());
	snprintf(path, sizeof(path), "/tmp/nunchi-test-notify-%d", getpid());
	for (size_t i = 0; i < 2; i++) {
		int fd = manager(names[i]);

		assert_int_equal(notify_service("READY=1"), 0);
		assert_int_equal(recv(fd, got, sizeof(got), 0), strlen("READY=1"));
		assert_memory_equal(got, "READY=1", strlen("READY=1"));
		/* One that does not read is not waited for. */
		for (int n = 0; n < 100000 && notify_service("WATCHDOG=1") == 0; n++)
			;
		assert_int_equal(notify_service("WATCHDOG=1"), -EAGAIN);
		close(fd);
		assert_int_equal(notify_service("READY=1"), -ECONNREFUSED);
	}
	unlink(path);
}

static void test_not_told(void **state)
{
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(notify_service("READY=1"), 0);
	setenv("NOTIFY_SOCKET", "relative", 1);
	assert_int_equal(notify_service("READY=1"), -EINVAL);
	setenv("NOTIFY_SOCKET", "/nowhere/socket", 1);
	assert_int_equal(notify_service("READY=1"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
