/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open addressing, at most half full. Of networks an address is looked up once for each length of prefix that
 * there is, of which a list has few, however long it is; of beginnings and endings likewise a text. Paths with
 * wildcards are compared one by one.
 */
#include "value_set.h"

#include "ast.h"

/* The first bits of an address of the family. */
struct net_length {
	uint16_t family;
	uint8_t prefix;
};

struct value_set {
	const struct value *values;
	size_t n;
	enum value_set_kind kind;
	size_t *text_lengths; /* of beginnings and endings: each that there is */
	size_t n_text_lengths;
	uint32_t *globs; /* of paths: the values that have wildcards */
	size_t n_globs;
	struct net_length *net_lengths; /* of networks: each that there is; NULL: they are none */
	size_t n_net_lengths;
	uint32_t mask;
	uint32_t *slots; /* index of the value, and one; 0: free */
	size_t *lengths; /* of the values as they are looked for */
};

static const char wildcards[] = "?*[";

static bool has_wildcard(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (memchr(wildcards, s[i], sizeof(wildcards) - 1))
			return true;
	return false;
}

/* "/etc/" is "/etc"; "/" stays, as the empty path before the first slash. */
static size_t path_length(const struct value *v)
{
	size_t len = v->len;

	while (len && v->s[len - 1] == '/')
		len--;
	return len;
}

size_t value_path_beginning(const struct value *path)
{
	size_t len = path_length(path), n = 0;

	if (!has_wildcard(path->s, len))
		return len;
	while (!memchr(wildcards, path->s[n], sizeof(wildcards) - 1) && path->s[n] != '\\')
		n++;
	while (n && path->s[n - 1] == '/')
		n--;
	return n;
}

bool values_have_wildcards(const struct value *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (has_wildcard(values[i].s, values[i].len))
			return true;
	return false;
}

static uint64_t hash_text(const char *s, size_t len)
{
	const struct value v = { .type = VALUE_STRING, .s = s, .len = len };

	return value_hash(&v);
}

/* What of the address lies in the prefix. */
static struct value masked(const struct value *v, struct net_length length)
{
	struct value net = { .type = VALUE_NET, .family = length.family, .prefix = length.prefix };
	unsigned bytes = length.prefix / 8, bits = length.prefix % 8;

	memcpy(net.ip, v->ip, bytes);
	if (bits)
		net.ip[bytes] = (uint8_t)(v->ip[bytes] & 0xff << (8 - bits));
	return net;
}

static uint64_t hash_net(const struct value *net)
{
	return hash_u64(hash_bytes(net->ip, sizeof(net->ip)) + ((uint64_t)net->family << 8 | net->prefix));
}

static bool same_net(const struct value *a, const struct value *b)
{
	return a->family == b->family && a->prefix == b->prefix && !memcmp(a->ip, b->ip, sizeof(a->ip));
}

static void add_net_length(struct value_set *s, struct net_length length)
{
	for (size_t i = 0; i < s->n_net_lengths; i++)
		if (s->net_lengths[i].family == length.family && s->net_lengths[i].prefix == length.prefix)
			return;
	s->net_lengths = xrealloc(s->net_lengths, (s->n_net_lengths + 1) * sizeof(*s->net_lengths));
	s->net_lengths[s->n_net_lengths++] = length;
}

/* The values' own bits past the prefix mean nothing. */
static uint64_t hash_of_net(struct value_set *s, const struct value *v)
{
	const struct net_length length = { v->family, v->prefix };
	const struct value net = masked(v, length);

	add_net_length(s, length);
	return hash_net(&net);
}

static void add_text_length(struct value_set *s, size_t len)
{
	for (size_t i = 0; i < s->n_text_lengths; i++)
		if (s->text_lengths[i] == len)
			return;
	s->text_lengths = xrealloc(s->text_lengths, (s->n_text_lengths + 1) * sizeof(*s->text_lengths));
	s->text_lengths[s->n_text_lengths++] = len;
}

static uint64_t hash_of(struct value_set *s, size_t i)
{
	const struct value *v = &s->values[i];

	if (v->type == VALUE_NET)
		return hash_of_net(s, v);
	if (v->type != VALUE_STRING)
		return value_hash(v);
	if (s->kind == SET_BEGINNINGS || s->kind == SET_ENDINGS)
		add_text_length(s, v->len);
	return hash_text(v->s, s->lengths[i]);
}

static void add_slot(struct value_set *s, size_t i)
{
	uint64_t hash = hash_of(s, i);

	while (s->slots[hash & s->mask])
		hash++;
	s->slots[hash & s->mask] = (uint32_t)i + 1;
}

static void add_glob(struct value_set *s, size_t i)
{
	s->globs = xrealloc(s->globs, (s->n_globs + 1) * sizeof(*s->globs));
	s->globs[s->n_globs++] = (uint32_t)i;
}

struct value_set *value_set_new(const struct value *values, size_t n, enum value_set_kind kind)
{
	struct value_set *s = xcalloc(1, sizeof(*s));
	size_t size = 4;

	s->values = values;
	s->n = n;
	s->kind = kind;
	while (size < 2 * n)
		size *= 2;
	s->mask = (uint32_t)size - 1;
	s->slots = xcalloc(size, sizeof(*s->slots));
	s->lengths = xcalloc(n, sizeof(*s->lengths));
	for (size_t i = 0; i < n; i++) {
		s->lengths[i] = kind == SET_PATHS ? path_length(&values[i]) : values[i].len;
		if (kind == SET_PATHS && has_wildcard(values[i].s, values[i].len))
			add_glob(s, i);
		else
			add_slot(s, i);
	}
	return s;
}

void value_set_free(struct value_set *s)
{
	if (!s)
		return;
	free(s->slots);
	free(s->lengths);
	free(s->globs);
	free(s->net_lengths);
	free(s->text_lengths);
	free(s);
}

static bool has_net(const struct value_set *s, const struct value *net)
{
	uint32_t i;

	for (uint64_t hash = hash_net(net); (i = s->slots[hash & s->mask]); hash++) {
		const struct value *v = &s->values[i - 1];
		const struct value other = masked(v, (struct net_length){ v->family, v->prefix });

		if (same_net(&other, net))
			return true;
	}
	return false;
}

static bool is_in_net(const struct value_set *s, const struct value *ip)
{
	for (size_t i = 0; i < s->n_net_lengths; i++) {
		const struct value net = masked(ip, s->net_lengths[i]);

		if (s->net_lengths[i].family == ip->family && has_net(s, &net))
			return true;
	}
	return false;
}

static bool has_value(const struct value_set *s, const struct value *v)
{
	uint64_t hash;
	uint32_t i;

	if (s->net_lengths)
		return is_in_net(s, v);
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

static size_t name_length(const char *s, size_t len)
{
	const char *slash = memchr(s, '/', len);

	return slash ? (size_t)(slash - s) : len;
}

/* One name of a path, as Falco has it: a wildcard stands for what there is of it, so that it must be there. */
static bool name_is(const char *glob, size_t n, const char *name, size_t len)
{
	if (!has_wildcard(glob, n))
		return n == len && !memcmp(glob, name, n);
	return len && glob_match(glob, n, name, len, false);
}

/* Name by name, so that no wildcard takes a slash; what is left of the path is below. */
static bool is_glob_above(const char *glob, size_t n, const char *path, size_t len)
{
	for (;;) {
		size_t glob_name = name_length(glob, n), name = name_length(path, len);

		if (!name_is(glob, glob_name, path, name))
			return false;
		if (glob_name == n || name == len)
			return glob_name == n;
		glob += glob_name + 1;
		n -= glob_name + 1;
		path += name + 1;
		len -= name + 1;
	}
}

static bool has_glob_above(const struct value_set *s, const struct value *path)
{
	for (size_t i = 0; i < s->n_globs; i++)
		if (is_glob_above(s->values[s->globs[i]].s, s->lengths[s->globs[i]], path->s, path->len))
			return true;
	return false;
}

static bool has_above(const struct value_set *s, const struct value *path)
{
	for (size_t i = 0; i < path->len; i++)
		if (path->s[i] == '/' && has_text(s, path->s, i))
			return true;
	return has_text(s, path->s, path->len) || has_glob_above(s, path);
}

static bool has_part(const struct value_set *s, const struct value *v)
{
	for (size_t i = 0; i < s->n_text_lengths; i++) {
		size_t len = s->text_lengths[i];

		if (len <= v->len && has_text(s, v->s + (s->kind == SET_ENDINGS ? v->len - len : 0), len))
			return true;
	}
	return false;
}

bool value_set_has(const struct value_set *s, const struct value *v)
{
	switch (s->kind) {
	case SET_PATHS:
		return has_above(s, v);
	case SET_BEGINNINGS:
	case SET_ENDINGS:
		return has_part(s, v);
	case SET_VALUES:
	default:
		return has_value(s, v);
	}
}
