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

static bool is_one_of(const struct parser *p, struct span word, const char *const *words)
{
	for (; *words; words++)
		if (strlen(*words) == word.len && !memcmp(*words, p->text + word.at, word.len))
			return true;
	return false;
}

void *parser_fail_end(struct parser *p, struct span where, const char *end)
{
	static const char *const ands[] = { "AND", "And", "&&", "&", NULL }, *const ors[] = { "OR", "Or", "||", "|", NULL };
	char c = where.at < p->len ? p->text[where.at] : '\0';

	strbuf_addf(p->err, "expected and, or, or %s", end);
	if (is_one_of(p, where, ands) || is_one_of(p, where, ors))
		strbuf_addf(p->err, "; for '%.*s' write %s", (int)where.len, p->text + where.at,
			    is_one_of(p, where, ands) ? "and" : "or");
	else if (c == '#')
		strbuf_adds(p->err, "; in a condition '#' begins no comment");
	else if (c == '=' && where.at && !is_blank(p->text[where.at - 1]))
		strbuf_adds(p->err, "; a value with '=' in it goes in quotes");
	return parser_fail_at(p, where);
}

void parser_add_comparison(const struct parser *p, size_t at)
{
	const char *text = p->text;

	while (at && is_blank(text[at - 1]))
		at--;
	if (!p->op || at < 2 || memcmp(text + at - 2, "or", 2))
		return;
	strbuf_addf(p->err, ". After 'or' comes a whole comparison; of several values one is meant by %.*s %s%s (...)",
		    (int)p->field.len, text + p->field.at, p->op->exact ? "in" : p->op->name, p->op->exact ? "" : " anyof");
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

/* Parses what follows a backslash at pos. False: an unknown escape. */
static bool parse_escape(struct parser *p, struct strbuf *out)
{
	/* As in Falco, for old rules, a backslash and a blank are a backslash. */
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
