/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subset construction: patterns share their beginnings in a trie, and a state of the automaton is the
 * set of trie nodes at which a text can be after the bytes read so far. A star's node loops: it is
 * entered without reading a byte, and stays while bytes of its set come.
 *
 * Bytes that no pattern tells apart are one letter, so that the table is by state and letter.
 */
#include "automaton.h"

#include <errno.h>

#include "base/hmap.h"

struct trie_node {
	struct element in;	/* the bytes that lead into it; a star leads into it without one */
	unsigned group;
	uint32_t *kids;
	size_t n_kids;
	uint32_t *accepts;	/* what automaton_add() was told of patterns that end here */
	size_t n_accepts;
	uint64_t letters[2];	/* in.set as bits of letters; find_letters() fills it in */
};

struct trie_nodes {
	uint32_t *at;
	size_t n, cap;
};

struct state {
	uint32_t *at;		/* its nodes, ascending */
	size_t n;
	uint32_t *accepts;	/* all that its nodes accept, ascending */
	size_t n_accepts;
};

struct automaton {
	struct trie_node *nodes;	/* the first are the groups' roots */
	size_t n_nodes, cap_nodes;
	unsigned n_groups;
	uint8_t alphabet[256];
	unsigned n_letters;
	struct state *states;
	size_t n_states, cap_states;
	uint16_t *next;		/* by state and letter */
	uint32_t *starts;	/* by group */
	uint32_t *table;	/* hash table of states by their nodes: number plus one; 0: free */
	size_t table_size;	/* a power of two */
};

static uint32_t trie_add(struct automaton *a, unsigned group)
{
	if (a->n_nodes == a->cap_nodes) {
		a->cap_nodes = MAX(2 * a->cap_nodes, (size_t)64);
		a->nodes = xrealloc(a->nodes, a->cap_nodes * sizeof(*a->nodes));
	}
	a->nodes[a->n_nodes] = (struct trie_node){ .group = group };
	return (uint32_t)a->n_nodes++;
}

void automaton_free(struct automaton *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->n_nodes; i++) {
		free(a->nodes[i].kids);
		free(a->nodes[i].accepts);
	}
	for (size_t i = 0; i < a->n_states; i++) {
		free(a->states[i].at);
		free(a->states[i].accepts);
	}
	free(a->nodes);
	free(a->states);
	free(a->next);
	free(a->starts);
	free(a->table);
	free(a);
}

/* The node that the element leads to, a new one if there is none. */
static uint32_t kid_of(struct automaton *a, uint32_t from, const struct element *e)
{
	struct trie_node *p = &a->nodes[from];
	uint32_t kid;

	for (size_t i = 0; i < p->n_kids; i++) {
		const struct element *in = &a->nodes[p->kids[i]].in;

		if (in->star == e->star && !memcmp(in->set, e->set, sizeof(e->set)))
			return p->kids[i];
	}
	kid = trie_add(a, p->group);
	a->nodes[kid].in = *e;
	p = &a->nodes[from];
	p->kids = xrealloc(p->kids, (p->n_kids + 1) * sizeof(*p->kids));
	p->kids[p->n_kids++] = kid;
	return kid;
}

/* Each root gets a star of any byte: no text leads to an empty set, which would have no group. */
struct automaton *automaton_new(unsigned n_groups)
{
	struct automaton *a = xcalloc(1, sizeof(*a));
	struct element any = { .star = true };

	memset(any.set, 0xff, sizeof(any.set));
	a->n_groups = n_groups;
	for (unsigned i = 0; i < n_groups; i++)
		(void)trie_add(a, i);
	for (unsigned i = 0; i < n_groups; i++)
		(void)kid_of(a, i, &any);
	return a;
}

void automaton_add(struct automaton *a, unsigned group, const struct element *pattern, size_t n,
		   unsigned accept)
{
	uint32_t at = group;
	struct trie_node *p;

	for (size_t i = 0; i < n; i++)
		at = kid_of(a, at, &pattern[i]);
	p = &a->nodes[at];
	p->accepts = xrealloc(p->accepts, (p->n_accepts + 1) * sizeof(*p->accepts));
	p->accepts[p->n_accepts++] = accept;
}

static bool has_byte(const struct element *e, unsigned byte)
{
	return e->set[byte / 8] >> byte % 8 & 1;
}

/* Splits each letter of which only some bytes are in the set. */
static void split_letters(struct automaton *a, const struct element *e)
{
	int inside[256], n = (int)a->n_letters;
	bool outside[256] = { false };

	for (int i = 0; i < n; i++)
		inside[i] = -1;
	for (unsigned byte = 0; byte < 256; byte++)
		if (!has_byte(e, byte))
			outside[a->alphabet[byte]] = true;
	for (unsigned byte = 0; byte < 256; byte++) {
		unsigned letter = a->alphabet[byte];

		if (!has_byte(e, byte) || !outside[letter])
			continue;
		if (inside[letter] < 0)
			inside[letter] = (int)a->n_letters++;
		a->alphabet[byte] = (uint8_t)inside[letter];
	}
}

static int find_letters(struct automaton *a, unsigned max)
{
	a->n_letters = 1;
	for (size_t i = a->n_groups; i < a->n_nodes; i++) {
		split_letters(a, &a->nodes[i].in);
		if (a->n_letters > MIN(max, 128U))
			return -E2BIG;
	}
	for (size_t i = a->n_groups; i < a->n_nodes; i++)
		for (unsigned byte = 0; byte < 256; byte++)
			if (has_byte(&a->nodes[i].in, byte))
				a->nodes[i].letters[a->alphabet[byte] / 64] |=
					1ULL << a->alphabet[byte] % 64;
	return 0;
}

static bool takes(const struct trie_node *p, unsigned letter)
{
	return p->letters[letter / 64] >> letter % 64 & 1;
}

/* Adds a node, and those behind it that are entered without a byte. */
static void enter(const struct automaton *a, struct trie_nodes *l, uint32_t at)
{
	const struct trie_node *p = &a->nodes[at];

	if (l->n == l->cap) {
		l->cap = MAX(2 * l->cap, (size_t)16);
		l->at = xrealloc(l->at, l->cap * sizeof(*l->at));
	}
	l->at[l->n++] = at;
	for (size_t i = 0; i < p->n_kids; i++)
		if (a->nodes[p->kids[i]].in.star)
			enter(a, l, p->kids[i]);
}

static int compare_numbers(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static size_t sort_unique(uint32_t *at, size_t n)
{
	size_t k = 0;

	qsort(at, n, sizeof(*at), compare_numbers);
	for (size_t i = 0; i < n; i++)
		if (!i || at[i] != at[i - 1])
			at[k++] = at[i];
	return k;
}

static void add_accepts(const struct automaton *a, struct state *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += a->nodes[s->at[i]].n_accepts;
	s->accepts = xcalloc(n + 1, sizeof(*s->accepts));
	for (size_t i = 0; i < s->n; i++) {
		const struct trie_node *p = &a->nodes[s->at[i]];

		for (size_t k = 0; k < p->n_accepts; k++)
			s->accepts[s->n_accepts++] = p->accepts[k];
	}
	s->n_accepts = sort_unique(s->accepts, s->n_accepts);
}

static uint32_t *find_slot(const struct automaton *a, const uint32_t *at, size_t n)
{
	uint64_t hash = hash_bytes(at, n * sizeof(*at));

	for (;; hash++) {
		uint32_t *slot = &a->table[hash & (a->table_size - 1)];
		const struct state *s = *slot ? &a->states[*slot - 1] : NULL;

		if (!s || (s->n == n && !memcmp(s->at, at, n * sizeof(*at))))
			return slot;
	}
}

/* The state of this set of nodes, a new one if there is none. */
static uint32_t state_of(struct automaton *a, struct trie_nodes *l)
{
	uint32_t *slot;

	l->n = sort_unique(l->at, l->n);
	slot = find_slot(a, l->at, l->n);
	if (*slot)
		return *slot - 1;
	if (a->n_states == a->cap_states) {
		a->cap_states = MAX(2 * a->cap_states, (size_t)256);
		a->states = xrealloc(a->states, a->cap_states * sizeof(*a->states));
		a->next = xrealloc(a->next, a->cap_states * a->n_letters * sizeof(*a->next));
	}
	a->states[a->n_states] = (struct state){ .n = l->n };
	a->states[a->n_states].at = xmemdup(l->at, l->n * sizeof(*l->at));
	add_accepts(a, &a->states[a->n_states]);
	*slot = (uint32_t)++a->n_states;
	return *slot - 1;
}

/* Fills in the state's row: where each letter leads. l is scratch, a set for each letter. */
static void find_next(struct automaton *a, uint32_t state, struct trie_nodes *l)
{
	for (unsigned letter = 0; letter < a->n_letters; letter++)
		l[letter].n = 0;
	for (size_t i = 0; i < a->states[state].n; i++) {
		uint32_t at = a->states[state].at[i];
		const struct trie_node *p = &a->nodes[at];

		for (unsigned letter = 0; letter < a->n_letters; letter++)
			if (p->in.star && takes(p, letter))
				enter(a, &l[letter], at);
		for (size_t k = 0; k < p->n_kids; k++) {
			const struct trie_node *kid = &a->nodes[p->kids[k]];

			for (unsigned letter = 0; !kid->in.star && letter < a->n_letters; letter++)
				if (takes(kid, letter))
					enter(a, &l[letter], p->kids[k]);
		}
	}
	for (unsigned letter = 0; letter < a->n_letters; letter++) {
		uint32_t next = state_of(a, &l[letter]);

		a->next[state * a->n_letters + letter] = (uint16_t)next;
	}
}

int automaton_build(struct automaton *a, size_t max_states, unsigned max_letters)
{
	struct trie_nodes *l;
	int r = find_letters(a, max_letters);

	if (r < 0)
		return r;
	for (a->table_size = 1; a->table_size < 4 * max_states; a->table_size *= 2)
		;
	a->table = xcalloc(a->table_size, sizeof(*a->table));
	a->starts = xcalloc(a->n_groups + 1, sizeof(*a->starts));
	l = xcalloc(a->n_letters, sizeof(*l));
	for (unsigned i = 0; i < a->n_groups; i++) {
		l[0].n = 0;
		enter(a, &l[0], i);
		a->starts[i] = state_of(a, &l[0]);
	}
	/* find_next() adds states while this goes through them, at most one for each letter. */
	for (uint32_t i = 0; i < a->n_states && r >= 0; i++) {
		find_next(a, i, l);
		r = a->n_states > max_states - a->n_letters ? -E2BIG : 0;
	}
	for (unsigned letter = 0; letter < a->n_letters; letter++)
		free(l[letter].at);
	free(l);
	return r;
}

size_t automaton_states(const struct automaton *a)
{
	return a->n_states;
}

unsigned automaton_letters(const struct automaton *a)
{
	return a->n_letters;
}

const uint8_t *automaton_alphabet(const struct automaton *a)
{
	return a->alphabet;
}

unsigned automaton_start(const struct automaton *a, unsigned group)
{
	return a->starts[group];
}

unsigned automaton_next(const struct automaton *a, unsigned state, unsigned letter)
{
	return a->next[state * a->n_letters + letter];
}

unsigned automaton_group(const struct automaton *a, unsigned state)
{
	return a->nodes[a->states[state].at[0]].group;
}

const uint32_t *automaton_accepts(const struct automaton *a, unsigned state, size_t *ret_n)
{
	*ret_n = a->states[state].n_accepts;
	return a->states[state].accepts;
}
