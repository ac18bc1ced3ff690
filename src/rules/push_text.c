/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of texts become patterns of an automaton. Tests of a path's directory or last name become
 * patterns of the whole path, so that a path is read once.
 */
#include <errno.h>
#include <sys/socket.h>

#include "automaton.h"
#include "evaluation.h"
#include "push.h"
#include "value_set.h"

#define BYTES_MAX 256	/* of a value; user space tests longer ones */
#define ELEMENTS_MAX (2 * BYTES_MAX)

struct pattern {
	struct element e[ELEMENTS_MAX];
	size_t n;
	bool no_slash;	/* for a name: a wildcard does not match a slash */
};

struct push_texts {
	struct automaton *automaton;
	const struct node **tests;	/* the test for each accepted pattern */
	unsigned *groups;
	size_t n_tests;
};

static void add_bit(struct element *e, unsigned byte)
{
	e->set[byte / 8] |= (uint8_t)(1U << byte % 8);
}

static void add_byte(struct pattern *p, char c, bool fold)
{
	struct element *e = &p->e[p->n++];

	*e = (struct element){ .star = false };
	add_bit(e, (uint8_t)c);
	if (fold && ascii_lower(c) != c)
		add_bit(e, (uint8_t)ascii_lower(c));
	else if (fold && c >= 'a' && c <= 'z')
		add_bit(e, (uint8_t)(c - 'a' + 'A'));
}

static void add_any(struct pattern *p, bool star)
{
	struct element *e = &p->e[p->n++];

	*e = (struct element){ .star = star };
	memset(e->set, 0xff, sizeof(e->set));
	if (p->no_slash)
		e->set['/' / 8] &= (uint8_t) ~(1U << '/' % 8);
}

static void add_text(struct pattern *p, const struct value *w, bool fold)
{
	for (size_t i = 0; i < w->len; i++)
		add_byte(p, w->s[i], fold);
}

static void add_glob(struct pattern *p, const struct value *w, bool fold)
{
	for (size_t i = 0; i < w->len; i++) {
		char c = w->s[i];

		if (c == '*' || c == '?')
			add_any(p, c == '*');
		else if (c == '\\' && i + 1 < w->len)
			add_byte(p, w->s[++i], fold);
		else
			add_byte(p, c, fold);
	}
}

/* For pmatch: no wildcard matches a slash, and a name has at least one byte. */
static void add_path(struct pattern *p, const struct value *w)
{
	const char *end = w->s + w->len;
	bool no_slash = p->no_slash;

	p->no_slash = true;
	for (const char *at = w->s;; at++) {
		const char *slash = memchr(at, '/', (size_t)(end - at));
		const struct value name = { .type = VALUE_STRING, .s = at,
					    .len = (size_t)((slash ? slash : end) - at) };

		if (name.len && strspn(name.s, "*") >= name.len)
			add_any(p, false);
		if (values_have_wildcards(&name, 1))
			add_glob(p, &name, false);
		else
			add_text(p, &name, false);
		if (!slash)
			break;
		add_byte(p, '/', false);
		at = slash;
	}
	p->no_slash = no_slash;
}

static bool is_op(const struct node *test, const char *const *names)
{
	for (; *names; names++)
		if (streq(test->op->name, *names))
			return true;
	return false;
}

static const char *const whole[] = { "=", "==", "!=", "in", "intersects", NULL };
static const char *const begins[] = { "startswith", "bstartswith", NULL };
static const char *const ends[] = { "endswith", NULL };
static const char *const inside[] = { "contains", "bcontains", NULL };
static const char *const inside_folded[] = { "icontains", NULL };
static const char *const globs[] = { "glob", NULL };
static const char *const globs_folded[] = { "iglob", NULL };
static const char *const below[] = { "pmatch", NULL };

static bool fits_value(const struct node *test, const struct value *w)
{
	bool glob = is_op(test, globs) || is_op(test, globs_folded) || is_op(test, below);

	/* A set of bytes, as in [a-z], is left to user space. */
	if (w->type != VALUE_STRING || !w->len || w->len > BYTES_MAX - 4 ||
	    (glob && memchr(w->s, '[', w->len)))
		return false;
	return !streq(test->left.field->name, "fd.filename") || !memchr(w->s, '/', w->len);
}

/*
 * The part of a path that is tested. Patterns with an open beginning have an automaton of their own:
 * in one there would be too many states.
 */
static unsigned place_of(const struct node *test)
{
	bool glob = is_op(test, globs) || is_op(test, globs_folded) || is_op(test, below), any;

	if (is_op(test, inside) || is_op(test, inside_folded))
		return NUNCHI_PUSH_WITHIN;
	any = is_op(test, ends) || streq(test->left.field->name, "fd.filename");
	for (size_t i = 0; glob && i < test->n_values; i++)
		any |= test->values[i].s[0] == '*';
	return any ? NUNCHI_PUSH_TAIL : NUNCHI_PUSH_HEAD;
}

/* Addresses and ports are read as texts of their bytes. */
static bool is_bytes(const struct node *test)
{
	return test->left.type == VALUE_IP || test->left.type == VALUE_NET || test->left.type == VALUE_NUMBER;
}

bool push_text_fits(const struct node *test, unsigned *ret_kind)
{
	static const char *const *const ops[] = { whole, begins, ends, inside, inside_folded, globs,
						  globs_folded, below };
	const struct value empty = { .type = VALUE_STRING, .s = "" };
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		known |= is_op(test, ops[i]);
	known |= test->left.type == VALUE_NUMBER;
	if (!known || !test->n_values ||
	    (test->quantifier != QUANTIFIER_NONE && test->quantifier != QUANTIFIER_ANY))
		return false;
	/* "!=" with several values on the left holds if one differs: that one of them is equal says nothing. */
	if (test->op->negative && test->quantifier == QUANTIFIER_ANY && test->n_values > 1)
		return false;
	if (is_bytes(test))
		return true;
	for (size_t i = 0; i < test->n_values; i++)
		if (!fits_value(test, &test->values[i]))
			return false;
	if (*ret_kind == NUNCHI_PUSH_HEAD)
		*ret_kind = place_of(test);
	/* An empty text counts as missing, so no test holds for it. */
	return test->op->negative || !node_test_value(test, &empty);
}

/* The pattern that the field's text must match; within: that a part of it must match. */
static void add_value(struct pattern *p, const struct node *test, const struct value *w, bool within)
{
	if (is_op(test, inside) || is_op(test, inside_folded) || is_op(test, ends))
		add_any(p, true);
	if (is_op(test, globs) || is_op(test, globs_folded))
		add_glob(p, w, is_op(test, globs_folded));
	else if (is_op(test, below))
		add_path(p, w);
	else
		add_text(p, w, is_op(test, inside_folded));
	if (!within && (is_op(test, inside) || is_op(test, inside_folded) || is_op(test, begins)))
		add_any(p, true);
}

/* After the text of a directory: a slash, and a name. */
static void add_name(struct pattern *p)
{
	add_byte(p, '/', false);
	p->no_slash = true;
	add_any(p, true);
	p->no_slash = false;
}

static void accepts(struct push_texts *t, unsigned group, const struct pattern *p)
{
	automaton_add(t->automaton, group, p->e, p->n, (unsigned)t->n_tests - 1);
}

/* The pattern of a value, as a pattern of the whole text. */
static void add_pattern(struct push_texts *t, unsigned group, const struct node *test,
			const struct value *w, bool within)
{
	const char *field = test->left.field->name;
	struct pattern p = { .n = 0 };

	if (streq(field, "fd.filename") && !within) {
		add_any(&p, true);
		add_byte(&p, '/', false);
		p.no_slash = true;
	}
	add_value(&p, test, w, within);
	if (streq(field, "fd.directory") && !within)
		add_name(&p);
	accepts(t, group, &p);
}

/* A path, and everything below it. */
static void add_below(struct push_texts *t, unsigned group, const struct node *test,
		      const struct value *w)
{
	struct value path = *w;
	struct pattern p = { .n = 0 };

	while (path.len && path.s[path.len - 1] == '/')
		path.len--;
	if (path.len)
		add_pattern(t, group, test, &path, false);
	if (streq(test->left.field->name, "fd.filename"))
		return;		/* a name never has a slash */
	add_path(&p, &path);
	add_byte(&p, '/', false);
	add_any(&p, true);
	if (streq(test->left.field->name, "fd.directory"))
		add_name(&p);
	accepts(t, group, &p);
}

/* The root is the one directory that ends with a slash. */
static void add_root(struct push_texts *t, unsigned group, const struct node *test)
{
	const struct value root = { .type = VALUE_STRING, .s = "/", .len = 1 };
	struct pattern p = { .n = 0 };

	if (!streq(test->left.field->name, "fd.directory") ||
	    node_test_value(test, &root) == test->op->negative)
		return;
	add_name(&p);
	accepts(t, group, &p);
}

/* If it is missing, no test holds. */
static void add_none(struct push_texts *t, unsigned group, const struct node *test)
{
	struct pattern p = { .n = 0 };

	add_byte(&p, '\0', false);
	if (test->op->negative)
		accepts(t, group, &p);
}

static void add_address(struct push_texts *t, unsigned group, const struct value *w)
{
	unsigned bits = w->type == VALUE_NET ? w->prefix : w->family == AF_INET ? 32 : 128;
	struct pattern p = { .n = 0 };

	add_byte(&p, w->family == AF_INET ? 4 : 6, false);
	for (unsigned i = 0; i < bits / 8; i++)
		add_byte(&p, (char)w->ip[i], false);
	if (bits % 8) {
		struct element *e = &p.e[p.n++];

		*e = (struct element){ .star = false };
		for (unsigned byte = 0; byte < 256; byte++)
			if ((byte ^ w->ip[bits / 8]) >> (8 - bits % 8) == 0)
				add_bit(e, byte);
	}
	add_any(&p, true);
	accepts(t, group, &p);
}

/* High bytes of ports with the same low bytes become one set: that keeps the letters few. */
static void add_port(struct push_texts *t, unsigned group, const struct node *test)
{
	struct element lows[256] = { { .star = false } };

	for (unsigned port = 0; port < 65536; port++) {
		const struct value v = { .type = VALUE_NUMBER, .n = port };

		if (node_test_value(test, &v) != test->op->negative)
			add_bit(&lows[port / 256], port % 256);
	}
	for (unsigned high = 0; high < 256; high++) {
		struct pattern p = { .n = 0 };
		bool first = true;

		add_byte(&p, 1, false);
		p.e[p.n] = (struct element){ .star = false };
		for (unsigned other = 0; other < 256; other++) {
			if (memcmp(lows[other].set, lows[high].set, sizeof(lows[high].set)))
				continue;
			first &= other >= high;
			add_bit(&p.e[p.n], other);
		}
		p.e[++p.n] = lows[high];
		p.n++;
		if (first)
			accepts(t, group, &p);
	}
}

static void add_bytes(struct push_texts *t, unsigned group, const struct node *test)
{
	add_none(t, group, test);
	if (test->left.type == VALUE_NUMBER)
		add_port(t, group, test);
	for (size_t i = 0; test->left.type != VALUE_NUMBER && i < test->n_values; i++)
		add_address(t, group, &test->values[i]);
}

static void add_test(struct push_texts *t, unsigned group, const struct node *test, bool within)
{
	t->tests = xrealloc(t->tests, (t->n_tests + 1) * sizeof(*t->tests));
	t->groups = xrealloc(t->groups, (t->n_tests + 1) * sizeof(*t->groups));
	t->tests[t->n_tests] = test;
	t->groups[t->n_tests++] = group;
	if (is_bytes(test)) {
		add_bytes(t, group, test);
		return;
	}
	for (size_t i = 0; i < test->n_values; i++) {
		if (is_op(test, below))
			add_below(t, group, test, &test->values[i]);
		else
			add_pattern(t, group, test, &test->values[i], within);
	}
	if (!within)
		add_root(t, group, test);
}

void push_texts_add(struct push_texts *t, unsigned group, const struct node *n, bool within)
{
	for (size_t i = 0; i < n->n_kids; i++)
		push_texts_add(t, group, n->kids[i], within);
	for (size_t i = 0; n->kind == NODE_TEST && i < t->n_tests; i++)
		if (t->tests[i] == n && t->groups[i] == group)
			return;
	if (n->kind == NODE_TEST)
		add_test(t, group, n, within);
}

struct push_texts *push_texts_new(unsigned n_groups)
{
	struct push_texts *t = xcalloc(1, sizeof(*t));

	t->automaton = automaton_new(n_groups);
	return t;
}

void push_texts_free(struct push_texts *t)
{
	if (!t)
		return;
	automaton_free(t->automaton);
	free(t->tests);
	free(t->groups);
	free(t);
}

int push_texts_build(struct push_texts *t, size_t max_states)
{
	return automaton_build(t->automaton, max_states, NUNCHI_PUSH_LETTERS);
}

void push_texts_fill(struct push_texts *t, struct push_text *ret,
		     void (*masks_of)(unsigned group, const struct push_texts *t, unsigned state,
				      struct nunchi_push_state *row, void *arg),
		     void *arg)
{
	const struct automaton *a = t->automaton;

	ret->n_states = (__u32)automaton_states(a);
	ret->states = xcalloc(ret->n_states, sizeof(*ret->states));
	memcpy(ret->letters, automaton_alphabet(a), sizeof(ret->letters));
	for (unsigned i = 0; i < ret->n_states; i++) {
		struct nunchi_push_state *s = &ret->states[i];

		masks_of(automaton_group(a, i), t, i, s, arg);
		s->over = 1;
		for (unsigned letter = 0; letter < automaton_letters(a); letter++) {
			s->next[letter] = (__u16)automaton_next(a, i, letter);
			s->over &= s->next[letter] == i;
		}
	}
}

unsigned push_texts_start(const struct push_texts *t, unsigned group)
{
	return automaton_start(t->automaton, group);
}

bool push_texts_holds(const struct push_texts *t, unsigned state, const struct node *test)
{
	size_t n;
	const uint32_t *tests = automaton_accepts(t->automaton, state, &n);

	for (size_t i = 0; i < n; i++)
		if (t->tests[tests[i]] == test)
			return !test->op->negative;
	return test->op->negative;
}
