/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that take descriptors: duplicating, reading and writing, copying, waiting. */
#include "walk.h"

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/uio.h>
#include <unistd.h>

static char pair_text[32];

static const char *pair(const int fds[2])
{
	snprintf(pair_text, sizeof(pair_text), "[%d, %d]", fds[0], fds[1]);
	return pair_text;
}

void descriptors(void)
{
	static struct stat st;
	static struct statfs fs;
	static char names[1024], cwd[64];
	int fds[2], waiting;
	long fd, dir, made;

	fd = CALL(dup, V(1));
	FAIL(EBADF, dup, V(-1));
#ifdef SYS_dup2
	CALL(dup2, V(1), V(50));
	made = syscall(SYS_pipe, fds);
	MADE(pipe, made, T(fds, pair(fds)));
#endif
	CALL(dup3, V(1), V(51), N(O_CLOEXEC));
	FAIL(EINVAL, dup3, V(1), V(1), V(0));
	made = syscall(SYS_pipe2, fds, O_CLOEXEC | O_NONBLOCK);
	MADE(pipe2, made, T(fds, pair(fds)), N(O_CLOEXEC | O_NONBLOCK));
	CALL(ioctl, V(fds[0]), N(FIONREAD), U(&waiting));
	FAIL(ENOTTY, ioctl, V(fds[0]), N(TIOCSTI), U(&waiting));
	CALL(fcntl, V(fds[0]), N(F_SETFD), N(FD_CLOEXEC));
	CALL(fcntl, V(fds[0]), N(F_GETFL), V(0));
	FAIL(EBADF, fcntl, V(-1), N(F_DUPFD_CLOEXEC), V(3));
	CALL(close_range, V(50), V(51), V(0));
	FAIL(EINVAL, close_range, V(51), V(50), N(CLOSE_RANGE_CLOEXEC));
	close((int)fd);

	fd = open("/tmp/data", O_RDWR | O_CREAT, 0600);
	CALL(fstat, V(fd), U(&st));
	CALL(fstatfs, V(fd), U(&fs));
	CALL(flock, V(fd), N(LOCK_EX | LOCK_NB));
	CALL(ftruncate, V(fd), V(100));
	CALL(fallocate, V(fd), N(FALLOC_FL_KEEP_SIZE), V(0), V(4096));
	CALL(lseek, V(fd), V(-10), N(SEEK_END));
	FAIL(EINVAL, lseek, V(fd), V(-1), N(SEEK_SET));
	CALL(fsync, V(fd));
	CALL(fdatasync, V(fd));
	CALL(syncfs, V(fd));
	FAIL(EBADF, syncfs, V(-1));
	CALL(sync_file_range, V(fd), V(0), V(4096), N(SYNC_FILE_RANGE_WRITE));
	CALL(fadvise64, V(fd), V(0), V(100), N(POSIX_FADV_RANDOM));
	FAIL(OR(0, EINVAL), readahead, V(fd), V(0), V(100));
	dir = open("/tmp", O_RDONLY | O_DIRECTORY);
#ifdef SYS_getdents
	CALL(getdents, V(dir), U(names), V(sizeof(names)));
#endif
	CALL(getdents64, V(dir), U(names), V(sizeof(names)));
	FAIL(ENOTDIR, getdents64, V(fd), U(names), V(sizeof(names)));
	CALL(getcwd, T(cwd, "/\\u0000"), V(sizeof(cwd)));
	FAIL(ERANGE, getcwd, U(cwd), V(1));
	close((int)fd);
	close((int)dir);
}

void reading_and_writing(void)
{
	static char in[16];
	static struct iovec from = { "vector", 6 }, to = { in, 6 };
	long fd = open("/tmp/data", O_RDWR | O_TRUNC);

	CALL(write, V(fd), P("written"), V(7));
	FAIL(EBADF, write, V(-1), P("written"), V(7));
	CALL(pwrite64, V(fd), P("more"), V(4), V(2));
	CALL(pread64, V(fd), P(in), V(7), V(0));
	FAIL(EINVAL, pread64, V(fd), U(in), V(7), V(-1));
	lseek((int)fd, 0, SEEK_SET);
	CALL(read, V(fd), P(in), V(7));
	FAIL(EBADF, read, V(-1), U(in), V(7));
	CALL(writev, V(fd), U(&from), V(1));
	CALL(pwritev, V(fd), U(&from), V(1), V(4), V(0));
	CALL(pwritev2, V(fd), U(&from), V(1), V(4), V(0), N(RWF_APPEND | RWF_SYNC));
	CALL(preadv, V(fd), U(&to), V(1), V(4), V(0));
	CALL(preadv2, V(fd), U(&to), V(1), V(4), V(0), N(RWF_HIPRI));
	FAIL(EINVAL, preadv2, V(fd), U(&to), V(-1), V(4), V(0), V(0));
	lseek((int)fd, 0, SEEK_SET);
	CALL(readv, V(fd), U(&to), V(1));
	close((int)fd);
}

void copying(void)
{
	static loff_t in_at, out_at;
	static off_t at;
	static struct iovec vector = { "vector", 6 };
	struct { unsigned long off, len; } range = { 0, 0 };
	unsigned long pages[8];
	int a[2], b[2];
	long in = open("/etc/passwd", O_RDONLY), out = open("/tmp/copy", O_RDWR | O_CREAT, 0600);

	(void)!pipe(a);
	(void)!pipe(b);
	CALL(sendfile, V(out), V(in), U(&at), V(8));
	FAIL(EBADF, sendfile, V(-1), V(in), U(&at), V(8));
	in_at = out_at = 0;
	FAIL(OR(0, EXDEV), copy_file_range, V(in), U(&in_at), V(out), U(&out_at), V(8), V(0));
	FAIL(EINVAL, copy_file_range, V(in), U(&in_at), V(out), U(&out_at), V(8), V(16));
	CALL(vmsplice, V(a[1]), U(&vector), V(1), N(SPLICE_F_GIFT));
	CALL(tee, V(a[0]), V(b[1]), V(6), N(SPLICE_F_NONBLOCK));
	CALL(splice, V(a[0]), U(NULL), V(out), U(NULL), V(6), N(SPLICE_F_MOVE | SPLICE_F_MORE));
	FAIL(EINVAL, splice, V(in), U(NULL), V(out), U(NULL), V(6), V(0));
	CALL(cachestat, V(out), U(&range), U(pages), V(0));
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
	close((int)in);
	close((int)out);
}

static void polls(void)
{
	static struct timespec none;
	static struct pollfd fds = { .fd = 1, .events = POLLPRI };
	static fd_set set;

#ifdef SYS_poll
	static struct timeval no_time;

	CALL(poll, U(&fds), V(1), V(0));
	CALL(select, V(1), U(&set), U(NULL), U(NULL), U(&no_time));
	FAIL(EINVAL, select, V(-1), U(NULL), U(NULL), U(NULL), U(&no_time));
#endif
	CALL(ppoll, U(&fds), V(1), T(&none, "0.000000000"), U(NULL), V(8));
	CALL(pselect6, V(1), U(&set), U(NULL), U(NULL), T(&none, "0.000000000"), U(NULL));
}

static void epolls(void)
{
	static struct timespec none;
	static struct epoll_event event = { .events = EPOLLIN };
	long ep, fd;

	fd = CALL(eventfd2, V(0), N(EFD_CLOEXEC | EFD_NONBLOCK));
#ifdef SYS_epoll_create
	CALL(eventfd, V(3));
	CALL(epoll_create, V(1));
	FAIL(EINVAL, epoll_create, V(0));
#endif
	ep = CALL(epoll_create1, N(EPOLL_CLOEXEC));
	CALL(epoll_ctl, V(ep), N(EPOLL_CTL_ADD), V(fd), U(&event));
	FAIL(EEXIST, epoll_ctl, V(ep), N(EPOLL_CTL_ADD), V(fd), U(&event));
#ifdef SYS_epoll_wait
	CALL(epoll_wait, V(ep), U(&event), V(1), V(0));
#endif
	CALL(epoll_pwait, V(ep), U(&event), V(1), V(0), U(NULL), V(8));
	CALL(epoll_pwait2, V(ep), U(&event), V(1), T(&none, "0.000000000"), U(NULL), V(8));
	FAIL(EINVAL, epoll_pwait2, V(ep), U(&event), V(0), T(&none, "0.000000000"), U(NULL), V(8));
}

static void async(void)
{
	static struct timespec none;
	static struct iocb block;
	static struct io_event event;
	static aio_context_t context;

	CALL(io_setup, V(1), U(&context));
	FAIL(EINVAL, io_setup, V(1), U(&context));
	CALL(io_submit, U(context), V(0), U(NULL));
	CALL(io_getevents, U(context), V(0), V(1), U(&event), T(&none, "0.000000000"));
	CALL(io_pgetevents, U(context), V(0), V(1), U(&event), T(&none, "0.000000000"), U(NULL));
	block.aio_key = 1;
	FAIL(EINVAL, io_cancel, U(context), U(&block), U(&event));
	CALL(io_destroy, U(context));
	FAIL(EINVAL, io_destroy, U(context));
}

void waiting_for_files(void)
{
	polls();
	epolls();
	async();
}
