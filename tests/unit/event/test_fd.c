/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/magic.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "record.h"

#define CWD "/home"
#define NO_NUM INT64_MIN
#define AT ((uint64_t)AT_FDCWD)

/* One call: what was captured of it, and what it is about. */
struct row {
	const char *call;
	int64_t ret;
	uint64_t args[3];
	const char *str[4];		/* STR blobs by argument */
	const char *base[4];		/* the one component of BASE blobs */
	int file_arg;			/* FILE blob's argument, -1: none */
	uint32_t mode;
	const char *file;		/* its one component */
	int64_t num;
	enum fd_type type;
	const char *name, *raw, *old;
};

#define RET NUNCHI_ARG_RET
#define NONE -1, 0, NULL

static const struct row rows[] = {
	{ "openat", 5, { AT }, { NULL, "f" }, { NULL, "mnt" }, RET, S_IFREG, "f", 5, FD_FILE, "/f",
	  "f", NULL },
	{ "openat", -2, { AT }, { NULL, "f" }, { NULL, "mnt" }, NONE, -1, FD_NONE, "/mnt/f", "f",
	  NULL },
	{ "openat", -2, { AT }, { NULL, "f" }, { NULL }, NONE, -1, FD_NONE, "/home/f", "f", NULL },
	{ "openat", -2, { 9 }, { NULL, "f" }, { NULL }, NONE, -1, FD_NONE, NULL, "f", NULL },
	{ "openat", -13, { 9 }, { NULL, "/e/../s" }, { NULL }, NONE, -1, FD_NONE, "/s", "/e/../s",
	  NULL },
	{ "open", -2, { 0 }, { "f" }, { "tmp" }, NONE, -1, FD_NONE, "/tmp/f", "f", NULL },
	{ "creat", 4, { 0 }, { "f" }, { "tmp" }, RET, S_IFREG, "f", 4, FD_FILE, "/f", "f", NULL },
	{ "unlink", 0, { 0 }, { "f" }, { "tmp" }, NONE, NO_NUM, FD_NONE, "/tmp/f", "f", NULL },
	{ "unlinkat", 0, { 3 }, { NULL, "../f" }, { NULL, "tmp" }, NONE, NO_NUM, FD_NONE, "/f",
	  "../f", NULL },
	{ "mkdir", 0, { 0 }, { "d/" }, { "tmp" }, NONE, NO_NUM, FD_NONE, "/tmp/d", "d/", NULL },
	{ "mkdirat", -17, { 3 }, { NULL, "d" }, { NULL, "tmp" }, NONE, NO_NUM, FD_NONE, "/tmp/d",
	  "d", NULL },
	{ "rmdir", 0, { 0 }, { "/d" }, { NULL }, NONE, NO_NUM, FD_NONE, "/d", "/d", NULL },
	{ "chmod", 0, { 0 }, { "f" }, { NULL }, NONE, NO_NUM, FD_NONE, "/home/f", "f", NULL },
	{ "fchmod", 0, { 6 }, { NULL }, { NULL }, 0, S_IFREG, "f", 6, FD_FILE, "/f", NULL, NULL },
	{ "chown", 0, { 0 }, { "f" }, { NULL }, NONE, NO_NUM, FD_NONE, "/home/f", "f", NULL },
	{ "truncate", 0, { 0 }, { "f" }, { NULL }, NONE, NO_NUM, FD_NONE, "/home/f", "f", NULL },
	{ "rename", 0, { 0 }, { "a", "b" }, { "x", "y" }, NONE, NO_NUM, FD_NONE, "/y/b", "b",
	  "/x/a" },
	{ "renameat2", 0, { 3, 0, 4 }, { NULL, "a", NULL, "b" }, { NULL, "x", NULL, "y" }, NONE,
	  NO_NUM, FD_NONE, "/y/b", "b", "/x/a" },
	{ "link", -1, { 0 }, { "a", "/b" }, { NULL }, NONE, NO_NUM, FD_NONE, "/b", "/b",
	  "/home/a" },
	{ "symlink", 0, { 0 }, { "../t", "l" }, { NULL, "x" }, NONE, NO_NUM, FD_NONE, "/x/l", "l",
	  "../t" },
	{ "symlinkat", 0, { 0, AT }, { "../t", NULL, "l" }, { NULL }, NONE, NO_NUM, FD_NONE,
	  "/home/l", "l", "../t" },
	{ "pivot_root", 0, { 0 }, { "/new", "/new/old" }, { NULL }, NONE, NO_NUM, FD_NONE, "/new",
	  "/new", "/new/old" },
	/* Where it starts is the new root already; that of one that failed is the old one. */
	{ "chroot", 0, { 0 }, { "/d" }, { "d" }, NONE, NO_NUM, FD_NONE, "/d", "/d", NULL },
	{ "chroot", -2, { 0 }, { "/e" }, { "d" }, NONE, NO_NUM, FD_NONE, "/d/e", "/e", NULL },
	{ "chroot", 0, { 0 }, { "e" }, { "d" }, NONE, NO_NUM, FD_NONE, "/d/e", "e", NULL },
	{ "chdir", 0, { 0 }, { "d" }, { NULL }, NONE, NO_NUM, FD_NONE, "/home/d", "d", NULL },
	{ "fchdir", 0, { 3 }, { NULL }, { NULL }, 0, S_IFDIR, "d", 3, FD_DIRECTORY, "/d", NULL,
	  NULL },
	{ "execve", -2, { 0 }, { "./x" }, { NULL }, NONE, NO_NUM, FD_NONE, "/home/x", "./x", NULL },
	{ "mount", 0, { 0 }, { "proc", "p" }, { NULL }, NONE, NO_NUM, FD_NONE, "/home/p", "p",
	  NULL },
	{ "close", 0, { 3 }, { NULL }, { NULL }, 0, S_IFREG, "f", 3, FD_FILE, "/f", NULL, NULL },
	{ "close", -9, { 99 }, { NULL }, { NULL }, NONE, 99, FD_NONE, NULL, NULL, NULL },
	{ "read", 1, { 0 }, { NULL }, { NULL }, 0, S_IFCHR, "tty", 0, FD_CHAR, "/tty", NULL,
	  NULL },
	{ "dup", 8, { 3 }, { NULL }, { NULL }, RET, S_IFBLK, "sda", 8, FD_BLOCK, "/sda", NULL,
	  NULL },
	{ "dup", -9, { 99 }, { NULL }, { NULL }, NONE, -1, FD_NONE, NULL, NULL, NULL },
	{ "utimensat", 0, { 3 }, { NULL }, { NULL, "f" }, NONE, NO_NUM, FD_NONE, "/f", NULL,
	  NULL },
};

static void assert_text(const char *got, size_t len, const char *want)
{
	if (!want) {
		assert_null(got);
		return;
	}
	assert_non_null(got);
	assert_int_equal(len, strlen(want));
	assert_memory_equal(got, want, len);
}

static void check_row(const struct row *row)
{
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT, scratch = STRBUF_INIT;
	struct event_fd fd;
	struct event ev;

	if (syscall_nr(call_named(row->call)) < 0)
		return;	/* arm64 has no open, rename and the like */
	begin_call(&rec, NUNCHI_REC_SYSCALL, row->call, row->ret, row->args[0], row->args[1],
		   row->args[2]);
	for (int i = 0; i < 4; i++) {
		if (row->str[i])
			add_text(&rec, NUNCHI_BLOB_STR, i, row->str[i]);
		if (row->base[i])
			add_file_raw(&rec, NUNCHI_BLOB_BASE, i, 0, S_IFDIR, 1, row->base[i],
				     strlen(row->base[i]) + 1);
	}
	if (row->file)
		add_file_raw(&rec, NUNCHI_BLOB_FILE, row->file_arg, 0, row->mode, 1, row->file,
			     strlen(row->file) + 1);
	decode(&ev, &rec);
	event_fd(&ev, CWD, &scratch, &fd);
	assert_true(fd.present);
	assert_int_equal(fd.num, row->num);
	assert_int_equal(fd.type, row->type);
	assert_text(fd.name, fd.name_len, row->name);
	assert_text(fd.nameraw, fd.nameraw_len, row->raw);
	assert_text(fd.oldname, fd.oldname_len, row->old);
	assert_int_equal(fd.is_path, row->name != NULL);
}

static void test_calls(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_row(&rows[i]);
}

static void test_exec(void **state)
{
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT, scratch = STRBUF_INIT;
	struct event_fd fd;
	struct event ev;

	begin_call(&rec, NUNCHI_REC_EXEC, "execve", 0, 0, 0, 0);
	add_text(&rec, NUNCHI_BLOB_FILENAME, 0, "bin/cat");
	add_walk(&rec, NUNCHI_BLOB_EXE, 0, 0100755, "busybox\0bin");
	add_walk(&rec, NUNCHI_BLOB_CWD, 0, 040755, "usr");
	decode(&ev, &rec);
	event_fd(&ev, CWD, &scratch, &fd);
	assert_text(fd.name, fd.name_len, "/usr/bin/cat");
	assert_text(fd.nameraw, fd.nameraw_len, "bin/cat");
	assert_int_equal(fd.num, INT64_MIN);
	assert_int_equal(fd.dir_len, 8);
	assert_string_equal(fd.name + fd.file_off, "cat");
}

/* Its texts are gone when this returns. */
static struct event_fd view_of(enum nunchi_kind kind, enum nunchi_blob_type type, unsigned flags, const char *walk,
			       size_t len)
{
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT, scratch = STRBUF_INIT;
	bool exec = kind == NUNCHI_REC_EXEC;
	struct event_fd fd;
	struct event ev;

	begin_call(&rec, kind, exec ? "execve" : "openat", 3, 0, 0, 0);
	add_text(&rec, exec ? NUNCHI_BLOB_FILENAME : NUNCHI_BLOB_STR, exec ? 0 : 1, "/a/b");
	add_file_raw(&rec, type, exec ? 0 : RET, flags, S_IFREG, flags & NUNCHI_BLOB_DELETED ? TMPFS_MAGIC : 1, walk, len);
	decode(&ev, &rec);
	event_fd(&ev, NULL, &scratch, &fd);
	assert_true(fd.present);
	return fd;
}

static bool is_unreachable(enum nunchi_kind kind, enum nunchi_blob_type type, unsigned flags, const char *walk, size_t len)
{
	return view_of(kind, type, flags, walk, len).unreachable;
}

/* What is in memory only has no place, and so none outside. */
static void test_unreachable(void **state)
{
	const unsigned gone = NUNCHI_BLOB_UNREACHABLE | NUNCHI_BLOB_DELETED;

	assert_false(is_unreachable(NUNCHI_REC_SYSCALL, NUNCHI_BLOB_FILE, 0, "b\0a", 4));
	assert_true(is_unreachable(NUNCHI_REC_SYSCALL, NUNCHI_BLOB_FILE, NUNCHI_BLOB_UNREACHABLE, "b\0a", 4));
	assert_false(is_unreachable(NUNCHI_REC_SYSCALL, NUNCHI_BLOB_FILE, gone, "memfd:x", 8));
	assert_false(is_unreachable(NUNCHI_REC_SYSCALL, NUNCHI_BLOB_FILE, NUNCHI_BLOB_UNREACHABLE | NUNCHI_BLOB_TRUNCATED,
				    "b\0a", 4));
	assert_false(is_unreachable(NUNCHI_REC_EXEC, NUNCHI_BLOB_EXE, 0, "b\0a", 4));
	assert_true(is_unreachable(NUNCHI_REC_EXEC, NUNCHI_BLOB_EXE, NUNCHI_BLOB_UNREACHABLE, "b\0a", 4));
	assert_false(is_unreachable(NUNCHI_REC_EXEC, NUNCHI_BLOB_EXE, gone, "memfd:x", 8));
}

/* What never was in a directory has lost no name. */
static void test_deleted(void **state)
{
	static const struct {
		enum nunchi_kind kind;
		enum nunchi_blob_type type;
	} ways[] = { { NUNCHI_REC_SYSCALL, NUNCHI_BLOB_FILE }, { NUNCHI_REC_EXEC, NUNCHI_BLOB_EXE } };

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		assert_false(view_of(ways[i].kind, ways[i].type, 0, "b\0a", 4).deleted);
		assert_true(view_of(ways[i].kind, ways[i].type, NUNCHI_BLOB_DELETED, "b\0a", 4).deleted);
		assert_false(view_of(ways[i].kind, ways[i].type, NUNCHI_BLOB_UNREACHABLE | NUNCHI_BLOB_DELETED,
				     "memfd:x", 8).deleted);
		assert_false(view_of(ways[i].kind, ways[i].type, NUNCHI_BLOB_UNREACHABLE | NUNCHI_BLOB_DELETED, "/", 2).deleted);
	}
}

/* AT_EMPTY_PATH: the descriptor itself, which need not be a file that has a path. */
static void test_no_path(void **state)
{
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT, scratch = STRBUF_INIT;
	struct event_fd fd;
	struct event ev;

	begin_call(&rec, NUNCHI_REC_SYSCALL, "newfstatat", 0, 3, 0, 0);
	add_text(&rec, NUNCHI_BLOB_STR, 1, "");
	add_file_raw(&rec, NUNCHI_BLOB_BASE, 1, NUNCHI_BLOB_UNREACHABLE, S_IFIFO, PIPEFS_MAGIC, "", 1);
	decode(&ev, &rec);
	event_fd(&ev, CWD, &scratch, &fd);
	assert_true(fd.present);
	assert_text(fd.name, fd.name_len, "pipe:[42]");
	assert_false(fd.is_path);
}

/* A number that is no descriptor's, of which the kernel side has found that of the process. */
static void check_no_descriptor(const char *call, int64_t ret, int arg, const uint64_t args[4], uint32_t flags, bool is_one)
{
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT, scratch = STRBUF_INIT;
	const uint32_t params[3] = { 4, 8, flags };
	struct event_fd fd;
	struct event ev;

	begin_call(&rec, NUNCHI_REC_SYSCALL, call, ret, args[0], args[1], args[2]);
	((struct nunchi_call *)(void *)(rec.s + sizeof(struct nunchi_head)))->args[3] = args[3];
	add_file_raw(&rec, NUNCHI_BLOB_FILE, arg, 0, S_IFREG, 1, "decoy", 6);
	if (streq(call, "io_uring_setup"))
		encode_blob(&rec, NUNCHI_BLOB_BYTES, 1, 0, params, sizeof(params));
	decode(&ev, &rec);
	event_fd(&ev, CWD, &scratch, &fd);
	assert_text(fd.name, fd.name_len, is_one ? "/decoy" : NULL);
	assert_int_equal(fd.num, !is_one ? NO_NUM : arg == RET ? ret : (int64_t)args[arg]);
	assert_int_equal(fd.present, is_one);
}

static void test_no_descriptor(void **state)
{
	const uint64_t file[4] = { 3, 0, 0, MAP_PRIVATE }, memory[4] = { 3, 0, 0, MAP_PRIVATE | MAP_ANONYMOUS };
	const uint64_t ring[4] = { 0, 1U << 31 | 8, 0, 1 << 4 }, plain[4] = { 3, 8, 0, 1 }, version[4] = { 0, 0, 1 },
		       none[4] = { 0 };

	check_no_descriptor("read", 1, 0, file, 0, true);
	check_no_descriptor("io_uring_enter", 1, 0, plain, 0, true);
	check_no_descriptor("io_uring_enter", 1, 0, ring, 0, false);
	check_no_descriptor("io_uring_register", 0, 0, plain, 0, true);
	check_no_descriptor("io_uring_register", 0, 0, ring, 0, false);
	check_no_descriptor("io_uring_setup", 3, RET, plain, 1 << 14, true);
	check_no_descriptor("io_uring_setup", 0, RET, plain, 3 << 14, false);
	check_no_descriptor("landlock_create_ruleset", 3, RET, none, 0, true);
	check_no_descriptor("landlock_create_ruleset", 7, RET, version, 0, false);
	check_no_descriptor("mmap", 4096, 4, memory, 0, false);
}

static void test_split(void **state)
{
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT, scratch = STRBUF_INIT;
	struct event_fd fd;
	struct event ev;

	begin_call(&rec, NUNCHI_REC_SYSCALL, "fchdir", 0, 3, 0, 0);
	add_file_raw(&rec, NUNCHI_BLOB_FILE, 0, 0, S_IFDIR, 1, "", 0);
	decode(&ev, &rec);
	event_fd(&ev, NULL, &scratch, &fd);
	assert_text(fd.name, fd.name_len, "/");
	assert_int_equal(fd.dir_len, 1);
	assert_int_equal(fd.file_off, 1);

	begin_call(&rec, NUNCHI_REC_SYSCALL, "memfd_create", 4, 0, 0, 0);
	add_file_raw(&rec, NUNCHI_BLOB_FILE, RET, NUNCHI_BLOB_DELETED | NUNCHI_BLOB_UNREACHABLE, S_IFREG,
		     TMPFS_MAGIC, "memfd:x", 8);
	decode(&ev, &rec);
	event_fd(&ev, NULL, &scratch, &fd);
	assert_text(fd.name, fd.name_len, "memfd:x");
	assert_int_equal(fd.type, FD_MEMFD);
	assert_false(fd.is_path);
	assert_false(fd.deleted);

	begin_call(&rec, NUNCHI_REC_SYSCALL, "getpid", 4, 0, 0, 0);
	decode(&ev, &rec);
	event_fd(&ev, NULL, &scratch, &fd);
	assert_false(fd.present);
	assert_int_equal(fd.num, INT64_MIN);
}

struct net_row {
	const char *call;
	int64_t ret;
	int sock_arg;
	int family, type;
	const char *lip;
	uint16_t lport;
	const char *rip;
	uint16_t rport;
	const char *given;		/* address in user memory; "-10.0.0.7": without its family */
	uint16_t given_port;
	enum fd_type fd_type;
	uint16_t protocol;
	const char *name;
};

static const struct net_row net_rows[] = {
	{ "connect", 0, 0, AF_INET, SOCK_STREAM, "10.0.0.1", 40000, "10.0.0.7", 443, NULL, 0,
	  FD_IPV4, IPPROTO_TCP, "10.0.0.1:40000->10.0.0.7:443" },
	{ "connect", -111, 0, AF_INET, SOCK_STREAM, NULL, 0, NULL, 0, "10.0.0.7", 443, FD_IPV4,
	  IPPROTO_TCP, "0.0.0.0:0->10.0.0.7:443" },
	{ "connect", 0, 0, AF_INET6, SOCK_DGRAM, "::1", 5, "::1", 53, NULL, 0, FD_IPV6,
	  IPPROTO_UDP, "[::1]:5->[::1]:53" },
	{ "connect", 0, 0, AF_INET6, SOCK_STREAM, "::ffff:10.0.0.1", 5, "::ffff:10.0.0.7", 80, NULL,
	  0, FD_IPV4, IPPROTO_TCP, "10.0.0.1:5->10.0.0.7:80" },
	{ "connect", -101, 0, AF_INET6, SOCK_STREAM, NULL, 0, NULL, 0, "::ffff:10.0.0.7", 80,
	  FD_IPV4, IPPROTO_TCP, "0.0.0.0:0->10.0.0.7:80" },
	/* UDP's takes it, and TCP's does not: it is what was asked for. */
	{ "connect", -97, 0, AF_INET6, SOCK_STREAM, NULL, 0, NULL, 0, "10.0.0.7", 80, FD_IPV4,
	  IPPROTO_TCP, "0.0.0.0:0->10.0.0.7:80" },
	{ "sendto", 5, 0, AF_INET6, SOCK_DGRAM, NULL, 4000, NULL, 0, "10.0.0.7", 80, FD_IPV4,
	  IPPROTO_UDP, "0.0.0.0:4000->10.0.0.7:80" },
	{ "sendmsg", 5, 0, AF_INET6, SOCK_DGRAM, "::ffff:10.0.0.1", 4000, "::ffff:10.0.0.2", 9, "10.0.0.7", 80,
	  FD_IPV4, IPPROTO_UDP, "10.0.0.1:4000->10.0.0.7:80" },
	{ "sendmmsg", 2, 0, AF_INET, SOCK_DGRAM, NULL, 4000, NULL, 0, "10.0.0.7", 80, FD_IPV4,
	  IPPROTO_UDP, "0.0.0.0:4000->10.0.0.7:80" },
	{ "sendto", 5, 0, AF_INET, SOCK_DGRAM, NULL, 4000, NULL, 0, "-10.0.0.7", 80, FD_IPV4,
	  IPPROTO_UDP, "0.0.0.0:4000->10.0.0.7:80" },
	{ "sendto", 5, 0, AF_INET6, SOCK_RAW, NULL, 0, NULL, 0, "-2001:db8::1", 0, FD_IPV6, 0,
	  "[::]:0->[2001:db8::1]:0" },
	/* To whom it is connected with; and a connect that ends that. */
	{ "sendto", 5, 0, AF_INET6, SOCK_DGRAM, "::1", 4000, "::1", 9, "-2001:db8::1", 80, FD_IPV6,
	  IPPROTO_UDP, "[::1]:4000->[::1]:9" },
	{ "connect", 0, 0, AF_INET, SOCK_DGRAM, NULL, 4000, NULL, 0, "-10.0.0.7", 80, FD_IPV4,
	  IPPROTO_UDP, "0.0.0.0:4000" },
	/* Nobody's is this end; of who has sent, it is what it says. */
	{ "sendto", 5, 0, AF_INET, SOCK_DGRAM, NULL, 4000, NULL, 0, "0.0.0.0", 80, FD_IPV4,
	  IPPROTO_UDP, "0.0.0.0:4000->127.0.0.1:80" },
	{ "sendto", 5, 0, AF_INET, SOCK_DGRAM, "10.0.0.1", 4000, NULL, 0, "0.0.0.0", 80, FD_IPV4,
	  IPPROTO_UDP, "10.0.0.1:4000->10.0.0.1:80" },
	{ "sendto", 5, 0, AF_INET, SOCK_DGRAM, "224.0.0.1", 4000, NULL, 0, "-0.0.0.0", 80, FD_IPV4,
	  IPPROTO_UDP, "224.0.0.1:4000->127.0.0.1:80" },
	{ "connect", -111, 0, AF_INET6, SOCK_STREAM, NULL, 0, NULL, 0, "::", 80, FD_IPV6,
	  IPPROTO_TCP, "[::]:0->[::1]:80" },
	{ "sendmsg", 5, 0, AF_INET6, SOCK_DGRAM, "::ffff:10.0.0.1", 4000, NULL, 0, "::", 80, FD_IPV4,
	  IPPROTO_UDP, "10.0.0.1:4000->127.0.0.1:80" },
	{ "sendmsg", 5, 0, AF_INET6, SOCK_DGRAM, "::ffff:10.0.0.1", 4000, NULL, 0, "::ffff:0.0.0.0", 80, FD_IPV4,
	  IPPROTO_UDP, "10.0.0.1:4000->10.0.0.1:80" },
	{ "sendto", 5, 0, AF_INET6, SOCK_DGRAM, "::1", 4000, NULL, 0, "0.0.0.0", 80, FD_IPV4,
	  IPPROTO_UDP, "[::1]:4000->[::ffff:127.0.0.1]:80" },
	{ "recvfrom", 5, 0, AF_INET, SOCK_DGRAM, NULL, 67, NULL, 0, "0.0.0.0", 68, FD_IPV4,
	  IPPROTO_UDP, "0.0.0.0:67->0.0.0.0:68" },
	{ "sendto", -22, 0, AF_INET, SOCK_DGRAM, NULL, 4000, NULL, 0, "2001:db8::1", 80, FD_IPV4,
	  IPPROTO_UDP, "0.0.0.0:4000" },
	{ "bind", 0, 0, AF_INET, SOCK_STREAM, NULL, 80, NULL, 0, "0.0.0.0", 80, FD_IPV4,
	  IPPROTO_TCP, "0.0.0.0:80" },
	{ "bind", -98, 0, AF_INET, SOCK_STREAM, NULL, 0, NULL, 0, "127.0.0.1", 80, FD_IPV4,
	  IPPROTO_TCP, "127.0.0.1:80" },
	{ "bind", -13, 0, AF_INET6, SOCK_STREAM, NULL, 0, NULL, 0, "::", 80, FD_IPV6, IPPROTO_TCP,
	  "[::]:80" },
	{ "listen", 0, 0, AF_INET6, SOCK_STREAM, NULL, 80, NULL, 0, NULL, 0, FD_IPV6, IPPROTO_TCP,
	  "[::]:80" },
	{ "accept", 9, RET, AF_INET, SOCK_STREAM, "10.0.0.1", 80, "10.0.0.9", 5555, NULL, 0,
	  FD_IPV4, IPPROTO_TCP, "10.0.0.1:80->10.0.0.9:5555" },
	{ "accept4", -11, 0, AF_INET, SOCK_STREAM, NULL, 80, NULL, 0, NULL, 0, FD_IPV4,
	  IPPROTO_TCP, "0.0.0.0:80" },
	{ "sendto", 5, 0, AF_INET, SOCK_DGRAM, NULL, 4000, NULL, 0, "10.0.0.53", 53, FD_IPV4,
	  IPPROTO_UDP, "0.0.0.0:4000->10.0.0.53:53" },
	{ "sendto", 5, 0, AF_INET, SOCK_DGRAM, "10.0.0.1", 4000, "10.0.0.2", 9, "10.0.0.53", 53,
	  FD_IPV4, IPPROTO_UDP, "10.0.0.1:4000->10.0.0.53:53" },
	{ "sendto", 5, 0, AF_INET, SOCK_STREAM, "10.0.0.1", 4000, "10.0.0.2", 9, "10.0.0.53", 53,
	  FD_IPV4, IPPROTO_TCP, "10.0.0.1:4000->10.0.0.2:9" },
	{ "sendto", -111, 0, AF_INET, SOCK_STREAM, NULL, 0, "10.0.0.7", 0, "10.0.0.7", 80, FD_IPV4,
	  IPPROTO_TCP, "0.0.0.0:0->10.0.0.7:80" },
	/* What goes by IP, and has no address that the kernel side knows. */
	{ "connect", 0, 0, AF_SMC, SOCK_STREAM, NULL, 0, NULL, 0, "10.0.0.7", 80, FD_IPV4, IPPROTO_TCP,
	  "0.0.0.0:0->10.0.0.7:80" },
	{ "connect", -111, 0, AF_SMC, SOCK_STREAM, NULL, 0, NULL, 0, "::ffff:10.0.0.7", 80, FD_IPV4, IPPROTO_TCP,
	  "0.0.0.0:0->10.0.0.7:80" },
	{ "bind", 0, 0, AF_SMC, SOCK_STREAM, NULL, 0, NULL, 0, "10.0.0.1", 80, FD_IPV4, IPPROTO_TCP, "10.0.0.1:80" },
	{ "sendto", 5, 0, AF_RDS, SOCK_SEQPACKET, NULL, 0, NULL, 0, "10.0.0.7", 80, FD_IPV4, 0,
	  "0.0.0.0:0->10.0.0.7:80" },
	{ "socket", 3, RET, AF_INET, SOCK_STREAM, NULL, 0, NULL, 0, NULL, 0, FD_IPV4, IPPROTO_TCP,
	  NULL },
	{ "sendto", 5, 0, AF_INET, SOCK_RAW, NULL, 1, NULL, 0, "10.0.0.53", 0, FD_IPV4, 0,
	  "0.0.0.0:0->10.0.0.53:0" },
};

static int put_address(struct strbuf *rec, const char *ip, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	bool v6 = strchr(ip, ':');

	if (*ip == '-') {
		ip++;
		in.sin_family = in6.sin6_family = AF_UNSPEC;
	}
	inet_pton(v6 ? AF_INET6 : AF_INET, ip, v6 ? (void *)&in6.sin6_addr : (void *)&in.sin_addr);
	encode_blob(rec, NUNCHI_BLOB_SOCKADDR, 1, 0, v6 ? (void *)&in6 : (void *)&in,
		    v6 ? sizeof(in6) : sizeof(in));
	return 0;
}

static void test_network(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(net_rows); i++) {
		const struct net_row *row = &net_rows[i];
		_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT, scratch = STRBUF_INIT;
		struct nunchi_sock sock = {
			.family = (uint16_t)row->family, .type = (uint16_t)row->type,
			.lport = row->lport, .rport = row->rport, .ino = 77,
		};
		struct event_fd fd;
		struct event ev;

		if (row->lip)
			inet_pton(row->family, row->lip, sock.laddr);
		if (row->rip)
			inet_pton(row->family, row->rip, sock.raddr);
		begin_call(&rec, NUNCHI_REC_SYSCALL, row->call, row->ret, 6, 0, 0);
		encode_blob(&rec, NUNCHI_BLOB_SOCK, (uint8_t)row->sock_arg, 0, &sock, sizeof(sock));
		if (row->given)
			put_address(&rec, row->given, row->given_port);
		decode(&ev, &rec);
		event_fd(&ev, CWD, &scratch, &fd);
		assert_true(fd.present);
		assert_int_equal(fd.type, row->fd_type);
		assert_int_equal(fd.protocol, row->protocol);
		assert_text(fd.name, fd.name_len, row->name);
		assert_int_equal(fd.has_addr, row->name != NULL);
		assert_int_equal(fd.ino, 77);
		assert_int_equal(fd.num, starts_with(row->call, "accept") || row->sock_arg == RET ?
				 (row->ret < 0 ? -1 : row->ret) : 6);
	}
}

static void check_unix(const char *call, const char *lpath, size_t l, const char *rpath, size_t r,
		       const char *given, size_t g, const char *want, const char *raw)
{
	_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT, scratch = STRBUF_INIT, s = STRBUF_INIT,
				a = STRBUF_INIT;
	struct nunchi_sock sock = { .family = AF_UNIX, .type = SOCK_STREAM,
				    .lpath = (uint16_t)l, .rpath = (uint16_t)r };
	sa_family_t family = AF_UNIX;
	struct event_fd fd;
	struct event ev;

	strbuf_add(&s, &sock, sizeof(sock));
	strbuf_add(&s, lpath, l);
	strbuf_add(&s, rpath, r);
	begin_call(&rec, NUNCHI_REC_SYSCALL, call, 0, 6, 0, 0);
	encode_blob(&rec, NUNCHI_BLOB_SOCK, 0, 0, s.s, s.len);
	if (given) {
		strbuf_add(&a, &family, sizeof(family));
		strbuf_add(&a, given, g);
		encode_blob(&rec, NUNCHI_BLOB_SOCKADDR, 1, 0, a.s, a.len);
	}
	decode(&ev, &rec);
	event_fd(&ev, CWD, &scratch, &fd);
	assert_int_equal(fd.type, FD_UNIX);
	assert_text(fd.name, fd.name_len, want);
	assert_text(fd.nameraw, fd.nameraw_len, raw);
}

static void test_unix(void **state)
{
	check_unix("connect", "", 0, "/run/x.sock", 12, NULL, 0, "/run/x.sock", NULL);
	check_unix("connect", "", 0, "", 0, "/run/y.sock", 12, "/run/y.sock", "/run/y.sock");
	/* Who listens has bound it by another path. */
	check_unix("connect", "", 0, "/run/x.sock", 12, "x.sock", 6, "/run/x.sock", "x.sock");
	check_unix("accept4", "/run/x.sock", 12, "", 0, "y.sock", 6, "y.sock", NULL);
	check_unix("connect", "", 0, "\0abs", 4, NULL, 0, "@abs", NULL);
	check_unix("bind", "/run/x.sock", 11, "", 0, NULL, 0, "/run/x.sock", NULL);
	check_unix("bind", "", 0, "", 0, "\0a\0b", 4, "@a@b", NULL);
	check_unix("listen", "", 0, "", 0, NULL, 0, NULL, NULL);
}

/* A socket without IP addresses, and what must be shown of it. */
struct ends_row {
	const char *call;
	int family, type, protocol, given_family;
	int64_t ret;
	struct nunchi_end local, peer, given;	/* given, if given_family is set */
	const char *name;
	enum grade grade;
};

#define ANY VMADDR_PORT_ANY
#define NETLINK(protocol) AF_NETLINK, SOCK_RAW, NETLINK_##protocol
#define PACKET AF_PACKET, SOCK_RAW, 0
#define VSOCK(type) AF_VSOCK, SOCK_##type, 0

static const struct ends_row ends_rows[] = {
	{ "listen", NETLINK(ROUTE), 0, 0, { 0 }, { 0 }, { 0 }, "netlink:ROUTE", GRADE_OBJECT },
	{ "bind", NETLINK(ROUTE), AF_NETLINK, 0, { 7, 1 }, { 0 }, { 0, 1 }, "netlink:ROUTE:7:1", GRADE_OBJECT },
	{ "bind", NETLINK(AUDIT), AF_NETLINK, -1, { 0 }, { 0 }, { 9, 0 }, "netlink:AUDIT:9:0", GRADE_USER },
	{ "connect", NETLINK(USERSOCK), AF_NETLINK, 0, { 7, 0 }, { 8, 0 }, { 9, 0 }, "netlink:USERSOCK:7:0->8:0",
	  GRADE_OBJECT },
	{ "sendto", NETLINK(USERSOCK), AF_NETLINK, 5, { 7, 0 }, { 8, 0 }, { 9, 0 }, "netlink:USERSOCK:7:0->9:0",
	  GRADE_USER },
	{ "sendto", NETLINK(USERSOCK), AF_NETLINK, 5, { 7, 0 }, { 8, 0 }, { 0 }, "netlink:USERSOCK:7:0", GRADE_USER },
	{ "sendto", AF_NETLINK, SOCK_RAW, 31, 0, 5, { 7, 0 }, { 0, 4 }, { 0 }, "netlink:31:7:0->0:4", GRADE_OBJECT },
	/* An address that is none of the family's says nothing. */
	{ "connect", NETLINK(ROUTE), AF_VSOCK, -22, { 7, 0 }, { 0 }, { 9, 9 }, "netlink:ROUTE:7:0", GRADE_OBJECT },
	{ "listen", PACKET, 0, 0, { 0 }, { 0 }, { 0 }, NULL, GRADE_OBJECT },
	{ "bind", PACKET, AF_PACKET, 0, { 2, 3 }, { 0 }, { 2, 3 }, "packet:2:3", GRADE_OBJECT },
	{ "bind", PACKET, AF_PACKET, -19, { 0, 3 }, { 0 }, { 99, 3 }, "packet:0:3", GRADE_OBJECT },
	{ "sendto", PACKET, AF_PACKET, 5, { 0 }, { 0 }, { 2, 2048 }, "packet:0:0->2:2048", GRADE_USER },
	{ "listen", VSOCK(STREAM), 0, 0, { ANY, ANY }, { ANY, ANY }, { 0 }, NULL, GRADE_OBJECT },
	{ "listen", VSOCK(STREAM), 0, 0, { ANY, 80 }, { ANY, ANY }, { 0 }, "vsock:*:80", GRADE_OBJECT },
	{ "connect", VSOCK(STREAM), AF_VSOCK, 0, { 3, 700 }, { 2, 80 }, { 5, 5 }, "vsock:3:700->2:80", GRADE_OBJECT },
	{ "connect", VSOCK(STREAM), AF_VSOCK, -19, { ANY, ANY }, { 2, 80 }, { 2, 81 }, "vsock:*:*->2:81", GRADE_USER },
	{ "sendto", VSOCK(STREAM), AF_VSOCK, 1, { 3, 700 }, { 2, 80 }, { 5, 5 }, "vsock:3:700->2:80", GRADE_OBJECT },
	{ "sendto", VSOCK(DGRAM), AF_VSOCK, 1, { 3, 700 }, { ANY, ANY }, { 5, 5 }, "vsock:3:700->5:5", GRADE_USER },
	/* Where the socket is another than we know: by the address alone. */
	{ "connect", VSOCK(STREAM), AF_VSOCK, 0, { 0 }, { 0 }, { 2, 80 }, "vsock:0:0->2:80", GRADE_USER },
};

static void put_end(struct strbuf *rec, int family, const struct nunchi_end *end)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_pid = end->first, .nl_groups = end->second };
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_ifindex = (int)end->first,
				  .sll_protocol = htons((uint16_t)end->second) };
	struct sockaddr_vm vm = { .svm_family = AF_VSOCK, .svm_cid = end->first, .svm_port = end->second };

	if (family == AF_NETLINK)
		encode_blob(rec, NUNCHI_BLOB_SOCKADDR, 1, 0, &nl, sizeof(nl));
	else if (family == AF_PACKET)
		encode_blob(rec, NUNCHI_BLOB_SOCKADDR, 1, 0, &ll, sizeof(ll));
	else if (family == AF_VSOCK)
		encode_blob(rec, NUNCHI_BLOB_SOCKADDR, 1, 0, &vm, sizeof(vm));
}

static void test_ends(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(ends_rows); i++) {
		const struct ends_row *row = &ends_rows[i];
		_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT, scratch = STRBUF_INIT;
		struct nunchi_sock sock = { .family = (uint16_t)row->family, .type = (uint16_t)row->type,
					    .protocol = (uint16_t)row->protocol };
		struct event_fd fd;
		struct event ev;

		memcpy(sock.laddr, &row->local, sizeof(row->local));
		memcpy(sock.raddr, &row->peer, sizeof(row->peer));
		begin_call(&rec, NUNCHI_REC_SYSCALL, row->call, row->ret, 6, 0, 0);
		encode_blob(&rec, NUNCHI_BLOB_SOCK, 0, 0, &sock, sizeof(sock));
		put_end(&rec, row->given_family, &row->given);
		decode(&ev, &rec);
		event_fd(&ev, CWD, &scratch, &fd);
		assert_text(fd.name, fd.name_len, row->name);
		assert_int_equal(fd.name_grade, row->grade);
		assert_false(fd.has_addr);
	}
}

/* Each length of every piece that the view reads, in memory of exactly that size. */
static void test_short_pieces(void **state)
{
	static const uint8_t types[] = { NUNCHI_BLOB_FILE, NUNCHI_BLOB_SOCK, NUNCHI_BLOB_SOCKADDR,
					 NUNCHI_BLOB_BASE, NUNCHI_BLOB_STR, NUNCHI_BLOB_CWD };
	static const uint16_t families[] = { AF_UNIX, AF_INET6, AF_NETLINK, AF_PACKET, AF_VSOCK };
	static const char *const calls[] = { "connect", "bind", "openat", "fchdir", "execveat",
					     "socket", "renameat", "sendmsg" };

	for (size_t c = 0; c < ARRAY_SIZE(calls); c++) {
		for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
			for (uint32_t len = 0; len < 80; len++) {
				_cleanup_strbuf_ struct strbuf rec = STRBUF_INIT,
							scratch = STRBUF_INIT;
				_cleanup_free_ char *data = xcalloc(1, len), *sock_data = NULL;
				struct nunchi_sock sock = { .family = families[len % ARRAY_SIZE(families)],
							    .lpath = 60000, .rpath = 60000 };
				struct event_fd fd;
				struct event ev;

				memset(data, len % 2 ? 0x0a : 0, len);
				sock_data = xmemdup(&sock, sizeof(sock));
				begin_call(&rec, NUNCHI_REC_SYSCALL, calls[c], -1, 6, 0, 0);
				decode(&ev, &rec);
				ev.n_blobs = 2;
				ev.blobs[0] = (struct event_blob){ .data = data, .len = len,
								   .type = types[t] };
				ev.blobs[1] = (struct event_blob){ .data = sock_data,
								   .len = sizeof(sock),
								   .type = NUNCHI_BLOB_SOCK };
				event_fd(&ev, CWD, &scratch, &fd);
				assert_true(!fd.name || fd.name_len <= scratch.len);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_exec),
		cmocka_unit_test(test_unreachable),
		cmocka_unit_test(test_deleted),
		cmocka_unit_test(test_no_path),
		cmocka_unit_test(test_no_descriptor),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_short_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
