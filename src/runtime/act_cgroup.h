/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to a container without its runtime. */
#pragma once

#include "runtime.h"

/* Whether the first process that the runtime, or the kernel, told of is still there. */
bool init_is_there(const char *root, const struct container_info *info);
/*
 * By files of its cgroup, if nobody of the host is in that; to kill, else by a signal to its first process. 0, or
 * -errno and what is in the way in why. *ret_how: what did it.
 */
int act_by_kernel(const char *root, enum runtime_act what, const struct container_info *info,
		  const char **ret_how, struct strbuf *why) _must_check_;
