/* SPDX-License-Identifier: Apache-2.0 */
/* A side of a comparison: a field, or a call of several, and what is made of its value before it is compared. */
#pragma once

#include "fields/fields.h"

#define TRANSFORMS_MAX 8	/* around one field; two are already rare */

enum transform { TRANSFORM_TOLOWER, TRANSFORM_TOUPPER, TRANSFORM_B64, TRANSFORM_BASENAME,
		 TRANSFORM_LEN, TRANSFORM_MAX };

struct call;

struct operand {
	const struct field *field;	/* of a call one of call_fields */
	struct call *call;	/* owned; NULL: it is a field */
	char *arg;		/* owned; NULL: none */
	enum value_type type;	/* of the result */
	uint8_t n_transforms;
	uint8_t transforms[TRANSFORMS_MAX];	/* enum transform, the innermost first */
	/* In a set of rules */
	struct hnode by_content;
	unsigned slot;		/* where its value is kept for the event */
};

extern const char *const transform_names[TRANSFORM_MAX];

/* TRANSFORM_MAX: there is none of that name. */
enum transform transform_find(const char *name, size_t len);
/* Whether it takes a value of this type; *ret_type is what it makes of it. */
bool transform_takes(enum transform t, enum value_type type, enum value_type *ret_type);

/* ret is VALUE_NONE where the field is missing, or the transformer makes nothing of its value. */
void operand_get(const struct operand *o, struct field_context *fc, struct value *ret);
/* The same to be compared: a list if the field has forms that differ. */
void operand_get_forms(const struct operand *o, struct field_context *fc, struct value *ret);
/* *ret shares nothing that is owned with o. */
void operand_copy(struct operand *ret, const struct operand *o);
/* Each field that it is made of. */
void operand_each_field(const struct operand *o, void (*each)(const struct field *f, void *arg), void *arg);
bool operand_asks(const struct operand *o, const char *field);	/* by its name, with whatever argument */
bool operand_equal(const struct operand *a, const struct operand *b);
uint64_t operand_hash(const struct operand *o);
void operand_free(struct operand *o);	/* what it owns */
/* As it is written: "tolower(proc.aname[2])". */
void operand_print(const struct operand *o, struct strbuf *out);
/* In double quotes, as a condition has it. */
void quoted_print(const char *s, size_t len, struct strbuf *out);
