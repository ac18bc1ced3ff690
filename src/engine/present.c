/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes that already run, as PROCESS records. For each process of a container (with --host: each
 * process) from the head that the kernel's iterator makes, and /proc. For its ancestors on the host from
 * /proc alone, so that every ancestry is complete.
 */
#include <fcntl.h>

#include "base/patience.h"
#include "base/privileges.h"
#include "internal.h"

#define PROC_FILE_MAX 4096	/* of cmdline, exe, cwd */
#define ANCESTORS_MAX 32
#define MEMORY_WAIT_MS 500	/* for what lies in a process's memory; half of it after each that was left */

static size_t read_proc(uint32_t pid, const char *name, char *buf, size_t size)
{
	_cleanup_close_ int fd = -1;
	size_t len = 0;
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && len < size && (n = read(fd, buf + len, size - len)) > 0)
		len += (size_t)n;
	return len;
}

/* cmdline or environ, of which both are as long at most. */
struct others_memory {
	struct patience patience;
	uint32_t pid;
	const char *name;
	size_t size, len;
	char text[PROC_FILE_MAX];
};

static void memory_read(struct patience *what)
{
	struct others_memory *m = (struct others_memory *)what;

	(void)privileges_keep(PRIVILEGES_LOOK);
	m->len = read_proc(m->pid, m->name, m->text, m->size);
}

static void memory_release(struct patience *what)
{
	free(what);
}

/* What is not even tried is said once, not of each of the host's processes. */
static void say_locked(uint32_t pid, const char *name, unsigned left)
{
	static bool all_said;

	if (left < PATIENCE_LEFT_MAX)
		log_warn("the memory of process %u is locked: its %s is not known", pid, name);
	else if (!all_said)
		log_warn("the memory of %u processes is locked: what is in that of others, from %u on, is not known", left, pid);
	all_said |= left >= PATIENCE_LEFT_MAX;
}

/*
 * Whose memory is locked keeps who reads it waiting: a process that takes away the mapping of a file on FUSE has it locked until
 * the server, which is its own, has written what is to be written. None is to keep us from the others.
 */
static size_t read_memory(uint32_t pid, const char *name, char *buf, size_t size)
{
	struct others_memory *m = xcalloc(1, sizeof(*m));
	unsigned left = patience_left();
	size_t len;

	m->patience = (struct patience){ .run = memory_read, .release = memory_release };
	m->pid = pid;
	m->name = name;
	m->size = MIN(size, sizeof(m->text));
	if (!patience_run(&m->patience, MEMORY_WAIT_MS >> MIN(left, 6U))) {
		say_locked(pid, name, left);
		return 0;
	}
	len = m->len;
	memcpy(buf, m->text, len);
	free(m);
	return len;
}

static const char *read_link(uint32_t pid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	n = readlink(path, buf, size - 1);
	if (n <= 0)
		return NULL;
	buf[n] = '\0';
	return buf;
}

static void read_comm(uint32_t pid, char comm[16])
{
	char text[32];
	size_t len = read_proc(pid, "comm", text, sizeof(text));

	while (len && text[len - 1] == '\n')
		len--;
	len = MIN(len, 15);
	memcpy(comm, text, len);
	memset(comm + len, 0, 16 - len);
}

/* The last number in the line "Name:" of /proc/PID/status: the one in the innermost namespace. */
static uint64_t status_number(const char *status, const char *name, int base)
{
	const char *at = strstr(status, name), *end;

	if (!at)
		return 0;
	at += strlen(name);
	end = at + strcspn(at, "\n");
	while (end > at && end[-1] != '\t' && end[-1] != ' ')
		end--;
	return strtoull(end, NULL, base);
}

/* The traits that an EXEC record has, except those of the image's file, of which only the path is read. */
static void read_traits(uint32_t pid, struct nunchi_traits *ret)
{
	char text[PROC_FILE_MAX], *after;
	size_t len = read_proc(pid, "stat", text, sizeof(text) - 1);

	*ret = (struct nunchi_traits){ 0 };
	text[len] = '\0';
	after = strrchr(text, ')');
	/* Fields 5 to 7. */
	if (after)
		sscanf(after + 1, " %*c %*d %u %u %u", &ret->pgid, &ret->sid, &ret->tty);
	len = read_proc(pid, "status", text, sizeof(text) - 1);
	text[len] = '\0';
	ret->vpgid = (uint32_t)status_number(text, "\nNSpgid:", 10);
	ret->cap_inheritable = status_number(text, "\nCapInh:", 16);
	ret->cap_permitted = status_number(text, "\nCapPrm:", 16);
	ret->cap_effective = status_number(text, "\nCapEff:", 16);
}

static void process_found(struct engine *e, const struct nunchi_head *head)
{
	_cleanup_strbuf_ struct strbuf record = STRBUF_INIT;
	char exe[PROC_FILE_MAX], cwd[PROC_FILE_MAX], root[PROC_FILE_MAX], argv[PROC_FILE_MAX], parent_comm[16];
	char env[NUNCHI_ENV_MAX];
	size_t env_len = e->env ? read_memory(head->pid, "environ", env, sizeof(env)) : 0;
	size_t argv_len = read_memory(head->pid, "cmdline", argv, sizeof(argv));
	const char *exe_link = read_link(head->pid, "exe", exe, sizeof(exe));
	const char *cwd_link = read_link(head->pid, "cwd", cwd, sizeof(cwd));
	const char *chroot = read_link(head->pid, "root", root, sizeof(root));
	struct nunchi_traits traits;

	if (chroot && (chroot[0] != '/' || !chroot[1]))
		chroot = NULL;
	if (chroot)
		probe_chroots(e->probe);
	read_traits(head->pid, &traits);
	read_comm(head->ppid, parent_comm);
	encode_process(&record, head, exe_link, cwd_link, chroot, argv, argv_len,
		       *parent_comm ? parent_comm : NULL, &traits, env, env_len);
	drain_dispatch(e, record_in(&record));
}

/* Makes a head from /proc/PID/stat: proc(5). False: the process is gone. */
static bool read_head(uint32_t pid, struct nunchi_head *ret)
{
	unsigned long long ticks = 0;
	char text[1024], *after;
	size_t len = read_proc(pid, "stat", text, sizeof(text) - 1);
	long hz = sysconf(_SC_CLK_TCK);

	text[len] = '\0';
	after = strrchr(text, ')');
	*ret = (struct nunchi_head){ .kind = NUNCHI_REC_TASK, .time = clock_boot(), .pid = pid,
				     .tid = pid, .vpid = pid, .vtid = pid,
				     .generation = PROBE_GENERATION_FIRST,
				     .loginuid = (uint32_t)-1 };
	/* Fields 4 and 22, found after the last ")": the name before it may contain anything. */
	if (!after || sscanf(after + 1, " %*c %u %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d "
					"%*d %*d %*d %*d %*d %llu", &ret->ppid, &ticks) != 2)
		return false;
	ret->start = ticks * (NSEC_PER_SEC / (uint64_t)(hz > 0 ? hz : 100));
	read_comm(pid, ret->comm);
	return true;
}

/* From the outermost inwards, so that each finds its parent. */
static void find_ancestors(struct engine *e, uint32_t pid)
{
	struct nunchi_head heads[ANCESTORS_MAX];
	size_t n = 0;

	while (pid && n < ARRAY_SIZE(heads) && !model_process_alive(e->model, pid) &&
	       read_head(pid, &heads[n]))
		pid = heads[n++].ppid;
	while (n--)
		process_found(e, &heads[n]);
}

static void task_found(const struct nunchi_head *head, void *arg)
{
	struct engine *e = arg;

	if (!e->config->host && !e->config->snapshot)
		find_ancestors(e, head->ppid);
	process_found(e, head);
}

static void task_missed(const struct nunchi_head *head, void *arg)
{
	const struct engine *e = arg;

	if (!model_process_alive(e->model, head->pid))
		task_found(head, arg);
}

int present_find(struct engine *e)
{
	int r = probe_tasks(e->probe, task_found, e);

	/* Again: a task whose identity a hook was just making in the first pass was skipped. */
	if (r >= 0)
		r = probe_tasks(e->probe, task_missed, e);
	probe_chroots_may_be(e->probe, false);
	return r;
}
