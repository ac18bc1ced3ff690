/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The paths of executed images, for rules that block: before the image's first instruction sched_process_exec keeps
 * the path's hash in the process's identity, and what the path satisfies. The hash is SipHash-1-3 with a random key
 * in each run: otherwise somebody could make two paths with the same hash, and have one taken for the other.
 */
#include "lib/block_image.h"
#include "lib/identity.h"

static __always_inline u64 rotate(u64 value, u32 bits)
{
	return value << bits | value >> (64 - bits);
}

static __always_inline void sip_round(u64 v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static __always_inline void sip_word(u64 v[4], u64 word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

static __always_inline u64 text_word(const struct scratch *s, u32 at)
{
	return *(u64 *)&s->block.text[at & (BLOCK_TEXT_MAX - 1)];
}

static long hash_step(u32 i, struct scratch **ctx)
{
	struct scratch *s = *ctx;

	sip_word(s->hash, text_word(s, s->walk.pos + 8 * i));
	return 0;
}

__noinline u64 image_hash(struct scratch *s)
{
	u32 pos, len;
	u64 *v, last;

	if (!s)
		return 0;
	pos = s->walk.pos;
	len = (TEXT_END - pos) & (BLOCK_TEXT_MAX - 1);
	v = s->hash;

	v[0] = block_image_key[0] ^ 0x736f6d6570736575;
	v[1] = block_image_key[1] ^ 0x646f72616e646f6d;
	v[2] = block_image_key[0] ^ 0x6c7967656e657261;
	v[3] = block_image_key[1] ^ 0x7465646279746573;
	sip_word(v, s->walk.flags);
	bpf_loop(len / 8, hash_step, &s, 0);
	last = text_word(s, pos + (len & ~7U)) & ((1ULL << (len & 7) * 8) - 1);
	sip_word(v, last | (u64)len << 56);
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	last = v[0] ^ v[1] ^ v[2] ^ v[3];
	return last ? last : 1;
}

static __always_inline int remember(struct task_struct *task)
{
	struct identity *id = identity_ask(task);
	u32 row = block_row(NUNCHI_BLOCK_EXEC);
	struct scratch *s;

	if (!id)
		return 0;
	id->exe_run = 0;
	id->exec_clauses = 0;
	s = block_comes_late ? late_scratch() : scratch_get();
	if (!s)
		return 0;	/* the first look will do */
	s->image = 0;
	block_whose(s, id);
	image_judge(s, task_exe(task), row);
	image_set(id, s->image, task->self_exec_id);
	if (!block_comes_late)
		scratch_put(s);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(block_remember, struct task_struct *task)
{
	return remember(task);
}

SEC("tracepoint/sched/sched_process_exec")
int block_remember_perf(void *ctx)
{
	return remember(bpf_get_current_task_btf());
}
