/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Splits a condition into clauses: an "or" of "ands" of parts. What is the same for every call that can be blocked
 * (its type, that it would succeed) is decided first. A part of the tree that is about one property stays whole,
 * whatever its form.
 */
#include "block_expand.h"

#include "block_read.h"
#include "evaluation.h"

#define NO_KIND 0xff
#define EXCEPTIONS_MAX 1000	/* of one "and": each is compared with all others */

void block_clause_free(struct block_clause *c)
{
	for (size_t i = 0; i < c->n_parts; i++)
		node_unref(c->parts[i].node);
	free(c->parts);
	*c = (struct block_clause){ .parts = NULL };
}

void block_clauses_free(struct block_clauses *l)
{
	while (l->n)
		block_clause_free(&l->c[--l->n]);
}

static void add_part(struct block_clause *c, struct node *n, bool negated, unsigned kind)
{
	c->parts = xrealloc(c->parts, (c->n_parts + 1) * sizeof(*c->parts));
	c->parts[c->n_parts++] = (struct block_part){ node_ref(n), negated, (uint8_t)kind };
}

static void add_parts(struct block_clause *to, const struct block_clause *from)
{
	for (size_t i = 0; i < from->n_parts; i++)
		add_part(to, from->parts[i].node, from->parts[i].negated, from->parts[i].kind);
}

static bool is_by_type(const struct node *test)
{
	return test->left.field->scope == SCOPE_TYPE || test->left.field->scope == SCOPE_OTHER;
}

/* The result of a test, if it is the same for every call of the class. */
static enum tri known_test(const struct node *n, void *arg)
{
	const struct block_expander *x = arg;
	enum block_known known;
	const char *why;
	unsigned kind;
	size_t yes = 0;

	if (!is_by_type(n)) {
		known = x->test(x->class, n, &kind, &why);
		return known == BLOCK_TRUE ? TRI_TRUE : known == BLOCK_FALSE ? TRI_FALSE : TRI_UNKNOWN;
	}
	for (size_t i = 0; i < x->n_calls; i++) {
		enum tri one = node_match_type(n, EVENT_SYSCALL, x->calls[i]);

		if (one == TRI_UNKNOWN)
			return one;
		yes += one == TRI_TRUE;
	}
	return yes == x->n_calls ? TRI_TRUE : yes ? TRI_UNKNOWN : TRI_FALSE;
}

enum tri block_known(const struct block_expander *x, const struct node *n)
{
	return node_decide(n, known_test, (void *)x);
}

/* The kind of property that all tests in the tree are about; NO_KIND: there is no single one. */
static unsigned one_kind(const struct block_expander *x, const struct node *n)
{
	unsigned kind = NO_KIND, kid;
	const char *why;

	if (n->kind == NODE_TEST)
		return !is_by_type(n) && x->test(x->class, n, &kind, &why) == BLOCK_KIND ? kind :
											      NO_KIND;
	for (size_t i = 0; i < n->n_kids; i++) {
		kid = one_kind(x, n->kids[i]);
		if (kid == NO_KIND || (i && kid != kind))
			return NO_KIND;
		kind = kid;
	}
	return kind;
}

static bool too_many(struct block_expander *x, const struct node *n)
{
	if (x->loose)
		return true;
	strbuf_addf(x->err, "this comes apart into more than the %d combinations of %s that the kernel "
			    "side has room for",
		    NUNCHI_BLOCK_CLAUSES, block_class_names[x->class]);
	x->where = n;
	return false;
}

/* Says that the condition is not the same for all calls of the class. */
static void say_apart(const struct block_expander *x, struct strbuf *out)
{
	for (size_t i = 0; i < x->n_calls; i++)
		strbuf_addf(out, "%s%s", i ? ", " : "", x->calls[i]->name);
	strbuf_adds(out, " are blocked by one hook; ask the same of all of them, or name one, or let the rule alert");
}

static bool undecidable(struct block_expander *x, const struct node *n)
{
	_cleanup_strbuf_ struct strbuf apart = STRBUF_INIT;
	const char *why;
	unsigned kind;

	say_apart(x, &apart);
	why = apart.s;
	if (!is_by_type(n))
		(void)x->test(x->class, n, &kind, &why);
	strbuf_addf(x->err, "the kernel cannot decide ");
	operand_print(&n->left, x->err);
	strbuf_addf(x->err, " %s when it is about to %s (%s): %s", n->op->name,
		    x->watch ? "tell" : "block", block_class_names[x->class], why);
	x->where = n;
	return false;
}

static bool expand(struct block_expander *x, struct node *n, bool negated, struct block_clauses *ret);

/* a = a and b: each clause of a with each of b. */
static bool multiply(struct block_expander *x, const struct node *n, struct block_clauses *a,
		     const struct block_clauses *b)
{
	struct block_clauses *product;

	if (a->n * b->n > NUNCHI_BLOCK_CLAUSES)
		return too_many(x, n);	/* loosely: without b it holds more often */
	product = xcalloc(1, sizeof(*product));
	for (size_t i = 0; i < a->n; i++) {
		for (size_t k = 0; k < b->n; k++) {
			struct block_clause *c = &product->c[product->n++];

			add_parts(c, &a->c[i]);
			add_parts(c, &b->c[k]);
		}
	}
	block_clauses_free(a);
	*a = *product;
	free(product);
	return true;
}

static bool append(struct block_expander *x, const struct node *n, struct block_clauses *a,
		   struct block_clauses *b)
{
	if (a->n + b->n > NUNCHI_BLOCK_CLAUSES) {
		block_clauses_free(a);
		a->n = 1;	/* loosely: a clause without parts, which always holds */
		return too_many(x, n);
	}
	memcpy(&a->c[a->n], b->c, b->n * sizeof(b->c[0]));
	a->n += b->n;
	memset(b, 0, sizeof(*b));	/* a owns them now */
	return true;
}

/* Whether it tests for equality with one of some values. */
static bool is_choice(const struct node *n)
{
	if (n->kind != NODE_TEST || n->right || !n->n_values ||
	    !(streq(n->op->name, "=") || streq(n->op->name, "==") || streq(n->op->name, "in")))
		return false;
	for (size_t i = 0; i < n->n_values; i++)
		if (n->values[i].type == VALUE_NET)
			return false;
	return true;
}

/* How many values of a are among those of b. */
static size_t in_common(const struct node *a, const struct node *b)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n_values; i++)
		n += node_test_value(b, &a->values[i]);
	return n;
}

static bool same_choice(const struct node *a, const struct node *b)
{
	return a == b || (streq(a->left.field->name, b->left.field->name) && in_common(a, b) == a->n_values &&
			  in_common(b, a) == b->n_values);
}

static bool are_apart(const struct node *a, const struct node *b)
{
	return streq(a->left.field->name, b->left.field->name) && !in_common(a, b) && !in_common(b, a);
}

/* The "and" in "not (a and b and ...)"; NULL: n has another form, or becomes a single part. */
static struct node *find_excepted(const struct block_expander *x, struct node *n, bool negated)
{
	for (; n->kind == NODE_NOT; n = n->kids[0])
		negated = !negated;
	return n->kind == NODE_AND && negated && block_known(x, n) == TRI_UNKNOWN && one_kind(x, n) == NO_KIND ? n : NULL;
}

/* The first test in the "and" that is a choice (is_choice()) of that kind. */
static struct node *find_choice(const struct block_expander *x, const struct node *excepted, unsigned kind)
{
	for (size_t i = 0; i < excepted->n_kids; i++)
		if (is_choice(excepted->kids[i]) && block_known(x, excepted->kids[i]) == TRI_UNKNOWN &&
		    one_kind(x, excepted->kids[i]) == kind)
			return excepted->kids[i];
	return NULL;
}

/* An exception: the "and" that must not hold, and the test in it that is a choice. */
struct excepted {
	struct node *all, *choice;
};

/*
 * Finds the kids that are exceptions with a choice of this kind, such that any two choices are the same or have no value
 * in common. ret is by kid, NULL for others. Returns a score: more exceptions are better; of as many, fewer choices are.
 */
static size_t find_exceptions(const struct block_expander *x, const struct node *n, bool negated, unsigned kind, struct excepted *ret)
{
	size_t found = 0, choices = 0;

	for (size_t i = 0; i < n->n_kids; i++) {
		struct node *all = find_excepted(x, n->kids[i], negated), *choice = all ? find_choice(x, all, kind) : NULL;
		bool fits = choice, first = true;

		for (size_t k = 0; fits && k < i; k++) {
			bool same = ret[k].all && same_choice(choice, ret[k].choice);

			first &= !same;
			fits = !ret[k].all || same || are_apart(choice, ret[k].choice);
		}
		ret[i] = fits ? (struct excepted){ all, choice } : (struct excepted){ NULL, NULL };
		found += fits;
		choices += fits && first;
	}
	return found < 2 ? 0 : found * (EXCEPTIONS_MAX + 1) - choices;
}

/* ret = ret and, for each exception with this choice: one of its other tests does not hold. */
static bool expand_choice(struct block_expander *x, const struct node *n, const struct excepted *e, const struct node *choice,
			  struct block_clauses *ret)
{
	struct block_clauses *other = xcalloc(1, sizeof(*other)), *kid = xcalloc(1, sizeof(*kid));
	bool ok = true;

	for (size_t i = 0; ok && i < n->n_kids; i++) {
		if (!e[i].all || !same_choice(e[i].choice, choice))
			continue;
		for (size_t k = 0; ok && k < e[i].all->n_kids; k++) {
			if (e[i].all->kids[k] == e[i].choice)
				continue;
			ok = expand(x, e[i].all->kids[k], true, kid) && append(x, n, other, kid);
			block_clauses_free(kid);
		}
		ok = ok && multiply(x, n, ret, other);
		block_clauses_free(other);
	}
	free(other);
	free(kid);
	return ok;
}

/*
 * Exceptions: "not (a = 1 and b) and not (a = 2 and c) and ..." would be split into two to the power of their number of
 * clauses. Since a has only one value, the same is: a is none of these; or a = 1 and not b; or a = 2 and not c; and so on.
 * ret is one clause without parts before.
 */
static bool expand_exceptions(struct block_expander *x, const struct node *n, const struct excepted *e, unsigned kind,
			      struct block_clauses *ret)
{
	struct block_clauses *one = xcalloc(1, sizeof(*one));
	bool ok = true;

	for (size_t i = 0; ok && i < n->n_kids; i++) {
		bool first = e[i].all;

		for (size_t k = 0; first && k < i; k++)
			first = !e[k].all || !same_choice(e[k].choice, e[i].choice);
		if (!first)
			continue;
		add_part(&ret->c[0], e[i].choice, true, kind);
		add_part(&one->c[one->n++], e[i].choice, false, kind);
		ok = expand_choice(x, n, e, e[i].choice, one) && append(x, n, ret, one);
		block_clauses_free(one);
	}
	free(one);
	return ok;
}

/* Splits the exceptions among the kids, of the kind with the best score. e: by kid, NULL for the rest. ret: as above. */
static bool take_exceptions(struct block_expander *x, const struct node *n, bool negated, struct excepted *e, struct block_clauses *ret)
{
	size_t most = 0, found;
	unsigned kind = NO_KIND;

	for (unsigned k = 0; k < BLOCK_KIND_CONTAINER; k++) {
		found = find_exceptions(x, n, negated, k, e);
		if (found <= most)
			continue;
		most = found;
		kind = k;
	}
	if (kind == NO_KIND) {
		memset(e, 0, n->n_kids * sizeof(*e));
		return true;
	}
	find_exceptions(x, n, negated, kind, e);
	return expand_exceptions(x, n, e, kind, ret);
}

/* ret is empty before. */
static bool expand_kids(struct block_expander *x, struct node *n, bool negated, struct block_clauses *ret)
{
	bool is_and = (n->kind == NODE_AND) != negated, ok = true;
	struct excepted *e = xcalloc(n->n_kids, sizeof(*e));
	struct block_clauses *kid = xcalloc(1, sizeof(*kid));

	if (is_and)
		ret->n = 1;
	if (is_and && !x->loose && n->n_kids <= EXCEPTIONS_MAX)
		ok = take_exceptions(x, n, negated, e, ret);
	for (size_t i = 0; ok && i < n->n_kids; i++) {
		if (e[i].all)
			continue;
		ok = expand(x, n->kids[i], negated, kid);
		if (ok)
			ok = is_and ? multiply(x, n, ret, kid) : append(x, n, ret, kid);
		block_clauses_free(kid);
	}
	free(kid);
	free(e);
	return ok;
}

static bool expand(struct block_expander *x, struct node *n, bool negated, struct block_clauses *ret)
{
	enum tri decided = block_known(x, n);
	unsigned kind;

	if (decided != TRI_UNKNOWN) {
		ret->n = (decided == TRI_TRUE) != negated;
		return true;
	}
	kind = one_kind(x, n);
	if (kind != NO_KIND && (x->loose || n->kind == NODE_TEST || !block_is_within(kind))) {
		add_part(&ret->c[ret->n++], n, negated, kind);
		return true;
	}
	if (n->kind == NODE_TEST && x->loose) {
		ret->n = 1;	/* it may hold */
		return true;
	}
	if (n->kind == NODE_TEST)
		return undecidable(x, n);
	if (n->kind == NODE_NOT)
		return expand(x, n->kids[0], !negated, ret);
	return expand_kids(x, n, negated, ret);
}

bool block_expand(struct block_expander *x, const struct node *root, struct block_clauses *ret)
{
	return expand(x, (struct node *)root, false, ret);
}

void block_expand_loosely(const struct node *root, unsigned class, block_test_fn *test,
			  const struct syscall_info *const *calls, size_t n_calls,
			  struct block_clauses *ret)
{
	struct block_expander x = { .class = class, .n_calls = n_calls, .test = test, .loose = true };

	memcpy(x.calls, calls, n_calls * sizeof(*calls));
	(void)expand(&x, (struct node *)root, false, ret);
}
