/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose a slot can be: what a runtime says of a container is held against what the kernel saw of
 * the slot's tasks. By namespace, by cgroup; by a name (the id in the cgroup's path) only where nobody
 * else has it, since anyone can give a cgroup a name.
 */
#include "internal.h"

struct slot *claim_parent(struct engine *e, const struct slot *slot)
{
	struct slot *parent = &e->slots[slot->parent % NUNCHI_SLOTS_MAX];

	return slot->parent && parent->generation == slot->parent_generation ? parent : NULL;
}

struct container *claim_outer(struct engine *e, const struct slot *slot)
{
	struct slot *parent = claim_parent(e, slot);

	return parent && parent->phase == SLOT_CONTAINER ? model_container(e->model, parent->id) : NULL;
}

/* By the unique id where the kernel tells it (6.11), since inode numbers are used again at once. */
static bool same_mounts(const struct slot *slot, const struct container_info *info)
{
	if (slot->key && info->mntns_key)
		return slot->key == info->mntns_key;
	return info->mntns && info->mntns == slot->mntns;
}

/*
 * Whether what a runtime says is about the tasks of this slot: by facts, not by names. An inode
 * number alone may be that of an earlier namespace: then its container's init is older, too.
 */
bool claim_matches(const struct slot *slot, const struct container_info *info)
{
	if (info->cgroup_id && info->cgroup_id == slot->cgroup)
		return true;
	if (slot->init_pid && info->init_pid && slot->init_pid != info->init_pid)
		return false;
	if (slot->phase == SLOT_HOST)	/* its namespace may be gone, and the number another's */
		return false;
	if (slot->born && info->init_start && info->init_start + PROCESS_START_GRAIN < slot->time)
		return false;
	/* What was there before us has an init that was there before us. */
	if (!slot->born && info->init_start > slot->time + PROCESS_START_GRAIN)
		return false;
	if (same_mounts(slot, info))
		return true;
	return info->cgroup && slot->cgroup_path && streq(info->cgroup, slot->cgroup_path);
}

/*
 * Whether the slot may be that container's. What was opened inside something is that one's, unless
 * its mount namespace is the very one that a runtime gave to the container: a cgroup is easily
 * entered.
 */
bool claim_may_be(struct engine *e, const struct slot *slot, const struct container_info *info)
{
	if (!claim_matches(slot, info))
		return false;
	return !claim_parent(e, slot) || same_mounts(slot, info);
}

struct match {
	struct engine *e;
	const struct slot *slot;
};

static bool is_match(struct container *c, void *arg)
{
	const struct match *m = arg;

	return c->running && claim_may_be(m->e, m->slot, c->info);
}

/* What opened it is a runtime that keeps its state in files and has no daemon. */
static bool opened_by_plain_runtime(const struct slot *slot)
{
	return starts_with(slot->opener, "runc:[") || streq(slot->opener, "crun");
}

/* Where the container's first process is, or its own cgroup, if that has moved to one below. */
static bool in_cgroup_of(const char *path, const char *cgroup, const char *id)
{
	size_t own = cgroup_own_len(cgroup, id);

	return streq(path, cgroup) || (strncmp(path, cgroup, own) == 0 && !path[own]);
}

/*
 * Whether a container may have been made in there: by a runtime, or because its tasks have a
 * cgroup of their own. Else a program of the container has only unshared its namespaces.
 */
static bool may_be_nested(struct engine *e, const struct slot *slot, const struct container *outer)
{
	/* Where no runtime's word is to be had for it, the kernel's. */
	const char *cgroup = outer->info->cgroup ? outer->info->cgroup : claim_parent(e, slot)->cgroup_path;

	return opened_by_plain_runtime(slot) ||
	       (slot->cgroup_path && cgroup && !in_cgroup_of(slot->cgroup_path, cgroup, outer->info->id));
}

/* A runtime that failed before its child had a cgroup of its own has left it in that of who called it. */
static bool is_of_a_caller(const char *name)
{
	static const char *const callers[] = { "libpod-conmon-", "crio-conmon-", "session-" };
	const char *end = strrchr(name, '.');

	for (size_t i = 0; i < ARRAY_SIZE(callers); i++)
		if (starts_with(name, callers[i]) && end && streq(end, ".scope"))
			return true;
	return streq(name, "conmon") || (end && streq(end, ".service"));
}

/*
 * A container of plain runc or crun can be over before the disk was looked at. That such a runtime
 * made the namespaces is known from its process, and its cgroup is named after the container:
 * "/ID", or "runc-ID.scope" below systemd's.
 */
static char *plain_id(const struct slot *slot)
{
	const char *name = slot->cgroup_path ? strrchr(slot->cgroup_path, '/') : NULL;
	size_t len;

	if (!slot->born || !opened_by_plain_runtime(slot) || !name || !*++name || is_of_a_caller(name))
		return NULL;
	if (starts_with(name, *slot->opener == 'r' ? "runc-" : "crun-"))
		name += strlen("runc-");
	len = strlen(name);
	if (len > strlen(".scope") && streq(name + len - strlen(".scope"), ".scope"))
		len -= strlen(".scope");
	return xstrndup(name, len);
}

static bool is_twin(struct container *c, void *arg)
{
	const char *id = arg;

	return strncmp(c->info->id, id, CONTAINER_ID_SHORT) == 0;
}

/* Whether the cgroup is named by root. In what was given to a user he can give any name, also that of a container that will run again. */
static bool is_named_by_root(const struct engine *e, const struct slot *slot)
{
	const char *root = e->config->runtimes.root;

	return cgroup_is_roots(root ? root : "", slot->cgroup_path);
}

/* What was a user's, or was known in this very cgroup, runs again. */
static bool may_be_again(const struct engine *e, const struct slot *slot, const struct container *c)
{
	const struct container_info *info = c->info;

	return info->owner > CONTAINER_OWNER_ROOT || (!info->owner && info->cgroup && streq(info->cgroup, slot->cgroup_path)) ||
	       is_named_by_root(e, slot);
}

/*
 * Whether the slot may be called so, of which the container c (NULL: none) is known. Not as one that runs; and what was made
 * in a container not as one that has stopped elsewhere, whose name and image it would have, nor by an id that looks like
 * another's where it is shown.
 */
static bool may_be_called(struct engine *e, const struct slot *slot, const char *id, const struct container *c)
{
	const struct container *outer = claim_outer(e, slot);

	if (c && (c->running || !may_be_again(e, slot, c)))
		return false;
	if (!claim_parent(e, slot))
		return true;
	if (c)
		return outer && c->info->parent_id && streq(c->info->parent_id, outer->info->id);
	return strlen(id) != CONTAINER_ID_LEN || !model_first_container(e->model, is_twin, (void *)id);
}

/*
 * What the cgroup's path says of a container that nobody has named: its id at least. Anyone can name
 * a cgroup so. False: nothing.
 */
static bool id_of_cgroup(struct engine *e, const struct slot *slot, char ret_id[CONTAINER_ID_LEN + 1],
			 const char **ret_runtime)
{
	const struct container *c;

	if (!slot->cgroup_path || !cgroup_container_id(slot->cgroup_path, ret_id, ret_runtime))
		return false;
	c = model_container(e->model, ret_id);
	if (!c && !is_named_by_root(e, slot))
		return false;
	return may_be_called(e, slot, ret_id, c) || (c && c->running && claim_matches(slot, c->info));
}

/* As far as the kernel alone knows a container. NULL: it is none. */
struct container *claim_by_kernel(struct engine *e, const struct slot *slot, const char *why)
{
	_cleanup_free_ char *plain = NULL, *runtime_name = NULL;
	struct container_info info = { 0 };
	const char *runtime = NULL;
	struct container *c;
	char id[CONTAINER_ID_LEN + 1];

	if (id_of_cgroup(e, slot, id, &runtime)) {
		c = model_container(e->model, id);
		info.id = id;
		info.incomplete = c && c->info->name ? NULL : (char *)why;
	} else if ((plain = plain_id(slot)) &&
		   may_be_called(e, slot, plain, model_container(e->model, plain))) {
		info.id = info.name = plain;
		runtime = *slot->opener == 'c' ? "crun" : "runc";
	} else {
		return NULL;
	}
	info.runtime = runtime_name = xstrdup(runtime);
	/* Not its cgroup as an identity: it may be one that others are in. */
	info.cgroup = slot->cgroup_path;
	info.mntns = slot->mntns;
	info.pidns = slot->pidns;
	encode_container(&e->record, &info, clock_boot());
	pipeline_made(e);
	return model_container(e->model, info.id);
}

/* Of a slot that was opened in a container. Its runtime is in there too, where nobody asks it. */
static struct container *find_nested(struct engine *e, const struct slot *slot,
				     struct container *outer)
{
	if (!may_be_nested(e, slot, outer))
		return outer;
	return claim_by_kernel(e, slot, "it was made in a container, by a runtime that is not asked");
}

struct container *claim_find(struct engine *e, const struct slot *slot)
{
	struct container *outer = claim_outer(e, slot);
	struct match m = { .e = e, .slot = slot };
	struct container *found = model_first_container(e->model, is_match, &m);

	return found || !outer ? found : find_nested(e, slot, outer);
}
