/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts as text and as JSON: of a run that ends, of a capture, of a running nunchi. */
#pragma once

#include "event/account.h"

/* The name of each counter, and why what it counts can happen. */
struct account_name {
	const char *text, *why;
};

extern const struct account_name account_kernel_names[NUNCHI_COUNT_MAX], account_reader_names[ACCOUNT_READER_MAX],
	account_filter_names[NUNCHI_FILTER_MAX], account_drop_names[NUNCHI_DROP_MAX];

/*
 * A line for all, then one for each container, those that lost something first, then the busiest:
 * "2 containers, 3.0 s: seen 1,204 = delivered 1,000 + filtered 204 + lost 0".
 */
void account_summary(const struct accounts *a, uint64_t ns, struct strbuf *out);
/* The rows, those that lost something first, then the busiest. The caller frees the array, not the rows. */
struct account_row **account_sorted(const struct accounts *a);
/* Logs as warnings what is wrong: equations that do not hold, and what was not seen. */
void account_log_faults(const struct accounts *a);
/* A line for each counter that is not zero. lessened: also those of events that were recorded incompletely. */
void account_counts_text(const struct account_counts *counts, bool lessened, struct strbuf *out);
/* "accounts":[...],"rules":[...],"counts":{...},"reader":{...},"missed_runs":{...}: members of an object. */
void account_json(const struct accounts *a, struct strbuf *out);
