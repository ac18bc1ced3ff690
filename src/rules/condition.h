/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions of rule files: like filters, but they may name macros and lists. */
#pragma once

#include "ast.h"

/* Items as written, with or without quotes. */
struct name_list {
	char **items;
	size_t n;
};

/* How the parser looks up names. */
struct names {
	/* NULL: there is no such list. */
	const struct name_list *(*list)(void *arg, const char *name, size_t len);
	/*
	 * Returns a reference for the caller. NULL: there is no such macro, with a sentence in why; why is
	 * empty if the macro itself is wrong, which was reported.
	 */
	struct node *(*macro)(void *arg, const char *name, size_t len, struct strbuf *why);
	void *arg;
	size_t text_max;	/* bytes of a condition; 0: FILTER_TEXT_MAX */
};

/*
 * Like filter_parse(); *ret is NULL for an empty text. names may be NULL. *ret_at: offset of the error in
 * the text. err is empty if a wrong macro is to blame.
 */
int condition_parse(struct node **ret, const char *text, const struct names *names,
		    struct strbuf *err, size_t *ret_at) _must_check_;

/*
 * After an error at *at, finds the next test that is wrong by itself, and puts it into err and *at. False:
 * there is none. Parentheses around it are not checked.
 */
bool condition_next_error(const char *text, const struct names *names, size_t *at, struct strbuf *err) _must_check_;

/*
 * Parses an operand at the beginning of an output text, "tolower(proc.name)"; *ret_len: its length.
 * glue: of a name that is none, as "user.nameid", the longest field that it begins with is taken,
 * as in Falco; then it returns 1.
 */
int operand_parse(struct operand *ret, const char *text, bool glue, size_t *ret_len,
		  struct strbuf *err) _must_check_;
