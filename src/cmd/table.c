/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include "out/columns.h"

#define GAP 2

void table_add(struct table *t, const char *s)
{
	bool last = t->n_cells % t->columns == t->columns - 1;

	if (s && *s)
		strbuf_add_printable(&t->cells, s, strlen(s));
	else if (!last)
		strbuf_addc(&t->cells, '-');
	strbuf_addc(&t->cells, '\0');
	t->n_cells++;
}

void table_add_number(struct table *t, uint64_t n)
{
	strbuf_addu(&t->cells, n);
	strbuf_addc(&t->cells, '\0');
	t->n_cells++;
}

void table_add_all(struct table *t, const char *const *cells, size_t n)
{
	for (size_t i = 0; i < n; i++)
		table_add(t, cells[i]);
}

void table_print(const struct table *t, struct strbuf *out)
{
	size_t *widths = xcalloc(t->columns, sizeof(*widths));
	const char *s = t->cells.s;

	for (size_t i = 0; i < t->n_cells; i++, s += strlen(s) + 1)
		widths[i % t->columns] = MAX(widths[i % t->columns], columns_width(s, strlen(s)));
	s = t->cells.s;
	for (size_t i = 0; i < t->n_cells; i++, s += strlen(s) + 1) {
		size_t column = i % t->columns;

		strbuf_adds(out, s);
		if (column < t->columns - 1) {
			columns_pad(out, columns_width(s, strlen(s)), widths[column] + GAP);
			continue;
		}
		while (out->len && out->s[out->len - 1] == ' ')
			out->len--;
		strbuf_addc(out, '\n');
	}
	free(widths);
}

void table_free(struct table *t)
{
	strbuf_free(&t->cells);
}
