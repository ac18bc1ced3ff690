/* SPDX-License-Identifier: Apache-2.0 */
#include "base/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

/* What a child does is locked for ever; its exit code is the line that was not as it should be. */
#define CHECK(condition)                      \
	do {                                  \
		if (!(condition))             \
			_exit(__LINE__ % 250 + 1); \
	} while (0)
#define REFUSED(call) CHECK((call) == -1 && errno == EPERM)

static void *refused_too(void *arg)
{
	REFUSED(execl("/bin/true", "true", NULL));
	return arg;
}

static void *wait_and_try(void *arg)
{
	char byte;

	CHECK(read(*(int *)arg, &byte, 1) == 1);
	return refused_too(arg);
}

static void check_lock(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4,
				.max_entries = 1 };
	int status, pipe_fds[2], fd;
	pthread_t before, after;
	void *ret;
	pid_t pid;

	CHECK(pipe(pipe_fds) == 0);
	CHECK(pthread_create(&before, NULL, wait_and_try, &pipe_fds[0]) == 0);
	CHECK(privileges_lock(false) == 0);
	CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);

	REFUSED(execl("/bin/true", "true", NULL));
	REFUSED(pid = fork());
	REFUSED(mount("none", "/", NULL, MS_REMOUNT, NULL));
	REFUSED(unshare(CLONE_NEWNS));
	REFUSED(socket(AF_INET, SOCK_STREAM, 0));
	REFUSED(kill(getppid(), SIGURG));
	REFUSED(syscall(SYS_tgkill, getppid(), getppid(), SIGURG));
	REFUSED(syscall(SYS_pidfd_open, getppid(), 0));
	REFUSED(syscall(SYS_pidfd_send_signal, -1, SIGKILL, NULL, 0));
	REFUSED(setuid(getuid()));
	REFUSED(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
	REFUSED(syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)));
	REFUSED(syscall(SYS_io_uring_setup, 1, NULL));
	CHECK(syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr)) == -1 && errno != EPERM);

	/* What nunchi does: files, unix sockets, threads, and asking whether a process is there. */
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
	CHECK(kill(getppid(), 0) == 0);
	CHECK(pthread_kill(pthread_self(), 0) == 0);
	CHECK(waitpid(-1, &status, WNOHANG) == -1 && errno == ECHILD);
	CHECK(pthread_create(&after, NULL, refused_too, &fd) == 0);
	CHECK(pthread_join(after, &ret) == 0);
	/* One that was there before is locked too. */
	CHECK(write(pipe_fds[1], "x", 1) == 1);
	CHECK(pthread_join(before, &ret) == 0);
	_exit(0);
}

/* Who may end a container may do that, by what is one process for ever, and in no other way. */
static void check_lock_kills(void)
{
	int fd = (int)syscall(SYS_pidfd_open, getppid(), 0);

	CHECK(fd >= 0);
	CHECK(privileges_lock(true) == 0);
	CHECK(syscall(SYS_pidfd_open, getppid(), 0) >= 0);
	REFUSED(kill(getppid(), SIGKILL));
	REFUSED(syscall(SYS_tgkill, getppid(), getppid(), SIGKILL));
	REFUSED(syscall(SYS_pidfd_send_signal, fd, SIGURG, NULL, 0));
	CHECK(syscall(SYS_pidfd_send_signal, -1, SIGKILL, NULL, 0) == -1 && errno == EBADF);
	REFUSED(syscall(SYS_pidfd_getfd, fd, 0, 0));
	_exit(0);
}

/* Who speaks with servers may that, and nothing else that the others may not. */
static void check_lock_network(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY };
	pid_t pid;

	CHECK(privileges_lock_network() == 0);
	CHECK(socket(AF_INET, SOCK_STREAM, 0) >= 0);
	CHECK(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
	REFUSED(socket(AF_PACKET, SOCK_RAW, 0));
	REFUSED(execl("/bin/true", "true", NULL));
	REFUSED(pid = fork());
	REFUSED(kill(getppid(), SIGURG));
	REFUSED(syscall(SYS_tgkill, getppid(), getppid(), SIGURG));
	REFUSED(setuid(getuid()));
	REFUSED(syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr)));
	_exit(0);
}

static uint64_t effective(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	CHECK(syscall(SYS_capget, &header, data) == 0);
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

static void check_capabilities(void)
{
	uint64_t had = effective();

	CHECK(privileges_use(PRIVILEGES_NONE) == 0);
	CHECK(effective() == 0);
	CHECK(privileges_use(PRIVILEGES_LOOK) == 0);
	CHECK(effective() == (had & PRIVILEGES_LOOK));
	CHECK(privileges_keep(PRIVILEGES_BPF) == 0);
	CHECK(effective() == (had & PRIVILEGES_BPF));
	CHECK(privileges_use(PRIVILEGES_LOOK) == 0);
	CHECK(effective() == 0);
	_exit(0);
}

static int in_child(void (*check)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		check();
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* One command has another answer, programs can be started, and the lock comes on top. */
static void check_hide_modules(void)
{
	union bpf_attr attr = { .start_id = 0 };
	int status;
	pid_t pid;

	CHECK(privileges_hide_modules() == 0);
	CHECK(syscall(SYS_bpf, BPF_BTF_GET_NEXT_ID, &attr, sizeof(attr)) == -1 && errno == ENOENT);
	CHECK(syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr)) == -1 && errno != ENOENT);
	pid = fork();
	if (!pid)
		_exit(execl("/bin/true", "true", NULL));
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(privileges_lock(false) == 0);
	REFUSED(fork());
	_exit(0);
}

static void test_hide_modules(void **state)
{
	assert_int_equal(in_child(check_hide_modules), 0);
}

static void test_lock(void **state)
{
	assert_int_equal(in_child(check_lock), 0);
}

static void test_lock_network(void **state)
{
	assert_int_equal(in_child(check_lock_network), 0);
}

static void test_lock_kills(void **state)
{
	assert_int_equal(in_child(check_lock_kills), 0);
}

static void test_capabilities(void **state)
{
	assert_int_equal(in_child(check_capabilities), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hide_modules),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_lock_network),
		cmocka_unit_test(test_lock_kills),
		cmocka_unit_test(test_capabilities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
