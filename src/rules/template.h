/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of an output: "%proc.name opened %fd.name by %evt.arg[0]". After a "%" there is a field,
 * which may be in transformers; "%%" is a percent sign. Falco's "*" at the beginning ("print also if
 * fields are missing") is accepted: that is always so here.
 */
#pragma once

#include "operand.h"

#define TEMPLATE_PIECES_MAX 256	/* more than a line can sensibly have; about 200 fields exist */
#define TEMPLATE_MISSING "<NA>"

struct template_piece {
	char *text;		/* before the field */
	size_t len;
	struct operand operand;	/* field NULL: no field follows, this is the last piece */
	char *name;		/* as written, without "%": the key in output_fields */
};

struct template {
	struct template_piece *pieces;
	size_t n;
};

/*
 * escapes: \n, \t and \\ mean what they do in C. On an error: -EINVAL, a sentence in err, and in
 * *ret_at the offset in the text. glued: text may follow a field at once, as in "%user.nameid"; the
 * first such word is put there. NULL: that is an error.
 */
int template_new(struct template **ret, const char *text, bool escapes, struct strbuf *glued,
		 struct strbuf *err, size_t *ret_at) _must_check_;
void template_free(struct template *t);	/* NULL is fine */
/* Whether it shows the field, with any argument. */
bool template_asks(const struct template *t, const char *field);
/* Appends to out, with values made printable and <NA> for those that are missing. tmp: scratch space. */
void template_print(const struct template *t, struct field_context *fc, struct strbuf *tmp,
		    struct strbuf *out);
