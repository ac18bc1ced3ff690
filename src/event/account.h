/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accounts as data: both halves of a container's, and what was counted of the whole host, as they
 * stand in captures and in what a running nunchi tells of itself.
 */
#pragma once

#include "base/hmap.h"
#include "event.h"

/* Of the reader, beside what the kernel side counts (nunchi/account.h): X(name, text, why). */
#define ACCOUNT_READER(X)                                                     \
	X(LATE, "records that came late", "after their time had been passed: marked, not reordered") \
	X(MISSING, "numbers that never came", "in a ring's sequence, and no counter says why") \
	X(UNKNOWN, "records that could not be decoded", "of no container")    \
	X(LOSSES, "losses of which kind and time were not kept", "too many at once") \
	X(NAMELESS, "containers that went on without a name", "more waited for names than may") \
	X(FORGOTTEN, "processes that were forgotten", "more lived than there is memory for") \
	X(LIMITED, "tenths of a second under --cpu-limit", "bulk events were counted, of those that did most first") \
	X(TASKS, "tasks past what --memory has room for", "at the most; the kernel keeps whose they are all the same") \
	X(SUMMARIES, "counted calls that no summary tells", "the output did not take it in time") \
	X(LIVES, "events of containers that were not told", "the output did not take them in time") \
	X(SWITCHED, "seconds in which hooks of functions were switched off", "kernel.ftrace_enabled, or kprobes: no system call was seen") \
	X(UNTOLD, "losses that no event tells", "their containers had ended while the output took nothing, and others needed their slots")

enum account_reader {
#define X(name, text, why) ACCOUNT_READER_##name,
	ACCOUNT_READER(X)
#undef X
	ACCOUNT_READER_MAX
};

/* User space's half: received = shown + filtered + dropped + held. */
struct account_user {
	uint64_t received;
	uint64_t shown;
	uint64_t filtered;
	uint64_t held;		/* waits for a name, or for the output */
	uint64_t dropped[NUNCHI_DROP_MAX];
};

/* Runs of a program that the kernel has skipped. */
struct account_missed {
	char program[32];
	uint64_t count;
};

#define ACCOUNT_MISSED_MAX 64

struct account_counts {
	uint64_t kernel[NUNCHI_COUNT_MAX];
	uint64_t reader[ACCOUNT_READER_MAX];
	struct account_missed missed[ACCOUNT_MISSED_MAX];
	unsigned n_missed;
};

/* Of a container, or of what is no container's. */
struct account_row {
	struct hnode by_key;	/* in struct accounts */
	char *id;		/* owned; NULL: no container's: the host's, of a slot without a name yet */
	char *name;		/* owned; for people; never NULL in struct accounts */
	uint64_t containers;	/* that it is the account of: 1, or of several in a row */
	bool ended;
	struct nunchi_account kernel;
	struct account_user user;
};

/* How often a rule in force has matched. */
struct account_rule {
	char *name, *priority;	/* owned */
	uint64_t matches;
};

uint64_t account_filtered(const struct nunchi_account *kernel);
/* By whichever half. */
uint64_t account_lost(const struct account_row *row);
/* Sent, and not received yet. */
uint64_t account_in_flight(const struct account_row *row);
/* Whether both equations hold; what is in flight is no fault. */
bool account_adds_up(const struct account_row *row);
void account_row_free(struct account_row *row);

/* Rows that are added up by container; past ACCOUNTS_MAX all others are one. */
#define ACCOUNTS_MAX NUNCHI_SLOTS_MAX
#define ACCOUNTS_OTHERS "(others)"

struct accounts {
	struct hmap by_key;
	struct account_row **rows;	/* in the order in which they came */
	size_t n;
	struct account_counts counts;
	struct account_rule *rules;	/* of guard; in the files' order */
	size_t n_rules;
};

/* Takes what the row owns. max: how many there may be before the rest is one. */
void accounts_add(struct accounts *a, struct account_row *row, size_t max);
/* All rows in one; its name is NULL. */
struct account_row accounts_sum(const struct accounts *a);
void accounts_free(struct accounts *a);
/* Takes an ACCOUNT, COUNTS or RULE record; others are none of its business. */
void accounts_apply(struct accounts *a, const struct event *ev);

/* ACCOUNT. The row's id and name go with it. */
void encode_account(struct strbuf *out, const struct account_row *row, uint32_t slot,
		    uint32_t generation, uint64_t time);
/* The row is the caller's to free. -EBADMSG: it is damaged. */
int decode_account(const struct event *ev, struct account_row *ret) _must_check_;
/* COUNTS. */
void encode_counts(struct strbuf *out, const struct account_counts *counts, uint64_t time);
int decode_counts(const struct event *ev, struct account_counts *ret) _must_check_;
/* RULE. */
void encode_rule(struct strbuf *out, const char *name, const char *priority, uint64_t matches, uint64_t time);
/* Its strings are the caller's to free. */
int decode_rule(const struct event *ev, struct account_rule *ret) _must_check_;

/* What kind of event it was that is lost: "openat", "procexit". */
const char *lost_kind_name(uint32_t what);
/* Which of them this record is. */
uint32_t lost_kind_of(const struct nunchi_head *record);
/* The i-th kind of a LOST event, NULL past the last. */
const struct nunchi_lost_kind *event_lost_kind(const struct event *ev, unsigned i);
