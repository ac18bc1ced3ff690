/* SPDX-License-Identifier: Apache-2.0 */
/* Whether this process and this kernel can trace at all, with one sentence if not, before anything is tried. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sys/utsname.h>

#include "doctor/doctor.h"
#include "internal.h"

static int check_capabilities(struct strbuf *err)
{
	_cleanup_strbuf_ struct strbuf missing = STRBUF_INIT;

	if (doctor_own_userns()) {
		strbuf_adds(err, "tracing needs root of the machine: this is a user namespace's, "
				 "which the kernel does not take for BPF\n"
				 "Try: the same as root, outside of it");
		return -EPERM;
	}
	if (!doctor_capabilities_missing(doctor_capabilities(), &missing))
		return 0;
	strbuf_addf(err, "tracing needs root, or these capabilities: %s (missing here: %s)\n"
			 "%s", doctor_capabilities_needed, missing.s,
		    geteuid() ? "Try: the same with sudo" :
				"In a container: docker run --privileged, or --cap-add for each; "
				"in a pod: securityContext.capabilities.add");
	return -EPERM;
}

static int too_old(struct strbuf *err, const char *missing)
{
	struct utsname uts;

	uname(&uts);
	strbuf_addf(err, "Linux %s has no %s; nunchi needs Linux 6.1 or later, 5.17 may do",
		    uts.release, missing);
	return -ENOTSUP;
}

/* What the object depends on, oldest first. Tested by trial: each came with a version, but can have been backported. */
static int check_kernel(struct strbuf *err)
{
	const char *missing = NULL;

	if (libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL) == 0)
		missing = "BPF ring buffer (it came with 5.8)";
	else if (libbpf_probe_bpf_map_type(BPF_MAP_TYPE_TASK_STORAGE, NULL) == 0)
		missing = "BPF task storage (it came with 5.11)";
	return missing ? too_old(err, missing) : 0;
}

int load_refused(struct strbuf *err, int r)
{
	/* Only now, because it takes longer than all of probe_check(). */
	if (libbpf_probe_bpf_helper(BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_FUNC_loop, NULL) == 0)
		return too_old(err, "bpf_loop() (it came with 5.17)");
	return load_failed(err, "loading the BPF programs", r);
}

int probe_check(struct strbuf *err)
{
	struct utsname uts;
	int r = check_capabilities(err);

	if (r < 0)
		return r;
	if (doctor_lockdown("") == LOCKDOWN_CONFIDENTIALITY) {
		strbuf_adds(err, "the kernel is locked down (confidentiality): no program may "
				 "read its memory\nBoot with lockdown=integrity, or none");
		return -EPERM;
	}
	r = check_kernel(err);
	if (r < 0)
		return r;
	uname(&uts);
	if (access("/sys/kernel/btf/vmlinux", R_OK)) {
		strbuf_addf(err, "Linux %s gives no type information: /sys/kernel/btf/vmlinux cannot "
				 "be read\nUse a kernel built with CONFIG_DEBUG_INFO_BTF=y "
				 "(every current distribution's is), and mount sysfs on /sys",
			    uts.release);
		return -ENOTSUP;
	}
	return 0;
}
