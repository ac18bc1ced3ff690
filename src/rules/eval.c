/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evaluation: for an event, and with three values for what can be said before there is one. A value
 * that is missing makes a comparison false; one that is not known yet makes it unknown.
 */
#include "ast.h"

static bool test(const struct node *n, struct field_context *fc)
{
	struct value v;

	field_get(n->field, n->arg, fc, &v);
	return v.type != VALUE_NONE && n->op->test(&v, n);
}

static bool eval(const struct node *n, struct field_context *fc)
{
	switch (n->kind) {
	case NODE_AND:
		for (size_t i = 0; i < n->n_kids; i++)
			if (!eval(n->kids[i], fc))
				return false;
		return true;
	case NODE_OR:
		for (size_t i = 0; i < n->n_kids; i++)
			if (eval(n->kids[i], fc))
				return true;
		return false;
	case NODE_NOT:
		return !eval(n->kids[0], fc);
	case NODE_TEST:
		break;
	}
	return test(n, fc);
}

bool filter_match(const struct filter *f, struct field_context *fc)
{
	return !f || !f->root || eval(f->root, fc);
}

/* known: bits 1 << enum field_scope. */
static enum tri eval_known(const struct node *n, struct field_context *fc, unsigned known)
{
	enum tri decides, ret;

	if (n->kind == NODE_TEST) {
		if (!(known & 1U << n->field->scope))
			return TRI_UNKNOWN;
		return test(n, fc) ? TRI_TRUE : TRI_FALSE;
	}
	if (n->kind == NODE_NOT) {
		ret = eval_known(n->kids[0], fc, known);
		return ret == TRI_UNKNOWN ? ret : ret == TRI_TRUE ? TRI_FALSE : TRI_TRUE;
	}
	/* One false decides an and, one true an or, whatever the unknown ones turn out to be. */
	decides = n->kind == NODE_AND ? TRI_FALSE : TRI_TRUE;
	ret = n->kind == NODE_AND ? TRI_TRUE : TRI_FALSE;
	for (size_t i = 0; i < n->n_kids; i++) {
		enum tri kid = eval_known(n->kids[i], fc, known);

		if (kid == decides)
			return kid;
		if (kid == TRI_UNKNOWN)
			ret = kid;
	}
	return ret;
}

static enum tri match_known(const struct filter *f, const struct event *ev, const struct model *m,
			    unsigned known)
{
	struct field_context fc = { .ev = NULL };
	enum tri ret;

	if (!f || !f->root)
		return TRI_TRUE;
	fields_begin(&fc, ev, m);
	ret = eval_known(f->root, &fc, known);
	fields_end(&fc);
	return ret;
}

enum tri filter_match_type(const struct filter *f, const struct syscall_info *call)
{
	const struct event ev = { .type = call ? EVENT_SYSCALL : EVENT_PROCEXIT, .call = call };

	return match_known(f, &ev, NULL, 1U << SCOPE_TYPE | 1U << SCOPE_OTHER);
}

enum tri filter_match_container(const struct filter *f, const struct model *m, struct container *c)
{
	const struct host_info *host = m ? model_host(m) : NULL;
	struct event ev = { .type = EVENT_OTHER, .container = c };
	unsigned known = 1U << SCOPE_CONTAINER;

	if (host && host->name) {
		ev.host_name = host->name;
		known |= 1U << SCOPE_HOST;
	}
	return match_known(f, &ev, m, known);
}

static void add_named(const struct node *n, const struct field *evt_type, struct syscall_set *set)
{
	for (size_t i = 0; i < n->n_kids; i++)
		add_named(n->kids[i], evt_type, set);
	/* "!=" names what is not meant. */
	if (n->kind != NODE_TEST || n->field != evt_type || !n->op->exact || n->op->negative)
		return;
	for (size_t i = 0; i < n->n_values; i++) {
		const struct value *v = &n->values[i];
		const struct syscall_info *call = syscall_by_name(v->s, v->len);

		if (call && call->nr >= 0 && call->nr < NUNCHI_CALLS_MAX)
			set->bits[call->nr] = 1;
		else if (v->len == strlen("procexit") && !memcmp(v->s, "procexit", v->len))
			set->procexit = true;
	}
}

static const struct field *plain_field(const char *name)
{
	_cleanup_free_ char *arg = NULL;

	return field_find(name, strlen(name), &arg);
}

void filter_named_calls(const struct filter *f, struct syscall_set *set)
{
	if (f && f->root)
		add_named(f->root, plain_field("evt.type"), set);
}

/*
 * The host is meant where a comparison of the container's id or name is true for it: because it says
 * "host", or because it only excludes others. A pattern that happens to match "host" means
 * containers.
 */
static bool means_host(const struct node *n, struct field_context *fc, bool negated)
{
	bool excludes;

	if (n->kind == NODE_TEST) {
		if (!streq(n->field->name, "container.id") &&
		    !streq(n->field->name, "container.full_id") &&
		    !streq(n->field->name, "container.name"))
			return false;
		if (n->op->operand == OPERAND_NONE || test(n, fc) == negated)
			return false;
		excludes = negated != n->op->negative;
		return excludes || n->op->exact;
	}
	for (size_t i = 0; i < n->n_kids; i++)
		if (means_host(n->kids[i], fc, negated != (n->kind == NODE_NOT)))
			return true;
	return false;
}

bool filter_names_host(const struct filter *f)
{
	const struct event ev = { .type = EVENT_OTHER };
	struct field_context fc = { .ev = NULL };
	bool ret;

	if (!f || !f->root || filter_match_container(f, NULL, NULL) == TRI_FALSE)
		return false;
	fields_begin(&fc, &ev, NULL);
	ret = means_host(f->root, &fc, false);
	fields_end(&fc);
	return ret;
}
