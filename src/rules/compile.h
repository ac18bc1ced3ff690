/* SPDX-License-Identifier: Apache-2.0 */
/* Definitions become trees: lists unfolded, macros parsed once and shared by all that name them. */
#pragma once

#include "define.h"

/* What lists and macros mean; errors of macros are kept until somebody needs them. */
void compile_names(struct definitions *d);
/*
 * The condition of a rule, with its exceptions, and its output. False: errors were told, or, for
 * one that is to be skipped if it has unknown fields, a warning.
 */
bool compile_rule(struct definitions *d, struct definition *rule, struct node **ret_root,
		  struct template **ret_output);
/* Notes on lists and macros that nobody uses; errors of those macros. */
void compile_rest(struct definitions *d);
