/* SPDX-License-Identifier: Apache-2.0 */
/* Selects rules by --tag and its like. A name or tag that no rule has is an error, because a typing error would disarm. */
#include "choice.h"

#include "ast.h"

#define TAGS_NEAR_MAX 10000	/* tags that are searched for what may have been meant */

static bool has_tag(const struct definition *rule, const char *tag)
{
	for (size_t i = 0; i < rule->n_tags; i++)
		if (streq(rule->tags[i], tag))
			return true;
	return false;
}

static bool has_any(const struct definition *rule, const struct choice_names *tags)
{
	for (size_t i = 0; i < tags->n; i++)
		if (has_tag(rule, tags->names[i]))
			return true;
	return false;
}

/* A glob for the whole name; else the name of a rule; else, if no rule has that name, a part of names. */
static bool is_called(const struct definitions *d, const struct definition *rule, const char *name)
{
	if (strpbrk(name, "*?["))
		return glob_match(name, strlen(name), rule->name, strlen(rule->name), false);
	if (define_find(d, DEFINES_RULE, name, strlen(name)))
		return streq(rule->name, name);
	return strstr(rule->name, name) != NULL;
}

static bool is_called_any(const struct definitions *d, const struct definition *rule, const struct choice_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		if (is_called(d, rule, names->names[i]))
			return true;
	return false;
}

enum rule_left_out choice_leaves_out(const struct rules_choice *choice, const struct definitions *d,
				     const struct definition *rule)
{
	if (choice->tags.n && !has_any(rule, &choice->tags))
		return LEFT_OUT_TAG;
	if (has_any(rule, &choice->not_tags))
		return LEFT_OUT_DISABLE_TAG;
	if (is_called_any(d, rule, &choice->not_names))
		return LEFT_OUT_DISABLE;
	return rule->priority > choice->least ? LEFT_OUT_PRIORITY : LEFT_OUT_NOT;
}

/* Reports a given name that no rule has, where it stands, and names that may have been meant. */
static void tell(struct report *report, const char *option, const struct choice_names *given, size_t i, const char *is_none,
		 const char *const *names, size_t n)
{
	struct place at = given->places ? given->places[i] : (struct place){ NULL, -1, 0 };
	_cleanup_strbuf_ struct strbuf meant = STRBUF_INIT, word = STRBUF_INIT;

	strbuf_reset(&word);
	strbuf_add_printable(&word, given->names[i], strlen(given->names[i]));
	if (!did_you_mean(&meant, given->names[i], strlen(given->names[i]), names, n))
		strbuf_adds(&meant, ". See nunchi rules list");
	report_addf(report, REPORT_ERROR, at, "%s%s%s %s: %s%s", at.source ? "" : "--", option, at.source ? ":" : "", word.s,
		    is_none, meant.s);
}

static bool among(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (streq(names[i], name))
			return true;
	return false;
}

static void check_tags(const struct definitions *d, const char *option, const struct choice_names *tags,
		       struct report *report)
{
	_cleanup_free_ const char **all = xcalloc(TAGS_NEAR_MAX, sizeof(*all));
	size_t n = 0;

	for (size_t i = 0; i < d->n && tags->n; i++)
		for (size_t k = 0; k < d->all[i]->n_tags && n < TAGS_NEAR_MAX; k++)
			if (!among(all, n, d->all[i]->tags[k]))
				all[n++] = d->all[i]->tags[k];
	for (size_t i = 0; i < tags->n; i++) {
		bool found = false;

		for (size_t k = 0; k < d->n && !found; k++)
			found = has_tag(d->all[k], tags->names[i]);
		if (!found)
			tell(report, option, tags, i, "no rule has this tag", all, n);
	}
}

static void check_names(const struct definitions *d, const struct choice_names *names, struct report *report)
{
	_cleanup_free_ const char **all = xcalloc(d->n + 1, sizeof(*all));
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		if (d->all[i]->kind == DEFINES_RULE)
			all[n++] = d->all[i]->name;
	for (size_t i = 0; i < names->n; i++) {
		bool found = false;

		for (size_t k = 0; k < d->n && !found; k++)
			found = d->all[k]->kind == DEFINES_RULE && is_called(d, d->all[k], names->names[i]);
		if (!found)
			tell(report, left_out_names[LEFT_OUT_DISABLE], names, i, "no rule is called so", all, n);
	}
}

bool choice_check(const struct rules_choice *choice, const struct definitions *d, struct report *report)
{
	unsigned before = report->counts[REPORT_ERROR];

	check_tags(d, left_out_names[LEFT_OUT_TAG], &choice->tags, report);
	check_tags(d, left_out_names[LEFT_OUT_DISABLE_TAG], &choice->not_tags, report);
	check_names(d, &choice->not_names, report);
	return report->counts[REPORT_ERROR] == before;
}
