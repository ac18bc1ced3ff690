/* SPDX-License-Identifier: Apache-2.0 */
/* Values of one list, found by one look-up however many there are: for in, intersects, pmatch. */
#pragma once

#include "fields/fields.h"

struct value_set;

/* The values are borrowed and outlive it. paths: they are paths, whose last slash is nothing. */
struct value_set *value_set_new(const struct value *values, size_t n, bool paths) _must_check_;
void value_set_free(struct value_set *s);	/* NULL is fine */
/* Networks are compared by what they hold. */
bool value_set_has(const struct value_set *s, const struct value *v);
/* Whether one of the paths is this one, or a directory above it. */
bool value_set_has_above(const struct value_set *s, const struct value *path);
