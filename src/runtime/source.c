/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread of a socket: connects, lists, watches. When that ends it reports why and tries again with back-off, or at once
 * if there is a new socket (the daemon restarted).
 */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "act_cgroup.h"
#include "base/clock.h"
#include "base/privileges.h"
#include "facts.h"
#include "nunchi/limits.h"
#include "root.h"
#include "routes.h"

#define BACKOFF_FIRST_MS 1000U
#define BACKOFF_MAX_MS 30000U
#define SOCKET_LOOK_MS 500U

struct known_container {
	struct hnode by_id;
	char *id;
	char *space;
	uint32_t init_pid;
	uint64_t init_start;
	unsigned generation;
};

int source_kind_parse(const char *name, enum source_kind *ret)
{
	static const struct {
		const char *name;
		enum source_kind kind;
	} kinds[] = {
		{ "docker", SOURCE_DOCKER },
		{ "podman", SOURCE_DOCKER },
		{ "cri", SOURCE_CRI },
		{ "containerd", SOURCE_CRI },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (streq(kinds[i].name, name)) {
			*ret = kinds[i].kind;
			return 0;
		}
	}
	return -EINVAL;
}

struct source *source_new(struct runtimes *rt, const char *kind_name, const char *socket,
			  size_t trusted)
{
	struct source *s = xcalloc(1, sizeof(*s));

	s->rt = rt;
	s->kind_name = xstrdup(kind_name);
	s->socket = xstrdup(socket);
	s->trusted = trusted;
	if (source_kind_parse(kind_name, &s->kind) < 0)
		s->kind = SOURCE_DOCKER;
	return s;
}

int source_open(const struct source *s, struct stat *ret)
{
	_cleanup_close_ int dir = -1, fd = -1;

	if (s->trusted) {
		_cleanup_free_ char *above = xstrndup(s->socket, s->trusted);

		dir = root_open(s->rt->root, above, O_PATH | O_DIRECTORY);
		if (dir < 0)
			return dir;
		fd = open_within(dir, s->socket + s->trusted + 1, O_PATH);
	} else {
		fd = root_open(s->rt->root, s->socket, O_PATH);
	}
	if (fd < 0)
		return fd;
	if (fstat(fd, ret) < 0)
		return -errno;
	return S_ISSOCK(ret->st_mode) ? TAKE_FD(fd) : -ENOTSOCK;
}

static void known_free(struct source *s, struct known_container *k)
{
	route_drop(s->rt->routes, k->id, k->space, s->socket);
	hmap_remove(&s->known, &k->by_id);
	free(k->id);
	free(k->space);
	free(k);
}

void source_free(struct source *s)
{
	if (!s)
		return;
	hmap_for_each(&s->known, n)
		known_free(s, container_of(n, struct known_container, by_id));
	hmap_free(&s->known);
	free(s->kind_name);
	free(s->socket);
	free(s->connect);
	free(s->runtime);
	free(s->said);
	free(s);
}

static struct known_container *known_find(const struct source *s, const char *id, const char *space)
{
	uint64_t hash = hash_string(id);

	for (struct hnode *n = hmap_first(&s->known, hash); n; n = hmap_next(n, hash)) {
		struct known_container *k = container_of(n, struct known_container, by_id);

		if (streq(k->id, id) && same_space(k->space, space))
			return k;
	}
	return NULL;
}

bool source_knows(const struct source *s, const char *id, const char *space)
{
	return known_find(s, id, space) != NULL;
}

static const char *shown_runtime(const struct source *s)
{
	return s->runtime ? s->runtime : s->kind_name;
}

/* A user's service may report only processes in user namespaces that this user made. */
static bool may_speak(const struct source *s, const struct container_info *info)
{
	return !s->owner || (info->init_pid && process_userns_owner(s->rt->root, info->init_pid) ==
						       (int64_t)s->owner);
}

void source_found(struct source *s, struct container_info *info, const char *namespace)
{
	const struct route route = {
		.runtime = (char *)shown_runtime(s), .socket = s->socket, .trusted = s->trusted,
		.owner = s->owner, .cri = s->kind == SOURCE_CRI, .space = (char *)namespace,
	};
	struct known_container *k = known_find(s, info->id, info->space);
	struct runtime_message *m;

	if (!may_speak(s, info) || (!k && s->known.count >= NUNCHI_SLOTS_MAX)) {
		container_info_free(info);
		return;
	}
	if (!k) {
		k = xcalloc(1, sizeof(*k));
		k->id = xstrdup(info->id);
		k->space = xstrdup(info->space);
		hmap_insert(&s->known, &k->by_id, hash_string(k->id));
	}
	route_set(s->rt->routes, info->id, info->space, &route);
	k->init_pid = info->init_pid;
	k->init_start = info->init_start;
	k->generation = s->generation;
	info->owner = container_owner(s->owner);
	if (!info->runtime)
		info->runtime = xstrdup(shown_runtime(s));
	if (!info->source)
		info->source = xasprintf("%s %s", shown_runtime(s), s->socket);
	m = message_new(RUNTIME_CONTAINER);
	m->info = info;
	messages_post(&s->rt->queue, m, false);
}

static void gone(struct source *s, struct known_container *k)
{
	struct runtime_message *m = message_new(RUNTIME_GONE);

	m->info = info_new(k->id);
	m->info->space = xstrdup(k->space);
	m->info->runtime = xstrdup(shown_runtime(s));
	m->info->init_pid = k->init_pid;
	m->info->init_start = k->init_start;
	m->info->owner = container_owner(s->owner);
	known_free(s, k);
	messages_post(&s->rt->queue, m, false);
}

void source_gone(struct source *s, const char *id, const char *space)
{
	struct known_container *k = known_find(s, id, space);

	if (k)
		gone(s, k);
}

void source_life(struct source *s, enum runtime_life life, struct container_info *info,
		 int exit_code)
{
	if (s->owner && !source_knows(s, info->id, info->space)) {
		container_info_free(info);
		return;
	}
	info->owner = container_owner(s->owner);
	if (!info->runtime)
		info->runtime = xstrdup(shown_runtime(s));
	life_post(s->rt, life, info, exit_code);
}

void source_keep(struct source *s, const char *id, const char *space)
{
	struct known_container *k = known_find(s, id, space);

	if (k)
		k->generation = s->generation;
}

void source_list_begin(struct source *s)
{
	s->generation++;
}

static void listed(struct source *s)
{
	if (!s->counted)
		return;
	s->counted = false;
	atomic_fetch_sub(&s->rt->unlisted, 1);
	messages_post(&s->rt->queue, message_new(RUNTIME_LISTED), false);
}

/* Whether it was not in the list and is gone: a list can leave out paused containers, and those that stop or start now. */
static bool is_missing(const struct source *s, const struct known_container *k)
{
	const struct container_info info = { .init_pid = k->init_pid, .init_start = k->init_start };

	return k->generation != s->generation && !init_is_there(s->rt->root, &info);
}

int source_each_missing(struct source *s, int (*each)(void *arg, const char *id), void *arg)
{
	/* each() may remove the present entry, but no other. */
	hmap_for_each(&s->known, n) {
		struct known_container *k = container_of(n, struct known_container, by_id);
		_cleanup_free_ char *id = NULL;
		int r;

		if (!is_missing(s, k))
			continue;
		id = xstrdup(k->id);
		r = each(arg, id);
		if (r < 0)
			return r;
	}
	return 0;
}

void source_list_end(struct source *s)
{
	hmap_for_each(&s->known, n) {
		struct known_container *k = container_of(n, struct known_container, by_id);

		if (is_missing(s, k))
			gone(s, k);
	}
	s->answered = true;
	listed(s);
}

/* Reports a state once, not at every attempt. Takes text. */
static void say(struct source *s, bool ok, char *text)
{
	struct runtime_message *m;

	if (s->said && streq(s->said, text)) {
		free(text);
		return;
	}
	free(s->said);
	s->said = text;
	m = message_new(RUNTIME_STATE);
	m->ok = ok;
	m->text = xstrdup(text);
	messages_post(&s->rt->queue, m, true);
}

void source_missing(struct source *s, int error)
{
	say(s, false, xasprintf("%s %s: %s", s->kind_name, s->socket,
				error == -ENOTSOCK ? "Is no socket" : strerrordesc_np(-error)));
}

void source_up(struct source *s, const char *runtime, const char *version)
{
	free(s->runtime);
	s->runtime = xstrdup(runtime);
	say(s, true, xasprintf("%s %s %s", runtime, version, s->socket));
}

bool runtimes_wait(const struct runtimes *rt, unsigned ms)
{
	struct pollfd p = { .fd = rt->stop_fd, .events = POLLIN };

	return poll(&p, 1, (int)ms) > 0;
}

/* Waits for the next attempt; true if it is time to end. */
static bool back_off(struct source *s, unsigned *ms, const struct stat *before)
{
	uint64_t deadline = clock_boot() + *ms * NSEC_PER_MSEC;

	*ms = MIN(2 * *ms, BACKOFF_MAX_MS);
	while (clock_boot() < deadline) {
		_cleanup_close_ int fd = -1;
		struct stat now;

		if (runtimes_wait(s->rt, SOCKET_LOOK_MS))
			return true;
		fd = source_open(s, &now);
		if (fd >= 0 && (now.st_ino != before->st_ino ||
						 now.st_ctim.tv_sec != before->st_ctim.tv_sec ||
						 now.st_ctim.tv_nsec != before->st_ctim.tv_nsec)) {
			*ms = BACKOFF_FIRST_MS;
			return false;
		}
	}
	return false;
}

struct http *source_connect(const struct source *s)
{
	struct http *h = http_new(s->connect, s->rt->stop_fd);

	if (s->owner)
		http_limit(h, USER_ANSWER_MAX);
	return h;
}

static int run(struct source *s, struct stat *st, struct strbuf *why)
{
	_cleanup_close_ int fd = source_open(s, st);

	if (fd < 0) {
		memset(st, 0, sizeof(*st));
		return fd;
	}
	s->answered = false;
	s->owner = s->trusted && st->st_uid != geteuid() ? st->st_uid : 0;
	free(s->connect);
	s->connect = xasprintf("/proc/self/fd/%d", fd);
	return s->kind == SOURCE_DOCKER ? docker_run(s, why) : cri_run(s, why);
}

void *source_main(void *arg)
{
	struct source *s = arg;
	unsigned wait_ms = BACKOFF_FIRST_MS;
	bool end = false;

	(void)privileges_keep(PRIVILEGES_LOOK);
	while (!end) {
		_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;
		struct stat st;
		int r = run(s, &st, &why);

		if (r == -ECANCELED)
			break;
		say(s, false, xasprintf("%s %s: %s", shown_runtime(s), s->socket,
					why.len ? why.s : strerrordesc_np(-r)));
		listed(s);
		if (source_is_passing(s) && r == -ENOENT)
			break;
		if (s->answered)
			wait_ms = BACKOFF_FIRST_MS;
		end = back_off(s, &wait_ms, &st);
	}
	s->ended = true;
	return NULL;
}
