/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML gives a text without its indentation and line ends. Where a byte of it stands in the file is
 * found again by going along both: blanks may be others, everything else is the same.
 */
#include "text.h"

static void add_piece(struct text *t, struct place place, size_t raw, size_t raw_end)
{
	t->pieces = xrealloc(t->pieces, (t->n_pieces + 1) * sizeof(*t->pieces));
	t->pieces[t->n_pieces++] = (struct text_piece){ t->b.len, place, raw, raw_end };
}

void text_set(struct text *t, const char *s, size_t len, struct place place, size_t raw,
	      size_t raw_end)
{
	strbuf_reset(&t->b);
	t->n_pieces = 0;
	add_piece(t, place, raw, raw_end);
	strbuf_add(&t->b, s, len);
}

void text_append(struct text *t, const char *s, size_t len, struct place place, size_t raw,
		 size_t raw_end)
{
	if (text_given(t))
		strbuf_addc(&t->b, ' ');
	else
		strbuf_reset(&t->b);
	add_piece(t, place, raw, raw_end);
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
	raw = MIN(raw, p->raw_end);
	struct place place = { s, 0, 0 };
	for (size_t i = 0; i < raw; i++) {
		place.line += s->text[i] == '\n';
		place.column = s->text[i] == '\n' ? 0 : place.column + 1;
	}
	return place;
}
