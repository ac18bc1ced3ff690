/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways to slip away from who watches a container, each a function:
 *
 *	runaway list			their names and what they are
 *	runaway WAY			goes one way
 *	runaway run WAY...		goes them one after the other, each in a process of its own
 *	runaway survive			gets away from its container's cgroup and end
 *	runaway sandboxes COUNT mnt|pid	makes and leaves so many mount namespaces; pid: each with a
 *					PID namespace of its own
 *
 * Every task that has got away opens a path that says which way and which task it was,
 * /tmp/mark-TAG-WAY-TASK, by openat(2); the path need not be there. TAG is from the environment. run
 * writes for each way a line of JSON: what it opened, or the step that this kernel or container did
 * not let it take:
 *
 *	{"way":"unshare-mnt","failed":"","errno":"","marks":["after","after-child","after-exec"]}
 *
 * Other processes to go to are named by the environment: HOST_PID, OTHER_PID (of another container)
 * and PROC, a /proc in which both are; CGROUPS is where the cgroup hierarchies are, CGROUP_V2 and
 * CGROUP_V1 the names there of version 2's and of one of version 1: twice the same where only one of
 * them is, "." for CGROUPS itself. AWAY and OTHER are directories in them, below a hierarchy's root.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#define ALL_NAMESPACES                                                                       \
	(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUSER | CLONE_NEWIPC |          \
	 CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWTIME)

/* Kept over fork and exec, so that a task finds them in whatever root it has come to. */
#define LOG_FD 100
#define EXE_FD 101

#define MARKS_MAX 2048
#define LOOPS 1000
#define STORM 100
#define WAY_SECONDS 20

struct way {
	const char *name;
	void (*go)(const struct way *way);
	const char *what;
	const char *ns;		/* name below /proc/PID/ns */
	int flags;		/* CLONE_NEW* */
};

/* What a way managed, shared by all of its tasks. */
static struct log {
	atomic_int failed;
	int error;
	char step[32];
	atomic_int n;
	char marks[MARKS_MAX][24];
} *log_;

static const char *way_name = "none";
static char **argv0;
extern char **environ;

/* Logs a task's mark without making it: what another program has done, or will do. */
static void log_mark(const char *who)
{
	int n = log_->n++;

	if (n < MARKS_MAX)
		snprintf(log_->marks[n], sizeof(log_->marks[n]), "%s", who);
}

static const char *mark_path(const char *way, const char *who)
{
	static _Thread_local char path[96];
	const char *tag = getenv("TAG");

	snprintf(path, sizeof(path), "/tmp/mark-%s-%s-%s", tag ? tag : "none", way, who);
	return path;
}

static void mark(const char *who)
{
	log_mark(who);
	syscall(SYS_openat, AT_FDCWD, mark_path(way_name, who), O_RDONLY, 0);
}

/* The way ends here: a step was not permitted. */
static void fail(const char *step)
{
	int error = errno;

	if (!log_->failed++) {
		log_->error = error;
		snprintf(log_->step, sizeof(log_->step), "%s", step);
	}
	_exit(1);
}

static long must(long result, const char *step)
{
	if (result < 0)
		fail(step);
	return result;
}

/* Waits for what may take a moment, another process's doing; at most 5 s. */
static void wait_for(bool (*condition)(long), long arg, const char *what)
{
	for (int i = 0; i < 5000 && !condition(arg); i++)
		usleep(1000);
	if (condition(arg))
		return;
	errno = ETIMEDOUT;
	fail(what);
}

static bool parent_is_not(long pid)
{
	return getppid() != pid;
}

static void reap(long pid)
{
	while (waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void exec_self(int fd, const char *how, const char *who)
{
	char *argv[] = { "runaway", (char *)how, (char *)way_name, (char *)who, NULL };

	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	fail("execveat");
}

/* What every task that got away does: a call, a child's call, a new program's call. */
static void after(const char *who)
{
	char name[24];
	long pid;

	mark(who);
	pid = must(fork(), "fork after");
	if (!pid) {
		snprintf(name, sizeof(name), "%s-child", who);
		mark(name);
		_exit(0);
	}
	reap(pid);
	pid = must(fork(), "fork after");
	if (!pid) {
		snprintf(name, sizeof(name), "%s-exec", who);
		exec_self(EXE_FD, "mark", name);
	}
	reap(pid);
}

/* A child that has got away. */
static void child_after(const char *who)
{
	long pid = must(fork(), "fork");

	if (!pid) {
		after(who);
		_exit(0);
	}
	reap(pid);
}

static const char *setting(const char *name)
{
	const char *value = getenv(name);

	if (!value) {
		errno = ENOKEY;
		fail(name);
	}
	return value;
}

static int ns_open(const char *whose, const char *ns)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/%s/ns/%s", setting("PROC"), setting(whose), ns);
	return (int)must(open(path, O_RDONLY | O_CLOEXEC), "open ns");
}

static int copy_self(int to)
{
	char data[65536];
	ssize_t n;

	for (off_t at = 0; (n = pread(EXE_FD, data, sizeof(data), at)) > 0; at += n)
		must(write(to, data, (size_t)n), "write");
	must(n, "read");
	return to;
}

/* Nothing in particular: how an ordinary process looks. */

static void go_nowhere(const struct way *way)
{
	(void)way;
	after("after");
}

/* Namespaces made */

static void go_unshare(const struct way *way)
{
	must(unshare(way->flags), "unshare");
	if (way->flags & (CLONE_NEWPID | CLONE_NEWTIME)) {	/* for children only */
		mark("parent");
		child_after("after");
	} else {
		after("after");
	}
}

static void go_unshare_loop(const struct way *way)
{
	for (int i = 0; i < LOOPS; i++)
		must(unshare(way->flags), "unshare");
	after("after");
}

static void go_unshare_as_user(const struct way *way)
{
	must(setresgid(1000, 1000, 1000), "setresgid");
	must(setresuid(1000, 1000, 1000), "setresuid");
	go_unshare(way);
}

static void go_clone(const struct way *way)
{
	long pid = must(syscall(SYS_clone, way->flags | SIGCHLD, 0, 0, 0, 0), "clone");

	if (!pid) {
		after("after");
		_exit(0);
	}
	mark("parent");
	reap(pid);
}

static void *unshare_in_thread(void *arg)
{
	const struct way *way = arg;

	must(unshare(way->flags), "unshare");
	mark("thread");
	child_after("thread-child");
	return NULL;
}

static void go_unshare_in_thread(const struct way *way)
{
	pthread_t thread;

	must(-pthread_create(&thread, NULL, unshare_in_thread, (void *)way), "pthread_create");
	pthread_join(thread, NULL);
	after("leader");
}

static void deeper(int levels)
{
	long pid;

	if (!levels) {
		after("after");
		return;
	}
	must(unshare(CLONE_NEWPID), "unshare");
	pid = must(fork(), "fork");
	if (!pid) {
		deeper(levels - 1);
		_exit(0);
	}
	reap(pid);
}

static void go_deep(const struct way *way)
{
	(void)way;
	deeper(10);
}

/* Namespaces of others */

static void go_setns(const char *whose, const struct way *way)
{
	int fd = ns_open(whose, way->ns);

	must(setns(fd, way->flags), "setns");
	if (way->flags == CLONE_NEWPID) {
		mark("parent");
		child_after("after");
	} else {
		after("after");
	}
}

static void go_setns_host(const struct way *way)
{
	go_setns("HOST_PID", way);
}

static void go_setns_other(const struct way *way)
{
	go_setns("OTHER_PID", way);
}

/* The container's is the host's: away from it first. */
static void go_setns_host_time(const struct way *way)
{
	long pid;

	must(unshare(CLONE_NEWTIME), "unshare");
	pid = must(fork(), "fork");
	if (!pid) {
		mark("unshared");
		go_setns("HOST_PID", way);
		_exit(0);
	}
	reap(pid);
}

static void go_pidfd(const char *whose, const struct way *way)
{
	int fd = (int)must(syscall(SYS_pidfd_open, atoi(setting(whose)), 0), "pidfd_open");

	must(setns(fd, way->flags), "setns");
	mark("parent");
	if (way->flags & CLONE_NEWPID)
		child_after("after");
	else
		after("after");
}

static void go_pidfd_host(const struct way *way)
{
	go_pidfd("HOST_PID", way);
}

static void go_pidfd_other(const struct way *way)
{
	go_pidfd("OTHER_PID", way);
}

static void go_setns_all_other(const struct way *way)
{
	static const struct {
		const char *ns;
		int flag;
	} each[] = { { "ipc", CLONE_NEWIPC }, { "uts", CLONE_NEWUTS }, { "net", CLONE_NEWNET },
		     { "cgroup", CLONE_NEWCGROUP }, { "mnt", CLONE_NEWNS } };
	enum { N = sizeof(each) / sizeof(*each) };
	int fds[N];

	(void)way;
	for (int i = 0; i < N; i++)
		fds[i] = ns_open("OTHER_PID", each[i].ns);
	for (int i = 0; i < N; i++)
		must(setns(fds[i], each[i].flag), each[i].ns);
	after("after");
}

static void *setns_in_thread(void *arg)
{
	const struct way *way = arg;

	must(setns(ns_open("HOST_PID", way->ns), way->flags), "setns");
	mark("thread");
	child_after("thread-child");
	return NULL;
}

static void go_setns_in_thread(const struct way *way)
{
	pthread_t thread;

	must(-pthread_create(&thread, NULL, setns_in_thread, (void *)way), "pthread_create");
	pthread_join(thread, NULL);
	after("leader");
}

/* A grandchild in another container's PID namespace becomes its init's child. */
static void go_adopted_by_other(const struct way *way)
{
	long pid, child;

	must(setns(ns_open("OTHER_PID", way->ns), way->flags), "setns");
	pid = must(fork(), "fork");
	if (!pid) {
		pid = getpid();
		child = must(fork(), "fork");
		if (!child) {
			wait_for(parent_is_not, pid, "adopted");
			after("after");
		}
		_exit(0);
	}
	reap(pid);
}

/* Cgroups */

/* hierarchy: CGROUP_V2, CGROUP_V1 or a directory's name. */
static void cgroup_write(const char *hierarchy, const char *directory, const char *file, long pid)
{
	char path[PATH_MAX];
	int fd;

	if (!strncmp(hierarchy, "CGROUP_", 7))
		hierarchy = setting(hierarchy);
	snprintf(path, sizeof(path), "%s/%s/%s/%s", setting("CGROUPS"), hierarchy, directory, file);
	fd = (int)must(open(path, O_WRONLY | O_CLOEXEC), "open cgroup");
	must(dprintf(fd, "%ld", pid) > 0 ? 0 : -1, "write cgroup");
	close(fd);
}

/* ns: the hierarchy. */
static void go_cgroup(const struct way *way)
{
	cgroup_write(way->ns, setting("AWAY"), "cgroup.procs", 0);
	after("after");
}

static void leave_cgroups(void)
{
	DIR *dir = opendir(setting("CGROUPS"));
	struct dirent *entry;

	must(dir ? 0 : -1, "opendir");
	if (!strcmp(setting("CGROUP_V2"), ".")) {
		cgroup_write(".", ".", "cgroup.procs", 0);
		closedir(dir);
		return;
	}
	while ((entry = readdir(dir))) {
		if (*entry->d_name != '.')
			cgroup_write(entry->d_name, ".", "cgroup.procs", 0);
	}
	closedir(dir);
}

static void go_cgroup_root(const struct way *way)
{
	(void)way;
	leave_cgroups();
	after("after");
}

static void go_cgroup_other(const struct way *way)
{
	cgroup_write("CGROUP_V2", setting("OTHER"), "cgroup.procs", 0);
	cgroup_write("CGROUP_V1", setting("OTHER"), "cgroup.procs", 0);
	(void)way;
	after("after");
}

static void *cgroup_in_thread(void *arg)
{
	const struct way *way = arg;

	cgroup_write(way->ns, setting("AWAY"), "tasks", syscall(SYS_gettid));
	mark("thread");
	child_after("thread-child");
	return NULL;
}

static void go_cgroup_in_thread(const struct way *way)
{
	pthread_t thread;

	must(-pthread_create(&thread, NULL, cgroup_in_thread, (void *)way), "pthread_create");
	pthread_join(thread, NULL);
	after("leader");
}

/* Another process of the container moves it. */
static void go_cgroup_by_child(const struct way *way)
{
	long me = getpid(), pid = must(fork(), "fork");

	if (!pid) {
		cgroup_write(way->ns, setting("AWAY"), "cgroup.procs", me);
		_exit(0);
	}
	reap(pid);
	after("after");
}

static bool cgroup_is_away(long arg)
{
	char text[4096];
	int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	(void)arg;
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return strstr(text, setting("AWAY"));
}

/* The test outside moves it, and finds it by its arguments. */
static void go_cgroup_by_host(const struct way *way)
{
	(void)way;
	wait_for(cgroup_is_away, 0, "moved");
	after("after");
}

static void into_cgroup(const char *directory, int flags)
{
	char path[PATH_MAX];
	struct clone_args args = { .flags = CLONE_INTO_CGROUP | (unsigned)flags,
				   .exit_signal = SIGCHLD };
	long pid;

	snprintf(path, sizeof(path), "%s/%s/%s", setting("CGROUPS"), setting("CGROUP_V2"), directory);
	args.cgroup = (uint64_t)must(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open cgroup");
	pid = must(syscall(SYS_clone3, &args, sizeof(args)), "clone3");
	if (!pid) {
		after("after");
		_exit(0);
	}
	mark("parent");
	reap(pid);
}

static void go_into_cgroup(const struct way *way)
{
	into_cgroup(setting("AWAY"), way->flags);
}

static void go_into_other(const struct way *way)
{
	into_cgroup(setting("OTHER"), way->flags);
}

/*
 * Looks as another container would: in a cgroup of that name, in new namespaces, and named as a
 * runtime's process on its way into them.
 */
static void claim(const char *directory, const char *name, int flags)
{
	char cgroup[PATH_MAX], path[2 * PATH_MAX];
	long pid;

	snprintf(cgroup, sizeof(cgroup), "%s/%s", directory, name);
	snprintf(path, sizeof(path), "%s/%s/%s", setting("CGROUPS"), setting("CGROUP_V2"), cgroup);
	if (mkdir(path, 0755) && errno != EEXIST)
		fail("mkdir");
	cgroup_write("CGROUP_V2", cgroup, "cgroup.procs", 0);
	prctl(PR_SET_NAME, "runc:[2:INIT]");
	pid = must(syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0), "clone");
	if (!pid) {
		mark("before");
		exec_self(EXE_FD, "after", "after");
	}
	reap(pid);
	/* Else the cgroup could not be removed with its parent. */
	cgroup_write("CGROUP_V2", setting("AWAY"), "cgroup.procs", 0);
	rmdir(path);
}

static void go_claim_docker(const struct way *way)
{
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "docker-%s.scope", setting("CLAIM"));
	claim(setting("AWAY"), name, way->flags);
}

static void go_claim_runc(const struct way *way)
{
	claim(setting("AWAY"), setting("OTHER"), way->flags);
}

/* A cgroup inside that of the other container. */
static void go_claim_inside(const struct way *way)
{
	claim(setting("OTHER"), setting("TAG"), way->flags);
}

/* Families */

static void go_double_fork(const struct way *way)
{
	long pid = must(fork(), "fork");

	(void)way;
	if (!pid) {
		setsid();
		pid = getpid();
		if (!must(fork(), "fork")) {
			wait_for(parent_is_not, pid, "orphaned");
			umask(0);
			after("after");
		}
		_exit(0);
	}
	reap(pid);
}

static void go_orphan(const struct way *way)
{
	long pid = getpid();

	(void)way;
	if (!must(fork(), "fork")) {
		wait_for(parent_is_not, pid, "orphaned");
		after("after");
	}
	_exit(0);
}

/* Three generations, the middle ones gone before the last is born. */
static void go_grandchild(const struct way *way)
{
	long pid = getpid(), next;

	(void)way;
	if (must(fork(), "fork"))
		_exit(0);
	wait_for(parent_is_not, pid, "orphaned");
	next = getpid();
	if (must(fork(), "fork"))
		_exit(0);
	wait_for(parent_is_not, next, "orphaned twice");
	if (must(fork(), "fork"))
		_exit(0);
	after("after");
}

static void go_subreaper(const struct way *way)
{
	long pid, middle;

	(void)way;
	must(prctl(PR_SET_CHILD_SUBREAPER, 1), "prctl");
	pid = must(fork(), "fork");
	if (!pid) {
		middle = getpid();
		if (!must(fork(), "fork")) {
			wait_for(parent_is_not, middle, "adopted");
			after("after");
		}
		_exit(0);
	}
	while (wait(NULL) > 0 || errno == EINTR)
		;
	mark("reaper");
}

/* The child becomes its parent's sibling. */
static void go_clone_parent(const struct way *way)
{
	long pid = must(syscall(SYS_clone, CLONE_PARENT | way->flags | SIGCHLD, 0, 0, 0, 0), "clone");

	if (!pid) {
		after("after");
		_exit(0);
	}
	mark("sibling");
}

static void go_vfork(const struct way *way)
{
	pid_t pid = vfork();

	(void)way;
	must(pid, "vfork");
	if (!pid) {
		mark("child");
		exec_self(EXE_FD, "after", "after");
	}
	reap(pid);
	mark("parent");
}

static int vm_child(void *arg)
{
	(void)arg;
	mark("child");
	return 0;
}

static void go_clone_vm(const struct way *way)
{
	static char stack[65536] __attribute__((aligned(16)));
	int pid = clone(vm_child, stack + sizeof(stack), CLONE_VM | way->flags | SIGCHLD, NULL);

	must(pid, "clone");
	reap(pid);
	mark("parent");
}

static void *exec_in_thread(void *arg)
{
	(void)arg;
	mark("thread");
	exec_self(EXE_FD, "after", "after");
	return NULL;
}

static void go_exec_from_thread(const struct way *way)
{
	pthread_t thread;

	(void)way;
	must(-pthread_create(&thread, NULL, exec_in_thread, NULL), "pthread_create");
	for (;;)
		pause();
}

static bool is_gone(long pid)
{
	return kill((pid_t)pid, 0) && errno == ESRCH;
}

/* A PID that another process has just had. */
static void go_same_pid(const struct way *way)
{
	pid_t wanted = (pid_t)must(fork(), "fork");
	struct clone_args args = { .exit_signal = SIGCHLD, .set_tid = (uint64_t)&wanted,
				   .set_tid_size = 1 };
	long pid;

	(void)way;
	if (!wanted) {
		mark("first");
		_exit(0);
	}
	reap(wanted);
	wait_for(is_gone, wanted, "gone");
	pid = must(syscall(SYS_clone3, &args, sizeof(args)), "clone3");
	if (!pid) {
		after("after");
		_exit(0);
	}
	reap(pid);
}

/* A daemon that keeps nothing: what it needs later is mapped. */
static void go_daemon(const struct way *way)
{
	long pid = must(fork(), "fork");

	(void)way;
	if (!pid) {
		setsid();
		pid = getpid();
		if (must(fork(), "fork"))
			_exit(0);
		wait_for(parent_is_not, pid, "orphaned");
		must(close_range(0, ~0U, 0), "close_range");
		must(chdir("/"), "chdir");
		mark("after");
		if (!must(fork(), "fork")) {
			mark("child");
			_exit(0);
		}
		wait(NULL);
		_exit(0);
	}
	reap(pid);
}

static void go_spawn_storm(const struct way *way)
{
	char *argv[] = { "runaway", "mark", (char *)way->name, "storm", NULL };
	pid_t pid;

	for (int i = 0; i < STORM; i++)
		must(-posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ), "spawn");
	while (wait(NULL) > 0 || errno == EINTR)
		;
	mark("parent");
}

static void go_fork_storm(const struct way *way)
{
	(void)way;
	for (int i = 0; i < 3 * STORM; i++) {
		if (!must(fork(), "fork")) {
			mark("storm");
			_exit(0);
		}
		if (i % 32 == 31) {
			while (wait(NULL) > 0 || errno == EINTR)
				;
		}
	}
	while (wait(NULL) > 0 || errno == EINTR)
		;
}

static void go_unshare_storm(const struct way *way)
{
	for (int i = 0; i < STORM; i++) {
		long pid = must(syscall(SYS_clone, way->flags | SIGCHLD, 0, 0, 0, 0), "clone");

		if (!pid) {
			mark("storm");
			exec_self(EXE_FD, "mark", "storm-exec");
		}
		if (i % 16 == 15) {
			while (wait(NULL) > 0 || errno == EINTR)
				;
		}
	}
	while (wait(NULL) > 0 || errno == EINTR)
		;
}

/* Roots */

static void go_chroot(const struct way *way)
{
	must(mkdir("/tmp/jail", 0755), "mkdir");
	must(chroot("/tmp/jail"), "chroot");
	must(chdir("/"), "chdir");
	(void)way;
	after("after");
}

static void go_chroot_out(const struct way *way)
{
	int fd = (int)must(open("/", O_RDONLY | O_DIRECTORY), "open /");

	(void)way;
	must(mkdir("/tmp/jail-out", 0755), "mkdir");
	must(chroot("/tmp/jail-out"), "chroot");
	mark("inside");
	must(fchdir(fd), "fchdir");
	must(chroot("."), "chroot");
	after("after");
}

static void new_root(const char *path)
{
	char old[64];

	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount /");
	must(mkdir(path, 0755), "mkdir");
	must(mount("none", path, "tmpfs", 0, "size=16m"), "mount tmpfs");
	snprintf(old, sizeof(old), "%s/old", path);
	must(mkdir(old, 0755), "mkdir");
}

static void change_root(const char *path)
{
	char old[64];

	snprintf(old, sizeof(old), "%s/old", path);
	must(syscall(SYS_pivot_root, path, old), "pivot_root");
	must(chdir("/"), "chdir");
	must(umount2("/old", MNT_DETACH), "umount");
}

static void go_pivot_root(const struct way *way)
{
	must(unshare(way->flags), "unshare");
	new_root("/tmp/pivot");
	change_root("/tmp/pivot");
	after("after");
}

/* What a runtime does, by a program that no runtime wrote. */
static void go_mini_runtime(const struct way *way)
{
	char *argv[] = { "runaway", "after", (char *)way->name, "init", NULL };
	long pid = must(syscall(SYS_clone, way->flags | SIGCHLD, 0, 0, 0, 0), "clone");
	int fd;

	if (!pid) {
		new_root("/tmp/mini");
		fd = (int)must(open("/tmp/mini/init", O_WRONLY | O_CREAT | O_CLOEXEC, 0755), "open");
		close(copy_self(fd));
		change_root("/tmp/mini");
		must(sethostname("mini", 4), "sethostname");
		prctl(PR_SET_NAME, "runc:[2:INIT]");
		execve("/init", argv, environ);
		fail("execve");
	}
	mark("runtime");
	reap(pid);
}

static void go_nested_runc(const struct way *way)
{
	char *argv[] = { "runc", "--root", "/tmp/runc", "run", "--bundle", "/bundle",
			 (char *)setting("INNER"), NULL };
	static const char *const inner[] = { "inner", "inner-child", "inner-exec" };
	int status, log = (int)must(open("/tmp/runc.log", O_RDWR | O_CREAT, 0600), "open log");
	long pid = must(fork(), "fork");
	char text[256];
	ssize_t n;

	(void)way;
	if (!pid) {
		dup2(log, 1);
		dup2(log, 2);
		must(execv("/usr/sbin/runc", argv), "exec runc");
	}
	mark("outer");
	waitpid((pid_t)pid, &status, 0);
	if (status) {
		n = pread(log, text, sizeof(text) - 1, 0);
		text[n > 0 ? n : 0] = '\0';
		fprintf(stderr, "runc: %s\n", text);
		errno = ECHILD;
		fail("runc");
	}
	/* Its program runs with no descriptor of ours: what it must have opened is known. */
	for (int i = 0; i < 3; i++)
		log_mark(inner[i]);
	mark("afterwards");
}

/* Programs without a name */

static void go_memfd(const struct way *way)
{
	(void)way;
	exec_self(copy_self((int)must(memfd_create("payload", MFD_CLOEXEC), "memfd_create")),
		  "after", "after");
}

static int open_again(int fd)
{
	char path[64];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = (int)must(open(path, O_RDONLY | O_CLOEXEC), "open again");
	close(fd);	/* who is open for writing cannot be executed */
	return again;
}

static void go_tmpfile(const struct way *way)
{
	int fd = (int)must(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0700), "O_TMPFILE");

	(void)way;
	exec_self(open_again(copy_self(fd)), "after", "after");
}

static void go_deleted(const struct way *way)
{
	int fd = (int)must(open("/tmp/deleted", O_CREAT | O_RDWR | O_CLOEXEC, 0700), "open");

	(void)way;
	fd = open_again(copy_self(fd));
	must(unlink("/tmp/deleted"), "unlink");
	exec_self(fd, "after", "after");
}

/* Lies */

static void *named_thread(void *arg)
{
	prctl(PR_SET_NAME, arg);
	mark(arg);
	return NULL;
}

static void go_thread_names(const struct way *way)
{
	/* The one with a slash would make the marker's path another one. */
	static const char *const names[] = { "runc:[2:INIT]", "dockerd", "kworker0:1" };
	pthread_t thread;

	(void)way;
	for (int i = 0; i < 3; i++) {
		must(-pthread_create(&thread, NULL, named_thread, (void *)names[i]),
		     "pthread_create");
		pthread_join(thread, NULL);
	}
	prctl(PR_SET_NAME, "kworker/0:1");
	after("after");
}

/* Looks as a runtime does between clone and exec. */
static void go_as_runtime(const struct way *way)
{
	long pid;

	prctl(PR_SET_NAME, "runc:[2:INIT]");
	pid = must(syscall(SYS_clone, way->flags | SIGCHLD, 0, 0, 0, 0), "clone");
	if (!pid)
		exec_self(EXE_FD, "after", "after");
	reap(pid);
}

static void go_argv(const struct way *way)
{
	(void)way;
	for (char **arg = argv0; *arg; arg++)
		memset(*arg, 'x', strlen(*arg));
	snprintf(argv0[0], strlen(argv0[0]), "dockerd");
	after("after");
}

static void go_setuid(const struct way *way)
{
	(void)way;
	must(setresgid(1000, 1000, 1000), "setresgid");
	must(setresuid(1000, 1000, 1000), "setresuid");
	after("after");
}

/* Other hands */

#if defined(__x86_64__)
static void inject(pid_t pid, const char *path)
{
	struct user_regs_struct regs;

	must(ptrace(PTRACE_GETREGS, pid, NULL, &regs), "PTRACE_GETREGS");
	regs.orig_rax = SYS_openat;
	regs.rdi = (unsigned)AT_FDCWD;
	regs.rsi = (unsigned long)path;
	regs.rdx = O_RDONLY;
	must(ptrace(PTRACE_SETREGS, pid, NULL, &regs), "PTRACE_SETREGS");
}
#elif defined(__aarch64__)
static void inject(pid_t pid, const char *path)
{
	struct user_regs_struct regs;
	struct iovec io = { &regs, sizeof(regs) };
	int nr = SYS_openat;
	struct iovec number = { &nr, sizeof(nr) };

	must(ptrace(PTRACE_GETREGSET, pid, 1 /* NT_PRSTATUS */, &io), "PTRACE_GETREGSET");
	regs.regs[0] = (unsigned)AT_FDCWD;
	regs.regs[1] = (unsigned long)path;
	regs.regs[2] = O_RDONLY;
	must(ptrace(PTRACE_SETREGSET, pid, 1, &io), "PTRACE_SETREGSET");
	must(ptrace(PTRACE_SETREGSET, pid, 0x404 /* NT_ARM_SYSTEM_CALL */, &number),
	     "PTRACE_SETREGSET");
}
#endif

/* Turns another process's getppid(2) into an openat(2). */
static void go_ptrace(const struct way *way)
{
	static char path[96];
	long pid;
	int status;

	(void)way;
	snprintf(path, sizeof(path), "%s", mark_path(way_name, "injected"));	/* its copy is the child's */
	pid = must(fork(), "fork");
	if (!pid) {
		for (;;) {
			syscall(SYS_getppid);
			usleep(1000);
		}
	}
	must(ptrace(PTRACE_ATTACH, pid, NULL, NULL), "PTRACE_ATTACH");
	waitpid((pid_t)pid, &status, 0);
	must(ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD), "PTRACE_SETOPTIONS");
	for (;;) {
		struct __ptrace_syscall_info info = { 0 };

		must(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), "PTRACE_SYSCALL");
		waitpid((pid_t)pid, &status, 0);
		must(WIFSTOPPED(status) ? 0 : -1, "the tracee");
		must(ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info),
		     "PTRACE_GET_SYSCALL_INFO");
		if (info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == SYS_getppid)
			break;
	}
	inject((pid_t)pid, path);
	log_mark("injected");
	must(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), "PTRACE_SYSCALL");
	waitpid((pid_t)pid, &status, 0);
	kill((pid_t)pid, SIGKILL);
	reap(pid);
	mark("tracer");
}

static bool has_sqpoll_thread(long arg)
{
	char path[PATH_MAX], name[32];
	struct dirent *entry;
	DIR *dir = opendir("/proc/self/task");
	bool found = false;

	(void)arg;
	while (dir && (entry = readdir(dir))) {
		ssize_t n;
		int fd;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n = fd < 0 ? 0 : read(fd, name, sizeof(name) - 1);
		close(fd);
		name[n > 0 ? n : 0] = '\0';
		found = found || strstr(name, "iou-sqp");
	}
	if (dir)
		closedir(dir);
	return found;
}

/*
 * The kernel's own thread opens a path for us, which is no system call: the mark "ring" is not
 * promised to be seen. What counts are the calls beside it.
 */
static void go_sqpoll(const struct way *way)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SQPOLL, .sq_thread_idle = 2000 };
	int fd = (int)must(syscall(SYS_io_uring_setup, 4, &params), "io_uring_setup");
	char *sq = mmap(NULL, params.sq_off.array + params.sq_entries * sizeof(unsigned),
			PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	char *cq = mmap(NULL, params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe),
			PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_CQ_RING);
	struct io_uring_sqe *sqe = mmap(NULL, params.sq_entries * sizeof(*sqe),
					PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQES);

	(void)way;
	must(sq == MAP_FAILED || cq == MAP_FAILED || sqe == MAP_FAILED ? -1 : 0, "mmap");
	wait_for(has_sqpoll_thread, 0, "iou-sqp thread");
	*sqe = (struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD,
				      .addr = (uint64_t)mark_path(way_name, "ring"),
				      .open_flags = O_RDONLY };
	*(unsigned *)(sq + params.sq_off.array) = 0;
	__atomic_store_n((unsigned *)(sq + params.sq_off.tail), 1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < 2000 && !__atomic_load_n((unsigned *)(cq + params.cq_off.tail),
						     __ATOMIC_SEQ_CST); i++) {
		syscall(SYS_io_uring_enter, fd, 0, 0, IORING_ENTER_SQ_WAKEUP, NULL, 0);
		usleep(1000);
	}
	must(__atomic_load_n((unsigned *)(cq + params.cq_off.tail), __ATOMIC_SEQ_CST) ? 0 : -1,
	     "the ring's openat");
	log_mark("ring");
	after("after");
}

#define UNSHARE(ns, flag) { "unshare-" ns, go_unshare, "a new " ns " namespace", ns, flag }
#define HOST(ns, flag) { "host-" ns, go_setns_host, "the host's " ns " namespace", ns, flag }
#define OTHER(ns, flag) { "other-" ns, go_setns_other, "another container's " ns " namespace", ns, flag }

static const struct way ways[] = {
	{ "nowhere", go_nowhere, "an ordinary process", 0, 0 },

	UNSHARE("mnt", CLONE_NEWNS),
	UNSHARE("pid", CLONE_NEWPID),
	UNSHARE("net", CLONE_NEWNET),
	UNSHARE("user", CLONE_NEWUSER),
	UNSHARE("ipc", CLONE_NEWIPC),
	UNSHARE("uts", CLONE_NEWUTS),
	UNSHARE("cgroup", CLONE_NEWCGROUP),
	UNSHARE("time", CLONE_NEWTIME),
	{ "unshare-all", go_unshare, "all namespaces new at once", 0, ALL_NAMESPACES },
	{ "unshare-loop", go_unshare_loop, "a thousand new mnt namespaces", 0, CLONE_NEWNS },
	{ "unshare-as-user", go_unshare_as_user, "all namespaces new, not as root", 0,
	  ALL_NAMESPACES },
	{ "unshare-fs", go_unshare_in_thread, "a thread with its own root, cwd and files", 0,
	  CLONE_FS | CLONE_FILES },
	{ "unshare-thread", go_unshare_in_thread, "a new mnt namespace in one thread only", 0,
	  CLONE_NEWNS },
	{ "unshare-storm", go_unshare_storm, "a hundred children born in new namespaces", 0,
	  CLONE_NEWNS | CLONE_NEWPID },
	{ "clone-all", go_clone, "a child born in all new namespaces", 0,
	  ALL_NAMESPACES & ~CLONE_NEWTIME },
	{ "deep", go_deep, "ten PID namespaces within each other", 0, 0 },

	HOST("mnt", CLONE_NEWNS),
	HOST("pid", CLONE_NEWPID),
	HOST("net", CLONE_NEWNET),
	HOST("uts", CLONE_NEWUTS),
	HOST("ipc", CLONE_NEWIPC),
	HOST("cgroup", CLONE_NEWCGROUP),
	HOST("user", CLONE_NEWUSER),
	{ "host-time", go_setns_host_time, "away from the host's time namespace and back", "time",
	  CLONE_NEWTIME },
	{ "host-thread", go_setns_in_thread, "the host's net namespace in one thread only", "net",
	  CLONE_NEWNET },
	{ "host-pidfd", go_pidfd_host, "a host process's namespaces by its pidfd", 0,
	  CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC |
	  CLONE_NEWCGROUP },
	OTHER("mnt", CLONE_NEWNS),
	OTHER("pid", CLONE_NEWPID),
	OTHER("net", CLONE_NEWNET),
	OTHER("uts", CLONE_NEWUTS),
	OTHER("ipc", CLONE_NEWIPC),
	OTHER("cgroup", CLONE_NEWCGROUP),
	{ "other-all", go_setns_all_other, "another container's namespaces, one by one", 0, 0 },
	{ "other-pidfd", go_pidfd_other, "another container's namespaces by a pidfd", 0,
	  CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC |
	  CLONE_NEWCGROUP },
	{ "other-adopted", go_adopted_by_other, "adopted by another container's init", "pid",
	  CLONE_NEWPID },

	{ "cgroup-v2", go_cgroup, "its own pid written to another v2 cgroup", "CGROUP_V2", 0 },
	{ "cgroup-v1", go_cgroup, "its own pid written to another v1 cgroup", "CGROUP_V1", 0 },
	{ "cgroup-root", go_cgroup_root, "to the root of every hierarchy", 0, 0 },
	{ "cgroup-other", go_cgroup_other, "to another container's cgroup", 0, 0 },
	{ "cgroup-thread", go_cgroup_in_thread, "one thread only to another v1 cgroup", "CGROUP_V1", 0 },
	{ "cgroup-by-child", go_cgroup_by_child, "moved by its child", "CGROUP_V2", 0 },
	{ "cgroup-by-host", go_cgroup_by_host, "moved by a process of the host", 0, 0 },
	{ "into-cgroup", go_into_cgroup, "born in another cgroup (CLONE_INTO_CGROUP)", 0, 0 },
	{ "into-cgroup-ns", go_into_cgroup, "born in another cgroup and new namespaces", 0,
	  CLONE_NEWNS | CLONE_NEWPID },
	{ "into-other", go_into_other, "born in another container's cgroup", 0, 0 },
	{ "into-other-ns", go_into_other, "born there and in new namespaces", 0,
	  CLONE_NEWNS | CLONE_NEWPID },
	{ "claim-docker", go_claim_docker, "as a container in a cgroup named as one of Docker's", 0,
	  CLONE_NEWNS | CLONE_NEWPID },
	{ "claim-runc", go_claim_runc, "as a container in a cgroup named as one of runc's", 0,
	  CLONE_NEWNS | CLONE_NEWPID },
	{ "claim-inside", go_claim_inside, "as a container in a cgroup inside another's", 0,
	  CLONE_NEWNS | CLONE_NEWPID },

	{ "double-fork", go_double_fork, "double fork and setsid", 0, 0 },
	{ "orphan", go_orphan, "adopted by init", 0, 0 },
	{ "grandchild", go_grandchild, "three generations, each orphaned", 0, 0 },
	{ "subreaper", go_subreaper, "adopted by a subreaper", 0, 0 },
	{ "clone-parent", go_clone_parent, "born as its parent's sibling", 0, 0 },
	{ "clone-parent-mnt", go_clone_parent, "a sibling in a new mnt namespace", 0, CLONE_NEWNS },
	{ "vfork", go_vfork, "vfork and exec", 0, 0 },
	{ "clone-vm", go_clone_vm, "a child in the same memory", 0, 0 },
	{ "clone-vm-mnt", go_clone_vm, "the same in a new mnt namespace", 0, CLONE_NEWNS },
	{ "exec-thread", go_exec_from_thread, "exec from a thread that is not the leader", 0, 0 },
	{ "same-pid", go_same_pid, "the pid of a process that has just ended", 0, 0 },
	{ "daemon", go_daemon, "closes everything and daemonises", 0, 0 },
	{ "spawn-storm", go_spawn_storm, "a hundred posix_spawns", 0, 0 },
	{ "fork-storm", go_fork_storm, "hundreds of short children", 0, 0 },

	{ "chroot", go_chroot, "another root directory", 0, 0 },
	{ "chroot-out", go_chroot_out, "out of a chroot by fchdir", 0, 0 },
	{ "pivot-root", go_pivot_root, "another root mount", 0, CLONE_NEWNS },
	{ "mini-runtime", go_mini_runtime, "a container made by a runtime that nobody knows", 0,
	  CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
	  CLONE_NEWCGROUP },
	{ "nested-runc", go_nested_runc, "a container by runc inside of the container", 0, 0 },

	{ "memfd", go_memfd, "a program in a memfd", 0, 0 },
	{ "tmpfile", go_tmpfile, "a program in a file that never had a name", 0, 0 },
	{ "deleted", go_deleted, "a program whose file is deleted", 0, 0 },

	{ "thread-names", go_thread_names, "threads named as a runtime's and the kernel's", 0, 0 },
	{ "as-runtime", go_as_runtime, "a child as runc makes one, named as runc names it", 0,
	  CLONE_NEWNS | CLONE_NEWPID },
	{ "argv", go_argv, "its command line overwritten", 0, 0 },
	{ "setuid", go_setuid, "another user", 0, 0 },
	{ "ptrace", go_ptrace, "a call injected into another process", 0, 0 },
	{ "sqpoll", go_sqpoll, "an io_uring that the kernel's own thread serves", 0, 0 },
};

#define WAYS (sizeof(ways) / sizeof(*ways))

static const struct way *find_way(const char *name)
{
	for (size_t i = 0; i < WAYS; i++) {
		if (!strcmp(ways[i].name, name))
			return &ways[i];
	}
	return NULL;
}

/* Takes over what the parent program left open, or begins anew. */
static bool prepare(void)
{
	int fd;

	if (fcntl(LOG_FD, F_GETFD) < 0) {
		fd = memfd_create("log", 0);
		if (fd < 0 || ftruncate(fd, sizeof(*log_)) || dup2(fd, LOG_FD) < 0)
			return false;
		close(fd);
	}
	if (fcntl(EXE_FD, F_GETFD) < 0) {
		fd = open("/proc/self/exe", O_RDONLY);
		if (fd < 0)	/* the /proc is of a PID namespace that we are not in */
			fd = open((const char *)getauxval(AT_EXECFN), O_RDONLY);
		if (fd < 0 || dup2(fd, EXE_FD) < 0)
			return false;
		close(fd);
	}
	log_ = mmap(NULL, sizeof(*log_), PROT_READ | PROT_WRITE, MAP_SHARED, LOG_FD, 0);
	return log_ != MAP_FAILED;
}

static void report(const char *name)
{
	int n = log_->n < MARKS_MAX ? log_->n : MARKS_MAX;

	printf("{\"way\":\"%s\",\"failed\":\"%s\",\"errno\":\"%s\",\"marks\":[", name, log_->step,
	       log_->failed ? strerrorname_np(log_->error) : "");
	for (int i = 0; i < n; i++)
		printf("%s\"%s\"", i ? "," : "", log_->marks[i]);
	printf("]}\n");
	fflush(stdout);
}

/* Whether all have ended: those who have kept the pipe, wherever they are, and all children. */
static bool all_ended(int pipe_end)
{
	struct pollfd open = { .fd = pipe_end };

	if (poll(&open, 1, WAY_SECONDS * 1000) <= 0)
		return false;
	for (int i = 0; i < WAY_SECONDS * 1000; i++) {
		pid_t pid;

		do
			pid = waitpid(-1, NULL, WNOHANG);
		while (pid > 0);
		if (pid < 0)
			return true;
		usleep(1000);
	}
	return false;
}

/* One way in a process of its own; back when all of its tasks have ended. */
static void run(const char *name)
{
	char *argv[] = { "runaway", (char *)name, NULL };
	int ends[2];

	memset(log_, 0, sizeof(*log_));
	syscall(SYS_openat, AT_FDCWD, mark_path(name, "begin"), O_RDONLY, 0);
	must(pipe(ends), "pipe");
	if (!must(fork(), "fork")) {
		close(ends[0]);
		execve("/proc/self/exe", argv, environ);
		_exit(1);
	}
	close(ends[1]);
	if (!all_ended(ends[0])) {
		snprintf(log_->step, sizeof(log_->step), "it took too long");
		if (getpid() == 1)
			kill(-1, SIGKILL);	/* all of this PID namespace */
	}
	close(ends[0]);
	syscall(SYS_openat, AT_FDCWD, mark_path(name, "end"), O_RDONLY, 0);
	report(name);
}

/*
 * As init of a container that has the host's PID namespace: leaves a daemon that no cgroup of the
 * container holds, and ends. The daemon goes on when the container has stopped.
 */
static int survive(void)
{
	static const char *const marks[] = { "gone", "gone-child", "gone-exec", "later",
					     "later-child", "later-exec" };
	long pid = getpid();
	int ends[2];
	char c;

	way_name = "survive";
	must(pipe(ends), "pipe");
	if (!must(fork(), "fork")) {
		setsid();
		if (must(fork(), "fork"))
			_exit(0);
		leave_cgroups();
		close(0);
		close(1);
		close(2);
		close(ends[0]);
		close(ends[1]);
		wait_for(is_gone, pid, "the end of init");
		usleep(300000);
		after("gone");
		sleep(4);	/* longer than anything of a stopped container is kept */
		after("later");
		_exit(0);
	}
	wait(NULL);
	close(ends[1]);
	must(read(ends[0], &c, 1), "read");	/* until it has left */
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		log_mark(marks[i]);
	report(way_name);
	return 0;
}

static void make_sandbox(int flags)
{
	long pid = must(syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0), "clone");

	if (!pid) {
		must(unshare(CLONE_NEWNS), "unshare");	/* a call, at which somebody may look */
		_exit(0);
	}
	reap(pid);
}

/* Eight at a time: the end of a PID namespace takes a while. */
static int sandboxes(int count, int flags)
{
	int status, failed = 0;

	for (int i = 0; i < 8; i++) {
		if (!must(fork(), "fork")) {
			for (int n = i; n < count; n += 8)
				make_sandbox(flags);
			_exit(0);
		}
	}
	while (wait(&status) > 0)
		failed |= status;
	return failed ? 1 : 0;
}

int main(int argc, char **argv)
{
	const struct way *way;

	argv0 = argv;
	if (argc < 2 || !prepare())
		return 2;
	if (!strcmp(argv[1], "list")) {
		for (size_t i = 0; i < WAYS; i++)
			printf("%s\t%s\n", ways[i].name, ways[i].what);
		return 0;
	}
	if (!strcmp(argv[1], "run")) {
		prctl(PR_SET_CHILD_SUBREAPER, 1);	/* so that it can wait for all, not only as init */
		for (int i = 2; i < argc; i++)
			run(argv[i]);
		return 0;
	}
	if (!strcmp(argv[1], "survive"))
		return survive();
	if (!strcmp(argv[1], "sandboxes") && argc == 4)
		return sandboxes(atoi(argv[2]), CLONE_NEWNS | (*argv[3] == 'p' ? CLONE_NEWPID : 0));
	if ((!strcmp(argv[1], "mark") || !strcmp(argv[1], "after")) && argc == 4) {
		way_name = argv[2];
		if (*argv[1] == 'm')
			mark(argv[3]);
		else
			after(argv[3]);
		return 0;
	}
	way = find_way(argv[1]);
	if (!way)
		return 2;
	way_name = way->name;
	way->go(way);
	return 0;
}
