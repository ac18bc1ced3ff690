/* SPDX-License-Identifier: Apache-2.0 */
/* The socket through which a container can be acted on: that of the source that knows it. */
#include "routes.h"

#include "source.h"

struct routes {
	pthread_mutex_t lock;
	struct hmap by_id;
};

struct entry {
	struct hnode by_id;
	char *id;
	char *space;
	struct route route;
};

struct routes *routes_new(void)
{
	struct routes *l = xcalloc(1, sizeof(*l));

	pthread_mutex_init(&l->lock, NULL);
	return l;
}

void route_free(struct route *route)
{
	free(route->runtime);
	free(route->socket);
	free(route->space);
	*route = (struct route){ .runtime = NULL };
}

static void forget(struct routes *l, struct entry *e)
{
	hmap_remove(&l->by_id, &e->by_id);
	route_free(&e->route);
	free(e->id);
	free(e->space);
	free(e);
}

void routes_free(struct routes *l)
{
	if (!l)
		return;
	hmap_for_each(&l->by_id, n)
		forget(l, container_of(n, struct entry, by_id));
	hmap_free(&l->by_id);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

static struct entry *find(const struct routes *l, const char *id, const char *space)
{
	uint64_t hash = hash_string(id);

	for (struct hnode *n = hmap_first(&l->by_id, hash); n; n = hmap_next(n, hash)) {
		struct entry *e = container_of(n, struct entry, by_id);

		if (streq(e->id, id) && same_space(e->space, space))
			return e;
	}
	return NULL;
}

static void copy(struct route *to, const struct route *from)
{
	*to = *from;
	to->runtime = xstrdup(from->runtime);
	to->socket = xstrdup(from->socket);
	to->space = from->space ? xstrdup(from->space) : NULL;
}

void route_set(struct routes *l, const char *id, const char *space, const struct route *route)
{
	struct entry *e;

	pthread_mutex_lock(&l->lock);
	e = find(l, id, space);
	/* A user's service does not replace a route to root's. */
	if (!e || !route->owner || e->route.owner) {
		if (e)
			forget(l, e);
		e = xcalloc(1, sizeof(*e));
		e->id = xstrdup(id);
		e->space = xstrdup(space);
		copy(&e->route, route);
		hmap_insert(&l->by_id, &e->by_id, hash_string(id));
	}
	pthread_mutex_unlock(&l->lock);
}

void route_drop(struct routes *l, const char *id, const char *space, const char *socket)
{
	struct entry *e;

	pthread_mutex_lock(&l->lock);
	e = find(l, id, space);
	if (e && streq(e->route.socket, socket))
		forget(l, e);
	pthread_mutex_unlock(&l->lock);
}

bool route_get(struct routes *l, const char *id, const char *space, struct route *ret)
{
	const struct entry *e;

	pthread_mutex_lock(&l->lock);
	e = find(l, id, space);
	if (e)
		copy(ret, &e->route);
	pthread_mutex_unlock(&l->lock);
	return e != NULL;
}
