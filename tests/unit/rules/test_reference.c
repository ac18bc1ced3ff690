/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random rules against random events: what the rules say must be what a slow and obvious evaluator
 * says that shares nothing with theirs but the values of fields. Each rule is looked at alone, as a
 * filter, and in a file with others, where it is found by the index and shares nodes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fnmatch.h>

#include "rules/filter.h"
#include "rules/ruleset.h"

#include "scene.h"

#define RULES 120 /* in a file */
#define FILES 25

enum kind { AND, OR, NOT, LEAF };

static const char *const text_ops[] = { "=",	      "!=",	    "in",	"contains",
					"icontains",  "startswith", "endswith", "exists",
					"intersects", "pmatch" };
static const char *const number_ops[] = { "=", "!=", "in", "<", "<=", ">", ">=", "exists" };
static const char *const fields[] = {
	"evt.type",   "proc.name", "fd.name",	    "fd.directory",  "proc.pname",
	"proc.aname", "evt.res",   "proc.cmdline",  "container.id",  "evt.arg.name",
	"fd.nameraw", "user.name", "proc.aname[1]", "evt.arg.flags", "fd.filename",
	"evt.rawres", "fd.num",	   "fd.sport",	    "user.uid",	     "proc.pid",
	"fd.lport",   "proc.tty",
};

struct obvious {
	enum kind kind;
	struct obvious *kids[3];
	unsigned n_kids;
	const char *field, *op;
	char *values[4];
	unsigned n_values;
};

static struct scene *scene;
static struct field_context context;
static uint64_t seed = 1;

static unsigned pick(unsigned n)
{
	seed = hash_u64(seed + 0x9e3779b97f4a7c15ULL);
	return (unsigned)(seed % n);
}

static void get(const char *name, const struct event *ev, struct value *v)
{
	_cleanup_free_ char *arg = NULL;
	const struct field *f = field_find(name, strlen(name), &arg);

	fields_begin(&context, ev, scene->world->model);
	field_get(f, arg, &context, v);
}

static bool is_number(const char *name)
{
	_cleanup_free_ char *arg = NULL;

	return field_find(name, strlen(name), &arg)->type == VALUE_NUMBER;
}

/* A value of these must be one that there is. */
static bool has_vocabulary(const char *field)
{
	return streq(field, "evt.type") || streq(field, "evt.res");
}

/* A value that some event has, or a piece of it. */
static char *random_value(const char *field)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	struct value v;

	strbuf_reset(&b);
	get(field, &scene->events[pick(S_MAX)], &v);
	if (v.type == VALUE_LIST)
		v = v.items[pick((unsigned)v.len)];
	if (v.type == VALUE_NONE)
		return xstrdup(is_number(field)		  ? "7"
			       : streq(field, "evt.type") ? "open"
			       : streq(field, "evt.res")  ? "EPERM"
							  : "nothing");
	if (v.type == VALUE_STRING && v.len && !has_vocabulary(field)) {
		switch (pick(4)) {
		case 0:
			v.len = 1 + pick((unsigned)v.len);
			break;
		case 1: {
			unsigned cut = pick((unsigned)v.len);

			v.s += cut;
			v.len -= cut;
			break;
		}
		default:
			break;
		}
	}
	value_print(&b, &v);
	return strbuf_take(&b);
}

static struct obvious *random_leaf(void)
{
	struct obvious *o = xcalloc(1, sizeof(*o));

	o->kind = LEAF;
	o->field = fields[pick(ARRAY_SIZE(fields))];
	if (streq(o->field, "evt.type"))
		o->op = text_ops[pick(3)];
	else if (is_number(o->field))
		o->op = number_ops[pick(ARRAY_SIZE(number_ops))];
	else
		o->op = text_ops[pick(ARRAY_SIZE(text_ops))];
	if (streq(o->op, "exists"))
		return o;
	o->n_values = streq(o->op, "in") || streq(o->op, "intersects") || streq(o->op, "pmatch")
			      ? 1 + pick(4)
			      : 1;
	for (unsigned i = 0; i < o->n_values; i++)
		o->values[i] = random_value(o->field);
	return o;
}

static struct obvious *random_tree(unsigned depth)
{
	struct obvious *o;

	if (!depth || !pick(4))
		return random_leaf();
	o = xcalloc(1, sizeof(*o));
	o->kind = (enum kind)pick(3);
	o->n_kids = o->kind == NOT ? 1 : 2 + pick(2);
	for (unsigned i = 0; i < o->n_kids; i++)
		o->kids[i] = random_tree(depth - 1);
	return o;
}

static void free_tree(struct obvious *o)
{
	for (unsigned i = 0; i < o->n_kids; i++)
		free_tree(o->kids[i]);
	for (unsigned i = 0; i < o->n_values; i++)
		free(o->values[i]);
	free(o);
}

static void print_leaf(const struct obvious *o, struct strbuf *out)
{
	bool list = streq(o->op, "in") || streq(o->op, "intersects") || streq(o->op, "pmatch");

	strbuf_addf(out, "%s %s ", o->field, o->op);
	strbuf_adds(out, list ? "(" : "");
	for (unsigned i = 0; i < o->n_values; i++) {
		strbuf_adds(out, i ? ", \"" : "\"");
		for (const char *s = o->values[i]; *s; s++) {
			if (*s == '"' || *s == '\\')
				strbuf_addc(out, '\\');
			strbuf_addc(out, *s);
		}
		strbuf_addc(out, '"');
	}
	strbuf_adds(out, list ? ")" : "");
}

static void print_tree(const struct obvious *o, struct strbuf *out)
{
	if (o->kind == LEAF) {
		print_leaf(o, out);
		return;
	}
	strbuf_adds(out, o->kind == NOT ? "not (" : "(");
	for (unsigned i = 0; i < o->n_kids; i++) {
		strbuf_adds(out, !i ? "" : o->kind == AND ? " and " : " or ");
		print_tree(o->kids[i], out);
	}
	strbuf_addc(out, ')');
}

static bool says_number(const char *op, int64_t v, int64_t w)
{
	if (streq(op, "<"))
		return v < w;
	if (streq(op, "<="))
		return v <= w;
	if (streq(op, ">"))
		return v > w;
	if (streq(op, ">="))
		return v >= w;
	return streq(op, "!=") ? v != w : v == w;
}

/* The path, or one above it, is as the pattern says. */
static bool is_pattern_above(const char *pattern, const char *path)
{
	for (size_t n = 0; n <= strlen(path); n++) {
		_cleanup_free_ char *above = xstrndup(path, n);

		if ((path[n] == '/' || !path[n]) && !fnmatch(pattern, above, FNM_PATHNAME))
			return true;
	}
	return false;
}

/* Is one of the values of a list w, or above w. */
static bool is_above(const char *above, const char *path)
{
	size_t n = strlen(above);

	while (n && above[n - 1] == '/')
		n--;
	if (strpbrk(above, "*?[")) {
		_cleanup_free_ char *pattern = xstrndup(above, n);

		return is_pattern_above(pattern, path);
	}
	return !strncmp(path, above, n) && (path[n] == '/' || !path[n]);
}

static bool says_text(const char *op, const char *v, const char *w)
{
	size_t vn = strlen(v), wn = strlen(w);

	if (streq(op, "contains"))
		return strstr(v, w) != NULL;
	if (streq(op, "icontains"))
		return strcasestr(v, w) != NULL;
	if (streq(op, "startswith"))
		return !strncmp(v, w, wn);
	if (streq(op, "endswith"))
		return vn >= wn && !strcmp(v + vn - wn, w);
	if (streq(op, "pmatch"))
		return is_above(w, v);
	return streq(op, "!=") ? strcmp(v, w) != 0 : !strcmp(v, w);
}

static bool says_value(const struct obvious *o, const struct value *v)
{
	_cleanup_free_ char *text = v->type == VALUE_STRING ? xstrndup(v->s, v->len) : NULL;

	if (streq(o->op, "exists"))
		return true;
	for (unsigned i = 0; i < o->n_values; i++) {
		if (text ? says_text(o->op, text, o->values[i])
			 : says_number(o->op, v->n, strtoll(o->values[i], NULL, 10)))
			return true;
	}
	return false;
}

/* What was opened, what was asked for, and the same by another mount: any may be equal; with != none. */
static bool says_forms(const struct obvious *o, const struct event *ev, const struct value *v)
{
	_cleanup_free_ char *arg = NULL;
	const struct field *f = field_find(o->field, strlen(o->field), &arg);
	bool said = says_value(o, v), none = streq(o->op, "!=");

	fields_begin(&context, ev, scene->world->model);
	for (size_t i = 0; i < ARRAY_SIZE(f->others) && f->others[i]; i++) {
		struct value other = { .type = VALUE_NONE };

		f->others[i](&context, NULL, &other);
		if (other.type != VALUE_NONE)
			said = none ? said && says_value(o, &other) : said || says_value(o, &other);
	}
	return said;
}

static bool says(const struct obvious *o, const struct event *ev)
{
	struct value v;

	switch (o->kind) {
	case AND:
	case OR:
		for (unsigned i = 0; i < o->n_kids; i++)
			if (says(o->kids[i], ev) == (o->kind == OR))
				return o->kind == OR;
		return o->kind == AND;
	case NOT:
		return !says(o->kids[0], ev);
	case LEAF:
	default:
		break;
	}
	get(o->field, ev, &v);
	if (v.type == VALUE_NONE)
		return false;
	if (v.type != VALUE_LIST)
		return says_forms(o, ev, &v);
	for (size_t i = 0; i < v.len; i++)
		if (says_value(o, &v.items[i]))
			return true;
	return false;
}

static void compare_alone(const struct obvious *o, const char *text)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	struct filter *f = NULL;

	if (filter_parse(&f, text, &err) < 0)
		fail_msg("%s", err.s);
	for (int e = 0; e < S_MAX; e++) {
		bool expected = says(o, &scene->events[e]), match;

		fields_begin(&context, &scene->events[e], scene->world->model);
		match = filter_match(f, &context);
		if (match != expected)
			fail_msg("event %d: %s: is %s", e, text, match ? "true" : "false");
	}
	filter_free(f);
}

static void compare_file(struct obvious *const trees[RULES], const char *yaml)
{
	struct rules_input input = { .path = "made", .text = yaml };
	struct report report = { .least = REPORT_ERROR };
	struct rule *matched[RULES];
	struct ruleset *rs = NULL;

	if (ruleset_load(&rs, &input, 1, NULL, &report) < 0)
		fail_msg("%s", report.text.s);
	for (int e = 0; e < S_MAX; e++) {
		size_t n, k = 0;

		fields_begin(&context, &scene->events[e], scene->world->model);
		n = ruleset_match(rs, &context, matched, RULES);
		for (size_t i = 0; i < RULES; i++) {
			bool is = k < n && matched[k] == ruleset_rule(rs, i);

			k += is;
			if (is != says(trees[i], &scene->events[e]))
				fail_msg("event %d: %s: is %s in a file", e,
					 ruleset_rule(rs, i)->condition, is ? "true" : "false");
		}
		assert_int_equal(k, n);
	}
	ruleset_free(rs);
	report_free(&report);
}

static void test_reference(void **state)
{
	for (unsigned file = 0; file < FILES; file++) {
		_cleanup_strbuf_ struct strbuf yaml = STRBUF_INIT, text = STRBUF_INIT;
		struct obvious *trees[RULES];

		for (unsigned i = 0; i < RULES; i++) {
			trees[i] = random_tree(3);
			strbuf_reset(&text);
			print_tree(trees[i], &text);
			compare_alone(trees[i], text.s);
			strbuf_addf(&yaml,
				    "- rule: r%u\n  desc: d\n  output: o\n  priority: INFO\n"
				    "  condition: |\n    %s\n",
				    i, text.s);
		}
		compare_file(trees, yaml.s);
		for (unsigned i = 0; i < RULES; i++)
			free_tree(trees[i]);
	}
}

static int set_up(void **state)
{
	scene = scene_new();
	return 0;
}

static int tear_down(void **state)
{
	fields_end(&context);
	scene_free(scene);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reference),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
