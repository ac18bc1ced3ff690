/* SPDX-License-Identifier: Apache-2.0 */
#include "unblock.h"

#include "probe/probe.h"

int engine_unblock(bool list, void (*fn)(const char *hook, uint64_t since, void *arg), void *arg)
{
	return probe_kept_blocking(!list, fn, arg);
}

bool engine_is_keeping(void)
{
	return probe_is_keeping();
}
