/* SPDX-License-Identifier: Apache-2.0 */
/* Values of one list, found by a look-up however many there are: for in, intersects, pmatch, startswith and endswith anyof. */
#pragma once

#include "fields/fields.h"

struct value_set;

enum value_set_kind {
	SET_VALUES,	/* one is equal; networks: holds the address */
	SET_PATHS,	/* one is this path, or a directory above it, names by glob; a slash at the end is nothing */
	SET_BEGINNINGS,	/* the text begins with one */
	SET_ENDINGS,	/* it ends with one */
};

/* The values are borrowed and outlive it. */
struct value_set *value_set_new(const struct value *values, size_t n, enum value_set_kind kind) _must_check_;
void value_set_free(struct value_set *s);	/* NULL is fine */
bool value_set_has(const struct value_set *s, const struct value *v);
/* What of a path has no wildcards and no backslashes, if it has wildcards; else all of it. Without slashes at its end. */
size_t value_path_beginning(const struct value *path);
/* Whether one of the values is a path with wildcards. */
bool values_have_wildcards(const struct value *values, size_t n);
