/* SPDX-License-Identifier: Apache-2.0 */
/* Traffic without a connect, sockets that are not TCP's or UDP's, descriptors that are handed over. */
#include "evade.h"

#include <arpa/inet.h>
#include <linux/if_alg.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static int open_socket(int family, int type, int protocol)
{
	return (int)has(socket(family, type, protocol), "socket");
}

static struct sockaddr_in loopback(uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return in;
}

static void by_sendto(void)
{
	struct sockaddr_in to = loopback(4741);

	need(sendto(open_socket(AF_INET, SOCK_DGRAM, 0), "ev-sendto", 9, 0, (struct sockaddr *)&to,
		    sizeof(to)), "sendto");
}

static void by_sendmsg(void)
{
	struct sockaddr_in to = loopback(4742);
	struct iovec iov = { "ev-sendmsg", 10 };
	struct msghdr msg = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &iov, .msg_iovlen = 1 };

	need(sendmsg(open_socket(AF_INET, SOCK_DGRAM, 0), &msg, 0), "sendmsg");
}

static void by_sendmmsg(void)
{
	struct sockaddr_in to[2] = { loopback(4743), loopback(4744) };
	struct iovec iov = { "ev-sendmmsg", 11 };
	struct mmsghdr msgs[2] = { 0 };

	for (int i = 0; i < 2; i++) {
		msgs[i].msg_hdr = (struct msghdr){ .msg_name = &to[i], .msg_namelen = sizeof(*to),
						   .msg_iov = &iov, .msg_iovlen = 1 };
	}
	need(sendmmsg(open_socket(AF_INET, SOCK_DGRAM, 0), msgs, 2, 0), "sendmmsg");
}

/* What IPv4 takes for one of its own. */
static void without_family(void)
{
	struct sockaddr_in to = loopback(4746);

	to.sin_family = AF_UNSPEC;
	need(sendto(open_socket(AF_INET, SOCK_DGRAM, 0), "ev-no-family", 12, 0, (struct sockaddr *)&to, sizeof(to)),
	     "sendto");
}

static void ipv4_by_ipv6(void)
{
	struct sockaddr_in to = loopback(4747);

	need(sendto(open_socket(AF_INET6, SOCK_DGRAM, 0), "ev-ipv4-by-ipv6", 15, 0, (struct sockaddr *)&to, sizeof(to)),
	     "sendto");
}

/* The SYN carries the data: no connect is made. */
static void fast_open(void)
{
	struct sockaddr_in to = loopback(4745);
	int listener = open_socket(AF_INET, SOCK_STREAM, 0), queue = 5;

	need(bind(listener, (struct sockaddr *)&to, sizeof(to)), "bind");
	setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN, &queue, sizeof(queue));
	need(listen(listener, 5), "listen");
	has(sendto(open_socket(AF_INET, SOCK_STREAM, 0), "ev-fast", 7, MSG_FASTOPEN, (struct sockaddr *)&to,
		   sizeof(to)), "MSG_FASTOPEN");
}

static void raw(void)
{
	struct sockaddr_in to = loopback(0);

	sendto(open_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), "\10\0\0\0\0\0\0\0", 8, 0,
	       (struct sockaddr *)&to, sizeof(to));
}

static void packet(void)
{
	open_socket(AF_PACKET, SOCK_RAW, htons(3));
}

static void netlink(void)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	int fd = open_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	need(bind(fd, (struct sockaddr *)&to, sizeof(to)), "bind");
}

static void vsock(void)
{
	struct sockaddr_vm to = { .svm_family = AF_VSOCK, .svm_port = 4747, .svm_cid = VMADDR_CID_HOST };
	int fd = open_socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK, 0);

	connect(fd, (struct sockaddr *)&to, sizeof(to));
}

static void algorithm(void)
{
	struct sockaddr_alg to = { .salg_family = AF_ALG, .salg_type = "hash", .salg_name = "sha256" };

	bind(socket(AF_ALG, SOCK_SEQPACKET, 0), (struct sockaddr *)&to, sizeof(to));
}

static void abstract(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "\0ev-abstract" };
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + 12;
	int listener = open_socket(AF_UNIX, SOCK_STREAM, 0);

	need(bind(listener, (struct sockaddr *)&to, len), "bind");
	need(listen(listener, 1), "listen");
	need(connect(open_socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&to, len), "connect");
}

/* Six bytes of an IPv6 address are an IPv4 one. */
static void mapped_address(void)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(4748) };

	inet_pton(AF_INET6, "::ffff:127.0.0.1", &to.sin6_addr);
	connect(open_socket(AF_INET6, SOCK_DGRAM, 0), (struct sockaddr *)&to, sizeof(to));
}

static void send_fd(int via, int fd)
{
	char room[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { "x", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room,
			      .msg_controllen = sizeof(room) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	need(sendmsg(via, &msg, 0), "sendmsg");
}

static int take_fd(int via)
{
	char room[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room,
			      .msg_controllen = sizeof(room) };
	int fd;

	need(recvmsg(via, &msg, 0), "recvmsg");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/* Who writes has never opened the file. */
static void handed_over(void)
{
	int pair[2];
	pid_t pid;

	need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	pid = (pid_t)need(fork(), "fork");
	if (!pid) {
		need(write(take_fd(pair[1]), "handed", 6), "write");
		_exit(0);
	}
	send_fd(pair[0], make_file("/tmp/ev-handed", "x"));
	waitpid(pid, NULL, 0);
	value("pid", pid);
}

static const struct row rows[] = {
	ROW("sendto", by_sendto), ROW("sendmsg", by_sendmsg), ROW("sendmmsg", by_sendmmsg),
	ROW("no-family", without_family), ROW("ipv4-by-ipv6", ipv4_by_ipv6),
	ROW("fast-open", fast_open), ROW("raw-socket", raw), ROW("packet-socket", packet),
	ROW("netlink", netlink), ROW("vsock", vsock), ROW("crypto-socket", algorithm),
	ROW("abstract-socket", abstract), ROW("mapped-address", mapped_address),
	ROW("handed-over", handed_over),
};

int main(int argc, char **argv)
{
	(void)argc;
	return RUN_ROWS(rows, argv);
}
