/* SPDX-License-Identifier: Apache-2.0 */
/* The threads that carry out actions on containers: see runtimes_act() in runtime.h. */
#pragma once

#include <stdbool.h>
#include <time.h>

struct actor;

/* Waits until the deadline (CLOCK_MONOTONIC). True: all threads have ended; else nothing may be freed. NULL is fine. */
bool actor_join(struct actor *a, const struct timespec *deadline);
void actor_free(struct actor *a);	/* NULL is fine */
