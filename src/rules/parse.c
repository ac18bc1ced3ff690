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
#include "ast.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

#include "parse_error.h"

struct parser {
	const char *text;
	size_t len;
	size_t pos;
	unsigned depth;
	struct strbuf *err;
};

/* A piece of the text. */
struct span {
	size_t at;
	size_t len;
};

/* What is on the left side of a test, and its operator. */
struct left {
	const struct field *field;
	char *arg;
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

static void values_free(struct values *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].type == VALUE_STRING)
			free((char *)w->v[i].s);
	free(w->v);
}

static void values_add(struct values *w, const struct value *v)
{
	if (w->n == w->cap) {
		w->cap = MAX(w->cap * 2, (size_t)4);
		w->v = xrealloc(w->v, w->cap * sizeof(*w->v));
	}
	w->v[w->n++] = *v;
}

/* Ends a sentence that is in err already. Always NULL, for a return. */
static void *fail_at(struct parser *p, struct span where)
{
	error_show_place(p->err, p->text, p->len, where.at, where.len);
	return NULL;
}

static void *fail(struct parser *p, struct span where, const char *sentence)
{
	strbuf_adds(p->err, sentence);
	return fail_at(p, where);
}

static void add_nearest(struct parser *p, const struct strbuf *near)
{
	if (near->len)
		strbuf_addf(p->err, ". Did you mean %s?", near->s);
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\b' && c <= '\r');
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What ends a word: Falco's bare text, with the comparison signs where an operator is read. */
static bool ends_bare(char c)
{
	return is_blank(c) || memchr("()\"'=,", c, 6);
}

static bool ends_operator(char c)
{
	return ends_bare(c) || c == '<' || c == '>' || c == '!';
}

static void skip_blanks(struct parser *p)
{
	while (p->pos < p->len && is_blank(p->text[p->pos]))
		p->pos++;
}

static struct span here(const struct parser *p, size_t len)
{
	return (struct span){ p->pos, len };
}

static bool at_char(const struct parser *p, char c)
{
	return p->pos < p->len && p->text[p->pos] == c;
}

/* The word that an error is about: up to the next blank or sign; a sign alone otherwise. */
static struct span word_here(const struct parser *p)
{
	size_t n = 0;

	while (p->pos + n < p->len && !ends_bare(p->text[p->pos + n]))
		n++;
	return here(p, n || p->pos == p->len ? n : 1);
}

static bool at_keyword(const struct parser *p, const char *word)
{
	size_t n = strlen(word);

	if (p->len - p->pos < n || memcmp(p->text + p->pos, word, n))
		return false;
	return p->pos + n == p->len || is_blank(p->text[p->pos + n]) ||
	       memchr("()", p->text[p->pos + n], 2);
}

static bool take_keyword(struct parser *p, const char *word)
{
	skip_blanks(p);
	if (!at_keyword(p, word))
		return false;
	p->pos += strlen(word);
	return true;
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
		return fail_at(p, where);
	}
	strbuf_adds(p->err, "unknown field ");
	error_add_word(p->err, word, where.len);
	nearest_names(&near, word, where.len, names, field_table_len);
	add_nearest(p, &near);
	return fail_at(p, where);
}

static bool parse_field(struct parser *p, struct left *left)
{
	_cleanup_strbuf_ struct strbuf near = STRBUF_INIT;
	size_t start = p->pos;

	while (p->pos < p->len && (is_letter(p->text[p->pos]) || is_digit(p->text[p->pos]) ||
				   p->text[p->pos] == '.' || p->text[p->pos] == '-'))
		p->pos++;
	if (at_char(p, '[')) {
		struct span bracket = here(p, 1);

		if (!skip_bracket(p)) {
			fail(p, bracket, "this '[' is not closed");
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
		add_nearest(p, &near);
		fail_at(p, left->where);
		return false;
	}
	return true;
}

static const char *type_name(enum value_type type)
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
		add_nearest(p, &near);
	} else {
		strbuf_adds(p->err, ". There are ");
		add_operators(p, left->field->type);
	}
	fail_at(p, where);
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
	fail_at(p, word_here(p));
}

static bool parse_operator(struct parser *p, struct left *left)
{
	size_t n = 0;

	skip_blanks(p);
	if (p->pos == p->len || memchr("(),\"'", p->text[p->pos], 5) || at_keyword(p, "and") ||
	    at_keyword(p, "or")) {
		fail_no_operator(p, left);
		return false;
	}
	if (memchr("=<>!", p->text[p->pos], 4)) {
		n = p->pos + 1 < p->len && operation_find(p->text + p->pos, 2) ? 2 : 1;
	} else {
		while (p->pos + n < p->len && !ends_operator(p->text[p->pos + n]))
			n++;
	}
	left->op_where = here(p, n);
	left->op = operation_find(p->text + p->pos, n);
	if (!left->op) {
		fail_operator(p, left, left->op_where);
		return false;
	}
	if (!(left->op->types & 1U << left->field->type)) {
		strbuf_addf(p->err, "'%s' does not go with %s, which is %s. What does: ",
			    left->op->name, left->field->name, type_name(left->field->type));
		add_operators(p, left->field->type);
		fail_at(p, left->op_where);
		return false;
	}
	p->pos += n;
	return true;
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* What follows a backslash at pos. False: no escape that we know. */
static bool parse_escape(struct parser *p, struct strbuf *out)
{
	static const char from[] = "bfnrt\\/\"'", to[] = "\b\f\n\r\t\\/\"'";
	char c = p->pos < p->len ? p->text[p->pos] : '\0';
	const char *known = c ? strchr(from, c) : NULL;

	if (known) {
		strbuf_addc(out, to[known - from]);
		p->pos++;
		return true;
	}
	if (c != 'x' || p->len - p->pos < 3 || hex_digit(p->text[p->pos + 1]) < 0 ||
	    hex_digit(p->text[p->pos + 2]) < 0)
		return false;
	strbuf_addc(out, (char)(hex_digit(p->text[p->pos + 1]) << 4 |
				hex_digit(p->text[p->pos + 2])));
	p->pos += 3;
	return true;
}

static bool parse_quoted(struct parser *p, struct strbuf *out)
{
	size_t start = p->pos;
	char quote = p->text[p->pos++];

	while (p->pos < p->len && p->text[p->pos] != quote) {
		if (p->text[p->pos] != '\\') {
			strbuf_addc(out, p->text[p->pos++]);
			continue;
		}
		p->pos++;
		if (!parse_escape(p, out)) {
			struct span where = { p->pos - 1, p->pos < p->len ? 2 : 1 };

			fail(p, where, "unknown escape; a backslash itself is written \\\\");
			return false;
		}
	}
	if (p->pos == p->len) {
		fail(p, (struct span){ start, 1 }, "this quote is not closed");
		return false;
	}
	p->pos++;
	return true;
}

/* The text of one value into out, its place into *ret_where. */
static bool parse_text(struct parser *p, const struct left *left, struct strbuf *out,
		       struct span *ret_where)
{
	struct span word;
	size_t start;

	skip_blanks(p);
	start = p->pos;
	strbuf_reset(out);
	if (at_char(p, '"') || at_char(p, '\'')) {
		if (!parse_quoted(p, out))
			return false;
	} else {
		word = word_here(p);
		if (!word.len || ends_bare(p->text[word.at])) {
			if (at_char(p, '(') && left->op->operand == OPERAND_ONE)
				strbuf_addf(p->err, "'%s' takes one value; for a list there is in",
					    left->op->name);
			else
				strbuf_addf(p->err, "expected a value after '%s'; what has blanks "
					    "or signs goes in quotes", left->op->name);
			fail_at(p, word);
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
		    type_name(left->field->type));
	error_add_word(p->err, text->s, text->len);
	strbuf_adds(p->err, " is none");
	fail_at(p, where);
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
		add_nearest(p, &near);
		fail_at(p, where);
		return false;
	}
	v->s = xmemdup(text->s, text->len);
	v->len = text->len;
	return true;
}

static bool parse_value(struct parser *p, const struct left *left, struct values *w)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct span where;
	struct value v;

	if (!parse_text(p, left, &text, &where) || !convert(p, left, &text, where, &v))
		return false;
	values_add(w, &v);
	return true;
}

static bool parse_list(struct parser *p, const struct left *left, struct values *w)
{
	struct span open;

	skip_blanks(p);
	open = here(p, 1);
	if (!at_char(p, '(')) {
		strbuf_addf(p->err, "'%s' takes a list in parentheses, as in (a, b)",
			    left->op->name);
		fail_at(p, word_here(p));
		return false;
	}
	p->pos++;
	skip_blanks(p);
	if (at_char(p, ')')) {
		p->pos++;
		return true;
	}
	for (;;) {
		if (!parse_value(p, left, w))
			return false;
		skip_blanks(p);
		if (at_char(p, ')'))
			break;
		if (!at_char(p, ',')) {
			if (p->pos == p->len)
				fail(p, open, "this '(' is not closed");
			else
				fail(p, word_here(p), "expected ',' or ')' in the list");
			return false;
		}
		p->pos++;
	}
	p->pos++;
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
		ok = parse_value(p, &left, &w);
	else if (ok && left.op->operand == OPERAND_LIST)
		ok = parse_list(p, &left, &w);
	if (ok)
		ret = build_test(&left, &w);
	values_free(&w);
	free(left.arg);
	return ret;
}

static struct node *parse_or(struct parser *p);

static struct node *parse_parentheses(struct parser *p)
{
	struct span open = here(p, 1);
	_cleanup_node_ struct node *n = NULL;

	p->pos++;
	n = parse_or(p);
	if (!n)
		return NULL;
	skip_blanks(p);
	if (p->pos == p->len)
		return fail(p, open, "this '(' is not closed");
	if (!at_char(p, ')'))
		return fail(p, word_here(p), "expected and, or, or ')'");
	p->pos++;
	return TAKE_PTR(n);
}

static struct node *parse_not(struct parser *p)
{
	struct node *n;

	skip_blanks(p);
	if (p->depth == FILTER_DEPTH_MAX) {
		strbuf_addf(p->err, "nested more than %d deep", FILTER_DEPTH_MAX);
		return fail_at(p, here(p, 1));
	}
	p->depth++;
	if (take_keyword(p, "not")) {
		n = parse_not(p);
		n = n ? node_not(n) : NULL;
	} else if (at_char(p, '(')) {
		n = parse_parentheses(p);
	} else if (p->pos < p->len && is_letter(p->text[p->pos]) && !at_keyword(p, "and") &&
		   !at_keyword(p, "or")) {
		n = parse_test(p);
	} else {
		n = fail(p, word_here(p), "expected a condition here, as in proc.name=sh");
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

	while (n && take_keyword(p, keyword)) {
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
	skip_blanks(p);
	if (at_char(p, ')'))
		return fail(p, here(p, 1), "this ')' has no '(' before it");
	if (p->pos < p->len)
		return fail(p, word_here(p), "expected and, or, or the end");
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
	skip_blanks(&p);
	if (p.pos < p.len) {
		root = parse_all(&p);
		if (!root)
			return -EINVAL;
	}
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->root = root;
	return 0;
}
