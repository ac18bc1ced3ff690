/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share. */
#pragma once

#include "base/memory.h"
#include "probe.h"

#include "nunchi.skel.h"

struct functions;

/* Where everything is pinned that outlives a run. */
#define BPFFS "/sys/fs/bpf"
#define PIN_DIRECTORY BPFFS "/nunchi"

struct probe {
	struct nunchi *skel;
	enum probe_hooks hooks;		/* never AUTO */
	struct functions *functions;	/* NULL: none */
	struct memory memory;
	unsigned n_cpus;
	unsigned n_slots;
	unsigned n_rings;
	struct ring rings[PROBE_RINGS_MAX];
	uint64_t sleeps;		/* how often the reader has gone to sleep */
	struct nunchi_account *accounts;	/* mapped: a row of n_slots for each CPU */
	bool host;
	uint32_t first_generation;	/* of a slot when it is first used in this run */
	int kept_fd;			/* array of struct probe_kept by slot; -1: nothing is pinned */
	unsigned block_classes;		/* bits 1 << enum nunchi_block_class that have hooks */
	struct nunchi_push_state *push_states;	/* push_room, mapped; NULL: every event leaves the kernel */
	uint32_t push_room;		/* states that there is room for */
	uint32_t push_wish;		/* states that the present interest needs */
	bool pushes;			/* its conditions are in force */
	struct nunchi_push_state *block_states;	/* two halves of block_room, mapped; NULL: nothing is blocked */
	uint32_t block_room;
	unsigned n_groups;		/* of containers that satisfy the same push clauses */
	struct nunchi_block_slot *block_slots;	/* n_slots, mapped; NULL: nothing is blocked */
	int lock_fd;			/* the lock of --pin; -1: without */
	int keep_fd;			/* the lock of --keep-blocking; -1: without */
	uint32_t summaries;		/* rows of calls that are only counted */
	unsigned char *bulk;		/* the pieces of all bulk rings, mapped */
	uint64_t *lane_taken;		/* mapped: a row of n_slots for each ring, and one for watched events */
	struct nunchi_summary_key *summary_keys;	/* SUMMARIES_AT_ONCE; NULL until they are read */
	struct nunchi_summary_row *summary_rows;
};

/* What an automaton's state takes of --memory: in the kernel, and here. */
#define PROBE_STATE_BYTES (2 * sizeof(struct nunchi_push_state))

/* Appends a sentence about what failed with r (-errno). Returns r. */
int load_failed(struct strbuf *err, const char *what, int r);
/* The same for the loading of the programs, for which the kernel may be too old. */
int load_refused(struct strbuf *err, int r);
/* Maps an array map as memory, for the caller to unmap. what: for the sentence if that fails. 0 or -errno. */
int map_table(const struct bpf_map *map, size_t size, const char *what, void **ret, struct strbuf *err) _must_check_;

/* Attaches a program, if it is loaded: not all are, on each kernel and in each run. 0, or -errno with a sentence. */
int attach_hook(const struct bpf_program *program, struct bpf_link **link, struct strbuf *err) _must_check_;

/* How many runs of the program (an fd) the kernel has skipped. */
uint64_t recursion_misses(int program);

/* variants.c: chooses which of the programs that do the same are loaded. Before load. hooks is not AUTO. */
void variants_choose(struct nunchi *skel, enum probe_hooks hooks);
/* Whether the kernel can preempt itself, programs included. */
bool variants_preempts(void);
/* Attaches a program where its section says, whatever is mounted. NULL and errno if that fails. */
struct bpf_link *variants_attach(const struct bpf_program *program);
/* The same for a program of the perf type, and a tracepoint by its name in tracefs: "raw_syscalls/sys_exit". */
struct bpf_link *variants_attach_event(const struct bpf_program *program, int tracefs,
				       const char *event);
/* An fd of the root of tracefs, mounted or not; or -errno. */
int variants_tracefs(void);

/*
 * kretprobe.c: kretprobes with room for many calls that wait at the same time, which only tracefs can make. NULL: this
 * cannot be had here, and the kernel's own number must do, twice the CPUs.
 */
struct kretprobes *kretprobes_open(void);
/* NULL and errno if that fails. */
struct bpf_link *kretprobes_attach(struct kretprobes *k, const struct bpf_program *program,
				   const char *function, unsigned room);
/* After the links are gone. NULL is fine. */
void kretprobes_close(struct kretprobes *k);

/* slots.c: after load, fills the rows of all slots, also of those that an earlier run has pinned. */
void slots_init(struct probe *p);
/* Whether the slot still has this generation. */
bool slot_is_current(const struct probe *p, uint32_t slot, uint32_t generation);

/* functions.c: whether hooks of this kind work here, found by trial. */
bool functions_can_have(enum probe_hooks kind);
/* Before load: sets p->hooks to what was asked for. 0, or -ENOTSUP with a sentence. */
int functions_choose(struct probe *p, enum probe_hooks hooks, struct strbuf *err) _must_check_;
/* After load: prepares for probe_attach_more(). 0 or -errno. */
int functions_start(struct probe *p, enum probe_hooks kind) _must_check_;
/* How many runs of the fexit programs the kernel has skipped. */
uint64_t functions_missed(const struct probe *p);
void functions_detach(struct probe *p);
void functions_free(struct probe *p);

/* lanes.c: the shares of the rings, and calls that are only counted. */
#define LANES_SLOT_BYTES 16	/* of a slot, for each ring */
/* Before the slots' part of p->memory is used. */
void lanes_divide(struct probe *p, bool aggregate);
/* Before load, and after it. 0, or -errno with a sentence. */
int lanes_configure(struct probe *p, bool aggregate, struct strbuf *err) _must_check_;
int lanes_open(struct probe *p, struct strbuf *err) _must_check_;
void lanes_close(struct probe *p);

/* block.c: programs that block; block NULL: none. Before load; after it; before other hooks. 0, or -errno with a sentence. */
int block_choose(struct probe *p, const struct probe_block *block, struct strbuf *err) _must_check_;
int block_fill(struct probe *p, const struct probe_block *block, struct strbuf *err) _must_check_;
int block_attach(struct probe *p, struct strbuf *err) _must_check_;
void block_close(struct probe *p);

/* Waits until every program that runs now has ended. */
void wait_for_programs(void);

/* push.c: the conditions by which events stay in the kernel. Before load; after it; each time that they change. */
void push_choose(struct probe *p, const struct nunchi_push *push);
int push_map(struct probe *p, struct strbuf *err) _must_check_;
void push_fill(struct probe *p, const struct nunchi_push *push);
void push_close(struct probe *p);

/*
 * pin.c: --pin. Pinned in /sys/fs/bpf/nunchi are the identities of tasks, the hook that copies them at fork, and
 * what is known of each container's slot. Before load: opens what an earlier run has pinned. 0, or -errno with a sentence.
 */
int pin_prepare(struct probe *p, struct strbuf *err) _must_check_;
/* Takes the lock that only one process with this option can have; makes the directory. 0, or -errno with a sentence. */
int pin_lock(const char *path, const char *option, int *ret_fd, struct strbuf *err) _must_check_;
int pin_directory(const char *option, struct strbuf *err) _must_check_;
/* After load: attaches and pins the hook, unless it is pinned already. 0, or -errno with a sentence. */
int pin_link(struct probe *p, struct strbuf *err) _must_check_;
/* Fills the row of a slot that an earlier run used. False: it was not used. */
bool pin_restore(struct probe *p, uint32_t slot);
void pin_forget(struct probe *p, uint32_t slot);
void pin_close(struct probe *p);

/* keep.c: --keep-blocking. Gives the lock back, and unpins what was not put in place. */
void keep_close(struct probe *p);
