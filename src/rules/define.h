/* SPDX-License-Identifier: Apache-2.0 */
/* The definitions in rule files, before they are compiled. */
#pragma once

#include <yaml.h>

#include "base/hmap.h"
#include "condition.h"
#include "ruleset.h"
#include "text.h"

/* Bounds, far above what anybody writes. */
#define DEFINITIONS_MAX 100000
#define LIST_ITEMS_MAX 1000000	/* of all lists together, those in other lists included */
#define NAMES_DEPTH_MAX 100	/* names whose compilation waits for others */
#define EXCEPTION_FIELDS_MAX 32
#define EXCEPTION_TEXT_MAX 1048576	/* bytes of the condition that an exception is translated to */

/* An exception of a rule; its values are kept as text of the condition language. */
struct exception {
	char *name;
	struct place place;
	bool scalar;		/* one field, and a list of its values */
	char **fields;
	size_t n_fields;
	char **comps;
	size_t n_comps;
	struct text values;	/* "(f1 = v1 and f2 in (a, b)) or ...", or for a scalar "a, b" */
};

enum definition_kind { DEFINES_LIST, DEFINES_MACRO, DEFINES_RULE };
enum name_state { STATE_NEW, STATE_BUSY, STATE_DONE, STATE_BAD };

struct definition {
	struct hnode by_name;
	enum definition_kind kind;
	char *name;
	struct place place;
	unsigned index;		/* order of its first definition */
	unsigned visible;	/* a macro or list can use those with a lower index */
	enum name_state state;	/* of macros and lists */
	bool used;
	bool common;		/* from rules/common.yaml */
	bool wanted;		/* a definition that is not from there uses it */

	struct text condition;	/* macro, rule */
	/* list */
	char **items;
	size_t n_items;
	struct name_list list;	/* with the lists in it expanded */
	/* macro */
	struct node *root;
	struct report report;	/* its errors, until a rule needs it */
	bool wrong;		/* it has other errors than using something unknown */
	char *unknown;		/* what is unknown in it; NULL: nothing */
	/* rule */
	struct text output;
	struct strbuf desc;
	struct strbuf source_name;
	enum rule_priority priority;
	bool has_priority, enabled, skip_unknown;
	enum rule_left_out left_out;
	enum rule_action action;
	bool refuse, pending_deny;	/* on_unsupported: refuse, on_pending: deny */
	char **tags;
	size_t n_tags;
	struct exception *exceptions;
	size_t n_exceptions;
};

/* All files together. */
struct definitions {
	struct hmap by_name;
	struct definition **all;	/* by index */
	size_t n;
	unsigned depth;			/* names that wait for each other */
	size_t n_items;
	struct rule_file **sources;
	size_t n_sources;
	struct report *report;
	bool common;			/* rules/common.yaml is being read */
	const char *append_output;	/* appended to each rule's output; NULL: nothing */
	const char *offered;		/* text of nunchi's own rules if they are not loaded; NULL: they are */
	unsigned foreign;		/* rules of other sources than system calls */
};

/* Takes over the definitions of a file; errors are in the report. The source is borrowed. */
void define_file(struct definitions *d, struct rule_file *source);
struct definition *define_find(const struct definitions *d, enum definition_kind kind,
			       const char *name, size_t len);
void define_free(struct definitions *d);	/* not the sources */

/* yaml_file.c: a node of a YAML document, and what can be asked of it. */
struct yaml_file {
	yaml_document_t *doc;
	const struct rule_file *source;
	struct report *report;
};

/* Reports a syntax error of the YAML parser. */
void yaml_problem(const struct yaml_file *f, const yaml_parser_t *p);
struct place yaml_place(const struct yaml_file *f, const yaml_node_t *n);
struct place yaml_end(const struct yaml_file *f, const yaml_node_t *n);
/* NULL: it is no scalar. */
const char *yaml_text(const yaml_node_t *n, size_t *ret_len);
/* The value of a key; NULL: n is no mapping, or has no such key. */
yaml_node_t *yaml_get(const struct yaml_file *f, const yaml_node_t *n, const char *key);
/*
 * Warns of keys that are not among those (NULL ends them; at most 64), or are there twice. kind: "a rule". Of what is no
 * mapping nothing is said.
 */
void yaml_check_keys(const struct yaml_file *f, const yaml_node_t *n, const char *kind, const char *const *keys);
/* How many items a sequence has; 0 if it is none. */
size_t yaml_count(const yaml_node_t *n);
yaml_node_t *yaml_item(const struct yaml_file *f, const yaml_node_t *n, size_t i);
/* A copy of the scalar; NULL, and an error told, if it is none: "tags: expected a text". */
char *yaml_take(const struct yaml_file *f, const yaml_node_t *n, const char *what);
/* Adds the scalars of a sequence to an array of owned strings. False: an error was told. */
bool yaml_take_list(const struct yaml_file *f, const yaml_node_t *n, const char *what, char ***strings,
		    size_t *n_strings, size_t max);

/* exception.c: n is the sequence of a rule's exceptions. */
void define_exceptions(struct definition *rule, const struct yaml_file *f, const yaml_node_t *n,
		       bool append);
void exception_free(struct exception *e);
/* Its condition as text: what is excepted. Empty if it has no values. */
void exception_condition(const struct exception *e, struct strbuf *out);
