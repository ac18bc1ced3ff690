/* SPDX-License-Identifier: Apache-2.0 */
/* Processes: how they are made and waited for, scheduled and limited. */
#include "walk.h"

#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/kcmp.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __x86_64__
#include <asm/ldt.h>
#include <asm/prctl.h>
#endif

/* <linux/sched/types.h> and the C library's headers do not go together. */
struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

void scheduling(void)
{
	static struct { int priority; } param;
	static struct attr attr;
	static uint64_t cpus[128];
	static struct timespec time;
	static unsigned cpu, node;

	CALL(sched_yield);
	FAIL(ANY, rseq_slice_yield);
	CALL(sched_getparam, V(0), U(&param));
	CALL(sched_setparam, V(0), U(&param));
	FAIL(EINVAL, sched_setparam, V(-1), U(&param));
	CALL(sched_setscheduler, V(0), N(SCHED_BATCH), U(&param));
	FAIL(EINVAL, sched_setscheduler, V(0), N(SCHED_FIFO | SCHED_RESET_ON_FORK), U(&param));
	CALL(sched_getscheduler, V(0));
	CALL(sched_get_priority_max, N(SCHED_FIFO));
	CALL(sched_get_priority_min, N(SCHED_RR));
	CALL(sched_rr_get_interval, V(0), U(&time));
	CALL(sched_getaffinity, V(0), V(sizeof(cpus)), U(cpus));
	CALL(sched_setaffinity, V(0), V(sizeof(cpus)), U(cpus));
	FAIL(EINVAL, sched_getaffinity, V(0), V(1), U(cpus));
	CALL(sched_getattr, V(0), U(&attr), V(sizeof(attr)), V(0));
	CALL(sched_setattr, V(0), U(&attr), V(0));
	FAIL(EINVAL, sched_setattr, V(0), U(NULL), V(0));
	CALL(getcpu, U(&cpu), U(&node), U(NULL));
	CALL(setpriority, N(PRIO_PROCESS), V(0), V(5));
	CALL(getpriority, N(PRIO_PROCESS), V(0));
	FAIL(EINVAL, getpriority, V(9), V(0));
	CALL(ioprio_set, N(IOPRIO_WHO_PROCESS), V(0),
	     T(IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 4), "IOPRIO_CLASS_BE|0x4"));
	CALL(ioprio_get, N(IOPRIO_WHO_PROCESS), V(0));
}

void limits_and_queries(void)
{
	static struct rlimit limit;
	static struct rusage usage;
	static struct tms times;
	static struct utsname name;
	static struct sysinfo info;
	static char random[8];
	long pid = getpid();

	CALL(getrlimit, N(RLIMIT_NOFILE), U(&limit));
	limit.rlim_cur = limit.rlim_max = 0;
	CALL(setrlimit, N(RLIMIT_CORE), T(&limit, "{cur=0, max=0}"));
	CALL(prlimit64, V(0), N(RLIMIT_CORE), T(&limit, "{cur=0, max=0}"), U(NULL));
	FAIL(ESRCH, prlimit64, V(99999), N(RLIMIT_AS), U(NULL), U(&limit));
	CALL(getrusage, N(RUSAGE_THREAD), U(&usage));
	CALL(times, U(&times));
	CALL(uname, U(&name));
	CALL(sysinfo, U(&info));
	CALL(getrandom, U(random), V(8), N(GRND_NONBLOCK));
	FAIL(EINVAL, getrandom, U(random), V(8), U(0x80));
	CALL(getpid);
	CALL(gettid);
	CALL(getppid);
	CALL(getpgid, V(0));
	FAIL(ESRCH, getpgid, V(99999));
	CALL(getsid, V(0));
	FAIL(OR(0, ENOSYS), kcmp, V(pid), V(pid), N(KCMP_VM), U(0), U(0));
	FAIL(EINVAL, rseq, U(NULL), V(0), U(0x100), V(0));
#ifdef __x86_64__
	static unsigned long base;
	static struct user_desc segment;

	CALL(getpgrp);
	CALL(arch_prctl, N(ARCH_GET_FS), U(&base));
	FAIL(EINVAL, arch_prctl, U(0x9999), U(0));
	FAIL(OR(0, ENOSYS), modify_ldt, V(0), U(&segment), V(sizeof(segment)));
#endif
}

/* One that leads a group of its own may not begin a session. */
static void a_group(void)
{
	CALL(setpgid, V(0), V(0));
	FAIL(EPERM, setsid);
}

static void a_session(void)
{
	CALL(setsid);
	CALL(vhangup);		/* it has no terminal to lose */
	FAIL(ESRCH, setpgid, V(99999), V(0));
}

static void a_thread_id(void)
{
	static int where;

	CALL(set_tid_address, U(&where));
}

static void waits(void)
{
	static siginfo_t info;
	static int status;
	long pid = fork();

	if (pid == 0)
		_exit(3);
	CALL(waitid, N(P_PID), V(pid), U(&info), N(WEXITED | WNOWAIT), U(NULL));
	CALL(wait4, V(pid), U(&status), N(__WALL), U(NULL));
	FAIL(ECHILD, wait4, V(-1), U(&status), N(WNOHANG), U(NULL));
	FAIL(ECHILD, waitid, N(P_ALL), V(0), U(&info), N(WEXITED), U(NULL));
}

static void forks(void)
{
	static struct clone_args args = { .exit_signal = SIGCHLD };
	long pid;

	/* The children only end. */
	pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		_exit(0);
	MADE(clone, pid, N(SIGCHLD), U(NULL), U(NULL), U(NULL), U(NULL));
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		_exit(0);
	MADE(clone3, pid, T(&args, "{flags=0, exit_signal=SIGCHLD}"), V(sizeof(args)));
	FAIL(EINVAL, clone3, T(&args, "{flags=0, exit_signal=SIGCHLD}"), V(8));
#ifdef SYS_fork
	pid = syscall(SYS_fork);
	if (pid == 0)
		_exit(0);
	MADE(fork, pid);
	pid = vfork();
	if (pid == 0)
		_exit(0);
	MADE(vfork, pid);
#endif
	while (wait(NULL) > 0)
		;
}

void processes(char **envp)
{
	static char *const nop[] = { "walk", "--nop", NULL };
	long pid;

	waits();
	in_child(a_group);
	in_child(a_session);
	in_child(a_thread_id);
	forks();
	FAIL(ENOENT, execve, P("/tmp/none"), T(nop, "walk --nop"), U(envp));
	FAIL(ENOENT, execveat, N(AT_FDCWD), P("/tmp/none"), T(nop, "walk --nop"), U(envp), V(0));
	/* This program again, which then only ends; what it said of an exec that failed has no event. */
	pid = fork();
	if (pid == 0) {
		MADE(execve, 0, P("/bin/walk"), T(nop, "walk --nop"), U(envp));
		execve("/bin/walk", nop, envp);
		_exit(1);
	}
	waitpid((pid_t)pid, NULL, 0);
	pid = fork();
	if (pid == 0) {
		MADE(execveat, 0, N(AT_FDCWD), P("/bin/walk"), T(nop, "walk --nop"), U(envp), V(0));
		syscall(SYS_execveat, AT_FDCWD, "/bin/walk", nop, envp, 0);
		_exit(1);
	}
	waitpid((pid_t)pid, NULL, 0);
}
