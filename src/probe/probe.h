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

enum probe_refusal {
	PROBE_REFUSES_NOTHING,
	PROBE_REFUSES_ADDRESSES,	/* cgroup programs, by address: TCP and UDP */
	PROBE_REFUSES_BY_RETURN,	/* fmod_ret, in place of the functions by which the kernel asks its LSMs */
	PROBE_REFUSES_BY_LSM,		/* BPF LSM, asked as one of them */
};

/* What the kernel side is to block by itself: see nunchi/block.h. */
struct probe_block {
	struct nunchi_block_row rows[NUNCHI_BLOCK_MAX];
	uint8_t calls[NUNCHI_CALLS_MAX];	/* block_bits_of() each call */
	const struct nunchi_block_value *values;
	size_t n_values;
	const struct nunchi_block_read *reads;	/* by class */
	const struct push_text *text;
	enum probe_refusal refusal;	/* what is not refused is blocked when the call has returned; not NUNCHI_BLOCK_NAMES */
	unsigned refused;	/* classes that it refuses: probe_block_refused() */
	bool dry;	/* nothing is blocked, only said */
	bool keep;	/* it goes on when this process has ended */
};

/* Those that there can be: each has scratch and counters. */
unsigned probe_cpus(void);

/* What the kernel side is loaded for. Pointers are borrowed, and needed until probe_load() returns. */
struct probe_config {
	enum probe_hooks hooks;
	bool host;		/* the host's processes are wanted, too */
	bool pin;		/* identities outlive this process; those of an earlier one are taken over: probe_kept() */
	bool entries;		/* a record when a call begins, too; needs PROBE_HOOKS_KPROBE */
	bool aggregate;		/* bulk calls: a record of the first, the rest is counted: probe_summaries() */
	uint64_t memory;	/* bytes, as --memory has it */
	const struct probe_block *block;	/* NULL: nothing is blocked */
	const struct nunchi_push *push;		/* what probe_interest() will be told first; NULL: everything leaves */
};

/* Opens, configures and loads the BPF object; attaches nothing. On error -errno, and a sentence in err. */
int probe_load(struct probe **ret, const struct probe_config *config, struct strbuf *err) _must_check_;
/* Attaches all hooks, the scheduler's first, so that what starts meanwhile is known. */
int probe_attach(struct probe *p, struct strbuf *err) _must_check_;
/*
 * Hooks of the calls' own functions, one more: true until the last. What happens meanwhile is seen by the
 * tracepoint, which then goes. gaps: calls that have no hook, or NULL.
 */
bool probe_attach_more(struct probe *p);
const char *probe_gaps(const struct probe *p);
enum probe_hooks probe_hooks(const struct probe *p);
/*
 * By what the hooks of system calls can be switched off for everybody: files of the kernel's, the caller's, that begin
 * with a 0 while they are. Returns how many; 0 for the tracepoint.
 */
#define PROBE_SWITCHES_MAX 2
unsigned probe_switches(const struct probe *p, int ret[PROBE_SWITCHES_MAX]);
/* Detaches the hooks: nothing more is recorded. The rings can still be read. */
void probe_detach(struct probe *p);
void probe_free(struct probe *p);	/* NULL is fine */

/*
 * Which calls are wanted. May be changed at any time; but a call that probe_can_want() denies has no hook
 * by now. It is false of calls that were not wanted when hooks of functions were attached.
 */
bool probe_can_want(const struct probe *p, const struct interest *interest);
void probe_interest(struct probe *p, const struct interest *interest);
/* A process that ran before is in a chroot. Of later ones the programs find out. */
void probe_chroots(struct probe *p);
/* From before hooks are attached until all that ran before has been looked at: what is told in between is told as if one were. */
void probe_chroots_may_be(struct probe *p, bool maybe);
/* States that what need not leave takes, where there is no room for them, so that all leaves; else 0. */
uint32_t probe_push_missing(const struct probe *p, uint32_t *ret_room);

/* Ring 0 is the critical one. */
unsigned probe_rings(const struct probe *p);
struct ring *probe_ring(struct probe *p, unsigned i);
/*
 * The reader is about to wait for the fd: whoever puts a record into any ring from here on makes it readable (EPOLLIN,
 * to be waited for by its edge). False: there is one already, and it is not to wait. Whatever has ended the
 * wait, it is awake then.
 */
int probe_wake_fd(const struct probe *p);
bool probe_sleeps(struct probe *p);
void probe_awake(struct probe *p);

/* Of each bulk ring; and how much of it may be used, which containers share. */
uint64_t probe_bulk_bytes(const struct probe *p);
void probe_bulk_limit(struct probe *p, uint64_t bytes);
/* The record has been taken out of its ring: its container may put another in. */
void probe_taken(struct probe *p, const struct nunchi_head *record);
/*
 * Calls fn with each row of what was counted in place of being told. A row's count only grows while it is
 * there; one that has not grown for long may be forgotten, after which it begins anew.
 */
void probe_summaries(struct probe *p,
		     void (*fn)(const struct nunchi_summary_key *key, const struct nunchi_summary_row *row,
				void *arg),
		     void *arg);
/* ret: what it had come to. False: it was not there. */
bool probe_summary_forget(struct probe *p, const struct nunchi_summary_key *key, struct nunchi_summary_row *ret);

/* Which clauses of this generation of rules the slot's container satisfies; before it is said to be one. */
void probe_block_slot(struct probe *p, uint32_t slot, uint32_t generation,
		      const uint64_t masks[NUNCHI_BLOCK_MAX], unsigned rules);
/*
 * Other rules, while programs run. The first generation is 0. The next one's values are filled in, once those of the
 * one before are cleared; by any thread. Then it is said whom they mean, and the flip puts all in force at once.
 */
int probe_block_fill(struct probe *p, const struct probe_block *block, unsigned generation,
		     struct strbuf *err) _must_check_;
void probe_block_clear(struct probe *p, const struct nunchi_block_value *values, size_t n,
		       unsigned generation);
void probe_block_flip(struct probe *p, const struct probe_block *block, unsigned generation);
/* Classes that it blocks and that have no hooks, 1 << enum nunchi_block_class: there are those of the rules at the start. */
unsigned probe_block_missing(const struct probe *p, const struct probe_block *block);
/* Pins what blocks, once it is attached; beside what an earlier run has pinned, and then in its place. */
int probe_keep_blocking(struct probe *p, struct strbuf *err) _must_check_;
void probe_keep_settle(struct probe *p);
/* What is pinned: how many, or -errno. fn may be NULL; remove: it is taken away. Needs no probe, and no bpf(). */
int probe_kept_blocking(bool remove, void (*fn)(const char *hook, uint64_t since, void *arg), void *arg);
/* Whether another process has what is pinned in its hands. */
bool probe_is_keeping(void);
/* What this kernel can, by trial: LSM programs attach also where "bpf" is not in lsm=, and are never called. */
enum probe_refusal probe_refusal(void);
/* The classes of which it refuses calls, 1 << enum nunchi_block_class: a kernel need not have all hooks. */
unsigned probe_block_refused(enum probe_refusal refusal);

/* How many slots there can be. */
unsigned probe_slots(const struct probe *p);
/* All of these are ignored if the slot is of another generation by now. */
/* The clauses of each class of what need not leave that the slot's container satisfies; of slot 0 the host. */
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
/* The slot's mount namespace is the host's, also when the slot is gone. */
void probe_slot_sandbox(struct probe *p, uint32_t slot, uint32_t generation);
/*
 * Nobody goes by the slot any more: who did is looked at anew. A program that runs may have found it a moment before, and
 * counts in its account yet.
 */
void probe_slot_retire(struct probe *p, uint32_t slot, uint32_t generation);
/* Gives a retired slot back, generation as before that: its account begins anew, and it may be used for another container. */
void probe_slot_free(struct probe *p, uint32_t slot, uint32_t generation);
/* Takes back what the two before have told, unless it is another slot's by now. */
void probe_forget_pidns(struct probe *p, uint32_t slot, uint32_t generation, uint32_t inum);
void probe_forget_cgroup(struct probe *p, uint32_t slot, uint32_t generation, uint64_t id);
/* The generation of a slot that exists from the start: the host, and NUNCHI_SLOT_HELPERS. */
#define PROBE_GENERATION_FIRST 1

/* A container's slot as it is kept over a restart. Strings that do not fit are cut. */
struct probe_kept {
	uint32_t generation;
	uint32_t parent, parent_generation;	/* see struct nunchi_slot */
	uint32_t pidns, mntns;
	uint32_t called;	/* so much of id is what its runtime calls it; 0: all */
	uint64_t key;
	uint64_t cgroup;
	char id[128], name[128], runtime[32], image[192];
};

/* Remembers the slot, if anything is pinned; what concerns the slot's row is filled in. */
void probe_keep(struct probe *p, uint32_t slot, struct probe_kept *kept);
/* Calls fn with each slot that was taken over from an earlier run; its row is as it was. */
void probe_kept(struct probe *p, void (*fn)(uint32_t slot, const struct probe_kept *k, void *arg),
		void *arg);

/* Whether maps can be read with the capabilities used now; some kernels want CAP_BPF for it. */
bool probe_is_readable(const struct probe *p);

/* The kernel's half of a slot's account, summed over the CPUs. */
void probe_account(struct probe *p, uint32_t slot, struct nunchi_account *ret);

/*
 * What ran before: gives every task its identity, and calls fn with the head (a TASK record) of
 * each process that is recorded. 0 or -errno.
 */
int probe_tasks(struct probe *p, void (*fn)(const struct nunchi_head *head, void *arg), void *arg)
	_must_check_;

/* Counters of the whole host. */
void probe_counts(const struct probe *p, uint64_t ret[NUNCHI_COUNT_MAX]);
/* Runs that the kernel has skipped, of those that hide events: a name that lives as long as p, and how many. */
void probe_missed(const struct probe *p, void (*fn)(const char *program, uint64_t count, void *arg),
		  void *arg);
/* Grows with each loss. */
uint64_t probe_losses_seen(const struct probe *p);
/* Takes out what was lost since. */
void probe_losses(struct probe *p,
		  void (*fn)(const struct nunchi_loss_key *key, const struct nunchi_loss *loss, void *arg),
		  void *arg);

/* Numbers used up so far in a ring's sequence: what was read and what is missing must add up to it. */
uint64_t probe_ring_numbers(const struct probe *p, unsigned ring);

/* Bits 1 << enum doctor_unseen of what hooks make visible that are attached. */
uint32_t probe_sees(const struct probe *p);
/* Bits of what the chosen hooks do not see wherever they are; preemption: how the kernel does it. */
uint32_t probe_misses(const struct probe *p, enum doctor_preemption preemption);
/* Whether system-call tracepoints can be preempted; known once probe_tasks() has run. */
bool probe_faultable(const struct probe *p);

/*
 * For the doctor. Attaches what probe_attach() has left out, or failed at, and says what has become
 * of each hook; returns how many there are, at most n.
 */
unsigned probe_hooks_attach(struct probe *p, struct doctor_hook *rows, unsigned n);
/* While the fd that it returns is open the kernel counts runs of programs; -errno if it may not. */
int probe_count_runs(void);
/* Of the same rows: which have run since they were loaded. */
void probe_hooks_ran(struct probe *p, struct doctor_hook *rows, unsigned n);
void probe_memory(const struct probe *p, struct doctor_memory *ret);
/* Tries what programs can be here: loads, attaches, and makes each run. Needs no probe. */
void probe_features(struct doctor_try ret[DOCTOR_FEATURE_MAX]);
