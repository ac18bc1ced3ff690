/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "options.h"

/* Runs the engine with these rules; alerts go to stdout, or to --to, in the form of -o. Returns the exit code. */
int guard_run(struct options *o, struct ruleset *rs);
