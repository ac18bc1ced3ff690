/* SPDX-License-Identifier: Apache-2.0 */
/* From the leaves up: inner nodes are equal if their children are the same nodes. */
#include "intern.h"

#include "evaluation.h"

static uint64_t hash_test(const struct node *n)
{
	uint64_t hash = operand_hash(&n->left) + (uintptr_t)n->op + (uint64_t)n->quantifier;

	if (n->right)
		hash = hash_u64(hash) + operand_hash(n->right);
	for (size_t i = 0; i < n->n_values; i++)
		hash = hash_u64(hash) + value_hash(&n->values[i]) + n->values[i].prefix;
	return hash_u64(hash);
}

static uint64_t hash_node(const struct node *n)
{
	uint64_t hash = (uint64_t)n->kind;

	if (n->kind == NODE_TEST)
		return hash_test(n);
	for (size_t i = 0; i < n->n_kids; i++)
		hash = hash_u64(hash) + n->kids[i]->id;
	return hash_u64(hash);
}

static bool same_value(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == VALUE_NET)
		return a->family == b->family && a->prefix == b->prefix &&
		       !memcmp(a->ip, b->ip, sizeof(a->ip));
	return !value_compare(a, b);
}

static bool same_test(const struct node *a, const struct node *b)
{
	if (a->op != b->op || a->quantifier != b->quantifier || a->n_values != b->n_values ||
	    !a->right != !b->right || !operand_equal(&a->left, &b->left) ||
	    (a->right && !operand_equal(a->right, b->right)))
		return false;
	for (size_t i = 0; i < a->n_values; i++)
		if (!same_value(&a->values[i], &b->values[i]))
			return false;
	return true;
}

static bool same_node(const struct node *a, const struct node *b)
{
	if (a->kind != b->kind || a->n_kids != b->n_kids)
		return false;
	if (a->kind == NODE_TEST)
		return same_test(a, b);
	return !memcmp(a->kids, b->kids, a->n_kids * sizeof(struct node *));
}

static void find_slot(struct interned *in, struct operand *o)
{
	uint64_t hash = operand_hash(o);

	for (struct hnode *h = hmap_first(&in->operands, hash); h; h = hmap_next(h, hash)) {
		const struct operand *same = container_of(h, struct operand, by_content);

		if (operand_equal(same, o)) {
			o->slot = same->slot;
			return;
		}
	}
	o->slot = (unsigned)in->operands.count;
	hmap_insert(&in->operands, &o->by_content, hash);
}

static void set_type_test(struct node_facts *f, const struct node *n)
{
	for (unsigned type = 0; type < TYPES_MAX; type++) {
		bool is_call = type < NUNCHI_CALLS_MAX;
		const struct syscall_info *call = is_call ? syscall_by_nr(type) : NULL;
		enum tri answer = TRI_UNKNOWN;

		if (call)
			answer = node_match_type(n, EVENT_SYSCALL, call);
		else if (!is_call && type != NUNCHI_CALLS_MAX + EVENT_SYSCALL)
			answer = node_match_type(n, (enum event_type)(type - NUNCHI_CALLS_MAX),
						 NULL);
		if (answer != TRI_FALSE)
			f->may.bits[type / 64] |= 1ULL << type % 64;
		if (answer == TRI_TRUE)
			f->must.bits[type / 64] |= 1ULL << type % 64;
	}
}

static void set_test(struct node_facts *f, const struct node *n)
{
	bool by_type = n->left.field->scope == SCOPE_TYPE || n->left.field->scope == SCOPE_OTHER;

	if (by_type)
		set_type_test(f, n);
	else
		memset(&f->may, 0xff, sizeof(f->may));
}

static void set_facts(struct interned *in, struct node *n)
{
	struct node_facts *f = &in->facts[n->id];

	*f = (struct node_facts){ .node = n };
	if (n->kind == NODE_TEST) {
		set_test(f, n);
		return;
	}
	if (n->kind == NODE_AND) {
		memset(&f->may, 0xff, sizeof(f->may));
		memset(&f->must, 0xff, sizeof(f->must));
	}
	for (size_t i = 0; i < n->n_kids; i++) {
		const struct node_facts *kid = &in->facts[n->kids[i]->id];

		for (size_t w = 0; w < TYPE_WORDS; w++) {
			if (n->kind == NODE_NOT) {
				f->may.bits[w] = ~kid->must.bits[w];
				f->must.bits[w] = ~kid->may.bits[w];
			} else if (n->kind == NODE_AND) {
				f->may.bits[w] &= kid->may.bits[w];
				f->must.bits[w] &= kid->must.bits[w];
			} else {
				f->may.bits[w] |= kid->may.bits[w];
				f->must.bits[w] |= kid->must.bits[w];
			}
		}
	}
}

static void add_node(struct interned *in, struct node *n, uint64_t hash)
{
	size_t size = in->n_nodes + 1;

	n->id = (unsigned)++in->n_nodes;
	if (!(size & (size - 1)))
		in->facts = xrealloc(in->facts, size * 2 * sizeof(*in->facts));
	if (n->kind == NODE_TEST) {
		find_slot(in, &n->left);
		if (n->right)
			find_slot(in, n->right);
	}
	for (size_t i = 0; i < n->n_kids; i++)
		n->kids[i]->parents++;
	hmap_insert(&in->by_content, &n->by_content, hash);
	set_facts(in, n);
}

struct node *intern_node(struct interned *in, struct node *n)
{
	uint64_t hash;

	if (n->id)
		return n;
	for (size_t i = 0; i < n->n_kids; i++)
		n->kids[i] = intern_node(in, n->kids[i]);
	hash = hash_node(n);
	for (struct hnode *h = hmap_first(&in->by_content, hash); h; h = hmap_next(h, hash)) {
		struct node *same = container_of(h, struct node, by_content);

		if (same_node(same, n)) {
			same = node_ref(same);
			node_unref(n);
			return same;
		}
	}
	add_node(in, n, hash);
	return n;
}

void intern_count_rule(struct interned *in, const struct node *n, unsigned number)
{
	struct node_facts *f = &in->facts[n->id];

	if (f->last_rule == number + 1)
		return;
	f->last_rule = number + 1;
	f->rules++;
	for (size_t i = 0; i < n->n_kids; i++)
		intern_count_rule(in, n->kids[i], number);
}

void intern_free(struct interned *in)
{
	hmap_free(&in->by_content);
	free(in->facts);
	hmap_free(&in->operands);
}
