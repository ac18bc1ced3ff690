/* SPDX-License-Identifier: Apache-2.0 */
/* libyaml's documents, whose nodes know where they stand in the file. */
#include "define.h"

void yaml_problem(const struct yaml_file *f, const yaml_parser_t *p)
{
	bool in_quotes = p->context && strstr(p->context, "quoted scalar");
	const yaml_mark_t *mark = in_quotes ? &p->context_mark : &p->problem_mark;
	struct place place = { f->source, (long)mark->line, (long)mark->column };

	/* What is no text has an offset only. */
	if (p->error == YAML_READER_ERROR)
		place = rule_file_place(f->source, p->problem_offset);
	report_addf(f->report, REPORT_ERROR, place, "this is no YAML: %s%s%s",
		    p->problem ? p->problem : "it cannot be read", p->context ? ", " : "",
		    p->context ? p->context : "");
}

struct place yaml_place(const struct yaml_file *f, const yaml_node_t *n)
{
	return (struct place){ f->source, n ? (long)n->start_mark.line : -1,
			       n ? (long)n->start_mark.column : 0 };
}

struct place yaml_end(const struct yaml_file *f, const yaml_node_t *n)
{
	return (struct place){ f->source, (long)n->end_mark.line, (long)n->end_mark.column };
}

const char *yaml_text(const yaml_node_t *n, size_t *ret_len)
{
	if (!n || n->type != YAML_SCALAR_NODE)
		return NULL;
	if (ret_len)
		*ret_len = n->data.scalar.length;
	return (const char *)n->data.scalar.value;
}

yaml_node_t *yaml_get(const struct yaml_file *f, const yaml_node_t *n, const char *key)
{
	if (!n || n->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top;
	     p++) {
		const char *name = yaml_text(yaml_document_get_node(f->doc, p->key), NULL);

		if (name && streq(name, key))
			return yaml_document_get_node(f->doc, p->value);
	}
	return NULL;
}

size_t yaml_count(const yaml_node_t *n)
{
	if (!n || n->type != YAML_SEQUENCE_NODE)
		return 0;
	return (size_t)(n->data.sequence.items.top - n->data.sequence.items.start);
}

yaml_node_t *yaml_item(const struct yaml_file *f, const yaml_node_t *n, size_t i)
{
	return yaml_document_get_node(f->doc, n->data.sequence.items.start[i]);
}

char *yaml_take(const struct yaml_file *f, const yaml_node_t *n, const char *what)
{
	size_t len;
	const char *s = yaml_text(n, &len);

	if (!s) {
		report_addf(f->report, REPORT_ERROR, yaml_place(f, n), "%s: expected a text", what);
		return NULL;
	}
	if (strlen(s) != len) {
		report_addf(f->report, REPORT_ERROR, yaml_place(f, n), "%s: a NUL in a text", what);
		return NULL;
	}
	return xstrndup(s, len);
}

bool yaml_take_list(const struct yaml_file *f, const yaml_node_t *n, const char *what,
		    char ***strings, size_t *n_strings, size_t max)
{
	size_t more = yaml_count(n);

	if (!n || n->type != YAML_SEQUENCE_NODE) {
		report_addf(f->report, REPORT_ERROR, yaml_place(f, n),
			    "%s: expected a list, as in [a, b]", what);
		return false;
	}
	if (*n_strings + more > max) {
		report_addf(f->report, REPORT_ERROR, yaml_place(f, n), "%s: more than %zu items",
			    what, max);
		return false;
	}
	if (!more)
		return true;
	*strings = xrealloc(*strings, (*n_strings + more) * sizeof(**strings));
	for (size_t i = 0; i < more; i++) {
		char *s = yaml_take(f, yaml_item(f, n, i), what);

		if (!s)
			return false;
		(*strings)[(*n_strings)++] = s;
	}
	return true;
}

static void tell_unknown_key(const struct yaml_file *f, const yaml_node_t *key, const char *kind,
			     const char *const *keys, size_t n_keys)
{
	_cleanup_strbuf_ struct strbuf meant = STRBUF_INIT, word = STRBUF_INIT;
	const char *name = yaml_text(key, NULL);

	strbuf_reset(&word);
	strbuf_reset(&meant);
	if (name) {
		strbuf_add_printable(&word, name, MIN(strlen(name), (size_t)64));
		did_you_mean(&meant, name, strlen(name), keys, n_keys);
	}
	report_addf(f->report, REPORT_WARNING, yaml_place(f, key), "%s has no key '%s': it means nothing%s", kind,
		    word.s, meant.s);
}

void yaml_check_keys(const struct yaml_file *f, const yaml_node_t *n, const char *kind, const char *const *keys)
{
	uint64_t seen = 0;
	size_t n_keys = 0;

	while (keys[n_keys])
		n_keys++;
	if (n->type != YAML_MAPPING_NODE)
		return;
	for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++) {
		const yaml_node_t *key = yaml_document_get_node(f->doc, p->key);
		const char *name = yaml_text(key, NULL);
		size_t i = 0;

		while (name && i < n_keys && !streq(keys[i], name))
			i++;
		if (!name || i == n_keys)
			tell_unknown_key(f, key, kind, keys, n_keys);
		else if (seen >> i & 1)
			report_addf(f->report, REPORT_WARNING, yaml_place(f, key),
				    "%s is given twice: this one means nothing", name);
		else
			seen |= 1ULL << i;
	}
}
