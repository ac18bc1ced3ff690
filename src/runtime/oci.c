/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OCI does not have the engines' word "privileged": here it means that no path is masked, and that the bounding set has the
 * capabilities that are in no default set.
 */
#include "oci.h"

#include <errno.h>

#include "json.h"
#include "kubernetes.h"

void oci_state_free(struct oci_state *s)
{
	free(s->bundle);
	free(s->cgroup);
	*s = (struct oci_state){ 0 };
}

static bool has_string(const json_t *list, const char *want)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (s && streq(s, want))
			return true;
	}
	return false;
}

static const char *const propagations[] = { "private", "rprivate", "shared", "rshared", "slave", "rslave" };

static bool looks_privileged(const json_t *bounding, const json_t *masked)
{
	return has_string(bounding, "CAP_SYS_ADMIN") && has_string(bounding, "CAP_SYS_MODULE") &&
	       has_string(bounding, "CAP_SYS_RAWIO") && !json_array_size(masked);
}

/* The namespaces without an entry, which are the host's. Names as in config.json, and as in state.json. */
static uint8_t missing_namespaces(const json_t *list)
{
	static const struct {
		const char *name, *clone;
		uint8_t bit;
	} all[] = {
		{ "pid", "NEWPID", SHARES_PID },    { "network", "NEWNET", SHARES_NET },
		{ "ipc", "NEWIPC", SHARES_IPC },    { "uts", "NEWUTS", SHARES_UTS },
		{ "user", "NEWUSER", SHARES_USER }, { "cgroup", "NEWCGROUP", SHARES_CGROUP },
	};
	uint8_t shares = 0;

	if (!json_is_array(list))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		shares |= all[i].bit;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *type = json_text(json_array_get(list, i), "type");

		for (size_t k = 0; type && k < ARRAY_SIZE(all); k++)
			if (streq(type, all[k].name) || streq(type, all[k].clone))
				shares &= (uint8_t)~all[k].bit;
	}
	return shares;
}

/*
 * podman copies an image's annotations, and these replace even its own io.container.manager: an image's author can write
 * what CRI-O writes. So podman is recognised by its name for the cgroup ("/libpod_parent/libpod-ID",
 * "machine.slice:libpod:ID", or the prefix of its scope); if it makes no cgroup, by its other annotations.
 */
static bool is_podman(const struct label *labels, size_t n, const char *cgroup)
{
	const char *manager = labels_find(labels, n, "io.container.manager");

	if (cgroup && *cgroup)
		return strstr(cgroup, "/libpod-") || strstr(cgroup, ":libpod:") || streq(cgroup, "libpod");
	if (manager && streq(manager, "libpod"))
		return true;
	for (size_t i = 0; i < n; i++)
		if (starts_with(labels[i].key, "io.podman.annotations."))
			return true;
	return false;
}

static const char *find_manager(const struct label *labels, size_t n)
{
	const char *manager = labels_find(labels, n, "io.container.manager");

	/* CRI-O gave itself a name only later. podman writes some of CRI-O's keys, but not this one. */
	if ((manager && streq(manager, "cri-o")) ||
	    (!manager && labels_find(labels, n, "io.kubernetes.cri-o.ContainerID")))
		return "cri-o";
	return NULL;
}

/* Takes the pod from the annotations. Returns the manager ("podman", "cri-o"), or NULL. */
static const char *read_annotations(const struct label *labels, size_t n, const char *cgroup,
				    struct container_info *c)
{
	if (is_podman(labels, n, cgroup))
		return "podman";
	kubernetes_apply(c, labels, n);
	return find_manager(labels, n);
}

/* "key=value" strings: the annotations, and the bundle's place. */
static void read_state_labels(const json_t *list, const char *cgroup, struct container_info *c,
			      struct oci_state *s)
{
	struct label *labels = NULL;
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		const char *equals = text ? strchr(text, '=') : NULL;
		_cleanup_free_ char *key = equals ? xstrndup(text, (size_t)(equals - text)) : NULL;

		if (!key)
			continue;
		if (streq(key, "bundle")) {
			free(s->bundle);
			s->bundle = equals[1] == '/' ? bounded_dup(equals + 1) : NULL;
			continue;
		}
		labels_add(&labels, &n, key, equals + 1);
	}
	s->manager = read_annotations(labels, n, cgroup, c);
	labels_free(labels, n);
}

int oci_parse_runc_state(const char *text, size_t len, struct container_info *c,
			 struct oci_state *s)
{
	_cleanup_json_ json_t *j = json_parse(text, len);
	const json_t *config = json_at(j, "config");
	const char *cgroup;
	int64_t ticks;

	*s = (struct oci_state){ 0 };
	if (!json_text(j, "id") || !json_is_object(config))
		return -EBADMSG;
	s->pid = json_pid(j, "init_process_pid");
	ticks = json_number(j, "init_process_start");
	s->start_ticks = ticks > 0 ? (uint64_t)ticks : 0;
	cgroup = json_text(config, "cgroups.path");
	s->cgroup = cgroup && *cgroup == '/' ? bounded_dup(cgroup) : NULL;
	if (!c->created)
		c->created = json_time(j, "created");
	c->shares |= missing_namespaces(json_at(config, "namespaces"));
	c->privileged |= looks_privileged(json_at(config, "capabilities.Bounding"),
					  json_at(config, "mask_paths"));
	if (!cgroup || !*cgroup)
		cgroup = json_text(config, "cgroups.scope_prefix");
	read_state_labels(json_at(config, "labels"), cgroup, c, s);
	return 0;
}

int oci_parse_crun_status(const char *text, size_t len, struct container_info *c,
			  struct oci_state *s)
{
	_cleanup_json_ json_t *j = json_parse(text, len);
	const char *bundle = json_text(j, "bundle"), *cgroup = json_text(j, "cgroup-path");
	int64_t ticks;

	*s = (struct oci_state){ 0 };
	if (!json_is_integer(json_at(j, "pid")))
		return -EBADMSG;
	s->pid = json_pid(j, "pid");
	ticks = json_number(j, "process-start-time");
	s->start_ticks = ticks > 0 ? (uint64_t)ticks : 0;
	s->bundle = bundle && *bundle == '/' ? bounded_dup(bundle) : NULL;
	s->cgroup = cgroup && *cgroup == '/' ? bounded_dup(cgroup) : NULL;
	if (!c->created)
		c->created = json_time(j, "created");
	return 0;
}

/* The bind mounts, except the three files that every engine makes itself. */
static void read_mounts(const json_t *list, struct container_info *c)
{
	static const char *const own[] = { "/etc/hosts", "/etc/hostname", "/etc/resolv.conf" };

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *m = json_array_get(list, i), *options = json_at(m, "options");
		const char *dest = json_text(m, "destination"), *propagation = NULL;
		bool bound = has_string(options, "bind") || has_string(options, "rbind");

		for (size_t k = 0; dest && k < ARRAY_SIZE(own); k++)
			bound = bound && !streq(dest, own[k]);
		for (size_t k = 0; k < ARRAY_SIZE(propagations); k++)
			if (has_string(options, propagations[k]))
				propagation = propagations[k];
		if (bound)
			container_info_add_mount(c, json_text(m, "source"), dest,
						 !has_string(options, "ro"), propagation);
	}
}

void oci_read_spec(const json_t *spec, struct container_info *c, struct oci_state *s)
{
	const char *cgroup = json_text(spec, "linux.cgroupsPath");
	struct label *annotations = NULL;
	const char *manager;
	size_t n = 0;

	c->shares |= missing_namespaces(json_at(spec, "linux.namespaces"));
	c->privileged |= looks_privileged(json_at(spec, "process.capabilities.bounding"),
					  json_at(spec, "linux.maskedPaths"));
	if (!c->n_mounts)
		read_mounts(json_at(spec, "mounts"), c);
	labels_add_json(&annotations, &n, spec, "annotations");
	manager = read_annotations(annotations, n, s && s->cgroup ? s->cgroup : cgroup, c);
	if (s && !s->manager)
		s->manager = manager;
	if (s && !s->cgroup)
		s->cgroup = bounded_dup(cgroup);
	labels_free(annotations, n);
}

int oci_parse_spec(const char *text, size_t len, struct container_info *c, struct oci_state *s)
{
	_cleanup_json_ json_t *j = json_parse(text, len);

	if (!json_text(j, "ociVersion"))
		return -EBADMSG;
	oci_read_spec(j, c, s);
	return 0;
}
