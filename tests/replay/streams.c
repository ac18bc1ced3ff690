/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes captures whose every byte is known: `streams NAME FILE`. Times are fixed, so that the
 * output is the same on every machine.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "event/account.h"
#include "event/capture.h"
#include "event/encode.h"

#define BOOT_TO_EPOCH 1700000000000000000ULL	/* 2023-11-14T22:13:20Z */
#define WEB "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define POD "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static struct capture_writer *out;
static struct strbuf rec;
static uint64_t now = 10 * NSEC_PER_SEC, numbers;

static void put(void)
{
	if (capture_writer_add(out, (const struct nunchi_head *)(const void *)rec.s) < 0)
		exit(1);
}

static uint64_t tick(void)
{
	return now += 1234567;
}

/* Process vpid of slot; its pid on the host is a thousand times the slot more. */
static struct nunchi_head head(enum nunchi_kind kind, uint32_t slot, uint32_t vpid,
			       const char *comm)
{
	struct nunchi_head h = {
		.kind = (uint16_t)kind,
		.seq = ++numbers,
		.time = tick(),
		.slot = slot,
		.generation = 1,
		.ppid = vpid == 1 ? 500 : slot * 1000 + 1,
		.pid = slot * 1000 + vpid,
		.tid = slot * 1000 + vpid,
		.vpid = vpid,
		.vtid = vpid,
		.loginuid = (uint32_t)-1,
		.pidns = 4026532000U + slot,
		.mntns = 4026533000U + slot,
		.cgroup = 70 + slot,
		.start = 5 * NSEC_PER_SEC + vpid,
	};

	snprintf(h.comm, sizeof(h.comm), "%s", comm);
	return h;
}

static void begin_call(struct nunchi_head h, const char *name, int64_t ret, const uint64_t args[6])
{
	const struct syscall_info *call = syscall_by_name(name, strlen(name));
	struct nunchi_call body = { .nr = (uint32_t)syscall_nr(call), .ret = ret };

	for (int i = 0; args && i < 6; i++)
		body.args[i] = args[i];
	strbuf_reset(&rec);
	encode_begin(&rec, &h);
	encode_bytes(&rec, &body, sizeof(body));
}

#define ARGS(...) ((const uint64_t[6]){ __VA_ARGS__ })

static void text(enum nunchi_blob_type type, uint8_t arg, const char *s)
{
	encode_blob(&rec, type, arg, 0, s, strlen(s));
}

/* components: leaf first, as a literal whose last NUL is the string's own. */
#define WALK(type, arg, mode, components) walk(type, arg, mode, components, sizeof(components))

static void walk(enum nunchi_blob_type type, uint8_t arg, uint32_t mode, const char *components,
		 size_t len)
{
	struct nunchi_file file = { .ino = 42, .dev = 8 << 20 | 1, .mode = mode,
				    .magic = EXT4_SUPER_MAGIC };
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;

	strbuf_add(&b, &file, sizeof(file));
	strbuf_add(&b, components, len == 1 ? 0 : len);
	encode_blob(&rec, type, arg, 0, b.s, b.len);
}

static void finish(void)
{
	encode_end(&rec);
	put();
}

static void container(uint32_t slot, struct container_info info)
{
	encode_container(&rec, &info, tick());
	put();
	encode_slot(&rec, slot, 1, info.id, tick());
	put();
}

static void say_host(void)
{
	struct id_name users[] = { { 0, (char *)"root" } };
	struct host_info host = { .name = "node1", .kernel = "6.18.0", .machine = "x86_64",
				  .boot_to_epoch = BOOT_TO_EPOCH, .users = users, .n_users = 1 };

	encode_host(&rec, &host, now);
	put();
}

static void containers(void)
{
	struct id_name users[] = { { 0, (char *)"root" }, { 101, (char *)"web" } };
	struct label labels[] = { { (char *)"tier", (char *)"front" } };

	container(7, (struct container_info){
		.id = (char *)WEB, .name = (char *)"web", .runtime = (char *)"docker",
		.image = (char *)"nginx:1.27", .image_repository = (char *)"nginx",
		.image_tag = (char *)"1.27", .labels = labels, .n_labels = 1, .users = users,
		.n_users = 2, .init_pid = 7001, .pidns = 4026532007U, .mntns = 4026533007U,
		.privileged = true, .shares = SHARES_NET, .started = BOOT_TO_EPOCH + now,
		.cgroup = (char *)"/docker/" WEB });
	container(8, (struct container_info){
		.id = (char *)POD, .name = (char *)"app", .runtime = (char *)"containerd",
		.image = (char *)"registry:5000/shop/app:2", .image_tag = (char *)"2",
		.image_repository = (char *)"registry:5000/shop/app", .pod_name = (char *)"app-7d9",
		.pod_namespace = (char *)"shop", .pod_uid = (char *)"1-2-3", .init_pid = 8001,
		.pidns = 4026532008U, .mntns = 4026533008U });
}

static void execute(uint32_t slot, uint32_t vpid, const char *prev, const char *comm,
		    const char *path, const char *argv, size_t argv_len, uint16_t flags)
{
	struct nunchi_head h = head(NUNCHI_REC_EXEC, slot, vpid, comm);

	h.flags = flags;
	begin_call(h, "execve", 0, NULL);
	text(NUNCHI_BLOB_FILENAME, 0, path);
	encode_blob(&rec, NUNCHI_BLOB_ARGV, 0, 0, argv, argv_len);
	WALK(NUNCHI_BLOB_EXE, 0, S_IFREG | 0755, "cat\0bin\0usr");
	WALK(NUNCHI_BLOB_CWD, 0, S_IFDIR | 0755, "srv");
	text(NUNCHI_BLOB_PREV_COMM, 0, prev);
	text(NUNCHI_BLOB_PARENT_COMM, 0, "bash");
	finish();
}

static void end(uint32_t slot, uint32_t vpid, const char *comm, uint32_t status)
{
	struct nunchi_head h = head(NUNCHI_REC_EXIT, slot, vpid, comm);
	struct nunchi_exit body = { .code = status };

	strbuf_reset(&rec);
	encode_begin(&rec, &h);
	encode_bytes(&rec, &body, sizeof(body));
	finish();
}

static void connect_to(int64_t ret, uint16_t rport)
{
	struct nunchi_sock sock = { .family = AF_INET, .type = SOCK_STREAM, .protocol = IPPROTO_TCP,
				    .lport = 40000, .rport = rport, .laddr = { 10, 0, 0, 1 },
				    .raddr = { 10, 0, 0, 7 } };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(443) };

	inet_pton(AF_INET, "10.0.0.7", &in.sin_addr);
	begin_call(head(NUNCHI_REC_SYSCALL, 7, 31, "cat"), "connect", ret, ARGS(3, 0x1000, 16));
	encode_blob(&rec, NUNCHI_BLOB_SOCK, 0, 0, &sock, sizeof(sock));
	encode_blob(&rec, NUNCHI_BLOB_SOCKADDR, 1, 0, &in, sizeof(in));
	finish();
}

/* The paper's two experiments and a little of everything else. */
static void basic(void)
{
	struct nunchi_lost lost = { .count = 1204, .first = now, .last = now + NSEC_PER_SEC,
				    .reason = NUNCHI_DROP_OUTPUT };
	struct nunchi_head h;

	say_host();
	containers();
	execute(7, 31, "bash", "cat", "/usr/bin/cat", "cat\0/mnt/test.txt", 18, 0);
	begin_call(head(NUNCHI_REC_SYSCALL, 7, 31, "cat"), "openat", 3,
		   ARGS((uint64_t)AT_FDCWD, 0x1000, O_RDONLY));
	text(NUNCHI_BLOB_STR, 1, "/mnt/test.txt");
	WALK(NUNCHI_BLOB_FILE, NUNCHI_ARG_RET, S_IFREG | 0644, "test.txt\0mnt");
	finish();
	begin_call(head(NUNCHI_REC_SYSCALL, 7, 31, "cat"), "openat", -ENOENT,
		   ARGS((uint64_t)AT_FDCWD, 0x1000, O_WRONLY | O_CREAT | O_TRUNC, 0644));
	text(NUNCHI_BLOB_STR, 1, "../etc//x");
	WALK(NUNCHI_BLOB_BASE, 1, S_IFDIR | 0755, "srv");
	finish();
	connect_to(0, 443);
	connect_to(-ECONNREFUSED, 0);
	begin_call(head(NUNCHI_REC_SYSCALL, 8, 1, "app"), "rename", 0, ARGS(0x1000, 0x2000));
	text(NUNCHI_BLOB_STR, 0, "/a");
	text(NUNCHI_BLOB_STR, 1, "/b");
	finish();
	begin_call(head(NUNCHI_REC_SYSCALL, 8, 1, "app"), "kill", 0, ARGS(9, SIGKILL));
	finish();
	h = head(NUNCHI_REC_SYSCALL, 8, 1, "app");
	h.flags = NUNCHI_F_INTERRUPTED;
	begin_call(h, "accept4", -EINTR, ARGS(5, 0, 0, SOCK_CLOEXEC));
	finish();
	begin_call(head(NUNCHI_REC_SYSCALL, 8, 1, "app"), "chdir", 0, ARGS(0x1000));
	text(NUNCHI_BLOB_STR, 0, "/var");
	WALK(NUNCHI_BLOB_CWD, 0, S_IFDIR | 0755, "var");
	finish();
	begin_call(head(NUNCHI_REC_SYSCALL, 8, 1, "app"), "unlink", -EACCES, ARGS(0x1000));
	text(NUNCHI_BLOB_STR, 0, "run/x");
	WALK(NUNCHI_BLOB_BASE, 0, S_IFDIR | 0755, "var");
	finish();
	end(7, 31, "cat", 1 << 8);
	end(8, 1, "app", SIGKILL);
	encode_container_gone(&rec, POD, tick());
	put();
	encode_lost(&rec, &lost, NULL, 7, 1, tick());
	put();
}

/* Bytes that try to forge lines, break JSON or deceive the eye. */
static void hostile(void)
{
	static const char nasty[] = "a\n00:00:00.000 forged\t\033[2J\377\"\\\342\200\256b";
	struct nunchi_head h = head(NUNCHI_REC_SYSCALL, 9, 1, "\033[1m\n\"x");
	char deep[4096];

	say_host();
	container(9, (struct container_info){ .id = (char *)"evil\n\033[0m\"id", .init_pid = 9001,
					      .name = (char *)nasty, .image = (char *)nasty,
					      .started = BOOT_TO_EPOCH + now });
	begin_call(h, "openat", -ENAMETOOLONG, ARGS((uint64_t)AT_FDCWD, 0x1000, O_RDONLY));
	memset(deep, 'd', sizeof(deep));
	for (size_t i = 0; i < sizeof(deep); i += 250)
		deep[i] = '/';
	encode_blob(&rec, NUNCHI_BLOB_STR, 1, NUNCHI_BLOB_TRUNCATED, deep, sizeof(deep) - 1);
	finish();
	begin_call(head(NUNCHI_REC_SYSCALL, 9, 1, "sh"), "mkdir", 0, ARGS(0x1000, 0755));
	text(NUNCHI_BLOB_STR, 0, nasty);
	WALK(NUNCHI_BLOB_BASE, 0, S_IFDIR | 0755, "tmp");
	finish();
	begin_call(head(NUNCHI_REC_SYSCALL, 9, 1, "sh"), "unlink", -EFAULT, ARGS(1));
	encode_blob(&rec, NUNCHI_BLOB_STR, 0, NUNCHI_BLOB_UNREADABLE, "", 0);
	finish();
	execute(9, 2, "sh", "cat", nasty, "cat\0\0\n\033[0m x", 13, 0);
}

/* What the runtime does before the entrypoint, and a process id that is used again. */
static void setup(void)
{
	struct nunchi_head h;

	say_host();
	containers();
	h = head(NUNCHI_REC_SYSCALL, 7, 1, "runc:[2:INIT]");
	h.flags = NUNCHI_F_SETUP;
	begin_call(h, "pivot_root", 0, ARGS(0x1000, 0x2000));
	text(NUNCHI_BLOB_STR, 0, "/");
	text(NUNCHI_BLOB_STR, 1, "/");
	finish();
	execute(7, 1, "runc:[2:INIT]", "cat", "/usr/bin/cat", "cat\0-", 6, 0);
	execute(7, 44, "bash", "cat", "/usr/bin/cat", "cat\0one", 8, 0);
	end(7, 44, "cat", 0);
	h = head(NUNCHI_REC_SYSCALL, 7, 44, "other");
	h.start += NSEC_PER_SEC;
	begin_call(h, "setuid", 0, ARGS(101));
	finish();
}

static void begin(uint32_t slot, uint32_t vpid, const char *comm, const char *name, int64_t ret,
		  const uint64_t args[6])
{
	begin_call(head(NUNCHI_REC_SYSCALL, slot, vpid, comm), name, ret, args);
}

/* What was longer than it may be: only its beginning came. */
static void beginning(enum nunchi_blob_type type, uint8_t arg, const char *s, size_t len,
		      uint32_t full)
{
	size_t at = rec.len;

	encode_blob(&rec, type, arg, NUNCHI_BLOB_TRUNCATED, s, len);
	memcpy(rec.s + at + offsetof(struct nunchi_blob, full), &full, sizeof(full));
}

/* A file by what else there is to say of it: its file system, and flags of the blob. */
static void object(uint8_t arg, uint32_t mode, uint64_t magic, uint16_t flags, const char *leaf)
{
	struct nunchi_file file = { .ino = 4711, .dev = 1, .mode = mode, .magic = magic };
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;

	strbuf_add(&b, &file, sizeof(file));
	strbuf_add(&b, leaf, strlen(leaf) + 1);
	encode_blob(&rec, NUNCHI_BLOB_FILE, arg, flags, b.s, b.len);
}

static void socket_blob(uint8_t arg, uint16_t family, uint16_t type, const char *local,
			uint16_t lport, const char *remote, uint16_t rport)
{
	struct nunchi_sock sock = { .family = family, .type = type, .lport = lport, .rport = rport,
				    .ino = 815 };

	if (local)
		inet_pton(family, local, sock.laddr);
	if (remote)
		inet_pton(family, remote, sock.raddr);
	encode_blob(&rec, NUNCHI_BLOB_SOCK, arg, 0, &sock, sizeof(sock));
}

static void unix_blob(uint8_t arg, const char *local, size_t llen, const char *remote, size_t rlen)
{
	struct nunchi_sock sock = { .family = AF_UNIX, .type = SOCK_STREAM, .ino = 816,
				    .lpath = (uint16_t)llen, .rpath = (uint16_t)rlen };
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;

	strbuf_add(&b, &sock, sizeof(sock));
	strbuf_add(&b, local, llen);
	strbuf_add(&b, remote, rlen);
	encode_blob(&rec, NUNCHI_BLOB_SOCK, arg, 0, b.s, b.len);
}

static void address4(uint8_t arg, const char *ip, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, ip, &in.sin_addr);
	encode_blob(&rec, NUNCHI_BLOB_SOCKADDR, arg, 0, &in, sizeof(in));
}

static void address6(uint8_t arg, const char *ip, uint16_t port)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	inet_pton(AF_INET6, ip, &in6.sin6_addr);
	encode_blob(&rec, NUNCHI_BLOB_SOCKADDR, arg, 0, &in6, sizeof(in6));
}

static void address_unix(uint8_t arg, const char *path, size_t len)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	memcpy(un.sun_path, path, len);
	encode_blob(&rec, NUNCHI_BLOB_SOCKADDR, arg, 0, &un,
		    offsetof(struct sockaddr_un, sun_path) + len);
}

#define CWD ((uint64_t)AT_FDCWD)

static void processes(void)
{
	static const char argv[] = "nginx: master process\0-g\0daemon off;";
	const uint64_t clone_args[11] = { CLONE_NEWPID | CLONE_VFORK, [4] = SIGCHLD };
	struct nunchi_head h = head(NUNCHI_REC_TASK, 7, 1, "nginx");

	encode_process(&rec, &h, "/usr/sbin/nginx", "/", NULL, argv, sizeof(argv), "containerd-shim", NULL, NULL, 0);
	put();
	h = head(NUNCHI_REC_FORK, 7, 40, "nginx");
	h.ppid = 7001;
	encode_begin(&rec, &h);
	text(NUNCHI_BLOB_PARENT_COMM, 0, "nginx");
	finish();
	begin(7, 1, "nginx", "clone", 40, ARGS(CLONE_CHILD_CLEARTID | SIGCHLD));
	finish();
	/* Still the image of its parent. */
	begin(7, 40, "nginx", "setuid", 0, ARGS(101));
	finish();
	begin(7, 40, "nginx", "execve", -ENOENT, ARGS(0x1000, 0x2000, 0x3000));
	text(NUNCHI_BLOB_STR, 0, "/usr/local/bin/sh");
	encode_blob(&rec, NUNCHI_BLOB_STRV, 1, 0, "sh\0-c\0ls -l", 12);
	finish();
	begin_call(head(NUNCHI_REC_EXEC, 7, 40, "sh"), "execve", 0, NULL);
	text(NUNCHI_BLOB_FILENAME, 0, "sh");
	encode_blob(&rec, NUNCHI_BLOB_ARGV, 0, 0, "sh\0-c\0ls -l", 12);
	WALK(NUNCHI_BLOB_EXE, 0, S_IFREG | 0755, "busybox\0bin");
	WALK(NUNCHI_BLOB_CWD, 0, S_IFDIR | 0755, "bin");
	text(NUNCHI_BLOB_PREV_COMM, 0, "nginx");
	text(NUNCHI_BLOB_PARENT_COMM, 0, "nginx");
	finish();
	begin(7, 40, "sh", "clone3", -EAGAIN, ARGS(0x1000, 88));
	encode_blob(&rec, NUNCHI_BLOB_BYTES, 0, 0, clone_args, sizeof(clone_args));
	finish();
	begin(7, 40, "sh", "ptrace", -EPERM, ARGS(PTRACE_ATTACH, 1));
	finish();
	begin(7, 40, "sh", "kill", -ESRCH, ARGS((uint64_t)-1, SIGTERM));
	finish();
	begin(7, 40, "sh", "tgkill", 0, ARGS(40, 41, SIGUSR1));
	finish();
	begin(7, 40, "sh", "unshare", -EPERM, ARGS(CLONE_NEWNS | CLONE_NEWUSER));
	finish();
	begin(7, 40, "sh", "setns", 0, ARGS(6, CLONE_NEWNET));
	object(0, S_IFREG | 0444, NSFS_MAGIC, NUNCHI_BLOB_UNREACHABLE, "");
	finish();
}

static void files(void)
{
	begin(7, 40, "sh", "openat", -EACCES, ARGS(5, 0x1000, O_RDWR | O_CLOEXEC));
	text(NUNCHI_BLOB_STR, 1, "./sub/../key");
	WALK(NUNCHI_BLOB_BASE, 1, S_IFDIR | 0755, "tls\0etc");
	finish();
	/* Through a link: the object is elsewhere than the words say. */
	begin(7, 40, "sh", "openat", 4, ARGS(CWD, 0x1000, O_WRONLY | O_APPEND));
	text(NUNCHI_BLOB_STR, 1, "../var/log/access.log");
	WALK(NUNCHI_BLOB_FILE, NUNCHI_ARG_RET, S_IFCHR | 0620, "0\0pts\0dev");
	finish();
	begin(7, 40, "sh", "openat", 5, ARGS(CWD, 0x1000, O_RDONLY | O_DIRECTORY));
	text(NUNCHI_BLOB_STR, 1, "/");
	WALK(NUNCHI_BLOB_FILE, NUNCHI_ARG_RET, S_IFDIR | 0755, "");
	finish();
	begin(7, 40, "sh", "memfd_create", 6, ARGS(0x1000, 1));
	text(NUNCHI_BLOB_STR, 0, "x");
	object(NUNCHI_ARG_RET, S_IFREG | 0777, TMPFS_MAGIC,
	       NUNCHI_BLOB_UNREACHABLE | NUNCHI_BLOB_DELETED, "memfd:x");
	finish();
	begin(7, 40, "sh", "fchmod", 0, ARGS(7, 0600));
	object(0, S_IFREG | 0644, EXT4_SUPER_MAGIC, NUNCHI_BLOB_DELETED, "gone");
	finish();
	begin(7, 40, "sh", "fchmodat", 0, ARGS(CWD, 0x1000, 04755));
	text(NUNCHI_BLOB_STR, 1, "run.sh");
	WALK(NUNCHI_BLOB_BASE, 1, S_IFDIR | 0755, "bin");
	finish();
	begin(7, 40, "sh", "fchownat", 0, ARGS(CWD, 0x1000, 0, 101, 0));
	text(NUNCHI_BLOB_STR, 1, "/srv/www");
	finish();
	begin(7, 40, "sh", "renameat2", -EEXIST, ARGS(5, 0x1000, 8, 0x2000, 1));
	text(NUNCHI_BLOB_STR, 1, "a");
	text(NUNCHI_BLOB_STR, 3, "b");
	WALK(NUNCHI_BLOB_BASE, 1, S_IFDIR | 0755, "one");
	WALK(NUNCHI_BLOB_BASE, 3, S_IFDIR | 0755, "two");
	finish();
	begin(7, 40, "sh", "symlinkat", 0, ARGS(0x1000, CWD, 0x2000));
	text(NUNCHI_BLOB_STR, 0, "../../etc/shadow");
	text(NUNCHI_BLOB_STR, 2, "link");
	WALK(NUNCHI_BLOB_BASE, 2, S_IFDIR | 0755, "bin");
	finish();
	begin(7, 40, "sh", "unlinkat", 0, ARGS(CWD, 0x1000, 0x200));
	text(NUNCHI_BLOB_STR, 1, "/tmp/d/");
	finish();
	begin(7, 40, "sh", "mount", -EPERM, ARGS(0x1000, 0x2000, 0, MS_BIND | MS_REC, 0));
	text(NUNCHI_BLOB_STR, 0, "/proc/1/root");
	text(NUNCHI_BLOB_STR, 1, "/mnt");
	finish();
	begin(7, 40, "sh", "mount", 0, ARGS(0x1000, 0x2000, 0x3000, MS_NOSUID, 0x4000));
	text(NUNCHI_BLOB_STR, 0, "none");
	text(NUNCHI_BLOB_STR, 1, "/tmp");
	text(NUNCHI_BLOB_STR, 2, "tmpfs");
	text(NUNCHI_BLOB_STR, 4, "size=1m");
	finish();
	/* What nobody asked for, but the model needs: it is shown by -e only. */
	begin(7, 40, "sh", "fchdir", 0, ARGS(5));
	WALK(NUNCHI_BLOB_FILE, 0, S_IFDIR | 0755, "srv");
	WALK(NUNCHI_BLOB_CWD, 0, S_IFDIR | 0755, "srv");
	finish();
	/* A record that carries no base: the working directory is the model's. */
	begin(7, 40, "sh", "unlink", 0, ARGS(0x1000));
	text(NUNCHI_BLOB_STR, 0, "late");
	finish();
	begin(7, 40, "sh", "openat", -ENAMETOOLONG, ARGS(CWD, 0x1000, O_RDONLY));
	beginning(NUNCHI_BLOB_STR, 1, "/very/long", 10, 5000);
	finish();
	begin(7, 40, "sh", "execve", -E2BIG, ARGS(0x1000, 0x2000, 0x3000));
	text(NUNCHI_BLOB_STR, 0, "/bin/echo");
	beginning(NUNCHI_BLOB_STRV, 1, "echo\0a\0bc", 9, 200000);
	finish();
	begin(7, 40, "sh", "write", 5, ARGS(4, 0x1000, 5));
	WALK(NUNCHI_BLOB_FILE, 0, S_IFREG | 0644, "log\0srv");
	encode_blob(&rec, NUNCHI_BLOB_BYTES, 1, 0, "hi\n\0\377", 5);
	finish();
}

static void sockets(void)
{
	struct nunchi_head h;

	begin(8, 1, "app", "socket", 3, ARGS(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC));
	socket_blob(NUNCHI_ARG_RET, AF_INET6, SOCK_STREAM, NULL, 0, NULL, 0);
	finish();
	begin(8, 1, "app", "socket", -EPERM, ARGS(AF_PACKET, SOCK_RAW, 0x300));
	finish();
	begin(8, 1, "app", "bind", 0, ARGS(3, 0x1000, 28));
	socket_blob(0, AF_INET6, SOCK_STREAM, "::", 8080, NULL, 0);
	address6(1, "::", 8080);
	finish();
	begin(8, 1, "app", "bind", -EACCES, ARGS(4, 0x1000, 16));
	socket_blob(0, AF_INET, SOCK_DGRAM, NULL, 0, NULL, 0);
	address4(1, "0.0.0.0", 53);
	finish();
	begin(8, 1, "app", "listen", 0, ARGS(3, 128));
	socket_blob(0, AF_INET6, SOCK_STREAM, "::", 8080, NULL, 0);
	finish();
	begin(8, 1, "app", "accept4", 5, ARGS(3, 0x1000, 0x2000, SOCK_CLOEXEC));
	socket_blob(0, AF_INET6, SOCK_STREAM, "::", 8080, NULL, 0);
	address6(1, "2001:db8::7", 40000);
	socket_blob(NUNCHI_ARG_RET, AF_INET6, SOCK_STREAM, "2001:db8::1", 8080, "2001:db8::7", 40000);
	finish();
	begin(8, 1, "app", "connect", -EINPROGRESS, ARGS(6, 0x1000, 28));
	socket_blob(0, AF_INET6, SOCK_STREAM, "2001:db8::1", 40001, "2001:db8::53", 853);
	address6(1, "2001:db8::53", 853);
	finish();
	begin(8, 1, "app", "connect", 0, ARGS(6, 0x1000, 28));
	socket_blob(0, AF_INET6, SOCK_STREAM, "::ffff:10.0.0.1", 40002, "::ffff:10.0.0.9", 5432);
	address6(1, "::ffff:10.0.0.9", 5432);
	finish();
	begin(8, 1, "app", "connect", 0, ARGS(7, 0x1000, 110));
	unix_blob(0, "", 0, "/run/docker.sock", 17);
	address_unix(1, "/run/docker.sock", 17);
	finish();
	begin(8, 1, "app", "connect", -ECONNREFUSED, ARGS(7, 0x1000, 10));
	unix_blob(0, "", 0, "", 0);
	address_unix(1, "\0bus\0x", 6);
	finish();
	begin(8, 1, "app", "connect", -EFAULT, ARGS(7, 1, 16));
	socket_blob(0, AF_INET, SOCK_STREAM, NULL, 0, NULL, 0);
	encode_blob(&rec, NUNCHI_BLOB_SOCKADDR, 1, NUNCHI_BLOB_UNREADABLE, "", 0);
	finish();
	begin(8, 1, "app", "connect", -EBADF, ARGS(99, 0x1000, 16));
	address4(1, "10.0.0.7", 443);
	finish();
	begin(8, 1, "app", "sendto", 2, ARGS(4, 0x1000, 2, 0, 0x2000, 16));
	socket_blob(0, AF_INET, SOCK_DGRAM, NULL, 0, NULL, 0);
	encode_blob(&rec, NUNCHI_BLOB_BYTES, 1, 0, "ab", 2);
	address4(4, "10.0.0.53", 53);
	finish();
	h = head(NUNCHI_REC_SYSCALL, 8, 1, "app");
	h.flags = NUNCHI_F_INTERRUPTED;
	begin_call(h, "accept", 9, ARGS(3));
	socket_blob(0, AF_INET6, SOCK_STREAM, "::", 8080, NULL, 0);
	socket_blob(NUNCHI_ARG_RET, AF_INET6, SOCK_STREAM, "::1", 8080, "::1", 40009);
	finish();
}

/* A thread has a name of its own, which its process keeps not. */
static void call_of_thread(void)
{
	struct nunchi_head h = head(NUNCHI_REC_SYSCALL, 8, 1, "worker");

	h.tid = 8007;
	h.vtid = 7;
	begin_call(h, "setuid", -EPERM, ARGS(0));
	finish();
}

/* A path that another thread changed under the call. */
static void mismatch(struct nunchi_head h)
{
	begin_call(h, "openat", 3, ARGS((uint64_t)AT_FDCWD, 0x1000, 0));
	encode_blob(&rec, NUNCHI_BLOB_STR, 1, NUNCHI_BLOB_KERNEL, "/etc/shadow", 11);
	text(NUNCHI_BLOB_FOUND, 1, "/tmp/\x1b[2Jharmless");
	finish();
}

/* And an address. */
static void mismatches(void)
{
	const struct sockaddr_in used = { .sin_family = AF_INET, .sin_port = htons(4444) };
	const struct sockaddr_in found = { .sin_family = AF_INET, .sin_port = htons(80) };

	mismatch(head(NUNCHI_REC_MISMATCH, 8, 1, "app"));
	begin_call(head(NUNCHI_REC_MISMATCH, 8, 1, "app"), "connect", -EINPROGRESS, ARGS(5, 0x1000, 16));
	encode_blob(&rec, NUNCHI_BLOB_SOCKADDR, 1, NUNCHI_BLOB_KERNEL, &used, sizeof(used));
	encode_blob(&rec, NUNCHI_BLOB_FOUND, 1, 0, &found, sizeof(found));
	finish();
}

/* Every kind of record and of object. */
static void calls(void)
{
	struct nunchi_lost lost = { .count = 3, .first = now, .last = now, .reason = 99 };
	const struct syscall_info *openat_ = syscall_by_name("openat", 6);
	struct nunchi_lost_kind kinds[] = { { .what = NUNCHI_CALLS_MAX + NUNCHI_REC_EXIT, .count = 2 },
					    { .what = (uint32_t)syscall_nr(openat_), .count = 1 } };
	struct account_row row = { .id = (char[]){ WEB }, .name = (char[]){ "web" },
				   .kernel = { .seen = 10, .filtered = { 2 }, .sent = 8 },
				   .user = { .received = 8, .shown = 8 } };
	struct account_counts counts = { .kernel = { [NUNCHI_COUNT_URING] = 2 } };
	struct nunchi_call *call;

	say_host();
	containers();
	processes();
	files();
	sockets();
	/* A call newer than the table. */
	begin(8, 1, "app", "getpid", -ENOSYS, ARGS(1, 2, 3, 4, 5, 6));
	call = (void *)(rec.s + sizeof(struct nunchi_head));
	call->nr = 509;
	finish();
	mismatches();
	end(7, 40, "sh", 3 << 8);
	call_of_thread();
	end(8, 1, "app", SIGSEGV | 0x80);
	encode_lost(&rec, &lost, NULL, 0, 0, tick());
	put();
	lost.reason = NUNCHI_DROP_RING_FULL;
	lost.kinds = ARRAY_SIZE(kinds);
	encode_lost(&rec, &lost, kinds, 8, 1, tick());
	put();
	encode_account(&rec, &row, 7, 1, tick());
	put();
	encode_counts(&rec, &counts, tick());
	put();
}

/* Slots: bound late, given to another container, the host's; and a container in a container. */
static void slots(void)
{
	struct nunchi_pending pending = { 0 };
	struct nunchi_head h;

	say_host();
	containers();
	/* Until somebody says whose it is, it is nobody's. */
	h = head(NUNCHI_REC_PENDING, 9, 1, "runc:[2:INIT]");
	encode_begin(&rec, &h);
	encode_bytes(&rec, &pending, sizeof(pending));
	text(NUNCHI_BLOB_CGROUP_PATH, 0, "/system.slice/nine.scope");
	finish();
	begin(9, 1, "runc:[2:INIT]", "setuid", 0, ARGS(1));
	finish();
	container(9, (struct container_info){
		.id = (char *)"nine", .name = (char *)"nine", .runtime = (char *)"runc",
		.init_pid = 9001, .pidns = 4026532009U, .started = BOOT_TO_EPOCH + now });
	begin(9, 1, "inner", "setuid", 0, ARGS(2));
	finish();
	/* A slot of the host's own sandbox. */
	encode_slot(&rec, 10, 1, NULL, tick());
	put();
	begin(10, 2, "chrome", "setuid", 0, ARGS(3));
	finish();
	begin(0, 77, "sshd", "setuid", 0, ARGS(4));
	finish();
	/* A container in container 7: its processes are children of 7's, its ids its own. */
	h = head(NUNCHI_REC_FORK, 11, 1, "dockerd");
	h.ppid = 7001;
	encode_begin(&rec, &h);
	text(NUNCHI_BLOB_PARENT_COMM, 0, "dockerd");
	finish();
	container(11, (struct container_info){
		.id = (char *)"deep", .name = (char *)"deep", .init_pid = 11001,
		.started = BOOT_TO_EPOCH + now });
	h = head(NUNCHI_REC_SYSCALL, 11, 1, "dockerd");
	h.ppid = 7001;
	begin_call(h, "setuid", 0, ARGS(5));
	finish();
	/* Slot 9 ends and is used again; a record of the old generation comes late. */
	encode_container_gone(&rec, "nine", tick());
	put();
	encode_container(&rec, &(struct container_info){
		.id = (char *)"ten", .name = (char *)"ten", .init_pid = 9501,
		.started = BOOT_TO_EPOCH + now }, tick());
	put();
	encode_slot(&rec, 9, 2, "ten", tick());
	put();
	begin(9, 1, "inner", "setuid", 0, ARGS(6));
	finish();
	h = head(NUNCHI_REC_SYSCALL, 9, 1, "tenth");
	h.generation = 2;
	h.start += NSEC_PER_SEC;
	begin_call(h, "setuid", 0, ARGS(7));
	finish();
	/* One who changed its name, moved to another container: the record's own slot counts. */
	begin(8, 1, "app", "setuid", 0, ARGS(8));
	finish();
	h = head(NUNCHI_REC_SYSCALL, 8, 1, "renamed");
	begin_call(h, "setuid", 0, ARGS(9));
	finish();
}

static void life(enum nunchi_life_what what, int exit_code, const char *id)
{
	const struct nunchi_head h = { .time = tick() };

	encode_life(&rec, &h, what, exit_code, id);
	put();
}

static void changed(struct nunchi_head h, uint32_t bits, uint32_t host)
{
	struct nunchi_namespaces ns = { .changed = bits, .host = host };

	for (unsigned i = 0; i < NUNCHI_NS_MAX; i++) {
		ns.before[i] = 4026533000U + i;
		ns.now[i] = bits & 1U << i ? 4026531800U + i : ns.before[i];
	}
	encode_begin(&rec, &h);
	encode_bytes(&rec, &ns, sizeof(ns));
	finish();
	if (!host)
		return;
	encode_escape(&rec, &h, host, NULL);
	put();
}

/* Who comes in from outside, who gets away, and what becomes of containers. */
static void lives(void)
{
	static const char path[] = "away\0system";
	struct nunchi_moved moved = { .id = 99, .mover_pid = 7031, .mover_slot = 7,
				      .mover_generation = 1, .mover_comm = "sh" };
	const struct event_blob blob = { .data = path, .len = sizeof(path) };
	struct nunchi_head h;

	say_host();
	encode_gap(&rec, BOOT_TO_EPOCH + 3 * NSEC_PER_SEC, BOOT_TO_EPOCH + 9 * NSEC_PER_SEC, tick());
	put();
	container(9, (struct container_info){ .id = (char *)"job", .name = (char *)"job",
					      .runtime = (char *)"docker",
					      .image = (char *)"job:1" });
	life(NUNCHI_LIFE_CREATED, -1, "job");
	life(NUNCHI_LIFE_CREATED, -1, "job");	/* told twice: one event */
	containers();
	/* docker exec: in by the runtime, and then a program. */
	h = head(NUNCHI_REC_ENTER, 7, 31, "runc:[1:CHILD]");
	h.flags = NUNCHI_F_ENTERED | NUNCHI_F_SETUP;
	encode_begin(&rec, &h);
	finish();
	execute(7, 31, "runc:[2:INIT]", "cat", "/usr/bin/cat", "cat\0/etc/shadow", 16,
		NUNCHI_F_ENTERED | NUNCHI_F_ENTERING);
	h = head(NUNCHI_REC_EXEC, 7, 31, "cat");
	h.flags = NUNCHI_F_ENTERED;
	encode_life(&rec, &h, NUNCHI_LIFE_EXEC, -1, WEB);
	put();
	/* Its child, and a process that was always inside. */
	h = head(NUNCHI_REC_FORK, 7, 32, "cat");
	h.flags = NUNCHI_F_ENTERED;
	h.ppid = 7031;
	encode_begin(&rec, &h);
	text(NUNCHI_BLOB_PARENT_COMM, 0, "cat");
	finish();
	h = head(NUNCHI_REC_SYSCALL, 7, 32, "cat");
	h.flags = NUNCHI_F_ENTERED;
	h.ppid = 7031;
	begin_call(h, "setuid", 0, ARGS(1));
	finish();
	begin(7, 40, "nginx", "setuid", 0, ARGS(2));
	finish();
	changed(head(NUNCHI_REC_NAMESPACES, 7, 32, "sh"), 1U << NUNCHI_NS_MNT | 1U << NUNCHI_NS_PID, 0);
	changed(head(NUNCHI_REC_NAMESPACES, 7, 32, "sh"), 1U << NUNCHI_NS_MNT, 1U << NUNCHI_NS_MNT);
	h = head(NUNCHI_REC_MOVED, 7, 32, "sh");
	encode_begin(&rec, &h);
	encode_bytes(&rec, &moved, sizeof(moved));
	encode_blob(&rec, NUNCHI_BLOB_CGROUP_PATH, 0, 0, path, sizeof(path));
	finish();
	encode_escape(&rec, &h, 0, &blob);
	put();
	encode_blind(&rec, &h, NUNCHI_BLIND_IO_URING);
	put();
	/* The host's own, in a mount namespace of its own; and what the kernel itself starts. */
	h = head(NUNCHI_REC_SYSCALL, 0, 80, "chrome");
	h.flags = NUNCHI_F_SANDBOXED;
	begin_call(h, "setuid", 0, ARGS(3));
	finish();
	begin(NUNCHI_SLOT_HELPERS, 81, "modprobe", "setuid", 0, ARGS(4));
	finish();
	/* A container that only has an id, in another one; its name comes late. */
	container(10, (struct container_info){
		.id = (char *)"0a0a0a0a0a0a0a0a", .init_pid = 10001, .parent_id = (char *)WEB,
		.incomplete = (char *)"no runtime named it within 2.0 s",
		.started = BOOT_TO_EPOCH + now });
	begin(10, 1, "deep", "setuid", 0, ARGS(5));
	finish();
	encode_container(&rec, &(struct container_info){ .id = (char *)"0a0a0a0a0a0a0a0a",
							 .name = (char *)"deep" }, tick());
	put();
	life(NUNCHI_LIFE_INFO, -1, "0a0a0a0a0a0a0a0a");
	begin(10, 1, "deep", "setuid", 0, ARGS(6));
	finish();
	life(NUNCHI_LIFE_PAUSED, -1, WEB);
	life(NUNCHI_LIFE_PAUSED, -1, WEB);
	life(NUNCHI_LIFE_RESUMED, -1, WEB);
	/* One ended by its init as the kernel saw it, for want of memory; one as its runtime says. */
	life(NUNCHI_LIFE_OOM, -1, POD);
	end(8, 1, "app", SIGKILL);
	encode_container_gone(&rec, POD, tick());
	put();
	life(NUNCHI_LIFE_DIED, 3, WEB);
	encode_container_gone(&rec, WEB, tick());
	put();
	life(NUNCHI_LIFE_REMOVED, -1, WEB);
	life(NUNCHI_LIFE_REMOVED, -1, "nobody");
}

/* A frame per event: what a damaged file still gives can be told to the event. */
static void frames(void)
{
	say_host();
	containers();
	for (uint32_t i = 0; i < 8; i++) {
		if (capture_writer_flush(out) < 0)
			exit(1);
		begin(7, 1, "nginx", "setuid", 0, ARGS(100 + i));
		finish();
	}
}

#include "attacks.h"

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*make)(void);
	} streams[] = { { "attacks", attacks }, { "basic", basic }, { "calls", calls },
			{ "frames", frames }, { "hostile", hostile }, { "lives", lives },
			{ "setup", setup }, { "slots", slots } };

	for (size_t i = 0; argc == 3 && i < ARRAY_SIZE(streams); i++) {
		if (!streq(streams[i].name, argv[1]))
			continue;
		if (capture_writer_open(&out, argv[2]) < 0)
			return 1;
		streams[i].make();
		strbuf_free(&rec);
		return capture_writer_close(out) < 0;
	}
	fprintf(stderr, "usage: streams attacks|basic|calls|frames|hostile|lives|setup|slots FILE\n");
	return 2;
}
