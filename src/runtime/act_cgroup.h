/* SPDX-License-Identifier: Apache-2.0 */
/* Actions on a container without its runtime. */
#pragma once

#include "runtime.h"

/* Whether the container's first process (init_pid, init_start) is still alive. */
bool init_is_there(const char *root, const struct container_info *info);
/*
 * By files of its cgroup, if no process of the host is in there; else, to kill, by a signal to its first process.
 * 0, or -errno with the reason in why. *ret_how: the way that was tried last, a constant.
 */
int act_by_kernel(const char *root, enum runtime_act what, const struct container_info *info,
		  const char **ret_how, struct strbuf *why) _must_check_;

/* For tests: whether in a cgroup's directory, and below it, there is no process of the host, and none that cannot be seen. */
bool cgroup_is_its_own(const char *root, const char *dir);
