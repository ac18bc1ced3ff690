/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration file: options by their long names, of all commands that take them, and in a
 * section per command of that one. Strict: what is not understood is an error with its place.
 */
#pragma once

#include "options.h"
#include "rules/report.h"

/*
 * Takes what o->config says (the default path where it is NULL, which need not be there), for a
 * command, except for options of the groups that the command line gave. All of the file is checked,
 * other commands' sections too. -errno: errors are in the report, and o is as it was;
 * that there is no file to read is said at once.
 */
int config_file_take(struct options *o, unsigned command, const int *groups, size_t n_groups,
		     struct report *report) _must_check_;
/* A file that says nothing: every option, with what it means, as a comment. */
void config_file_example(struct strbuf *out);
