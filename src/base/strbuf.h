/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte string, the only way text is put together here. Always NUL-terminated, so that
 * s can be used as a C string; len does not count that NUL. Zero-initialised is empty and valid.
 * Numbers are formatted by hand: this is the hot path of every output.
 */
#pragma once

#include "alloc.h"

struct strbuf {
	char *s;
	size_t len;
	size_t cap;
};

#define _cleanup_strbuf_ _cleanup_(strbuf_free)
#define STRBUF_INIT { NULL, 0, 0 }

void strbuf_free(struct strbuf *b);
/* Empties it and keeps the memory. s is a valid "" afterwards. */
void strbuf_reset(struct strbuf *b);
void strbuf_grow(struct strbuf *b, size_t extra);
/* Ownership of the string goes to the caller, who frees it; never NULL. */
char *strbuf_take(struct strbuf *b) _must_check_;

void strbuf_add(struct strbuf *b, const void *data, size_t len);
void strbuf_addf(struct strbuf *b, const char *fmt, ...) _printf_(2, 3);
void strbuf_adds(struct strbuf *b, const char *s);
void strbuf_addu(struct strbuf *b, uint64_t v);
void strbuf_addi(struct strbuf *b, int64_t v);
void strbuf_addx(struct strbuf *b, uint64_t v);	/* "0x1f" */
void strbuf_addo(struct strbuf *b, uint64_t v);	/* "0644"; zero is "0" */

static inline void strbuf_addc(struct strbuf *b, char c)
{
	if (unlikely(b->len + 2 > b->cap))
		strbuf_grow(b, 1);
	b->s[b->len++] = c;
	b->s[b->len] = '\0';
}

/*
 * As a JSON string with its quotes: control characters, marks that deceive the eye, quotes and
 * backslashes escaped, what is no valid UTF-8 replaced byte by byte by "\ufffd". Cannot break the JSON, whatever the bytes are.
 */
void strbuf_add_json(struct strbuf *b, const char *s, size_t len);

/*
 * For a terminal or a text line: printable UTF-8 stays; control characters (C0, DEL, C1), line
 * separators, bidirectional controls and invalid bytes become \n, \t, \xNN or \u{NNNN}; a
 * backslash becomes two. Cannot forge a line or move the cursor.
 */
void strbuf_add_printable(struct strbuf *b, const char *s, size_t len);
/* That, as a string of its own, which the caller frees. NULL: an empty one. */
char *printable(const char *s) _must_check_;

/*
 * The same for what is put together, of one line or more: line ends, tabs and backslashes stay. What is foreign in it
 * should be printable before, or it forges lines; the cursor it does not move.
 */
void strbuf_add_lines(struct strbuf *b, const char *s, size_t len);
/* Printable, broken between words, with a newline at the end. The cursor stands at indent, which is below width, or before it; further lines begin there. */
void strbuf_add_wrapped(struct strbuf *b, const char *s, size_t len, size_t indent, size_t width);

/* 2026-11-23T23:26:09.123456789Z, from ns since the epoch. */
void strbuf_add_iso8601(struct strbuf *b, uint64_t ns);
