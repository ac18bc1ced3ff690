/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which records no rule or filter can match, so that they need not leave the kernel. A condition becomes
 * clauses, each a bit. For each property of a call, one look-up yields the bits of the clauses that can
 * still be true; if none is left, the record stays. What the kernel side cannot check is assumed to satisfy
 * the clause: so more records leave than are wanted, never fewer, and user space makes the final decision.
 */
#pragma once

#ifndef __bpf__
#include <assert.h>
#include <linux/types.h>
#endif

#include "limits.h"

/* Calls that the same rules are about share a class. */
#define NUNCHI_PUSH_CLASSES 64

/* Clauses of one class: the bits of a mask. */
#define NUNCHI_PUSH_CLAUSES 63	/* one bit less than a word: a mask with all bits set means "not checked" */

/* The properties. Numbers are looked up in a row of masks, texts are read byte by byte in an automaton. */
enum nunchi_push_kind {
	NUNCHI_PUSH_RESULT,	/* 0: the call succeeded; else its errno */
	NUNCHI_PUSH_ACCESS,	/* flags of an open: nunchi_open_access() | NUNCHI_PUSH_CREATES */
	NUNCHI_PUSH_TYPE,	/* of what was opened: S_IFMT >> 12, NUNCHI_PUSH_NO_OBJECT or _OUTSIDE; of a socket its family */
	NUNCHI_PUSH_CONTAINER,	/* the group of the slot, found when the container gets its name */
	/* The path, both as it was resolved and as it was asked for: a condition holds if it does for either. */
	NUNCHI_PUSH_HEAD,	/* the whole path, or its beginning */
	NUNCHI_PUSH_TAIL,	/* its end */
	NUNCHI_PUSH_WITHIN,	/* a part of it; read with the tail */
	NUNCHI_PUSH_RAW,	/* only the path as it was asked for */
	NUNCHI_PUSH_COMM,
	NUNCHI_PUSH_ADDRESS,	/* of the peer, as a text: 4 or 6, and its bytes; 0: there is none */
	NUNCHI_PUSH_PORT,	/* of the peer, as a text: 1, and two bytes, big-endian; 0: there is none */
	NUNCHI_PUSH_IMAGE,	/* path of the task's image when it was executed; read once, at the exec */
	NUNCHI_PUSH_KINDS
};

#define NUNCHI_PUSH_TEXT NUNCHI_PUSH_HEAD	/* the first kind that is a text */

#define NUNCHI_PUSH_CREATES 4
#define NUNCHI_PUSH_NO_OBJECT 16
#define NUNCHI_PUSH_IPV4 17
#define NUNCHI_PUSH_IPV6 18
#define NUNCHI_PUSH_UNIX 19
#define NUNCHI_PUSH_OUTSIDE 20	/* not below the task's root, whatever its type */
#define NUNCHI_PUSH_TYPE_CODES 21

/* Where the codes of a kind begin in nunchi_push_row.codes. */
#define NUNCHI_PUSH_RESULTS 0	/* 256 of them; larger errnos share the last */
#define NUNCHI_PUSH_ACCESSES 256
#define NUNCHI_PUSH_TYPES 264
#define NUNCHI_PUSH_CODES 288

/* How a call is checked. */
struct nunchi_push_call {
	__u8 class;		/* its class plus one; 0: not checked, every record leaves */
	__u8 path;		/* which argument is its path, or NUNCHI_PUSH_NO_ARG */
	__u8 flags;		/* which argument is its open flags, likewise */
	__u8 sends;		/* argument 0 is a socket with a peer, or the call names one */
};

#define NUNCHI_PUSH_NO_ARG 0xff

struct nunchi_push_row {
	__u64 clauses;		/* all clauses of the class */
	__u64 not_within;	/* those without a test of kind WITHIN */
	__u32 kinds;		/* bits 1 << enum nunchi_push_kind: to be looked up */
	__u16 start[NUNCHI_PUSH_KINDS];	/* start states, for texts */
	__u64 codes[NUNCHI_PUSH_CODES];
};

/* Bytes that no text distinguishes share a letter. A power of two, so that the kernel side can mask it. */
#define NUNCHI_PUSH_LETTERS 128

/* A state of the automaton. */
struct nunchi_push_state {
	__u64 mask;		/* clauses that a text satisfies which ends here; for an image: its group */
	__u64 within;		/* "contains" tests that a text satisfies which passes here */
	__u8 over;		/* no byte leads out of this state: reading can stop */
	__u8 pad[7];
	__u16 next[NUNCHI_PUSH_LETTERS];
};

#define NUNCHI_PUSH_STATES_MAX 32768	/* 9 MiB */

/* Containers that satisfy the same clauses of all classes are a group. The first is for those without a name. */
#define NUNCHI_PUSH_GROUPS 32

/* Likewise for images. The first is for unknown ones. */
#define NUNCHI_PUSH_IMAGES 64

#ifndef __bpf__
static_assert(sizeof(struct nunchi_push_state) == 280, "push: nunchi_push_state");

/* An automaton. */
struct push_text {
	__u8 letters[256];
	struct nunchi_push_state *states;
	__u32 n_states;
};

struct nunchi_push {
	struct nunchi_push_call calls[NUNCHI_CALLS_MAX];
	struct nunchi_push_row rows[NUNCHI_PUSH_CLASSES];
	struct push_text text;
	__u64 images[NUNCHI_PUSH_IMAGES][NUNCHI_PUSH_CLASSES];
	__u32 image_start;	/* of the automaton, plus one; 0: no class asks for an image */
};
#endif
