/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of engines in places that nobody told us of. root is the prefix of runtime.h. */
#pragma once

#include "base/strbuf.h"

/* kind is one of --runtime's. */
void listening_visit(const char *root, void (*each)(void *arg, const char *kind, const char *path),
		     void *arg);

/* For tests. A line of /proc/net/unix, which is cut: the path of an engine's socket, or NULL. */
const char *listening_parse(char *line, const char **ret_kind);
/* True if every directory on the way, and what it leads to, is root's (or ours). */
bool listening_is_roots(const char *root, const char *path);
