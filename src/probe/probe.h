/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel side, seen from user space: the only room that knows libbpf. It opens and configures
 * the object, loads, attaches, and gives access to rings, slots and counters as plain data.
 */
#pragma once

#include "base/strbuf.h"
#include "doctor/doctor.h"
#include "attachment.h"
#include "event/interest.h"
#include "nunchi/block.h"
#include "nunchi/summary.h"
#include "ring.h"

struct probe;

#define PROBE_RINGS_MAX 64

/*
 * Checks that this process and kernel can do it, in a few ms. 0, or -EPERM / -ENOTSUP with a
 * sentence (and a second line with what to do) in err.
 */
int probe_check(struct strbuf *err) _must_check_;

/* What can refuse a call before it is done on this kernel; each can refuse more than the one before. */
enum probe_refusal {
	PROBE_REFUSES_NOTHING,
	PROBE_REFUSES_ADDRESSES,	/* cgroup programs: addresses of TCP and UDP only */
	PROBE_REFUSES_BY_RETURN,	/* fmod_ret programs on the functions that call the LSM hooks (security_*) */
	PROBE_REFUSES_BY_LSM,		/* programs of the BPF LSM */
};

/* What the kernel side is to block: see nunchi/block.h. Pointers are borrowed. */
struct probe_block {
	struct nunchi_block_row rows[NUNCHI_BLOCK_MAX];
	uint8_t calls[NUNCHI_CALLS_MAX];	/* block_bits_of() each call */
	const struct nunchi_block_value *values;
	size_t n_values;
	const struct nunchi_block_read *reads;	/* by class */
	const struct push_text *text;
	enum probe_refusal refusal;	/* what it cannot refuse is blocked at the call's return, except NUNCHI_BLOCK_NAMES */
	unsigned refused;	/* classes that it can refuse: probe_block_refused() */
	bool dry;	/* nothing is blocked; events say what would have been */
	bool keep;	/* blocking outlives this process */
};

/* How many CPUs there can be: each has scratch memory and counters of its own. 1 if it is not known (no sysfs). */
unsigned probe_cpus(void);

/* What the kernel side is loaded for. Pointers are borrowed until probe_load() returns. */
struct probe_config {
	enum probe_hooks hooks;
	bool host;		/* host processes too */
	bool pin;		/* identities outlive this process; those of an earlier one are taken over: probe_kept() */
	bool entries;		/* a record when a call begins, too; needs PROBE_HOOKS_KPROBE */
	bool aggregate;		/* bulk calls: a record of the first, the rest is counted: probe_summaries() */
	uint64_t memory;	/* --memory, in bytes */
	const struct probe_block *block;	/* NULL: nothing is blocked */
	const struct nunchi_push *push;		/* of the first probe_interest(); NULL: every event leaves the kernel */
};

/* Opens, configures and loads the BPF object; attaches nothing. On error -errno, and a sentence in err. */
int probe_load(struct probe **ret, const struct probe_config *config, struct strbuf *err) _must_check_;
/* Attaches all hooks, the scheduler's first, so that what starts meanwhile is known. */
int probe_attach(struct probe *p, struct strbuf *err) _must_check_;
/*
 * With hooks of functions: attaches the next one. False: there are no more. Until then the tracepoint sees the
 * calls without a hook; then it is detached.
 */
bool probe_attach_more(struct probe *p);
/* The calls that could not be hooked, as text; NULL: none. Owned by p. */
const char *probe_gaps(const struct probe *p);
enum probe_hooks probe_hooks(const struct probe *p);
/*
 * Opens the kernel's switches that turn off hooks of functions for everybody: files that begin with "0" while they
 * are off. Returns how many fds it has put into ret, which the caller closes; none if the hook is the tracepoint.
 */
#define PROBE_SWITCHES_MAX 2
unsigned probe_switches(const struct probe *p, int ret[PROBE_SWITCHES_MAX]);
/* Detaches the hooks: nothing more is recorded. The rings can still be read. */
void probe_detach(struct probe *p);
void probe_free(struct probe *p);	/* NULL is fine */

/*
 * Sets which calls are wanted; at any time. With hooks of functions, only calls that were wanted when these were
 * attached have one: probe_can_want() is false if the interest is in any other.
 */
bool probe_can_want(const struct probe *p, const struct interest *interest);
void probe_interest(struct probe *p, const struct interest *interest);
/* A process that already runs is in a chroot. (The programs notice it of later ones.) */
void probe_chroots(struct probe *p);
/* True from before hooks are attached until every process that already runs was looked at: one may be in a chroot. */
void probe_chroots_may_be(struct probe *p, bool maybe);
/*
 * The automaton states that the conditions for leaving the kernel would need, if there is no room for them: then every
 * event leaves. 0: there is room. *ret_room: the states that there is room for.
 */
uint32_t probe_push_missing(const struct probe *p, uint32_t *ret_room);

/* Ring 0 is the critical one. */
unsigned probe_rings(const struct probe *p);
struct ring *probe_ring(struct probe *p, unsigned i);
/*
 * While the reader sleeps, a record put into any ring makes the fd readable (EPOLLIN, edge-triggered). probe_sleeps()
 * says that the reader is about to wait; false: there is a record already, so it must not. probe_awake() follows each
 * wait, whatever ended it.
 */
int probe_wake_fd(const struct probe *p);
bool probe_sleeps(struct probe *p);
void probe_awake(struct probe *p);

/* The size of each bulk ring in bytes; and how many of them may be used, by all containers together. */
uint64_t probe_bulk_bytes(const struct probe *p);
void probe_bulk_limit(struct probe *p, uint64_t bytes);
/* Gives the room of a record that was taken out of its ring back to its container's share. */
void probe_taken(struct probe *p, const struct nunchi_head *record);
/*
 * Calls fn with each row of calls that were counted rather than recorded. The count of a row only grows while the
 * row is there; one that has not grown for long may be forgotten, after which it begins anew.
 */
void probe_summaries(struct probe *p,
		     void (*fn)(const struct nunchi_summary_key *key, const struct nunchi_summary_row *row,
				void *arg),
		     void *arg);
/* Removes the row; *ret: as it was last. False: there was none. */
bool probe_summary_forget(struct probe *p, const struct nunchi_summary_key *key, struct nunchi_summary_row *ret);

/* Sets which clauses of this generation of rules the slot's container satisfies, by class. Before the slot is named. */
void probe_block_slot(struct probe *p, uint32_t slot, uint32_t generation,
		      const uint64_t masks[NUNCHI_BLOCK_MAX], unsigned rules);
/*
 * Changes the rules while programs run. The rules of the start are generation 0. For the next one: clear the values of
 * the one before the present, fill in the new ones (both from any thread), set the masks of all slots, and flip, which
 * puts all of it in force at once. fill: 0, or -errno with a sentence.
 */
int probe_block_fill(struct probe *p, const struct probe_block *block, unsigned generation,
		     struct strbuf *err) _must_check_;
void probe_block_clear(struct probe *p, const struct nunchi_block_value *values, size_t n,
		       unsigned generation);
void probe_block_flip(struct probe *p, const struct probe_block *block, unsigned generation);
/* Classes (bits 1 << enum nunchi_block_class) that it blocks but that have no hooks: only those of the first rules have. */
unsigned probe_block_missing(const struct probe *p, const struct probe_block *block);
/* Pins the links of what blocks, once attached, beside those of an earlier run. 0, or -errno with a sentence. */
int probe_keep_blocking(struct probe *p, struct strbuf *err) _must_check_;
/* Puts them in the place of those of the earlier run. */
void probe_keep_settle(struct probe *p);
/*
 * Calls fn, which may be NULL, with each pinned hook and when it was pinned (epoch ns). remove: unpins it, which ends
 * its blocking. Returns how many there were, or -errno. Needs no probe, and no bpf().
 */
int probe_kept_blocking(bool remove, void (*fn)(const char *hook, uint64_t since, void *arg), void *arg);
/* Whether a nunchi with --keep-blocking runs. */
bool probe_is_keeping(void);
/* What this kernel can do, found by trial: LSM programs attach even if "bpf" is not in lsm=, but then never run. */
enum probe_refusal probe_refusal(void);
/* The classes of calls (bits 1 << enum nunchi_block_class) that it can refuse: a kernel need not have all hooks. */
unsigned probe_block_refused(enum probe_refusal refusal);

/* How many slots there can be. */
unsigned probe_slots(const struct probe *p);
/* What follows does nothing if the slot has another generation by now. */
/* Sets which push clauses of each class the slot's container can satisfy; for slot 0, the host. */
void probe_push_slot(struct probe *p, uint32_t slot, uint32_t generation,
		     const uint64_t clauses[NUNCHI_PUSH_CLASSES]);
void probe_slot_set(struct probe *p, uint32_t slot, uint32_t generation,
		    enum nunchi_slot_state state, enum nunchi_mode mode);
/*
 * The PID namespace of the slot's init: a task of the slot that is in another one, and in mounts of
 * its own, may be a container made inside. exclusive: no other container's tasks are in it, so
 * that whoever is found there belongs to the slot.
 */
void probe_slot_pidns(struct probe *p, uint32_t slot, uint32_t generation, uint32_t inum,
		      bool exclusive);
/* Tasks found in the cgroup belong to the slot from now on. 0 is ignored. */
void probe_slot_cgroup(struct probe *p, uint32_t slot, uint32_t generation, uint64_t id);
/*
 * The slot turned out to be the host's: its tasks are looked at anew, since some may have gone into a
 * container meanwhile. Returns the slot's generation from here on.
 */
uint32_t probe_slot_host(struct probe *p, uint32_t slot, uint32_t generation, enum nunchi_mode mode);
/* The slot's mount namespace counts as the host's from now on, also after the slot was given back. */
void probe_slot_sandbox(struct probe *p, uint32_t slot, uint32_t generation);
/*
 * Retires the slot: tasks that are in it are looked up anew. A program that runs at the moment may have found it just
 * before, and still count in its account.
 */
void probe_slot_retire(struct probe *p, uint32_t slot, uint32_t generation);
/* Frees a slot that was retired with this generation: its account begins anew, and another container may get it. */
void probe_slot_free(struct probe *p, uint32_t slot, uint32_t generation);
/* Withdraw what probe_slot_pidns() and probe_slot_cgroup() have set, unless it is another slot's by now. */
void probe_forget_pidns(struct probe *p, uint32_t slot, uint32_t generation, uint32_t inum);
void probe_forget_cgroup(struct probe *p, uint32_t slot, uint32_t generation, uint64_t id);
/* The generation of a slot that exists from the start: the host, and NUNCHI_SLOT_HELPERS. */
#define PROBE_GENERATION_FIRST 1

/* A container's slot as it is kept over a restart. Strings that do not fit are cut. */
struct probe_kept {
	uint32_t generation;
	uint32_t parent, parent_generation;	/* see struct nunchi_slot */
	uint32_t pidns, mntns;
	uint32_t called;	/* length of the part of id that is the runtime's own name; 0: all of it is */
	uint64_t key;
	uint64_t cgroup;
	char id[128], name[128], runtime[32], image[192];
};

/* With --pin: saves the slot for the next run. Fills in the members that come from the slot's row. */
void probe_keep(struct probe *p, uint32_t slot, struct probe_kept *kept);
/* Calls fn with each slot that was taken over from an earlier run; its row is as it was. */
void probe_kept(struct probe *p, void (*fn)(uint32_t slot, const struct probe_kept *k, void *arg),
		void *arg);

/* Whether maps can be read with the capabilities used now; some kernels want CAP_BPF for it. */
bool probe_is_readable(const struct probe *p);

/* The kernel's half of a slot's account, summed over the CPUs. */
void probe_account(struct probe *p, uint32_t slot, struct nunchi_account *ret);

/*
 * Gives every task that already runs its identity, and calls fn with the head (a TASK record) of each process that
 * is recorded. 0 or -errno.
 */
int probe_tasks(struct probe *p, void (*fn)(const struct nunchi_head *head, void *arg), void *arg)
	_must_check_;

/* Counters of the whole host. */
void probe_counts(const struct probe *p, uint64_t ret[NUNCHI_COUNT_MAX]);
/* Calls fn with each program of which the kernel has skipped runs, if events are lost by that. The name lives as long as p. */
void probe_missed(const struct probe *p, void (*fn)(const char *program, uint64_t count, void *arg),
		  void *arg);
/* Grows with each loss. */
uint64_t probe_losses_seen(const struct probe *p);
/* Calls fn with what was lost since the last time, and removes it. */
void probe_losses(struct probe *p,
		  void (*fn)(const struct nunchi_loss_key *key, const struct nunchi_loss *loss, void *arg),
		  void *arg);

/* How many sequence numbers a ring has given out: what was read and what is missing must add up to it. */
uint64_t probe_ring_numbers(const struct probe *p, unsigned ring);

/* Bits 1 << enum doctor_unseen of what the attached hooks make visible. */
uint32_t probe_sees(const struct probe *p);
/* The same bits, of what hooks of the chosen kind never see; preemption: the kernel's. */
uint32_t probe_misses(const struct probe *p, enum doctor_preemption preemption);
/* Whether system-call tracepoints can be preempted; known once probe_tasks() has run. */
bool probe_faultable(const struct probe *p);

/*
 * For the doctor. Attaches the hooks that probe_attach() left out or failed to attach, and fills in a row for each.
 * Returns how many there are, at most n.
 */
unsigned probe_hooks_attach(struct probe *p, struct doctor_hook *rows, unsigned n);
/* Returns an fd while which is open the kernel counts the runs of programs, or -errno. */
int probe_count_runs(void);
/* Fills in, in the same rows, which have run since they were loaded. */
void probe_hooks_ran(struct probe *p, struct doctor_hook *rows, unsigned n);
/* The memory that the loaded object takes, in bytes. */
void probe_memory(const struct probe *p, struct doctor_memory *ret);
/* Loads, attaches and triggers one program of each type. Needs no probe. */
void probe_features(struct doctor_try ret[DOCTOR_FEATURE_MAX]);
