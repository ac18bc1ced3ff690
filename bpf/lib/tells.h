/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hooks that seldom make a record of a call tail-call one program that does it for all of them (tells.bpf.c): the code that
 * makes one takes 50 ms to load, each time. What to record is left in a per-CPU map: none of these hooks is preempted, and
 * of what can interrupt them only io_uring's make records, which have a place of their own.
 */
#pragma once

#include "call.h"
#include "uring.h"

enum tell {
	TELL_NOTHING,
	TELL_SIGNAL,	/* a signal handler ends the call that was put aside */
	TELL_EXIT,	/* the task exits */
	TELL_EXEC,	/* an exec renames it; the call that was put aside ends */
};

/* A result of an io_uring request, or its beginning. */
struct result {
	u64 req;	/* 0: there is none */
	s64 res;
	u16 flags;	/* NUNCHI_F_* */
	u8 more;	/* others of the same request follow */
	u8 is_new;	/* the request begins, and is below; else it is in `requests`, unless there was no room for it */
	u32 pad;
	struct request_of of;
	struct request request;
};

struct telling {
	u32 what;	/* enum tell */
	u32 pad;
	struct result result;
};

struct map_tellings {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct telling);
};
extern struct map_tellings tellings SEC(".maps");

/* The program of tells.bpf.c, of the same type as the hooks. */
struct map_tells {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
};
extern struct map_tells tells SEC(".maps");

static __always_inline struct telling *telling_here(void)
{
	const u32 first = 0;

	return bpf_map_lookup_elem(&tellings, &first);
}

/* Tail-calls the program. It only returns if there is none, which is counted. */
static __always_inline int tell(void *ctx, enum tell what)
{
	struct telling *telling = telling_here();

	if (!telling)
		return 0;
	telling->what = what;
	bpf_tail_call(ctx, &tells, 0);
	telling->what = TELL_NOTHING;
	count(counts[NUNCHI_COUNT_IDENTITY]);
	return 0;
}

/* The same for the request in telling_here()->result. */
static __always_inline int request_tell(void *ctx)
{
	struct telling *telling;

	bpf_tail_call(ctx, &tells, 0);
	telling = telling_here();
	if (telling)
		telling->result.req = 0;
	count(counts[NUNCHI_COUNT_URING]);
	return 0;
}

/*
 * Whether the running task is in an exec. Then it has no interrupted call to go back to, and identity.interrupted holds the
 * exec's own arguments, once the call that was in it has been recorded.
 */
int exec_begins(void);
