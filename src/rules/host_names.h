/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "filter.h"
#include "ruleset.h"

/* Each name that fd.sip.name and its like are compared with for equality: whose addresses must be known. */
void ruleset_host_names(const struct ruleset *rs, void (*each)(const char *name, void *arg), void *arg);
void filter_host_names(const struct filter *f, void (*each)(const char *name, void *arg), void *arg);
