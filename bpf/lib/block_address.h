/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The address to which a socket is, or is to be, connected or bound, and its look-up. */
#pragma once

#include "record.h"

#define LOOPBACK 0x7f000001	/* 127.0.0.1 */
#define MAPPED __builtin_bswap32(0xffff)	/* the third word of ::ffff:127.0.0.1 */

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
	u32 own;		/* an IPv4 address that may be meant as well; 0: none */
};

static __always_inline bool address_is_mapped(const struct block_address *a)
{
	return a->family == AF_INET6 && !a->words[0] && !a->words[1] && a->words[2] == MAPPED;
}

/*
 * Connecting or sending to the unspecified address means this host: ::1 or 127.0.0.1, or the IPv4 address that the
 * socket is bound to (ip_route_output_key_hash_rcu(), tcp_v6_connect(), udpv6_sendmsg()). own: that one, or 0;
 * mapped: whether the socket is bound to an IPv4 address in IPv6. Rules are compared with either, because a control
 * message can choose as well.
 */
static __always_inline void address_of_nobody(struct block_address *a, u32 own, bool mapped)
{
	if (a->family == AF_INET && !a->words[0]) {
		a->words[0] = __builtin_bswap32(LOOPBACK);
		a->own = own;
	} else if (address_is_mapped(a) && !a->words[3]) {
		a->words[3] = __builtin_bswap32(LOOPBACK);
		a->own = own;
	} else if (a->family == AF_INET6 && !a->words[0] && !a->words[1] && !a->words[2] && !a->words[3]) {
		a->words[2] = mapped ? MAPPED : 0;
		a->words[3] = __builtin_bswap32(mapped ? LOOPBACK : 1);
	}
}

/* The same, by the socket. */
static __always_inline void address_of_peer(struct block_address *a, u64 socket)
{
	struct sock *sk = BPF_CORE_READ((struct socket *)socket, sk);
	struct block_address bound = { .family = BPF_CORE_READ(sk, __sk_common.skc_family) };

	if (bound.family == AF_INET6)
		BPF_CORE_READ_INTO(&bound.bytes, sk, __sk_common.skc_v6_rcv_saddr);
	address_of_nobody(a, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr), address_is_mapped(&bound));
}

/* socket: a socket that takes an address without a family for one of its own; or 0. */
static __always_inline void address_from_sockaddr(struct block_address *a, u64 addr, u64 socket)
{
	struct block_sockaddr sa = { 0 };
	u16 family;

	__builtin_memset(a, 0, sizeof(*a));
	bpf_probe_read_kernel(&sa, 8, (void *)addr);
	/* struct sockaddr_rxrpc: after its own head comes the address of the UDP transport. */
	if (sa.family == AF_RXRPC) {
		addr += 8;
		bpf_probe_read_kernel(&sa, 8, (void *)addr);
	}
	/* __inet_bind(), udp_sendmsg(), raw_sendmsg(); rawv6_sendmsg(), l2tp_ip6_sendmsg(). */
	if (!sa.family && socket) {
		family = BPF_CORE_READ((struct socket *)socket, sk, __sk_common.skc_family);
		if (family == AF_INET || BPF_CORE_READ((struct socket *)socket, type) == SOCK_RAW ||
		    BPF_CORE_READ((struct socket *)socket, sk, sk_protocol) == IPPROTO_L2TP)
			sa.family = family;
	}
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
	if (a->family == AF_INET) {
		b->key.bytes[0] = 4;
		__builtin_memcpy(&b->key.bytes[1], a->bytes, 4);
	} else if (address_is_mapped(a)) {
		b->key.bytes[0] = 4;
		__builtin_memcpy(&b->key.bytes[1], &a->bytes[12], 4);
	} else if (a->family == AF_INET6) {
		b->key.bytes[0] = 6;
		__builtin_memcpy(&b->key.bytes[1], a->bytes, 16);
	} else {
		b->key.bytes[0] = 0;
	}
}

static __always_inline void own_key(struct block_work *b, const struct block_address *a)
{
	b->key.bytes[0] = 4;
	__builtin_memcpy(&b->key.bytes[1], &a->own, 4);
}

/* The type as user space has it: an IPv6 socket that uses IPv4 counts as IPv4. */
static __always_inline u32 address_type(const struct block_address *a)
{
	if (a->family == AF_INET || address_is_mapped(a))
		return NUNCHI_BLOCK_TYPE_IPV4;
	return a->family == AF_INET6 ? NUNCHI_BLOCK_TYPE_IPV6 :
	       a->family == AF_UNIX  ? NUNCHI_BLOCK_TYPE_UNIX :
				       NUNCHI_BLOCK_TYPE_OTHER;
}
