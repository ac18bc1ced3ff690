/* SPDX-License-Identifier: Apache-2.0 */
/*
 * makes: sockets and user namespaces, in each way that there is, each in a child of its own. A line of JSON for each:
 * {"what":"packet","error":"EPERM"}; error "" where there was none, "SIGKILL" where the child was killed.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ring.h"

#define OP_SOCKET 45	/* IORING_OP_SOCKET, which Debian 12's header has not */

static long packet(void)
{
	return socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
}

/* Which the kernel takes for AF_PACKET. */
static long old_packet(void)
{
	return socket(AF_INET, SOCK_PACKET, htons(ETH_P_ALL));
}

static long raw(void)
{
	return socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMP);
}

static long tcp(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static long uevent(void)
{
	return socket(AF_NETLINK, SOCK_DGRAM, NETLINK_KOBJECT_UEVENT);
}

static long route(void)
{
	return socket(AF_NETLINK, SOCK_DGRAM, NETLINK_ROUTE);
}

static long pair_of(int type)
{
	int fds[2];

	return socketpair(AF_UNIX, type, 0, fds);
}

static long packets_pair(void)
{
	return pair_of(SOCK_SEQPACKET);
}

static long stream_pair(void)
{
	return pair_of(SOCK_STREAM);
}

static long ring_packet(void)
{
	return ring_ask((struct io_uring_sqe){ .opcode = OP_SOCKET, .fd = AF_PACKET, .off = SOCK_RAW, .len = htons(ETH_P_ALL) });
}

static long unshare_user(void)
{
	return unshare(CLONE_NEWUSER);
}

static long unshare_mounts(void)
{
	return unshare(CLONE_NEWNS);
}

/* The child has nothing to do. */
static long cloned(long pid)
{
	int status;

	if (!pid)
		_exit(0);
	if (pid > 0)
		waitpid((pid_t)pid, &status, 0);
	return pid;
}

static long clone_user(void)
{
	return cloned(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
}

static long clone3_with(uint64_t flags)
{
	struct clone_args args = { .flags = flags, .exit_signal = SIGCHLD };

	return cloned(syscall(SYS_clone3, &args, sizeof(args)));
}

static long clone3_user(void)
{
	return clone3_with(CLONE_NEWUSER);
}

static long clone3_plain(void)
{
	return clone3_with(0);
}

static const struct {
	const char *what;
	long (*make)(void);
} ways[] = {
	{ "packet", packet }, { "packet, as it was made once", old_packet }, { "packet by a ring", ring_packet },
	{ "raw", raw }, { "tcp", tcp }, { "uevent", uevent }, { "route", route },
	{ "pair of packets", packets_pair }, { "pair of streams", stream_pair },
	{ "unshare", unshare_user }, { "clone", clone_user }, { "clone3", clone3_user },
	{ "unshare of mounts", unshare_mounts }, { "clone3 without", clone3_plain },
};

static void try(const char *what, long (*make)(void))
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(make() < 0 ? errno : 0);
	waitpid(child, &status, 0);
	printf("{\"what\":\"%s\",\"error\":\"%s\"}\n", what,
	       WIFSIGNALED(status)  ? "SIGKILL" :
	       WEXITSTATUS(status) ? strerrorname_np(WEXITSTATUS(status)) : "");
}

int main(void)
{
	setbuf(stdout, NULL);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		try(ways[i].what, ways[i].make);
	return 0;
}
