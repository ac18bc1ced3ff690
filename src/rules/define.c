/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the items of a file: lists, macros, rules, and the file's requirements. A later definition of the
 * same name replaces the earlier one, or adds to it if it says so.
 */
#include "item.h"

#include <ctype.h>

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

/* Empties a definition; its name and its index stay. */
static void clear(struct definitions *all, struct definition *d)
{
	if (d->kind == DEFINES_LIST)
		all->n_items -= d->n_items;
	if (d->kind == DEFINES_RULE && d->source_name.len && !streq(d->source_name.s, "syscall"))
		all->foreign--;
	text_free(&d->condition);
	text_free(&d->output);
	strings_free(&d->items, &d->n_items);
	strings_free(&d->tags, &d->n_tags);
	while (d->n_exceptions)
		exception_free(&d->exceptions[--d->n_exceptions]);
	free(d->exceptions);
	d->exceptions = NULL;
	strbuf_free(&d->desc);
	strbuf_free(&d->source_name);
	d->has_priority = d->skip_unknown = d->refuse = d->pending_deny = false;
	d->action = ACTION_ALERT;
}

void define_free(struct definitions *all)
{
	for (size_t i = 0; i < all->n; i++) {
		struct definition *d = all->all[i];

		clear(all, d);
		strings_free(&d->list.items, &d->list.n);
		node_unref(d->root);
		report_free(&d->report);
		free(d->unknown);
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

static const struct kind {
	const char *name, *a_name;
	enum definition_kind kind;
	void (*take)(struct item *it);
	const char *const *keys;
} kinds[] = {
	{ "rule", "a rule", DEFINES_RULE, item_take_rule,
	  (const char *const[]){ "rule", "desc", "condition", "output", "priority", "source",
				 "tags", "enabled", "exceptions", "append", "override",
				 "warn_evttypes", "skip-if-unknown-filter", "capture",
				 "capture_duration", "action", "on_unsupported", "on_pending",
				 NULL } },
	{ "macro", "a macro", DEFINES_MACRO, item_take_macro,
	  (const char *const[]){ "macro", "condition", "append", "override", NULL } },
	{ "list", "a list", DEFINES_LIST, item_take_list,
	  (const char *const[]){ "list", "items", "append", "override", NULL } },
};

static bool is_identifier(const char *s)
{
	if (!isalpha((unsigned char)*s))
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && *s != '_')
			return false;
	return true;
}

/* Whether a condition can contain the name, which ends there at a blank or sign. */
static bool can_be_named(enum definition_kind kind, const char *name)
{
	return kind == DEFINES_MACRO ? is_identifier(name) : !strpbrk(name, " \t\n\r()\"'=,");
}

/* Whether the only key of a list or macro is replaced: as in Falco, that defines it if it does not exist. */
static bool replaces_all(const struct item *it)
{
	const char *word = yaml_text(yaml_get(it->f, it->override, it->kind == DEFINES_LIST ? "items" : "condition"), NULL);

	return it->kind != DEFINES_RULE && word && streq(word, "replace");
}

/* Whether nunchi's own rules, which are not loaded, define it. */
static bool is_offered(const struct definitions *d, const char *kind, const char *name)
{
	_cleanup_free_ char *line = xasprintf("\n- %s: %s\n", kind, name);

	return d->offered && strstr(d->offered, line);
}

/* Reports that there is nothing of that name to change. */
static void tell_missing(const struct item *it, const char *name, struct place place)
{
	const struct definitions *d = it->all;
	_cleanup_free_ const char **names = xcalloc(d->n + 1, sizeof(*names));
	_cleanup_strbuf_ struct strbuf meant = STRBUF_INIT;
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		if (d->all[i]->kind == it->kind)
			names[n++] = d->all[i]->name;
	did_you_mean(&meant, name, strlen(name), names, n);
	report_addf(it->f->report, REPORT_ERROR, place, "there is no %s '%s' before this that it could change; %s%s",
		    it->kind_name, name,
		    is_offered(d, it->kind_name, name) ? "-f default reads nunchi's own" :
			    "give the file that defines it before this one, as -f falco_rules.yaml",
		    meant.s);
}

/*
 * In another file a second definition is a change, in the same one most likely a mistake: what was said first, a whole
 * rule perhaps, would be gone without a word.
 */
static void tell_again(const struct item *it, const struct definition *d, struct place place)
{
	_cleanup_strbuf_ struct strbuf name = STRBUF_INIT;

	if (!d->place.source || d->place.source != place.source)
		return;
	strbuf_add_printable(&name, d->name, strlen(d->name));
	report_addf(it->f->report, REPORT_WARNING, place, "%s %s is defined twice in this file: what line %ld says means nothing",
		    it->kind_name, name.s, d->place.line + 1);
}

/* Finds or makes the definition that the item is about. Takes name. False: an error was reported. */
static bool find_definition(struct item *it, char *name, struct place place)
{
	struct definition *d = define_find(it->all, it->kind, name, strlen(name));
	bool adds = it->append || it->override || (it->kind == DEFINES_RULE && item_is_toggle(it));

	if (!d && adds && !replaces_all(it)) {
		tell_missing(it, name, place);
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
		if (it->kind != DEFINES_RULE && !can_be_named(it->kind, name))
			report_addf(it->f->report, REPORT_WARNING, place, "no condition can name this %s: %s", it->kind_name,
				    it->kind == DEFINES_MACRO ? "a name has letters, digits and '_', and begins with a letter" :
								"a name has no blanks, quotes, parentheses, '=' or ','");
	} else {
		free(name);
		it->again = true;
		if (!adds) {
			tell_again(it, d, place);
			clear(it->all, d);
			d->enabled = true;
		}
	}
	if (!adds || !it->again)
		d->place = place;
	d->visible = (unsigned)it->all->n;
	d->common = it->all->common;
	it->d = d;
	return true;
}

static bool is_key(const struct kind *kind, const char *name)
{
	for (size_t i = 0; kind->keys[i]; i++)
		if (streq(kind->keys[i], name))
			return true;
	return false;
}

/* Every key that "override" appends or replaces must be given. */
static void check_override(struct item *it, const struct kind *kind)
{
	const yaml_node_t *n = it->override;
	size_t n_keys = 0;

	while (kind->keys[n_keys])
		n_keys++;
	if (n->type != YAML_MAPPING_NODE || n->data.mapping.pairs.start == n->data.mapping.pairs.top) {
		report_add(it->f->report, REPORT_ERROR, yaml_place(it->f, n),
			   "override: expected what is to become of a key, as in {condition: append}");
		return;
	}
	for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++) {
		const yaml_node_t *key = yaml_document_get_node(it->f->doc, p->key);
		_cleanup_strbuf_ struct strbuf meant = STRBUF_INIT, word = STRBUF_INIT;
		const char *name = yaml_text(key, NULL);

		if (name && yaml_get(it->f, it->node, name))
			continue;
		strbuf_reset(&word);
		strbuf_reset(&meant);
		if (name) {
			strbuf_add_printable(&word, name, MIN(strlen(name), (size_t)64));
			/* A key that there is, and that is only not given, is not misspelt. */
			if (!is_key(kind, name))
				did_you_mean(&meant, name, strlen(name), kind->keys, n_keys);
		}
		report_addf(it->f->report, REPORT_ERROR, yaml_place(it->f, key),
			    "override says what is to become of '%s', which is not given%s", word.s, meant.s);
	}
}

static void take_item(struct definitions *all, const struct yaml_file *f, const yaml_node_t *n,
		      const struct kind *kind, const yaml_node_t *name_node)
{
	struct item it = {
		.all = all, .f = f, .node = n, .kind = kind->kind, .kind_name = kind->name
	};
	char *name = yaml_take(f, name_node, kind->name);

	if (!name)
		return;
	if (!*name) {
		report_addf(f->report, REPORT_ERROR, yaml_place(f, name_node),
			    "a %s without a name", kind->name);
		free(name);
		return;
	}
	yaml_check_keys(f, n, kind->a_name, kind->keys);
	it.override = yaml_get(f, n, "override");
	item_take_bool(&it, "append", &it.append);
	if (it.override)
		check_override(&it, kind);
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
			    "asks for the language of engine %u.%u; this one has that of %d.%d",
			    major, minor, RULES_ENGINE_MAJOR, RULES_ENGINE_MINOR);
}

/* Plugins do not exist here; what Falco's container plugin provides, nunchi has by itself. */
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
			report_add(
				f->report, REPORT_NOTE, yaml_place(f, item),
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

		/* "-" alone, which remains when an item is deleted. */
		if (n && n->type == YAML_SCALAR_NODE && !n->data.scalar.length)
			continue;
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
			yaml_problem(&f, &p);
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
