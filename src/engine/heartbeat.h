/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heartbeat.c: a file that is touched each second, so that who comes next can tell since when
 * nobody watched. Starting tells of those that were left behind.
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
/* The fd of the directory, -1 where there is none; h can be NULL. */
int heartbeat_directory(const struct heartbeat *h);
/* The instance whose file this is, by its PID; 0: it is none's, or has ended. */
pid_t heartbeat_of(int dir, const char *name);
