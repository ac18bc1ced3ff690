/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state that is kept from the stream: containers by full id, slots, processes by (pid, start
 * time). A pure function of the records it is given: live and replay give the same. It never
 * looks at /proc, and it never fails: what it cannot know stays empty.
 */
#pragma once

#include "base/hmap.h"
#include "event/container_info.h"
#include "event/encode.h"
#include "event/event.h"

#define MODEL_DEAD_MAX 1024		/* ended processes kept for late events and for parents */
#define MODEL_CONTAINERS_MAX NUNCHI_SLOTS_MAX
#define MODEL_CONTAINER_BYTES 3072	/* of one and its facts, some labels and mounts among them */
#define MODEL_STOPPED_MAX 256		/* containers that do not run and have no processes, kept for late events and for ps */

/* A text that an output has rendered of an object; stale when its version is not the object's. */
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
	uint64_t stopped_at;		/* order of stopping (or of coming, if it never ran) */
	uint32_t n_procs;		/* processes alive in it, as far as the stream told */
	bool created, removed, paused;	/* as a runtime has told */
	bool oom;			/* a process of its was killed to free memory, in this run */
	int exit_status;		/* wait status of its last init; -1: unknown */
	uint32_t ended_pid;		/* of its last run's init; 0: there was none */
	uint64_t ended_start;
	uint32_t blind;			/* bits 1 << enum nunchi_blind_what: told of already */
	uint32_t version;		/* counts changes of info; starts at 1 */
	struct rendered json;		/* for src/out; freed with the container */
};

/*
 * As a runtime says; or else by its processes: of one that is known by its cgroup alone no runtime has said a word. What outlives
 * the init of a run that has ended does not run it.
 */
static inline bool container_runs(const struct container *c)
{
	return c->running || (c->n_procs && !c->ended_pid);
}

/* Of an overlay's two layers the one that a process's image is of. */
enum exe_layer {
	EXE_UNKNOWN,
	EXE_NO_LAYER,	/* it is on another file system */
	EXE_LOWER,	/* the container's image */
	EXE_UPPER,	/* written since */
};

struct process {
	struct hnode by_pid;
	/* In the list of those alive, or of the dead, in the order of their last use. */
	struct process *older, *newer;
	uint64_t start;			/* CLOCK_BOOTTIME ns; with pid the key */
	uint64_t ended;			/* CLOCK_BOOTTIME ns; 0 while alive */
	uint32_t pid, vpid, ppid;
	uint32_t slot, generation;
	struct process *slot_next, **slot_link;	/* of those alive in the slot; link: what points to it, NULL: it is in none */
	bool alive;
	char comm[16];
	char prev_comm[16];		/* before the last exec; empty if there was none */
	char parent_comm[16];		/* as of fork or exec: for parents that are not in the table */
	char entered_by[16];		/* program that brought it in from outside; empty: none did */
	bool entered;			/* it came in from outside, or descends from one that did */
	char *exepath;			/* resolved path of the image; NULL: unknown */
	uint64_t exe_ino;		/* 0: unknown */
	uint32_t exe_mode;		/* st_mode; 0: unknown */
	enum exe_layer exe_layer;
	bool exe_moved;			/* it has exepath by a mount that was made in the container */
	bool exe_deleted;		/* it had no name (any more) when it was executed; exe_mode: whether that is known */
	bool has_traits;
	struct nunchi_traits traits;	/* as of its last exec */
	char *exe_asked;		/* what execve was asked for; NULL: unknown */
	char *execfn;			/* the same from the root, by the directory that it was in then; NULL: unknown */
	char *cwd;
	char *chroot;			/* its root directory, from the container's; NULL: that */
	char *argv;			/* NUL-separated, argv_len bytes; NULL: unknown */
	uint32_t argv_len;
	uint32_t argv_full;		/* before truncation */
	char *env;			/* likewise; NULL: unknown, or nobody asked */
	uint32_t env_len;
	char *cmdline;			/* proc.cmdline, Falco's: comm and then argv[1..], by blanks */
	struct container *container;	/* NULL: the host's, or unknown */
	uint32_t version;		/* counts changes that an output may have rendered; starts at 1 */
	struct rendered json;		/* for src/out; freed with the process */
	size_t bytes;			/* all of it, rendered text included */
};

struct model;

/*
 * bytes: how much it may take. Past that the longest-dead process, then the one that has done nothing for
 * longest is forgotten; it is known again, with less, when it does something.
 */
struct model *model_new(size_t bytes) _must_check_;
/* What it takes, as good as that can be said; and how many processes were forgotten while they lived. */
size_t model_bytes(const struct model *m);
uint64_t model_forgotten(const struct model *m);
void model_free(struct model *m);	/* NULL is fine */

/*
 * Takes a decoded record: changes the state, and sets ev->proc, ev->parent, ev->container and
 * ev->host_name for the outputs. For an EXEC, ev->proc is the new image (prev_comm is the old).
 * An EXIT keeps the process (as dead) so that the event can still be shown.
 */
void model_apply(struct model *m, struct event *ev);

/* What binds a slot now. *ret: NULL for the host. False: nobody has said yet (pending). */
bool model_slot(const struct model *m, uint32_t slot, uint32_t generation, struct container **ret);

/* How many processes of the slot are alive, as far as the stream told. */
uint32_t model_slot_processes(const struct model *m, uint32_t slot);
/* The next process alive in the slot after p (NULL: the first), in no order that says anything. */
const struct process *model_slot_next(const struct model *m, uint32_t slot, uint32_t generation,
				      const struct process *p);

struct container *model_container(const struct model *m, const char *full_id);
struct process *model_process(const struct model *m, uint32_t pid, uint64_t start);
/* Who forked it, or took it in, if the stream told of that one; NULL: it is not known. */
const struct process *model_parent(const struct model *m, const struct process *p);
/* The one that has this pid now, as far as the stream told; NULL: none is known. */
struct process *model_process_alive(const struct model *m, uint32_t pid);

/* Calls fn for each container, running ones first, then by display name. */
void model_for_each_container(const struct model *m, void (*fn)(struct container *c, void *arg),
			      void *arg);
/* The first of them of which is() is true, which is asked in no order; NULL: it is of none. */
struct container *model_first_container(const struct model *m, bool (*is)(struct container *c, void *arg),
					void *arg);

const struct host_info *model_host(const struct model *m);	/* NULL before a HOST record came */

/* IPv4 in the first four bytes, the rest is 0; what is mapped into IPv6 is IPv4. */
struct address {
	uint16_t family;	/* AF_INET, AF_INET6 */
	uint8_t ip[16];
};

/* What a name was looked up to be, in the place of what it was before. */
void model_set_addresses(struct model *m, const char *name, const struct address *addresses, size_t n);
/* The names that an address has among those; at most max, the model's, until the next is set. */
size_t model_address_names(const struct model *m, const struct address *address, const char **ret, size_t max);

/* The user's or group's name as the container (NULL: the host) has it; NULL if unknown, which root's never is. */
const char *model_user_name(const struct model *m, const struct container *c, uint32_t uid);
const char *model_group_name(const struct model *m, const struct container *c, uint32_t gid);
