/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls with the same conditions and the same known properties form a class. The conditions of a class
 * become clauses, and each property that the kernel side looks up says which clauses can still hold. If there
 * are more clauses than bits, clauses about the same properties share a bit: then more records leave.
 */
#include "push.h"

#include "block_expand.h"
#include "evaluation.h"

struct class {
	const struct syscall_info *calls[BLOCK_CALLS_MAX];
	size_t n_calls;
	unsigned shape;
	uint64_t *conditions;	/* bit set: those that can match the class */
	struct block_clause *clauses;
	size_t n_clauses;
	bool useless;		/* a clause has no test that the kernel side knows: nothing is held back */
};

struct push_plan {
	struct nunchi_push table;
	struct class classes[NUNCHI_PUSH_CLASSES];
	size_t n_classes;
	unsigned n_images;
	const struct node *const *roots;	/* used while the plan is made */
	size_t n_roots;
	const char *left_out;
};

/* The kinds of property that a clause tests, as bits. */
static uint32_t kinds_of(const struct block_clause *c)
{
	uint32_t kinds = 0;

	for (size_t i = 0; i < c->n_parts; i++)
		kinds |= 1U << c->parts[i].kind;
	return kinds;
}

static int compare_kinds(const void *a, const void *b)
{
	uint32_t x = kinds_of(a), y = kinds_of(b);

	return x < y ? -1 : x > y;
}

static unsigned bit_of(const struct class *c, size_t clause)
{
	return (unsigned)(c->n_clauses <= NUNCHI_PUSH_CLAUSES ?
				  clause : clause * NUNCHI_PUSH_CLAUSES / c->n_clauses);
}

/* The class of such calls, new if there is none. NULL: no room for a new one. */
static struct class *class_for(struct push_plan *p, unsigned shape, const uint64_t *conditions)
{
	size_t words = p->n_roots / 64 + 1;
	struct class *c;

	for (size_t i = 0; i < p->n_classes; i++) {
		c = &p->classes[i];
		if (c->shape == shape && c->n_calls < BLOCK_CALLS_MAX &&
		    !memcmp(c->conditions, conditions, words * sizeof(*conditions)))
			return c;
	}
	if (p->n_classes == NUNCHI_PUSH_CLASSES)
		return NULL;
	c = &p->classes[p->n_classes++];
	c->shape = shape;
	c->conditions = xmemdup(conditions, words * sizeof(*conditions));
	return c;
}

static void add_call(struct push_plan *p, const struct syscall_info *call, unsigned nr)
{
	_cleanup_free_ uint64_t *conditions = xcalloc(p->n_roots / 64 + 1, sizeof(*conditions));
	struct nunchi_push_call how;
	unsigned shape = push_shape(call, &how);
	struct class *c;

	for (size_t i = 0; i < p->n_roots; i++)
		if (node_match_type(p->roots[i], EVENT_SYSCALL, call) != TRI_FALSE)
			conditions[i / 64] |= 1ULL << i % 64;
	c = class_for(p, shape, conditions);
	if (!c)
		return;
	c->calls[c->n_calls++] = call;
	how.class = (__u8)(c - p->classes + 1);
	p->table.calls[nr] = how;
}

/* Whether b has all tests of a: what satisfies b then satisfies a. */
static bool covers(const struct block_clause *a, const struct block_clause *b)
{
	for (size_t i = 0; i < a->n_parts; i++) {
		size_t k = 0;

		while (k < b->n_parts &&
		       (a->parts[i].node != b->parts[k].node || a->parts[i].negated != b->parts[k].negated))
			k++;
		if (k == b->n_parts)
			return false;
	}
	return true;
}

/*
 * Drops clauses that another one covers. They come from exceptions: without the tests that are not known
 * here, several of their clauses are the same.
 */
static void take_clause(struct class *c, struct block_clause *new)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->n_clauses; i++) {
		if (covers(&c->clauses[i], new)) {
			block_clause_free(new);
			return;
		}
	}
	for (size_t i = 0; i < c->n_clauses; i++) {
		if (covers(new, &c->clauses[i]))
			block_clause_free(&c->clauses[i]);
		else
			c->clauses[kept++] = c->clauses[i];
	}
	c->clauses[kept++] = *new;
	c->n_clauses = kept;
}

static void take_clauses(struct class *c, struct block_clauses *l)
{
	c->clauses = xrealloc(c->clauses, (c->n_clauses + l->n + 1) * sizeof(*c->clauses));
	for (size_t i = 0; i < l->n; i++) {
		c->useless |= !l->c[i].n_parts;
		take_clause(c, &l->c[i]);
	}
	memset(l, 0, sizeof(*l));
}

static void find_clauses(const struct push_plan *p, struct class *c)
{
	struct block_clauses *l = xcalloc(1, sizeof(*l));

	for (size_t i = 0; i < p->n_roots && !c->useless; i++) {
		if (!(c->conditions[i / 64] >> i % 64 & 1))
			continue;
		block_expand_loosely(p->roots[i], c->shape, push_test, c->calls, c->n_calls, l);
		take_clauses(c, l);
	}
	if (c->n_clauses)
		qsort(c->clauses, c->n_clauses, sizeof(*c->clauses), compare_kinds);
	free(l);
}

/* What a test is decided for: a container, a code, or texts that end in a state. */
struct look {
	const struct class *class;
	unsigned kind;
	const struct model *model;
	struct container *container;	/* NULL: the host */
	unsigned code;
	const struct push_texts *texts;	/* NULL: a code */
	unsigned state;
};

static enum tri look_at(const struct look *l, const struct node *test, bool negated)
{
	/* Only at the end of a text is it known that the pattern is not in it. */
	if (l->kind == NUNCHI_PUSH_WITHIN && negated)
		return TRI_UNKNOWN;
	if (l->kind == NUNCHI_PUSH_CONTAINER)
		return node_match_container(test, l->model, l->container) ? TRI_TRUE : TRI_FALSE;
	if (!l->texts)
		return push_test_code(l->class->calls[0], l->kind, test, l->code);
	return push_texts_holds(l->texts, l->state, test) ? TRI_TRUE : TRI_FALSE;
}

/* Whether it can hold for one of two forms of a path only; other tests hold for both or neither. */
static bool by_one_form(const struct node *n, bool negated)
{
	if (n->kind == NODE_TEST)
		return negated == n->op->negative;
	if (n->kind == NODE_NOT)
		return by_one_form(n->kids[0], !negated);
	for (size_t i = 0; i < n->n_kids; i++)
		if (by_one_form(n->kids[i], negated))
			return true;
	return false;
}

static bool has_forms(unsigned kind)
{
	return kind >= NUNCHI_PUSH_HEAD && kind <= NUNCHI_PUSH_WITHIN;
}

/*
 * Whether it can be true. In an "and" of tests that may each hold for a different form of the path only
 * one is checked: no single form need satisfy all of them.
 */
static bool can_hold(const struct look *l, const struct node *n, bool negated)
{
	bool is_and = (n->kind == NODE_AND) != negated, formed = false;
	enum tri t;

	if (n->kind == NODE_TEST) {
		t = look_at(l, n, negated);
		return t == TRI_UNKNOWN || (t == TRI_TRUE) != negated;
	}
	if (n->kind == NODE_NOT)
		return can_hold(l, n->kids[0], !negated);
	for (size_t i = 0; i < n->n_kids; i++) {
		if (is_and && has_forms(l->kind) && by_one_form(n->kids[i], negated)) {
			if (formed)
				continue;
			formed = true;
		}
		if (can_hold(l, n->kids[i], negated) != is_and)
			return !is_and;
	}
	return is_and;
}

static bool clause_can_hold(const struct look *l, const struct block_clause *c)
{
	bool formed = false;

	for (size_t i = 0; i < c->n_parts; i++) {
		const struct block_part *part = &c->parts[i];

		if (part->kind != l->kind)
			continue;
		if (has_forms(l->kind) && by_one_form(part->node, part->negated)) {
			if (formed)
				continue;
			formed = true;
		}
		if (!can_hold(l, part->node, part->negated))
			return false;
	}
	return true;
}

static uint64_t mask_of(const struct look *l)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < l->class->n_clauses; i++)
		if (clause_can_hold(l, &l->class->clauses[i]))
			mask |= 1ULL << bit_of(l->class, i);
	return mask;
}

static unsigned images_of(const struct push_plan *p)
{
	return (unsigned)p->n_classes * NUNCHI_PUSH_KINDS;
}

/* The groups of patterns: one per class and kind; image paths are read once for all classes. */
static unsigned group_of(const struct push_plan *p, const struct class *c, unsigned kind)
{
	if (kind == NUNCHI_PUSH_IMAGE)
		return images_of(p);
	if (kind == NUNCHI_PUSH_WITHIN)
		kind = NUNCHI_PUSH_TAIL;
	return (unsigned)(c - p->classes) * NUNCHI_PUSH_KINDS + kind;
}

/* The group of images whose paths end in this state; new if there is none and there is room. */
static unsigned image_group(struct push_plan *p, const struct push_texts *texts, unsigned state)
{
	uint64_t clauses[NUNCHI_PUSH_CLASSES];
	unsigned i;

	memset(clauses, 0xff, sizeof(clauses));
	for (i = 0; i < p->n_classes; i++) {
		const struct look l = { .class = &p->classes[i], .kind = NUNCHI_PUSH_IMAGE, .texts = texts,
					.state = state };

		if (p->table.rows[i].kinds & 1U << NUNCHI_PUSH_IMAGE)
			clauses[i] = mask_of(&l);
	}
	for (i = 0; i < p->n_images; i++)
		if (!memcmp(p->table.images[i], clauses, sizeof(clauses)))
			return i;
	if (i == NUNCHI_PUSH_IMAGES)
		return 0;
	memcpy(p->table.images[p->n_images++], clauses, sizeof(clauses));
	return i;
}

static void masks_of_state(unsigned group, const struct push_texts *texts, unsigned state,
			   struct nunchi_push_state *row, void *arg)
{
	struct push_plan *p = arg;
	struct look l = { .kind = group % NUNCHI_PUSH_KINDS, .texts = texts, .state = state };

	if (group == images_of(p)) {
		row->mask = image_group(p, texts, state);
		return;
	}
	l.class = &p->classes[group / NUNCHI_PUSH_KINDS];
	row->mask = mask_of(&l);
	if (l.kind != NUNCHI_PUSH_TAIL)
		return;
	l.kind = NUNCHI_PUSH_WITHIN;
	row->within = mask_of(&l);
}

static void fill_codes(struct nunchi_push_row *row, const struct class *c, unsigned kind, unsigned first,
		       unsigned n)
{
	for (unsigned code = 0; code < n; code++) {
		const struct look l = { .class = c, .kind = kind, .code = code };

		row->codes[first + code] = mask_of(&l);
	}
}

static void fill_row(struct push_plan *p, const struct class *c)
{
	struct nunchi_push_row *row = &p->table.rows[c - p->classes];

	for (size_t i = 0; i < c->n_clauses; i++) {
		row->clauses |= 1ULL << bit_of(c, i);
		row->kinds |= kinds_of(&c->clauses[i]);
		if (!(kinds_of(&c->clauses[i]) & 1U << NUNCHI_PUSH_WITHIN))
			row->not_within |= 1ULL << bit_of(c, i);
	}
	fill_codes(row, c, NUNCHI_PUSH_RESULT, NUNCHI_PUSH_RESULTS, 256);
	fill_codes(row, c, NUNCHI_PUSH_ACCESS, NUNCHI_PUSH_ACCESSES, 8);
	fill_codes(row, c, NUNCHI_PUSH_TYPE, NUNCHI_PUSH_TYPES, NUNCHI_PUSH_TYPE_CODES);
}

static void add_texts(const struct push_plan *p, const struct class *c, unsigned kinds, struct push_texts *texts)
{
	for (size_t i = 0; i < c->n_clauses; i++) {
		for (size_t k = 0; k < c->clauses[i].n_parts; k++) {
			const struct block_part *part = &c->clauses[i].parts[k];

			if (part->kind >= NUNCHI_PUSH_TEXT && part->kind < kinds)
				push_texts_add(texts, group_of(p, c, part->kind), part->node,
					       part->kind == NUNCHI_PUSH_WITHIN);
		}
	}
}

/* Builds the texts of the first kinds. False: they are too many. */
static bool fill_texts(struct push_plan *p, unsigned kinds)
{
	struct push_texts *texts = push_texts_new(images_of(p) + 1);
	bool fit;

	memset(p->table.images[0], 0xff, sizeof(p->table.images[0]));
	p->n_images = 1;
	for (size_t i = 0; i < p->n_classes; i++)
		if (!p->classes[i].useless)
			add_texts(p, &p->classes[i], kinds, texts);
	fit = push_texts_build(texts, NUNCHI_PUSH_STATES_MAX) >= 0;
	if (fit)
		push_texts_fill(texts, &p->table.text, masks_of_state, p);
	for (size_t i = 0; fit && i < p->n_classes; i++) {
		struct nunchi_push_row *row = &p->table.rows[i];

		row->kinds &= (1U << kinds) - 1;
		for (unsigned kind = NUNCHI_PUSH_TEXT; kind < kinds; kind++)
			row->start[kind] = (__u16)push_texts_start(texts,
								   group_of(p, &p->classes[i], kind));
		if (row->kinds & 1U << NUNCHI_PUSH_IMAGE)
			p->table.image_start = row->start[NUNCHI_PUSH_IMAGE] + 1U;
	}
	push_texts_free(texts);
	return fit;
}

/* Texts that are too many are not checked: then more records leave. */
static void fill_all_texts(struct push_plan *p)
{
	if (fill_texts(p, NUNCHI_PUSH_KINDS))
		return;
	p->left_out = "executables";
	if (fill_texts(p, NUNCHI_PUSH_IMAGE))
		return;
	p->left_out = "executables, addresses and ports";
	if (fill_texts(p, NUNCHI_PUSH_ADDRESS))
		return;
	p->left_out = "paths, names, executables, addresses and ports";
	for (size_t i = 0; i < p->n_classes; i++)
		p->table.rows[i].kinds &= (1U << NUNCHI_PUSH_TEXT) - 1;
}

struct push_plan *push_plan_new(const struct node *const *roots, size_t n_roots,
				const struct syscall_set *calls)
{
	struct push_plan *p = xcalloc(1, sizeof(*p));

	p->roots = roots;
	p->n_roots = n_roots;
	for (unsigned nr = 0; nr < NUNCHI_CALLS_MAX; nr++) {
		const struct syscall_info *call = calls->bits[nr] ? syscall_by_nr(nr) : NULL;

		/* The model needs these records, so they always leave. */
		if (call && !(call->flags & SYSCALL_MODEL))
			add_call(p, call, nr);
	}
	for (size_t i = 0; i < p->n_classes; i++) {
		find_clauses(p, &p->classes[i]);
		if (!p->classes[i].useless)
			fill_row(p, &p->classes[i]);
	}
	for (unsigned nr = 0; nr < NUNCHI_CALLS_MAX; nr++)
		if (p->table.calls[nr].class && p->classes[p->table.calls[nr].class - 1].useless)
			p->table.calls[nr].class = 0;
	fill_all_texts(p);
	return p;
}

struct push_plan *push_plan_of_rules(const struct ruleset *rs, const struct syscall_set *calls)
{
	_cleanup_free_ const struct node **roots = xcalloc(ruleset_count(rs) + 1, sizeof(*roots));
	size_t n = 0;

	for (size_t i = 0; i < ruleset_count(rs); i++)
		if (ruleset_rule(rs, i)->enabled)
			roots[n++] = ruleset_rule(rs, i)->root;
	return push_plan_new(roots, n, calls);
}

struct push_plan *push_plan_of_filter(const struct filter *f, const struct syscall_set *calls)
{
	const struct node *const root = f->root;

	return root ? push_plan_new(&root, 1, calls) : NULL;
}

void push_plan_free(struct push_plan *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_classes; i++) {
		struct class *c = &p->classes[i];

		for (size_t k = 0; k < c->n_clauses; k++)
			block_clause_free(&c->clauses[k]);
		free(c->clauses);
		free(c->conditions);
	}
	free(p->table.text.states);
	free(p);
}

const struct nunchi_push *push_table(const struct push_plan *p)
{
	return &p->table;
}

const char *push_left_out(const struct push_plan *p)
{
	return p->left_out;
}

void push_container(const struct push_plan *p, const struct model *m, struct container *c,
		    uint64_t ret[NUNCHI_PUSH_CLASSES])
{
	for (size_t i = 0; i < NUNCHI_PUSH_CLASSES; i++) {
		const struct look l = { .class = &p->classes[i], .kind = NUNCHI_PUSH_CONTAINER, .model = m,
					.container = c };

		ret[i] = i < p->n_classes ? mask_of(&l) : 0;
	}
}

/* Writes the tests that are left to user space. */
static void add_unknown(const struct class *c, const struct node *n, struct strbuf *names)
{
	const char *why;
	unsigned kind;

	for (size_t i = 0; i < n->n_kids; i++)
		add_unknown(c, n->kids[i], names);
	if (n->kind == NODE_TEST && n->left.field->scope != SCOPE_TYPE &&
	    n->left.field->scope != SCOPE_OTHER &&
	    push_test(c->shape, n, &kind, &why) == BLOCK_UNKNOWN)
		block_fields(n, names);
}

static void describe_class(const struct class *c, const struct node *root, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf known = STRBUF_INIT, unknown = STRBUF_INIT;

	for (size_t i = 0; i < c->n_calls; i++)
		strbuf_addf(out, "%s%s", i ? ", " : "  ", c->calls[i]->name);
	for (size_t i = 0; i < c->n_clauses && !c->useless; i++)
		for (size_t k = 0; k < c->clauses[i].n_parts; k++)
			block_fields(c->clauses[i].parts[k].node, &known);
	add_unknown(c, root, &unknown);
	strbuf_addf(out, ": %s%s", known.len ? "by " : "all of them leave it", known.len ? known.s : "");
	if (unknown.len)
		strbuf_addf(out, "; in user space: %s", unknown.s);
	strbuf_addc(out, '\n');
}

void push_describe(const struct node *root, const struct syscall_set *calls, struct strbuf *out)
{
	struct push_plan *p = push_plan_new(&root, 1, calls);

	for (size_t i = 0; i < p->n_classes; i++)
		describe_class(&p->classes[i], root, out);
	push_plan_free(p);
}

uint64_t push_read(const struct push_text *t, unsigned start, const void *text, size_t len,
		   uint64_t *within)
{
	const uint8_t *bytes = text;

	*within |= t->states[start].within;
	for (size_t i = 0; i < len && !t->states[start].over; i++) {
		start = t->states[start].next[t->letters[bytes[i]]];
		*within |= t->states[start].within;
	}
	return t->states[start].mask;
}
