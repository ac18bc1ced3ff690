/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every field there is: name, type, one line of documentation, accessor. Filter, columns, JSON,
 * --format and `nunchi list fields` read this table; no field is known anywhere else. Names and
 * meanings are Falco's where it has them (docs say where not).
 */
#pragma once

#include "event/fd.h"
#include "model/model.h"

enum value_type {
	VALUE_NONE,	/* missing: compares false with everything */
	VALUE_STRING,	/* s, len: not NUL-terminated, any bytes */
	VALUE_NUMBER,	/* n, signed 64 bits */
	VALUE_BOOL,	/* n is 0 or 1 */
	VALUE_IP,	/* ip, family AF_INET or AF_INET6 */
	VALUE_NET,	/* ip, family, prefix; a field of this type has an IP and is compared with networks */
	VALUE_LIST,	/* items, len of them: a comparison means any of them */
};

struct value {
	enum value_type type;
	const char *s;
	size_t len;
	int64_t n;
	uint16_t family;
	uint8_t ip[16];
	uint8_t prefix;		/* VALUE_NET: bits of ip that count */
	const struct value *items;	/* VALUE_LIST */
};

/* What a field depends on: what an output may cache, and what a filter can decide early. */
enum field_scope {
	SCOPE_EVENT,	/* anything of the event itself */
	SCOPE_OTHER,	/* anything of an event that is not a system call; missing in system calls */
	SCOPE_TYPE,	/* only the event's type: evt.type, activity.* */
	SCOPE_PROCESS,	/* only struct process and its version (proc.exepath, proc.cmdline ...) */
	SCOPE_CONTAINER,	/* only struct container and its version (container.*, k8s.*) */
	SCOPE_HOST,
};

/* How many texts made by accessors live at the same time. A power of two. */
#define FIELD_SCRATCH 8

/* The most values that a field can have (proc.aname); more distant ancestors are not looked at. */
#define FIELD_ITEMS_MAX 64

struct peers;

/* A second of the clock as it was last rendered: "2026-11-23T23:26:09" */
struct field_second {
	uint64_t second;
	uint8_t len;	/* 0: none yet */
	char text[32];
};

/*
 * What accessors use for one event: parts that are computed when they are needed, and room for text. One per thread,
 * zero-initialised; fields_begin() before each event, fields_end() at the end. Strings in values live until the next event;
 * but texts that an accessor has to make (evt.arg.*, evt.args, times, proc.args, container.host_namespaces) only until
 * FIELD_SCRATCH more of them were made.
 */
struct field_context {
	const struct event *ev;
	const struct model *model;
	struct event_fd fd;	/* valid if has_fd */
	bool has_fd, has_asked;
	struct strbuf fd_scratch;
	struct strbuf alias;	/* what fd.alias is */
	struct strbuf asked;	/* the path as it was asked for, if that is another one; valid if has_asked */
	struct strbuf scratch[FIELD_SCRATCH];	/* rotating: text made by accessors */
	unsigned next_scratch;
	struct value items[FIELD_ITEMS_MAX];	/* of the list that was asked for last */
	struct field_second utc, local;
	struct peers *peers;	/* of datagrams: datagram.c; NULL: nobody has asked */
};

/* Whether a field is in the JSON line by default. */
enum field_json { JSON_NO, JSON_YES, JSON_IF_TRUE };

struct field {
	const char *name;	/* "fd.name" */
	enum value_type type;
	enum field_scope scope;
	bool takes_arg;		/* evt.arg.NAME, container.label[KEY] */
	bool arg_optional;	/* proc.env[NAME] is a part of it, proc.env all of it */
	bool numbered;		/* likewise proc.args[N] and proc.args, proc.aname[N] and proc.aname, which is a list */
	bool absent;		/* a field of Falco's that no record carries yet: always missing */
	uint8_t json;		/* enum field_json */
	const char *doc;
	const char *either[3];	/* fields of which a comparison means any: two (fd.ip), or three; else NULL */
	/* Leaves *ret alone where the value is missing: *ret is VALUE_NONE before. */
	void (*get)(struct field_context *fc, const char *arg, struct value *ret);
	/*
	 * fd.name and its parts: the same by what was asked for, and by what fd.alias is; missing where there is no
	 * other path. evt.arg: the number of a user or group that is shown by name. A comparison is about all: any may be equal; NULL: there is one form only.
	 */
	void (*others[2])(struct field_context *fc, const char *arg, struct value *ret);
};

extern const struct field field_table[];
extern const size_t field_table_len;

/* Finds "fd.name"; for fields with an argument "evt.arg.flags", "container.label[app]": *ret_arg
 * is then the argument, malloc'ed, the caller's; else NULL. NULL if there is no such field. */
const struct field *field_find(const char *name, size_t len, char **ret_arg) _must_check_;

/*
 * Whether an event exists that has this argument of the field: evt.arg.NAME and evt.rawarg.NAME know
 * their names; true for the other fields. If not, near gets the nearest names (may be none).
 */
bool field_arg_known(const struct field *f, const char *arg, struct strbuf *near) _must_check_;
/* Whether events of this type (and this call, for EVENT_SYSCALL) can have it; true for fields other than evt.arg and evt.rawarg. */
bool field_arg_fits(const struct field *f, const char *arg, enum event_type type, const struct syscall_info *call);
/* The type of a field with this argument: in evt.rawarg paths and buffers are text, everything else is a number. */
enum value_type field_arg_type(const struct field *f, const char *arg);
/* "number": as `list fields` and errors name it. */
const char *value_type_name(enum value_type type);

void fields_begin(struct field_context *fc, const struct event *ev, const struct model *model);
void fields_end(struct field_context *fc);	/* frees the scratch */
/* An empty text in the context, to make a value of; it lives as long as accessors' texts do. */
struct strbuf *fields_scratch(struct field_context *fc);
/* Whether a pipe or memfd was opened by a path (a FIFO's; /proc/self/fd/3): for Falco's rules it is a file of that name. */
bool fields_opened_as_path(struct field_context *fc);
/* The path that was asked for, if another one was opened; else NULL. */
const struct strbuf *fields_asked(struct field_context *fc);
/* What fd.alias is; or NULL. */
const struct strbuf *fields_alias(struct field_context *fc);
/* The event's file or socket, computed once an event. */
const struct event_fd *fields_fd(struct field_context *fc);

void field_get(const struct field *f, const char *arg, struct field_context *fc, struct value *ret);
/* bytes: 4 for AF_INET, 16 for AF_INET6. An IPv4-mapped IPv6 address becomes the IPv4 one. */
void value_set_ip(struct value *v, uint16_t family, const uint8_t *bytes);
/* The value as text; nothing for VALUE_NONE; a list as Falco has it, "(a,b)". Not escaped. */
void value_print(struct strbuf *out, const struct value *v);
/* The value as JSON: number, bool, string; an array for a list, null for VALUE_NONE. */
void value_print_json(struct strbuf *out, const struct value *v);
