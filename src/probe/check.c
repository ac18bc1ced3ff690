/* SPDX-License-Identifier: Apache-2.0 */
/* Whether this process and this kernel can do it, said in one sentence before anything is tried. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "probe.h"
#include "syscalls/syscalls.h"

#ifndef CAP_BPF
#define CAP_BPF 39
#define CAP_PERFMON 38
#endif

static const int needed[] = { CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH };

static int check_capabilities(struct strbuf *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	_cleanup_strbuf_ struct strbuf missing = STRBUF_INIT;
	size_t n = 0;

	if (syscall(SYS_capget, &header, data))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		int cap = needed[i];
		const char *name = capability_name(cap);
		bool admin = data[0].effective & (1U << CAP_SYS_ADMIN);

		if (data[cap / 32].effective & (1U << cap % 32))
			continue;
		if (admin && (cap == CAP_BPF || cap == CAP_PERFMON))
			continue;
		strbuf_adds(&missing, n++ ? ", " : "");
		for (const char *c = name + strlen("CAP_"); *c; c++)
			strbuf_addc(&missing, *c == '_' ? '_' : (char)(*c | 0x20));
	}
	if (!n)
		return 0;
	strbuf_addf(err, "tracing needs root, or these capabilities: bpf, perfmon, sys_ptrace, "
			 "dac_read_search (missing here: %s)\nTry: sudo nunchi trace",
		    n == ARRAY_SIZE(needed) ? "all" : missing.s);
	return -EPERM;
}

int probe_check(struct strbuf *err)
{
	struct utsname uts;
	int r = check_capabilities(err);

	if (r < 0)
		return r;
	uname(&uts);
	if (libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL) == 0) {
		strbuf_addf(err, "Linux %s has no BPF ring buffer (it came with 5.8); nunchi needs "
				 "Linux 6.1 or later, 5.17 may do", uts.release);
		return -ENOTSUP;
	}
	if (libbpf_probe_bpf_map_type(BPF_MAP_TYPE_TASK_STORAGE, NULL) == 0) {
		strbuf_addf(err, "Linux %s has no BPF task storage (it came with 5.11); nunchi needs "
				 "Linux 6.1 or later, 5.17 may do", uts.release);
		return -ENOTSUP;
	}
	if (access("/sys/kernel/btf/vmlinux", R_OK)) {
		strbuf_addf(err, "Linux %s gives no type information: /sys/kernel/btf/vmlinux cannot "
				 "be read\nUse a kernel built with CONFIG_DEBUG_INFO_BTF=y "
				 "(every current distribution's is), and mount sysfs on /sys",
			    uts.release);
		return -ENOTSUP;
	}
	return 0;
}
