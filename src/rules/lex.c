/* SPDX-License-Identifier: Apache-2.0 */
/* Words, signs and quoted text. */
#include "parser.h"

void *parser_fail_at(struct parser *p, struct span where)
{
	error_show_place(p->err, p->text, p->len, where.at, where.len);
	p->err_at = where.at;
	return NULL;
}

void *parser_fail(struct parser *p, struct span where, const char *sentence)
{
	strbuf_adds(p->err, sentence);
	return parser_fail_at(p, where);
}

void parser_add_nearest(struct parser *p, const struct strbuf *near)
{
	if (near->len)
		strbuf_addf(p->err, ". Did you mean %s?", near->s);
}

void parser_skip_blanks(struct parser *p)
{
	while (p->pos < p->len && is_blank(p->text[p->pos]))
		p->pos++;
}

struct span parser_here(const struct parser *p, size_t len)
{
	return (struct span){ p->pos, len };
}

bool parser_at_char(const struct parser *p, char c)
{
	return p->pos < p->len && p->text[p->pos] == c;
}

struct span parser_word(const struct parser *p)
{
	size_t n = 0;

	while (p->pos + n < p->len && !ends_bare(p->text[p->pos + n]))
		n++;
	return parser_here(p, n || p->pos == p->len ? n : 1);
}

bool parser_at_keyword(const struct parser *p, const char *word)
{
	size_t n = strlen(word);

	if (p->len - p->pos < n || memcmp(p->text + p->pos, word, n))
		return false;
	return p->pos + n == p->len || is_blank(p->text[p->pos + n]) ||
	       memchr("()", p->text[p->pos + n], 2);
}

bool parser_take_keyword(struct parser *p, const char *word)
{
	parser_skip_blanks(p);
	if (!parser_at_keyword(p, word))
		return false;
	p->pos += strlen(word);
	return true;
}

/* What follows a backslash at pos. False: no escape that we know. */
static bool parse_escape(struct parser *p, struct strbuf *out)
{
	/* A blank after a backslash is Falco's, for old rules: the two are a backslash. */
	static const char from[] = "bfnrt\\/\"' ", to[] = "\b\f\n\r\t\\/\"'\\";
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

bool parser_take_quoted(struct parser *p, struct strbuf *out)
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

			parser_fail(p, where, "unknown escape; a backslash itself is written \\\\");
			return false;
		}
	}
	if (p->pos == p->len) {
		parser_fail(p, (struct span){ start, 1 }, "this quote is not closed");
		return false;
	}
	p->pos++;
	return true;
}
