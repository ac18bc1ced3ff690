/* SPDX-License-Identifier: Apache-2.0 */
/* The commands, and what they share. Each returns the exit code of the program. */
#pragma once

#include "base/strbuf.h"

#define EXIT_USAGE 2

#define COMMANDS(X)                                                        \
	X(trace, "show what containers do, live or from a capture")        \
	X(record, "write what containers do to a capture file")            \
	X(guard, "judge what containers do by rules, and write alerts")           \
	X(rules, "check, list, explain or test rules")                     \
	X(ps, "list the running containers")                         \
	X(stats, "show what a running nunchi has seen and lost")          \
	X(list, "list system calls, other events, categories, fields or options")        \
	X(config, "check the configuration file, or write an example")     \
	X(doctor, "check what can be seen on this machine, and what cannot") \
	X(unblock, "remove what guard --keep-blocking has left in force")

/* For completion in shells: what can be typed at the cursor. --help does not show it. */
int cmd_complete(int argc, char **argv);

#define X(name, help) int cmd_##name(int argc, char **argv);
COMMANDS(X)
#undef X

/* Writes all of the text to stdout. 0; or 1 after logging the error. A closed pipe is no error. */
int cmd_print(const struct strbuf *text);
