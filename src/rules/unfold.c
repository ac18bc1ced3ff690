/* SPDX-License-Identifier: Apache-2.0 */
/* A condition as text again: macros unfolded, lists written out. */
#include "ast.h"
#include "ruleset.h"

#define VALUES_SHOWN 40	  /* of a list; of those of Falco's rules few are longer */
#define LINES_MAX    5000 /* what nobody reads is not printed */

static void print_value(const struct value *v, bool hex, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	if (hex) {
		for (size_t i = 0; i < v->len; i++)
			strbuf_addf(out, "%02x", (unsigned char)v->s[i]);
		return;
	}
	strbuf_reset(&text);
	value_print(&text, v);
	if (v->type != VALUE_STRING || (text.len && !memchr(text.s, '\\', text.len) &&
					strcspn(text.s, " \t\n\r(),=\"'") == text.len)) {
		strbuf_add_printable(out, text.s, text.len);
		return;
	}
	quoted_print(text.s, text.len, out);
}

static void print_values(const struct node *n, struct strbuf *out)
{
	bool list = n->op->right == RIGHT_LIST || n->quantifier;

	strbuf_adds(out, list ? " (" : " ");
	for (size_t i = 0; i < n->n_values && i < VALUES_SHOWN; i++) {
		strbuf_adds(out, i ? ", " : "");
		print_value(&n->values[i], n->op->form == FORM_HEX, out);
	}
	if (n->n_values > VALUES_SHOWN)
		strbuf_addf(out, ", ... %zu more", n->n_values - VALUES_SHOWN);
	strbuf_adds(out, list ? ")" : "");
}

static void print_test(const struct node *n, struct strbuf *out)
{
	static const char *const quantifiers[] = { "", " anyof", " allof", " oneof" };

	operand_print(&n->left, out);
	strbuf_addf(out, " %s%s", n->op->name, quantifiers[n->quantifier]);
	if (n->right) {
		strbuf_adds(out, " val(");
		operand_print(n->right, out);
		strbuf_addc(out, ')');
	} else if (n->op->right != RIGHT_NONE) {
		print_values(n, out);
	}
}

static void indent(struct strbuf *out, unsigned level)
{
	for (unsigned i = 0; i < level; i++)
		strbuf_adds(out, "  ");
}

static void print_node(const struct node *n, unsigned level, unsigned *lines, struct strbuf *out)
{
	static const char *const heads[] = {
		[NODE_AND] = "all of", [NODE_OR] = "any of", [NODE_NOT] = "not"
	};

	if (++*lines > LINES_MAX)
		return;
	indent(out, level);
	if (n->kind == NODE_NOT && n->kids[0]->kind == NODE_TEST) {
		strbuf_adds(out, "not ");
		n = n->kids[0];
	}
	if (n->kind == NODE_TEST) {
		print_test(n, out);
		strbuf_addc(out, '\n');
		return;
	}
	strbuf_addf(out, "%s\n", heads[n->kind]);
	for (size_t i = 0; i < n->n_kids && *lines <= LINES_MAX; i++)
		print_node(n->kids[i], level + 1, lines, out);
}

void rule_unfold(const struct rule *rule, struct strbuf *out)
{
	unsigned lines = 0;

	print_node(rule->root, 1, &lines, out);
	if (lines > LINES_MAX)
		strbuf_addf(out, "  ... (more than %d lines)\n", LINES_MAX);
}
