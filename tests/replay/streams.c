/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes captures whose every byte is known: `streams NAME FILE`. Times are fixed, so that the
 * output is the same on every machine.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

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
static struct nunchi_head head(enum nunchi_kind kind, uint32_t slot, uint32_t vpid, const char *comm)
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
	struct nunchi_call body = { .nr = (uint32_t)call->nr, .ret = ret };

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
	struct nunchi_file file = { .ino = 42, .dev = 8 << 20 | 1, .mode = mode, .magic = EXT4_SUPER_MAGIC };
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
	encode_lost(&rec, &lost, 7, 1, tick());
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

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*make)(void);
	} streams[] = { { "basic", basic }, { "hostile", hostile }, { "setup", setup } };

	for (size_t i = 0; argc == 3 && i < ARRAY_SIZE(streams); i++) {
		if (!streq(streams[i].name, argv[1]))
			continue;
		if (capture_writer_open(&out, argv[2]) < 0)
			return 1;
		streams[i].make();
		strbuf_free(&rec);
		return capture_writer_close(out) < 0;
	}
	fprintf(stderr, "usage: streams basic|hostile|setup FILE\n");
	return 2;
}
