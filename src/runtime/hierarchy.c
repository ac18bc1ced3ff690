/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cgroup hierarchies: in which of them the cgroup of a process is looked up, where each is mounted, and whether a cgroup is
 * frozen.
 */
#include "hierarchy.h"

#include <sys/stat.h>
#include <unistd.h>

#include "cgroup_ns.h"
#include "facts.h"
#include "runtime.h"

char *cgroup_line(const char *text, const char *controller)
{
	_cleanup_free_ char *wanted = xasprintf(",%s,", controller);

	for (const char *line = text, *next; line && *line; line = next) {
		const char *end = strchrnul(line, '\n');
		_cleanup_free_ char *one = xstrndup(line, MIN((size_t)(end - line), (size_t)CONTAINER_STRING_MAX));
		_cleanup_free_ char *list = NULL;
		char *names = strchr(one, ':'), *path = names ? strchr(names + 1, ':') : NULL;

		next = *end ? end + 1 : NULL;
		if (!path || path[1] != '/')
			continue;
		*path++ = '\0';
		list = xasprintf(",%s,", names + 1);
		if (strstr(list, wanted))
			return xstrdup(path);
	}
	return NULL;
}

char *facts_parse_cgroup(const char *text, const char **ret_hierarchy)
{
	/* Best first. The v2 line has an empty list of controllers. */
	static const char *const wanted[] = { "", "pids", "memory" };
	bool is_known = true;

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		_cleanup_free_ char *seen = cgroup_line(text, wanted[i]);
		_cleanup_free_ char *path = seen ? cgroup_absolute(wanted[i], seen) : NULL;

		is_known &= !seen || path;
		*ret_hierarchy = wanted[i];
		if (path && !streq(path, "/"))
			return TAKE_PTR(path);
	}
	*ret_hierarchy = "";
	return is_known ? xstrdup("/") : NULL;
}

char *cgroup_of(const char *root, uint32_t pid, const char **ret_hierarchy)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	*ret_hierarchy = "";
	if (read_proc(root, pid, "cgroup", PROC_MAX, &text) < 0)
		return NULL;
	return facts_parse_cgroup(text.s, ret_hierarchy);
}

char *process_cgroup(const char *root, uint32_t pid)
{
	const char *hierarchy;

	return cgroup_of(root, pid, &hierarchy);
}

char *cgroup_in(const char *root, uint32_t pid, uint32_t hierarchy)
{
	_cleanup_free_ char *number = xasprintf("%u:", hierarchy);
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	if (read_proc(root, pid, "cgroup", PROC_MAX, &text) < 0)
		return NULL;
	for (const char *line = text.s, *end, *path; line && *line; line = *end ? end + 1 : NULL) {
		end = strchrnul(line, '\n');
		path = starts_with(line, number) ? memchr(line + strlen(number), ':', (size_t)(end - line) - strlen(number)) : NULL;
		if (path)
			return xstrndup(path + 1, (size_t)(end - path - 1));
	}
	return NULL;
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

/* Stops at the first match: hierarchies are mounted early, and containers may have a thousand mounts after them. */
char *hierarchy_mount(const char *root, const char *hierarchy, unsigned *ret_above)
{
	_cleanup_free_ char *top = xasprintf("%s/sys/fs/cgroup", root), *line = NULL;
	_cleanup_fclose_ FILE *f = fopen("/proc/self/mountinfo", "re");
	char *best = NULL;
	bool below = false;
	size_t size = 0;

	while (f && !below && getline(&line, &size, f) > 0) {
		char *field[4] = { NULL };

		line[strcspn(line, "\n")] = '\0';
		if (!mount_line(line, field) || !is_hierarchy(field, hierarchy))
			continue;
		unescape(field[1]);
		below = starts_with(field[1], top) && cgroup_is_whole(field[0], true);
		if (!below && (best || !cgroup_is_whole(field[0], false)))
			continue;
		free(best);
		best = xstrdup(field[1]);
		if (ret_above)
			*ret_above = (unsigned)(strlen(field[0]) / strlen("/.."));
	}
	return best;
}

uint64_t cgroup_inode(const char *root, const char *hierarchy, const char *cgroup)
{
	_cleanup_free_ char *mount = hierarchy_mount(root, hierarchy, NULL), *path = NULL;
	_cleanup_free_ char *pids = streq(hierarchy, "memory") ? hierarchy_mount(root, "pids", NULL) : NULL;
	struct stat st;

	/* The kernel side looks at one v1 hierarchy only (pids, if there is one): in another the id is another cgroup's. */
	if (pids)
		return 0;
	if (!mount)
		return 0;
	path = xasprintf("%s%s", mount, cgroup);
	if (stat(path, &st))
		return 0;
	return st.st_ino | (*hierarchy ? NUNCHI_CGROUP_V1 : 0);
}

/* Whether the nearest directory above path that still exists is root's or ours. */
static bool is_made_by_root(const char *mount, const char *path)
{
	_cleanup_free_ char *above = xstrdup(path);
	char *slash;

	while ((slash = strrchr(above, '/'))) {
		_cleanup_free_ char *dir = NULL;
		struct stat st;

		*slash = '\0';
		dir = xasprintf("%s%s", mount, above);
		if (stat(dir, &st) == 0)
			return !st.st_uid || st.st_uid == geteuid();
	}
	return true;
}

bool cgroup_is_roots(const char *root, const char *path)
{
	static const char *const hierarchies[] = { "", "pids", "memory" };

	for (size_t i = 0; i < ARRAY_SIZE(hierarchies); i++) {
		_cleanup_free_ char *mount = hierarchy_mount(root, hierarchies[i], NULL);

		if (mount && !is_made_by_root(mount, path))
			return false;
	}
	return true;
}

/* The path of the cgroup that can be frozen: of v1's freezer, else of v2. NULL: there is none, or it cannot be known. */
static char *freezer_path(const char *text, const char **ret_hierarchy)
{
	_cleanup_free_ char *path = cgroup_line(text, "freezer");

	*ret_hierarchy = "freezer";
	if (path && !streq(path, "/"))
		return cgroup_absolute(*ret_hierarchy, path);
	free(path);
	path = facts_parse_cgroup(text, ret_hierarchy);
	return path && !**ret_hierarchy && !streq(path, "/") ? TAKE_PTR(path) : NULL;
}

char *freezer_file(const char *root, uint32_t pid, const char *id)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	_cleanup_free_ char *path = NULL, *mount = NULL;
	const char *hierarchy;

	if (read_proc(root, pid, "cgroup", PROC_MAX, &text) < 0)
		return NULL;
	path = freezer_path(text.s, &hierarchy);
	mount = path ? hierarchy_mount(root, hierarchy, NULL) : NULL;
	if (!mount)
		return NULL;
	path[cgroup_own_len(path, id)] = '\0';
	return xasprintf("%s%s/%s", mount, path, *hierarchy ? "freezer.state" : "cgroup.events");
}

bool freezer_is_frozen(const char *file)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	if (read_bounded(file, PROC_MAX, &text) < 0 || !text.len)
		return false;
	return strstr(text.s, "frozen 1") || starts_with(text.s, "FROZEN");
}
