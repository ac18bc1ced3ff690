/* SPDX-License-Identifier: Apache-2.0 */
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "event/container_info.h"
#include "facts.h"

static int open_how(int dir, const char *name, int flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.resolve = resolve,
	};
	int fd = (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

int open_within(int dir, const char *name, int flags)
{
	return open_how(dir, name, flags, RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

int root_open(const char *root, const char *path, int flags)
{
	_cleanup_close_ int top = -1;
	int fd;

	if (!*root) {
		fd = open(path, flags | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	top = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return -errno;
	return open_how(top, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

char *fd_path(int fd)
{
	char link[32], path[CONTAINER_STRING_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path));
	return n > 0 && n < (ssize_t)sizeof(path) && *path == '/' ? xstrndup(path, (size_t)n) : NULL;
}

char *root_path(const char *root, const char *path)
{
	_cleanup_close_ int fd = root_open(root, path, O_PATH);

	return fd < 0 ? NULL : fd_path(fd);
}

int root_read(const char *root, const char *path, size_t max, struct strbuf *ret)
{
	_cleanup_close_ int fd = root_open(root, path, OPEN_FOREIGN | O_NOFOLLOW);
	struct stat st;

	return fd < 0 ? fd : read_regular(fd, max, ret, &st);
}

int open_trusted(const char *path, size_t trusted, int flags)
{
	_cleanup_free_ char *above = trusted ? xstrndup(path, trusted) : NULL;
	_cleanup_close_ int dir = -1;
	int fd;

	if (!trusted) {
		fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW);
		return fd < 0 ? -errno : fd;
	}
	dir = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	path += trusted;
	return open_within(dir, path + strspn(path, "/"), flags);
}
