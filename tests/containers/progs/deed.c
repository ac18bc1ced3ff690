/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One deed: `deed WHAT [ARGUMENT...]`. By another name (a link) another program does it. Exits with 0
 * if the call was made, whatever came of it: cases/rules.py says what that must be.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 1;
}

/* A child that runs the program, or only waits to be ended (NULL). */
static pid_t child(char **argv)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (!argv)
		pause();
	execvp(argv[0], argv);
	_exit(127);
}

static int run(char **argv)
{
	waitpid(child(argv), NULL, 0);
	return 0;
}

static int open_with(const char *path, int flags)
{
	int fd = open(path, flags, 0644);

	return fd < 0 ? fail(path) : 0;
}

/* The program itself, from memory. */
static int run_from_memory(char **argv)
{
	int from = open("/proc/self/exe", O_RDONLY), to = memfd_create("nothing", 0);
	char buf[65536];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, (size_t)n) != n)
			return fail("memfd");
	fexecve(to, argv, environ);
	return fail("fexecve");
}

static int run_script_from_memory(char **argv)
{
	static const char script[] = "#!/bin/sh\n:\n";
	int fd = memfd_create("nothing", 0);

	if (write(fd, script, sizeof(script) - 1) < 0)
		return fail("memfd");
	fexecve(fd, argv, environ);
	return fail("fexecve");
}

/* A terminal of its own: as `docker run -t` gives one. */
static int run_in_terminal(char **argv)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY), ours;
	pid_t pid;

	if (terminal < 0 || grantpt(terminal) || unlockpt(terminal))
		return fail("pty");
	pid = fork();
	if (!pid) {
		setsid();
		ours = open(ptsname(terminal), O_RDWR);
		if (ours < 0 || ioctl(ours, TIOCSCTTY, 0))
			_exit(fail("tty"));
		execvp(argv[0], argv);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
	return 0;
}

static int connect_to(const char *ip, int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	inet_pton(AF_INET, ip, &to.sin_addr);
	connect(fd, (struct sockaddr *)&to, sizeof(to));
	return 0;
}

static int connect_to_path(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(to.sun_path, path, sizeof(to.sun_path) - 1);
	connect(fd, (struct sockaddr *)&to, sizeof(to));
	return 0;
}

static int make_socket(int domain, int type)
{
	return socket(domain, type, 0) < 0 ? fail("socket") : 0;
}

static int duplicate_socket(int to)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return dup2(fd, to) < 0 ? fail("dup2") : 0;
}

/* One to each of the ports, all by one socket. */
static int send_datagrams(char **ports)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		return fail("socket");
	for (; *ports; ports++) {
		to.sin_port = htons((uint16_t)atoi(*ports));
		sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to));
	}
	return 0;
}

static int send_messages(const char *ip, int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct iovec data = { (char[]) { "x" }, 1 };
	struct mmsghdr one = { .msg_hdr = { &to, sizeof(to), &data, 1, NULL, 0, 0 } };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, ip, &to.sin_addr);
	sendmmsg(fd, &one, 1, MSG_DONTWAIT);
	return 0;
}

/* A program that has a socket for its standard input, without a dup. */
static int run_on_socket(char **argv)
{
	close(0);
	return socket(AF_INET, SOCK_DGRAM, 0) ? fail("socket") : run(argv);
}

static int join(const char *path)
{
	int fd = open(path, O_RDONLY);

	return setns(fd, 0) ? fail(path) : 0;
}

static int load_bpf(int command)
{
	const struct bpf_insn nothing[] = { { .code = 0xb7 }, { .code = 0x95 } };
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insn_cnt = 2 };

	if (command == BPF_MAP_GET_FD_BY_ID) {	/* the first that there is */
		memset(&attr, 0, sizeof(attr));
		syscall(SYS_bpf, BPF_MAP_GET_NEXT_ID, &attr, sizeof(attr));
		attr.map_id = attr.next_id;
		attr.next_id = 0;
	} else if (command == BPF_PROG_LOAD) {
		attr.insns = (uintptr_t)nothing;
		attr.license = (uintptr_t)"";
	} else {
		memset(&attr, 0, sizeof(attr));
		attr.map_type = BPF_MAP_TYPE_ARRAY;
		attr.key_size = attr.value_size = 4;
		attr.max_entries = 1;
	}
	return syscall(SYS_bpf, command, &attr, sizeof(attr)) < 0 ? fail("bpf") : 0;
}

static int open_handle(const char *path, int good)
{
	struct {
		struct file_handle head;
		char bytes[128];
	} handle = { .head.handle_bytes = sizeof(handle.bytes) };
	int fd = open("/tmp", O_RDONLY | O_DIRECTORY), mount;

	if (name_to_handle_at(AT_FDCWD, path, &handle.head, &mount, 0))
		return fail("name_to_handle_at");
	if (!good)
		memset(handle.bytes, 0x7e, sizeof(handle.bytes));
	return (open_by_handle_at(fd, &handle.head, O_RDONLY) < 0) == good ? fail("handle") : 0;
}

static int trace(long request)
{
	pid_t pid = child(NULL);
	long r = ptrace((enum __ptrace_request)request, pid, 0, 0);

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return r ? fail("ptrace") : 0;
}

/* The same by int 0x80, where there is that: PTRACE_ATTACH. */
static int trace_32(void)
{
	long r = 0;
#ifdef __x86_64__
	pid_t pid = child(NULL);

	asm volatile("int $0x80" : "=a"(r) : "a"(26L), "b"(16L), "c"((long)pid), "d"(0L), "S"(0L) : "memory");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	errno = (int)-r;
#endif
	return r ? fail("ptrace") : 0;
}

/* nr: SYS_process_vm_readv, SYS_process_vm_writev. */
static int memory_of(pid_t pid, long nr)
{
	char here[8] = { 0 };
	static char there[8];
	struct iovec local = { here, sizeof(here) }, remote = { there, sizeof(there) };

	return syscall(nr, pid, &local, 1, &remote, 1, 0) < 0 ? fail("process_vm") : 0;
}

static int other_memory(long nr)
{
	pid_t pid = child(NULL);
	int r = memory_of(pid, nr);

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return r;
}

static int take_descriptor(void)
{
	pid_t pid = child(NULL);
	int process = (int)syscall(SYS_pidfd_open, pid, 0);
	long r = syscall(SYS_pidfd_getfd, process, 1, 0);

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return r < 0 ? fail("pidfd_getfd") : 0;
}

static int set_attribute(const char *path, const char *name)
{
	struct vfs_cap_data caps = { .magic_etc = VFS_CAP_REVISION_2, .data[0].permitted = 1 };

	setxattr(path, name, &caps, XATTR_CAPS_SZ_2, 0);
	return 0;
}

/* The call that came with 6.13; ENOSYS is no failure. */
static int set_attribute_at(const char *path, const char *name)
{
	struct vfs_cap_data caps = { .magic_etc = VFS_CAP_REVISION_2, .data[0].permitted = 1 };
	struct {
		uint64_t value;
		uint32_t size, flags;
	} args = { (uintptr_t)&caps, XATTR_CAPS_SZ_2, 0 };

	syscall(463, AT_FDCWD, path, 0, name, &args, sizeof(args));
	return 0;
}

/* A file that is setuid from its first moment on. */
static int make_setuid(const char *how, const char *path)
{
	struct open_how open_how = { .flags = O_CREAT | O_WRONLY, .mode = 04755 };
	int r;

	if (!strcmp(how, "node"))
		r = mknod(path, S_IFREG | 04755, 0);
	else if (!strcmp(how, "openat2"))
		r = (int)syscall(SYS_openat2, AT_FDCWD, path, &open_how, sizeof(open_how));
	else
		r = open(path, O_CREAT | O_WRONLY, 04755);
	return r < 0 ? fail(path) : 0;
}

/* Of a mount that may be read only. */
static int make_writable(const char *path)
{
	const uint64_t attr[4] = { 0, 1 /* MOUNT_ATTR_RDONLY, to be cleared */ };

	return syscall(SYS_mount_setattr, AT_FDCWD, path, 0, attr, sizeof(attr)) ? fail(path) : 0;
}

/* Something over a directory, without mount(2). */
static int cover(const char *path)
{
	int fs = (int)syscall(SYS_fsopen, "tmpfs", 0), mount;

	if (fs < 0 || syscall(SYS_fsconfig, fs, 6 /* create */, NULL, NULL, 0))
		return fail("fsopen");
	mount = (int)syscall(SYS_fsmount, fs, 0, 0);
	return syscall(SYS_move_mount, mount, "", AT_FDCWD, path, 4 /* from the descriptor */) ? fail(path) : 0;
}

/* A mount elsewhere as well, without mount(2). */
static int move_tree(const char *from, const char *path)
{
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, from, 1 /* a clone */);

	return syscall(SYS_move_mount, tree, "", AT_FDCWD, path, 4) ? fail(path) : 0;
}

/* A file system mounted anew as it is, without mount(2). */
static int reconfigure(const char *path)
{
	int fs = (int)syscall(SYS_fspick, AT_FDCWD, path, 0);

	return syscall(SYS_fsconfig, fs, 7 /* reconfigure */, NULL, NULL, 0) ? fail(path) : 0;
}

/* Cgroups to be mounted with a program for empty ones; nothing is mounted. */
static int set_release_agent(void)
{
	int fs = (int)syscall(SYS_fsopen, "cgroup", 0);

	return syscall(SYS_fsconfig, fs, 1 /* string */, "release_agent", "/x", 0) ? fail("fsconfig") : 0;
}

static int make_user(void)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (!pid)
		_exit(0);
	return pid < 0 || waitpid((pid_t)pid, NULL, 0) != pid ? fail("clone3") : 0;
}

/* More processes than may be. */
static int fork_too_often(void)
{
	struct rlimit none = { 0, 0 };
	pid_t pid;

	setrlimit(RLIMIT_NPROC, &none);
	pid = fork();
	if (!pid)
		_exit(0);
	return pid < 0 && errno == EAGAIN ? 0 : fail("fork");
}

static int set_time(int clock)
{
	struct timespec now = { 1, 0 };

	return clock_settime(clock, &now) && errno == (clock ? EINVAL : EPERM) ? 0 : fail("clock");
}

static int ring(void)
{
	struct io_uring_params params = { 0 };

	syscall(SYS_io_uring_setup, 1, &params);
	return 0;
}

/* Of these calls arguments are such that nothing comes of them. */
static int ask_kernel(const char *what, long arg)
{
	if (!strcmp(what, "finit_module"))
		syscall(SYS_finit_module, -1, "", 0);
	else if (!strcmp(what, "delete_module"))
		syscall(SYS_delete_module, "no_such_module", 0);
	else if (!strcmp(what, "kexec_load"))
		syscall(SYS_kexec_load, 0, 0, NULL, 0xffff);
	else if (!strcmp(what, "reboot"))
		syscall(SYS_reboot, 0, 0, arg, NULL);
	else if (!strcmp(what, "syslog"))
		syscall(SYS_syslog, arg, "", 0);
	else if (!strcmp(what, "userfaultfd"))
		syscall(SYS_userfaultfd, arg);
#ifdef SYS_iopl
	else if (!strcmp(what, "iopl"))
		syscall(SYS_iopl, arg);
#endif
	else if (!strcmp(what, "unshare"))
		return unshare((int)arg) ? fail("unshare") : 0;
	else
		return 2;
	return 0;
}

/* A file that is no module, by itself and as one that is to be uncompressed. */
static int load_module(const char *path, int flags)
{
	return syscall(SYS_finit_module, open(path, O_RDONLY), "", flags) ? fail("finit_module") : 0;
}

static int do_file(const char *what, char **args)
{
	if (!strcmp(what, "module"))
		return load_module(args[0], atoi(args[1]));
	if (!strcmp(what, "read"))
		return open_with(args[0], O_RDONLY);
	if (!strcmp(what, "write"))
		return open_with(args[0], O_WRONLY | O_CREAT);
	if (!strcmp(what, "empty"))
		return open_with(args[0], O_WRONLY | O_TRUNC);
	if (!strcmp(what, "handle"))
		return open_handle(args[0], atoi(args[1]));
	if (!strcmp(what, "attribute"))
		return set_attribute(args[0], args[1]);
	if (!strcmp(what, "attribute-at"))
		return set_attribute_at(args[0], args[1]);
	if (!strcmp(what, "setuid"))
		return make_setuid(args[0], args[1]);
	if (!strcmp(what, "cover"))
		return cover(args[0]);
	if (!strcmp(what, "writable"))
		return make_writable(args[0]);
	if (!strcmp(what, "bind"))
		return mount(args[0], args[1], NULL, MS_BIND, NULL) ? fail("bind") : 0;
	if (!strcmp(what, "move-tree"))
		return move_tree(args[0], args[1]);
	if (!strcmp(what, "reconfigure"))
		return reconfigure(args[0]);
	if (!strcmp(what, "truncate"))
		return truncate(args[0], 0) ? fail(args[0]) : 0;
	return -1;
}

static int do_network(const char *what, char **args)
{
	if (!strcmp(what, "connect"))
		return connect_to(args[0], atoi(args[1]));
	if (!strcmp(what, "connect-path"))
		return connect_to_path(args[0]);
	if (!strcmp(what, "packet"))
		return make_socket(AF_PACKET, SOCK_RAW);
	if (!strcmp(what, "rare")) {
		(void)socket(AF_ALG, SOCK_SEQPACKET, 0);	/* which the kernel need not have */
		return 0;
	}
	if (!strcmp(what, "socket"))
		return make_socket(AF_INET, SOCK_STREAM);
	if (!strcmp(what, "raw"))
		return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) < 0 ? fail("socket") : 0;
	if (!strcmp(what, "stdin"))
		return duplicate_socket(atoi(args[0]));
	if (!strcmp(what, "messages"))
		return send_messages(args[0], atoi(args[1]));
	if (!strcmp(what, "datagrams"))
		return send_datagrams(args);
	if (!strcmp(what, "socket-stdin"))
		return run_on_socket(args);
	return -1;
}

static int do_process(const char *what, char **args)
{
	if (!strcmp(what, "run"))
		return run(args);
	if (!strcmp(what, "memory"))
		return run_from_memory(args);
	if (!strcmp(what, "memory-script"))
		return run_script_from_memory(args - 1);
	if (!strcmp(what, "terminal"))
		return run_in_terminal(args);
	if (!strcmp(what, "ptrace"))
		return trace(strtol(args[0], NULL, 0));
	if (!strcmp(what, "ptrace-32"))
		return trace_32();
	if (!strcmp(what, "vm-write"))
		return other_memory(SYS_process_vm_writev);
	if (!strcmp(what, "vm-read"))
		return other_memory(SYS_process_vm_readv);
	if (!strcmp(what, "vm-own"))
		return memory_of(getpid(), SYS_process_vm_readv);
	if (!strcmp(what, "take"))
		return take_descriptor();
	if (!strcmp(what, "forks"))
		return fork_too_often();
	if (!strcmp(what, "user"))
		return make_user();
	if (!strcmp(what, "setns"))
		return join(args[0]);
	return -1;
}

int main(int argc, char **argv)
{
	static int (*const kinds[])(const char *what, char **args) = { do_file, do_network, do_process };

	/* As somebody who may do little. */
	if (argc > 2 && !strcmp(argv[1], "nobody")) {
		if (setgid(65534) || setuid(65534))
			return fail("setuid");
		argv++;
		argc--;
	}
	/* By a name that it gives itself. */
	if (argc > 3 && !strcmp(argv[1], "as")) {
		if (prctl(PR_SET_NAME, argv[2]))
			return fail("prctl");
		argv += 2;
		argc -= 2;
	}
	if (argc < 2 || !strcmp(argv[1], "nothing"))
		return 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int r = kinds[i](argv[1], argv + 2);

		if (r >= 0)
			return r;
	}
	if (!strcmp(argv[1], "bpf"))
		return load_bpf(atoi(argv[2]));
	if (!strcmp(argv[1], "chroot"))
		return chroot(argv[2]) ? fail("chroot") : 0;
	if (!strcmp(argv[1], "clock"))
		return set_time(atoi(argv[2]));
	if (!strcmp(argv[1], "ring"))
		return ring();
	if (!strcmp(argv[1], "mount"))
		return mount("/dev/none", "/mnt", argv[2], 0, NULL) && errno == EPERM ? 0 : fail("mount");
	if (!strcmp(argv[1], "fsopen"))
		return syscall(SYS_fsopen, argv[2], 0) < 0 && errno == EPERM ? 0 : fail("fsopen");
	if (!strcmp(argv[1], "release-agent"))
		return set_release_agent();
	return ask_kernel(argv[1], argc > 2 ? strtol(argv[2], NULL, 0) : 0);
}
