/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets: their making and addresses, and what goes through them. */
#include "walk.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_in address(int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((unsigned short)port) };

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return in;
}

static void accepted(long listener)
{
	static struct sockaddr_in server, client, peer;
	static socklen_t len;
	long fd, other;

	server = address(40000);
	client = address(40001);
	fd = CALL(socket, N(AF_INET), N(SOCK_STREAM), N(IPPROTO_TCP));
	CALL(bind, V(fd), T(&client, "127.0.0.1:40001"), V(sizeof(client)));
	CALL(connect, V(fd), T(&server, "127.0.0.1:40000"), V(sizeof(server)));
	len = sizeof(peer);
	other = CALL(accept4, V(listener), T(&peer, "127.0.0.1:40001"), U(&len),
		     N(SOCK_CLOEXEC | SOCK_NONBLOCK));
	len = sizeof(peer);
	CALL(getpeername, V(other), T(&peer, "127.0.0.1:40001"), U(&len));
	len = sizeof(peer);
	CALL(getsockname, V(other), T(&peer, "127.0.0.1:40000"), U(&len));
	FAIL(EBADF, getsockname, V(-1), U(&peer), U(&len));
	CALL(shutdown, V(fd), N(SHUT_RDWR));
	FAIL(EBADF, shutdown, V(-1), N(SHUT_WR));
	close((int)fd);
	close((int)other);

	client = address(40002);
	fd = CALL(socket, N(AF_INET), N(SOCK_STREAM), N(IPPROTO_IP));
	CALL(bind, V(fd), T(&client, "127.0.0.1:40002"), V(sizeof(client)));
	CALL(connect, V(fd), T(&server, "127.0.0.1:40000"), V(sizeof(server)));
	len = sizeof(peer);
	other = CALL(accept, V(listener), T(&peer, "127.0.0.1:40002"), U(&len));
	close((int)fd);
	close((int)other);
}

static void options(long fd)
{
	static int value;
	static socklen_t len = sizeof(value);

	CALL(setsockopt, V(fd), N(SOL_SOCKET), N(SO_BINDTODEVICE), P("lo"), V(2));
	FAIL(ENOPROTOOPT, setsockopt, V(fd), N(SOL_SOCKET), V(9999), P("none"), V(4));
	CALL(getsockopt, V(fd), N(SOL_SOCKET), N(SO_TYPE), U(&value), U(&len));
	CALL(getsockopt, V(fd), T(IPPROTO_TCP, "SOL_TCP"), N(TCP_NODELAY), U(&value), U(&len));
}

void sockets(void)
{
	static struct sockaddr_in server;
	static struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	static struct sockaddr_un local = { .sun_family = AF_UNIX, .sun_path = "/tmp/none.sock" };
	static int ends[2];
	static char text[32];
	long listener, fd, made;

	server = address(40000);
	listener = CALL(socket, N(AF_INET), N(SOCK_STREAM | SOCK_CLOEXEC), N(IPPROTO_IP));
	FAIL(EAFNOSUPPORT, socket, V(99), N(SOCK_STREAM), V(0));
	CALL(socket, N(AF_NETLINK), N(SOCK_RAW), N(NETLINK_ROUTE));
	CALL(bind, V(listener), T(&server, "127.0.0.1:40000"), V(sizeof(server)));
	FAIL(EINVAL, bind, V(listener), T(&server, "127.0.0.1:40000"), V(sizeof(server)));
	CALL(listen, V(listener), V(5));
	FAIL(EBADF, listen, V(-1), V(5));
	options(listener);
	accepted(listener);
	close((int)listener);

	server = address(9);
	fd = CALL(socket, N(AF_INET), N(SOCK_STREAM), N(IPPROTO_IP));
	FAIL(ECONNREFUSED, connect, V(fd), T(&server, "127.0.0.1:9"), V(sizeof(server)));
	close((int)fd);
	fd = CALL(socket, N(AF_UNIX), N(SOCK_STREAM), V(0));
	FAIL(ENOENT, connect, V(fd), T(&local, "unix:/tmp/none.sock"), V(sizeof(local)));
	close((int)fd);
	six.sin6_port = htons(53);
	six.sin6_addr.s6_addr[15] = 1;
	fd = CALL(socket, N(AF_INET6), N(SOCK_DGRAM), N(IPPROTO_IP));
	FAIL(ANY, connect, V(fd), T(&six, "[::1]:53"), V(sizeof(six)));
	close((int)fd);
	made = syscall(SYS_socketpair, AF_UNIX, SOCK_DGRAM, 0, ends);
	snprintf(text, sizeof(text), "[%d, %d]", ends[0], ends[1]);
	MADE(socketpair, made, N(AF_UNIX), N(SOCK_DGRAM), V(0), T(ends, text));
}

void messages(void)
{
	static struct sockaddr_in to, from;
	static socklen_t len = sizeof(from);
	static char in[16];
	static struct iovec out_vector = { "message", 7 }, in_vector = { in, 7 };
	static struct msghdr out_head = { &to, sizeof(to), &out_vector, 1, NULL, 0, 0 };
	static struct msghdr in_head = { &from, sizeof(from), &in_vector, 1, NULL, 0, 0 };
	static struct mmsghdr many;
	static struct timespec second = { 1, 500000000 };
	char left[32];
	long sender, fd, made;

	to = address(40003);
	from = address(40004);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	sender = socket(AF_INET, SOCK_DGRAM, 0);
	(void)!bind((int)fd, (struct sockaddr *)&to, sizeof(to));
	(void)!bind((int)sender, (struct sockaddr *)&from, sizeof(from));
	CALL(sendto, V(sender), P("message"), V(7), N(MSG_NOSIGNAL), T(&to, "127.0.0.1:40003"),
	     V(sizeof(to)));
	FAIL(EDESTADDRREQ, sendto, V(sender), P("message"), V(7), V(0), U(NULL), V(0));
	CALL(recvfrom, V(fd), P(in), V(7), V(0), T(&from, "127.0.0.1:40004"), U(&len));
	FAIL(EAGAIN, recvfrom, V(fd), U(in), V(7), N(MSG_DONTWAIT), U(NULL), U(NULL));
	CALL(sendmsg, V(sender), T(&out_head, "127.0.0.1:40003"), N(MSG_NOSIGNAL));
	FAIL(EBADF, sendmsg, V(-1), T(&out_head, "127.0.0.1:40003"), V(0));
	CALL(recvmsg, V(fd), T(&in_head, "127.0.0.1:40004"), N(MSG_WAITALL));
	many.msg_hdr = out_head;
	CALL(sendmmsg, V(sender), T(&many, "127.0.0.1:40003"), V(1), V(0));
	many.msg_hdr = in_head;
	/* The kernel writes there what is left, which is what is told. */
	made = syscall(SYS_recvmmsg, fd, &many, 1, MSG_WAITFORONE, &second);
	snprintf(left, sizeof(left), "%ld.%09ld", (long)second.tv_sec, second.tv_nsec);
	MADE(recvmmsg, made, V(fd), U(&many), V(1), N(MSG_WAITFORONE), T(&second, left));
	FAIL(EAGAIN, recvmmsg, V(fd), U(&many), V(1), N(MSG_DONTWAIT), U(NULL));
	close((int)fd);
	close((int)sender);
}
