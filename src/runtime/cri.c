/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CRI socket, and containerd's own services on the same one. containerd's stream of task events covers pods and plain
 * `ctr run` containers alike, in every version, and reports a start before CRI knows the container. Where there is none
 * (CRI-O), CRI's stream is used, else a list each second. Pods are looked up through CRI, containers in other containerd
 * namespaces through containerd's services; Docker's ("moby") is left to Docker.
 */
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "facts.h"
#include "json.h"
#include "protobuf.h"
#include "source.h"

#define CRI "/runtime.v1.RuntimeService/"
#define CTD "/containerd.services."
#define SPACE_DOCKER "moby"

enum watch_kind { WATCH_TASKS, WATCH_CRI, WATCH_NONE };

struct cri {
	struct source *s;
	struct http *calls;
	struct http *events;
	struct strbuf *why;
	struct strbuf request, answer;
	bool has_cri;
	bool has_tasks;		/* containerd's own services answer */
	enum watch_kind watch;
	bool streamed;		/* a message has come on it */
};

static int failure(struct cri *d, const char *what, int r)
{
	strbuf_reset(d->why);
	strbuf_adds(d->why, what);
	return r;
}

static int garbage(struct cri *d, const char *method)
{
	strbuf_reset(d->why);
	strbuf_addf(d->why, "the answer to %s makes no sense", method);
	return -EBADMSG;
}

/* Sends what is in request. space is containerd's namespace, NULL where there is none. */
static int call(struct cri *d, const char *method, const char *space)
{
	_cleanup_free_ char *header = space ? xasprintf("containerd-namespace: %s", space) : NULL;
	const struct grpc_call c = {
		.method = method,
		.header = header,
		.message = d->request.s,
		.len = d->request.len,
	};
	int r;

	r = grpc_unary(d->calls, &c, CALL_TIMEOUT_MS, &d->answer);
	return r < 0 ? failure(d, http_error(d->calls), r) : 0;
}

/* A name that people gave is unique in its namespace only; an id that an engine made is unique everywhere (NULL). */
static const char *own_space(const struct cri *d, const char *space, const char *id)
{
	return d->has_tasks && space && !container_id_hex64(id) ? space : NULL;
}

/* Whether the error only means that this one thing cannot be had. */
static bool is_refusal(int r)
{
	return r == -ENOENT || r == -ENOSYS || r == -EACCES || r == -EREMOTEIO;
}

struct id_list {
	char **ids;
	uint32_t *pids;
	size_t n;
};

static void id_list_free(struct id_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->ids[i]);
	free(l->ids);
	free(l->pids);
}
#define _cleanup_ids_ _cleanup_(id_list_free)

static void collect_task(void *arg, const char *id, uint32_t pid)
{
	struct id_list *l = arg;

	l->ids = xrealloc(l->ids, (l->n + 1) * sizeof(*l->ids));
	l->pids = xrealloc(l->pids, (l->n + 1) * sizeof(*l->pids));
	l->pids[l->n] = pid;
	l->ids[l->n++] = xstrdup(id);
}

static void collect(void *arg, const char *id)
{
	collect_task(arg, id, 0);
}

/* The three ways to know a container; -ENOENT if this one does not. */

static int ask_sandbox(struct cri *d, const char *id, struct container_info **ret)
{
	static const char method[] = CRI "PodSandboxStatus";
	int r;

	strbuf_reset(&d->request);
	cri_sandbox_status_request(&d->request, id);
	r = call(d, method, NULL);
	if (r < 0)
		return r;
	return cri_parse_sandbox_status(d->answer.s, d->answer.len, ret) < 0 ? garbage(d, method) : 0;
}

static void take_address(struct container_info *c, const struct container_info *pod)
{
	if (!c->pod_sandbox)
		c->pod_sandbox = xstrdup(pod->pod_sandbox);
	if (!c->ip)
		c->ip = xstrdup(pod->ip);
}

static int ask_container(struct cri *d, const char *id, struct container_info **ret)
{
	static const char method[] = CRI "ContainerStatus";
	_cleanup_container_info_ struct container_info *c = NULL, *pod = NULL;
	_cleanup_free_ char *sandbox = NULL;
	int r;

	strbuf_reset(&d->request);
	cri_container_status_request(&d->request, id);
	r = call(d, method, NULL);
	if (r < 0)
		return r;
	if (cri_parse_container_status(d->answer.s, d->answer.len, &c, &sandbox) < 0)
		return garbage(d, method);
	r = sandbox ? ask_sandbox(d, sandbox, &pod) : -ENOENT;
	if (r < 0 && !is_refusal(r))
		return r;
	if (r == 0) {
		for (size_t i = 0; i < pod->n_pod_labels; i++)
			labels_add(&c->pod_labels, &c->n_pod_labels, pod->pod_labels[i].key,
				   pod->pod_labels[i].value);
		take_address(c, pod);
		if (!c->pod_name)
			c->pod_name = xstrdup(pod->pod_name);
		if (!c->pod_namespace)
			c->pod_namespace = xstrdup(pod->pod_namespace);
		if (!c->pod_uid)
			c->pod_uid = xstrdup(pod->pod_uid);
	}
	*ret = TAKE_PTR(c);
	return 0;
}

static int ask_containerd(struct cri *d, const char *space, const char *id,
			  struct container_info **ret)
{
	static const char method[] = CTD "containers.v1.Containers/Get";
	struct container_info *c;
	int r;

	if (!d->has_tasks)
		return -ENOENT;
	strbuf_reset(&d->request);
	ctd_container_request(&d->request, id);
	r = call(d, method, space);
	if (r < 0)
		return r;
	if (ctd_parse_container(d->answer.s, d->answer.len, streq(space, SPACE_CRI), ret) < 0)
		return garbage(d, method);
	c = *ret;
	/* A pod's own labels are on its sandbox. */
	for (size_t i = 0; c->sandbox && i < c->n_labels; i++)
		labels_add(&c->pod_labels, &c->n_pod_labels, c->labels[i].key, c->labels[i].value);
	return 0;
}

/* Whether the answer was not a valid message: then, as after a refusal, nothing is known of this one container. */
static bool is_garbage(struct cri *d, int r)
{
	_cleanup_free_ char *why = NULL;

	if (r != -EBADMSG)
		return false;
	why = printable(d->why->s);
	log_debug("%s: %s", d->s->socket, why);
	strbuf_reset(d->why);
	return true;
}

/* pid is what an event or a list of tasks said, else 0. */
static int look_up(struct cri *d, const char *space, const char *id, uint32_t pid)
{
	_cleanup_container_info_ struct container_info *c = NULL;
	int r = -ENOENT;

	if (d->has_cri && streq(space, SPACE_CRI)) {
		r = ask_container(d, id, &c);
		if (is_refusal(r))
			r = ask_sandbox(d, id, &c);
	}
	if (is_refusal(r))
		r = ask_containerd(d, space, id, &c);
	if (r < 0)
		return is_refusal(r) || is_garbage(d, r) ? 0 : r;
	if (pid)
		c->init_pid = pid;
	facts_fill(c, d->s->rt->root);
	c->space = xstrdup(own_space(d, space, c->id));
	/* If it does not run yet, an event will report its start. If it just did (pid), its name is still wanted. */
	if (c->init_pid || pid)
		source_found(d->s, TAKE_PTR(c), d->has_tasks ? space : NULL);
	return 0;
}

static int look_up_all(struct cri *d, const char *space, const struct id_list *ids, bool only_new)
{
	int r;

	for (size_t i = 0; i < ids->n; i++) {
		const char *own = own_space(d, space, ids->ids[i]);

		source_keep(d->s, ids->ids[i], own);
		if (only_new && source_knows(d->s, ids->ids[i], own))
			continue;
		r = look_up(d, space, ids->ids[i], ids->pids[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int list_cri(struct cri *d, bool only_new)
{
	static const struct {
		const char *method;
		void (*request)(struct strbuf *out);
		int (*parse)(const void *data, size_t len, each_id_fn *each, void *arg);
	} lists[] = {
		{ CRI "ListPodSandbox", cri_list_sandboxes_request, cri_parse_sandboxes },
		{ CRI "ListContainers", cri_list_containers_request, cri_parse_containers },
	};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		_cleanup_ids_ struct id_list ids = { 0 };

		strbuf_reset(&d->request);
		lists[i].request(&d->request);
		r = call(d, lists[i].method, NULL);
		if (r < 0)
			return r;
		if (lists[i].parse(d->answer.s, d->answer.len, collect, &ids) < 0)
			return garbage(d, lists[i].method);
		r = look_up_all(d, SPACE_CRI, &ids, only_new);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_ours(const struct cri *d, const char *space)
{
	return !streq(space, SPACE_DOCKER) && !(d->has_cri && streq(space, SPACE_CRI));
}

static int list_containerd(struct cri *d, bool only_new)
{
	static const char spaces_method[] = CTD "namespaces.v1.Namespaces/List";
	static const char tasks_method[] = CTD "tasks.v1.Tasks/List";
	_cleanup_ids_ struct id_list spaces = { 0 };
	int r;

	strbuf_reset(&d->request);
	r = call(d, spaces_method, NULL);
	if (r < 0)
		return r;
	if (ctd_parse_namespaces(d->answer.s, d->answer.len, collect, &spaces) < 0)
		return garbage(d, spaces_method);
	for (size_t i = 0; i < spaces.n; i++) {
		_cleanup_ids_ struct id_list tasks = { 0 };

		if (!is_ours(d, spaces.ids[i]))
			continue;
		strbuf_reset(&d->request);
		r = call(d, tasks_method, spaces.ids[i]);
		if (is_refusal(r))
			continue;
		if (r < 0)
			return r;
		if (ctd_parse_tasks(d->answer.s, d->answer.len, collect_task, &tasks) < 0)
			return garbage(d, tasks_method);
		r = look_up_all(d, spaces.ids[i], &tasks, only_new);
		if (r < 0)
			return r;
	}
	return 0;
}

/* space: NULL where there is none. */
static void life(struct cri *d, enum runtime_life what, const char *space, const char *id, int exit_code)
{
	struct container_info *c = info_new(id);

	c->space = xstrdup(own_space(d, space, id));
	source_life(d->s, what, c, exit_code);
}

static void gone(struct cri *d, const char *space, const char *id)
{
	source_gone(d->s, id, own_space(d, space, id));
}

/* A container that is being created: containerd's CRI does not know it yet, but its own service does. */
static int on_created(struct cri *d, const char *space, const char *id, const char *image)
{
	_cleanup_container_info_ struct container_info *c = NULL;
	int r;

	r = d->has_tasks ? ask_containerd(d, space, id, &c) : ask_container(d, id, &c);
	if (r < 0 && !is_refusal(r) && !is_garbage(d, r))
		return r;
	if (r < 0) {
		c = info_new(id);
		image_set(c, image);
	}
	free(c->space);
	c->space = xstrdup(own_space(d, space, c->id));
	source_life(d->s, RUNTIME_LIFE_CREATED, TAKE_PTR(c), -1);
	return 0;
}

static int on_task_event(struct cri *d, const struct strbuf *m)
{
	_cleanup_(ctd_event_free) struct ctd_event e = { 0 };

	if (ctd_parse_event(m->s, m->len, &e) < 0)
		return garbage(d, "Subscribe");
	if (e.type == EVENT_OTHER || streq(e.space, SPACE_DOCKER))
		return 0;
	switch (e.type) {
	case EVENT_CREATE:
		return on_created(d, e.space, e.id, e.image);
	case EVENT_START:
		return look_up(d, e.space, e.id, e.pid);
	case EVENT_PAUSE:
		life(d, RUNTIME_LIFE_PAUSED, e.space, e.id, -1);
		return 0;
	case EVENT_RESUME:
		life(d, RUNTIME_LIFE_RESUMED, e.space, e.id, -1);
		return 0;
	case EVENT_OOM:
		life(d, RUNTIME_LIFE_OOM, e.space, e.id, -1);
		return 0;
	case EVENT_STOP:
		life(d, RUNTIME_LIFE_DIED, e.space, e.id, e.exit_code <= 255 ? (int)e.exit_code : -1);
		gone(d, e.space, e.id);
		return 0;
	default:
		gone(d, e.space, e.id);
		life(d, RUNTIME_LIFE_REMOVED, e.space, e.id, -1);
		return 0;
	}
}

/* How a container ended, which its event does not say. A pod's sandbox has no status of this kind. */
static int on_stopped(struct cri *d, const char *id)
{
	int r, exit_code = -1;
	bool oom = false;

	strbuf_reset(&d->request);
	cri_container_status_request(&d->request, id);
	r = call(d, CRI "ContainerStatus", NULL);
	if (r < 0 && !is_refusal(r))
		return r;
	if (r == 0 && !cri_parse_end(d->answer.s, d->answer.len, &exit_code, &oom))
		exit_code = -1;
	if (oom)
		life(d, RUNTIME_LIFE_OOM, NULL, id, -1);
	life(d, RUNTIME_LIFE_DIED, NULL, id, exit_code);
	gone(d, NULL, id);
	return 0;
}

static int stopped(void *arg, const char *id)
{
	return on_stopped(arg, id);
}

static int list(struct cri *d, bool only_new)
{
	int r = 0;

	source_list_begin(d->s);
	if (d->has_cri)
		r = list_cri(d, only_new);
	if (r == 0 && d->has_tasks)
		r = list_containerd(d, only_new);
	/* Without a stream of events this is how an end is noticed. */
	if (r == 0 && d->watch == WATCH_NONE)
		r = source_each_missing(d->s, stopped, d);
	if (r == 0)
		source_list_end(d->s);
	return r;
}

static int on_cri_event(struct cri *d, const struct strbuf *m)
{
	_cleanup_free_ char *id = NULL;
	enum container_event type;

	if (cri_parse_event(m->s, m->len, &type, &id) < 0)
		return garbage(d, "GetContainerEvents");
	switch (type) {
	case EVENT_CREATE:
		return on_created(d, SPACE_CRI, id, NULL);
	case EVENT_START:
		return look_up(d, SPACE_CRI, id, 0);
	case EVENT_STOP:
		return on_stopped(d, id);
	case EVENT_DELETE:
		gone(d, NULL, id);
		life(d, RUNTIME_LIFE_REMOVED, NULL, id, -1);
		return 0;
	default:
		return 0;
	}
}

static int subscribe(struct cri *d)
{
	struct grpc_call c = { .method = CRI "GetContainerEvents" };
	int r;

	if (d->watch == WATCH_NONE)
		return 0;
	strbuf_reset(&d->request);
	if (d->watch == WATCH_TASKS) {
		c.method = CTD "events.v1.Events/Subscribe";
		ctd_subscribe_request(&d->request);
	}
	c.message = d->request.s;
	c.len = d->request.len;
	r = grpc_stream(d->events, &c);
	return r < 0 ? failure(d, http_error(d->events), r) : 0;
}

/* One event, or a second without one. A stream that this runtime does not have: the next best. */
static int next_event(struct cri *d, struct strbuf *message)
{
	int r;

	if (d->watch == WATCH_NONE)
		return runtimes_wait(d->s->rt, STREAM_WAIT_MS) ? -ECANCELED : 0;
	r = grpc_next(d->events, STREAM_WAIT_MS, message);
	d->streamed |= r == 0;
	if (r == 0)
		return d->watch == WATCH_TASKS ? on_task_event(d, message) :
						 on_cri_event(d, message);
	if (r == -EAGAIN)
		return 0;
	/* CRI-O has the stream, but ends it at once unless it was configured to fill it. */
	if (r == -EPIPE && d->watch == WATCH_CRI && !d->streamed)
		r = -ENOSYS;
	if (r != -ENOSYS)
		return failure(d, http_error(d->events), r);
	d->watch++;
	return subscribe(d);
}

static int watch(struct cri *d)
{
	_cleanup_strbuf_ struct strbuf message = STRBUF_INIT;
	/* Nothing says when the stream has begun: what was missed before is in this second list. */
	uint64_t relist = clock_boot() + NSEC_PER_SEC;
	int r;

	for (;;) {
		r = next_event(d, &message);
		if (r < 0)
			return r;
		if (clock_boot() < relist)
			continue;
		r = list(d, true);
		if (r < 0)
			return r;
		relist = clock_boot() +
			 (d->watch == WATCH_NONE ? 1 : RELIST_SECONDS) * NSEC_PER_SEC;
	}
}

/* CRI's name of the runtime; where there is no CRI, containerd's own version service. */
static int greet(struct cri *d)
{
	static const char method[] = CRI "Version", own_method[] = CTD "version.v1.Version/Version";
	_cleanup_free_ char *name = NULL, *version = NULL;
	int r;

	strbuf_reset(&d->request);
	cri_version_request(&d->request);
	r = call(d, method, NULL);
	d->has_cri = r == 0;
	if (r < 0 && r != -ENOSYS)
		return r;
	if (d->has_cri && cri_parse_version(d->answer.s, d->answer.len, &name, &version) < 0)
		return garbage(d, method);
	if (!d->has_cri) {
		strbuf_reset(&d->request);
		r = call(d, own_method, NULL);
		if (r < 0)
			return r;
		if (ctd_parse_version(d->answer.s, d->answer.len, &version) < 0)
			return garbage(d, own_method);
		name = xstrdup("containerd");
	}
	if (!*name || !*version)
		return garbage(d, method);
	d->has_tasks = streq(name, "containerd");
	d->watch = d->has_tasks ? WATCH_TASKS : WATCH_CRI;
	source_up(d->s, name, version);
	return 0;
}

int cri_run(struct source *s, struct strbuf *why)
{
	_cleanup_http_ struct http *calls = source_connect(s);
	_cleanup_http_ struct http *events = source_connect(s);
	struct cri d = { .s = s, .calls = calls, .events = events, .why = why };
	int r;

	r = greet(&d);
	if (r == 0)
		r = subscribe(&d);
	if (r == 0)
		r = list(&d, false);
	if (r == 0)
		r = watch(&d);
	strbuf_free(&d.request);
	strbuf_free(&d.answer);
	return r;
}
