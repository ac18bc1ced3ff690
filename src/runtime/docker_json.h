/* SPDX-License-Identifier: Apache-2.0 */
/* What Docker Engine answers, and what it keeps on disk, which is nearly the same JSON. */
#pragma once

#include "event/container_info.h"

enum docker_action {
	DOCKER_OTHER,
	DOCKER_CREATE,
	DOCKER_START,
	DOCKER_CHANGED,
	DOCKER_PAUSE,
	DOCKER_UNPAUSE,
	DOCKER_OOM,
	DOCKER_STOP,
	DOCKER_REMOVE,
};

/*
 * /containers/ID/json (podman's own too, which has its pod's id), or
 * containers/ID/config.v2.json with (if not NULL) its hostconfig.json.
 * NULL if it is no container. init_pid is set only while it runs. runtime and source stay NULL.
 */
struct container_info *docker_parse_container(const char *text, size_t len, const char *host_config,
					      size_t host_len) _must_check_;

/* /containers/json: calls each with every valid id. -EBADMSG if it is no list. */
int docker_parse_list(const char *text, size_t len, void (*each)(void *arg, const char *id),
		      void *arg) _must_check_;

/*
 * A line of /events. The id is a copy, NULL if there is none; the exit code is that of
 * DOCKER_STOP, else -1.
 */
enum docker_action docker_parse_event(const char *text, size_t len, char **ret_id,
				      int *ret_exit) _must_check_;

/*
 * What the same line tells of the container: its name, image and labels. All there is to know of
 * one that has been removed by now. NULL if there is no id.
 */
struct container_info *docker_parse_event_container(const char *text, size_t len) _must_check_;

struct docker_version {
	const char *runtime;	/* "docker" or "podman" */
	char *version;
	char *libpod;		/* podman: the beginning of its own API's paths, else NULL */
};

void docker_version_free(struct docker_version *v);	/* what it owns */

/* /version. -EBADMSG if it is something else. */
int docker_parse_version(const char *text, size_t len, struct docker_version *ret) _must_check_;

/* /images/ID/json: the digest of the manifest that came from this repository, or NULL. */
char *docker_parse_image_digest(const char *text, size_t len, const char *repository) _must_check_;

/* podman's pods/ID/json: gives c the pod's name and labels. */
void docker_parse_pod(const char *text, size_t len, struct container_info *c);

/* DockerRootDir of /info, absolute; NULL if it is missing. */
char *docker_parse_root_dir(const char *text, size_t len) _must_check_;
