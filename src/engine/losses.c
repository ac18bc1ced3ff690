/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Losses become events in the stream: one per container and reason, with how many, when, and of what kinds.
 * The number comes from the accounts. Times and kinds are kept beside them in bounded tables: by the kernel
 * side for its losses, and here for all of them until they are reported.
 */
#include "internal.h"

#define LOSSES_MAX 1024		/* as many as the kernel side's table holds */
#define LOST_KINDS_MAX 16	/* kinds that one event lists, the most frequent */

struct loss {
	struct hnode by_key;
	struct nunchi_loss_key key;
	struct nunchi_loss loss;
};

static uint64_t key_hash(const struct nunchi_loss_key *key)
{
	uint64_t word;

	memcpy(&word, key, sizeof(word));
	return hash_u64(word);
}

static struct loss *find(struct engine *e, const struct nunchi_loss_key *key)
{
	uint64_t hash = key_hash(key);

	for (struct hnode *n = hmap_first(&e->losses, hash); n; n = hmap_next(n, hash)) {
		struct loss *l = container_of(n, struct loss, by_key);

		if (!memcmp(&l->key, key, sizeof(*key)))
			return l;
	}
	return NULL;
}

static void add(const struct nunchi_loss_key *key, const struct nunchi_loss *loss, void *arg)
{
	struct engine *e = arg;
	struct loss *l = find(e, key);

	e->slots_used = MAX(e->slots_used, key->slot % NUNCHI_SLOTS_MAX + 1);
	if (!l && e->losses.count >= LOSSES_MAX) {
		e->counts[ACCOUNT_READER_LOSSES] += loss->count;
		return;
	}
	if (!l) {
		l = xcalloc(1, sizeof(*l));
		l->key = *key;
		l->loss.first = loss->first;
		hmap_insert(&e->losses, &l->by_key, key_hash(key));
	}
	l->loss.count += loss->count;
	l->loss.first = MIN(l->loss.first, loss->first);
	l->loss.last = MAX(l->loss.last, loss->last);
}

void losses_add(struct engine *e, const struct nunchi_head *record, enum nunchi_drop reason)
{
	const struct nunchi_loss_key key = { .slot = record->slot % NUNCHI_SLOTS_MAX,
					     .reason = (uint16_t)reason,
					     .what = (uint16_t)lost_kind_of(record) };
	const struct nunchi_loss loss = { 1, record->time, record->time };

	add(&key, &loss, e);
	e->slots[key.slot].account.dropped[reason]++;
	e->losses_untold = true;
}

/* How many losses of that reason are not reported yet, by the accounts. */
static uint64_t untold(const struct slot *slot, const struct nunchi_account *kernel, enum nunchi_drop reason)
{
	uint64_t lost = kernel->dropped[reason] + slot->account.dropped[reason];

	return lost > slot->told[reason] ? lost - slot->told[reason] : 0;
}

static int most_first(const void *a, const void *b)
{
	const struct nunchi_lost_kind *x = a, *y = b;

	return x->count != y->count ? (x->count < y->count ? 1 : -1) : x->what < y->what ? -1 : 1;
}

/* The kinds in the table for this slot and reason, most frequent first; widens *lost to their times. */
static size_t find_kinds(const struct engine *e, uint32_t slot, enum nunchi_drop reason,
			 struct nunchi_lost *lost, struct nunchi_lost_kind kinds[LOSSES_MAX])
{
	size_t n = 0;

	hmap_for_each(&e->losses, node) {
		const struct loss *l = container_of(node, struct loss, by_key);

		if (l->key.slot != slot || l->key.reason != reason)
			continue;
		kinds[n++] = (struct nunchi_lost_kind){ .what = l->key.what, .count = l->loss.count };
		lost->first = MIN(lost->first, l->loss.first);
		lost->last = MAX(lost->last, l->loss.last);
	}
	qsort(kinds, n, sizeof(*kinds), most_first);
	return MIN(n, LOST_KINDS_MAX);
}

static void forget_kinds(struct engine *e, uint32_t slot, enum nunchi_drop reason)
{
	hmap_for_each(&e->losses, node) {
		struct loss *l = container_of(node, struct loss, by_key);

		if (l->key.slot != slot || l->key.reason != reason)
			continue;
		hmap_remove(&e->losses, &l->by_key);
		free(l);
	}
}

/* Reports losses. False: the output did not accept even this; nothing is changed, so that it can be tried again. */
static bool tell(struct engine *e, uint32_t slot, enum nunchi_drop reason, uint64_t count, uint64_t now)
{
	struct nunchi_lost lost = { .count = count, .first = UINT64_MAX, .reason = (uint32_t)reason };
	struct nunchi_lost_kind kinds[LOSSES_MAX];

	lost.kinds = (uint32_t)find_kinds(e, slot, reason, &lost, kinds);
	if (!lost.kinds) {
		lost.first = MIN(e->looked_for_losses, now);
		lost.last = now;
	}
	encode_lost(&e->loss, &lost, kinds, slot, e->slots[slot].generation, MAX(now, lost.last));
	if (!pipeline_record(e, record_in(&e->loss))) {
		e->losses_untold = true;
		return false;
	}
	e->slots[slot].told[reason] += count;
	forget_kinds(e, slot, reason);
	return true;
}

/* Moves what the kernel side has kept into the table. */
static void take_kernel(struct engine *e)
{
	uint64_t seen = e->probe ? probe_losses_seen(e->probe) : 0;

	if (seen == e->losses_seen)
		return;
	e->losses_seen = seen;
	probe_losses(e->probe, add, e);
}

bool losses_tell_slot(struct engine *e, uint32_t slot, uint64_t now)
{
	struct nunchi_account kernel = { .seen = 0 };
	bool all = true;

	take_kernel(e);
	if (e->probe)
		probe_account(e->probe, slot, &kernel);
	for (enum nunchi_drop reason = 0; reason < NUNCHI_DROP_MAX; reason++) {
		uint64_t count = untold(&e->slots[slot], &kernel, reason);

		if (!count)
			continue;
		/* A loss by the output is reported when it accepts something again. */
		if (reason == NUNCHI_DROP_OUTPUT && e->blocked && !e->last_call)
			all = false;
		else
			all &= tell(e, slot, reason, count, now);
	}
	return all;
}

uint64_t losses_give_up(struct engine *e, uint32_t slot)
{
	struct nunchi_account kernel;
	uint64_t all = 0;

	probe_account(e->probe, slot, &kernel);
	for (enum nunchi_drop reason = 0; reason < NUNCHI_DROP_MAX; reason++) {
		uint64_t count = untold(&e->slots[slot], &kernel, reason);

		e->slots[slot].told[reason] += count;
		forget_kinds(e, slot, reason);
		all += count;
	}
	return all;
}

bool losses_are_due(const struct engine *e)
{
	return (e->losses_untold && !e->blocked) || e->losses_seen != probe_losses_seen(e->probe);
}

void losses_tell(struct engine *e, uint64_t now)
{
	e->losses_untold = e->blocked && e->losses_untold;
	take_kernel(e);	/* first: it can raise slots_used */
	for (uint32_t i = 0; i < e->slots_used; i++)
		losses_tell_slot(e, i, now);
	e->looked_for_losses = now;
}

void losses_free(struct engine *e)
{
	hmap_for_each(&e->losses, node) {
		struct loss *l = container_of(node, struct loss, by_key);

		hmap_remove(&e->losses, node);
		free(l);
	}
	hmap_free(&e->losses);
}
