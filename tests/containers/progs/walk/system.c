/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel itself: all of these fail, or change nothing outside of the container. */
#include "walk.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <signal.h>
#include <stddef.h>
#include <sys/quota.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

static void the_time(void)
{
	static struct timeval bad_time = { .tv_usec = 2000000 };
	static struct timespec time = { .tv_sec = 1 };
	static struct timex look;

	CALL(adjtimex, U(&look));
	CALL(clock_adjtime, N(CLOCK_REALTIME), U(&look));
	FAIL(EINVAL, clock_adjtime, V(99), U(&look));
	FAIL(EINVAL, settimeofday, T(&bad_time, "{0, 2000000}"), U(NULL));
	FAIL(EINVAL, clock_settime, N(CLOCK_MONOTONIC), T(&time, "1.000000000"));
}

static void modules(void)
{
	/* EPERM: this container may not; what stands in these is told all the same. */
	FAIL(ANY, init_module, U(NULL), V(0), P("none=1"));
	FAIL(ANY, finit_module, V(-1), P("none=1"), V(0));
	FAIL(ANY, delete_module, P("nunchi_none"), N(O_NONBLOCK));
	FAIL(ANY, kexec_load, U(0), V(0), U(NULL), U(0x8000));
	FAIL(ANY, kexec_file_load, V(-1), V(-1), V(0), U(NULL), U(0x8000));
}

static void rings(void)
{
	static struct io_uring_params params;

	FAIL(OR(EINVAL, EPERM), io_uring_setup, V(0), T(&params, "{sq_entries=0, cq_entries=0, flags=0}"));
	FAIL(EBADF, io_uring_enter, V(-1), V(0), V(0), N(IORING_ENTER_GETEVENTS), U(NULL), V(0));
	FAIL(OR(EBADF, EPERM), io_uring_register, V(9999), N(IORING_REGISTER_EVENTFD), U(NULL), V(0));
}

void the_system(void)
{
	CALL(sethostname, P("walk"), V(4));
	CALL(setdomainname, P("walk"), V(4));
	FAIL(EINVAL, setdomainname, U(NULL), V(-1));
	FAIL(ANY, syslog, T(10, "SYSLOG_ACTION_SIZE_BUFFER"), U(NULL), V(0));
	the_time();
	FAIL(ANY, acct, P("/tmp/none/acct"));
	FAIL(OR(ENOENT, ENOSYS), swapon, P("/tmp/none"), V(0));
	FAIL(OR(ENOENT, ENOSYS), swapoff, P("/tmp/none"));
	FAIL(EINVAL, reboot, V(1), V(2), V(3), U(NULL));
#ifdef SYS_iopl
	FAIL(OR(EINVAL, ENOSYS), iopl, V(4));
	FAIL(OR(EINVAL, ENOSYS), ioperm, U(70000), V(1), V(0));
#endif
	modules();
	rings();
	FAIL(ANY, quotactl, T(QCMD(Q_GETINFO, USRQUOTA), "Q_GETINFO|USRQUOTA"), P("/tmp/none"), V(0),
	     U(NULL));
	FAIL(ANY, quotactl_fd, V(-1), T(QCMD(Q_GETINFO, USRQUOTA), "Q_GETINFO|USRQUOTA"), V(0), U(NULL));
	FAIL(ANY, perf_event_open, U(NULL), V(0), V(-1), V(-1), V(0));
	FAIL(OR(EINVAL, EPERM), bpf, N(BPF_MAP_CREATE), U(NULL), V(0));
}

#ifdef __x86_64__
static void on_signal(int sig)
{
	(void)sig;
}

/* Only the kernel's own trampoline may make these: others get SIGILL, or are refused. */
static void probes(void)
{
	signal(SIGILL, on_signal);
	FAIL(ANY, uretprobe);
	FAIL(ANY, uprobe);
}
#endif

/* Numbers that the kernel has kept: who tries them is told so. */
void retired(void)
{
	static char cookie[8];
#ifdef __x86_64__
	static unsigned number;

	FAIL(ENOSYS, _sysctl, U(NULL));
	FAIL(ENOSYS, create_module, P("walk"), V(1));
	FAIL(ENOSYS, get_kernel_syms, U(NULL));
	FAIL(ENOSYS, query_module, P("walk"), V(1), U(NULL), V(0), U(NULL));
	FAIL(ENOSYS, nfsservctl, V(1), U(NULL), U(NULL));
	FAIL(ENOSYS, getpmsg);
	FAIL(ENOSYS, putpmsg);
	FAIL(ENOSYS, afs_syscall);
	FAIL(ENOSYS, tuxcall);
	FAIL(ENOSYS, security);
	FAIL(ENOSYS, epoll_ctl_old);
	FAIL(ENOSYS, epoll_wait_old);
	FAIL(ENOSYS, vserver);
	FAIL(ENOSYS, set_thread_area, U(&number));
	FAIL(ENOSYS, get_thread_area, U(&number));
	FAIL(OR(0, ENOSYS), sysfs, V(3), U(0), U(0));
	in_child(probes);
#else
	FAIL(ENOSYS, nfsservctl, V(1), U(NULL), U(NULL));
#endif
	FAIL(OR(EINVAL, ENOSYS), lookup_dcookie, U(0), U(cookie), V(sizeof(cookie)));
}
