/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the parser share: the text and the place in it, and what a test is made of. */
#pragma once

#include "ast.h"
#include "condition.h"
#include "parse_error.h"

/* A piece of the text. */
struct span {
	size_t at;
	size_t len;
};

struct parser {
	const char *text;
	size_t len;
	size_t pos;
	unsigned depth;
	unsigned calls;		/* transformers that are open */
	bool negated;		/* behind an odd number of "not" */
	struct span field;	/* of the last test, if it took one value: what follows "or" may be meant as another one */
	const struct operation *op;
	bool in_output;		/* text goes on after the operand: a dot may end its sentence */
	bool may_glue;		/* also at once: of a name that is none, a field that it begins with is taken */
	bool glued;		/* that was so */
	const struct names *names;	/* NULL: there are no macros and lists */
	struct strbuf *err;
	size_t err_at;
};

/* What is on the left side of a test, and its operator. */
struct left {
	struct operand operand;
	struct span where;
	const struct operation *op;
	struct span op_where;
};

/* Values on the right side; strings are owned. */
struct values {
	struct value *v;
	size_t n;
	size_t cap;
};

/* What is on the right side of a test. */
struct right {
	struct values w;
	enum quantifier quantifier;
	struct operand *val;	/* another field's value; NULL: w has it */
};

void values_free(struct values *w);
void values_add(struct values *w, const struct value *v);	/* takes the string */

static inline bool is_blank(char c)
{
	return c == ' ' || (c >= '\b' && c <= '\r');
}

static inline bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What ends bare text, as in Falco: comparison signs but "=" may stand in a value. */
static inline bool ends_bare(char c)
{
	return is_blank(c) || memchr("()\"'=,", c, 6);
}

static inline int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Ends a sentence that is in err already. Always NULL, for a return. */
void *parser_fail_at(struct parser *p, struct span where);
void *parser_fail(struct parser *p, struct span where, const char *sentence);
/* "expected and, or, or %s", and what was meant by the word that is there instead. Always NULL. */
void *parser_fail_end(struct parser *p, struct span where, const char *end);
/* Behind "or" and a value: that there a whole comparison is due. Nothing elsewhere. */
void parser_add_comparison(const struct parser *p, size_t at);
void parser_add_nearest(struct parser *p, const struct strbuf *near);

void parser_skip_blanks(struct parser *p);
struct span parser_here(const struct parser *p, size_t len);
bool parser_at_char(const struct parser *p, char c);
/* The word that an error is about: up to the next blank or sign; a sign alone otherwise. */
struct span parser_word(const struct parser *p);
bool parser_at_keyword(const struct parser *p, const char *word);
bool parser_take_keyword(struct parser *p, const char *word);
bool parser_take_quoted(struct parser *p, struct strbuf *out) _must_check_;

/* "https" is 443. False: there is no such service. */
bool service_port(const char *name, int64_t *ret);

/* "a number" */
const char *parser_type_name(enum value_type type);

/* A field, with transformers around it perhaps. False: err is filled. */
bool parser_take_operand(struct parser *p, struct operand *o) _must_check_;
/* join(...), concat(...), getopt(...): its name is len long. */
bool parser_take_call(struct parser *p, struct operand *o, size_t len) _must_check_;
/* Up to the closing bracket at the end of a field or call, which may be quoted. False: there is none. */
bool parser_skip_bracket(struct parser *p) _must_check_;
/* A word with "(" at its end, as transformers and val have it; 0: there is none. */
size_t parser_call_length(const struct parser *p);

/* What is right of the operator. False: err is filled. */
bool parser_take_right(struct parser *p, const struct left *left, struct right *r) _must_check_;
