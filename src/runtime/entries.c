/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One container as the disk has it: its runtime's state says which process it is, the bundle and
 * Docker's own file say its names. What a user's directory claims counts only for a process in a
 * user namespace that this user made.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "disk.h"
#include "docker_json.h"
#include "facts.h"
#include "hierarchy.h"
#include "json.h"
#include "root.h"
#include "source.h"
#include "storage.h"

/* config.json of a big pod is some 100 KiB. jansson makes up to 80 times the text of what means harm. */
#define STATE_MAX (1U << 20)
#define USER_STATE_MAX (128U << 10)
/* The list of all containers, some 500 bytes each; one object of it is parsed. */
#define STORAGE_MAX (8U << 20)

void entry_free(struct entry *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < PLACE_KINDS; i++)
		free(e->parts[i].path);
	container_info_free(e->posted);
	container_info_free(e->info);
	free(e->freezer);
	free(e->key);
	free(e->id);
	free(e->space);
	free(e);
}

/* Root, and who runs us: nobody else can make us read or believe what he could not himself. */
static bool is_trusted(uid_t owner)
{
	return !owner || owner == geteuid();
}

static size_t text_max(const struct entry *e)
{
	return is_trusted(e->owner) ? STATE_MAX : USER_STATE_MAX;
}

static int read_part(const struct entry *e, enum place_kind kind, const char *file,
		     struct strbuf *text)
{
	const struct entry_part *part = &e->parts[kind];
	_cleanup_close_ int dir = -1;
	struct stat st;

	if (!part->path)
		return -ENOENT;
	dir = open_trusted(part->path, part->trusted, O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		return dir;
	return read_bounded_at(dir, file, text_max(e), text, &st);
}

/* True if the state's owner may speak for that process. */
static bool owner_may(const struct entry *e, const char *root, uint32_t pid)
{
	return is_trusted(e->owner) || process_userns_owner(root, pid) == (int64_t)e->owner;
}

struct loader {
	struct entry *e;
	const char *root;
	struct container_info *c;
	struct oci_state state;
	struct strbuf text;
	bool crun;
};

/* Paths are told as the host has them. */
static char *source_of(const struct loader *l, enum place_kind kind, const char *file)
{
	return xasprintf("disk %s%s%s", l->e->parts[kind].path + strlen(l->root), *file ? "/" : "",
			 file);
}

static void load_state(struct loader *l)
{
	static int (*const parse[])(const char *, size_t, struct container_info *,
				    struct oci_state *) = {
		[PLACE_RUNC] = oci_parse_runc_state,
		[PLACE_CRUN] = oci_parse_crun_status,
	};

	for (size_t i = 0; i < ARRAY_SIZE(parse); i++) {
		const char *file = place_state_file((enum place_kind)i);

		if (read_part(l->e, (enum place_kind)i, file, &l->text) < 0 ||
		    parse[i](l->text.s, l->text.len, l->c, &l->state) < 0)
			continue;
		l->crun = i == PLACE_CRUN;
		if (l->state.pid && owner_may(l->e, l->root, l->state.pid))
			l->c->init_pid = l->state.pid;
		l->c->source = source_of(l, (enum place_kind)i, file);
		return;
	}
}

/* A container's own cgroup has its id in the path: its file can be older than the process. */
static bool names_cgroup(const struct loader *l, uint32_t pid)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	return container_id_hex64(l->e->id) && read_proc(l->root, pid, "cgroup", PROC_MAX, &text) == 0 &&
	       text.len && strstr(text.s, l->e->id);
}

/* init.pid or pidfile: a number and nothing else. podman leaves its own behind. */
static void load_init_pid(struct loader *l)
{
	static const enum place_kind kinds[] = { PLACE_BUNDLE, PLACE_RUNROOT };

	for (size_t i = 0; i < ARRAY_SIZE(kinds) && !l->c->init_pid; i++) {
		char *end;
		unsigned long pid;

		if (read_part(l->e, kinds[i], place_state_file(kinds[i]), &l->text) < 0)
			continue;
		pid = strtoul(l->text.s, &end, 10);
		if (end != l->text.s && pid <= INT32_MAX &&
		    owner_may(l->e, l->root, (uint32_t)pid) &&
		    (kinds[i] == PLACE_BUNDLE || names_cgroup(l, (uint32_t)pid)))
			l->c->init_pid = (uint32_t)pid;
	}
}

static void load_spec(struct loader *l)
{
	static const struct {
		enum place_kind kind;
		const char *file;
	} specs[] = {
		{ PLACE_BUNDLE, "config.json" },
		{ PLACE_STORAGE, "userdata/config.json" },
		{ PLACE_RUNROOT, "userdata/config.json" },
		{ PLACE_CRUN, "config.json" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		if (read_part(l->e, specs[i].kind, specs[i].file, &l->text) < 0 ||
		    oci_parse_spec(l->text.s, l->text.len, l->c, &l->state) < 0)
			continue;
		if (!l->c->source)
			l->c->source = source_of(l, specs[i].kind, specs[i].file);
		return;
	}
	/* Only who is trusted may name a directory for us to read. */
	if (l->state.bundle && is_trusted(l->e->owner)) {
		_cleanup_free_ char *path = xasprintf("%s/config.json", l->state.bundle);

		if (root_read(l->root, path, STATE_MAX, &l->text) < 0 ||
		    oci_parse_spec(l->text.s, l->text.len, l->c, &l->state) < 0)
			return;
	}
}

/* podman's and CRI-O's own records; of a storage in an unusual place the bundle tells where. */
static void load_storage(struct loader *l)
{
	static const char below[] = "/userdata";
	const struct entry_part *part = &l->e->parts[PLACE_STORAGE];
	struct storage_dir dir = { part->path, part->trusted, STORAGE_MAX };
	_cleanup_free_ char *path = NULL;
	char *end;

	if (!is_trusted(l->e->owner))
		dir.max = USER_STATE_MAX;
	if (!part->path && l->state.bundle && is_trusted(l->e->owner)) {
		path = root_path(l->root, l->state.bundle);
		if (!path)
			return;
		end = path + strlen(path) - strlen(below);
		if (end <= path || !streq(end, below))
			return;
		*end = '\0';
		dir = (struct storage_dir){ path, 0, STORAGE_MAX };
	}
	if (dir.path)
		storage_complete(l->c, &dir, l->state.cgroup);
	if (!l->c->source && part->path && l->c->name)
		l->c->source = source_of(l, PLACE_STORAGE, "");
}

/* ".../io.containerd.runtime.v2.task/NAMESPACE/ID": whose a state directory of any name is. */
static void space_from_bundle(struct entry *e, const char *bundle)
{
	static const char above[] = "/io.containerd.runtime.v2.task/";
	const char *space = bundle ? strstr(bundle, above) : NULL;

	if (!space || e->space)
		return;
	space += sizeof(above) - 1;
	e->space = xstrndup(space, strcspn(space, "/"));
}

/* What people call theirs is one namespace's own, or one directory's: others can be called the same. */
static char *own_space(const struct loader *l)
{
	const struct entry *e = l->e;

	if (container_id_hex64(e->id))
		return NULL;
	if (e->space)
		return xstrdup(e->space);
	for (size_t i = 0; i < PLACE_KINDS; i++) {
		const char *path = e->parts[i].path, *slash = path ? strrchr(path, '/') : NULL;

		if (slash)
			return xstrndup(path + strlen(l->root), (size_t)(slash - path) - strlen(l->root));
	}
	return NULL;
}

static const char *runtime_of(const struct loader *l, bool docker)
{
	const char *space = l->e->space;

	if (docker || (space && streq(space, "moby")))
		return "docker";
	if (l->state.manager)
		return l->state.manager;
	if (l->state.cgroup && strstr(l->state.cgroup, "crio-"))
		return "cri-o";
	if (space)
		return "containerd";
	/* Made and not started, there is no more than a name: CRI-O's begin as the kubelet's do. */
	if (l->e->parts[PLACE_STORAGE].path || l->e->parts[PLACE_RUNROOT].path)
		return l->c->pod_name && l->c->pod_namespace ? "cri-o" : "podman";
	return l->crun ? "crun" : "runc";
}

struct container_info *docker_dir_load(const char *root, const char *const *docker_dirs, size_t n,
				       const char *id)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *dir = xasprintf("%s/containers/%s", docker_dirs[i], id);
		_cleanup_free_ char *config = xasprintf("%s/config.v2.json", dir);
		_cleanup_free_ char *host = xasprintf("%s/hostconfig.json", dir);
		_cleanup_strbuf_ struct strbuf text = STRBUF_INIT, host_text = STRBUF_INIT;
		struct container_info *c;

		if (root_read(root, config, STATE_MAX, &text) < 0)
			continue;
		if (root_read(root, host, STATE_MAX, &host_text) < 0)
			strbuf_reset(&host_text);
		c = docker_parse_container(text.s, text.len, host_text.s, host_text.len);
		if (!c)
			continue;
		c->runtime = xstrdup("docker");
		c->source = xasprintf("disk %s", config);
		if (streq(c->id, id))
			return c;
		container_info_free(c);
	}
	return NULL;
}

/*
 * The runtimes that name their containers themselves: an id is no name there. Before its state is
 * written, a directory of 64 digits can be an engine's.
 */
static bool named_by_id(const struct container_info *c)
{
	return !container_id_hex64(c->id) ||
	       (c->source && (streq(c->runtime, "runc") || streq(c->runtime, "crun")));
}

/* The first process is believed only while it is the one that the state was written for. */
static void load_facts(struct loader *l)
{
	struct container_info *c = l->c;
	struct entry *e = l->e;

	e->start_ticks = l->state.start_ticks;
	if (c->init_pid && e->start_ticks &&
	    process_start_ticks(l->root, c->init_pid) != e->start_ticks)
		c->init_pid = 0;
	facts_fill(c, l->root);
	if (!c->init_pid) {
		c->started = 0;
		/* systemd's driver has no path there but "SLICE:PREFIX:NAME". */
		if (!c->cgroup && l->state.cgroup && *l->state.cgroup == '/')
			c->cgroup = xstrdup(l->state.cgroup);
	} else if (!e->start_ticks) {
		e->start_ticks = process_start_ticks(l->root, c->init_pid);
	}
	free(e->freezer);
	e->freezer = c->init_pid ? freezer_file(l->root, c->init_pid, e->id) : NULL;
	e->frozen = e->freezer && freezer_is_frozen(e->freezer);
}

void entry_load(struct entry *e, const char *root, const char *const *docker_dirs, size_t n)
{
	struct loader l = { .e = e, .root = root, .c = info_new(e->id) };
	_cleanup_container_info_ struct container_info *docker = NULL;

	e->stale = false;
	load_state(&l);
	space_from_bundle(e, l.state.bundle);
	load_init_pid(&l);
	load_spec(&l);
	load_facts(&l);
	load_storage(&l);
	if (container_id_hex64(e->id) && is_trusted(e->owner))
		docker = docker_dir_load(root, docker_dirs, n, e->id);
	l.c->runtime = xstrdup(runtime_of(&l, docker != NULL));
	if (docker) {
		/* Whether and as what it runs, the OCI state says; this file is written later. */
		docker->init_pid = 0;
		if (!l.c->init_pid)
			docker->started = 0;
		container_info_complete(l.c, docker);
		l.c->privileged = docker->privileged;
	}
	l.c->space = own_space(&l);
	l.c->owner = is_trusted(e->owner) ? CONTAINER_OWNER_ROOT : container_owner(e->owner);
	if (!l.c->name && named_by_id(l.c))
		l.c->name = xstrdup(e->id);
	container_info_free(e->info);
	e->info = l.c;
	oci_state_free(&l.state);
	strbuf_free(&l.text);
}

bool entry_is_whole_life(const struct entry *e)
{
	if (!e->info || e->space)
		return false;
	if (e->stored)
		return true;
	return entry_is_known(e) &&
	       (streq(e->info->runtime, "runc") || streq(e->info->runtime, "crun"));
}

bool entry_is_known(const struct entry *e)
{
	return e->info->source || e->info->name;
}

bool entry_is_waiting(const struct entry *e)
{
	for (size_t i = 0; i < PLACE_KINDS; i++) {
		_cleanup_free_ char *fifo = NULL;
		struct stat st;

		if (!e->parts[i].path)
			continue;
		fifo = xasprintf("%s/exec.fifo", e->parts[i].path);
		if (lstat(fifo, &st) == 0)
			return true;
	}
	return !e->info->init_pid;
}

bool entry_alive(const struct entry *e, const char *root)
{
	return e->info && e->info->init_pid &&
	       process_start_ticks(root, e->info->init_pid) == e->start_ticks;
}
