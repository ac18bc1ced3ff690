/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks for sockets. Those that exist at the start have their threads when prober_start() returns; one more thread looks
 * for others from then on. A socket with two names is one source.
 */
#pragma once

#include <stdbool.h>
#include <time.h>

struct runtimes;
struct runtimes_config;
struct prober;

/* 0 or -errno; *ret is set, and to be freed, in either case. */
int prober_start(struct prober **ret, struct runtimes *rt, const struct runtimes_config *config)
	__attribute__((warn_unused_result));
/* Waits until the deadline (CLOCK_MONOTONIC). False: threads are still in the kernel, and nothing may be freed. */
bool prober_join(struct prober *p, const struct timespec *deadline);
void prober_free(struct prober *p);	/* NULL is fine */
