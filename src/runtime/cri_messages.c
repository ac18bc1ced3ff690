/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's PID is not part of the interface: containerd and CRI-O both put it, with the OCI spec, into "info" in the
 * verbose answer, as JSON text.
 */
#include <errno.h>

#include "cri.pb-c.h"
#include "json.h"
#include "kubernetes.h"
#include "nunchi/limits.h"
#include "oci.h"
#include "protobuf.h"

#define STATE_RUNNING 1
#define STATE_EXITED 2

void cri_version_request(struct strbuf *out)
{
	Cri__VersionRequest m = CRI__VERSION_REQUEST__INIT;

	protobuf_pack(out, &m.base);
}

void cri_list_containers_request(struct strbuf *out)
{
	Cri__ContainerStateValue running = CRI__CONTAINER_STATE_VALUE__INIT;
	Cri__ContainerFilter filter = CRI__CONTAINER_FILTER__INIT;
	Cri__ListContainersRequest m = CRI__LIST_CONTAINERS_REQUEST__INIT;

	running.state = STATE_RUNNING;
	filter.state = &running;
	m.filter = &filter;
	protobuf_pack(out, &m.base);
}

void cri_list_sandboxes_request(struct strbuf *out)
{
	Cri__PodStateValue ready = CRI__POD_STATE_VALUE__INIT;
	Cri__PodFilter filter = CRI__POD_FILTER__INIT;
	Cri__ListPodSandboxRequest m = CRI__LIST_POD_SANDBOX_REQUEST__INIT;

	filter.state = &ready;
	m.filter = &filter;
	protobuf_pack(out, &m.base);
}

void cri_container_status_request(struct strbuf *out, const char *id)
{
	Cri__ContainerStatusRequest m = CRI__CONTAINER_STATUS_REQUEST__INIT;

	m.container_id = (char *)id;
	m.verbose = 1;
	protobuf_pack(out, &m.base);
}

void cri_stop_request(struct strbuf *out, const char *id)
{
	Cri__StopContainerRequest m = CRI__STOP_CONTAINER_REQUEST__INIT;

	m.container_id = (char *)id;	/* timeout 0: SIGKILL at once */
	protobuf_pack(out, &m.base);
}

void cri_sandbox_status_request(struct strbuf *out, const char *id)
{
	Cri__PodSandboxStatusRequest m = CRI__POD_SANDBOX_STATUS_REQUEST__INIT;

	m.pod_sandbox_id = (char *)id;
	m.verbose = 1;
	protobuf_pack(out, &m.base);
}

int cri_parse_version(const void *data, size_t len, char **ret_name, char **ret_version)
{
	size_t budget;
	ProtobufCAllocator a = protobuf_bounded(&budget);
	Cri__VersionResponse *m = cri__version_response__unpack(&a, len, data);

	if (!m)
		return -EBADMSG;
	*ret_name = xstrndup(m->runtime_name, 64);
	*ret_version = xstrndup(m->runtime_version, 64);
	cri__version_response__free_unpacked(m, &a);
	return 0;
}

int cri_parse_containers(const void *data, size_t len, each_id_fn *each, void *arg)
{
	size_t budget;
	ProtobufCAllocator a = protobuf_bounded(&budget);
	Cri__ListContainersResponse *m = cri__list_containers_response__unpack(&a, len, data);

	if (!m)
		return -EBADMSG;
	for (size_t i = 0; i < m->n_containers && i < NUNCHI_SLOTS_MAX; i++)
		if (container_id_valid(m->containers[i]->id))
			each(arg, m->containers[i]->id);
	cri__list_containers_response__free_unpacked(m, &a);
	return 0;
}

int cri_parse_sandboxes(const void *data, size_t len, each_id_fn *each, void *arg)
{
	size_t budget;
	ProtobufCAllocator a = protobuf_bounded(&budget);
	Cri__ListPodSandboxResponse *m = cri__list_pod_sandbox_response__unpack(&a, len, data);

	if (!m)
		return -EBADMSG;
	for (size_t i = 0; i < m->n_items && i < NUNCHI_SLOTS_MAX; i++)
		if (container_id_valid(m->items[i]->id))
			each(arg, m->items[i]->id);
	cri__list_pod_sandbox_response__free_unpacked(m, &a);
	return 0;
}

static void take_labels(struct label **labels, size_t *n, Cri__Entry **from, size_t n_from)
{
	for (size_t i = 0; i < n_from; i++)
		labels_add(labels, n, from[i]->key, from[i]->value);
}

/* pid, sandboxID, runtimeSpec, config and (CRI-O) privileged. */
static void read_verbose(struct container_info *c, Cri__Entry **info, size_t n, char **ret_sandbox)
{
	static const char marked[] = "config.linux.security_context.privileged";

	for (size_t i = 0; i < n; i++) {
		_cleanup_json_ json_t *j = NULL;
		const char *sandbox;

		if (!streq(info[i]->key, "info"))
			continue;
		j = json_parse(info[i]->value, strlen(info[i]->value));
		c->init_pid = json_pid(j, "pid");
		oci_read_spec(json_at(j, "runtimeSpec"), c, NULL);
		if (json_at(j, marked) || json_at(j, "privileged"))
			c->tells |= TELLS_PRIVILEGED;
		if (json_at(j, marked))
			c->privileged = json_bool(j, marked);
		else
			c->privileged |= json_bool(j, "privileged");
		if (!c->image)
			image_set(c, json_text(j, "image"));
		sandbox = json_text(j, "sandboxID");
		if (ret_sandbox && !*ret_sandbox && container_id_valid(sandbox))
			*ret_sandbox = xstrdup(sandbox);
	}
}

/* "NAME@sha256:...", or the image's id alone. */
static void take_digest(struct container_info *c, const char *image_ref)
{
	const char *at = strrchr(image_ref, '@');

	if (!at)
		image_id_set(c, image_ref);
	else if (!c->image_digest && starts_with(at + 1, "sha256:"))
		c->image_digest = bounded_dup(at + 1);
}

static uint64_t positive(int64_t v)
{
	return v > 0 ? (uint64_t)v : 0;
}

static void read_container(struct container_info *c, const Cri__ContainerStatus *st)
{
	c->id = xstrdup(st->id);
	c->created = positive(st->created_at);
	c->started = positive(st->started_at);
	take_labels(&c->labels, &c->n_labels, st->labels, st->n_labels);
	kubernetes_apply_labels(c, c->labels, c->n_labels, true);
	c->tells |= TELLS_SANDBOX;
	if (st->metadata && *st->metadata->name) {
		free(c->name);
		c->name = bounded_dup(st->metadata->name);
	}
}

static void read_image(struct container_info *c, const Cri__ContainerStatus *st)
{
	if (st->image)
		image_set(c, *st->image->user_specified_image ? st->image->user_specified_image :
								st->image->image);
	take_digest(c, st->image_ref);
}

int cri_parse_container_status(const void *data, size_t len, struct container_info **ret,
			       char **ret_sandbox)
{
	size_t budget;
	ProtobufCAllocator a = protobuf_bounded(&budget);
	Cri__ContainerStatusResponse *m = cri__container_status_response__unpack(&a, len, data);
	struct container_info *c;

	*ret_sandbox = NULL;
	if (!m || !m->status || !container_id_valid(m->status->id)) {
		cri__container_status_response__free_unpacked(m, &a);
		return -EBADMSG;
	}
	c = xcalloc(1, sizeof(*c));
	read_container(c, m->status);
	read_verbose(c, m->info, m->n_info, ret_sandbox);
	read_image(c, m->status);
	if (m->status->state != STATE_RUNNING)
		c->started = 0;
	cri__container_status_response__free_unpacked(m, &a);
	*ret = c;
	return 0;
}

int cri_parse_sandbox_status(const void *data, size_t len, struct container_info **ret)
{
	static const struct label mark = { (char *)"io.cri-containerd.kind", (char *)"sandbox" };
	size_t budget;
	ProtobufCAllocator a = protobuf_bounded(&budget);
	Cri__PodSandboxStatusResponse *m = cri__pod_sandbox_status_response__unpack(&a, len, data);
	Cri__PodSandboxStatus *st = m ? m->status : NULL;
	struct container_info *c;

	if (!st || !container_id_valid(st->id)) {
		cri__pod_sandbox_status_response__free_unpacked(m, &a);
		return -EBADMSG;
	}
	c = xcalloc(1, sizeof(*c));
	c->id = xstrdup(st->id);
	c->created = positive(st->created_at);
	if (st->metadata) {
		c->pod_name = bounded_dup(st->metadata->name);
		c->pod_namespace = bounded_dup(st->metadata->namespace_);
		c->pod_uid = bounded_dup(st->metadata->uid);
	}
	c->pod_sandbox = xstrdup(st->id);
	if (st->network && *st->network->ip)
		c->ip = bounded_dup(st->network->ip);
	take_labels(&c->labels, &c->n_labels, st->labels, st->n_labels);
	take_labels(&c->pod_labels, &c->n_pod_labels, st->labels, st->n_labels);
	read_verbose(c, m->info, m->n_info, NULL);
	kubernetes_apply(c, &mark, 1);
	cri__pod_sandbox_status_response__free_unpacked(m, &a);
	*ret = c;
	return 0;
}

bool cri_parse_end(const void *data, size_t len, int *ret_exit, bool *ret_oom)
{
	size_t budget;
	ProtobufCAllocator a = protobuf_bounded(&budget);
	Cri__ContainerStatusResponse *m = cri__container_status_response__unpack(&a, len, data);
	bool ended = m && m->status && m->status->state == STATE_EXITED;

	if (ended) {
		*ret_exit = m->status->exit_code;
		*ret_oom = streq(m->status->reason, "OOMKilled");
	}
	cri__container_status_response__free_unpacked(m, &a);
	return ended;
}

int cri_parse_event(const void *data, size_t len, enum container_event *ret, char **ret_id)
{
	/* CREATED, STARTED, STOPPED, DELETED */
	static const enum container_event types[] = { EVENT_CREATE, EVENT_START, EVENT_STOP,
						      EVENT_DELETE };
	size_t budget;
	ProtobufCAllocator a = protobuf_bounded(&budget);
	Cri__ContainerEventResponse *m = cri__container_event_response__unpack(&a, len, data);

	if (!m || !container_id_valid(m->container_id)) {
		cri__container_event_response__free_unpacked(m, &a);
		return -EBADMSG;
	}
	*ret = m->container_event_type < ARRAY_SIZE(types) ? types[m->container_event_type] :
							     EVENT_OTHER;
	*ret_id = xstrdup(m->container_id);
	cri__container_event_response__free_unpacked(m, &a);
	return 0;
}
