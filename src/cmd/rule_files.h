/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that a command is given: by files and directories, or nunchi's own. */
#pragma once

#include "options.h"

/*
 * Loads what -f and --rules-dir say, and the arguments from first on; without any nunchi's own
 * rules. NULL: errors were told, on stderr; there also warnings.
 */
struct ruleset *rule_files_load(const struct options *o, int first) _must_check_;
/* The same, with everything that is to be said in the report. */
struct ruleset *rule_files_read(const struct options *o, int first, struct report *report)
	_must_check_;
