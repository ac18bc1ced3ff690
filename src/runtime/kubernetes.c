/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The facts about pods are in labels and OCI annotations, under keys that depend on who wrote them: the kubelet,
 * containerd's CRI, CRI-O, cri-dockerd. There is one table for all.
 */
#include "kubernetes.h"

#include "json.h"

#define SANDBOX_NAME "POD"

static const struct {
	const char *key;
	size_t member;
} keys[] = {
	/* A later row replaces what an earlier one has set. */
	{ "nerdctl/name", offsetof(struct container_info, name) },
	{ "io.kubernetes.container.name", offsetof(struct container_info, name) },
	{ "io.kubernetes.cri.container-name", offsetof(struct container_info, name) },
	{ "io.kubernetes.pod.name", offsetof(struct container_info, pod_name) },
	{ "io.kubernetes.cri.sandbox-name", offsetof(struct container_info, pod_name) },
	{ "io.kubernetes.pod.namespace", offsetof(struct container_info, pod_namespace) },
	{ "io.kubernetes.cri.sandbox-namespace", offsetof(struct container_info, pod_namespace) },
	{ "io.kubernetes.pod.uid", offsetof(struct container_info, pod_uid) },
	{ "io.kubernetes.cri.sandbox-uid", offsetof(struct container_info, pod_uid) },
	{ "io.kubernetes.cri.sandbox-id", offsetof(struct container_info, pod_sandbox) },
	{ "io.kubernetes.cri-o.SandboxID", offsetof(struct container_info, pod_sandbox) },
	{ "io.kubernetes.sandbox.id", offsetof(struct container_info, pod_sandbox) },	/* cri-dockerd */
	{ "io.kubernetes.cri-o.IP.0", offsetof(struct container_info, ip) },
	{ "io.kubernetes.cri.image-name", offsetof(struct container_info, image) },
	/* The name that was requested, then any name of the image. */
	{ "io.kubernetes.cri-o.Image", offsetof(struct container_info, image) },
	{ "io.kubernetes.cri-o.ImageName", offsetof(struct container_info, image) },
};

static const struct label sandbox_marks[] = {
	{ (char *)"io.kubernetes.cri.container-type", (char *)"sandbox" },
	{ (char *)"io.kubernetes.cri-o.ContainerType", (char *)"sandbox" },
	{ (char *)"io.kubernetes.docker.type", (char *)"podsandbox" },
	{ (char *)"io.cri-containerd.kind", (char *)"sandbox" },
};

static void replace(char **member, const char *value)
{
	char *copy = bounded_dup(value);

	free(*member);
	*member = copy;
}

static void mark_sandbox(struct container_info *c)
{
	c->sandbox = true;
	replace(&c->name, SANDBOX_NAME);
}

/* "k8s_POD_NAMESPACE_UID_ATTEMPT", of a sandbox. */
static void apply_sandbox_name(struct container_info *c, const char *text)
{
	_cleanup_free_ char *copy = xstrdup(text);
	char *rest = copy, *part[5] = { NULL };

	for (size_t i = 0; i < ARRAY_SIZE(part); i++) {
		part[i] = strsep(&rest, "_");
		if (!part[i] || !*part[i])
			return;
	}
	if (rest || !streq(part[0], "k8s"))
		return;
	replace(&c->pod_name, part[1]);
	replace(&c->pod_namespace, part[2]);
	replace(&c->pod_uid, part[3]);
}

/* The same facts as JSON: of a pod; or of a container, which has only its name there. */
static void apply_crio_metadata(struct container_info *c, const char *text, bool sandbox)
{
	_cleanup_json_ json_t *j = json_parse(text, strlen(text));

	if (!json_text(j, "name"))
		return;
	replace(sandbox ? &c->pod_name : &c->name, json_text(j, "name"));
	if (sandbox && json_text(j, "namespace"))
		replace(&c->pod_namespace, json_text(j, "namespace"));
	if (sandbox && json_text(j, "uid"))
		replace(&c->pod_uid, json_text(j, "uid"));
}

/* CRI-O keeps the labels as JSON in one annotation. */
static void apply_crio_labels(struct container_info *c, const char *text)
{
	_cleanup_json_ json_t *j = json_parse(text, strlen(text));
	const char *s;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		/* The keys have dots: no paths. */
		s = json_string_value(json_object_get(j, keys[i].key));
		if (s && *s && keys[i].member != offsetof(struct container_info, image))
			replace((char **)((char *)c + keys[i].member), s);
	}
}

/* A pod that crictl made has no labels. So these annotations come first, and labels replace them. */
static void apply_crio(struct container_info *c, const struct label *from, size_t n)
{
	const char *type = labels_find(from, n, "io.kubernetes.cri-o.ContainerType");
	const char *s = labels_find(from, n, "io.kubernetes.cri-o.SandboxName");

	if (s)
		apply_sandbox_name(c, s);
	s = labels_find(from, n, "io.kubernetes.cri-o.Metadata");
	if (s && type)
		apply_crio_metadata(c, s, streq(type, "sandbox"));
	s = labels_find(from, n, "io.kubernetes.cri-o.Labels");
	if (s)
		apply_crio_labels(c, s);
}

void kubernetes_apply(struct container_info *c, const struct label *from, size_t n)
{
	const char *s;

	apply_crio(c, from, n);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		s = labels_find(from, n, keys[i].key);
		if (!s)
			continue;
		if (keys[i].member == offsetof(struct container_info, image))
			image_set(c, s);
		else
			replace((char **)((char *)c + keys[i].member), s);
	}
	/* After the image, whose name may have a digest of its own. */
	s = labels_find(from, n, "io.kubernetes.cri-o.ImageRef");
	s = s ? strstr(s, "@sha256:") : NULL;
	if (s && !c->image_digest)
		c->image_digest = bounded_dup(s + 1);
	for (size_t i = 0; i < ARRAY_SIZE(sandbox_marks); i++) {
		s = labels_find(from, n, sandbox_marks[i].key);
		if (s)
			c->tells |= TELLS_SANDBOX;
		if (s && streq(s, sandbox_marks[i].value))
			mark_sandbox(c);
	}
}

static bool is_put_over(const char *key, bool cri)
{
	if (starts_with(key, "io.kubernetes.pod.") || streq(key, "io.kubernetes.container.name"))
		return true;
	return cri ? streq(key, "io.cri-containerd.kind") :
		     streq(key, "io.kubernetes.docker.type") || streq(key, "io.kubernetes.sandbox.id");
}

void kubernetes_apply_labels(struct container_info *c, const struct label *labels, size_t n, bool cri)
{
	struct label *own = NULL;
	size_t n_own = 0;

	for (size_t i = 0; i < n; i++)
		if (is_put_over(labels[i].key, cri))
			labels_add(&own, &n_own, labels[i].key, labels[i].value);
	kubernetes_apply(c, own, n_own);
	labels_free(own, n_own);
}

bool kubernetes_apply_name(struct container_info *c)
{
	_cleanup_free_ char *copy = xstrdup(c->name);
	char *rest = copy, *part[6] = { NULL };

	if (!copy || !starts_with(copy, "k8s_"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(part); i++) {
		part[i] = strsep(&rest, "_");
		if (!part[i] || !*part[i])
			return false;
	}
	replace(&c->name, part[1]);
	replace(&c->pod_name, part[2]);
	replace(&c->pod_namespace, part[3]);
	replace(&c->pod_uid, part[4]);
	if (streq(part[1], SANDBOX_NAME))
		mark_sandbox(c);
	return true;
}
