/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The disk: places where runtimes keep state, the entries found there, the thread that watches them, and look-ups.
 * struct disk is the thread's own, except for the part with a lock.
 */
#pragma once

#include <sys/types.h>

#include "base/hmap.h"
#include "oci.h"
#include "runtime.h"

struct runtimes;
struct disk;

/* Of config->extra it takes runc=DIR, crun=DIR and storage=DIR. 0 or -errno. */
int disk_start(struct disk **ret, struct runtimes *rt, const struct runtimes_config *config)
	_must_check_;
/* Waits until the deadline (CLOCK_MONOTONIC). False: the thread is still in the kernel, and nothing may be freed. */
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
	uid_t user;		/* owner of the directory that the "*" stands for, and perhaps of all below; 0: root, or we */
	int dir;
	const char *above;	/* the name of the directory that ID is in */
	const char *id;
};

extern const struct place default_places[];
extern const size_t n_default_places;

/* The file in ID/ that says it runs. */
const char *place_state_file(enum place_kind kind);

struct place_visitor {
	/* A directory to watch: each on the way, the place itself, and those of each ID in it. */
	void (*directory)(void *arg, int fd);
	/* False: there is no room for it. Else it is watched first and then passed to container(), so that no change is missed. */
	bool (*admit)(void *arg, const struct place_hit *hit);
	void (*container)(void *arg, const struct place_hit *hit);
	void *arg;
};

/* At most so many directories of one user are looked into, however many there are. */
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
	char *key;		/* see entry_key() */
	uid_t owner;		/* of the directories; 0: root, or we */
	uid_t user;		/* as in struct place_hit: one with subordinate ids is still one user */
	char *id;
	char *space;		/* containerd's namespace, or NULL */
	struct entry_part parts[PLACE_KINDS];
	struct container_info *info;	/* as last read; NULL before */
	uint64_t start_ticks;
	unsigned generation;
	char *freezer;		/* the file that says whether it is paused; NULL: unknown */
	bool frozen;
	bool stored;		/* podman or CRI-O had it in their storage: from create to remove */
	bool ran;		/* a process was in it */
	bool is_new;		/* found after the first scan, and not reported yet */
	bool stale;		/* a part changed since info was read */
	struct container_info *posted;	/* the run whose end must be reported: id, runtime and init; NULL: none */
};

void entry_free(struct entry *e);
/* Reads all parts anew. The info has init_pid 0 if it does not run (yet, or any more). */
void entry_load(struct entry *e, const char *root, const char *const *docker_dirs, size_t n);

/*
 * Its directory is there from its creation to its removal, not for each run of it: so with plain
 * runtimes, but not where an engine is above them.
 */
bool entry_is_whole_life(const struct entry *e);
/* False: a directory in which nothing says yet which container it is. Needs e->info. */
bool entry_is_known(const struct entry *e);
/* Whether it was created and not started: its first process waits, or there is none. */
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

/* The container that the task is in; NULL if nothing on disk claims it, or if the claim does not hold. */
struct container_info *resolve_task(const struct resolve_context *x, uint32_t pid, uint64_t start,
				    const char *cgroup) _must_check_;
