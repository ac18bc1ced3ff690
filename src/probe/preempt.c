/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a program at the exit of a system call can be preempted by another task's. Since 6.13 the
 * kernel's system-call tracepoints run preemptible; a program that is in the middle of its work then
 * makes the kernel skip the other task's run of it (bpf_prog_info.recursion_misses), up to nine in
 * ten on a busy CPU. In a kernel that never preempts itself (preempt=none, voluntary) none is skipped.
 */
#include <bpf/btf.h>
#include <sys/utsname.h>
#include <zlib.h>

#include "internal.h"

/* A word of the kernel's command line: "none" of "preempt=none". */
static bool cmdline_value(const char *key, char *value, size_t size)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/cmdline", "re");
	size_t key_len = strlen(key);
	bool found = false;
	char line[4096];

	if (!f || !fgets(line, sizeof(line), f))
		return false;
	/* The last one counts. */
	for (char *save = NULL, *word = strtok_r(line, " \n", &save); word;
	     word = strtok_r(NULL, " \n", &save)) {
		if (strncmp(word, key, key_len))
			continue;
		snprintf(value, size, "%s", word + key_len);
		found = true;
	}
	return found;
}

/* "none" of "(none) voluntary full lazy". */
static bool debugfs_value(char *value, size_t size)
{
	_cleanup_fclose_ FILE *f = fopen("/sys/kernel/debug/sched/preempt", "re");
	char line[256], *open, *close;

	if (!f || !fgets(line, sizeof(line), f))
		return false;
	open = strchr(line, '(');
	close = open ? strchr(open, ')') : NULL;
	if (!close)
		return false;
	*close = '\0';
	snprintf(value, size, "%s", open + 1);
	return true;
}

/* What the kernel was built to do; the file may be packed (zlib reads both). */
static bool config_value(char *value, size_t size)
{
	static const struct {
		const char *option, *value;
	} modes[] = {
		{ "CONFIG_PREEMPT_NONE=y\n", "none" },
		{ "CONFIG_PREEMPT_VOLUNTARY=y\n", "voluntary" },
		{ "CONFIG_PREEMPT_LAZY=y\n", "lazy" },
		{ "CONFIG_PREEMPT=y\n", "full" },
	};
	_cleanup_free_ char *boot = NULL;
	struct utsname uts;
	bool found = false;
	char line[1024];
	gzFile f;

	uname(&uts);
	boot = xasprintf("/boot/config-%s", uts.release);
	f = gzopen("/proc/config.gz", "re");
	if (!f)
		f = gzopen(boot, "re");
	if (!f)
		return false;
	while (!found && gzgets(f, line, sizeof(line)))
		for (size_t i = 0; i < ARRAY_SIZE(modes) && !found; i++)
			if (streq(line, modes[i].option)) {
				snprintf(value, size, "%s", modes[i].value);
				found = true;
			}
	gzclose(f);
	return found;
}

/* Their struct has carried the bit that says so since they are. */
static bool tracepoints_are_preemptible(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool yes = btf && btf__find_by_name_kind(btf, "tracepoint_ext", BTF_KIND_STRUCT) >= 0;

	btf__free(btf);
	return yes;
}

bool preempt_skips_runs(void)
{
	char mode[32];

	if ((debugfs_value(mode, sizeof(mode)) || cmdline_value("preempt=", mode, sizeof(mode)) ||
	     config_value(mode, sizeof(mode))) &&
	    (streq(mode, "none") || streq(mode, "voluntary")))
		return false;
	return tracepoints_are_preemptible();
}
