/* SPDX-License-Identifier: Apache-2.0 */
/* A condition or an output: a text that files of rules gave, and later ones may have appended to. */
#pragma once

#include "report.h"

struct text_piece {
	size_t at;		/* where it begins in the text */
	struct place place;
	size_t raw, raw_end;	/* from where to where it stands in the file */
};

struct text {
	struct strbuf b;
	struct text_piece *pieces;
	size_t n_pieces;
};

/* from, to: between which places of the file it stands. */
void text_set(struct text *t, const char *s, size_t len, struct place from,
	      struct place to);
/* As Falco does: a blank, and what is appended. */
void text_append(struct text *t, const char *s, size_t len, struct place from,
		 struct place to);
void text_free(struct text *t);
static inline bool text_given(const struct text *t)
{
	return t->n_pieces > 0;
}
/* The place in the file of a byte of the text: YAML folds lines and takes blanks away. */
struct place text_place(const struct text *t, size_t at);
