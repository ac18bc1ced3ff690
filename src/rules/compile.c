/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Visibility of names is that of Falco: a list or macro can use lists or macros that were first defined
 * before its last definition, or before what was last appended to it. A rule can use all of them.
 */
#include "compile.h"

#include "parse_error.h"

#define ERRORS_MAX 20	/* of one text, after the first */

/* The definition whose condition is being parsed, and so asks for names. */
struct asker {
	struct definitions *d;
	unsigned visible;      /* macros with a lower index can be seen */
	bool common;	       /* it is itself one of the names that files may take for granted */
	struct report *report; /* where errors of macros go */
	bool skips;	       /* skip-if-unknown-filter: it is left out if it uses something unknown, */
	bool skipped;	       /* and it does */
	struct strbuf unknown; /* what is unknown: "unknown field 'a.b', ..." */
	bool wrong;	       /* it has other errors, too */
};

static struct node *find_macro(void *arg, const char *name, size_t len, struct strbuf *why);

static const struct name_list *find_list(void *arg, const char *name, size_t len)
{
	struct asker *a = arg;
	struct definition *list = define_find(a->d, DEFINES_LIST, name, len);

	if (!list)
		return NULL;
	list->used = true;
	list->wanted |= !a->common;
	return &list->list;
}

static void unknown_macro(const struct definitions *d, const char *name, size_t len,
			  struct strbuf *why)
{
	_cleanup_free_ const char **names = xcalloc(d->n + 1, sizeof(*names));
	_cleanup_strbuf_ struct strbuf meant = STRBUF_INIT;
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		if (d->all[i]->kind == DEFINES_MACRO)
			names[n++] = d->all[i]->name;
	did_you_mean(&meant, name, len, names, n);
	strbuf_adds(why, "unknown macro ");
	error_add_word(why, name, len);
	strbuf_adds(why, meant.s);
}

/* Whether the error is about something unknown, which another engine may know. */
static bool is_unknown(const char *err)
{
	static const char *const beginnings[] = { "unknown field ", "no such system call or event: ",
						  "no event has an argument " };

	for (size_t i = 0; i < ARRAY_SIZE(beginnings); i++)
		if (starts_with(err, beginnings[i]))
			return true;
	return false;
}

/* What is not known, once. */
static void add_unknown(struct asker *a, const char *what, size_t len)
{
	_cleanup_free_ char *text = xstrndup(what, len);

	if (!a->unknown.len || !strstr(a->unknown.s, text))
		strbuf_addf(&a->unknown, "%s%s", a->unknown.len ? ", " : "", text);
}

/* Reports an error in a text of the asker; what: which text, as a prefix. */
static void tell(struct asker *a, struct place place, const char *what, const char *err)
{
	bool unknown = is_unknown(err);

	a->wrong |= *err && !unknown;
	a->skipped |= a->skips && unknown;
	/* Up to the name in quotes. */
	if (unknown)
		add_unknown(a, err, (size_t)(strchrnul(strchr(err, '\'') + 1, '\'') + 1 - err));
	if (*err && !(a->skips && unknown))
		report_addf(a->report, REPORT_ERROR, place, "%s%s", what, err);
}

static void compile_macro(struct definitions *d, struct definition *m)
{
	struct asker asker = { .d = d, .visible = m->visible, .common = m->common, .report = &m->report };
	struct names names = { find_list, find_macro, &asker };
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	size_t at;

	if (!text_given(&m->condition)) {
		m->state = STATE_BAD;
		m->wrong = true;
		return;
	}
	m->state = STATE_BUSY;
	d->depth++;
	if (condition_parse(&m->root, m->condition.b.s, &names, &err, &at) < 0) {
		m->state = STATE_BAD;
		tell(&asker, text_place(&m->condition, at), "", err.s);
		for (unsigned n = 0; n < ERRORS_MAX && condition_next_error(m->condition.b.s, &names, &at, &err); n++)
			tell(&asker, text_place(&m->condition, at), "", err.s);
		m->wrong = asker.wrong;
		m->unknown = xstrdup(asker.unknown.s);
	} else if (!m->root) {
		m->state = STATE_BAD;
		m->wrong = true;
		report_addf(&m->report, REPORT_ERROR, m->place,
			    "the condition of macro %s is empty", m->name);
	} else {
		m->state = STATE_DONE;
		if (!m->root->text)
			m->root->text = &m->condition;
	}
	d->depth--;
	strbuf_free(&asker.unknown);
}

/* Errors of a macro are reported once, when the first rule needs it. */
static void tell_macro(struct asker *a, struct definition *m)
{
	if (!m->report.text.len)
		return;
	strbuf_adds(&a->report->text, m->report.text.s);
	for (unsigned i = 0; i < REPORT_LEVELS; i++)
		a->report->counts[i] += m->report.counts[i];
	report_free(&m->report);
}

static struct node *find_macro(void *arg, const char *name, size_t len, struct strbuf *why)
{
	struct asker *a = arg;
	struct definition *m = define_find(a->d, DEFINES_MACRO, name, len);

	if (!m) {
		unknown_macro(a->d, name, len, why);
		return NULL;
	}
	m->used = true;
	m->wanted |= !a->common;
	if (m->index >= a->visible) {
		strbuf_addf(why,
			    "macro %s comes only after this one, and a macro can name those "
			    "before it",
			    m->name);
		return NULL;
	}
	if (m->state == STATE_NEW && a->d->depth < NAMES_DEPTH_MAX)
		compile_macro(a->d, m);
	switch (m->state) {
	case STATE_DONE:
		return node_ref(m->root);
	case STATE_BAD:
		a->wrong |= m->wrong;
		if (m->unknown)
			add_unknown(a, m->unknown, strlen(m->unknown));
		if (!a->skips || m->wrong)
			tell_macro(a, m);
		else
			a->skipped = true;
		return NULL;
	case STATE_BUSY:
		strbuf_addf(why, "macro %s would contain itself", m->name);
		return NULL;
	case STATE_NEW:
	default:
		strbuf_addf(why, "more than %d macros wait for each other here", NAMES_DEPTH_MAX);
		return NULL;
	}
}

static void add_item(struct name_list *list, const char *item)
{
	if (!(list->n & (list->n - 1)))
		list->items = xrealloc(list->items, MAX(list->n * 2, (size_t)1) * sizeof(char *));
	list->items[list->n++] = xstrdup(item);
}

static void compile_list(struct definitions *d, struct definition *list, size_t *total);

/* The list that an item names, expanded; NULL: the item is a word. A list that is defined later, or contains this one, is not meant. */
static struct definition *find_item_list(struct definitions *d, struct definition *list, const char *item, size_t *total)
{
	struct definition *other = define_find(d, DEFINES_LIST, item, strlen(item));

	if (!other || other->index >= list->visible)
		return NULL;
	if (other->state == STATE_NEW && d->depth == NAMES_DEPTH_MAX)
		report_addf(d->report, REPORT_ERROR, list->place,
			    "more than %d lists wait for each other here", NAMES_DEPTH_MAX);
	else if (other->state == STATE_NEW)
		compile_list(d, other, total);
	return other->state == STATE_DONE ? other : NULL;
}

static void compile_list(struct definitions *d, struct definition *list, size_t *total)
{
	list->state = STATE_BUSY;
	d->depth++;
	for (size_t i = 0; i < list->n_items; i++) {
		struct definition *other = find_item_list(d, list, list->items[i], total);

		if (!other) {
			add_item(&list->list, list->items[i]);
			++*total;
			continue;
		}
		other->used = true;
		other->wanted |= !list->common;
		*total += other->list.n;
		if (*total > LIST_ITEMS_MAX) {
			report_addf(
				d->report, REPORT_ERROR, list->place,
				"lists have more than %d items, with all in each other unfolded",
				LIST_ITEMS_MAX);
			break;
		}
		for (size_t k = 0; k < other->list.n; k++)
			add_item(&list->list, other->list.items[k]);
	}
	d->depth--;
	list->state = STATE_DONE;
}

void compile_names(struct definitions *d)
{
	size_t total = 0;

	for (size_t i = 0; i < d->n; i++)
		if (d->all[i]->kind == DEFINES_LIST && d->all[i]->state == STATE_NEW)
			compile_list(d, d->all[i], &total);
	/* In file order, so that a long chain of macros does not recurse. */
	for (size_t i = 0; i < d->n; i++)
		if (d->all[i]->kind == DEFINES_MACRO && d->all[i]->state == STATE_NEW)
			compile_macro(d, d->all[i]);
}

static struct node *compile_condition(struct asker *a, struct definition *rule, const struct names *names)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	struct node *root = NULL;
	size_t at;

	if (!text_given(&rule->condition))
		return NULL; /* which was told */
	if (condition_parse(&root, rule->condition.b.s, names, &err, &at) < 0) {
		tell(a, text_place(&rule->condition, at), "", err.s);
		for (unsigned n = 0; n < ERRORS_MAX && condition_next_error(rule->condition.b.s, names, &at, &err); n++)
			tell(a, text_place(&rule->condition, at), "", err.s);
	} else if (!root)
		report_addf(a->report, REPORT_ERROR, rule->place,
			    "the condition of rule %s is empty", rule->name);
	return root;
}

/* False: an exception is wrong. *ret is NULL if nothing is excepted. */
static bool compile_exceptions(struct asker *a, struct definition *rule, const struct names *names,
			       struct node **ret)
{
	static const struct text generated; /* it has no place in the file */
	struct names longer = *names;
	bool ok = true;

	longer.text_max = EXCEPTION_TEXT_MAX;
	for (size_t i = 0; i < rule->n_exceptions; i++) {
		const struct exception *e = &rule->exceptions[i];
		_cleanup_strbuf_ struct strbuf text = STRBUF_INIT, err = STRBUF_INIT;
		struct node *n = NULL;
		size_t at;

		strbuf_reset(&text);
		exception_condition(e, &text);
		if (condition_parse(&n, text.s, &longer, &err, &at) < 0) {
			_cleanup_free_ char *what = xasprintf("exception %s: ", e->name);

			tell(a, e->place, what, err.s);
			ok = false;
			continue;
		}
		if (!text_given(&e->values)) {
			node_unref(n);
			continue;
		}
		if (n && !n->text)
			n->text = &generated;
		if (n && *ret) {
			*ret = node_pair(NODE_OR, *ret, n);
		} else if (n) {
			*ret = n;
		}
	}
	return ok;
}

/* Every alert names the container, with the fields that Falco's container plugin suggests. */
static void add_suggested(const char *output, struct strbuf *text)
{
	static const char *const suggested[][2] = {
		{ "container_id", "container.id" },
		{ "container_name", "container.name" },
		{ "container_image_repository", "container.image.repository" },
		{ "container_image_tag", "container.image.tag" },
		{ "k8s_pod_name", "k8s.pod.name" },
		{ "k8s_ns_name", "k8s.ns.name" },
	};

	strbuf_adds(text, output);
	for (size_t i = 0; i < ARRAY_SIZE(suggested); i++)
		if (!strstr(output, suggested[i][1]))
			strbuf_addf(text, " %s=%%%s", suggested[i][0], suggested[i][1]);
}

static bool compile_output(struct asker *a, struct definition *rule, struct template **ret)
{
	_cleanup_free_ char *what = xasprintf("output of rule %s: ", rule->name);
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT, text = STRBUF_INIT, glued = STRBUF_INIT;
	size_t star, at, from = 0;

	if (!text_given(&rule->output))
		return false;
	star = rule->output.b.s[0] == '*';
	add_suggested(rule->output.b.s + star, &text);
	if (a->d->append_output)
		strbuf_addf(&text, " %s", a->d->append_output);	/* it has no error: who reads options has seen to that */
	/* After an error, continues behind it to find more. */
	for (unsigned n = 0;
	     n <= ERRORS_MAX && template_new(ret, text.s + from, false, &glued, &err, &at) < 0;
	     n++) {
		from += at;
		tell(a, text_place(&rule->output, from + star), what, err.s);
		strbuf_reset(&err);
	}
	if (glued.len)
		report_addf(a->report, REPORT_WARNING, text_place(&rule->output, star),
			    "%s%s is no field: the one that it begins with is shown, and the rest as text", what, glued.s);
	if (from)
		template_free(TAKE_PTR(*ret));
	return !from;
}

bool compile_rule(struct definitions *d, struct definition *rule, struct node **ret_root,
		  struct template **ret_output)
{
	struct asker asker = { .d = d, .visible = UINT32_MAX, .report = d->report, .skips = rule->skip_unknown };
	struct names names = { find_list, find_macro, &asker };
	_cleanup_node_ struct node *root = compile_condition(&asker, rule, &names);
	_cleanup_node_ struct node *excepted = NULL;
	bool ok = root != NULL;

	ok &= compile_exceptions(&asker, rule, &names, &excepted);
	ok &= compile_output(&asker, rule, ret_output);
	if (asker.skipped)
		report_addf(d->report, REPORT_WARNING, rule->place,
			    "rule %s is skipped, as skip-if-unknown-filter says: %s", rule->name, asker.unknown.s);
	else if (!ok && !d->report->counts[REPORT_ERROR])	/* in a macro that was skipped with another one */
		report_addf(d->report, REPORT_ERROR, rule->place, "rule %s: by a macro, %s", rule->name, asker.unknown.s);
	strbuf_free(&asker.unknown);
	if (!ok) {
		template_free(*ret_output);
		*ret_output = NULL;
		return false;
	}
	*ret_root = excepted ? node_pair(NODE_AND, TAKE_PTR(root), node_not(TAKE_PTR(excepted)))
			     : TAKE_PTR(root);
	return true;
}

/* Notes which names come from rules/common.yaml, since a rule may mean something else by them. */
static void tell_common(struct definitions *d)
{
	_cleanup_strbuf_ struct strbuf names = STRBUF_INIT;

	for (size_t i = 0; i < d->n; i++)
		if (d->all[i]->common && d->all[i]->wanted)
			strbuf_addf(&names, "%s%s", names.len ? ", " : "", d->all[i]->name);
	if (names.len)
		report_addf(d->report, REPORT_NOTE, (struct place){ NULL, -1, 0 },
			    "not defined in these files, so nunchi's own (rules/common.yaml): %s", names.s);
}

void compile_rest(struct definitions *d)
{
	struct asker asker = { .d = d, .visible = UINT32_MAX, .report = d->report };

	for (size_t i = 0; i < d->n; i++) {
		struct definition *def = d->all[i];

		if (def->used || def->common || def->kind == DEFINES_RULE)
			continue;
		/* Those of other sources are made of fields that mean nothing here. */
		if (def->kind == DEFINES_MACRO && def->state == STATE_BAD) {
			if (!d->foreign)
				tell_macro(&asker, def);
			continue;
		}
		report_addf(d->report, REPORT_NOTE, def->place, "nothing uses %s %s",
			    def->kind == DEFINES_MACRO ? "macro" : "list", def->name);
	}
	tell_common(d);
}
