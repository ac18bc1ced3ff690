/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that end or freeze the container of what they match. The action is requested once per run of a
 * container, however often rules match. The first alert says so; another one reports the outcome.
 */
#include "internal.h"

#define WISHES_MAX 1024		/* requests that are remembered */
#define AGAIN_NS (10 * NSEC_PER_SEC)	/* a failed action is not tried again before that */

struct wish {
	uint64_t token;		/* 0: none yet */
	uint64_t key;		/* hash of the container, its run, and the action */
	struct rule *rule;	/* a copy for the alert: the rule itself may be gone by then */
	char *name;		/* the container's */
	uint64_t failed_at;	/* boot ns; 0: it has not failed */
	bool under_way;
};

struct acts {
	struct wish wishes[WISHES_MAX];
	size_t n, next;
	uint64_t tokens;
};

static bool acts_on_containers(const struct ruleset *rs)
{
	for (size_t i = 0; rs && i < ruleset_count(rs); i++)
		if (ruleset_rule(rs, i)->enabled && rule_is_about_container(ruleset_rule(rs, i)))
			return true;
	return false;
}

int act_start(struct engine *e)
{
	int r;

	if (!acts_on_containers(e->force->rules) || e->config->dry_run)
		return 0;
	r = runtimes_act_start(e->runtimes);
	if (r >= 0)
		e->acts = xcalloc(1, sizeof(*e->acts));
	return r;
}

bool act_is_possible(const struct engine *e, const struct ruleset *rs)
{
	return e->acts || e->config->dry_run || !acts_on_containers(rs);
}

static void wish_free(struct wish *w)
{
	rule_free(w->rule);
	free(w->name);
	*w = (struct wish){ .token = 0 };
}

void act_end(struct engine *e)
{
	for (size_t i = 0; e->acts && i < e->acts->n; i++)
		wish_free(&e->acts->wishes[i]);
	free(e->acts);
	e->acts = NULL;
}

static struct wish *find(struct acts *a, uint64_t key)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->wishes[i].key == key)
			return &a->wishes[i];
	return NULL;
}

static struct wish *add(struct acts *a)
{
	struct wish *w = &a->wishes[a->next];

	wish_free(w);
	a->next = (a->next + 1) % WISHES_MAX;
	a->n = MIN(a->n + 1, (size_t)WISHES_MAX);
	return w;
}

static void wish(struct engine *e, struct wish *w, const struct rule *rule, const struct container *c)
{
	enum runtime_act what = rule->action == ACTION_KILL_CONTAINER ? RUNTIME_ACT_KILL : RUNTIME_ACT_PAUSE;

	w->token = ++e->acts->tokens;
	w->under_way = true;
	w->rule = rule_copy(rule);
	w->name = xstrdup(c->info->name ? c->info->name : c->info->id);
	runtimes_act(e->runtimes, w->token, what, c->info);
}

enum nunchi_effect act_on(struct engine *e, const struct rule *rule, const struct event *ev)
{
	const struct container *c = ev->container;
	struct wish *w;
	uint64_t key;

	if (!rule_is_about_container(rule))
		return rule->action == ACTION_ALERT ? NUNCHI_EFFECT_NONE : ruleset_effect(ev);
	if (!e->probe || !c || !c->info->id || (!e->acts && !e->config->dry_run))
		return NUNCHI_EFFECT_NONE;
	if (e->config->dry_run)
		return NUNCHI_EFFECT_DRY;
	key = hash_u64(hash_string(c->info->id) ^ hash_u64(c->info->init_pid) ^ hash_u64(c->info->init_start) ^
		       rule->action);
	w = find(e->acts, key);
	if (w && !(w->failed_at && clock_boot() >= w->failed_at + AGAIN_NS))
		return w->failed_at ? NUNCHI_EFFECT_FAILED : NUNCHI_EFFECT_ASKED;
	if (w)
		wish_free(w);
	else
		w = add(e->acts);
	w->key = key;
	wish(e, w, rule, c);
	return NUNCHI_EFFECT_ASKED;
}

bool act_is_under_way(const struct engine *e)
{
	for (size_t i = 0; e->acts && i < e->acts->n; i++)
		if (e->acts->wishes[i].under_way)
			return true;
	return false;
}

void act_done(struct engine *e, const struct runtime_message *message)
{
	struct acts *a = e->acts;
	struct acted acted = { .info = message->info, .text = message->text,
			       .time = clock_boot() + e->boot_to_epoch,
			       .effect = message->ok ? NUNCHI_EFFECT_DONE : NUNCHI_EFFECT_FAILED };

	for (size_t i = 0; a && i < a->n; i++) {
		struct wish *w = &a->wishes[i];

		if (w->token != message->token)
			continue;
		w->under_way = false;
		w->failed_at = message->ok ? 0 : clock_boot();
		acted.rule = w->rule;
		acted.name = w->name;
		if (e->config->output)
			output_acted(e->config->output, &acted, &e->out);
		return;
	}
}
