/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does by io_uring what is not to be seen among the system calls:
 *
 *	uring plain|sqpoll|full	the kernel does it when asked to, or a thread of its own finds it; full: where there is no room for
 *				a result
 *	uring direct|fd|quiet PATH	opens it and no more; quiet: and wants no word of a success
 *	uring litter		200 requests under way at once that ask for no word, and succeed
 *	uring crowd		asks for 200 connections that nobody makes, then opens a file by a link, and makes one of them
 *	uring users		asks as root, which it has ceased to be, for a file of root's; then as it is
 *	uring swap		asks for calls with addresses, and changes those when the kernel has them; then connects in
 *				vain, plainly, while a request on that socket waits
 *
 * For each request that was made a line of JSON as of doors.c: {"call":"openat","abi":"io_uring","ret":4,
 * "args":{"pathname":"/tmp/ring-open"},"fd":"/tmp/ring-open"}; fd: what fd.name must be. swap: {"call":"connect",
 * "used":"127.0.0.1:4723","found":"127.0.0.1:53"}; found: what is there by then, if every kernel keeps where.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/time_types.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Newer than Debian 12's headers. */
#define OP_BIND 56
#define OP_LISTEN 57
#define OP_READV_FIXED 60
#define OP_WRITEV_FIXED 61
#define OP_PIPE 62

static char *sq, *cq;
static struct io_uring_sqe *sqes;
static struct io_uring_params params;
static int ring;
static int full;

#define ASKED 1		/* user_data of what is asked for; of what fills the ring 0 */

static unsigned *at(char *base, unsigned offset)
{
	return (unsigned *)(void *)(base + offset);
}

static void set_up(unsigned flags, unsigned entries)
{
	params.flags = flags;
	params.sq_thread_idle = 2000;
	ring = (int)syscall(SYS_io_uring_setup, entries, &params);
	if (ring < 0) {
		printf("{\"shut\":\"io_uring\"}\n{\"done\":true}\n");
		exit(0);
	}
	sq = mmap(NULL, params.sq_off.array + params.sq_entries * sizeof(unsigned),
		  PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	cq = mmap(NULL, params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe),
		  PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_CQ_RING);
	sqes = mmap(NULL, params.sq_entries * sizeof(*sqes), PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		    IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || sqes == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
}

static void queue(struct io_uring_sqe sqe)
{
	unsigned tail = *at(sq, params.sq_off.tail), index = tail & *at(sq, params.sq_off.ring_mask);

	sqes[index] = sqe;
	at(sq, params.sq_off.array)[index] = index;
	__atomic_store_n(at(sq, params.sq_off.tail), tail + 1, __ATOMIC_SEQ_CST);
}

/* What is complete from here on finds no room, until somebody reads. */
static void fill(void)
{
	while (!(__atomic_load_n(at(sq, params.sq_off.flags), __ATOMIC_SEQ_CST) & IORING_SQ_CQ_OVERFLOW)) {
		queue((struct io_uring_sqe){ .opcode = IORING_OP_NOP });
		syscall(SYS_io_uring_enter, ring, 1, 0, 0, NULL, 0);
	}
}

static void flush(unsigned n)
{
	if (!(params.flags & IORING_SETUP_SQPOLL))
		syscall(SYS_io_uring_enter, ring, n, 0, 0, NULL, 0);
	else if (__atomic_load_n(at(sq, params.sq_off.flags), __ATOMIC_SEQ_CST) & IORING_SQ_NEED_WAKEUP)
		syscall(SYS_io_uring_enter, ring, n, 0, IORING_ENTER_SQ_WAKEUP, NULL, 0);
}

static void submit(struct io_uring_sqe sqe)
{
	if (full) {
		fill();
		sqe.user_data = ASKED;
	}
	queue(sqe);
	flush(1);
}

static int next_result(uint64_t *ret_asked)
{
	unsigned head = *at(cq, params.cq_off.head);
	struct io_uring_cqe *cqe;
	int res;

	while (__atomic_load_n(at(cq, params.cq_off.tail), __ATOMIC_SEQ_CST) == head)
		syscall(SYS_io_uring_enter, ring, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	cqe = (struct io_uring_cqe *)(void *)(cq + params.cq_off.cqes) +
	      (head & *at(cq, params.cq_off.ring_mask));
	res = cqe->res;
	*ret_asked = cqe->user_data;
	__atomic_store_n(at(cq, params.cq_off.head), head + 1, __ATOMIC_SEQ_CST);
	return res;
}

static int result(void)
{
	uint64_t asked;
	int res;

	do
		res = next_result(&asked);
	while (full && asked != ASKED);
	return res;
}

static int do_one(struct io_uring_sqe sqe)
{
	submit(sqe);
	return result();
}

static void said(const char *call, int ret, const char *args, const char *fd)
{
	printf("{\"call\":\"%s\",\"abi\":\"io_uring\",\"ret\":%d,\"args\":{%s}", call, ret, args);
	if (fd)
		printf(",\"fd\":\"%s\"", fd);
	puts("}");
}

static const char *with_fd(const char *name, int fd, const char *args)
{
	static char text[256];

	snprintf(text, sizeof(text), "\"%s\":\"%d\"%s%s", name, fd, *args ? "," : "", args);
	return text;
}

/* Who asks for no word of a success is told of a failure only. */
static void quietly(void)
{
	struct __kernel_timespec soon = { .tv_nsec = 1000000 };

	submit((struct io_uring_sqe){ .opcode = IORING_OP_MKDIRAT, .flags = IOSQE_CQE_SKIP_SUCCESS,
				      .fd = AT_FDCWD, .addr = (uint64_t)"/tmp/ring-quiet", .len = 0700 });
	do_one((struct io_uring_sqe){ .opcode = IORING_OP_NOP });
	if (params.features & IORING_FEAT_CQE_SKIP)
		said("mkdirat", 0, "\"pathname\":\"/tmp/ring-quiet\",\"mode\":\"0700\"", NULL);
	/* What comes in its place fails. */
	for (int i = 0; i < 8; i++) {
		submit((struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .flags = IOSQE_CQE_SKIP_SUCCESS, .fd = AT_FDCWD,
					      .addr = (uint64_t)"/tmp/ring-silent", .len = 0600, .open_flags = O_CREAT });
		do_one((struct io_uring_sqe){ .opcode = IORING_OP_TIMEOUT, .addr = (uint64_t)&soon, .len = 1 });
	}
}

/* What is behind one that asks for no word, and fails, is not begun with, and nobody is told. */
static void never(void)
{
	if (full)
		fill();
	queue((struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .flags = IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS, .fd = AT_FDCWD,
				     .addr = (uint64_t)"/tmp/ring-no/such", .user_data = ASKED });
	queue((struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (uint64_t)"/tmp/ring-never",
				     .len = 0600, .open_flags = O_CREAT });
	flush(2);
	result();
	/* Others in its place, that succeed. */
	for (int i = 0; i < 8; i++)
		do_one((struct io_uring_sqe){ .opcode = IORING_OP_NOP });
}

static void names(void)
{
	struct open_how { uint64_t flags, mode, resolve; } how = { O_RDWR | O_CREAT, 0600, 0 };
	char buffer[8];
	struct iovec vector = { buffer, sizeof(buffer) };
	struct statx facts;
	int fd, ret;

	fd = do_one((struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD,
					   .addr = (uint64_t)"/tmp/ring-open", .len = 0640,
					   .open_flags = O_RDWR | O_CREAT });
	said("openat", fd, "\"dirfd\":\"AT_FDCWD\",\"pathname\":\"/tmp/ring-open\",\"flags\":\"O_RDWR|O_CREAT\","
	     "\"mode\":\"0640\"", "/tmp/ring-open");
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_WRITE, .fd = fd,
					    .addr = (uint64_t)"ring", .len = 4 });
	said("write", ret, with_fd("fd", fd, "\"buf\":\"ring\""), "/tmp/ring-open");
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_READ, .fd = fd, .addr = (uint64_t)buffer,
					    .len = sizeof(buffer) });
	said("read", ret, with_fd("fd", fd, "\"buf\":\"ring\""), "/tmp/ring-open");
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_READV, .fd = fd, .addr = (uint64_t)&vector, .len = 1,
					    .off = 1 });
	said("readv", ret, with_fd("fd", fd, "\"iovcnt\":\"1\""), "/tmp/ring-open");
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_STATX, .fd = AT_FDCWD, .len = STATX_SIZE,
					    .addr = (uint64_t)"/tmp/ring-open", .off = (uint64_t)&facts });
	said("statx", ret, "\"pathname\":\"/tmp/ring-open\"", NULL);
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_CLOSE, .fd = fd });
	said("close", ret, with_fd("fd", fd, ""), NULL);
	fd = do_one((struct io_uring_sqe){ .opcode = IORING_OP_OPENAT2, .fd = AT_FDCWD,
					   .addr = (uint64_t)"/tmp/ring-open2", .len = sizeof(how),
					   .off = (uint64_t)&how });
	said("openat", fd, "\"pathname\":\"/tmp/ring-open2\",\"mode\":\"0600\"", "/tmp/ring-open2");
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD,
					    .addr = (uint64_t)"/tmp/ring-none", .open_flags = O_RDONLY });
	said("openat", ret, "\"pathname\":\"/tmp/ring-none\"", NULL);
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_MKDIRAT, .fd = AT_FDCWD,
					    .addr = (uint64_t)"/tmp/ring-dir", .len = 0711 });
	said("mkdirat", ret, "\"pathname\":\"/tmp/ring-dir\",\"mode\":\"0711\"", NULL);
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_RENAMEAT, .fd = AT_FDCWD,
					    .addr = (uint64_t)"/tmp/ring-open", .len = (uint32_t)AT_FDCWD,
					    .addr2 = (uint64_t)"/tmp/ring-new" });
	said("renameat2", ret, "\"oldpath\":\"/tmp/ring-open\",\"newpath\":\"/tmp/ring-new\"", NULL);
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_LINKAT, .fd = AT_FDCWD,
					    .addr = (uint64_t)"/tmp/ring-new", .len = (uint32_t)AT_FDCWD,
					    .addr2 = (uint64_t)"/tmp/ring-hard" });
	said("linkat", ret, "\"oldpath\":\"/tmp/ring-new\",\"newpath\":\"/tmp/ring-hard\"", NULL);
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_SYMLINKAT, .fd = AT_FDCWD,
					    .addr = (uint64_t)"ring-new", .addr2 = (uint64_t)"/tmp/ring-soft" });
	said("symlinkat", ret, "\"target\":\"ring-new\",\"linkpath\":\"/tmp/ring-soft\"", NULL);
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD,
					    .addr = (uint64_t)"/tmp/ring-hard" });
	said("unlinkat", ret, "\"pathname\":\"/tmp/ring-hard\"", NULL);
}

static void sockets(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(4721),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int server = socket(AF_INET, SOCK_STREAM, 0), client, accepted, got, one = 1;
	char buffer[8];

	setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(server, (void *)&to, sizeof(to)) || listen(server, 4)) {
		perror("bind");
		exit(1);
	}
	client = do_one((struct io_uring_sqe){ .opcode = IORING_OP_SOCKET, .fd = AF_INET,
					       .off = SOCK_STREAM });
	if (client < 0)
		client = socket(AF_INET, SOCK_STREAM, 0);	/* before 5.19 */
	else
		said("socket", client, "\"domain\":\"AF_INET\",\"type\":\"SOCK_STREAM\"", NULL);
	got = do_one((struct io_uring_sqe){ .opcode = IORING_OP_CONNECT, .fd = client,
					    .addr = (uint64_t)&to, .off = sizeof(to) });
	said("connect", got, with_fd("sockfd", client, "\"addr\":\"127.0.0.1:4721\""), NULL);
	accepted = do_one((struct io_uring_sqe){ .opcode = IORING_OP_ACCEPT, .fd = server });
	said("accept4", accepted, "", NULL);
	got = do_one((struct io_uring_sqe){ .opcode = IORING_OP_SEND, .fd = client,
					    .addr = (uint64_t)"hello", .len = 5 });
	said("sendto", got, "\"buf\":\"hello\"", NULL);
	got = do_one((struct io_uring_sqe){ .opcode = IORING_OP_RECV, .fd = accepted, .addr = (uint64_t)buffer,
					    .len = sizeof(buffer) });
	said("recvfrom", got, "\"buf\":\"hello\"", NULL);
	got = do_one((struct io_uring_sqe){ .opcode = IORING_OP_SHUTDOWN, .fd = client, .len = SHUT_WR });
	said("shutdown", got, "\"how\":\"SHUT_WR\"", NULL);
}

/* An index of the ring's own files instead of an fd: what it is must not be looked for in the fd table. */
static void registered(void)
{
	int files[2] = { open("/tmp/ring-registered", O_RDWR | O_CREAT | O_CLOEXEC, 0600), -1 }, pipes[2], ret;

	if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, files, 2))
		return;
	close(files[0]);
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_WRITE, .flags = IOSQE_FIXED_FILE, .fd = 0,
					    .addr = (uint64_t)"fixed", .len = 5 });
	said("write", ret, "\"buf\":\"fixed\"", "/tmp/ring-registered");
	if (symlink("/tmp/ring-direct", "/tmp/ring-link"))
		exit(1);
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD,
					    .addr = (uint64_t)"/tmp/ring-link", .len = 0600,
					    .open_flags = O_RDWR | O_CREAT, .file_index = 2 });
	said("openat", ret, "\"pathname\":\"/tmp/ring-link\"", "/tmp/ring-direct");
	if (pipe(pipes))
		exit(1);
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_SPLICE, .splice_fd_in = 0, .splice_flags = SPLICE_F_FD_IN_FIXED,
					    .splice_off_in = 0, .fd = pipes[1], .off = (uint64_t)-1, .len = 3 });
	said("splice", ret, "\"fd_in\":\"-1\",\"len\":\"3\"", "/tmp/ring-registered");
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_CLOSE, .file_index = 2 });
	said("close", ret, with_fd("fd", -1, ""), NULL);
}

/* Attributes of files; "trusted" is what every tmpfs has. */
static void attributes(void)
{
	const char *file = "/tmp/ring-file", *value = "worth";
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600), ret;
	char buffer[8], args[128];

	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_SETXATTR, .addr = (uint64_t)"trusted.ring", .len = 5,
					    .addr2 = (uint64_t)value, .addr3 = (uint64_t)file, .xattr_flags = XATTR_CREATE });
	said("setxattr", ret, "\"path\":\"/tmp/ring-file\",\"name\":\"trusted.ring\",\"value\":\"worth\",\"size\":\"5\","
	     "\"flags\":\"XATTR_CREATE\"", NULL);
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_GETXATTR, .addr = (uint64_t)"trusted.ring",
					    .len = sizeof(buffer), .addr2 = (uint64_t)buffer, .addr3 = (uint64_t)file });
	said("getxattr", ret, "\"path\":\"/tmp/ring-file\",\"name\":\"trusted.ring\",\"value\":\"worth\"", NULL);
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_FSETXATTR, .fd = fd, .addr = (uint64_t)"trusted.none",
					    .len = 5, .addr2 = (uint64_t)value, .xattr_flags = XATTR_REPLACE });
	snprintf(args, sizeof(args), "%s", with_fd("fd", fd, "\"name\":\"trusted.none\",\"flags\":\"XATTR_REPLACE\""));
	said("fsetxattr", ret, args, file);
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_FGETXATTR, .fd = fd, .addr = (uint64_t)"trusted.ring",
					    .len = sizeof(buffer), .addr2 = (uint64_t)buffer });
	said("fgetxattr", ret, with_fd("fd", fd, "\"name\":\"trusted.ring\",\"value\":\"worth\""), file);
	close(fd);
}

/* What goes from file to file, and what is said of one. */
static void files(void)
{
	int fd = open("/tmp/ring-file", O_RDWR | O_CREAT | O_CLOEXEC, 0600), one[2], two[2], made[2], epoll = epoll_create1(0), ret;
	struct epoll_event event = { .events = EPOLLIN };
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char args[128];

	if (fd < 0 || write(fd, "splice", 6) != 6 || pipe(one) || pipe(two) || page == MAP_FAILED) {
		perror("files");
		exit(1);
	}
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_SPLICE, .splice_fd_in = fd, .splice_off_in = 0, .fd = one[1],
					    .off = (uint64_t)-1, .len = 6 });
	snprintf(args, sizeof(args), "\"fd_in\":\"%d\",\"fd_out\":\"%d\",\"len\":\"6\"", fd, one[1]);
	said("splice", ret, args, "/tmp/ring-file");
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_TEE, .splice_fd_in = one[0], .fd = two[1], .len = 4 });
	snprintf(args, sizeof(args), "\"fd_in\":\"%d\",\"fd_out\":\"%d\",\"len\":\"4\"", one[0], two[1]);
	said("tee", ret, args, NULL);
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_FALLOCATE, .fd = fd, .off = 4096, .addr = 8192, .len = 0 });
	said("fallocate", ret, with_fd("fd", fd, "\"offset\":\"4096\",\"len\":\"8192\""), "/tmp/ring-file");
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_FSYNC, .fd = fd });
	said("fsync", ret, with_fd("fd", fd, ""), "/tmp/ring-file");
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_SYNC_FILE_RANGE, .fd = fd, .off = 1, .len = 2 });
	said("sync_file_range", ret, with_fd("fd", fd, "\"offset\":\"1\",\"nbytes\":\"2\""), "/tmp/ring-file");
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_FADVISE, .fd = fd, .off = 3, .len = 4,
					    .fadvise_advice = POSIX_FADV_WILLNEED });
	said("fadvise64", ret, with_fd("fd", fd, "\"offset\":\"3\",\"len\":\"4\",\"advice\":\"POSIX_FADV_WILLNEED\""),
	     "/tmp/ring-file");
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_MADVISE, .addr = (uint64_t)page, .len = 4096,
					    .fadvise_advice = MADV_DONTNEED });
	said("madvise", ret, "\"length\":\"4096\",\"advice\":\"MADV_DONTNEED\"", NULL);
	ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_EPOLL_CTL, .fd = epoll, .len = EPOLL_CTL_ADD, .off = one[0],
					    .addr = (uint64_t)&event });
	snprintf(args, sizeof(args), "\"epfd\":\"%d\",\"op\":\"EPOLL_CTL_ADD\",\"fd\":\"%d\"", epoll, one[0]);
	said("epoll_ctl", ret, args, NULL);
	ret = do_one((struct io_uring_sqe){ .opcode = OP_PIPE, .addr = (uint64_t)made, .rw_flags = O_CLOEXEC });
	if (ret != -EINVAL)
		said("pipe2", ret, "\"flags\":\"O_CLOEXEC\"", NULL);
}

/* Several pieces of one buffer that the ring knows already: since 6.15. */
static void vectors(void)
{
	static char room[4096] = "ring";
	struct iovec whole = { room, sizeof(room) }, part = { room, 4 };
	int fd = open("/tmp/ring-vector", O_RDWR | O_CREAT | O_CLOEXEC, 0600), ret;

	if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &whole, 1))
		return;
	ret = do_one((struct io_uring_sqe){ .opcode = OP_WRITEV_FIXED, .fd = fd, .addr = (uint64_t)&part, .len = 1 });
	if (ret < 0)
		return;
	said("writev", ret, with_fd("fd", fd, "\"iovcnt\":\"1\""), "/tmp/ring-vector");
	ret = do_one((struct io_uring_sqe){ .opcode = OP_READV_FIXED, .fd = fd, .addr = (uint64_t)&part, .len = 1 });
	said("readv", ret, with_fd("fd", fd, "\"iovcnt\":\"1\""), "/tmp/ring-vector");
}

#define MANY 4722
#define CROWD 4724
#define GROUP 1

/* Both say that it is so, in either order. False: it was over. */
static int cancel(uint64_t user_data)
{
	int ret = do_one((struct io_uring_sqe){ .opcode = IORING_OP_ASYNC_CANCEL, .addr = full ? ASKED : user_data });

	if (ret != -ENOENT)
		result();
	return ret != -ENOENT;
}

/* Results of one request, each of which is told. Where there is no room for them the first may be the last. */
static void many(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(MANY),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int server = socket(AF_INET, SOCK_STREAM, 0), client = -1, accepted = -1, ends[2], times = full ? 1 : 3;
	static char buffers[4][16];

	if (bind(server, (void *)&to, sizeof(to)) || listen(server, 4) || socketpair(AF_UNIX, SOCK_DGRAM, 0, ends)) {
		perror("many");
		exit(1);
	}
	submit((struct io_uring_sqe){ .opcode = IORING_OP_ACCEPT, .fd = server, .ioprio = IORING_ACCEPT_MULTISHOT,
				      .user_data = 77 });
	for (int i = 0; i < times; i++) {
		client = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(client, (void *)&to, sizeof(to)))
			exit(1);
		accepted = result();
		said("accept4", accepted, with_fd("sockfd", server, ""), NULL);
	}
	if (accepted < 0)
		return;		/* before 5.19 */
	if (cancel(77))
		said("accept4", -ECANCELED, with_fd("sockfd", server, ""), NULL);
	do_one((struct io_uring_sqe){ .opcode = IORING_OP_PROVIDE_BUFFERS, .fd = 4, .addr = (uint64_t)buffers,
				      .len = sizeof(buffers[0]), .buf_group = GROUP });
	submit((struct io_uring_sqe){ .opcode = IORING_OP_RECV, .fd = ends[0], .ioprio = IORING_RECV_MULTISHOT,
				      .flags = IOSQE_BUFFER_SELECT, .buf_group = GROUP, .user_data = 78 });
	for (int i = 1; i <= times; i++) {
		if (send(ends[1], "several", (size_t)i, 0) != i)
			exit(1);
		said("recvfrom", result(), with_fd("sockfd", ends[0], ""), NULL);
	}
	if (cancel(78))
		said("recvfrom", -ECANCELED, with_fd("sockfd", ends[0], ""), NULL);
}

#define USED 4723
#define SHOWN 53

/* One request that waits for another, so that it is done when its address says something else. */
static void swap_under(const char *call, struct io_uring_sqe sqe, struct sockaddr_in *address,
		       struct msghdr *message, const char *found)
{
	int ends[2], ret;
	char byte;

	if (pipe(ends)) {
		perror("pipe");
		exit(1);
	}
	address->sin_port = htons(USED);
	queue((struct io_uring_sqe){ .opcode = IORING_OP_READ, .flags = IOSQE_IO_LINK, .fd = ends[0],
				     .addr = (uint64_t)&byte, .len = 1 });
	queue(sqe);
	syscall(SYS_io_uring_enter, ring, 2, 0, 0, NULL, 0);
	address->sin_port = htons(SHOWN);
	if (message)
		message->msg_name = NULL;
	if (write(ends[1], "x", 1) != 1)
		exit(1);
	result();
	ret = result();
	close(ends[0]);
	close(ends[1]);
	if (ret == -EINVAL)
		return;		/* no such operation */
	printf("{\"call\":\"%s\",\"ret\":%d,\"used\":\"127.0.0.1:%d\"", call, ret, USED);
	if (found)
		printf(",\"found\":\"%s\"", found);
	puts("}");
}

static void swaps(void)
{
	static struct sockaddr_in to = { .sin_family = AF_INET };
	struct iovec bytes = { .iov_base = "hello", .iov_len = 5 };
	struct msghdr message = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &bytes,
				  .msg_iovlen = 1 };
	int stream = socket(AF_INET, SOCK_STREAM, 0), datagram = socket(AF_INET, SOCK_DGRAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	swap_under("connect", (struct io_uring_sqe){ .opcode = IORING_OP_CONNECT, .fd = stream,
						     .addr = (uint64_t)&to, .off = sizeof(to) },
		   &to, NULL, "127.0.0.1:53");
	swap_under("sendto", (struct io_uring_sqe){ .opcode = IORING_OP_SEND, .fd = datagram,
						    .addr = (uint64_t)"hello", .len = 5,
						    .addr2 = (uint64_t)&to, .addr_len = sizeof(to) },
		   &to, NULL, NULL);
	swap_under("sendmsg", (struct io_uring_sqe){ .opcode = IORING_OP_SENDMSG, .fd = datagram,
						     .addr = (uint64_t)&message, .len = 1 },
		   &to, NULL, "127.0.0.1:53");
	swap_under("sendmsg", (struct io_uring_sqe){ .opcode = IORING_OP_SENDMSG, .fd = datagram,
						     .addr = (uint64_t)&message, .len = 1 },
		   &to, &message, NULL);
	swap_under("bind", (struct io_uring_sqe){ .opcode = OP_BIND, .fd = socket(AF_INET, SOCK_DGRAM, 0),
						  .addr = (uint64_t)&to, .addr2 = sizeof(to) },
		   &to, NULL, NULL);
}

/* A request that waits for room, and a plain call on the same socket meanwhile, by the same thread. */
static void plain_beside(void)
{
	struct sockaddr_un nobody = { .sun_family = AF_UNIX, .sun_path = "/tmp/nobody" };
	static char bytes[65536];
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) {
		perror("socketpair");
		exit(1);
	}
	while (send(ends[0], bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	submit((struct io_uring_sqe){ .opcode = IORING_OP_SEND, .fd = ends[0], .addr = (uint64_t)bytes, .len = 5,
				      .ioprio = IORING_RECVSEND_POLL_FIRST });
	connect(ends[0], (struct sockaddr *)&nobody, sizeof(nobody));
	while (recv(ends[1], bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	printf("{\"call\":\"sendto\",\"ret\":%d}\n", result());
}

static void crowd(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(CROWD), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM, 0), late = socket(AF_INET, SOCK_STREAM, 0);

	if (listener < 0 || late < 0 || listen(listener, 1) || bind(late, (void *)&to, sizeof(to)) || listen(late, 1) ||
	    symlink("/etc/passwd", "/tmp/ring-link")) {
		perror("crowd");
		exit(1);
	}
	for (int i = 0; i < 200; i++)
		submit((struct io_uring_sqe){ .opcode = IORING_OP_ACCEPT, .fd = listener });
	submit((struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (uintptr_t)"/tmp/ring-link" });
	submit((struct io_uring_sqe){ .opcode = IORING_OP_ACCEPT, .fd = late });
	if (connect(socket(AF_INET, SOCK_STREAM, 0), (void *)&to, sizeof(to)))
		perror("connect");
	result();
	result();
}

/* All of them wait for the first, so that none has another's place. */
static void litter(void)
{
	int ends[2], null = open("/dev/null", O_WRONLY);
	char byte;

	if (pipe(ends)) {
		perror("pipe");
		exit(1);
	}
	queue((struct io_uring_sqe){ .opcode = IORING_OP_READ, .flags = IOSQE_IO_LINK, .fd = ends[0],
				     .addr = (uint64_t)&byte, .len = 1 });
	for (int i = 0; i < 200; i++)
		queue((struct io_uring_sqe){ .opcode = IORING_OP_WRITE, .flags = IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS,
					     .fd = null, .addr = (uint64_t)"x", .len = 1 });
	queue((struct io_uring_sqe){ .opcode = IORING_OP_NOP });
	flush(202);
	if (write(ends[1], "x", 1) != 1)
		exit(1);
	result();
	result();
}

/* With credentials that were registered before they were given up: by this thread, then by a worker. Then without. */
static void users(void)
{
	struct io_uring_sqe open_it = { .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (uintptr_t)"/tmp/ring-root",
					.open_flags = O_RDONLY };
	int root = (int)syscall(SYS_io_uring_register, ring, IORING_REGISTER_PERSONALITY, NULL, 0);

	close(open("/tmp/ring-root", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	if (root < 0 || syscall(SYS_setresgid, 65533, 65533, 65533) || syscall(SYS_setresuid, 65534, 65534, 65534)) {
		perror("users");
		exit(1);
	}
	open_it.personality = (uint16_t)root;
	do_one(open_it);
	open_it.flags = IOSQE_ASYNC;
	do_one(open_it);
	open_it.personality = 0;
	do_one(open_it);
	open_it.flags = 0;
	do_one(open_it);
}

/* Into the ring's own files, or as an fd. */
static int open_only(const char *path, const char *how)
{
	struct io_uring_sqe open_it = { .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (uintptr_t)path,
					.open_flags = O_RDONLY, .file_index = !strcmp(how, "direct") };
	int none = -1;

	set_up(0, 8);
	syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, &none, 1);
	if (strcmp(how, "quiet"))
		return do_one(open_it) < 0;
	open_it.flags = IOSQE_CQE_SKIP_SUCCESS | IOSQE_IO_LINK;
	queue(open_it);
	queue((struct io_uring_sqe){ .opcode = IORING_OP_NOP });
	flush(2);
	return result() < 0;
}

int main(int argc, char **argv)
{
	if (argc > 2)
		return open_only(argv[2], argv[1]);
	if (argc > 1 && !strcmp(argv[1], "litter")) {
		set_up(0, 256);
		litter();
		puts("{\"done\":true}");
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "crowd")) {
		set_up(0, 8);
		crowd();
		puts("{\"done\":true}");
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "users")) {
		set_up(0, 8);
		users();
		puts("{\"done\":true}");
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "swap")) {
		set_up(0, 8);
		swaps();
		plain_beside();
		puts("{\"done\":true}");
		return 0;
	}
	set_up(argc > 1 && !strcmp(argv[1], "sqpoll") ? IORING_SETUP_SQPOLL : 0, 8);
	full = argc > 1 && !strcmp(argv[1], "full");
	names();
	quietly();
	if (!(params.flags & IORING_SETUP_SQPOLL))	/* which takes one of two that belong together, perhaps */
		never();
	sockets();
	attributes();
	files();
	vectors();
	many();
	registered();
	puts("{\"done\":true}");
	return 0;
}
