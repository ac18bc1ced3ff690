/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What podman and CRI-O keep of a container in their storage: its names and image in the list of all containers. Of
 * podman's pods there is only an id in the cgroup's path; their names are in podman's data base. This works without a
 * service that could be asked.
 */
#pragma once

#include "event/container_info.h"

/*
 * Where it is: path is STORAGE/DRIVER-containers/ID. The first trusted bytes of it are opened as
 * they are, the rest without following a link or crossing a mount; 0: all of it is trusted.
 */
struct storage_dir {
	const char *path;
	size_t trusted;
	size_t max;		/* of a list's text */
};

/* Completes c, whose id is set. cgroup: the configured path, or NULL. */
void storage_complete(struct container_info *c, const struct storage_dir *dir, const char *cgroup);

/* The parts, for tests. */

/* From the text of containers.json; the image's id, NULL if there is none. */
char *storage_parse_names(const char *text, size_t len, struct container_info *c) _must_check_;
/* From the text of images.json: the manifest's digest, or NULL. */
char *storage_parse_digest(const char *text, size_t len, const char *image) _must_check_;
/* The pod's id in a cgroup's path, as configured or as it is. */
bool storage_pod_id(const char *cgroup, char ret[65]);
/* A piece of podman's data base: the pod's name, or NULL. */
char *storage_find_pod_name(const char *data, size_t len, const char *pod) _must_check_;
