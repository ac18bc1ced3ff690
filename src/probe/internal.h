/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: the object, and what of it is pinned. */
#pragma once

#include "base/memory.h"
#include "probe.h"

#include "nunchi.skel.h"

struct functions;

/* Where all that outlives a run is pinned. */
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
	uint64_t sleeps;		/* that the reader has begun */
	struct nunchi_account *accounts;	/* mapped: a row of n_slots for each CPU */
	bool host;
	uint32_t first_generation;	/* of slots that nobody has had in this run */
	int kept_fd;			/* array of struct probe_kept by slot; -1: nothing is pinned */
	unsigned block_classes;		/* 1 << enum nunchi_block_class whose hooks are there */
	struct nunchi_push_state *push_states;	/* push_room, mapped; NULL: all leaves */
	uint32_t push_room;
	uint32_t push_wish;		/* states that the interest has */
	bool pushes;
	struct nunchi_push_state *block_states;	/* two halves of block_room, mapped; NULL: nothing is blocked */
	uint32_t block_room;
	unsigned n_groups;		/* of containers, for what is pushed */
	struct nunchi_block_slot *block_slots;	/* n_slots, mapped; NULL: nothing is blocked */
	int lock_fd;			/* held while we are the one that pins */
	int keep_fd;			/* the same of what blocks; -1: that ends with us */
	uint32_t summaries;		/* rows of what is counted */
	unsigned char *bulk;		/* the pieces of all bulk rings, mapped */
	uint64_t *lane_taken;		/* mapped: a row of n_slots for each ring, and one for what is watched */
	struct nunchi_summary_key *summary_keys;	/* SUMMARIES_AT_ONCE; NULL until they are read */
	struct nunchi_summary_row *summary_rows;
};

/* Of --memory, a state of an automaton: in the kernel, and here. */
#define PROBE_STATE_BYTES (2 * sizeof(struct nunchi_push_state))

/* A sentence for what failed; returns r. */
int load_failed(struct strbuf *err, const char *what, int r);
/* A table that programs look into, as memory; to be unmapped. what: for the sentence if that fails. */
int map_table(const struct bpf_map *map, size_t size, const char *what, void **ret, struct strbuf *err) _must_check_;
/* The same of the programs: the kernel may be too old for them. */
int load_refused(struct strbuf *err, int r);

/* Attaches a program that is loaded; one that is not is none of this kernel's or this run's. 0, or -errno and a sentence. */
int attach_hook(const struct bpf_program *program, struct bpf_link **link, struct strbuf *err) _must_check_;

/* How often the kernel has skipped a program's run. */
uint64_t recursion_misses(int program);

/* variants.c: of programs that do the same, which to load; before load. hooks is not AUTO. */
void variants_choose(struct nunchi *skel, enum probe_hooks hooks);
/* Whether the kernel preempts itself anywhere, programs included. */
bool variants_preempts(void);
/* A program at what its section names, whatever is mounted; NULL and errno if that fails. */
struct bpf_link *variants_attach(const struct bpf_program *program);
/* The same of the perf type, at what tracefs calls "raw_syscalls/sys_exit". */
struct bpf_link *variants_attach_event(const struct bpf_program *program, int tracefs,
				       const char *event);
/* tracefs, wherever it is: an fd of its root directory, or -errno. */
int variants_tracefs(void);

/*
 * kretprobe.c: kretprobes with room for many calls that wait at the same time, which tracefs alone can give.
 * NULL where there is none: the kernel's own number must do, twice the CPUs.
 */
struct kretprobes *kretprobes_open(void);
struct bpf_link *kretprobes_attach(struct kretprobes *k, const struct bpf_program *program,
				   const char *function, unsigned room);
/* After the links are gone. NULL is fine. */
void kretprobes_close(struct kretprobes *k);

/* slots.c: after load, those that an earlier run has kept included. */
void slots_init(struct probe *p);
/* Whether the slot is still that of whom had it under this generation. */
bool slot_is_current(const struct probe *p, uint32_t slot, uint32_t generation);

/* functions.c: whether this kernel has such hooks, found out by having one. */
bool functions_can_have(enum probe_hooks kind);
/* What was asked for becomes p->hooks; before load. -ENOTSUP and a sentence if there is none. */
int functions_choose(struct probe *p, enum probe_hooks hooks, struct strbuf *err) _must_check_;
/* After load. 0 or -errno. */
int functions_start(struct probe *p, enum probe_hooks kind) _must_check_;
uint64_t functions_missed(const struct probe *p);
void functions_detach(struct probe *p);
void functions_free(struct probe *p);

/*
 * lanes.c: shares of the rings, and what is counted. Before the slots' part of the memory is divided; before load;
 * after it.
 */
#define LANES_SLOT_BYTES 16	/* of a slot in each row */
void lanes_divide(struct probe *p, bool aggregate);
int lanes_configure(struct probe *p, bool aggregate, struct strbuf *err) _must_check_;
int lanes_open(struct probe *p, struct strbuf *err) _must_check_;
void lanes_close(struct probe *p);

/* block.c: programs that block. block: NULL: there are none. Before load; after it; and before other hooks. */
int block_choose(struct probe *p, const struct probe_block *block, struct strbuf *err) _must_check_;
int block_fill(struct probe *p, const struct probe_block *block, struct strbuf *err) _must_check_;
int block_attach(struct probe *p, struct strbuf *err) _must_check_;
void block_close(struct probe *p);

/* Until no program runs that has begun before. */
void wait_for_programs(void);

/* push.c: what need not leave the kernel. Before load; after it; and whenever it is another. */
void push_choose(struct probe *p, const struct nunchi_push *push);
int push_map(struct probe *p, struct strbuf *err) _must_check_;
void push_fill(struct probe *p, const struct nunchi_push *push);
void push_close(struct probe *p);

/*
 * pin.c: service mode. Pinned in /sys/fs/bpf/nunchi: the identities of tasks, the hook that copies them
 * at fork, and what is known of each container's slot. Before load: what is there is to be used.
 */
int pin_prepare(struct probe *p, struct strbuf *err) _must_check_;
/* A lock that one process has, for which there is the option; and the directory of what is pinned. */
int pin_lock(const char *path, const char *option, int *ret_fd, struct strbuf *err) _must_check_;
int pin_directory(const char *option, struct strbuf *err) _must_check_;
/* After load: the hook is attached and pinned, unless it is there. */
int pin_link(struct probe *p, struct strbuf *err) _must_check_;
/* Sets the row of a slot that an earlier run had in use. False: it had not. */
bool pin_restore(struct probe *p, uint32_t slot);
void pin_forget(struct probe *p, uint32_t slot);
void pin_close(struct probe *p);

/* keep.c: blocking that outlives the process. */
void keep_close(struct probe *p);
