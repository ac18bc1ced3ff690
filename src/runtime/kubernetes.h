/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "event/container_info.h"

/*
 * Takes the pod, the container's name and the image from labels and annotations. These replace what is there: a runtime's
 * own name for a pod's container is made from the same facts.
 */
void kubernetes_apply(struct container_info *c, const struct label *from, size_t n);

/*
 * The same from labels that may also be the image's, whoever made it: only from keys that the kubelet, and CRI (else
 * cri-dockerd), always set themselves, over the image's.
 */
void kubernetes_apply_labels(struct container_info *c, const struct label *labels, size_t n, bool cri);

/* The same from a cri-dockerd name, "k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT". False: it is none. */
bool kubernetes_apply_name(struct container_info *c);
