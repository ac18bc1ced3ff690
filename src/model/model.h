/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state that is built from the stream: containers by full id, slots, and processes by (pid, start
 * time). It depends only on the records, so that live and replay have the same results: it never reads
 * /proc. It never fails either: what the stream does not tell stays empty.
 */
#pragma once

#include "base/hmap.h"
#include "event/container_info.h"
#include "event/encode.h"
#include "event/event.h"

#define MODEL_DEAD_MAX 1024		/* ended processes that are kept for late events and as parents */
#define MODEL_CONTAINERS_MAX NUNCHI_SLOTS_MAX
#define MODEL_CONTAINER_BYTES 3072	/* of one with its facts, including some labels and mounts */
#define MODEL_STOPPED_MAX 256		/* containers without processes that do not run, kept for late events and for ps */

/* An object as rendered by an output; stale if its version differs from the object's. */
struct rendered {
	char *text;
	uint32_t len;
	uint32_t version;
};

struct container {
	struct hnode by_id;
	struct container_info *info;	/* never NULL; owned */
	char short_id[13];		/* container.id: 12 characters of a hex id, else the id cut to 12 */
	bool in_several;		/* its pod has containers of several names */
	char *display;			/* for people: ns/pod, ns/pod/container, or the name */
	bool running;
	uint64_t stopped_at;		/* a counter, in the order of stopping (or of appearing, if it never ran) */
	uint32_t n_procs;		/* its live processes, as far as the stream has them */
	bool created, removed, paused;	/* as reported by a runtime */
	bool oom;			/* the OOM killer has killed one of its processes in this run */
	int exit_status;		/* wait status of its last init; -1: unknown */
	uint32_t ended_pid;		/* PID of the last run's init; 0: there was none */
	uint64_t ended_start;
	uint32_t blind;			/* bits 1 << enum nunchi_blind_what: already reported */
	uint32_t version;		/* increases when info changes; starts at 1 */
	struct rendered json;		/* for src/out; freed with the container */
};

/*
 * Whether it runs: as its runtime says, or else if it has processes, for a container that is known only by its
 * cgroup. Processes that outlive the init of an ended run do not count.
 */
static inline bool container_runs(const struct container *c)
{
	return c->running || (c->n_procs && !c->ended_pid);
}

/* The layer of an overlay that has a process's image. */
enum exe_layer {
	EXE_UNKNOWN,
	EXE_NO_LAYER,	/* it is on another file system */
	EXE_LOWER,	/* the container's image */
	EXE_UPPER,	/* written after the start */
};

struct process {
	struct hnode by_pid;
	/* In the list of live processes, or that of dead ones, in the order of last use. */
	struct process *older, *newer;
	uint64_t start;			/* CLOCK_BOOTTIME ns; the key together with pid */
	uint64_t ended;			/* CLOCK_BOOTTIME ns; 0 while alive */
	uint32_t pid, vpid, ppid;
	uint32_t slot, generation;
	struct process *slot_next, **slot_link;	/* list of live processes in the slot; link: the pointer to this one, NULL: not in a list */
	bool alive;
	char comm[16];
	char prev_comm[16];		/* before the last exec; empty: no exec */
	char parent_comm[16];		/* at fork or exec, for parents that are not in the table */
	char entered_by[16];		/* the program that brought it in from outside; empty: it was not */
	bool entered;			/* it came in from outside, or descends from one that did */
	char *exepath;			/* resolved path of the image; NULL: unknown */
	uint64_t exe_ino;		/* 0: unknown */
	uint32_t exe_mode;		/* st_mode; 0: unknown */
	enum exe_layer exe_layer;
	bool exe_moved;			/* it has exepath by a mount that was made in the container */
	bool exe_deleted;		/* its file had no name when it was executed; known only if exe_mode is */
	bool has_traits;
	struct nunchi_traits traits;	/* at its last exec */
	char *exe_asked;		/* the path given to execve; NULL: unknown */
	char *execfn;			/* the same as an absolute path, from its directory at that time; NULL: unknown */
	char *cwd;
	char *chroot;			/* its root directory, as seen from the container's; NULL: the same */
	char *argv;			/* NUL-separated, argv_len bytes; NULL: unknown */
	uint32_t argv_len;
	uint32_t argv_full;		/* length before truncation */
	char *env;			/* likewise; NULL: unknown, or not asked for */
	uint32_t env_len;
	char *cmdline;			/* proc.cmdline as in Falco: comm and argv[1..], separated by blanks */
	struct container *container;	/* NULL: the host, or unknown */
	uint32_t version;		/* increases when something changes that an output may have rendered; starts at 1 */
	struct rendered json;		/* for src/out; freed with the process */
	size_t bytes;			/* its memory, including the rendered text */
};

struct model;

/*
 * bytes: the limit of its memory. Above it the process that has been dead for longest is forgotten, or if there is
 * none, the one that has been idle for longest. When that does something it is known again, with less detail.
 */
struct model *model_new(size_t bytes) _must_check_;
/* The memory in use, an estimate; and how many processes were forgotten while they were alive. */
size_t model_bytes(const struct model *m);
uint64_t model_forgotten(const struct model *m);
void model_free(struct model *m);	/* NULL is fine */

/*
 * Takes a decoded record: changes the state, and sets ev->proc, ev->parent, ev->container and
 * ev->host_name for the outputs. For an EXEC, ev->proc is the new image (prev_comm is the old).
 * An EXIT keeps the process (as dead) so that the event can still be shown.
 */
void model_apply(struct model *m, struct event *ev);

/* The container that a slot is bound to. *ret NULL: the host. False: not known yet (pending). */
bool model_slot(const struct model *m, uint32_t slot, uint32_t generation, struct container **ret);

/* The number of live processes in the slot, as far as the stream has them. */
uint32_t model_slot_processes(const struct model *m, uint32_t slot);
/* The next live process in the slot after p (NULL: the first), in no particular order. */
const struct process *model_slot_next(const struct model *m, uint32_t slot, uint32_t generation,
				      const struct process *p);

struct container *model_container(const struct model *m, const char *full_id);
struct process *model_process(const struct model *m, uint32_t pid, uint64_t start);
/* The process that forked it, or that it was reparented to; NULL: not in the stream. */
const struct process *model_parent(const struct model *m, const struct process *p);
/* The process that has this pid now, as far as the stream has it; NULL: none is known. */
struct process *model_process_alive(const struct model *m, uint32_t pid);

/* Calls fn for each container, running ones first, then by display name. */
void model_for_each_container(const struct model *m, void (*fn)(struct container *c, void *arg),
			      void *arg);
/* A container for which is() is true; they are tried in no particular order. NULL: there is none. */
struct container *model_first_container(const struct model *m, bool (*is)(struct container *c, void *arg),
					void *arg);

const struct host_info *model_host(const struct model *m);	/* NULL before the first HOST record */

/* IPv4 is in the first four bytes, and the rest is 0; an IPv4-mapped IPv6 address is stored as IPv4. */
struct address {
	uint16_t family;	/* AF_INET, AF_INET6 */
	uint8_t ip[16];
};

/* The addresses that a name has resolved to; they replace its earlier ones. */
void model_set_addresses(struct model *m, const char *name, const struct address *addresses, size_t n);
/* The names with this address, at most max. They belong to the model, and are valid until the next set. */
size_t model_address_names(const struct model *m, const struct address *address, const char **ret, size_t max);

/* The name of a user or group inside the container (NULL: on the host); NULL if unknown, which root's never is. */
const char *model_user_name(const struct model *m, const struct container *c, uint32_t uid);
const char *model_group_name(const struct model *m, const struct container *c, uint32_t gid);
