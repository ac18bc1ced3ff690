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
	RUNTIME_GONE,		/* it stopped: info->id, runtime and init only */
	RUNTIME_LIFE,		/* it was made, paused, ...: life and info->id are set, the rest of
				 * info as far as it is at hand; what exists it does not change */
	RUNTIME_STATE,		/* a runtime came, went or answered badly: text is set */
	RUNTIME_LISTED,		/* a source has given its first full list, or failed to */
	RUNTIME_ACTED,		/* answer to runtimes_act: ok, and text: by what, or why not */
	RUNTIME_UNKNOWN,	/* answer to runtimes_resolve: nothing on disk claims it */
};

/*
 * What a runtime says that it did. A source that only looks (the disk) says it later than one
 * that is told, and whichever comes second is dropped here; but the limits of memory hold, so that
 * a receiver must bear to be told twice. DIED comes before the GONE of the same end.
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
	uint64_t time;			/* boot ns when it was posted: what it tells of was before */
	struct container_info *info;	/* owned */
	char *text;			/* owned: "docker 20.10.24 /run/docker.sock", "...: no answer in 10 s" */
	bool ok;			/* RUNTIME_STATE: it answers; RUNTIME_ACTED: it is done */
	enum runtime_life life;		/* RUNTIME_LIFE */
	int exit_code;			/* RUNTIME_LIFE_DIED: -1 if it is not known */
	uint64_t token;			/* answers carry the request's */
};

void runtime_message_free(struct runtime_message *m);

struct runtimes;

struct runtimes_config {
	const char *const *extra;	/* "KIND=SOCKET" of --runtime, checked by runtimes_check */
	size_t n_extra;
	const char *root;		/* prefix for sockets, state and /proc; "" is the host itself */
	bool defaults;			/* probe the usual places */
};

/* 0, or -EINVAL with one sentence in err: unknown kind, no socket path, ... */
int runtimes_check(const char *extra, struct strbuf *err) _must_check_;

int runtimes_start(struct runtimes **ret, const struct runtimes_config *config) _must_check_;
/* Readable (EPOLLIN) while messages wait. Owned by rt. */
int runtimes_fd(const struct runtimes *rt);
/* The oldest message, owned by the caller; NULL if there is none. Never blocks. */
struct runtime_message *runtimes_next(struct runtimes *rt) _must_check_;

/*
 * Asks the disk thread whose container a task is: cgroup is its path (may be NULL or a hint that
 * lies), pid and start (boot ns) a process in it, which may have ended. It answers with RUNTIME_CONTAINER or RUNTIME_UNKNOWN carrying token.
 * What it finds is checked: the source's init PID and start time, or its cgroup path, must agree
 * with the task's namespaces or cgroup. Never blocks; a full queue answers RUNTIME_UNKNOWN.
 */
void runtimes_resolve(struct runtimes *rt, uint64_t token, uint32_t pid, uint64_t start,
		      const char *cgroup);

enum runtime_act { RUNTIME_ACT_KILL, RUNTIME_ACT_PAUSE };

/*
 * Threads that can do something to containers; they keep what that needs, so that it is before privileges
 * are given up. 0 or -errno.
 */
int runtimes_act_start(struct runtimes *rt) _must_check_;
/*
 * Ends or freezes the container that has this id and this first process (init_pid, init_start): through its runtime, or
 * without it; never the host, nor where nunchi itself runs. Answered by RUNTIME_ACTED in some seconds at
 * most. Never blocks.
 */
void runtimes_act(struct runtimes *rt, uint64_t token, enum runtime_act what,
		  const struct container_info *info);

/* How many sources are still to answer their first list. */
unsigned runtimes_unlisted(const struct runtimes *rt);

/* Ends all threads within 1 s, a hung call included, and frees. NULL is fine. */
void runtimes_stop(struct runtimes *rt);

/*
 * The container id in a cgroup path: the last component that is 64 hex digits, alone or as
 * PREFIX-<id>.scope ("docker-", "cri-containerd-", "nerdctl-", "crio-", "libpod-", ...). Sets *ret_runtime to a
 * constant guess ("docker", ...; NULL if the path does not say) and returns true, else false.
 */
bool cgroup_container_id(const char *path, char ret_id[65], const char **ret_runtime);
/* Whether nobody but root (or who runs us) can have made the cgroup: false in what was given to a user. root: as in the config. */
bool cgroup_is_roots(const char *root, const char *path);

/*
 * How much of a cgroup's path goes up to the directory that is named after the container: is its id, or, of a long
 * one, ends with -ID or -ID.scope. 0: none is.
 */
size_t cgroup_named_len(const char *path, const char *id);
/*
 * How much of the path of a container's task is the container's own cgroup: the same, or all of it. Below that are those that
 * init (systemd, an engine) has made in there and moved to.
 */
size_t cgroup_own_len(const char *path, const char *id);
