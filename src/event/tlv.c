/* SPDX-License-Identifier: Apache-2.0 */
#include "tlv.h"

#include <errno.h>

#define TLV_HEAD 8

static void add_padding(struct strbuf *out, size_t len)
{
	static const char zero[8];

	strbuf_add(out, zero, ALIGN8(len) - len);
}

void tlv_add_pair(struct strbuf *out, uint32_t tag, const void *a, size_t a_len, const void *b,
		  size_t b_len)
{
	uint32_t head[2] = { tag, (uint32_t)(a_len + b_len) };

	strbuf_add(out, head, sizeof(head));
	strbuf_add(out, a, a_len);
	strbuf_add(out, b, b_len);
	add_padding(out, a_len + b_len);
}

static void tlv_add(struct strbuf *out, uint32_t tag, const void *data, size_t len)
{
	tlv_add_pair(out, tag, data, len, NULL, 0);
}

void tlv_add_string(struct strbuf *out, uint32_t tag, const char *s, size_t max)
{
	if (s && *s)
		tlv_add(out, tag, s, strnlen(s, max));
}

void tlv_add_number(struct strbuf *out, uint32_t tag, uint64_t v)
{
	if (v)
		tlv_add(out, tag, &v, sizeof(v));
}

int tlv_next(const char **data, size_t *len, struct tlv *ret)
{
	uint32_t head[2];
	size_t whole;

	if (!*len)
		return 0;
	if (*len < TLV_HEAD)
		return -EBADMSG;
	memcpy(head, *data, sizeof(head));
	whole = TLV_HEAD + ALIGN8((size_t)head[1]);
	if (whole > *len)
		return -EBADMSG;
	*ret = (struct tlv){ .tag = head[0], .len = head[1], .data = *data + TLV_HEAD };
	*data += whole;
	*len -= whole;
	return 1;
}

char *tlv_string(const struct tlv *t, size_t max)
{
	return xstrndup(t->data, MIN(t->len, max));
}

uint64_t tlv_number(const struct tlv *t)
{
	uint64_t v = 0;

	memcpy(&v, t->data, MIN(t->len, sizeof(v)));
	return v;
}
