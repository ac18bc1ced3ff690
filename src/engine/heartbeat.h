/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that is touched each second, so that the next nunchi can tell since when nobody watched. Starting
 * reports the files that killed instances left behind, as gaps.
 */
#pragma once

#include <sys/types.h>

#define HEARTBEAT_DIRECTORY "/run/nunchi"

struct engine;
struct heartbeat;

void heartbeat_start(struct engine *e);
/* Each second. */
void heartbeat_beat(struct engine *e);
void heartbeat_end(struct engine *e);
/* The fd of the directory, borrowed; -1: there is none. h can be NULL. */
int heartbeat_directory(const struct heartbeat *h);
/* The PID of the running instance whose file this is; 0: there is none. */
pid_t heartbeat_of(int dir, const char *name);
