/* SPDX-License-Identifier: Apache-2.0 */
/* Each argument is evaluated into memory of its own, because a context has room for few texts at a time. */
#include "call.h"

#include "fields/fields.h"

const struct field call_fields[CALL_MAX] = {
	[CALL_JOIN] = { .name = "join", .type = VALUE_STRING, .scope = SCOPE_EVENT },
	[CALL_CONCAT] = { .name = "concat", .type = VALUE_STRING, .scope = SCOPE_EVENT },
	[CALL_GETOPT] = { .name = "getopt", .type = VALUE_STRING, .scope = SCOPE_EVENT },
};

/* The texts that an argument has yielded. */
struct texts {
	struct strbuf b;
	size_t n;
	size_t ends[FIELD_ITEMS_MAX];
};

static void texts_free(struct texts *t)
{
	strbuf_free(&t->b);
}
#define _cleanup_texts_ _cleanup_(texts_free)

/* Ends the present text. More than FIELD_ITEMS_MAX are left out, as for a field with many values. */
static void texts_end(struct texts *t)
{
	if (t->n < ARRAY_SIZE(t->ends))
		t->ends[t->n++] = t->b.len;
}

static void texts_add(struct texts *t, const char *s, size_t len)
{
	strbuf_add(&t->b, s, len);
	texts_end(t);
}

static const char *text_at(const struct texts *t, size_t i, size_t *ret_len)
{
	size_t start = i ? t->ends[i - 1] : 0;

	*ret_len = t->ends[i] - start;
	return t->b.s + start;
}

enum call_kind call_find(const char *name, size_t len)
{
	unsigned k = 0;

	while (k < CALL_MAX &&
	       (strlen(call_fields[k].name) != len || memcmp(call_fields[k].name, name, len)))
		k++;
	return (enum call_kind)k;
}

struct call *call_new(enum call_kind kind)
{
	struct call *c = xcalloc(1, sizeof(*c));

	c->refs = 1;
	c->kind = kind;
	return c;
}

struct call *call_ref(struct call *c)
{
	if (c)
		c->refs++;
	return c;
}

static void args_free(struct call_arg *args, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		args_free(args[i].items, args[i].n);
		if (args[i].operand)
			operand_free(args[i].operand);
		free(args[i].operand);
		free(args[i].text);
	}
	free(args);
}

void call_unref(struct call *c)
{
	if (!c || --c->refs)
		return;
	args_free(c->args, c->n);
	free(c);
}

struct call_arg *call_arg_add(struct call_arg **args, size_t *n)
{
	*args = xrealloc(*args, (*n + 1) * sizeof(**args));
	(*args)[*n] = (struct call_arg){ .n = 0 };
	return &(*args)[(*n)++];
}

static bool operand_is_list(const struct operand *o)
{
	if (o->n_transforms && o->transforms[o->n_transforms - 1] == TRANSFORM_LEN && o->call)
		return false;
	return !o->arg && (o->field->numbered || o->field == &call_fields[CALL_GETOPT]);
}

bool call_arg_is_list(const struct call_arg *a)
{
	return a->is_list || (a->operand && operand_is_list(a->operand));
}

static void add_value(struct texts *t, const struct value *v)
{
	value_print(&t->b, v);
	texts_end(t);
}

/* proc.args, one by one. */
static bool add_arguments(const struct operand *o, struct field_context *fc, struct texts *t)
{
	struct value v;

	field_get(o->field, NULL, fc, &v);
	if (v.type == VALUE_NONE)
		return false;
	for (unsigned i = 0; i < FIELD_ITEMS_MAX; i++) {
		char index[16];

		snprintf(index, sizeof(index), "%u", i);
		field_get(o->field, index, fc, &v);
		if (v.type == VALUE_NONE)
			break;
		add_value(t, &v);
	}
	return true;
}

/* False: it is missing. */
static bool add_arg(const struct call_arg *a, struct field_context *fc, struct texts *t)
{
	struct value v;

	for (size_t i = 0; i < a->n; i++)
		if (!add_arg(&a->items[i], fc, t))
			return false;
	if (a->text)
		texts_add(t, a->text, a->len);
	if (!a->operand)
		return true;
	if (streq(a->operand->field->name, "proc.args") && operand_is_list(a->operand) && !a->operand->n_transforms)
		return add_arguments(a->operand, fc, t);
	operand_get(a->operand, fc, &v);
	if (v.type == VALUE_LIST)
		for (size_t i = 0; i < v.len; i++)
			add_value(t, &v.items[i]);
	else if (v.type != VALUE_NONE)
		add_value(t, &v);
	return v.type != VALUE_NONE;
}

static void set_joined(const struct texts *t, const char *separator, size_t len, struct field_context *fc,
		       struct value *ret)
{
	struct strbuf *b = fields_scratch(fc);

	for (size_t i = 0; i < t->n; i++) {
		size_t n;
		const char *s = text_at(t, i, &n);

		if (i)
			strbuf_add(b, separator, len);
		strbuf_add(b, s, n);
	}
	*ret = (struct value){ .type = VALUE_STRING, .s = b->s ? b->s : "", .len = b->len };
}

/* The options of a command; or the value of one of them. */
struct getopt {
	const char *known;	/* getopt(3)'s optstring */
	size_t known_len;
	int wanted;		/* the option whose value is wanted; -1: all options */
	bool found;
	struct texts out;	/* the options; or the last value of the wanted one */
};

static bool is_known(const struct getopt *o, char option, bool *ret_takes_value)
{
	const char *at = option != ':' ? memchr(o->known, option, o->known_len) : NULL;

	*ret_takes_value = at && at + 1 < o->known + o->known_len && at[1] == ':';
	return at;
}

/* letter: if all options are wanted, add the letter, too. value NULL: the option takes none. */
static void tell_option(struct getopt *o, char option, bool letter, const char *value, size_t len)
{
	if (o->wanted >= 0) {
		if (o->wanted != (unsigned char)option)
			return;
		o->found = true;
		o->out.n = 0;
		strbuf_reset(&o->out.b);
		texts_add(&o->out, value ? value : &option, value ? len : 1);
		return;
	}
	if (letter)
		texts_add(&o->out, &option, 1);
	if (value)
		texts_add(&o->out, value, len);
}

/* "-nt VALUE": the letters of one argument. Returns how many arguments after it are values: 0 or 1. */
static size_t take_letters(struct getopt *o, const struct texts *args, size_t at)
{
	size_t len, next_len;
	const char *s = text_at(args, at, &len), *next;
	bool takes_value;

	for (size_t i = 1; i < len; i++) {
		if (!is_known(o, s[i], &takes_value)) {
			if (o->wanted < 0)
				texts_add(&o->out, "?", 1);
			continue;
		}
		if (!takes_value) {
			tell_option(o, s[i], true, NULL, 0);
			continue;
		}
		if (i + 1 < len) {
			tell_option(o, s[i], true, s + i + 1, len - i - 1);
			return 0;
		}
		if (at + 1 == args->n) {
			tell_option(o, s[i], false, "", 0);
			return 0;
		}
		next = text_at(args, at + 1, &next_len);
		tell_option(o, s[i], true, next, next_len);
		return 1;
	}
	return 0;
}

static void parse_options(struct getopt *o, const struct texts *args)
{
	for (size_t i = 0; i < args->n; i++) {
		size_t len;
		const char *s = text_at(args, i, &len);

		if (len < 2 || s[0] != '-' || (len == 2 && s[1] == '-'))
			break;
		if (s[1] != '-')
			i += take_letters(o, args, i);
	}
}

static void set_list(const struct texts *t, struct field_context *fc, struct value *ret)
{
	struct strbuf *b = fields_scratch(fc);
	size_t start = 0;

	strbuf_add(b, t->b.s, t->b.len);
	for (size_t i = 0; i < t->n; i++) {
		fc->items[i] = (struct value){ .type = VALUE_STRING, .s = b->s + start,
					       .len = t->ends[i] - start };
		start = t->ends[i];
	}
	/* If there is no option the result is missing, so that every comparison is false. */
	if (t->n)
		*ret = (struct value){ .type = VALUE_LIST, .items = fc->items, .len = t->n };
}

static void get_options(const struct call *c, const char *option, struct field_context *fc, struct value *ret)
{
	_cleanup_texts_ struct texts args = { .n = 0 }, known = { .n = 0 };
	struct getopt o = { .wanted = option ? (unsigned char)option[0] : -1 };

	if (!add_arg(&c->args[0], fc, &args) || !add_arg(&c->args[1], fc, &known) || !known.n)
		return;
	o.known = text_at(&known, 0, &o.known_len);
	parse_options(&o, &args);
	if (o.found)
		set_joined(&o.out, "", 0, fc, ret);
	else if (!option)
		set_list(&o.out, fc, ret);
	texts_free(&o.out);
}

void call_get(const struct call *c, const char *option, struct field_context *fc, struct value *ret)
{
	_cleanup_texts_ struct texts all = { .n = 0 }, separator = { .n = 0 };
	bool is_join = c->kind == CALL_JOIN;

	if (c->kind == CALL_GETOPT) {
		get_options(c, option, fc, ret);
		return;
	}
	if (is_join && !add_arg(&c->args[0], fc, &separator))
		return;
	for (size_t i = is_join; i < c->n; i++)
		if (!add_arg(&c->args[i], fc, &all))
			return;
	set_joined(&all, separator.b.s, separator.b.len, fc, ret);
}

static void print_args(const struct call_arg *args, size_t n, struct strbuf *out)
{
	strbuf_addc(out, '(');
	for (size_t i = 0; i < n; i++) {
		strbuf_adds(out, i ? ", " : "");
		if (args[i].is_list)
			print_args(args[i].items, args[i].n, out);
		else if (args[i].operand)
			operand_print(args[i].operand, out);
		else
			quoted_print(args[i].text, args[i].len, out);
	}
	strbuf_addc(out, ')');
}

void call_print(const struct call *c, struct strbuf *out)
{
	strbuf_adds(out, call_fields[c->kind].name);
	print_args(c->args, c->n, out);
}

static void each_of_args(const struct call_arg *args, size_t n, void (*each)(const struct field *f, void *arg),
			 void *arg)
{
	for (size_t i = 0; i < n; i++) {
		each_of_args(args[i].items, args[i].n, each, arg);
		if (args[i].operand)
			operand_each_field(args[i].operand, each, arg);
	}
}

void call_each_field(const struct call *c, void (*each)(const struct field *f, void *arg), void *arg)
{
	each_of_args(c->args, c->n, each, arg);
}
