/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes each system call of nunchi's default set with known arguments, and writes for each a line
 * of JSON: its name, what its arguments are as a person would write them, and the raw result.
 *
 *	{"call":"openat","ret":3,"args":[{"t":"AT_FDCWD"},{"t":"/etc/passwd"},{"n":0},...]}
 *
 * "t": the very text ("A|B": in any order); "n": this number, in any notation; {}: not checked.
 * Calls that could change the host get arguments that must fail. To be run as init of a container
 * of its own, with all capabilities, no seccomp, and a tmpfs on /tmp.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/fanotify.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/quota.h>
#include <sys/reboot.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

/* Newer than Debian 12's headers; the same number on every architecture. */
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#define SYS_fchmodat2 452
#define SYS_setxattrat 463
#define SYS_removexattrat 466
#define SYS_open_tree_attr 467
#define SYS_file_setattr 469

struct arg {
	unsigned long raw;
	const char *text;
	char how;
};

#define N(x) { (unsigned long)(x), #x, 't' }		/* a constant, by its name */
#define P(s) { (unsigned long)(s), s, 't' }		/* a string */
#define T(x, text) { (unsigned long)(x), text, 't' }	/* anything, and how it is written */
#define V(x) { (unsigned long)(x), NULL, 'n' }		/* a number */
#define X(x) { (unsigned long)(x), NULL, 'x' }		/* a pointer to something not shown */

#define CALL(name, ...)                                                         \
	call(#name, SYS_##name, (struct arg[]){ __VA_ARGS__ },                  \
	     sizeof((struct arg[]){ __VA_ARGS__ }) / sizeof(struct arg))

static void print_text(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putchar('\\');
		putchar(*s);
	}
	putchar('"');
}

static void report(const char *name, long ret, const struct arg *args, size_t n)
{
	printf("{\"call\":\"%s\",\"ret\":%ld,\"args\":[", name, ret);
	for (size_t i = 0; i < n; i++) {
		printf("%s{", i ? "," : "");
		if (args[i].how == 't') {
			printf("\"t\":");
			print_text(args[i].text);
		} else if (args[i].how == 'n') {
			printf("\"n\":%ld", (long)args[i].raw);
		}
		printf("}");
	}
	printf("]}\n");
	fflush(stdout);
}

static long call(const char *name, long nr, const struct arg *given, size_t n)
{
	struct arg a[6] = { 0 };
	long ret;

	memcpy(a, given, n * sizeof(*a));
	ret = syscall(nr, a[0].raw, a[1].raw, a[2].raw, a[3].raw, a[4].raw, a[5].raw);
	if (ret == -1)
		ret = -errno;
	report(name, ret, given, n);
	return ret;
}

static void on_signal(int sig)
{
	(void)sig;
}

static void files_at(void)
{
	static struct open_how how = { .flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_BENEATH };
	long dir, fd;

	dir = CALL(openat, N(AT_FDCWD), P("/tmp"), N(O_RDONLY | O_DIRECTORY | O_CLOEXEC), V(0));
	fd = CALL(openat, V(dir), P("a"), N(O_WRONLY | O_CREAT | O_TRUNC), T(0644, "0644"));
	CALL(openat, N(AT_FDCWD), P("/tmp/none"), N(O_RDWR), V(0));
	CALL(openat2, V(dir), P("a"), X(&how), V(sizeof(how)));
	CALL(fchmod, V(fd), T(0600, "0600"));
	CALL(fchown, V(fd), V(0), V(0));
	CALL(mkdirat, V(dir), P("d"), T(0750, "0750"));
	CALL(mknodat, N(AT_FDCWD), P("/tmp/pipe"), T(S_IFIFO | 0600, "S_IFIFO|0600"), X(0));
	CALL(fchownat, N(AT_FDCWD), P("/tmp/a"), V(0), V(0), N(AT_SYMLINK_NOFOLLOW));
	CALL(fchmodat, N(AT_FDCWD), P("/tmp/a"), T(0640, "0640"));
	CALL(fchmodat2, N(AT_FDCWD), P("/tmp/a"), T(0600, "0600"), N(AT_SYMLINK_NOFOLLOW));
	CALL(linkat, V(dir), P("a"), N(AT_FDCWD), P("/tmp/b"), V(0));
	CALL(symlinkat, P("a"), N(AT_FDCWD), P("/tmp/s"));
	CALL(renameat, N(AT_FDCWD), P("/tmp/b"), V(dir), P("c"));
	CALL(renameat2, V(dir), P("c"), V(dir), P("b"), N(RENAME_NOREPLACE));
	CALL(unlinkat, V(dir), P("b"), V(0));
	CALL(unlinkat, V(dir), P("d"), N(AT_REMOVEDIR));
	CALL(unlinkat, V(dir), P("none"), V(0));
	CALL(setxattr, P("/tmp/a"), P("security.walk"), P("one"), V(3), V(0));
	CALL(lsetxattr, P("/tmp/a"), P("security.walk"), P("two"), V(3), N(XATTR_REPLACE));
	CALL(fsetxattr, V(fd), P("security.walk"), P("six"), V(3), V(0));
	CALL(removexattr, P("/tmp/a"), P("security.walk"));
	CALL(lremovexattr, P("/tmp/a"), P("security.none"));
	CALL(fremovexattr, V(fd), P("security.none"));
	CALL(setxattrat, N(AT_FDCWD), P("/tmp/none"), V(0), P("security.walk"), X(NULL), V(0));
	CALL(removexattrat, N(AT_FDCWD), P("/tmp/none"), V(0), P("security.walk"));
	CALL(file_setattr, N(AT_FDCWD), P("/tmp/none"), X(NULL), V(0), V(0));
	CALL(truncate, P("/tmp/a"), V(8));
	close((int)fd);
	close((int)dir);
}

static void files(void)
{
#ifdef SYS_open
	CALL(open, P("/etc/passwd"), N(O_RDONLY), V(0));
	CALL(creat, P("/tmp/f"), T(0600, "0600"));
	CALL(mkdir, P("/tmp/e"), T(0700, "0700"));
	CALL(rename, P("/tmp/e"), P("/tmp/g"));
	CALL(rmdir, P("/tmp/g"));
	CALL(link, P("/tmp/f"), P("/tmp/h"));
	CALL(symlink, P("f"), P("/tmp/i"));
	CALL(chmod, P("/tmp/f"), T(04755, "04755"));
	CALL(chown, P("/tmp/f"), V(0), V(0));
	CALL(lchown, P("/tmp/i"), V(101), V(101));
	CALL(unlink, P("/tmp/h"));
	CALL(mknod, P("/tmp/null"), T(S_IFCHR | 0666, "S_IFCHR|0666"), T(makedev(1, 3), "1:3"));
#endif
	CALL(memfd_create, P("walk"), N(MFD_CLOEXEC));
	CALL(memfd_secret, V(0));
}

static void handles(void)
{
	static struct {
		struct file_handle head;
		char room[128];
	} handle;
	static int mount_id;

	handle.head.handle_bytes = sizeof(handle.room);
	CALL(name_to_handle_at, N(AT_FDCWD), P("/tmp"), X(&handle), X(&mount_id), V(0));
	handle.head.handle_bytes = 0;
	CALL(open_by_handle_at, V(-1), X(&handle), N(O_RDONLY));
	CALL(fanotify_init, X(FAN_CLASS_NOTIF), N(O_RDONLY));
	CALL(userfaultfd, N(O_CLOEXEC));
}

static struct sockaddr_in address(uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return in;
}

static void sockets(void)
{
	static struct sockaddr_in server, client, peer;
	static struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	static struct sockaddr_un local = { .sun_family = AF_UNIX, .sun_path = "/tmp/none.sock" };
	static socklen_t len = sizeof(peer);
	long listener, fd, other;

	server = address(40000);
	client = address(40001);
	listener = CALL(socket, N(AF_INET), N(SOCK_STREAM | SOCK_CLOEXEC), X(0));
	CALL(bind, V(listener), T(&server, "127.0.0.1:40000"), V(sizeof(server)));
	CALL(listen, V(listener), V(5));
	fd = CALL(socket, N(AF_INET), N(SOCK_STREAM), X(0));
	CALL(bind, V(fd), T(&client, "127.0.0.1:40001"), V(sizeof(client)));
	CALL(connect, V(fd), T(&server, "127.0.0.1:40000"), V(sizeof(server)));
	other = CALL(accept4, V(listener), T(&peer, "127.0.0.1:40001"), X(&len),
		     N(SOCK_CLOEXEC | SOCK_NONBLOCK));
	CALL(shutdown, V(fd), N(SHUT_RDWR));
	close((int)fd);
	close((int)other);

	client = address(40002);
	fd = CALL(socket, N(AF_INET), N(SOCK_STREAM), X(0));
	CALL(bind, V(fd), T(&client, "127.0.0.1:40002"), V(sizeof(client)));
	CALL(connect, V(fd), T(&server, "127.0.0.1:40000"), V(sizeof(server)));
	len = sizeof(peer);
	CALL(accept, V(listener), T(&peer, "127.0.0.1:40002"), X(&len));

	server = address(9);
	fd = CALL(socket, N(AF_INET), N(SOCK_STREAM), X(0));
	CALL(connect, V(fd), T(&server, "127.0.0.1:9"), V(sizeof(server)));
	fd = CALL(socket, N(AF_UNIX), N(SOCK_STREAM), X(0));
	CALL(connect, V(fd), T(&local, "unix:/tmp/none.sock"), V(sizeof(local)));
	six.sin6_port = htons(53);
	six.sin6_addr.s6_addr[15] = 1;
	fd = CALL(socket, N(AF_INET6), N(SOCK_DGRAM), X(0));
	CALL(connect, V(fd), T(&six, "[::1]:53"), V(sizeof(six)));
}

static void ipc(void)
{
	long id = CALL(shmget, N(IPC_PRIVATE), V(4096), T(IPC_CREAT | 0600, "IPC_CREAT|0600"));

	CALL(shmat, V(id), V(0), N(SHM_RDONLY));
	CALL(semget, N(IPC_PRIVATE), V(1), T(IPC_CREAT | 0600, "IPC_CREAT|0600"));
	CALL(msgget, N(IPC_PRIVATE), T(IPC_CREAT | 0600, "IPC_CREAT|0600"));
	CALL(mq_open, P("walk"), N(O_RDWR | O_CREAT), T(0600, "0600"), X(NULL));
}

static void signals(void)
{
	static siginfo_t info;
	static char word[8];
	static struct iovec from = { word, sizeof(word) }, to = { word, sizeof(word) };
	long pid = getpid(), tid = syscall(SYS_gettid), fd;

	signal(SIGUSR1, on_signal);
	info.si_signo = SIGUSR1;
	info.si_code = SI_QUEUE;
	CALL(kill, V(pid), N(SIGUSR1));
	CALL(kill, V(99999), N(SIGTERM));
	CALL(tkill, V(tid), N(SIGUSR1));
	CALL(tgkill, V(pid), V(tid), N(SIGUSR1));
	CALL(rt_sigqueueinfo, V(pid), N(SIGUSR1), X(&info));
	CALL(rt_tgsigqueueinfo, V(pid), V(tid), N(SIGUSR1), X(&info));
	fd = CALL(pidfd_open, V(pid), V(0));
	CALL(pidfd_send_signal, V(fd), N(SIGUSR1), X(NULL), V(0));
	CALL(pidfd_getfd, V(fd), V(2), V(0));
	CALL(ptrace, N(PTRACE_ATTACH), V(99999), X(0), X(0));
	CALL(process_vm_readv, V(pid), X(&to), V(1), X(&from), V(1), V(0));
	CALL(process_vm_writev, V(pid), X(&from), V(1), X(&to), V(1), V(0));
}

static void credentials(void)
{
	static struct __user_cap_header_struct bad = { .version = 1 };

	CALL(setuid, V(0));
	CALL(setgid, V(0));
	CALL(setreuid, V(-1), V(0));
	CALL(setregid, V(-1), V(0));
	CALL(setresuid, V(0), V(0), V(-1));
	CALL(setresgid, V(0), V(0), V(-1));
	CALL(setfsuid, V(0));
	CALL(setfsgid, V(0));
	CALL(setgroups, V(0), X(NULL));
	CALL(capset, X(&bad), X(NULL));
	CALL(personality, X(0xffffffff));
	CALL(prctl, N(PR_SET_NAME), X("walk"), X(0), X(0), X(0));
	CALL(add_key, P("user"), P("walk"), P("x"), V(1), N(KEY_SPEC_PROCESS_KEYRING));
	CALL(request_key, P("user"), P("walk-none"), X(NULL), V(0));
	CALL(keyctl, N(KEYCTL_GET_KEYRING_ID), X(KEY_SPEC_PROCESS_KEYRING), X(0), X(0), X(0));
}

static void mounts(void)
{
	long fd, tree, mounted;

	CALL(mkdirat, N(AT_FDCWD), P("/tmp/m"), T(0755, "0755"));
	CALL(mount, P("none"), P("/tmp/m"), P("tmpfs"), N(MS_NOSUID | MS_NODEV), P("size=64k"));
	CALL(umount2, P("/tmp/m"), N(MNT_DETACH));
	CALL(mount, P("none"), P("/tmp/none"), P("tmpfs"), N(MS_RDONLY), X(NULL));
	fd = CALL(fsopen, P("tmpfs"), N(FSOPEN_CLOEXEC));
	CALL(fsconfig, V(fd), N(FSCONFIG_SET_STRING), P("size"), X("64k"), V(0));
	CALL(fsconfig, V(fd), N(FSCONFIG_CMD_CREATE), X(NULL), X(NULL), V(0));
	mounted = CALL(fsmount, V(fd), N(FSMOUNT_CLOEXEC), X(0));
	CALL(move_mount, V(mounted), P(""), N(AT_FDCWD), P("/tmp/m"), N(MOVE_MOUNT_F_EMPTY_PATH));
	CALL(fspick, N(AT_FDCWD), P("/tmp/m"), N(FSPICK_CLOEXEC));
	tree = CALL(open_tree, N(AT_FDCWD), P("/tmp/m"), N(OPEN_TREE_CLOEXEC));
	CALL(open_tree_attr, N(AT_FDCWD), P("/tmp/none"), X(0), X(NULL), V(0));
	CALL(mount_setattr, N(AT_FDCWD), P("/tmp/none"), V(0), X(NULL), V(0));
	close((int)tree);
	CALL(umount2, P("/tmp/m"), N(MNT_DETACH));
	CALL(pivot_root, P("/etc"), P("/etc"));
	CALL(chroot, P("/tmp/none"));
	fd = CALL(openat, N(AT_FDCWD), P("/proc/self/ns/uts"), N(O_RDONLY), V(0));
	CALL(setns, V(fd), N(CLONE_NEWUTS));
	CALL(unshare, N(CLONE_FS | CLONE_SYSVSEM));
}

/* All of these must fail, or change nothing, outside of the container's own UTS namespace. */
static void the_system(void)
{
	static struct timeval bad_time = { .tv_usec = 2000000 };
	static struct timespec time = { .tv_sec = 1 };
	static struct timex look;
	static uint32_t action = SECCOMP_RET_KILL_PROCESS;
	static struct io_uring_params params;

	CALL(sethostname, P("walk"), V(4));
	CALL(setdomainname, P("walk"), V(4));
	CALL(syslog, X(10), X(NULL), V(0));
	CALL(adjtimex, X(&look));
	CALL(clock_adjtime, N(CLOCK_REALTIME), X(&look));
	CALL(settimeofday, X(&bad_time), X(NULL));
	CALL(clock_settime, N(CLOCK_MONOTONIC), X(&time));
	CALL(acct, P("/tmp/none/acct"));
	CALL(swapon, P("/tmp/none"), X(0));
	CALL(swapoff, P("/tmp/none"));
	CALL(reboot, X(1), X(2), X(3), X(NULL));
#ifdef SYS_iopl
	CALL(iopl, V(4));
	CALL(ioperm, X(70000), V(1), V(0));
#endif
	CALL(init_module, X(NULL), V(0), P("none=1"));
	CALL(finit_module, V(-1), P("none=1"), V(0));
	CALL(delete_module, P("nunchi_none"), N(O_NONBLOCK));
	CALL(quotactl, X(QCMD(Q_GETINFO, USRQUOTA)), P("/tmp/none"), V(0), X(NULL));
	CALL(quotactl_fd, V(-1), X(QCMD(Q_GETINFO, USRQUOTA)), V(0), X(NULL));
	CALL(kexec_load, X(0), V(0), X(NULL), X(0x8000));
	CALL(kexec_file_load, V(-1), V(-1), V(0), X(NULL), X(0x8000));
	CALL(perf_event_open, X(NULL), V(0), V(-1), V(-1), V(0));
	CALL(bpf, N(BPF_MAP_CREATE), X(NULL), V(0));
	CALL(seccomp, N(SECCOMP_GET_ACTION_AVAIL), V(0), X(&action));
	CALL(io_uring_setup, V(0), X(&params));
	CALL(io_uring_register, V(-1), X(0), X(NULL), V(0));
}

static void processes(char **envp)
{
	static char *const nop[] = { "walk", "--nop", NULL };
	static struct clone_args args = { .exit_signal = SIGCHLD };
	long pid;

	CALL(execve, P("/tmp/none"), T(nop, "walk --nop"), X(envp));
	CALL(execveat, N(AT_FDCWD), P("/tmp/none"), T(nop, "walk --nop"), X(envp), V(0));

	/* The children only end, or run this program again, which then only ends. */
	pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		_exit(0);
	report("clone", pid, (struct arg[]){ N(SIGCHLD), V(0) }, 2);
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		_exit(0);
	report("clone3", pid, (struct arg[]){ X(&args), V(sizeof(args)) }, 2);
#ifdef SYS_fork
	pid = syscall(SYS_fork);
	if (pid == 0)
		_exit(0);
	report("fork", pid, NULL, 0);
	pid = vfork();
	if (pid == 0)
		_exit(0);
	report("vfork", pid, NULL, 0);
#endif
	pid = fork();
	if (pid == 0) {
		execve("/bin/walk", nop, envp);
		_exit(1);
	}
	waitpid((pid_t)pid, NULL, 0);
	report("execve", 0, (struct arg[]){ P("/bin/walk"), T(nop, "walk --nop") }, 2);
	pid = fork();
	if (pid == 0) {
		syscall(SYS_execveat, AT_FDCWD, "/bin/walk", nop, envp, 0);
		_exit(1);
	}
	waitpid((pid_t)pid, NULL, 0);
	report("execveat", 0, (struct arg[]){ N(AT_FDCWD), P("/bin/walk"), T(nop, "walk --nop") }, 3);
	while (wait(NULL) > 0)
		;
}

int main(int argc, char **argv, char **envp)
{
	if (argc > 1 && !strcmp(argv[1], "--nop"))
		return 0;
	files_at();
	files();
	handles();
	sockets();
	ipc();
	signals();
	credentials();
	mounts();
	the_system();
	processes(envp);
	return 0;
}
