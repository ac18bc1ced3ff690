/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The disk: places where runtimes keep state, the entries found there, the thread that watches
 * them, and look-ups. All of struct disk but the two queues belongs to the thread.
 */
#pragma once

#include <sys/types.h>

#include "base/hmap.h"
#include "oci.h"
#include "runtime.h"

struct runtimes;
struct disk;

/* extra: "runc=DIR" and "crun=DIR" among them are taken, the rest is not ours. */
int disk_start(struct disk **ret, struct runtimes *rt, const struct runtimes_config *config)
	_must_check_;
/* True if the thread ended in time; else it is still in the kernel and nothing may be freed. */
bool disk_join(struct disk *d, const struct timespec *deadline);
void disk_free(struct disk *d);
/* For tests: how often all directories have been looked through. From any thread. */
unsigned disk_scans(const struct disk *d);
/* From any thread. False if too many wait already. */
bool disk_resolve(struct disk *d, uint64_t token, uint32_t pid, uint64_t start,
		  const char *cgroup);
/* From any thread: docker's root directory, seen from the host. */
void disk_add_docker(struct disk *d, const char *dir);

/* places.c: where state is kept. */

enum place_kind {
	PLACE_RUNC,	/* ID/state.json */
	PLACE_CRUN,	/* ID/status */
	PLACE_BUNDLE,	/* ID/config.json and ID/init.pid, of containerd */
	PLACE_STORAGE,	/* ID/userdata/config.json, of podman and CRI-O: from create to remove */
	PLACE_RUNROOT,	/* ID/userdata/pidfile, and CRI-O's config.json: of what has run */
	PLACE_KINDS,
};

struct place {
	enum place_kind kind;
	const char *pattern;	/* of the directory above ID; a component may have * */
	bool quiet;		/* not watched: whatever happens there shows in another place too */
};

/* Where a container was found. */
struct place_hit {
	enum place_kind kind;
	const char *path;	/* of ID */
	size_t trusted;		/* bytes of it before the first "*"; below, anybody may have written */
	uid_t user;		/* whose the directory is that the "*" stands for: of what is below it, all can be his; 0: root's, or ours */
	int dir;
	const char *above;	/* the name of the directory that has ID */
	const char *id;
};

extern const struct place default_places[];
extern const size_t n_default_places;

/* The file in ID/ that says it runs. */
const char *place_state_file(enum place_kind kind);

struct place_visitor {
	/* Every directory on the way that is there, and each place, and what is to be watched of each ID in it. */
	void (*directory)(void *arg, int fd);
	/* False: there is no room for it, and it is not watched. Else container() is called once it is: what changes then is told. */
	bool (*admit)(void *arg, const struct place_hit *hit);
	void (*container)(void *arg, const struct place_hit *hit);
	void *arg;
};

/* Of what is one user's no more than PLACE_USER_MAX directories are looked into, however many he makes. */
#define PLACE_USER_MAX 1024
void place_visit(const char *root, const struct place *place, const struct place_visitor *visitor);

/* entries.c: what was found. */

struct entry_part {
	char *path;		/* ROOT/.../ID, NULL if this kind of place does not have it */
	size_t trusted;		/* as in the hit */
	dev_t dev;
	ino_t ino;		/* of the state file, 0 while it is not there */
	struct timespec changed;
	unsigned generation;
};

struct entry {
	struct hnode by_key;
	char *key;		/* the id if it is 64 hex digits, else with who has it before */
	uid_t owner;		/* whose directories say so: root's (or ours), or a user's own */
	uid_t user;		/* see struct place_hit: who has subordinate ids is one user all the same */
	char *id;
	char *space;		/* containerd's namespace, or NULL */
	struct entry_part parts[PLACE_KINDS];
	struct container_info *info;	/* as last read; NULL before */
	uint64_t start_ticks;
	unsigned generation;
	char *freezer;		/* the file that says whether it is paused; NULL: unknown */
	bool frozen;
	bool stored;		/* podman or CRI-O had it in their storage: from create to remove */
	bool ran;		/* there was a process in it */
	bool is_new;		/* came after the first look, and nothing was said of it yet */
	bool stale;		/* a part changed since info was read */
	struct container_info *posted;	/* whose end is to be told: id, runtime and init; NULL: nobody's */
};

void entry_free(struct entry *e);
/* Reads all parts anew. The info has init_pid 0 if it does not run (yet, or any more). */
void entry_load(struct entry *e, const char *root, const char *const *docker_dirs, size_t n);

/*
 * Its directory is there from its creation to its removal, not for each run of it: so with plain
 * runtimes, but not where an engine is above them.
 */
bool entry_is_whole_life(const struct entry *e);
/* False: a directory, and nothing in it yet that says whose. Needs e->info. */
bool entry_is_known(const struct entry *e);
/* It was made and its first process waits to be let go; or there is none yet. */
bool entry_is_waiting(const struct entry *e);
bool entry_alive(const struct entry *e, const char *root);
/*
 * What docker or podman keep of an id that no entry has: it is being created. NULL if nothing.
 */
struct container_info *docker_dir_load(const char *root, const char *const *docker_dirs, size_t n,
				       const char *id) _must_check_;

/* resolve.c */

struct resolve_context {
	const char *root;
	const struct hmap *entries;
	const char *const *docker_dirs;
	size_t n_docker_dirs;
};

/* Whose container the task is in; NULL if nothing on disk claims it, or the claim does not hold. */
struct container_info *resolve_task(const struct resolve_context *x, uint32_t pid, uint64_t start,
				    const char *cgroup) _must_check_;
