/* SPDX-License-Identifier: Apache-2.0 */
/* Messages about rules files: each with its place, the line there, and a caret. */
#pragma once

#include "base/strbuf.h"

#define REPORT_MESSAGES_MAX 1000	/* the rest is only counted: a file can be wrong in every line */

enum report_level { REPORT_NOTE, REPORT_WARNING, REPORT_ERROR, REPORT_LEVELS };

/* A file. It must live as long as what was read from it: places point into it. */
struct rule_file {
	char *path;
	char *text;
	size_t len;
	size_t *lines;		/* offset of each line */
	size_t n_lines;
};

/* Where something begins: line and column from 0, as libyaml counts. line -1: the file as a whole. */
struct place {
	const struct rule_file *source;
	long line, column;
};

struct report {
	struct strbuf text;	/* all messages, each with its newline */
	bool json;		/* an object per message, without the line and the caret */
	enum report_level least;	/* messages below it are only counted */
	unsigned counts[REPORT_LEVELS];
};

/* If sentence has its own lines after it (a text and a caret), the line of the file is not shown. */
void report_add(struct report *r, enum report_level level, struct place at, const char *sentence);
void report_addf(struct report *r, enum report_level level, struct place at, const char *fmt, ...)
	_printf_(4, 5);
void report_free(struct report *r);

#define SOURCE_MAX (16U << 20)	/* bytes; Falco's public rules are 220 kB in total */

/* On an error: -errno, and a sentence in err. */
int rule_file_read(struct rule_file **ret, const char *path, struct strbuf *err) _must_check_;
struct rule_file *rule_file_new(const char *path, const char *text) _must_check_;	/* copies */
void rule_file_free(struct rule_file *s);
/*
 * The byte offset of a place, whose column counts characters. Past the end of the line, or of the
 * file, it is that end.
 */
size_t rule_file_offset(const struct rule_file *s, long line, long column);
struct place rule_file_place(const struct rule_file *s, size_t offset);
