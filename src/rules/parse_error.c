/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The place of an error is shown in one line, whatever the text is: what does not print is escaped,
 * and of a long text only the surroundings are shown. The caret counts what is shown.
 */
#include "parse_error.h"

#define SHOWN_BEFORE 50	/* bytes of text before the place, */
#define SHOWN_AFTER 40	/* and after its beginning: a line of at most 100 columns */
#define WORD_MAX 48

static bool continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Columns of printable UTF-8, wide characters taken as one. */
static size_t columns(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += !continues(s[i]);
	return n;
}

void error_show_place(struct strbuf *err, const char *text, size_t len, size_t at, size_t n)
{
	size_t start = at > SHOWN_BEFORE ? at - SHOWN_BEFORE : 0;
	size_t end = MIN(len, at + SHOWN_AFTER);
	size_t line, before, width;

	/* Not in the middle of a character. */
	while (start && start < at && continues(text[start]))
		start++;
	while (end > at && end < len && continues(text[end]))
		end--;
	n = MIN(n, end - at);

	strbuf_adds(err, "\n  ");
	line = err->len;
	if (start)
		strbuf_adds(err, "...");
	strbuf_add_printable(err, text + start, at - start);
	before = columns(err->s + line, err->len - line);
	line = err->len;
	strbuf_add_printable(err, text + at, n);
	width = columns(err->s + line, err->len - line);
	strbuf_add_printable(err, text + at + n, end - at - n);
	if (end < len)
		strbuf_adds(err, "...");

	strbuf_adds(err, "\n  ");
	for (size_t i = 0; i < before; i++)
		strbuf_addc(err, ' ');
	strbuf_addc(err, '^');
	for (size_t i = 1; i < width; i++)
		strbuf_addc(err, '~');
}

void error_add_word(struct strbuf *err, const char *word, size_t len)
{
	size_t n = MIN(len, (size_t)WORD_MAX);

	while (n && n < len && continues(word[n]))
		n--;
	strbuf_addc(err, '\'');
	strbuf_add_printable(err, word, n);
	strbuf_adds(err, n < len ? "...'" : "'");
}
