/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every difference between kernels and architectures, one getter each. */
#pragma once

#include "state.h"

static __always_inline u32 syscall_nr(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return (u32)regs->orig_ax;
#else
	return (u32)regs->syscallno;
#endif
}

/* The three sets have 64 bits each, one after another; before 6.3 they are declared as two halves. */
static __always_inline void caps_read(struct nunchi_caps *ret, const struct cred *cred)
{
	bpf_probe_read_kernel(ret, sizeof(*ret), (void *)cred + bpf_core_field_offset(struct cred, cap_inheritable));
}

/* The address at which a task continues in user space. */
static __always_inline u64 next_instruction(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return regs->ip;
#else
	return regs->pc;
#endif
}

/* The return value of a function or system call. */
static __always_inline long result_register(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return regs->ax;
#else
	return regs->regs[0];
#endif
}

/* Whether a call's result is what its register held before: seccomp restores that for a signal handler. */
static __always_inline bool is_put_back(struct pt_regs *regs, long ret)
{
#if defined(__TARGET_ARCH_x86)
	return ret == (long)regs->orig_ax;
#else
	return ret == (long)regs->orig_x0;
#endif
}

/* When a call returns the registers still hold the arguments, except the first on arm64. */
static __always_inline void syscall_args(struct pt_regs *regs, __u64 args[6])
{
#if defined(__TARGET_ARCH_x86)
	args[0] = regs->di;
	args[1] = regs->si;
	args[2] = regs->dx;
	args[3] = regs->r10;
	args[4] = regs->r8;
	args[5] = regs->r9;
#else
	args[0] = regs->orig_x0;
	args[1] = regs->regs[1];
	args[2] = regs->regs[2];
	args[3] = regs->regs[3];
	args[4] = regs->regs[4];
	args[5] = regs->regs[5];
#endif
}

/* Whether the number is one of x32's. */
static __always_inline bool syscall_is_x32(u64 nr)
{
#if defined(__TARGET_ARCH_x86)
	return nr & X32_SYSCALL_BIT && nr < (X32_SYSCALL_BIT | NUNCHI_COMPAT_SOCKETCALL_ROW);
#else
	return false;
#endif
}

/* The ABI by which the task entered the kernel; in others than the native one numbers mean other calls. */
static __always_inline enum nunchi_abi syscall_abi(struct task_struct *task, u32 nr)
{
#if defined(__TARGET_ARCH_x86)
	if (unlikely(bpf_core_field_exists(task->thread_info.status) &&
		     (task->thread_info.status & TS_COMPAT)))
		return NUNCHI_ABI_I386;
	if (unlikely(nr & X32_SYSCALL_BIT))
		return NUNCHI_ABI_X32;
#endif
	return NUNCHI_ABI_NATIVE;
}

/*
 * The most specific cgroup: that of v2, unless the task is in its root (as on pure v1, and on hybrid systems that do
 * not use it); else that of a v1 controller.
 */
static __always_inline struct cgroup *task_cgroup(struct task_struct *task)
{
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	struct cgroup *cgroup = BPF_CORE_READ(set, dfl_cgrp);
	struct cgroup_subsys_state *css;
	int index;

	if (!cgroup_hierarchy || BPF_CORE_READ(cgroup, level) > 0)
		return cgroup;
	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id))
		index = bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id);
	else if (bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		index = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	else
		return cgroup;
	if (bpf_probe_read_kernel(&css, sizeof(css), (void *)&set->subsys[0] + index * sizeof(css)))
		return cgroup;
	return BPF_CORE_READ(css, cgroup);
}

/* As nunchi_head.cgroup has it. */
static __always_inline u64 task_cgroup_id(struct task_struct *task)
{
	struct cgroup *cgroup = task_cgroup(task);

	return BPF_CORE_READ(cgroup, kn, id) |
	       (BPF_CORE_READ(cgroup, root, hierarchy_id) ? NUNCHI_CGROUP_V1 : 0);
}

/*
 * A number that no other mount namespace ever has: mnt_namespace.seq, until that moved to struct ns_common as ns_id,
 * for all kinds of namespaces (6.18).
 */
struct ns_common___id {
	u64 ns_id;
} __attribute__((preserve_access_index));

static __always_inline u64 task_mntns_key(struct task_struct *task)
{
	struct mnt_namespace *ns = BPF_CORE_READ(task, nsproxy, mnt_ns);
	struct ns_common___id *common = (void *)ns + bpf_core_field_offset(struct mnt_namespace, ns);

	if (bpf_core_field_exists(common->ns_id))
		return BPF_CORE_READ(common, ns_id);
	if (bpf_core_field_exists(ns->seq))
		return BPF_CORE_READ(ns, seq);
	return BPF_CORE_READ(ns, ns.inum);
}

static __always_inline u32 task_mntns(struct task_struct *task)
{
	return BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
}

/* The parent's field was renamed in 633488947ef6 ("kernfs: Use RCU to access kernfs_node::parent."). */
struct kernfs_node___parent {
	struct kernfs_node *parent;
} __attribute__((preserve_access_index));

struct kernfs_node___rcu_parent {
	struct kernfs_node *__parent;
} __attribute__((preserve_access_index));

static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *kn)
{
	struct kernfs_node___parent *old = (void *)kn;
	struct kernfs_node___rcu_parent *new = (void *)kn;

	if (bpf_core_field_exists(old->parent))
		return BPF_CORE_READ(old, parent);
	return BPF_CORE_READ(new, __parent);
}

/* The PID of a task in its own PID namespace: the last of its numbers. */
static __always_inline u32 task_vnr(struct task_struct *task, u32 *ret_pidns)
{
	/* Read, not dereferenced: older verifiers allow no arithmetic on a pointer that they track. */
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	struct pid_namespace *ns = 0;
	const void *number;
	int nr = 0;

	number = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
		 (u64)BPF_CORE_READ(pid, level) * bpf_core_type_size(struct upid);
	bpf_probe_read_kernel(&nr, sizeof(nr), number + bpf_core_field_offset(struct upid, nr));
	bpf_probe_read_kernel(&ns, sizeof(ns), number + bpf_core_field_offset(struct upid, ns));
	*ret_pidns = BPF_CORE_READ(ns, ns.inum);
	return nr;
}

/* Inode numbers by enum nunchi_namespace; 0 if the task has none any more, or the kernel has no such kind. */
static __always_inline void task_namespaces(struct task_struct *task, u32 ret[NUNCHI_NS_MAX])
{
	struct nsproxy *ns = BPF_CORE_READ(task, nsproxy);

	ret[NUNCHI_NS_MNT] = BPF_CORE_READ(ns, mnt_ns, ns.inum);
	ret[NUNCHI_NS_PID] = BPF_CORE_READ(ns, pid_ns_for_children, ns.inum);
	ret[NUNCHI_NS_NET] = BPF_CORE_READ(ns, net_ns, ns.inum);
	ret[NUNCHI_NS_USER] = BPF_CORE_READ(task, cred, user_ns, ns.inum);
	ret[NUNCHI_NS_IPC] = BPF_CORE_READ(ns, ipc_ns, ns.inum);
	ret[NUNCHI_NS_UTS] = BPF_CORE_READ(ns, uts_ns, ns.inum);
	ret[NUNCHI_NS_CGROUP] = BPF_CORE_READ(ns, cgroup_ns, ns.inum);
	ret[NUNCHI_NS_TIME] = 0;
	if (bpf_core_field_exists(ns->time_ns_for_children))
		ret[NUNCHI_NS_TIME] = BPF_CORE_READ(ns, time_ns_for_children, ns.inum);
}

/* This struct came with a bit for tracepoints that may sleep: those of system calls do since then. */
struct tracepoint_ext {
	unsigned int faultable : 1;
};

static __always_inline bool syscalls_are_faultable(void)
{
	return bpf_core_type_exists(struct tracepoint_ext);
}

/*
 * When a file was changed and written last: a struct timespec64 until 6.5, renamed in 6.6 and 6.7, separate numbers
 * since 6.11.
 */
struct timespec64 {
	s64 tv_sec;
	long tv_nsec;
} __attribute__((preserve_access_index));

struct inode___times {
	struct timespec64 i_ctime;
	struct timespec64 i_mtime;
} __attribute__((preserve_access_index));

struct inode___hidden {
	struct timespec64 __i_ctime;
	struct timespec64 __i_mtime;
} __attribute__((preserve_access_index));

struct inode___numbers {
	s64 i_ctime_sec;
	s64 i_mtime_sec;
	u32 i_ctime_nsec;
	u32 i_mtime_nsec;
} __attribute__((preserve_access_index));

#define NSEC_PER_SEC 1000000000ULL
#define INODE_TIME(name)                                                                           \
	static __always_inline u64 inode_##name(struct inode *inode)                               \
	{                                                                                          \
		struct inode___times *times = (void *)inode;                                       \
		struct inode___hidden *hidden = (void *)inode;                                     \
		struct inode___numbers *numbers = (void *)inode;                                   \
                                                                                                   \
		if (bpf_core_field_exists(numbers->i_##name##_sec))                                \
			return BPF_CORE_READ(numbers, i_##name##_sec) * NSEC_PER_SEC +             \
			       BPF_CORE_READ(numbers, i_##name##_nsec);                            \
		if (bpf_core_field_exists(hidden->__i_##name))                                     \
			return BPF_CORE_READ(hidden, __i_##name.tv_sec) * NSEC_PER_SEC +           \
			       BPF_CORE_READ(hidden, __i_##name.tv_nsec);                          \
		return BPF_CORE_READ(times, i_##name.tv_sec) * NSEC_PER_SEC +                      \
		       BPF_CORE_READ(times, i_##name.tv_nsec);                                     \
	}

INODE_TIME(ctime)
INODE_TIME(mtime)
