/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What /proc says of a container's first process: the facts that are not taken from a runtime, because the kernel knows
 * better. root is the prefix of runtime.h.
 */
#pragma once

#include "event/container_info.h"

struct stat;

/*
 * Reads a regular file (or one of /proc) that is not a symbolic link into ret, whose former content is lost. 0; -EFBIG
 * if it has more than max bytes, -EINVAL if it is something else, or another -errno.
 */
int read_bounded(const char *path, size_t max, struct strbuf *ret) _must_check_;
/* The same, below a directory, following no link and crossing no mount, so that its owner cannot lead us out of it. */
int read_bounded_at(int dir, const char *name, size_t max, struct strbuf *ret,
		    struct stat *ret_st) _must_check_;
/* ROOT/proc/PID/NAME. */
#define PROC_MAX 65536
#define MOUNTINFO_MAX (1U << 20)
int read_proc(const char *root, uint32_t pid, const char *name, size_t max, struct strbuf *ret)
	_must_check_;
int read_regular(int fd, size_t max, struct strbuf *ret, struct stat *ret_st) _must_check_;

/* The start of a process, CLOCK_BOOTTIME ns in steps of a tick; 0 if it is gone or a zombie. */
uint64_t process_start(const char *root, uint32_t pid);
/* Field 22 as it stands there, for runtimes that keep it; 0 as above. */
uint64_t process_start_ticks(const char *root, uint32_t pid);
/* 0: it is gone, or has none. */
uint32_t process_parent(const char *root, uint32_t pid);
/* Its cgroup, as from cgroup_of(). */
char *process_cgroup(const char *root, uint32_t pid) _must_check_;
/* The inode of ROOT/proc/PID/ns/NAME, 0 if it cannot be read. */
uint64_t process_namespace(const char *root, uint32_t pid, const char *name);
/* The uid that made the user namespace of pid; -1 if that cannot be known. */
int64_t process_userns_owner(const char *root, uint32_t pid);

/*
 * Fills pidns, mntns, shares, cgroup and cgroup_id (if it has one of its own), init_start, started, users and groups from
 * init_pid. If that process is gone, init_pid becomes 0 and nothing else is touched.
 */
void facts_fill(struct container_info *c, const char *root);

/* For tests: "name:x:1:..." lines of a passwd or group file. */
void facts_parse_ids(const char *text, size_t len, struct id_name **ret, size_t *ret_n);
/* For tests: the path in the text of /proc/PID/cgroup; *ret_hierarchy is "", "pids" or "memory"; NULL: not known. */
char *facts_parse_cgroup(const char *text, const char **ret_hierarchy) _must_check_;
