/* SPDX-License-Identifier: Apache-2.0 */
/* Transformers. The texts that they make are in the context, so that nothing is allocated for each event. */
#include "operand.h"

#include "call.h"

const char *const transform_names[TRANSFORM_MAX] = {
	[TRANSFORM_TOLOWER] = "tolower",   [TRANSFORM_TOUPPER] = "toupper", [TRANSFORM_B64] = "b64",
	[TRANSFORM_BASENAME] = "basename", [TRANSFORM_LEN] = "len",
};

enum transform transform_find(const char *name, size_t len)
{
	unsigned t = 0;

	while (t < TRANSFORM_MAX &&
	       (strlen(transform_names[t]) != len || memcmp(transform_names[t], name, len)))
		t++;
	return (enum transform)t;
}

bool transform_takes(enum transform t, enum value_type type, enum value_type *ret_type)
{
	*ret_type = t == TRANSFORM_LEN ? VALUE_NUMBER : VALUE_STRING;
	return type == VALUE_STRING;
}

static void append_case(const struct value *v, struct strbuf *out, char first, char last)
{
	size_t start = out->len;

	strbuf_add(out, v->s, v->len);
	for (size_t i = start; i < out->len; i++)
		if (out->s[i] >= first && out->s[i] <= last)
			out->s[i] = (char)(out->s[i] ^ 0x20);
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* False: the text is not base64, and the value is missing. */
static bool append_base64(const struct value *v, struct strbuf *out)
{
	size_t len = v->len, start = out->len;
	uint32_t bits = 0;
	unsigned n = 0;

	while (len && v->s[len - 1] == '=')
		len--;
	for (size_t i = 0; i < len; i++) {
		int digit = base64_digit(v->s[i]);

		if (digit < 0 || v->len - len > 2) {
			out->len = start;
			return false;
		}
		bits = bits << 6 | (uint32_t)digit;
		n += 6;
		if (n >= 8) {
			n -= 8;
			strbuf_addc(out, (char)(bits >> n));
		}
	}
	return true;
}

static void take_basename(struct value *v)
{
	const char *slash = v->len ? memrchr(v->s, '/', v->len) : NULL;

	if (slash) {
		v->len -= (size_t)(slash + 1 - v->s);
		v->s = slash + 1;
	}
}

static bool makes_text(enum transform t)
{
	return t == TRANSFORM_TOLOWER || t == TRANSFORM_TOUPPER || t == TRANSFORM_B64;
}

/* Appends the transformed text. False: the value is missing. */
static bool append_text(enum transform t, const struct value *v, struct strbuf *out)
{
	switch (t) {
	case TRANSFORM_TOLOWER:
		append_case(v, out, 'A', 'Z');
		return true;
	case TRANSFORM_TOUPPER:
		append_case(v, out, 'a', 'z');
		return true;
	default:
		return append_base64(v, out);
	}
}

/* What needs no text of its own. */
static void transform_in_place(enum transform t, struct value *v)
{
	if (t == TRANSFORM_LEN)
		*v = (struct value){ .type = VALUE_NUMBER, .n = (int64_t)v->len };
	else
		take_basename(v);
}

static void transform(enum transform t, struct field_context *fc, struct value *v)
{
	struct strbuf *out;

	if (v->type != VALUE_STRING) {
		v->type = VALUE_NONE;
		return;
	}
	if (!makes_text(t)) {
		transform_in_place(t, v);
		return;
	}
	out = fields_scratch(fc);
	if (append_text(t, v, out))
		*v = (struct value){ .type = VALUE_STRING, .s = out->s, .len = out->len };
	else
		v->type = VALUE_NONE;
}

/*
 * Transforms each value of a list, and drops those that become missing. Their texts share one text of the context,
 * which has room for few.
 */
static void transform_list(enum transform t, struct field_context *fc, struct value *v)
{
	struct strbuf *out = makes_text(t) ? fields_scratch(fc) : NULL;
	size_t n = 0;

	for (size_t i = 0; i < v->len; i++) {
		struct value item = v->items[i];
		size_t start = out ? out->len : 0;

		if (item.type != VALUE_STRING || (out && !append_text(t, &item, out)))
			continue;
		if (out)
			item.len = out->len - start;
		else
			transform_in_place(t, &item);
		fc->items[n++] = item;
	}
	/* It may have moved while it grew. */
	for (size_t i = 0, at = 0; out && i < n; at += fc->items[i++].len)
		fc->items[i].s = out->s + at;
	v->items = fc->items;
	v->len = n;
	if (!n)
		v->type = VALUE_NONE;
}

static void transform_all(const struct operand *o, struct field_context *fc, struct value *ret)
{
	for (unsigned i = 0; i < o->n_transforms && ret->type != VALUE_NONE; i++) {
		if (ret->type == VALUE_LIST && o->call && o->transforms[i] == TRANSFORM_LEN)
			*ret = (struct value){ .type = VALUE_NUMBER, .n = (int64_t)ret->len };
		else if (ret->type == VALUE_LIST)
			transform_list((enum transform)o->transforms[i], fc, ret);
		else
			transform((enum transform)o->transforms[i], fc, ret);
	}
}

static inline void get(const struct operand *o, struct field_context *fc, struct value *ret)
{
	if (unlikely(o->call)) {
		ret->type = VALUE_NONE;
		call_get(o->call, o->arg, fc, ret);
	} else {
		field_get(o->field, o->arg, fc, ret);
	}
	if (o->n_transforms)
		transform_all(o, fc, ret);
}

void operand_get(const struct operand *o, struct field_context *fc, struct value *ret)
{
	get(o, fc, ret);
}

static void get_all(const struct operand *o, struct field_context *fc, struct value *ret)
{
	struct value forms[1 + ARRAY_SIZE(o->field->others)];
	uint32_t n = 1;

	field_get(o->field, o->arg, fc, ret);
	for (size_t i = 0; i < ARRAY_SIZE(o->field->others) && o->field->others[i] && ret->type != VALUE_NONE; i++) {
		forms[n].type = VALUE_NONE;
		o->field->others[i](fc, o->arg, &forms[n]);
		n += forms[n].type != VALUE_NONE;
	}
	if (n > 1) {
		forms[0] = *ret;
		memcpy(fc->items, forms, n * sizeof(forms[0]));
		*ret = (struct value){ .type = VALUE_LIST, .items = fc->items, .len = n };
	}
	transform_all(o, fc, ret);
}

void operand_get_forms(const struct operand *o, struct field_context *fc, struct value *ret)
{
	if (o->field->others[0])
		get_all(o, fc, ret);
	else
		get(o, fc, ret);
}

void operand_copy(struct operand *ret, const struct operand *o)
{
	*ret = *o;
	ret->arg = xstrdup(o->arg);
	ret->call = call_ref(o->call);
}

void operand_each_field(const struct operand *o, void (*each)(const struct field *f, void *arg), void *arg)
{
	if (o->call)
		call_each_field(o->call, each, arg);
	else
		each(o->field, arg);
}

struct asking {
	const char *field;
	bool found;
};

static void ask(const struct field *f, void *arg)
{
	struct asking *a = arg;

	a->found |= streq(f->name, a->field);
}

bool operand_asks(const struct operand *o, const char *field)
{
	struct asking a = { .field = field };

	operand_each_field(o, ask, &a);
	return a.found;
}

/* Two calls are equal if they are written alike. */
static bool calls_equal(const struct call *a, const struct call *b)
{
	_cleanup_strbuf_ struct strbuf one = STRBUF_INIT, other = STRBUF_INIT;

	if (!a || !b)
		return !a && !b;
	call_print(a, &one);
	call_print(b, &other);
	return streq(one.s, other.s);
}

static uint64_t call_hash(const struct call *c)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	call_print(c, &text);
	return hash_string(text.s);
}

bool operand_equal(const struct operand *a, const struct operand *b)
{
	return calls_equal(a->call, b->call) && a->field == b->field && !a->arg == !b->arg && (!a->arg || streq(a->arg, b->arg)) &&
	       a->n_transforms == b->n_transforms &&
	       !memcmp(a->transforms, b->transforms, a->n_transforms);
}

uint64_t operand_hash(const struct operand *o)
{
	uint64_t hash = hash_string(o->field->name);

	if (o->call)
		hash = hash_u64(hash + call_hash(o->call));
	if (o->arg)
		hash = hash_u64(hash + hash_string(o->arg));
	return hash_u64(hash + hash_bytes(o->transforms, o->n_transforms));
}

void operand_free(struct operand *o)
{
	call_unref(o->call);
	free(o->arg);
	o->call = NULL;
	o->arg = NULL;
}

void operand_print(const struct operand *o, struct strbuf *out)
{
	for (unsigned i = o->n_transforms; i-- > 0;)
		strbuf_addf(out, "%s(", transform_names[o->transforms[i]]);
	if (o->call)
		call_print(o->call, out);
	else
		strbuf_adds(out, o->field->name);
	if (o->arg) {
		strbuf_addc(out, '[');
		strbuf_add_printable(out, o->arg, strlen(o->arg));
		strbuf_addc(out, ']');
	}
	for (unsigned i = 0; i < o->n_transforms; i++)
		strbuf_addc(out, ')');
}

void quoted_print(const char *s, size_t len, struct strbuf *out)
{
	strbuf_addc(out, '"');
	/* By characters, which can have several bytes. */
	for (size_t n; len; s += n, len -= n) {
		const char *quote = memchr(s, '"', len);

		n = quote == s ? 1 : quote ? (size_t)(quote - s) : len;
		strbuf_adds(out, quote == s ? "\\" : "");
		strbuf_add_printable(out, s, n);
	}
	strbuf_addc(out, '"');
}
