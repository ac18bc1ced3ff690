/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What user space tells the kernel side of conditions that only look: which records no rule can want,
 * so that they need not leave. A condition becomes clauses, of which each is a bit; each property of a
 * call is one look-up that yields the bits of the clauses that can be true with it, and a record of
 * which none is left stays. What the kernel side does not know is taken to be as the clause wants it:
 * more leaves than is wanted, never less, and user space judges it.
 */
#pragma once

#ifndef __bpf__
#include <assert.h>
#include <linux/types.h>
#endif

#include "limits.h"

/* Calls that the same rules are about are of one class. */
#define NUNCHI_PUSH_CLASSES 64

/* Clauses of one class: the bits of a mask. */
#define NUNCHI_PUSH_CLAUSES 63	/* all bits are more than all of them: not looked at */

/* What is looked up: numbers in a row of masks, texts byte by byte in an automaton. */
enum nunchi_push_kind {
	NUNCHI_PUSH_RESULT,	/* 0: the call succeeded; else its errno */
	NUNCHI_PUSH_ACCESS,	/* flags of an open: nunchi_open_access(), and NUNCHI_PUSH_CREATES */
	NUNCHI_PUSH_TYPE,	/* of what was opened: S_IFMT >> 12, NUNCHI_PUSH_NO_OBJECT or _OUTSIDE; of a socket its family */
	NUNCHI_PUSH_CONTAINER,	/* whose it is: the group of its slot, found when the container gets its name */
	/* A path: of what was opened, and of what was asked for; either may be meant. */
	NUNCHI_PUSH_HEAD,	/* it is this, or begins so */
	NUNCHI_PUSH_TAIL,	/* it ends so */
	NUNCHI_PUSH_WITHIN,	/* it has this somewhere; read with the tail */
	NUNCHI_PUSH_RAW,	/* the path as it was written */
	NUNCHI_PUSH_COMM,
	NUNCHI_PUSH_ADDRESS,	/* of the other end: 4 or 6, and its bytes; 0: there is none */
	NUNCHI_PUSH_PORT,	/* 1, and two bytes, big-endian; 0: as above */
	NUNCHI_PUSH_IMAGE,	/* path of what the task executes, as it was then; read once, at the exec */
	NUNCHI_PUSH_KINDS
};

#define NUNCHI_PUSH_TEXT NUNCHI_PUSH_HEAD	/* the first kind that is a text */

#define NUNCHI_PUSH_CREATES 4
#define NUNCHI_PUSH_NO_OBJECT 16
#define NUNCHI_PUSH_IPV4 17
#define NUNCHI_PUSH_IPV6 18
#define NUNCHI_PUSH_UNIX 19
#define NUNCHI_PUSH_OUTSIDE 20	/* it is not below the task's root: of whatever type */
#define NUNCHI_PUSH_TYPE_CODES 21

/* Where the codes of a kind begin in a row of masks. */
#define NUNCHI_PUSH_RESULTS 0	/* 256 of them; a larger errno has the last */
#define NUNCHI_PUSH_ACCESSES 256
#define NUNCHI_PUSH_TYPES 264
#define NUNCHI_PUSH_CODES 288

/* How a call is looked at. */
struct nunchi_push_call {
	__u8 class;		/* plus one; 0: all of it leaves */
	__u8 path;		/* number of the argument that is its path; NUNCHI_PUSH_NO_ARG */
	__u8 flags;		/* the same of open flags */
	__u8 sends;		/* argument 0 is a socket, which has, or is given, an address to send to */
};

#define NUNCHI_PUSH_NO_ARG 0xff

struct nunchi_push_row {
	__u64 clauses;		/* all there are */
	__u64 not_within;	/* those that ask for nothing of WITHIN */
	__u32 kinds;		/* 1 << enum nunchi_push_kind: to be looked up */
	__u16 start[NUNCHI_PUSH_KINDS];	/* of the automaton, for texts */
	__u64 codes[NUNCHI_PUSH_CODES];
};

/* Bytes that no text tells apart are one letter. A power of two, so that the kernel side can mask it. */
#define NUNCHI_PUSH_LETTERS 128

/* A row of the automaton. */
struct nunchi_push_state {
	__u64 mask;		/* clauses that a text which ends here satisfies; of an image: its group */
	__u64 within;		/* those that one which comes by here satisfies */
	__u8 over;		/* whatever follows, it stays here */
	__u8 pad[7];
	__u16 next[NUNCHI_PUSH_LETTERS];
};

#define NUNCHI_PUSH_STATES_MAX 32768	/* 9 MiB */

/* Containers that satisfy the same clauses of all classes are one group. In the first are those without a name. */
#define NUNCHI_PUSH_GROUPS 32

/* The same of images. In the first are those that are not known. */
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
