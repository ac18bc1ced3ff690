/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bucket per event type; types for which the same rules have the same keys share one. A bucket has
 * tables, each for one operand and one kind of look-up: by the whole value, or by its first or last
 * bytes, with each length that a rule has.
 */
#include "index.h"

#include "access.h"
#include "value_set.h"

/* The range of one key's rules in the table's list. */
struct posting {
	uint32_t first, n;
	struct value key; /* borrowed from the test */
};

struct table {
	unsigned slot; /* of the operand */
	const struct operand *operand;
	enum access_kind kind;
	uint32_t mask;
	uint32_t *slots; /* index of a posting plus one; 0: empty */
	struct posting *postings;
	size_t n_postings;
	uint32_t *rules;   /* numbers in the bucket */
	uint32_t *lengths; /* of the keys, without duplicates, for prefixes and suffixes */
	size_t n_lengths;
};

struct bucket {
	unsigned *rules; /* the rule for each number in the bucket */
	size_t n_rules;
	uint64_t *always; /* bit set of the rules without a key */
	size_t words;
	struct table *tables;
	size_t n_tables;
	unsigned users;
};

struct index {
	struct bucket *by_type[TYPES_MAX]; /* NULL: no rule can match it */
	uint64_t *candidates;
};

/* A key of a rule, before the tables are built. */
struct entry {
	const struct operand *operand;
	enum access_kind kind;
	struct value key;
	uint32_t rule; /* number in the bucket */
};

static int by_table_and_key(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int r;

	if (x->operand->slot != y->operand->slot)
		return x->operand->slot < y->operand->slot ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	r = value_compare(&x->key, &y->key);
	if (r)
		return r;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static void add_length(struct table *t, size_t len)
{
	for (size_t i = 0; i < t->n_lengths; i++)
		if (t->lengths[i] == len)
			return;
	t->lengths = xrealloc(t->lengths, (t->n_lengths + 1) * sizeof(*t->lengths));
	t->lengths[t->n_lengths++] = (uint32_t)len;
}

static void add_posting(struct table *t, const struct value *key, uint32_t first)
{
	uint64_t hash = value_hash(key);

	t->postings[t->n_postings] = (struct posting){ first, 0, *key };
	while (t->slots[hash & t->mask])
		hash++;
	t->slots[hash & t->mask] = (uint32_t)++t->n_postings;
	if (t->kind != ACCESS_WHOLE)
		add_length(t, key->len);
}

/* entries: the n of one table, sorted by key. */
static void fill_table(struct table *t, const struct entry *entries, size_t n)
{
	size_t size = 4;

	while (size < 2 * n)
		size *= 2;
	t->operand = entries[0].operand;
	t->slot = entries[0].operand->slot;
	t->kind = entries[0].kind;
	t->mask = (uint32_t)size - 1;
	t->slots = xcalloc(size, sizeof(*t->slots));
	t->postings = xcalloc(n, sizeof(*t->postings));
	t->rules = xcalloc(n, sizeof(*t->rules));
	for (size_t i = 0; i < n; i++) {
		if (!i || value_compare(&entries[i].key, &entries[i - 1].key))
			add_posting(t, &entries[i].key, (uint32_t)i);
		t->rules[i] = entries[i].rule;
		t->postings[t->n_postings - 1].n++;
	}
}

static void fill_tables(struct bucket *b, struct entry *entries, size_t n)
{
	size_t begin = 0;

	qsort(entries, n, sizeof(*entries), by_table_and_key);
	for (size_t i = 1; i <= n; i++) {
		if (i < n && entries[i].operand->slot == entries[begin].operand->slot &&
		    entries[i].kind == entries[begin].kind)
			continue;
		b->tables = xrealloc(b->tables, (b->n_tables + 1) * sizeof(*b->tables));
		b->tables[b->n_tables] = (struct table){ .slot = 0 };
		fill_table(&b->tables[b->n_tables++], entries + begin, i - begin);
		begin = i;
	}
}

struct entries {
	struct entry *v;
	size_t n, cap;
};

static void add_entry(struct entries *all, const struct node *test, const struct value *key,
		      uint32_t rule)
{
	struct entry *e;

	if (all->n == all->cap) {
		all->cap = MAX(all->cap * 2, (size_t)64);
		all->v = xrealloc(all->v, all->cap * sizeof(*all->v));
	}
	e = &all->v[all->n++];
	*e = (struct entry){ &test->left, access_kind(test), *key, rule };
	if (streq(test->op->name, "pmatch"))
		e->key.len = value_path_beginning(key);
}

static struct bucket *bucket_new(struct access *const *access, const unsigned *rules, size_t n)
{
	struct bucket *b = xcalloc(1, sizeof(*b));
	struct entries entries = { NULL, 0, 0 };

	b->rules = xmemdup(rules, n * sizeof(*rules));
	b->n_rules = n;
	b->words = (n + 63) / 64;
	b->always = xcalloc(b->words, sizeof(*b->always));
	for (uint32_t i = 0; i < n; i++) {
		if (!access[i])
			b->always[i / 64] |= 1ULL << i % 64;
		for (size_t k = 0; access[i] && k < access[i]->n; k++) {
			const struct node *test = access[i]->tests[k];

			for (size_t v = 0; v < test->n_values; v++)
				add_entry(&entries, test, &test->values[v], i);
		}
	}
	if (entries.n)
		fill_tables(b, entries.v, entries.n);
	free(entries.v);
	return b;
}

static void bucket_free(struct bucket *b)
{
	for (size_t i = 0; i < b->n_tables; i++) {
		free(b->tables[i].slots);
		free(b->tables[i].postings);
		free(b->tables[i].rules);
		free(b->tables[i].lengths);
	}
	free(b->tables);
	free(b->always);
	free(b->rules);
	free(b);
}

/* The rules of a type, and how each is found. */
struct plan {
	unsigned *rules;
	struct access **access; /* NULL: no test is a key */
	size_t n;
};

static bool same_plan(const struct plan *a, const struct plan *b)
{
	if (a->n != b->n || memcmp(a->rules, b->rules, a->n * sizeof(*a->rules)))
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!access_equal(a->access[i], b->access[i]))
			return false;
	return true;
}

static void make_plan(struct plan *p, const struct interned *in, struct node *const *roots,
		      size_t n, unsigned type)
{
	p->n = 0;
	for (size_t i = 0; i < n; i++) {
		if (!roots[i] || !type_bit(&in->facts[roots[i]->id].may, type))
			continue;
		p->rules[p->n] = (unsigned)i;
		p->access[p->n++] = access_find(in, roots[i], type);
	}
}

static void clear_plan(struct plan *p)
{
	while (p->n)
		access_free(p->access[--p->n]);
}

static void plan_init(struct plan *p, size_t n)
{
	p->rules = xcalloc(n + 1, sizeof(*p->rules));
	p->access = xcalloc(n + 1, sizeof(*p->access));
	p->n = 0;
}

static void plan_free(struct plan *p)
{
	clear_plan(p);
	free(p->rules);
	free(p->access);
}

/* Only neighbours are compared: they are often alike, and a missed match only costs memory. */
struct index *index_new(const struct interned *in, struct node *const *roots, size_t n)
{
	struct index *ix = xcalloc(1, sizeof(*ix));
	struct plan plans[2], *plan = &plans[0], *last = &plans[1];
	struct bucket *bucket = NULL;

	plan_init(plan, n);
	plan_init(last, n);
	for (unsigned type = 0; type < TYPES_MAX; type++) {
		struct plan *swap;

		make_plan(plan, in, roots, n, type);
		if (!plan->n)
			continue;
		if (!bucket || !same_plan(plan, last))
			bucket = bucket_new(plan->access, plan->rules, plan->n);
		bucket->users++;
		ix->by_type[type] = bucket;
		swap = plan;
		plan = last;
		last = swap;
		clear_plan(plan);
	}
	plan_free(plan);
	plan_free(last);
	ix->candidates = xcalloc(n / 64 + 1, sizeof(*ix->candidates));
	return ix;
}

void index_free(struct index *ix)
{
	if (!ix)
		return;
	for (unsigned type = 0; type < TYPES_MAX; type++)
		if (ix->by_type[type] && !--ix->by_type[type]->users)
			bucket_free(ix->by_type[type]);
	free(ix->candidates);
	free(ix);
}

static void look_up(const struct table *t, const struct value *v, uint64_t *candidates)
{
	uint64_t hash = value_hash(v);
	uint32_t i;

	for (; (i = t->slots[hash & t->mask]); hash++) {
		const struct posting *p = &t->postings[i - 1];

		if (value_compare(&p->key, v))
			continue;
		for (uint32_t k = 0; k < p->n; k++) {
			uint32_t rule = t->rules[p->first + k];

			candidates[rule / 64] |= 1ULL << rule % 64;
		}
		return;
	}
}

static void look_up_value(const struct table *t, const struct value *v, uint64_t *candidates)
{
	if (t->kind == ACCESS_WHOLE) {
		look_up(t, v, candidates);
		return;
	}
	for (size_t i = 0; i < t->n_lengths; i++) {
		struct value part = *v;

		if (t->lengths[i] > v->len)
			continue;
		part.len = t->lengths[i];
		part.s += t->kind == ACCESS_END ? v->len - part.len : 0;
		look_up(t, &part, candidates);
	}
}

static unsigned type_of(const struct event *ev)
{
	if (ev->type == EVENT_SYSCALL)
		return (unsigned)syscall_nr(ev->call);
	return NUNCHI_CALLS_MAX + (unsigned)ev->type;
}

const uint64_t *index_candidates(const struct index *ix, struct evaluation *e,
				 struct field_context *fc, size_t *ret_words,
				 const unsigned **ret_rules)
{
	unsigned type = type_of(fc->ev);
	const struct bucket *b = type < TYPES_MAX ? ix->by_type[type] : NULL;

	if (!b)
		return NULL;
	memcpy(ix->candidates, b->always, b->words * sizeof(*b->always));
	for (size_t i = 0; i < b->n_tables; i++) {
		const struct table *t = &b->tables[i];
		const struct value *v = evaluation_operand(e, t->operand, fc);

		if (v->type == VALUE_LIST) {
			for (size_t k = 0; k < v->len; k++)
				look_up_value(t, &v->items[k], ix->candidates);
		} else if (v->type != VALUE_NONE) {
			look_up_value(t, v, ix->candidates);
		}
	}
	*ret_words = b->words;
	*ret_rules = b->rules;
	return ix->candidates;
}
