/* SPDX-License-Identifier: Apache-2.0 */
/* The right side of an operator: text that becomes values of the type of the field on the left. */
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

const char *parser_type_name(enum value_type type)
{
	switch (type) {
	case VALUE_NUMBER:
		return "a number";
	case VALUE_BOOL:
		return "true or false";
	case VALUE_IP:
		return "an IP address";
	case VALUE_NET:
		return "a network or an IP address";
	default:
		return "text";
	}
}

/* Begins the sentence. */
static void fail_list(struct parser *p, const struct left *left, const char *what)
{
	const char *name = left->op->name;
	bool exact = left->op->exact, negative = left->op->negative;

	strbuf_addf(p->err, "'%s' takes one value, and %s: write %s%.*s %s%s (a, b)", name, what,
		    negative ? "not " : "", (int)left->where.len, p->text + left->where.at, exact ? "in" : name,
		    exact ? "" : " anyof");
}

/* Parses the text of one value into out; *ret_where: its place. */
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
			if (parser_at_char(p, '(') && left->op->right == RIGHT_ONE)
				fail_list(p, left, "this is a list");
			else
				strbuf_addf(p->err,
					    "expected a value after '%s'; what has blanks "
					    "or signs goes in quotes",
					    left->op->name);
			parser_fail_at(p, word);
			return false;
		}
		strbuf_add(out, p->text + word.at, word.len);
		p->pos += word.len;
	}
	*ret_where = (struct span){ start, p->pos - start };
	return true;
}

/* "1e9", "5.0": numbers as Falco writes them. A number that is not whole cannot equal a field's. */
static bool parse_float(const char *s, size_t len, int64_t *ret)
{
	size_t sign = len && (s[0] == '-' || s[0] == '+');
	_cleanup_free_ char *text = xstrndup(s, len);
	double d;
	char *end;

	if (len == sign || len > 40 || !is_digit(s[sign]) ||
	    strspn(s + sign, "0123456789.eE+-") < len - sign)
		return false;
	d = strtod(text, &end);
	if (*end || !(d >= -9.2e18 && d <= 9.2e18) || (double)(int64_t)d != d)
		return false;
	*ret = (int64_t)d;
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

		if (digit < 0 || digit >= (int)base)
			return !hex && parse_float(s, len, ret);
		if (n > (max - (unsigned)digit) / base)
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

/* "10.0.0.0/8"; an address alone is a network of one address. */
static bool parse_net(const char *s, struct value *v)
{
	char address[64];
	const char *slash = strchrnul(s, '/');
	int64_t prefix;

	if ((size_t)(slash - s) >= sizeof(address))
		return false;
	memcpy(address, s, (size_t)(slash - s));
	address[slash - s] = '\0';
	if (!parse_ip(address, v))
		return false;
	v->type = VALUE_NET;
	v->prefix = v->family == AF_INET ? 32 : 128;
	if (!*slash)
		return true;
	if (!is_digit(slash[1]) || !parse_number(slash + 1, strlen(slash + 1), &prefix) ||
	    prefix > v->prefix)
		return false;
	v->prefix = (uint8_t)prefix;
	return true;
}

static bool fail_value(struct parser *p, const struct left *left, const struct strbuf *text,
		       struct span where)
{
	operand_print(&left->operand, p->err);
	strbuf_addf(p->err, " is compared with %s, and ", left->op->form == FORM_HEX ? "bytes in hex"
					       : parser_type_name(left->operand.type));
	error_add_word(p->err, text->s, text->len);
	strbuf_adds(p->err, " is none");
	parser_fail_at(p, where);
	return false;
}

static bool parse_hex(const struct strbuf *text, struct value *v)
{
	char *bytes;

	if (text->len % 2 || !text->len)
		return false;
	for (size_t i = 0; i < text->len; i++)
		if (hex_digit(text->s[i]) < 0)
			return false;
	bytes = xmalloc(text->len / 2);
	for (size_t i = 0; i < text->len; i += 2)
		bytes[i / 2] = (char)(hex_digit(text->s[i]) << 4 | hex_digit(text->s[i + 1]));
	*v = (struct value){ .type = VALUE_STRING, .s = bytes, .len = text->len / 2 };
	return true;
}

static bool parse_bool(const struct strbuf *text, struct value *v)
{
	v->n = streq(text->s, "true");
	return strlen(text->s) == text->len && (v->n || streq(text->s, "false"));
}

/* What is no text. */
static bool parse_typed(enum value_type type, const struct strbuf *text, struct value *v)
{
	bool has_nul = strlen(text->s) != text->len;

	*v = (struct value){ .type = type };
	switch (type) {
	case VALUE_NUMBER:
		return parse_number(text->s, text->len, &v->n);
	case VALUE_BOOL:
		return parse_bool(text, v);
	case VALUE_IP:
		return !has_nul && parse_ip(text->s, v);
	default:
		return !has_nul && parse_net(text->s, v);
	}
}

static bool is_port(const struct field *f)
{
	size_t len = strlen(f->name);

	return starts_with(f->name, "fd.") && f->type == VALUE_NUMBER &&
	       (!strcmp(f->name + len - 4, "port") || streq(f->name, "fd.proto"));
}

static bool convert_port(struct parser *p, const struct left *left, const struct strbuf *text, struct span where,
			 struct value *v)
{
	if (parse_typed(VALUE_NUMBER, text, v)) {
		if (v->n >= 0 && v->n <= UINT16_MAX)
			return true;
		strbuf_addf(p->err, "%s is a port, from 0 to 65535: not ", left->operand.field->name);
		error_add_word(p->err, text->s, text->len);
		parser_fail_at(p, where);
		return false;
	}
	return (strlen(text->s) == text->len && service_port(text->s, &v->n)) || fail_value(p, left, text, where);
}

/* A class that there is not has no byte, so that the pattern could never match. */
static bool check_glob(struct parser *p, const struct left *left, const struct strbuf *text, struct span where)
{
	const char *op = left->op->name, *class = NULL;
	size_t len;

	if (streq(op, "glob") || streq(op, "iglob") || streq(op, "pmatch"))
		class = glob_unknown_class(text->s, text->len, &len);
	if (!class)
		return true;
	strbuf_adds(p->err, "no such class of characters: ");
	error_add_word(p->err, class, len);
	strbuf_adds(p->err, ". There is ");
	glob_add_classes(p->err);
	return parser_fail_at(p, where);
}

/* Converts text into a value of the field's type. */
static bool convert(struct parser *p, const struct left *left, const struct strbuf *text,
		    struct span where, struct value *v)
{
	_cleanup_strbuf_ struct strbuf near = STRBUF_INIT;
	const struct field *field = left->operand.field;
	const char *what, *synonym = NULL;

	if (left->op->form == FORM_HEX)
		return parse_hex(text, v) || fail_value(p, left, text, where);
	if (left->operand.type == VALUE_NUMBER && !left->operand.n_transforms && is_port(field))
		return convert_port(p, left, text, where, v);
	if (left->operand.type != VALUE_STRING)
		return parse_typed(left->operand.type, text, v) || fail_value(p, left, text, where);
	if (left->op->exact && !left->operand.n_transforms)
		synonym = vocabulary_synonym(field, text->s, text->len);
	if (left->op->exact && !synonym && !left->operand.n_transforms &&
	    vocabulary_lacks(field, text->s, text->len, &what, &near)) {
		strbuf_addf(p->err, "no such %s: ", what);
		error_add_word(p->err, text->s, text->len);
		parser_add_nearest(p, &near);
		return parser_fail_at(p, where);
	}
	if (!check_glob(p, left, text, where))
		return false;
	*v = (struct value){ .type = VALUE_STRING };
	v->s = synonym ? xstrdup(synonym) : xstrndup(text->s, text->len);
	v->len = synonym ? strlen(synonym) : text->len;
	return true;
}

/* An item of a list that was given a name: it may have quotes of its own. */
static bool convert_item(struct parser *p, const struct left *left, const char *item,
			 struct span where, struct value *v)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct parser inner = { .text = item, .len = strlen(item), .err = p->err };

	strbuf_reset(&text);
	if (inner.len >= 2 && (item[0] == '"' || item[0] == '\'') &&
	    item[inner.len - 1] == item[0]) {
		if (!parser_take_quoted(&inner, &text)) {
			p->err_at = where.at;
			return false;
		}
	} else {
		strbuf_adds(&text, item);
	}
	return convert(p, left, &text, where, v);
}

static const struct name_list *find_list(const struct parser *p, struct span word)
{
	if (!p->names || !word.len)
		return NULL;
	return p->names->list(p->names->arg, p->text + word.at, word.len);
}

static bool take_named_list(struct parser *p, const struct left *left, const struct name_list *list,
			    struct span where, struct values *w)
{
	struct value v;

	for (size_t i = 0; i < list->n; i++) {
		if (!convert_item(p, left, list->items[i], where, &v))
			return false;
		values_add(w, &v);
	}
	p->pos = where.at + where.len;
	return true;
}

static bool take_value(struct parser *p, const struct left *left, struct values *w)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	const struct name_list *list;
	struct span where;
	struct value v;

	parser_skip_blanks(p);
	list = find_list(p, parser_word(p));
	if (list)
		return take_named_list(p, left, list, parser_word(p), w);
	if (!parse_text(p, left, &text, &where) || !convert(p, left, &text, where, &v))
		return false;
	values_add(w, &v);
	return true;
}

static bool take_items(struct parser *p, const struct left *left, struct values *w)
{
	struct span open = parser_here(p, 1);

	p->pos++;
	parser_skip_blanks(p);
	if (parser_at_char(p, ')')) {
		p->pos++;
		return true;
	}
	for (;;) {
		if (!take_value(p, left, w))
			return false;
		parser_skip_blanks(p);
		if (parser_at_char(p, ')'))
			break;
		if (!parser_at_char(p, ','))
			return p->pos == p->len ? parser_fail(p, open, "this '(' is not closed")
						: parser_fail(p, parser_word(p),
							      "expected ',' or ')' in the list");
		p->pos++;
	}
	p->pos++;
	return true;
}

static bool take_list(struct parser *p, const struct left *left, struct values *w)
{
	const struct name_list *list;

	parser_skip_blanks(p);
	if (parser_at_char(p, '('))
		return take_items(p, left, w);
	list = find_list(p, parser_word(p));
	if (list)
		return take_named_list(p, left, list, parser_word(p), w);
	strbuf_addf(p->err, "'%s' takes a list in parentheses, as in (a, b)", left->op->name);
	return parser_fail_at(p, parser_word(p));
}

/* If a list's name stands for a single value, the list must have exactly one. */
static bool take_one(struct parser *p, const struct left *left, struct values *w)
{
	_cleanup_free_ char *what = NULL;
	size_t start;

	parser_skip_blanks(p);
	start = p->pos;
	if (!take_value(p, left, w))
		return false;
	if (w->n == 1)
		return true;
	what = xasprintf("this list has %zu", w->n);
	fail_list(p, left, what);
	return parser_fail_at(p, (struct span){ start, p->pos - start });
}

enum quantifier quantifier_find(const char *word, size_t len)
{
	static const char *const names[] = {
		[QUANTIFIER_ANY] = "anyof",
		[QUANTIFIER_ALL] = "allof",
		[QUANTIFIER_ONE] = "oneof",
	};

	for (unsigned q = QUANTIFIER_ANY; q <= QUANTIFIER_ONE; q++)
		if (strlen(names[q]) == len && !memcmp(names[q], word, len))
			return (enum quantifier)q;
	return QUANTIFIER_NONE;
}

/* Before a list, that is: alone the word is a value. */
static enum quantifier at_quantifier(const struct parser *p, size_t *ret_len)
{
	struct span word = parser_word(p);
	struct parser after = *p;

	*ret_len = word.len;
	after.pos = word.at + word.len;
	parser_skip_blanks(&after);
	return parser_at_char(&after, '(') || find_list(&after, parser_word(&after)) ? quantifier_find(p->text + word.at, word.len) :
										       QUANTIFIER_NONE;
}

static bool can_compare(const struct left *left, const struct operand *val)
{
	if (left->operand.type == VALUE_NET)
		return val->type == VALUE_IP || val->type == VALUE_NET;
	return left->operand.type == val->type;
}

/* val(proc.name), or a transformer around a field. */
static bool take_val(struct parser *p, const struct left *left, size_t len, struct right *r)
{
	struct span where = parser_here(p, len);
	bool is_val = len == 3 && !memcmp(p->text + p->pos, "val", 3);

	if (left->op->form != FORM_TYPE) {
		strbuf_addf(p->err, "'%s' takes a value that is written here", left->op->name);
		return parser_fail_at(p, where);
	}
	r->val = xcalloc(1, sizeof(*r->val));
	p->pos += is_val ? len + 1 : 0;
	if (!parser_take_operand(p, r->val))
		return false;
	where.len = p->pos - where.at;
	if (!can_compare(left, r->val)) {
		strbuf_addf(p->err, "%s is compared with %s, and %s is %s",
			    left->operand.field->name, parser_type_name(left->operand.type),
			    r->val->field->name, parser_type_name(r->val->type));
		return parser_fail_at(p, where);
	}
	parser_skip_blanks(p);
	if (is_val && !parser_at_char(p, ')'))
		return parser_fail(p, parser_word(p), "expected ')' after the field");
	p->pos += is_val;
	return true;
}

bool parser_take_right(struct parser *p, const struct left *left, struct right *r)
{
	size_t len = 0;

	if (left->op->right == RIGHT_NONE)
		return true;
	parser_skip_blanks(p);
	if (left->op->right == RIGHT_ONE)
		r->quantifier = at_quantifier(p, &len);
	if (r->quantifier) {
		p->pos += len;
		return take_list(p, left, &r->w);
	}
	len = parser_call_length(p);
	if (len)
		return take_val(p, left, len, r);
	return left->op->right == RIGHT_LIST ? take_list(p, left, &r->w) : take_one(p, left, &r->w);
}
