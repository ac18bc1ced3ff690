/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A socket, appended to a record. */
#pragma once

#include "cast.h"
#include "blob.h"

/* Appends the path that a unix socket is bound to, the bytes of sun_path, at pos. Returns their number. */
static __always_inline u32 unix_name(struct scratch *s, u32 pos, u64 sk)
{
	u64 address;
	u32 len;

	if (!sk || pos > NUNCHI_RECORD_MAX)
		return 0;
	address = (u64)FIELD(struct unix_sock, sk, addr);
	if (!address)
		return 0;
	len = FIELD(struct unix_address, address, len) - sizeof(u16);
	if (len > 108)
		return 0;
	if (bpf_probe_read_kernel(&s->data[pos], len,
				  (void *)address + bpf_core_field_offset(struct unix_address, name) +
					  sizeof(u16)))
		return 0;
	return len;
}

/*
 * The two ends of sockets without IP addresses. Types defined in a module cannot be cast to; such sockets are rare,
 * so everything is read by helper calls.
 */
static __always_inline void netlink_ends(struct netlink_sock *sk, struct nunchi_sock *out)
{
	struct nunchi_end *local = (void *)out->laddr, *peer = (void *)out->raddr;
	unsigned long groups = 0;
	u32 group;

	local->first = BPF_CORE_READ(sk, portid);
	/* Of several groups only the first, as getsockname(2) shows them. */
	bpf_probe_read_kernel(&groups, sizeof(groups), BPF_CORE_READ(sk, groups));
	local->second = groups;
	peer->first = BPF_CORE_READ(sk, dst_portid);
	group = BPF_CORE_READ(sk, dst_group);
	peer->second = group ? 1U << ((group - 1) & 31) : 0;
}

static __always_inline void packet_ends(struct packet_sock *sk, struct nunchi_sock *out)
{
	struct nunchi_end *local = (void *)out->laddr;

	local->first = BPF_CORE_READ(sk, ifindex);
	local->second = __builtin_bswap16(BPF_CORE_READ(sk, num));
}

/* As the UAPI has it. */
struct vsock_address {
	u16 family;
	u16 reserved;
	u32 port;
	u32 cid;
	u32 more;
};

/*
 * If vsock is a module its type is not in the kernel's own BTF. After struct sock it begins with a pointer and both
 * addresses, each of which begins with its family: if that is not AF_VSOCK, the layout is another.
 */
static __always_inline void vsock_ends(u64 sk, struct nunchi_sock *out)
{
	struct nunchi_end *local = (void *)out->laddr, *peer = (void *)out->raddr;
	struct vsock_address addr[2] = {};

	bpf_probe_read_kernel(addr, sizeof(addr), (void *)sk + bpf_core_type_size(struct sock) + sizeof(u64));
	if (addr[0].family != AF_VSOCK || addr[1].family != AF_VSOCK)
		return;
	local->first = addr[0].cid;
	local->second = addr[0].port;
	peer->first = addr[1].cid;
	peer->second = addr[1].port;
}

/* The socket that file is. */
static __noinline int blob_sock(struct scratch *s, u64 file, u32 arg)
{
	u64 socket = (u64)FIELD(struct file, file, private_data);
	u64 sk = (u64)FIELD(struct socket, socket, sk);
	struct nunchi_sock *out;
	u32 pos, len = sizeof(*out), n;
	struct pid *peer;

	if (!blob_begin(s, &pos))
		return 0;
	pos += sizeof(struct nunchi_blob);
	out = (void *)&s->data[pos];
	__builtin_memset(out, 0, sizeof(*out));
	out->family = FIELD(struct sock, sk, __sk_common.skc_family);
	out->type = FIELD(struct socket, socket, type);
	out->protocol = FIELD(struct sock, sk, sk_protocol);
	out->state = FIELD(struct sock, sk, __sk_common.skc_state);
	out->ino = FIELD(struct inode, FIELD(struct file, file, f_inode), i_ino);
	if (out->family == AF_INET || out->family == AF_INET6) {
		out->lport = FIELD(struct sock, sk, __sk_common.skc_num);
		out->rport = __builtin_bswap16(FIELD(struct sock, sk, __sk_common.skc_dport));
	}
	if (out->family == AF_INET) {
		*(u32 *)out->laddr = FIELD(struct sock, sk, __sk_common.skc_rcv_saddr);
		*(u32 *)out->raddr = FIELD(struct sock, sk, __sk_common.skc_daddr);
	} else if (out->family == AF_INET6) {
		*(struct in6_addr *)out->laddr = FIELD(struct sock, sk, __sk_common.skc_v6_rcv_saddr);
		*(struct in6_addr *)out->raddr = FIELD(struct sock, sk, __sk_common.skc_v6_daddr);
	} else if (out->family == AF_UNIX) {
		peer = FIELD(struct sock, sk, sk_peer_pid);
		if (peer)
			*(u32 *)out->raddr = BPF_CORE_READ(peer, numbers[0].nr);
		n = unix_name(s, pos + len, sk);
		out->lpath = n;
		len += n;
		n = unix_name(s, pos + len, (u64)FIELD(struct unix_sock, sk, peer));
		out->rpath = n;
		len += n;
	} else if (out->family == AF_NETLINK && bpf_core_type_exists(struct netlink_sock)) {
		netlink_ends((struct netlink_sock *)sk, out);
	} else if (out->family == AF_PACKET && bpf_core_type_exists(struct packet_sock)) {
		packet_ends((struct packet_sock *)sk, out);
	} else if (out->family == AF_VSOCK) {
		vsock_ends(sk, out);
	}
	blob_end(s, pos - sizeof(struct nunchi_blob), len, len, 0, BLOB(NUNCHI_BLOB_SOCK, arg));
	return 0;
}
