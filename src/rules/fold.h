/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Repeats of alerts: of what one rule says of one program in one container, with the same effect, the
 * first is an alert, the rest of the window is a count. A rule that says more new things than its limit a minute is silenced
 * until the minute is over, and how much that was is said; for one container it is sooner, when that has had as much of the limit as is
 * left. Every match is given exactly one verdict, and each count and silence comes out of fold_next() in the end.
 */
#pragma once

#include "ruleset.h"

#define FOLD_WINDOW_DEFAULT 60		/* seconds: a flood is a line a minute, and who waits waits not for long */
#define FOLD_LIMIT_DEFAULT 100		/* alerts of a rule a minute: nobody reads more */
#define FOLD_ENTRIES_MAX 4096		/* windows that are open: with their texts at most 8 MiB */
#define FOLD_TEXT_MAX 1024		/* bytes kept of an alert's text */

struct fold_config {
	uint64_t window;	/* ns; 0: every match is an alert of its own */
	uint32_t limit;		/* new alerts of a rule a minute; 0: any number */
};

enum fold_verdict { FOLD_ALERT, FOLD_COUNT, FOLD_SWALLOW };

/* What there were of each; matches is their sum. */
struct fold_totals {
	uint64_t matches, alerts, counted, swallowed;
};

/* A count, or a silence that is over: what is to be told. Valid until the next call. */
struct fold_told {
	const struct rule *rule;
	unsigned effect;		/* enum nunchi_effect, of all of them */
	bool swallowed;			/* by the limit; then there is no container and no text */
	uint64_t count;			/* matches behind the alert; or those that were swallowed */
	uint64_t first, last;		/* epoch ns, of these */
	const char *container;		/* id; "": the host */
	const char *container_name;	/* "": unknown */
	const char *image;		/* path of the program; "": unknown */
	const char *text;		/* of the alert that they repeat */
};

struct fold;

struct fold *fold_new(const struct fold_config *config) _must_check_;
void fold_free(struct fold *f);	/* NULL is fine */

/*
 * A match of the rule by the event for which fc was begun. *ret_minute is how often the rule has matched
 * in the minute before, this one included. Rules must live as long as what is open of them.
 */
enum fold_verdict fold_match(struct fold *f, const struct rule *rule, struct field_context *fc,
			     unsigned effect, uint64_t *ret_minute);
/* After a FOLD_ALERT: what it says, for the count that may follow. */
void fold_text(struct fold *f, const char *text, size_t len);
/* The next that is due at that time; UINT64_MAX: all. False: nothing. */
bool fold_next(struct fold *f, uint64_t now, struct fold_told *ret);

/* Once all is told: rules may go. How often they have matched of late goes with them. */
void fold_forget(struct fold *f);

struct fold_totals fold_totals(const struct fold *f);
