/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of an output: "%proc.name opened %fd.name by %evt.arg[0]". A "%" is followed by a field,
 * perhaps in transformers; "%%" is a percent sign. Falco's "*" at the beginning, "also if fields are
 * missing", is how it is always here.
 */
#pragma once

#include "operand.h"

#define TEMPLATE_PIECES_MAX 256	/* more fields than a line is for; there are about 200 */
#define TEMPLATE_MISSING "<NA>"

struct template_piece {
	char *text;		/* before the field */
	size_t len;
	struct operand operand;	/* field NULL: none, the last piece */
	char *name;		/* as it was written, without "%": the key in output_fields */
};

struct template {
	struct template_piece *pieces;
	size_t n;
};

/*
 * escapes: \n, \t and \\ mean what they do in C. -EINVAL with a sentence in err, and *ret_at the
 * place in the text.
 */
int template_new(struct template **ret, const char *text, bool escapes, struct strbuf *err,
		 size_t *ret_at) _must_check_;
void template_free(struct template *t);	/* NULL is fine */
/* Whether it shows the field, with whatever argument. */
bool template_asks(const struct template *t, const char *field);
/* Values printable, <NA> where one is missing. tmp: room for one. */
void template_print(const struct template *t, struct field_context *fc, struct strbuf *tmp,
		    struct strbuf *out);
