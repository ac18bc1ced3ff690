/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open addressing, at most half full. Networks are few in a list and lie in each other: they are
 * looked at one by one.
 */
#include "value_set.h"

#include "ast.h"

struct value_set {
	const struct value *values;
	size_t n;
	bool nets;
	uint32_t mask;
	uint32_t *slots; /* index of the value, and one; 0: free */
	size_t *lengths; /* of the values as they are looked for */
};

/* "/etc/" is "/etc"; "/" stays, as the empty path before the first slash. */
static size_t path_length(const struct value *v)
{
	size_t len = v->len;

	while (len && v->s[len - 1] == '/')
		len--;
	return len;
}

static uint64_t hash_text(const char *s, size_t len)
{
	const struct value v = { .type = VALUE_STRING, .s = s, .len = len };

	return value_hash(&v);
}

struct value_set *value_set_new(const struct value *values, size_t n, bool paths)
{
	struct value_set *s = xcalloc(1, sizeof(*s));
	size_t size = 4;

	s->values = values;
	s->n = n;
	s->nets = values[0].type == VALUE_NET;
	if (s->nets)
		return s;
	while (size < 2 * n)
		size *= 2;
	s->mask = (uint32_t)size - 1;
	s->slots = xcalloc(size, sizeof(*s->slots));
	s->lengths = xcalloc(n, sizeof(*s->lengths));
	for (size_t i = 0; i < n; i++) {
		uint64_t hash;

		s->lengths[i] = paths ? path_length(&values[i]) : values[i].len;
		hash = values[i].type == VALUE_STRING ? hash_text(values[i].s, s->lengths[i])
						      : value_hash(&values[i]);
		while (s->slots[hash & s->mask])
			hash++;
		s->slots[hash & s->mask] = (uint32_t)i + 1;
	}
	return s;
}

void value_set_free(struct value_set *s)
{
	if (!s)
		return;
	free(s->slots);
	free(s->lengths);
	free(s);
}

bool value_set_has(const struct value_set *s, const struct value *v)
{
	uint64_t hash;
	uint32_t i;

	if (s->nets) {
		for (size_t k = 0; k < s->n; k++)
			if (value_in_net(v, &s->values[k]))
				return true;
		return false;
	}
	for (hash = value_hash(v); (i = s->slots[hash & s->mask]); hash++)
		if (value_equal(&s->values[i - 1], v))
			return true;
	return false;
}

static bool has_text(const struct value_set *s, const char *text, size_t len)
{
	uint64_t hash = hash_text(text, len);
	uint32_t i;

	for (; (i = s->slots[hash & s->mask]); hash++)
		if (s->lengths[i - 1] == len && !memcmp(s->values[i - 1].s, text, len))
			return true;
	return false;
}

bool value_set_has_above(const struct value_set *s, const struct value *path)
{
	for (size_t i = 0; i < path->len; i++)
		if (path->s[i] == '/' && has_text(s, path->s, i))
			return true;
	return has_text(s, path->s, path->len);
}
