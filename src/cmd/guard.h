/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "options.h"

/* Runs the engine with the rules, alerts to stdout in the form that -o says. The exit code. */
int guard_run(struct options *o, struct ruleset *rs);
