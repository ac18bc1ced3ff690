/* SPDX-License-Identifier: Apache-2.0 */
/* fd.*: the two ends of a connection. */
#include "accessors.h"

#include <netinet/in.h>
#include <sys/socket.h>

FIELD_GET(fd_lip)
{
	const struct event_fd *fd = fields_fd(fc);

	if (is_ip(fd) && fd->has_lip)
		value_set_ip(ret, fd->family, fd->lip);
}

FIELD_GET(fd_lport)
{
	const struct event_fd *fd = fields_fd(fc);

	if (is_ip(fd) && fd->has_lip)
		value_set_number(ret, fd->lport);
}

FIELD_GET(fd_rip)
{
	const struct event_fd *fd = fields_fd(fc);

	if (is_ip(fd) && fd->has_rip)
		value_set_ip(ret, fd->family, fd->rip);
}

FIELD_GET(fd_rport)
{
	const struct event_fd *fd = fields_fd(fc);

	if (is_ip(fd) && fd->has_rip)
		value_set_number(ret, fd->rport);
}

/* What is shown: the remote end, or the local one if that is not known. Filters look at both. */
FIELD_GET(fd_ip)
{
	if (fields_fd(fc)->has_rip)
		field_get_fd_rip(fc, arg, ret);
	else
		field_get_fd_lip(fc, arg, ret);
}

FIELD_GET(fd_port)
{
	if (fields_fd(fc)->has_rip)
		field_get_fd_rport(fc, arg, ret);
	else
		field_get_fd_lport(fc, arg, ret);
}

FIELD_GET(fd_l4proto)
{
	static const struct {
		uint16_t number;
		const char *name;
	} protocols[] = {
		{ IPPROTO_TCP, "tcp" },	    { IPPROTO_UDP, "udp" },	{ IPPROTO_ICMP, "icmp" },
		{ IPPROTO_ICMPV6, "icmp" }, { IPPROTO_SCTP, "sctp" },	{ IPPROTO_UDPLITE, "udplite" },
		{ IPPROTO_RAW, "raw" },	    { 262 /* IPPROTO_MPTCP */, "mptcp" },
	};
	const struct event_fd *fd = fields_fd(fc);

	if (!is_ip(fd))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (protocols[i].number == fd->protocol)
			value_set_text(ret, protocols[i].name);
}

#define EPHEMERAL_PORT 32768	/* where the kernel begins to choose clients' ports */

enum role { ROLE_UNKNOWN, ROLE_CLIENT, ROLE_SERVER };

/*
 * What this end is: by the call if it tells; else a port of the kernel's own choice on one side
 * only is the client's.
 */
static enum role role_of(const struct event *ev, const struct event_fd *fd)
{
	const char *call = ev->call ? ev->call->name : "";

	if (streq(call, "connect") || starts_with(call, "send"))
		return ROLE_CLIENT;
	if (starts_with(call, "accept") || streq(call, "listen") || streq(call, "bind"))
		return ROLE_SERVER;
	if (fd->lport >= EPHEMERAL_PORT && fd->rport < EPHEMERAL_PORT)
		return ROLE_CLIENT;
	if (fd->lport < EPHEMERAL_PORT && fd->rport >= EPHEMERAL_PORT)
		return ROLE_SERVER;
	return ROLE_UNKNOWN;
}

/* A value of the client or server (meant), which is the remote or the local end. */
static void end_get(struct field_context *fc, enum role meant, struct value *ret,
		    void (*local)(struct field_context *fc, const char *arg, struct value *ret),
		    void (*remote)(struct field_context *fc, const char *arg, struct value *ret))
{
	enum role role = role_of(fc->ev, fields_fd(fc));

	if (role == meant)
		local(fc, NULL, ret);
	else if (role != ROLE_UNKNOWN)
		remote(fc, NULL, ret);
}

#define END_GET(ident, meant, what)                                                            \
	FIELD_GET(ident)                                                                       \
	{                                                                                      \
		end_get(fc, meant, ret, field_get_fd_l##what, field_get_fd_r##what);           \
	}

END_GET(fd_sip, ROLE_SERVER, ip)
END_GET(fd_sport, ROLE_SERVER, port)
END_GET(fd_cip, ROLE_CLIENT, ip)
END_GET(fd_cport, ROLE_CLIENT, port)

/* A port as text. Falco has names of services here only if it is configured to look them up. */
#define PROTO_GET(ident, port)                                                                 \
	FIELD_GET(ident)                                                                       \
	{                                                                                      \
		struct value number = { .type = VALUE_NONE };                                  \
		struct strbuf *b;                                                              \
                                                                                               \
		port(fc, NULL, &number);                                                       \
		if (number.type == VALUE_NONE)                                                 \
			return;                                                                \
		b = scratch_next(fc);                                                          \
		value_print(b, &number);                                                       \
		value_set_strbuf(ret, b);                                                      \
	}

PROTO_GET(fd_lproto, field_get_fd_lport)
PROTO_GET(fd_rproto, field_get_fd_rport)
PROTO_GET(fd_cproto, field_get_fd_cport)
PROTO_GET(fd_sproto, field_get_fd_sport)

FIELD_GET(fd_is_server)
{
	enum role role = role_of(fc->ev, fields_fd(fc));

	if (is_ip(fields_fd(fc)) && role != ROLE_UNKNOWN)
		value_set_bool(ret, role == ROLE_SERVER);
}

FIELD_GET(fd_sockfamily)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->family == AF_INET || fd->family == AF_INET6)
		value_set_bytes(ret, "ip", 2);
	else if (fd->family == AF_UNIX)
		value_set_bytes(ret, "unix", 4);
}

#define NAMES_MAX 16	/* of one address */

/* The host names of an address that rules ask for: one, or a list. */
static void names_get(struct field_context *fc, void (*get)(struct field_context *fc, const char *arg, struct value *ret),
		      struct value *ret)
{
	struct value ip = { .type = VALUE_NONE };
	const char *names[NAMES_MAX];
	struct address address;
	size_t n;

	get(fc, NULL, &ip);
	if (ip.type == VALUE_NONE || !fc->model)
		return;
	address.family = ip.family;
	memcpy(address.ip, ip.ip, sizeof(address.ip));
	n = model_address_names(fc->model, &address, names, NAMES_MAX);
	if (n == 1)
		value_set_text(ret, names[0]);
	if (n < 2)
		return;
	for (size_t i = 0; i < n; i++)
		value_set_text(&fc->items[i], names[i]);
	*ret = (struct value){ .type = VALUE_LIST, .items = fc->items, .len = n };
}

#define NAME_GET(ident, what)                                                                  \
	FIELD_GET(ident)                                                                       \
	{                                                                                      \
		names_get(fc, field_get_fd_##what, ret);                                       \
	}

NAME_GET(fd_sip_name, sip)
NAME_GET(fd_cip_name, cip)
NAME_GET(fd_lip_name, lip)
NAME_GET(fd_rip_name, rip)
