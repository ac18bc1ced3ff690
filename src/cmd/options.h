/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of all commands. One table (options.c) defines which there are, which commands take
 * them, and their help. Options that select containers become filter text (select.h), so that there
 * is only one filter.
 */
#pragma once

#include "engine/engine.h"
#include "out/sinks.h"
#include "select.h"

/* Commands, as bits: which take an option. */
#define FOR_TRACE 0x01
#define FOR_RECORD 0x02
#define FOR_PS 0x04
#define FOR_LIST 0x08
#define FOR_GUARD 0x10
#define FOR_RULES 0x20
#define FOR_DOCTOR 0x40
#define FOR_CONFIG 0x100
#define FOR_STATS 0x200
#define FOR_UNBLOCK 0x400

/* What --help prints before the table of options. */
struct usage {
	unsigned command;	/* FOR_* */
	const char *name;	/* "trace" */
	const char *synopsis;	/* "[OPTION]... [FILTER]" */
	const char *text;	/* what it does; examples; ends with a newline */
};

enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct options {
	struct engine_config engine;	/* .filter is owned by this struct */
	struct selection selection;
	const char *output;		/* of -o; NULL: not given */
	const char *format;
	enum color_mode color;
	unsigned context;		/* events before an alert */
	unsigned fold;			/* seconds in which repeats are counted; 0: never */
	unsigned alert_limit;		/* new alerts of a rule a minute; 0: any number */
	struct sinks_config sinks;	/* of --to and --http-*; .to is sink_names */
	const char **sink_names;	/* owned; the strings are argv's */
	const char *listen;		/* of --listen; NULL: not given */
	bool all;			/* ps -a */
	bool list;			/* unblock --list */
	bool quiet;
	bool verbose;
	const char *config;		/* of --config; NULL: not given */
	struct strbuf error;		/* what is wrong with an option, as a sentence */
	struct place at;		/* while an option of the configuration file is taken: its value; source NULL: of argv */
	struct rule_file *config_text;	/* owned, that places are in; NULL: there is none */
	char **kept;			/* owned; the values that the configuration file gave */
	size_t n_kept;
	char *host_root;		/* owned; NULL: not given */
	struct filter **watches;	/* of --watch; owned, engine.watches is it */
	struct block_plan *watch_plan;	/* owned, engine.watch is it; NULL: not given */
	const char **runtimes;		/* owned; the strings are argv's, or kept */
	const char **rule_paths;	/* of -f and --rules-dir, in their order; NULL: nunchi's own rules; owned likewise */
	struct place *rule_places;	/* of each; owned */
	size_t n_rule_paths;
	struct rule_file **kept_rules;	/* as many, owned: what can be read once, NULL of the others; NULL: nothing is kept */
	struct rules_choice choice;	/* of --tag, --disable-tag, --disable, --priority; its arrays are owned */
	char **args;			/* what is left: n_args of argv's */
	int n_args;
};

/* All but PARSED_OK are exit codes. */
enum parsed { PARSED_DONE, PARSED_FAILED, PARSED_USAGE, PARSED_OK };

/*
 * PARSED_DONE: --help was printed; PARSED_FAILED: it could not be; PARSED_USAGE: an error was logged.
 * In any case the caller must call options_free().
 */
enum parsed options_parse(struct options *o, const struct usage *usage, int argc, char **argv);
void options_free(struct options *o);
/*
 * What every command does: parses its command line and, unless that was --help or wrong, calls run,
 * which returns the exit code. Returns the exit code of the program.
 */
int command_run(const struct usage *usage, int (*run)(struct options *o), int argc, char **argv);

/*
 * Builds engine.filter from the selection and the words, which are joined by blanks. False: an error
 * was logged.
 */
bool options_build_filter(struct options *o, char *const *words, int n_words) _must_check_;

/* The index of o->output in names; 0 if -o was not given; -1 after logging an error. */
int options_choice(const struct options *o, const char *const *names, size_t n_names);

/* Whether to colour stdout; and its width in columns (0: no terminal). */
bool options_color(const struct options *o);
unsigned terminal_width(void);
