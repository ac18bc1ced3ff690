/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>

#include "containerd.pb-c.h"
#include "json.h"
#include "kubernetes.h"
#include "nunchi/limits.h"
#include "oci.h"
#include "protobuf.h"

#define TASK_RUNNING 2
#define TASK_PAUSED 4
#define TASK_PAUSING 5

static bool read_create(const Ctd__Any *any, struct ctd_event *ret, ProtobufCAllocator *a)
{
	Ctd__ContainerCreate *m = ctd__container_create__unpack(a, any->value.len, any->value.data);

	if (!m)
		return false;
	ret->type = EVENT_CREATE;
	ret->id = bounded_dup(m->id);
	ret->image = bounded_dup(m->image);
	ctd__container_create__free_unpacked(m, a);
	return true;
}

static bool read_delete(const Ctd__Any *any, struct ctd_event *ret, ProtobufCAllocator *a)
{
	Ctd__ContainerDelete *m = ctd__container_delete__unpack(a, any->value.len, any->value.data);

	if (!m)
		return false;
	ret->type = EVENT_DELETE;
	ret->id = bounded_dup(m->id);
	ctd__container_delete__free_unpacked(m, a);
	return true;
}

static bool read_start(const Ctd__Any *any, struct ctd_event *ret, ProtobufCAllocator *a)
{
	Ctd__TaskStart *m = ctd__task_start__unpack(a, any->value.len, any->value.data);

	if (!m)
		return false;
	ret->type = EVENT_START;
	ret->id = bounded_dup(m->container_id);
	ret->pid = m->pid;
	ctd__task_start__free_unpacked(m, a);
	return true;
}

/* Processes started later in a container (exec) have ids of their own. */
static bool read_exit(const Ctd__Any *any, struct ctd_event *ret, ProtobufCAllocator *a)
{
	Ctd__TaskExit *m = ctd__task_exit__unpack(a, any->value.len, any->value.data);

	if (!m)
		return false;
	ret->type = !*m->id || streq(m->id, m->container_id) ? EVENT_STOP : EVENT_OTHER;
	ret->id = bounded_dup(m->container_id);
	ret->pid = m->pid;
	ret->exit_code = m->exit_status;
	ctd__task_exit__free_unpacked(m, a);
	return true;
}

/* Events that have nothing but the container's id. */
static bool read_task(const Ctd__Any *any, struct ctd_event *ret, ProtobufCAllocator *a,
		      enum container_event type)
{
	Ctd__TaskOom *m = ctd__task_oom__unpack(a, any->value.len, any->value.data);

	if (!m)
		return false;
	ret->type = type;
	ret->id = bounded_dup(m->container_id);
	ctd__task_oom__free_unpacked(m, a);
	return true;
}

static bool read_oom(const Ctd__Any *any, struct ctd_event *ret, ProtobufCAllocator *a)
{
	return read_task(any, ret, a, EVENT_OOM);
}

static bool read_paused(const Ctd__Any *any, struct ctd_event *ret, ProtobufCAllocator *a)
{
	return read_task(any, ret, a, EVENT_PAUSE);
}

static bool read_resumed(const Ctd__Any *any, struct ctd_event *ret, ProtobufCAllocator *a)
{
	return read_task(any, ret, a, EVENT_RESUME);
}

static const struct {
	const char *topic;
	const char *filter;
	bool (*read)(const Ctd__Any *any, struct ctd_event *ret, ProtobufCAllocator *a);
} topics[] = {
#define TOPIC(name, read) { name, "topic==\"" name "\"", read }
	TOPIC("/containers/create", read_create),
	TOPIC("/containers/delete", read_delete),
	TOPIC("/tasks/start", read_start),
	TOPIC("/tasks/exit", read_exit),
	TOPIC("/tasks/oom", read_oom),
	TOPIC("/tasks/paused", read_paused),
	TOPIC("/tasks/resumed", read_resumed),
#undef TOPIC
};

void ctd_subscribe_request(struct strbuf *out)
{
	char *filters[ARRAY_SIZE(topics)];
	Ctd__SubscribeRequest m = CTD__SUBSCRIBE_REQUEST__INIT;

	for (size_t i = 0; i < ARRAY_SIZE(topics); i++)
		filters[i] = (char *)topics[i].filter;
	m.filters = filters;
	m.n_filters = ARRAY_SIZE(filters);
	protobuf_pack(out, &m.base);
}

void ctd_container_request(struct strbuf *out, const char *id)
{
	Ctd__GetContainerRequest m = CTD__GET_CONTAINER_REQUEST__INIT;

	m.id = (char *)id;
	protobuf_pack(out, &m.base);
}

/* SIGKILL, to all of it. */
void ctd_kill_request(struct strbuf *out, const char *id)
{
	Ctd__KillRequest m = CTD__KILL_REQUEST__INIT;

	m.container_id = (char *)id;
	m.signal = SIGKILL;
	m.all = 1;
	protobuf_pack(out, &m.base);
}

void ctd_pause_request(struct strbuf *out, const char *id)
{
	Ctd__PauseTaskRequest m = CTD__PAUSE_TASK_REQUEST__INIT;

	m.container_id = (char *)id;
	protobuf_pack(out, &m.base);
}

int ctd_parse_version(const void *data, size_t len, char **ret_version)
{
	size_t budget;
	ProtobufCAllocator a = protobuf_bounded(&budget);
	Ctd__VersionResponse *m = ctd__version_response__unpack(&a, len, data);

	if (!m)
		return -EBADMSG;
	*ret_version = xstrndup(m->version, 64);
	ctd__version_response__free_unpacked(m, &a);
	return 0;
}

int ctd_parse_namespaces(const void *data, size_t len, each_id_fn *each, void *arg)
{
	size_t budget;
	ProtobufCAllocator a = protobuf_bounded(&budget);
	Ctd__ListNamespacesResponse *m = ctd__list_namespaces_response__unpack(&a, len, data);

	if (!m)
		return -EBADMSG;
	for (size_t i = 0; i < m->n_namespaces && i < NUNCHI_SLOTS_MAX; i++)
		if (container_id_valid(m->namespaces[i]->name))
			each(arg, m->namespaces[i]->name);
	ctd__list_namespaces_response__free_unpacked(m, &a);
	return 0;
}

int ctd_parse_tasks(const void *data, size_t len,
		    void (*each)(void *arg, const char *id, uint32_t pid), void *arg)
{
	size_t budget;
	ProtobufCAllocator a = protobuf_bounded(&budget);
	Ctd__ListTasksResponse *m = ctd__list_tasks_response__unpack(&a, len, data);

	if (!m)
		return -EBADMSG;
	for (size_t i = 0; i < m->n_tasks && i < NUNCHI_SLOTS_MAX; i++) {
		const Ctd__Process *p = m->tasks[i];
		/* A task's own process has its container's id; the other member may be empty. */
		const char *id = *p->id ? p->id : p->container_id;

		if (container_id_valid(id) && p->pid &&
		    (p->status == TASK_RUNNING || p->status == TASK_PAUSED ||
		     p->status == TASK_PAUSING))
			each(arg, id, p->pid);
	}
	ctd__list_tasks_response__free_unpacked(m, &a);
	return 0;
}

/*
 * Labels can come from the image, whoever made it; those that CRI and nerdctl set themselves replace the image's, and the
 * specification is stronger than both. ctr sets none: its users name the container by the id.
 */
static void take_labels(struct container_info *c, bool pods)
{
	if (pods)
		kubernetes_apply_labels(c, c->labels, c->n_labels, true);
	else if (container_id_hex64(c->id))
		c->name = bounded_dup(labels_find(c->labels, c->n_labels, "nerdctl/name"));
}

int ctd_parse_container(const void *data, size_t len, bool pods, struct container_info **ret)
{
	size_t budget;
	ProtobufCAllocator a = protobuf_bounded(&budget);
	Ctd__GetContainerResponse *m = ctd__get_container_response__unpack(&a, len, data);
	const Ctd__Container *from = m ? m->container : NULL;
	struct container_info *c;

	if (!from || !container_id_valid(from->id)) {
		ctd__get_container_response__free_unpacked(m, &a);
		return -EBADMSG;
	}
	c = xcalloc(1, sizeof(*c));
	c->id = xstrdup(from->id);
	for (size_t i = 0; i < from->n_labels; i++)
		labels_add(&c->labels, &c->n_labels, from->labels[i]->key, from->labels[i]->value);
	take_labels(c, pods);
	/* A spec that cannot be read takes only what it would have said. */
	if (from->spec && oci_parse_spec((const char *)from->spec->value.data,
					 from->spec->value.len, c, NULL) < 0)
		c->shares = 0;
	image_set(c, from->image);
	if (from->created_at && from->created_at->seconds > 0 &&
	    from->created_at->seconds < (int64_t)(UINT64_MAX / NSEC_PER_SEC) - 1)
		c->created = (uint64_t)from->created_at->seconds * NSEC_PER_SEC +
			     (uint32_t)from->created_at->nanos % NSEC_PER_SEC;
	if (!c->name)
		c->name = xstrdup(c->id);
	ctd__get_container_response__free_unpacked(m, &a);
	*ret = c;
	return 0;
}

void ctd_event_free(struct ctd_event *e)
{
	free(e->space);
	free(e->id);
	free(e->image);
	*e = (struct ctd_event){ 0 };
}

int ctd_parse_event(const void *data, size_t len, struct ctd_event *ret)
{
	size_t budget;
	ProtobufCAllocator a = protobuf_bounded(&budget);
	Ctd__Envelope *m = ctd__envelope__unpack(&a, len, data);
	bool good = m && m->event;

	*ret = (struct ctd_event){ 0 };
	for (size_t i = 0; good && i < ARRAY_SIZE(topics); i++)
		if (streq(m->topic, topics[i].topic))
			good = topics[i].read(m->event, ret, &a);
	if (good)
		ret->space = bounded_dup(m->namespace_);
	good = good && (ret->type == EVENT_OTHER ||
			(container_id_valid(ret->id) && container_id_valid(ret->space)));
	ctd__envelope__free_unpacked(m, &a);
	if (!good)
		ctd_event_free(ret);
	return good ? 0 : -EBADMSG;
}
