/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which container is a task in? The path of its cgroup names one, but a path is only a hint: a running container is
 * believed to be the task's only if both are in one cgroup or in the same mount namespace. Else the task's ancestors are
 * looked at: one that is a container's first process decides.
 */
#include "disk.h"

#include "base/clock.h"
#include "facts.h"

#define ANCESTORS_MAX 16

struct task {
	const struct resolve_context *x;
	uint32_t pid;
	const char *cgroup;	/* its path as the question has it */
	char *now;		/* its path by /proc; NULL: the task is gone, or that is not known */
	uint64_t mntns;
};

/* Whether path is the first len bytes of above, or below that; never for "/". */
static bool is_below(const char *path, const char *above, size_t len)
{
	return path && len > 1 && strncmp(path, above, len) == 0 &&
	       (path[len] == '/' || path[len] == '\0');
}

/*
 * The same mount namespace, and not the host's, which would prove nothing; nor would a shared PID namespace, which the
 * containers of a pod can have.
 */
static bool same_mounts(const struct task *t, const struct container_info *c)
{
	/* Read anew: a process that is ending leaves its mount namespace before it has ended. */
	if (!t->mntns || t->mntns != process_namespace(t->x->root, c->init_pid, "mnt") ||
	    t->mntns == process_namespace(t->x->root, 1, "mnt"))
		return false;
	/* If we are in a container (root is set), our own mount namespace is not the host's. */
	return *t->x->root || t->mntns != process_namespace("", (uint32_t)getpid(), "mnt");
}

/*
 * The path in the question counts only if the task is gone, so that /proc does not know, and then it must be equal: a cgroup
 * can be made below another container's.
 */
static bool same_cgroup(const struct task *t, const struct container_info *c)
{
	if (!c->cgroup)
		return false;
	return t->now ? is_below(t->now, c->cgroup, cgroup_own_len(c->cgroup, c->id)) :
			t->cgroup && strlen(c->cgroup) > 1 && streq(t->cgroup, c->cgroup);
}

/*
 * Before its first process is known there is nothing to compare. But it may also have ended, and a user can take its name:
 * in a cgroup that was delegated to him he can make any directory. So then root must have made the cgroup.
 */
static bool agrees(const struct task *t, const struct container_info *c, const char *path)
{
	return c->init_pid ? same_cgroup(t, c) || same_mounts(t, c) : cgroup_is_roots(t->x->root, path);
}

static struct entry *find(const struct resolve_context *x, const char *key)
{
	uint64_t hash = hash_string(key);

	for (struct hnode *n = hmap_first(x->entries, hash); n; n = hmap_next(n, hash)) {
		struct entry *e = container_of(n, struct entry, by_key);

		if (streq(e->key, key))
			return e;
	}
	return NULL;
}

static struct container_info *by_pattern(const struct task *t, const char *path)
{
	_cleanup_container_info_ struct container_info *c = NULL;
	const char *runtime;
	struct entry *e;
	char id[65];

	if (!cgroup_container_id(path, id, &runtime))
		return NULL;
	e = find(t->x, id);
	if (e && e->info)
		return entry_is_known(e) && agrees(t, e->info, path) ? container_info_dup(e->info) : NULL;
	c = docker_dir_load(t->x->root, t->x->docker_dirs, t->x->n_docker_dirs, id);
	if (!c)
		return NULL;
	facts_fill(c, t->x->root);
	return agrees(t, c, path) ? TAKE_PTR(c) : NULL;
}

/* containerd's own namespaces put a container in "/NAMESPACE/ID" unless told otherwise. */
static bool in_default_cgroup(const struct entry *e, const char *path)
{
	_cleanup_free_ char *cgroup = NULL;

	if (!e->space || !path)
		return false;
	cgroup = xasprintf("/%s/%s", e->space, e->id);
	return is_below(path, cgroup, strlen(cgroup));
}

/*
 * A user's entry may claim only processes in user namespaces that he made: its id can be the name of a cgroup that others
 * are in, such as "user.slice". Of a task that has ended this is not known, but then the cgroup's path must be equal.
 */
static bool may_claim(const struct task *t, const struct entry *e)
{
	return !e->owner || !t->now || process_userns_owner(t->x->root, t->pid) == (int64_t)e->owner;
}

/*
 * How good the entry's claim on the task is; lower is better: the nearest ancestor first, then the cgroup, then the mount
 * namespace. If the first process has ended only the cgroup counts, and only for a task that has ended as well: PIDs and
 * inode numbers of namespaces are reused at once. SIZE_MAX: no claim.
 */
static size_t rank_of(const struct task *t, const struct entry *e, const uint32_t *chain,
		      size_t n_chain)
{
	bool alive = entry_alive(e, t->x->root);
	size_t rank = 0;

	if (!e->info->init_pid)
		return !e->owner && in_default_cgroup(e, t->now ? t->now : t->cgroup) ? n_chain : SIZE_MAX;
	while (rank < n_chain && chain[rank] != e->info->init_pid)
		rank++;
	if (alive && rank < n_chain)
		return rank;
	if ((alive || !t->now) && same_cgroup(t, e->info) && may_claim(t, e))
		return n_chain;
	return alive && same_mounts(t, e->info) ? n_chain + 1 : SIZE_MAX;
}

static bool is_roots_id(const struct resolve_context *x, const char *id)
{
	hmap_for_each(x->entries, n) {
		const struct entry *e = container_of(n, struct entry, by_key);

		if (!e->owner && streq(e->id, id))
			return true;
	}
	return false;
}

/*
 * Which of two equally good claims wins; one user can make both. Not one by the id of a container of root's, which is not
 * believed; else always the same, whatever the order in the table.
 */
static bool is_better(const struct resolve_context *x, const struct entry *e, const struct entry *than)
{
	bool refused = e->owner && is_roots_id(x, e->id);

	if (refused != (than->owner && is_roots_id(x, than->id)))
		return !refused;
	return strcmp(e->key, than->key) < 0;
}

static struct container_info *by_entries(const struct task *t, const uint32_t *chain, size_t n_chain)
{
	const struct entry *best = NULL;
	size_t best_rank = SIZE_MAX;

	hmap_for_each(t->x->entries, n) {
		const struct entry *e = container_of(n, struct entry, by_key);
		size_t rank = e->info ? rank_of(t, e, chain, n_chain) : SIZE_MAX;

		if (rank < best_rank || (best && rank == best_rank && is_better(t->x, e, best))) {
			best = e;
			best_rank = rank;
		}
	}
	return best ? container_info_dup(best->info) : NULL;
}

/* Whether the process is gone: its PID may have been reused. /proc has starts in steps of a tick. */
static bool is_gone(const char *root, uint32_t pid, uint64_t start)
{
	uint64_t now = process_start(root, pid);

	return !now || now > start || !process_start_is(now, start);
}

struct container_info *resolve_task(const struct resolve_context *x, uint32_t pid, uint64_t start,
				    const char *cgroup)
{
	struct task t = { .x = x, .cgroup = cgroup };
	_cleanup_free_ char *now = NULL;
	struct container_info *c;
	uint32_t chain[ANCESTORS_MAX + 1];
	size_t n = 0;

	if (is_gone(x->root, pid, start))
		pid = 0;
	t.pid = pid;
	t.now = now = process_cgroup(x->root, pid);
	t.mntns = process_namespace(x->root, pid, "mnt");
	c = by_pattern(&t, now);
	if (!c && cgroup && !(now && streq(now, cgroup)))
		c = by_pattern(&t, cgroup);
	if (c)
		return c;
	for (uint32_t p = pid; p > 1 && n < ARRAY_SIZE(chain); p = process_parent(x->root, p))
		chain[n++] = p;
	return by_entries(&t, chain, n);
}
