/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads what the head says of a task, in three ways: of any task through structs (casts); without casts, of the
 * running task through pointers that the verifier follows, in a function that is verified once (for each pointer the
 * verifier of 6.x searches all type names of the kernel: milliseconds), and of any other task by helper calls, which
 * take 600 ns.
 */
#pragma once

#include "cast.h"
#include "blob.h"
#include "drift.h"

static __always_inline void head_typed(struct scratch *s)
{
	u64 task = s->of, cred, cgroup, ns;
	struct nunchi_head *head = &s->head;

	cred = (u64)TYPED(struct task_struct, task, cred);
	head->ppid = TYPED(struct task_struct, TYPED(struct task_struct, task, real_parent), tgid);
	head->uid = TYPED(struct cred, cred, euid.val);
	head->gid = TYPED(struct cred, cred, egid.val);
	if (bpf_core_field_exists(((struct cred *)0)->cap_effective.val)) {
		s->caps.inheritable = TYPED(struct cred, cred, cap_inheritable.val);
		s->caps.permitted = TYPED(struct cred, cred, cap_permitted.val);
		s->caps.effective = TYPED(struct cred, cred, cap_effective.val);
	} else {
		caps_read(&s->caps, (struct cred *)cred);
	}
	ns = (u64)TYPED(struct nsproxy, TYPED(struct task_struct, task, nsproxy), mnt_ns);
	head->mntns = TYPED(struct mnt_namespace, ns, ns.inum);
	cgroup = (u64)TYPED(struct css_set, TYPED(struct task_struct, task, cgroups), dfl_cgrp);
	if (likely(!cgroup_hierarchy || TYPED(struct cgroup, cgroup, level) > 0))
		head->cgroup = TYPED(struct kernfs_node, TYPED(struct cgroup, cgroup, kn), id);
	else
		head->cgroup = task_cgroup_id((struct task_struct *)task);
}

static __always_inline void caps_follow(struct scratch *s, const struct cred *cred)
{
	const struct cred___halves *halves = (const struct cred___halves *)cred;
	u32 *to = (u32 *)&s->caps;

	if (bpf_core_field_exists(cred->cap_effective.val)) {
		s->caps.inheritable = cred->cap_inheritable.val;
		s->caps.permitted = cred->cap_permitted.val;
		s->caps.effective = cred->cap_effective.val;
		return;
	}
	to[0] = halves->cap_inheritable.cap[0];
	to[1] = halves->cap_inheritable.cap[1];
	to[2] = halves->cap_permitted.cap[0];
	to[3] = halves->cap_permitted.cap[1];
	to[4] = halves->cap_effective.cap[0];
	to[5] = halves->cap_effective.cap[1];
}

static __always_inline void head_follow(struct scratch *s)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct cred *cred = task->cred;
	struct cgroup *cgroup = task->cgroups->dfl_cgrp;
	struct nunchi_head *head = &s->head;

	head->ppid = task->real_parent->tgid;
	head->uid = cred->euid.val;
	head->gid = cred->egid.val;
	caps_follow(s, cred);
	head->mntns = task->nsproxy->mnt_ns->ns.inum;
	if (likely(!cgroup_hierarchy || cgroup->level > 0))
		head->cgroup = cgroup->kn->id;
	else
		head->cgroup = task_cgroup_id(task);
}

static __always_inline void head_read(struct scratch *s)
{
	struct task_struct *task = (struct task_struct *)s->of;
	struct nunchi_head *head = &s->head;

	head->ppid = BPF_CORE_READ(task, real_parent, tgid);
	head->uid = BPF_CORE_READ(task, cred, euid.val);
	head->gid = BPF_CORE_READ(task, cred, egid.val);
	caps_read(&s->caps, BPF_CORE_READ(task, cred));
	head->mntns = task_mntns(task);
	head->cgroup = task_cgroup_id(task);
}

/* An io_uring request can be done with other credentials than its task has. */
static __always_inline void head_creds(struct scratch *s)
{
	const struct cred *cred = (const struct cred *)s->creds;
	struct nunchi_head *head = &s->head;

	head->uid = BPF_CORE_READ(cred, euid.val);
	head->gid = BPF_CORE_READ(cred, egid.val);
	caps_read(&s->caps, cred);
}
