/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cgroup namespace that nunchi is in. Paths of cgroups in /proc begin at its root; everywhere in nunchi they begin
 * at the host's. root is the prefix of runtime.h.
 */
#pragma once

#include "base/strbuf.h"

/*
 * Enters the host's cgroup namespace, with this thread and those that it makes later; if it may not, finds out where
 * ours begins. Before there are other threads.
 */
void cgroup_enter_host(const char *root);

/* The host's path for one from /proc/PID/cgroup; owned by the caller. NULL: it cannot be known. */
char *cgroup_absolute(const char *hierarchy, const char *path) _must_check_;
/* Whether a mount with this root (as in mountinfo) shows a whole hierarchy. below: it is below ROOT/sys/fs/cgroup. */
bool cgroup_is_whole(const char *mount_root, bool below);

/* For tests: the path as seen from the cgroup top, as it is seen from the root of all. */
char *cgroup_seen_from(const char *top, const char *path) _must_check_;
