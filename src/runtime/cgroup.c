/* SPDX-License-Identifier: Apache-2.0 */
/* What a cgroup's path says of the container in it. Only a hint: anyone can make such a directory. */
#include "runtime.h"

#include "json.h"

#define ID_LEN 64
#define ID_LONG 12	/* an id this long is in no other name by chance; "session-1.scope" ends with the id 1 */

/* Beginnings of a scope's name (systemd driver), and the directory above (cgroupfs driver). */
static const struct {
	const char *prefix;
	const char *runtime;
} scopes[] = {
	{ "docker-", "docker" },
	{ "cri-containerd-", "containerd" },
	{ "nerdctl-", "containerd" },
	{ "crio-", "cri-o" },
	{ "libpod-payload-", "podman" },
	{ "libpod-", "podman" },
};

static const struct {
	const char *parent;
	const char *runtime;
} parents[] = {
	{ "/docker/", "docker" },
	{ "/libpod_parent/", "podman" },
};

static bool take_id(const char *s, char ret_id[65])
{
	if (strspn(s, "0123456789abcdef") < ID_LEN)
		return false;
	memcpy(ret_id, s, ID_LEN);
	ret_id[ID_LEN] = '\0';
	return true;
}

bool cgroup_container_id(const char *path, char ret_id[65], const char **ret_runtime)
{
	const char *last, *end;

	*ret_runtime = NULL;
	if (!path)
		return false;
	last = strrchr(path, '/');
	last = last ? last + 1 : path;
	for (size_t i = 0; i < ARRAY_SIZE(scopes); i++) {
		if (!starts_with(last, scopes[i].prefix))
			continue;
		end = last + strlen(scopes[i].prefix);
		if (!take_id(end, ret_id))
			return false;
		end += ID_LEN;
		/* podman's names have no .scope with the cgroupfs driver, nor with --cgroups=split. */
		if (!streq(end, ".scope") && !(streq(end, "") && streq(scopes[i].runtime, "podman")))
			return false;
		*ret_runtime = scopes[i].runtime;
		return true;
	}
	if (!container_id_hex64(last) || !take_id(last, ret_id))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(parents); i++)
		if (strstr(path, parents[i].parent))
			*ret_runtime = parents[i].runtime;
	return true;
}

/* If the directory that the id at `at` stands in is named after it: the end of its name. Else NULL. */
static const char *end_of_name(const char *at, size_t len)
{
	const char *end = starts_with(at + len, ".scope") ? at + len + strlen(".scope") : at + len;

	return (at[-1] == '/' || (at[-1] == '-' && len >= ID_LONG)) && (!*end || *end == '/') ? end : NULL;
}

size_t cgroup_named_len(const char *path, const char *id)
{
	size_t len = strlen(id), found = 0;

	for (const char *at = len && *path ? strstr(path + 1, id) : NULL; at; at = strstr(at + 1, id)) {
		const char *end = end_of_name(at, len);

		/* A container can name cgroups inside its own after itself; a short id can be above it by chance. */
		if (end && !(found && len >= ID_LONG))
			found = (size_t)(end - path);
	}
	return found;
}

size_t cgroup_own_len(const char *path, const char *id)
{
	size_t named = cgroup_named_len(path, id);

	return named ? named : strlen(path);
}
