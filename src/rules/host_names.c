/* SPDX-License-Identifier: Apache-2.0 */
#include "host_names.h"

#include <ctype.h>

#include "ast.h"

#define NAME_MAX_BYTES 253	/* RFC 1035 */

static bool is_name_field(const struct field *f)
{
	return streq(f->name, "fd.sip.name") || streq(f->name, "fd.cip.name") || streq(f->name, "fd.lip.name") ||
	       streq(f->name, "fd.rip.name");
}

static bool is_host_name(const struct value *v)
{
	if (v->type != VALUE_STRING || !v->len || v->len > NAME_MAX_BYTES)
		return false;
	for (size_t i = 0; i < v->len; i++)
		if (!isalnum((unsigned char)v->s[i]) && !memchr(".-_", v->s[i], 3))
			return false;
	return true;
}

static void walk(const struct node *n, void (*each)(const char *name, void *arg), void *arg)
{
	for (size_t i = 0; i < n->n_kids; i++)
		walk(n->kids[i], each, arg);
	if (n->kind != NODE_TEST || !n->op->exact || n->left.n_transforms || !is_name_field(n->left.field))
		return;
	for (size_t i = 0; i < n->n_values; i++) {
		char name[NAME_MAX_BYTES + 1];

		if (!is_host_name(&n->values[i]))
			continue;
		memcpy(name, n->values[i].s, n->values[i].len);
		name[n->values[i].len] = '\0';
		each(name, arg);
	}
}

void ruleset_host_names(const struct ruleset *rs, void (*each)(const char *name, void *arg), void *arg)
{
	for (size_t i = 0; i < ruleset_count(rs); i++) {
		const struct rule *rule = ruleset_rule(rs, i);

		if (rule->enabled && rule->root->weight <= FILTER_WALK_MAX)
			walk(rule->root, each, arg);
	}
}

void filter_host_names(const struct filter *f, void (*each)(const char *name, void *arg), void *arg)
{
	if (f && f->root && f->root->weight <= FILTER_WALK_MAX)
		walk(f->root, each, arg);
}
