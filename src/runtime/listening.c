/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second engine, or one in an unusual place, is found by the name of the socket that it listens on. Anybody can make a
 * socket of that name: so every directory on its path must be root's, which also means that no file system of anybody
 * else is entered on the way.
 */
#include "listening.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "root.h"

#define FLAG_LISTENS 0x10000UL	/* __SO_ACCEPTCON */

const char *listening_parse(char *line, const char **ret_kind)
{
	static const struct {
		const char *name;
		const char *kind;
	} names[] = {
		{ "docker.sock", "docker" },
		{ "containerd.sock", "containerd" },
		{ "crio.sock", "cri" },
		{ "podman.sock", "podman" },
	};
	/* Num RefCount Protocol Flags Type St Inode Path */
	const char *word, *path, *last;
	unsigned n = 0;

	while ((word = strsep(&line, " "))) {
		if (!*word)
			continue;
		if (++n == 4 && !(strtoul(word, NULL, 16) & FLAG_LISTENS))
			return NULL;
		if (n == 7)
			break;
	}
	path = line;
	if (!path || *path != '/' || strstr(path, "/../"))
		return NULL;
	last = strrchr(path, '/') + 1;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (streq(last, names[i].name)) {
			*ret_kind = names[i].kind;
			return path;
		}
	}
	return NULL;
}

static bool is_roots(const char *root, const char *path)
{
	_cleanup_close_ int fd = root_open(root, path, O_PATH);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && (!st.st_uid || st.st_uid == geteuid());
}

bool listening_is_roots(const char *root, const char *path)
{
	/* From the top, so that nothing is looked up in a directory before it is known whose it is. */
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		_cleanup_free_ char *above = xstrndup(path, (size_t)(slash - path));

		if (!is_roots(root, above))
			return false;
	}
	return is_roots(root, path);
}

void listening_visit(const char *root, void (*each)(void *arg, const char *kind, const char *path),
		     void *arg)
{
	_cleanup_free_ char *host = xasprintf("%s/proc/1/net/unix", root);
	_cleanup_fclose_ FILE *f = fopen(host, "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;

	if (!f && !*root)
		f = fopen("/proc/self/net/unix", "re");
	while (f && getline(&line, &size, f) > 0) {
		const char *kind, *path;

		line[strcspn(line, "\n")] = '\0';
		path = listening_parse(line, &kind);
		if (path && listening_is_roots(root, path))
			each(arg, kind, path);
	}
}
