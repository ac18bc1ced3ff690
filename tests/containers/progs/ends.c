/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ends FAMILY: sockets that have no IP address are bound, connected and sent by. A line of JSON for each call, with
 * what must be shown of the socket: by what getsockname(2) and getpeername(2) say of it, which is not how nunchi knows.
 *
 *	{"call":"bind","res":0,"name":"netlink:ROUTE:7:1"}
 *	{"shut":"socket: EAFNOSUPPORT"}		there is no such family here
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/vm_sockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SOME_PORT 7001
#define VM_PORT 4747

union address {
	struct sockaddr any;
	struct sockaddr_nl nl;
	struct sockaddr_ll ll;
	struct sockaddr_vm vm;
};

static int open_socket(int family, int type, int protocol)
{
	int fd = socket(family, type, protocol);

	if (fd >= 0)
		return fd;
	printf("{\"shut\":\"socket: %s\"}\n", strerrorname_np(errno));
	exit(0);
}

static void say(const char *call, long res, const char *name)
{
	printf("{\"call\":\"%s\",\"res\":%ld,\"name\":\"%s\"}\n", call, res < 0 ? -errno : res, name);
}

static union address local_of(int fd)
{
	union address a = { 0 };
	socklen_t len = sizeof(a);

	if (getsockname(fd, &a.any, &len)) {
		perror("getsockname");
		exit(1);
	}
	return a;
}

/* All 0 where there is none. */
static union address peer_of(int fd)
{
	union address a = { 0 };
	socklen_t len = sizeof(a);

	getpeername(fd, &a.any, &len);
	return a;
}

/* kind: "netlink:ROUTE". peer: of the call, or NULL. */
static void say_netlink(const char *call, long res, int fd, const char *kind, const union address *peer)
{
	union address a = local_of(fd), b = peer ? *peer : peer_of(fd);
	char name[128];
	int n = snprintf(name, sizeof(name), "%s:%u:%u", kind, a.nl.nl_pid, a.nl.nl_groups);

	if (b.nl.nl_pid || b.nl.nl_groups)
		snprintf(name + n, sizeof(name) - (size_t)n, "->%u:%u", b.nl.nl_pid, b.nl.nl_groups);
	say(call, res, name);
}

static void netlink(void)
{
	union address any = { .nl = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK } };
	union address some = { .nl = { .nl_family = AF_NETLINK, .nl_pid = SOME_PORT } };
	union address kernel = { .nl = { .nl_family = AF_NETLINK } };
	union address group = { .nl = { .nl_family = AF_NETLINK, .nl_groups = 1 << 4 } };
	int neighbours = RTNLGRP_NEIGH, fd = open_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), other;
	struct nlmsghdr none = { .nlmsg_len = sizeof(none), .nlmsg_type = NLMSG_NOOP };
	long r;

	r = setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &(int){ 0 }, sizeof(int));
	say("setsockopt", r, "netlink:ROUTE");
	r = bind(fd, &any.any, sizeof(any.nl));
	say_netlink("bind", r, fd, "netlink:ROUTE", NULL);
	/* Another group, which no address says. */
	r = setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &neighbours, sizeof(neighbours));
	say_netlink("setsockopt", r, fd, "netlink:ROUTE", NULL);
	r = sendto(fd, &none, sizeof(none), 0, &kernel.any, sizeof(kernel.nl));
	say_netlink("sendto", r, fd, "netlink:ROUTE", &kernel);

	fd = open_socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);
	r = bind(fd, &some.any, sizeof(some.nl));
	say_netlink("bind", r, fd, "netlink:USERSOCK", NULL);
	other = open_socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);
	r = connect(other, &some.any, sizeof(some.nl));
	say_netlink("connect", r, other, "netlink:USERSOCK", NULL);
	r = send(other, &none, sizeof(none), 0);
	say_netlink("sendto", r, other, "netlink:USERSOCK", NULL);
	r = sendto(other, &none, sizeof(none), 0, &group.any, sizeof(group.nl));
	say_netlink("sendto", r, other, "netlink:USERSOCK", &group);
	r = connect(other, &group.any, sizeof(group.nl));
	say_netlink("connect", r, other, "netlink:USERSOCK", NULL);
}

static void say_packet(const char *call, long res, int fd, const union address *peer)
{
	union address a = local_of(fd);
	char name[128];
	int n = snprintf(name, sizeof(name), "packet:%d:%u", a.ll.sll_ifindex, ntohs(a.ll.sll_protocol));

	if (peer)
		snprintf(name + n, sizeof(name) - (size_t)n, "->%d:%u", peer->ll.sll_ifindex,
			 ntohs(peer->ll.sll_protocol));
	say(call, res, name);
}

static void packet(void)
{
	union address lo = { .ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = 1 } };
	int fd = open_socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)), zero = 0;
	long r;

	r = setsockopt(fd, SOL_PACKET, PACKET_COPY_THRESH, &zero, sizeof(zero));
	say_packet("setsockopt", r, fd, NULL);	/* all there is, on every interface */
	r = bind(fd, &lo.any, sizeof(lo.ll));
	say_packet("bind", r, fd, NULL);
	r = setsockopt(fd, SOL_PACKET, PACKET_COPY_THRESH, &zero, sizeof(zero));
	say_packet("setsockopt", r, fd, NULL);
	fd = open_socket(AF_PACKET, SOCK_DGRAM, 0);
	r = sendto(fd, "x", 1, 0, &lo.any, sizeof(lo.ll));
	say_packet("sendto", r, fd, &lo);
}

static void add_vsock(char *name, size_t room, const struct sockaddr_vm *a)
{
	size_t n = strlen(name);

	if (a->svm_cid == VMADDR_CID_ANY)
		n += (size_t)snprintf(name + n, room - n, "*:");
	else
		n += (size_t)snprintf(name + n, room - n, "%u:", a->svm_cid);
	if (a->svm_port == VMADDR_PORT_ANY)
		snprintf(name + n, room - n, "*");
	else
		snprintf(name + n, room - n, "%u", a->svm_port);
}

static void say_vsock(const char *call, long res, int fd, const union address *peer)
{
	union address a = local_of(fd), b = peer ? *peer : peer_of(fd);
	int error = errno;
	char name[128] = "vsock:";

	add_vsock(name, sizeof(name), &a.vm);
	if (b.vm.svm_family) {
		strcat(name, "->");
		add_vsock(name, sizeof(name), &b.vm);
	}
	errno = error;
	say(call, res, name);
}

static void vsock(void)
{
	union address any = { .vm = { .svm_family = AF_VSOCK, .svm_port = VM_PORT, .svm_cid = VMADDR_CID_ANY } };
	union address local = { .vm = { .svm_family = AF_VSOCK, .svm_port = VM_PORT, .svm_cid = VMADDR_CID_LOCAL } };
	int listener = open_socket(AF_VSOCK, SOCK_STREAM, 0), fd = open_socket(AF_VSOCK, SOCK_STREAM, 0), accepted, error;
	long r;

	r = bind(listener, &any.any, sizeof(any.vm));
	say_vsock("bind", r, listener, NULL);
	r = listen(listener, 1);
	say_vsock("listen", r, listener, NULL);
	r = connect(fd, &local.any, sizeof(local.vm));
	error = errno;
	if (r) {	/* no loopback here */
		errno = error;
		say_vsock("connect", r, fd, &local);
		return;
	}
	say_vsock("connect", r, fd, NULL);
	r = send(fd, "x", 1, 0);
	say_vsock("sendto", r, fd, NULL);
	accepted = accept(listener, NULL, NULL);
	say_vsock("accept", accepted, accepted, NULL);
}

static struct sockaddr_un path_of(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	strcpy(a.sun_path, path);
	return a;
}

static void say_unix(const char *path, const char *shown)
{
	struct sockaddr_un a = path_of(path);
	int fd = open_socket(AF_UNIX, SOCK_STREAM, 0);
	long r = connect(fd, (struct sockaddr *)&a, sizeof(a));

	say("connect", r, shown);
	close(fd);
}

/* By a path that the listener has not bound, and by the end of it. */
static void unix_paths(void)
{
	struct sockaddr_un a = path_of("/tmp/bound.sock");
	int listener = open_socket(AF_UNIX, SOCK_STREAM, 0);

	say("bind", bind(listener, (struct sockaddr *)&a, sizeof(a)), "/tmp/bound.sock");
	say("listen", listen(listener, 5), "/tmp/bound.sock");
	if (symlink("bound.sock", "/tmp/other.sock") || chdir("/tmp")) {
		perror("symlink");
		exit(1);
	}
	say_unix("/tmp/bound.sock", "/tmp/bound.sock");
	say_unix("/tmp/other.sock", "/tmp/bound.sock");
	say_unix("./other.sock", "/tmp/bound.sock");
	say_unix("nobody.sock", "nobody.sock");
}

int main(int argc, char **argv)
{
	const char *family = argc > 1 ? argv[1] : "";

	if (!strcmp(family, "netlink"))
		netlink();
	else if (!strcmp(family, "packet"))
		packet();
	else if (!strcmp(family, "vsock"))
		vsock();
	else if (!strcmp(family, "unix"))
		unix_paths();
	else
		return 2;
	return 0;
}
