/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan of what the kernel side blocks or watches: which calls a condition can be about, its clauses (block_expand.c),
 * and which of these hold for the host and for containers without a name.
 */
#include "block.h"

#include <errno.h>
#include <limits.h>

#include "block_expand.h"
#include "block_read.h"
#include "block_values.h"
#include "evaluation.h"

struct block_plan *block_plan_new(void)
{
	return xcalloc(1, sizeof(struct block_plan));
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

static int take(struct block_plan *p, struct block_expander *x, const struct block_clause *model,
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
static bool means_others(const struct block_expander *x, const struct node *root)
{
	struct block_expander without = *x;

	without.test = test_without;
	return x->class == NUNCHI_BLOCK_USERNS && block_known(&without, root) != TRI_FALSE;
}

static int add_class(struct block_plan *p, struct block_expander *x, const struct node *root,
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
	r = block_expand(x, root, l) ? take(p, x, model, l) : -EINVAL;

	block_clauses_free(l);
	free(l);
	return r;
}

/* Finds the calls that the rule can be about, by class. -EINVAL with a sentence: one cannot be blocked, or there is none. */
static int find_calls(struct block_expander x[NUNCHI_BLOCK_MAX], const struct node *root, struct strbuf *err)
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
static int imply_truncate(struct block_plan *p, const struct block_expander *opens, const struct node *root,
			  const struct block_clause *model)
{
	struct block_clause implied = *model;
	struct block_expander x = *opens;

	x.class = NUNCHI_BLOCK_TRUNCATE;
	x.test = test_emptied;
	implied.implied = true;
	return add_class(p, &x, root, &implied);
}

int block_add(struct block_plan *p, const struct node *root, const struct block_clause *model,
	      struct strbuf *err, const struct node **ret_where)
{
	struct block_expander x[NUNCHI_BLOCK_MAX] = { { .n_calls = 0 } };
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
		r = add_class(p, &x[class], root, model);
		after += p->n_clauses[class];
		*ret_where = x[class].where;
	}
	if (r >= 0 && x[NUNCHI_BLOCK_OPEN].n_calls && p->n_clauses[NUNCHI_BLOCK_TRUNCATE] == truncates)
		r = imply_truncate(p, &x[NUNCHI_BLOCK_OPEN], root, model);
	if (r >= 0 && before == after) {
		strbuf_adds(err, "no call that could be blocked satisfies the condition");
		return -EINVAL;
	}
	return r;
}

/* Finds the calls that the filter can be about, by class. Not those that can only be judged before they are done. */
static size_t find_watched(struct block_expander x[NUNCHI_BLOCK_MAX], const struct node *root)
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
	struct block_expander x[NUNCHI_BLOCK_MAX] = { { .n_calls = 0 } };
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

/* The clauses that a socket with an IP address can satisfy: it has no path. */
static uint64_t addressed(const struct block_plan *p, unsigned class)
{
	static const uint8_t types[] = { NUNCHI_BLOCK_TYPE_IPV4, NUNCHI_BLOCK_TYPE_IPV6 };
	uint32_t kinds = p->rows[class].kinds;
	uint64_t mask = block_read_text(p, class, NUNCHI_BLOCK_TEXT_PATH, ""), any = 0;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		any |= block_look_up(p, class, NUNCHI_BLOCK_TYPE, &types[i], 1);
	if (kinds & 1U << NUNCHI_BLOCK_TYPE)
		mask &= any;
	if (kinds & 1U << NUNCHI_BLOCK_PATH)
		mask &= block_look_up(p, class, NUNCHI_BLOCK_PATH, "", 0);
	return mask;
}

unsigned block_classes_without_address(const struct block_plan *p, unsigned rule)
{
	static const unsigned sockets[] = { NUNCHI_BLOCK_CONNECT, NUNCHI_BLOCK_BIND };
	unsigned classes = block_classes(p, rule);

	for (size_t k = 0; k < ARRAY_SIZE(sockets); k++)
		for (unsigned i = 0; i < p->n_clauses[sockets[k]]; i++)
			if (p->clauses[sockets[k]][i].rule == rule && addressed(p, sockets[k]) >> i & 1)
				classes &= ~(1U << sockets[k]);
	return classes & (1U << NUNCHI_BLOCK_CONNECT | 1U << NUNCHI_BLOCK_BIND);
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
