/* SPDX-License-Identifier: Apache-2.0 */
/* Text in columns: how wide it is on a terminal, and how it is cut to fit. */
#pragma once

#include "base/strbuf.h"

/* Columns that printable UTF-8 text takes: East Asian wide characters two, combining marks none. */
size_t columns_width(const char *s, size_t len);

/* Appends s, cut at its end to width columns with "…" if it is longer. */
void columns_add_cut(struct strbuf *out, const char *s, size_t len, size_t width);

/*
 * Appends a path, cut in its middle to width columns: "/usr/…/index.html". The file name is never
 * cut, so the result can be wider.
 */
void columns_add_path(struct strbuf *out, const char *s, size_t len, size_t width);

/* Appends blanks, so that what took used columns takes width. */
void columns_pad(struct strbuf *out, size_t used, size_t width);
