/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that run under another name, from no file, by another thread; and many at once. */
#include "evade.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#define MANY_ARGUMENTS 10000
#define SHORT_LIVES 100
#define FLOOD 30000

#ifndef AT_EXECVE_CHECK
#define AT_EXECVE_CHECK 0x10000
#endif

extern char **environ;

#define TRUE "/bin/busybox"
/* A copy of the shell's program, that runs `true` whatever it is called. */
#define ARGV(zero) ((char *const[]){ zero, "true", "two words", NULL })

static void join(pid_t pid)
{
	int status;

	need(waitpid(pid, &status, 0), "waitpid");
	if (status)
		end_row("failed", "the child");
}

static pid_t child(void)
{
	return (pid_t)need(fork(), "fork");
}

static void by_execveat(void)
{
	int dir = (int)need(open("/tmp", O_PATH | O_DIRECTORY), "open");
	pid_t pid;

	copy_file(TRUE, "/tmp/ev-execveat");
	pid = child();
	if (!pid)
		_exit((int)syscall(SYS_execveat, dir, "ev-execveat", ARGV("busybox"), environ, 0));
	join(pid);
}

static void by_fexecve(void)
{
	pid_t pid;
	int fd;

	copy_file(TRUE, "/tmp/ev-fexecve");
	fd = (int)need(open("/tmp/ev-fexecve", O_RDONLY | O_CLOEXEC), "open");
	pid = child();
	if (!pid)
		_exit((int)syscall(SYS_execveat, fd, "", ARGV("busybox"), environ, AT_EMPTY_PATH));
	join(pid);
}

/* Copies a program into an open file and executes the file by its descriptor. */
static void execute_from(int fd)
{
	int in = (int)need(open(TRUE, O_RDONLY), TRUE);
	char block[65536], path[64];
	ssize_t n;
	pid_t pid;

	while ((n = read(in, block, sizeof(block))) > 0)
		need(write(fd, block, (size_t)n), "write");
	/* What is open for writing cannot be executed. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	in = (int)need(open(path, O_RDONLY), path);
	close(fd);
	pid = child();
	if (!pid)
		_exit((int)syscall(SYS_execveat, in, "", ARGV("busybox"), environ, AT_EMPTY_PATH));
	join(pid);
}

static void from_memfd(void)
{
	execute_from((int)has(memfd_create("ev-memfd", 0), "memfd_create"));
}

static void from_tmpfile(void)
{
	execute_from((int)has(open("/tmp", O_TMPFILE | O_RDWR, 0700), "O_TMPFILE"));
}

static void from_deleted(void)
{
	char path[64];
	pid_t pid;
	int fd;

	copy_file(TRUE, "/tmp/ev-deleted");
	fd = (int)need(open("/tmp/ev-deleted", O_RDONLY), "open");
	need(unlink("/tmp/ev-deleted"), "unlink");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	pid = child();
	if (!pid)
		_exit(execve(path, ARGV("busybox"), environ));
	join(pid);
}

static void *execute(void *path)
{
	execve(path, ARGV("busybox"), environ);
	_exit(1);
}

static void from_a_thread(void)
{
	pthread_t thread;
	pid_t pid;

	copy_file(TRUE, "/tmp/ev-thread");
	pid = child();
	if (!pid) {
		pthread_create(&thread, NULL, execute, "/tmp/ev-thread");
		for (;;)
			pause();
	}
	join(pid);
}

static void run(const char *path, char *const argv[])
{
	pid_t pid = child();

	if (!pid)
		_exit(execve(path, argv, environ));
	join(pid);
}

static void false_argv0(void)
{
	copy_file("/bin/evade_exec", "/tmp/ev-argv0");
	run("/tmp/ev-argv0", (char *const[]){ "[kworker/0:1]", "nothing", NULL });
}

static void by_a_link(void)
{
	need(symlink("/bin/busybox", "/tmp/true"), "symlink");
	run("/tmp/true", (char *const[]){ "true", "ev-by-a-link", NULL });
}

static void by_interpreter(void)
{
	close(make_file("/tmp/ev-script", "#!/bin/busybox sh\ntrue\n"));
	run("/tmp/ev-script", (char *const[]){ "ev-script", NULL });
}

static void by_an_elf_interpreter(void)
{
	need(mkdir("/tmp/ev-wrapped", 0755), "mkdir");
	run("/bin/wrapped", (char *const[]){ "wrapped", "/tmp/ev-wrapped", NULL });
}

/* The loader is the program; what it runs is its argument. */
static void by_the_loader(void)
{
	static const char *const loaders[] = { "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1" };

	for (size_t i = 0; i < sizeof(loaders) / sizeof(*loaders); i++) {
		if (access(loaders[i], X_OK) == 0) {
			run(loaders[i], (char *const[]){ "ld.so", "/bin/bash", "-c", ": ev-loader", NULL });
			return;
		}
	}
	end_row("shut", "loader");
}

/* The command line is the process's own memory: after the exec it says what it likes. */
static void rewritten_argv(char **argv)
{
	memset(argv[0], 'z', strlen(argv[0]));
	memset(argv[1], 'z', strlen(argv[1]));
	close(make_file("/tmp/ev-rewritten", "x"));
}

static void argv_rewritten(void)
{
	run("/bin/evade_exec", (char *const[]){ "ev-true-name", "--rewrite", NULL });
}

static void renamed_by_prctl(void)
{
	need(prctl(PR_SET_NAME, "ev-nginx"), "prctl");
	close(make_file("/tmp/ev-renamed-prctl", "x"));
}

static void renamed_by_proc(void)
{
	int fd = (int)need(open("/proc/self/comm", O_WRONLY), "open");

	need(write(fd, "ev-sshd", 7), "write");
	close(make_file("/tmp/ev-renamed-proc", "x"));
}

static void *renamed(void *unused)
{
	prctl(PR_SET_NAME, "ev-kthreadd");
	close(make_file("/tmp/ev-renamed-thread", "x"));
	return unused;
}

static void renamed_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, renamed, NULL);
	pthread_join(thread, NULL);
}

static void many_arguments(void)
{
	static char *argv[MANY_ARGUMENTS + 1] = { "busybox", "true", "ev-many" };

	for (int i = 3; i < MANY_ARGUMENTS; i++)
		argv[i] = "arg";
	run(TRUE, argv);
}

static void one_long_argument(void)
{
	static char text[100001];

	memset(text, 'l', sizeof(text) - 1);
	run(TRUE, (char *const[]){ "busybox", "true", "ev-long", text, NULL });
}

static void failed_exec(void)
{
	if (execve("/tmp/ev-not-there", ARGV("busybox"), environ) >= 0 || errno != ENOENT)
		end_row("failed", "execve");
}

/* Says whether a program may be executed, and executes nothing. */
static void only_a_check(void)
{
	copy_file(TRUE, "/tmp/ev-check");
	has(syscall(SYS_execveat, AT_FDCWD, "/tmp/ev-check", ARGV("busybox"), environ, AT_EXECVE_CHECK),
	    "AT_EXECVE_CHECK");
}

static void by_vfork(void)
{
	static const char path[] = "/tmp/ev-vfork";
	pid_t pid;

	copy_file(TRUE, path);
	pid = vfork();
	if (!pid) {
		execve(path, ARGV("busybox"), environ);
		_exit(1);
	}
	join(pid);
}

static int shared_child(void *path)
{
	return execve(path, ARGV("busybox"), environ);
}

/* A child in the parent's memory: the exec is made by who does not own the arguments. */
static void by_shared_memory(void)
{
	static char stack[65536] __attribute__((aligned(16)));

	copy_file(TRUE, "/tmp/ev-clone-vm");
	join((pid_t)need(clone(shared_child, stack + sizeof(stack), CLONE_VM | SIGCHLD, "/tmp/ev-clone-vm"),
			 "clone"));
}

static void daemonized(void)
{
	pid_t pid = child();

	if (!pid) {
		setsid();
		if (!fork()) {
			while (getppid() != 1)
				usleep(1000);
			close(make_file("/tmp/ev-daemon", "x"));
		}
		_exit(0);
	}
	join(pid);
	for (int i = 0; i < 500 && access("/tmp/ev-daemon", F_OK); i++)
		usleep(10000);
}

static void short_lives(void)
{
	for (int i = 0; i < SHORT_LIVES; i++) {
		pid_t pid = child();

		if (!pid) {
			syscall(SYS_openat, AT_FDCWD, "/tmp/ev-short-life", O_RDONLY, 0);
			_exit(0);
		}
		join(pid);
	}
	value("count", SHORT_LIVES);
}

static void other_user(void)
{
	need(syscall(SYS_setresuid, 4711, 4711, 4711), "setresuid");
	syscall(SYS_openat, AT_FDCWD, "/tmp/ev-other-user", O_RDONLY, 0);
}

static void install(struct sock_filter *code, unsigned short n)
{
	struct sock_fprog program = { n, code };

	need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	has(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), "seccomp");
}

/* The call is refused before it has begun. */
static void denied(const char *path)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdirat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	install(code, 4);
	syscall(SYS_mkdirat, AT_FDCWD, path, 0700);
}

static void denied_by_seccomp(void)
{
	static char path[] = "/tmp/ev-denied";

	path[0] = '/';	/* so that its page is there */
	denied(path);
}

/* The kernel never reads the name, and nobody else has: there is no page that a hook could read. */
static void denied_unread(void)
{
	int fd = make_file("/tmp/ev-unread", "/tmp/ev-denied-unread");

	need(ftruncate(fd, 4096), "ftruncate");
	denied(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0));
}

/* The call kills: it never returns, and all that is to be seen is the end. */
static void killed_by_seccomp(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdirat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	pid_t pid = child();

	if (!pid) {
		prctl(PR_SET_NAME, "ev-killed");
		install(code, 4);
		syscall(SYS_mkdirat, AT_FDCWD, "/tmp/ev-killed", 0700);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void caught(int number)
{
	(void)number;
}

/* The call is answered by a signal, whose handler the thread goes on with: in the register of the result is the call's number. */
static void trapped_by_seccomp(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdirat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	static char path[] = "/tmp/ev-trapped";
	pid_t pid = child();

	if (!pid) {
		path[0] = '/';	/* so that its page is there */
		signal(SIGSYS, caught);
		install(code, 4);
		syscall(SYS_mkdirat, AT_FDCWD, path, 0700);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* Of many events one is meant. */
static void in_a_flood(void)
{
	pid_t pid;

	for (int i = 0; i < FLOOD; i++)
		close(open("/dev/null", O_RDONLY));
	copy_file(TRUE, "/tmp/ev-in-the-flood");
	pid = child();
	if (!pid)
		_exit(execve("/tmp/ev-in-the-flood", ARGV("busybox"), environ));
	for (int i = 0; i < FLOOD; i++)
		close(open("/dev/null", O_RDONLY));
	join(pid);
}

static const struct row rows[] = {
	ROW("execveat", by_execveat), ROW("fexecve", by_fexecve), ROW("memfd", from_memfd),
	ROW("tmpfile-executed", from_tmpfile), ROW("deleted-executed", from_deleted),
	ROW("exec-by-thread", from_a_thread), ROW("false-argv0", false_argv0),
	ROW("exec-by-link", by_a_link), ROW("interpreter", by_interpreter), ROW("elf-interpreter", by_an_elf_interpreter),
	ROW("loader", by_the_loader), ROW("argv-rewritten", argv_rewritten),
	ROW("renamed-by-prctl", renamed_by_prctl), ROW("renamed-by-proc", renamed_by_proc),
	ROW("renamed-thread", renamed_thread), ROW("many-arguments", many_arguments),
	ROW("long-argument", one_long_argument), ROW("failed-exec", failed_exec),
	ROW("exec-check", only_a_check), ROW("vfork", by_vfork), ROW("clone-vm", by_shared_memory),
	ROW("daemon", daemonized), ROW("short-lives", short_lives), ROW("other-user", other_user),
	ROW("seccomp-denied", denied_by_seccomp),
	ROW("seccomp-denied-unread", denied_unread), ROW("seccomp-killed", killed_by_seccomp),
	ROW("seccomp-trapped", trapped_by_seccomp),
	ROW("flood", in_a_flood),
};

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--rewrite")) {
		rewritten_argv(argv);
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "nothing"))
		return 0;
	return RUN_ROWS(rows, argv);
}
