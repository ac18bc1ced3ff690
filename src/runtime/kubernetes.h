/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "event/container_info.h"

/*
 * Takes what labels and annotations say of pod, container name and image. What they say wins: a
 * runtime's own name for a pod's container is made up from the same facts.
 */
void kubernetes_apply(struct container_info *c, const struct label *from, size_t n);

/* The same from a cri-dockerd name, "k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT". False: it is none. */
bool kubernetes_apply_name(struct container_info *c);
