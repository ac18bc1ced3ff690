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
 * Parses text. On error -EINVAL, and in err a sentence, then two lines: the text and a caret under
 * the place: unknown fields and operators with the nearest names, values of a wrong type with what
 * was expected, unknown call names in evt.type and categories likewise. Empty text matches all.
 */
int filter_parse(struct filter **ret, const char *text, struct strbuf *err) _must_check_;
/* Both must match; takes ownership of a and b (either may be NULL), returns the new one. */
struct filter *filter_and(struct filter *a, struct filter *b) _must_check_;
void filter_free(struct filter *f);	/* NULL is fine */

/* NULL matches all. */
bool filter_match(const struct filter *f, struct field_context *fc);

/* What is known when not everything is: a three-valued answer. */
enum tri { TRI_FALSE, TRI_TRUE, TRI_UNKNOWN };

/*
 * What the filter says of an event of this call (NULL: a procexit) of which nothing else is known
 * (SCOPE_TYPE fields only). TRI_FALSE: no such event can match, it need not leave the kernel.
 */
enum tri filter_match_type(const struct filter *f, const struct syscall_info *call);
/* The same with only the container known (NULL: the host). */
enum tri filter_match_container(const struct filter *f, const struct model *m, struct container *c);

/* Adds the calls that the filter names in comparisons of evt.type by = and in (also below not). */
void filter_named_calls(const struct filter *f, struct syscall_set *set);
/* Whether it asks for the field, with whatever argument. */
bool filter_asks(const struct filter *f, const char *field);
/* Whether a field of the host's processes can be meant: container.id = host, container.id != ... */
bool filter_names_host(const struct filter *f);
