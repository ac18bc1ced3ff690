/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The items of a file: lists, macros, rules and what the file requires. A later definition of the
 * same name takes the place of an earlier one, or adds to it where it says so.
 */
#include "define.h"

#include <ctype.h>
#include <errno.h>

const char *const priority_names[PRIORITY_MAX] = {
#define X(id, name) [PRIORITY_##id] = name,
	RULE_PRIORITIES(X)
#undef X
};

/* How a key of an item that exists already is meant. */
enum mode { MODE_DEFINE, MODE_APPEND, MODE_REPLACE, MODE_INVALID };

struct item {
	struct definitions *all;
	const struct yaml_file *f;
	const yaml_node_t *node;
	enum definition_kind kind;
	const char *kind_name;
	struct definition *d;
	bool append;			/* append: true, the old way */
	const yaml_node_t *override;	/* NULL: there is none */
};

static uint64_t hash_name(enum definition_kind kind, const char *name, size_t len)
{
	return hash_u64(hash_bytes(name, len) + (uint64_t)kind);
}

struct definition *define_find(const struct definitions *d, enum definition_kind kind,
			       const char *name, size_t len)
{
	uint64_t hash = hash_name(kind, name, len);

	for (struct hnode *n = hmap_first(&d->by_name, hash); n; n = hmap_next(n, hash)) {
		struct definition *def = container_of(n, struct definition, by_name);

		if (def->kind == kind && strlen(def->name) == len && !memcmp(def->name, name, len))
			return def;
	}
	return NULL;
}

static void free_strings(char ***strings, size_t *n)
{
	while (*n)
		free((*strings)[--*n]);
	free(*strings);
	*strings = NULL;
}

/* What it defines; its name and its place in the order stay. */
static void clear(struct definitions *all, struct definition *d)
{
	if (d->kind == DEFINES_LIST)
		all->n_items -= d->n_items;
	if (d->kind == DEFINES_RULE && d->source_name.len && !streq(d->source_name.s, "syscall"))
		all->foreign--;
	text_free(&d->condition);
	text_free(&d->output);
	free_strings(&d->items, &d->n_items);
	free_strings(&d->tags, &d->n_tags);
	while (d->n_exceptions)
		exception_free(&d->exceptions[--d->n_exceptions]);
	free(d->exceptions);
	d->exceptions = NULL;
	strbuf_free(&d->desc);
	strbuf_free(&d->source_name);
	d->has_priority = false;
}

void define_free(struct definitions *all)
{
	for (size_t i = 0; i < all->n; i++) {
		struct definition *d = all->all[i];

		clear(all, d);
		free_strings(&d->list.items, &d->list.n);
		node_unref(d->root);
		report_free(&d->report);
		free(d->name);
		free(d);
	}
	free(all->all);
	hmap_free(&all->by_name);
	free(all->sources);
}

static struct definition *define(struct definitions *all, enum definition_kind kind, char *name)
{
	struct definition *d = xcalloc(1, sizeof(*d));

	d->kind = kind;
	d->name = name;
	d->index = (unsigned)all->n;
	/* Grows at powers of two. */
	if (!(all->n & (all->n - 1)))
		all->all = xrealloc(all->all,
				    MAX(all->n * 2, (size_t)1) * sizeof(struct definition *));
	all->all[all->n++] = d;
	hmap_insert(&all->by_name, &d->by_name, hash_name(kind, name, strlen(name)));
	return d;
}

static void error_at(const struct item *it, const yaml_node_t *n, const char *what)
{
	report_addf(it->f->report, REPORT_ERROR, yaml_place(it->f, n ? n : it->node), "%s %s: %s",
		    it->kind_name, it->d ? it->d->name : "", what);
}

/* What is to become of a key: there may be a word on it in "override". */
static enum mode mode_of(const struct item *it, const char *key, bool can_append)
{
	const yaml_node_t *n = yaml_get(it->f, it->override, key);
	const char *word = yaml_text(n, NULL);

	if (it->append)
		return can_append ? MODE_APPEND : MODE_INVALID;
	if (!it->override)
		return MODE_DEFINE;
	if (!n) {
		report_addf(it->f->report, REPORT_ERROR, yaml_place(it->f, yaml_get(it->f, it->node, key)),
			    "%s %s: %s is given, but override does not say whether to append or to "
			    "replace", it->kind_name, it->d->name, key);
		return MODE_INVALID;
	}
	if (word && streq(word, "replace"))
		return MODE_REPLACE;
	if (word && streq(word, "append") && can_append)
		return MODE_APPEND;
	report_addf(it->f->report, REPORT_ERROR, yaml_place(it->f, n), "override of %s: expected %s", key,
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
	if (to->b.len + len > FILTER_TEXT_MAX) {
		error_at(it, n, "longer than the 65536 bytes that are allowed");
		return;
	}
	(mode == MODE_APPEND ? text_append : text_set)(to, s, len, yaml_place(it->f, n),
						      n->start_mark.index, n->end_mark.index);
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

static bool parse_bool(const char *s, bool *ret)
{
	static const char *const yes[] = { "true", "True", "TRUE", "yes", "on" };
	static const char *const no[] = { "false", "False", "FALSE", "no", "off" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (streq(s, yes[i]) || streq(s, no[i])) {
			*ret = streq(s, yes[i]);
			return true;
		}
	}
	return false;
}

static void take_bool(struct item *it, const char *key, bool *to)
{
	const yaml_node_t *n = yaml_get(it->f, it->node, key);
	const char *s = yaml_text(n, NULL);

	if (n && (!s || !parse_bool(s, to)))
		report_addf(it->f->report, REPORT_ERROR, yaml_place(it->f, n), "%s: expected true or false",
			    key);
}

static void take_priority(struct item *it)
{
	const yaml_node_t *n = yaml_get(it->f, it->node, "priority");
	const char *s = yaml_text(n, NULL);
	_cleanup_strbuf_ struct strbuf near = STRBUF_INIT;

	if (!n || mode_of(it, "priority", false) == MODE_INVALID)
		return;
	for (unsigned i = 0; s && i < PRIORITY_MAX; i++) {
		if (!strcasecmp(s, priority_names[i]) ||
		    (i == PRIORITY_INFORMATIONAL && !strcasecmp(s, "info"))) {
			it->d->priority = (enum rule_priority)i;
			it->d->has_priority = true;
			return;
		}
	}
	if (s)
		nearest_names(&near, s, strlen(s), priority_names, PRIORITY_MAX);
	report_addf(it->f->report, REPORT_ERROR, yaml_place(it->f, n), "no such priority%s%s%s",
		    near.len ? ". Did you mean " : ": from EMERGENCY to DEBUG", near.len ? near.s : "",
		    near.len ? "?" : "");
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
		free_strings(&it->d->tags, &it->d->n_tags);
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
	strbuf_reset(&d->source_name);
	strbuf_adds(&d->source_name, s);
	it->all->foreign += !streq(s, "syscall");
}

static void take_list(struct item *it)
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
		free_strings(&d->items, &d->n_items);
	}
	before = d->n_items;
	yaml_take_list(it->f, n, "items", &d->items, &d->n_items,
		       before + LIST_ITEMS_MAX - MIN(it->all->n_items, (size_t)LIST_ITEMS_MAX));
	it->all->n_items += d->n_items - before;
}

static void take_macro(struct item *it)
{
	if (!yaml_get(it->f, it->node, "condition"))
		error_at(it, NULL, "has no condition");
	take_text(it, "condition", &it->d->condition);
}

/* A rule that only says whether one is enabled. */
static bool is_toggle(const struct item *it)
{
	return yaml_get(it->f, it->node, "enabled") && !it->append && !it->override &&
	       !yaml_get(it->f, it->node, "condition") && !yaml_get(it->f, it->node, "output") &&
	       !yaml_get(it->f, it->node, "desc") && !yaml_get(it->f, it->node, "priority");
}

static void check_whole(struct item *it)
{
	static const char *const due[] = { "condition", "output", "desc", "priority" };

	for (size_t i = 0; i < ARRAY_SIZE(due); i++) {
		if (yaml_get(it->f, it->node, due[i]))
			continue;
		report_addf(it->f->report, REPORT_ERROR, it->d->place, "rule %s has no %s", it->d->name,
			    due[i]);
	}
}

static void take_rule(struct item *it)
{
	struct definition *d = it->d;

	if (!it->append && !it->override && !is_toggle(it))
		check_whole(it);
	if (it->append && !yaml_get(it->f, it->node, "condition") &&
	    !yaml_get(it->f, it->node, "exceptions"))
		error_at(it, NULL, "appends nothing: no condition and no exceptions");
	take_text(it, "condition", &d->condition);
	take_text(it, "output", &d->output);
	take_strbuf(it, "desc", true, &d->desc);
	take_priority(it);
	take_tags(it);
	take_exceptions(it);
	take_source(it);
	if (yaml_get(it->f, it->node, "enabled") && !is_toggle(it))
		(void)(it->override && mode_of(it, "enabled", false));
	take_bool(it, "enabled", &d->enabled);
	take_bool(it, "skip-if-unknown-filter", &d->skip_unknown);
}

static const struct kind {
	const char *name;
	enum definition_kind kind;
	void (*take)(struct item *it);
	const char *const *keys;
} kinds[] = {
	{ "rule", DEFINES_RULE, take_rule,
	  (const char *const[]){ "rule", "desc", "condition", "output", "priority", "source", "tags",
				 "enabled", "exceptions", "append", "override", "warn_evttypes",
				 "skip-if-unknown-filter", "capture", "capture_duration", NULL } },
	{ "macro", DEFINES_MACRO, take_macro,
	  (const char *const[]){ "macro", "condition", "append", "override", NULL } },
	{ "list", DEFINES_LIST, take_list,
	  (const char *const[]){ "list", "items", "append", "override", NULL } },
};

static void check_keys(const struct yaml_file *f, const yaml_node_t *n, const struct kind *kind)
{
	size_t n_keys = 0;

	while (kind->keys[n_keys])
		n_keys++;
	for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++) {
		const yaml_node_t *key = yaml_document_get_node(f->doc, p->key);
		const char *name = yaml_text(key, NULL);
		_cleanup_strbuf_ struct strbuf near = STRBUF_INIT, word = STRBUF_INIT;
		size_t i = 0;

		while (name && i < n_keys && !streq(kind->keys[i], name))
			i++;
		if (i < n_keys)
			continue;
		strbuf_reset(&word);
		strbuf_reset(&near);
		if (name) {
			strbuf_add_printable(&word, name, MIN(strlen(name), (size_t)64));
			nearest_names(&near, name, strlen(name), kind->keys, n_keys);
		}
		report_addf(f->report, REPORT_WARNING, yaml_place(f, key),
			    "a %s has no key '%s': it means nothing%s%s%s", kind->name, word.s,
			    near.len ? ". Did you mean " : "", near.len ? near.s : "",
			    near.len ? "?" : "");
	}
}

static bool is_identifier(const char *s)
{
	if (!isalpha((unsigned char)*s))
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && *s != '_')
			return false;
	return true;
}

/* The definition that the item is about: a new one, or one that is there. */
static bool find_definition(struct item *it, char *name, struct place place)
{
	struct definition *d = define_find(it->all, it->kind, name, strlen(name));
	bool adds = it->append || it->override || (it->kind == DEFINES_RULE && is_toggle(it));

	if (!d && adds) {
		report_addf(it->f->report, REPORT_ERROR, place,
			    "there is no %s '%s' before this that it could change", it->kind_name, name);
		free(name);
		return false;
	}
	if (!d && it->all->n >= DEFINITIONS_MAX) {
		report_addf(it->f->report, REPORT_ERROR, place, "more than %d definitions",
			    DEFINITIONS_MAX);
		free(name);
		return false;
	}
	if (!d) {
		d = define(it->all, it->kind, name);
		d->enabled = true;
		if (it->kind == DEFINES_MACRO && !is_identifier(name))
			report_addf(it->f->report, REPORT_ERROR, place, "a macro's name has letters, "
				    "digits and '_': no condition could name '%s'", name);
	} else {
		free(name);
		if (!adds) {
			clear(it->all, d);
			d->enabled = true;
		}
	}
	if (!adds)
		d->place = place;
	d->visible = (unsigned)it->all->n;
	it->d = d;
	return true;
}

static void take_item(struct definitions *all, const struct yaml_file *f, const yaml_node_t *n,
		      const struct kind *kind, const yaml_node_t *name_node)
{
	struct item it = { .all = all, .f = f, .node = n, .kind = kind->kind, .kind_name = kind->name };
	char *name = yaml_take(f, name_node, kind->name);

	if (!name)
		return;
	if (!*name) {
		report_addf(f->report, REPORT_ERROR, yaml_place(f, name_node), "a %s without a name",
			    kind->name);
		free(name);
		return;
	}
	check_keys(f, n, kind);
	it.override = yaml_get(f, n, "override");
	take_bool(&it, "append", &it.append);
	if (it.append && it.override) {
		report_add(f->report, REPORT_ERROR, yaml_place(f, it.override),
			   "append and override exclude each other");
		it.append = false;
	}
	if (find_definition(&it, name, yaml_place(f, name_node)))
		kind->take(&it);
}

/* "57" or "0.57.0". */
static bool parse_version(const char *s, unsigned *ret_major, unsigned *ret_minor)
{
	unsigned patch = 0;
	int end = 0;

	if (sscanf(s, "%u.%u.%u%n", ret_major, ret_minor, &patch, &end) == 3 && end)
		return true;
	*ret_major = 0;
	return sscanf(s, "%u%n", ret_minor, &end) == 1 && !s[end];
}

static void check_engine(const struct yaml_file *f, const yaml_node_t *n)
{
	unsigned major, minor;
	const char *s = yaml_text(n, NULL);

	if (!s || !parse_version(s, &major, &minor))
		report_add(f->report, REPORT_ERROR, yaml_place(f, n),
			   "required_engine_version: expected a number, or a version as 0.57.0");
	else if (major > RULES_ENGINE_MAJOR || minor > RULES_ENGINE_MINOR)
		report_addf(f->report, REPORT_WARNING, yaml_place(f, n),
			    "asks for the language of engine %u.%u; this one has that of %d.%d", major,
			    minor, RULES_ENGINE_MAJOR, RULES_ENGINE_MINOR);
}

/* What Falco's container plugin tells, nunchi knows by itself. */
static void check_plugins(const struct yaml_file *f, const yaml_node_t *n)
{
	if (n->type != YAML_SEQUENCE_NODE) {
		report_add(f->report, REPORT_ERROR, yaml_place(f, n),
			   "required_plugin_versions: expected a list");
		return;
	}
	for (size_t i = 0; i < yaml_count(n); i++) {
		const yaml_node_t *item = yaml_item(f, n, i);
		const char *name = yaml_text(yaml_get(f, item, "name"), NULL);

		if (!name || !yaml_text(yaml_get(f, item, "version"), NULL))
			report_add(f->report, REPORT_ERROR, yaml_place(f, item),
				   "a plugin that is required has a name and a version");
		else if (!streq(name, "container"))
			report_add(f->report, REPORT_NOTE, yaml_place(f, item),
				   "there are no plugins here; rules that need this one are skipped, "
				   "or their fields are unknown");
	}
}

static void take_unknown(const struct yaml_file *f, const yaml_node_t *n)
{
	const yaml_node_t *versions = yaml_get(f, n, "required_engine_version");
	const yaml_node_t *plugins = yaml_get(f, n, "required_plugin_versions");

	if (versions)
		check_engine(f, versions);
	if (plugins)
		check_plugins(f, plugins);
	if (!versions && !plugins)
		report_add(f->report, REPORT_WARNING, yaml_place(f, n),
			   "expected a rule, macro, list, required_engine_version or "
			   "required_plugin_versions: this means nothing");
}

static void define_items(struct definitions *d, const struct yaml_file *f, const yaml_node_t *root)
{
	if (root->type != YAML_SEQUENCE_NODE) {
		if (root->type != YAML_SCALAR_NODE || root->data.scalar.length)
			report_add(f->report, REPORT_ERROR, yaml_place(f, root),
				   "expected a list of rules, macros and lists: '- rule: NAME'");
		return;
	}
	for (size_t i = 0; i < yaml_count(root); i++) {
		const yaml_node_t *n = yaml_item(f, root, i);
		const yaml_node_t *name = NULL;
		size_t k = 0;

		if (!n || n->type != YAML_MAPPING_NODE) {
			report_add(f->report, REPORT_ERROR, yaml_place(f, n),
				   "expected a rule, macro or list here");
			continue;
		}
		while (k < ARRAY_SIZE(kinds) && !(name = yaml_get(f, n, kinds[k].name)))
			k++;
		if (name)
			take_item(d, f, n, &kinds[k], name);
		else
			take_unknown(f, n);
	}
}

static void report_yaml(struct definitions *d, const struct rule_file *source, const yaml_parser_t *p)
{
	struct place place = { source, (long)p->problem_mark.line, (long)p->problem_mark.column };

	report_addf(d->report, REPORT_ERROR, place, "this is no YAML: %s%s%s",
		    p->problem ? p->problem : "it cannot be read", p->context ? ", " : "",
		    p->context ? p->context : "");
}

void define_file(struct definitions *d, struct rule_file *source)
{
	yaml_document_t doc;
	yaml_parser_t p;

	if (!yaml_parser_initialize(&p))
		abort();
	yaml_parser_set_input_string(&p, (const unsigned char *)source->text, source->len);
	for (;;) {
		struct yaml_file f = { &doc, source, d->report };
		const yaml_node_t *root;

		if (!yaml_parser_load(&p, &doc)) {
			report_yaml(d, source, &p);
			break;
		}
		root = yaml_document_get_root_node(&doc);
		if (root)
			define_items(d, &f, root);
		yaml_document_delete(&doc);
		if (!root)
			break;
	}
	yaml_parser_delete(&p);
}
