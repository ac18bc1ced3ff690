/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file per instance, /run/nunchi/PID, which is touched each second and removed at the end. A file whose
 * process is gone was left by an instance that was killed: since its last touch that instance has not
 * watched. /run does not survive a boot, but neither do the processes that were watched. If the directory
 * cannot be made, there is no heartbeat.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>

#include "heartbeat.h"
#include "internal.h"

struct heartbeat {
	int dir;
	int file;
	char name[16];
};

/*
 * Whether the instance that made the file still runs: compares its process's start with the one written in
 * the file. An empty file is of an instance that has just made it.
 */
static bool is_running(int file, pid_t pid)
{
	unsigned long long start = process_start_of(pid);
	char text[32] = { 0 };

	return start && (read(file, text, sizeof(text) - 1) <= 0 || start == strtoull(text, NULL, 10));
}

/* 0: the name is not a PID. */
static pid_t pid_of(const char *name)
{
	char *end;
	long pid = strtol(name, &end, 10);

	return *name >= '1' && *name <= '9' && !*end && pid <= INT_MAX ? (pid_t)pid : 0;
}

pid_t heartbeat_of(int dir, const char *name)
{
	pid_t pid = pid_of(name);
	_cleanup_close_ int file = pid ? openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;

	return file >= 0 && is_running(file, pid) ? pid : 0;
}

static void look_at(struct engine *e, int dir, const char *name)
{
	pid_t pid = pid_of(name);
	_cleanup_close_ int file = pid ? openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
	struct stat st;
	uint64_t from, now = clock_epoch();

	if (file < 0 || fstat(file, &st) || !S_ISREG(st.st_mode) || is_running(file, pid))
		return;
	/* If several instances look at once, the one that removes the file reports the gap. */
	if (unlinkat(dir, name, 0))
		return;
	instance_forget(dir, pid);
	from = (uint64_t)st.st_mtim.tv_sec * NSEC_PER_SEC + (uint64_t)st.st_mtim.tv_nsec;
	encode_gap(&e->record, from, now, clock_boot());
	pipeline_made(e);
	/* guard shows alerts, not this event, and the file is gone now: so log it. */
	if (e->force->rules)
		log_warn("nobody watched for %.1f s until now: an earlier nunchi was killed",
			 now > from ? (double)(now - from) / NSEC_PER_SEC : 0.0);
}

static void look_at_all(struct engine *e, int dir)
{
	_cleanup_closedir_ DIR *d = open_directory(dir, ".");

	for (struct dirent *entry; d && (entry = readdir(d));)
		look_at(e, dir, entry->d_name);
}

void heartbeat_start(struct engine *e)
{
	struct heartbeat *h;
	int dir;

	if (mkdir(HEARTBEAT_DIRECTORY, 0755) && errno != EEXIST)
		return;
	dir = open(HEARTBEAT_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0)
		return;
	look_at_all(e, dir);
	h = xcalloc(1, sizeof(*h));
	h->dir = dir;
	snprintf(h->name, sizeof(h->name), "%d", getpid());
	h->file = openat(dir, h->name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (h->file < 0) {
		log_debug("no heartbeat: " HEARTBEAT_DIRECTORY "/%s: %s", h->name, strerror(errno));
		close(dir);
		free(h);
		return;
	}
	dprintf(h->file, "%llu\n", process_start_of(getpid()));
	e->heartbeat = h;
}

void heartbeat_beat(struct engine *e)
{
	if (e->heartbeat)
		futimens(e->heartbeat->file, NULL);
}

int heartbeat_directory(const struct heartbeat *h)
{
	return h ? h->dir : -1;
}

void heartbeat_end(struct engine *e)
{
	struct heartbeat *h = e->heartbeat;

	if (!h)
		return;
	instance_forget(h->dir, getpid());
	unlinkat(h->dir, h->name, 0);
	close(h->file);
	close(h->dir);
	free(h);
	e->heartbeat = NULL;
}
