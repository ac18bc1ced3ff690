/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration file: options by their long names. At the top level they apply to all commands that
 * take them, in the section of a command to that one. Whatever is not understood is an error with its
 * place.
 */
#pragma once

#include "options.h"
#include "rules/report.h"

/*
 * Reads the file o->config (NULL: the default path, which need not exist) into o, for a command, except
 * options of the n_groups groups, which the command line gave. command 0: checks only. All of the file
 * is checked, including other commands' sections. Returns 0; or -errno with o unchanged, and the errors
 * in the report. That the file cannot be read is logged instead.
 */
int config_file_take(struct options *o, unsigned command, const int *groups, size_t n_groups,
		     struct report *report) _must_check_;
/* Appends a file in which every option is a comment, with its meaning. */
void config_file_example(struct strbuf *out);
