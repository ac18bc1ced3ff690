/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which of several messages name another peer than the one before: see lib/messages.h. */
#include "lib/messages.h"

/* The address that the message at ptr names, into to, and zeros behind it. Returns how long it is; 0: it names none. */
static __noinline u32 message_name(struct scratch *s, u64 ptr, u32 size, u32 to)
{
	u32 len = 0;
	u64 name = 0;

	if (to > NUNCHI_SOCKADDR_MAX)
		return 0;
	__builtin_memset(&s->data[to], 0, NUNCHI_SOCKADDR_MAX);
	if (bpf_probe_read_user(&name, size, (void *)ptr) || !name ||
	    bpf_probe_read_user(&len, sizeof(len), (void *)(ptr + size)))
		return 0;
	len = len > NUNCHI_SOCKADDR_MAX ? NUNCHI_SOCKADDR_MAX : len;
	bpf_probe_read_user(&s->data[to], len, (void *)name);
	return len;
}

__noinline int message_names_another(struct identity *id)
{
	struct scratch *s;
	u32 size, len;
	u64 ptr, differs = 0;

	if (!id)
		return 0;
	s = scratch_get();
	if (!s)
		return 1;
	ptr = id->call.args[1];
	size = pointer_size(&id->call);
	len = message_name(s, ptr, size, 0);
	if (len)
		differs = len ^ message_name(s, ptr - MESSAGE_POINTERS * size, size, NUNCHI_SOCKADDR_MAX);
#pragma clang loop unroll(disable)	/* it would take more stack than there is */
	for (u32 i = 0; len && i < NUNCHI_SOCKADDR_MAX; i += 8)
		differs |= *(u64 *)&s->data[i] ^ *(u64 *)&s->data[NUNCHI_SOCKADDR_MAX + i];
	scratch_put(s);
	return !!differs;
}
