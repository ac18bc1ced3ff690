/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts in Prometheus's text format 0.0.4, in which all samples of a metric are together. */
#pragma once

#include "event/account.h"

/* X(enum, name after "nunchi_", type, help). A counter's name ends with _total. */
#define METRICS(X)                                                                     \
	X(INSTANCES, "instances", "gauge", "How many nunchi trace, record and guard run here.") \
	X(UP, "up", "gauge", "Whether the account of this nunchi could be read, and was written in the last seconds.") \
	X(UPTIME, "uptime_seconds", "gauge", "How long it has run.")               \
	X(CPU_LIMITED, "cpu_limited", "gauge", "Whether it is at its --cpu-limit: what is done most is counted, not told.") \
	X(SEEN, "events_seen_total", "counter", "Events that the kernel side saw of a container.") \
	X(FILTERED, "events_filtered_total", "counter", "Events that nobody asked for, by reason.") \
	X(AGGREGATED, "events_aggregated_total", "counter", "Events that were counted in place of being told.") \
	X(SHOWN, "events_shown_total", "counter", "Events that were told, or judged by rules.") \
	X(LOST, "events_lost_total", "counter", "Events that were due and were not told, by reason.") \
	X(HELD, "events_held", "gauge", "Events that wait for their container's name, or for the output.") \
	X(IN_FLIGHT, "events_in_flight", "gauge", "Events that were sent and not received yet.") \
	X(ADDS_UP, "account_adds_up", "gauge", "Whether both equations of a container's account hold.") \
	X(RULE, "rule_matches_total", "counter", "Events that a rule of guard has matched, told as an alert or counted with one.") \
	X(UNSEEN, "unseen_total", "counter", "What no program saw, by reason: not zero is degraded.") \
	X(MISSED, "missed_runs_total", "counter", "Runs of a program that the kernel skipped: not zero is degraded.") \
	X(LESSENED, "lessened_total", "counter", "What was seen, and recorded with less than there was, by reason.") \
	X(READER, "reader_total", "counter", "What else was counted in user space, by reason.")

enum metric {
#define X(id, name, type, help) METRIC_##id,
	METRICS(X)
#undef X
	METRIC_MAX
};

struct metrics {
	struct strbuf samples[METRIC_MAX];
};

/* name="value", the value escaped; after another label with a comma. */
void metrics_label(struct strbuf *labels, const char *name, const char *value);
/* labels: of metrics_label(); empty: none. */
void metrics_add(struct metrics *m, enum metric metric, const struct strbuf *labels, uint64_t value);
void metrics_add_seconds(struct metrics *m, enum metric metric, const struct strbuf *labels, double seconds);
/* Adds the samples of the accounts, with these labels and their own. */
void metrics_add_accounts(struct metrics *m, const struct strbuf *labels, const struct accounts *a);
void metrics_text(const struct metrics *m, struct strbuf *out);
void metrics_free(struct metrics *m);
