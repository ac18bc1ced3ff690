/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML gives a text without its indentation and line ends. Where a byte of it stands in the file is
 * found again by going along both: blanks may be others, everything else is the same.
 */
#include "text.h"

static void add_piece(struct text *t, struct place from, struct place to)
{
	const struct rule_file *s = from.source;

	t->pieces = xrealloc(t->pieces, (t->n_pieces + 1) * sizeof(*t->pieces));
	t->pieces[t->n_pieces++] = (struct text_piece){
		.at = t->b.len,
		.place = from,
		.raw = rule_file_offset(s, from.line, from.column),
		.raw_end = rule_file_offset(s, to.line, to.column),
	};
}

void text_set(struct text *t, const char *s, size_t len, struct place from, struct place to)
{
	strbuf_reset(&t->b);
	t->n_pieces = 0;
	add_piece(t, from, to);
	strbuf_add(&t->b, s, len);
}

void text_append(struct text *t, const char *s, size_t len, struct place from, struct place to)
{
	if (text_given(t))
		strbuf_addc(&t->b, ' ');
	else
		strbuf_reset(&t->b);
	add_piece(t, from, to);
	strbuf_add(&t->b, s, len);
}

void text_free(struct text *t)
{
	strbuf_free(&t->b);
	free(t->pieces);
	t->pieces = NULL;
	t->n_pieces = 0;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* After ">-" or "|2" the text begins on the next line. */
static size_t skip_indicator(const struct rule_file *s, size_t raw, size_t end)
{
	const char *newline;

	if (raw >= end || (s->text[raw] != '>' && s->text[raw] != '|'))
		return raw;
	newline = memchr(s->text + raw, '\n', end - raw);
	return newline ? (size_t)(newline - s->text) + 1 : end;
}

struct place text_place(const struct text *t, size_t at)
{
	const struct text_piece *p = t->pieces;
	const struct rule_file *s;
	size_t raw, text;

	for (size_t i = 0; i < t->n_pieces; i++)
		if (t->pieces[i].at <= at)
			p = &t->pieces[i];
	s = p->place.source;
	raw = skip_indicator(s, p->raw, p->raw_end);
	for (text = p->at; raw < p->raw_end; text++) {
		char c = text < t->b.len ? t->b.s[text] : '\0';

		if (c && !is_space(c))
			while (raw < p->raw_end && s->text[raw] != c)
				raw++;
		if (text >= at)
			break;
		raw += raw < p->raw_end;
	}
	return rule_file_place(s, MIN(raw, p->raw_end));
}
