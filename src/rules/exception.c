/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions become text in the condition language, as in Falco: with a list of fields a comparison for
 * each, all of which must hold; with one field a list of its values.
 */
#include "ast.h"
#include "define.h"

void exception_free(struct exception *e)
{
	free(e->name);
	for (size_t i = 0; i < e->n_fields; i++)
		free(e->fields[i]);
	for (size_t i = 0; i < e->n_comps; i++)
		free(e->comps[i]);
	free(e->fields);
	free(e->comps);
	text_free(&e->values);
}

static bool needs_quotes(const char *s)
{
	size_t len = strlen(s);

	if (len >= 2 && (s[0] == '"' || s[0] == '\'') && s[len - 1] == s[0])
		return false;
	return !len || strpbrk(s, " \t\n\r\b(),=\"'");
}

static void add_value(struct strbuf *out, const char *s)
{
	if (!needs_quotes(s)) {
		strbuf_adds(out, s);
		return;
	}
	strbuf_addc(out, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			strbuf_addc(out, '\\');
		strbuf_addc(out, *s);
	}
	strbuf_addc(out, '"');
}

/* A scalar, or a list of them in parentheses. */
static bool add_node(const struct yaml_file *f, const yaml_node_t *n, struct strbuf *out)
{
	_cleanup_free_ char *s = NULL;

	if (n && n->type == YAML_SEQUENCE_NODE) {
		strbuf_addc(out, '(');
		for (size_t i = 0; i < yaml_count(n); i++) {
			_cleanup_free_ char *item = yaml_take(f, yaml_item(f, n, i), "values");

			if (!item)
				return false;
			strbuf_adds(out, i ? ", " : "");
			add_value(out, item);
		}
		strbuf_addc(out, ')');
		return true;
	}
	s = yaml_take(f, n, "values");
	if (s)
		add_value(out, s);
	return s != NULL;
}

/* "in", "pmatch", "startswith anyof": operators with a list on their right. */
static bool takes_list(const char *comp)
{
	const char *blank = strpbrk(comp, " \t");
	const struct operation *op = operation_find(comp, blank ? (size_t)(blank - comp) : strlen(comp));

	return blank || (op && op->right == RIGHT_LIST);
}

/* A single value where a list is expected becomes a list, with or without parentheses. */
static bool add_as_list(const struct yaml_file *f, const yaml_node_t *n, struct strbuf *out)
{
	_cleanup_free_ char *s = yaml_take(f, n, "values");

	if (s)
		strbuf_addf(out, s[0] == '(' ? "%s" : "(%s)", s);
	return s != NULL;
}

/* "val(proc.pname)" is another field's value if it has no blank, as in Falco; else it is an ordinary text. */
static bool is_operand(const char *s)
{
	size_t len = strcspn(s, "(");

	return s[len] && s[strlen(s) - 1] == ')' && !strpbrk(s, " \t") &&
	       (transform_find(s, len) != TRANSFORM_MAX || (len == 3 && !memcmp(s, "val", len)));
}

static bool add_one(const struct yaml_file *f, const yaml_node_t *n, struct strbuf *out)
{
	_cleanup_free_ char *s = yaml_take(f, n, "values");

	if (s && is_operand(s))
		strbuf_adds(out, s);
	else if (s)
		add_value(out, s);
	return s != NULL;
}

/* A tuple: "(f1 = v1 and f2 in (v2, v3))". */
static bool add_tuple(const struct yaml_file *f, const struct exception *e, const yaml_node_t *n,
		      struct strbuf *out)
{
	if (!n || n->type != YAML_SEQUENCE_NODE || yaml_count(n) != e->n_fields) {
		report_addf(
			f->report, REPORT_ERROR, yaml_place(f, n),
			"exception %s: expected a list of %zu values, one for each of its fields",
			e->name, e->n_fields);
		return false;
	}
	strbuf_addc(out, '(');
	for (size_t i = 0; i < e->n_fields; i++) {
		const yaml_node_t *value = yaml_item(f, n, i);
		bool list = value && value->type == YAML_SEQUENCE_NODE;

		strbuf_addf(out, "%s%s %s ", i ? " and " : "", e->fields[i],
			    e->n_comps ? e->comps[i]
			    : list     ? "in"
				       : "=");
		if (!(list ? add_node : e->n_comps && takes_list(e->comps[i]) ? add_as_list : add_one)(f, value, out))
			return false;
	}
	strbuf_addc(out, ')');
	return true;
}

static void take_values(const struct yaml_file *f, struct exception *e, const yaml_node_t *n)
{
	_cleanup_strbuf_ struct strbuf part = STRBUF_INIT;

	if (!n)
		return;
	if (n->type != YAML_SEQUENCE_NODE) {
		report_addf(f->report, REPORT_ERROR, yaml_place(f, n),
			    "exception %s: values: expected a list", e->name);
		return;
	}
	for (size_t i = 0; i < yaml_count(n); i++) {
		const yaml_node_t *value = yaml_item(f, n, i);

		strbuf_reset(&part);
		if (text_given(&e->values))
			strbuf_adds(&part, e->scalar ? ", " : "or ");
		/* All values of one field go into one list. */
		if (!(e->scalar ? add_node(f, value, &part) : add_tuple(f, e, value, &part)))
			return;
		text_append(&e->values, part.s, part.len, yaml_place(f, value), yaml_end(f, value));
	}
}

/* One text, or a list of them. */
static bool take_strings(const struct yaml_file *f, const yaml_node_t *n, const char *what,
			 char ***strings, size_t *n_strings)
{
	char *s;

	if (n->type == YAML_SEQUENCE_NODE)
		return yaml_take_list(f, n, what, strings, n_strings, EXCEPTION_FIELDS_MAX);
	s = yaml_take(f, n, what);
	if (!s)
		return false;
	*strings = xcalloc(1, sizeof(**strings));
	(*strings)[(*n_strings)++] = s;
	return true;
}

static void trim(char *s)
{
	size_t blanks = strspn(s, " \t\n"), len = strlen(s + blanks);

	while (len && strchr(" \t\n", s[blanks + len - 1]))
		len--;
	memmove(s, s + blanks, len);
	s[len] = '\0';
}

static bool check_comp(const struct yaml_file *f, const struct exception *e, const char *comp, const yaml_node_t *n)
{
	_cleanup_free_ const char **names = xcalloc(operation_table_len, sizeof(*names));
	_cleanup_strbuf_ struct strbuf meant = STRBUF_INIT;
	const char *rest = comp + strcspn(comp, " \t");
	size_t len = (size_t)(rest - comp);

	rest += strspn(rest, " \t");
	if (operation_find(comp, len) && (!*rest || quantifier_find(rest, strlen(rest))))
		return true;
	for (size_t i = 0; i < operation_table_len; i++)
		names[i] = operation_table[i].name;
	did_you_mean(&meant, comp, len, names, operation_table_len);
	report_addf(f->report, REPORT_ERROR, yaml_place(f, n), "exception %s: '%s' is no operator%s", e->name, comp, meant.s);
	return false;
}

/* The keys fields and comps. False: an error was reported. */
static bool take_shape(const struct yaml_file *f, struct exception *e, const yaml_node_t *n)
{
	const yaml_node_t *fields = yaml_get(f, n, "fields"), *comps = yaml_get(f, n, "comps");

	if (!fields) {
		report_addf(f->report, REPORT_ERROR, yaml_place(f, n), "exception %s has no fields",
			    e->name);
		return false;
	}
	e->scalar = fields->type == YAML_SCALAR_NODE;
	if (!take_strings(f, fields, "fields", &e->fields, &e->n_fields) ||
	    (comps && !take_strings(f, comps, "comps", &e->comps, &e->n_comps)))
		return false;
	if (e->n_comps && e->n_comps != e->n_fields) {
		report_addf(f->report, REPORT_ERROR, yaml_place(f, comps),
			    "exception %s has %zu fields and %zu comps: one for each is due",
			    e->name, e->n_fields, e->n_comps);
		return false;
	}
	for (size_t i = 0; i < e->n_comps; i++)
		trim(e->comps[i]);
	for (size_t i = 0; i < e->n_comps; i++)
		if (!check_comp(f, e, e->comps[i], comps->type == YAML_SEQUENCE_NODE ? yaml_item(f, comps, i) : comps))
			return false;
	return true;
}

static struct exception *find(const struct definition *rule, const char *name)
{
	for (size_t i = 0; i < rule->n_exceptions; i++)
		if (streq(rule->exceptions[i].name, name))
			return &rule->exceptions[i];
	return NULL;
}

static void take_exception(struct definition *rule, const struct yaml_file *f, const yaml_node_t *n)
{
	static const char *const keys[] = { "name", "fields", "comps", "values", NULL };
	yaml_node_t *name = yaml_get(f, n, "name");
	struct exception made = { .name = NULL }, *e;

	yaml_check_keys(f, n, "an exception", keys);

	if (!name) {
		report_add(f->report, REPORT_ERROR, yaml_place(f, n), "this exception has no name");
		return;
	}
	made.name = yaml_take(f, name, "name");
	if (!made.name)
		return;
	e = find(rule, made.name);
	if (e) {
		if (yaml_get(f, n, "fields"))
			report_addf(
				f->report, REPORT_WARNING, yaml_place(f, n),
				"exception %s is there already: its fields stay as they are, and "
				"these values come to it",
				made.name);
		free(made.name);
		take_values(f, e, yaml_get(f, n, "values"));
		return;
	}
	made.place = yaml_place(f, n);
	if (!take_shape(f, &made, n)) {
		exception_free(&made);
		return;
	}
	take_values(f, &made, yaml_get(f, n, "values"));
	rule->exceptions = xrealloc(rule->exceptions,
				    (rule->n_exceptions + 1) * sizeof(*rule->exceptions));
	rule->exceptions[rule->n_exceptions++] = made;
}

void define_exceptions(struct definition *rule, const struct yaml_file *f, const yaml_node_t *n,
		       bool append)
{
	if (!append) {
		while (rule->n_exceptions)
			exception_free(&rule->exceptions[--rule->n_exceptions]);
	}
	/* "exceptions:" with nothing after it, as in Falco's own files: no exceptions. */
	if (n->type == YAML_SCALAR_NODE && !n->data.scalar.length)
		return;
	if (n->type != YAML_SEQUENCE_NODE) {
		report_add(f->report, REPORT_ERROR, yaml_place(f, n),
			   "exceptions: expected a list");
		return;
	}
	for (size_t i = 0; i < yaml_count(n); i++)
		take_exception(rule, f, yaml_item(f, n, i));
}

void exception_condition(const struct exception *e, struct strbuf *out)
{
	/* An unknown field is an error here, not only when somebody adds values for it. */
	for (size_t i = 0; !text_given(&e->values) && i < e->n_fields; i++)
		strbuf_addf(out, "%s%s exists", i ? " and " : "", e->fields[i]);
	if (!text_given(&e->values))
		return;
	if (!e->scalar) {
		strbuf_adds(out, e->values.b.s);
		return;
	}
	strbuf_addf(out, "%s %s (%s)", e->fields[0], e->n_comps ? e->comps[0] : "in",
		    e->values.b.s);
}
