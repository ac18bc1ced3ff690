/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hooks that seldom come to a record of a call have it made by one program for all of them (tells.bpf.c), to which they go on:
 * all that makes one takes 50 ms to load, each time. What it is to tell is left where it is found on the same CPU: none of these hooks is
 * preempted, and of what interrupts them only io_uring tells anything, which has a place of its own.
 */
#pragma once

#include "call.h"
#include "uring.h"

enum tell {
	TELL_NOTHING,
	TELL_SIGNAL,	/* a handler ends what the task has put aside */
	TELL_EXIT,	/* it ends */
	TELL_EXEC,	/* it executes, and is renamed; what it has put aside ends */
};

/* A result of a request of io_uring, or its beginning. */
struct result {
	u64 req;	/* 0: there is none */
	s64 res;
	u16 flags;	/* NUNCHI_F_* */
	u8 more;	/* others of the same follow */
	u8 is_new;	/* it begins, and is below; else it is in requests */
	u32 pad;
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

/* The program that tells, of this hook's type. */
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

/* Goes on with the program that tells: what comes after is for the case that there is none, which is counted. */
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

/* The same of the request in telling_here()->result. */
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
 * Whether the running task is in an exec. Who is has no interrupted call to go back to: the room has its arguments, once what was in it
 * has been told.
 */
int exec_begins(void);
