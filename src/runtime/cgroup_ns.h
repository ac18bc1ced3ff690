/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cgroup namespace that nunchi is in. In /proc paths of cgroups begin at its root; all that is said here of cgroups
 * begins at the host's. root is the prefix of runtime.h.
 */
#pragma once

#include "base/strbuf.h"

/*
 * Enters the host's, for this thread and those that it makes later; where it may not, finds out where ours
 * begins. To be called before there are threads.
 */
void cgroup_enter_host(const char *root);

/* A path of /proc/PID/cgroup as the host has it; NULL if that cannot be known. */
char *cgroup_absolute(const char *hierarchy, const char *path) _must_check_;
/* Whether a mount below ROOT/sys/fs/cgroup, of this root (mountinfo's), or one elsewhere, has a hierarchy whole. */
bool cgroup_is_whole(const char *mount_root, bool below);

/* For tests: the path as seen from the cgroup top, as it is seen from the root of all. */
char *cgroup_seen_from(const char *top, const char *path) _must_check_;
