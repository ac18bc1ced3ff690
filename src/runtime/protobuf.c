/* SPDX-License-Identifier: Apache-2.0 */
/* A message of empty members takes a hundred times as much memory as on the wire: hence the budget. */
#include "protobuf.h"

static void *budget_alloc(void *budget, size_t size)
{
	size_t *left = budget;

	if (size > *left)
		return NULL;
	*left -= size;
	return xmalloc(size);
}

static void budget_free(void *budget, void *p)
{
	(void)budget;
	free(p);
}

ProtobufCAllocator protobuf_bounded(size_t *budget)
{
	*budget = PROTOBUF_MEMORY_MAX;
	return (ProtobufCAllocator){
		.alloc = budget_alloc,
		.free = budget_free,
		.allocator_data = budget,
	};
}

void protobuf_pack(struct strbuf *out, const ProtobufCMessage *m)
{
	size_t n = protobuf_c_message_get_packed_size(m);

	strbuf_grow(out, n);
	out->len += protobuf_c_message_pack(m, (uint8_t *)out->s + out->len);
	out->s[out->len] = '\0';
}
