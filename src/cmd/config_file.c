/* SPDX-License-Identifier: Apache-2.0 */
#include "config_file.h"

#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "option_table.h"
#include "rule_files.h"
#include "rules/define.h"

/* A walk through the file: first all of it into scratch options, to find errors, then what applies. */
struct walk {
	const struct yaml_file *file;
	struct options *o;
	unsigned command;	/* 0: check the options of all commands */
	const int *groups;	/* option groups that the command line gave: not taken */
	size_t n_groups;
	const yaml_node_t *section;	/* the command's own: overrides what stands outside of sections */
};

static void refuse(const struct walk *w, const yaml_node_t *at, const char *name, const char *expected,
		   const struct option_row *row)
{
	report_addf(w->file->report, REPORT_ERROR, yaml_place(w->file, at), "%s: expected %s%s", name,
		    expected, row->commands & MANY ? ", or a list of such" : "");
}

/* What the option takes as a value, for messages. */
static const char *expected(const struct option_row *row)
{
	return row->arg ? row->arg : "true or false";
}

static bool is_null(const yaml_node_t *n)
{
	return n->type == YAML_SCALAR_NODE && !n->data.scalar.length &&
	       n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* o->error begins with the flag ("--fold x: ..."); here the key takes its place. */
static void refuse_value(const struct walk *w, const yaml_node_t *at, const struct option_row *row)
{
	const char *why = w->o->error.s, *blank = *why == '-' ? strchr(why, ' ') : NULL;

	report_addf(w->file->report, REPORT_ERROR, yaml_place(w->file, at), "%s: %s", row->name, blank ? blank + 1 : why);
}

static bool take_scalar(const struct walk *w, const struct option_row *row, const yaml_node_t *n)
{
	struct options *o = w->o;
	size_t len;
	const char *text = yaml_text(n, &len);
	bool taken;

	if (!text || is_null(n) || strlen(text) != len) {
		refuse(w, n, row->name, expected(row), row);
		return false;
	}
	o->kept = xrealloc(o->kept, (o->n_kept + 1) * sizeof(*o->kept));
	o->kept[o->n_kept++] = xstrdup(text);
	o->at = yaml_place(w->file, n);
	taken = option_take(o, row, o->kept[o->n_kept - 1]);
	o->at.source = NULL;
	if (!taken)
		refuse_value(w, n, row);
	return taken;
}

static bool take_value(const struct walk *w, const struct option_row *row, const yaml_node_t *n)
{
	if (n->type != YAML_SEQUENCE_NODE)
		return take_scalar(w, row, n);
	if (!(row->commands & MANY)) {
		refuse(w, n, row->name, expected(row), row);
		return false;
	}
	for (size_t i = 0; i < yaml_count(n); i++)
		if (!take_scalar(w, row, yaml_item(w->file, n, i)))
			return false;
	return true;
}

static const struct option_row *row_named(const char *name, unsigned commands)
{
	for (size_t i = 0; i < n_option_rows; i++)
		if (option_is_key(&option_rows[i]) && (option_rows[i].commands & commands) &&
		    streq(option_rows[i].name, name))
			return &option_rows[i];
	return NULL;
}

/* Whether the command's own section sets an option of that group. */
static bool section_says(const struct walk *w, int group)
{
	if (!w->section || w->section->type != YAML_MAPPING_NODE)
		return false;
	for (yaml_node_pair_t *p = w->section->data.mapping.pairs.start;
	     p < w->section->data.mapping.pairs.top; p++) {
		const char *name = yaml_text(yaml_document_get_node(w->file->doc, p->key), NULL);
		const struct option_row *row = name ? row_named(name, w->command) : NULL;

		if (row && option_group(row->code) == group)
			return true;
	}
	return false;
}

static bool is_taken(const struct walk *w, const struct option_row *row, bool common)
{
	int group = option_group(row->code);

	if (!w->command)
		return true;
	if (!(row->commands & w->command) || (common && section_says(w, group)))
		return false;
	for (size_t i = 0; i < w->n_groups; i++)
		if (w->groups[i] == group)
			return false;
	return true;
}

static void unknown_key(const struct walk *w, const yaml_node_t *key, const char *name, unsigned commands,
			const char *section)
{
	_cleanup_free_ const char **names = xcalloc(n_option_rows + n_option_commands, sizeof(*names));
	_cleanup_strbuf_ struct strbuf meant = STRBUF_INIT, word = STRBUF_INIT;
	size_t n = 0;

	strbuf_reset(&word);
	for (size_t i = 0; i < n_option_rows; i++)
		if (option_is_key(&option_rows[i]) && (option_rows[i].commands & commands))
			names[n++] = option_rows[i].name;
	for (size_t i = 0; !section && i < n_option_commands; i++)
		names[n++] = option_commands[i].name;
	did_you_mean(&meant, name, strlen(name), names, n);
	strbuf_add_printable(&word, name, MIN(strlen(name), (size_t)64));
	report_addf(w->file->report, REPORT_ERROR, yaml_place(w->file, key), "%s%sno such option: '%s'%s",
		    section ? section : "", section ? ": " : "", word.s, meant.s);
}

/* One key may be several rows: "output" takes other values for each command. */
static void take_key(const struct walk *w, const yaml_node_pair_t *pair, const char *name,
		     unsigned commands, const char *section)
{
	const yaml_node_t *value = yaml_document_get_node(w->file->doc, pair->value);

	if (!row_named(name, commands)) {
		unknown_key(w, yaml_document_get_node(w->file->doc, pair->key), name, commands, section);
		return;
	}
	for (size_t i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		if ((row->commands & commands) && option_is_key(row) && streq(row->name, name) &&
		    is_taken(w, row, !section) && !take_value(w, row, value))
			return;
	}
}

static const struct option_command *section_named(const char *name)
{
	for (size_t i = 0; i < n_option_commands; i++)
		if (streq(option_commands[i].name, name))
			return &option_commands[i];
	return NULL;
}

static bool said_before(const struct yaml_file *f, const yaml_node_t *n, const yaml_node_pair_t *end,
			const char *name)
{
	for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < end; p++) {
		const char *before = yaml_text(yaml_document_get_node(f->doc, p->key), NULL);

		if (before && streq(before, name))
			return true;
	}
	return false;
}

/* section: the name of the section n is; NULL: the top level. */
static void walk_mapping(const struct walk *w, const yaml_node_t *n, unsigned commands, const char *section)
{
	const struct yaml_file *f = w->file;

	if (n->type != YAML_MAPPING_NODE) {
		if (!is_null(n))
			report_addf(f->report, REPORT_ERROR, yaml_place(f, n),
				    "%s%sexpected options, as in 'output: json'",
				    section ? section : "", section ? ": " : "");
		return;
	}
	for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++) {
		const yaml_node_t *key = yaml_document_get_node(f->doc, p->key);
		const char *name = yaml_text(key, NULL);
		const yaml_node_t *value = yaml_document_get_node(f->doc, p->value);
		const struct option_command *command = !section && name ? section_named(name) : NULL;

		/* "rules" is an option and a command. */
		if (command && value->type != YAML_MAPPING_NODE && row_named(name, commands))
			command = NULL;

		if (!name)
			report_add(f->report, REPORT_ERROR, yaml_place(f, key), "expected an option's name");
		else if (said_before(f, n, p, name))
			report_addf(f->report, REPORT_ERROR, yaml_place(f, key), "%s: said before", name);
		else if (!command)
			take_key(w, p, name, commands, section);
		else if (!w->command || w->command == command->command)
			walk_mapping(w, value, command->command, name);
	}
}

/* Where the command's option stands; NULL: nowhere. */
static const yaml_node_t *option_place(const struct walk *w, const yaml_node_t *root, const struct option_row *row)
{
	const yaml_node_t *at = row ? yaml_get(w->file, w->section, row->name) : NULL;

	return row && !at ? yaml_get(w->file, root, row->name) : at;
}

/* The options as the command has them without a command line. */
static void take_command(const struct walk *w, const yaml_node_t *root)
{
	options_init(w->o);
	walk_mapping(w, root, ~MANY, NULL);
}

/*
 * Reports options that conflict, for each command as if it were run without options. A command line can
 * resolve such a conflict; so only `nunchi config check` reports it.
 */
static void check_together(const struct yaml_file *f, const yaml_node_t *root)
{
	const yaml_node_t *told = NULL;

	for (size_t i = 0; i < n_option_commands; i++) {
		unsigned command = option_commands[i].command;
		struct options o;
		struct walk w = { f, &o, command, NULL, 0, yaml_get(f, root, option_commands[i].name) };
		const struct option_row *row;
		const yaml_node_t *at;

		take_command(&w, root);
		row = option_find(command, options_conflict(&o));
		at = option_place(&w, root, row);
		/* An option outside of the sections applies to several commands: reported once. */
		if (row && at != told)
			refuse_value(&w, at, row);
		told = at;
		options_free(&o);
	}
}

/* Files that guard writes. Of a list each sink has its own place. */
static void check_sinks(const struct walk *w, const yaml_node_t *root)
{
	const yaml_node_t *at = option_place(w, root, row_named("to", FOR_GUARD));
	const struct sinks_config *sinks = &w->o->sinks;

	for (size_t i = 0; i < sinks->n; i++) {
		const yaml_node_t *one = at->type == YAML_SEQUENCE_NODE ? yaml_item(w->file, at, i) : at;
		_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;

		if (sinks_check_open(sinks->to[i], &why) < 0)
			report_addf(w->file->report, REPORT_ERROR, yaml_place(w->file, one), "to: %s", why.s);
	}
}

/* Files that guard reads at its start. */
static void check_files(const struct walk *w, const yaml_node_t *root)
{
	const struct sinks_config *sinks = &w->o->sinks;
	const struct {
		const char *option, *path;
	} files[] = { { "http-ca", sinks->ca }, { "http-cert", sinks->cert }, { "http-key", sinks->key } };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const yaml_node_t *at = option_place(w, root, row_named(files[i].option, FOR_GUARD));

		if (files[i].path && access(files[i].path, R_OK) < 0)
			report_addf(w->file->report, REPORT_ERROR, yaml_place(w->file, at), "%s: %s: %s", files[i].option,
				    files[i].path, strerror(errno));
	}
}

/*
 * Reports what the command would not start with, though each option is right by itself: rule files that are not there or
 * have errors, tags that no rule has. Only for `nunchi config check`, too: other commands read no rules.
 */
static void check_rules_of(const struct yaml_file *f, const yaml_node_t *root, const struct option_command *command,
			   struct strbuf *told)
{
	struct report report = { .least = REPORT_ERROR };
	struct options o;
	struct walk w = { f, &o, command->command, NULL, 0, yaml_get(f, root, command->name) };

	take_command(&w, root);
	rule_files_check(&o, &report);
	/* What is outside of the sections applies to both commands: reported once. */
	if (report.text.len && !(told->len && streq(report.text.s, told->s))) {
		strbuf_add(&f->report->text, report.text.s, report.text.len);
		f->report->counts[REPORT_ERROR] += report.counts[REPORT_ERROR];
		strbuf_add(told, report.text.s, report.text.len);
	}
	if (command->command == FOR_GUARD) {
		check_files(&w, root);
		check_sinks(&w, root);
	}
	report_free(&report);
	options_free(&o);
}

static void check_rules(const struct yaml_file *f, const yaml_node_t *root)
{
	_cleanup_strbuf_ struct strbuf told = STRBUF_INIT;

	for (size_t i = 0; i < n_option_commands; i++)
		if (option_commands[i].command & (FOR_GUARD | FOR_RULES))
			check_rules_of(f, root, &option_commands[i], &told);
}

static void walk_document(struct options *o, unsigned command, const int *groups, size_t n_groups,
			  const struct yaml_file *f, const yaml_node_t *root)
{
	struct options scratch;
	struct walk w = { .file = f, .o = &scratch };

	options_init(&scratch);
	walk_mapping(&w, root, ~MANY, NULL);
	options_free(&scratch);
	if (f->report->counts[REPORT_ERROR])
		return;
	if (!command) {
		check_together(f, root);
		check_rules(f, root);
		return;
	}
	w = (struct walk){ f, o, command, groups, n_groups, NULL };
	for (size_t i = 0; i < n_option_commands; i++)
		if (option_commands[i].command == command)
			w.section = yaml_get(f, root, option_commands[i].name);
	walk_mapping(&w, root, ~MANY, NULL);
}

/* Reports what follows the document. */
static void check_rest(const struct yaml_file *f, yaml_parser_t *p)
{
	yaml_document_t rest;

	if (!yaml_parser_load(p, &rest)) {
		yaml_problem(f, p);
		return;
	}
	if (yaml_document_get_root_node(&rest))
		report_add(f->report, REPORT_ERROR,
			   (struct place){ f->source, (long)rest.start_mark.line, (long)rest.start_mark.column },
			   "a second document: all options stand in one");
	yaml_document_delete(&rest);
}

static void walk_file(struct options *o, unsigned command, const int *groups, size_t n_groups,
		      const struct rule_file *source, struct report *report)
{
	yaml_document_t doc;
	struct yaml_file f = { &doc, source, report };
	const yaml_node_t *root;
	yaml_parser_t p;

	if (!yaml_parser_initialize(&p))
		abort();
	yaml_parser_set_input_string(&p, (const unsigned char *)source->text, source->len);
	if (yaml_parser_load(&p, &doc)) {
		root = yaml_document_get_root_node(&doc);
		if (root) {
			check_rest(&f, &p);
			walk_document(o, command, groups, n_groups, &f, root);
		}
		yaml_document_delete(&doc);
	} else {
		yaml_problem(&f, &p);
	}
	yaml_parser_delete(&p);
}

int config_file_take(struct options *o, unsigned command, const int *groups, size_t n_groups,
		     struct report *report)
{
	const char *path = o->config ? o->config : NUNCHI_CONFIG;
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	struct rule_file *source;
	int r = rule_file_read(&source, path, &err);

	if (r == -ENOENT && !o->config)
		return 0;
	if (r < 0) {
		log_error("%s: %s", path, err.s);
		report->counts[REPORT_ERROR]++;
		return r;
	}
	walk_file(o, command, groups, n_groups, source, report);
	/* Messages about rules come later, and show where an option stands. */
	o->config_text = source;
	return report->counts[REPORT_ERROR] ? -EINVAL : 0;
}

static void example_option(const struct option_row *row, struct strbuf *out)
{
	const char *arg = row->arg ? row->arg : "true";

	strbuf_addf(out, "#  # %s\n", row->help);
	if (row->commands & MANY)
		strbuf_addf(out, "#  %s: [%s]\n", row->name, arg);
	else
		strbuf_addf(out, "#  %s: %s\n", row->name, arg);
}

void config_file_example(struct strbuf *out)
{
	strbuf_adds(out, "# Options of nunchi; nunchi.yaml(5). An option of the command line stands over these.\n"
			 "# Outside of the sections an option is for all commands that take it:\n"
			 "#quiet: true\n");
	for (size_t i = 0; i < n_option_commands; i++) {
		if (!option_find(option_commands[i].command, OPTION_CONFIG))
			continue;
		strbuf_addf(out, "\n#%s:\n", option_commands[i].name);
		for (size_t j = 0; j < n_option_rows; j++)
			if ((option_rows[j].commands & option_commands[i].command) &&
			    option_is_key(&option_rows[j]))
				example_option(&option_rows[j], out);
	}
}
