/* SPDX-License-Identifier: Apache-2.0 */
/* Which capabilities tracing needs, what each is for, and what this process has. */
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "doctor.h"

#ifndef CAP_BPF
#define CAP_BPF 39
#define CAP_PERFMON 38
#endif

#define PIDNS_INITIAL 0xeffffffcU	/* the kernel's PROC_PID_INIT_INO */

const char doctor_capabilities_needed[] = "bpf, perfmon, sys_ptrace, dac_read_search";

static const struct {
	int cap;
	bool admin;	/* CAP_SYS_ADMIN will do */
	const char *name, *why;
} needed[] = {
	{ CAP_BPF, true, "bpf", "to load programs and maps" },
	{ CAP_PERFMON, true, "perfmon", "to attach programs that read kernel memory" },
	{ CAP_SYS_PTRACE, false, "sys_ptrace", "to see what already runs: images, namespaces" },
	{ CAP_DAC_READ_SEARCH, false, "dac_read_search",
	  "to read the runtimes' state, which gives containers their names" },
};

uint64_t doctor_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &header, data))
		return UINT64_MAX;	/* not known: what is refused will say so */
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

static bool has(uint64_t effective, size_t i)
{
	return effective & 1ULL << needed[i].cap ||
	       (needed[i].admin && effective & 1ULL << CAP_SYS_ADMIN);
}

bool doctor_capabilities_missing(uint64_t effective, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf names = STRBUF_INIT;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!has(effective, i))
			strbuf_addf(&names, "%s%s", n++ ? ", " : "", needed[i].name);
	if (n)
		strbuf_adds(out, n == ARRAY_SIZE(needed) ? "all" : names.s);
	return n;
}

void doctor_capabilities_explain(uint64_t effective, struct strbuf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!has(effective, i))
			strbuf_addf(out, "%s is missing: %s\n", needed[i].name, needed[i].why);
}

bool doctor_own_userns(void)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/uid_map", "re");
	unsigned inside, outside, count;

	if (!f || fscanf(f, "%u %u %u", &inside, &outside, &count) != 3)
		return false;
	return inside || outside || count != UINT32_MAX;
}

bool doctor_own_clock(void)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/timens_offsets", "re");
	char line[128];
	long long seconds;
	long ns;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "boottime %lld %ld", &seconds, &ns) == 2)
			return seconds || ns;
	return false;
}

bool doctor_own_pidns(void)
{
	struct stat st;

	return !stat("/proc/self/ns/pid", &st) && st.st_ino != PIDNS_INITIAL;
}

/*
 * Not by the mount namespace: a service can have one of its own in which nearly all is the host's. Who may not ask the first
 * process asks kthreadd.
 */
bool doctor_own_root(void)
{
	struct stat own, first;

	return !stat("/", &own) && (!stat("/proc/1/root/", &first) || !stat("/proc/2/root/", &first)) &&
	       (own.st_dev != first.st_dev || own.st_ino != first.st_ino);
}
