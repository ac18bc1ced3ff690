/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evaluation: two-valued for an event, three-valued for what is known before there is one. A missing
 * value makes a comparison false; one that is not known yet makes it unknown.
 */
#include "evaluation.h"
#include "value_set.h"

/* Compares one value of the left side with the right side. */
static bool compare_one(const struct node *n, const struct value *v, const struct value *w,
			size_t n_w)
{
	size_t hits = 0;

	if (!n->quantifier)
		return n->op->test(n, v, w, n_w);
	if (n->set)
		return value_set_has(n->set, v);
	for (size_t i = 0; i < n_w; i++)
		hits += n->op->test(n, v, &w[i], 1);
	switch (n->quantifier) {
	case QUANTIFIER_ANY:
		return hits > 0;
	case QUANTIFIER_ALL:
		return hits == n_w;
	case QUANTIFIER_ONE:
	default:
		return hits == 1;
	}
}

/* Of several values one that compares true is enough; with != and two forms of one value both must. */
static bool needs_all(const struct node *n, const struct operand *o)
{
	return o->field->others[0] && n->op->negative;
}

static bool compare(const struct node *n, const struct value *v, const struct value *w, size_t n_w)
{
	bool all;

	if (likely(v->type != VALUE_LIST))
		return compare_one(n, v, w, n_w);
	all = needs_all(n, &n->left);
	for (size_t i = 0; i < v->len; i++)
		if (compare_one(n, &v->items[i], w, n_w) != all)
			return !all;
	return all;
}

bool node_test_value(const struct node *n, const struct value *v)
{
	return compare(n, v, n->values, n->n_values);
}

static void get(const struct operand *o, struct field_context *fc, struct evaluation *e,
		struct value *ret)
{
	if (e)
		*ret = *evaluation_operand(e, o, fc);
	else
		operand_get_forms(o, fc, ret);
}

/* Copies values that are texts to a buffer, and makes them point there. */
static void keep_texts(struct value *v, size_t n, struct strbuf *text)
{
	strbuf_reset(text);
	for (size_t i = 0; i < n; i++)
		if (v[i].type == VALUE_STRING)
			strbuf_add(text, v[i].s, v[i].len);
	for (size_t i = 0, at = 0; i < n; i++) {
		if (v[i].type != VALUE_STRING)
			continue;
		v[i].s = text->s + at;
		at += v[i].len;
	}
}

/* For a right side that is another field. made: the texts of the left side are in the context. */
static bool test_val(const struct node *n, struct field_context *fc, struct evaluation *e,
		     const struct value *v, bool made)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct value items[FIELD_ITEMS_MAX], left = *v, w;
	bool list = v->type == VALUE_LIST && v->items == fc->items;

	/* The context has room for one list, */
	if (list) {
		memcpy(items, v->items, v->len * sizeof(*items));
		left.items = items;
	}
	/* and for few texts, which a call on the right may all need. An evaluation has copies. */
	if (made && !e)
		keep_texts(list ? items : &left, list ? left.len : 1, &text);
	get(n->right, fc, e, &w);
	if (w.type == VALUE_NONE)
		return false;
	if (w.type != VALUE_LIST)
		return compare(n, &left, &w, 1);
	if (n->op->right == RIGHT_LIST)
		return compare(n, &left, w.items, w.len);
	for (size_t i = 0; i < w.len; i++)
		if (compare(n, &left, &w.items[i], 1) != needs_all(n, n->right))
			return !needs_all(n, n->right);
	return needs_all(n, n->right);
}

static bool test(const struct node *n, struct field_context *fc, struct evaluation *e)
{
	unsigned scratch = fc->next_scratch;
	struct value v;

	get(&n->left, fc, e, &v);
	if (v.type == VALUE_NONE)
		return false;
	if (unlikely(n->right))
		return test_val(n, fc, e, &v, fc->next_scratch != scratch);
	return compare(n, &v, n->values, n->n_values);
}

static bool eval_node(const struct node *n, struct field_context *fc, struct evaluation *e)
{
	switch (n->kind) {
	case NODE_AND:
		for (size_t i = 0; i < n->n_kids; i++)
			if (!node_match(n->kids[i], fc, e))
				return false;
		return true;
	case NODE_OR:
		for (size_t i = 0; i < n->n_kids; i++)
			if (node_match(n->kids[i], fc, e))
				return true;
		return false;
	case NODE_NOT:
		return !node_match(n->kids[0], fc, e);
	case NODE_TEST:
		break;
	}
	return test(n, fc, e);
}

/* A node that several conditions share is evaluated once. */
bool node_match(const struct node *n, struct field_context *fc, struct evaluation *e)
{
	struct remembered *r;

	if (!e || n->parents < 2)
		return eval_node(n, fc, e);
	r = &e->nodes[n->id];
	if (r->event != e->event) {
		r->match = eval_node(n, fc, e);
		r->event = e->event;
	}
	return r->match;
}

bool filter_match(const struct filter *f, struct field_context *fc)
{
	return !f || !f->root || node_match(f->root, fc, NULL);
}

bool node_holds(const struct node *n, bool (*test_of)(const struct node *test, void *arg), void *arg)
{
	bool decides = n->kind == NODE_OR;

	if (n->kind == NODE_TEST)
		return test_of(n, arg);
	if (n->kind == NODE_NOT)
		return !node_holds(n->kids[0], test_of, arg);
	for (size_t i = 0; i < n->n_kids; i++)
		if (node_holds(n->kids[i], test_of, arg) == decides)
			return decides;
	return !decides;
}

static enum tri tri_not(enum tri t)
{
	return t == TRI_UNKNOWN ? t : t == TRI_TRUE ? TRI_FALSE : TRI_TRUE;
}

enum tri node_decide(const struct node *n, enum tri (*test_of)(const struct node *test, void *arg), void *arg)
{
	enum tri decides, ret;

	if (n->kind == NODE_TEST)
		return test_of(n, arg);
	if (n->kind == NODE_NOT)
		return tri_not(node_decide(n->kids[0], test_of, arg));
	/* One false decides an "and", one true an "or", whatever the unknown ones turn out to be. */
	decides = n->kind == NODE_AND ? TRI_FALSE : TRI_TRUE;
	ret = n->kind == NODE_AND ? TRI_TRUE : TRI_FALSE;
	for (size_t i = 0; i < n->n_kids; i++) {
		enum tri kid = node_decide(n->kids[i], test_of, arg);

		if (kid == decides)
			return kid;
		if (kid == TRI_UNKNOWN)
			ret = kid;
	}
	return ret;
}

/* An event that is only partly known. */
struct glimpse {
	struct field_context fc;
	unsigned known;		/* bits 1 << enum field_scope */
};

static enum tri test_known(const struct node *n, void *arg)
{
	struct glimpse *g = arg;

	if (!(g->known & 1U << n->left.field->scope) || (n->right && !(g->known & 1U << n->right->field->scope)))
		return TRI_UNKNOWN;
	return test(n, &g->fc, NULL) ? TRI_TRUE : TRI_FALSE;
}

static enum tri match_known(const struct node *root, const struct event *ev, const struct model *m,
			    unsigned known)
{
	struct glimpse g = { .known = known };
	enum tri ret;

	fields_begin(&g.fc, ev, m);
	ret = node_decide(root, test_known, &g);
	fields_end(&g.fc);
	return ret;
}

enum tri node_match_type(const struct node *n, enum event_type type,
			 const struct syscall_info *call)
{
	const struct event ev = { .type = type, .call = call };
	bool is_call = type == EVENT_SYSCALL || type == EVENT_PROCEXIT;

	return match_known(n, &ev, NULL, 1U << SCOPE_TYPE | (is_call ? 1U << SCOPE_OTHER : 0));
}

enum tri filter_match_type(const struct filter *f, const struct syscall_info *call)
{
	if (!f || !f->root)
		return TRI_TRUE;
	return node_match_type(f->root, call ? EVENT_SYSCALL : EVENT_PROCEXIT, call);
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
	if (!f || !f->root)
		return TRI_TRUE;
	return match_known(f->root, &ev, m, known);
}

bool node_match_container(const struct node *n, const struct model *m, struct container *c)
{
	const struct event ev = { .type = EVENT_OTHER, .container = c };

	return match_known(n, &ev, m, 1U << SCOPE_CONTAINER) == TRI_TRUE;
}

static void add_named(const struct node *n, const struct field *evt_type, struct syscall_set *set)
{
	for (size_t i = 0; i < n->n_kids; i++)
		add_named(n->kids[i], evt_type, set);
	/* "!=" names what is excluded. */
	if (n->kind != NODE_TEST || n->left.field != evt_type || !n->op->exact || n->op->negative)
		return;
	for (size_t i = 0; i < n->n_values; i++) {
		const struct value *v = &n->values[i];
		const struct syscall_info *call = syscall_by_name(v->s, v->len);

		if (call && syscall_nr(call) >= 0)
			set->bits[syscall_nr(call)] = 1;
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
 * A test of the container's id or name includes the host if it is true for the host: because it says
 * "host", or because it only excludes others. A pattern that happens to match "host" does not count:
 * it is meant for containers.
 */
static bool means_host(const struct node *n, struct field_context *fc, bool negated)
{
	bool excludes;

	if (n->kind == NODE_TEST) {
		if (!streq(n->left.field->name, "container.id") &&
		    !streq(n->left.field->name, "container.full_id") &&
		    !streq(n->left.field->name, "container.name"))
			return false;
		if (n->op->right == RIGHT_NONE || test(n, fc, NULL) == negated)
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

bool filter_asks(const struct filter *f, const char *field)
{
	return f && node_asks(f->root, field);
}
