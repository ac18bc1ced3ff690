/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Root's containers that have the same name: of runc and of ctr, of two containerd namespaces, of two of runc's
 * state directories. Each has an id of its own in the stream; that of the second is "NAME#2". Which of them a
 * report is about is known from its first process, which belongs to one container only; or from its space (the
 * scope in which a name is unique), which all sources report alike; or, if only the kernel knows the container,
 * from its mounts. Ids that an engine made are unique; such containers have no space, and need none of this.
 */
#include "internal.h"

#define NAMESAKES_MAX 1000	/* containers of one name; reports about more are taken for the first's */

/* How likely a report is about a known container; the highest wins. */
enum likeness {
	LIKE_NOT,
	LIKE_NOBODYS,	/* it has the name, nobody has reported its space, and nothing contradicts */
	LIKE_ASKED,	/* likewise, and the report answers a question about its slot */
	LIKE_MOUNTS,	/* its space is unknown, but its tasks are in the reported mounts */
	LIKE_SPACE,	/* the same space */
	LIKE_INIT,	/* the same first process */
};

struct search {
	struct engine *e;
	const struct container_info *info;
	const struct slot *asked;	/* NULL: none */
	struct container *best;
	enum likeness likeness;
};

static bool is_init(const struct container_info *info, uint32_t pid, uint64_t start)
{
	return pid && pid == info->init_pid && start && info->init_start && process_start_is(start, info->init_start);
}

static bool has_mounts(const struct engine *e, const struct container *c, const struct container_info *info)
{
	for (uint32_t i = 1; i < e->slots_used; i++) {
		const struct slot *slot = &e->slots[i];

		if (slot->phase == SLOT_CONTAINER && !slot->inner && streq(slot->id, c->info->id) &&
		    claim_same_mounts(slot, info))
			return true;
	}
	return false;
}

/*
 * Whether c runs and certainly is not the container reported: its first process is another one (of which the
 * start is 0 if it has ended meanwhile), or the report has no first process yet and is about a pending slot,
 * which is not c's.
 */
static bool is_another(const struct search *s, const struct container *c)
{
	if (!namesake_runs(c))
		return false;
	if (!s->info->init_pid)
		return s->asked && s->asked->phase == SLOT_PENDING;
	return s->info->init_pid != c->info->init_pid ||
	       (s->info->init_start && !is_init(s->info, c->info->init_pid, c->info->init_start));
}

static enum likeness likeness_of(const struct search *s, const struct container *c)
{
	const struct container_info *known = c->info, *info = s->info;

	if (is_init(info, known->init_pid, known->init_start) || is_init(info, c->ended_pid, c->ended_start))
		return LIKE_INIT;
	if (known->space)
		return streq(known->space, info->space) ? LIKE_SPACE : LIKE_NOT;
	if (has_mounts(s->e, c, info))
		return LIKE_MOUNTS;
	/* A container made inside another is reported by runtimes in there, which are not asked. */
	if (known->parent_id || is_another(s, c))
		return LIKE_NOT;
	return s->asked && s->asked->phase == SLOT_CONTAINER && streq(s->asked->id, known->id) ? LIKE_ASKED : LIKE_NOBODYS;
}

static bool look(struct container *c, void *arg)
{
	struct search *s = arg;
	enum likeness likeness;

	/* A user's container is never one of root's, whatever its name. */
	if (c->info->owner > CONTAINER_OWNER_ROOT || !streq(container_called(c->info), s->info->id))
		return false;
	likeness = likeness_of(s, c);
	if (likeness > s->likeness) {
		s->best = c;
		s->likeness = likeness;
	}
	return false;
}

bool namesake_runs(const struct container *c)
{
	return c->running && c->info->init_pid && binder_is_alive(c->info->init_pid);
}

char *namesake_id(const struct engine *e, const char *called)
{
	for (unsigned n = 2; n <= NAMESAKES_MAX; n++) {
		_cleanup_free_ char *id = xasprintf("%s#%u", called, n);

		if (!model_container(e->model, id))
			return TAKE_PTR(id);
	}
	return NULL;
}

void namesake_settle(struct engine *e, struct container_info *info, const struct slot *asked)
{
	struct search s = { .e = e, .info = info, .asked = asked };
	char *id;

	if (!info->space || info->owner != CONTAINER_OWNER_ROOT)
		return;
	(void)model_first_container(e->model, look, &s);
	if (!s.best && !model_container(e->model, info->id))
		return;
	id = s.best ? xstrdup(s.best->info->id) : namesake_id(e, info->id);
	if (!id || streq(id, info->id)) {
		free(id);
		return;
	}
	free(info->called);
	info->called = info->id;
	info->id = id;
	/* People call it that, not by the id. */
	if (!info->name)
		info->name = xstrdup(info->called);
}
