/* SPDX-License-Identifier: Apache-2.0 */
/* A sentence, the text, and a caret under the place. */
#pragma once

#include "base/strbuf.h"

/* Appends the two lines to err: text from around at, and a caret with a tilde for each more. */
void error_show_place(struct strbuf *err, const char *text, size_t len, size_t at, size_t n);
/* A word of the user's in quotes, printable, and cut when it is long. */
void error_add_word(struct strbuf *err, const char *word, size_t len);
