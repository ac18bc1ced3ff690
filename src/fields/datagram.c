/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fd.connected, fd.name_changed: each datagram can have another peer, and rules are about the changes. The last peer is
 * remembered by socket, in a table of fixed size: of two sockets that share an entry changes are reported more often.
 */
#include "accessors.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#define PLACES 4096	/* a power of two */

struct peer {
	uint64_t socket;	/* 0: none yet */
	uint64_t tuple;
	uint64_t event;		/* that looked last, */
	bool changed;		/* and what it was told: it may ask again */
};

struct peers {
	struct peer places[PLACES];
};

FIELD_GET(fd_connected)
{
	const struct event_fd *fd = fields_fd(fc);

	if (is_ip(fd))
		value_set_bool(ret, fd->state == TCP_ESTABLISHED);
}

static bool is_message(const struct event *ev)
{
	return ev->type == EVENT_SYSCALL && (starts_with(ev->call->name, "send") || starts_with(ev->call->name, "recv"));
}

static uint64_t tuple_of(const struct event_fd *fd)
{
	uint64_t hash = hash_bytes(fd->lip, sizeof(fd->lip)) + hash_u64(hash_bytes(fd->rip, sizeof(fd->rip)));

	return hash_u64(hash + ((uint64_t)fd->lport << 16 | fd->rport));
}

static bool look(struct peers *peers, uint64_t socket, uint64_t tuple, uint64_t event)
{
	struct peer *p = &peers->places[socket & (PLACES - 1)];

	if (p->socket != socket || p->event != event) {
		p->changed = p->socket != socket || p->tuple != tuple;
		*p = (struct peer){ socket, tuple, event, p->changed };
	}
	return p->changed;
}

FIELD_GET(fd_name_changed)
{
	const struct event_fd *fd = fields_fd(fc);
	const struct nunchi_head *head = task_head(fc);
	uint64_t socket;

	if (!head || !is_ip(fd))
		return;
	if (fd->protocol == IPPROTO_TCP || !is_message(fc->ev) || !fd->has_rip) {
		value_set_bool(ret, false);
		return;
	}
	if (!fc->peers)
		fc->peers = xcalloc(1, sizeof(*fc->peers));
	socket = hash_u64(hash_u64((uint64_t)head->pid << 32 | (uint32_t)fd->num) + head->start) | 1;
	value_set_bool(ret, look(fc->peers, hash_u64(socket) | 1, tuple_of(fd), hash_u64(head->seq) + head->time));
}
