/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The least that a hook on every system call can cost on this machine: a program that returns. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("tp_btf/sys_exit")
int floor_exit(void *ctx)
{
	return 0;
}
