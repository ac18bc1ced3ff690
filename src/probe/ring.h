/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader's end of a ring: a BPF ring buffer (kernel/bpf/ringbuf.c: two positions that only grow, and the data
 * mapped twice in a row so that no record is split), or a bulk ring of our own (nunchi/bulk.h). Records are read in
 * place: each stays where it is until ring_commit() gives its room back. There is one reader only.
 */
#pragma once

#include "base/macros.h"
#include "nunchi/bulk.h"
#include "nunchi/wire.h"

/* A bulk ring: where its parts are. */
struct bulk {
	const struct nunchi_bulk_put *put;	/* the programs' */
	struct nunchi_bulk_taken *taken;	/* ours to write */
	unsigned char *data;		/* of the first piece */
	unsigned piece_shift;		/* a piece has 1 << piece_shift bytes */
	uint64_t stride;		/* bytes from one piece to the next */
	uint64_t pieces;		/* how many, a power of two */
	uint64_t secret;
};

struct ring {
	int fd;				/* of a BPF ring buffer */
	uint64_t *consumer;		/* shared with the kernel, ours to write */
	const uint64_t *producer;	/* the kernel's */
	const unsigned char *data;
	uint64_t mask;
	uint64_t pos;			/* how far we have read; >= *consumer. Of a bulk ring: the word of the next record */
	struct bulk bulk;		/* bulk.put NULL: this is no bulk ring */
	const struct nunchi_head *found;	/* in a bulk ring: the record at pos, if it is complete */
	uint64_t number;		/* of the record before pos */
};

/* Maps the ring behind fd, which the caller keeps. size: of the data, a power of two. 0 or -errno. */
int ring_map(struct ring *r, int fd, uint64_t size) _must_check_;
void ring_unmap(struct ring *r);

/* A bulk ring, whose memory is the caller's. */
void ring_bulk(struct ring *r, const struct bulk *bulk);

/* The next record, or NULL if there is none yet. Its length in *ret_len is at least a head's. */
const struct nunchi_head *ring_peek(struct ring *r, uint32_t *ret_len);
/* Steps over what ring_peek() gave. */
void ring_advance(struct ring *r);
/* Gives back the room of everything that was stepped over. */
void ring_commit(struct ring *r);
/* Whether every record in it was stepped over and none is on its way into it. */
bool ring_is_empty(const struct ring *r);
/* Of a bulk ring: the last sequence number that was given out. */
uint64_t ring_last_number(const struct ring *r);
