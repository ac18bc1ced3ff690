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

/* config.json of a big pod is some 100 KiB. jansson makes up to 30 times the text of it. */
#define STATE_MAX (1U << 20)
#define USER_STATE_MAX (128U << 10)

void entry_free(struct entry *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < PLACE_KINDS; i++)
		free(e->parts[i].path);
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

static int read_part(const struct entry_part *part, const char *file, struct strbuf *text,
		     struct stat *st)
{
	_cleanup_close_ int dir = -1;
	int r;

	if (!part->path)
		return -ENOENT;
	dir = open(part->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	r = read_bounded_at(dir, file, STATE_MAX, text, st);
	if (r == 0 && !is_trusted(st->st_uid) && text->len > USER_STATE_MAX)
		r = -EFBIG;
	return r;
}

/* True if the state file's owner may speak for that process. */
static bool owner_may(const struct stat *st, const char *root, uint32_t pid)
{
	return is_trusted(st->st_uid) || process_userns_owner(root, pid) == (int64_t)st->st_uid;
}

struct loader {
	struct entry *e;
	const char *root;
	struct container_info *c;
	struct oci_state state;
	struct strbuf text;
	uid_t owner;
	bool crun;
};

static void load_state(struct loader *l)
{
	static int (*const parse[])(const char *, size_t, struct container_info *,
				    struct oci_state *) = {
		[PLACE_RUNC] = oci_parse_runc_state,
		[PLACE_CRUN] = oci_parse_crun_status,
	};

	for (size_t i = 0; i < ARRAY_SIZE(parse); i++) {
		const struct entry_part *part = &l->e->parts[i];
		struct stat st;

		if (read_part(part, place_state_file((enum place_kind)i), &l->text, &st) < 0 ||
		    parse[i](l->text.s, l->text.len, l->c, &l->state) < 0)
			continue;
		l->owner = st.st_uid;
		l->crun = i == PLACE_CRUN;
		if (l->state.pid && owner_may(&st, l->root, l->state.pid))
			l->c->init_pid = l->state.pid;
		l->c->source = xasprintf("disk %s/%s", part->path,
					 place_state_file((enum place_kind)i));
		return;
	}
}

/* init.pid: a number and nothing else. */
static void load_init_pid(struct loader *l)
{
	const struct entry_part *part = &l->e->parts[PLACE_BUNDLE];
	struct stat st;
	char *end;
	unsigned long pid;

	if (l->c->init_pid ||
	    read_part(part, place_state_file(PLACE_BUNDLE), &l->text, &st) < 0)
		return;
	pid = strtoul(l->text.s, &end, 10);
	if (end != l->text.s && pid <= INT32_MAX && owner_may(&st, l->root, (uint32_t)pid))
		l->c->init_pid = (uint32_t)pid;
}

static void load_spec(struct loader *l)
{
	const struct entry_part *bundle = &l->e->parts[PLACE_BUNDLE];
	struct stat st;

	if (bundle->path) {
		if (read_part(bundle, "config.json", &l->text, &st) == 0 &&
		    oci_parse_spec(l->text.s, l->text.len, l->c) == 0 && !l->c->source)
			l->c->source = xasprintf("disk %s/config.json", bundle->path);
		return;
	}
	if (read_part(&l->e->parts[PLACE_CRUN], "config.json", &l->text, &st) == 0 &&
	    oci_parse_spec(l->text.s, l->text.len, l->c) == 0)
		return;
	/* Only who is trusted may name a directory for us to read. */
	if (l->state.bundle && is_trusted(l->owner)) {
		_cleanup_free_ char *path = xasprintf("%s%s/config.json", l->root, l->state.bundle);

		if (read_bounded(path, STATE_MAX, &l->text) < 0 ||
		    oci_parse_spec(l->text.s, l->text.len, l->c) < 0)
			return;
	}
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

static const char *runtime_of(const struct loader *l, bool docker)
{
	const char *space = l->e->space;

	if (docker || (space && streq(space, "moby")))
		return "docker";
	if (l->state.podman)
		return "podman";
	if (l->state.cgroup && strstr(l->state.cgroup, "crio-"))
		return "cri-o";
	if (space)
		return "containerd";
	return l->crun ? "crun" : "runc";
}

struct container_info *docker_dir_load(const char *root, const char *const *docker_dirs, size_t n,
				       const char *id)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *dir = xasprintf("%s%s/containers/%s", root, docker_dirs[i], id);
		_cleanup_free_ char *config = xasprintf("%s/config.v2.json", dir);
		_cleanup_free_ char *host = xasprintf("%s/hostconfig.json", dir);
		_cleanup_strbuf_ struct strbuf text = STRBUF_INIT, host_text = STRBUF_INIT;
		struct container_info *c;

		if (read_bounded(config, STATE_MAX, &text) < 0)
			continue;
		if (read_bounded(host, STATE_MAX, &host_text) < 0)
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

/* The runtimes that name their containers themselves: an id is no name there. */
static bool named_by_id(const struct container_info *c)
{
	return !container_id_hex64(c->id) || streq(c->runtime, "runc") || streq(c->runtime, "crun");
}

void entry_load(struct entry *e, const char *root, const char *const *docker_dirs, size_t n)
{
	struct loader l = { .e = e, .root = root, .c = xcalloc(1, sizeof(*l.c)) };
	_cleanup_container_info_ struct container_info *docker = NULL;

	e->stale = false;
	l.c->id = xstrdup(e->id);
	load_state(&l);
	space_from_bundle(e, l.state.bundle);
	load_init_pid(&l);
	load_spec(&l);
	if (container_id_hex64(e->id))
		docker = docker_dir_load(root, docker_dirs, n, e->id);
	l.c->runtime = xstrdup(runtime_of(&l, docker != NULL));
	if (docker) {
		/* Whether and as what it runs, the OCI state says; this file is written later. */
		docker->init_pid = 0;
		container_info_complete(l.c, docker);
		l.c->privileged = docker->privileged;
	}
	if (!l.c->name && named_by_id(l.c))
		l.c->name = xstrdup(e->id);

	e->start_ticks = l.state.start_ticks;
	if (l.c->init_pid && e->start_ticks &&
	    process_start_ticks(root, l.c->init_pid) != e->start_ticks)
		l.c->init_pid = 0;
	facts_fill(l.c, root);
	if (!l.c->init_pid) {
		l.c->started = 0;
		if (!l.c->cgroup)
			l.c->cgroup = TAKE_PTR(l.state.cgroup);
	} else if (!e->start_ticks) {
		e->start_ticks = process_start_ticks(root, l.c->init_pid);
	}
	free(e->freezer);
	e->freezer = l.c->init_pid ? freezer_file(root, l.c->init_pid) : NULL;
	e->frozen = e->freezer && freezer_is_frozen(e->freezer);
	container_info_free(e->info);
	e->info = l.c;
	oci_state_free(&l.state);
	strbuf_free(&l.text);
}

bool entry_is_whole_life(const struct entry *e)
{
	if (!e->info || e->space)
		return false;
	/* Before the state is written, a directory of 64 digits can be an engine's. */
	return (streq(e->info->runtime, "runc") || streq(e->info->runtime, "crun")) &&
	       (e->info->source || !container_id_hex64(e->id));
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
