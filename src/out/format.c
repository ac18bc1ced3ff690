/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --format '%container.name %proc.name %fd.name': parsed once into pieces, each a text and the
 * field that follows it.
 */
#include "internal.h"

#include <ctype.h>
#include <errno.h>

#define FORMAT_PIECES_MAX 256	/* more fields than a line is for; there are about 100 */
#define FORMAT_MISSING "<NA>"

struct piece {
	char *text;		/* before the field */
	size_t len;
	const struct field *field;	/* NULL: none, the last piece */
	char *arg;
};

struct format {
	struct output output;
	struct piece *pieces;
	size_t n;
	struct strbuf tmp;
};

static void format_event(struct output *o, struct field_context *fc, struct strbuf *out)
{
	struct format *f = container_of(o, struct format, output);

	for (size_t i = 0; i < f->n; i++) {
		const struct piece *p = &f->pieces[i];
		struct value v = { .type = VALUE_NONE };

		strbuf_add(out, p->text, p->len);
		if (!p->field)
			continue;
		field_get(p->field, p->arg, fc, &v);
		if (v.type == VALUE_NONE) {
			strbuf_adds(out, FORMAT_MISSING);
			continue;
		}
		strbuf_reset(&f->tmp);
		value_print(&f->tmp, &v);
		strbuf_add_printable(out, f->tmp.s, f->tmp.len);
	}
	strbuf_addc(out, '\n');
}

static void format_free(struct output *o)
{
	struct format *f = container_of(o, struct format, output);

	for (size_t i = 0; i < f->n; i++) {
		free(f->pieces[i].text);
		free(f->pieces[i].arg);
	}
	free(f->pieces);
	strbuf_free(&f->tmp);
	free(f);
}

static const struct output_ops format_ops = {
	.event = format_event,
	.free = format_free,
};

static void add_piece(struct format *f, struct strbuf *text, const struct field *field, char *arg)
{
	struct piece *p;

	f->pieces = xrealloc(f->pieces, (f->n + 1) * sizeof(*f->pieces));
	p = &f->pieces[f->n++];
	p->len = text->len;
	p->text = strbuf_take(text);
	p->field = field;
	p->arg = arg;
}

/* How long the field's name is: letters, digits, "_" and ".", then perhaps [argument]. */
static size_t name_length(const char *s)
{
	size_t len = 0;
	const char *end;

	while (isalnum((unsigned char)s[len]) || s[len] == '_' || s[len] == '.')
		len++;
	/* "%proc.name." ends a sentence. */
	while (len && s[len - 1] == '.')
		len--;
	if (s[len] == '[') {
		end = strchr(s + len, ']');
		if (end)
			len = (size_t)(end - s) + 1;
	}
	return len;
}

static void unknown_field(const char *name, size_t len, struct strbuf *err)
{
	const char **names = xcalloc(field_table_len, sizeof(*names));
	_cleanup_strbuf_ struct strbuf nearest = STRBUF_INIT;

	for (size_t i = 0; i < field_table_len; i++)
		names[i] = field_table[i].name;
	strbuf_reset(&nearest);
	nearest_names(&nearest, name, len, names, field_table_len);
	free(names);
	strbuf_adds(err, "--format: no such field: %");
	strbuf_add_printable(err, name, len);
	if (nearest.len)
		strbuf_addf(err, ". Did you mean %s?", nearest.s);
}

/* After a "%": a field, or a percent sign. Returns what was taken, 0 for an error. */
static size_t parse_field(struct format *f, const char *s, struct strbuf *text, struct strbuf *err)
{
	size_t len = name_length(s);
	const struct field *field;
	char *arg = NULL;

	if (s[0] == '%') {
		strbuf_addc(text, '%');
		return 1;
	}
	if (!len) {
		strbuf_adds(err, "--format: a % that no field follows; %% stands for itself");
		return 0;
	}
	field = field_find(s, len, &arg);
	if (!field) {
		unknown_field(s, len, err);
		return 0;
	}
	if (f->n >= FORMAT_PIECES_MAX) {
		free(arg);
		strbuf_addf(err, "--format: more than %d fields", FORMAT_PIECES_MAX);
		return 0;
	}
	add_piece(f, text, field, arg);
	return len;
}

static size_t parse_escape(const char *s, struct strbuf *text)
{
	switch (s[0]) {
	case 'n':
		strbuf_addc(text, '\n');
		return 1;
	case 't':
		strbuf_addc(text, '\t');
		return 1;
	case '\\':
		strbuf_addc(text, '\\');
		return 1;
	default:
		strbuf_addc(text, '\\');
		return 0;
	}
}

int format_new(struct output **ret, const char *format, struct strbuf *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct format *f = xcalloc(1, sizeof(*f));
	const char *p = format ? format : "";

	f->output.ops = &format_ops;
	while (*p) {
		char c = *p++;

		if (c == '\\') {
			p += parse_escape(p, &text);
		} else if (c == '%') {
			size_t taken = parse_field(f, p, &text, err);

			if (!taken) {
				format_free(&f->output);
				return -EINVAL;
			}
			p += taken;
		} else {
			strbuf_addc(&text, c);
		}
	}
	add_piece(f, &text, NULL, NULL);
	*ret = &f->output;
	return 0;
}
