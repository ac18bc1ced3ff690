/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The automaton of blocking rules, for texts that a look-up by their beginning cannot decide. Unlike that of rules that only
 * alert (push.c) it is exact: a part about the head or the tail of a text is decided by the state in which the text ends; a
 * match within the text sets a mark, one bit for each such test.
 */
#include "block_read.h"

#include <errno.h>

#include "evaluation.h"
#include "push.h"

#define GROUPS (NUNCHI_BLOCK_TEXTS * 2)	/* of a class */

/* The tests that a class's marks stand for. */
struct marks {
	const struct node *tests[NUNCHI_BLOCK_MARKS];
	unsigned n;
};

struct reader {
	struct block_plan *plan;
	struct push_texts *texts;
	struct marks marks[NUNCHI_BLOCK_MAX];
};

/* enum nunchi_block_text of a kind from NUNCHI_BLOCK_READ_FIRST on. */
static unsigned text_of(unsigned kind)
{
	return (kind - NUNCHI_BLOCK_READ_FIRST) / NUNCHI_BLOCK_PLACES;
}

unsigned block_place_of(unsigned kind)
{
	return (kind - NUNCHI_BLOCK_READ_FIRST) % NUNCHI_BLOCK_PLACES;
}

/* The group of patterns: those within a text are in that of the tail. */
static unsigned group_of(unsigned class, unsigned kind)
{
	return class * GROUPS + text_of(kind) * 2 + (block_place_of(kind) != NUNCHI_BLOCK_HEAD);
}

/* The number of the test's mark, a new one if it has none; NUNCHI_BLOCK_MARKS: there are too many. */
static unsigned mark_of(struct marks *m, const struct node *test)
{
	unsigned i = 0;

	while (i < m->n && m->tests[i] != test)
		i++;
	if (i == m->n && m->n < NUNCHI_BLOCK_MARKS)
		m->tests[m->n++] = test;
	return i;
}

static int add_within(struct reader *r, unsigned class, unsigned clause, const struct block_part *part,
		      struct strbuf *err)
{
	struct nunchi_block_read *read = &r->plan->reads[class];
	unsigned text = text_of(part->kind), mark = mark_of(&r->marks[class], part->node);

	if (mark == NUNCHI_BLOCK_MARKS) {
		strbuf_addf(err, "rules that block %s ask by contains for more than the %d things that the kernel side has "
				 "room for: take some out, or ask for several with contains anyof (a, b)",
			    block_class_names[class], NUNCHI_BLOCK_MARKS);
		return -E2BIG;
	}
	read->marks[text] |= 1ULL << mark;
	if (part->negated)
		read->with[mark] &= ~(1ULL << clause);
	else
		read->without[mark] &= ~(1ULL << clause);
	return 0;
}

static int add_clause(struct reader *r, unsigned class, unsigned clause, struct strbuf *err)
{
	const struct block_clause *c = &r->plan->clauses[class][clause];
	int ret = 0;

	for (size_t i = 0; ret >= 0 && i < c->n_parts; i++) {
		const struct block_part *part = &c->parts[i];
		bool within;

		if (part->kind < NUNCHI_BLOCK_READ_FIRST || part->kind == BLOCK_KIND_CONTAINER)
			continue;
		within = block_place_of(part->kind) == NUNCHI_BLOCK_WITHIN;
		push_texts_add(r->texts, group_of(class, part->kind), part->node, within);
		ret = within ? add_within(r, class, clause, part, err) : 0;
	}
	return ret;
}

static int add_all(struct reader *r, struct strbuf *err)
{
	int ret = 0;

	for (unsigned class = 0; class < NUNCHI_BLOCK_MAX; class++) {
		struct nunchi_block_read *read = &r->plan->reads[class];

		memset(read, 0, sizeof(*read));
		memset(read->with, 0xff, sizeof(read->with));
		memset(read->without, 0xff, sizeof(read->without));
		for (unsigned i = 0; ret >= 0 && i < r->plan->n_clauses[class]; i++)
			ret = add_clause(r, class, i, err);
		for (unsigned text = 0; text < NUNCHI_BLOCK_TEXTS; text++) {
			read->without_any[text] = UINT64_MAX;
			for (unsigned mark = 0; mark < NUNCHI_BLOCK_MARKS; mark++)
				if (read->marks[text] >> mark & 1)
					read->without_any[text] &= read->without[mark];
		}
	}
	return ret;
}

struct at_end {
	const struct push_texts *texts;
	unsigned state;
};

/* Whether the test holds for texts that end in this state. */
static bool holds_at_end(const struct node *test, void *arg)
{
	const struct at_end *at = arg;

	return push_texts_holds(at->texts, at->state, test);
}

static bool clause_takes(const struct push_texts *texts, unsigned state, unsigned group, const struct block_clause *c)
{
	struct at_end at = { texts, state };

	for (size_t i = 0; i < c->n_parts; i++) {
		const struct block_part *part = &c->parts[i];

		if (part->kind < NUNCHI_BLOCK_READ_FIRST || part->kind == BLOCK_KIND_CONTAINER ||
		    block_place_of(part->kind) == NUNCHI_BLOCK_WITHIN ||
		    group_of(group / GROUPS, part->kind) != group)
			continue;
		if (node_holds(part->node, holds_at_end, &at) == part->negated)
			return false;
	}
	return true;
}

static void masks_of_state(unsigned group, const struct push_texts *texts, unsigned state,
			   struct nunchi_push_state *row, void *arg)
{
	const struct reader *r = arg;
	unsigned class = group / GROUPS;

	for (unsigned i = 0; i < r->plan->n_clauses[class]; i++)
		if (clause_takes(texts, state, group, &r->plan->clauses[class][i]))
			row->mask |= 1ULL << i;
	for (unsigned i = 0; group % 2 && i < r->marks[class].n; i++)
		if (push_texts_holds(texts, state, r->marks[class].tests[i]))
			row->within |= 1ULL << i;
}

static bool is_needed(const struct block_plan *p)
{
	uint32_t kinds = 0;

	for (unsigned class = 0; class < NUNCHI_BLOCK_MAX; class++)
		kinds |= p->rows[class].kinds;
	return kinds >> NUNCHI_BLOCK_READ_FIRST;
}

int block_read_make(struct block_plan *p, struct strbuf *err)
{
	struct reader r = { .plan = p };
	int ret;

	free(p->text.states);
	p->text = (struct push_text){ .states = NULL };
	if (!is_needed(p))
		return 0;
	r.texts = push_texts_new(NUNCHI_BLOCK_MAX * GROUPS);
	ret = add_all(&r, err);
	if (ret >= 0) {
		ret = push_texts_build(r.texts, NUNCHI_BLOCK_STATES_MAX);
		if (ret < 0)
			strbuf_addf(err, "what rules that block ask of texts by endswith, contains and glob comes to more than the "
					 "%d states that the kernel side has room for: ask for less of it, above all by fewer "
					 "stars in glob", NUNCHI_BLOCK_STATES_MAX);
	}
	if (ret >= 0) {
		push_texts_fill(r.texts, &p->text, masks_of_state, &r);
		for (unsigned group = 0; group < NUNCHI_BLOCK_MAX * GROUPS; group++)
			p->reads[group / GROUPS].start[group % GROUPS / 2][group % 2] =
				(uint16_t)push_texts_start(r.texts, group);
	}
	push_texts_free(r.texts);
	return ret;
}

uint64_t block_read_text(const struct block_plan *p, enum nunchi_block_class class, enum nunchi_block_text text,
			 const char *s)
{
	const struct nunchi_block_read *read = &p->reads[class];
	uint64_t mask, within = 0, none = 0;

	if (!NUNCHI_BLOCK_READS(p->rows[class].kinds, text))
		return UINT64_MAX;
	mask = push_read(&p->text, read->start[text][NUNCHI_BLOCK_HEAD], s, strlen(s), &none);
	mask &= push_read(&p->text, read->start[text][NUNCHI_BLOCK_TAIL], s, strlen(s), &within);
	for (unsigned i = 0; i < NUNCHI_BLOCK_MARKS; i++)
		if (read->marks[text] >> i & 1)
			mask &= within >> i & 1 ? read->with[i] : read->without[i];
	return mask;
}
