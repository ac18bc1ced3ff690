/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Repeats of alerts. Matches repeat each other if rule, program, container and effect are the same: the first
 * is an alert, those in the window after it are only counted. A rule with more new alerts in a minute than its
 * limit is silenced until the minute is over, and the number that it would have had is reported. A single
 * container is silenced earlier: when it has used as much of the limit as is left for the others.
 * Every match gets exactly one verdict, and fold_next() reports every count and every silence in the end.
 */
#pragma once

#include "ruleset.h"

#define FOLD_WINDOW_DEFAULT 60		/* seconds: a flood makes a line a minute, and a count is not long in coming */
#define FOLD_LIMIT_DEFAULT 100		/* alerts of a rule per minute: nobody reads more */
#define FOLD_ENTRIES_MAX 4096		/* open windows: at most 8 MiB with their texts */
#define FOLD_TEXT_MAX 1024		/* bytes of an alert's text that are kept */

struct fold_config {
	uint64_t window;	/* ns; 0: every match is an alert */
	uint32_t limit;		/* new alerts of a rule per minute; 0: no limit */
};

enum fold_verdict { FOLD_ALERT, FOLD_COUNT, FOLD_SWALLOW };

/* How many matches got each verdict; matches is the sum. */
struct fold_totals {
	uint64_t matches, alerts, counted, swallowed;
};

/* A count, or a silence that is over, to be reported. Valid until the next call. */
struct fold_told {
	const struct rule *rule;
	unsigned effect;		/* enum nunchi_effect, the same for all */
	bool swallowed;			/* silenced by the limit: no container and no text */
	uint64_t count;			/* matches after the alert, or those that were swallowed */
	uint64_t first, last;		/* epoch ns: the first and the last of them */
	const char *container;		/* what it is called, its id; "": the host */
	const char *container_name;	/* "": unknown */
	const char *image;		/* path of the program; "": unknown */
	const char *text;		/* the text of the alert that they repeat */
};

struct fold;

struct fold *fold_new(const struct fold_config *config) _must_check_;
void fold_free(struct fold *f);	/* NULL is fine */

/*
 * Takes a match of the rule by the event for which fc was begun. *ret_minute is how often the rule has
 * matched within the last minute, this match included. A rule must live as long as its windows are open.
 */
enum fold_verdict fold_match(struct fold *f, const struct rule *rule, struct field_context *fc,
			     unsigned effect, uint64_t *ret_minute);
/* After a FOLD_ALERT: the alert's text, for the count that may follow. */
void fold_text(struct fold *f, const char *text, size_t len);
/* The next count or silence that is due at now (epoch ns; UINT64_MAX: all are). False: none is. */
bool fold_next(struct fold *f, uint64_t now, struct fold_told *ret);

/* Once everything is reported: lets go of the rules, which may then be freed. Their rates are lost. */
void fold_forget(struct fold *f);

struct fold_totals fold_totals(const struct fold *f);
