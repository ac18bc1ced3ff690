/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which container a slot can belong to: compares what a runtime says of a container with what the kernel
 * saw of the slot's tasks. By namespace and by cgroup; by name (the id in the cgroup's path) only if no
 * other container has that name, since anyone can name a cgroup.
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

/* Whether it was opened by a runtime without a daemon, which keeps its state in files. */
static bool opened_by_plain_runtime(const struct slot *slot)
{
	return starts_with(slot->opener, "runc:[") || streq(slot->opener, "crun");
}

/* By the unique id if the kernel tells it (6.11), since inode numbers are reused at once. */
bool claim_same_mounts(const struct slot *slot, const struct container_info *info)
{
	if (slot->key && info->mntns_key)
		return slot->key == info->mntns_key;
	return info->mntns && info->mntns == slot->mntns;
}

/* Whether the container's first process is older than the slot's namespaces. */
static bool is_older(const struct slot *slot, const struct container_info *info)
{
	return slot->born && info->init_start && info->init_start + PROCESS_START_GRAIN < slot->time;
}

/*
 * A slot that a runtime made in other mounts is not a container that runs already, not even if it is in that
 * container's cgroup: runc before 1.2 puts two containers of the same name into one cgroup.
 */
bool claim_is_anothers(const struct slot *slot, const struct container_info *info)
{
	return is_older(slot, info) && opened_by_plain_runtime(slot) && info->mntns && !claim_same_mounts(slot, info);
}

/*
 * Whether what a runtime says is about the tasks of this slot: by facts, not by names. An inode number
 * alone could be that of an earlier namespace; but then that container's init is older as well.
 */
bool claim_matches(const struct slot *slot, const struct container_info *info)
{
	if (claim_is_anothers(slot, info))
		return false;
	if (info->cgroup_id && info->cgroup_id == slot->cgroup)
		return true;
	if (slot->init_pid && info->init_pid && slot->init_pid != info->init_pid)
		return false;
	if (slot->phase == SLOT_HOST)	/* its namespace may be gone, and the number reused */
		return false;
	if (is_older(slot, info))
		return false;
	/* A slot that existed before us has an init that existed before us. */
	if (!slot->born && info->init_start > slot->time + PROCESS_START_GRAIN)
		return false;
	if (claim_same_mounts(slot, info))
		return true;
	return info->cgroup && slot->cgroup_path && streq(info->cgroup, slot->cgroup_path);
}

/*
 * Whether the slot may be that container's. A slot that was opened inside a container belongs to that one,
 * unless its mount namespace is the very one that a runtime reports; the cgroup is not enough, because
 * it is easily entered.
 */
bool claim_may_be(struct engine *e, const struct slot *slot, const struct container_info *info)
{
	if (!claim_matches(slot, info))
		return false;
	return !claim_parent(e, slot) || claim_same_mounts(slot, info);
}

struct match {
	struct engine *e;
	const struct slot *slot;
	bool mounts;	/* match by mount namespace only: several containers can share a cgroup */
};

static bool is_match(struct container *c, void *arg)
{
	const struct match *m = arg;

	return c->running && (!m->mounts || claim_same_mounts(m->slot, c->info)) && claim_may_be(m->e, m->slot, c->info);
}

/* Whether path is the cgroup of the container's first process, or the container's own, if init has moved below it. */
static bool in_cgroup_of(const char *path, const char *cgroup, const char *id)
{
	size_t own = cgroup_own_len(cgroup, id);

	return streq(path, cgroup) || (strncmp(path, cgroup, own) == 0 && !path[own]);
}

/*
 * Whether the slot may be a container made inside another: a runtime opened it, or its tasks have a cgroup
 * of their own. Otherwise a program of the outer container has merely unshared its namespaces.
 */
static bool may_be_nested(struct engine *e, const struct slot *slot, const struct container *outer)
{
	/* The cgroup that the runtime reported, else the one that the kernel saw. */
	const char *cgroup = outer->info->cgroup ? outer->info->cgroup : claim_parent(e, slot)->cgroup_path;

	return opened_by_plain_runtime(slot) ||
	       (slot->cgroup_path && cgroup && !in_cgroup_of(slot->cgroup_path, cgroup, container_called(outer->info)));
}

/* Whether the cgroup is that of a runtime's caller: there a runtime leaves its child if it fails before making a cgroup. */
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
 * The id of a container of plain runc or crun that ended before the disk was looked at; NULL: it is none.
 * That such a runtime made the namespaces is known from its process's comm, and the cgroup is named after
 * the container: "/ID", or "runc-ID.scope" with systemd.
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

/* Whether root named the cgroup. A user can choose any name in a delegated cgroup, also that of a container that will run again. */
static bool is_named_by_root(const struct engine *e, const struct slot *slot)
{
	const char *root = e->config->runtimes.root;

	return cgroup_is_roots(root ? root : "", slot->cgroup_path);
}

/* Whether the slot may be a stopped container that runs again: it was a user's, or was in this cgroup, or root named the cgroup. */
static bool may_be_again(const struct engine *e, const struct slot *slot, const struct container *c)
{
	const struct container_info *info = c->info;

	return info->owner > CONTAINER_OWNER_ROOT || (!info->owner && info->cgroup && streq(info->cgroup, slot->cgroup_path)) ||
	       is_named_by_root(e, slot);
}

/*
 * Whether the slot may get this id; c: the container that has the id already, or NULL. Not if c runs. A
 * slot opened inside a container may not get the id of one that has stopped elsewhere, whose name and
 * image it would inherit; nor an id whose first 12 digits, which are shown, are another container's.
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
 * The id in the cgroup's path, for a container that nobody has named. Anyone can name a cgroup; so it must
 * pass the checks above. False: there is no id that can be believed.
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

/* Whether c has ended, and only the kernel knew it: the slot can be its next run. */
static bool is_unnamed(struct container *c, void *called)
{
	return !c->running && !c->info->owner && !c->info->space && c->info->called && streq(c->info->called, called);
}

/*
 * The id in the stream of a container that plain runc or crun made here, owned by the caller; *ret_called: its
 * name, if that is not its id. A running container can have the same name, if it comes from another state
 * directory or runtime: then this is one more. NULL: the name cannot be believed.
 */
static char *plain_container(struct engine *e, const struct slot *slot, char **ret_called)
{
	_cleanup_free_ char *plain = plain_id(slot);
	struct container *c = plain ? model_container(e->model, plain) : NULL;

	if (!plain || may_be_called(e, slot, plain, c))
		return TAKE_PTR(plain);
	/* An id that an engine made is unique. */
	if (strlen(plain) == CONTAINER_ID_LEN || claim_parent(e, slot) || !is_named_by_root(e, slot) || !namesake_runs(c) ||
	    claim_matches(slot, c->info))
		return NULL;
	*ret_called = TAKE_PTR(plain);
	c = model_first_container(e->model, is_unnamed, *ret_called);
	return c ? xstrdup(c->info->id) : namesake_id(e, *ret_called);
}

/* Makes a container of what the kernel alone knows. NULL: it is none. */
struct container *claim_by_kernel(struct engine *e, const struct slot *slot, const char *why)
{
	_cleanup_free_ char *plain = NULL, *called = NULL, *runtime_name = NULL;
	struct container_info info = { 0 };
	const char *runtime = NULL;
	struct container *c;
	char id[CONTAINER_ID_LEN + 1];

	if (id_of_cgroup(e, slot, id, &runtime)) {
		c = model_container(e->model, id);
		info.id = id;
		info.incomplete = c && c->info->name ? NULL : (char *)why;
	} else if ((plain = plain_container(e, slot, &called))) {
		info.id = plain;
		info.called = called;
		info.name = called ? called : plain;
		runtime = *slot->opener == 'c' ? "crun" : "runc";
	} else {
		return NULL;
	}
	info.runtime = runtime_name = xstrdup(runtime);
	/* The path for display only, not cgroup_id: others may be in that cgroup. */
	info.cgroup = slot->cgroup_path;
	info.mntns = slot->mntns;
	info.pidns = slot->pidns;
	encode_container(&e->record, &info, clock_boot());
	pipeline_made(e);
	return model_container(e->model, info.id);
}

/* For a slot opened inside a container. Its runtime would be inside as well, where nobody asks it. */
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
	struct match m = { .e = e, .slot = slot, .mounts = true };
	struct container *found = model_first_container(e->model, is_match, &m);

	if (!found) {
		m.mounts = false;
		found = model_first_container(e->model, is_match, &m);
	}
	return found || !outer ? found : find_nested(e, slot, outer);
}
