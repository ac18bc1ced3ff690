/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The account of a running nunchi, for `nunchi stats`: /run/nunchi/PID.account, rewritten each second. A
 * head, then COUNTS and ACCOUNT records as in a capture, and a RULE record for each rule in force, which
 * captures do not have. Each instance has its own file, and reading it disturbs nobody. A damaged file does
 * not hide the others; one that was written by an earlier process with the same PID is ignored.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "heartbeat.h"
#include "internal.h"

#define SUFFIX ".account"
#define NEW ".new"
#define MAGIC "nunchi\x02"	/* 8 bytes with the NUL; the last one is the version */
#define FILE_MAX (32U << 20)	/* bytes: 4,096 rows with the longest names */

struct instance_head {
	char magic[8];
	uint64_t pid;
	uint64_t started;	/* CLOCK_BOOTTIME, ns */
	uint64_t now;
	uint64_t process;	/* its start as process_start_of() has it */
	uint32_t cpu_limit;	/* see struct instance */
	uint32_t limited;
	char command[16];
};

static const char *command_of(const struct engine_config *config)
{
	return config->rules ? "guard" : config->record ? "record" : "trace";
}

/* Writes a new file and renames it over the old one, so that readers see one of them whole. */
static int replace(int dir, const char *name, const struct strbuf *text)
{
	_cleanup_close_ int fd = -1;
	char new_name[40];

	snprintf(new_name, sizeof(new_name), "%s" NEW, name);
	fd = openat(dir, new_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, text->s, text->len) != (ssize_t)text->len || renameat(dir, new_name, dir, name)) {
		unlinkat(dir, new_name, 0);
		return -EIO;
	}
	return 0;
}

void instance_publish(struct engine *e, uint64_t now)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct instance_head head = { .magic = MAGIC, .pid = (uint64_t)getpid(),
				      .started = e->started, .now = now,
				      .process = process_start_of(getpid()),
				      .cpu_limit = e->config->cpu_limit, .limited = e->cpu_limit.in_force };
	int dir = heartbeat_directory(e->heartbeat);
	char name[32];

	if (dir < 0)
		return;
	snprintf(head.command, sizeof(head.command), "%s", command_of(e->config));
	strbuf_add(&text, &head, sizeof(head));
	account_now(e, &text);
	snprintf(name, sizeof(name), "%d" SUFFIX, getpid());
	if (replace(dir, name, &text) < 0)
		log_debug("nunchi stats will not know: " HEARTBEAT_DIRECTORY "/%s cannot be written", name);
}

void instance_forget(int dir, pid_t pid)
{
	char name[32];

	snprintf(name, sizeof(name), "%d" SUFFIX, pid);
	unlinkat(dir, name, 0);
	/* Left over if it was killed while writing. */
	snprintf(name, sizeof(name), "%d" SUFFIX NEW, pid);
	unlinkat(dir, name, 0);
}

static int read_file(int dir, const char *name, struct strbuf *text)
{
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	char buf[16384];
	ssize_t n;

	if (fd < 0)
		return -errno;
	while (text->len < FILE_MAX && (n = read(fd, buf, sizeof(buf))) > 0)
		strbuf_add(text, buf, (size_t)n);
	return 0;
}

/* The records are copied, because they need not be aligned in the file. */
static int take_records(const struct strbuf *text, struct accounts *accounts)
{
	_cleanup_strbuf_ struct strbuf record = STRBUF_INIT;
	size_t at = sizeof(struct instance_head);

	while (text->len - at >= sizeof(struct nunchi_head)) {
		struct nunchi_head head;
		const char *why;
		struct event ev;

		memcpy(&head, text->s + at, sizeof(head));
		if (head.len < sizeof(head) || head.len > text->len - at)
			return -EBADMSG;
		strbuf_reset(&record);
		strbuf_add(&record, text->s + at, head.len);
		if (event_decode(&ev, record.s, record.len, 0, &why) < 0)
			return -EBADMSG;
		accounts_apply(accounts, &ev);
		at += head.len;
	}
	return 0;
}

/* -ENOENT: there is no account, or it is of an earlier process. */
static int read_instance(int dir, pid_t pid, struct instance *ret)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct instance_head head;
	char name[32];
	int r;

	snprintf(name, sizeof(name), "%d" SUFFIX, pid);
	r = read_file(dir, name, &text);
	if (r < 0)
		return r;
	if (text.len < sizeof(head) || memcmp(text.s, MAGIC, sizeof(head.magic)))
		return -EBADMSG;
	memcpy(&head, text.s, sizeof(head));
	if (head.pid != (uint64_t)pid || head.process != process_start_of(pid))
		return -ENOENT;
	ret->started = head.started;
	ret->now = head.now;
	ret->cpu_limit = head.cpu_limit;
	ret->limited = head.limited;
	snprintf(ret->command, sizeof(ret->command), "%.*s", (int)sizeof(head.command), head.command);
	return take_records(&text, &ret->accounts);
}

int instances_read(void (*fn)(const struct instance *i, void *arg), void *arg)
{
	_cleanup_closedir_ DIR *d = opendir(HEARTBEAT_DIRECTORY);
	int n = 0, failed = 0;

	if (!d)
		return errno == ENOENT ? 0 : -errno;
	/* Goes by the heartbeat files: readdir() may miss an account that is being replaced. */
	for (struct dirent *entry; (entry = readdir(d));) {
		pid_t pid = heartbeat_of(dirfd(d), entry->d_name);
		struct instance instance = { .pid = (uint32_t)pid };

		if (!pid)
			continue;
		instance.error = read_instance(dirfd(d), pid, &instance);
		/* An instance that has just started or ended has none. */
		if (instance.error != -ENOENT)
			fn(&instance, arg);
		n += instance.error >= 0;
		if (instance.error < 0 && instance.error != -ENOENT)
			failed = instance.error;
		accounts_free(&instance.accounts);
	}
	return n || !failed ? n : failed;
}
