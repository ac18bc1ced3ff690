/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that a command is given: by files and directories, or nunchi's own. */
#pragma once

#include "options.h"

/*
 * For who reads them more than once: what -f says of standard input and pipes is read now, and what there was is what
 * loading finds there. False: an error was told.
 */
bool rule_files_keep(struct options *o) _must_check_;
/*
 * Loads what -f and --rules-dir say, and the arguments from first on; without any nunchi's own
 * rules. Of these are enabled what --tag and its like leave. 0, or an exit code: errors were told, on stderr; there
 * also warnings.
 */
int rule_files_load(struct ruleset **ret, const struct options *o, int first) _must_check_;
/* The same, with everything that is to be said in the report; as ruleset_load(). */
int rule_files_read(struct ruleset **ret, const struct options *o, int first, struct report *report)
	_must_check_;
/* What of them --tag and its like leave out, in a line: nothing is disarmed without a word. */
void rule_files_say_choice(const struct ruleset *rs);
