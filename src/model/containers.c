/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers by full id, and the slots by which records name them. A container is first heard of
 * by its facts or by its slot, in either order; it starts when a record gives it a process.
 */
#include "internal.h"

static void set_display(struct container *c, char *display)
{
	if (c->display && streq(c->display, display)) {
		free(display);
		return;
	}
	free(c->display);
	c->display = display;
	c->version++;
}

static bool same_text(const char *a, const char *b)
{
	return streq(a ? a : "", b ? b : "");
}

static bool same_pod(const struct container_info *a, const struct container_info *b)
{
	return a->pod_name && b->pod_name && streq(a->pod_name, b->pod_name) &&
	       same_text(a->pod_namespace, b->pod_namespace);
}

/* Whether c's pod has containers of several names: a restarted one is not another. */
static bool pod_has_several(const struct model *m, const struct container *c)
{
	const struct container *first = c->info->sandbox ? NULL : c;

	hmap_for_each(&m->containers, n) {
		struct container *o = container_of(n, struct container, by_id);

		if (o->info->sandbox || !same_pod(o->info, c->info))
			continue;
		if (first && !same_text(o->info->name, first->info->name))
			return true;
		first = o;
	}
	return false;
}

static char *make_display(const struct container *c)
{
	const struct container_info *i = c->info;
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;

	if (!i->pod_name || !*i->pod_name)
		return xstrdup(i->called ? i->id : i->name && *i->name ? i->name : c->short_id);
	if (i->pod_namespace && *i->pod_namespace)
		strbuf_addf(&b, "%s/", i->pod_namespace);
	strbuf_adds(&b, i->pod_name);
	if (i->sandbox)
		strbuf_adds(&b, "/(pause)");
	else if (c->in_several)
		strbuf_addf(&b, "/%s", i->name ? i->name : c->short_id);
	return strbuf_take(&b);
}

/*
 * Of c, and, where that is another now, of the others in its pod. Whether there are several names in it is found out once,
 * not by each: a runtime can say that all its containers are one pod's.
 */
static void update_display(struct model *m, struct container *c)
{
	c->in_several = c->info->pod_name && pod_has_several(m, c);
	set_display(c, make_display(c));
	if (!c->info->pod_name)
		return;
	hmap_for_each(&m->containers, n) {
		struct container *o = container_of(n, struct container, by_id);

		if (o->in_several == c->in_several || !same_pod(o->info, c->info))
			continue;
		o->in_several = c->in_several;
		set_display(o, make_display(o));
	}
}

static struct container *find(const struct model *m, const char *id)
{
	uint64_t hash = hash_string(id);

	for (struct hnode *n = hmap_first(&m->containers, hash); n; n = hmap_next(n, hash)) {
		struct container *c = container_of(n, struct container, by_id);

		if (streq(c->info->id, id))
			return c;
	}
	return NULL;
}

struct container *model_container(const struct model *m, const char *full_id)
{
	return find(m, full_id);
}

static void container_free(struct container *c)
{
	container_info_free(c->info);
	free(c->display);
	free(c->json.text);
	free(c);
}

/* Its processes stay in it. */
static void set_slot(struct slot *slot, uint32_t generation, enum slot_state state, struct container *c)
{
	slot->generation = generation;
	slot->state = state;
	slot->container = c;
}

static void remove_container(struct model *m, struct container *c)
{
	for (size_t i = 0; i < NUNCHI_SLOTS_MAX; i++)
		if (m->slots[i].state == SLOT_CONTAINER && m->slots[i].container == c)
			set_slot(&m->slots[i], m->slots[i].generation, SLOT_UNSAID, NULL);
	processes_forget(m, c);
	hmap_remove(&m->containers, &c->by_id);
	container_free(c);
}

/* Nobody misses a stopped container without processes first, then a stopped one, then any. */
static unsigned cost_of(const struct container *c)
{
	return container_runs(c) ? 2 : c->n_procs != 0;
}

static size_t count_idle(const struct model *m)
{
	size_t n = 0;

	hmap_for_each(&m->containers, node)
		n += cost_of(container_of(node, struct container, by_id)) == 0;
	return n;
}

/* The cheapest to lose, the longest stopped of those; not keep. */
static void evict_one(struct model *m, const struct container *keep)
{
	struct container *worst = NULL;

	hmap_for_each(&m->containers, n) {
		struct container *c = container_of(n, struct container, by_id);

		if (c == keep)
			continue;
		if (!worst || cost_of(c) < cost_of(worst) ||
		    (cost_of(c) == cost_of(worst) && c->stopped_at < worst->stopped_at))
			worst = c;
	}
	if (worst)
		remove_container(m, worst);
}

static void keep_bounds(struct model *m, const struct container *keep)
{
	if (m->containers.count > MODEL_CONTAINERS_MAX || count_idle(m) > MODEL_STOPPED_MAX)
		evict_one(m, keep);
}

static void set_short_id(struct container *c)
{
	snprintf(c->short_id, sizeof(c->short_id), "%s", container_called(c->info));
}

static struct container *add(struct model *m, struct container_info *info)
{
	struct container *c = xcalloc(1, sizeof(*c));

	c->info = info;
	c->version = 1;
	c->stopped_at = ++m->stops;
	c->exit_status = -1;
	set_short_id(c);
	hmap_insert(&m->containers, &c->by_id, hash_string(info->id));
	keep_bounds(m, c);
	return c;
}

static void set_running(struct model *m, struct container *c, bool running)
{
	if (c->running == running)
		return;
	c->running = running;
	c->version++;
	c->paused = false;
	if (running) {
		c->removed = c->oom = false;
		c->exit_status = -1;
		return;
	}
	c->stopped_at = ++m->stops;
	c->ended_pid = c->info->init_pid;
	c->ended_start = c->info->init_start;
	c->info->init_pid = 0;
	c->info->init_start = 0;
	keep_bounds(m, c);
}

static bool same_info(const struct container_info *a, const struct container_info *b)
{
	_cleanup_strbuf_ struct strbuf x = STRBUF_INIT, y = STRBUF_INIT;

	container_info_encode(a, &x);
	container_info_encode(b, &y);
	return x.len == y.len && !memcmp(x.s, y.s, x.len);
}

/* What the new one does not say, the old one does. */
static void extend(struct container *c, struct container_info *info)
{
	bool named = info->name;

	/* A user's word that came before root's is nothing to complete this by. */
	if (info->owner != CONTAINER_OWNER_ROOT || c->info->owner <= CONTAINER_OWNER_ROOT)
		container_info_complete(info, c->info);
	if (named) {
		free(info->incomplete);
		info->incomplete = NULL;
	}
	if (!same_info(info, c->info))
		c->version++;
	container_info_free(c->info);
	c->info = info;
	set_short_id(c);
}

void containers_update(struct model *m, struct event *ev)
{
	struct container_info *info;
	struct container *c;
	uint32_t init_pid;

	if (container_info_decode(ev->body, ev->body_len, &info) < 0)
		return;
	init_pid = info->init_pid;
	c = find(m, info->id);
	if (c)
		extend(c, info);
	else
		c = add(m, info);
	update_display(m, c);
	if (init_pid && !c->running) {
		set_running(m, c, true);
		ev->type = EVENT_CONTAINER_STARTED;
	}
	ev->container = c;
}

/* A record's body that is one id, padded with zeros. */
static char *body_id(const struct event *ev)
{
	return xstrndup(ev->body, MIN(ev->body_len, CONTAINER_STRING_MAX));
}

void containers_gone(struct model *m, struct event *ev)
{
	_cleanup_free_ char *id = body_id(ev);
	struct container *c = find(m, id);

	if (!c)
		return;
	if (c->running) {
		set_running(m, c, false);
		ev->type = EVENT_CONTAINER_STOPPED;
	}
	ev->container = c;
}

static bool set_flag(bool *flag, bool value)
{
	bool was = *flag;

	*flag = value;
	return was != value;
}

/* Whether it is news: two runtimes, or a list and an event, can tell of one thing. */
static bool live(struct container *c, const struct nunchi_life *life)
{
	switch (life->what) {
	case NUNCHI_LIFE_CREATED:
		return !c->running && set_flag(&c->created, true);
	case NUNCHI_LIFE_REMOVED:
		return set_flag(&c->removed, true);
	case NUNCHI_LIFE_PAUSED:
		return c->running && set_flag(&c->paused, true);
	case NUNCHI_LIFE_RESUMED:
		return set_flag(&c->paused, false);
	case NUNCHI_LIFE_OOM:
		c->oom = true;
		return false;
	case NUNCHI_LIFE_DIED:
		/* Signals as shells and runtimes tell them. A wait status has room for a byte, a runtime's number is any. */
		if (c->exit_status < 0 && life->exit_code >= 0)
			c->exit_status = life->exit_code > 128 && life->exit_code < 128 + 65 ?
						 life->exit_code - 128 : MIN(life->exit_code, 255) << 8;
		return false;
	default:
		return true;
	}
}

void containers_life(struct model *m, struct event *ev)
{
	const struct nunchi_life *life = ev->body;
	_cleanup_free_ char *id = xstrndup((const char *)(life + 1),
					   MIN(ev->body_len - sizeof(*life), CONTAINER_STRING_MAX));
	struct container *c = find(m, id);

	if (!c || !live(c, life))
		ev->type = EVENT_OTHER;
	else
		c->version++;
	ev->container = c;
}

void containers_exit(struct container *c, const struct event *ev)
{
	if (((const struct nunchi_exit *)ev->body)->oom)
		c->oom = true;
	if (c->info->init_pid == ev->head->pid)
		c->exit_status = (int)ev->exit_code;
}

static void bind_slot(struct model *m, uint32_t slot, uint32_t generation, struct container *c)
{
	set_slot(&m->slots[slot], generation, c ? SLOT_CONTAINER : SLOT_HOST, c);
	processes_bind(m, slot, generation, c);
}

void containers_bind(struct model *m, const struct event *ev)
{
	_cleanup_free_ char *id = body_id(ev);
	uint32_t slot = ev->head->slot, generation = ev->head->generation, known;
	struct container *c = NULL;

	if (!slot || slot >= NUNCHI_SLOTS_MAX)
		return;
	/* Generations may wrap round: the nearer half of the circle is the past. */
	known = m->slots[slot].generation;
	if (known && (int32_t)(generation - known) < 0)
		return;
	if (*id) {
		c = find(m, id);
		if (!c) {
			struct container_info *info = xcalloc(1, sizeof(*info));

			info->id = xstrdup(id);
			c = add(m, info);
			update_display(m, c);
		}
	}
	bind_slot(m, slot, generation, c);
}

bool model_slot(const struct model *m, uint32_t slot, uint32_t generation, struct container **ret)
{
	const struct slot *s;

	*ret = NULL;
	if (!slot)
		return true;
	if (slot >= NUNCHI_SLOTS_MAX)
		return false;
	s = &m->slots[slot];
	if (s->state == SLOT_UNSAID || s->generation != generation)
		return false;
	*ret = s->container;
	return true;
}

uint32_t model_slot_processes(const struct model *m, uint32_t slot)
{
	return slot < NUNCHI_SLOTS_MAX ? m->slots[slot].n_processes : 0;
}

struct container *container_of_slot(const struct model *m, uint32_t slot, uint32_t generation)
{
	struct container *c;

	(void)model_slot(m, slot, generation, &c);
	return c;
}

static int compare(const void *a, const void *b)
{
	const struct container *x = *(struct container *const *)a;
	const struct container *y = *(struct container *const *)b;
	int r;

	if (x->running != y->running)
		return x->running ? -1 : 1;
	r = strcmp(x->display, y->display);
	return r ? r : strcmp(x->info->id, y->info->id);
}

void model_for_each_container(const struct model *m, void (*fn)(struct container *c, void *arg),
			      void *arg)
{
	_cleanup_free_ struct container **all = xcalloc(m->containers.count, sizeof(struct container *));
	size_t count = 0;

	hmap_for_each(&m->containers, n)
		all[count++] = container_of(n, struct container, by_id);
	qsort(all, count, sizeof(struct container *), compare);
	for (size_t i = 0; i < count; i++)
		fn(all[i], arg);
}

struct container *model_first_container(const struct model *m, bool (*is)(struct container *c, void *arg),
					void *arg)
{
	struct container *first = NULL;

	hmap_for_each(&m->containers, n) {
		struct container *c = container_of(n, struct container, by_id);

		if (is(c, arg) && (!first || compare(&c, &first) < 0))
			first = c;
	}
	return first;
}

void containers_free(struct model *m)
{
	hmap_for_each(&m->containers, n)
		container_free(container_of(n, struct container, by_id));
	hmap_free(&m->containers);
}
