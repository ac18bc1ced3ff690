/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker Engine; and podman's service, which has the same API, and one of its own for what Docker does not have
 * (pods). The stream of events is opened before the list is requested, so that nothing falls between the two. Each
 * start is looked up by inspect, because neither the list nor an event has the PID.
 */
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "disk.h"
#include "docker_json.h"
#include "json.h"
#include "facts.h"
#include "source.h"

/* filters={"status":["running","paused"]}: podman's list has no paused ones unless it is asked for them */
#define LIST_PATH "/containers/json?filters=%7B%22status%22%3A%5B%22running%22%2C%22paused%22%5D%7D"
/* filters={"type":["container"]} */
#define EVENTS_PATH "/events?filters=%7B%22type%22%3A%5B%22container%22%5D%7D"

/* For /version, which an engine answers without looking at a container. */
#define ALIVE_TIMEOUT_MS 2000

/*
 * For a question about one container while others wait. If there is no answer in that time it is asked again after all
 * others: a container that hangs would keep them without names for ten seconds, each time that the list is requested.
 */
#define FIRST_TIMEOUT_MS 1000
#define LATE_MAX 256

/* The digest of each image is requested once; a host has some hundred images. */
#define IMAGES_MAX 1024

struct image {
	struct hnode by_key;
	char *key;	/* its id and repository */
	char *digest;	/* NULL: it was built here, and has none */
};

struct docker {
	struct source *s;
	struct http *calls;
	struct http *events;
	struct strbuf *why;
	struct strbuf body;
	struct hmap images;
	char *libpod;		/* where podman's own API is; NULL: this is none */
	uint64_t relist;	/* when the list is asked for again, boot ns */
	unsigned patience_ms;	/* for an answer about one container */
	char *late[LATE_MAX];	/* ids of containers about which there was no answer in FIRST_TIMEOUT_MS */
	size_t n_late;
	bool left_out;		/* an event was too large, which was logged */
};

static int failure(struct docker *d, struct http *h, int r)
{
	strbuf_reset(d->why);
	strbuf_adds(d->why, http_error(h));
	return r;
}

static int garbage(struct docker *d, const char *what)
{
	strbuf_reset(d->why);
	strbuf_addf(d->why, "the answer to %s makes no sense", what);
	return -EBADMSG;
}

/*
 * 0, and the answer in d->body; -ENOENT for status 404, which is no failure of the engine; -EBADMSG for any other
 * status but 200.
 */
static int get_within(struct docker *d, const char *path, unsigned timeout_ms)
{
	long status = 0;
	int r;

	r = http_get(d->calls, path, timeout_ms, &status, &d->body);
	if (r < 0)
		return failure(d, d->calls, r);
	if (status == 404)
		return -ENOENT;
	if (status != 200) {
		strbuf_reset(d->why);
		strbuf_addf(d->why, "HTTP status %ld for %.64s", status, path);
		return -EBADMSG;
	}
	return 0;
}

static int get(struct docker *d, const char *path)
{
	return get_within(d, path, d->patience_ms);
}

static int inspect(struct docker *d, const char *id, struct container_info **ret)
{
	_cleanup_free_ char *path =
		xasprintf("%s/containers/%s/json", d->libpod ? d->libpod : "", id);
	int r;

	r = get(d, path);
	if (r < 0)
		return r;
	*ret = docker_parse_container(d->body.s, d->body.len, NULL, 0);
	return *ret ? 0 : garbage(d, path);
}

/* cri-dockerd puts the pod's own labels on its sandbox. */
static int add_pod_labels(struct docker *d, struct container_info *c)
{
	_cleanup_container_info_ struct container_info *pod = NULL;
	const struct container_info *from = c->sandbox ? c : NULL;
	int r;

	if (!from && container_id_valid(c->pod_sandbox) && !streq(c->pod_sandbox, c->id)) {
		r = inspect(d, c->pod_sandbox, &pod);
		if (r < 0)
			return r == -ENOENT ? 0 : r;
		from = pod;
	}
	for (size_t i = 0; from && i < from->n_labels; i++) {
		const char *key = from->labels[i].key;

		if (!starts_with(key, "io.kubernetes.") && !starts_with(key, "annotation."))
			labels_add(&c->pod_labels, &c->n_pod_labels, key, from->labels[i].value);
	}
	return 0;
}

static void forget_images(struct docker *d)
{
	hmap_for_each(&d->images, n) {
		struct image *i = container_of(n, struct image, by_key);

		hmap_remove(&d->images, n);
		free(i->key);
		free(i->digest);
		free(i);
	}
}

static const struct image *find_image(const struct docker *d, const char *key)
{
	uint64_t hash = hash_string(key);

	for (struct hnode *n = hmap_first(&d->images, hash); n; n = hmap_next(n, hash)) {
		const struct image *i = container_of(n, struct image, by_key);

		if (streq(i->key, key))
			return i;
	}
	return NULL;
}

static int ask_image(struct docker *d, const struct container_info *c, const char *key)
{
	_cleanup_free_ char *path = xasprintf("/images/%s/json", c->image_id);
	struct image *i;
	int r;

	r = get(d, path);
	if (r < 0 && r != -ENOENT)
		return r;
	if (d->images.count >= IMAGES_MAX)
		forget_images(d);
	i = xcalloc(1, sizeof(*i));
	i->key = xstrdup(key);
	if (r == 0)
		i->digest = docker_parse_image_digest(d->body.s, d->body.len, c->image_repository);
	hmap_insert(&d->images, &i->by_key, hash_string(key));
	return 0;
}

/* Docker's inspect of a container has the image's id only. */
static int add_digest(struct docker *d, struct container_info *c)
{
	_cleanup_free_ char *key = NULL;
	int r = 0;

	if (c->image_digest || !c->image_id || d->libpod)
		return 0;
	key = xasprintf("%s %s", c->image_id, c->image_repository ? c->image_repository : "");
	if (!find_image(d, key))
		r = ask_image(d, c, key);
	if (r == 0)
		c->image_digest = xstrdup(find_image(d, key)->digest);
	return r;
}

static int add_podman_pod(struct docker *d, struct container_info *c)
{
	_cleanup_free_ char *path = NULL;
	int r;

	if (!d->libpod || !container_id_valid(c->pod_uid))
		return 0;
	path = xasprintf("%s/pods/%s/json", d->libpod, c->pod_uid);
	r = get(d, path);
	if (r == 0)
		docker_parse_pod(d->body.s, d->body.len, c);
	return r == -ENOENT ? 0 : r;
}

/* Whether the answer made no sense, or was too large: it says nothing of the rest of what the engine knows. */
static bool is_garbage(struct docker *d, int r)
{
	_cleanup_free_ char *why = NULL;

	if (r != -EBADMSG && r != -EMSGSIZE)
		return false;
	why = printable(d->why->s);
	log_debug("%s: %s", d->s->socket, why);
	strbuf_reset(d->why);
	return true;
}

/* What is asked about a container's pod or image must not cost the container its name. */
static int complete(struct docker *d, struct container_info *c)
{
	static int (*const parts[])(struct docker *d, struct container_info *c) = { add_podman_pod, add_pod_labels, add_digest };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		int r = parts[i](d, c);

		if (r < 0 && !is_garbage(d, r))
			return r;
	}
	return 0;
}

/* event: the text of the start's event; NULL if there was none. */
static int ask(struct docker *d, const char *id, const struct strbuf *event)
{
	_cleanup_container_info_ struct container_info *c = NULL;
	int r;

	r = inspect(d, id, &c);
	if (r < 0 && r != -ENOENT)
		return r;
	/* It has ended, which its own event reports; but its name is still wanted. */
	if (r < 0 && event)
		c = docker_parse_event_container(event->s, event->len);
	if (!c || (!c->init_pid && !event))
		return 0;
	r = complete(d, c);
	if (r < 0)
		return r;
	facts_fill(c, d->s->rt->root);
	source_found(d->s, TAKE_PTR(c), NULL);
	return 0;
}

/*
 * An engine's failure to answer about one container must not cost the others their names. After a timeout the container is
 * to blame only if the engine answers another question.
 */
static int forgive(struct docker *d, int r)
{
	_cleanup_free_ char *why = NULL;

	if (is_garbage(d, r))
		return 0;
	if (r != -ETIMEDOUT)
		return r;
	why = printable(d->why->s);
	log_debug("%s: %s", d->s->socket, why);
	if (get_within(d, "/version", d->patience_ms < CALL_TIMEOUT_MS ? CALL_TIMEOUT_MS : ALIVE_TIMEOUT_MS) < 0)
		return r;
	strbuf_reset(d->why);
	return 0;
}

static bool is_late(const struct docker *d, const char *id)
{
	for (size_t i = 0; i < d->n_late; i++)
		if (streq(d->late[i], id))
			return true;
	return false;
}

static int look_up(struct docker *d, const char *id, const struct strbuf *event)
{
	int r;

	d->patience_ms = d->n_late < LATE_MAX ? FIRST_TIMEOUT_MS : CALL_TIMEOUT_MS;
	r = ask(d, id, event);
	if (r == -ETIMEDOUT && d->n_late < LATE_MAX && !is_late(d, id)) {
		d->late[d->n_late++] = xstrdup(id);
		d->relist = MIN(d->relist, clock_boot() + NSEC_PER_SEC);
	}
	r = forgive(d, r);
	d->patience_ms = CALL_TIMEOUT_MS;
	return r;
}

static char *take_late(struct docker *d)
{
	char *id = d->late[0];

	memmove(d->late, d->late + 1, --d->n_late * sizeof(*d->late));
	return id;
}

static void forget_late(struct docker *d)
{
	while (d->n_late)
		free(take_late(d));
}

struct id_list {
	char **ids;
	size_t n;
};

static void id_list_free(struct id_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->ids[i]);
	free(l->ids);
}

static void collect(void *arg, const char *id)
{
	struct id_list *l = arg;

	l->ids = xrealloc(l->ids, (l->n + 1) * sizeof(*l->ids));
	l->ids[l->n++] = xstrdup(id);
}

/* The event itself has the name and the image. */
static void life(struct docker *d, enum runtime_life what, const struct strbuf *line, int exit_code)
{
	struct container_info *c = docker_parse_event_container(line->s, line->len);

	if (c)
		source_life(d->s, what, c, exit_code);
}

static int on_event(struct docker *d, const struct strbuf *line)
{
	_cleanup_free_ char *id = NULL;
	int exit_code;

	switch (docker_parse_event(line->s, line->len, &id, &exit_code)) {
	case DOCKER_CREATE:
		life(d, RUNTIME_LIFE_CREATED, line, -1);
		return 0;
	case DOCKER_PAUSE:
		life(d, RUNTIME_LIFE_PAUSED, line, -1);
		return 0;
	case DOCKER_UNPAUSE:
		life(d, RUNTIME_LIFE_RESUMED, line, -1);
		return 0;
	case DOCKER_OOM:
		life(d, RUNTIME_LIFE_OOM, line, -1);
		return 0;
	case DOCKER_START:
		return look_up(d, id, line);
	case DOCKER_CHANGED:
		return source_knows(d->s, id, NULL) ? look_up(d, id, NULL) : 0;
	case DOCKER_STOP:
		life(d, RUNTIME_LIFE_DIED, line, exit_code);
		source_gone(d->s, id, NULL);
		return 0;
	case DOCKER_REMOVE:
		source_gone(d->s, id, NULL);
		life(d, RUNTIME_LIFE_REMOVED, line, -1);
		return 0;
	case DOCKER_OTHER:
		break;
	}
	return 0;
}

/* The next list shows what the event was about, if that still exists. */
static void leave_out(struct docker *d)
{
	d->relist = MIN(d->relist, clock_boot() + NSEC_PER_SEC);
	if (!d->left_out)
		log_warn("%s: an event of more than %u bytes is left out; others that large are, too", d->s->socket,
			 d->s->owner ? USER_ANSWER_MAX : HTTP_LINE_MAX);
	d->left_out = true;
}

/* Takes one event, if one comes in that time; *ret_none: none came. */
static int next_event(struct docker *d, unsigned wait_ms, struct strbuf *line, bool *ret_none)
{
	int r = http_next_line(d->events, wait_ms, line);

	*ret_none = r == -EAGAIN;
	if (r == 0)
		return on_event(d, line);
	if (r == -EMSGSIZE)
		leave_out(d);
	else if (r != -EAGAIN)
		return failure(d, d->events, r);
	return 0;
}

/* Takes the events that came while containers were asked about one by one. */
static int drain(struct docker *d)
{
	_cleanup_strbuf_ struct strbuf line = STRBUF_INIT;
	bool none = false;
	int r = 0;

	while (r == 0 && !none)
		r = next_event(d, 0, &line, &none);
	return r;
}

/*
 * Asks about the late containers, as long as there are answers. One about which there is none goes to the end, for the next
 * list; one that has ended is dropped.
 */
static int ask_late(struct docker *d)
{
	for (size_t n = d->n_late; n; n--) {
		_cleanup_free_ char *id = take_late(d);
		int r = ask(d, id, NULL);
		bool hangs = r == -ETIMEDOUT;

		if (hangs)
			d->late[d->n_late++] = TAKE_PTR(id);
		r = forgive(d, r);
		if (r == 0)
			r = drain(d);
		if (r < 0 || hangs)
			return r;
	}
	return 0;
}

static int list(struct docker *d, bool only_new)
{
	_cleanup_(id_list_free) struct id_list ids = { 0 };
	int r;

	r = get(d, LIST_PATH);
	if (r < 0)
		return r == -ENOENT ? garbage(d, "/containers/json") : r;
	if (docker_parse_list(d->body.s, d->body.len, collect, &ids) < 0)
		return garbage(d, "/containers/json");
	source_list_begin(d->s);
	for (size_t i = 0; i < ids.n; i++) {
		source_keep(d->s, ids.ids[i], NULL);
		if ((only_new && source_knows(d->s, ids.ids[i], NULL)) || is_late(d, ids.ids[i]))
			continue;
		r = look_up(d, ids.ids[i], NULL);
		if (r == 0)
			r = drain(d);
		if (r < 0)
			return r;
	}
	source_list_end(d->s);
	return ask_late(d);
}

static int watch(struct docker *d)
{
	_cleanup_strbuf_ struct strbuf line = STRBUF_INIT;
	bool none;
	int r;

	d->relist = clock_boot() + NSEC_PER_SEC;
	for (;;) {
		r = next_event(d, STREAM_WAIT_MS, &line, &none);
		if (r < 0)
			return r;
		if (clock_boot() < d->relist)
			continue;
		d->relist = clock_boot() + RELIST_SECONDS * NSEC_PER_SEC;
		r = list(d, true);
		if (r < 0)
			return r;
	}
}

static int greet(struct docker *d)
{
	_cleanup_(docker_version_free) struct docker_version version = { 0 };
	int r;

	r = get(d, "/version");
	if (r < 0)
		return r == -ENOENT ? garbage(d, "/version") : r;
	if (docker_parse_version(d->body.s, d->body.len, &version) < 0)
		return garbage(d, "/version");
	source_up(d->s, version.runtime, version.version);
	d->libpod = TAKE_PTR(version.libpod);
	return 0;
}

/* Looking at the disk is faster than the API: tells the disk's thread where this engine keeps its containers. */
static int tell_disk(struct docker *d)
{
	_cleanup_free_ char *dir = NULL;
	int r;

	/* Not a user's engine: what is in that directory is believed about any container. */
	if (d->s->owner)
		return 0;
	r = get(d, "/info");
	if (r < 0)
		return r == -ENOENT ? 0 : forgive(d, r);
	dir = docker_parse_root_dir(d->body.s, d->body.len);
	if (dir && !d->libpod)
		disk_add_docker(d->s->rt->disk, dir);
	return 0;
}

int docker_run(struct source *s, struct strbuf *why)
{
	_cleanup_http_ struct http *calls = source_connect(s);
	_cleanup_http_ struct http *events = source_connect(s);
	struct docker d = { .s = s, .calls = calls, .events = events, .why = why, .patience_ms = CALL_TIMEOUT_MS };
	int r;

	r = greet(&d);
	if (r == 0) {
		r = http_get_lines(events, EVENTS_PATH, CALL_TIMEOUT_MS);
		if (r < 0)
			r = failure(&d, events, r);
	}
	if (r == 0)
		r = list(&d, false);
	if (r == 0)
		r = tell_disk(&d);
	if (r == 0)
		r = watch(&d);
	strbuf_free(&d.body);
	free(d.libpod);
	forget_late(&d);
	forget_images(&d);
	hmap_free(&d.images);
	return r;
}
