/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: the model itself, and who may change which part of it. */
#pragma once

#include "model.h"

enum slot_state { SLOT_UNSAID, SLOT_HOST, SLOT_CONTAINER };

struct slot {
	uint32_t generation;
	enum slot_state state;
	struct container *container;	/* SLOT_CONTAINER */
	struct process *processes;	/* alive, of whatever generation */
	uint32_t n_processes;
};

struct process_list {
	struct process *oldest, *newest;
	size_t count;
};

struct model {
	struct hmap containers;		/* by hash of the full id */
	struct hmap processes;		/* by hash of the pid only: a parent is known by its pid */
	struct process_list alive, dead;
	size_t bytes_max;
	size_t process_bytes;
	uint64_t forgotten;		/* processes, while they lived */
	struct process *last;		/* the process of the record before, often that of this one */
	struct slot slots[NUNCHI_SLOTS_MAX];
	uint64_t stops;			/* numbers container.stopped_at */
	struct host_info *host;
	struct hmap addresses;		/* that names were looked up for */
	struct address_name **names;
	size_t n_names;
};

/* addresses.c */
struct address_name;
void addresses_free(struct model *m);

/* containers.c */
struct container *container_of_slot(const struct model *m, uint32_t slot, uint32_t generation);
/* The container's facts changed, it ran or stopped: set ev->type and ev->container. */
void containers_update(struct model *m, struct event *ev);
void containers_gone(struct model *m, struct event *ev);
void containers_bind(struct model *m, const struct event *ev);
/* A LIFE record: sets ev->container; what changes nothing is no event. */
void containers_life(struct model *m, struct event *ev);
/* A process of c has ended. */
void containers_exit(struct container *c, const struct event *ev);
void containers_free(struct model *m);

/* processes.c */
/* The process that caused the record, made if it is new; kept up with the head. */
struct process *process_touch(struct model *m, const struct nunchi_head *head);
/* It has ended, at that boot time: it is kept for a while. */
void processes_end(struct model *m, struct process *p, uint64_t time);
/* keep has grown: what is too much by now is forgotten, but not that one, the youngest of all. */
void processes_weigh(struct model *m, struct process *keep);
struct process *processes_parent(const struct model *m, const struct process *p);
/* Those that carry the slot belong to c (NULL: nobody) from now on. */
void processes_bind(struct model *m, uint32_t slot, uint32_t generation, struct container *c);
/* c goes: no process may point to it. */
void processes_forget(struct model *m, const struct container *c);
void processes_free(struct model *m);

/* process.c */
/* comm of the process: len bytes at most, up to a NUL. Whether that is another one; there is a cmdline in any case. */
bool process_set_name(struct process *p, const char *comm, size_t len);
/* What the record says beyond its head. */
void process_apply(struct model *m, struct process *p, const struct event *ev);
