/* SPDX-License-Identifier: Apache-2.0 */
/* A rule, macro or list as it stands in a file, and how its keys change the definition of that name. */
#pragma once

#include "define.h"

struct item {
	struct definitions *all;
	const struct yaml_file *f;
	const yaml_node_t *node;
	enum definition_kind kind;
	const char *kind_name;
	struct definition *d;
	bool append;			/* "append: true", the old form of override */
	const yaml_node_t *override;	/* NULL: none */
	bool again;			/* the name was defined before */
};

void item_take_rule(struct item *it);
void item_take_macro(struct item *it);
void item_take_list(struct item *it);
/* Leaves *to as it is if there is no such key. */
void item_take_bool(struct item *it, const char *key, bool *to);
/* Whether it only enables or disables a rule that is defined elsewhere. */
bool item_is_toggle(const struct item *it);
/* Frees the strings and the array. */
void strings_free(char ***strings, size_t *n);
