/* SPDX-License-Identifier: Apache-2.0 */
/* The threads that do something to containers; runtime.h says how they are asked. */
#pragma once

#include <stdbool.h>
#include <time.h>

struct actor;

/* True if all threads ended in time; else nothing may be freed. NULL is fine. */
bool actor_join(struct actor *a, const struct timespec *deadline);
void actor_free(struct actor *a);	/* NULL is fine */
