/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shell pattern without recursion: on a mismatch only the last star takes one byte more, which is
 * enough, since what an earlier star takes can as well be taken by the last one. Bytes, not
 * characters; "/" and a leading dot are bytes as any other, as in Falco.
 */
#include <ctype.h>

#include "ast.h"

static const struct {
	const char *name;
	int (*has)(int c);
} classes[] = {
	{ "alnum", isalnum }, { "alpha", isalpha }, { "blank", isblank }, { "cntrl", iscntrl },
	{ "digit", isdigit }, { "graph", isgraph }, { "lower", islower }, { "print", isprint },
	{ "punct", ispunct }, { "space", isspace }, { "upper", isupper }, { "xdigit", isxdigit },
};

/* The length of "[:digit:]" in a set, at p; 0: there is none. *ret_class: its row above, ARRAY_SIZE(classes) if it has none. */
static size_t take_class(const unsigned char *p, size_t n, size_t *ret_class)
{
	const unsigned char *name = p + 2, *end;
	size_t i = 0, len;

	if (n < 4 || p[0] != '[' || p[1] != ':')
		return 0;
	end = memmem(name, n - 2, ":]", 2);
	if (!end)
		return 0;
	len = (size_t)(end - name);
	while (i < ARRAY_SIZE(classes) && (strlen(classes[i].name) != len || memcmp(classes[i].name, name, len)))
		i++;
	*ret_class = i;
	return len + 4;
}

/* Its length, or 0 if there is none. One that is unknown has no byte. */
static size_t class_match(const unsigned char *p, size_t n, unsigned char c, bool *match)
{
	size_t class, len = take_class(p, n, &class);

	if (len && class < ARRAY_SIZE(classes))
		*match |= c < 0x80 && classes[class].has(c);
	return len;
}

/*
 * The set that begins at p[0] == '['. Returns its length and sets *ret_match, or 0 if it is not
 * closed: then '[' stands for itself.
 */
static size_t set_match(const unsigned char *p, size_t n, unsigned char c, bool *ret_match)
{
	bool negated, match = false;
	size_t i = 1, class;

	negated = i < n && (p[i] == '!' || p[i] == '^');
	i += negated;
	for (size_t first = i; i < n && (p[i] != ']' || i == first); i++) {
		unsigned char low, high;

		class = class_match(p + i, n - i, c, &match);
		if (class) {
			i += class - 1;
			continue;
		}
		if (p[i] == '\\' && i + 1 < n)
			i++;
		low = high = p[i];
		if (i + 2 < n && p[i + 1] == '-' && p[i + 2] != ']') {
			i += 2;
			if (p[i] == '\\' && i + 1 < n)
				i++;
			high = p[i];
		}
		match |= low <= c && c <= high;
	}
	if (i >= n)
		return 0;
	*ret_match = match != negated;
	return i + 1;
}

static unsigned char other_case(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ? c ^ 0x20 : c;
}

/* What of the pattern one byte matches: its length, or 0 if it does not match. */
static size_t step_one(const unsigned char *p, size_t n, unsigned char c)
{
	bool match;
	size_t len;

	switch (p[0]) {
	case '?':
		return 1;
	case '[':
		len = set_match(p, n, c, &match);
		if (len)
			return match ? len : 0;
		return c == '[';
	case '\\':
		if (n > 1)
			return p[1] == c ? 2 : 0;
		return c == '\\';
	default:
		return p[0] == c;
	}
}

/* A set that excludes a letter excludes it in either case, so that the byte itself must pass. */
static size_t step(const unsigned char *p, size_t n, unsigned char c, bool fold_case)
{
	bool negated = n > 1 && p[0] == '[' && (p[1] == '!' || p[1] == '^');
	size_t taken = step_one(p, n, c);

	if (!fold_case || other_case(c) == c || (taken && !negated) || (!taken && negated))
		return taken;
	return step_one(p, n, other_case(c));
}

bool glob_match(const char *pattern, size_t n, const char *s, size_t len, bool fold_case)
{
	const unsigned char *p = (const unsigned char *)pattern;
	size_t i = 0, k = 0, star = SIZE_MAX, resume = 0;

	while (k < len) {
		size_t taken = 0;

		if (i < n && p[i] == '*') {
			star = ++i;
			resume = k;
			continue;
		}
		if (i < n)
			taken = step(p + i, n - i, (unsigned char)s[k], fold_case);
		if (taken) {
			i += taken;
			k++;
		} else if (star != SIZE_MAX) {
			i = star;
			k = ++resume;
		} else {
			return false;
		}
	}
	while (i < n && p[i] == '*')
		i++;
	return i == n;
}

/* The name of the unknown class in a set; *ret_len: its length. NULL: there is none. */
static const unsigned char *unknown_in_set(const unsigned char *p, size_t n, size_t *ret_len)
{
	size_t class;

	for (size_t i = 1; i < n; i++) {
		size_t len = take_class(p + i, n - i, &class);

		if (len && class == ARRAY_SIZE(classes)) {
			*ret_len = len - 4;
			return p + i + 2;
		}
		if (len)
			i += len - 1;
		else if (p[i] == '\\')
			i++;
	}
	return NULL;
}

const char *glob_unknown_class(const char *pattern, size_t n, size_t *ret_len)
{
	const unsigned char *p = (const unsigned char *)pattern, *unknown;

	for (size_t i = 0; i < n; i++) {
		bool match;
		size_t len = p[i] == '[' ? set_match(p + i, n - i, 0, &match) : 0;

		unknown = len ? unknown_in_set(p + i, len, ret_len) : NULL;
		if (unknown)
			return (const char *)unknown;
		if (len)
			i += len - 1;
		else if (p[i] == '\\')
			i++;
	}
	return NULL;
}

void glob_add_classes(struct strbuf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		strbuf_addf(out, "%s%s", i ? ", " : "", classes[i].name);
}
