/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the sockets of engines in unusual places. root is the prefix of runtime.h. */
#pragma once

#include "base/strbuf.h"

/* Calls each with every such socket. kind: as in --runtime. */
void listening_visit(const char *root, void (*each)(void *arg, const char *kind, const char *path),
		     void *arg);

/* For tests: the path of an engine's socket in a line of /proc/net/unix, which is cut in place; or NULL. */
const char *listening_parse(char *line, const char **ret_kind);
/* For tests: whether the path, and every directory on the way, is root's or ours. */
bool listening_is_roots(const char *root, const char *path);
