/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tag, length, bytes: the body of records that grow with time (HOST, CONTAINER). An unknown tag is
 * skipped, so that an older reader takes what it knows. Every value is padded to 8 bytes.
 */
#pragma once

#include "base/strbuf.h"
#include "nunchi/wire.h"

struct tlv {
	uint32_t tag;
	uint32_t len;		/* of the value, without padding */
	const char *data;	/* not aligned for more than bytes, not NUL-terminated */
};

/* Nothing for NULL and ""; at most max bytes. */
void tlv_add_string(struct strbuf *out, uint32_t tag, const char *s, size_t max);
/* Nothing for 0. */
void tlv_add_number(struct strbuf *out, uint32_t tag, uint64_t v);
/* Two parts in one value, as a label's key with its NUL and its value. */
void tlv_add_pair(struct strbuf *out, uint32_t tag, const void *a, size_t a_len, const void *b,
		  size_t b_len);

/* Takes the next value from *data, *len. 1: taken; 0: the end; -EBADMSG: a length that lies. */
int tlv_next(const char **data, size_t *len, struct tlv *ret) _must_check_;
/* Up to the first NUL, at most max bytes; malloc'ed. */
char *tlv_string(const struct tlv *t, size_t max) _must_check_;
/* Little if the value is short: the missing bytes are 0. */
uint64_t tlv_number(const struct tlv *t);
