/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * sendmmsg() sends several messages in one call, and each can name a peer. The call's own record is about the first.
 * It is followed by a record for each message that names another peer than the one before, as user memory has it by
 * then: the same call, with that message as msgvec.
 */
#pragma once

#include "blob.h"
#include "call.h"

/* The size of struct mmsghdr in pointers, with padding. */
#define MESSAGE_POINTERS 8

/* Whether the message at the call's msgvec names a peer, and another one than the message before it. */
int message_names_another(struct identity *id);

static __always_inline bool sends_several(const struct nunchi_call *call, s64 ret)
{
	return ret > 0 && specs[call->nr & (NUNCHI_CALLS_MAX - 1)].capture[1] == NUNCHI_CAP_MMSGHDR;
}

static __always_inline bool verdict_refuses(u32 verdict)
{
	return NUNCHI_VERDICT_EFFECT(verdict) == NUNCHI_EFFECT_BEFORE;
}

/* Before the record of the call: keeps the verdict for the message that was refused. */
static __always_inline void messages_begin(struct identity *id)
{
	refused_take(id, id->call.nr);
	id->of_messages = id->verdict;
	if (verdict_refuses(id->verdict))
		id->verdict = 0;
}

/*
 * Takes one message after the other, and then the refused one, at which the call ended. 1 ends the loop, which has
 * one round more than messages were sent.
 */
static __noinline long message_step(u32 i, struct identity **ctx)
{
	struct identity *id = *ctx;
	bool refused = i + 1 == (u32)id->call.ret;
	const struct request_of none = { 0 };

	id->call.args[1] += MESSAGE_POINTERS * pointer_size(&id->call);
	if (refused && !verdict_refuses(id->of_messages))
		return 1;
	if (!refused && !message_names_another(id))
		return 0;
	id->verdict = !refused && verdict_refuses(id->of_messages) ? 0 : id->of_messages;
	if (account_seen(id->slot, NUNCHI_MODE_EVENT))
		call_record_other(bpf_get_current_task_btf(), id, &id->call, refused ? -EPERM : id->call.ret, 0, &none);
	id->verdict = 0;
	return 0;
}

static __always_inline void messages_tell(struct identity *id, u32 sent)
{
	id->call.ret = sent;
	bpf_loop(sent, message_step, &id, 0);
}
