/* SPDX-License-Identifier: Apache-2.0 */
/* What is right of an operator: text that becomes values of the type of the field on its left. */
#include "parser.h"

#include <arpa/inet.h>
#include <sys/socket.h>

void values_free(struct values *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].type == VALUE_STRING)
			free((char *)w->v[i].s);
	free(w->v);
}

void values_add(struct values *w, const struct value *v)
{
	if (w->n == w->cap) {
		w->cap = MAX(w->cap * 2, (size_t)4);
		w->v = xrealloc(w->v, w->cap * sizeof(*w->v));
	}
	w->v[w->n++] = *v;
}

const char *value_type_name(enum value_type type)
{
	switch (type) {
	case VALUE_NUMBER:
		return "a number";
	case VALUE_BOOL:
		return "true or false";
	case VALUE_IP:
		return "an IP address";
	default:
		return "text";
	}
}

/* The text of one value into out, its place into *ret_where. */
static bool parse_text(struct parser *p, const struct left *left, struct strbuf *out,
		       struct span *ret_where)
{
	struct span word;
	size_t start;

	parser_skip_blanks(p);
	start = p->pos;
	strbuf_reset(out);
	if (parser_at_char(p, '"') || parser_at_char(p, '\'')) {
		if (!parser_take_quoted(p, out))
			return false;
	} else {
		word = parser_word(p);
		if (!word.len || ends_bare(p->text[word.at])) {
			if (parser_at_char(p, '(') && left->op->operand == OPERAND_ONE)
				strbuf_addf(p->err, "'%s' takes one value; for a list there is in",
					    left->op->name);
			else
				strbuf_addf(p->err, "expected a value after '%s'; what has blanks "
					    "or signs goes in quotes", left->op->name);
			parser_fail_at(p, word);
			return false;
		}
		strbuf_add(out, p->text + word.at, word.len);
		p->pos += word.len;
	}
	*ret_where = (struct span){ start, p->pos - start };
	return true;
}

/* Decimal within int64_t, or hex of up to 64 bits, which wraps: masks and ids. */
static bool parse_number(const char *s, size_t len, int64_t *ret)
{
	bool negative = len && s[0] == '-', hex;
	size_t i = len && (s[0] == '-' || s[0] == '+');
	uint64_t n = 0, max;

	hex = len - i > 2 && s[i] == '0' && (s[i + 1] == 'x' || s[i + 1] == 'X');
	i += hex ? 2 : 0;
	if (i == len)
		return false;
	max = hex && !negative ? UINT64_MAX : (uint64_t)INT64_MAX + negative;
	for (; i < len; i++) {
		int digit = hex_digit(s[i]);
		unsigned base = hex ? 16 : 10;

		if (digit < 0 || digit >= (int)base || n > (max - (unsigned)digit) / base)
			return false;
		n = n * base + (unsigned)digit;
	}
	*ret = (int64_t)(negative ? -n : n);
	return true;
}

static bool parse_ip(const char *s, struct value *v)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, s, bytes) == 1)
		value_set_ip(v, AF_INET, bytes);
	else if (inet_pton(AF_INET6, s, bytes) == 1)
		value_set_ip(v, AF_INET6, bytes);
	else
		return false;
	return true;
}

static bool fail_value(struct parser *p, const struct left *left, const struct strbuf *text,
		       struct span where)
{
	strbuf_addf(p->err, "%s is compared with %s, and ", left->field->name,
		    value_type_name(left->field->type));
	error_add_word(p->err, text->s, text->len);
	strbuf_adds(p->err, " is none");
	parser_fail_at(p, where);
	return false;
}

/* Text into a value of the field's type. */
static bool convert(struct parser *p, const struct left *left, const struct strbuf *text,
		    struct span where, struct value *v)
{
	_cleanup_strbuf_ struct strbuf near = STRBUF_INIT;
	const char *what;

	*v = (struct value){ .type = left->field->type };
	switch (left->field->type) {
	case VALUE_NUMBER:
		if (!parse_number(text->s, text->len, &v->n))
			return fail_value(p, left, text, where);
		return true;
	case VALUE_BOOL:
		v->n = streq(text->s, "true");
		if (strlen(text->s) != text->len || (!v->n && !streq(text->s, "false")))
			return fail_value(p, left, text, where);
		return true;
	case VALUE_IP:
		if (strlen(text->s) != text->len || !parse_ip(text->s, v))
			return fail_value(p, left, text, where);
		return true;
	default:
		break;
	}
	if (left->op->exact && vocabulary_lacks(left->field, text->s, text->len, &what, &near)) {
		strbuf_addf(p->err, "no such %s: ", what);
		error_add_word(p->err, text->s, text->len);
		parser_add_nearest(p, &near);
		parser_fail_at(p, where);
		return false;
	}
	v->s = xmemdup(text->s, text->len);
	v->len = text->len;
	return true;
}

bool parser_take_value(struct parser *p, const struct left *left, struct values *w)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct span where;
	struct value v;

	if (!parse_text(p, left, &text, &where) || !convert(p, left, &text, where, &v))
		return false;
	values_add(w, &v);
	return true;
}

bool parser_take_list(struct parser *p, const struct left *left, struct values *w)
{
	struct span open;

	parser_skip_blanks(p);
	open = parser_here(p, 1);
	if (!parser_at_char(p, '(')) {
		strbuf_addf(p->err, "'%s' takes a list in parentheses, as in (a, b)",
			    left->op->name);
		parser_fail_at(p, parser_word(p));
		return false;
	}
	p->pos++;
	parser_skip_blanks(p);
	if (parser_at_char(p, ')')) {
		p->pos++;
		return true;
	}
	for (;;) {
		if (!parser_take_value(p, left, w))
			return false;
		parser_skip_blanks(p);
		if (parser_at_char(p, ')'))
			break;
		if (!parser_at_char(p, ',')) {
			if (p->pos == p->len)
				parser_fail(p, open, "this '(' is not closed");
			else
				parser_fail(p, parser_word(p), "expected ',' or ')' in the list");
			return false;
		}
		p->pos++;
	}
	p->pos++;
	return true;
}
