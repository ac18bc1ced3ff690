/* SPDX-License-Identifier: Apache-2.0 */
/* nunchi list: everything that can be asked for, from the tables themselves. */
#include "cmd.h"

#include "base/log.h"
#include "event/event.h"
#include "option_table.h"
#include "table.h"

static const struct usage usage = {
	.command = FOR_LIST,
	.name = "list",
	.synopsis = "calls|events|categories|fields|options [OPTION]...",
	.text = "Lists the system calls that nunchi knows (those marked * are shown unless -e\n"
		"says otherwise), the other events, the categories of activity, the fields for\n"
		"filters and formats, or the options of all commands, which are also the keys of\n"
		NUNCHI_CONFIG ".\n",
};

static void add_key(struct strbuf *out, const char *comma, const char *key)
{
	strbuf_addf(out, "%s\"%s\":", comma, key);
}

static void add_pair(struct strbuf *out, const char *comma, const char *key, const char *value)
{
	add_key(out, comma, key);
	strbuf_add_json(out, value, strlen(value));
}

static void call_json(const struct syscall_info *call, struct strbuf *out)
{
	add_pair(out, "{", "name", call->name);
	add_key(out, ",", "number");
	strbuf_addi(out, syscall_nr(call));
	add_pair(out, ",", "category", category_names[call->category]);
	add_pair(out, ",", "activity", call->activity);
	add_key(out, ",", "default");
	strbuf_adds(out, call->flags & SYSCALL_DEFAULT ? "true" : "false");
	add_key(out, ",", "arguments");
	strbuf_addc(out, '[');
	for (unsigned i = 0; i < call->n_args; i++) {
		if (i)
			strbuf_addc(out, ',');
		strbuf_add_json(out, call->args[i].name, strlen(call->args[i].name));
	}
	strbuf_adds(out, "]}\n");
}

static void call_row(const struct syscall_info *call, struct table *t)
{
	_cleanup_strbuf_ struct strbuf args = STRBUF_INIT;

	for (unsigned i = 0; i < call->n_args; i++)
		strbuf_addf(&args, "%s%s", i ? ", " : "", call->args[i].name);
	table_add_number(t, (uint64_t)syscall_nr(call));
	table_add(t, call->name);
	table_add(t, category_names[call->category]);
	table_add(t, call->activity);
	table_add(t, call->flags & SYSCALL_DEFAULT ? "*" : " ");
	table_add(t, args.s);
}

static void list_calls(bool json, struct strbuf *out)
{
	static const char *const heads[] = { "NUMBER",	 "NAME",    "CATEGORY",
					     "ACTIVITY", "DEFAULT", "ARGUMENTS" };
	struct table t = TABLE_INIT(ARRAY_SIZE(heads));

	table_add_all(&t, heads, ARRAY_SIZE(heads));
	for (size_t i = 0; i < syscall_table_len; i++) {
		const struct syscall_info *call = &syscall_table[i];

		if (syscall_nr(call) < 0)
			continue;
		if (json)
			call_json(call, out);
		else
			call_row(call, &t);
	}
	if (!json)
		table_print(&t, out);
	table_free(&t);
}

static void count_calls(enum activity_category category, unsigned *ret_all, unsigned *ret_default)
{
	*ret_all = *ret_default = 0;
	for (size_t i = 0; i < syscall_table_len; i++) {
		if (syscall_table[i].category != category || syscall_nr(&syscall_table[i]) < 0)
			continue;
		++*ret_all;
		if (syscall_table[i].flags & SYSCALL_DEFAULT)
			++*ret_default;
	}
}

static void list_categories(bool json, struct strbuf *out)
{
	static const char *const heads[] = { "NAME", "CALLS", "DEFAULT", "TITLE" };
	struct table t = TABLE_INIT(ARRAY_SIZE(heads));

	table_add_all(&t, heads, ARRAY_SIZE(heads));
	for (unsigned i = 0; i < CATEGORY_MAX; i++) {
		unsigned all, shown;

		count_calls((enum activity_category)i, &all, &shown);
		if (json) {
			add_pair(out, "{", "name", category_names[i]);
			add_pair(out, ",", "title", category_titles[i]);
			strbuf_addf(out, ",\"calls\":%u,\"default\":%u}\n", all, shown);
			continue;
		}
		table_add(&t, category_names[i]);
		table_add_number(&t, all);
		table_add_number(&t, shown);
		table_add(&t, category_titles[i]);
	}
	if (!json)
		table_print(&t, out);
	table_free(&t);
}

static void list_events(bool json, struct strbuf *out)
{
	static const char *const heads[] = { "NAME", "CATEGORY", "ACTIVITY" };
	struct table t = TABLE_INIT(ARRAY_SIZE(heads));

	table_add_all(&t, heads, ARRAY_SIZE(heads));
	for (unsigned type = EVENT_SYSCALL + 1; type < EVENT_OTHER; type++) {
		const struct event ev = { .type = (enum event_type)type };

		if (json) {
			add_pair(out, "{", "name", event_type_name(&ev));
			add_pair(out, ",", "category", category_names[event_category(&ev)]);
			add_pair(out, ",", "activity", event_activity(&ev));
			strbuf_adds(out, "}\n");
			continue;
		}
		table_add(&t, event_type_name(&ev));
		table_add(&t, category_names[event_category(&ev)]);
		table_add(&t, event_activity(&ev));
	}
	if (!json)
		table_print(&t, out);
	table_free(&t);
}

static void list_fields(bool json, struct strbuf *out)
{
	static const char *const heads[] = { "NAME", "TYPE", "MEANING" };
	_cleanup_strbuf_ struct strbuf doc = STRBUF_INIT;
	struct table t = TABLE_INIT(ARRAY_SIZE(heads));

	table_add_all(&t, heads, ARRAY_SIZE(heads));
	for (size_t i = 0; i < field_table_len; i++) {
		const struct field *f = &field_table[i];

		if (json) {
			add_pair(out, "{", "name", f->name);
			add_pair(out, ",", "type", value_type_name(f->type));
			add_key(out, ",", "argument");
			strbuf_adds(out, f->takes_arg ? "true" : "false");
			add_key(out, ",", "known");
			strbuf_adds(out, f->absent ? "false" : "true");
			add_pair(out, ",", "doc", f->doc);
			strbuf_adds(out, "}\n");
			continue;
		}
		table_add(&t, f->name);
		table_add(&t, value_type_name(f->type));
		strbuf_reset(&doc);
		strbuf_addf(&doc, "%s%s", f->absent ? "(no event has it yet) " : "", f->doc);
		table_add(&t, doc.s);
	}
	if (!json)
		table_print(&t, out);
	table_free(&t);
}

static void option_json(const char *command, const struct option_row *row, struct strbuf *out)
{
	char letter[2] = { row->code < OPTION_NO_LETTER ? (char)row->code : '\0', '\0' };

	add_pair(out, "{", "command", command);
	add_pair(out, ",", "name", row->name);
	if (*letter)
		add_pair(out, ",", "letter", letter);
	if (row->arg)
		add_pair(out, ",", "argument", row->arg);
	add_key(out, ",", "many");
	strbuf_adds(out, row->commands & MANY ? "true" : "false");
	add_key(out, ",", "key");
	strbuf_adds(out, option_is_key(row) ? "true" : "false");
	add_pair(out, ",", "doc", row->help);
	strbuf_adds(out, "}\n");
}

static void option_line(const char *command, const struct option_row *row, struct table *t)
{
	_cleanup_strbuf_ struct strbuf name = STRBUF_INIT;

	if (row->code < OPTION_NO_LETTER)
		strbuf_addf(&name, "-%c, ", row->code);
	strbuf_addf(&name, "--%s", row->name);
	table_add(t, command);
	table_add(t, name.s);
	table_add(t, row->arg);
	table_add(t, row->help);
}

static void list_options(bool json, struct strbuf *out)
{
	static const char *const heads[] = { "COMMAND", "OPTION", "ARGUMENT", "MEANING" };
	struct table t = TABLE_INIT(ARRAY_SIZE(heads));

	table_add_all(&t, heads, ARRAY_SIZE(heads));
	for (size_t i = 0; i < n_option_commands; i++) {
		for (size_t j = 0; j < n_option_rows; j++) {
			const struct option_row *row = &option_rows[j];

			if (!(row->commands & option_commands[i].command))
				continue;
			if (json)
				option_json(option_commands[i].name, row, out);
			else
				option_line(option_commands[i].name, row, &t);
		}
	}
	if (!json)
		table_print(&t, out);
	table_free(&t);
}

static const struct topic {
	const char *name;
	void (*list)(bool json, struct strbuf *out);
} topics[] = {
	{ "calls", list_calls },
	{ "events", list_events },
	{ "categories", list_categories },
	{ "fields", list_fields },
	{ "options", list_options },
};

static const struct topic *find_topic(const struct options *o)
{
	for (size_t i = 0; o->n_args == 1 && i < ARRAY_SIZE(topics); i++)
		if (streq(o->args[0], topics[i].name))
			return &topics[i];
	if (o->n_args == 1)
		log_error("list %s: there is only calls, events, categories, fields, options", o->args[0]);
	else
		log_error("list: one of calls, events, categories, fields, options");
	return NULL;
}

static int run_list(struct options *o)
{
	static const char *const kinds[] = { "text", "json" };
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	int kind = options_choice(o, kinds, ARRAY_SIZE(kinds));
	const struct topic *topic;

	if (kind < 0)
		return EXIT_USAGE;
	topic = find_topic(o);
	if (!topic)
		return EXIT_USAGE;
	topic->list(kind == 1, &out);
	return cmd_print(&out);
}

int cmd_list(int argc, char **argv)
{
	return command_run(&usage, run_list, argc, argv);
}
