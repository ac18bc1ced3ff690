/* SPDX-License-Identifier: Apache-2.0 */
/* One rule, macro or list of a file, and what its keys do to the definition of that name. */
#pragma once

#include "define.h"

struct item {
	struct definitions *all;
	const struct yaml_file *f;
	const yaml_node_t *node;
	enum definition_kind kind;
	const char *kind_name;
	struct definition *d;
	bool append;			/* append: true, the old way */
	const yaml_node_t *override;	/* NULL: there is none */
	bool again;			/* there was one of this name before */
};

void item_take_rule(struct item *it);
void item_take_macro(struct item *it);
void item_take_list(struct item *it);
/* *to stays where there is no such key. */
void item_take_bool(struct item *it, const char *key, bool *to);
/* A rule that only says whether one is enabled. */
bool item_is_toggle(const struct item *it);
/* Frees the strings and the array. */
void strings_free(char ***strings, size_t *n);
