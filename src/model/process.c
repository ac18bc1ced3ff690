/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a record says of a process: its name, image, arguments and directories. What the stream tells takes the place of
 * what was known; what /proc said at the start only fills what is not.
 */
#include <linux/magic.h>

#include "event/fd.h"
#include "internal.h"

/* A comm has its NUL in the kernel; in a file it may have none. */
static bool set_comm(char to[16], const char *from, size_t len)
{
	char comm[16] = { 0 };

	memcpy(comm, from, strnlen(from, MIN(len, sizeof(comm) - 1)));
	if (!memcmp(to, comm, sizeof(comm)))
		return false;
	memcpy(to, comm, sizeof(comm));
	return true;
}

/* Takes ownership of s. */
static bool set_string(char **to, char *s)
{
	if (*to && streq(*to, s)) {
		free(s);
		return false;
	}
	free(*to);
	*to = s;
	return true;
}

/* comm and the arguments after the first, by blanks: what Falco calls proc.cmdline. */
static void make_cmdline(struct process *p)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	size_t at = p->argv ? strnlen(p->argv, p->argv_len) + 1 : 0;

	strbuf_adds(&b, p->comm);
	while (p->argv && at < p->argv_len) {
		size_t n = strnlen(p->argv + at, p->argv_len - at);

		strbuf_addc(&b, ' ');
		strbuf_add(&b, p->argv + at, n);
		at += n + 1;
	}
	set_string(&p->cmdline, strbuf_take(&b));
}

bool process_set_name(struct process *p, const char *comm, size_t len)
{
	bool changed = set_comm(p->comm, comm, len);

	if (changed || !p->cmdline)
		make_cmdline(p);
	return changed;
}

/* "runc" of "runc:[1:CHILD]": what a program calls its parts is its own business. */
static void set_entered_by(struct process *p, const char *comm, size_t len)
{
	const char *colon = memchr(comm, ':', len);

	if (colon && colon > comm)
		len = (size_t)(colon - comm);
	if (set_comm(p->entered_by, comm, len))
		p->version++;
}

/* A file that has lost its name; one that is in no directory (memfd) never had any. */
static bool is_deleted(const struct event_blob *blob)
{
	_cleanup_strbuf_ struct strbuf path = STRBUF_INIT;

	return path_is_deleted(blob) && path_from_file(&path, blob);
}

static char *walk_string(const struct event_blob *blob)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;

	path_from_walk(&b, blob);
	if (b.len > NUNCHI_PATH_MAX)
		b.s[NUNCHI_PATH_MAX] = '\0';
	return strbuf_take(&b);
}

static bool set_exe(struct process *p, const struct event_blob *blob)
{
	struct nunchi_file file;
	bool changed, deleted = is_deleted(blob), moved = blob->flags & NUNCHI_BLOB_MOVED;
	enum exe_layer layer;

	if (blob->len < sizeof(file))
		return false;
	memcpy(&file, blob->data, sizeof(file));
	if (file.magic == OVERLAYFS_SUPER_MAGIC)
		layer = blob->flags & NUNCHI_BLOB_UPPER ? EXE_UPPER : EXE_LOWER;
	else
		layer = file.magic ? EXE_NO_LAYER : EXE_UNKNOWN;	/* /proc does not tell */
	changed = p->exe_ino != file.ino || p->exe_mode != file.mode || p->exe_layer != layer ||
		  p->exe_deleted != deleted || p->exe_moved != moved;
	p->exe_ino = file.ino;
	p->exe_mode = file.mode;
	p->exe_layer = layer;
	p->exe_deleted = deleted;
	p->exe_moved = moved;
	return set_string(&p->exepath, walk_string(blob)) || changed;
}

static bool set_traits(struct process *p, const struct event_blob *blob)
{
	if (blob->len < sizeof(p->traits))
		return false;
	memcpy(&p->traits, blob->data, sizeof(p->traits));
	p->has_traits = true;
	return true;
}

static bool set_env(struct process *p, const struct event_blob *blob)
{
	free(p->env);
	p->env_len = MIN(blob->len, NUNCHI_ENV_MAX);
	p->env = xmalloc(p->env_len + 1);
	memcpy(p->env, blob->data, p->env_len);
	p->env[p->env_len] = '\0';
	return true;
}

static bool set_argv(struct process *p, const struct event_blob *blob)
{
	uint32_t len = MIN(blob->len, NUNCHI_ARGV_MAX);

	if (p->argv && p->argv_len == len && !memcmp(p->argv, blob->data, len))
		return false;
	free(p->argv);
	p->argv = xmalloc(len + 1);
	memcpy(p->argv, blob->data, len);
	p->argv[len] = '\0';
	p->argv_len = len;
	p->argv_full = blob->full;
	return true;
}

static bool set_cwd(struct process *p, const struct event_blob *blob)
{
	if (blob->len < sizeof(struct nunchi_file))
		return false;
	return set_string(&p->cwd, walk_string(blob));
}

/* "/" is how a chroot is left. */
static bool set_chroot(struct process *p, const struct event_blob *blob)
{
	if (blob->len < sizeof(struct nunchi_file))
		return false;
	if (blob->len > sizeof(struct nunchi_file))
		return set_string(&p->chroot, walk_string(blob));
	free(TAKE_PTR(p->chroot));
	return true;
}

/* A blob that says what is so now, and replaces what was known. True if that was a change. */
static bool apply_blob(struct process *p, const struct event_blob *b)
{
	if (b->flags & NUNCHI_BLOB_UNREADABLE)
		return false;
	switch (b->type) {
	case NUNCHI_BLOB_EXE:
		return set_exe(p, b);
	case NUNCHI_BLOB_TRAITS:
		return set_traits(p, b);
	case NUNCHI_BLOB_ENV:
		return set_env(p, b);
	case NUNCHI_BLOB_CWD:
		return set_cwd(p, b);
	case NUNCHI_BLOB_ROOT:
		return set_chroot(p, b);
	case NUNCHI_BLOB_FILENAME:
		return set_string(&p->exe_asked,
				  xstrndup(b->data, MIN(b->len, NUNCHI_PATH_MAX)));
	case NUNCHI_BLOB_ARGV:
		return set_argv(p, b);
	case NUNCHI_BLOB_PREV_COMM:
		return set_comm(p->prev_comm, b->data, b->len);
	case NUNCHI_BLOB_PARENT_COMM:
		return set_comm(p->parent_comm, b->data, b->len);
	default:
		return false;
	}
}

static void apply_blobs(struct process *p, const struct event *ev)
{
	bool changed = false;

	for (unsigned i = 0; i < ev->n_blobs; i++)
		changed |= apply_blob(p, &ev->blobs[i]);
	if (changed) {
		make_cmdline(p);
		p->version++;
	}
}

/* What /proc said at start may be older than an exec that the stream has told since. */
static void apply_unknown(struct process *p, const struct event *ev)
{
	bool changed = false;

	for (unsigned i = 0; i < ev->n_blobs; i++) {
		const struct event_blob *b = &ev->blobs[i];
		bool known = (b->type == NUNCHI_BLOB_EXE && p->exepath) ||
			     (b->type == NUNCHI_BLOB_CWD && p->cwd) ||
			     (b->type == NUNCHI_BLOB_ROOT && p->chroot) ||
			     (b->type == NUNCHI_BLOB_FILENAME && p->exe_asked) ||
			     (b->type == NUNCHI_BLOB_ARGV && p->argv) ||
			     (b->type == NUNCHI_BLOB_TRAITS && p->has_traits) ||
			     (b->type == NUNCHI_BLOB_ENV && p->env) ||
			     (b->type == NUNCHI_BLOB_PARENT_COMM && p->parent_comm[0]);

		changed |= !known && apply_blob(p, b);
	}
	if (changed) {
		make_cmdline(p);
		p->version++;
	}
}

/* A child starts as a copy. What the child's own records told before (another ring) stays. */
static void copy_from_parent(struct process *p, const struct process *parent)
{
	if (!p->exepath) {
		p->exepath = xstrdup(parent->exepath);
		p->exe_ino = parent->exe_ino;
		p->exe_mode = parent->exe_mode;
		p->exe_layer = parent->exe_layer;
		p->exe_deleted = parent->exe_deleted;
		p->exe_moved = parent->exe_moved;
	}
	if (!p->has_traits) {
		p->traits = parent->traits;
		p->has_traits = parent->has_traits;
	}
	if (!p->exe_asked)
		p->exe_asked = xstrdup(parent->exe_asked);
	if (!p->execfn)
		p->execfn = xstrdup(parent->execfn);
	if (!p->cwd)
		p->cwd = xstrdup(parent->cwd);
	if (!p->chroot)
		p->chroot = xstrdup(parent->chroot);
	if (!p->argv && parent->argv) {
		p->argv = xmemdup(parent->argv, parent->argv_len + 1);
		p->argv_len = parent->argv_len;
		p->argv_full = parent->argv_full;
	}
	if (!p->env && parent->env) {
		p->env = xmemdup(parent->env, parent->env_len + 1);
		p->env_len = parent->env_len;
	}
	if (!p->parent_comm[0])
		memcpy(p->parent_comm, parent->comm, sizeof(p->parent_comm));
	if (p->entered && !p->entered_by[0])
		memcpy(p->entered_by, parent->entered_by, sizeof(p->entered_by));
	make_cmdline(p);
	p->version++;
}

static void apply_fork(struct model *m, struct process *p, const struct event *ev)
{
	const struct process *parent = processes_parent(m, p);

	if (parent)
		copy_from_parent(p, parent);
	apply_blobs(p, ev);
	/* A runtime gives its children away (CLONE_PARENT): it is who made this one, all the same. */
	if (p->entered && !p->entered_by[0])
		set_entered_by(p, p->parent_comm, strlen(p->parent_comm));
}

/*
 * Whether a path goes up from a directory that it names, which may be a link: then it goes on elsewhere than its
 * words say. What it goes up from at its beginning has no links in it.
 */
static bool goes_up(const char *path)
{
	bool down = false;

	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && !memcmp(path, "..", 2)) {
			if (down)
				return true;
		} else if (n && !(n == 1 && *path == '.')) {
			down = true;
		}
		path += n + (path[n] == '/');
	}
	return false;
}

/*
 * Not below a directory that is outside of the process's root: what its path says is true of another. Nor by words that
 * lead up, unless the image is where they end: of links and scripts nothing else says it.
 */
static void make_execfn(struct process *p, const struct event *ev)
{
	const struct event_blob *cwd = event_blob(ev, NUNCHI_BLOB_CWD, -1);
	_cleanup_strbuf_ struct strbuf path = STRBUF_INIT;
	bool absolute = p->exe_asked && p->exe_asked[0] == '/';

	if (!p->exe_asked || (!absolute && (!cwd || cwd->flags & NUNCHI_BLOB_UNREACHABLE)))
		return;
	if (!event_exec_path(ev, p->cwd, &path))
		return;
	if (!goes_up(p->exe_asked) || (p->exepath && streq(path.s, p->exepath)))
		p->execfn = strbuf_take(&path);
}

/* The old image's facts go, known or not: those of the new one take their place. */
static void apply_exec(struct process *p, const struct event *ev)
{
	free(p->exepath);
	free(p->exe_asked);
	free(p->execfn);
	free(p->argv);
	free(p->env);
	p->exepath = p->exe_asked = p->execfn = p->argv = p->env = NULL;
	p->env_len = 0;
	p->argv_len = p->argv_full = 0;
	p->exe_ino = 0;
	p->exe_mode = 0;
	p->exe_layer = EXE_UNKNOWN;
	p->exe_deleted = p->exe_moved = false;
	p->has_traits = false;
	if (p->comm[0])
		memcpy(p->prev_comm, p->comm, sizeof(p->prev_comm));
	set_comm(p->comm, ev->head->comm, sizeof(ev->head->comm));
	apply_blobs(p, ev);
	make_execfn(p, ev);
	make_cmdline(p);
	p->version++;
}

static void apply_call(struct process *p, const struct event *ev)
{
	for (unsigned i = 0; i < ev->n_blobs; i++) {
		const struct event_blob *b = &ev->blobs[i];

		if ((b->type == NUNCHI_BLOB_CWD || b->type == NUNCHI_BLOB_ROOT) && apply_blob(p, b))
			p->version++;
	}
}

void process_apply(struct model *m, struct process *p, const struct event *ev)
{
	switch (ev->head->kind) {
	case NUNCHI_REC_EXEC:
		apply_exec(p, ev);
		processes_weigh(m, p);
		break;
	case NUNCHI_REC_FORK:
		apply_fork(m, p, ev);
		processes_weigh(m, p);
		break;
	case NUNCHI_REC_TASK:
	case NUNCHI_REC_PROCESS:
		apply_unknown(p, ev);
		processes_weigh(m, p);
		break;
	case NUNCHI_REC_ENTER:
		free(TAKE_PTR(p->chroot));	/* who joins a mount namespace is at its root */
		set_entered_by(p, ev->head->comm, strnlen(ev->head->comm, sizeof(ev->head->comm)));
		break;
	case NUNCHI_REC_EXIT:
		apply_blobs(p, ev);
		processes_end(m, p, ev->head->time);
		break;
	default:
		if (ev->type == EVENT_SYSCALL && unlikely(ev->call->flags & SYSCALL_MODEL)) {
			apply_call(p, ev);
			processes_weigh(m, p);
		}
		break;
	}
}
