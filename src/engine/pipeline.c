/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a record whose slot is known: into the model and the capture, through the filter and the rules,
 * and out. Every record that the kernel's account has counted as sent ends in exactly one of the counters
 * shown, filtered or dropped.
 */
#include <errno.h>

#include "internal.h"

/* The start of a container that already ran is not news. Depends on the stream only, so that a replay agrees. */
static bool is_news(const struct engine *e, const struct event *ev)
{
	uint64_t begin = e->started + e->boot_to_epoch;

	if (ev->type != EVENT_CONTAINER_STARTED || !ev->container)
		return true;
	if (ev->container->info->started)
		return ev->container->info->started >= begin;
	return ev->time > begin + NSEC_PER_SEC;
}

/* A summary is asked for if one of the calls that it counts would be. */
static bool is_summary_asked_for(const struct engine *e, const struct event *ev)
{
	struct event counted = *ev;

	if (!event_become_counted(&counted))
		return !e->config->set_given && !e->config->failed_only;
	if (counted.type == EVENT_PROCEXIT)
		return e->judge->show.procexit && !e->config->failed_only;
	return e->judge->show.bits[syscall_nr(counted.call)] && !(e->config->failed_only && !event_failed(&counted));
}

static bool is_asked_for(const struct engine *e, const struct event *ev)
{
	struct event_mismatch mismatch;

	switch (ev->type) {
	case EVENT_SYSCALL:
		return e->judge->show.bits[syscall_nr(ev->call)] &&
		       !(e->config->failed_only && !event_failed(ev));
	case EVENT_PROCEXIT:
		return e->judge->show.procexit && !e->config->failed_only;
	case EVENT_MISMATCH:	/* if its call is */
		return event_mismatch(ev, &mismatch) && !e->config->failed_only &&
		       (!e->config->set_given || e->judge->show.bits[syscall_nr(mismatch.call)]);
	case EVENT_SUMMARY:
		return is_summary_asked_for(e, ev);
	case EVENT_LOST:
	case EVENT_BLIND:
	case EVENT_GAP:
		return true;
	case EVENT_OTHER:
		return false;
	default:
		return !e->config->set_given && !e->config->failed_only && is_news(e, ev);
	}
}

/* Without rules every event is shown; with rules, those that match one. */
static bool is_judged(struct engine *e)
{
	size_t n;

	if (!e->config->rules)
		return true;
	e->judged = true;
	n = ruleset_match(e->judge->rules, &e->fields, e->matched, ENGINE_ALERTS_MAX);
	e->n_matched = MIN(n, (size_t)ENGINE_ALERTS_MAX);
	return n > 0;
}

/* What a runtime does to set up a container. Not what turned out to be no container's (a daemon in mounts of its own). */
static bool is_setup(const struct engine *e, const struct event *ev)
{
	return ev->head->flags & NUNCHI_F_SETUP && ev->container && !e->config->setup;
}

static bool is_wanted(struct engine *e, const struct event *ev)
{
	if (!is_asked_for(e, ev))
		return false;
	if (ev->type == EVENT_GAP && !e->config->rules)
		return true;
	/* Host processes; but a container may have caused what the kernel itself starts there. */
	if (!ev->container && !e->config->host && ev->head->slot != NUNCHI_SLOT_HELPERS)
		return false;
	/* Losses and blind spots can be of any kind of event: only the container can exclude them. */
	if ((ev->type == EVENT_LOST || ev->type == EVENT_BLIND) && !e->config->rules)
		return filter_match_container(e->config->filter, e->model, ev->container) !=
		       TRI_FALSE;
	if (is_setup(e, ev))
		return false;
	return filter_match(e->config->filter, &e->fields) && is_judged(e);
}

/* Why a replay leaves it out although the user has not said so: bits 1 << enum hidden. */
static unsigned hidden_for(const struct engine *e, const struct event *ev)
{
	bool set = e->config->set_given || e->config->rules;
	unsigned bits = 0;

	if (!ev->container && !e->config->host && ev->head->slot != NUNCHI_SLOT_HELPERS)
		bits |= 1U << HIDDEN_HOST;
	if (is_setup(e, ev))
		bits |= 1U << HIDDEN_SETUP;
	if (is_asked_for(e, ev))
		return bits;
	if (ev->type != EVENT_SYSCALL || set || (e->config->failed_only && !event_failed(ev)))
		return 0;
	return bits | 1U << HIDDEN_CALLS;
}

/* Whether it was recorded on purpose. Exec, fork and exit are in every capture, for the model; but not those of the host. */
static bool is_meant(const struct nunchi_head *record, enum hidden why)
{
	return record->kind == NUNCHI_REC_SYSCALL || (why == HIDDEN_HOST && !record->slot);
}

/* In a replay: counts an event that is not shown. */
static void note_hidden(struct engine *e, const struct event *ev)
{
	bool counts = is_accounted(ev->head) && !(ev->head->flags & NUNCHI_F_MODEL);
	unsigned bits = counts ? hidden_for(e, ev) : 0;

	if (!bits || !filter_match(e->config->filter, &e->fields))
		return;
	for (unsigned why = 0; why < HIDDEN_MAX; why++) {
		if (!(bits & 1U << why))
			continue;
		e->hidden[why]++;
		if (is_meant(ev->head, why))
			e->hidden_meant |= 1U << why;
	}
}

/* A summary is wanted as such, or if what it counts is: a filter for an open also means many opens. */
static bool is_summary_wanted(struct engine *e, const struct event *ev)
{
	struct event counted = *ev;
	bool wanted;

	if (is_wanted(e, ev))
		return true;
	if (!event_become_counted(&counted))
		return false;
	fields_begin(&e->fields, &counted, e->model);
	wanted = is_wanted(e, &counted);
	fields_begin(&e->fields, ev, e->model);
	return wanted;
}

void pipeline_flush(struct engine *e, bool wait)
{
	bool recorded = recording_put(e);
	int r = 0;

	if (e->writer && e->out.len)
		r = wait ? writer_put_wait(e->writer, &e->out) : writer_put(e->writer, &e->out);
	e->blocked = !recorded || r == -EAGAIN;
	if (r < 0 && r != -EAGAIN) {
		if (!e->failure)
			e->failure = r;
		strbuf_reset(&e->out);
	}
}

void pipeline_flush_last(struct engine *e)
{
	pipeline_flush(e, false);
	while (e->blocked && !e->failure && clock_boot() < e->last_call) {
		usleep(5000);
		pipeline_flush(e, false);
	}
}

/* Acts on the matches, whether or not the output accepts the alerts. */
static void act(struct engine *e, const struct event *ev)
{
	for (size_t i = 0; i < e->n_matched; i++)
		e->effects[i] = act_on(e, e->matched[i], ev);
}

/* Formats the event. False: the output does not take more at the moment. */
static bool show(struct engine *e, struct event *ev)
{
	if (!e->config->output)
		return true;
	if (e->config->rules)
		act(e, ev);
	/* At the end everything that waited for names comes at once: wait for the output. */
	if (e->blocked && e->last_call)
		pipeline_flush_last(e);
	else if (e->blocked)
		pipeline_flush(e, false);
	/* Life and loss events are few, and explain the rest: they may use a reserve. */
	if (e->blocked && (is_accounted(ev->head) || e->out.len > ENGINE_RESERVE_BYTES))
		return false;
	if (e->config->rules)
		for (size_t i = 0; i < e->n_matched; i++)
			output_alert(e->config->output, e->matched[i], &e->fields,
				     e->effects[i], &e->out);
	else
		output_event(e->config->output, &e->fields, &e->out);
	if (e->out.len >= ENGINE_OUT_BYTES)
		pipeline_flush(e, !e->probe);
	return true;
}

/* Reports losses where they happened in the stream: before what comes after them. */
static void tell_losses(struct engine *e, uint64_t now)
{
	if (e->blocked)
		pipeline_flush(e, false);
	if (e->blocked)
		return;
	e->losses_untold = false;
	losses_tell(e, now);
}

/*
 * Lost events use up numbers: the gap before events_lost is as wide as its count. Events that the output
 * did not accept had their numbers already.
 */
static uint64_t number(const struct engine *e, const struct event *ev)
{
	bool skips = ev->type == EVENT_LOST && ev->lost.reason != NUNCHI_DROP_OUTPUT;

	return e->num + 1 + (skips ? ev->lost.count : 0);
}

/* Counts a lost event that neither half of the account contains. LOST itself is reported again later. */
static void lose_unaccounted(struct engine *e, const struct event *ev)
{
	if (ev->type == EVENT_SUMMARY)
		e->counts[ACCOUNT_READER_SUMMARIES] += event_summary(ev)->count;
	else if (ev->type != EVENT_LOST)
		e->counts[ACCOUNT_READER_LIVES]++;
}

static void lose(struct engine *e, const struct event *ev)
{
	if (is_accounted(ev->head)) {
		e->num = ev->num;
		losses_add(e, ev->head, NUNCHI_DROP_OUTPUT);
	} else {
		lose_unaccounted(e, ev);
	}
	/* On stderr, too: the output may never be read again. */
	if (!e->said_blocked)
		log_warn("the output does not take what is told: events are lost, nunchi stats says how many");
	e->said_blocked = true;
}

bool pipeline_record(struct engine *e, const struct nunchi_head *record)
{
	struct account_user *account = &e->slots[record->slot % NUNCHI_SLOTS_MAX].account;
	bool wanted, taken = true;
	const char *why;
	struct event ev;

	/* Not if this is a LOST record: it is in the buffer in which they are made. */
	if (unlikely(e->losses_untold) && record->kind != NUNCHI_REC_LOST)
		tell_losses(e, record->time);
	if (event_decode(&ev, record, record->len, e->boot_to_epoch, &why) < 0) {
		if (is_accounted(record))
			losses_add(e, record, NUNCHI_DROP_DAMAGED);
		else
			e->counts[ACCOUNT_READER_UNKNOWN]++;
		return true;
	}
	e->judge = in_force_at(e, record);
	model_apply(e->model, &ev);
	ev.num = number(e, &ev);
	fields_begin(&e->fields, &ev, e->model);
	e->judged = false;
	wanted = !e->ending && (likely(ev.type != EVENT_SUMMARY) ? is_wanted(e, &ev) : is_summary_wanted(e, &ev));
	if (unlikely(e->capture) && !recording_add(e, record, wanted)) {
		taken = false;
		lose(e, &ev);
	} else if (!wanted) {
		account->filtered += is_accounted(record);
		if (e->config->replay)
			note_hidden(e, &ev);
	} else if (show(e, &ev)) {
		account->shown += is_accounted(record);
		e->num = ev.num;
		e->shown++;
		if (e->config->count && e->shown >= e->config->count)
			e->ending = true;
	} else {
		taken = false;
		lose(e, &ev);
	}
	if (e->judged && e->config->output)
		output_passed(e->config->output, &e->fields);
	return taken;
}

void pipeline_tell(struct engine *e, uint64_t now)
{
	if (e->config->output)
		output_tell(e->config->output, now, &e->out);
}

void pipeline_made(struct engine *e)
{
	pipeline_record(e, record_in(&e->record));
}
