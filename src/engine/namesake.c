/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers of root's that are called the same: runc's and ctr's, those of two of containerd's namespaces, of two directories
 * of runc's. Each has an id of its own in the stream, the second "ID#2". Which of them is meant: by its first process, which
 * is one container's alone; by where its name is its alone (its space), which all who tell of it say alike; and of one that
 * the kernel alone knows by its mounts. Ids that an engine has made need none of this: they have no space.
 */
#include "internal.h"

#define NAMESAKES_MAX 1000	/* of one name: what more there are is the first's */

/* How surely it is meant, the higher the better. */
enum likeness {
	LIKE_NOT,
	LIKE_NOBODYS,	/* called so, and nobody has said whose; nothing speaks against it */
	LIKE_ASKED,	/* likewise, and its slot was asked about */
	LIKE_MOUNTS,	/* likewise, and its tasks are in those mounts */
	LIKE_SPACE,
	LIKE_INIT,
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
	return pid && pid == info->init_pid && start && info->init_start &&
	       (start > info->init_start ? start - info->init_start : info->init_start - start) <= PROCESS_START_GRAIN;
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
 * It runs, with another first process, whose start is not known if it has ended meanwhile; or what is told of has tasks that
 * are not its, and no first process yet.
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
	/* What was made in a container is told of by who is in there. */
	if (known->parent_id || is_another(s, c))
		return LIKE_NOT;
	return s->asked && s->asked->phase == SLOT_CONTAINER && streq(s->asked->id, known->id) ? LIKE_ASKED : LIKE_NOBODYS;
}

static bool look(struct container *c, void *arg)
{
	struct search *s = arg;
	enum likeness likeness;

	/* A user's is none of root's, whatever he calls it. */
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
	/* Who means it says that, and not the id. */
	if (!info->name)
		info->name = xstrdup(info->called);
}
