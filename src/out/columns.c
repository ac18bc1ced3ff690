/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Widths are our own and not the locale's (wcwidth): output must not depend on LANG, and events
 * are formatted in the C locale. The ranges are the East Asian Wide blocks and the combining marks
 * that names are written with in practice.
 */
#include "columns.h"

#include "base/utf8.h"

#define ELLIPSIS "\xe2\x80\xa6" /* U+2026, one column */

struct range {
	uint32_t first, last;
	uint8_t width;
};

static const struct range unusual[] = {
	{ 0x0300, 0x036f, 0 },	 { 0x1100, 0x115f, 2 },	  { 0x1ab0, 0x1aff, 0 },
	{ 0x20d0, 0x20ff, 0 },	 { 0x2e80, 0x303e, 2 },	  { 0x3041, 0xa4cf, 2 },
	{ 0xa960, 0xa97f, 2 },	 { 0xac00, 0xd7a3, 2 },	  { 0xf900, 0xfaff, 2 },
	{ 0xfe00, 0xfe0f, 0 },	 { 0xfe30, 0xfe6f, 2 },	  { 0xff00, 0xff60, 2 },
	{ 0xffe0, 0xffe6, 2 },	 { 0x1f300, 0x1f64f, 2 }, { 0x1f680, 0x1f6ff, 2 },
	{ 0x1f900, 0x1faff, 2 }, { 0x20000, 0x3fffd, 2 },
};

static unsigned rune_width(uint32_t rune)
{
	if (rune < unusual[0].first)
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(unusual) && rune >= unusual[i].first; i++)
		if (rune <= unusual[i].last)
			return unusual[i].width;
	return 1;
}

/* The next character: its bytes, and its columns in *ret_width. */
static size_t next_rune(const char *s, size_t len, unsigned *ret_width)
{
	uint32_t rune;
	size_t n;

	*ret_width = 1;
	if ((unsigned char)s[0] < 0x80)
		return 1;
	n = utf8_decode(s, len, &rune);
	if (!n)
		return 1;
	*ret_width = rune_width(rune);
	return n;
}

size_t columns_width(const char *s, size_t len)
{
	size_t width = 0;

	for (size_t i = 0; i < len;) {
		unsigned w;

		i += next_rune(s + i, len - i, &w);
		width += w;
	}
	return width;
}

/* How many bytes of s fit in width columns. */
static size_t bytes_that_fit(const char *s, size_t len, size_t width)
{
	size_t i = 0, used = 0;

	while (i < len) {
		unsigned w;
		size_t n = next_rune(s + i, len - i, &w);

		if (used + w > width)
			break;
		used += w;
		i += n;
	}
	return i;
}

void columns_add_cut(struct strbuf *out, const char *s, size_t len, size_t width)
{
	if (bytes_that_fit(s, len, width) == len) {
		strbuf_add(out, s, len);
		return;
	}
	strbuf_add(out, s, bytes_that_fit(s, len, width ? width - 1 : 0));
	strbuf_adds(out, ELLIPSIS);
}

void columns_add_path(struct strbuf *out, const char *s, size_t len, size_t width)
{
	const char *slash = memrchr(s, '/', len);
	size_t file, keep;

	if (bytes_that_fit(s, len, width) == len || !slash) {
		strbuf_add(out, s, len);
		return;
	}
	file = (size_t)(slash - s);
	/* Whole directories from the front, as many as there is room for. */
	keep = columns_width(slash, len - file) + 1;
	keep = bytes_that_fit(s, file, width > keep ? width - keep : 0);
	while (keep && s[keep - 1] != '/')
		keep--;
	if (keep <= 1 && columns_width(s, file) <= 1) {
		strbuf_add(out, s, len);
		return;
	}
	strbuf_add(out, s, keep);
	strbuf_adds(out, ELLIPSIS);
	strbuf_add(out, slash, len - file);
}

void columns_pad(struct strbuf *out, size_t used, size_t width)
{
	for (; used < width; used++)
		strbuf_addc(out, ' ');
}
