/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Falco's condition language: `container.name=web and evt.type in (openat, connect) and not
 * fd.name startswith /proc`. A comparison with a missing value is false, also for !=. The parser
 * builds a tree that holds resolved fields and typed values; evaluation allocates nothing.
 */
#pragma once

#include "fields/fields.h"

struct filter;

/*
 * Parses text; empty text matches everything. On an error it returns -EINVAL, and err has a sentence and
 * two more lines: the text, and a caret below the place. For an unknown field, operator, call or
 * category the sentence suggests the nearest names; for a value of the wrong type it says what was
 * expected.
 */
int filter_parse(struct filter **ret, const char *text, struct strbuf *err) _must_check_;
/* Both must match; takes ownership of a and b (either may be NULL), returns the new one. */
struct filter *filter_and(struct filter *a, struct filter *b) _must_check_;
void filter_free(struct filter *f);	/* NULL is fine */

/* f NULL matches everything. */
bool filter_match(const struct filter *f, struct field_context *fc);

/* The result when not all of an event is known. */
enum tri { TRI_FALSE, TRI_TRUE, TRI_UNKNOWN };

/*
 * The result for an event of this call (NULL: a procexit) when nothing else is known (only fields of
 * SCOPE_TYPE have a value). TRI_FALSE: no such event can match, so it need not leave the kernel.
 */
enum tri filter_match_type(const struct filter *f, const struct syscall_info *call);
/* The same when only the container is known (NULL: the host). */
enum tri filter_match_container(const struct filter *f, const struct model *m, struct container *c);

/* Adds the calls that the filter names in tests of evt.type with = and in, also below a not. */
void filter_named_calls(const struct filter *f, struct syscall_set *set);
/* Whether it uses the field, with any argument. */
bool filter_asks(const struct filter *f, const char *field);
/* Whether it can be about processes of the host: container.id = host, container.id != ... */
bool filter_names_host(const struct filter *f);
