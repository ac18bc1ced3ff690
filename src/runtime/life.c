/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each change in a container's life is reported once. A pause is seen in Docker's events and, a moment later, in the
 * freezer's file: of two equal reports about a container the first counts. Deaths and OOM kills have one source each, and
 * can follow one another with nothing in between.
 */
#include "source.h"

static bool is_state(enum runtime_life life)
{
	return life != RUNTIME_LIFE_DIED && life != RUNTIME_LIFE_OOM;
}

static bool same_pair(enum runtime_life a, enum runtime_life b)
{
	bool a_freezer = a == RUNTIME_LIFE_PAUSED || a == RUNTIME_LIFE_RESUMED;
	bool b_freezer = b == RUNTIME_LIFE_PAUSED || b == RUNTIME_LIFE_RESUMED;

	return a_freezer == b_freezer;
}

/* Whether the last report of this kind (created or removed; paused or resumed) about the container was the same. */
static bool was_told(const struct lives *l, uint64_t id, enum runtime_life life)
{
	for (size_t i = 1; i <= l->n; i++) {
		const struct told *t = &l->told[(l->next + LIVES_REMEMBERED - i) % LIVES_REMEMBERED];

		if (t->id == id && same_pair(t->life, life))
			return t->life == life;
	}
	return false;
}

/* By owner and space, too: a user's report does not suppress that of root's runtime about the same id. */
static bool remember(struct lives *l, const struct container_info *info, enum runtime_life life)
{
	uint64_t hash = hash_string(info->id) + info->owner + (info->space ? hash_u64(hash_string(info->space)) : 0);
	bool is_new;

	pthread_mutex_lock(&l->lock);
	is_new = !was_told(l, hash, life);
	if (is_new) {
		l->told[l->next] = (struct told){ hash, life };
		l->next = (l->next + 1) % LIVES_REMEMBERED;
		l->n = MIN(l->n + 1, (size_t)LIVES_REMEMBERED);
	}
	pthread_mutex_unlock(&l->lock);
	return is_new;
}

void life_post(struct runtimes *rt, enum runtime_life life, struct container_info *info,
	       int exit_code)
{
	struct runtime_message *m;

	if (is_state(life) && !remember(&rt->lives, info, life)) {
		container_info_free(info);
		return;
	}
	m = message_new(RUNTIME_LIFE);
	m->life = life;
	m->exit_code = exit_code;
	m->info = info;
	messages_post(&rt->queue, m, false);
}

struct container_info *info_new(const char *id)
{
	struct container_info *c = xcalloc(1, sizeof(*c));

	c->id = xstrdup(id);
	return c;
}
