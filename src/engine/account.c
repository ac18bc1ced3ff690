/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The account: what the kernel counted and what we did, per slot, kept apart and compared only
 * here. A loss becomes an event in the stream as soon as it is noticed.
 */
#include "internal.h"
#include "out/describe.h"

#define UNSEEN_MAX 32

static uint64_t sum_dropped(const void *p)
{
	const uint64_t *dropped = p;	/* __u64 is another type of the same size */
	uint64_t sum = 0;

	for (size_t i = 0; i < NUNCHI_DROP_MAX; i++)
		sum += dropped[i];
	return sum;
}

static void tell_loss(struct engine *e, uint32_t slot, enum nunchi_drop reason, uint64_t count,
		      uint64_t since, uint64_t now)
{
	struct nunchi_lost lost = { .count = count, .first = since, .last = now,
				    .reason = (uint32_t)reason };

	encode_lost(&e->record, &lost, slot, e->slots[slot].generation, now);
	pipeline_made(e);
}

/* Called when numbers are missing or the output has refused something; and at the end. */
void account_losses(struct engine *e, uint64_t now)
{
	uint64_t since = e->next_check > NSEC_PER_SEC ? e->next_check - NSEC_PER_SEC : 0;

	e->told_missing = e->missing;
	e->output_untold = e->output_untold && e->blocked;
	for (uint32_t i = 0; i < e->slots_used; i++) {
		struct slot *slot = &e->slots[i];
		struct nunchi_account kernel;
		uint64_t dropped;

		probe_account(e->probe, i, &kernel);
		for (int reason = 0; reason < NUNCHI_DROP_MAX; reason++) {
			dropped = kernel.dropped[reason];
			if (dropped > slot->kernel_dropped[reason])
				tell_loss(e, i, (enum nunchi_drop)reason,
					  dropped - slot->kernel_dropped[reason], since, now);
			slot->kernel_dropped[reason] = dropped;
		}
		dropped = slot->account.dropped[NUNCHI_DROP_OUTPUT];
		if (dropped > slot->output_dropped && !e->blocked) {
			tell_loss(e, i, NUNCHI_DROP_OUTPUT, dropped - slot->output_dropped, since, now);
			slot->output_dropped = dropped;
		}
	}
}

void account_record(struct engine *e)
{
	for (uint32_t i = 0; i < e->slots_used; i++) {
		struct slot *slot = &e->slots[i];
		struct nunchi_account kernel;

		probe_account(e->probe, i, &kernel);
		if (!kernel.seen && !slot->account.received)
			continue;
		slot->account.held = slot->held.count;
		encode_account(&e->record, i, slot->generation, &kernel, &slot->account,
			       clock_boot());
		pipeline_made(e);
	}
}

static void add_loss(struct engine *e, struct strbuf *losses, const struct slot *slot, uint64_t lost)
{
	struct container *c = slot->id ? model_container(e->model, slot->id) : NULL;

	strbuf_adds(losses, losses->len ? ", " : "");
	strbuf_adds(losses, c ? c->display : slot->id ? slot->id : "host");
	strbuf_addc(losses, ' ');
	add_grouped(losses, lost);
}

static void add_slot(struct engine *e, uint32_t i, struct totals *t)
{
	struct slot *slot = &e->slots[i];
	struct nunchi_account kernel;
	uint64_t lost;

	probe_account(e->probe, i, &kernel);
	lost = sum_dropped(kernel.dropped) + sum_dropped(slot->account.dropped);
	t->containers += slot->phase == SLOT_CONTAINER;
	t->seen += kernel.seen;
	t->shown += slot->account.shown;
	t->filtered += kernel.filtered + slot->account.filtered;
	t->lost += lost;
	if (lost)
		add_loss(e, &t->losses, slot, lost);
}

bool account_complete(struct engine *e, uint32_t slot)
{
	struct nunchi_account kernel;

	probe_account(e->probe, slot, &kernel);
	return kernel.sent == e->slots[slot].account.received && !e->slots[slot].held.count;
}

void account_close(struct engine *e, uint32_t slot)
{
	add_slot(e, slot, &e->closed);
	memset(&e->slots[slot].account, 0, sizeof(e->slots[slot].account));
	memset(e->slots[slot].kernel_dropped, 0, sizeof(e->slots[slot].kernel_dropped));
	e->slots[slot].output_dropped = 0;
}

static void say_unseen(struct engine *e)
{
	struct probe_unseen rows[UNSEEN_MAX];
	unsigned n = probe_unseen(e->probe, rows, UNSEEN_MAX);

	for (unsigned i = 0; i < n; i++)
		log_warn("degraded: not seen: %llu %s%s%s", (unsigned long long)rows[i].count,
			 rows[i].reason, rows[i].program ? " of " : "",
			 rows[i].program ? rows[i].program : "");
	if (e->missing)
		log_warn("%llu numbers are missing in the rings' sequences",
			 (unsigned long long)e->missing);
	if (e->late_records)
		log_warn("%llu records came later than their time had been passed",
			 (unsigned long long)e->late_records);
}

void account_say(struct engine *e)
{
	_cleanup_strbuf_ struct strbuf line = STRBUF_INIT;
	struct totals *t = &e->closed;

	for (uint32_t i = 0; i < e->slots_used; i++) {
		if (!account_complete(e, i))
			log_warn("account of slot %u: not everything came that the kernel sent", i);
		add_slot(e, i, t);
	}
	strbuf_addf(&line, "%u container%s, %.1f s: seen ", t->containers,
		    t->containers == 1 ? "" : "s", (double)(clock_boot() - e->started) / 1e9);
	add_grouped(&line, t->seen);
	strbuf_adds(&line, " = delivered ");
	add_grouped(&line, t->shown);
	strbuf_adds(&line, " + filtered ");
	add_grouped(&line, t->filtered);
	strbuf_adds(&line, " + lost ");
	add_grouped(&line, t->lost);
	if (t->losses.len)
		strbuf_addf(&line, " (%s)", t->losses.s);
	log_info("%s", line.s);
	if (t->seen != t->shown + t->filtered + t->lost)
		log_warn("the account does not add up: %llu seen in the kernel, %llu accounted for",
			 (unsigned long long)t->seen,
			 (unsigned long long)(t->shown + t->filtered + t->lost));
	say_unseen(e);
}
