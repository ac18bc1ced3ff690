/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cgroup hierarchies: which one says where a process is, where it is mounted, and whether what is
 * in a directory of it is frozen.
 */
#include "hierarchy.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#include "base/log.h"
#include "facts.h"

char *facts_parse_cgroup(const char *text, const char **ret_hierarchy)
{
	/* Best first. The v2 line has an empty list of controllers. */
	static const char *const wanted[] = { "", "pids", "memory" };

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		for (const char *line = text, *next; line && *line; line = next) {
			const char *end = strchrnul(line, '\n');
			const char *list = memchr(line, ':', (size_t)(end - line));
			const char *path;

			next = *end ? end + 1 : NULL;
			if (!list)
				continue;
			list++;
			path = memchr(list, ':', (size_t)(end - list));
			if (!path || (size_t)(path - list) != strlen(wanted[i]) ||
			    memcmp(list, wanted[i], (size_t)(path - list)) != 0)
				continue;
			path++;
			if (*path != '/' || end - path < 2)
				continue;
			*ret_hierarchy = wanted[i];
			return xstrndup(path, MIN((size_t)(end - path), (size_t)CONTAINER_STRING_MAX));
		}
	}
	*ret_hierarchy = "";
	return NULL;
}

char *cgroup_of(const char *root, uint32_t pid, const char **ret_hierarchy)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	char *path;

	*ret_hierarchy = "";
	if (read_proc(root, pid, "cgroup", PROC_MAX, &text) < 0)
		return NULL;
	path = facts_parse_cgroup(text.s, ret_hierarchy);
	return path ? path : xstrdup("/");
}

char *process_cgroup(const char *root, uint32_t pid)
{
	const char *hierarchy;

	return cgroup_of(root, pid, &hierarchy);
}

/* "\040" and the like in mountinfo. */
static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*out++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

bool mount_line(char *line, char *field[4])
{
	char *dash = strstr(line, " - "), *after, *w;
	unsigned n = 0;

	if (!dash)
		return false;
	*dash = '\0';
	for (; (w = strsep(&line, " ")); n++)
		if (n == 3 || n == 4)
			field[n - 3] = w;
	after = dash + 3;
	field[2] = strsep(&after, " ");
	strsep(&after, " ");
	field[3] = strsep(&after, " ");
	return n > 4 && field[3];
}

static bool is_hierarchy(char *const field[4], const char *hierarchy)
{
	_cleanup_free_ char *options = NULL, *option = NULL;

	if (!*hierarchy)
		return streq(field[2], "cgroup2");
	options = xasprintf(",%s,", field[3]);
	option = xasprintf(",%s,", hierarchy);
	return streq(field[2], "cgroup") && strstr(options, option);
}

/*
 * Where a hierarchy ("" is v2) is mounted whole, as this process sees it; the host's own if shown.
 * They are mounted early: the thousand mounts of containers after them are not read.
 */
static char *hierarchy_mount(const char *root, const char *hierarchy)
{
	_cleanup_free_ char *below = xasprintf("%s/sys/fs/cgroup", root), *line = NULL;
	_cleanup_fclose_ FILE *f = fopen("/proc/self/mountinfo", "re");
	char *best = NULL;
	size_t size = 0;

	while (f && getline(&line, &size, f) > 0) {
		char *field[4] = { NULL };

		line[strcspn(line, "\n")] = '\0';
		if (!mount_line(line, field) || !streq(field[0], "/") ||
		    !is_hierarchy(field, hierarchy))
			continue;
		unescape(field[1]);
		if (starts_with(field[1], below)) {
			free(best);
			return xstrdup(field[1]);
		}
		if (!best)
			best = xstrdup(field[1]);
	}
	return best;
}

uint64_t cgroup_inode(const char *root, const char *hierarchy, const char *cgroup)
{
	_cleanup_free_ char *mount = hierarchy_mount(root, hierarchy), *path = NULL;
	_cleanup_free_ char *pids = streq(hierarchy, "memory") ? hierarchy_mount(root, "pids") : NULL;
	struct stat st;

	/* The kernel side looks at one of v1's only: in another one the number is another cgroup's. */
	if (pids)
		return 0;
	/* "/../x" is outside of our own cgroup namespace: not below what we have mounted. */
	if (!mount || strstr(cgroup, ".."))
		return 0;
	path = xasprintf("%s%s", mount, cgroup);
	if (stat(path, &st))
		return 0;
	return st.st_ino | (*hierarchy ? NUNCHI_CGROUP_V1 : 0);
}

/* The path on the line of a v1 controller, which may share its hierarchy with others. */
static char *v1_path(const char *text, const char *controller)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n'), line += line != NULL) {
		_cleanup_free_ char *one = xstrndup(line, strcspn(line, "\n"));
		_cleanup_free_ char *list = NULL, *wanted = xasprintf(",%s,", controller);
		char *names = strchr(one, ':'), *path = names ? strchr(names + 1, ':') : NULL;

		if (!path || path[1] != '/' || !path[2])
			continue;
		*path++ = '\0';
		list = xasprintf(",%s,", names + 1);
		if (strstr(list, wanted))
			return xstrdup(path);
	}
	return NULL;
}

char *freezer_file(const char *root, uint32_t pid)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	_cleanup_free_ char *path = NULL, *mount = NULL;
	const char *hierarchy = "freezer";

	if (read_proc(root, pid, "cgroup", PROC_MAX, &text) < 0)
		return NULL;
	path = v1_path(text.s, hierarchy);
	if (!path) {
		path = facts_parse_cgroup(text.s, &hierarchy);
		if (!path || *hierarchy)
			return NULL;
	}
	mount = hierarchy_mount(root, hierarchy);
	if (!mount || strstr(path, ".."))
		return NULL;
	return xasprintf("%s%s/%s", mount, path, *hierarchy ? "freezer.state" : "cgroup.events");
}

bool freezer_is_frozen(const char *file)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	if (read_bounded(file, PROC_MAX, &text) < 0 || !text.len)
		return false;
	return strstr(text.s, "frozen 1") || starts_with(text.s, "FROZEN");
}

void cgroup_enter_host(const char *root)
{
	_cleanup_free_ char *path = xasprintf("%s/proc/1/ns/cgroup", root);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWCGROUP) < 0)
		log_debug("the host's cgroup namespace cannot be entered: %s", strerror(errno));
}
