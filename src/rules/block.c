/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Splits a condition into clauses: an "or" of "ands" of parts. What is the same for every call that can be blocked
 * (its type, that it would succeed) is decided first. A part of the tree that is about one property stays whole,
 * whatever its form.
 */
#include "block.h"

#include <errno.h>
#include <limits.h>

#include "block_read.h"
#include "block_values.h"
#include "evaluation.h"

#define NO_KIND 0xff
#define EXCEPTIONS_MAX 1000	/* of one "and": each is compared with all others */

struct expander {
	unsigned class;
	const struct syscall_info *calls[BLOCK_CALLS_MAX];	/* those of the class that the rule can be about */
	size_t n_calls;
	bool watch;		/* for --watch: nothing is blocked */
	block_test_fn *test;
	bool loose;		/* assume that what is not known holds; nothing is an error */
	struct strbuf *err;
	const struct node *where;
};

struct block_plan *block_plan_new(void)
{
	return xcalloc(1, sizeof(struct block_plan));
}

void block_clause_free(struct block_clause *c)
{
	for (size_t i = 0; i < c->n_parts; i++)
		node_unref(c->parts[i].node);
	free(c->parts);
	*c = (struct block_clause){ .parts = NULL };
}

/* Frees the clauses, not l. */
static void clauses_free(struct block_clauses *l)
{
	while (l->n)
		block_clause_free(&l->c[--l->n]);
}

void block_plan_free(struct block_plan *p)
{
	if (!p)
		return;
	for (unsigned class = 0; class < NUNCHI_BLOCK_MAX; class++)
		for (unsigned i = 0; i < p->n_clauses[class]; i++)
			block_clause_free(&p->clauses[class][i]);
	free(p->values);
	free(p->text.states);
	free(p);
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
	const struct expander *x = arg;
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

static enum tri known(const struct expander *x, const struct node *n)
{
	return node_decide(n, known_test, (void *)x);
}

/* The kind of property that all tests in the tree are about; NO_KIND: there is no single one. */
static unsigned one_kind(const struct expander *x, const struct node *n)
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

static bool too_many(struct expander *x, const struct node *n)
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
static void say_apart(const struct expander *x, struct strbuf *out)
{
	for (size_t i = 0; i < x->n_calls; i++)
		strbuf_addf(out, "%s%s", i ? ", " : "", x->calls[i]->name);
	strbuf_adds(out, " are blocked by one hook; ask the same of all of them, or name one, or let the rule alert");
}

static bool undecidable(struct expander *x, const struct node *n)
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

static bool expand(struct expander *x, struct node *n, bool negated, struct block_clauses *ret);

/* a = a and b: each clause of a with each of b. */
static bool multiply(struct expander *x, const struct node *n, struct block_clauses *a,
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
	clauses_free(a);
	*a = *product;
	free(product);
	return true;
}

static bool append(struct expander *x, const struct node *n, struct block_clauses *a,
		   struct block_clauses *b)
{
	if (a->n + b->n > NUNCHI_BLOCK_CLAUSES) {
		clauses_free(a);
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
static struct node *find_excepted(const struct expander *x, struct node *n, bool negated)
{
	for (; n->kind == NODE_NOT; n = n->kids[0])
		negated = !negated;
	return n->kind == NODE_AND && negated && known(x, n) == TRI_UNKNOWN && one_kind(x, n) == NO_KIND ? n : NULL;
}

/* The first test in the "and" that is a choice (is_choice()) of that kind. */
static struct node *find_choice(const struct expander *x, const struct node *excepted, unsigned kind)
{
	for (size_t i = 0; i < excepted->n_kids; i++)
		if (is_choice(excepted->kids[i]) && known(x, excepted->kids[i]) == TRI_UNKNOWN &&
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
static size_t find_exceptions(const struct expander *x, const struct node *n, bool negated, unsigned kind, struct excepted *ret)
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
static bool expand_choice(struct expander *x, const struct node *n, const struct excepted *e, const struct node *choice,
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
			clauses_free(kid);
		}
		ok = ok && multiply(x, n, ret, other);
		clauses_free(other);
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
static bool expand_exceptions(struct expander *x, const struct node *n, const struct excepted *e, unsigned kind,
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
		clauses_free(one);
	}
	free(one);
	return ok;
}

/* Splits the exceptions among the kids, of the kind with the best score. e: by kid, NULL for the rest. ret: as above. */
static bool take_exceptions(struct expander *x, const struct node *n, bool negated, struct excepted *e, struct block_clauses *ret)
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
static bool expand_kids(struct expander *x, struct node *n, bool negated, struct block_clauses *ret)
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
		clauses_free(kid);
	}
	free(kid);
	free(e);
	return ok;
}

static bool expand(struct expander *x, struct node *n, bool negated, struct block_clauses *ret)
{
	enum tri decided = known(x, n);
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

static int take(struct block_plan *p, struct expander *x, const struct block_clause *model,
		struct block_clauses *l)
{
	unsigned *n = &p->n_clauses[x->class];

	if (*n + l->n > NUNCHI_BLOCK_CLAUSES) {
		strbuf_addf(x->err, "the rules that block come apart into more than the %d combinations of "
				    "%s that the kernel side has room for",
			    NUNCHI_BLOCK_CLAUSES, block_class_names[x->class]);
		return -EINVAL;
	}
	for (size_t i = 0; i < l->n; i++) {
		struct block_clause *c = &p->clauses[x->class][(*n)++];

		*c = l->c[i];
		c->rule = model->rule;
		c->kill = model->kill;
		c->watch = model->watch;
		c->pending_deny = model->pending_deny;
		c->implied = model->implied;
	}
	l->n = 0;
	return 0;
}

/* block_test() for a call that makes no user namespace. */
static enum block_known test_without(unsigned class, const struct node *test, unsigned *ret_kind, const char **ret_why)
{
	return block_asks_userns(test) ? BLOCK_FALSE : block_test(class, test, ret_kind, ret_why);
}

/* Whether the condition also holds for calls (of clone, unshare) that make no user namespace, which this class does not have. */
static bool means_others(const struct expander *x, const struct node *root)
{
	struct expander without = *x;

	without.test = test_without;
	return x->class == NUNCHI_BLOCK_USERNS && known(&without, root) != TRI_FALSE;
}

static int add_class(struct block_plan *p, struct expander *x, struct node *root,
		     const struct block_clause *model)
{
	struct block_clauses *l;
	int r;

	if (means_others(x, root)) {
		strbuf_addf(x->err, "the rule is also about %s that makes no user namespace, which cannot be %s: it has to ask "
				    "for evt.arg.flags contains CLONE_NEWUSER", x->calls[0]->name, x->watch ? "told" : "blocked");
		return -EINVAL;
	}
	l = xcalloc(1, sizeof(*l));
	r = expand(x, root, false, l) ? take(p, x, model, l) : -EINVAL;

	clauses_free(l);
	free(l);
	return r;
}

void block_expand_loosely(const struct node *root, unsigned class, block_test_fn *test,
			  const struct syscall_info *const *calls, size_t n_calls,
			  struct block_clauses *ret)
{
	struct expander x = { .class = class, .n_calls = n_calls, .test = test, .loose = true };

	memcpy(x.calls, calls, n_calls * sizeof(*calls));
	(void)expand(&x, (struct node *)root, false, ret);
}

/* Finds the calls that the rule can be about, by class. -EINVAL with a sentence: one cannot be blocked, or there is none. */
static int find_calls(struct expander x[NUNCHI_BLOCK_MAX], const struct node *root, struct strbuf *err)
{
	size_t n = 0;

	for (unsigned type = EVENT_SYSCALL + 1; type < EVENT_OTHER; type++) {
		const struct event ev = { .type = (enum event_type)type };

		if (node_match_type(root, ev.type, NULL) == TRI_FALSE)
			continue;
		strbuf_addf(err, "the rule is also about %s, which cannot be blocked: evt.type has to say "
				 "which calls are meant", event_type_name(&ev));
		return -EINVAL;
	}
	for (uint32_t nr = 0; nr < NUNCHI_CALLS_MAX; nr++) {
		const struct syscall_info *call = syscall_by_nr(nr);
		int class;

		if (!call || node_match_type(root, EVENT_SYSCALL, call) == TRI_FALSE)
			continue;
		class = block_class_of(call);
		if (class < 0) {
			strbuf_addf(err, "the rule is also about %s, which cannot be blocked: %s", call->name,
				    block_instead_of_call(call));
			return -EINVAL;
		}
		x[class].calls[x[class].n_calls++] = call;
		n++;
	}
	if (!n)
		strbuf_adds(err, "the rule is about no call that could be blocked");
	return n ? 0 : -EINVAL;
}

/* block_test() for a truncate in place of an open that writes. */
static enum block_known test_emptied(unsigned class, const struct node *test, unsigned *ret_kind, const char **ret_why)
{
	const struct value yes = { .type = VALUE_BOOL, .n = true };

	if (!test->right && streq(test->left.field->name, "evt.is_open_write"))
		return node_test_value(test, &yes) ? BLOCK_TRUE : BLOCK_FALSE;
	return block_test(class, test, ret_kind, ret_why);
}

/*
 * A process that may not open a file to write must not empty it by truncate() either, whether or not the rule names that.
 * opens: the expander for the opens.
 */
static int imply_truncate(struct block_plan *p, const struct expander *opens, struct node *root, const struct block_clause *model)
{
	struct block_clause implied = *model;
	struct expander x = *opens;

	x.class = NUNCHI_BLOCK_TRUNCATE;
	x.test = test_emptied;
	implied.implied = true;
	return add_class(p, &x, root, &implied);
}

int block_add(struct block_plan *p, const struct node *root, const struct block_clause *model,
	      struct strbuf *err, const struct node **ret_where)
{
	struct expander x[NUNCHI_BLOCK_MAX] = { { .n_calls = 0 } };
	unsigned before = 0, after = 0, truncates = p->n_clauses[NUNCHI_BLOCK_TRUNCATE];
	int r;

	*ret_where = NULL;
	strbuf_reset(err);
	r = find_calls(x, root, err);
	for (unsigned class = 0; r >= 0 && class < NUNCHI_BLOCK_MAX; class++) {
		if (!x[class].n_calls)
			continue;
		x[class].class = class;
		x[class].test = block_test;
		x[class].err = err;
		before += p->n_clauses[class];
		r = add_class(p, &x[class], (struct node *)root, model);
		after += p->n_clauses[class];
		*ret_where = x[class].where;
	}
	if (r >= 0 && x[NUNCHI_BLOCK_OPEN].n_calls && p->n_clauses[NUNCHI_BLOCK_TRUNCATE] == truncates)
		r = imply_truncate(p, &x[NUNCHI_BLOCK_OPEN], (struct node *)root, model);
	if (r >= 0 && before == after) {
		strbuf_adds(err, "no call that could be blocked satisfies the condition");
		return -EINVAL;
	}
	return r;
}

/* Finds the calls that the filter can be about, by class. Not those that can only be judged before they are done. */
static size_t find_watched(struct expander x[NUNCHI_BLOCK_MAX], const struct node *root)
{
	size_t n = 0;

	for (uint32_t nr = 0; nr < NUNCHI_CALLS_MAX; nr++) {
		const struct syscall_info *call = syscall_by_nr(nr);
		int class = call ? block_class_of(call) : -1;

		if (class < 0 || block_sends(call) || NUNCHI_BLOCK_NAMES >> class & 1 || node_match_type(root, EVENT_SYSCALL, call) == TRI_FALSE)
			continue;
		x[class].calls[x[class].n_calls++] = call;
		n++;
	}
	return n;
}

int block_watch(struct block_plan *p, const struct filter *f, struct strbuf *err)
{
	const struct block_clause model = { .rule = UINT_MAX, .watch = true };
	struct expander x[NUNCHI_BLOCK_MAX] = { { .n_calls = 0 } };
	_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;
	unsigned before = 0, after = 0;

	strbuf_reset(err);
	if (!f->root || !find_watched(x, f->root)) {
		strbuf_adds(err, "it is about no call that can be watched: open, exec, connect, bind, "
				 "init_module, mount, bpf, ptrace, socket and the like can");
		return -EINVAL;
	}
	for (unsigned class = 0; class < NUNCHI_BLOCK_MAX; class++) {
		if (!x[class].n_calls)
			continue;
		x[class].class = class;
		x[class].watch = true;
		x[class].test = block_test;
		x[class].err = &why;
		before += p->n_clauses[class];
		/* The reason of the first class is the likeliest to help: files come first. */
		if (add_class(p, &x[class], f->root, &model) < 0 && !err->len)
			strbuf_add(err, why.s, why.len);
		strbuf_reset(&why);
		after += p->n_clauses[class];
	}
	if (after > before)
		return 0;
	if (!err->len)
		strbuf_adds(err, "no call that can be watched satisfies it");
	return -EINVAL;
}

/* Whether the test only tells the host from containers. */
static bool is_about_host(const struct node *n)
{
	for (size_t i = 0; i < n->n_values; i++)
		if (n->values[i].type != VALUE_STRING || n->values[i].len != 4 ||
		    memcmp(n->values[i].s, "host", 4))
			return false;
	return n->n_values && (streq(n->left.field->name, "container.id") ||
			       streq(n->left.field->name, "container.name"));
}

static bool every_test(const struct node *n, bool (*fn)(const struct node *n))
{
	for (size_t i = 0; i < n->n_kids; i++)
		if (!every_test(n->kids[i], fn))
			return false;
	return n->kind != NODE_TEST || fn(n);
}

static bool is_not_host(const struct node *n)
{
	for (size_t i = 0; i < n->n_values; i++)
		if (n->values[i].type == VALUE_STRING && n->values[i].len == 4 &&
		    !memcmp(n->values[i].s, "host", 4))
			return false;
	return true;
}

static bool holds(const struct block_clause *c, const struct model *m, struct container *container)
{
	for (size_t i = 0; i < c->n_parts; i++)
		if (c->parts[i].kind == BLOCK_KIND_CONTAINER &&
		    node_match_container(c->parts[i].node, m, container) == c->parts[i].negated)
			return false;
	return true;
}

/* Whether the clause holds for the host, and names it. */
static bool takes_host(const struct block_clause *c)
{
	bool named = false;

	for (size_t i = 0; i < c->n_parts; i++)
		if (c->parts[i].kind == BLOCK_KIND_CONTAINER)
			named |= !every_test(c->parts[i].node, is_not_host);
	return named && holds(c, NULL, NULL);
}

/* Whether the clause holds before the container's name is known: that it is a container is known at once. */
static bool takes_pending(const struct block_clause *c)
{
	static struct container_info info;
	static struct container unnamed = { .info = &info, .short_id = "?" };

	for (size_t i = 0; i < c->n_parts; i++) {
		if (c->parts[i].kind != BLOCK_KIND_CONTAINER)
			continue;
		if (!every_test(c->parts[i].node, is_about_host))
			return c->pending_deny;
		info.name = (char *)"?";
		if (node_match_container(c->parts[i].node, NULL, &unnamed) == c->parts[i].negated)
			return false;
	}
	return true;
}

int block_finish(struct block_plan *p, struct strbuf *err)
{
	free(p->values);
	p->values = NULL;
	p->n_values = 0;
	memset(p->rows, 0, sizeof(p->rows));
	for (unsigned class = 0; class < NUNCHI_BLOCK_MAX; class++) {
		struct nunchi_block_row *row = &p->rows[class];

		for (unsigned i = 0; i < p->n_clauses[class]; i++) {
			const struct block_clause *c = &p->clauses[class][i];
			uint64_t bit = 1ULL << i;

			row->active |= bit;
			row->kill |= c->kill ? bit : 0;
			row->watch |= c->watch ? bit : 0;
			row->host |= takes_host(c) ? bit : 0;
			row->pending |= takes_pending(c) ? bit : 0;
		}
	}
	block_values(p);
	if (p->n_values > NUNCHI_BLOCK_VALUES_MAX) {
		strbuf_addf(err, "rules that block name more than the %d values that the kernel side has room for",
			    NUNCHI_BLOCK_VALUES_MAX);
		return -E2BIG;
	}
	return block_read_make(p, err);
}

uint64_t block_container(const struct block_plan *p, enum nunchi_block_class class,
			 const struct model *m, struct container *c)
{
	uint64_t mask = 0;

	if (!c)
		return p->rows[class].host;
	for (unsigned i = 0; i < p->n_clauses[class]; i++)
		if (holds(&p->clauses[class][i], m, c))
			mask |= 1ULL << i;
	return mask;
}

void block_fields(const struct node *n, struct strbuf *names)
{
	_cleanup_strbuf_ struct strbuf name = STRBUF_INIT;

	for (size_t i = 0; i < n->n_kids; i++)
		block_fields(n->kids[i], names);
	if (n->kind != NODE_TEST)
		return;
	operand_print(&n->left, &name);
	if (!names->s || !strstr(names->s, name.s))
		strbuf_addf(names, "%s%s", names->len ? ", " : "", name.s);
}

unsigned block_classes(const struct block_plan *p, unsigned rule)
{
	unsigned classes = 0;

	for (unsigned class = 0; class < NUNCHI_BLOCK_MAX; class++) {
		for (unsigned i = 0; i < p->n_clauses[class]; i++) {
			const struct block_clause *c = &p->clauses[class][i];

			if (!c->watch && c->rule == rule && !c->implied)
				classes |= 1U << class;
		}
	}
	return classes;
}

void block_describe(const struct block_plan *p, unsigned rule, struct strbuf *out)
{
	for (unsigned class = 0; class < NUNCHI_BLOCK_MAX; class++) {
		_cleanup_strbuf_ struct strbuf names = STRBUF_INIT;
		bool any = false;

		for (unsigned i = 0; i < p->n_clauses[class]; i++) {
			const struct block_clause *c = &p->clauses[class][i];

			any |= c->rule == rule;
			for (size_t k = 0; c->rule == rule && k < c->n_parts; k++)
				block_fields(c->parts[k].node, &names);
		}
		if (any)
			strbuf_addf(out, "  %s%s%s\n", block_class_names[class], names.len ? ": by " : "",
				    names.len ? names.s : "");
	}
}
