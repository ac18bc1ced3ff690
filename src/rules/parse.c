/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recursive-descent parser of Falco's condition grammar:
 *
 *	or      := and { "or" and }
 *	and     := not { "and" not }
 *	not     := "not" not | "(" or ")" | test | macro
 *	test    := operand "exists" | operand operator right | operand ( "in" | ... ) list
 *	operand := field | transformer "(" operand ")" | call "(" argument { "," argument } ")" [ "[" option "]" ]
 *	argument := operand | quoted text | number | "(" [ argument { "," argument } ] ")"
 *	right   := value | "val" "(" operand ")" | ( "anyof" | "allof" | "oneof" ) list
 *	list    := "(" [ value { "," value } ] ")" | the name of a list | "val" "(" operand ")"
 *	value   := quoted text | bare text: no blank, quote, parenthesis, "=" or ","
 *
 * The first error ends it: every function returns NULL then, and err is filled.
 */
#include "parser.h"

#include <errno.h>

#include "regex.h"

/* Whether the character ends an operator that is a word. */
static bool ends_operator(char c)
{
	return ends_bare(c) || c == '<' || c == '>' || c == '!';
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
	if (where.len == 3 && !memcmp(p->text + where.at, "not", 3)) {
		strbuf_addf(p->err, "'not' stands before the field, as in not %.*s in (a, b)", (int)left->where.len,
			    p->text + left->where.at);
		parser_fail_at(p, where);
		return;
	}
	strbuf_adds(p->err, "unknown operator ");
	error_add_word(p->err, p->text + where.at, where.len);
	if (is_letter(p->text[where.at]))
		nearest_names(&near, p->text + where.at, where.len, names, operation_table_len);
	if (near.len) {
		parser_add_nearest(p, &near);
	} else {
		strbuf_adds(p->err, ". There are ");
		add_operators(p, left->operand.type);
	}
	parser_fail_at(p, where);
}

static void fail_no_operator(struct parser *p, const struct left *left)
{
	error_add_word(p->err, p->text + left->where.at, left->where.len);
	if (left->operand.type == VALUE_BOOL) {
		strbuf_addf(p->err, " needs an operator and a value, as in %s=true",
			    left->operand.field->name);
	} else {
		strbuf_adds(p->err, " needs an operator: ");
		add_operators(p, left->operand.type);
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
	if (!(left->op->types & 1U << left->operand.type)) {
		strbuf_addf(p->err, "'%s' does not go with %.*s, which is %s. What does: ",
			    left->op->name, (int)left->where.len, p->text + left->where.at,
			    parser_type_name(left->operand.type));
		add_operators(p, left->operand.type);
		if (streq(left->operand.field->name, "evt.arg") && left->op->types == 1U << VALUE_NUMBER)
			strbuf_addf(p->err, ". Numbers are evt.rawarg.%s, and evt.rawres for the result", left->operand.arg);
		parser_fail_at(p, left->op_where);
		return false;
	}
	p->pos += n;
	return true;
}

/* Makes a test of the field on the left, or of another field in its place. Does not change left and r. */
static struct node *make_test(const struct left *left, const char *field, const struct operation *op,
			      const struct right *r)
{
	struct node *n = node_new(NODE_TEST);

	operand_copy(&n->left, &left->operand);
	if (field)
		n->left.field = field_find(field, strlen(field), &n->left.arg);
	n->op = op;
	n->quantifier = r->quantifier;
	if (r->val) {
		n->right = xcalloc(1, sizeof(*n->right));
		operand_copy(n->right, r->val);
	}
	node_set_values(n, r->w.v, r->w.n);
	return n;
}

static struct node *make_exists(const struct left *left, const char *field)
{
	const struct right none = { .quantifier = QUANTIFIER_NONE };

	return make_test(left, field, operation_find("exists", 6), &none);
}

static struct node *if_there(const struct left *left, const char *field, const struct right *r)
{
	return node_pair(NODE_OR, node_not(make_exists(left, field)), make_test(left, field, left->op, r));
}

/*
 * Expands a field such as fd.ip into the two or three that it stands for: one of them must compare true; with != all,
 * and at least one must exist.
 */
static struct node *expand_either(const struct left *left, const struct right *r)
{
	const char *const *either = left->operand.field->either;
	const struct operation *op = left->op->negative ? operation_find("=", 1) : left->op;
	/*
	 * With anyof (or another field) != is not the same as "equals none of them", and a missing value differs from
	 * nothing.
	 */
	bool each = left->op->negative && (r->quantifier || r->val);
	struct node *n = node_new(each ? NODE_AND : NODE_OR), *there;

	for (size_t i = 0; i < ARRAY_SIZE(left->operand.field->either) && either[i]; i++)
		node_add(n, each ? if_there(left, either[i], r) : make_test(left, either[i], op, r));
	if (!left->op->negative)
		return n;
	there = node_new(NODE_OR);
	for (size_t i = 0; i < ARRAY_SIZE(left->operand.field->either) && either[i]; i++)
		node_add(there, make_exists(left, either[i]));
	return node_pair(NODE_AND, there, each ? n : node_not(n));
}

/*
 * container.id compared with more than its 12 digits means the whole id, or a beginning of that. NULL: no value is
 * that long.
 */
static struct node *expand_long_ids(const struct left *left, const struct values *w)
{
	const struct operation *prefix = operation_find("startswith", 10);
	struct values shorts = { NULL, 0, 0 };
	struct node *any = node_new(NODE_OR);

	for (size_t i = 0; i < w->n; i++) {
		if (w->v[i].len > CONTAINER_ID_SHORT)
			node_add(any, node_test("container.full_id", prefix, &w->v[i], 1));
		else
			values_add(&shorts, &w->v[i]);	/* borrowed */
	}
	if (!any->n_kids) {
		free(shorts.v);
		node_unref(any);
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

/*
 * Compiles the regular expressions of a test, or of all tests in a tree. False: one is invalid, with a sentence in
 * the parser's error.
 */
static bool compile_regexes(struct parser *p, const struct left *left, struct node *n)
{
	for (size_t i = 0; i < n->n_kids; i++)
		if (!compile_regexes(p, left, n->kids[i]))
			return false;
	if (n->kind != NODE_TEST)
		return true;
	n->regexes = xcalloc(n->n_values, sizeof(struct regex *));
	for (size_t i = 0; i < n->n_values; i++) {
		size_t at;

		if (regex_new(&n->regexes[i], n->values[i].s, n->values[i].len, p->err, &at) < 0) {
			error_show_place(p->err, n->values[i].s, n->values[i].len, at, 1);
			p->err_at = left->op_where.at;
			return false;
		}
	}
	return true;
}

static struct node *build_test(struct parser *p, const struct left *left, const struct right *r)
{
	const struct field *field = left->operand.field;
	struct node *n = NULL;

	if (field->either[0])
		n = expand_either(left, r);
	else if (left->op->exact && streq(field->name, "container.id") && !left->operand.n_transforms &&
		 !r->quantifier && !r->val)
		n = expand_long_ids(left, &r->w);
	if (!n)
		n = make_test(left, NULL, left->op, r);
	if (left->op->form == FORM_REGEX && !compile_regexes(p, left, n))
		node_unref(TAKE_PTR(n));
	return n;
}

static bool has_value(const struct values *w, const char *text)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].len == strlen(text) && !memcmp(w->v[i].s, text, w->v[i].len))
			return true;
	return false;
}

/*
 * Falco used to have events for the beginning of calls, and old rules ask for these by "evt.dir = >". Here a call has
 * a single event, its end, which is then meant. Not after "not", where rules mean ends.
 */
static void take_only_event(const struct parser *p, struct left *left, struct right *r)
{
	struct value end = { .type = VALUE_STRING, .len = 1 };

	if (!p->names || p->negated || !streq(left->operand.field->name, "evt.dir") || left->operand.n_transforms ||
	    !left->op->exact || left->op->negative || r->quantifier || !has_value(&r->w, ">") || has_value(&r->w, "<"))
		return;
	left->op = operation_find("in", 2);
	end.s = xstrdup("<");
	values_add(&r->w, &end);
}

/* Sets the place of a test, or of all tests into which it was expanded. */
static void set_place(struct node *n, size_t at)
{
	n->at = at;
	for (size_t i = 0; i < n->n_kids; i++)
		set_place(n->kids[i], at);
}

static struct node *parse_test(struct parser *p)
{
	struct left left = { .op = NULL };
	struct right r = { .val = NULL };
	struct node *ret = NULL;
	size_t start = p->pos;

	if (parser_take_operand(p, &left.operand)) {
		left.where = (struct span){ start, p->pos - start };
		if (parse_operator(p, &left) && parser_take_right(p, &left, &r)) {
			take_only_event(p, &left, &r);
			ret = build_test(p, &left, &r);
			p->op = left.op->right == RIGHT_ONE && !left.op->negative && !r.quantifier && !r.val ? left.op : NULL;
			p->field = left.where;
		}
	}
	if (ret)
		set_place(ret, start);
	values_free(&r.w);
	if (r.val)
		operand_free(r.val);
	free(r.val);
	operand_free(&left.operand);
	return ret;
}

/* A word without a dot is no field. */
static bool at_macro(const struct parser *p)
{
	struct span word = parser_word(p);

	return p->names && !memchr(p->text + word.at, '.', word.len) && !parser_call_length(p);
}

static struct node *parse_macro(struct parser *p)
{
	_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;
	struct span word = parser_word(p);
	struct node *n;

	n = p->names->macro(p->names->arg, p->text + word.at, word.len, &why);
	if (n) {
		p->pos += word.len;
		p->op = NULL;
		return n;
	}
	p->err_at = word.at;
	if (!why.len)
		return NULL;
	strbuf_adds(p->err, why.s);
	parser_add_comparison(p, word.at);
	return parser_fail_at(p, word);
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
		return parser_fail_end(p, parser_word(p), "')'");
	p->pos++;
	p->op = NULL;
	return TAKE_PTR(n);
}

static struct node *fail_condition(struct parser *p)
{
	strbuf_adds(p->err, "expected a condition here, as in proc.name=sh");
	if (parser_at_char(p, '!'))
		strbuf_adds(p->err, "; for '!' write not");
	parser_add_comparison(p, p->pos);
	return parser_fail_at(p, parser_word(p));
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
		p->negated = !p->negated;
		n = parse_not(p);
		p->negated = !p->negated;
		n = n ? node_not(n) : NULL;
	} else if (parser_at_char(p, '(')) {
		n = parse_parentheses(p);
	} else if (p->pos < p->len && is_letter(p->text[p->pos]) && !parser_at_keyword(p, "and") &&
		   !parser_at_keyword(p, "or")) {
		n = at_macro(p) ? parse_macro(p) : parse_test(p);
	} else {
		n = fail_condition(p);
	}
	p->depth--;
	return n;
}

/* Parses one operand, or several with the keyword between them, into one node. */
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
		return parser_fail_end(p, parser_word(p), "the end");
	return TAKE_PTR(n);
}

int condition_parse(struct node **ret, const char *text, const struct names *names,
		    struct strbuf *err, size_t *ret_at)
{
	struct parser p = { .text = text, .len = strlen(text), .err = err, .names = names };
	_cleanup_node_ struct node *root = NULL;
	size_t max;

	*ret_at = 0;
	strbuf_reset(err);
	max = names && names->text_max ? names->text_max : FILTER_TEXT_MAX;
	if (p.len > max) {
		strbuf_addf(err, "the filter is %zu bytes long; %zu are allowed", p.len, max);
		return -EINVAL;
	}
	parser_skip_blanks(&p);
	if (p.pos < p.len) {
		root = parse_all(&p);
		*ret_at = p.err_at;
		if (!root)
			return -EINVAL;
		if (root->weight > FILTER_NODES_MAX || root->levels > FILTER_LEVELS_MAX) {
			strbuf_addf(err, "more than %d tests, or %d of them in each other, with "
				    "all macros unfolded", FILTER_NODES_MAX, FILTER_LEVELS_MAX);
			return -EINVAL;
		}
	}
	*ret = TAKE_PTR(root);
	return 0;
}

/* Skips to after the next "and" or "or" that is not in quotes. False: there is none. */
static bool skip_to_next(struct parser *p)
{
	while (p->pos < p->len) {
		char c = p->text[p->pos];
		const char *end = c == '"' || c == '\'' ? memchr(p->text + p->pos + 1, c, p->len - p->pos - 1) : NULL;

		if (end) {
			p->pos = (size_t)(end - p->text) + 1;
			continue;
		}
		if (p->pos && (is_blank(p->text[p->pos - 1]) || p->text[p->pos - 1] == ')') &&
		    (parser_take_keyword(p, "and") || parser_take_keyword(p, "or")))
			return true;
		p->pos++;
	}
	return false;
}

bool condition_next_error(const char *text, const struct names *names, size_t *at, struct strbuf *err)
{
	struct parser p = { .text = text, .len = strlen(text), .err = err, .names = names, .pos = *at };

	while (skip_to_next(&p)) {
		size_t start = p.pos;
		struct node *n;

		strbuf_reset(err);
		p.depth = p.calls = 0;
		p.err_at = start;
		n = parse_not(&p);
		node_unref(n);
		if (n)
			continue;
		*at = p.pos = MAX(p.err_at, start);
		if (err->len)
			return true;
	}
	return false;
}

int filter_parse(struct filter **ret, const char *text, struct strbuf *err)
{
	struct node *root = NULL;
	size_t at;
	int r = condition_parse(&root, text, NULL, err, &at);

	if (r < 0)
		return r;
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->root = root;
	return 0;
}
