/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks for sockets. What is there at the start gets its thread before prober_start returns; one
 * thread looks for the rest from then on. A socket under two names is one source.
 */
#pragma once

#include <stdbool.h>
#include <time.h>

struct runtimes;
struct runtimes_config;
struct prober;

int prober_start(struct prober **ret, struct runtimes *rt, const struct runtimes_config *config)
	__attribute__((warn_unused_result));
/* True if all threads ended in time; else some are still in the kernel, and nothing may be freed. */
bool prober_join(struct prober *p, const struct timespec *deadline);
void prober_free(struct prober *p);
