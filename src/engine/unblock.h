/* SPDX-License-Identifier: Apache-2.0 */
/* What still blocks after its nunchi has ended (--keep-blocking). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Calls fn for each pinned hook, with the time of pinning (epoch ns), and removes it unless list is set.
 * Returns how many there were, or -errno. Does not call bpf(), which a kept rule might deny.
 */
int engine_unblock(bool list, void (*fn)(const char *hook, uint64_t since, void *arg), void *arg);
/* Whether a guard with --keep-blocking is running: it blocks whether or not anything is pinned. */
bool engine_is_keeping(void);
