/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which of several messages name another peer than the one before: see lib/messages.h. */
#include "lib/messages.h"

/*
 * Copies the address that the message at ptr names to offset `to`, padded with zeros. Returns its length; 0: it names
 * none.
 */
static __noinline u32 message_name(struct scratch *s, u64 ptr, u32 size, u32 to)
{
	u32 len = 0;
	u64 name;

	if (to > NUNCHI_SOCKADDR_MAX)
		return 0;
	__builtin_memset(&s->data[to], 0, NUNCHI_SOCKADDR_MAX);
	name = msghdr_name(ptr, size, &len);
	if (!name)
		return 0;
	len = len > NUNCHI_SOCKADDR_MAX ? NUNCHI_SOCKADDR_MAX : len;
	bpf_probe_read_user(&s->data[to], len, (void *)name);
	return len;
}

__noinline int message_names_another(struct identity *id)
{
	struct scratch *s;
	u32 size, len;
	int another = 0;
	u64 ptr;

	if (!id)
		return 0;
	s = scratch_get();
	if (!s)
		return 1;
	ptr = id->call.args[1];
	size = pointer_size(&id->call);
	len = message_name(s, ptr, size, 0);
	if (len)
		another = len != message_name(s, ptr - MESSAGE_POINTERS * size, size, NUNCHI_SOCKADDR_MAX) ||
			  data_differs(s, 0, NUNCHI_SOCKADDR_MAX, len);
	scratch_put(s);
	return another;
}
