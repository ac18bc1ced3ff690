/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of values: for each value that a rule names, and for each beginning of values, which clauses it
 * satisfies. All other values have the entry of their kind, with an empty prefix.
 */
#include "block_values.h"

#include <sys/socket.h>

#include "evaluation.h"

/* The first byte of a number that is there; 0: it is missing. */
#define PRESENT 1

struct builder {
	struct block_plan *plan;
	size_t cap;
};

static unsigned data_bits(const struct nunchi_block_key *key)
{
	return key->bits - NUNCHI_BLOCK_KEY_BITS;
}

static void add_value(struct builder *b, unsigned class, unsigned kind, const void *bytes,
		      unsigned bits)
{
	struct block_plan *p = b->plan;
	struct nunchi_block_value *v;

	if (p->n_values == b->cap) {
		b->cap = MAX(2 * b->cap, (size_t)64);
		p->values = xrealloc(p->values, b->cap * sizeof(*p->values));
	}
	v = &p->values[p->n_values++];
	*v = (struct nunchi_block_value){ .key = { .bits = NUNCHI_BLOCK_KEY_BITS + bits,
					    .row = (uint8_t)class, .kind = (uint8_t)kind } };
	memcpy(v->key.bytes, bytes, (bits + 7) / 8);
}

static void add_text(struct builder *b, unsigned class, unsigned kind, const char *s, size_t len,
		     bool whole)
{
	char text[NUNCHI_BLOCK_BYTES] = "";

	memcpy(text, s, len);
	add_value(b, class, kind, text, (unsigned)(len + whole) * 8);
}

static size_t path_length(const struct value *w)
{
	size_t len = w->len;

	while (len && w->s[len - 1] == '/')
		len--;
	return len;
}

/* A path and all below it. */
static void add_path(struct builder *b, unsigned class, unsigned kind, const struct value *w)
{
	char text[NUNCHI_BLOCK_BYTES];
	size_t len = path_length(w);

	memcpy(text, w->s, len);
	text[len] = '/';
	add_text(b, class, kind, text, len, true);
	add_text(b, class, kind, text, len + 1, false);
}

/* The 17 bytes of an address as the table has them; how many bits of them count. */
static unsigned address_bytes(const struct value *v, uint8_t bytes[17])
{
	unsigned size = v->family == AF_INET ? 4 : 16;

	memset(bytes, 0, 17);
	bytes[0] = v->family == AF_INET ? 4 : 6;
	memcpy(bytes + 1, v->ip, size);
	return 8 + (v->type == VALUE_NET ? v->prefix : size * 8);
}

static void add_test(struct builder *b, unsigned class, unsigned kind, const struct node *test)
{
	enum block_form form = block_form(kind);
	uint8_t address[17];
	unsigned bits;

	for (size_t i = 0; i < test->n_values; i++) {
		const struct value *w = &test->values[i];

		if (form == BLOCK_ADDRESS) {
			bits = address_bytes(w, address);
			add_value(b, class, kind, address, bits);
		} else if (form != BLOCK_TEXT) {
			continue;
		} else if (streq(test->op->name, "pmatch")) {
			add_path(b, class, kind, w);
		} else {
			add_text(b, class, kind, w->s, w->len, !streq(test->op->name, "startswith"));
		}
	}
}

static void add_number(struct builder *b, unsigned class, unsigned kind, uint64_t first, unsigned bits)
{
	unsigned size = block_bits(kind) / 8;
	uint8_t bytes[5] = { PRESENT };

	for (unsigned i = 0; i < size; i++)
		bytes[1 + i] = (uint8_t)(first >> (size - 1 - i) * 8);
	add_value(b, class, kind, bytes, 8 + bits);
}

/* Adds a range as the fewest prefixes that cover it. */
static void add_range(struct builder *b, unsigned class, unsigned kind, uint64_t first, uint64_t last)
{
	unsigned width = block_bits(kind);

	while (first <= last) {
		unsigned free = first ? (unsigned)__builtin_ctzll(first) : width;

		free = MIN(free, width);
		while (first + (1ULL << free) - 1 > last)
			free--;
		add_number(b, class, kind, first, width - free);
		first += 1ULL << free;
	}
}

static int compare_numbers(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Collects the numbers at which the truth of a test may change: each that it names, and the next one. */
static void add_steps(const struct node *n, uint64_t max, uint64_t **steps, size_t *n_steps)
{
	for (size_t i = 0; i < n->n_kids; i++)
		add_steps(n->kids[i], max, steps, n_steps);
	if (n->kind != NODE_TEST)
		return;
	*steps = xrealloc(*steps, (*n_steps + 2 * n->n_values + 1) * sizeof(**steps));
	for (size_t i = 0; i < n->n_values; i++)
		for (uint64_t at = (uint64_t)n->values[i].n, k = 0; k < 2; k++)
			if (at + k && at + k <= max)
				(*steps)[(*n_steps)++] = at + k;
}

static void add_numbers(struct builder *b, unsigned class, unsigned kind)
{
	_cleanup_free_ uint64_t *steps = xcalloc(1, sizeof(*steps));
	uint64_t max = (1ULL << block_bits(kind)) - 1;
	const struct block_plan *p = b->plan;
	size_t n = 1;

	for (unsigned i = 0; i < p->n_clauses[class]; i++) {
		const struct block_clause *c = &p->clauses[class][i];

		for (size_t k = 0; k < c->n_parts; k++)
			if (c->parts[k].kind == kind)
				add_steps(c->parts[k].node, max, &steps, &n);
	}
	qsort(steps, n, sizeof(*steps), compare_numbers);
	for (size_t i = 0; i < n; i++)
		if (i + 1 == n || steps[i + 1] != steps[i])
			add_range(b, class, kind, steps[i], i + 1 < n ? steps[i + 1] - 1 : max);
}

static void add_tests(struct builder *b, unsigned class, unsigned kind, const struct node *n)
{
	for (size_t i = 0; i < n->n_kids; i++)
		add_tests(b, class, kind, n->kids[i]);
	if (n->kind == NODE_TEST)
		add_test(b, class, kind, n);
}

/* Entries for values that no rule names, and for missing ones. */
static void add_rest(struct builder *b, unsigned class, unsigned kind)
{
	static const uint8_t families[] = { 0, 4, 6 };

	switch (block_form(kind)) {
	case BLOCK_TEXT:
		add_value(b, class, kind, "", 0);
		add_value(b, class, kind, "", 8);
		break;
	case BLOCK_NUMBER:
		add_numbers(b, class, kind);
		add_value(b, class, kind, families, 8);
		break;
	case BLOCK_ADDRESS:
		for (size_t i = 0; i < ARRAY_SIZE(families); i++)
			add_value(b, class, kind, &families[i], 8);
		break;
	case BLOCK_CODE:
		for (uint8_t code = 0; code < block_codes(kind); code++)
			add_value(b, class, kind, &code, 8);
		break;
	}
}

static bool partly_text(const struct nunchi_block_key *key, const struct node *test,
			const struct value *w)
{
	const char *op = test->op->name, *s = (const char *)key->bytes;
	size_t len = data_bits(key) / 8;

	if (streq(op, "startswith"))
		return w->len <= len && !memcmp(s, w->s, w->len);
	if (streq(op, "pmatch")) {
		size_t n = path_length(w);

		return n < len && !memcmp(s, w->s, n) && s[n] == '/';
	}
	return test->op->negative;
}

static bool partly_address(const struct nunchi_block_key *key, const struct node *test,
			   const struct value *w)
{
	uint8_t bytes[17];
	unsigned bits = address_bytes(w, bytes), whole = bits / 8, rest = bits % 8;
	bool in = bits <= data_bits(key) && !memcmp(bytes, key->bytes, whole) &&
		  (!rest || (bytes[whole] ^ key->bytes[whole]) >> (8 - rest) == 0);

	return in != test->op->negative;
}

/* A test on an entry that is a beginning: values with a longer entry do not use it, so they are none of those. */
static bool test_beginning(const struct nunchi_block_key *key, const struct node *test, bool is_text)
{
	size_t hits = 0;

	if (test->op->right == RIGHT_NONE)
		return true;
	for (size_t i = 0; i < test->n_values; i++)
		hits += is_text ? partly_text(key, test, &test->values[i]) :
				  partly_address(key, test, &test->values[i]);
	if (test->quantifier == QUANTIFIER_ALL)
		return hits == test->n_values;
	return test->quantifier == QUANTIFIER_ONE ? hits == 1 : hits > 0;
}

static bool test_text(const struct nunchi_block_key *key, const struct node *test)
{
	size_t len = data_bits(key) / 8;
	struct value v = { .type = VALUE_STRING, .s = (const char *)key->bytes };

	if (!len || key->bytes[len - 1])
		return test_beginning(key, test, true);
	v.len = len - 1;
	return v.len && node_test_value(test, &v);	/* an empty text counts as missing */
}

static bool test_number(const struct nunchi_block_key *key, const struct node *test)
{
	struct value v = { .type = VALUE_NUMBER };

	if (key->bytes[0] != PRESENT)
		return false;
	for (unsigned i = 1; i <= block_bits(key->kind) / 8; i++)
		v.n = v.n << 8 | key->bytes[i];
	return node_test_value(test, &v);
}

static bool test_key(const struct node *test, void *arg)
{
	const struct nunchi_block_key *key = arg;

	switch (block_form(key->kind)) {
	case BLOCK_NUMBER:
		return test_number(key, test);
	case BLOCK_CODE:
		return block_test_code(key->kind, test, key->bytes[0]);
	case BLOCK_ADDRESS:
		return key->bytes[0] && test_beginning(key, test, false);
	case BLOCK_TEXT:
	default:
		return test_text(key, test);
	}
}

static bool clause_takes(const struct block_clause *c, const struct nunchi_block_key *key)
{
	for (size_t i = 0; i < c->n_parts; i++)
		if (c->parts[i].kind == key->kind &&
		    node_holds(c->parts[i].node, test_key, (void *)key) == c->parts[i].negated)
			return false;
	return true;
}

static uint64_t evaluate(const struct block_plan *p, const struct nunchi_block_key *key)
{
	uint64_t mask = 0;

	for (unsigned i = 0; i < p->n_clauses[key->row]; i++)
		if (clause_takes(&p->clauses[key->row][i], key))
			mask |= 1ULL << i;
	return mask;
}

static int compare_values(const void *a, const void *b)
{
	const struct nunchi_block_value *x = a, *y = b;

	return memcmp(&x->key, &y->key, sizeof(x->key));
}

static void add_class(struct builder *b, unsigned class)
{
	struct block_plan *p = b->plan;
	uint32_t kinds = 0;

	for (unsigned i = 0; i < p->n_clauses[class]; i++) {
		const struct block_clause *c = &p->clauses[class][i];

		for (size_t k = 0; k < c->n_parts; k++) {
			if (c->parts[k].kind == BLOCK_KIND_CONTAINER)
				continue;
			kinds |= 1U << c->parts[k].kind;
			if (c->parts[k].kind >= NUNCHI_BLOCK_READ_FIRST)
				continue;
			add_tests(b, class, c->parts[k].kind, c->parts[k].node);
		}
	}
	for (unsigned kind = 0; kind < NUNCHI_BLOCK_READ_FIRST; kind++)
		if (kinds & 1U << kind)
			add_rest(b, class, kind);
	p->rows[class].kinds = kinds;
}

void block_values(struct block_plan *p)
{
	struct builder b = { .plan = p };
	size_t n = 0;

	for (unsigned class = 0; class < NUNCHI_BLOCK_MAX; class++)
		add_class(&b, class);
	if (!p->n_values)
		return;
	qsort(p->values, p->n_values, sizeof(*p->values), compare_values);
	for (size_t i = 0; i < p->n_values; i++)
		if (!i || compare_values(&p->values[i], &p->values[i - 1]))
			p->values[n++] = p->values[i];
	p->n_values = n;
	for (size_t i = 0; i < n; i++)
		p->values[i].mask = evaluate(p, &p->values[i].key);
}

static bool begins_with(const uint8_t *bytes, size_t len, const struct nunchi_block_key *key)
{
	unsigned bits = data_bits(key), whole = bits / 8, rest = bits % 8;

	if (bits > len * 8 || memcmp(bytes, key->bytes, whole))
		return false;
	return !rest || (bytes[whole] ^ key->bytes[whole]) >> (8 - rest) == 0;
}

uint64_t block_look_up(const struct block_plan *p, enum nunchi_block_class class,
		       enum nunchi_block_kind kind, const void *bytes, size_t len)
{
	const struct nunchi_block_value *best = NULL;

	for (size_t i = 0; i < p->n_values; i++) {
		const struct nunchi_block_value *v = &p->values[i];

		if (v->key.row == class && v->key.kind == kind && begins_with(bytes, len, &v->key) &&
		    (!best || v->key.bits > best->key.bits))
			best = v;
	}
	return best ? best->mask : 0;
}
