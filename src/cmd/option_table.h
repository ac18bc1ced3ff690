/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of options, for everything that is made from it. */
#pragma once

#include "options.h"

/* Codes from here on are no letters: the option has only a long name. */
#define OPTION_CONFIG 256
#define OPTION_NO_LETTER OPTION_CONFIG

#define OWN_RULES "default"	/* -f default: nunchi's own rules */

/* A flag beside the commands: may be given more than once, and as a list in the file. */
#define MANY 0x8000
/* Likewise: is no key of the file, because it says what this one run is for. */
#define ONCE 0x4000

struct option_row {
	int code;		/* the letter, or OPT_*; rows of one code are for different commands */
	const char *name;
	const char *arg;	/* the value as --help shows it; "a|b": one of these; NULL: a switch */
	unsigned commands;
	const char *help;
};

extern const struct option_row option_rows[];
extern const size_t n_option_rows;

/* Commands by name; the names are also those of their sections in the configuration file. */
extern const struct option_command {
	const char *name;
	unsigned command;	/* FOR_* */
} option_commands[];
extern const size_t n_option_commands;

const struct option_row *option_find(unsigned command, int code);
/* Options that set the same thing, or exclude each other, are one group: the later replaces the earlier. */
int option_group(int code);
/* Whether the configuration file may set it. Not if no command that takes it reads a configuration file. */
static inline bool option_is_key(const struct option_row *row)
{
	return row->code != OPTION_CONFIG && row->code != 'h' && !(row->commands & ONCE) &&
	       (row->commands & ~(unsigned)(MANY | FOR_CONFIG | FOR_UNBLOCK));
}

/*
 * Sets an option. value: NULL for a switch without one; the string is borrowed and must outlive o.
 * False: o->error says what is wrong.
 */
bool option_take(struct options *o, const struct option_row *row, const char *value) _must_check_;

/* Once all are set: 0, or the code of an option that conflicts with others; then o->error says why. */
int options_conflict(struct options *o) _must_check_;

/* Sets all options to their defaults. */
void options_init(struct options *o);
