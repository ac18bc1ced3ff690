/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recursive-descent parser of Falco's condition grammar:
 *
 *	or      := and { "or" and }
 *	and     := not { "and" not }
 *	not     := "not" not | "(" or ")" | test
 *	test    := field "exists" | field operator value | field "in" "(" [ value { "," value } ] ")"
 *	value   := quoted text | bare text: no blank, quote, parenthesis, "=" or ","
 *
 * The first error ends it: every function returns NULL then, and err is filled.
 */
#include "parser.h"

#include <errno.h>

/* What ends an operator that is a word. */
static bool ends_operator(char c)
{
	return ends_bare(c) || c == '<' || c == '>' || c == '!';
}

/* Up to the closing bracket of a field's argument, which may be quoted. False: there is none. */
static bool skip_bracket(struct parser *p)
{
	char quote = p->pos + 1 < p->len ? p->text[p->pos + 1] : '\0';
	const char *end = NULL;

	if (quote == '"' || quote == '\'') {
		end = memchr(p->text + p->pos + 2, quote, p->len - p->pos - 2);
		if (!end)
			return false;
		p->pos = (size_t)(end - p->text);
	}
	end = memchr(p->text + p->pos, ']', p->len - p->pos);
	if (!end)
		return false;
	p->pos = (size_t)(end - p->text) + 1;
	return true;
}

static void *fail_field(struct parser *p, struct span where)
{
	_cleanup_free_ const char **names = xcalloc(field_table_len, sizeof(*names));
	_cleanup_strbuf_ struct strbuf near = STRBUF_INIT;
	const char *word = p->text + where.at;

	for (size_t i = 0; i < field_table_len; i++) {
		names[i] = field_table[i].name;
		if (!field_table[i].takes_arg || strlen(names[i]) != where.len ||
		    memcmp(names[i], word, where.len))
			continue;
		strbuf_addf(p->err, "field '%s' needs a name after it, as in %s%s", names[i],
			    names[i], strstr(names[i], "label") ? "[KEY]" : ".NAME");
		return parser_fail_at(p, where);
	}
	strbuf_adds(p->err, "unknown field ");
	error_add_word(p->err, word, where.len);
	nearest_names(&near, word, where.len, names, field_table_len);
	parser_add_nearest(p, &near);
	return parser_fail_at(p, where);
}

static bool parse_field(struct parser *p, struct left *left)
{
	_cleanup_strbuf_ struct strbuf near = STRBUF_INIT;
	size_t start = p->pos;

	while (p->pos < p->len && (is_letter(p->text[p->pos]) || is_digit(p->text[p->pos]) ||
				   p->text[p->pos] == '.' || p->text[p->pos] == '-'))
		p->pos++;
	if (parser_at_char(p, '[')) {
		struct span bracket = parser_here(p, 1);

		if (!skip_bracket(p)) {
			parser_fail(p, bracket, "this '[' is not closed");
			return false;
		}
	}
	left->where = (struct span){ start, p->pos - start };
	left->field = field_find(p->text + start, left->where.len, &left->arg);
	if (!left->field) {
		fail_field(p, left->where);
		return false;
	}
	if (left->arg && !field_arg_known(left->field, left->arg, &near)) {
		strbuf_adds(p->err, "no event has an argument ");
		error_add_word(p->err, left->arg, strlen(left->arg));
		parser_add_nearest(p, &near);
		parser_fail_at(p, left->where);
		return false;
	}
	return true;
}

/* The operators that a type has, as "=, !=, in, exists". */
static void add_operators(struct parser *p, enum value_type type)
{
	const char *comma = "";

	for (size_t i = 0; i < operation_table_len; i++) {
		if (!(operation_table[i].types & 1U << type))
			continue;
		strbuf_addf(p->err, "%s%s", comma, operation_table[i].name);
		comma = ", ";
	}
}

static void fail_operator(struct parser *p, const struct left *left, struct span where)
{
	_cleanup_free_ const char **names = xcalloc(operation_table_len, sizeof(*names));
	_cleanup_strbuf_ struct strbuf near = STRBUF_INIT;

	for (size_t i = 0; i < operation_table_len; i++)
		names[i] = operation_table[i].name;
	strbuf_adds(p->err, "unknown operator ");
	error_add_word(p->err, p->text + where.at, where.len);
	if (is_letter(p->text[where.at]))
		nearest_names(&near, p->text + where.at, where.len, names, operation_table_len);
	if (near.len) {
		parser_add_nearest(p, &near);
	} else {
		strbuf_adds(p->err, ". There are ");
		add_operators(p, left->field->type);
	}
	parser_fail_at(p, where);
}

static void fail_no_operator(struct parser *p, const struct left *left)
{
	error_add_word(p->err, p->text + left->where.at, left->where.len);
	if (left->field->type == VALUE_BOOL) {
		strbuf_addf(p->err, " needs an operator and a value, as in %s=true",
			    left->field->name);
	} else {
		strbuf_adds(p->err, " needs an operator: ");
		add_operators(p, left->field->type);
	}
	parser_fail_at(p, parser_word(p));
}

static bool parse_operator(struct parser *p, struct left *left)
{
	size_t n = 0;

	parser_skip_blanks(p);
	if (p->pos == p->len || memchr("(),\"'", p->text[p->pos], 5) || parser_at_keyword(p, "and") ||
	    parser_at_keyword(p, "or")) {
		fail_no_operator(p, left);
		return false;
	}
	if (memchr("=<>!", p->text[p->pos], 4)) {
		n = p->pos + 1 < p->len && operation_find(p->text + p->pos, 2) ? 2 : 1;
	} else {
		while (p->pos + n < p->len && !ends_operator(p->text[p->pos + n]))
			n++;
	}
	left->op_where = parser_here(p, n);
	left->op = operation_find(p->text + p->pos, n);
	if (!left->op) {
		fail_operator(p, left, left->op_where);
		return false;
	}
	if (!(left->op->types & 1U << left->field->type)) {
		strbuf_addf(p->err, "'%s' does not go with %s, which is %s. What does: ",
			    left->op->name, left->field->name, value_type_name(left->field->type));
		add_operators(p, left->field->type);
		parser_fail_at(p, left->op_where);
		return false;
	}
	p->pos += n;
	return true;
}

/*
 * fd.ip: either end; with != neither, though one must be there. Written with the two fields
 * that it stands for.
 */
static struct node *expand_either(const struct left *left, const struct values *w)
{
	const char *first = left->field->either[0], *second = left->field->either[1];
	const struct operation *equal = operation_find("=", 1), *exists = operation_find("exists", 6);
	const struct operation *op = left->op->negative ? equal : left->op;
	struct node *n = node_pair(NODE_OR, node_test(first, op, w->v, w->n),
				   node_test(second, op, w->v, w->n));

	if (!left->op->negative)
		return n;
	return node_pair(NODE_AND,
			 node_pair(NODE_OR, node_test(first, exists, NULL, 0),
				   node_test(second, exists, NULL, 0)),
			 node_not(n));
}

#define SHORT_ID 12	/* digits of container.id */

/*
 * container.id against more than its 12 digits means the whole id, or a beginning of it. NULL: no
 * value is that long.
 */
static struct node *expand_long_ids(const struct left *left, const struct values *w)
{
	const struct operation *prefix = operation_find("startswith", 10);
	struct values shorts = { NULL, 0, 0 };
	struct node *any = node_new(NODE_OR);

	for (size_t i = 0; i < w->n; i++) {
		if (w->v[i].len > SHORT_ID)
			node_add(any, node_test("container.full_id", prefix, &w->v[i], 1));
		else
			values_add(&shorts, &w->v[i]);	/* borrowed */
	}
	if (!any->n_kids) {
		free(shorts.v);
		node_free(any);
		return NULL;
	}
	node_add(any, node_test("container.id", operation_find("in", 2), shorts.v, shorts.n));
	free(shorts.v);
	if (!left->op->negative)
		return any;
	return node_pair(NODE_AND,
			 node_test("container.id", operation_find("exists", 6), NULL, 0),
			 node_not(any));
}

static struct node *build_test(struct left *left, const struct values *w)
{
	struct node *n;

	if (left->field->either[0])
		return expand_either(left, w);
	if (left->op->exact && streq(left->field->name, "container.id")) {
		n = expand_long_ids(left, w);
		if (n)
			return n;
	}
	n = node_new(NODE_TEST);
	n->field = left->field;
	n->arg = TAKE_PTR(left->arg);
	n->op = left->op;
	node_set_values(n, w->v, w->n);
	return n;
}

static struct node *parse_test(struct parser *p)
{
	struct left left = { .field = NULL };
	struct values w = { NULL, 0, 0 };
	struct node *ret = NULL;
	bool ok;

	ok = parse_field(p, &left) && parse_operator(p, &left);
	if (ok && left.op->operand == OPERAND_ONE)
		ok = parser_take_value(p, &left, &w);
	else if (ok && left.op->operand == OPERAND_LIST)
		ok = parser_take_list(p, &left, &w);
	if (ok)
		ret = build_test(&left, &w);
	values_free(&w);
	free(left.arg);
	return ret;
}

static struct node *parse_or(struct parser *p);

static struct node *parse_parentheses(struct parser *p)
{
	struct span open = parser_here(p, 1);
	_cleanup_node_ struct node *n = NULL;

	p->pos++;
	n = parse_or(p);
	if (!n)
		return NULL;
	parser_skip_blanks(p);
	if (p->pos == p->len)
		return parser_fail(p, open, "this '(' is not closed");
	if (!parser_at_char(p, ')'))
		return parser_fail(p, parser_word(p), "expected and, or, or ')'");
	p->pos++;
	return TAKE_PTR(n);
}

static struct node *parse_not(struct parser *p)
{
	struct node *n;

	parser_skip_blanks(p);
	if (p->depth == FILTER_DEPTH_MAX) {
		strbuf_addf(p->err, "nested more than %d deep", FILTER_DEPTH_MAX);
		return parser_fail_at(p, parser_here(p, 1));
	}
	p->depth++;
	if (parser_take_keyword(p, "not")) {
		n = parse_not(p);
		n = n ? node_not(n) : NULL;
	} else if (parser_at_char(p, '(')) {
		n = parse_parentheses(p);
	} else if (p->pos < p->len && is_letter(p->text[p->pos]) && !parser_at_keyword(p, "and") &&
		   !parser_at_keyword(p, "or")) {
		n = parse_test(p);
	} else {
		n = parser_fail(p, parser_word(p), "expected a condition here, as in proc.name=sh");
	}
	p->depth--;
	return n;
}

/* One operand, or several with the keyword between them, under one node. */
static struct node *parse_chain(struct parser *p, const char *keyword, enum node_kind kind,
				struct node *(*operand)(struct parser *))
{
	_cleanup_node_ struct node *n = operand(p);
	bool chained = false;

	while (n && parser_take_keyword(p, keyword)) {
		struct node *next = operand(p);

		if (!next)
			return NULL;
		if (chained)
			node_add(n, next);
		else
			n = node_pair(kind, n, next);
		chained = true;
	}
	return TAKE_PTR(n);
}

static struct node *parse_and(struct parser *p)
{
	return parse_chain(p, "and", NODE_AND, parse_not);
}

static struct node *parse_or(struct parser *p)
{
	return parse_chain(p, "or", NODE_OR, parse_and);
}

static struct node *parse_all(struct parser *p)
{
	_cleanup_node_ struct node *n = parse_or(p);

	if (!n)
		return NULL;
	parser_skip_blanks(p);
	if (parser_at_char(p, ')'))
		return parser_fail(p, parser_here(p, 1), "this ')' has no '(' before it");
	if (p->pos < p->len)
		return parser_fail(p, parser_word(p), "expected and, or, or the end");
	return TAKE_PTR(n);
}

int filter_parse(struct filter **ret, const char *text, struct strbuf *err)
{
	struct parser p = { .text = text, .len = strlen(text), .err = err };
	struct node *root = NULL;

	strbuf_reset(err);
	if (p.len > FILTER_TEXT_MAX) {
		strbuf_addf(err, "the filter is %zu bytes long; %d are allowed", p.len,
			    FILTER_TEXT_MAX);
		return -EINVAL;
	}
	parser_skip_blanks(&p);
	if (p.pos < p.len) {
		root = parse_all(&p);
		if (!root)
			return -EINVAL;
	}
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->root = root;
	return 0;
}
