/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that a command uses: files and directories, or nunchi's own. */
#pragma once

#include "options.h"

/*
 * For a command that loads its rules more than once: reads those of -f that can be read only once
 * (standard input, pipes) and keeps their text for each load. False: an error was logged.
 */
bool rule_files_keep(struct options *o) _must_check_;
/*
 * Loads the files of -f and --rules-dir, and the arguments from `first` on; if there are none, nunchi's
 * own rules. --tag and its like decide which are enabled. Returns 0, or an exit code; errors and
 * warnings go to stderr.
 */
int rule_files_load(struct ruleset **ret, const struct options *o, int first) _must_check_;
/* The same, with all messages in the report; returns what ruleset_load() does. */
int rule_files_read(struct ruleset **ret, const struct options *o, int first, struct report *report)
	_must_check_;
/*
 * Reports the errors with which rule_files_load() would refuse -f, --rules-dir, --tag and their like. Nothing is known of
 * rules from standard input or a pipe: then it checks nothing.
 */
void rule_files_check(const struct options *o, struct report *report);
/* Logs how many rules --tag and its like leave out: no rule is disarmed silently. */
void rule_files_say_choice(const struct ruleset *rs);
