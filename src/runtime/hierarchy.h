/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroup hierarchies, v2 and v1. root is the prefix of runtime.h. */
#pragma once

#include "base/strbuf.h"

/*
 * The path of a process's cgroup in the v2 hierarchy, or, if that is the root, in that of pids or memory (v1), as the host
 * has it; owned by the caller. *ret_hierarchy: "" (v2), "pids" or "memory". NULL: the process is gone, or its cgroup cannot
 * be known (cgroup_ns.h).
 */
char *cgroup_of(const char *root, uint32_t pid, const char **ret_hierarchy) _must_check_;
/* The kernfs id of a cgroup's directory, as in nunchi_head.cgroup; 0 if the directory cannot be seen from here. */
uint64_t cgroup_inode(const char *root, const char *hierarchy, const char *cgroup);

/* Cuts a line of mountinfo in place: root, mount point, type and super options. False: it is none. */
bool mount_line(char *line, char *field[4]);

/* The path on a controller's line ("": v2) in the text of /proc/PID/cgroup; owned by the caller. NULL: there is none. */
char *cgroup_line(const char *text, const char *controller) _must_check_;
/*
 * Where a whole hierarchy ("": v2) is mounted, as this process sees it, best below ROOT/sys/fs/cgroup; owned by the caller.
 * *ret_above, unless NULL: how many levels the root of our cgroup namespace is below its root. NULL: nowhere.
 */
char *hierarchy_mount(const char *root, const char *hierarchy, unsigned *ret_above) _must_check_;

/* The file that says whether the container of that first process and id is frozen; owned by the caller. NULL: none. */
char *freezer_file(const char *root, uint32_t pid, const char *id) _must_check_;
bool freezer_is_frozen(const char *file);
