/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "event/container_info.h"

/*
 * Takes what labels and annotations say of pod, container name and image. What they say wins: a
 * runtime's own name for a pod's container is made up from the same facts.
 */
void kubernetes_apply(struct container_info *c, const struct label *from, size_t n);

/*
 * The same from labels that are the image's, too, whoever has made that: only by keys that CRI (else cri-dockerd) or the kubelet
 * puts over those in any case.
 */
void kubernetes_apply_labels(struct container_info *c, const struct label *labels, size_t n, bool cri);

/* The same from a cri-dockerd name, "k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT". False: it is none. */
bool kubernetes_apply_name(struct container_info *c);
