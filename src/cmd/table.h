/* SPDX-License-Identifier: Apache-2.0 */
/* Text in columns that are as wide as their widest cell. Cells are escaped when they are added. */
#pragma once

#include "base/strbuf.h"

struct table {
	size_t columns;
	struct strbuf cells;	/* each with its NUL */
	size_t n_cells;
};

#define TABLE_INIT(n) { .columns = (n) }

/* Cells come row by row; s NULL or empty shows "-". */
void table_add(struct table *t, const char *s);
void table_add_number(struct table *t, uint64_t n);
void table_add_all(struct table *t, const char *const *cells, size_t n);
/* Appends all of it; the last column has no padding, and an empty cell there shows nothing. */
void table_print(const struct table *t, struct strbuf *out);
void table_free(struct table *t);
