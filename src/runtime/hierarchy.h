/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroup hierarchies, v2 and v1. root is the prefix of runtime.h. */
#pragma once

#include "base/strbuf.h"

/* Its path in the v2 hierarchy unless that is the root, else pids' or memory's; NULL if it is gone. */
char *cgroup_of(const char *root, uint32_t pid, const char **ret_hierarchy) _must_check_;
/* The kernfs id of a directory, as nunchi_head.cgroup has it; 0 if it cannot be seen from here. */
uint64_t cgroup_inode(const char *root, const char *hierarchy, const char *cgroup);

/* One line of mountinfo, cut in place: the mount's root and place, type and super options. */
bool mount_line(char *line, char *field[4]);

/*
 * Cgroup paths are told as seen from one's own cgroup namespace: this thread and those that it makes
 * later see them as the host does. Does nothing where it may not.
 */
void cgroup_enter_host(const char *root);

/* The file that says whether pid's cgroup is frozen; NULL if none does. */
char *freezer_file(const char *root, uint32_t pid) _must_check_;
bool freezer_is_frozen(const char *file);
