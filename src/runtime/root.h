/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths of the host as seen from here. root is the prefix of runtime.h: with one, an absolute
 * symbolic link below it (/var/run -> /run) leads to its own top, as it does for the host.
 */
#pragma once

#include <stddef.h>

#include "base/strbuf.h"

struct stat;

/* Neither a FIFO nor a terminal may hold us up or become ours. */
#define OPEN_FOREIGN (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* ROOT/path; the path is the host's. */
int root_open(const char *root, const char *path, int flags) _must_check_;
/* The same, as a path that has no link in it; NULL if there is nothing. */
char *root_path(const char *root, const char *path) _must_check_;
/* Reads a regular file there, as read_bounded does. */
int root_read(const char *root, const char *path, size_t max, struct strbuf *ret) _must_check_;

/* Below a directory that its owner cannot lead us out of: no link, no mount on the way. */
int open_within(int dir, const char *name, int flags) _must_check_;
/* The first bytes of the path are opened as they are, the rest as above; 0: all as they are. */
int open_trusted(const char *path, size_t trusted, int flags) _must_check_;
/* Where fd is, by the kernel's word. */
char *fd_path(int fd) _must_check_;
