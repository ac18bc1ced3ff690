/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a container's id, and the space that it is one of its own in (see struct container_info; NULL: it needs none), to the
 * socket of the runtime that has it. Any thread may ask.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct route {
	char *runtime;		/* as shown */
	char *socket;		/* these as a source has them */
	size_t trusted;
	uid_t owner;
	bool cri;		/* CRI, and containerd's own services; else Docker's API */
	char *space;		/* containerd's namespace; NULL: the runtime has none */
};

void route_free(struct route *route);	/* what it owns */

struct routes;

struct routes *routes_new(void) __attribute__((warn_unused_result));
void routes_free(struct routes *l);	/* NULL is fine */
/* Copies the route. */
void route_set(struct routes *l, const char *id, const char *space, const struct route *route);
/* Unless it is another socket's by now. */
void route_drop(struct routes *l, const char *id, const char *space, const char *socket);
/* False: nobody has it. route_free() is due else. */
bool route_get(struct routes *l, const char *id, const char *space, struct route *ret);
