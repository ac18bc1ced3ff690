/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that kill or deny, in the form in which the kernel side decides them (include/nunchi/block.h). A condition
 * is split into clauses, each an "and" of parts. Each part is about one property, and is evaluated here, before
 * anything runs, for each value that matters. It cannot be about what no hook knows.
 */
#pragma once

#include "nunchi/block.h"
#include "filter.h"
#include "ruleset.h"

/* A part of a clause: tests of one property, combined by and, or, not. */
struct block_part {
	struct node *node;
	bool negated;
	uint8_t kind;		/* enum nunchi_block_kind, or BLOCK_KIND_CONTAINER */
};

#define BLOCK_KIND_CONTAINER NUNCHI_BLOCK_KINDS	/* decided when the container gets its name */

struct block_clause {
	struct block_part *parts;
	size_t n_parts;
	unsigned rule;		/* its number in the ruleset */
	bool kill;
	bool watch;		/* of --watch: it blocks nothing, and rule is UINT_MAX */
	bool pending_deny;	/* while a container has no name, parts about the container hold */
	bool implied;		/* for a call that the rule does not name, but that does the same to the file */
};

void block_clause_free(struct block_clause *c);	/* what it owns */

struct block_plan {
	struct block_clause clauses[NUNCHI_BLOCK_MAX][NUNCHI_BLOCK_CLAUSES];
	unsigned n_clauses[NUNCHI_BLOCK_MAX];
	struct nunchi_block_row rows[NUNCHI_BLOCK_MAX];	/* active: all clauses; host: those that name the host */
	struct nunchi_block_value *values;	/* the row in a key is its class, as in the first half of the tables */
	size_t n_values;
	struct nunchi_block_read reads[NUNCHI_BLOCK_MAX];
	struct push_text text;
};

extern const char *const block_class_names[NUNCHI_BLOCK_MAX];

/* The class of a call that a rule names; -1: it cannot be blocked. */
int block_class_of(const struct syscall_info *call);

/* Whether a hook of that class can refuse the call, even if no rule can name it. */
bool block_may_be(const struct syscall_info *call, unsigned class);

/* What to write in place of a call that cannot be blocked. */
const char *block_instead_of_call(const struct syscall_info *call);

/* What to write in place of a field that the hooks of the class do not know; NULL: nothing. */
const char *block_instead_of_field(unsigned class, const char *field);

/* The class of the call plus one, and NUNCHI_BLOCK_FLAGS; 0: no hook refuses it. */
uint8_t block_bits_of(const struct syscall_info *call);

/* Whether the call can name a peer to which its socket is not connected. */
bool block_sends(const struct syscall_info *call);

struct block_plan *block_plan_new(void) _must_check_;
void block_plan_free(struct block_plan *p);	/* NULL is fine */
/*
 * Adds the clauses of a rule; members other than parts are copied from *model. 0; or -EINVAL if the kernel side cannot
 * decide the condition, with a sentence in err and the node to blame in *ret_where (NULL: the whole).
 */
int block_add(struct block_plan *p, const struct node *root, const struct block_clause *model,
	      struct strbuf *err, const struct node **ret_where) _must_check_;
/*
 * Adds the clauses of --watch, for calls of which the kernel side can decide whether the filter matches. 0; or -EINVAL,
 * with a sentence in err, if there are no such calls.
 */
int block_watch(struct block_plan *p, const struct filter *f, struct strbuf *err) _must_check_;
/* Makes rows, values and texts; after all rules were added, and again after more were. 0; or -E2BIG, with a sentence. */
int block_finish(struct block_plan *p, struct strbuf *err) _must_check_;
/* The clauses of a class whose parts on the container hold for this one; NULL: the host. */
uint64_t block_container(const struct block_plan *p, enum nunchi_block_class class,
			 const struct model *m, struct container *c);
/* The clauses that the kernel's look-up of a value yields. bytes NULL: the value is missing. */
uint64_t block_look_up(const struct block_plan *p, enum nunchi_block_class class,
		       enum nunchi_block_kind kind, const void *bytes, size_t len);
/* The same for a text that is read in the automaton. */
uint64_t block_read_text(const struct block_plan *p, enum nunchi_block_class class, enum nunchi_block_text text,
			 const char *s);
/* The classes (bits) in which the rule has clauses, except implied ones. */
unsigned block_classes(const struct block_plan *p, unsigned rule);
/* Those of them, of connect and bind, in which no socket with an IP address satisfies it: it is about unix sockets. */
unsigned block_classes_without_address(const struct block_plan *p, unsigned rule);
/* Appends a line for each class, with the fields that the kernel side looks up: "  open: by fd.name". rule UINT_MAX: --watch. */
void block_describe(const struct block_plan *p, unsigned rule, struct strbuf *out);

/* Appends the names of the fields that the condition uses, each once. */
void block_fields(const struct node *n, struct strbuf *names);

/* block_kinds.c: what hooks know. */
enum block_known {
	BLOCK_UNKNOWN,		/* no hook knows the field: *ret_why says what to do */
	BLOCK_FALSE, BLOCK_TRUE,	/* the same for every call that can be blocked */
	BLOCK_KIND,		/* looked up, as a value of *ret_kind */
};
typedef enum block_known block_test_fn(unsigned class, const struct node *test, unsigned *ret_kind,
				       const char **ret_why);
block_test_fn block_test;
/* Whether the test holds for all calls that make a user namespace, and for no others. */
bool block_asks_userns(const struct node *test);

/* How values of a kind are compared. */
enum block_form { BLOCK_TEXT, BLOCK_NUMBER, BLOCK_CODE, BLOCK_ADDRESS };
enum block_form block_form(unsigned kind);
unsigned block_bits(unsigned kind);	/* of a number or code */
unsigned block_codes(unsigned kind);	/* how many there are */
/* Whether the test holds for this code. */
bool block_test_code(unsigned kind, const struct node *test, unsigned code);
