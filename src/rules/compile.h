/* SPDX-License-Identifier: Apache-2.0 */
/* Turns definitions into trees: lists are expanded; macros are parsed once, and shared by all that name them. */
#pragma once

#include "define.h"

/* Compiles lists and macros. Errors of macros are kept until a rule needs the macro. */
void compile_names(struct definitions *d);
/*
 * Compiles the condition of a rule, with its exceptions, and its output; the caller owns both. False: the
 * report has errors, or a warning if the rule is skipped because of something unknown.
 */
bool compile_rule(struct definitions *d, struct definition *rule, struct node **ret_root,
		  struct template **ret_output);
/* At the end: notes on unused lists and macros, and the errors of unused macros. */
void compile_rest(struct definitions *d);
