/* SPDX-License-Identifier: Apache-2.0 */
/* By the hands of others: a traced process, the kernel's own thread. */
#include "runaway.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

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
void go_ptrace(const struct way *way)
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
void go_sqpoll(const struct way *way)
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
