/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The address that a socket is to be connected or bound to, or is, and how it is looked up. */
#pragma once

#include "record.h"

/* The beginning of a struct sockaddr_in or _in6, as the UAPI has them. */
struct block_sockaddr {
	u16 family;
	u16 port;
	u8 in[4];		/* IPv4: the address; IPv6: flow information */
	u8 in6[16];
};

/* A peer, or an address to bind to. */
struct block_address {
	union {
		u8 bytes[16];
		u32 words[4];
	};
	u16 family;
	u16 port;		/* host byte order */
};

/* socket: 0, or one that takes an address without a family for one of its own. */
static __always_inline void address_from_sockaddr(struct block_address *a, u64 addr, u64 socket)
{
	struct block_sockaddr sa = { 0 };

	__builtin_memset(a, 0, sizeof(*a));
	bpf_probe_read_kernel(&sa, 8, (void *)addr);
	/* __inet_bind(), udp_sendmsg(): that is AF_INET then. */
	if (!sa.family && socket && BPF_CORE_READ((struct socket *)socket, sk, __sk_common.skc_family) == AF_INET)
		sa.family = AF_INET;
	a->family = sa.family;
	if (sa.family == AF_INET6)
		bpf_probe_read_kernel(&sa, sizeof(sa), (void *)addr);
	if (sa.family != AF_INET && sa.family != AF_INET6)
		return;
	a->port = __builtin_bswap16(sa.port);
	if (sa.family == AF_INET)
		__builtin_memcpy(a->bytes, sa.in, 4);
	else
		__builtin_memcpy(a->bytes, sa.in6, 16);
}

static __always_inline void address_from_socket(struct block_address *a, u64 socket, bool remote)
{
	struct sock *sk = BPF_CORE_READ((struct socket *)socket, sk);

	__builtin_memset(a, 0, sizeof(*a));
	a->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (a->family != AF_INET && a->family != AF_INET6)
		return;
	a->port = remote ? __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport)) :
			   BPF_CORE_READ(sk, __sk_common.skc_num);
	if (a->family == AF_INET && remote)
		a->words[0] = BPF_CORE_READ(sk, __sk_common.skc_daddr);
	else if (a->family == AF_INET)
		a->words[0] = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
	else if (remote)
		BPF_CORE_READ_INTO(&a->bytes, sk, __sk_common.skc_v6_daddr);
	else
		BPF_CORE_READ_INTO(&a->bytes, sk, __sk_common.skc_v6_rcv_saddr);
}

static __always_inline void address_key(struct block_work *b, const struct block_address *a)
{
	bool mapped = a->family == AF_INET6 && !a->words[0] && !a->words[1] &&
		      a->words[2] == __builtin_bswap32(0xffff);

	if (a->family == AF_INET) {
		b->key.bytes[0] = 4;
		__builtin_memcpy(&b->key.bytes[1], a->bytes, 4);
	} else if (mapped) {
		b->key.bytes[0] = 4;
		__builtin_memcpy(&b->key.bytes[1], &a->bytes[12], 4);
	} else if (a->family == AF_INET6) {
		b->key.bytes[0] = 6;
		__builtin_memcpy(&b->key.bytes[1], a->bytes, 16);
	} else {
		b->key.bytes[0] = 0;
	}
}
