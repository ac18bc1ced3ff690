/* SPDX-License-Identifier: Apache-2.0 */
/* Regular expressions, by PCRE2: the whole value must match, and a match costs at most so much. */
#pragma once

#include "base/strbuf.h"

struct regex;

/* -EINVAL with a sentence in err, and in *ret_at the place in the pattern. */
int regex_new(struct regex **ret, const char *pattern, size_t len, struct strbuf *err,
	      size_t *ret_at) _must_check_;
void regex_free(struct regex *r);	/* NULL is fine */
bool regex_match(const struct regex *r, const char *s, size_t len);
