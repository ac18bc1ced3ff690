/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call of several arguments in the place of a field: join(SEPARATOR, LIST), concat(TEXT, TEXT...),
 * getopt(LIST, OPTIONS) and getopt(LIST, OPTIONS)[OPTION]. Falco's, with its meaning:
 *
 * - An argument that is missing makes the result missing.
 * - join takes what is no text as it is printed; concat takes text only.
 * - getopt goes through the arguments of a command as getopt(3) does, up to the first that is no option, and
 *   gives a list of the options and of their values, "?" for an option that is not among OPTIONS, "" for a value
 *   that is not there. Long options are passed over. With [OPTION] it is the value of that one, the last if it is there
 *   more than once, its letter if it takes none, and missing if it is not there.
 *
 * A list is in parentheses, of fields, calls and quoted texts; or a field of many values; or proc.args, which is then
 * the arguments one by one.
 */
#pragma once

#include "operand.h"

enum call_kind { CALL_JOIN, CALL_CONCAT, CALL_GETOPT, CALL_MAX };

/* One of three: a list, an operand, a text. */
struct call_arg {
	bool is_list;
	struct call_arg *items;
	size_t n;
	struct operand *operand;
	char *text;		/* its NUL ends it */
	size_t len;
};

struct call {
	unsigned refs;
	enum call_kind kind;
	struct call_arg *args;
	size_t n;
};

/* The value of struct operand.field for a call of this kind; it has no accessor. */
extern const struct field call_fields[CALL_MAX];

/* The call of that name; CALL_MAX: there is none. */
enum call_kind call_find(const char *name, size_t len);
struct call *call_new(enum call_kind kind) _must_check_;
struct call *call_ref(struct call *c) _must_check_;
void call_unref(struct call *c);	/* NULL is fine */
/* Appends an argument, all zero. Pointers into the array become invalid. */
struct call_arg *call_arg_add(struct call_arg **args, size_t *n) _must_check_;

/* Whether it has one value, or many (which a comparison means any of). */
bool call_arg_is_list(const struct call_arg *a);

/* option: what is in brackets after getopt(); NULL: nothing. *ret is not changed if the result is missing. */
void call_get(const struct call *c, const char *option, struct field_context *fc, struct value *ret);
void call_print(const struct call *c, struct strbuf *out);
/* Each field that an argument is. */
void call_each_field(const struct call *c, void (*each)(const struct field *f, void *arg), void *arg);
