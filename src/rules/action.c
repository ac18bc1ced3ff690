/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that block. If the kernel side cannot decide a condition, that is an error when the rules are read,
 * with the place of the test to blame: blocking after the fact would only pretend.
 */
#include "action.h"

static size_t first_place(const struct node *n)
{
	while (n->n_kids)
		n = n->kids[0];
	return n->at;
}

/* Finds the place of a node below n; text: the text that n was parsed from. False: it is not below n. */
static bool find_place(const struct node *n, const struct node *what, const struct text *text,
		       struct place *ret)
{
	if (n->text)
		text = n->text;
	if (n == what) {
		if (text_given(text))
			*ret = text_place(text, first_place(n));
		return true;
	}
	for (size_t i = 0; i < n->n_kids; i++)
		if (find_place(n->kids[i], what, text, ret))
			return true;
	return false;
}

bool compile_action(struct definitions *d, const struct definition *rule, const struct node *root,
		    unsigned number, struct block_plan *plan)
{
	const struct block_clause model = { .rule = number, .kill = rule->action == ACTION_KILL,
					    .pending_deny = rule->pending_deny };
	struct block_plan *trial = rule->enabled ? NULL : block_plan_new();
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT, said = STRBUF_INIT;
	struct place place = rule->place;
	const struct node *where;
	int r;

	/* A disabled rule is checked like the others, but in a plan of its own, so that it takes no room. */
	r = block_add(trial ? trial : plan, root, &model, &err, &where);
	block_plan_free(trial);
	if (r >= 0)
		return true;
	if (where)
		find_place(root, where, &rule->condition, &place);
	strbuf_addf(&said, "rule %s cannot %s: %s", rule->name, action_names[rule->action], err.s);
	report_add(d->report, REPORT_ERROR, place, said.s);
	return false;
}
