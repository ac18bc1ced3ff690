/* SPDX-License-Identifier: Apache-2.0 */
/* The socket's part of the fd view; used by fd.c only. */
#pragma once

#include "fd.h"

/*
 * Sets family, type, protocol and addresses from a SOCK blob and, where the socket does not say
 * them, from the address that the call was given. Appends the name, if there is one, to text and
 * sets where it starts. False if the blob is too short.
 */
bool fd_view_sock(const struct event *ev, const struct event_blob *blob, struct strbuf *text,
		  struct event_fd *fd, size_t *ret_name);

/* For socket and socketpair without an object: the type that was asked for. */
bool fd_view_created(const struct event *ev, struct event_fd *fd);
