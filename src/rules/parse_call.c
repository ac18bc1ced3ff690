/* SPDX-License-Identifier: Apache-2.0 */
/* join, concat and getopt with their arguments. */
#include "call.h"
#include "parser.h"

#define ARGS_MAX FIELD_ITEMS_MAX	/* of one call or list */

static bool take_args(struct parser *p, struct call_arg **args, size_t *n, bool in_list);

static bool take_number(struct parser *p, struct call_arg *a)
{
	size_t len = 1;

	while (p->pos + len < p->len && !ends_bare(p->text[p->pos + len]) && p->text[p->pos + len] != ')')
		len++;
	a->text = xstrndup(p->text + p->pos, len);
	a->len = len;
	p->pos += len;
	return true;
}

static bool take_text(struct parser *p, struct call_arg *a)
{
	struct strbuf text = STRBUF_INIT;

	strbuf_reset(&text);
	if (!parser_take_quoted(p, &text)) {
		strbuf_free(&text);
		return false;
	}
	a->len = text.len;
	a->text = strbuf_take(&text);
	return true;
}

static bool at_number(const struct parser *p)
{
	char c = p->text[p->pos];

	return is_digit(c) || ((c == '-' || c == '+') && p->pos + 1 < p->len && is_digit(p->text[p->pos + 1]));
}

static bool take_arg(struct parser *p, struct call_arg *a, bool in_list)
{
	parser_skip_blanks(p);
	if (p->pos == p->len)
		return parser_fail(p, parser_word(p), "expected an argument here");
	if (parser_at_char(p, '"') || parser_at_char(p, '\''))
		return take_text(p, a);
	if (at_number(p))
		return take_number(p, a);
	if (parser_at_char(p, '(')) {
		if (in_list)
			return parser_fail(p, parser_here(p, 1), "a list cannot stand in a list");
		a->is_list = true;
		return take_args(p, &a->items, &a->n, true);
	}
	if (!is_letter(p->text[p->pos]))
		return parser_fail(p, parser_word(p), "expected a field, a text in quotes, a number or a list here");
	a->operand = xcalloc(1, sizeof(*a->operand));
	return parser_take_operand(p, a->operand);
}

/* From the opening parenthesis to the closing one. */
static bool take_args(struct parser *p, struct call_arg **args, size_t *n, bool in_list)
{
	struct span open = parser_here(p, 1);

	p->pos++;
	parser_skip_blanks(p);
	while (!parser_at_char(p, ')')) {
		if (*n == ARGS_MAX) {
			strbuf_addf(p->err, "more than %d arguments", ARGS_MAX);
			return parser_fail_at(p, parser_word(p));
		}
		if (!take_arg(p, call_arg_add(args, n), in_list))
			return false;
		parser_skip_blanks(p);
		if (p->pos == p->len)
			return parser_fail(p, open, "this '(' is not closed");
		if (parser_at_char(p, ')'))
			break;
		if (!parser_at_char(p, ','))
			return parser_fail(p, parser_word(p), "expected ',' or ')' after an argument");
		p->pos++;
		parser_skip_blanks(p);
		if (parser_at_char(p, ')'))
			return parser_fail(p, parser_here(p, 1), "expected an argument here");
	}
	p->pos++;
	return true;
}

static bool is_text(const struct call_arg *a)
{
	return !call_arg_is_list(a) && (!a->operand || a->operand->type == VALUE_STRING);
}

/* What is wrong with the arguments; NULL: nothing. */
static const char *wrong_args(const struct call *c)
{
	switch (c->kind) {
	case CALL_JOIN:
		return c->n == 2 && is_text(&c->args[0]) && call_arg_is_list(&c->args[1]) ? NULL :
			"join takes a text to put between and a list, as in join(\"-\", (proc.name, fd.name))";
	case CALL_GETOPT:
		return c->n == 2 && call_arg_is_list(&c->args[0]) && is_text(&c->args[1]) ? NULL :
			"getopt takes a list of arguments and the letters of options, as in getopt(proc.args, \"nt:\")";
	default:
		for (size_t i = 0; i < c->n; i++)
			if (!is_text(&c->args[i]))
				return "concat takes texts, and this is a list or no text";
		return c->n >= 2 ? NULL : "concat takes two texts or more, as in concat(container.name, fd.name)";
	}
}

/* getopt(...)[t] */
static bool take_option(struct parser *p, struct operand *o)
{
	struct span bracket = parser_here(p, 1);
	size_t start = p->pos + 1, len;

	if (!parser_skip_bracket(p))
		return parser_fail(p, bracket, "this '[' is not closed");
	len = p->pos - 1 - start;
	if (len == 3 && (p->text[start] == '"' || p->text[start] == '\'') && p->text[start + 2] == p->text[start]) {
		start++;
		len = 1;
	}
	if (o->call->kind != CALL_GETOPT || len != 1)
		return parser_fail(p, (struct span){ bracket.at, p->pos - bracket.at },
				   o->call->kind == CALL_GETOPT ? "expected the letter of one option here, as in [t]" :
								  "only getopt has an option in brackets");
	o->arg = xstrndup(p->text + start, len);
	return true;
}

bool parser_take_call(struct parser *p, struct operand *o, size_t len)
{
	enum call_kind kind = call_find(p->text + p->pos, len);
	size_t start = p->pos;
	const char *wrong;

	if (++p->calls > TRANSFORMS_MAX)
		return parser_fail(p, parser_here(p, len), "too many transformers in each other");
	o->call = call_new(kind);
	o->field = &call_fields[kind];
	o->type = VALUE_STRING;
	p->pos += len;
	if (!take_args(p, &o->call->args, &o->call->n, false))
		return false;
	p->calls--;
	wrong = wrong_args(o->call);
	if (wrong)
		return parser_fail(p, (struct span){ start, p->pos - start }, wrong);
	return !parser_at_char(p, '[') || take_option(p, o);
}
