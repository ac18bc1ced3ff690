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

#define ENGINE_OUT_BYTES (256U << 10)	/* handed to the writer at once, for fewer switches between threads */
#define ENGINE_RESERVE_BYTES (1U << 20)	/* kept for life and loss events when the output is full */
#define ENGINE_NICE (-15)	/* above what runs in containers, below the kernel's own threads */
#define ENGINE_NAP_MIN_MS 1		/* between drains under load: 8 MiB last 40 ms at 1M events/s */
#define ENGINE_NAP_RECORD_MS 5		/* if only a capture is written, and little comes: */
#define ENGINE_NAP_RECORD_TAKEN 2000	/* fewer records than that per nap */
#define ENGINE_NAP_MAX_MS 10		/* while a record in a ring is not completed */
#define ENGINE_SLACK (1 * NSEC_PER_MSEC)	/* how long a record may be on its way to its ring */
#define ENGINE_LISTING_NS (250 * NSEC_PER_MSEC)	/* how long runtimes are waited for before the ready line */
#define ENGINE_LOSSES_NS (250 * NSEC_PER_MSEC)	/* between reports of losses */
#define ENGINE_LOOK_NS (5 * NSEC_PER_MSEC)	/* at least, between two looks at all slots */
#define ENGINE_RETRY_NS (200 * NSEC_PER_MSEC)	/* until a slot is looked at again whose time came too early */
#define ENGINE_SNAPSHOT_NS (1 * NSEC_PER_SEC)	/* how long ps waits for runtimes */
#define ENGINE_LAST_FLUSH_NS (1 * NSEC_PER_SEC)	/* how long the end waits for a slow reader */
#define ENGINE_SAY_LAST_MS 200	/* how long the output is waited for before the account is printed, */
#define ENGINE_WRITER_STOP_MS 2000	/* and after that */
#define ENGINE_ACTS_NS (8 * NSEC_PER_SEC)	/* for actions at the end: a runtime that hangs, and then the way without it, take 6 s */
#define ENGINE_GONE_NS (1 * NSEC_PER_SEC)	/* how long a runtime's "it stopped" waits for the kernel's record of the end */
#define ENGINE_ADOPT_NS (10 * NSEC_PER_SEC)	/* a runtime that knows the container of an adopted slot has reported it by then */
#define ENGINE_RETIRED_NS (100 * NSEC_PER_MSEC)	/* programs that found a slot before it was retired are done with it by then */
#define ENGINE_RELEASE_NS (2 * NSEC_PER_SEC)	/* how long the slot of a stopped container is kept */

#define ENGINE_ALERTS_MAX 64		/* rules that one event alerts for; further matches are only counted */

enum slot_phase {
	SLOT_UNKNOWN,		/* free, or not heard of yet */
	SLOT_PENDING,		/* waits for a name */
	SLOT_CONTAINER,		/* has one: slot.id */
	SLOT_HOST,		/* the host, or a sandbox of it */
};

/* What user space knows of a slot. Index: the slot's number. */
struct slot {
	enum slot_phase phase;
	uint32_t generation;
	uint32_t parent;	/* slot it was opened from */
	uint32_t parent_generation;
	bool inner;		/* a sandbox inside the container from which it was opened, and part of that */
	uint32_t pid;		/* the process that opened it */
	uint64_t start;		/* of that process, boot ns */
	unsigned procs;		/* alive in it, while it waits for a name */
	uint64_t key;		/* of the mount namespace that it was opened by; 0: unknown */
	uint32_t mntns;
	uint32_t pidns;
	uint64_t cgroup;
	char *cgroup_path;	/* NULL: unknown */
	bool born;		/* we saw its namespaces being made, at `time` */
	char opener[16];	/* comm of the task that opened it */
	uint32_t init_pid;	/* the process that is 1 in its PID namespace; 0: not seen */
	uint64_t time;		/* of the record that opened it, boot ns */
	char *id;		/* of its container, in the stream; NULL: none */
	uint64_t opened;	/* boot ns */
	uint64_t give_up_at;	/* when the hold ends, boot ns */
	uint64_t next_try;	/* when to ask the disk again, boot ns */
	bool ran;		/* its container's init has executed; a slot is used for one run only */
	uint32_t pushed_pidns;	/* by which the kernel side recognises its tasks, too; 0: none */
	uint64_t pushed_cgroup;
	uint64_t gone_at;	/* when to believe a runtime that says it has stopped, boot ns; 0: none says so */
	uint64_t release_at;	/* when to give the slot back, boot ns; 0: not yet */
	bool retired;		/* no task uses it any more; records in flight may still come */
	unsigned tries;		/* how often the disk did not know it */
	bool asked;		/* the disk has been asked and has not answered */
	struct hold_queue held;
	struct account_user account;	/* its held counts `held` and the backlog */
	uint64_t told[NUNCHI_DROP_MAX];	/* losses that events have reported */
	uint64_t summarized;		/* aggregated calls that summaries have reported */
};

/* The state of --cpu-limit. */
struct cpu_limit {
	uint64_t time;		/* of the last look, boot ns */
	uint64_t cpu;		/* taken until then, ns */
	uint64_t room;		/* in each bulk ring, bytes */
	uint64_t say_at;	/* earliest time of the next message, boot ns */
	bool in_force;
	bool said;		/* the last message was that it is in force */
};

/* A set of rules, and what the kernel side and the pipeline need of it. */
struct in_force {
	struct ruleset *rules;		/* NULL: events are shown, not judged */
	struct syscall_set show;	/* calls to show */
	uint8_t refused[NUNCHI_CALLS_MAX];	/* 1: by the filter, whatever rules ask for */
	const struct block_plan *block;	/* NULL: nothing is blocked */
	struct push_plan *push;		/* which events need not leave the kernel; NULL: all that are wanted leave */
	unsigned generation;		/* counts reloads; 0: the rules of the start, which are borrowed */
};

/* Why a replay does not show an event that was recorded. */
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
	struct strbuf record;		/* for records that we make: see record_in() */
	struct strbuf late;		/* copy of a record that came late */
	struct strbuf summary;		/* a SUMMARY record in the making */
	struct hmap summaries;		/* what has been reported of the kernel's rows: struct told */
	uint64_t next_summary;		/* boot ns */
	struct slot *slots;		/* NUNCHI_SLOTS_MAX */
	uint32_t slots_used;		/* the highest number ever used, plus one */
	bool slots_scarce;		/* more than three quarters are taken */
	struct memory memory;		/* how --memory is divided */
	size_t held_bytes;		/* in the queues of all slots */
	size_t waited_most;		/* peak of held_bytes and backlog since memory was trimmed */
	struct hold_queue backlog;	/* records that wait for the output */
	struct in_force *force;		/* the rules in force, */
	struct in_force *before;	/* and those until changed_at; NULL: rules were never reloaded */
	uint64_t changed_at;		/* boot ns */
	struct in_force *judge;		/* the one of the two that applies to the current event */
	struct acts *acts;		/* NULL: no rule acts on containers */
	int resolver;			/* socket to the process that looks up host names; -1: none */
	struct reload *reload;		/* NULL: rules are never reloaded */
	struct rule *matched[ENGINE_ALERTS_MAX];	/* rules that the current event matches, */
	enum nunchi_effect effects[ENGINE_ALERTS_MAX];	/* and the effects of their actions */
	size_t n_matched;
	bool judged;			/* the current event was compared with the rules */
	uint64_t boot_to_epoch;
	uint64_t started;		/* boot ns; in replay the HOST record's time */
	uint64_t last_time;		/* of the last merged record */
	struct runtime_message *message;	/* the next one; waits until the records before it are taken; NULL: none */
	uint64_t num;			/* the last evt.num; shown and lost events count */
	uint64_t shown;			/* events */
	uint64_t hidden[HIDDEN_MAX];	/* events that a replay did not show, by reason */
	unsigned hidden_meant;		/* bits 1 << enum hidden: some of them were recorded on purpose */
	struct accounts closed;		/* accounts of slots that were given back */
	uint64_t counts[ACCOUNT_READER_MAX];
	uint64_t expected[PROBE_RINGS_MAX];	/* next number per ring */
	uint64_t missing;		/* sequence numbers that never came */
	struct hmap losses;		/* not reported yet: see losses.c */
	struct strbuf loss;		/* a LOST record in the making */
	uint64_t losses_seen;		/* probe_losses_seen() at the last look */
	bool losses_untold;		/* losses in user space wait to be reported */
	bool said_blocked;		/* logged that the output refuses events */
	bool said_no_slot;		/* logged that a container has no slot */
	uint64_t looked_for_losses;	/* boot ns */
	uint64_t next_check;		/* of what is done each second, boot ns */
	uint64_t next_look;		/* at the slots, boot ns; but at next_check in any case */
	uint64_t looked;		/* the last look at the slots, boot ns */
	struct cpu_limit cpu_limit;
	struct heartbeat *heartbeat;	/* NULL: none can be kept */
	int switches[PROBE_SWITCHES_MAX];	/* fds: see probe_switches() */
	unsigned n_switches;
	uint64_t switches_looked;	/* the last look at them, epoch ns */
	bool switched_off;		/* what it found */
	enum probe_refusal refusal;	/* how calls can be blocked here; found at the start, while it can be tried */
	unsigned refused;		/* classes of calls for which that works, as bits */
	bool env;			/* somebody asks for environments */
	uint32_t unseen;		/* bits 1 << enum doctor_unseen: what no hook sees here */
	unsigned blind_said;		/* messages of blind.c */
	bool attaching;			/* some hooks are not attached yet */
	bool had_first;			/* a record has come */
	bool ready;			/* the ready line has been printed */
	bool stop;			/* a signal came: what has been recorded is still shown */
	bool ending;			/* the count is reached: nothing more is shown */
	uint64_t last_call;		/* until when the end waits for a slow reader, boot ns; 0: it is not the end */
	bool blocked;			/* the writer has not accepted `out`, or that of the capture a frame */
	int failure;			/* -errno of output or capture, sticky */
};

/* The record that an encode_ function has put into b, which is valid until b changes. */
static inline const struct nunchi_head *record_in(const struct strbuf *b)
{
	return (const struct nunchi_head *)(const void *)b->s;
}

/* Whether the kernel's account counts records of this kind. */
static inline bool is_accounted(const struct nunchi_head *record)
{
	return record->kind <= NUNCHI_REC_EXIT || (record->kind >= NUNCHI_REC_ENTER &&
						   record->kind <= NUNCHI_REC_KERNEL_LAST);
}

/* The output accepts nothing, and slots run out: slots of ended containers no longer wait for the output. */
static inline bool slots_are_needed(const struct engine *e)
{
	return e->blocked && e->slots_scarce && !e->last_call;
}

/* pipeline.c: a record on its way through the model and out. False: the output does not accept it. */
bool pipeline_record(struct engine *e, const struct nunchi_head *record);
/* Hands the formatted output to the writer. wait: until it is accepted. */
void pipeline_flush(struct engine *e, bool wait);
/* Lets the output write what is due at that time (epoch ns; UINT64_MAX: all) without an event: counts of alerts. */
void pipeline_tell(struct engine *e, uint64_t now);
/* At the end: waits for a slow reader, until e->last_call. */
void pipeline_flush_last(struct engine *e);
/* Sends the record in e->record the same way. */
void pipeline_made(struct engine *e);

/* interrupt.c: signals while the kernel side is loaded. */
/* From now on SIGINT and SIGTERM end the process at once; file (borrowed) is removed then, if it is not NULL. */
void interrupt_allow(const char *file);
/* They are blocked again, as live_run() wants them. */
void interrupt_forbid(void);

/* recording.c: the capture, where one is asked for. */
int recording_open(struct engine *e) _must_check_;
/* Adds a record to the capture; only if there is one. False: it has no room at the moment. */
bool recording_add(struct engine *e, const struct nunchi_head *record, bool wanted);
/* Offers the waiting frame to the capture's thread again. False: there is still no room. */
bool recording_put(struct engine *e);
/* Each second, so that a killed nunchi has lost no more than the last one. */
void recording_flush(struct engine *e);
/* Ends the capture. 0, or -errno after logging it. */
int recording_close(struct engine *e);

/* claim.c: which container a slot can belong to. */
/* The slot from which this one was opened (NULL: the host); and that one's container, if it is known. */
struct slot *claim_parent(struct engine *e, const struct slot *slot);
struct container *claim_outer(struct engine *e, const struct slot *slot);
/* Whether a runtime's facts are about the tasks of this slot; and whether they may also be believed. */
bool claim_matches(const struct slot *slot, const struct container_info *info);
bool claim_may_be(struct engine *e, const struct slot *slot, const struct container_info *info);
/* Whether the slot is certainly another container's: a runtime made it while that one ran. */
bool claim_is_anothers(const struct slot *slot, const struct container_info *info);
/* Whether its tasks are in the very mounts that a runtime has reported. */
bool claim_same_mounts(const struct slot *slot, const struct container_info *info);
/* The slot's container, if a runtime has reported it, or if the slot was opened inside one. NULL: unknown. */
struct container *claim_find(struct engine *e, const struct slot *slot);
/* Makes a container that only the kernel knows; why: for container.incomplete. NULL: it is none. */
struct container *claim_by_kernel(struct engine *e, const struct slot *slot, const char *why);

/* namesake.c: containers that have the same id. */
/*
 * Sets info->id to the id, in the stream, of the container that a runtime's report is about, or to an unused one
 * if the report is about none that is known. If that is not the runtime's own name, the name is kept in
 * info->called. asked: the slot that the report answers a question about, or NULL.
 */
void namesake_settle(struct engine *e, struct container_info *info, const struct slot *asked);
/* An unused id for one more container of that name; owned by the caller. NULL: there are too many. */
char *namesake_id(const struct engine *e, const char *called) _must_check_;
/* Whether it certainly runs: its first process is alive. */
bool namesake_runs(const struct container *c);

/* switches.c: whether somebody has switched our hooks off. Called before privileges are dropped; each second; at the end. */
void switches_open(struct engine *e);
void switches_look(struct engine *e);
void switches_close(struct engine *e);

/* summary.c: reports what the kernel has counted instead of recording it. */
/* When it is due: what has been added to each row. */
void summary_tick(struct engine *e, uint64_t now);
/* Everything now: of a slot that is given back, or, at the end, of all (slot UINT32_MAX). */
void summary_flush(struct engine *e, uint32_t slot);
void summary_free(struct engine *e);

/* cpu_limit.c: makes the rings smaller while this process uses more CPU time than --cpu-limit. */
void cpu_limit_tick(struct engine *e, uint64_t now);

/* attach.c: the end of the start-up. */
void attach_find_unseen(struct engine *e);
void attach_say_unseen(const struct engine *e);
/* When the loop begins; and each time around it, with the number of records taken. */
void attach_begin(struct engine *e);
void attach_step(struct engine *e, unsigned records, uint64_t now);

/* blind.c: reports it if the record is a container's first step on a way that no hook sees here (e->unseen). */
void blind_look(struct engine *e, const char *container, const struct nunchi_head *record);

/* block.c: rules that block. */
/* What the kernel side decides, for the rules, or without rules for --watch; NULL: nothing. */
const struct block_plan *block_plan_of(const struct engine *e, const struct ruleset *rs);
/* Puts into *ret what the kernel side is to block, and logs what this kernel cannot. 1; 0: nothing to block; or -errno with a sentence. */
int block_prepare(const struct engine *e, const struct ruleset *rs, struct probe_block *ret,
		  struct strbuf *err) _must_check_;
/* Tells the kernel side which rules apply to the slot's container, or to one around it. Before the slot is named. */
void block_slot(struct engine *e, const struct slot *slot);

/* backlog.c: records that wait for the output. */
/* Bytes that may wait, for a name or for the output: what the model leaves of the reader's share. */
size_t backlog_room(const struct engine *e);
/* Adds a record of a known slot behind those that wait. */
void backlog_add(struct engine *e, const struct nunchi_head *record);
/* The records that waited for the slot's name continue. */
void backlog_release(struct engine *e, struct slot *slot);
/* Continues with as many as the output accepts. */
void backlog_run(struct engine *e);
/* Now and then: gives memory of records that no longer wait back to the system. */
void backlog_trim(struct engine *e);
void backlog_free(struct engine *e);

/* act.c: rules that end or freeze a container. */
/* Starts the threads if there is such a rule. Before privileges are dropped. 0 or -errno. */
int act_start(struct engine *e) _must_check_;
bool act_is_possible(const struct engine *e, const struct ruleset *rs);
/* Requests the rule's action for an event that it matched, if it acts on containers. Returns the effect for the alert. */
enum nunchi_effect act_on(struct engine *e, const struct rule *rule, const struct event *ev);
/* Whether a request has not been answered. */
bool act_is_under_way(const struct engine *e);
void act_done(struct engine *e, const struct runtime_message *message);
void act_end(struct engine *e);

/* in_force.c: the rules in force, and those before them. */
struct in_force *in_force_new(const struct engine *e, struct ruleset *rules, unsigned generation) _must_check_;
void in_force_free(struct in_force *f);	/* NULL is fine */
/* The set that applies to a record: of its time; for a blocked call, of the generation in its verdict. */
struct in_force *in_force_at(const struct engine *e, const struct nunchi_head *record);
/* How often the rule has matched since the start, across reloads. */
uint64_t in_force_fired(const struct rule *rule);
/* Puts next in force; the present set becomes e->before, and that one is freed. */
void in_force_change(struct engine *e, struct in_force *next);
/* Logs what the kernel side cannot do for the rules in force, which costs performance. */
void in_force_say(const struct engine *e);
/* Which calls the kernel side is to record. */
struct interest in_force_interest(const struct engine *e, const struct in_force *f);
/* Tells the kernel side which conditions the slot's container can satisfy; c NULL: the host. */
void in_force_slot(struct engine *e, uint32_t slot, uint32_t generation, struct container *c);

/* resolver.c: forks a process that looks up host names, if rules or the filter compare any. Before anything is open. 0 or -errno. */
int resolver_start(struct engine *e);
void resolver_ask(struct engine *e);	/* sends the names of the rules that are in force now */
void resolver_take(struct engine *e);	/* reads answers, when e->resolver is readable */
void resolver_stop(struct engine *e);

/* reload.c: a thread that reads the rules again. */
/* 0 or -errno. Does nothing if the config has no reread(). Before privileges are dropped. */
int reload_start(struct engine *e) _must_check_;
/* An fd that is readable when reload_take() has something to do. */
int reload_fd(const struct engine *e);
/* Puts the rules that were read in force, or logs why not. */
void reload_take(struct engine *e);
/* On SIGHUP. False: it does not mean a reload but the end of the terminal. */
bool reload_ask(struct engine *e);
void reload_stop(struct engine *e);

/* binder.c: which slot belongs to which container. */
/* Takes over the slots of an earlier run with --pin. */
void binder_adopt(struct engine *e);
void binder_pending(struct engine *e, const struct nunchi_head *record);
void binder_cgroup(struct engine *e, const struct nunchi_head *record);
/* Holds a record of a pending slot. */
void binder_hold(struct engine *e, struct slot *slot, const struct nunchi_head *record);
/* Tells the kernel side about each container again, after a reload of blocking rules. */
void binder_block_all(struct engine *e);
/* The same for the conditions of in_force_slot(). */
void binder_push_all(struct engine *e);
/* Retries, ends of holds, slots to give back. Sets e->next_look to when there is something to do next. */
void binder_tick(struct engine *e, uint64_t now);
/* A runtime has reported a container: binds slots to it, and updates those that are bound. */
void binder_container(struct engine *e, struct container *c, const struct container_info *info,
		      uint64_t token);
/* Whether a runtime's facts are about the tasks of a slot with that id. */
bool binder_is_about(const struct engine *e, const struct container_info *info);
/* Whether the kernel saw this container's namespaces being made, so that it reports start and end itself. */
bool binder_saw_birth(const struct engine *e, const struct container_info *info, uint64_t token);
/* A runtime reported the end at that boot time. True: wait for the kernel's record; the runtime is believed later if none comes. */
bool binder_ends_later(struct engine *e, const char *id, uint64_t said);
/* The slot of this token, if it is still that one; else NULL. */
const struct slot *binder_asked(struct engine *e, uint64_t token);
/* The disk does not know the slot of this token. */
void binder_unknown(struct engine *e, uint64_t token);
/* The container stopped: its slots will be given back. */
void binder_stopped(struct engine *e, const char *id);
/* The slot of a record; opens a pending one if the slot was not announced. */
struct slot *binder_slot(struct engine *e, const struct nunchi_head *record);
/* Whether there is such a process, zombies included. */
bool binder_is_alive(uint32_t pid);
/* Ends all holds: at the end. */
void binder_release_all(struct engine *e);
unsigned binder_waiting(const struct engine *e);
void binder_free(struct engine *e);

/* life.c: the life of containers, as records of the stream. Frees the message. */
void life_message(struct engine *e, struct runtime_message *message);
/* A runtime said at that boot time that it has stopped; that does not apply to a run that began later. */
void life_said_gone(struct engine *e, const char *id, uint64_t said);
/* A record of a bound slot continues; starts, ends and escapes are noticed on the way. */
void life_deliver(struct engine *e, struct slot *slot, const struct nunchi_head *record);

/* instance.c: publishes the account of this instance, each second; and removes that of one that has ended. */
void instance_publish(struct engine *e, uint64_t now);
void instance_forget(int dir, pid_t pid);

/* host.c */
void host_say(struct engine *e);
/* Each second: if the clock was set, uses the new time from now on, and records it. */
void host_look_at_clock(struct engine *e);

/* live.c and replay.c: where records come from. */
int live_run(struct engine *e);

#define DRAIN_MAX 65536		/* records between looks at anything else */

/* drain.c: takes records up to the watermark (boot ns) out of all rings. Returns how many, at most DRAIN_MAX. */
unsigned drain_rings(struct engine *e, uint64_t watermark);
/* Passes a record on, or holds it if its slot has no name yet. */
void drain_dispatch(struct engine *e, const struct nunchi_head *record);

int replay_run(struct engine *e);

/* present.c: makes records of the processes that already run, with their ancestors. 0 or -errno. */
int present_find(struct engine *e) _must_check_;

/* losses.c */
/* Counts a record that is lost in user space. */
void losses_add(struct engine *e, const struct nunchi_head *record, enum nunchi_drop reason);
/* Reports losses, here and in the kernel: of all slots; or of one that is to be given back (false: not all could be reported). */
void losses_tell(struct engine *e, uint64_t now);
bool losses_tell_slot(struct engine *e, uint32_t slot, uint64_t now);
/* Gives up reporting losses of the slot; returns how many. */
uint64_t losses_give_up(struct engine *e, uint32_t slot);
/* Whether there are losses to report. */
bool losses_are_due(const struct engine *e);
void losses_free(struct engine *e);

/* account.c */
/* Whether everything that the kernel sent for the slot has come. */
bool account_complete(struct engine *e, uint32_t slot);
/* Moves the slot's account to the closed ones. False: its losses are not reported yet. */
bool account_close(struct engine *e, uint32_t slot);
/* Appends the accounts as they are now, as records. */
void account_now(struct engine *e, struct strbuf *out);
/* Each second: logs once that containers are not seen for want of slots. */
void account_warn(struct engine *e);
/* All accounts by container, when nothing is in flight any more; also writes them to the capture. The caller frees ret. */
void account_end(struct engine *e, struct accounts *ret);
void account_say(struct engine *e, const struct accounts *accounts);
