/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diagnostics, to stderr only, each one line "nunchi: ..."; what would move a terminal's cursor is escaped, but who has
 * foreign text makes it printable (strbuf.h): a line end in it would forge a line. Rooms that are libraries (base,
 * syscalls, event, model, fields, rules) never log: they return an error, or fill a strbuf with
 * the sentence. probe, runtime, engine and cmd may log.
 */
#pragma once

#include "macros.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* What is above the level is not shown. LOG_INFO at start. */
void log_set_level(enum log_level level);

/*
 * How long a line waits for a reader of stderr that is behind, in ms: -1, for ever, at start. What is not written after
 * that is counted, and said with the next line that is.
 */
void log_set_patience(int ms);

void log_line(enum log_level level, const char *fmt, ...) _printf_(2, 3);

/* Each line of a text as one. NULL: none. */
void log_lines(enum log_level level, const char *text);

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
