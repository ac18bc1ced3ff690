/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whether a call's record leaves the kernel (nunchi/push.h). What costs nothing is checked before the record is made:
 * the container, the image, the result, and the flags of an open. The rest is read from the finished record, so that
 * the kernel judges what user space would have judged.
 */
#pragma once

#include "identity.h"
#include "nunchi/open.h"
#include "record.h"

#define PUSH_ALL ((u64)-1)

/* For a finished record: 0 if no condition can match it. s->clauses: those that push_codes() has left. */
int push_record(struct scratch *s);

/* The group of an image whose path is the blob at `at`, which was walked last. */
u32 push_image(struct scratch *s, u32 at);

/* Sets the group of the image that the task executes from now on, as above; s NULL: it is not known. */
static __always_inline void push_executed(struct identity *id, struct scratch *s, u32 at)
{
	id->image_generation = push_image_generation;
	id->image = s && push_image_start ? push_image(s, at) : 0;
}

static __always_inline u32 push_image_group(const struct identity *id)
{
	return id->image_generation == push_image_generation ? id->image & (NUNCHI_PUSH_IMAGES - 1) : 0;
}

/* The group of the task's container: that of its slot, unless another container has that by now. */
static __always_inline u32 push_group(const struct identity *id)
{
	struct nunchi_slot *row = slot_row(id->slot);

	return id->slot && row->generation != id->generation ? 0 : row->group & (NUNCHI_PUSH_GROUPS - 1);
}

/* The clauses that can still hold for this container, image, result and flags; all, if the call has no conditions. */
static __always_inline u64 push_codes(const struct identity *id, const struct nunchi_call *call, s64 ret)
{
	const struct nunchi_push_call *how = &push_calls[call->nr & (NUNCHI_CALLS_MAX - 1)];
	const struct nunchi_push_row *row;
	u32 class, code, arg = how->flags;
	u64 mask, flags;

	if (!how->class || ret == NUNCHI_RET_ENTRY)
		return PUSH_ALL;
	class = (how->class - 1) & (NUNCHI_PUSH_CLASSES - 1);
	row = &push_rows[class];
	code = ret >= 0 ? 0 : ret > -255 ? -ret : 255;
	mask = row->clauses & row->codes[NUNCHI_PUSH_RESULTS + (code & 255)];
	if (row->kinds & 1 << NUNCHI_PUSH_CONTAINER)
		mask &= push_groups[push_group(id)][class];
	if (row->kinds & 1 << NUNCHI_PUSH_IMAGE)
		mask &= push_images[push_image_group(id)][class];
	barrier_var(arg);	/* the compiler must index with what was checked */
	if (arg >= 6)
		return mask;
	flags = call->args[arg];
	code = nunchi_open_access(flags);
	if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE)
		code |= NUNCHI_PUSH_CREATES;
	return mask & row->codes[NUNCHI_PUSH_ACCESSES + (code & 7)];
}

/* Counts a call that was seen and that no condition can match. */
static __always_inline void push_count(u32 slot)
{
	struct nunchi_account *account = account_of(slot);

	if (account)
		count(account->filtered[NUNCHI_FILTER_UNWANTED]);
}
