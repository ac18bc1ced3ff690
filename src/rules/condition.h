/* SPDX-License-Identifier: Apache-2.0 */
/* A condition of a file of rules: that of a filter, which may name macros and lists. */
#pragma once

#include "ast.h"

/* Items as they are written: in quotes or not. */
struct name_list {
	char **items;
	size_t n;
};

/* What conditions may name. */
struct names {
	/* NULL: there is no such list. */
	const struct name_list *(*list)(void *arg, const char *name, size_t len);
	/*
	 * A reference for the caller; NULL: there is none, and why not is a sentence in why; that
	 * is empty if the macro is wrong itself, which was told.
	 */
	struct node *(*macro)(void *arg, const char *name, size_t len, struct strbuf *why);
	void *arg;
	size_t text_max;	/* bytes of a condition; 0: FILTER_TEXT_MAX */
};

/*
 * As filter_parse(); *ret is NULL for an empty text. names may be NULL. *ret_at: the place of the
 * error in the text. err is empty where a wrong macro is to blame.
 */
int condition_parse(struct node **ret, const char *text, const struct names *names,
		    struct strbuf *err, size_t *ret_at) _must_check_;

/*
 * After an error at *at: the next test that is wrong by itself, which is then in err and *at. False: none is. What an error
 * does to the parentheses around it is not looked at.
 */
bool condition_next_error(const char *text, const struct names *names, size_t *at, struct strbuf *err) _must_check_;

/* An operand by itself, as outputs have it: "tolower(proc.name)"; *ret_len: its length. */
int operand_parse(struct operand *ret, const char *text, size_t *ret_len, struct strbuf *err)
	_must_check_;
