/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nunchi complete WORD...: the completions of the last word, one per line, each followed by a tab and
 * its meaning. The shells' scripts in data/ call it, so that they always know every option and name.
 * ":file" and ":dir" ask the shell for names of files and directories. Needs neither root nor the
 * kernel side.
 */
#include "cmd.h"
#include "fields/fields.h"
#include "option_table.h"
#include "rule_files.h"
#include "syscalls/syscalls.h"

static const char *const config_verbs[] = { "check", "example" };
static const char *const list_topics[] = { "calls", "events", "categories", "fields", "options" };
static const char *const rules_verbs[] = { "check", "list", "explain", "test" };
static const char *const runtime_kinds[] = { "docker=", "podman=", "cri=", "containerd=", "runc=", "crun=",
					     "storage=" };

static const char *const sinks[] = { "stdout", "file:", "syslog", "syslog:", "program:", "http://", "https://" };

struct completion {
	struct strbuf out;
	const char *word;	/* the last word, as far as it is typed */
};

/* before: the part of the word that is complete already ("--output=", "openat,"). */
static void add(struct completion *c, const char *before, size_t before_len, const char *name,
		const char *help)
{
	if (strncmp(c->word, before, before_len) || !starts_with(name, c->word + before_len))
		return;
	strbuf_add(&c->out, before, before_len);
	strbuf_adds(&c->out, name);
	if (help)
		strbuf_addf(&c->out, "\t%s", help);
	strbuf_addc(&c->out, '\n');
}

static void add_all(struct completion *c, size_t before, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add(c, c->word, before, names[i], NULL);
}

static void add_commands(struct completion *c)
{
#define X(name, help) add(c, "", 0, #name, help);
	COMMANDS(X)
#undef X
	add(c, "", 0, "help", "what a command does");
	add(c, "", 0, "--help", NULL);
	add(c, "", 0, "--version", NULL);
}

static void add_options(struct completion *c, unsigned command)
{
	for (size_t i = 0; i < n_option_rows; i++) {
		_cleanup_free_ char *name = xasprintf("--%s", option_rows[i].name);

		if (option_rows[i].commands & command)
			add(c, "", 0, name, option_rows[i].help);
	}
}

/* "openat,!@net": completes the last of a set. */
static void add_set(struct completion *c, size_t before)
{
	const char *comma = strrchr(c->word + before, ',');

	if (comma)
		before = (size_t)(comma + 1 - c->word);
	if (c->word[before] == '!')
		before++;
	if (c->word[before] == '@') {
		add_all(c, before + 1, category_names, CATEGORY_MAX);
		return;
	}
	add(c, c->word, before, "all", "every call");
	for (size_t i = 0; i < syscall_table_len; i++)
		if (syscall_nr(&syscall_table[i]) >= 0)
			add(c, c->word, before, syscall_table[i].name, syscall_table[i].activity);
}

static void add_choices(struct completion *c, size_t before, const char *choices)
{
	_cleanup_free_ char *copy = xstrdup(choices);
	char *rest = copy, *one;

	while ((one = strsep(&rest, "|")))
		add(c, c->word, before, one, NULL);
}

static bool had_before(const struct ruleset *rs, size_t rule, size_t tag)
{
	for (size_t i = 0; i <= rule; i++) {
		const struct rule *r = ruleset_rule(rs, i);

		for (size_t k = 0; k < (i < rule ? r->n_tags : tag); k++)
			if (streq(r->tags[k], ruleset_rule(rs, rule)->tags[tag]))
				return true;
	}
	return false;
}

/* From nunchi's own rules only: rule files named on the command line are not read. */
static void add_tags(struct completion *c, size_t before)
{
	struct report report = { .least = REPORT_LEVELS };
	struct ruleset *rs = NULL;
	struct options o;

	options_init(&o);
	if (rule_files_read(&rs, &o, 0, &report) >= 0) {
		for (size_t i = 0; i < ruleset_count(rs); i++)
			for (size_t k = 0; k < ruleset_rule(rs, i)->n_tags; k++)
				if (!had_before(rs, i, k))
					add(c, c->word, before, ruleset_rule(rs, i)->tags[k], NULL);
	}
	ruleset_free(rs);
	report_free(&report);
	options_free(&o);
}

/* Also from nunchi's own rules only. */
static void add_rules(struct completion *c, size_t before)
{
	struct report report = { .least = REPORT_LEVELS };
	struct ruleset *rs = NULL;
	struct options o;

	options_init(&o);
	if (rule_files_read(&rs, &o, 0, &report) >= 0)
		for (size_t i = 0; i < ruleset_count(rs); i++)
			add(c, c->word, before, ruleset_rule(rs, i)->name, NULL);
	ruleset_free(rs);
	report_free(&report);
	options_free(&o);
}

static void add_rule_files(struct completion *c, size_t before)
{
	add(c, c->word, before, OWN_RULES, "nunchi's own rules");
	strbuf_adds(&c->out, ":file\n");
}

/* Completes an option's value, which begins after the first `before` bytes of the word. */
static void add_values(struct completion *c, const struct option_row *row, size_t before)
{
	if (strchr(row->arg, '|'))
		add_choices(c, before, row->arg);
	else if (row->code == 'f')
		add_rule_files(c, before);
	else if (streq(row->arg, "FILE"))
		strbuf_adds(&c->out, ":file\n");
	else if (streq(row->arg, "DIR"))
		strbuf_adds(&c->out, ":dir\n");
	else if (streq(row->arg, "SET"))
		add_set(c, before);
	else if (streq(row->arg, "TAG"))
		add_tags(c, before);
	else if (streq(row->arg, "RULE"))
		add_rules(c, before);
	else if (streq(row->arg, "SINK"))
		add_all(c, before, sinks, ARRAY_SIZE(sinks));
	else if (streq(row->arg, "PRIORITY"))
		add_all(c, before, priority_names, PRIORITY_MAX);
	else if (streq(row->arg, "KIND=SOCKET"))
		add_all(c, before, runtime_kinds, ARRAY_SIZE(runtime_kinds));
}

/* The option that takes what follows the word as its value; NULL: there is none. */
static const struct option_row *option_before(unsigned command, const char *word)
{
	for (size_t i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];
		const char letter[] = { '-', (char)row->code, '\0' };

		if ((row->commands & command) && row->arg &&
		    ((starts_with(word, "--") && streq(word + 2, row->name)) ||
		     (row->code < OPTION_NO_LETTER && streq(word, letter))))
			return row;
	}
	return NULL;
}

/* "--output=js" */
static void add_joined(struct completion *c, unsigned command)
{
	size_t len = strcspn(c->word, "=");
	_cleanup_free_ char *name = xstrndup(c->word, len);
	const struct option_row *row = option_before(command, name);

	if (row)
		add_values(c, row, len + 1);
}

static void add_fields(struct completion *c)
{
	for (size_t i = 0; i < field_table_len; i++)
		if (!field_table[i].absent)
			add(c, "", 0, field_table[i].name, field_table[i].doc);
}

/* Not an option: words are those after the command, the last one to be completed. */
static void add_argument(struct completion *c, unsigned command, int n_words, char **words)
{
	if (command == FOR_LIST && n_words == 1)
		add_all(c, 0, list_topics, ARRAY_SIZE(list_topics));
	else if (command == FOR_CONFIG && n_words == 1)
		add_all(c, 0, config_verbs, ARRAY_SIZE(config_verbs));
	else if (command == FOR_RULES && n_words == 1)
		add_all(c, 0, rules_verbs, ARRAY_SIZE(rules_verbs));
	else if (command == FOR_RULES && streq(words[0], "explain"))
		add_rules(c, 0);
	else if (command == FOR_CONFIG || command == FOR_RULES)
		strbuf_adds(&c->out, ":file\n");
	else if (command & (FOR_TRACE | FOR_RECORD | FOR_GUARD))
		add_fields(c);
}

static unsigned command_named(const char *name)
{
	for (size_t i = 0; i < n_option_commands; i++)
		if (streq(option_commands[i].name, name))
			return option_commands[i].command;
	return 0;
}

/* Whether "--" is before the last word, which then is no option whatever it begins with. */
static bool options_ended(int n_words, char **words)
{
	for (int i = 1; i < n_words - 1; i++)
		if (streq(words[i], "--"))
			return true;
	return false;
}

static void complete(struct completion *c, int n_words, char **words)
{
	unsigned command = command_named(words[0]);
	const struct option_row *row;

	if (n_words == 1 || (n_words == 2 && streq(words[0], "help")))
		add_commands(c);
	else if (options_ended(n_words, words))
		add_argument(c, command, n_words - 1, words + 1);
	else if ((row = option_before(command, words[n_words - 2])))
		add_values(c, row, 0);
	else if (starts_with(c->word, "--") && strchr(c->word, '='))
		add_joined(c, command);
	else if (*c->word == '-')
		add_options(c, command);
	else
		add_argument(c, command, n_words - 1, words + 1);
}

int cmd_complete(int argc, char **argv)
{
	struct completion c = { .word = argc > 1 ? argv[argc - 1] : "" };
	int r;

	if (argc > 1)
		complete(&c, argc - 1, argv + 1);
	r = c.out.len ? cmd_print(&c.out) : 0;
	strbuf_free(&c.out);
	return r;
}
