/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Did you mean": the names nearest to a word. Near is a small edit distance (a slip of the
 * finger, swapped letters; case does not count), or a name that the word begins.
 */
#include "syscalls.h"

#include <ctype.h>

#define WORD_MAX 64	/* longer than any name; what is longer was no slip */
#define SHOWN_MAX 3
#define PREFIX_MIN 3

struct candidate {
	const char *name;
	unsigned rank;
};

static char fold(char c)
{
	return (char)tolower((unsigned char)c);
}

/* Insertions, deletions, substitutions and swaps of neighbours that turn a into b. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned rows[3][WORD_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2], *spare;

	for (size_t j = 0; j <= b_len; j++)
		last[j] = before[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			bool same = fold(a[i - 1]) == fold(b[j - 1]);
			unsigned best = MIN(last[j], row[j - 1]) + 1;

			best = MIN(best, last[j - 1] + !same);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]))
				best = MIN(best, before[j - 2] + 1);
			row[j] = best;
		}
		spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[b_len];
}

static bool begins(const char *name, size_t name_len, const char *word, size_t len)
{
	if (len < PREFIX_MIN || len > name_len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (fold(name[i]) != fold(word[i]))
			return false;
	return true;
}

/* One slip is nearest, then a word half typed, then what is further; 0 is not near. */
static unsigned rank_of(const char *name, const char *word, size_t len)
{
	size_t name_len = strlen(name);
	unsigned slips;
	bool prefix;

	if (name_len > WORD_MAX)
		return 0;
	slips = distance(word, len, name, name_len);
	prefix = begins(name, name_len, word, len);
	if (slips <= 1 && len > 1)
		return 1 + (prefix ? 0 : 1 + slips);
	if (prefix)
		return WORD_MAX + slips;
	return slips <= len / 3 ? 2 * WORD_MAX + slips : 0;
}

static bool is_among(const char *name, const struct candidate *best, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (streq(best[i].name, name))
			return true;
	return false;
}

void nearest_names(struct strbuf *out, const char *word, size_t len, const char *const *names,
		   size_t n_names)
{
	struct candidate best[SHOWN_MAX] = { 0 };
	size_t n = 0;

	if (!len || len > WORD_MAX)
		return;
	for (size_t i = 0; i < n_names; i++) {
		unsigned rank = rank_of(names[i], word, len);
		size_t at = n;

		if (!rank || (n == SHOWN_MAX && rank >= best[n - 1].rank) || is_among(names[i], best, n))
			continue;
		if (n < SHOWN_MAX)
			n++;
		else
			at--;
		for (; at && best[at - 1].rank > rank; at--)
			best[at] = best[at - 1];
		best[at] = (struct candidate){ names[i], rank };
	}
	for (size_t i = 0; i < n; i++) {
		if (i)
			strbuf_adds(out, ", ");
		strbuf_adds(out, best[i].name);
	}
}

bool did_you_mean(struct strbuf *ret, const char *word, size_t len, const char *const *names, size_t n_names)
{
	_cleanup_strbuf_ struct strbuf near = STRBUF_INIT;

	nearest_names(&near, word, len, names, n_names);
	strbuf_reset(ret);
	if (near.len)
		strbuf_addf(ret, ". Did you mean %s?", near.s);
	return near.len;
}
