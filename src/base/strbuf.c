/* SPDX-License-Identifier: Apache-2.0 */
#include "strbuf.h"

#include <time.h>

#include "utf8.h"

void strbuf_free(struct strbuf *b)
{
	free(b->s);
	*b = (struct strbuf)STRBUF_INIT;
}

void strbuf_grow(struct strbuf *b, size_t extra)
{
	size_t need = b->len + extra + 1;
	size_t cap = b->cap ? b->cap : 64;

	if (need <= b->cap)
		return;
	while (cap < need)
		cap *= 2;
	b->s = xrealloc(b->s, cap);
	b->cap = cap;
	b->s[b->len] = '\0';
}

void strbuf_reset(struct strbuf *b)
{
	b->len = 0;
	strbuf_grow(b, 0);
	b->s[0] = '\0';
}

char *strbuf_take(struct strbuf *b)
{
	strbuf_grow(b, 0);
	char *s = b->s;

	*b = (struct strbuf)STRBUF_INIT;
	return s;
}

void strbuf_add(struct strbuf *b, const void *data, size_t len)
{
	if (unlikely(b->len + len + 1 > b->cap))
		strbuf_grow(b, len);
	if (len)
		memcpy(b->s + b->len, data, len);
	b->len += len;
	b->s[b->len] = '\0';
}

void strbuf_adds(struct strbuf *b, const char *s)
{
	strbuf_add(b, s, strlen(s));
}

void strbuf_addf(struct strbuf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	strbuf_grow(b, (size_t)n);
	va_start(ap, fmt);
	vsnprintf(b->s + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void strbuf_addu(struct strbuf *b, uint64_t v)
{
	char tmp[20], *p = tmp + sizeof(tmp);

	do
		*--p = (char)('0' + v % 10);
	while (v /= 10);
	strbuf_add(b, p, (size_t)(tmp + sizeof(tmp) - p));
}

void strbuf_addi(struct strbuf *b, int64_t v)
{
	if (v < 0)
		strbuf_addc(b, '-');
	strbuf_addu(b, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void strbuf_addx(struct strbuf *b, uint64_t v)
{
	char tmp[16], *p = tmp + sizeof(tmp);

	do
		*--p = "0123456789abcdef"[v & 15];
	while (v >>= 4);
	strbuf_add(b, "0x", 2);
	strbuf_add(b, p, (size_t)(tmp + sizeof(tmp) - p));
}

void strbuf_addo(struct strbuf *b, uint64_t v)
{
	char tmp[23], *p = tmp + sizeof(tmp);

	strbuf_addc(b, '0');
	if (!v)
		return;
	do
		*--p = (char)('0' + (v & 7));
	while (v >>= 3);
	strbuf_add(b, p, (size_t)(tmp + sizeof(tmp) - p));
}

/*
 * Marks that reorder or hide the text around them (UAX #9), and what shows nothing itself, so that two names look alike:
 * Unicode's Default_Ignorable_Code_Point.
 */
static bool rune_deceives(uint32_t r)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00ad, 0x00ad },   { 0x034f, 0x034f },   { 0x061c, 0x061c },	  { 0x115f, 0x1160 },
		{ 0x17b4, 0x17b5 },   { 0x180b, 0x180f },   { 0x200b, 0x200f },	  { 0x2028, 0x202e },
		{ 0x2060, 0x206f },   { 0x3164, 0x3164 },   { 0xfe00, 0xfe0f },	  { 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb },   { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
		{ 0xe0000, 0xe0fff },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		if (r >= ranges[i].first && r <= ranges[i].last)
			return true;
	return false;
}

/* Bytes that stand for themselves inside a JSON string. */
static inline bool json_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Past U+FFFF as UTF-16 has it, in two: an escape has four digits. */
static void add_json_escape(struct strbuf *b, uint32_t rune)
{
	if (rune > 0xffff) {
		strbuf_addf(b, "\\u%04x", 0xd800 | (rune - 0x10000) >> 10);
		rune = 0xdc00 | (rune & 0x3ff);
	}
	strbuf_addf(b, "\\u%04x", rune);
}

void strbuf_add_json(struct strbuf *b, const char *s, size_t len)
{
	size_t i = 0;

	strbuf_addc(b, '"');
	while (i < len) {
		size_t start = i;

		while (i < len && json_plain((unsigned char)s[i]))
			i++;
		strbuf_add(b, s + start, i - start);
		if (i == len)
			break;

		unsigned char c = (unsigned char)s[i];
		uint32_t rune;
		size_t n;

		switch (c) {
		case '"':
			strbuf_adds(b, "\\\"");
			i++;
			continue;
		case '\\':
			strbuf_adds(b, "\\\\");
			i++;
			continue;
		case '\n':
			strbuf_adds(b, "\\n");
			i++;
			continue;
		case '\t':
			strbuf_adds(b, "\\t");
			i++;
			continue;
		default:
			break;
		}
		n = utf8_decode(s + i, len - i, &rune);
		if (!n) {
			strbuf_adds(b, "\\ufffd");
			i++;
		} else if (rune < 0x20 || (rune >= 0x7f && rune < 0xa0) || rune_deceives(rune)) {
			add_json_escape(b, rune);
			i += n;
		} else {
			strbuf_add(b, s + i, n);
			i += n;
		}
	}
	strbuf_addc(b, '"');
}

/* lines: what a text that is put together has of its own stays, too. */
static void add_printable(struct strbuf *b, const char *s, size_t len, bool lines)
{
	size_t i = 0;

	while (i < len) {
		unsigned char c = (unsigned char)s[i];
		uint32_t rune;
		size_t n;

		if ((c >= 0x20 && c < 0x7f && c != '\\') || (lines && (c == '\n' || c == '\t' || c == '\\'))) {
			strbuf_addc(b, (char)c);
			i++;
			continue;
		}
		n = utf8_decode(s + i, len - i, &rune);
		if (c == '\\')
			strbuf_adds(b, "\\\\");
		else if (c == '\n')
			strbuf_adds(b, "\\n");
		else if (c == '\t')
			strbuf_adds(b, "\\t");
		else if (!n || c < 0x80)
			strbuf_addf(b, "\\x%02x", c);
		else if (rune < 0xa0 || rune_deceives(rune))
			strbuf_addf(b, "\\u{%x}", rune);
		else
			strbuf_add(b, s + i, n);
		i += n ? n : 1;
	}
}

void strbuf_add_printable(struct strbuf *b, const char *s, size_t len)
{
	add_printable(b, s, len, false);
}

void strbuf_add_lines(struct strbuf *b, const char *s, size_t len)
{
	add_printable(b, s, len, true);
}

/* Of one line of len bytes, as many words as fit; returns where the next line begins. */
static size_t fitting(const char *s, size_t len, size_t width)
{
	size_t at = len;

	if (len <= width)
		return len;
	for (at = width; at && s[at] != ' '; at--)
		;
	return at ? at : len;
}

void strbuf_add_wrapped(struct strbuf *b, const char *s, size_t len, size_t indent, size_t width)
{
	for (;;) {
		size_t n = fitting(s, len, width - indent);

		strbuf_add_printable(b, s, n);
		strbuf_addc(b, '\n');
		if (n == len)
			return;
		s += n + 1;
		len -= n + 1;
		strbuf_addf(b, "%*s", (int)indent, "");
	}
}

char *printable(const char *s)
{
	struct strbuf b = STRBUF_INIT;

	strbuf_add_printable(&b, s, s ? strlen(s) : 0);
	return strbuf_take(&b);
}

void strbuf_add_iso8601(struct strbuf *b, uint64_t ns)
{
	time_t sec = (time_t)(ns / NSEC_PER_SEC);
	struct tm tm;

	if (!gmtime_r(&sec, &tm))
		memset(&tm, 0, sizeof(tm));
	strbuf_addf(b, "%04d-%02d-%02dT%02d:%02d:%02d.%09uZ", tm.tm_year + 1900, tm.tm_mon + 1,
		    tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (unsigned)(ns % NSEC_PER_SEC));
}
