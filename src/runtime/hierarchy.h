/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroup hierarchies, v2 and v1. root is the prefix of runtime.h. */
#pragma once

#include "base/strbuf.h"

/*
 * Its path in the v2 hierarchy unless that is the root, else pids' or memory's, as the host has it; NULL if it is gone, or
 * where it is cannot be known (cgroup_ns.h).
 */
char *cgroup_of(const char *root, uint32_t pid, const char **ret_hierarchy) _must_check_;
/* The kernfs id of a directory, as nunchi_head.cgroup has it; 0 if it cannot be seen from here. */
uint64_t cgroup_inode(const char *root, const char *hierarchy, const char *cgroup);

/* One line of mountinfo, cut in place: the mount's root and place, type and super options. */
bool mount_line(char *line, char *field[4]);

/* The path on the line of a controller ("": version 2's) in the text of /proc/PID/cgroup, as it stands there; NULL: none. */
char *cgroup_line(const char *text, const char *controller) _must_check_;
/*
 * Where a hierarchy ("" is v2) is mounted whole, as this process sees it; the host's own if shown. *ret_above (unless NULL): how far
 * the root of our cgroup namespace is below its root.
 */
char *hierarchy_mount(const char *root, const char *hierarchy, unsigned *ret_above) _must_check_;

/* The file that says whether the container with that first process and id is frozen; NULL if none does. */
char *freezer_file(const char *root, uint32_t pid, const char *id) _must_check_;
bool freezer_is_frozen(const char *file);
