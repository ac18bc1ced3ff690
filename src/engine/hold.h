/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queues of records that wait, as copies, in the order in which they came: one for each slot without a
 * name, and one for what the output does not accept yet (backlog.c). They wait before the model sees them:
 * a process's state is changed by its own records only, so deferring a whole slot preserves both the order
 * and the state that belongs to each record.
 */
#pragma once

#include "base/strbuf.h"
#include "nunchi/wire.h"

struct held {
	struct held *next;
	uint64_t pad;	/* the record stays 8-byte aligned on 32-bit machines too */
	struct nunchi_head record[];	/* whole record, len bytes */
};

struct hold_queue {
	struct held *first;
	struct held **last;
	uint64_t count;
	size_t bytes;
};

void hold_add(struct hold_queue *q, const struct nunchi_head *record);
/* Appends all of from to to; from is empty then. */
void hold_move(struct hold_queue *to, struct hold_queue *from);
/* Removes the oldest, which the caller frees; NULL: the queue is empty. */
struct held *hold_take(struct hold_queue *q) _must_check_;
