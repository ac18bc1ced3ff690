/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts of the machine: files below a root directory, so that tests can give their own, and a few
 * calls that change nothing. Nothing here goes by the kernel's version.
 */
#include "doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <zlib.h>

#define FILE_MAX (4U << 20)	/* mounts of ten thousand containers */

static bool read_file(const char *root, const char *path, struct strbuf *out)
{
	_cleanup_free_ char *full = xasprintf("%s%s", root, path);
	_cleanup_close_ int fd = open(full, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	strbuf_reset(out);
	if (fd < 0)
		return false;
	do {
		strbuf_grow(out, MAX(out->len, 4096U));
		n = read(fd, out->s + out->len, out->cap - out->len - 1);
		out->len += n > 0 ? (size_t)n : 0;
		out->s[out->len] = '\0';
	} while (n > 0 && out->len < FILE_MAX);
	return n >= 0;
}

static int read_number(const char *root, const char *path)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	return read_file(root, path, &text) && text.len ? (int)strtol(text.s, NULL, 10) : INT_MIN;
}

/* The choice in "none [integrity] confidentiality" or "none voluntary (full)"; none: "". */
static void read_choice(const char *root, const char *path, const char *marks, char *ret,
			size_t size)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	const char *open, *close;

	*ret = '\0';
	if (!read_file(root, path, &text))
		return;
	open = strchr(text.s, marks[0]);
	close = open ? strchr(open, marks[1]) : NULL;
	if (close)
		snprintf(ret, size, "%.*s", (int)(close - open - 1), open + 1);
}

enum doctor_lockdown doctor_lockdown(const char *root)
{
	char choice[32];

	read_choice(root, "/sys/kernel/security/lockdown", "[]", choice, sizeof(choice));
	if (streq(choice, "none"))
		return LOCKDOWN_NONE;
	if (streq(choice, "integrity"))
		return LOCKDOWN_INTEGRITY;
	if (streq(choice, "confidentiality"))
		return LOCKDOWN_CONFIDENTIALITY;
	return LOCKDOWN_UNKNOWN;
}

static void read_lsm(struct doctor_host *h, const char *root)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	h->lsm_known = read_file(root, "/sys/kernel/security/lsm", &text);
	snprintf(h->lsm, sizeof(h->lsm), "%.*s", (int)strcspn(text.s, "\n"), text.s);
}

/* Where securityfs is not mounted, the kernel can be asked (lsm_list_modules, Linux 6.8). */
static void ask_lsm(struct doctor_host *h)
{
	static const char *const names[] = {
		"capability", "selinux", "smack", "tomoyo", "apparmor", "yama", "loadpin",
		"safesetid", "lockdown", "bpf", "landlock", "ima", "evm", "ipe",
	};
	uint64_t ids[32];
	uint32_t size = sizeof(ids);
	long n = syscall(461, ids, &size, 0);
	size_t len = 0;

	h->lsm_known = n >= 0;
	for (long i = 0; i < n && len < sizeof(h->lsm); i++) {
		uint64_t at = ids[i] - 100;

		len += (size_t)snprintf(h->lsm + len, sizeof(h->lsm) - len, "%s%s", i ? "," : "",
					at < ARRAY_SIZE(names) ? names[at] : "another");
	}
}

/* One line of /proc/mounts: source, place, type, options. */
static void look_at_mount(struct doctor_host *h, char *line, bool *v1, bool *v2)
{
	char *save, *source = strtok_r(line, " ", &save), *place = strtok_r(NULL, " ", &save);
	const char *type = strtok_r(NULL, " ", &save), *options = strtok_r(NULL, " ", &save);
	_cleanup_free_ char *list = options ? xasprintf(",%s,", options) : NULL;
	bool is_v2;

	if (!source || !list || !starts_with(type, "cgroup"))
		return;
	is_v2 = streq(type, "cgroup2");
	/* As the kernel side: v2, or of v1 the hierarchy of pids. The first is the machine's. */
	if ((is_v2 && !*v2) || (!*h->cgroup_mount && strstr(list, ",pids,")))
		snprintf(h->cgroup_mount, sizeof(h->cgroup_mount), "%s", place);
	*v2 |= is_v2;
	*v1 |= !is_v2;
}

static void read_cgroups(struct doctor_host *h, const char *root)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	bool v1 = false, v2 = false;
	char *rest, *line;

	if (!read_file(root, *root ? "/proc/1/mounts" : "/proc/self/mounts", &text))
		return;
	rest = text.s;
	while ((line = strsep(&rest, "\n")))
		look_at_mount(h, line, &v1, &v2);
	h->cgroups = v1 && v2 ? CGROUPS_HYBRID : v2 ? CGROUPS_V2 : v1 ? CGROUPS_V1 : CGROUPS_NONE;
}

static enum doctor_preemption preemption_named(const char *name)
{
	static const char *const names[] = {
		[PREEMPTION_NONE] = "none",
		[PREEMPTION_VOLUNTARY] = "voluntary",
		[PREEMPTION_LAZY] = "lazy",
		[PREEMPTION_FULL] = "full",
	};

	for (unsigned i = PREEMPTION_NONE; i < ARRAY_SIZE(names); i++)
		if (streq(name, names[i]))
			return (enum doctor_preemption)i;
	return PREEMPTION_UNKNOWN;
}

/* The configuration that the kernel was built with, for what it says of preemption. */
static bool read_config(const char *root, const char *release, struct strbuf *out)
{
	_cleanup_free_ char *path = xasprintf("%s/proc/config.gz", root);
	_cleanup_free_ char *boot = xasprintf("/boot/config-%s", release);
	gzFile f = gzopen(path, "re");
	char part[4096];
	int n;

	if (!f)
		return read_file(root, boot, out);
	strbuf_reset(out);
	while ((n = gzread(f, part, sizeof(part))) > 0 && out->len < FILE_MAX)
		strbuf_add(out, part, (size_t)n);
	gzclose(f);
	return n == 0;
}

static enum doctor_preemption configured_preemption(const char *root, const char *release)
{
	static const struct {
		const char *line;
		enum doctor_preemption preemption;
	} lines[] = {
		{ "\nCONFIG_PREEMPT_NONE=y\n", PREEMPTION_NONE },
		{ "\nCONFIG_PREEMPT_VOLUNTARY=y\n", PREEMPTION_VOLUNTARY },
		{ "\nCONFIG_PREEMPT_LAZY=y\n", PREEMPTION_LAZY },
		{ "\nCONFIG_PREEMPT_RT=y\n", PREEMPTION_FULL },
		{ "\nCONFIG_PREEMPT=y\n", PREEMPTION_FULL },
	};
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	if (!read_config(root, release, &text))
		return PREEMPTION_UNKNOWN;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (strstr(text.s, lines[i].line))
			return lines[i].preemption;
	return PREEMPTION_UNKNOWN;
}

/* What it is now, else what the command line made it, else what the kernel was built with. */
enum doctor_preemption doctor_preemption(const char *root, const char *release)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	char choice[32];
	const char *given;

	read_choice(root, "/sys/kernel/debug/sched/preempt", "()", choice, sizeof(choice));
	if (*choice)
		return preemption_named(choice);
	given = read_file(root, "/proc/cmdline", &text) ? strstr(text.s, "preempt=") : NULL;
	if (given && (given == text.s || given[-1] == ' ')) {
		given += strlen("preempt=");
		snprintf(choice, sizeof(choice), "%.*s", (int)strcspn(given, " \n"), given);
		return preemption_named(choice);
	}
	return configured_preemption(root, release);
}

static bool has_io_uring(const char *root)
{
	if (read_number(root, "/proc/sys/kernel/io_uring_disabled") == 2)
		return false;
	/* No parameters: whoever has the call says EFAULT. */
	return syscall(SYS_io_uring_setup, 0, NULL) < 0 && errno != ENOSYS;
}

void doctor_look_ways(struct doctor_host *h, const char *root)
{
	struct utsname uts;

	uname(&uts);
	snprintf(h->release, sizeof(h->release), "%s", uts.release);
	snprintf(h->machine, sizeof(h->machine), "%s", uts.machine);
	h->ways = 0;
	if (has_io_uring(root))
		h->ways |= 1U << DOCTOR_UNSEEN_IO_URING;
	/* x86's doors for them are watched; what is not told of them is little. */
#if defined(__aarch64__)
	h->ways |= 1U << DOCTOR_UNSEEN_COMPAT;
#else
	h->calls_32 = read_number(root, "/proc/sys/abi/vsyscall32") != INT_MIN;
#endif
	if (!h->faultable)
		return;
	/* Voluntary preemption happens at points that no program passes. */
	h->preemption = doctor_preemption(root, h->release);
	if (h->preemption != PREEMPTION_NONE && h->preemption != PREEMPTION_VOLUNTARY)
		h->ways |= 1U << DOCTOR_UNSEEN_PREEMPTED | 1U << DOCTOR_UNSEEN_PREEMPTED_TASKS;
}

void doctor_read_files(struct doctor_host *h, const char *root)
{
	_cleanup_free_ char *btf = xasprintf("%s/sys/kernel/btf/vmlinux", root);

	h->btf = access(btf, R_OK) == 0;
	h->lockdown = doctor_lockdown(root);
	h->unprivileged_bpf = read_number(root, "/proc/sys/kernel/unprivileged_bpf_disabled");
	h->perf_paranoid = read_number(root, "/proc/sys/kernel/perf_event_paranoid");
	read_lsm(h, root);
	read_cgroups(h, root);
	h->preemption = doctor_preemption(root, h->release);
}

void doctor_look(struct doctor_host *h, const char *root)
{
	struct rlimit limit;

	memset(h, 0, sizeof(*h));
	doctor_look_ways(h, root);
	doctor_read_files(h, root);
	if (!h->lsm_known)
		ask_lsm(h);
	h->capabilities = doctor_capabilities();
	h->own_userns = doctor_own_userns();
	h->memlock = getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur == RLIM_INFINITY ?
			     UINT64_MAX : limit.rlim_cur;
}
