/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small world for tests of fields and filters: a stream of records as the kernel and the runtimes
 * make them, decoded and applied to a model. One container of a pod (web), one of runc alone (db),
 * one that nobody has named yet, and the host.
 */
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "fields/fields.h"

#define WORLD_EPOCH 1700000000000000000ULL	/* 2023-11-14T22:13:20Z */
#define WEB_ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define NOWHERE 0xffffffffU

enum world_event {
	W_EXEC,		/* web: bash becomes cat /mnt/test.txt */
	W_OPEN,		/* web: cat opens /mnt/test.txt for reading */
	W_FAILED,	/* web: cat cannot open ../etc/shadow for O_RDWR|O_CREAT */
	W_CREATE,	/* web: openat2 of /tmp/new, O_WRONLY|O_CREAT */
	W_CONNECT,	/* web: 10.0.0.1:40000 to 10.0.0.7:443, in progress */
	W_CONNECT6,	/* web: [2001:db8::1]:40001 to [2001:db8::7]:53, UDP */
	W_MAPPED,	/* web: the same as W_CONNECT by an IPv6 socket */
	W_RENAME,	/* web: /mnt/a to /mnt/b */
	W_KILLED,	/* web: a process ends by SIGKILL */
	W_DB_EXIT,	/* db: a process ends with 3 */
	W_ENTRY,	/* web: cat is about to open /mnt/test.txt (--entry) */
	W_HOST,		/* host: sshd opens /etc/passwd */
	W_PENDING,	/* the unnamed container: openat, in its set-up, late */
	W_STARTED,	/* the record that names web */
	W_LOST,		/* web: 1204 lost, ring full */
	W_MISSING,	/* nobody knows whose: 7 are missing */
	W_MAX
};

struct world {
	struct model *model;
	struct strbuf records[W_MAX];
	struct event events[W_MAX];
};

static inline void world_apply(struct world *w, struct strbuf *record, struct event *ev)
{
	const char *why = NULL;

	if (event_decode(ev, record->s, record->len, WORLD_EPOCH, &why) < 0) {
		fprintf(stderr, "record is damaged: %s\n", why);
		abort();
	}
	model_apply(w->model, ev);
}

static inline struct nunchi_head world_head(enum nunchi_kind kind, uint32_t slot, uint32_t pid,
					    uint32_t vpid, const char *comm)
{
	struct nunchi_head head = {
		.kind = (uint16_t)kind,
		.seq = 1,
		.time = 12345678901ULL,
		.slot = slot,
		.generation = slot ? 1 : 0,
		.cpu = 3,
		.ppid = pid - 1,
		.pid = pid,
		.tid = pid + 100,
		.vpid = vpid,
		.vtid = vpid + 100,
		.uid = slot == 1 ? 101 : 1000,
		.gid = slot == 1 ? 33 : 1000,
		.loginuid = slot ? UINT32_MAX : 1000,
		.pidns = 4026532995U,
		.mntns = 4026532993U,
		.cgroup = 7777,
		.start = 1000000000ULL + pid,
	};

	memcpy(head.comm, comm, strlen(comm));
	return head;
}

static inline void world_call(struct strbuf *b, const struct nunchi_head *head, const char *name,
			      int64_t ret, const uint64_t args[6])
{
	const struct syscall_info *info = syscall_by_name(name, strlen(name));
	struct nunchi_call call = { .nr = (uint32_t)syscall_nr(info), .ret = ret };

	memcpy(call.args, args, sizeof(call.args));
	encode_begin(b, head);
	encode_bytes(b, &call, sizeof(call));
}

/* components: leaf first, each with its NUL, as in a record. */
static inline void world_file(struct strbuf *b, enum nunchi_blob_type type, uint8_t arg,
			      uint32_t mode, const char *components, size_t len)
{
	_cleanup_strbuf_ struct strbuf body = STRBUF_INIT;
	struct nunchi_file file = { .ino = 4711, .dev = 8 << 20 | 1, .mode = mode };
	bool image = type == NUNCHI_BLOB_EXE || type == NUNCHI_BLOB_INTERPRETER;	/* written to since: in an overlay's upper layer */

	file.magic = image ? OVERLAYFS_SUPER_MAGIC : EXT4_SUPER_MAGIC;
	strbuf_add(&body, &file, sizeof(file));
	strbuf_add(&body, components, len);
	encode_blob(b, type, arg, image ? NUNCHI_BLOB_UPPER : 0, body.s, body.len);
}
#define WORLD_FILE(b, type, arg, mode, text) world_file(b, type, arg, mode, text, sizeof(text) - 1)

static inline void world_text(struct strbuf *b, enum nunchi_blob_type type, uint8_t arg,
			      const char *text)
{
	encode_blob(b, type, arg, 0, text, strlen(text));
}

static inline void world_exec(struct world *w)
{
	struct nunchi_head head = world_head(NUNCHI_REC_EXEC, 1, 5000, 31, "cat");
	static const char argv[] = "cat\0/mnt/test.txt\0-n";
	/* bash's session, and a process group of its own on the terminal pts/2; bit 63 is no capability. */
	const struct nunchi_traits traits = {
		.cap_effective = 1 << 0 | 1 << 5, .cap_permitted = 1 << 5 | 1ULL << 63, .tty = 136 << 8 | 2,
		.exe_ctime = WORLD_EPOCH + 1000000100ULL, .exe_mtime = 1600000000000000001ULL,
		.pidns_start = 1000000000ULL, .sid = 4999, .pgid = 5000, .vpgid = 31,
		.flags = NUNCHI_TRAIT_EXE, .streams = { S_IFCHR >> 12, NUNCHI_STREAM_IPV6 },
	};
	struct strbuf *b = &w->records[W_EXEC];

	world_call(b, &head, "execve", 0, (const uint64_t[6]){ 0 });
	WORLD_FILE(b, NUNCHI_BLOB_EXE, 0, S_IFREG | 06745, "cat\0bin\0usr\0");
	WORLD_FILE(b, NUNCHI_BLOB_INTERPRETER, 0, S_IFREG | 0755, "ld-musl-x86_64.so.1\0lib\0");
	WORLD_FILE(b, NUNCHI_BLOB_CWD, 0, S_IFDIR | 0755, "mnt\0");
	encode_blob(b, NUNCHI_BLOB_ARGV, 0, 0, argv, sizeof(argv));
	world_text(b, NUNCHI_BLOB_FILENAME, 0, "/usr/bin/cat");
	world_text(b, NUNCHI_BLOB_PREV_COMM, 0, "bash");
	world_text(b, NUNCHI_BLOB_PARENT_COMM, 0, "bash");
	encode_blob(b, NUNCHI_BLOB_TRAITS, 0, 0, &traits, sizeof(traits));
	encode_blob(b, NUNCHI_BLOB_ENV, 0, 0, "HOME=/root\0EMPTY=\0X=a=b", 24);
	encode_end(b);
}

static inline void world_opens(struct world *w)
{
	struct nunchi_head head = world_head(NUNCHI_REC_SYSCALL, 1, 5000, 31, "cat");
	uint64_t at = (uint64_t)AT_FDCWD;
	uint64_t how[3] = { O_WRONLY | O_CREAT, 0644, 0 };
	struct strbuf *b = &w->records[W_OPEN];

	world_call(b, &head, "openat", 3, (const uint64_t[6]){ at, 0x1000, O_RDONLY });
	world_text(b, NUNCHI_BLOB_STR, 1, "test.txt");
	WORLD_FILE(b, NUNCHI_BLOB_FILE, NUNCHI_ARG_RET, S_IFREG | 0644, "test.txt\0mnt\0");
	encode_end(b);

	b = &w->records[W_FAILED];
	world_call(b, &head, "openat", -13,
		   (const uint64_t[6]){ at, 0x1000, O_RDWR | O_CREAT, 0644 });
	world_text(b, NUNCHI_BLOB_STR, 1, "../etc/shadow");
	WORLD_FILE(b, NUNCHI_BLOB_BASE, 1, S_IFDIR | 0755, "mnt\0");
	encode_end(b);

	b = &w->records[W_CREATE];
	world_call(b, &head, "openat2", 4, (const uint64_t[6]){ at, 0x1000, 0x2000, 24 });
	world_text(b, NUNCHI_BLOB_STR, 1, "/tmp/new");
	encode_blob(b, NUNCHI_BLOB_BYTES, 2, 0, how, sizeof(how));
	WORLD_FILE(b, NUNCHI_BLOB_FILE, NUNCHI_ARG_RET, S_IFREG | 0644, "new\0tmp\0");
	encode_end(b);

	b = &w->records[W_RENAME];
	world_call(b, &head, "renameat2", 0, (const uint64_t[6]){ at, 0x1000, at, 0x2000 });
	world_text(b, NUNCHI_BLOB_STR, 1, "/mnt/a");
	world_text(b, NUNCHI_BLOB_STR, 3, "/mnt/b");
	encode_end(b);

	head = world_head(NUNCHI_REC_SYSCALL, 1, 5000, 31, "cat");
	head.flags = NUNCHI_F_ENTRY;
	b = &w->records[W_ENTRY];
	world_call(b, &head, "openat", NUNCHI_RET_ENTRY, (const uint64_t[6]){ at, 0x1000, O_RDONLY });
	world_text(b, NUNCHI_BLOB_STR, 1, "/mnt/test.txt");
	encode_end(b);

	head = world_head(NUNCHI_REC_SYSCALL, 0, 900, 900, "sshd");
	b = &w->records[W_HOST];
	world_call(b, &head, "openat", 5, (const uint64_t[6]){ at, 0x1000, O_RDONLY | O_CLOEXEC });
	world_text(b, NUNCHI_BLOB_STR, 1, "/etc/passwd");
	WORLD_FILE(b, NUNCHI_BLOB_FILE, NUNCHI_ARG_RET, S_IFREG | 0644, "passwd\0etc\0");
	encode_end(b);

	head = world_head(NUNCHI_REC_SYSCALL, 3, 6000, 1, "runc:[2:INIT]");
	head.flags = NUNCHI_F_SETUP | NUNCHI_F_LATE;
	b = &w->records[W_PENDING];
	world_call(b, &head, "openat", 6, (const uint64_t[6]){ at, 0x1000, O_PATH });
	world_text(b, NUNCHI_BLOB_STR, 1, "/");
	WORLD_FILE(b, NUNCHI_BLOB_FILE, NUNCHI_ARG_RET, S_IFDIR | 0755, "");
	encode_end(b);
}

static inline void world_connect(struct strbuf *b, uint16_t family, uint16_t type,
				 const char *local, uint16_t lport, const char *remote,
				 uint16_t rport, int64_t ret)
{
	struct nunchi_head head = world_head(NUNCHI_REC_SYSCALL, 1, 5000, 31, "cat");
	struct nunchi_sock sock = { .family = family, .type = type, .lport = lport, .rport = rport,
				    .ino = 99 };

	inet_pton(family, local, sock.laddr);
	inet_pton(family, remote, sock.raddr);
	world_call(b, &head, "connect", ret, (const uint64_t[6]){ 5, 0x1000, 16 });
	encode_blob(b, NUNCHI_BLOB_SOCK, 0, 0, &sock, sizeof(sock));
	encode_end(b);
}

static inline void world_exits(struct world *w)
{
	struct nunchi_head head = world_head(NUNCHI_REC_EXIT, 1, 5100, 32, "sleep");
	struct nunchi_exit code = { .code = 9 };

	encode_begin(&w->records[W_KILLED], &head);
	encode_bytes(&w->records[W_KILLED], &code, sizeof(code));
	encode_end(&w->records[W_KILLED]);

	head = world_head(NUNCHI_REC_EXIT, 2, 5200, 1, "postgres");
	code.code = 3 << 8;
	encode_begin(&w->records[W_DB_EXIT], &head);
	encode_bytes(&w->records[W_DB_EXIT], &code, sizeof(code));
	encode_end(&w->records[W_DB_EXIT]);
}

static inline void world_losses(struct world *w)
{
	struct nunchi_lost lost = { .count = 1204, .first = 1, .last = 2,
				    .reason = NUNCHI_DROP_RING_FULL };

	encode_lost(&w->records[W_LOST], &lost, NULL, 1, 1, 12345678901ULL);
	lost.count = 7;
	lost.reason = NUNCHI_DROP_SEQUENCE;
	encode_lost(&w->records[W_MISSING], &lost, NULL, 0, 0, 12345678901ULL);
}

static inline struct container_info *world_web(void)
{
	struct label labels[] = { { (char *)"app", (char *)"shop" },
				  { (char *)"io.kubernetes/x-y", (char *)"" } };
	struct label pod_labels[] = { { (char *)"tier", (char *)"front" } };
	struct id_name users[] = { { 0, (char *)"root" }, { 101, (char *)"nginx" } };
	struct id_name groups[] = { { 33, (char *)"www-data" } };
	struct container_info info = {
		.id = (char *)WEB_ID, .name = (char *)"web", .runtime = (char *)"containerd",
		.image = (char *)"reg:5000/nginx:1.27",
		.pod_name = (char *)"web-7d9", .pod_namespace = (char *)"shop",
		.pod_uid = (char *)"aaaa-bbbb", .ip = (char *)"10.88.0.7",
		.pod_sandbox = (char *)"fedcba9876543210", .cgroup = (char *)"/kubepods/web",
		.labels = labels, .n_labels = 2, .pod_labels = pod_labels, .n_pod_labels = 1,
		.users = users, .n_users = 2, .groups = groups, .n_groups = 1,
		.created = WORLD_EPOCH - 2, .started = WORLD_EPOCH - 1,
		.init_pid = 4211, .pidns = 4026532995U, .mntns = 4026532993U,
		.shares = SHARES_NET | SHARES_PID | SHARES_USER, .privileged = true,
	};
	struct container_info *c = container_info_dup(&info);

	container_info_set_image(c, info.image);
	container_info_add_mount(c, "/proc", "/host/proc", false, "rprivate");
	container_info_add_mount(c, "/srv/web:1", "/var/www", true, NULL);
	return c;
}

static inline void world_names(struct world *w)
{
	struct id_name users[] = { { 0, (char *)"root" }, { 101, (char *)"messagebus" },
				   { 1000, (char *)"alice" } };
	struct id_name groups[] = { { 1000, (char *)"alices" } };
	struct host_info host = { "node1", "6.1.0", "x86_64", WORLD_EPOCH, users, 3, groups, 1 };
	struct container_info db = { .id = (char *)"postgres-main-1", .name = (char *)"db",
				     .runtime = (char *)"runc" };
	_cleanup_container_info_ struct container_info *web = world_web();
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	struct nunchi_head bash = world_head(NUNCHI_REC_TASK, 1, 4999, 30, "bash");
	struct event ev;

	encode_host(&b, &host, 1);
	world_apply(w, &b, &ev);
	encode_container(&w->records[W_STARTED], web, 12345678901ULL);
	world_apply(w, &w->records[W_STARTED], &w->events[W_STARTED]);
	encode_container(&b, &db, 1);
	world_apply(w, &b, &ev);
	encode_slot(&b, 0, 0, NULL, 1);
	world_apply(w, &b, &ev);
	encode_slot(&b, 1, 1, WEB_ID, 1);
	world_apply(w, &b, &ev);
	encode_slot(&b, 2, 1, "postgres-main-1", 1);
	world_apply(w, &b, &ev);
	encode_process(&b, &bash, "/usr/bin/bash", "/root", NULL, "/bin/bash\0-l", 13, "containerd-shim",
		       &(struct nunchi_traits){ .sid = 4999, .pgid = 4999, .vpgid = 30 },
		       "HOME=/\0OLD=1", 12);
	world_apply(w, &b, &ev);
}

static inline void world_free(struct world *w)
{
	model_free(w->model);
	for (size_t i = 0; i < W_MAX; i++)
		strbuf_free(&w->records[i]);
	free(w);
}

static inline struct world *world_new(void)
{
	struct world *w = xcalloc(1, sizeof(*w));

	w->model = model_new((size_t)4 << 20);
	world_names(w);
	world_exec(w);
	world_opens(w);
	world_connect(&w->records[W_CONNECT], AF_INET, SOCK_STREAM, "10.0.0.1", 40000, "10.0.0.7",
		      443, -115);
	world_connect(&w->records[W_CONNECT6], AF_INET6, SOCK_DGRAM, "2001:db8::1", 40001,
		      "2001:db8::7", 53, 0);
	world_connect(&w->records[W_MAPPED], AF_INET6, SOCK_STREAM, "::ffff:10.0.0.1", 40000,
		      "::ffff:10.0.0.7", 443, 0);
	world_exits(w);
	world_losses(w);
	for (size_t i = 0; i < W_MAX; i++)
		if (i != W_STARTED)
			world_apply(w, &w->records[i], &w->events[i]);
	return w;
}
