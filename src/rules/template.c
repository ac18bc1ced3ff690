/* SPDX-License-Identifier: Apache-2.0 */
/* An output is parsed once, into pieces: a text and the field that follows it. */
#include "template.h"

#include <errno.h>

#include "condition.h"

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_."

void template_print(const struct template *t, struct field_context *fc, struct strbuf *tmp,
		    struct strbuf *out)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct template_piece *p = &t->pieces[i];
		struct value v = { .type = VALUE_NONE };

		strbuf_add(out, p->text, p->len);
		if (!p->operand.field)
			continue;
		operand_get(&p->operand, fc, &v);
		if (v.type == VALUE_NONE) {
			strbuf_adds(out, TEMPLATE_MISSING);
			continue;
		}
		strbuf_reset(tmp);
		value_print(tmp, &v);
		strbuf_add_printable(out, tmp->s, tmp->len);
	}
}

void template_free(struct template *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++) {
		free(t->pieces[i].text);
		free(t->pieces[i].name);
		operand_free(&t->pieces[i].operand);
	}
	free(t->pieces);
	free(t);
}

static struct template_piece *add_piece(struct template *t, struct strbuf *text)
{
	struct template_piece *p;

	t->pieces = xrealloc(t->pieces, (t->n + 1) * sizeof(*t->pieces));
	p = &t->pieces[t->n++];
	*p = (struct template_piece){ .len = text->len };
	p->text = strbuf_take(text);
	return p;
}

/* Keeps only the sentence: in an output the caller shows the place. */
static void keep_sentence(struct strbuf *err)
{
	char *newline = strchr(err->s, '\n');

	if (newline) {
		*newline = '\0';
		err->len = (size_t)(newline - err->s);
	}
}

/* After a "%": a field, or a percent sign. Returns the bytes used, 0 on an error. */
static size_t take_field(struct template *t, const char *s, struct strbuf *text,
			 struct strbuf *glued, struct strbuf *err)
{
	struct template_piece *p;
	struct operand operand;
	size_t len;
	int r;

	if (s[0] == '%') {
		strbuf_addc(text, '%');
		return 1;
	}
	if (!s[0] || strchr(" \t\n", s[0])) {
		strbuf_adds(err, "a % that no field follows; %% stands for itself");
		return 0;
	}
	if (t->n >= TEMPLATE_PIECES_MAX) {
		strbuf_addf(err, "more than %d fields", TEMPLATE_PIECES_MAX);
		return 0;
	}
	r = operand_parse(&operand, s, glued != NULL, &len, err);
	if (r < 0) {
		keep_sentence(err);
		return 0;
	}
	if (r && !glued->len)
		strbuf_add(glued, s, strspn(s, NAME_CHARACTERS));
	p = add_piece(t, text);
	p->operand = operand;
	p->name = xstrndup(s, len);
	return len;
}

static size_t take_escape(const char *s, struct strbuf *text)
{
	static const char from[] = "nt\\", to[] = "\n\t\\";
	const char *known = s[0] ? strchr(from, s[0]) : NULL;

	strbuf_addc(text, known ? to[known - from] : '\\');
	return known != NULL;
}

int template_new(struct template **ret, const char *text, bool escapes, struct strbuf *glued,
		 struct strbuf *err, size_t *ret_at)
{
	_cleanup_strbuf_ struct strbuf before = STRBUF_INIT;
	struct template *t = xcalloc(1, sizeof(*t));
	const char *p = text;

	while (*p) {
		char c = *p++;

		if (c == '\\' && escapes) {
			p += take_escape(p, &before);
		} else if (c == '%') {
			size_t taken = take_field(t, p, &before, glued, err);

			if (!taken) {
				*ret_at = (size_t)(p - text);
				template_free(t);
				return -EINVAL;
			}
			p += taken;
		} else {
			strbuf_addc(&before, c);
		}
	}
	add_piece(t, &before);
	*ret = t;
	return 0;
}

bool template_asks(const struct template *t, const char *field)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->pieces[i].operand.field && operand_asks(&t->pieces[i].operand, field))
			return true;
	return false;
}
