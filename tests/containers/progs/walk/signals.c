/* SPDX-License-Identifier: Apache-2.0 */
/* Signals, timers, and what is done to other processes by number. */
#include "walk.h"

#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static void on_signal(int sig)
{
	(void)sig;
}

static void masks(void)
{
	static uint64_t set, old, none;
	static stack_t stack;
	static char action[64];
	static struct timespec soon = { 0, 1000000 };

	set = 1UL << (SIGUSR2 - 1);
	CALL(rt_sigaction, N(SIGUSR2), U(NULL), U(action), V(8));
	FAIL(EINVAL, rt_sigaction, N(SIGUSR2), U(NULL), U(action), V(4));
	CALL(rt_sigprocmask, N(SIG_BLOCK), U(&none), U(&old), V(8));
	CALL(rt_sigpending, U(&old), V(8));
	FAIL(EAGAIN, rt_sigtimedwait, U(&set), U(NULL), T(&soon, "0.001000000"), V(8));
	CALL(sigaltstack, U(NULL), U(&stack));
#ifdef SYS_signalfd
	CALL(signalfd, V(-1), U(&set), V(8));
#endif
	CALL(signalfd4, V(-1), U(&set), V(8), N(SFD_CLOEXEC | SFD_NONBLOCK));
	FAIL(EINVAL, signalfd4, V(-1), U(&set), V(4), V(0));
	/* A timer that goes on, for a signal that came before the wait ends none. */
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 10000 }, { 0, 10000 } }, NULL);
	FAIL(EINTR, rt_sigsuspend, U(&none), V(8));
#ifdef SYS_pause
	FAIL(EINTR, pause);
#endif
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 0 } }, NULL);
}

static void sending(long pid, long tid)
{
	static siginfo_t info;
	long fd;

	info.si_signo = SIGUSR1;
	info.si_code = SI_QUEUE;
	CALL(kill, V(pid), N(SIGUSR1));
	FAIL(ESRCH, kill, V(99999), N(SIGTERM));
	CALL(tkill, V(tid), N(SIGUSR1));
	CALL(tgkill, V(pid), V(tid), N(SIGUSR1));
	FAIL(EINVAL, tgkill, V(pid), V(-1), N(SIGUSR1));
	CALL(rt_sigqueueinfo, V(pid), N(SIGUSR1), U(&info));
	CALL(rt_tgsigqueueinfo, V(pid), V(tid), N(SIGUSR1), U(&info));
	fd = CALL(pidfd_open, V(pid), V(0));
	FAIL(EINVAL, pidfd_open, V(0), V(0));
	CALL(pidfd_send_signal, V(fd), N(SIGUSR1), U(NULL), V(0));
	CALL(pidfd_getfd, V(fd), V(2), V(0));
	FAIL(EBADF, pidfd_getfd, V(fd), V(9999), V(0));
	FAIL(EINVAL, process_mrelease, V(fd), V(0));
	close((int)fd);
}

static void other_memory(long pid)
{
	static char word[8];
	static struct iovec from = { word, sizeof(word) }, to = { word, sizeof(word) };
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec range = { page, 4096 };
	long fd = syscall(SYS_pidfd_open, pid, 0);

	CALL(process_vm_readv, V(pid), U(&to), V(1), U(&from), V(1), V(0));
	CALL(process_vm_writev, V(pid), U(&from), V(1), U(&to), V(1), V(0));
	FAIL(ESRCH, process_vm_readv, V(99999), U(&to), V(1), U(&from), V(1), V(0));
	CALL(process_madvise, V(fd), U(&range), V(1), N(MADV_COLD), V(0));
	FAIL(EBADF, process_madvise, V(-1), U(&range), V(1), N(MADV_COLD), V(0));
	FAIL(ESRCH, ptrace, N(PTRACE_ATTACH), V(99999), U(0), U(0));
	close((int)fd);
}

static void traced(void)
{
	CALL(ptrace, N(PTRACE_TRACEME), V(0), U(0), U(0));
}

void signals(void)
{
	long pid = getpid(), tid = syscall(SYS_gettid);

	signal(SIGUSR1, on_signal);
	signal(SIGALRM, on_signal);
	sending(pid, tid);
	other_memory(pid);
	in_child(traced);
	masks();
}

static void clocks(void)
{
	static struct timespec time, soon = { 0, 1000000 }, bad = { 0, -1 };
	static struct timeval tv;

	CALL(clock_gettime, N(CLOCK_MONOTONIC), U(&time));
	FAIL(EINVAL, clock_gettime, V(99), U(&time));
	CALL(clock_getres, N(CLOCK_BOOTTIME), U(&time));
	CALL(gettimeofday, U(&tv), U(NULL));
	CALL(nanosleep, T(&soon, "0.001000000"), U(NULL));
	FAIL(EINVAL, nanosleep, T(&bad, "{0, -1}"), U(NULL));
	CALL(clock_nanosleep, N(CLOCK_MONOTONIC), N(TIMER_ABSTIME), T(&soon, "0.001000000"), U(NULL));
#ifdef SYS_time
	CALL(time, U(NULL));
#endif
}

void timers(void)
{
	static struct itimerval once;
	static struct itimerspec spec;
	static int id;
	long fd;

	clocks();
	CALL(setitimer, N(ITIMER_VIRTUAL), U(&once), U(NULL));
	CALL(getitimer, N(ITIMER_PROF), U(&once));
	FAIL(EINVAL, getitimer, V(9), U(&once));
#ifdef SYS_alarm
	CALL(alarm, V(0));
#endif
	CALL(timer_create, N(CLOCK_MONOTONIC), U(NULL), U(&id));
	CALL(timer_settime, V(id), N(TIMER_ABSTIME), U(&spec), U(NULL));
	CALL(timer_gettime, V(id), U(&spec));
	CALL(timer_getoverrun, V(id));
	CALL(timer_delete, V(id));
	FAIL(EINVAL, timer_delete, V(id));
	fd = CALL(timerfd_create, N(CLOCK_REALTIME), N(TFD_CLOEXEC | TFD_NONBLOCK));
	CALL(timerfd_settime, V(fd), N(TFD_TIMER_ABSTIME), U(&spec), U(NULL));
	CALL(timerfd_gettime, V(fd), U(&spec));
	FAIL(EBADF, timerfd_gettime, V(-1), U(&spec));
	close((int)fd);
}
