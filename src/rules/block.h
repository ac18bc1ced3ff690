/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that kill or deny, as the kernel side decides them (include/nunchi/block.h). A condition
 * comes apart into clauses, each an and of parts; each part is about one property, and is decided
 * here, for each value that matters, before anything runs. What no hook knows cannot be part of it.
 */
#pragma once

#include "nunchi/block.h"
#include "filter.h"
#include "ruleset.h"

/* A part of a clause: tests of one property, and, or, not between them. */
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
	bool watch;		/* nothing is done: rule is none */
	bool pending_deny;	/* while a container has no name, what needs it holds */
	bool implied;		/* of a call that the rule does not name, but that does the same to the file */
};

struct block_clauses {
	struct block_clause c[NUNCHI_BLOCK_CLAUSES];
	size_t n;
};

void block_clause_free(struct block_clause *c);

struct block_plan {
	struct block_clause clauses[NUNCHI_BLOCK_MAX][NUNCHI_BLOCK_CLAUSES];
	unsigned n_clauses[NUNCHI_BLOCK_MAX];
	struct nunchi_block_row rows[NUNCHI_BLOCK_MAX];	/* active: all; host: those that name it */
	struct nunchi_block_value *values;	/* a key's row is its class: of the first half of the tables */
	size_t n_values;
	struct nunchi_block_read reads[NUNCHI_BLOCK_MAX];
	struct push_text text;
};

extern const char *const block_class_names[NUNCHI_BLOCK_MAX];

/* Which class a call is of, if a rule names it; -1: it cannot be blocked. */
int block_class_of(const struct syscall_info *call);

/* Whether a hook of that class can refuse the call, whether a rule can name it or not. */
bool block_may_be(const struct syscall_info *call, unsigned class);

/* What to write in place of a call that cannot be blocked. */
const char *block_instead_of_call(const struct syscall_info *call);

/* And of a field that calls of the class do not know; NULL: nothing. */
const char *block_instead_of_field(unsigned class, const char *field);

/* Its class, plus one, and NUNCHI_BLOCK_FLAGS; 0: nothing refuses it. */
uint8_t block_bits_of(const struct syscall_info *call);

/* Whether it names a peer that its socket is not, or not yet, connected to. */
bool block_sends(const struct syscall_info *call);

struct block_plan *block_plan_new(void) _must_check_;
void block_plan_free(struct block_plan *p);	/* NULL is fine */
/*
 * Adds the clauses of a rule, whose parts are taken from *model. -EINVAL if the kernel side cannot
 * decide it: a sentence in err, and the node that is to blame in *ret_where (NULL: the whole).
 */
int block_add(struct block_plan *p, const struct node *root, const struct block_clause *model,
	      struct strbuf *err, const struct node **ret_where) _must_check_;
/*
 * Adds what the filter matches, to be told for certain. Of calls that the kernel side cannot decide it
 * for there is nothing, unless there is none that it can: -EINVAL and a sentence in err.
 */
int block_watch(struct block_plan *p, const struct filter *f, struct strbuf *err) _must_check_;
/* Once all rules are added, and again whenever more are: rows, values and texts. -E2BIG and a sentence: there is no room. */
int block_finish(struct block_plan *p, struct strbuf *err) _must_check_;
/* The clauses of a class whose parts on the container hold for this one; NULL: the host. */
uint64_t block_container(const struct block_plan *p, enum nunchi_block_class class,
			 const struct model *m, struct container *c);
/* What the kernel's look-ups come to, for tests: value by kind, NULL where there is none. */
uint64_t block_look_up(const struct block_plan *p, enum nunchi_block_class class,
		       enum nunchi_block_kind kind, const void *bytes, size_t len);
/* The same of a text that is read. */
uint64_t block_read_text(const struct block_plan *p, enum nunchi_block_class class, enum nunchi_block_text text,
			 const char *s);
/* The classes of what the rule names that it has clauses in, as bits. */
unsigned block_classes(const struct block_plan *p, unsigned rule);
/* What of the rule's condition is looked up in the kernel, a line a class: "  open: by fd.name". UINT_MAX: of what is watched. */
void block_describe(const struct block_plan *p, unsigned rule, struct strbuf *out);

/* Adds the names of the fields that it asks for. */
void block_fields(const struct node *n, struct strbuf *names);

/* block_kinds.c: what hooks know. */
enum block_known {
	BLOCK_UNKNOWN,		/* no hook knows it: *ret_why says so */
	BLOCK_FALSE, BLOCK_TRUE,	/* it is the same for every call that is blocked */
	BLOCK_KIND,		/* it is looked up, as *ret_kind */
};
typedef enum block_known block_test_fn(unsigned class, const struct node *test, unsigned *ret_kind,
				       const char **ret_why);
block_test_fn block_test;
/* Whether it holds of all that make a user namespace, and of nothing else. */
bool block_asks_userns(const struct node *test);

#define BLOCK_CALLS_MAX 16	/* of one class */

/*
 * The condition, for these calls, as clauses of which one holds if it does; what test does not know is taken
 * to be as the condition wants it. ret is empty before.
 */
void block_expand_loosely(const struct node *root, unsigned class, block_test_fn *test,
			  const struct syscall_info *const *calls, size_t n_calls,
			  struct block_clauses *ret);

/* How values of a kind are compared. */
enum block_form { BLOCK_TEXT, BLOCK_NUMBER, BLOCK_CODE, BLOCK_ADDRESS };
enum block_form block_form(unsigned kind);
unsigned block_bits(unsigned kind);	/* of a number or code */
unsigned block_codes(unsigned kind);	/* how many there are */
/* Whether the test holds for this code. */
bool block_test_code(unsigned kind, const struct node *test, unsigned code);
