/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths of the host as seen from here. root is the prefix of runtime.h: with one, an absolute
 * symbolic link below it (/var/run -> /run) leads to its own top, as it does for the host.
 */
#pragma once

#include <stddef.h>

#include "base/strbuf.h"

struct stat;

/* Flags to open a file that is not ours: a FIFO must not keep us waiting, a terminal not become our controlling one. */
#define OPEN_FOREIGN (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* Opens a path of the host. An fd (close-on-exec), or -errno. */
int root_open(const char *root, const char *path, int flags) _must_check_;
/* Where that is from here, without links; owned by the caller. NULL: it does not exist. */
char *root_path(const char *root, const char *path) _must_check_;
/* Reads a regular file there, as read_bounded() does. */
int root_read(const char *root, const char *path, size_t max, struct strbuf *ret) _must_check_;

/* Opens below a directory, following no link and crossing no mount, so that its owner cannot lead us out. An fd, or -errno. */
int open_within(int dir, const char *name, int flags) _must_check_;
/* Opens the first `trusted` bytes of the path as they are, and the rest as open_within() does; 0: all of it as it is. */
int open_trusted(const char *path, size_t trusted, int flags) _must_check_;
/* The path of an open file as the kernel has it; owned by the caller. NULL: it has none. */
char *fd_path(int fd) _must_check_;
