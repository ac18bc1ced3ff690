/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decoded record. struct event points into the record's bytes and into the model; it owns nothing,
 * and is valid until the next record is taken. Decoding checks every length: a record, from a ring
 * or from a file, is untrusted input.
 */
#pragma once

#include "base/strbuf.h"
#include "nunchi/wire.h"
#include "syscalls/syscalls.h"

#define EVENT_BLOBS_MAX 24	/* more than any kind of record has; a record with more is damaged */

struct event_blob {
	const char *data;	/* not NUL-terminated */
	uint32_t len;
	uint32_t full;
	uint16_t flags;		/* NUNCHI_BLOB_* */
	uint8_t type;
	uint8_t arg;
};

/*
 * Events that are not system calls. X(enum, evt.type, activity.name, category, whether a process did it:
 * those are shown with the process, the others with a mark)
 */
#define EVENT_TYPES(X)                                                                          \
	X(PROCEXIT, "procexit", "Process Exit", PROCESS, true)                                  \
	X(CONTAINER_CREATED, "container_created", "Container Create", PROCESS, false)           \
	X(CONTAINER_STARTED, "container_started", "Container Start", PROCESS, false)            \
	X(CONTAINER_EXEC, "container_exec", "Container Exec", PROCESS, true)                    \
	X(CONTAINER_STOPPED, "container_stopped", "Container Stop", PROCESS, false)             \
	X(CONTAINER_REMOVED, "container_removed", "Container Remove", PROCESS, false)           \
	X(CONTAINER_PAUSED, "container_paused", "Container Pause", PROCESS, false)              \
	X(CONTAINER_RESUMED, "container_resumed", "Container Resume", PROCESS, false)           \
	X(CONTAINER_INFO, "container_info", "Container Info", PROCESS, false)                   \
	X(NS_CHANGED, "ns_changed", "Namespace Change", NAMESPACE, true)                        \
	X(CGROUP_MOVED, "cgroup_moved", "Cgroup Move", NAMESPACE, true)                         \
	X(ESCAPE, "container_escape_suspected", "Container Escape", NAMESPACE, true)            \
	X(MISMATCH, "argument_mismatch", "Argument Mismatch", SYSTEM, true)                     \
	X(SUMMARY, "activity_summary", "Activity Summary", SYSTEM, true)                       \
	X(BLIND, "sensor_blind", "Sensor Blind", SYSTEM, true)                                  \
	X(GAP, "sensor_gap", "Sensor Gap", SYSTEM, false)                                       \
	X(LOST, "events_lost", "Events Lost", SYSTEM, false)

enum event_type {
	EVENT_SYSCALL,	/* call->name; execve too */
#define X(id, name, activity, category, process) EVENT_##id,
	EVENT_TYPES(X)
#undef X
	EVENT_OTHER,	/* a record for the model only: never shown */
};

struct process;
struct container;

struct event {
	enum event_type type;
	uint64_t num;			/* evt.num, from 1; set when the event is shown */
	uint64_t time;			/* ns since the epoch */
	const struct nunchi_head *head;
	const struct syscall_info *call;	/* EVENT_SYSCALL */
	int64_t ret;			/* EVENT_SYSCALL */
	enum nunchi_abi abi;		/* EVENT_SYSCALL */
	uint64_t args[6];		/* EVENT_SYSCALL, EVENT_MISMATCH */
	uint32_t exit_code;		/* EVENT_PROCEXIT: wait status */
	struct nunchi_lost lost;	/* EVENT_LOST */
	const void *body;		/* what follows the head, of the full length that wire.h says */
	size_t body_len;
	unsigned n_blobs;
	struct event_blob blobs[EVENT_BLOBS_MAX];

	/* From the model; NULL if unknown. */
	struct process *proc;		/* after the event: for an execve the new image */
	struct process *parent;
	struct container *container;	/* NULL: the host */
	const char *host_name;
};

/*
 * Decodes the record at data, which must be 8-byte aligned; len is at least the record's length.
 * boot_to_epoch: ns to add to boot times. On an error: -EBADMSG, and in *ret_why a constant sentence.
 */
int event_decode(struct event *ev, const void *data, size_t len, uint64_t boot_to_epoch,
		 const char **ret_why) _must_check_;

/* The first blob of this type and argument (-1: any argument), or NULL. */
const struct event_blob *event_blob(const struct event *ev, enum nunchi_blob_type type, int arg);

/* Whether a process did it: then the task in its head is shown. */
bool event_has_process(enum event_type type);

/* The body of a record, by the type of the event; NULL for other types. */
static inline const struct nunchi_namespaces *event_namespaces(const struct event *ev)
{
	return ev->type == EVENT_NS_CHANGED ? ev->body : NULL;
}
static inline const struct nunchi_moved *event_moved(const struct event *ev)
{
	return ev->type == EVENT_CGROUP_MOVED ? ev->body : NULL;
}
static inline const struct nunchi_escape *event_escape(const struct event *ev)
{
	return ev->type == EVENT_ESCAPE ? ev->body : NULL;
}
static inline const struct nunchi_blind *event_blind(const struct event *ev)
{
	return ev->type == EVENT_BLIND ? ev->body : NULL;
}
static inline const struct nunchi_gap *event_gap(const struct event *ev)
{
	return ev->type == EVENT_GAP ? ev->body : NULL;
}

/* Appends the names of namespaces, separated by commas. bits: 1 << enum nunchi_namespace. */
void namespaces_print(struct strbuf *out, uint32_t bits);

/* The name of an enum nunchi_blind_what, such as "io_uring operations"; NULL: unknown. */
const char *blind_name(uint32_t what);

/* evt.type: "openat", "procexit", ... */
const char *event_type_name(const struct event *ev);
/* activity.name: "File Open"; for events that are not system calls "Process Exit", "Container Start", ... */
const char *event_activity(const struct event *ev);
enum activity_category event_category(const struct event *ev);
/* The entry of a system call: it has neither a result nor an effect yet. */
static inline bool event_is_entry(const struct event *ev)
{
	return ev->type == EVENT_SYSCALL && ev->ret == NUNCHI_RET_ENTRY;
}

/* evt.failed: a system call with an error as its result. */
static inline bool event_failed(const struct event *ev)
{
	return ev->type == EVENT_SYSCALL && ev->ret < 0 && ev->ret >= -4095;
}

/* For EVENT_SUMMARY what was counted, else NULL; decoding has checked the length of ev->body. */
static inline const struct nunchi_summary *event_summary(const struct event *ev)
{
	return ev->type == EVENT_SUMMARY ? ev->body : NULL;
}
/*
 * Turns an EVENT_SUMMARY into one of the events that it counts, as far as it has their data: a system call
 * with the arguments of the first one, or a procexit. False: what it counts are not events.
 */
bool event_become_counted(struct event *ev);
/* The name of a kind of record that is not a system call: "fork", "procexit", ...; NULL: not about a task. */
const char *event_kind_name(uint32_t kind);
/* What was counted: "openat", "procexit", ... */
const char *event_counted_name(const struct event *ev);

/* An argument whose value in user memory, at the end of the call, differed from what the kernel had used. */
struct event_mismatch {
	const struct syscall_info *call;
	unsigned arg;
	const struct event_blob *used, *found;	/* both NULL: the record is damaged */
};

/* False: the event is not an EVENT_MISMATCH. */
bool event_mismatch(const struct event *ev, struct event_mismatch *ret);

/* Appends an argument in readable form; nothing if the call has no such argument. */
void event_arg_print(const struct event *ev, unsigned index, struct strbuf *out);
