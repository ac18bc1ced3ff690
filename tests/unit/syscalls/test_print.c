/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <linux/sched.h>

#include "base/hmap.h"
#include "syscalls/syscalls.h"

static struct strbuf out;

static int reset(void **state)
{
	strbuf_free(&out);
	return 0;
}

static const struct syscall_info *call_of(const char *name)
{
	const struct syscall_info *call = syscall_by_name(name, strlen(name));

	assert_non_null(call);
	return call;
}

/* The text of a call's argument with this register. */
static const char *value(const char *name, unsigned index, uint64_t raw)
{
	strbuf_reset(&out);
	arg_print(&out, &call_of(name)->args[index], raw, NULL, 0);
	return out.s;
}

/* The text of a call's argument with these bytes. */
static const char *bytes(const char *name, unsigned index, const void *data, size_t len)
{
	/* A copy without a byte to spare, so that reading past it is seen. */
	_cleanup_free_ void *copy = xmemdup(data, len);

	strbuf_reset(&out);
	arg_print(&out, &call_of(name)->args[index], 0x1000, copy, len);
	return out.s;
}

/* The text of argument index where argument other is chosen. */
static const char *chosen(const char *name, unsigned other, uint64_t choice, unsigned index,
			  uint64_t raw)
{
	uint64_t args[6] = { 0 };

	args[other] = choice;
	args[index] = raw;
	strbuf_reset(&out);
	syscall_print_arg(&out, call_of(name), args, index, NULL, 0);
	return out.s;
}

static void test_numbers(void **state)
{
	assert_string_equal(value("listen", 1, 128), "128");
	assert_string_equal(value("listen", 1, 0xffffffff), "-1");
	assert_string_equal(value("listen", 1, 0xdead00000005), "5");
	assert_string_equal(value("lseek", 1, UINT64_MAX), "-1");
	assert_string_equal(value("connect", 2, 0xffffffff00000010), "16");
	assert_string_equal(value("read", 2, UINT64_MAX), "18446744073709551615");
	assert_string_equal(value("keyctl", 1, 31), "0x1f");
	assert_string_equal(value("keyctl", 1, 0), "0x0");
	assert_string_equal(value("brk", 0, 0x7f00), "0x7f00");
	assert_string_equal(value("brk", 0, 0), "NULL");
	assert_string_equal(value("close", 0, 0xffffffff), "-1");
	assert_string_equal(value("kill", 0, (uint64_t)-1), "-1");
	assert_string_equal(value("kill", 0, (uint32_t)-42), "-42");
	assert_string_equal(value("setuid", 0, 0xffffffff), "-1");
	assert_string_equal(value("setuid", 0, 4294967294), "4294967294");
	assert_string_equal(value("setgid", 0, 1000), "1000");
}

static void test_directory(void **state)
{
	assert_string_equal(value("openat", 0, (uint32_t)AT_FDCWD), "AT_FDCWD");
	assert_string_equal(value("openat", 0, (uint64_t)AT_FDCWD), "AT_FDCWD");
	assert_string_equal(value("openat", 0, 7), "7");
	assert_string_equal(value("openat", 0, 0xffffffff), "-1");
}

static void test_mode(void **state)
{
	assert_string_equal(value("mkdir", 1, 0644), "0644");
	assert_string_equal(value("mkdir", 1, 0), "0");
	assert_string_equal(value("mkdir", 1, 04755), "04755");
	assert_string_equal(value("mkdir", 1, 0x7fff0000 | 0600), "0600");
	assert_string_equal(value("mknod", 1, S_IFCHR | 0666), "S_IFCHR|0666");
	assert_string_equal(value("mknod", 1, S_IFIFO), "S_IFIFO|0");
	assert_string_equal(value("mknod", 2, 8 << 8 | 1), "8:1");
	assert_string_equal(value("mknod", 2, 0xfff00000U | 259 << 8 | 0xff), "259:1048575");
}

static void test_open_flags(void **state)
{
	assert_string_equal(value("openat", 2, 0), "O_RDONLY");
	assert_string_equal(value("openat", 2, O_WRONLY | O_CREAT | O_TRUNC),
			    "O_WRONLY|O_CREAT|O_TRUNC");
	assert_string_equal(value("openat", 2, O_RDWR | O_CLOEXEC), "O_RDWR|O_CLOEXEC");
	assert_string_equal(value("openat", 2, O_SYNC), "O_RDONLY|O_SYNC");
	assert_string_equal(value("openat", 2, O_DSYNC), "O_RDONLY|O_DSYNC");
	assert_string_equal(value("openat", 2, O_TMPFILE | O_RDWR), "O_RDWR|O_TMPFILE");
	assert_string_equal(value("openat", 2, O_DIRECTORY), "O_RDONLY|O_DIRECTORY");
	assert_string_equal(value("openat", 2, 3), "0x3");
	assert_string_equal(value("openat", 2, 1U << 30 | O_WRONLY), "O_WRONLY|0x40000000");
	assert_string_equal(value("openat", 2, 0xbad00000000ULL | O_WRONLY), "O_WRONLY");
}

static void test_flags(void **state)
{
	assert_string_equal(value("unlinkat", 2, 0), "0");
	assert_string_equal(value("unlinkat", 2, AT_REMOVEDIR), "AT_REMOVEDIR");
	assert_string_equal(value("unlinkat", 2, AT_REMOVEDIR | 1), "AT_REMOVEDIR|0x1");
	assert_string_equal(value("unlinkat", 2, 0x40), "0x40");
	assert_string_equal(value("mmap", 2, PROT_NONE), "PROT_NONE");
	assert_string_equal(value("mmap", 2, PROT_READ | PROT_EXEC), "PROT_READ|PROT_EXEC");
	assert_string_equal(value("mmap", 3, MAP_PRIVATE | MAP_ANONYMOUS),
			    "MAP_PRIVATE|MAP_ANONYMOUS");
	assert_string_equal(value("mmap", 3, MAP_SHARED_VALIDATE), "MAP_SHARED_VALIDATE");
	assert_string_equal(value("unshare", 0, CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWTIME),
			    "CLONE_NEWTIME|CLONE_NEWNS|CLONE_NEWPID");
	assert_string_equal(value("mount", 3, MS_MGC_VAL | MS_RDONLY | MS_BIND),
			    "MS_MGC_VAL|MS_RDONLY|MS_BIND");
	assert_string_equal(value("futex", 1, 128 | 9), "FUTEX_WAIT_BITSET|FUTEX_PRIVATE_FLAG");
	assert_string_equal(value("personality", 0, 0xffffffff), "0xffffffff");
	assert_string_equal(value("personality", 0, 0x0040000), "PER_LINUX|ADDR_NO_RANDOMIZE");
	assert_string_equal(value("quotactl", 0, 0x800002U << 8 | 1), "Q_QUOTAON|GRPQUOTA");
	assert_string_equal(value("shmget", 2, 01000 | 0600), "IPC_CREAT|0600");
	assert_string_equal(value("shmget", 2, 0644), "0644");
	assert_string_equal(value("shmget", 2, 0), "0");
	assert_string_equal(value("shmget", 2, 0x80000000 | 0600), "0x80000000|0600");
}

static void test_enums(void **state)
{
	assert_string_equal(value("socket", 0, AF_INET), "AF_INET");
	assert_string_equal(value("socket", 0, 4711), "4711");
	assert_string_equal(value("ptrace", 0, 16), "PTRACE_ATTACH");
	assert_string_equal(value("bpf", 0, 5), "BPF_PROG_LOAD");
	assert_string_equal(value("ioctl", 1, 0x5412), "TIOCSTI");
	assert_string_equal(value("ioctl", 1, 0xc0ffee00), "0xc0ffee00");
	assert_string_equal(value("add_key", 4, (uint32_t)-3), "KEY_SPEC_SESSION_KEYRING");
	assert_string_equal(value("add_key", 4, (uint64_t)-3), "KEY_SPEC_SESSION_KEYRING");
	assert_string_equal(value("add_key", 4, (uint32_t)-77), "-77");
	assert_string_equal(value("fcntl", 1, 1033), "F_ADD_SEALS");
	assert_string_equal(value("prctl", 0, PR_SET_NO_NEW_PRIVS), "PR_SET_NO_NEW_PRIVS");
	assert_string_equal(value("reboot", 0, 0xfffffffffee1dead), "LINUX_REBOOT_MAGIC1");
	assert_string_equal(value("shmget", 0, 0), "IPC_PRIVATE");
	assert_string_equal(value("shmget", 0, 0xffffffff80001234), "0x80001234");
	assert_string_equal(value("reboot", 2, 0x4321fedc), "LINUX_REBOOT_CMD_POWER_OFF");
}

static void test_socket_type(void **state)
{
	assert_string_equal(value("socket", 1, SOCK_STREAM), "SOCK_STREAM");
	assert_string_equal(value("socket", 1, SOCK_STREAM | SOCK_CLOEXEC),
			    "SOCK_STREAM|SOCK_CLOEXEC");
	assert_string_equal(value("socket", 1, SOCK_RAW | SOCK_NONBLOCK | 0x10),
			    "SOCK_RAW|SOCK_NONBLOCK|0x10");
	assert_string_equal(value("socket", 1, 15), "15");
	assert_string_equal(value("socket", 1, 0), "0");
}

static void test_clone_flags(void **state)
{
	assert_string_equal(value("clone", 0, CLONE_VM | CLONE_VFORK | SIGCHLD),
			    "CLONE_VM|CLONE_VFORK|SIGCHLD");
	assert_string_equal(value("clone", 0, SIGCHLD), "SIGCHLD");
	assert_string_equal(value("clone", 0, 0), "0");
	assert_string_equal(value("clone", 0, CLONE_NEWNS | 0x80), "CLONE_NEWNS|0x80");
	assert_string_equal(value("clone", 0, CLONE_PARENT_SETTID), "CLONE_PARENT_SETTID");
	assert_string_equal(value("unshare", 0, CLONE_NEWTIME | CLONE_NEWUSER | 0x100000),
			    "CLONE_NEWTIME|UNSHARE_EMPTY_MNTNS|CLONE_NEWUSER");
	assert_string_equal(value("unshare", 0, CLONE_IO), "0x80000000");
}

/* Negative numbers can stand for the caller itself, or for a file system that nobody can mount. */
static void test_descriptors(void **state)
{
	assert_string_equal(value("pidfd_send_signal", 0, (uint32_t)-10001), "PIDFD_SELF_THREAD_GROUP");
	assert_string_equal(value("open_by_handle_at", 0, (uint32_t)-10003), "FD_NSFS_ROOT");
	assert_string_equal(value("read", 0, (uint32_t)-1), "-1");
	assert_string_equal(value("read", 0, 10000), "10000");
	assert_string_equal(value("ioctl", 1, 0xff03), "PIDFD_GET_MNT_NAMESPACE");
	assert_string_equal(value("io_uring_register", 1, 0x80000025), "IORING_REGISTER_BPF_FILTER|"
			    "IORING_REGISTER_USE_REGISTERED_RING");
}

static void test_signals(void **state)
{
	assert_string_equal(value("kill", 1, SIGKILL), "SIGKILL");
	assert_string_equal(value("kill", 1, 36), "SIGRTMIN+2");
	assert_string_equal(value("kill", 1, 0), "0");
	assert_string_equal(value("kill", 1, 65), "65");
	assert_string_equal(value("kill", 1, (uint32_t)-1), "-1");
}

static void test_choices(void **state)
{
	assert_string_equal(chosen("setsockopt", 1, SOL_SOCKET, 2, SO_REUSEADDR), "SO_REUSEADDR");
	assert_string_equal(chosen("setsockopt", 1, 6, 2, 1), "TCP_NODELAY");
	assert_string_equal(chosen("setsockopt", 1, 999, 2, 1), "1");
	assert_string_equal(chosen("socket", 0, AF_INET, 2, 17), "IPPROTO_UDP");
	assert_string_equal(chosen("socket", 0, AF_NETLINK, 2, 9), "NETLINK_AUDIT");
	assert_string_equal(chosen("socket", 0, AF_PACKET, 2, 0x0300), "ETH_P_ALL");
	assert_string_equal(chosen("socket", 0, AF_UNIX, 2, 0), "0");
	assert_string_equal(chosen("fcntl", 1, F_SETFD, 2, 1), "FD_CLOEXEC");
	assert_string_equal(chosen("fcntl", 1, F_SETFL, 2, O_NONBLOCK), "O_RDONLY|O_NONBLOCK");
	assert_string_equal(chosen("fcntl", 1, F_DUPFD, 2, 10), "10");
	assert_string_equal(chosen("fcntl", 1, F_GETLK, 2, 0x7f00), "0x7f00");
	assert_string_equal(chosen("prctl", 0, PR_CAPBSET_DROP, 1, CAP_SYS_ADMIN), "CAP_SYS_ADMIN");
	assert_string_equal(chosen("prctl", 0, PR_SET_PDEATHSIG, 1, SIGTERM), "SIGTERM");
	assert_string_equal(chosen("prctl", 0, PR_SET_NAME, 1, 0x1234), "0x1234");
	assert_string_equal(chosen("getpid", 0, 0, 5, 1), "");
	assert_string_equal(chosen("prctl", 0, 0, 5, 1), "");
	assert_string_equal(chosen("openat", 3, 0, 2, 0), "O_RDONLY");
}

static void test_text(void **state)
{
	assert_string_equal(bytes("openat", 1, "/etc/passwd", 11), "/etc/passwd");
	assert_string_equal(bytes("openat", 1, "", 0), "");
	assert_string_equal(value("openat", 1, 0), "NULL");
	assert_string_equal(value("openat", 1, 0xdeadbeef), "0xdeadbeef");
	bytes("open", 0, "a\n\xff\x1b[2J", 7);
	assert_int_equal(out.len, 7);
	assert_memory_equal(out.s, "a\n\xff\x1b[2J", 7);
	bytes("write", 1, "a\0b", 3);
	assert_int_equal(out.len, 3);
	assert_memory_equal(out.s, "a\0b", 3);
}

static void test_strings(void **state)
{
	assert_string_equal(bytes("execve", 1, "ls\0-l\0/tmp", 11), "ls -l /tmp");
	assert_string_equal(bytes("execve", 1, "ls\0-l\0/t", 8), "ls -l /t");
	assert_string_equal(bytes("execve", 1, "", 1), "");
	assert_string_equal(bytes("execve", 1, "", 0), "");
	assert_string_equal(bytes("execve", 1, "a\0\0b", 5), "a  b");
	assert_string_equal(bytes("execve", 1, "\0\0", 3), "  ");
	assert_string_equal(value("execve", 1, 0), "NULL");
}

static void test_times(void **state)
{
	int64_t t[2] = { 1, 500000000 };

	assert_string_equal(bytes("nanosleep", 0, t, 16), "1.500000000");
	assert_string_equal(bytes("settimeofday", 0, t, 16), "{1, 500000000}");
	t[1] = 5;
	assert_string_equal(bytes("nanosleep", 0, t, 16), "1.000000005");
	assert_string_equal(bytes("settimeofday", 0, t, 16), "1.000005");
	t[0] = INT64_MIN;
	t[1] = INT64_MAX;
	assert_string_equal(bytes("nanosleep", 0, t, 16),
			    "{-9223372036854775808, 9223372036854775807}");
	assert_string_equal(bytes("nanosleep", 0, "\1\2\xff", 3), "0102ff");
	assert_string_equal(value("nanosleep", 0, 0), "NULL");
}

static void test_structs(void **state)
{
	int32_t fds[2] = { 3, -4 };
	uint32_t ring[3] = { 4, 8, 1 << 1 | 1 << 14 };
	uint64_t limits[2] = { 1024, UINT64_MAX };
	struct open_how how = { .flags = O_RDWR | O_CREAT, .mode = 0640,
				.resolve = RESOLVE_IN_ROOT };
	struct clone_args clone = { .flags = CLONE_NEWPID | 0x200000000ULL, .exit_signal = SIGCHLD,
				    .cgroup = 5 };
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct caps[2] = { { .effective = 1U << CAP_SYS_ADMIN,
						    .permitted = UINT32_MAX },
						  { .effective = 1U << (CAP_BPF - 32),
						    .permitted = UINT32_MAX } };
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_IDMAP,
				   .propagation = MS_PRIVATE, .userns_fd = 9 };

	assert_string_equal(bytes("pipe2", 0, fds, 8), "[3, -4]");
	assert_string_equal(bytes("prlimit64", 2, limits, 16), "{cur=1024, max=RLIM_INFINITY}");
	assert_string_equal(bytes("openat2", 2, &how, sizeof(how)),
			    "{flags=O_RDWR|O_CREAT, mode=0640, resolve=RESOLVE_IN_ROOT}");
	assert_string_equal(bytes("clone3", 0, &clone, sizeof(clone)),
			    "{flags=CLONE_NEWPID|CLONE_INTO_CGROUP, exit_signal=SIGCHLD, "
			    "cgroup=5}");
	assert_string_equal(bytes("capset", 0, &head, sizeof(head)),
			    "{version=_LINUX_CAPABILITY_VERSION_3, pid=0}");
	assert_string_equal(bytes("capset", 1, caps, sizeof(caps)),
			    "{effective=CAP_SYS_ADMIN|CAP_BPF, permitted=all, inheritable=0}");
	assert_string_equal(bytes("mount_setattr", 3, &attr, sizeof(attr)),
			    "{attr_set=MOUNT_ATTR_RDONLY|MOUNT_ATTR_IDMAP, attr_clr=0, "
			    "propagation=MS_PRIVATE, userns_fd=9}");
	assert_string_equal(bytes("io_uring_setup", 1, ring, sizeof(ring)),
			    "{sq_entries=4, cq_entries=8, flags=IORING_SETUP_SQPOLL|IORING_SETUP_NO_MMAP}");
	assert_string_equal(bytes("file_setattr", 2, "\xde\xad", 2), "dead");
	assert_string_equal(bytes("clone3", 0, "\xde\xad", 2), "dead");
	assert_string_equal(bytes("pipe2", 0, "", 0), "");
}

/* Whatever the bytes, the registers and the lengths are: no read past them, and a bounded text. */
static void test_hostile(void **state)
{
	uint64_t seed = 1;

	for (size_t i = 0; i < syscall_table_len * 4; i++) {
		const struct syscall_info *call = &syscall_table[i % syscall_table_len];
		uint64_t args[6];
		uint8_t data[160];
		size_t len;

		for (size_t k = 0; k < sizeof(data); k++) {
			seed = hash_u64(seed + k);
			data[k] = i % 2 ? 0xff : (uint8_t)seed;
		}
		for (unsigned k = 0; k < 6; k++)
			args[k] = i % 3 ? seed * (k + 1) : UINT64_MAX;
		len = (seed >> 33) % sizeof(data);
		for (unsigned k = 0; k < 6; k++) {
			_cleanup_free_ void *copy = xmemdup(data, len);

			strbuf_reset(&out);
			syscall_print_arg(&out, call, args, k, copy, len);
			assert_true(out.len < 4096 + 2 * len);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_mode),
		cmocka_unit_test(test_open_flags),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_enums),
		cmocka_unit_test(test_socket_type),
		cmocka_unit_test(test_clone_flags),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_structs),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, reset);
}
