/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rules that block by address, if nothing else can refuse before the call: cgroup programs at the root of all cgroups
 * refuse addresses of TCP and UDP. They may neither use task storage nor send signals, so they leave their verdict to
 * the hook of the call's return, which records it and kills.
 */
#include "lib/block.h"

/* 1: it may be. */
static __always_inline int refuse(u32 row, u64 mask)
{
	const struct nunchi_block_row *meant = &block_rows[row & (NUNCHI_BLOCK_ROWS - 1)];
	u64 kill = mask & meant->kill, thread = bpf_get_current_pid_tgid();
	u32 verdict;

	mask &= ~meant->watch;
	if (!mask)
		return 1;
	verdict = NUNCHI_VERDICT(first_bit(kill ? kill : mask), block_class(row),
				 block_is_dry ? NUNCHI_EFFECT_DRY : NUNCHI_EFFECT_BEFORE, row >> 8);
	bpf_map_update_elem(&block_told, &thread, &verdict, BPF_ANY);
	return block_is_dry;
}

static __always_inline int judge(u32 class, const struct block_address *a)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 row = block_row(class);
	struct who who = { 0 };
	struct scratch *s;
	u64 mask;

	if (!is_judged(task))
		return 1;
	who_read(&who);
	mask = block_who(&who, row);
	if (!mask)
		return 1;
	s = scratch_get();
	if (!s) {
		count(counts[NUNCHI_COUNT_BLOCK]);
		return 1;
	}
	mask = block_subject(s, row, mask);
	mask = block_socket(s, a, row, mask);
	mask = block_image(s, task, 0, row, mask);
	scratch_put(s);
	return refuse(row, mask);
}

/* By the hook's family, whatever the address says: the kernel, too, takes one without a family for IPv4. */
static __always_inline int judge_ipv4(u32 class, struct bpf_sock_addr *ctx)
{
	struct block_address a = { .family = AF_INET };

	a.words[0] = ctx->user_ip4;
	a.port = __builtin_bswap16(ctx->user_port);
	if (class == NUNCHI_BLOCK_CONNECT && !a.words[0])
		address_of_nobody(&a, ctx->sk->src_ip4, false);
	return judge(class, &a);
}

static __always_inline int judge_ipv6(u32 class, struct bpf_sock_addr *ctx)
{
	struct block_address a = { .family = AF_INET6 };

	a.words[0] = ctx->user_ip6[0];
	a.words[1] = ctx->user_ip6[1];
	a.words[2] = ctx->user_ip6[2];
	a.words[3] = ctx->user_ip6[3];
	a.port = __builtin_bswap16(ctx->user_port);
	if (class == NUNCHI_BLOCK_CONNECT && !a.words[0] && !a.words[1])
		address_of_nobody(&a, ctx->sk->src_ip4, ctx->sk->src_ip6[2] == MAPPED);
	return judge(class, &a);
}

SEC("cgroup/connect4")
int block_connect4(struct bpf_sock_addr *ctx)
{
	return judge_ipv4(NUNCHI_BLOCK_CONNECT, ctx);
}

SEC("cgroup/connect6")
int block_connect6(struct bpf_sock_addr *ctx)
{
	return judge_ipv6(NUNCHI_BLOCK_CONNECT, ctx);
}

SEC("cgroup/sendmsg4")
int block_sendmsg4(struct bpf_sock_addr *ctx)
{
	return judge_ipv4(NUNCHI_BLOCK_CONNECT, ctx);
}

SEC("cgroup/sendmsg6")
int block_sendmsg6(struct bpf_sock_addr *ctx)
{
	return judge_ipv6(NUNCHI_BLOCK_CONNECT, ctx);
}

SEC("cgroup/bind4")
int block_bind4(struct bpf_sock_addr *ctx)
{
	return judge_ipv4(NUNCHI_BLOCK_BIND, ctx);
}

SEC("cgroup/bind6")
int block_bind6(struct bpf_sock_addr *ctx)
{
	return judge_ipv6(NUNCHI_BLOCK_BIND, ctx);
}
