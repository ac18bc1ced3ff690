/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of accessors share; only for this room. */
#pragma once

#include <sys/socket.h>

#include "fields.h"

#define FIELD_GET(ident)                                                                   \
	void field_get_##ident(struct field_context *fc _unused_, const char *arg _unused_, \
			       struct value *ret _unused_)

#define FIELD(ident, name, type, scope, json, doc) FIELD_GET(ident);
#define FIELD_ARG(ident, name, type, scope, doc) FIELD_GET(ident);
#define FIELD_ARG_NUMBER(ident, name, type, scope, doc) FIELD_GET(ident); FIELD_GET(number_##ident);
#define FIELD_FORMS(ident, name, type, scope, json, doc) \
	FIELD_GET(ident); FIELD_GET(asked_##ident); FIELD_GET(alias_##ident);
#define FIELD_EITHER(ident, name, type, first, second, doc) FIELD_GET(ident);
#define FIELD_ANY(ident, name, type, first, second, third, doc) FIELD_GET(ident);
#define FIELD_ARG_OR_ALL(ident, name, type, scope, doc) FIELD_GET(ident);
#define FIELD_NUMBER_OR_ALL(ident, name, type, scope, doc) FIELD_GET(ident);
#define FIELD_MANY(ident, name, type, doc) FIELD_GET(ident);
#define FIELD_ABSENT(name, type, arg, doc)
#include "table.def.h"
#undef FIELD
#undef FIELD_ARG
#undef FIELD_ARG_NUMBER
#undef FIELD_FORMS
#undef FIELD_EITHER
#undef FIELD_ANY
#undef FIELD_ARG_OR_ALL
#undef FIELD_NUMBER_OR_ALL
#undef FIELD_MANY
#undef FIELD_ABSENT

static inline void value_set_number(struct value *v, int64_t n)
{
	v->type = VALUE_NUMBER;
	v->n = n;
}

static inline void value_set_bool(struct value *v, bool b)
{
	v->type = VALUE_BOOL;
	v->n = b;
}

static inline void value_set_bytes(struct value *v, const char *s, size_t len)
{
	v->type = VALUE_STRING;
	v->s = s;
	v->len = len;
}

/* NULL: missing. */
static inline void value_set_text(struct value *v, const char *s)
{
	if (s)
		value_set_bytes(v, s, strlen(s));
}

/* From an array that has no NUL if it is full; missing if empty. */
static inline void value_set_comm(struct value *v, const char comm[16])
{
	if (comm[0])
		value_set_bytes(v, comm, strnlen(comm, 16));
}

/* proc.execfn of p. */
void process_execfn(const struct process *p, struct value *ret);

/* From memory of the context; missing if empty. */
static inline void value_set_strbuf(struct value *v, const struct strbuf *b)
{
	if (b->len)
		value_set_bytes(v, b->s, b->len);
}

/* An empty strbuf for text that an accessor makes. */
static inline struct strbuf *scratch_next(struct field_context *fc)
{
	return fields_scratch(fc);
}

/* The head if a task caused the event; else NULL, because it has no ids then. */
static inline const struct nunchi_head *task_head(const struct field_context *fc)
{
	const struct nunchi_head *head = fc->ev->head;

	return head && head->pid ? head : NULL;
}

static inline bool is_ip(const struct event_fd *fd)
{
	return fd->present && (fd->family == AF_INET || fd->family == AF_INET6);
}

/* Whose an event is. */
enum owner { OWNER_UNKNOWN, OWNER_HOST, OWNER_CONTAINER };

enum owner event_owner(const struct field_context *fc);

/* The arguments of procexit, which has no row in the table of calls. */
#define EXIT_ARGS_MAX 4
extern const char *const exit_arg_names[EXIT_ARGS_MAX];

/* Falco's names of arguments (arg_falco.c). */
extern const char *const falco_arg_names[];
extern const size_t falco_arg_names_len;

/* Gets an argument of Falco's that is not simply the kernel's argument of that name. False: arg names none. */
bool falco_arg_get(struct field_context *fc, const char *arg, struct value *ret);

/* Which of the kernel's arguments has this name in Falco. False: none, or Falco means something else by it. */
bool falco_arg_find(const struct syscall_info *call, const char *arg, unsigned *ret_index);
/* Whether it is the call's result, which Falco's events have as an argument. */
bool falco_arg_is_result(const struct syscall_info *call, const char *arg);
/* Whether events of the call can have an argument that falco_arg_get() gets. */
bool falco_arg_has(const struct syscall_info *call, const char *arg);

/* Falco's numbers of arguments (arg_number.c). */
#define FALCO_ARG_NAME_MAX 24
/* The name of argument n of the call in Falco; "": it has no argument n. False: Falco has no arguments of this call. */
bool falco_arg_name(const struct syscall_info *call, unsigned n, char ret[FALCO_ARG_NAME_MAX]);
/* Whether a call has an argument of this number. */
bool falco_arg_number_known(const char *arg);

/* For what a call opens a file, and how far that can be trusted (enum grade). */
struct open_access {
	unsigned is;	/* nunchi_open_access() */
	enum grade read_grade, write_grade;
};

/* False: it opens no file, or that is not known. */
bool event_open_access(const struct event *ev, struct open_access *ret);

/* The flags of a call that opens a file by path or handle. False: it does not, or they are not known. */
bool event_open_flags(const struct event *ev, uint64_t *ret);
