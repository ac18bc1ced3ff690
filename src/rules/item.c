/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of rules, macros and lists: they set, replace or append. */
#include "item.h"

#include <ctype.h>

const char *const priority_names[PRIORITY_MAX] = {
#define X(id, name) [PRIORITY_##id] = name,
	RULE_PRIORITIES(X)
#undef X
};

const char *const action_names[ACTION_MAX] = {
#define X(id, name) [ACTION_##id] = name,
	RULE_ACTIONS(X)
#undef X
};

/* What a key does to an item that was defined before. */
enum mode { MODE_DEFINE, MODE_APPEND, MODE_REPLACE, MODE_INVALID };

void strings_free(char ***strings, size_t *n)
{
	while (*n)
		free((*strings)[--*n]);
	free(*strings);
	*strings = NULL;
}

static void error_at(const struct item *it, const yaml_node_t *n, const char *what)
{
	report_addf(it->f->report, REPORT_ERROR, yaml_place(it->f, n ? n : it->node), "%s %s: %s",
		    it->kind_name, it->d ? it->d->name : "", what);
}

/* What the key does, which "override" may say. */
static enum mode mode_of(const struct item *it, const char *key, bool can_append)
{
	const yaml_node_t *n = yaml_get(it->f, it->override, key);
	const char *word = yaml_text(n, NULL);

	if (it->append)
		return MODE_APPEND;
	if (!it->override)
		return MODE_DEFINE;
	if (!n) {
		report_addf(it->f->report, REPORT_ERROR,
			    yaml_place(it->f, yaml_get(it->f, it->node, key)),
			    "%s %s: %s is given, but override does not say whether to append or to "
			    "replace",
			    it->kind_name, it->d->name, key);
		return MODE_INVALID;
	}
	if (word && streq(word, "replace"))
		return MODE_REPLACE;
	if (word && streq(word, "append") && can_append)
		return MODE_APPEND;
	report_addf(it->f->report, REPORT_ERROR, yaml_place(it->f, n),
		    "override of %s: expected %s", key,
		    can_append ? "append or replace" : "replace");
	return MODE_INVALID;
}

/* A block of YAML ends with a newline. */
static void trim_end(char *s)
{
	size_t len = strlen(s);

	while (len && isspace((unsigned char)s[len - 1]))
		s[--len] = '\0';
}

static void take_text(struct item *it, const char *key, struct text *to)
{
	const yaml_node_t *n = yaml_get(it->f, it->node, key);
	_cleanup_free_ char *s = NULL;
	enum mode mode;
	size_t len;

	if (!n)
		return;
	mode = mode_of(it, key, true);
	s = mode == MODE_INVALID ? NULL : yaml_take(it->f, n, key);
	if (!s)
		return;
	trim_end(s);
	len = strlen(s);
	if ((mode == MODE_APPEND ? to->b.len : 0) + len > FILTER_TEXT_MAX) {
		error_at(it, n, "longer than the 65536 bytes that are allowed");
		return;
	}
	(mode == MODE_APPEND ? text_append : text_set)(to, s, len, yaml_place(it->f, n),
						       yaml_end(it->f, n));
}

static void take_strbuf(struct item *it, const char *key, bool can_append, struct strbuf *to)
{
	const yaml_node_t *n = yaml_get(it->f, it->node, key);
	_cleanup_free_ char *s = NULL;
	enum mode mode;

	if (!n)
		return;
	mode = mode_of(it, key, can_append);
	s = mode == MODE_INVALID ? NULL : yaml_take(it->f, n, key);
	if (!s)
		return;
	trim_end(s);
	if (mode == MODE_APPEND && to->len)
		strbuf_addc(to, ' ');
	else
		strbuf_reset(to);
	strbuf_adds(to, s);
}

/* YAML 1.1's booleans, as most authors of rules expect. */
static bool parse_bool(const char *s, bool *ret)
{
	static const char *const yes[] = { "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y" };
	static const char *const no[] = { "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (streq(s, yes[i]) || streq(s, no[i])) {
			*ret = streq(s, yes[i]);
			return true;
		}
	}
	return false;
}

void item_take_bool(struct item *it, const char *key, bool *to)
{
	const yaml_node_t *n = yaml_get(it->f, it->node, key);
	const char *s = yaml_text(n, NULL);

	if (n && (!s || !parse_bool(s, to)))
		report_addf(it->f->report, REPORT_ERROR, yaml_place(it->f, n),
			    "%s: expected true or false", key);
}

bool priority_parse(const char *s, enum rule_priority *ret)
{
	for (unsigned i = 0; i < PRIORITY_MAX; i++) {
		if (!strcasecmp(s, priority_names[i]) || (i == PRIORITY_INFORMATIONAL && !strcasecmp(s, "info"))) {
			*ret = (enum rule_priority)i;
			return true;
		}
	}
	return false;
}

void priority_meant(const char *s, struct strbuf *out)
{
	if (did_you_mean(out, s, strlen(s), priority_names, PRIORITY_MAX))
		return;
	strbuf_adds(out, ". There are ");
	for (unsigned i = 0; i < PRIORITY_MAX; i++)
		strbuf_addf(out, "%s%s", i ? ", " : "", priority_names[i]);
}

static void take_priority(struct item *it)
{
	const yaml_node_t *n = yaml_get(it->f, it->node, "priority");
	const char *s = yaml_text(n, NULL);
	_cleanup_strbuf_ struct strbuf meant = STRBUF_INIT;

	if (!n || mode_of(it, "priority", false) == MODE_INVALID)
		return;
	if (s && priority_parse(s, &it->d->priority)) {
		it->d->has_priority = true;
		return;
	}
	priority_meant(s ? s : "", &meant);
	report_addf(it->f->report, REPORT_ERROR, yaml_place(it->f, n), "no such priority%s", meant.s);
}

/* One of a few words. False: there is no such key, or its value is wrong, which was reported. */
static bool take_word(struct item *it, const char *key, const char *const *words, size_t n_words,
		      unsigned *ret)
{
	const yaml_node_t *n = yaml_get(it->f, it->node, key);
	_cleanup_strbuf_ struct strbuf all = STRBUF_INIT;
	const char *s = yaml_text(n, NULL);

	if (!n || mode_of(it, key, false) == MODE_INVALID)
		return false;
	for (unsigned i = 0; i < n_words; i++) {
		if (s && streq(s, words[i])) {
			*ret = i;
			return true;
		}
		strbuf_addf(&all, "%s%s", !i ? "" : i + 1 < n_words ? ", " : " or ", words[i]);
	}
	report_addf(it->f->report, REPORT_ERROR, yaml_place(it->f, n), "%s: expected %s", key, all.s);
	return false;
}

static void take_action(struct item *it)
{
	static const char *const unsupported[] = { "alert", "refuse" };
	static const char *const pending[] = { "allow", "deny" };
	unsigned word;

	if (take_word(it, "action", action_names, ACTION_MAX, &word))
		it->d->action = (enum rule_action)word;
	if (take_word(it, "on_unsupported", unsupported, ARRAY_SIZE(unsupported), &word))
		it->d->refuse = word;
	if (take_word(it, "on_pending", pending, ARRAY_SIZE(pending), &word))
		it->d->pending_deny = word;
}

static void take_tags(struct item *it)
{
	const yaml_node_t *n = yaml_get(it->f, it->node, "tags");
	enum mode mode;

	if (!n)
		return;
	mode = mode_of(it, "tags", true);
	if (mode == MODE_INVALID)
		return;
	if (mode != MODE_APPEND)
		strings_free(&it->d->tags, &it->d->n_tags);
	if (!yaml_take_list(it->f, n, "tags", &it->d->tags, &it->d->n_tags, 1000))
		return;
}

static void take_exceptions(struct item *it)
{
	const yaml_node_t *n = yaml_get(it->f, it->node, "exceptions");
	enum mode mode;

	if (!n)
		return;
	mode = mode_of(it, "exceptions", true);
	if (mode != MODE_INVALID)
		define_exceptions(it->d, it->f, n, mode == MODE_APPEND);
}

static void take_source(struct item *it)
{
	const yaml_node_t *n = yaml_get(it->f, it->node, "source");
	struct definition *d = it->d;
	_cleanup_free_ char *s = NULL;

	if (!n)
		return;
	s = yaml_take(it->f, n, "source");
	if (!s)
		return;
	it->all->foreign -= d->source_name.len && !streq(d->source_name.s, "syscall");
	strbuf_reset(&d->source_name);
	strbuf_adds(&d->source_name, s);
	it->all->foreign += !streq(s, "syscall");
}

void item_take_list(struct item *it)
{
	const yaml_node_t *n = yaml_get(it->f, it->node, "items");
	struct definition *d = it->d;
	size_t before;
	enum mode mode;

	if (!n) {
		error_at(it, NULL, "has no items");
		return;
	}
	mode = mode_of(it, "items", true);
	if (mode == MODE_INVALID)
		return;
	if (mode != MODE_APPEND) {
		it->all->n_items -= d->n_items;
		strings_free(&d->items, &d->n_items);
	}
	before = d->n_items;
	yaml_take_list(it->f, n, "items", &d->items, &d->n_items,
		       before + LIST_ITEMS_MAX - MIN(it->all->n_items, (size_t)LIST_ITEMS_MAX));
	it->all->n_items += d->n_items - before;
}

void item_take_macro(struct item *it)
{
	if (!yaml_get(it->f, it->node, "condition"))
		error_at(it, NULL, "has no condition");
	take_text(it, "condition", &it->d->condition);
}

bool item_is_toggle(const struct item *it)
{
	return yaml_get(it->f, it->node, "enabled") && !it->append && !it->override &&
	       !yaml_get(it->f, it->node, "condition") && !yaml_get(it->f, it->node, "output") &&
	       !yaml_get(it->f, it->node, "desc") && !yaml_get(it->f, it->node, "priority");
}

static void check_whole(struct item *it)
{
	bool there_before = it->again;
	unsigned missing = 0;
	static const char *const due[] = { "condition", "output", "desc", "priority" };

	for (size_t i = 0; i < ARRAY_SIZE(due); i++) {
		if (yaml_get(it->f, it->node, due[i]))
			continue;
		missing++;
		report_addf(it->f->report, REPORT_ERROR, it->d->place, "rule %s has no %s%s",
			    it->d->name, due[i], there_before && missing == 1 ?
			    ". To change only some keys of the rule before it, say so: override: {KEY: replace}" : "");
	}
}

static void warn_of(const struct item *it, const char *with, const char *const *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (yaml_get(it->f, it->node, keys[i]))
			report_addf(it->f->report, REPORT_WARNING, yaml_place(it->f, yaml_get(it->f, it->node, keys[i])),
				    "rule %s: %s '%s' means nothing. To change it: override: {%s: replace}", it->d->name,
				    with, keys[i], keys[i]);
}

/* As in Falco: other keys are appended only with "override". */
static void take_appended(struct item *it)
{
	static const char *const nothing[] = { "desc", "output", "priority", "tags", "enabled", "action",
					       "on_unsupported", "on_pending", "skip-if-unknown-filter" };

	if (!yaml_get(it->f, it->node, "condition") && !yaml_get(it->f, it->node, "exceptions"))
		error_at(it, NULL, "appends nothing: no condition and no exceptions");
	warn_of(it, "with append: true", nothing, ARRAY_SIZE(nothing));
	take_text(it, "condition", &it->d->condition);
	take_exceptions(it);
	take_source(it);
}

/* As in Falco, a rule that is only turned on or off keeps its definition; its action may change, though. */
static void take_toggle(struct item *it)
{
	static const char *const nothing[] = { "tags", "exceptions", "source", "skip-if-unknown-filter" };

	warn_of(it, "where a rule is turned on or off", nothing, ARRAY_SIZE(nothing));
	take_action(it);
	item_take_bool(it, "enabled", &it->d->enabled);
}

void item_take_rule(struct item *it)
{
	struct definition *d = it->d;

	if (it->append) {
		take_appended(it);
		return;
	}
	if (item_is_toggle(it)) {
		take_toggle(it);
		return;
	}

	if (!it->override)
		check_whole(it);
	take_text(it, "condition", &d->condition);
	take_text(it, "output", &d->output);
	take_strbuf(it, "desc", true, &d->desc);
	take_priority(it);
	take_action(it);
	take_tags(it);
	take_exceptions(it);
	take_source(it);
	if (yaml_get(it->f, it->node, "enabled"))
		(void)(it->override && mode_of(it, "enabled", false));
	item_take_bool(it, "enabled", &d->enabled);
	item_take_bool(it, "skip-if-unknown-filter", &d->skip_unknown);
}
