/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of conditions the kernel side looks at before a record leaves (include/nunchi/push.h): rules that
 * only alert, or a filter. A condition comes apart as one that blocks does (block.h), but loosely:
 * what the kernel side does not know may be as the condition wants it. So a record that stays is one
 * that no condition can hold for.
 */
#pragma once

#include "block.h"
#include "filter.h"
#include "nunchi/push.h"

struct push_plan;

/* Of these conditions, for these calls. They must outlive it. */
struct push_plan *push_plan_new(const struct node *const *roots, size_t n_roots,
				const struct syscall_set *calls) _must_check_;
/* Of the rules in force; of a filter, NULL if that matches all. */
struct push_plan *push_plan_of_rules(const struct ruleset *rs, const struct syscall_set *calls)
	_must_check_;
struct push_plan *push_plan_of_filter(const struct filter *f, const struct syscall_set *calls)
	_must_check_;
void push_plan_free(struct push_plan *p);	/* NULL is fine */
const struct nunchi_push *push_table(const struct push_plan *p);
/* What of texts is not looked at, because it comes to too much; NULL: all of it is. */
const char *push_left_out(const struct push_plan *p);
/* The clauses of each class whose parts on the container hold for this one; NULL: the host. */
void push_container(const struct push_plan *p, const struct model *m, struct container *c,
		    uint64_t ret[NUNCHI_PUSH_CLASSES]);

/* How the kernel side reads a text: the clauses that it satisfies, and adds those that it has within. */
uint64_t push_read(const struct push_text *t, unsigned start, const void *text, size_t len,
		   uint64_t *within);

/* What of the condition the kernel side decides, and what it leaves to user space, by call. */
void push_describe(const struct node *root, const struct syscall_set *calls, struct strbuf *out);

/* push_kinds.c: what is known of a call, as bits. */
#define PUSH_HAS_PATH 0x01	/* its path argument is what fd.name is about */
#define PUSH_OPENS 0x02		/* what it returns is an fd of that path */
#define PUSH_HAS_FLAGS 0x04	/* open flags stand in a register */
#define PUSH_HAS_FD 0x08	/* it returns an fd */
#define PUSH_HAS_PEER 0x10	/* it is about a socket's other end */
#define PUSH_NO_OBJECT 0x20	/* its end says nothing of a file or socket: getppid, and close, which has none any more */
unsigned push_shape(const struct syscall_info *call, struct nunchi_push_call *ret);
block_test_fn push_test;
/* Whether the test holds for a code of RESULT, ACCESS or TYPE. */
enum tri push_test_code(const struct syscall_info *call, unsigned kind, const struct node *test,
			unsigned code);

/* push_text.c: patterns of texts. */
struct push_texts;
/* As what its text is read, *ret_kind: of a path by where in it the test is about. False: it is not read. */
bool push_text_fits(const struct node *test, unsigned *ret_kind);
struct push_texts *push_texts_new(unsigned n_groups) _must_check_;
void push_texts_free(struct push_texts *t);
/* within: the texts have to come by it, not to end with it. */
void push_texts_add(struct push_texts *t, unsigned group, const struct node *n, bool within);
/* -E2BIG: there is no room for what they are. */
int push_texts_build(struct push_texts *t, size_t max_states) _must_check_;
/* The states, for which masks_of says the masks; and letters and starts. */
void push_texts_fill(struct push_texts *t, struct push_text *ret,
		     void (*masks_of)(unsigned group, const struct push_texts *t, unsigned state,
				      struct nunchi_push_state *row, void *arg),
		     void *arg);
unsigned push_texts_start(const struct push_texts *t, unsigned group);
/* Whether the test holds for texts that end in this state, which is one of the test's group. */
bool push_texts_holds(const struct push_texts *t, unsigned state, const struct node *test);
