/* SPDX-License-Identifier: Apache-2.0 */
/* fd.*: views of struct event_fd, which is computed when the first of them is asked for. */
#include "accessors.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* Falco's letters; it has none for packet and vsock sockets. */
static const char *const type_chars[] = {
	[FD_FILE] = "f",    [FD_DIRECTORY] = "d", [FD_IPV4] = "4",   [FD_IPV6] = "6",
	[FD_UNIX] = "u",    [FD_NETLINK] = "n",   [FD_PACKET] = "o", [FD_VSOCK] = "o",
	[FD_PIPE] = "p",    [FD_CHAR] = "f",      [FD_BLOCK] = "f",  [FD_ANON] = "o",
	[FD_MEMFD] = "m",   [FD_OTHER] = "o",
};

FIELD_GET(fd_num)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present && fd->num != INT64_MIN)
		value_set_number(ret, fd->num);
}

FIELD_GET(fd_type)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present)
		value_set_text(ret, fd_type_name(fd->type));
}

FIELD_GET(fd_typechar)
{
	const struct event_fd *fd = fields_fd(fc);

	if (!fd->present)
		return;
	if ((size_t)fd->type < ARRAY_SIZE(type_chars) && type_chars[fd->type])
		value_set_bytes(ret, type_chars[fd->type], 1);
	else if (fd->is_path && fd->num != INT64_MIN)
		value_set_bytes(ret, "f", 1);	/* an open that failed, or for a ring: by the call, as Falco */
}

FIELD_GET(fd_name)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present && fd->name)
		value_set_bytes(ret, fd->name, fd->name_len);
}

FIELD_GET(fd_nameraw)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present && fd->nameraw)
		value_set_bytes(ret, fd->nameraw, fd->nameraw_len);
}

FIELD_GET(fd_oldname)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present && fd->oldname)
		value_set_bytes(ret, fd->oldname, fd->oldname_len);
}

FIELD_GET(fd_directory)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present && fd->name && fd->is_path && fd->dir_len)
		value_set_bytes(ret, fd->name, fd->dir_len);
}

FIELD_GET(fd_filename)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present && fd->name && fd->is_path && fd->file_off < fd->name_len)
		value_set_bytes(ret, fd->name + fd->file_off, fd->name_len - fd->file_off);
}

FIELD_GET(asked_fd_name)
{
	const struct strbuf *path = fields_asked(fc);

	if (path)
		value_set_strbuf(ret, path);
}

/* Of an absolute path: there is a slash. */
FIELD_GET(asked_fd_directory)
{
	const struct strbuf *path = fields_asked(fc);
	const char *slash = path ? strrchr(path->s, '/') : NULL;

	if (slash)
		value_set_bytes(ret, path->s, slash == path->s ? 1 : (size_t)(slash - path->s));
}

FIELD_GET(asked_fd_filename)
{
	const struct strbuf *path = fields_asked(fc);
	const char *slash = path ? strrchr(path->s, '/') : NULL;

	if (slash && slash[1])
		value_set_text(ret, slash + 1);
}

FIELD_GET(fd_ino)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present && fd->ino)
		value_set_number(ret, (int64_t)fd->ino);
}

/* Of what no object has told it is not known. */
FIELD_GET(fd_unreachable)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present && fd->is_path && fd->type != FD_NONE)
		value_set_bool(ret, fd->unreachable);
}

FIELD_GET(fd_dev)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->present && fd->ino)
		value_set_number(ret, fd->dev);
}

static bool is_ip(const struct event_fd *fd)
{
	return fd->present && (fd->family == AF_INET || fd->family == AF_INET6);
}

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

/* Printed, it is the other end, or this one where no other is known. Filters look at both. */
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

/* What the remote end has, or this one, by who is meant. */
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

FIELD_GET(fd_sockfamily)
{
	const struct event_fd *fd = fields_fd(fc);

	if (fd->family == AF_INET || fd->family == AF_INET6)
		value_set_bytes(ret, "ip", 2);
	else if (fd->family == AF_UNIX)
		value_set_bytes(ret, "unix", 4);
}
