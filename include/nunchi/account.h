/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The account: everything that is counted, in tables of X(name, text, why). What a container's tasks do is
 * counted twice, each time where it happens:
 *
 *	seen = filtered + aggregated + dropped + sent		in the kernel
 *	received = shown + filtered + dropped + held		in user space; sent - received is in flight
 *
 * Captures identify a counter by its position in the table: append new ones, and remove none.
 */
#pragma once

/* Kernel side: why an event that was seen is not recorded. */
#define NUNCHI_FILTERS(X)                                                     \
	X(CONTAINER, "container", "its container is not one that was asked for") \
	X(UNWANTED, "unwanted", "no rule, and no part of the filter, could have matched it")

/* Either side: why a record that was due was not sent, or not shown. */
#define NUNCHI_DROPS(X)                                                       \
	X(RING_FULL, "ring full", "the reader did not keep up")               \
	X(SCRATCH, "no scratch", "programs nested deeper than there are buffers") \
	X(OUTPUT, "output blocked", "the output did not take it in time")     \
	X(DAMAGED, "damaged", "a record could not be decoded")                \
	X(SEQUENCE, "missing", "a number in a ring's sequence never came")    \
	X(TOO_LONG, "too long", "a record was longer than any may be")

/* What no program saw, so that it cannot be attributed to a container. If not zero: degraded. */
#define NUNCHI_UNSEEN(X)                                                      \
	X(URING, "ends of io_uring's requests", "no room to remember them, or they ended elsewhere") \
	X(SLOTS, "no free slot for a container", "there are as many as there may be") \
	X(RETURNS, "kretprobes that there was no room for", "too many calls waited at once") \
	X(IDENTITY, "no task storage", "whose a task is could not be kept") \
	X(BLOCK, "calls held against no rule", "programs nested deeper than there are buffers") \
	X(NAMES, "records of slots and cgroups", "the critical ring was full, or no scratch")

/* What was seen but recorded incompletely, whether or not the record leaves the kernel. */
#define NUNCHI_LESSENED(X)                                                    \
	X(TRUNCATED, "pieces of data cut at their bound", "longer than is kept") \
	X(UNREADABLE, "user memory that could not be read", "not there, or not in memory") \
	X(CUT, "pieces of data left out of a full record", "the record was as long as it may be") \
	X(COPIES, "copies that were not kept", "the map of copies was full") \
	X(NAMESPACES, "namespaces that were not kept", "the map of namespaces was full") \
	X(LOSSES, "losses of which kind and time were not kept", "the map of losses was full") \
	X(NUMBERS, "numbers without a record", "the ring filled up after the number was taken: counted, or lost") \
	X(UNREAD, "paths too long to be held against rules that block", "longer than 7.5 KiB, or of an image renamed before rules changed: what they ask of it is taken to be so") \
	X(MOUNTS, "mounts of containers that were not kept", "a container has more of them, deeper ones, or there was no room")

enum nunchi_filter {
#define X(name, text, why) NUNCHI_FILTER_##name,
	NUNCHI_FILTERS(X)
#undef X
	NUNCHI_FILTER_MAX
};

enum nunchi_drop {
#define X(name, text, why) NUNCHI_DROP_##name,
	NUNCHI_DROPS(X)
#undef X
	NUNCHI_DROP_MAX
};

/* Counters of the whole host. */
enum nunchi_count {
#define X(name, text, why) NUNCHI_COUNT_##name,
	NUNCHI_UNSEEN(X)
#undef X
	NUNCHI_UNSEEN_MAX,
	NUNCHI_UNSEEN_LAST = NUNCHI_UNSEEN_MAX - 1,
#define X(name, text, why) NUNCHI_COUNT_##name,
	NUNCHI_LESSENED(X)
#undef X
	NUNCHI_COUNT_MAX
};

/* The kernel's half of a container's account, per CPU. No member is derived from others. */
struct nunchi_account {
	/* What most events count, beside each other: mostly in the same cache line. */
	__u64 seen;
	__u64 sent;
	__u64 filtered[NUNCHI_FILTER_MAX];
	__u64 aggregated;
	__u64 dropped[NUNCHI_DROP_MAX];
};

/* Losses since user space last looked: of what kind, how many, and when. */
struct nunchi_loss_key {
	__u32 slot;
	__u16 reason;		/* enum nunchi_drop */
	__u16 what;		/* number of the call; or NUNCHI_CALLS_MAX plus the kind of the record */
};

struct nunchi_loss {
	__u64 count;
	__u64 first;		/* CLOCK_BOOTTIME, ns */
	__u64 last;
};
