/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs here, as the runtimes say: Docker Engine and CRI over their sockets, OCI state on
 * disk. One thread per socket and one for the disk; each posts immutable messages, in its own
 * time. A runtime that hangs, restarts or answers garbage delays nobody and is tried again with
 * back-off (1 s doubling to 30 s). Nothing here knows the kernel side or the model.
 */
#pragma once

#include "event/container_info.h"

enum runtime_message_type {
	RUNTIME_CONTAINER,	/* it exists, or more is known of it: info is set */
	RUNTIME_GONE,		/* it stopped: only id, runtime and init are set in info */
	RUNTIME_LIFE,		/* it was created, paused, ...: life and info->id are set, and of the rest of info
				 * what is at hand; a known container is not changed by it */
	RUNTIME_STATE,		/* a runtime came, went or answered badly: text is set */
	RUNTIME_LISTED,		/* a source has given its first full list, or failed to */
	RUNTIME_ACTED,		/* answer to runtimes_act(): ok; text says by what it was done, or why not */
	RUNTIME_UNKNOWN,	/* answer to runtimes_resolve(): nothing on disk claims the task */
};

/*
 * What happened to a container. A source that polls (the disk) reports it later than one that gets events; whichever
 * is second is dropped here. Since memory is bounded, a receiver must still tolerate a second report. DIED comes before
 * the GONE of the same end.
 */
enum runtime_life {
	RUNTIME_LIFE_CREATED,
	RUNTIME_LIFE_PAUSED,
	RUNTIME_LIFE_RESUMED,
	RUNTIME_LIFE_OOM,
	RUNTIME_LIFE_DIED,
	RUNTIME_LIFE_REMOVED,
};

struct runtime_message {
	struct runtime_message *next;
	enum runtime_message_type type;
	uint64_t time;			/* boot ns when it was posted, after what it reports */
	struct container_info *info;	/* owned */
	char *text;			/* owned: "docker 20.10.24 /run/docker.sock", "...: no answer in 10 s" */
	bool ok;			/* RUNTIME_STATE: it answers; RUNTIME_ACTED: it was done */
	enum runtime_life life;		/* RUNTIME_LIFE */
	int exit_code;			/* RUNTIME_LIFE_DIED: -1 if it is not known */
	uint64_t token;			/* of the request that it answers; 0: none */
};

void runtime_message_free(struct runtime_message *m);	/* NULL is fine */

struct runtimes;

struct runtimes_config {
	const char *const *extra;	/* "KIND=SOCKET" of --runtime, checked by runtimes_check */
	size_t n_extra;
	const char *root;		/* prefix for sockets, state and /proc; "" is the host itself */
	bool defaults;			/* look in the usual places, too */
};

/* 0, or -EINVAL with one sentence in err: unknown kind, no socket path, ... */
int runtimes_check(const char *extra, struct strbuf *err) _must_check_;

/* Starts the threads. 0 or -errno. */
int runtimes_start(struct runtimes **ret, const struct runtimes_config *config) _must_check_;
/* Readable (EPOLLIN) while messages wait. Owned by rt. */
int runtimes_fd(const struct runtimes *rt);
/* The oldest message, owned by the caller; NULL if there is none. Never blocks. */
struct runtime_message *runtimes_next(struct runtimes *rt) _must_check_;

/*
 * Asks the disk's thread which container a task is in: pid and start (boot ns) are a process that may have ended, cgroup
 * its path, which may be NULL or a lie. The answer is RUNTIME_CONTAINER or RUNTIME_UNKNOWN with the token. A claim found
 * on disk is checked: its init PID and start, or its cgroup, must agree with the task's namespaces or cgroup. Never
 * blocks; if the queue is full the answer is RUNTIME_UNKNOWN.
 */
void runtimes_resolve(struct runtimes *rt, uint64_t token, uint32_t pid, uint64_t start,
		      const char *cgroup);

enum runtime_act { RUNTIME_ACT_KILL, RUNTIME_ACT_PAUSE };

/*
 * Starts the threads that act on containers. Before privileges are dropped, because these threads keep those that they
 * need. 0 or -errno.
 */
int runtimes_act_start(struct runtimes *rt) _must_check_;
/*
 * Ends or freezes the container with this id and this first process (init_pid, init_start), through its runtime or
 * without it; never the host, nor the container that nunchi runs in. RUNTIME_ACTED answers within some seconds. Never
 * blocks.
 */
void runtimes_act(struct runtimes *rt, uint64_t token, enum runtime_act what,
		  const struct container_info *info);

/* How many sources have not answered with their first list yet. */
unsigned runtimes_unlisted(const struct runtimes *rt);

/* Ends all threads within 1 s, even those in a call that hangs, and frees rt. NULL is fine. */
void runtimes_stop(struct runtimes *rt);

/*
 * The container id in a cgroup path: the last component that is 64 hex digits, alone or as
 * PREFIX-<id>.scope ("docker-", "cri-containerd-", "nerdctl-", "crio-", "libpod-", ...). Sets *ret_runtime to a
 * constant guess ("docker", ...; NULL if the path does not say) and returns true, else false.
 */
bool cgroup_container_id(const char *path, char ret_id[65], const char **ret_runtime);
/* Whether only root, or the user that we run as, can have made the cgroup: false in a delegated one. root: as in the config. */
bool cgroup_is_roots(const char *root, const char *path);

/*
 * The path of a process's cgroup in the hierarchy of that number (0: v2), as /proc shows it to us; owned by the caller. NULL: the
 * process is gone, or there is no such hierarchy. root: as in the config.
 */
char *cgroup_in(const char *root, uint32_t pid, uint32_t hierarchy) _must_check_;

/*
 * The length of a cgroup's path up to the directory that is named after the container: the name is its id, or, if the id is
 * long, ends with -ID or -ID.scope. 0: no directory is.
 */
size_t cgroup_named_len(const char *path, const char *id);
/*
 * The length of the part of a container's task's path that is the container's own cgroup: the same, or all of the path.
 * Below that may be cgroups that init (systemd, an engine) made in there and moved to.
 */
size_t cgroup_own_len(const char *path, const char *id);
