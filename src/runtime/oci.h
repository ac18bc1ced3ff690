/* SPDX-License-Identifier: Apache-2.0 */
/* OCI runtimes on disk: the bundle's config.json, runc's state.json, crun's status. */
#pragma once

#include <jansson.h>

#include "event/container_info.h"

struct oci_state {
	uint32_t pid;
	uint64_t start_ticks;	/* field 22 of /proc/PID/stat when it was started, 0 if not kept */
	char *bundle;		/* absolute, or NULL */
	char *cgroup;		/* as configured (cgroupsPath), or NULL */
	const char *manager;	/* "podman" or "cri-o", a constant; or NULL */
};

void oci_state_free(struct oci_state *s);	/* what it owns */
#define _cleanup_oci_state_ _cleanup_(oci_state_free)

/* Each completes c, whose id is set, and overwrites *s. 0, or -EBADMSG if the text is something else. */
int oci_parse_runc_state(const char *text, size_t len, struct container_info *c,
			 struct oci_state *s) _must_check_;
int oci_parse_crun_status(const char *text, size_t len, struct container_info *c,
			  struct oci_state *s) _must_check_;
/*
 * config.json, also as containerd stores it with the container. Completes s, which may be NULL, with cgroup and manager.
 * 0, or -EBADMSG.
 */
int oci_parse_spec(const char *text, size_t len, struct container_info *c, struct oci_state *s)
	_must_check_;
/* The same, if the JSON is parsed already: runtimeSpec in CRI's verbose answers. */
void oci_read_spec(const json_t *spec, struct container_info *c, struct oci_state *s);
