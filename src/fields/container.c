/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container.*, k8s.* and host.name. An event of the host's has the id and the name "host"; one of a
 * container that nobody has named yet has neither: an empty id would pass `container.id != host`
 * and blame nobody.
 */
#include "accessors.h"

#include <sys/wait.h>

enum owner event_owner(const struct field_context *fc)
{
	const struct event *ev = fc->ev;
	struct container *c = NULL;

	if (ev->container)
		return OWNER_CONTAINER;
	/* Records that went missing before they were read can have been of any container. */
	if (ev->type == EVENT_LOST && (ev->lost.reason == NUNCHI_DROP_SEQUENCE ||
				       ev->lost.reason == NUNCHI_DROP_DAMAGED))
		return OWNER_UNKNOWN;
	if (!ev->head || !ev->head->slot)
		return OWNER_HOST;
	if (!fc->model || !model_slot(fc->model, ev->head->slot, ev->head->generation, &c) || c)
		return OWNER_UNKNOWN;
	return OWNER_HOST;
}

static const struct container_info *info_of(const struct field_context *fc)
{
	return fc->ev->container ? fc->ev->container->info : NULL;
}

FIELD_GET(container_id)
{
	if (fc->ev->container) {
		if (fc->ev->container->short_id[0])
			value_set_text(ret, fc->ev->container->short_id);
	} else if (event_owner(fc) == OWNER_HOST) {
		value_set_bytes(ret, "host", 4);
	}
}

FIELD_GET(container_name)
{
	if (fc->ev->container)
		value_set_text(ret, fc->ev->container->info->name);
	else if (event_owner(fc) == OWNER_HOST)
		value_set_bytes(ret, "host", 4);
}

FIELD_GET(container_info)
{
	struct value id = { .type = VALUE_NONE }, name = { .type = VALUE_NONE };
	struct strbuf *b = scratch_next(fc);

	field_get_container_id(fc, NULL, &id);
	field_get_container_name(fc, NULL, &name);
	if (id.type == VALUE_NONE)
		return;
	strbuf_adds(b, "container_id=");
	value_print(b, &id);
	strbuf_adds(b, " container_name=");
	value_print(b, &name);
	value_set_strbuf(ret, b);
}

/* Facts that are one member of the record; NULL or 0 is unknown. */
#define INFO_TEXT(ident, member)                                                               \
	FIELD_GET(ident)                                                                       \
	{                                                                                      \
		const struct container_info *info = info_of(fc);                               \
                                                                                               \
		if (info)                                                                      \
			value_set_text(ret, info->member);                                     \
	}
#define INFO_NUMBER(ident, member)                                                             \
	FIELD_GET(ident)                                                                       \
	{                                                                                      \
		const struct container_info *info = info_of(fc);                               \
                                                                                               \
		if (info && info->member)                                                      \
			value_set_number(ret, (int64_t)info->member);                          \
	}

INFO_TEXT(container_full_id, id)
INFO_TEXT(container_space, space)
INFO_TEXT(container_runtime, runtime)
INFO_TEXT(container_image, image)
INFO_TEXT(container_image_repository, image_repository)
INFO_TEXT(container_image_tag, image_tag)
INFO_TEXT(container_image_digest, image_digest)
INFO_TEXT(container_cgroup, cgroup)
INFO_TEXT(k8s_ns_name, pod_namespace)
INFO_TEXT(k8s_pod_name, pod_name)
INFO_TEXT(k8s_pod_uid, pod_uid)
INFO_TEXT(k8s_pod_full_sandbox_id, pod_sandbox)
INFO_TEXT(container_ip, ip)
INFO_TEXT(container_parent_id, parent_id)
INFO_TEXT(container_incomplete, incomplete)
INFO_NUMBER(container_pid, init_pid)
INFO_NUMBER(container_pidns, pidns)
INFO_NUMBER(container_mntns, mntns)
INFO_NUMBER(container_start_ts, started)
INFO_NUMBER(container_created, created)

/* How its last run ended, if the event is about that and it is known. */
static bool ended(const struct event *ev, int *ret_status)
{
	*ret_status = ev->container ? ev->container->exit_status : -1;
	return ev->type == EVENT_CONTAINER_STOPPED && *ret_status >= 0;
}

FIELD_GET(container_exit_code)
{
	int status;

	if (ended(fc->ev, &status) && WIFEXITED(status))
		value_set_number(ret, WEXITSTATUS(status));
}

FIELD_GET(container_exit_signal)
{
	int status;

	if (ended(fc->ev, &status) && WIFSIGNALED(status))
		value_set_text(ret, signal_name(WTERMSIG(status)));
}

FIELD_GET(container_oom)
{
	if (fc->ev->type == EVENT_CONTAINER_STOPPED && fc->ev->container)
		value_set_bool(ret, fc->ev->container->oom);
}

FIELD_GET(container_privileged)
{
	const struct container_info *info = info_of(fc);

	if (info)
		value_set_bool(ret, info->privileged);
}

FIELD_GET(container_host_namespaces)
{
	static const struct {
		uint8_t bit;
		const char *name;
	} shares[] = {
		{ SHARES_PID, "pid" }, { SHARES_NET, "net" }, { SHARES_IPC, "ipc" },
		{ SHARES_UTS, "uts" }, { SHARES_CGROUP, "cgroup" },
	};
	const struct container_info *info = info_of(fc);
	struct strbuf *b;

	if (!info || !(info->shares & ~SHARES_USER))
		return;
	b = scratch_next(fc);
	for (size_t i = 0; i < ARRAY_SIZE(shares); i++) {
		if (!(info->shares & shares[i].bit))
			continue;
		if (b->len)
			strbuf_addc(b, ',');
		strbuf_adds(b, shares[i].name);
	}
	if (b->len)
		value_set_bytes(ret, b->s, b->len);
}

#define SHARES(ident, bit)                                                                     \
	FIELD_GET(ident)                                                                       \
	{                                                                                      \
		const struct container_info *info = info_of(fc);                               \
                                                                                               \
		if (info)                                                                      \
			value_set_bool(ret, info->shares & (bit));                             \
	}

SHARES(container_host_pid, SHARES_PID)
SHARES(container_host_network, SHARES_NET)
SHARES(container_host_ipc, SHARES_IPC)

FIELD_GET(container_image_id)
{
	const struct container_info *info = info_of(fc);
	const char *id = info ? info->image_id : NULL;

	if (id && starts_with(id, "sha256:"))
		id += strlen("sha256:");
	if (id)
		value_set_bytes(ret, id, strnlen(id, CONTAINER_ID_SHORT));
}

FIELD_GET(k8s_pod_sandbox_id)
{
	const struct container_info *info = info_of(fc);

	if (info && info->pod_sandbox)
		value_set_bytes(ret, info->pod_sandbox, strnlen(info->pod_sandbox, CONTAINER_ID_SHORT));
}

FIELD_GET(k8s_pod_ip)
{
	const struct container_info *info = info_of(fc);

	if (info && info->pod_name)
		value_set_text(ret, info->ip);
}

FIELD_GET(container_duration)
{
	const struct container_info *info = info_of(fc);

	if (info && info->started && fc->ev->time >= info->started)
		value_set_number(ret, (int64_t)(fc->ev->time - info->started));
}

static void labels_get(struct field_context *fc, const struct label *labels, size_t n, struct value *ret)
{
	struct strbuf *b = scratch_next(fc);

	for (size_t i = 0; i < n; i++)
		if (labels[i].key)
			strbuf_addf(b, "%s%s:%s", b->len ? "," : "", labels[i].key,
				    labels[i].value ? labels[i].value : "");
	value_set_strbuf(ret, b);
}

static void label_get(const struct label *labels, size_t n, const char *key, struct value *ret)
{
	for (size_t i = 0; key && i < n; i++) {
		if (labels[i].key && streq(labels[i].key, key)) {
			value_set_text(ret, labels[i].value ? labels[i].value : "");
			return;
		}
	}
}

FIELD_GET(container_label)
{
	const struct container_info *info = info_of(fc);

	if (info)
		label_get(info->labels, info->n_labels, arg, ret);
}

FIELD_GET(container_labels)
{
	const struct container_info *info = info_of(fc);

	if (info)
		labels_get(fc, info->labels, info->n_labels, ret);
}

FIELD_GET(k8s_pod_labels)
{
	const struct container_info *info = info_of(fc);

	if (info)
		labels_get(fc, info->pod_labels, info->n_pod_labels, ret);
}

FIELD_GET(k8s_pod_label)
{
	const struct container_info *info = info_of(fc);

	if (info)
		label_get(info->pod_labels, info->n_pod_labels, arg, ret);
}

FIELD_GET(host_name)
{
	value_set_text(ret, fc->ev->host_name);
}
