/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of files of rules: each message with its place, the text there, and a caret. */
#pragma once

#include "base/strbuf.h"

#define REPORT_MESSAGES_MAX 1000	/* of a file that is wrong throughout; the rest is counted */

enum report_level { REPORT_NOTE, REPORT_WARNING, REPORT_ERROR, REPORT_LEVELS };

/* A file. Lives as long as what was read from it: places point into it. */
struct rule_file {
	char *path;
	char *text;
	size_t len;
	size_t *lines;		/* where each begins */
	size_t n_lines;
};

/* Where something begins: line and column from 0, as libyaml counts. line is -1 where none is meant. */
struct place {
	const struct rule_file *source;
	long line, column;
};

struct report {
	struct strbuf text;	/* all messages, each with its line end */
	bool json;		/* an object each, without the text and the caret */
	enum report_level least;	/* what is below is counted, not told */
	unsigned counts[REPORT_LEVELS];
};

/* sentence may have lines after it (a text and a caret): then the line of the file is not shown. */
void report_add(struct report *r, enum report_level level, struct place at, const char *sentence);
void report_addf(struct report *r, enum report_level level, struct place at, const char *fmt, ...)
	_printf_(4, 5);
void report_free(struct report *r);

#define SOURCE_MAX (16U << 20)	/* bytes; all of Falco's public rules have 220 kB */

/* -errno with a sentence in err. */
int rule_file_read(struct rule_file **ret, const char *path, struct strbuf *err) _must_check_;
struct rule_file *rule_file_new(const char *path, const char *text) _must_check_;	/* copies */
void rule_file_free(struct rule_file *s);
/* The byte of a place; columns count characters. Past the end it is the end. */
size_t rule_file_offset(const struct rule_file *s, long line, long column);
struct place rule_file_place(const struct rule_file *s, size_t offset);
