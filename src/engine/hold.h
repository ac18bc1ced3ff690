/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records that wait, as copies, in the order they came: of slots that have no name yet, a queue a
 * slot, and what the output does not take yet (backlog.c). They wait before the model sees them: a
 * process's state changes by its own records only, so that deferring a whole slot keeps its order
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
/* All of from, behind what is in to. */
void hold_move(struct hold_queue *to, struct hold_queue *from);
/* The oldest, the caller's to free; NULL when empty. */
struct held *hold_take(struct hold_queue *q) _must_check_;
