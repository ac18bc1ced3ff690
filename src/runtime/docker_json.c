/* SPDX-License-Identifier: Apache-2.0 */
#include "docker_json.h"

#include <errno.h>

#include "json.h"
#include "kubernetes.h"
#include "nunchi/limits.h"

static void set_mount(struct container_info *c, const json_t *m)
{
	container_info_add_mount(c, json_text(m, "Source"), json_text(m, "Destination"),
				 json_bool(m, "RW"), json_text(m, "Propagation"));
}

/* A list from the API, and in Docker's own file an object by where they are. */
static void set_mounts(struct container_info *c, const json_t *j)
{
	const json_t *list = json_at(j, "Mounts"), *points = json_at(j, "MountPoints"), *m;
	const char *where;

	for (size_t i = 0; i < json_array_size(list); i++)
		set_mount(c, json_array_get(list, i));
	json_object_foreach((json_t *)points, where, m)
		set_mount(c, m);
}

static void set_shares(struct container_info *c, const json_t *host)
{
	static const struct {
		const char *key;
		uint8_t bit;
	} modes[] = {
		{ "PidMode", SHARES_PID }, { "NetworkMode", SHARES_NET },     { "IpcMode", SHARES_IPC },
		{ "UTSMode", SHARES_UTS }, { "CgroupnsMode", SHARES_CGROUP },
	};

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		const char *mode = json_text(host, modes[i].key);

		if (mode && streq(mode, "host"))
			c->shares |= modes[i].bit;
	}
	c->privileged = json_bool(host, "Privileged");
}

/* The address in its network, or in the first by name of several. There is none in the host's network, nor before the start. */
static void set_ip(struct container_info *c, const json_t *j)
{
	const char *ip = json_text(j, "NetworkSettings.IPAddress"), *name, *first = NULL;
	json_t *network;

	json_object_foreach((json_t *)json_at(j, "NetworkSettings.Networks"), name, network) {
		const char *address = json_text(network, "IPAddress");

		if (address && (!first || strcmp(name, first) < 0)) {
			first = name;
			ip = address;
		}
	}
	if (!c->ip && ip && *ip)
		c->ip = bounded_dup(ip);
}

static void set_digest(struct container_info *c, const json_t *j)
{
	const char *digest = json_text(j, "ImageManifestDescriptor.digest");

	if (!digest)
		digest = json_text(j, "ImageDigest");
	if (!c->image_digest && digest && starts_with(digest, "sha256:"))
		c->image_digest = bounded_dup(digest);
	image_id_set(c, json_text(j, "Image"));
}

char *docker_parse_image_digest(const char *text, size_t len, const char *repository)
{
	_cleanup_json_ json_t *j = json_parse(text, len);
	const json_t *list = json_at(j, "RepoDigests");
	size_t n = json_array_size(list), name = repository ? strlen(repository) : 0;

	for (size_t i = 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(list, i));
		const char *at = s ? strrchr(s, '@') : NULL;

		if (!at || !starts_with(at + 1, "sha256:"))
			continue;
		/* Registries can pack one image differently, so another repository's digest is not this one's. */
		if (n == 1 || (name && (size_t)(at - s) == name && !strncmp(s, repository, name)))
			return bounded_dup(at + 1);
	}
	return NULL;
}

/* Labels can come from the image, whoever made it. So they say of which pod it is only if cri-dockerd named the container. */
static void take_pod(struct container_info *c)
{
	if (kubernetes_apply_name(c))
		kubernetes_apply_labels(c, c->labels, c->n_labels, false);
}

struct container_info *docker_parse_container(const char *text, size_t len, const char *host_config,
					      size_t host_len)
{
	_cleanup_json_ json_t *j = json_parse(text, len);
	_cleanup_json_ json_t *own_host = json_parse(host_config, host_len);
	_cleanup_container_info_ struct container_info *c = NULL;
	const char *id, *name, *image;

	id = json_text(j, "Id");
	if (!id)
		id = json_text(j, "ID");
	if (!container_id_valid(id))
		return NULL;
	c = xcalloc(1, sizeof(*c));
	c->id = xstrdup(id);
	name = json_text(j, "Name");
	if (name)
		c->name = bounded_dup(name + (*name == '/'));
	image = json_text(j, "ImageName");
	image_set(c, image ? image : json_text(j, "Config.Image"));
	set_digest(c, j);
	labels_add_json(&c->labels, &c->n_labels, j, "Config.Labels");
	c->created = json_time(j, "Created");
	if (json_bool(j, "State.Running")) {
		c->init_pid = json_pid(j, "State.Pid");
		c->started = json_time(j, "State.StartedAt");
	}
	c->pod_uid = bounded_dup(json_text(j, "Pod"));
	c->sandbox = json_bool(j, "IsInfra");
	c->tells = TELLS_PRIVILEGED | TELLS_SANDBOX;
	set_shares(c, own_host ? own_host : json_at(j, "HostConfig"));
	set_mounts(c, j);
	set_ip(c, j);
	take_pod(c);
	return TAKE_PTR(c);
}

int docker_parse_list(const char *text, size_t len, void (*each)(void *arg, const char *id),
		      void *arg)
{
	_cleanup_json_ json_t *list = len ? json_loadb(text, len, 0, NULL) : NULL;

	if (!json_is_array(list))
		return -EBADMSG;
	for (size_t i = 0; i < json_array_size(list) && i < NUNCHI_SLOTS_MAX; i++) {
		const char *id = json_text(json_array_get(list, i), "Id");

		if (container_id_valid(id))
			each(arg, id);
	}
	return 0;
}

/* Attributes are text. podman has another name for it. */
static int event_exit(const json_t *j)
{
	const char *s = json_text(j, "Actor.Attributes.exitCode");
	char *end;
	long code;

	if (!s)
		s = json_text(j, "Actor.Attributes.containerExitCode");
	if (!s)
		return -1;
	code = strtol(s, &end, 10);
	return *end || code < 0 || code > 255 ? -1 : (int)code;
}

enum docker_action docker_parse_event(const char *text, size_t len, char **ret_id, int *ret_exit)
{
	/* podman says "died" and "remove" where docker says "die" and "destroy". */
	static const struct {
		const char *name;
		enum docker_action action;
	} actions[] = {
		{ "create", DOCKER_CREATE },   { "start", DOCKER_START },
		{ "rename", DOCKER_CHANGED },  { "update", DOCKER_CHANGED },
		{ "pause", DOCKER_PAUSE },     { "unpause", DOCKER_UNPAUSE },
		{ "oom", DOCKER_OOM },	       { "die", DOCKER_STOP },
		{ "died", DOCKER_STOP },       { "destroy", DOCKER_REMOVE },
		{ "remove", DOCKER_REMOVE },
	};
	_cleanup_json_ json_t *j = json_parse(text, len);
	const char *type = json_text(j, "Type"), *name = json_text(j, "Action");
	const char *id = json_text(j, "Actor.ID");

	*ret_id = NULL;
	*ret_exit = -1;
	if (!name)
		name = json_text(j, "status");
	if (!id)
		id = json_text(j, "id");
	if (!name || (type && !streq(type, "container")) || !container_id_valid(id))
		return DOCKER_OTHER;
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (streq(actions[i].name, name)) {
			*ret_id = xstrdup(id);
			if (actions[i].action == DOCKER_STOP)
				*ret_exit = event_exit(j);
			return actions[i].action;
		}
	}
	return DOCKER_OTHER;
}

struct container_info *docker_parse_event_container(const char *text, size_t len)
{
	_cleanup_json_ json_t *j = json_parse(text, len);
	const json_t *attributes = json_at(j, "Actor.Attributes");
	const char *id = json_text(j, "Actor.ID");
	struct container_info *c;

	if (!container_id_valid(id))
		return NULL;
	c = xcalloc(1, sizeof(*c));
	c->id = xstrdup(id);
	c->name = bounded_dup(json_text(attributes, "name"));
	image_set(c, json_text(attributes, "image"));
	/* The labels stand among the engine's own attributes. */
	labels_add_json(&c->labels, &c->n_labels, attributes, "");
	take_pod(c);
	return c;
}

void docker_version_free(struct docker_version *v)
{
	free(v->version);
	free(v->libpod);
}

/* "/v4.0.0/libpod": the oldest that it speaks, so that an answer's form does not change. */
static char *libpod_path(const json_t *engine)
{
	const char *version = json_text(engine, "Details.MinAPIVersion");

	if (!version || strlen(version) > 16 || version[strspn(version, "0123456789.")])
		return NULL;
	return xasprintf("/v%s/libpod", version);
}

int docker_parse_version(const char *text, size_t len, struct docker_version *ret)
{
	_cleanup_json_ json_t *j = json_parse(text, len);
	const json_t *engine = json_array_get(json_at(j, "Components"), 0);
	const char *version = json_text(j, "Version"), *name = json_text(engine, "Name");
	bool podman = name && starts_with(name, "Podman");

	*ret = (struct docker_version){ .runtime = podman ? "podman" : "docker" };
	if (!version)
		return -EBADMSG;
	ret->version = xstrndup(version, 64);
	ret->libpod = podman ? libpod_path(engine) : NULL;
	return 0;
}

void docker_parse_pod(const char *text, size_t len, struct container_info *c)
{
	_cleanup_json_ json_t *j = json_parse(text, len);

	if (!c->pod_name)
		c->pod_name = bounded_dup(json_text(j, "Name"));
	labels_add_json(&c->pod_labels, &c->n_pod_labels, j, "Labels");
}

char *docker_parse_root_dir(const char *text, size_t len)
{
	_cleanup_json_ json_t *j = json_parse(text, len);
	const char *dir = json_text(j, "DockerRootDir");

	return dir && *dir == '/' && !strstr(dir, "/..") ? bounded_dup(dir) : NULL;
}
