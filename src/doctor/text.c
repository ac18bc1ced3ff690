/* SPDX-License-Identifier: Apache-2.0 */
/* The screen: area, verdict, what there is; longer lines are broken between words. */
#include "doctor.h"

#define AREA 14
#define VERDICT 10
#define INDENT (AREA + VERDICT)
#define WIDTH_DEFAULT 100U
#define WIDTH_MIN 60U

static const char *color_of(enum doctor_verdict verdict)
{
	static const char *const colors[] = { "\033[32m", "\033[33m", "\033[31m" };

	return colors[verdict];
}

static void add_notes(struct strbuf *out, const struct doctor_row *row, size_t width)
{
	const char *s = row->notes.s;

	while (s && *s) {
		size_t len = strcspn(s, "\n");

		strbuf_addf(out, "%*s", INDENT, "");
		strbuf_add_wrapped(out, s, len, INDENT + 2, width);
		s += len + (s[len] == '\n');
	}
}

static void add_row(struct strbuf *out, const struct doctor_row *row, size_t width, bool color)
{
	const char *verdict = row->unchecked ? "-" :
			      row->verdict == DOCTOR_FINE ? "ok" :
			      doctor_verdict_name(row->verdict);
	bool colored = color && !row->unchecked;

	strbuf_addf(out, "%-*s%s%-*s%s", AREA, row->area, colored ? color_of(row->verdict) : "",
		    VERDICT, verdict, colored ? "\033[0m" : "");
	if (row->unchecked)
		strbuf_adds(out, "not checked\n");
	else
		strbuf_add_wrapped(out, row->text.s ? row->text.s : "", row->text.len, INDENT, width);
	add_notes(out, row, width);
}

void doctor_text(const struct doctor_report *r, unsigned width, bool color, struct strbuf *out)
{
	const char *verdict = doctor_verdict_name(r->verdict);

	width = width ? MAX(width, WIDTH_MIN) : WIDTH_DEFAULT;
	for (unsigned i = 0; i < r->n_rows; i++)
		add_row(out, &r->rows[i], width, color);
	strbuf_addf(out, "%s%s%s: %s\n", color ? color_of(r->verdict) : "", verdict,
		    color ? "\033[0m" : "", r->summary.s);
}
