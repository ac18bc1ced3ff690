/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All windows have the same length, so the one opened first ends first: they are a queue. When there
 * are too many, the first ends early: its count is reported then, not lost.
 */
#include "fold.h"

#include "base/hmap.h"

#define MINUTE (60 * NSEC_PER_SEC)

struct fold_entry {
	struct hnode by_key;
	struct fold_entry *next;	/* opened after it */
	const struct rule *rule;
	char *container, *container_called, *container_name, *image, *text;
	unsigned effect;		/* enum nunchi_effect: a refused call does not repeat one that was not */
	uint64_t opened, first, last, count;
};

/* How much of a rule's limit a container has used. */
struct fold_share {
	struct hnode by_container;
	char *container;
	uint32_t alerts;
};

/* The last minute, second by second; and the limit's minute, which begins with an alert. */
struct fold_rule {
	struct hnode by_rule;
	struct fold_rule *next;
	const struct rule *rule;
	uint64_t second;		/* the last one counted */
	uint32_t seconds[60];		/* by second % 60 */
	uint64_t begin;			/* of the limit's minute */
	uint32_t alerts;		/* in it */
	struct hmap shares;		/* of the alerts by container: at most one entry per alert */
	uint64_t swallowed, first, last;
};

struct fold {
	struct fold_config config;
	struct hmap entries, rules;
	struct fold_entry *oldest, *newest;
	struct fold_entry *told;	/* the entry returned last, to be freed by the next call */
	struct fold_rule *all_rules;
	uint64_t silent_until;		/* when the first silence ends; UINT64_MAX: no rule is silenced */
	struct fold_totals totals;
};

struct fold *fold_new(const struct fold_config *config)
{
	struct fold *f = xcalloc(1, sizeof(*f));

	f->config = *config;
	f->silent_until = UINT64_MAX;
	return f;
}

static void entry_free(struct fold_entry *e)
{
	if (!e)
		return;
	free(e->container);
	free(e->container_called);
	free(e->container_name);
	free(e->image);
	free(e->text);
	free(e);
}

static struct fold_entry *take_oldest(struct fold *f)
{
	struct fold_entry *e = f->oldest;

	f->oldest = e->next;
	if (!f->oldest)
		f->newest = NULL;
	hmap_remove(&f->entries, &e->by_key);
	return e;
}

static void shares_clear(struct fold_rule *r)
{
	hmap_for_each(&r->shares, n) {
		struct fold_share *share = container_of(n, struct fold_share, by_container);

		hmap_remove(&r->shares, n);
		free(share->container);
		free(share);
	}
}

void fold_forget(struct fold *f)
{
	while (f->oldest)
		entry_free(take_oldest(f));
	while (f->all_rules) {
		struct fold_rule *r = f->all_rules;

		f->all_rules = r->next;
		hmap_remove(&f->rules, &r->by_rule);
		shares_clear(r);
		hmap_free(&r->shares);
		free(r);
	}
	f->silent_until = UINT64_MAX;
}

void fold_free(struct fold *f)
{
	if (!f)
		return;
	fold_forget(f);
	entry_free(f->told);
	hmap_free(&f->entries);
	hmap_free(&f->rules);
	free(f);
}

static struct fold_rule *get_rule(struct fold *f, const struct rule *rule)
{
	uint64_t hash = hash_u64((uint64_t)(uintptr_t)rule);
	struct fold_rule *r;

	for (struct hnode *n = hmap_first(&f->rules, hash); n; n = hmap_next(n, hash)) {
		r = container_of(n, struct fold_rule, by_rule);
		if (r->rule == rule)
			return r;
	}
	r = xcalloc(1, sizeof(*r));
	r->rule = rule;
	r->next = f->all_rules;
	f->all_rules = r;
	hmap_insert(&f->rules, &r->by_rule, hash);
	return r;
}

/* A late match is counted in the current second. */
static uint64_t count_minute(struct fold_rule *r, uint64_t time)
{
	uint64_t second = time / NSEC_PER_SEC, sum = 0;

	if (second > r->second + ARRAY_SIZE(r->seconds)) {
		memset(r->seconds, 0, sizeof(r->seconds));
		r->second = second;
	}
	while (r->second < second)
		r->seconds[++r->second % ARRAY_SIZE(r->seconds)] = 0;
	r->seconds[r->second % ARRAY_SIZE(r->seconds)]++;
	for (size_t i = 0; i < ARRAY_SIZE(r->seconds); i++)
		sum += r->seconds[i];
	return sum;
}

static struct fold_entry *find(struct fold *f, const struct fold_entry *key, uint64_t hash)
{
	for (struct hnode *n = hmap_first(&f->entries, hash); n; n = hmap_next(n, hash)) {
		struct fold_entry *e = container_of(n, struct fold_entry, by_key);

		if (e->rule == key->rule && e->effect == key->effect && streq(e->container, key->container) &&
		    streq(e->image, key->image))
			return e;
	}
	return NULL;
}

static struct fold_share *get_share(struct fold_rule *r, const char *container)
{
	uint64_t hash = hash_string(container);
	struct fold_share *share;

	for (struct hnode *n = hmap_first(&r->shares, hash); n; n = hmap_next(n, hash)) {
		share = container_of(n, struct fold_share, by_container);
		if (streq(share->container, container))
			return share;
	}
	share = xcalloc(1, sizeof(*share));
	share->container = xstrdup(container);
	hmap_insert(&r->shares, &share->by_container, hash);
	return share;
}

/*
 * Whether the container may have another alert: only while it has used no more of the limit than is left
 * for the others, or it could silence the rule for them. The last alert goes to a container that has had none.
 */
static bool limit_take(struct fold *f, struct fold_rule *r, const char *container)
{
	uint32_t left = f->config.limit - r->alerts;
	struct fold_share *share;

	if (!left)
		return false;
	share = get_share(r, container);
	if (share->alerts && share->alerts >= left)
		return false;
	share->alerts++;
	r->alerts++;
	return true;
}

/* A silence whose minute is over but which is not reported yet goes on: it is reported as one. */
static bool is_silenced(struct fold *f, struct fold_rule *r, const char *container, uint64_t time)
{
	if (!f->config.limit)
		return false;
	if (time >= r->begin + MINUTE && !r->swallowed) {
		r->begin = time;
		r->alerts = 0;
		shares_clear(r);
	}
	if (limit_take(f, r, container))
		return false;
	r->first = r->swallowed++ ? r->first : time;
	r->last = MAX(r->last, time);
	f->silent_until = MIN(f->silent_until, r->begin + MINUTE);
	return true;
}

static void open_entry(struct fold *f, const struct fold_entry *key, uint64_t hash, uint64_t time)
{
	struct fold_entry *e = xcalloc(1, sizeof(*e));

	e->rule = key->rule;
	e->effect = key->effect;
	e->container = xstrdup(key->container);
	e->container_called = xstrdup(key->container_called);
	e->container_name = xstrdup(key->container_name);
	e->image = xstrdup(key->image);
	e->text = xstrdup("");
	e->opened = time;
	if (f->newest)
		f->newest->next = e;
	else
		f->oldest = e;
	f->newest = e;
	hmap_insert(&f->entries, &e->by_key, hash);
}

static enum fold_verdict decide(struct fold *f, struct fold_rule *r, const struct field_context *fc,
				unsigned effect)
{
	const struct container *c = fc->ev->container;
	const struct process *p = fc->ev->proc;
	uint64_t time = fc->ev->time, hash;
	const struct fold_entry key = {
		.rule = r->rule,
		.container = c && c->info->id ? c->info->id : (char *)"",
		.container_called = c && c->info->id ? (char *)container_called(c->info) : (char *)"",
		.container_name = c && c->info->name ? c->info->name : (char *)"",
		.image = p && p->exepath ? p->exepath : (char *)"",
		.effect = effect,
	};
	struct fold_entry *e;

	if (!f->config.window)
		return is_silenced(f, r, key.container, time) ? FOLD_SWALLOW : FOLD_ALERT;
	hash = hash_u64(hash_string(key.container) ^ hash_u64(hash_string(key.image)) ^ r->by_rule.hash ^
			key.effect);
	e = find(f, &key, hash);
	if (e) {
		e->first = e->count++ ? e->first : time;
		e->last = MAX(e->last, time);
		return FOLD_COUNT;
	}
	if (is_silenced(f, r, key.container, time))
		return FOLD_SWALLOW;
	open_entry(f, &key, hash, time);
	return FOLD_ALERT;
}

enum fold_verdict fold_match(struct fold *f, const struct rule *rule, struct field_context *fc,
			     unsigned effect, uint64_t *ret_minute)
{
	struct fold_rule *r = get_rule(f, rule);
	enum fold_verdict verdict;

	*ret_minute = count_minute(r, fc->ev->time);
	verdict = decide(f, r, fc, effect);
	f->totals.matches++;
	f->totals.alerts += verdict == FOLD_ALERT;
	f->totals.counted += verdict == FOLD_COUNT;
	f->totals.swallowed += verdict == FOLD_SWALLOW;
	return verdict;
}

void fold_text(struct fold *f, const char *text, size_t len)
{
	if (!f->config.window || !f->newest)
		return;
	len = MIN(len, (size_t)FOLD_TEXT_MAX);
	while (len && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	free(f->newest->text);
	f->newest->text = xstrndup(text, len);
}

static bool tell_silence(struct fold *f, uint64_t now, struct fold_told *ret)
{
	if (now < f->silent_until || f->silent_until == UINT64_MAX)
		return false;
	f->silent_until = UINT64_MAX;
	for (struct fold_rule *r = f->all_rules; r; r = r->next) {
		if (!r->swallowed)
			continue;
		if (now < r->begin + MINUTE) {
			f->silent_until = MIN(f->silent_until, r->begin + MINUTE);
			continue;
		}
		/* There may be more: the next call finds them. */
		f->silent_until = 0;
		*ret = (struct fold_told){
			.rule = r->rule, .swallowed = true, .count = r->swallowed,
			.first = r->first, .last = r->last,
			.container = "", .container_name = "", .image = "", .text = "",
		};
		r->swallowed = 0;
		r->last = 0;
		return true;
	}
	return false;
}

bool fold_next(struct fold *f, uint64_t now, struct fold_told *ret)
{
	struct fold_entry *e;

	while (f->oldest && (now >= f->oldest->opened + f->config.window ||
			     f->entries.count > FOLD_ENTRIES_MAX)) {
		entry_free(f->told);
		e = f->told = take_oldest(f);
		if (!e->count)
			continue;
		*ret = (struct fold_told){
			.rule = e->rule, .effect = e->effect, .count = e->count, .first = e->first,
			.last = e->last,
			.container = e->container_called, .container_name = e->container_name,
			.image = e->image, .text = e->text,
		};
		return true;
	}
	return tell_silence(f, now, ret);
}

struct fold_totals fold_totals(const struct fold *f)
{
	return f->totals;
}
