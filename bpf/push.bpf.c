/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Compares a finished record with the clauses of all conditions at once: a path is read byte by byte in one
 * automaton, whose last state has the clauses that the path satisfies. A path has two forms, the one that was opened
 * and the one that was asked for, and a condition may mean either. Mostly they are the same, which is found while the
 * first is read. If not, the other is read as well, provided that it is absolute and has nothing that user space
 * would remove ("//", "/./", "/../"). If something is not known as user space would know it, the record leaves the
 * kernel.
 */
#include "lib/blob.h"
#include "lib/push.h"

#define ALL PUSH_ALL
#define TEXT_MAX (DATA_MAX + 256)
#define DATA_MASK (sizeof(((struct scratch *)0)->data) - 1)
#define AT_MAX 16384	/* blobs that begin behind this offset are not looked at */
#define BLOBS_MAX 8	/* of a record */
#define BODY (sizeof(struct nunchi_head) + sizeof(struct nunchi_call))

static __always_inline u8 data_at(const struct scratch *s, u32 at)
{
	return s->data[at & DATA_MASK];
}

static __always_inline struct nunchi_blob *blob_at(struct scratch *s, u32 at)
{
	return (void *)&s->data[at & (AT_MAX - 1) & ~7U];
}

static __always_inline struct nunchi_push_state *state_at(u32 index)
{
	return bpf_map_lookup_elem(&push_states, &index);
}

/* Reads one byte. True: nothing that follows changes the result. */
static __always_inline bool read_byte(struct reading *r, u8 byte)
{
	u32 letter = push_letters[byte];
	struct nunchi_push_state *state;

	/* Masked where it is used: older verifiers forget bounds when a register is spilled. */
	if (!r->head_over) {
		state = state_at(r->head);
		if (state) {
			r->head_over = state->over;
			barrier_var(letter);
			r->head = state->next[letter & (NUNCHI_PUSH_LETTERS - 1)];
		}
	}
	state = state_at(r->tail);
	if (!state)
		return true;
	r->within |= state->within;
	barrier_var(letter);
	r->tail = state->next[letter & (NUNCHI_PUSH_LETTERS - 1)];
	return state->over;
}

/* Reads one byte of a path that is stored as names, beginning with the name next to the root. 1 ends it. */
static long names_step(u32 i, struct scratch **ctx)
{
	struct scratch *s = *ctx;
	struct reading *r = &s->reading;
	u32 at = r->at, left, same;
	u8 byte = data_at(s, at), other;

	/* The path that was asked for has its bytes in order; its directory is stored as names, like this one. */
	same = i + 1 >= r->asked_from ? r->asked + (i + 1 - r->asked_from) : at - r->shift;
	other = data_at(s, same);
	if (byte) {
		r->at = at + 1;
	} else {
		left = r->left - 1;
		if (!left || left > NUNCHI_COMPONENTS_MAX)
			return 1;
		r->left = left;
		r->at = s->walked + sizeof(struct nunchi_blob) +
			s->names_at[(left - 1) & (NUNCHI_COMPONENTS_MAX - 1)];
		byte = '/';
		if (!other)
			other = '/';
	}
	if (byte != other)
		r->differs = 1;
	read_byte(r, byte);
	return 0;
}

/* Reads the path of the last walk, from the root on. */
static __always_inline void read_names(struct scratch *s, u32 len)
{
	struct reading *r = &s->reading;

	r->left = s->n_names;
	read_byte(r, '/');
	if (!r->left || r->left > NUNCHI_COMPONENTS_MAX)
		return;
	r->at = s->walked + sizeof(struct nunchi_blob) +
		s->names_at[(r->left - 1) & (NUNCHI_COMPONENTS_MAX - 1)];
	bpf_loop(len, names_step, &s, 0);
}

/* Reads one byte of a text that is stored in order. 1 ends it. */
static long text_step(u32 i, struct scratch **ctx)
{
	struct scratch *s = *ctx;
	struct reading *r = &s->reading;
	u8 byte = data_at(s, r->at + i);

	if (byte == '/') {
		if (r->slash)
			r->odd = 1;
		r->slash = 1;
	} else if (byte == '.' && r->slash && r->slash < 3) {
		r->slash++;
	} else {
		r->slash = 0;
	}
	if (!byte && !r->bytes)
		return 1;
	return read_byte(r, byte) && !r->whole;
}

/* whole: reads it to its end, to find what a path may not have. */
static __always_inline void read_text(struct scratch *s, u32 at, u32 len, bool whole)
{
	struct reading *r = &s->reading;

	r->at = at;
	r->whole = whole;
	r->slash = r->odd = 0;
	bpf_loop(len, text_step, &s, 0);
}

/* The clauses that a text other than a path satisfies. bytes: a NUL does not end it. */
__noinline u64 text_mask(struct scratch *s, u32 start, u32 at, u32 len, u32 bytes)
{
	struct nunchi_push_state *state;

	if (!s || len > TEXT_MAX)
		return ALL;
	s->reading.head_over = 1;
	s->reading.tail = start;
	s->reading.bytes = bytes;
	read_text(s, at, len, false);
	s->reading.bytes = 0;
	state = state_at(s->reading.tail);
	return state ? state->mask : ALL;
}

static __always_inline void path_begin(struct reading *r, const struct nunchi_push_row *row)
{
	r->head = row->start[NUNCHI_PUSH_HEAD];
	r->tail = row->start[NUNCHI_PUSH_TAIL];
	r->head_over = 0;
}

/* Adds the clauses that are decided at the end of a path, for one of its forms. */
static __always_inline void path_end(struct reading *r)
{
	struct nunchi_push_state *head = state_at(r->head), *tail = state_at(r->tail);

	if (!head || !tail)
		return;
	r->heads |= head->mask;
	r->tails |= tail->mask;
	r->within |= tail->within;
}

/* One blob. 1 ends it. */
static long find_step(u32 i, struct scratch **ctx)
{
	struct scratch *s = *ctx;
	struct found *f = &s->blobs;
	struct nunchi_blob *b;
	u32 at = f->next;

	f->whole = at >= s->pos;
	if (f->whole || at >= AT_MAX)
		return 1;
	b = blob_at(s, at);
	if (b->type == NUNCHI_BLOB_STR && b->arg == f->path)
		f->asked = at;
	else if (b->type == NUNCHI_BLOB_BASE && b->arg == f->path)
		f->base = at;
	else if (b->type == NUNCHI_BLOB_FILE && b->arg == NUNCHI_ARG_RET)
		f->file = at;
	else if (b->type == NUNCHI_BLOB_SOCK && !b->arg)
		f->socket = at;
	else if (b->type == NUNCHI_BLOB_SOCKADDR)
		f->address = at;
	else if (b->arg == NUNCHI_ARG_RET)
		f->other = at;
	if (b->len > TEXT_MAX)
		return 1;
	f->next = at + ((sizeof(*b) + b->len + 7) & ~7U);
	return 0;
}

/* Finds the blobs that conditions are about. False: the record is not as expected. */
static __always_inline bool find_blobs(struct scratch *s, const struct nunchi_push_call *how)
{
	struct found *f = &s->blobs;

	__builtin_memset(f, 0, sizeof(*f));
	f->next = BODY;
	f->path = how->path;
	bpf_loop(BLOBS_MAX, find_step, &s, 0);
	return f->whole;
}

#define PEERS (1 << NUNCHI_PUSH_ADDRESS | 1 << NUNCHI_PUSH_PORT)
#define UNSURE (NUNCHI_BLOB_TRUNCATED | NUNCHI_BLOB_UNREADABLE | NUNCHI_BLOB_UNREACHABLE)

/* Reads the path that was asked for. False: it is not known as user space would know it. */
static __noinline u32 read_asked(struct scratch *s, const struct nunchi_push_row *row, u32 asked, u32 base)
{
	struct nunchi_blob *b;
	struct reading *r;
	u32 len, at;

	if (!s || !row)
		return 0;
	r = &s->reading;
	b = blob_at(s, asked);
	len = b->len;
	at = asked + sizeof(*b);
	if (len > TEXT_MAX)
		return 0;
	path_begin(r, row);
	if (data_at(s, at) != '/') {
		b = blob_at(s, base);
		if (!base || s->walked != base || b->flags & UNSURE || b->len > TEXT_MAX ||
		    data_at(s, at) == '.')
			return 0;
		r->asked = r->asked_from = r->shift = 0;
		read_names(s, b->len);
		if (s->n_names)
			read_byte(r, '/');
	}
	read_text(s, at, len, true);
	path_end(r);
	return !r->odd && !r->slash;
}

/* Computes where the bytes of the path that was asked for are in the path that was opened, if they are the same. */
static __always_inline void expect_asked(struct scratch *s, const struct found *f, u32 len)
{
	struct reading *r = &s->reading;
	struct nunchi_blob *b = blob_at(s, f->asked);
	u32 asked = b->len;

	r->asked = f->asked + sizeof(*b);
	r->asked_from = r->shift = 0;
	if (data_at(s, r->asked) == '/') {
		r->differs = asked != len;
		return;
	}
	if (data_at(s, r->asked) == '.' && data_at(s, r->asked + 1) == '/') {
		asked -= 2;
		r->asked += 2;
	}
	b = blob_at(s, f->file);
	r->shift = f->file + b->len;
	b = blob_at(s, f->base);
	r->shift -= f->base + b->len;
	r->asked_from = len - asked;
	/* A directory other than the root is followed by a slash. */
	r->differs = !f->base || b->flags & UNSURE || asked >= len ||
		     len - asked != b->len - sizeof(struct nunchi_file) + 1;
}

/* Reads the path that was opened, and the one that was asked for if it differs. False: as above. */
static __noinline u32 read_paths(struct scratch *s, const struct nunchi_push_row *row, const struct found *f)
{
	struct nunchi_blob *b;
	struct reading *r;
	u32 len;

	if (!s || !row || !f)
		return 0;
	r = &s->reading;
	r->heads = r->tails = r->within = 0;
	if (!f->file)
		return read_asked(s, row, f->asked, f->base);
	b = blob_at(s, f->file);
	if (s->walked != f->file || b->flags & (UNSURE | NUNCHI_BLOB_DELETED) || b->len > TEXT_MAX)
		return 0;
	len = b->len - sizeof(struct nunchi_file);	/* of the path as a text */
	if (!len || len > TEXT_MAX)
		return 0;	/* the root has no name, so there is no text to read */
	expect_asked(s, f, len);
	path_begin(r, row);
	read_names(s, len);
	path_end(r);
	if (!r->differs)
		return 1;
	b = blob_at(s, f->asked);
	return *(u8 *)(b + 1) == '/' ? read_asked(s, row, f->asked, 0) : 0;
}

/* The clauses that the path leaves. */
static __always_inline u64 path_mask(struct scratch *s, const struct nunchi_push_row *row,
				     const struct found *f)
{
	const struct reading *r = &s->reading;

	if (!read_paths(s, row, f))
		return ALL;
	return r->heads & r->tails & (row->not_within | r->within);
}

/* An address as the automaton reads it, in the part of the scratch that no record uses. */
struct peer {
	u64 addresses, ports;	/* clauses that the addresses, and the ports, satisfy */
	u32 port;
	u32 pad;
};

static __always_inline void peer_add(struct scratch *s, const struct nunchi_push_row *row, struct peer *p,
				     u32 family, u32 size)
{
	u16 port = p->port;
	u8 *text;

	text = &s->data[FOUND];
	text[0] = family;
	if (row->kinds & 1 << NUNCHI_PUSH_ADDRESS)
		p->addresses |= text_mask(s, row->start[NUNCHI_PUSH_ADDRESS], FOUND, 1 + size, 1);
	if (!(row->kinds & 1 << NUNCHI_PUSH_PORT))
		return;
	text[0] = !!family;
	text[1] = port >> 8;
	text[2] = port;
	p->ports |= text_mask(s, row->start[NUNCHI_PUSH_PORT], FOUND, family ? 3 : 1, 1);
}

/*
 * Reads an address whose 4 or 16 bytes are at ip in the record. An IPv4 address in IPv6 counts as either; the
 * unspecified address as one of this end.
 */
static __noinline u32 peer_address(struct scratch *s, const struct nunchi_push_row *row, struct peer *p,
				   u32 ip, u32 family)
{
	u64 *from;

	if (!s || !row || !p)
		return 0;
	from = (u64 *)&s->data[ip & (AT_MAX - 1)];
	if (family == AF_INET6) {
		__builtin_memcpy(&s->data[FOUND + 1], from, 16);
		peer_add(s, row, p, 6, 16);
		from = (u64 *)&s->data[(ip + 12) & (AT_MAX - 1)];
	}
	if (!*(u32 *)from)
		p->addresses = ALL;
	__builtin_memcpy(&s->data[FOUND + 1], from, 4);
	peer_add(s, row, p, 4, 4);
	return 0;
}

/* The clauses that can still hold for the peers: of the socket, if it has one, and the address in the call. */
static __noinline u64 peer_mask(struct scratch *s, const struct nunchi_push_row *row, u32 socket, u32 address)
{
	struct peer p = { 0 };
	struct nunchi_sock *sock;
	u64 mask = ALL, *ip;
	u32 family;

	if (!s || !row)
		return ALL;
	sock = (void *)(blob_at(s, socket) + 1);
	family = sock->family;
	p.port = sock->type == SOCK_RAW ? 0 : sock->rport;
	if (row->kinds & 1 << NUNCHI_PUSH_TYPE) {
		if (family == AF_INET)
			mask = row->codes[NUNCHI_PUSH_TYPES + NUNCHI_PUSH_IPV4];
		else if (family == AF_INET6)
			mask = row->codes[NUNCHI_PUSH_TYPES + NUNCHI_PUSH_IPV4] |
			       row->codes[NUNCHI_PUSH_TYPES + NUNCHI_PUSH_IPV6];
		else if (family == AF_UNIX)
			mask = row->codes[NUNCHI_PUSH_TYPES + NUNCHI_PUSH_UNIX];
	}
	if (!mask || !(row->kinds & PEERS))
		return mask;
	ip = (u64 *)sock->raddr;
	if ((family != AF_INET && family != AF_INET6) || (!p.port && !ip[0] && !ip[1]))
		peer_add(s, row, &p, 0, 0);
	else
		peer_address(s, row, &p, socket + sizeof(struct nunchi_blob) +
			     __builtin_offsetof(struct nunchi_sock, raddr), family);
	if (address) {
		u16 *given = (u16 *)(blob_at(s, address) + 1);

		/* Others that are given one of IP's (SMC) go there, and have no address that is known. */
		if (family != AF_INET && family != AF_INET6 && given[0] != AF_INET && given[0] != AF_INET6)
			goto done;
		p.port = __builtin_bswap16(given[1]);
		/* An address without a family is taken to be of the socket's. */
		if (given[0] != AF_INET6)
			peer_address(s, row, &p, address + sizeof(struct nunchi_blob) + 4, AF_INET);
		if (given[0] != AF_INET)
			peer_address(s, row, &p, address + sizeof(struct nunchi_blob) + 8, AF_INET6);
	}
done:
	if (row->kinds & 1 << NUNCHI_PUSH_ADDRESS)
		mask &= p.addresses;
	if (row->kinds & 1 << NUNCHI_PUSH_PORT)
		mask &= p.ports;
	return mask;
}

__noinline u32 push_image(struct scratch *s, u32 at)
{
	struct nunchi_push_state *state;
	struct nunchi_blob *b;
	struct reading *r;
	u32 len;

	if (!s || at >= AT_MAX)
		return 0;
	r = &s->reading;
	b = blob_at(s, at);
	if (s->walked != at || b->flags & (UNSURE | NUNCHI_BLOB_DELETED) || b->len > TEXT_MAX)
		return 0;
	len = b->len - sizeof(struct nunchi_file);
	if (!len || len > NUNCHI_PATH_MAX)
		return 0;
	r->head_over = 1;
	r->tail = push_image_start - 1;
	r->asked_from = ~0U;	/* it is not held against another */
	r->shift = 0;
	read_names(s, len);
	state = state_at(r->tail);
	return state ? state->mask & (NUNCHI_PUSH_IMAGES - 1) : 0;
}

#define PATHS (1 << NUNCHI_PUSH_HEAD | 1 << NUNCHI_PUSH_TAIL | 1 << NUNCHI_PUSH_WITHIN)

__noinline int push_record(struct scratch *s)
{
	const struct nunchi_push_call *how;
	const struct nunchi_push_row *row;
	struct nunchi_blob *b;
	const struct found *f;
	u64 mask;
	u32 type;

	if (!s)
		return 1;
	f = &s->blobs;
	mask = s->clauses;
	how = &push_calls[s->call.nr & (NUNCHI_CALLS_MAX - 1)];
	row = &push_rows[(how->class - 1) & (NUNCHI_PUSH_CLASSES - 1)];
	/* Verdicts, and arguments that were changed during the call, are always recorded. */
	if (!how->class || mask == ALL || s->head.verdict || s->differs || s->head.flags & NUNCHI_F_CUT)
		return 1;
	if (how->path != NUNCHI_PUSH_NO_ARG) {
		if (!find_blobs(s, how) || !f->asked || f->other)
			return 1;
		b = blob_at(s, f->asked);
		if (!b->len || b->flags & UNSURE)
			return 1;
		if (unlikely(f->base && *(char *)(b + 1) == '/'))
			return 1;	/* in a chroot */
		if (row->kinds & 1 << NUNCHI_PUSH_TYPE) {
			type = NUNCHI_PUSH_NO_OBJECT;
			if (f->file) {
				b = blob_at(s, f->file);
				type = ((struct nunchi_file *)(b + 1))->mode >> 12 & 15;
				if (b->flags & NUNCHI_BLOB_UNREACHABLE)
					type = NUNCHI_PUSH_OUTSIDE;
			}
			mask &= row->codes[NUNCHI_PUSH_TYPES + type];
		}
		if (mask && row->kinds & PATHS)
			mask &= path_mask(s, row, f);
		if (mask && row->kinds & 1 << NUNCHI_PUSH_RAW) {
			b = blob_at(s, f->asked);
			mask &= text_mask(s, row->start[NUNCHI_PUSH_RAW], f->asked + sizeof(*b), b->len, 0);
		}
	}
	if (how->sends) {
		if (!find_blobs(s, how) || !f->socket)
			return 1;
		mask &= peer_mask(s, row, f->socket, f->address);
	}
	if (mask && row->kinds & 1 << NUNCHI_PUSH_COMM && s->head.comm[0])
		mask &= text_mask(s, row->start[NUNCHI_PUSH_COMM], offsetof(struct nunchi_head, comm),
				  sizeof(s->head.comm), 0);
	return !!mask;
}
