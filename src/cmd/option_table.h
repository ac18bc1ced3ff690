/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of options, for all that is made from it. */
#pragma once

#include "options.h"

/* Codes from here on have no letter. */
#define OPTION_CONFIG 256
#define OPTION_NO_LETTER OPTION_CONFIG

#define OWN_RULES "default"	/* in place of a file of rules */

/* Beside the commands: it may be given more than once, and in the file as a list. */
#define MANY 0x8000
/* No key of the file: it says what this one run is for. */
#define ONCE 0x4000

struct option_row {
	int code;		/* the letter, or OPT_* */
	const char *name;
	const char *arg;	/* what stands after it; "a|b": one of these; NULL: nothing */
	unsigned commands;
	const char *help;
};

extern const struct option_row option_rows[];
extern const size_t n_option_rows;

/* Their sections in the configuration file have their names. */
extern const struct option_command {
	const char *name;
	unsigned command;	/* FOR_* */
} option_commands[];
extern const size_t n_option_commands;

const struct option_row *option_find(unsigned command, int code);
/* Options that say the same thing, or exclude each other, are one group: one replaces the other. */
int option_group(int code);
/* Whether the configuration file may say it: what is for no command that reads one it may not. */
static inline bool option_is_key(const struct option_row *row)
{
	return row->code != OPTION_CONFIG && row->code != 'h' && !(row->commands & ONCE) &&
	       (row->commands & ~(unsigned)(MANY | FOR_CONFIG | FOR_UNBLOCK));
}

/*
 * Sets it. value: NULL for a switch that was named alone; it is kept. False: o->error says what is
 * wrong with it.
 */
bool option_take(struct options *o, const struct option_row *row, const char *value) _must_check_;

/* Once all are set: the code of one that does not go with others, and o->error says why. 0: all do. */
int options_conflict(struct options *o) _must_check_;

/* What no file and no word changed. */
void options_init(struct options *o);
