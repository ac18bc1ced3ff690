/* SPDX-License-Identifier: Apache-2.0 */
/* What operators do. They allocate nothing: they run for every event. */
#include "ast.h"

#define TEXT (1U << VALUE_STRING)
#define NUMBER (1U << VALUE_NUMBER)
#define TRUTH (1U << VALUE_BOOL)
#define IP (1U << VALUE_IP)
#define ANY (TEXT | NUMBER | TRUTH | IP)

int value_compare(const struct value *a, const struct value *b)
{
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

static bool test_equal(const struct value *v, const struct node *n)
{
	return !value_compare(v, n->values);
}

static bool test_differ(const struct value *v, const struct node *n)
{
	return value_compare(v, n->values) != 0;
}

static bool test_less(const struct value *v, const struct node *n)
{
	return v->n < n->values->n;
}

static bool test_less_equal(const struct value *v, const struct node *n)
{
	return v->n <= n->values->n;
}

static bool test_greater(const struct value *v, const struct node *n)
{
	return v->n > n->values->n;
}

static bool test_greater_equal(const struct value *v, const struct node *n)
{
	return v->n >= n->values->n;
}

static bool test_in(const struct value *v, const struct node *n)
{
	size_t low = 0, high = n->n_values;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int r = value_compare(v, &n->values[mid]);

		if (!r)
			return true;
		if (r < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return false;
}

static bool test_contains(const struct value *v, const struct node *n)
{
	const struct value *w = n->values;

	return !w->len || (v->len && memmem(v->s, v->len, w->s, w->len));
}

/* ASCII only: names in the kernel are bytes, and the answer must not depend on the locale. */
static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool test_icontains(const struct value *v, const struct node *n)
{
	const struct value *w = n->values;

	for (size_t i = 0; i + w->len <= v->len; i++) {
		size_t k = 0;

		while (k < w->len && lower(v->s[i + k]) == lower(w->s[k]))
			k++;
		if (k == w->len)
			return true;
	}
	return false;
}

static bool test_startswith(const struct value *v, const struct node *n)
{
	const struct value *w = n->values;

	return v->len >= w->len && (!w->len || !memcmp(v->s, w->s, w->len));
}

static bool test_endswith(const struct value *v, const struct node *n)
{
	const struct value *w = n->values;

	return v->len >= w->len && (!w->len || !memcmp(v->s + v->len - w->len, w->s, w->len));
}

static bool test_glob(const struct value *v, const struct node *n)
{
	return glob_match(n->values->s, n->values->len, v->s, v->len);
}

static bool test_exists(const struct value *v, const struct node *n)
{
	return true;
}

const struct operation operation_table[] = {
	{ "=", OPERAND_ONE, ANY, false, true, test_equal },
	{ "==", OPERAND_ONE, ANY, false, true, test_equal },
	{ "!=", OPERAND_ONE, ANY, true, true, test_differ },
	{ "<", OPERAND_ONE, NUMBER, false, false, test_less },
	{ "<=", OPERAND_ONE, NUMBER, false, false, test_less_equal },
	{ ">", OPERAND_ONE, NUMBER, false, false, test_greater },
	{ ">=", OPERAND_ONE, NUMBER, false, false, test_greater_equal },
	{ "in", OPERAND_LIST, ANY, false, true, test_in },
	{ "contains", OPERAND_ONE, TEXT, false, false, test_contains },
	{ "icontains", OPERAND_ONE, TEXT, false, false, test_icontains },
	{ "startswith", OPERAND_ONE, TEXT, false, false, test_startswith },
	{ "endswith", OPERAND_ONE, TEXT, false, false, test_endswith },
	{ "glob", OPERAND_ONE, TEXT, false, false, test_glob },
	{ "exists", OPERAND_NONE, ANY, false, false, test_exists },
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
