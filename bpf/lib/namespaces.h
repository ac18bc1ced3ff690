/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Namespaces that a container's task leaves and joins: looked at where they can have changed. */
#pragma once

#include "identity.h"

/* Tells if a container's task is in other namespaces than before. */
static __noinline void namespaces_check(struct task_struct *task, struct identity *id)
{
	u32 now[NUNCHI_NS_MAX], changed = 0, host = 0;
	struct scratch *s;

	if (!id->slot)
		return;
	task_namespaces(task, now);
#pragma unroll
	for (int i = 0; i < NUNCHI_NS_MAX; i++) {
		if (now[i] == id->namespaces[i])
			continue;
		changed |= 1U << i;
		if (now[i] == host_namespaces[i])
			host |= 1U << i;
	}
	if (!changed)
		return;
	s = life_begin(task, id, NUNCHI_REC_NAMESPACES, sizeof(s->namespaces));
	if (s) {
		__builtin_memcpy(s->namespaces.before, id->namespaces, sizeof(now));
		__builtin_memcpy(s->namespaces.now, now, sizeof(now));
		s->namespaces.changed = changed;
		s->namespaces.host = host;
		life_send(s);
	}
	__builtin_memcpy(id->namespaces, now, sizeof(now));
}
