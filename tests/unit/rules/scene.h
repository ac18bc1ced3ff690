/* SPDX-License-Identifier: Apache-2.0 */
/* More events in the world of tests/unit/fields/world.h: what rules are about. */
#pragma once

#include <linux/bpf.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/un.h>

#include "../fields/world.h"

enum scene_event {
	S_EXEC_FAILED = W_MAX,	/* web: execve of /usr/local/bin/sh, ENOENT; the image stays cat */
	S_MEMFD,	/* web: an image in memory only */
	S_SOCKET,	/* web: a raw packet socket */
	S_SETUID,	/* web: setuid(0) */
	S_SETGID,	/* web: setgid(77), a group without a name */
	S_PTRACE,	/* web: PTRACE_ATTACH to 1, EPERM */
	S_CHMOD,	/* web: fchmodat run.sh, 04755, in /mnt */
	S_DUP,		/* web: a TCP connection becomes fd 0 */
	S_SYMLINK,	/* web: x in /mnt is to be /etc/shadow */
	S_LINK,		/* web: /etc/passwd gets the name /tmp/p */
	S_UNLINK,	/* web: unlinkat of ../etc/cron.d/job in /mnt */
	S_SENDTO,	/* web: a datagram to 169.254.169.254:80 */
	S_WRITE,	/* web: write of a class file's beginning to /mnt/out */
	S_BPF,		/* web: BPF_PROG_LOAD, EPERM */
	S_UNIX,		/* web: connect to /run/docker.sock */
	S_ACCEPT,	/* web: accept4 of 10.0.0.9:51000 at 10.0.0.1:8080 */
	S_MKDIR,	/* web: mkdir /usr/bin/x */
	S_CHOWN,	/* web: fchownat of run.sh to 101:33 */
	S_MOUNT,	/* web: /src is bound to /dst */
	S_UMOUNT,	/* web: umount2 of /dst */
	S_CLONE3,	/* web: a child in a PID namespace of its own */
	S_LINKED,	/* web: openat of /var/link, by which it opens /etc/shadow */
	S_OWN_PIPE,	/* web: openat of /proc/self/fd/1, which is a pipe, O_WRONLY */
	S_FIFO,		/* web: openat of /tmp/fifo, O_WRONLY */
	S_PIPE_WRITE,	/* web: write to a pipe */
	S_SHELL,	/* db: bash below postgres: an exec */
	S_EXEC_HOST,	/* host: sshd's child becomes bash */
	S_MAX
};

struct scene {
	struct world *world;
	struct strbuf records[S_MAX - W_MAX];
	struct event events[S_MAX];
};

static inline struct strbuf *scene_begin(struct scene *s, enum scene_event e, const char *name,
					 int64_t ret, const uint64_t args[6])
{
	struct nunchi_head head = world_head(NUNCHI_REC_SYSCALL, 1, 5000, 31, "cat");
	struct strbuf *b = &s->records[e - W_MAX];

	world_call(b, &head, name, ret, args);
	return b;
}

#define SCENE(s, e, name, ret, ...) \
	scene_begin(s, e, name, ret, (const uint64_t[6]){ __VA_ARGS__ })

static inline void scene_pipe(struct strbuf *b, uint8_t arg)
{
	struct nunchi_file file = { .ino = 77, .dev = 15, .mode = S_IFIFO | 0600, .magic = PIPEFS_MAGIC };

	encode_blob(b, NUNCHI_BLOB_FILE, arg, 0, (const char *)&file, sizeof(file));
}

static inline void scene_sock(struct strbuf *b, uint8_t arg, uint16_t type, const char *local,
			      uint16_t lport, const char *remote, uint16_t rport)
{
	struct nunchi_sock sock = { .family = AF_INET, .type = type, .lport = lport, .rport = rport };

	inet_pton(AF_INET, local, sock.laddr);
	if (remote)
		inet_pton(AF_INET, remote, sock.raddr);
	encode_blob(b, NUNCHI_BLOB_SOCK, arg, 0, &sock, sizeof(sock));
}

static inline void scene_files(struct scene *s)
{
	const uint64_t at = (uint64_t)AT_FDCWD;
	struct strbuf *b;

	b = SCENE(s, S_EXEC_FAILED, "execve", -2, 0x1000, 0x2000, 0x3000);
	world_text(b, NUNCHI_BLOB_STR, 0, "/usr/local/bin/sh");
	b = SCENE(s, S_CHMOD, "fchmodat", 0, at, 0x1000, 04755);
	world_text(b, NUNCHI_BLOB_STR, 1, "run.sh");
	WORLD_FILE(b, NUNCHI_BLOB_BASE, 1, S_IFDIR | 0755, "mnt\0");
	b = SCENE(s, S_SYMLINK, "symlinkat", 0, 0x1000, at, 0x2000);
	world_text(b, NUNCHI_BLOB_STR, 0, "/etc/shadow");
	world_text(b, NUNCHI_BLOB_STR, 2, "x");
	WORLD_FILE(b, NUNCHI_BLOB_BASE, 2, S_IFDIR | 0755, "mnt\0");
	b = SCENE(s, S_LINK, "linkat", 0, at, 0x1000, at, 0x2000);
	world_text(b, NUNCHI_BLOB_STR, 1, "/etc/passwd");
	world_text(b, NUNCHI_BLOB_STR, 3, "/tmp/p");
	b = SCENE(s, S_UNLINK, "unlinkat", 0, at, 0x1000, 0);
	world_text(b, NUNCHI_BLOB_STR, 1, "../etc/cron.d/job");
	WORLD_FILE(b, NUNCHI_BLOB_BASE, 1, S_IFDIR | 0755, "mnt\0");
	b = SCENE(s, S_WRITE, "write", 8, 3, 0x1000, 8);
	encode_blob(b, NUNCHI_BLOB_BYTES, 1, 0, "\xca\xfe\xba\xbe\0\0\0\x34", 8);
	WORLD_FILE(b, NUNCHI_BLOB_FILE, 0, S_IFREG | 0644, "out\0mnt\0");
	b = SCENE(s, S_OWN_PIPE, "openat", 4, at, 0x1000, O_WRONLY);
	world_text(b, NUNCHI_BLOB_STR, 1, "/proc/self/fd/1");
	scene_pipe(b, NUNCHI_ARG_RET);
	b = SCENE(s, S_FIFO, "openat", 4, at, 0x1000, O_WRONLY);
	world_text(b, NUNCHI_BLOB_STR, 1, "/tmp/fifo");
	WORLD_FILE(b, NUNCHI_BLOB_FILE, NUNCHI_ARG_RET, S_IFIFO | 0644, "fifo\0tmp\0");
	b = SCENE(s, S_PIPE_WRITE, "write", 1, 1, 0x1000, 1);
	scene_pipe(b, 0);
	b = SCENE(s, S_LINKED, "openat", 4, at, 0x1000, O_RDONLY);
	world_text(b, NUNCHI_BLOB_STR, 1, "/var/link");
	WORLD_FILE(b, NUNCHI_BLOB_FILE, NUNCHI_ARG_RET, S_IFREG | 0600, "shadow\0etc\0");
	b = SCENE(s, S_MKDIR, "mkdirat", 0, at, 0x1000, 0755);
	world_text(b, NUNCHI_BLOB_STR, 1, "/usr/bin/x");
	b = SCENE(s, S_CHOWN, "fchownat", 0, at, 0x1000, 101, 33, 0);
	world_text(b, NUNCHI_BLOB_STR, 1, "/run.sh");
}

static inline void scene_mounts(struct scene *s)
{
	const uint64_t clone_args[11] = { CLONE_NEWPID | CLONE_VFORK | 0x200000000ULL };
	struct strbuf *b;

	b = SCENE(s, S_MOUNT, "mount", 0, 0x1000, 0x2000, 0, MS_BIND | MS_REC, 0);
	world_text(b, NUNCHI_BLOB_STR, 0, "/src");
	world_text(b, NUNCHI_BLOB_STR, 1, "/dst");
	b = SCENE(s, S_UMOUNT, "umount2", 0, 0x1000, MNT_DETACH);
	world_text(b, NUNCHI_BLOB_STR, 0, "/dst");
	b = SCENE(s, S_CLONE3, "clone3", 5001, 0x1000, sizeof(clone_args));
	encode_blob(b, NUNCHI_BLOB_BYTES, 0, 0, clone_args, sizeof(clone_args));
}

static inline void scene_sockets(struct scene *s)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(80) };
	struct nunchi_sock un = { .family = AF_UNIX, .type = SOCK_STREAM, .rpath = 16 };
	_cleanup_strbuf_ struct strbuf path = STRBUF_INIT;
	struct strbuf *b;

	SCENE(s, S_SOCKET, "socket", 7, AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0x300);
	b = SCENE(s, S_DUP, "dup3", 0, 5, 0);
	scene_sock(b, NUNCHI_ARG_RET, SOCK_STREAM, "10.0.0.1", 40000, "10.0.0.7", 443);
	b = SCENE(s, S_SENDTO, "sendto", 10, 6, 0x1000, 10, 0, 0x2000, 16);
	encode_blob(b, NUNCHI_BLOB_BYTES, 1, 0, "GET / HTTP", 10);
	inet_pton(AF_INET, "169.254.169.254", &to.sin_addr);
	encode_blob(b, NUNCHI_BLOB_SOCKADDR, 4, 0, &to, sizeof(to));
	scene_sock(b, 0, SOCK_DGRAM, "10.0.0.1", 40002, NULL, 0);
	b = SCENE(s, S_UNIX, "connect", 0, 8, 0x1000, 18);
	strbuf_add(&path, &un, sizeof(un));
	strbuf_add(&path, "/run/docker.sock", 16);
	encode_blob(b, NUNCHI_BLOB_SOCK, 0, 0, path.s, path.len);
	b = SCENE(s, S_ACCEPT, "accept4", 9, 4, 0, 0, 0);
	scene_sock(b, NUNCHI_ARG_RET, SOCK_STREAM, "10.0.0.1", 8080, "10.0.0.9", 51000);
}

static inline void scene_memfd(struct strbuf *b)
{
	struct nunchi_file file = { .ino = 1, .dev = 1, .mode = 0100777, .magic = TMPFS_MAGIC };
	_cleanup_strbuf_ struct strbuf body = STRBUF_INIT;

	strbuf_add(&body, &file, sizeof(file));
	strbuf_add(&body, "memfd:x", sizeof("memfd:x"));
	encode_blob(b, NUNCHI_BLOB_EXE, 0, NUNCHI_BLOB_UNREACHABLE | NUNCHI_BLOB_DELETED, body.s,
		    body.len);
}

static inline void scene_execs(struct scene *s)
{
	struct nunchi_head head = world_head(NUNCHI_REC_EXEC, 1, 5050, 33, "3");
	static const char argv[] = "payload\0--daemon";
	static const char shell[] = "/bin/bash\0-i";
	struct nunchi_head parent = world_head(NUNCHI_REC_TASK, 2, 5299, 1, "postgres");
	struct strbuf *b = &s->records[S_MEMFD - W_MAX];
	_cleanup_strbuf_ struct strbuf task = STRBUF_INIT;
	struct event ev;

	world_call(b, &head, "execve", 0, (const uint64_t[6]){ 0 });
	scene_memfd(b);
	encode_blob(b, NUNCHI_BLOB_ARGV, 0, 0, argv, sizeof(argv));
	world_text(b, NUNCHI_BLOB_FILENAME, 0, "/proc/self/fd/3");

	encode_process(&task, &parent, "/usr/lib/postgresql/bin/postgres", "/", NULL, "postgres\0-D", 12,
		       "containerd-shim", NULL, NULL, 0);
	world_apply(s->world, &task, &ev);
	head = world_head(NUNCHI_REC_EXEC, 2, 5300, 7, "bash");
	b = &s->records[S_SHELL - W_MAX];
	world_call(b, &head, "execve", 0, (const uint64_t[6]){ 0 });
	WORLD_FILE(b, NUNCHI_BLOB_EXE, 0, S_IFREG | 0755, "bash\0bin\0");
	encode_blob(b, NUNCHI_BLOB_ARGV, 0, 0, shell, sizeof(shell));
	world_text(b, NUNCHI_BLOB_FILENAME, 0, "/bin/bash");
	world_text(b, NUNCHI_BLOB_PARENT_COMM, 0, "postgres");

	head = world_head(NUNCHI_REC_EXEC, 0, 901, 901, "bash");
	b = &s->records[S_EXEC_HOST - W_MAX];
	world_call(b, &head, "execve", 0, (const uint64_t[6]){ 0 });
	WORLD_FILE(b, NUNCHI_BLOB_EXE, 0, S_IFREG | 0755, "bash\0bin\0");
	encode_blob(b, NUNCHI_BLOB_ARGV, 0, 0, "-bash", 6);
	world_text(b, NUNCHI_BLOB_FILENAME, 0, "/bin/bash");
}

static inline struct scene *scene_new(void)
{
	struct scene *s = xcalloc(1, sizeof(*s));

	s->world = world_new();
	scene_files(s);
	scene_sockets(s);
	scene_execs(s);
	scene_mounts(s);
	SCENE(s, S_SETUID, "setuid", 0, 0);
	SCENE(s, S_SETGID, "setgid", 0, 77);
	SCENE(s, S_PTRACE, "ptrace", -1, PTRACE_ATTACH, 1);
	SCENE(s, S_BPF, "bpf", -1, BPF_PROG_LOAD, 0x1000, 120);
	for (int i = 0; i < W_MAX; i++)
		s->events[i] = s->world->events[i];
	for (int i = W_MAX; i < S_MAX; i++) {
		encode_end(&s->records[i - W_MAX]);
		world_apply(s->world, &s->records[i - W_MAX], &s->events[i]);
	}
	for (int i = 0; i < S_MAX; i++)
		s->events[i].num = (uint64_t)i + 1;
	return s;
}

static inline void scene_free(struct scene *s)
{
	for (int i = 0; i < S_MAX - W_MAX; i++)
		strbuf_free(&s->records[i]);
	world_free(s->world);
	free(s);
}
