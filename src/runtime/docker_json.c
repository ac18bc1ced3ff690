/* SPDX-License-Identifier: Apache-2.0 */
#include "docker_json.h"

#include <errno.h>

#include "json.h"
#include "kubernetes.h"
#include "nunchi/limits.h"

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

/* The manifest's digest where the engine knows it, else the image's own id. */
static void set_digest(struct container_info *c, const json_t *j)
{
	const char *digest = json_text(j, "ImageManifestDescriptor.digest");

	if (c->image_digest)
		return;
	if (!digest)
		digest = json_text(j, "Image");
	if (digest && starts_with(digest, "sha256:"))
		c->image_digest = bounded_dup(digest);
}

struct container_info *docker_parse_container(const char *text, size_t len, const char *host_config,
					      size_t host_len)
{
	_cleanup_json_ json_t *j = json_parse(text, len);
	_cleanup_json_ json_t *own_host = json_parse(host_config, host_len);
	_cleanup_container_info_ struct container_info *c = NULL;
	const char *id, *name;

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
	image_set(c, json_text(j, "Config.Image"));
	set_digest(c, j);
	labels_add_json(&c->labels, &c->n_labels, j, "Config.Labels");
	c->created = json_time(j, "Created");
	if (json_bool(j, "State.Running")) {
		c->init_pid = json_pid(j, "State.Pid");
		c->started = json_time(j, "State.StartedAt");
	}
	set_shares(c, own_host ? own_host : json_at(j, "HostConfig"));
	kubernetes_apply_name(c);
	kubernetes_apply(c, c->labels, c->n_labels);
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
	kubernetes_apply_name(c);
	kubernetes_apply(c, c->labels, c->n_labels);
	return c;
}

int docker_parse_version(const char *text, size_t len, const char **ret_runtime, char **ret_version)
{
	_cleanup_json_ json_t *j = json_parse(text, len);
	const char *version = json_text(j, "Version"), *engine;

	if (!version)
		return -EBADMSG;
	engine = json_text(json_array_get(json_at(j, "Components"), 0), "Name");
	*ret_runtime = engine && starts_with(engine, "Podman") ? "podman" : "docker";
	*ret_version = xstrndup(version, 64);
	return 0;
}

char *docker_parse_root_dir(const char *text, size_t len)
{
	_cleanup_json_ json_t *j = json_parse(text, len);
	const char *dir = json_text(j, "DockerRootDir");

	return dir && *dir == '/' && !strstr(dir, "/..") ? bounded_dup(dir) : NULL;
}
