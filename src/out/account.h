/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts for people and for programs: of a run that ends, of a capture, of a nunchi that runs. */
#pragma once

#include "event/account.h"

/* What is counted, and why that can be: of the kernel side, of the reader, of what was filtered, of losses. */
struct account_name {
	const char *text, *why;
};

extern const struct account_name account_kernel_names[NUNCHI_COUNT_MAX], account_reader_names[ACCOUNT_READER_MAX],
	account_filter_names[NUNCHI_FILTER_MAX], account_drop_names[NUNCHI_DROP_MAX];

/*
 * One line of all, then one of each container, who lost something first, then the busiest:
 * "2 containers, 3.0 s: seen 1,204 = delivered 1,000 + filtered 204 + lost 0".
 */
void account_summary(const struct accounts *a, uint64_t ns, struct strbuf *out);
/* The rows, who lost something first, then the busiest; the array is the caller's to free. */
struct account_row **account_sorted(const struct accounts *a);
/* What is wrong, as warnings: an equation that does not hold, and whatever nobody saw. */
void account_log_faults(const struct accounts *a);
/* A line of each count that is not zero. lessened: also of what was told with less than there was. */
void account_counts_text(const struct account_counts *counts, bool lessened, struct strbuf *out);
/* "accounts":[...],"rules":[...],"counts":{...},"reader":{...},"missed_runs":{...}: members of an object. */
void account_json(const struct accounts *a, struct strbuf *out);
