/* SPDX-License-Identifier: Apache-2.0 */
/* What operators do. They allocate nothing: they run for every event. */
#include "ast.h"
#include "regex.h"
#include "value_set.h"

#define TEXT   (1U << VALUE_STRING)
#define NUMBER (1U << VALUE_NUMBER)
#define TRUTH  (1U << VALUE_BOOL)
#define IP     (1U << VALUE_IP)
#define NET    (1U << VALUE_NET)
#define ANY    (TEXT | NUMBER | TRUTH | IP | NET)

int value_compare(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->type == VALUE_STRING) {
		if (a->len != b->len)
			return a->len < b->len ? -1 : 1;
		return a->len ? memcmp(a->s, b->s, a->len) : 0;
	}
	if (a->type == VALUE_IP) {
		if (a->family != b->family)
			return a->family < b->family ? -1 : 1;
		return memcmp(a->ip, b->ip, sizeof(a->ip));
	}
	return (a->n > b->n) - (a->n < b->n);
}

bool value_in_net(const struct value *ip, const struct value *net)
{
	unsigned bytes = net->prefix / 8, bits = net->prefix % 8;

	if (ip->family != net->family || memcmp(ip->ip, net->ip, bytes))
		return false;
	return !bits || (ip->ip[bytes] ^ net->ip[bytes]) >> (8 - bits) == 0;
}

/* The field's on the left. */
bool value_equal(const struct value *a, const struct value *b)
{
	if (b->type == VALUE_NET)
		return a->type == VALUE_IP && value_in_net(a, b);
	return !value_compare(a, b);
}

/* For a text, from its length, beginning and end only: texts with the same hash are compared. */
uint64_t value_hash(const struct value *v)
{
	uint64_t first = 0, last = 0;

	if (v->type == VALUE_IP)
		return hash_bytes(v->ip, sizeof(v->ip)) ^ v->family;
	if (v->type != VALUE_STRING)
		return hash_u64((uint64_t)v->n);
	if (v->len >= 8) {
		memcpy(&first, v->s, 8);
		memcpy(&last, v->s + v->len - 8, 8);
	} else if (v->len) {
		memcpy(&first, v->s, v->len);
	}
	return hash_u64(first ^ hash_u64(last + v->len));
}

static bool test_equal(const struct node *node, const struct value *v, const struct value *w,
		       size_t n)
{
	return value_equal(v, w);
}

static bool test_differ(const struct node *node, const struct value *v, const struct value *w,
			size_t n)
{
	return !value_equal(v, w);
}

static bool test_less(const struct node *node, const struct value *v, const struct value *w,
		      size_t n)
{
	return v->n < w->n;
}

static bool test_less_equal(const struct node *node, const struct value *v, const struct value *w,
			    size_t n)
{
	return v->n <= w->n;
}

static bool test_greater(const struct node *node, const struct value *v, const struct value *w,
			 size_t n)
{
	return v->n > w->n;
}

static bool test_greater_equal(const struct node *node, const struct value *v,
			       const struct value *w, size_t n)
{
	return v->n >= w->n;
}

static bool test_in(const struct node *node, const struct value *v, const struct value *w, size_t n)
{
	if (node->set)
		return value_set_has(node->set, v);
	for (size_t i = 0; i < n; i++)
		if (value_equal(v, &w[i]))
			return true;
	return false;
}

/* Without a set the right side is another field's value: one path. */
static bool test_pmatch(const struct node *node, const struct value *v, const struct value *w,
			size_t n)
{
	size_t len;

	if (node->set)
		return value_set_has(node->set, v);
	if (!n)
		return false;
	for (len = w->len; len && w->s[len - 1] == '/'; len--)
		;
	return v->len >= len && !memcmp(v->s, w->s, len) && (v->len == len || v->s[len] == '/');
}

static bool test_contains(const struct node *node, const struct value *v, const struct value *w,
			  size_t n)
{
	return !w->len || (v->len && memmem(v->s, v->len, w->s, w->len));
}

static bool test_icontains(const struct node *node, const struct value *v, const struct value *w,
			   size_t n)
{
	for (size_t i = 0; i + w->len <= v->len; i++) {
		size_t k = 0;

		while (k < w->len && ascii_lower(v->s[i + k]) == ascii_lower(w->s[k]))
			k++;
		if (k == w->len)
			return true;
	}
	return false;
}

static bool test_startswith(const struct node *node, const struct value *v, const struct value *w,
			    size_t n)
{
	return v->len >= w->len && (!w->len || !memcmp(v->s, w->s, w->len));
}

static bool test_endswith(const struct node *node, const struct value *v, const struct value *w,
			  size_t n)
{
	return v->len >= w->len && (!w->len || !memcmp(v->s + v->len - w->len, w->s, w->len));
}

static bool test_glob(const struct node *node, const struct value *v, const struct value *w,
		      size_t n)
{
	return glob_match(w->s, w->len, v->s, v->len, false);
}

static bool test_iglob(const struct node *node, const struct value *v, const struct value *w,
		       size_t n)
{
	return glob_match(w->s, w->len, v->s, v->len, true);
}

static bool test_regex(const struct node *node, const struct value *v, const struct value *w,
		       size_t n)
{
	return regex_match(node->regexes[w - node->values], v->s, v->len);
}

static bool test_exists(const struct node *node, const struct value *v, const struct value *w,
			size_t n)
{
	return true;
}

const struct operation operation_table[] = {
	{ "=", RIGHT_ONE, ANY, false, true, FORM_TYPE, test_equal },
	{ "==", RIGHT_ONE, ANY, false, true, FORM_TYPE, test_equal },
	{ "!=", RIGHT_ONE, ANY, true, true, FORM_TYPE, test_differ },
	{ "<", RIGHT_ONE, NUMBER, false, false, FORM_TYPE, test_less },
	{ "<=", RIGHT_ONE, NUMBER, false, false, FORM_TYPE, test_less_equal },
	{ ">", RIGHT_ONE, NUMBER, false, false, FORM_TYPE, test_greater },
	{ ">=", RIGHT_ONE, NUMBER, false, false, FORM_TYPE, test_greater_equal },
	{ "in", RIGHT_LIST, ANY, false, true, FORM_TYPE, test_in },
	{ "intersects", RIGHT_LIST, ANY, false, true, FORM_TYPE, test_in },
	{ "pmatch", RIGHT_LIST, TEXT, false, false, FORM_TYPE, test_pmatch },
	{ "contains", RIGHT_ONE, TEXT, false, false, FORM_TYPE, test_contains },
	{ "icontains", RIGHT_ONE, TEXT, false, false, FORM_TYPE, test_icontains },
	{ "bcontains", RIGHT_ONE, TEXT, false, false, FORM_HEX, test_contains },
	{ "startswith", RIGHT_ONE, TEXT, false, false, FORM_TYPE, test_startswith },
	{ "bstartswith", RIGHT_ONE, TEXT, false, false, FORM_HEX, test_startswith },
	{ "endswith", RIGHT_ONE, TEXT, false, false, FORM_TYPE, test_endswith },
	{ "glob", RIGHT_ONE, TEXT, false, false, FORM_TYPE, test_glob },
	{ "iglob", RIGHT_ONE, TEXT, false, false, FORM_TYPE, test_iglob },
	{ "regex", RIGHT_ONE, TEXT, false, false, FORM_REGEX, test_regex },
	{ "exists", RIGHT_NONE, ANY, false, false, FORM_TYPE, test_exists },
};

const size_t operation_table_len = ARRAY_SIZE(operation_table);

const struct operation *operation_find(const char *name, size_t len)
{
	for (size_t i = 0; i < operation_table_len; i++)
		if (strlen(operation_table[i].name) == len &&
		    !memcmp(operation_table[i].name, name, len))
			return &operation_table[i];
	return NULL;
}
