/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runtimes answer and what lies on the disk: the first byte chooses the parser ("<" the first
 * one), the rest is its input. What is accepted goes through the record that carries it.
 */
#include "base/http.h"
#include "runtime/docker_json.h"
#include "runtime/facts.h"
#include "runtime/hierarchy.h"
#include "runtime/json.h"
#include "runtime/listening.h"
#include "runtime/oci.h"
#include "runtime/protobuf.h"
#include "runtime/runtime.h"
#include "runtime/storage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_id(void *arg, const char *id)
{
	*(size_t *)arg += strlen(id);
}

static void take_task(void *arg, const char *id, uint32_t pid)
{
	*(size_t *)arg += strlen(id) + pid;
}

/* Owns c. */
static void take_container(struct container_info *c)
{
	_cleanup_strbuf_ struct strbuf body = STRBUF_INIT;
	_cleanup_container_info_ struct container_info *again = NULL;

	if (c && c->id) {
		container_info_encode(c, &body);
		if (container_info_decode(body.s, body.len, &again) < 0)
			abort();
	}
	container_info_free(c);
}

static struct container_info *info(const char *id)
{
	struct container_info *c = xcalloc(1, sizeof(*c));

	c->id = xstrdup(id);
	return c;
}

static void docker(const char *text, size_t len)
{
	_cleanup_(docker_version_free) struct docker_version version = { 0 };
	struct container_info *c = info("c");
	_cleanup_free_ char *id = NULL, *root = NULL, *digest = NULL;
	size_t sum = 0;
	int exit_code;

	take_container(docker_parse_container(text, len, NULL, 0));
	take_container(docker_parse_container(text, len / 2, text + len / 2, len - len / 2));
	take_container(docker_parse_event_container(text, len));
	(void)!docker_parse_event(text, len, &id, &exit_code);
	(void)!docker_parse_list(text, len, take_id, &sum);
	(void)!docker_parse_version(text, len, &version);
	docker_parse_pod(text, len, c);
	take_container(c);
	root = docker_parse_root_dir(text, len);
	digest = docker_parse_image_digest(text, len, "nginx");
}

static void oci(const char *text, size_t len)
{
	for (int i = 0; i < 3; i++) {
		struct container_info *c = info("c");
		struct oci_state state = { 0 };

		(void)!(i == 0 ? oci_parse_runc_state(text, len, c, &state) :
			i == 1 ? oci_parse_crun_status(text, len, c, &state) :
				 oci_parse_spec(text, len, c, &state));
		oci_state_free(&state);
		take_container(c);
	}
}

static void cri(const uint8_t *data, size_t len)
{
	_cleanup_free_ char *name = NULL, *version = NULL, *sandbox = NULL, *id = NULL;
	struct container_info *c = NULL, *s = NULL;
	enum container_event event;
	size_t sum = 0;
	int exit_code;
	bool oom;

	(void)!cri_parse_version(data, len, &name, &version);
	(void)!cri_parse_containers(data, len, take_id, &sum);
	(void)!cri_parse_sandboxes(data, len, take_id, &sum);
	if (cri_parse_container_status(data, len, &c, &sandbox) >= 0)
		take_container(c);
	if (cri_parse_sandbox_status(data, len, &s) >= 0)
		take_container(s);
	(void)cri_parse_end(data, len, &exit_code, &oom);
	(void)!cri_parse_event(data, len, &event, &id);
}

static void containerd(const uint8_t *data, size_t len)
{
	_cleanup_free_ char *version = NULL;
	struct container_info *c = NULL;
	struct ctd_event event = { 0 };
	size_t sum = 0;

	(void)!ctd_parse_version(data, len, &version);
	(void)!ctd_parse_namespaces(data, len, take_id, &sum);
	(void)!ctd_parse_tasks(data, len, take_task, &sum);
	if (ctd_parse_container(data, len, len % 2, &c) >= 0)
		take_container(c);
	if (ctd_parse_event(data, len, &event) >= 0)
		ctd_event_free(&event);
}

/* gRPC's frame, the lines of /proc and of a container's passwd, an image's name, a time. */
static void lines(const char *text, size_t len)
{
	struct container_info *c = info("c");
	_cleanup_free_ char *copy = xstrndup(text, len), *mount = xstrndup(text, len), *socket = xstrndup(text, len);
	_cleanup_free_ char *cgroup = NULL;
	const char *message = NULL, *hierarchy, *kind;
	char *field[4] = { NULL };
	size_t n = 0;

	/* Copied, so that a message past the end is found. */
	if (grpc_unframe(text, len, 1 << 20, &message, &n) > 0)
		free(xmemdup(message, n));
	cgroup = facts_parse_cgroup(copy, &hierarchy);
	facts_parse_ids(text, len, &c->users, &c->n_users);
	container_info_set_image(c, copy);
	c->created = rfc3339_ns(copy);
	take_container(c);
	(void)mount_line(mount, field);
	(void)listening_parse(socket, &kind);
}

/* The first 64 digits in it are whose the rest is looked through for. */
static void storage(const char *text, size_t len)
{
	_cleanup_free_ char *image = NULL, *digest = NULL, *name = NULL, *copy = xstrndup(text, len);
	struct container_info *c;
	char pod[65];

	if (storage_pod_id(copy, pod))
		name = storage_find_pod_name(text, len, pod);
	c = info("aa");
	image = storage_parse_names(text, len, c);
	digest = storage_parse_digest(text, len, "bb");
	take_container(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *path = NULL;
	const char *runtime;
	char id[65];

	if (!size)
		return 0;
	switch ((uint8_t)(data[0] - '<') % 7) {
	case 0:
		docker((const char *)data + 1, size - 1);
		break;
	case 1:
		oci((const char *)data + 1, size - 1);
		break;
	case 2:
		cri(data + 1, size - 1);
		break;
	case 3:
		containerd(data + 1, size - 1);
		break;
	case 4:
		path = xstrndup((const char *)data + 1, size - 1);
		(void)cgroup_container_id(path, id, &runtime);
		break;
	case 5:
		lines((const char *)data + 1, size - 1);
		break;
	default:
		storage((const char *)data + 1, size - 1);
		break;
	}
	return 0;
}
