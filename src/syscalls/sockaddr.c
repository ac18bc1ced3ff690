/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Socket addresses as text. The bytes are user memory: the family says what they claim to be, the
 * length what can be read, and neither is believed without the other. What is too short for its
 * family is shown as bytes.
 */
#include "syscalls.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <linux/if_alg.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>

/* sin6_scope_id came later (RFC 2553): the kernel takes an address without it. */
#define INET6_LEN_MIN offsetof(struct sockaddr_in6, sin6_scope_id)

union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	struct sockaddr_nl nl;
	struct sockaddr_ll ll;
	struct sockaddr_vm vm;
	struct sockaddr_alg alg;
	struct sockaddr_storage storage;
};

static void print_inet(struct strbuf *out, const struct sockaddr_in *in)
{
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
	strbuf_adds(out, text);
	strbuf_addc(out, ':');
	strbuf_addu(out, ntohs(in->sin_port));
}

static void print_inet6(struct strbuf *out, const struct sockaddr_in6 *in6)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
	strbuf_addc(out, '[');
	strbuf_adds(out, text);
	if (in6->sin6_scope_id) {
		strbuf_addc(out, '%');
		strbuf_addu(out, in6->sin6_scope_id);
	}
	strbuf_adds(out, "]:");
	strbuf_addu(out, ntohs(in6->sin6_port));
}

static void print_unix(struct strbuf *out, const struct sockaddr_un *un, size_t len)
{
	size_t path = MIN(len - offsetof(struct sockaddr_un, sun_path), sizeof(un->sun_path));

	strbuf_adds(out, "unix:");
	if (!path)
		return;
	if (un->sun_path[0]) {
		strbuf_add(out, un->sun_path, strnlen(un->sun_path, path));
		return;
	}
	strbuf_addc(out, '@');
	strbuf_add(out, un->sun_path + 1, path - 1);
}

static void print_alg(struct strbuf *out, const struct sockaddr_alg *alg)
{
	const char *type = (const char *)alg->salg_type, *name = (const char *)alg->salg_name;

	strbuf_adds(out, "alg:");
	strbuf_add(out, type, strnlen(type, sizeof(alg->salg_type)));
	strbuf_addc(out, ':');
	strbuf_add(out, name, strnlen(name, sizeof(alg->salg_name)));
}

static void print_other(struct strbuf *out, unsigned family, const uint8_t *bytes, size_t len)
{
	const char *name = family_name((int)family);

	if (name)
		strbuf_adds(out, name);
	else
		strbuf_addf(out, "AF_%u", family);
	for (size_t i = 0; i < len; i++)
		strbuf_addf(out, i ? "%02x" : ":%02x", bytes[i]);
}

/* Whether the family's struct is there as far as it is read. */
static bool long_enough(unsigned family, size_t len)
{
	switch (family) {
	case AF_UNIX:
		return true;
	case AF_INET:
		return len >= offsetof(struct sockaddr_in, sin_zero);
	case AF_INET6:
		return len >= INET6_LEN_MIN;
	case AF_NETLINK:
		return len >= sizeof(struct sockaddr_nl);
	case AF_PACKET:
		return len >= offsetof(struct sockaddr_ll, sll_hatype);
	case AF_VSOCK:
		return len >= offsetof(struct sockaddr_vm, svm_cid) + sizeof(uint32_t);
	case AF_ALG:
		return len >= sizeof(struct sockaddr_alg);
	default:
		return false;
	}
}

/* What an address is: as far as it goes; AF_UNSPEC: nothing that is known. */
static unsigned read_address(union address *ret, const void *addr, size_t len)
{
	memset(ret, 0, sizeof(*ret));
	if (!addr || len < sizeof(sa_family_t))
		return AF_UNSPEC;
	memcpy(ret, addr, MIN(len, (size_t)NUNCHI_SOCKADDR_MAX));
	return long_enough(ret->sa.sa_family, len) ? ret->sa.sa_family : AF_UNSPEC;
}

static struct nunchi_end end_of(const union address *a)
{
	switch (a->sa.sa_family) {
	case AF_NETLINK:
		return (struct nunchi_end){ a->nl.nl_pid, a->nl.nl_groups };
	case AF_PACKET:
		return (struct nunchi_end){ (uint32_t)a->ll.sll_ifindex, ntohs(a->ll.sll_protocol) };
	default:
		return (struct nunchi_end){ a->vm.svm_cid, a->vm.svm_port };
	}
}

static bool has_end(unsigned family)
{
	return family == AF_NETLINK || family == AF_PACKET || family == AF_VSOCK;
}

bool sockaddr_end(const void *addr, size_t len, unsigned family, struct nunchi_end *ret)
{
	union address a;

	if (read_address(&a, addr, len) != family || !has_end(family))
		return false;
	*ret = end_of(&a);
	return true;
}

static void add_number(struct strbuf *out, unsigned family, uint32_t number)
{
	if (family == AF_VSOCK && number == VMADDR_CID_ANY)	/* as VMADDR_PORT_ANY */
		strbuf_addc(out, '*');
	else
		strbuf_addu(out, number);
}

void sockaddr_print_end(struct strbuf *out, unsigned family, const struct nunchi_end *end)
{
	add_number(out, family, end->first);
	strbuf_addc(out, ':');
	add_number(out, family, end->second);
}

static void print_end(struct strbuf *out, const char *name, const union address *a)
{
	const struct nunchi_end end = end_of(a);

	strbuf_adds(out, name);
	sockaddr_print_end(out, a->sa.sa_family, &end);
}

void sockaddr_print(struct strbuf *out, const void *addr, size_t len)
{
	const size_t head = sizeof(sa_family_t);
	union address a;

	len = MIN(len, (size_t)NUNCHI_SOCKADDR_MAX);
	if (!addr || len < head)
		return;
	switch (read_address(&a, addr, len)) {
	case AF_INET:
		return print_inet(out, &a.in);
	case AF_INET6:
		return print_inet6(out, &a.in6);
	case AF_UNIX:
		return print_unix(out, &a.un, len);
	case AF_NETLINK:
		return print_end(out, "netlink:", &a);
	case AF_PACKET:
		return print_end(out, "packet:", &a);
	case AF_VSOCK:
		return print_end(out, "vsock:", &a);
	case AF_ALG:
		return print_alg(out, &a.alg);
	default:
		return print_other(out, a.sa.sa_family, (const uint8_t *)&a + head, len - head);
	}
}
