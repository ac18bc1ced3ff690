/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a container's id, and the space in which that is unique (see struct container_info; NULL: it is unique everywhere), to
 * the socket of the runtime that has it. For any thread.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct route {
	char *runtime;		/* as shown */
	char *socket;		/* this and the next two as in struct source */
	size_t trusted;
	uid_t owner;
	bool cri;		/* CRI, and containerd's own services; else Docker's API */
	char *space;		/* containerd's namespace; NULL: the runtime has none */
};

void route_free(struct route *route);	/* what it owns */

struct routes;

struct routes *routes_new(void) __attribute__((warn_unused_result));
void routes_free(struct routes *l);	/* NULL is fine */
/* Sets the route, which is copied; but a user's service does not replace one of root's. */
void route_set(struct routes *l, const char *id, const char *space, const struct route *route);
/* Removes the route, unless it leads to another socket by now. */
void route_drop(struct routes *l, const char *id, const char *space, const char *socket);
/* True: *ret is a copy, to be freed with route_free(). False: no runtime has the container. */
bool route_get(struct routes *l, const char *id, const char *space, struct route *ret);
