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
 * them is, "." for CGROUPS itself. CGROUP_DEVICES is that of version 1's devices. AWAY and OTHER are
 * directories in them, below a hierarchy's root.
 */
#include "runaway.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAY_SECONDS 20

struct log *log_;
const char *way_name = "none";
char **argv0;

/* Nothing in particular: how an ordinary process looks. */
static void go_nowhere(const struct way *way)
{
	(void)way;
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
	{ "cgroup-devices", go_cgroup, "out of the cgroup that says which devices it may have", "CGROUP_DEVICES", 0 },
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
