/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peers [sctp | several | carriers]: names peers, in each way that there is, and addresses of its own; nobody is there. A line of JSON for
 * each: {"what":"sendto udp","error":"EPERM"}; error "" where there was none.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/l2tp.h>
#include <linux/rxrpc.h>
#include <linux/sctp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define L2TP 115	/* IPPROTO_L2TP, which is in one of the headers or another */

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static socklen_t size_of(const union address *a)
{
	return a->any.sa_family == AF_INET6 ? sizeof(a->in6) : sizeof(a->in);
}

static union address ipv4(const char *ip, uint16_t port)
{
	union address a = { .in = { .sin_family = AF_INET, .sin_port = htons(port) } };

	inet_pton(AF_INET, ip, &a.in.sin_addr);
	return a;
}

static union address ipv6(const char *ip, uint16_t port)
{
	union address a = { .in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) } };

	inet_pton(AF_INET6, ip, &a.in6.sin6_addr);
	return a;
}

/* What IPv4 takes for one of its own. */
static union address without_family(const char *ip, uint16_t port)
{
	union address a = ipv4(ip, port);

	a.any.sa_family = AF_UNSPEC;
	return a;
}

enum how { CONNECT, SENDTO, SENDMSG, SENDMMSG, BIND };

static long call(enum how how, int fd, union address *a, int flags)
{
	struct iovec part = { .iov_base = "x", .iov_len = 1 };
	struct mmsghdr message = { .msg_hdr = { .msg_name = a, .msg_namelen = size_of(a), .msg_iov = &part, .msg_iovlen = 1 } };

	switch (how) {
	case CONNECT:
		return connect(fd, &a->any, size_of(a));
	case SENDTO:
		return sendto(fd, "x", 1, flags, &a->any, size_of(a));
	case SENDMSG:
		return sendmsg(fd, &message.msg_hdr, flags);
	case SENDMMSG:
		return sendmmsg(fd, &message, 1, flags);
	default:
		return bind(fd, &a->any, size_of(a));
	}
}

static void say(const char *what, long r)
{
	printf("{\"what\":\"%s\",\"error\":\"%s\"}\n", what, r < 0 ? strerrorname_np(errno) : "");
}

/* Two messages in one call, the first of which is to nobody that matters. */
static void try_second(const char *what, union address a)
{
	union address other = ipv4("127.0.0.1", 4439);
	struct iovec part = { .iov_base = "x", .iov_len = 1 };
	struct mmsghdr messages[] = {
		{ .msg_hdr = { .msg_name = &other, .msg_namelen = sizeof(other.in), .msg_iov = &part, .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_name = &a, .msg_namelen = sizeof(a.in), .msg_iov = &part, .msg_iovlen = 1 } },
	};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	say(what, sendmmsg(fd, messages, 2, 0));
	close(fd);
}

/* Of six messages three that name another peer than the one before. */
static void send_several(void)
{
	union address to[] = { ipv4("127.0.0.1", 4471), ipv4("127.0.0.1", 4471), ipv4("127.0.0.1", 4472),
			       ipv4("127.0.0.2", 4472), ipv4("127.0.0.2", 4472), ipv4("127.0.0.1", 4471) };
	struct mmsghdr messages[sizeof(to) / sizeof(*to)] = { 0 };
	struct iovec part = { .iov_base = "x", .iov_len = 1 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	for (size_t i = 0; i < sizeof(to) / sizeof(*to); i++)
		messages[i].msg_hdr = (struct msghdr){
			.msg_name = &to[i], .msg_namelen = sizeof(to[i].in), .msg_iov = &part, .msg_iovlen = 1
		};
	say("several", sendmmsg(fd, messages, sizeof(to) / sizeof(*to), 0));
	close(fd);
}

static void try_protocol(const char *what, enum how how, int family, int type, int protocol, union address a, int flags)
{
	int fd = socket(family, type, protocol);
	long r;

	if (fd < 0) {
		perror("socket");
		exit(1);
	}
	r = call(how, fd, &a, flags);
	say(what, r);
	close(fd);
}

static void try(const char *what, enum how how, int family, int type, union address a, int flags)
{
	try_protocol(what, how, family, type, 0, a, flags);
}

/* To nobody's address, which is the one that it is bound to. */
static void try_bound(const char *what, uint16_t port)
{
	union address own = ipv4("127.0.0.7", 0), nobody = ipv4("0.0.0.0", port);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (bind(fd, &own.any, sizeof(own.in))) {
		perror("bind");
		exit(1);
	}
	say(what, call(SENDTO, fd, &nobody, 0));
	close(fd);
}

/* By an option that names n addresses, the last of which is a. */
static void set_named(const char *what, int option, size_t n, union address a)
{
	size_t at = (n - 1) * sizeof(a.in), len = at + size_of(&a);
	char *list = calloc(1, len);
	int fd = socket(a.any.sa_family, SOCK_SEQPACKET, IPPROTO_SCTP);

	for (size_t i = 0; i + 1 < n; i++) {
		union address other = ipv4("127.0.0.1", a.any.sa_family == AF_INET6 ? 4470 : 4439);

		memcpy(list + i * sizeof(a.in), &other.in, sizeof(other.in));
	}
	memcpy(list + at, &a, size_of(&a));
	say(what, setsockopt(fd, IPPROTO_SCTP, option, list, (socklen_t)len));
	close(fd);
	free(list);
}

/* Its streams go to whom a send names, too; TCP's do not. */
static int try_sctp(void)
{
	union address a = ipv4("127.0.0.1", 4470);

	try_protocol("connect", CONNECT, AF_INET, SOCK_STREAM, IPPROTO_SCTP, a, 0);
	try_protocol("sendto stream", SENDTO, AF_INET, SOCK_STREAM, IPPROTO_SCTP, a, MSG_DONTWAIT);
	try_protocol("sendmsg stream", SENDMSG, AF_INET, SOCK_STREAM, IPPROTO_SCTP, a, MSG_DONTWAIT);
	try_protocol("sendto", SENDTO, AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP, a, MSG_DONTWAIT);
	try_protocol("bind", BIND, AF_INET, SOCK_STREAM, IPPROTO_SCTP, ipv4("0.0.0.0", 6003), 0);
	set_named("connectx", SCTP_SOCKOPT_CONNECTX, 1, ipv4("127.0.0.2", 4470));
	set_named("connectx of two", SCTP_SOCKOPT_CONNECTX, 2, ipv4("127.0.0.3", 4470));
	set_named("connectx of 3000", SCTP_SOCKOPT_CONNECTX, 3000, ipv4("127.0.0.4", 4470));
	set_named("connectx ipv6", SCTP_SOCKOPT_CONNECTX, 3, ipv6("::1", 4470));
	set_named("bindx", SCTP_SOCKOPT_BINDX_ADD, 1, ipv4("127.0.0.1", 6003));
	set_named("bindx of two", SCTP_SOCKOPT_BINDX_ADD, 2, ipv4("127.0.0.1", 6003));
	return 0;
}

/* What carries UDP or IP of its own. A line for each that this kernel has. */
static int try_carriers(void)
{
	struct sockaddr_rxrpc rx = { .srx_family = AF_RXRPC, .transport_type = SOCK_DGRAM, .transport_len = sizeof(struct sockaddr_in) };
	struct sockaddr_l2tpip6 without = { .l2tp_addr = IN6ADDR_LOOPBACK_INIT };	/* no family */
	int fd = socket(AF_RXRPC, SOCK_DGRAM, AF_INET);

	if (fd >= 0) {
		rx.transport.sin = ipv4("127.0.0.1", 4473).in;
		say("connect rxrpc", connect(fd, (struct sockaddr *)&rx, sizeof(rx)));
		rx.transport.sin = ipv4("127.0.0.1", 6004).in;
		say("bind rxrpc", bind(fd, (struct sockaddr *)&rx, sizeof(rx)));
		close(fd);
	}
	fd = socket(AF_INET6, SOCK_DGRAM, L2TP);
	if (fd >= 0) {
		say("sendto l2tp", sendto(fd, "x", 1, 0, (struct sockaddr *)&without, sizeof(without)));
		close(fd);
	}
	fd = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	if (fd >= 0) {
		union address a = ipv4("127.0.0.1", 4473);

		say("connect mptcp", connect(fd, &a.any, sizeof(a.in)));
		close(fd);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *mapped = "::ffff:127.0.0.1";

	if (argc > 1 && !strcmp(argv[1], "sctp"))
		return try_sctp();
	if (argc > 1 && !strcmp(argv[1], "carriers"))
		return try_carriers();
	if (argc > 1) {
		send_several();
		return 0;
	}

	try("connect tcp", CONNECT, AF_INET, SOCK_STREAM, ipv4("127.0.0.1", 4440), 0);
	try("connect tcp6", CONNECT, AF_INET6, SOCK_STREAM, ipv6("::1", 4441), 0);
	try("connect mapped", CONNECT, AF_INET6, SOCK_STREAM, ipv6(mapped, 4442), 0);
	try("connect udp", CONNECT, AF_INET, SOCK_DGRAM, ipv4("127.0.0.1", 4443), 0);
	try("sendto udp", SENDTO, AF_INET, SOCK_DGRAM, ipv4("127.0.0.1", 4444), 0);
	try("sendto udp6", SENDTO, AF_INET6, SOCK_DGRAM, ipv6("::1", 4445), 0);
	try("sendto mapped", SENDTO, AF_INET6, SOCK_DGRAM, ipv6(mapped, 4446), 0);
	try("sendto unspec", SENDTO, AF_INET, SOCK_DGRAM, without_family("127.0.0.1", 4447), 0);
	try("sendmsg udp", SENDMSG, AF_INET, SOCK_DGRAM, ipv4("127.0.0.1", 4448), 0);
	try("sendto ipv4 by ipv6", SENDTO, AF_INET6, SOCK_DGRAM, ipv4("127.0.0.1", 4453), 0);
	try("sendmsg ipv4 by ipv6", SENDMSG, AF_INET6, SOCK_DGRAM, ipv4("127.0.0.1", 4454), 0);
	try("connect ipv4 by ipv6", CONNECT, AF_INET6, SOCK_DGRAM, ipv4("127.0.0.1", 4455), 0);
	try("sendmmsg udp", SENDMMSG, AF_INET, SOCK_DGRAM, ipv4("127.0.0.1", 4449), 0);
	try_second("sendmmsg second", ipv4("127.0.0.1", 4452));
	try("sendto fastopen", SENDTO, AF_INET, SOCK_STREAM, ipv4("127.0.0.1", 4450), MSG_FASTOPEN);
	try("sendmsg fastopen", SENDMSG, AF_INET, SOCK_STREAM, ipv4("127.0.0.1", 4451), MSG_FASTOPEN);
	try("connect nobody", CONNECT, AF_INET, SOCK_STREAM, ipv4("0.0.0.0", 4456), 0);
	try("connect nobody6", CONNECT, AF_INET6, SOCK_STREAM, ipv6("::", 4457), 0);
	try("connect nobody mapped", CONNECT, AF_INET6, SOCK_STREAM, ipv6("::ffff:0.0.0.0", 4458), 0);
	try("sendto nobody", SENDTO, AF_INET, SOCK_DGRAM, ipv4("0.0.0.0", 4459), 0);
	try("sendto nobody6", SENDTO, AF_INET6, SOCK_DGRAM, ipv6("::", 4460), 0);
	try("sendto nobody mapped", SENDTO, AF_INET6, SOCK_DGRAM, ipv6("::ffff:0.0.0.0", 4461), 0);
	try_bound("sendto nobody bound", 4462);
	try("bind tcp", BIND, AF_INET, SOCK_STREAM, ipv4("0.0.0.0", 6000), 0);
	try("bind tcp6", BIND, AF_INET6, SOCK_STREAM, ipv6("::", 6001), 0);
	try("bind unspec", BIND, AF_INET, SOCK_STREAM, without_family("0.0.0.0", 6002), 0);
	return 0;
}
