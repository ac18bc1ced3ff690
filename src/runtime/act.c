/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends or freezes a container: through its runtime, so that the runtime knows; without it if there is none that can,
 * or none that answers in time. By several threads, so that a runtime that hangs does not delay actions on the
 * containers of another. The result is verified, not believed.
 */
#include "act.h"

#include <errno.h>
#include <sys/stat.h>

#include "act_cgroup.h"
#include "base/clock.h"
#include "base/privileges.h"
#include "facts.h"
#include "hierarchy.h"
#include "json.h"
#include "protobuf.h"
#include "routes.h"
#include "source.h"

#define WORKERS 4
#define WAITING_MAX 256
#define ANSWER_MS 2000U	/* a runtime kills within some tens of ms; one whose socket was just found lists its containers as fast */
#define LOOK_MS 10U

struct wish {
	struct wish *next;
	uint64_t token;
	enum runtime_act what;
	struct container_info *info;
};

struct actor {
	struct runtimes *rt;
	pthread_mutex_t lock;
	pthread_cond_t wished;
	struct wish *first, **tail;
	size_t n;
	bool closed;
	pthread_t threads[WORKERS];
	unsigned n_threads;
};

static int by_docker(struct http *h, enum runtime_act what, const char *id, struct strbuf *why)
{
	_cleanup_free_ char *path =
		xasprintf("/containers/%s/%s", id, what == RUNTIME_ACT_KILL ? "kill" : "pause");
	_cleanup_strbuf_ struct strbuf body = STRBUF_INIT;
	long status = 0;
	int r = http_post(h, path, ANSWER_MS, &status, &body);

	if (r < 0)
		strbuf_adds(why, http_error(h));
	else if (status / 100 != 2)
		strbuf_addf(why, "HTTP status %ld", status);
	return r < 0 ? r : status / 100 == 2 ? 0 : -EREMOTEIO;
}

/*
 * Containers of pods are killed through CRI, by a stop with no grace period; other containers of containerd through its
 * own task service. So is every pause, for which CRI has no call.
 */
static int by_cri(struct http *h, enum runtime_act what, const char *id, const char *space,
		  struct strbuf *why)
{
	_cleanup_free_ char *header = space ? xasprintf("containerd-namespace: %s", space) : NULL;
	_cleanup_strbuf_ struct strbuf message = STRBUF_INIT, answer = STRBUF_INIT;
	struct grpc_call call = { .header = header };
	int r;

	if (what == RUNTIME_ACT_PAUSE && !space) {
		strbuf_adds(why, "it has no call to pause a container");
		return -ENOSYS;
	}
	if (what == RUNTIME_ACT_PAUSE) {
		call.method = "/containerd.services.tasks.v1.Tasks/Pause";
		ctd_pause_request(&message, id);
	} else if (space && !streq(space, SPACE_CRI)) {
		call.method = "/containerd.services.tasks.v1.Tasks/Kill";
		ctd_kill_request(&message, id);
	} else {
		call.method = "/runtime.v1.RuntimeService/StopContainer";
		call.header = NULL;
		cri_stop_request(&message, id);
	}
	call.message = message.s;
	call.len = message.len;
	r = grpc_unary(h, &call, ANSWER_MS, &answer);
	if (r < 0)
		strbuf_adds(why, http_error(h));
	return r;
}

static int by_runtime(struct runtimes *rt, const struct route *route, const struct wish *w,
		      struct strbuf *why)
{
	struct source *s = source_new(rt, route->cri ? "cri" : "docker", route->socket, route->trusted);
	_cleanup_free_ char *connect = NULL;
	_cleanup_http_ struct http *h = NULL;
	_cleanup_close_ int fd = -1;
	struct stat st;
	int r;

	fd = source_open(s, &st);
	source_free(s);
	if (fd < 0) {
		strbuf_adds(why, strerrordesc_np(-fd));
		return fd;
	}
	connect = xasprintf("/proc/self/fd/%d", fd);
	h = http_new(connect, rt->stop_fd);
	if (route->owner)
		http_limit(h, USER_ANSWER_MAX);
	r = route->cri ? by_cri(h, w->what, w->info->id, route->space, why) :
			 by_docker(h, w->what, w->info->id, why);
	/* Before fd is closed, by which it is connected. */
	http_free(TAKE_PTR(h));
	return r;
}

static bool is_done(const struct runtimes *rt, const struct wish *w)
{
	_cleanup_free_ char *file = NULL;

	if (w->what == RUNTIME_ACT_KILL)
		return !init_is_there(rt->root, w->info);
	file = freezer_file(rt->root, w->info->init_pid, w->info->id);
	return file && freezer_is_frozen(file);
}

static bool becomes_done(const struct runtimes *rt, const struct wish *w)
{
	uint64_t deadline = clock_boot() + ANSWER_MS * NSEC_PER_MSEC;

	while (!is_done(rt, w))
		if (clock_boot() >= deadline || runtimes_wait(rt, LOOK_MS))
			return false;
	return true;
}

/* Why nothing may be done to this container, whatever a rule says. NULL: it may. */
static const char *refusal(const struct runtimes *rt, const struct container_info *info)
{
	uint64_t mounts = process_namespace(rt->root, info->init_pid, "mnt");

	if (!init_is_there(rt->root, info))
		return "its first process is not there, or not known";
	if (!mounts)
		return "its first process has ended, or its mount namespace cannot be read";
	if (mounts == process_namespace(rt->root, 1, "mnt"))
		return "its first process is in the host's mounts";
	if (mounts == process_namespace("", (uint32_t)getpid(), "mnt"))
		return "nunchi runs in it";
	return NULL;
}

/* Which runtime has a container is known from files at once; which socket, only once that has given its first list. */
static bool find_route(struct runtimes *rt, const struct container_info *c, struct route *ret)
{
	uint64_t deadline = clock_boot() + ANSWER_MS * NSEC_PER_MSEC;

	while (!route_get(rt->routes, c->id, c->space, ret)) {
		if (!runtimes_unlisted(rt))
			return route_get(rt->routes, c->id, c->space, ret);
		if (clock_boot() >= deadline || runtimes_wait(rt, LOOK_MS))
			return false;
	}
	return true;
}

static bool try_runtime(struct runtimes *rt, const struct wish *w, struct strbuf *text)
{
	_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;
	_cleanup_(route_free) struct route route = { .runtime = NULL };
	bool done;

	if (!container_id_valid(w->info->id) || !find_route(rt, w->info, &route))
		return false;
	if (by_runtime(rt, &route, w, &why) == 0 && !becomes_done(rt, w))
		strbuf_adds(&why, "it says that it has, but that is not so");
	/* A runtime that answered too late, or that it was done already, may still have done it. */
	done = is_done(rt, w);
	strbuf_adds(text, route.runtime);
	if (!done)
		strbuf_addf(text, ": %s", why.s);
	return done;
}

static bool try_kernel(struct runtimes *rt, const struct wish *w, struct strbuf *text)
{
	_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;
	const char *how;

	if (act_by_kernel(rt->root, w->what, w->info, &how, &why) == 0 && becomes_done(rt, w)) {
		strbuf_addf(text, "%s%s", text->len ? "; " : "", how);
		return true;
	}
	if (!why.len)
		strbuf_addf(&why, "%s: nothing has come of it", how);
	strbuf_addf(text, "%s%s", text->len ? "; " : "", why.s);
	return false;
}

/* Takes the container's facts. */
static void answer(struct runtimes *rt, struct wish *w, bool ok, const char *text)
{
	struct runtime_message *m = message_new(RUNTIME_ACTED);

	m->info = w->info;
	m->token = w->token;
	m->ok = ok;
	m->text = xstrdup(text);
	free(w);
	messages_post(&rt->queue, m, true);
}

static void act(struct runtimes *rt, struct wish *w)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	const char *why = refusal(rt, w->info);
	bool ok = false;

	if (why)
		strbuf_adds(&text, why);
	else
		ok = try_runtime(rt, w, &text) || try_kernel(rt, w, &text);
	answer(rt, w, ok, text.s);
}

static struct wish *next_wish(struct actor *a)
{
	struct wish *w;

	pthread_mutex_lock(&a->lock);
	while (!a->closed && !a->first)
		pthread_cond_wait(&a->wished, &a->lock);
	w = a->closed ? NULL : a->first;
	if (w) {
		a->first = TAKE_PTR(w->next);
		a->n--;
		if (!a->first)
			a->tail = &a->first;
	}
	pthread_mutex_unlock(&a->lock);
	return w;
}

static void *worker(void *arg)
{
	struct actor *a = arg;
	struct wish *w;

	(void)privileges_keep(PRIVILEGES_ACT);
	while ((w = next_wish(a)))
		act(a->rt, w);
	return NULL;
}

int runtimes_act_start(struct runtimes *rt)
{
	struct actor *a = rt->actor = xcalloc(1, sizeof(*a));

	a->rt = rt;
	a->tail = &a->first;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->wished, NULL);
	for (; a->n_threads < WORKERS; a->n_threads++) {
		int r = pthread_create(&a->threads[a->n_threads], NULL, worker, a);

		if (r)
			return -r;
	}
	return 0;
}

void runtimes_act(struct runtimes *rt, uint64_t token, enum runtime_act what,
		  const struct container_info *info)
{
	struct actor *a = rt->actor;
	struct wish *w = xcalloc(1, sizeof(*w));
	bool full;

	w->token = token;
	w->what = what;
	w->info = container_info_dup(info);
	/* Runtimes know it by what they call it. */
	if (w->info->called) {
		free(w->info->id);
		w->info->id = TAKE_PTR(w->info->called);
	}
	pthread_mutex_lock(&a->lock);
	full = a->n >= WAITING_MAX;
	if (!full) {
		*a->tail = w;
		a->tail = &w->next;
		a->n++;
		pthread_cond_signal(&a->wished);
	}
	pthread_mutex_unlock(&a->lock);
	if (full)
		answer(rt, w, false, "too many others wait for the same");
}

bool actor_join(struct actor *a, const struct timespec *deadline)
{
	bool all = true;

	if (!a)
		return true;
	pthread_mutex_lock(&a->lock);
	a->closed = true;
	pthread_cond_broadcast(&a->wished);
	pthread_mutex_unlock(&a->lock);
	for (unsigned i = 0; i < a->n_threads; i++)
		all &= !pthread_clockjoin_np(a->threads[i], NULL, CLOCK_MONOTONIC, deadline);
	return all;
}

void actor_free(struct actor *a)
{
	struct wish *next;

	if (!a)
		return;
	for (struct wish *w = a->first; w; w = next) {
		next = w->next;
		container_info_free(w->info);
		free(w);
	}
	pthread_cond_destroy(&a->wished);
	pthread_mutex_destroy(&a->lock);
	free(a);
}
