/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's /etc/passwd is opened inside the container's root, crossing no mount and following no link at the end: a
 * container can neither lead us to a file of the host, nor keep us waiting with a file system of its own.
 */
#include "facts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/clock.h"
#include "hierarchy.h"
#include "root.h"
#include "runtime.h"

#define IDS_FILE_MAX 65536

static int read_fd(int fd, size_t max, struct strbuf *ret)
{
	char buf[4096];
	ssize_t n;

	strbuf_reset(ret);
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		if (ret->len + (size_t)n > max)
			return -EFBIG;
		strbuf_add(ret, buf, (size_t)n);
	}
	return n < 0 ? -errno : 0;
}

int read_regular(int fd, size_t max, struct strbuf *ret, struct stat *ret_st)
{
	if (fstat(fd, ret_st) < 0)
		return -errno;
	return S_ISREG(ret_st->st_mode) ? read_fd(fd, max, ret) : -EINVAL;
}

int read_bounded(const char *path, size_t max, struct strbuf *ret)
{
	_cleanup_close_ int fd = open(path, OPEN_FOREIGN | O_NOFOLLOW);
	struct stat st;

	return fd < 0 ? -errno : read_regular(fd, max, ret, &st);
}

int read_bounded_at(int dir, const char *name, size_t max, struct strbuf *ret, struct stat *ret_st)
{
	_cleanup_close_ int fd = open_within(dir, name, OPEN_FOREIGN);

	return fd < 0 ? fd : read_regular(fd, max, ret, ret_st);
}

int read_proc(const char *root, uint32_t pid, const char *name, size_t max, struct strbuf *ret)
{
	_cleanup_free_ char *path = xasprintf("%s/proc/%u/%s", root, pid, name);

	return read_bounded(path, max, ret);
}

/* Field n of /proc/PID/stat, from 3 (the state) on; the name before that may contain anything. */
static const char *stat_field(const struct strbuf *stat, unsigned n)
{
	const char *p = stat->s ? strrchr(stat->s, ')') : NULL;

	if (!p)
		return NULL;
	for (unsigned i = 2; i < n && p; i++) {
		p = strchr(p, ' ');
		p = p ? p + 1 : NULL;
	}
	return p;
}

static bool read_stat(const char *root, uint32_t pid, struct strbuf *stat)
{
	const char *state;

	if (!pid || read_proc(root, pid, "stat", PROC_MAX, stat) < 0)
		return false;
	state = stat_field(stat, 3);
	return state && !strchr("ZXx", *state);
}

uint64_t process_start_ticks(const char *root, uint32_t pid)
{
	_cleanup_strbuf_ struct strbuf stat = STRBUF_INIT;
	const char *start;

	if (!read_stat(root, pid, &stat))
		return 0;
	start = stat_field(&stat, 22);
	return start ? strtoull(start, NULL, 10) : 0;
}

uint64_t process_start(const char *root, uint32_t pid)
{
	long hz = sysconf(_SC_CLK_TCK);

	return process_start_ticks(root, pid) * (NSEC_PER_SEC / (uint64_t)(hz > 0 ? hz : 100));
}

uint32_t process_parent(const char *root, uint32_t pid)
{
	_cleanup_strbuf_ struct strbuf stat = STRBUF_INIT;
	const char *parent;

	if (!read_stat(root, pid, &stat))
		return 0;
	parent = stat_field(&stat, 4);
	return parent ? (uint32_t)strtoul(parent, NULL, 10) : 0;
}

uint64_t process_namespace(const char *root, uint32_t pid, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/proc/%u/ns/%s", root, pid, name);
	struct stat st;

	return pid && stat(path, &st) == 0 ? st.st_ino : 0;
}

/* The host's namespaces are those of its first process, or ours if that is hidden. */
static uint64_t host_namespace(const char *root, const char *name)
{
	_cleanup_free_ char *own = xasprintf("/proc/self/ns/%s", name);
	uint64_t ino = process_namespace(root, 1, name);
	struct stat st;

	if (ino)
		return ino;
	return stat(own, &st) == 0 ? st.st_ino : 0;
}

/* linux/nsfs.h has it since 6.11; before, namespaces can only be told by their inode numbers. */
#ifndef NS_GET_MNTNS_ID
#define NS_GET_MNTNS_ID _IOR(NSIO, 0x5, __u64)
#endif

static uint64_t mount_namespace_key(const char *root, uint32_t pid)
{
	_cleanup_free_ char *path = xasprintf("%s/proc/%u/ns/mnt", root, pid);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	__u64 key;

	return fd < 0 || ioctl(fd, NS_GET_MNTNS_ID, &key) < 0 ? 0 : key;
}

int64_t process_userns_owner(const char *root, uint32_t pid)
{
	_cleanup_free_ char *path = xasprintf("%s/proc/%u/ns/user", root, pid);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	uid_t owner;

	if (fd < 0 || ioctl(fd, NS_GET_OWNER_UID, &owner) < 0)
		return -1;
	return owner;
}

static uint8_t shared_namespaces(const char *root, uint32_t pid, uint8_t unknown)
{
	static const struct {
		const char *name;
		uint8_t bit;
	} all[] = {
		{ "pid", SHARES_PID }, { "net", SHARES_NET },	{ "ipc", SHARES_IPC },
		{ "uts", SHARES_UTS }, { "user", SHARES_USER }, { "cgroup", SHARES_CGROUP },
	};
	uint8_t shares = 0;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		uint64_t its = process_namespace(root, pid, all[i].name);
		uint64_t host = host_namespace(root, all[i].name);

		if (!its || !host)
			shares |= unknown & all[i].bit;
		else if (its == host)
			shares |= all[i].bit;
	}
	return shares;
}

void facts_parse_ids(const char *text, size_t len, struct id_name **ret, size_t *ret_n)
{
	const char *end = text + len;

	for (const char *line = text, *next; line < end && *ret_n < CONTAINER_IDS_MAX; line = next) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));
		const char *name_end, *id;
		char *stop;
		unsigned long v;

		/* A line without a newline may have been cut by our own bound. */
		if (!eol)
			break;
		next = eol + 1;
		name_end = memchr(line, ':', (size_t)(eol - line));
		id = name_end ? memchr(name_end + 1, ':', (size_t)(eol - name_end - 1)) : NULL;
		if (!id || name_end == line || id[1] < '0' || id[1] > '9')
			continue;
		v = strtoul(id + 1, &stop, 10);
		if (*stop != ':' || v > UINT32_MAX)
			continue;
		*ret = xrealloc(*ret, (*ret_n + 1) * sizeof(**ret));
		(*ret)[*ret_n] = (struct id_name){
			.id = (uint32_t)v,
			.name = xstrndup(line, MIN((size_t)(name_end - line), (size_t)256)),
		};
		(*ret_n)++;
	}
}

static void read_ids(int root_fd, const char *path, struct id_name **ret, size_t *ret_n)
{
	struct open_how how = {
		.flags = OPEN_FOREIGN | O_NOFOLLOW,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};
	_cleanup_close_ int fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
	_cleanup_free_ char *text = NULL;
	struct stat st;
	ssize_t n;

	if (*ret || fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	text = xmalloc(IDS_FILE_MAX + 1);
	n = read(fd, text, IDS_FILE_MAX);
	if (n <= 0)
		return;
	/* A last line without its newline is whole when the file ends there. */
	if (n < IDS_FILE_MAX && text[n - 1] != '\n')
		text[n++] = '\n';
	facts_parse_ids(text, (size_t)n, ret, ret_n);
}

/* The id of the mount that the fd is on; -1: not known. Asks no file system. */
static long mount_of(int fd)
{
	_cleanup_free_ char *path = xasprintf("/proc/self/fdinfo/%d", fd);
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char line[128];
	long id;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "mnt_id: %ld", &id) == 1)
			return id;
	return -1;
}

/* The file system that a line of mountinfo is of, by its numbers. */
static unsigned long long mount_device(const char *line)
{
	unsigned major, minor;

	return sscanf(line, "%*d %*d %u:%u ", &major, &minor) == 2 ? (unsigned long long)major << 32 | minor : 0;
}

/* Whether the host has the file system mounted, too: whoever made it a container's root has done so there. */
static bool is_of_host(const char *root, unsigned long long device)
{
	_cleanup_free_ char *path = xasprintf("%s/proc/1/mountinfo", root), *line = NULL;
	_cleanup_fclose_ FILE *f = device ? fopen(path, "re") : NULL;
	bool found = false;
	size_t size = 0;

	while (f && !found && getline(&line, &size, f) > 0)
		found = mount_device(line) == device;
	return found;
}

/*
 * Opening a file on FUSE waits for its server, which can be anyone, and nothing ends that wait; reading mountinfo waits for nobody.
 * Looks for the fd's own mount, because the process may have another root by now. A mount that is not found may be anything, and so
 * may an overlay that a container has made itself, whatever its layers are.
 */
static bool may_be_fuse(const char *root, uint32_t pid, int fd)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	long id = mount_of(fd);
	char *rest, *line;

	if (id < 0 || read_proc(root, pid, "mountinfo", MOUNTINFO_MAX, &text) < 0)
		return true;
	rest = text.s;
	while ((line = strsep(&rest, "\n"))) {
		unsigned long long device = mount_device(line);
		char *f[4] = { NULL };

		/* mount_line() has ended the first word, the mount's id. */
		if (mount_line(line, f) && strtol(line, NULL, 10) == id)
			return starts_with(f[2], "fuse") || (streq(f[2], "overlay") && !is_of_host(root, device));
	}
	return true;
}

static void fill_users(struct container_info *c, const char *root)
{
	_cleanup_free_ char *path = xasprintf("%s/proc/%u/root", root, c->init_pid);
	_cleanup_close_ int fd = -1;

	fd = open(path, O_PATH | O_CLOEXEC | O_DIRECTORY);
	if (fd < 0 || may_be_fuse(root, c->init_pid, fd))
		return;
	read_ids(fd, "etc/passwd", &c->users, &c->n_users);
	read_ids(fd, "etc/group", &c->groups, &c->n_groups);
}

/*
 * Whether a cgroup is the container's own. If none was made (podman's --cgroups=disabled, engines of users who may not make
 * one) the first process is in its parent's cgroup, among processes of the host.
 */
static bool is_own_cgroup(const struct container_info *c, const char *root, const char *cgroup)
{
	_cleanup_free_ char *parent = NULL, *first = NULL;

	if (streq(cgroup, "/"))
		return false;
	if (c->id && cgroup_named_len(cgroup, c->id))
		return true;
	parent = process_cgroup(root, process_parent(root, c->init_pid));
	first = process_cgroup(root, 1);
	return !(parent && streq(parent, cgroup)) && !(first && streq(first, cgroup));
}

static void fill_cgroup(struct container_info *c, const char *root)
{
	const char *hierarchy;
	char *cgroup = cgroup_of(root, c->init_pid, &hierarchy);

	if (!cgroup)
		return;
	free(c->cgroup);
	c->cgroup = cgroup;
	c->cgroup_id = 0;
	if (is_own_cgroup(c, root, cgroup))
		c->cgroup_id = cgroup_inode(root, hierarchy, cgroup);
	else
		free(TAKE_PTR(c->cgroup));
}

static void forget_names(struct id_name **ids, size_t *n)
{
	while (*n)
		free((*ids)[--*n].name);
	free(TAKE_PTR(*ids));
}

/* What facts_fill() has taken from a process that was another's. */
static void forget_facts(struct container_info *c, uint64_t started, uint8_t shares)
{
	c->init_pid = c->pidns = c->mntns = 0;
	c->init_start = c->cgroup_id = c->mntns_key = 0;
	c->started = started;
	c->shares = shares;
	free(TAKE_PTR(c->cgroup));
	forget_names(&c->users, &c->n_users);
	forget_names(&c->groups, &c->n_groups);
}

void facts_fill(struct container_info *c, const char *root)
{
	uint64_t start, started = c->started;
	uint8_t shares = c->shares;

	if (!c->init_pid)
		return;
	start = process_start(root, c->init_pid);
	if (!start) {
		c->init_pid = 0;
		return;
	}
	c->init_start = start;
	if (!c->started)
		c->started = clock_epoch() - clock_boot() + start;
	c->pidns = (uint32_t)process_namespace(root, c->init_pid, "pid");
	c->mntns = (uint32_t)process_namespace(root, c->init_pid, "mnt");
	c->mntns_key = mount_namespace_key(root, c->init_pid);
	c->shares = shared_namespaces(root, c->init_pid, c->shares);
	fill_cgroup(c, root);
	fill_users(c, root);
	/* The PID may have been reused meanwhile: then none of this was the container's. */
	if (process_start(root, c->init_pid) != start)
		forget_facts(c, started, shares);
}
