/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCRE2 backtracks where Falco's RE2 does not: what needs more steps than the limit does not match.
 * Everything is allocated with the pattern, nothing per match.
 */
#include "regex.h"

#include <errno.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define MATCH_STEPS    100000 /* about 1 ms; honest patterns need some hundreds */
#define MATCH_HEAP_KIB 1024

struct regex {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

int regex_new(struct regex **ret, const char *pattern, size_t len, struct strbuf *err,
	      size_t *ret_at)
{
	const uint32_t options = PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_MATCH_INVALID_UTF |
				 PCRE2_NO_AUTO_CAPTURE | PCRE2_NEVER_BACKSLASH_C;
	PCRE2_UCHAR message[128];
	struct regex *r;
	int code;

	r = xcalloc(1, sizeof(*r));
	r->code = pcre2_compile((PCRE2_SPTR)pattern, len, options, &code, ret_at, NULL);
	if (!r->code) {
		pcre2_get_error_message(code, message, sizeof(message));
		strbuf_addf(err, "no regular expression: %s", (char *)message);
		*ret_at = MIN(*ret_at, len);
		free(r);
		return -EINVAL;
	}
	pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE);
	r->data = pcre2_match_data_create_from_pattern(r->code, NULL);
	r->limits = pcre2_match_context_create(NULL);
	if (!r->data || !r->limits)
		abort();
	pcre2_set_match_limit(r->limits, MATCH_STEPS);
	pcre2_set_heap_limit(r->limits, MATCH_HEAP_KIB);
	*ret = r;
	return 0;
}

void regex_free(struct regex *r)
{
	if (!r)
		return;
	pcre2_match_data_free(r->data);
	pcre2_match_context_free(r->limits);
	pcre2_code_free(r->code);
	free(r);
}

bool regex_match(const struct regex *r, const char *s, size_t len)
{
	return pcre2_match(r->code, (PCRE2_SPTR)(s ? s : ""), len, 0, 0, r->data, r->limits) >= 0;
}
