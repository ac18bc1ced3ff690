/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of a machine on which all is well, for tests to spoil. */
#pragma once

#include "doctor/doctor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static inline void facts_of_health(struct doctor_facts *f)
{
	static const struct doctor_hook hooks[] = {
		{ "process_fork", "tp_btf/sched_process_fork", { DOCTOR_FIRES, 0 } },
		{ "sys_exit", "tp_btf/sys_exit", { DOCTOR_FIRES, 0 } },
		{ "tasks", "iter/task", { DOCTOR_FIRES, 0 } },
	};

	*f = (struct doctor_facts){
		.host = {
			.release = "6.12.1",
			.machine = "x86_64",
			.btf = true,
			.capabilities = UINT64_MAX,
			.lockdown = LOCKDOWN_NONE,
			.lsm_known = true,
			.lsm = "capability,lockdown,bpf",
			.cgroups = CGROUPS_V2,
			.cgroup_mount = "/sys/fs/cgroup",
			.preemption = PREEMPTION_VOLUNTARY,
			.unprivileged_bpf = 2,
			.perf_paranoid = 3,
			.memlock = 8U << 20,
		},
		.n_hooks = ARRAY_SIZE(hooks),
		.n_runtimes = 1,
		.memory = { .n_cpus = 2, .n_rings = 3, .critical = 2U << 20, .bulk = 8U << 20,
			    .maps = 20U << 20 },
	};
	memcpy(f->hooks, hooks, sizeof(hooks));
	for (unsigned i = 0; i < DOCTOR_FEATURE_MAX; i++)
		f->features[i].state = DOCTOR_FIRES;
	for (unsigned i = 0; i < DOCTOR_CANARY_MAX; i++)
		f->canaries[i].state = DOCTOR_FIRES;
	f->runtimes[0] = (struct doctor_runtime){ true, xstrdup("docker 27.1 /run/docker.sock") };
}
