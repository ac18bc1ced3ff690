/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both ends of a socket. The kernel's socket says what it is bound and connected to; for a call
 * that failed, or that names a peer for one message, the address in user memory says the rest.
 */
#include "fd_sock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <linux/vm_sockets.h>

static enum fd_type type_of_family(unsigned family)
{
	switch (family) {
	case AF_INET:
		return FD_IPV4;
	case AF_INET6:
		return FD_IPV6;
	case AF_UNIX:
		return FD_UNIX;
	case AF_NETLINK:
		return FD_NETLINK;
	case AF_PACKET:
		return FD_PACKET;
	case AF_VSOCK:
		return FD_VSOCK;
	default:
		return FD_OTHER;
	}
}

static bool is_inet(unsigned family)
{
	return family == AF_INET || family == AF_INET6;
}

#define PROTOCOL_SMC 256	/* IPPROTO_SMC, Linux 6.11 */

static uint16_t protocol_of(unsigned family, unsigned type, unsigned protocol)
{
	if (protocol == PROTOCOL_SMC)
		return IPPROTO_TCP;	/* which it is to whoever does not speak it */
	if (protocol || !is_inet(family))
		return (uint16_t)protocol;
	return type == SOCK_STREAM ? IPPROTO_TCP : type == SOCK_DGRAM ? IPPROTO_UDP : 0;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

/* The Internet address in user memory; false if it is none, or too short. taken: what the kernel takes it for. */
static bool parse_inet(const struct event_blob *blob, sa_family_t taken, uint8_t ip[16], uint16_t *ret_port)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	memset(ip, 0, 16);
	if (taken == AF_INET && blob->len >= offsetof(struct sockaddr_in, sin_zero)) {
		memcpy(&in, blob->data, offsetof(struct sockaddr_in, sin_zero));
		memcpy(ip, &in.sin_addr, 4);
		*ret_port = ntohs(in.sin_port);
		return true;
	}
	/* Without its scope, as RFC 2133 had it, the kernel takes it too. */
	if (taken == AF_INET6 && blob->len >= offsetof(struct sockaddr_in6, sin6_scope_id)) {
		memcpy(&in6, blob->data, offsetof(struct sockaddr_in6, sin6_scope_id));
		memcpy(ip, &in6.sin6_addr, 16);
		*ret_port = ntohs(in6.sin6_port);
		return true;
	}
	return false;
}

static const struct event_blob *given_address(const struct event *ev)
{
	const struct event_blob *blob = event_blob(ev, NUNCHI_BLOB_SOCKADDR, -1);

	return blob && !(blob->flags & NUNCHI_BLOB_UNREADABLE) ? blob : NULL;
}

/* The address that is given is the socket's own, not its peer's. */
static bool names_local(const struct event *ev)
{
	return streq(ev->call->name, "bind") || streq(ev->call->name, "getsockname");
}

/*
 * A datagram goes to the address that came with it, whatever the socket is connected to; and a
 * connect that failed has left half an address in the socket (its port is cleared), also one by MSG_FASTOPEN.
 */
static bool overrides_peer(const struct event *ev, unsigned type)
{
	if (event_failed(ev) && streq(ev->call->name, "connect"))
		return true;
	return type != SOCK_STREAM && starts_with(ev->call->name, "send");
}

static bool is_mapped(const uint8_t ip[16])
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(ip, prefix, sizeof(prefix));
}

static void map(uint8_t ip[16])
{
	memmove(ip + 12, ip, 4);
	memset(ip, 0, 10);
	memset(ip + 10, 0xff, 2);
}

static void unmap(uint8_t ip[16])
{
	memmove(ip, ip + 12, 4);
	memset(ip + 4, 0, 12);
}

/*
 * An address without a family is taken for one of the socket's own by IPv4, and by raw IPv6: udp_sendmsg(),
 * raw_sendmsg(), rawv6_sendmsg(), __inet_bind(). A connect to it is to nobody.
 */
static sa_family_t taken_for(const struct event *ev, sa_family_t given, unsigned family, unsigned type)
{
	if (given != AF_UNSPEC || streq(ev->call->name, "connect"))
		return given;
	return family == AF_INET || type == SOCK_RAW ? (sa_family_t)family : AF_UNSPEC;
}

static bool read_address(const struct event *ev, const struct event_blob *blob, unsigned family, unsigned type,
			 uint8_t ip[16], uint16_t *ret_port)
{
	sa_family_t given;

	if (!blob || blob->len < sizeof(given))
		return false;
	memcpy(&given, blob->data, sizeof(given));
	given = taken_for(ev, given, family, type);
	if (given != family && (given != AF_INET || names_local(ev)))
		return false;	/* the kernel refuses it */
	if (!parse_inet(blob, given, ip, ret_port))
		return false;
	/* Of UDP over IPv6, which speaks IPv4 then: udpv6_sendmsg(), __ip6_datagram_connect(). */
	if (given != family)
		map(ip);
	return true;
}

static bool names_peer(const struct event *ev)
{
	return streq(ev->call->name, "connect") || starts_with(ev->call->name, "send");
}

/*
 * Nobody's address is this end to who connects or sends, for which the kernel takes what IPv4's socket is bound to, or
 * loopback: ip_route_output_key_hash_rcu(), tcp_v6_connect(), udpv6_sendmsg(). A group's address is no source.
 */
static void resolve_nobody(unsigned family, const uint8_t lip[16], uint8_t ip[16])
{
	static const uint8_t loopback[4] = { 127, 0, 0, 1 };
	bool mapped = family == AF_INET6 && is_mapped(ip);
	const uint8_t *own = mapped ? lip + 12 : lip;
	uint8_t *ipv4 = mapped ? ip + 12 : ip;

	if (family == AF_INET || mapped) {
		if (!all_zero(ipv4, 4))
			return;
		if (all_zero(own, 4) || own[0] >= 224 || (mapped && !is_mapped(lip)))
			own = loopback;
		memcpy(ipv4, own, 4);
	} else if (all_zero(ip, 16)) {
		ip[15] = 1;
		if (!is_mapped(lip))
			return;
		memcpy(ip, loopback, 4);
		map(ip);
	}
}

static void fill_from_address(const struct event *ev, struct event_fd *fd, unsigned type)
{
	const struct event_blob *blob = given_address(ev);
	uint16_t port;
	uint8_t ip[16];

	if (!read_address(ev, blob, fd->family, type, ip, &port))
		return;
	if (names_peer(ev))
		resolve_nobody(fd->family, fd->lip, ip);
	if (names_local(ev)) {
		if (fd->has_lip)
			return;
		fd->name_grade = MAX(fd->name_grade, grade_of(blob));
		memcpy(fd->lip, ip, sizeof(ip));
		fd->lport = port;
		fd->has_lip = true;
	} else if (!fd->has_rip || overrides_peer(ev, type) || (type == SOCK_STREAM && !fd->rport)) {
		fd->name_grade = MAX(fd->name_grade, grade_of(blob));
		memcpy(fd->rip, ip, sizeof(ip));
		fd->rport = port;
		fd->has_rip = true;
	}
}

/* An IPv6 socket that speaks IPv4 is shown as what goes over the wire. */
static void show_mapped_as_ipv4(struct event_fd *fd)
{
	bool lip = is_mapped(fd->lip), rip = is_mapped(fd->rip);

	if (fd->family != AF_INET6)
		return;
	/* By IPv4 also where this end is bound to an address that IPv4 does not know. */
	if (rip)
		fd->type = FD_IPV4;
	if ((!lip && !rip) || (!lip && !all_zero(fd->lip, 16)) || (!rip && !all_zero(fd->rip, 16)))
		return;
	fd->family = AF_INET;
	fd->type = FD_IPV4;
	unmap(fd->lip);
	unmap(fd->rip);
}

static void add_address(struct strbuf *out, uint16_t family, const uint8_t *ip, uint16_t port)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(family, ip, text, sizeof(text));
	strbuf_adds(out, family == AF_INET6 ? "[" : "");
	strbuf_adds(out, text);
	strbuf_adds(out, family == AF_INET6 ? "]:" : ":");
	strbuf_addu(out, port);
}

static bool name_inet(const struct event *ev, const struct nunchi_sock *sock, struct strbuf *text,
		      struct event_fd *fd)
{
	memcpy(fd->lip, sock->laddr, sizeof(fd->lip));
	memcpy(fd->rip, sock->raddr, sizeof(fd->rip));
	/* Raw sockets have no ports: the kernel keeps the protocol there. */
	fd->lport = sock->type == SOCK_RAW ? 0 : sock->lport;
	fd->rport = sock->type == SOCK_RAW ? 0 : sock->rport;
	fd->has_lip = fd->lport || !all_zero(fd->lip, sizeof(fd->lip));
	fd->has_rip = fd->rport || !all_zero(fd->rip, sizeof(fd->rip));
	fill_from_address(ev, fd, sock->type);
	show_mapped_as_ipv4(fd);
	fd->has_addr = fd->has_lip || fd->has_rip;
	if (!fd->has_addr)
		return false;
	add_address(text, fd->family, fd->lip, fd->lport);
	if (fd->has_rip) {
		strbuf_adds(text, "->");
		add_address(text, fd->family, fd->rip, fd->rport);
	}
	return true;
}

/* A sun_path: up to its NUL; an abstract name, which starts with one, as in /proc/net/unix. */
static bool add_unix(struct strbuf *text, const char *path, size_t len)
{
	if (!len || (len == 1 && !path[0]))
		return false;
	if (path[0]) {
		strbuf_add(text, path, strnlen(path, len));
		return true;
	}
	for (size_t i = 0; i < len; i++)
		strbuf_addc(text, path[i] ? path[i] : '@');
	return true;
}

static bool has_family(const struct event_blob *address, sa_family_t wanted)
{
	sa_family_t family;

	if (!address || address->len < sizeof(family))
		return false;
	memcpy(&family, address->data, sizeof(family));
	return family == wanted;
}

/* By what the end that was bound says its path is; what was asked for is the call's, and can be another. */
static bool name_unix(const struct event *ev, const struct event_blob *blob,
		      const struct nunchi_sock *sock, struct strbuf *text, struct event_fd *fd)
{
	const char *paths = blob->data + sizeof(*sock);
	size_t room = blob->len - sizeof(*sock);
	size_t lpath = MIN(sock->lpath, room);
	size_t rpath = MIN(sock->rpath, room - lpath);
	const struct event_blob *given = given_address(ev);
	const size_t path_at = offsetof(struct sockaddr_un, sun_path);
	bool sends;

	if (!has_family(given, AF_UNIX))
		given = NULL;
	if (given && given->len > path_at && given->data[path_at] && (names_peer(ev) || streq(ev->call->name, "bind"))) {
		fd->nameraw = given->data + path_at;
		fd->nameraw_len = strnlen(fd->nameraw, given->len - path_at);
		fd->nameraw_grade = grade_of(given);
	}
	sends = given && overrides_peer(ev, sock->type);
	if (!sends && add_unix(text, paths + lpath, rpath))
		return true;
	if (given && given->len > path_at &&
	    add_unix(text, given->data + path_at, given->len - path_at)) {
		fd->name_grade = MAX(fd->name_grade, grade_of(given));
		return true;
	}
	return add_unix(text, paths, lpath);
}

/* Whether an end says anything: 0 and 0 is an end that is not known, or not bound. */
static bool is_end(unsigned family, const struct nunchi_end *end)
{
	if (family == AF_VSOCK && end->second == VMADDR_PORT_ANY)
		return false;
	return end->first || end->second;
}

/* What a socket of these families is, before its ends: "netlink:ROUTE", "packet", "vsock". */
static void add_kind(struct strbuf *text, const struct nunchi_sock *sock)
{
	const char *protocol;

	strbuf_adds(text, fd_type_name(type_of_family(sock->family)));
	if (sock->family != AF_NETLINK)
		return;
	protocol = netlink_protocol_name(sock->protocol);
	strbuf_addc(text, ':');
	if (protocol)
		strbuf_adds(text, protocol + strlen("NETLINK_"));
	else
		strbuf_addu(text, sock->protocol);
}

static bool name_ends(const struct event *ev, const struct nunchi_sock *sock, struct strbuf *text,
		      struct event_fd *fd)
{
	const struct event_blob *blob = given_address(ev);
	struct nunchi_end local, peer, given;
	bool has_local, has_peer;

	memcpy(&local, sock->laddr, sizeof(local));
	memcpy(&peer, sock->raddr, sizeof(peer));
	has_local = is_end(sock->family, &local);
	has_peer = is_end(sock->family, &peer);
	if (!blob || !sockaddr_end(blob->data, blob->len, sock->family, &given))
		blob = NULL;
	if (blob && names_local(ev)) {
		if (!has_local) {
			local = given;
			has_local = true;
			fd->name_grade = MAX(fd->name_grade, grade_of(blob));
		}
	} else if (blob && (!has_peer || overrides_peer(ev, sock->type))) {
		peer = given;
		has_peer = is_end(sock->family, &peer);
		fd->name_grade = MAX(fd->name_grade, grade_of(blob));
	}
	if (!has_local && !has_peer && sock->family != AF_NETLINK)
		return false;
	add_kind(text, sock);
	if (!has_local && !has_peer)
		return true;
	strbuf_addc(text, ':');
	sockaddr_print_end(text, sock->family, &local);
	if (has_peer) {
		strbuf_adds(text, "->");
		sockaddr_print_end(text, sock->family, &peer);
	}
	return true;
}

static bool is_inet_address(const struct event_blob *given)
{
	return has_family(given, AF_INET) || has_family(given, AF_INET6);
}

/*
 * A family that goes by IP without being of it, and is given IP's addresses: SMC, which anyone can have in place of TCP (and
 * mostly is that, by the first handshake on), or RDS. The kernel's socket has none; what the call was given is all there is.
 */
static bool name_carried(const struct event *ev, const struct nunchi_sock *sock, const struct event_blob *given,
			 struct strbuf *text, struct event_fd *fd)
{
	struct nunchi_sock carrier = { .type = sock->type };
	sa_family_t family;

	memcpy(&family, given->data, sizeof(family));
	fd->family = family;
	fd->type = type_of_family(family);
	if (sock->family == AF_SMC)
		fd->protocol = IPPROTO_TCP;	/* as above */
	return name_inet(ev, &carrier, text, fd);
}

bool fd_view_sock(const struct event *ev, const struct event_blob *blob, struct strbuf *text,
		  struct event_fd *fd, size_t *ret_name)
{
	const struct event_blob *given = given_address(ev);
	struct nunchi_sock sock;
	size_t start = text->len;
	bool named;

	if (blob->len < sizeof(sock))
		return false;
	memcpy(&sock, blob->data, sizeof(sock));
	fd->family = sock.family;
	fd->type = type_of_family(sock.family);
	fd->protocol = protocol_of(sock.family, sock.type, sock.protocol);
	fd->state = sock.state;
	fd->ino = sock.ino;
	if (is_inet(sock.family)) {
		named = name_inet(ev, &sock, text, fd);
	} else if (sock.family == AF_UNIX) {
		named = name_unix(ev, blob, &sock, text, fd);
		memcpy(&fd->peer_pid, sock.raddr, sizeof(fd->peer_pid));
	} else if (sock.family == AF_NETLINK || sock.family == AF_PACKET || sock.family == AF_VSOCK) {
		named = name_ends(ev, &sock, text, fd);
	} else if (is_inet_address(given)) {
		named = name_carried(ev, &sock, given, text, fd);
	} else {
		named = given != NULL;
		if (named) {
			fd->name_grade = MAX(fd->name_grade, grade_of(given));
			sockaddr_print(text, given->data, given->len);
		}
	}
	if (named)
		*ret_name = start;
	return true;
}

bool fd_view_created(const struct event *ev, struct event_fd *fd)
{
	unsigned type = (unsigned)ev->args[1] & 0xf;	/* without SOCK_CLOEXEC and its kin */

	if (!starts_with(ev->call->name, "socket"))
		return false;
	fd->family = (uint16_t)ev->args[0];
	fd->type = type_of_family((unsigned)ev->args[0]);
	fd->protocol = protocol_of(fd->family, type, (unsigned)ev->args[2]);
	return true;
}
