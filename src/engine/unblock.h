/* SPDX-License-Identifier: Apache-2.0 */
/* What blocks although its nunchi has ended (--keep-blocking). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Calls fn with each hook that is pinned, and since when (epoch ns), and takes it away unless list is set. How
 * many there were, or -errno. It makes no call of bpf(), which might be what is denied.
 */
int engine_unblock(bool list, void (*fn)(const char *hook, uint64_t since, void *arg), void *arg);
/* Whether a nunchi runs that keeps its blocking: it blocks whatever is pinned. */
bool engine_is_keeping(void);
