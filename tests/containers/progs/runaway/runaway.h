/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of runaway share; main.c says what the program is. */
#pragma once

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

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

struct way {
	const char *name;
	void (*go)(const struct way *way);
	const char *what;
	const char *ns;		/* name below /proc/PID/ns */
	int flags;		/* CLONE_NEW* */
};

/* What a way managed, shared by all of its tasks. */
struct log {
	atomic_int failed;
	int error;
	char step[32];
	atomic_int n;
	char marks[MARKS_MAX][24];
};

extern struct log *log_;
extern const char *way_name;
extern char **argv0, **environ;

/* steps.c */
void log_mark(const char *who);
const char *mark_path(const char *way, const char *who);
void mark(const char *who);
void fail(const char *step);
long must(long result, const char *step);
void wait_for(bool (*condition)(long), long arg, const char *what);
bool parent_is_not(long pid);
void reap(long pid);
void exec_self(int fd, const char *how, const char *who);
void after(const char *who);
void child_after(const char *who);
const char *setting(const char *name);
int ns_open(const char *whose, const char *ns);
int copy_self(int to);

/* namespaces.c */
void go_unshare(const struct way *way);
void go_unshare_loop(const struct way *way);
void go_unshare_as_user(const struct way *way);
void go_clone(const struct way *way);
void go_unshare_in_thread(const struct way *way);
void go_deep(const struct way *way);
void go_setns_host(const struct way *way);
void go_setns_other(const struct way *way);
void go_setns_host_time(const struct way *way);
void go_pidfd_host(const struct way *way);
void go_pidfd_other(const struct way *way);
void go_setns_all_other(const struct way *way);
void go_setns_in_thread(const struct way *way);
void go_adopted_by_other(const struct way *way);

/* cgroups.c */
void leave_cgroups(void);
void go_cgroup(const struct way *way);
void go_cgroup_root(const struct way *way);
void go_cgroup_other(const struct way *way);
void go_cgroup_in_thread(const struct way *way);
void go_cgroup_by_child(const struct way *way);
void go_cgroup_by_host(const struct way *way);
void go_into_cgroup(const struct way *way);
void go_into_other(const struct way *way);
void go_claim_docker(const struct way *way);
void go_claim_runc(const struct way *way);
void go_claim_inside(const struct way *way);

/* families.c */
bool is_gone(long pid);
void go_double_fork(const struct way *way);
void go_orphan(const struct way *way);
void go_grandchild(const struct way *way);
void go_subreaper(const struct way *way);
void go_clone_parent(const struct way *way);
void go_vfork(const struct way *way);
void go_clone_vm(const struct way *way);
void go_exec_from_thread(const struct way *way);
void go_same_pid(const struct way *way);
void go_daemon(const struct way *way);
void go_spawn_storm(const struct way *way);
void go_fork_storm(const struct way *way);
void go_unshare_storm(const struct way *way);

/* roots.c */
void go_chroot(const struct way *way);
void go_chroot_out(const struct way *way);
void go_pivot_root(const struct way *way);
void go_mini_runtime(const struct way *way);
void go_nested_runc(const struct way *way);

/* disguises.c */
void go_memfd(const struct way *way);
void go_tmpfile(const struct way *way);
void go_deleted(const struct way *way);
void go_thread_names(const struct way *way);
void go_as_runtime(const struct way *way);
void go_argv(const struct way *way);
void go_setuid(const struct way *way);

/* hands.c */
void go_ptrace(const struct way *way);
void go_sqpoll(const struct way *way);
