/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * For nunchi doctor: a program of each type, which counts its runs in the process that asks. It is an object of its
 * own, of which one program at a time is loaded: what a kernel can do is found by trying. System calls serve as
 * triggers, because internal functions come and go.
 */
#include "lib/kernel.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u32 asking;	/* its tgid */
__u64 runs;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} storage SEC(".maps");

static __always_inline bool is_asked(void)
{
	return bpf_get_current_pid_tgid() >> 32 == asking;
}

static __always_inline int run(void)
{
	if (is_asked())
		count(runs);
	return 0;
}

#if defined(__TARGET_ARCH_x86)
#define OPENAT "__x64_sys_openat"
#elif defined(__TARGET_ARCH_arm64)
#define OPENAT "__arm64_sys_openat"
#endif

#define PROGRAM(name, section)             \
	SEC(section) int name(void *ctx)   \
	{                                  \
		return run();              \
	}

PROGRAM(tp_btf, "tp_btf/sys_enter")
PROGRAM(raw_tp, "raw_tp/sys_enter")
PROGRAM(tracepoint, "tracepoint/raw_syscalls/sys_enter")
PROGRAM(fentry, "fentry/" OPENAT)
PROGRAM(fexit, "fexit/" OPENAT)
PROGRAM(kprobe, "kprobe/" OPENAT)
PROGRAM(kretprobe, "kretprobe/" OPENAT)
PROGRAM(kprobe_multi, "kprobe.multi/" OPENAT)
PROGRAM(lsm, "lsm/file_open")
PROGRAM(modify_return, "fmod_ret/security_file_open")
PROGRAM(iter_task, "iter/task")

/* Allows it, as all programs here do. */
SEC("cgroup/connect4")
int cgroup_connect(struct bpf_sock_addr *ctx)
{
	run();
	return 1;
}

SEC("tp_btf/sys_enter")
int ring_buffer(void *ctx)
{
	__u64 one = 1;

	if (is_asked() && !bpf_ringbuf_output(&ring, &one, sizeof(one), BPF_RB_NO_WAKEUP))
		count(runs);
	return 0;
}

SEC("tp_btf/sys_enter")
int task_storage(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (is_asked() && bpf_task_storage_get(&storage, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE))
		count(runs);
	return 0;
}

static long count_run(__u32 index, void *ctx)
{
	count(runs);
	return 0;
}

SEC("tp_btf/sys_enter")
int loop(void *ctx)
{
	if (is_asked())
		bpf_loop(1, count_run, 0, 0);
	return 0;
}
