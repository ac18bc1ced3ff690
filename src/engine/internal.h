/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: the engine and its parts. */
#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "engine.h"
#include "event/account.h"
#include "event/capture.h"
#include "hold.h"
#include "out/writer.h"
#include "probe/probe.h"

#define ENGINE_OUT_BYTES (256U << 10)	/* handed to the writer at once: fewer switches between threads */
#define ENGINE_RESERVE_BYTES (1U << 20)	/* what is no container's call is still taken then */
#define ENGINE_NICE (-15)	/* above what runs in containers, below the kernel's own threads */
#define ENGINE_NAP_MIN_MS 1		/* between drains under load: 8 MiB last 40 ms at 1M events/s */
#define ENGINE_NAP_RECORD_MS 5		/* when nobody waits for a line, and little comes: */
#define ENGINE_NAP_RECORD_TAKEN 2000	/* fewer records than that in a nap */
#define ENGINE_NAP_MAX_MS 10		/* when what is in a ring does not become whole */
#define ENGINE_SLACK (1 * NSEC_PER_MSEC)	/* how long a record may be under way to its ring */
#define ENGINE_LISTING_NS (250 * NSEC_PER_MSEC)	/* a runtime that is slower is not waited for */
#define ENGINE_LOSSES_NS (250 * NSEC_PER_MSEC)	/* between losses that are told of */
#define ENGINE_LOOK_NS (5 * NSEC_PER_MSEC)	/* between looks at all slots, at least */
#define ENGINE_RETRY_NS (200 * NSEC_PER_MSEC)	/* a slot whose time has come, and of which not all has */
#define ENGINE_SNAPSHOT_NS (1 * NSEC_PER_SEC)
#define ENGINE_LAST_FLUSH_NS (1 * NSEC_PER_SEC)	/* what a slow reader is waited for at the end */
#define ENGINE_SAY_LAST_MS 200	/* what is written is waited for before the account is said */
#define ENGINE_WRITER_STOP_MS 2000	/* and after that for what is queued */
#define ENGINE_ACTS_NS (8 * NSEC_PER_SEC)	/* at the end: a runtime that hangs, and then the way without it, take 6 s */
#define ENGINE_GONE_NS (1 * NSEC_PER_SEC)	/* a runtime's word is waited with for the kernel's */
#define ENGINE_ADOPT_NS (10 * NSEC_PER_SEC)	/* a runtime that knows an adopted slot has said so by then */
#define ENGINE_RETIRED_NS (100 * NSEC_PER_MSEC)	/* a program that found a slot before it was retired is through by then */
#define ENGINE_RELEASE_NS (2 * NSEC_PER_SEC)	/* a stopped container's slot is kept so long */

#define ENGINE_ALERTS_MAX 64		/* rules that one event is told of; more than that match it: counted only */

enum slot_phase {
	SLOT_UNKNOWN,		/* nobody has heard of it */
	SLOT_PENDING,		/* waits for a name */
	SLOT_CONTAINER,		/* has one */
	SLOT_HOST,		/* a sandbox of the host's */
};

/* What user space knows of a slot. Index: the slot's number. */
struct slot {
	enum slot_phase phase;
	uint32_t generation;
	uint32_t parent;	/* slot it was opened from */
	uint32_t parent_generation;
	bool inner;		/* part of the container that it was opened in: a sandbox there */
	uint32_t pid;		/* the process that opened it */
	uint64_t start;		/* of that process, boot ns */
	unsigned procs;		/* alive in it, while it waits for a name */
	uint64_t key;		/* of the mount namespace that it was opened by; 0: unknown */
	uint32_t mntns;
	uint32_t pidns;
	uint64_t cgroup;
	char *cgroup_path;	/* NULL: unknown */
	bool born;		/* we saw its namespaces' birth: they are younger than time */
	char opener[16];	/* comm of the task that opened it */
	uint32_t init_pid;	/* the process that is 1 in its PID namespace; 0: not seen */
	uint64_t time;		/* of the record that opened it, boot ns */
	char *id;		/* full id of its container, NULL: none */
	uint64_t opened;	/* boot ns */
	uint64_t give_up_at;	/* when the hold ends, boot ns */
	uint64_t next_try;	/* when to ask the disk again, boot ns */
	bool ran;		/* its container's init has executed: a slot is one run */
	uint32_t pushed_pidns;	/* by what the kernel side knows it besides, 0: not */
	uint64_t pushed_cgroup;
	uint64_t gone_at;	/* a runtime says that it has stopped: when to believe it; 0: not */
	uint64_t release_at;	/* its container has stopped: when to give the slot back; 0: not */
	bool retired;		/* nobody goes by it any more; what was under way then comes yet */
	unsigned tries;
	bool asked;		/* an answer is due */
	struct hold_queue held;
	struct account_user account;	/* held: in held and in the backlog */
	uint64_t told[NUNCHI_DROP_MAX];	/* losses that the stream has told of */
	uint64_t summarized;		/* of what the kernel's account calls aggregated: told */
};

/* Of --cpu-limit. */
struct cpu_limit {
	uint64_t time;		/* of the last look, boot ns */
	uint64_t cpu;		/* taken until then, ns */
	uint64_t room;		/* in each bulk ring, bytes */
	uint64_t say_at;	/* when there may be a word about it again, boot ns */
	bool in_force;
	bool said;		/* that it is */
};

/* Rules, and what of them the kernel side and the pipeline ask for. */
struct in_force {
	struct ruleset *rules;		/* NULL: events are shown, not judged */
	struct syscall_set show;	/* calls to show */
	uint8_t refused[NUNCHI_CALLS_MAX];	/* 1: by the filter, whatever rules ask for */
	const struct block_plan *block;	/* NULL: nothing is blocked */
	struct push_plan *push;		/* what need not leave the kernel; NULL: all that is wanted does */
	unsigned generation;		/* 0: those of the start, which are borrowed */
};

/* What a replay leaves out because nobody asked for it. */
enum hidden { HIDDEN_HOST, HIDDEN_SETUP, HIDDEN_CALLS, HIDDEN_MAX };

struct engine {
	const struct engine_config *config;
	struct model *model;
	struct field_context fields;
	struct probe *probe;		/* NULL in replay */
	struct runtimes *runtimes;	/* NULL in replay */
	struct capture_writer *capture;	/* NULL: none */
	struct writer *capture_out;	/* what writes it */
	struct writer *writer;		/* NULL: nothing is shown */
	struct strbuf out;		/* formatted, not yet the writer's */
	struct strbuf record;		/* for records that we make */
	struct strbuf late;		/* copy of a record that came late */
	struct strbuf summary;		/* a SUMMARY record in the making */
	struct hmap summaries;		/* what is told of the kernel's rows: struct told */
	uint64_t next_summary;		/* boot ns */
	struct slot *slots;		/* NUNCHI_SLOTS_MAX */
	uint32_t slots_used;		/* highest number that was ever used, and one */
	bool slots_scarce;		/* most of all that there can be are taken */
	struct memory memory;		/* what --memory makes of it */
	size_t held_bytes;		/* in all slots' queues */
	size_t waited_most;		/* in them and in the backlog, since memory was given back */
	struct hold_queue backlog;	/* slots are known, the output is not ready */
	struct in_force *force;		/* what is in force, */
	struct in_force *before;	/* what was until changed_at; NULL: nothing else ever was */
	uint64_t changed_at;		/* boot ns */
	struct in_force *judge;		/* which of them the event meets */
	struct acts *acts;		/* NULL: nothing is done to containers */
	int resolver;			/* looks up names of addresses; -1: nobody asks for any */
	struct reload *reload;		/* NULL: rules stay what they are */
	struct rule *matched[ENGINE_ALERTS_MAX];	/* rules that the event has matched, */
	enum nunchi_effect effects[ENGINE_ALERTS_MAX];	/* what becomes of their actions */
	size_t n_matched;
	bool judged;			/* the event was held against the rules */
	uint64_t boot_to_epoch;
	uint64_t started;		/* boot ns; in replay the HOST record's time */
	uint64_t last_time;		/* of the last merged record */
	struct runtime_message *message;	/* the next, which must not overtake records; NULL: none is known */
	uint64_t num;			/* the last evt.num: of what was shown, and of what was lost */
	uint64_t shown;			/* events */
	uint64_t hidden[HIDDEN_MAX];	/* events of such that a replay has left out */
	unsigned hidden_meant;		/* bits 1 << enum hidden: some were recorded on purpose */
	struct accounts closed;		/* of slots that were given back */
	uint64_t counts[ACCOUNT_READER_MAX];
	uint64_t expected[PROBE_RINGS_MAX];	/* next number per ring */
	uint64_t missing;		/* numbers that have not come */
	struct hmap losses;		/* not told of yet: see losses.c */
	struct strbuf loss;		/* for the record of one */
	uint64_t losses_seen;		/* of the kernel side's */
	bool losses_untold;		/* there are some of ours */
	bool said_blocked;		/* that the output refuses events has been said */
	bool said_no_slot;		/* that there is a container without a slot has been said */
	uint64_t looked_for_losses;	/* boot ns */
	uint64_t next_check;		/* of what is looked at each second, boot ns */
	uint64_t next_look;		/* at the slots, boot ns; at next_check in any case */
	uint64_t looked;		/* at them, boot ns */
	struct cpu_limit cpu_limit;
	struct heartbeat *heartbeat;	/* NULL: none can be kept */
	int switches[PROBE_SWITCHES_MAX];	/* see probe_switches() */
	unsigned n_switches;
	uint64_t switches_looked;	/* at them, epoch ns */
	bool switched_off;		/* what they said then */
	enum probe_refusal refusal;	/* tried while that could be tried */
	unsigned refused;		/* classes of calls that it refuses, as bits: read at the start, too */
	bool env;			/* environments are asked for */
	uint32_t unseen;		/* bits 1 << enum doctor_unseen of this kernel */
	unsigned blind_said;		/* of how many containers that was said */
	bool attaching;			/* there are hooks yet to be attached */
	bool had_first;			/* a record has come */
	bool ready;			/* the ready line has been said */
	bool stop;			/* a signal: what has come is still shown */
	bool ending;			/* the count is reached: nothing more is shown */
	uint64_t last_call;		/* boot ns until which the end waits for a slow reader; 0: not yet */
	bool blocked;			/* the writer did not take what is in out, or the capture's a frame */
	int failure;			/* -errno of output or capture, sticky */
};

/* The record that an encode_ function has put into b, which is valid until b changes. */
static inline const struct nunchi_head *record_in(const struct strbuf *b)
{
	return (const struct nunchi_head *)(const void *)b->s;
}

/* Kinds that the kernel's account counts. */
static inline bool is_accounted(const struct nunchi_head *record)
{
	return record->kind <= NUNCHI_REC_EXIT || (record->kind >= NUNCHI_REC_ENTER &&
						   record->kind <= NUNCHI_REC_KERNEL_LAST);
}

/* The output takes nothing, and there will be no slot for the next container: those of ended ones do not wait for it. */
static inline bool slots_are_needed(const struct engine *e)
{
	return e->blocked && e->slots_scarce && !e->last_call;
}

/* pipeline.c: a record, to the model and out. False: the output does not take it. */
bool pipeline_record(struct engine *e, const struct nunchi_head *record);
/* Hands what is formatted to the writer. */
void pipeline_flush(struct engine *e, bool wait);
/* What the output has to say at that time (epoch ns; UINT64_MAX: all) without an event. */
void pipeline_tell(struct engine *e, uint64_t now);
/* At the end: waits for a slow reader, until e->last_call. */
void pipeline_flush_last(struct engine *e);
/* The last record made in e->record goes the same way. */
void pipeline_made(struct engine *e);

/* recording.c: the capture, where one is asked for. */
int recording_open(struct engine *e) _must_check_;
/* Into the capture, which there is. False: it has no room at the moment. */
bool recording_add(struct engine *e, const struct nunchi_head *record, bool wanted);
/* Hands its thread what had no room. False: it has none yet. */
bool recording_put(struct engine *e);
/* Each second: who is killed leaves all but the last. */
void recording_flush(struct engine *e);
/* The end of it. -errno, of which has been told. */
int recording_close(struct engine *e);

/* claim.c: whose a slot can be. */
/* The slot that it was opened in, NULL if that was the host's; and the container, if that is known. */
struct slot *claim_parent(struct engine *e, const struct slot *slot);
struct container *claim_outer(struct engine *e, const struct slot *slot);
/* Whether what a runtime says is about the tasks of this slot; and whether it may be believed. */
bool claim_matches(const struct slot *slot, const struct container_info *info);
bool claim_may_be(struct engine *e, const struct slot *slot, const struct container_info *info);
/* Whose it is as far as is known: a container that was told of, or, opened in one, what it is there. */
struct container *claim_find(struct engine *e, const struct slot *slot);
/* A container that only the kernel knows; why: what its event says of that. NULL: it is none. */
struct container *claim_by_kernel(struct engine *e, const struct slot *slot, const char *why);

/* switches.c: whether somebody has switched our hooks off. Before privileges are given up; each second; at the end. */
void switches_open(struct engine *e);
void switches_look(struct engine *e);
void switches_close(struct engine *e);

/* summary.c: what the kernel has counted in place of telling it. */
/* When it is time: of each row what has come to it. */
void summary_tick(struct engine *e, uint64_t now);
/* All of it now, of a slot that is given back, or at the end (slot UINT32_MAX). */
void summary_flush(struct engine *e, uint32_t slot);
void summary_free(struct engine *e);

/* cpu_limit.c: less is told while this process takes more time than it may. */
void cpu_limit_tick(struct engine *e, uint64_t now);

/* attach.c: hooks that come while events are told, and what none sees. */
void attach_find_unseen(struct engine *e);
void attach_say_unseen(const struct engine *e);
/* Once the loop begins, and each time that it has taken so many records. */
void attach_begin(struct engine *e);
void attach_step(struct engine *e, unsigned records, uint64_t now);

/* blind.c: whether a container's record says that it goes a way that no hook sees here (e->unseen). */
void blind_look(struct engine *e, const char *container, const struct nunchi_head *record);

/* block.c: rules that block. */
/* What of the rules, or of --watch where there are none, is decided in the kernel; NULL: nothing. */
const struct block_plan *block_plan_of(const struct engine *e, const struct ruleset *rs);
/* What the kernel side is to do, and what it cannot do here is said. 0: nothing; 1: *ret is filled; or -errno. */
int block_prepare(const struct engine *e, const struct ruleset *rs, struct probe_block *ret,
		  struct strbuf *err) _must_check_;
/* Which rules mean the slot's container, or one that it was made in; before it is said to be one. */
void block_slot(struct engine *e, const struct slot *slot);

/* backlog.c: what waits for the output. */
/* How much may wait, be it for a name or for the output: what the model leaves of the reader's share. */
size_t backlog_room(const struct engine *e);
/* A record of a slot that is known, behind what waits. */
void backlog_add(struct engine *e, const struct nunchi_head *record);
/* What waited for the slot's name goes on. */
void backlog_release(struct engine *e, struct slot *slot);
/* As much as the output takes. */
void backlog_run(struct engine *e);
/* Now and then: what waited and does no more is given back to the system. */
void backlog_trim(struct engine *e);
void backlog_free(struct engine *e);

/* act.c: rules that end or freeze a container. */
/* Threads that can, if there is such a rule. Before privileges are given up. */
int act_start(struct engine *e) _must_check_;
bool act_is_possible(const struct engine *e, const struct ruleset *rs);
/* What becomes of the rule's action, whatever that is, for an event that it has matched. */
enum nunchi_effect act_on(struct engine *e, const struct rule *rule, const struct event *ev);
/* Whether something was asked for that has not been answered. */
bool act_is_under_way(const struct engine *e);
void act_done(struct engine *e, const struct runtime_message *message);
void act_end(struct engine *e);

/* in_force.c: rules that are in force, and those that were before. */
struct in_force *in_force_new(const struct engine *e, struct ruleset *rules, unsigned generation) _must_check_;
void in_force_free(struct in_force *f);	/* NULL is fine */
/* Which an event meets: those of its time, but what the kernel side has blocked those that did it. */
struct in_force *in_force_at(const struct engine *e, const struct nunchi_head *record);
/* How often the rule has matched since the start; it may have been read anew. */
uint64_t in_force_fired(const struct rule *rule);
/* What is in force becomes what was, for next, and what was before goes. */
void in_force_change(struct engine *e, struct in_force *next);
/* What the kernel side cannot do for the rules in force, which costs. */
void in_force_say(const struct engine *e);
/* The calls that the kernel side is to tell of. */
struct interest in_force_interest(const struct engine *e, const struct in_force *f);
/* The kernel side is told which of what is wanted the slot's container can be meant by; c NULL: the host. */
void in_force_slot(struct engine *e, uint32_t slot, uint32_t generation, struct container *c);

/* resolver.c: a process, if rules or the filter compare names of addresses. Before anything is open. 0 or -errno. */
int resolver_start(struct engine *e);
void resolver_ask(struct engine *e);	/* for those of the rules that are in force now */
void resolver_take(struct engine *e);	/* the answers that came: e->resolver can be read */
void resolver_stop(struct engine *e);

/* reload.c: rules are read anew, by a thread of its own. */
/* 0 or -errno; nothing if the rules cannot be read anew. Before privileges are given up. */
int reload_start(struct engine *e) _must_check_;
/* Readable when reload_take() has something to do. */
int reload_fd(const struct engine *e);
/* Puts what has been read in force. */
void reload_take(struct engine *e);
/* SIGHUP. False: it is no wish for other rules. */
bool reload_ask(struct engine *e);
void reload_stop(struct engine *e);

/* binder.c: which slot is whose. */
/* Slots that an earlier run had are the same containers' still. */
void binder_adopt(struct engine *e);
void binder_pending(struct engine *e, const struct nunchi_head *record);
void binder_cgroup(struct engine *e, const struct nunchi_head *record);
/* Keeps a record of a slot that is pending. */
void binder_hold(struct engine *e, struct slot *slot, const struct nunchi_head *record);
/* Each slot of a container is said to the kernel side anew, for rules that block. */
void binder_block_all(struct engine *e);
/* Once the kernel side has other conditions than before. */
void binder_push_all(struct engine *e);
/* Retries, ends of holds, slots to give back. e->next_look becomes when there is something to do next. */
void binder_tick(struct engine *e, uint64_t now);
/* What a runtime says of a container: slots are bound to it, or know more of it. */
void binder_container(struct engine *e, struct container *c, const struct container_info *info,
		      uint64_t token);
/* Whether what a runtime says is about tasks that go by its id. */
bool binder_is_about(const struct engine *e, const struct container_info *info);
/* Whether the kernel saw this container's namespaces come, so that it tells start and end itself. */
bool binder_saw_birth(const struct engine *e, const struct container_info *info, uint64_t token);
/* Whether the kernel will tell of the end that a runtime told of at that boot time; if not, it is believed later. */
bool binder_ends_later(struct engine *e, const char *id, uint64_t said);
/* The disk does not know whose the slot of this token is. */
void binder_unknown(struct engine *e, uint64_t token);
/* The container stopped: its slots are to be given back. */
void binder_stopped(struct engine *e, const char *id);
/* The slot of a record; a pending one is made of what nobody has announced. */
struct slot *binder_slot(struct engine *e, const struct nunchi_head *record);
/* Whether there is such a process, be it one that has only to be waited for. */
bool binder_is_alive(uint32_t pid);
/* Ends all holds: at the end. */
void binder_release_all(struct engine *e);
unsigned binder_waiting(const struct engine *e);
void binder_free(struct engine *e);

/* life.c: what becomes of containers, as records of the stream. */
void life_message(struct engine *e, struct runtime_message *message);
/* It has stopped, by a runtime's word of that boot time, which is none of a run that began later. */
void life_said_gone(struct engine *e, const char *id, uint64_t said);
/* A record of a slot that is bound goes on; starts, ends and escapes are noticed on the way. */
void life_deliver(struct engine *e, struct slot *slot, const struct nunchi_head *record);

/* instance.c: what others can read of this one, each second; and that there is nothing any more. */
void instance_publish(struct engine *e, uint64_t now);
void instance_forget(int dir, pid_t pid);

/* host.c */
void host_say(struct engine *e);
/* Each second: if the clock was set, times are by the new one from now on, and a capture says so. */
void host_look_at_clock(struct engine *e);

/* live.c and replay.c: where records come from. */
int live_run(struct engine *e);

#define DRAIN_MAX 65536		/* records between looks at anything else */

/* drain.c: takes what is due out of all rings. Returns how many records there were, at most DRAIN_MAX. */
unsigned drain_rings(struct engine *e, uint64_t watermark);
/* A record whose slot is known, or is not yet: it goes on its way, or waits. */
void drain_dispatch(struct engine *e, const struct nunchi_head *record);

int replay_run(struct engine *e);

/* present.c: what ran before we did, with its ancestors, as records. 0 or -errno. */
int present_find(struct engine *e) _must_check_;

/* losses.c */
/* A record that is lost here. */
void losses_add(struct engine *e, const struct nunchi_head *record, enum nunchi_drop reason);
/* Tells of what was lost, here and in the kernel; of one slot, which is to be given back. False: not of all of it. */
void losses_tell(struct engine *e, uint64_t now);
bool losses_tell_slot(struct engine *e, uint32_t slot, uint64_t now);
/* What is not told of the slot's will not be: how many. */
uint64_t losses_give_up(struct engine *e, uint32_t slot);
/* Whether there is something to tell. */
bool losses_are_due(const struct engine *e);
void losses_free(struct engine *e);

/* account.c */
/* Whether everything the kernel sent of the slot has come. */
bool account_complete(struct engine *e, uint32_t slot);
/* Adds the slot's account to the closed ones and starts it anew. False: its losses are not told yet. */
bool account_close(struct engine *e, uint32_t slot);
/* Appends records: the accounts as they are now. */
void account_now(struct engine *e, struct strbuf *out);
/* Each second: that containers are not seen is said once, on stderr. */
void account_warn(struct engine *e);
/* All accounts, by container, once nothing is under way; into the capture they go, too. */
void account_end(struct engine *e, struct accounts *ret);
void account_say(struct engine *e, const struct accounts *accounts);
