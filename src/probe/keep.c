/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocking that outlives the process (--keep-blocking): the links of the blocking programs are pinned, and with
 * them the programs and their maps; so are the hooks that keep the identities of a container's processes. The
 * next run pins its own links beside them and renames them into place once it knows which container each slot
 * belongs to. Until then both block.
 */
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/log.h"
#include "internal.h"

#define DIRECTORY PIN_DIRECTORY "/block"
#define LOCK "/run/nunchi/block.lock"
#define NEXT "_next"	/* bpffs refuses names with a dot */

static bool is_next(const char *name)
{
	size_t len = strlen(name), end = strlen(NEXT);

	return len > end && streq(name + len - end, NEXT);
}

/* Links that were not renamed: those of a run that ended before it could, and ours if we do. */
static void drop_next(void)
{
	_cleanup_closedir_ DIR *d = opendir(DIRECTORY);

	for (struct dirent *e; d && (e = readdir(d));)
		if (is_next(e->d_name))
			(void)unlinkat(dirfd(d), e->d_name, 0);
}

static int pin(struct bpf_link *link, const char *name, struct strbuf *err)
{
	_cleanup_free_ char *path = xasprintf(DIRECTORY "/%s" NEXT, name);
	int r;

	r = bpf_link__pin(link, path);
	return r < 0 ? load_failed(err, "pinning what blocks", r) : 0;
}

int probe_keep_blocking(struct probe *p, struct strbuf *err)
{
	struct nunchi *skel = p->skel;
	int r = pin_lock(LOCK, "--keep-blocking", &p->keep_fd, err);

	if (r >= 0)
		r = pin_directory("--keep-blocking", err);
	if (r >= 0 && mkdir(DIRECTORY, 0700) && errno != EEXIST)
		r = load_failed(err, "making " DIRECTORY, -errno);
	if (r >= 0)
		drop_next();
	for (int i = 0; r >= 0 && i < skel->skeleton->prog_cnt; i++) {
		const char *name = skel->skeleton->progs[i].name;
		struct bpf_link *link = *skel->skeleton->progs[i].link;

		if (link && (starts_with(name, "block_") || starts_with(name, "keep_")))
			r = pin(link, name, err);
	}
	return r;
}

/* The rename unpins the earlier run's link of that name. */
static void settle(int dir, const char *name, bool *kept)
{
	_cleanup_free_ char *to = xstrndup(name, strlen(name) - strlen(NEXT));

	if (renameat(dir, name, dir, to))
		log_warn("--keep-blocking: " DIRECTORY "/%s: %s", name, strerror(errno));
	else
		*kept = true;
}

/* Unpins an earlier run's link if no link of ours takes its place. */
static void drop_old(int dir, const char *name)
{
	_cleanup_free_ char *next = xasprintf("%s" NEXT, name);

	if (faccessat(dir, next, F_OK, 0))
		(void)unlinkat(dir, name, 0);
}

void probe_keep_settle(struct probe *p)
{
	_cleanup_closedir_ DIR *d = p->keep_fd >= 0 ? opendir(DIRECTORY) : NULL;
	bool kept = false;

	for (struct dirent *e; d && (e = readdir(d));)
		if (e->d_name[0] != '.' && !is_next(e->d_name))
			drop_old(dirfd(d), e->d_name);
	if (d)
		rewinddir(d);
	for (struct dirent *e; d && (e = readdir(d));)
		if (e->d_name[0] != '.' && is_next(e->d_name))
			settle(dirfd(d), e->d_name, &kept);
	if (d)
		log_debug("--keep-blocking: %s", kept ? "what blocks is pinned in " DIRECTORY : "nothing blocks");
}

void keep_close(struct probe *p)
{
	if (p->keep_fd >= 0)
		drop_next();
	close_fd(&p->keep_fd);
}

bool probe_is_keeping(void)
{
	_cleanup_close_ int fd = open(LOCK, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;
}

int probe_kept_blocking(bool remove, void (*fn)(const char *hook, uint64_t since, void *arg), void *arg)
{
	_cleanup_closedir_ DIR *d = opendir(DIRECTORY);
	int n = 0;

	if (!d)
		return errno == ENOENT ? 0 : -errno;
	for (struct dirent *e; (e = readdir(d));) {
		struct stat st;

		if (e->d_name[0] == '.' || fstatat(dirfd(d), e->d_name, &st, 0))
			continue;
		if (remove && unlinkat(dirfd(d), e->d_name, 0))
			return -errno;
		if (fn)
			fn(e->d_name, (uint64_t)st.st_mtim.tv_sec * NSEC_PER_SEC, arg);
		n++;
	}
	return n;
}
