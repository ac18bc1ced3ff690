/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pushdown: the parts of conditions that the kernel side checks before a record leaves the kernel
 * (include/nunchi/push.h). The conditions are those of rules that only alert, or a filter. A condition is
 * taken apart like that of a rule that blocks (block.h), but with a looser result: what the kernel side
 * does not know is taken to be as the condition wants it. So a record is held back only if no condition can
 * hold for it.
 */
#pragma once

#include "block.h"
#include "filter.h"
#include "nunchi/push.h"

struct push_plan;

/* The plan of these conditions for these calls. The conditions must outlive it. */
struct push_plan *push_plan_new(const struct node *const *roots, size_t n_roots,
				const struct syscall_set *calls) _must_check_;
/* The plan of the rules in force, and that of a filter: NULL if the filter matches everything. */
struct push_plan *push_plan_of_rules(const struct ruleset *rs, const struct syscall_set *calls)
	_must_check_;
struct push_plan *push_plan_of_filter(const struct filter *f, const struct syscall_set *calls)
	_must_check_;
void push_plan_free(struct push_plan *p);	/* NULL is fine */
const struct nunchi_push *push_table(const struct push_plan *p);
/* Which texts are not checked, because their automaton would be too large; NULL: all are checked. */
const char *push_left_out(const struct push_plan *p);
/* For each class the clauses whose tests of the container hold for c; NULL: the host. */
void push_container(const struct push_plan *p, const struct model *m, struct container *c,
		    uint64_t ret[NUNCHI_PUSH_CLASSES]);

/*
 * Reads a text as the kernel side does. Returns the clauses that it satisfies, and adds to *within
 * those found inside it.
 */
uint64_t push_read(const struct push_text *t, unsigned start, const void *text, size_t len,
		   uint64_t *within);

/* Writes which tests the kernel side decides, and which it leaves to user space, by call. */
void push_describe(const struct node *root, const struct syscall_set *calls, struct strbuf *out);

/* push_kinds.c: what the kernel side knows of a call, as bits. */
#define PUSH_HAS_PATH 0x01	/* fd.name is its path argument */
#define PUSH_OPENS 0x02		/* it returns an fd of that path */
#define PUSH_HAS_FLAGS 0x04	/* its open flags are in a register */
#define PUSH_HAS_FD 0x08	/* it returns an fd */
#define PUSH_HAS_PEER 0x10	/* it has the address of a socket's peer */
#define PUSH_NO_OBJECT 0x20	/* its exit has no file or socket: getppid; close, whose fd is gone by then */
unsigned push_shape(const struct syscall_info *call, struct nunchi_push_call *ret);
block_test_fn push_test;
/* Whether the test holds for a code; kind: RESULT, ACCESS or TYPE. */
enum tri push_test_code(const struct syscall_info *call, unsigned kind, const struct node *test,
			unsigned code);

/* push_text.c: patterns of texts. */
struct push_texts;
/*
 * *ret_kind: the kind of text that decides the test; for a path it depends on the part that is tested.
 * False: none does.
 */
bool push_text_fits(const struct node *test, unsigned *ret_kind);
struct push_texts *push_texts_new(unsigned n_groups) _must_check_;
void push_texts_free(struct push_texts *t);
/* within: the text has to have the pattern inside it, not to match it as a whole. */
void push_texts_add(struct push_texts *t, unsigned group, const struct node *n, bool within);
/* -E2BIG: they would need more than max_states. */
int push_texts_build(struct push_texts *t, size_t max_states) _must_check_;
/* Writes the states, whose masks masks_of fills in, the letters and the start states. */
void push_texts_fill(struct push_texts *t, struct push_text *ret,
		     void (*masks_of)(unsigned group, const struct push_texts *t, unsigned state,
				      struct nunchi_push_state *row, void *arg),
		     void *arg);
unsigned push_texts_start(const struct push_texts *t, unsigned group);
/* Whether the test holds for texts that end in this state, which must belong to the test's group. */
bool push_texts_holds(const struct push_texts *t, unsigned state, const struct node *test);
