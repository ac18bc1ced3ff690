/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What user space tells the kernel side of rules that block. Rules become clauses, of which each is
 * a bit; a property of the task or of what the call is about (its path, a port) is looked up and
 * yields the bits of the clauses that it satisfies; what is left after all look-ups decides. So the
 * cost does not grow with the number of rules.
 */
#pragma once

#ifndef __bpf__
#include <assert.h>
#include <linux/types.h>
#endif

#include "push.h"

/* What can be blocked, each a hook of the kernel's. X(enum, name for people) */
#define NUNCHI_BLOCK_CLASSES(X)                                                 \
	X(OPEN, "open")                                                         \
	X(EXEC, "exec")                                                         \
	X(CONNECT, "connect")                                                   \
	X(BIND, "bind")                                                         \
	X(MODULE, "module")                                                     \
	X(MOUNT, "mount")                                                       \
	X(BPF, "bpf")                                                           \
	X(PTRACE, "ptrace")                                                     \
	X(SOCKET, "socket")                                                     \
	X(USERNS, "user namespace")                                             \
	X(REMOVE, "remove")                                                     \
	X(RENAME, "rename")                                                     \
	X(LINK, "link")                                                         \
	X(TRUNCATE, "truncate")

enum nunchi_block_class {
#define X(id, name) NUNCHI_BLOCK_##id,
	NUNCHI_BLOCK_CLASSES(X)
#undef X
	NUNCHI_BLOCK_MAX = 16	/* room for more: a power of two */
};

/*
 * Of these, as bits, nothing is left to be looked at when the call has returned: they have no descriptor, and names are
 * others by then.
 */
#define NUNCHI_BLOCK_NAMES                                                                       \
	(1U << NUNCHI_BLOCK_REMOVE | 1U << NUNCHI_BLOCK_RENAME | 1U << NUNCHI_BLOCK_LINK | \
	 1U << NUNCHI_BLOCK_TRUNCATE)

/* Clauses of one class: the bits of a mask. */
#define NUNCHI_BLOCK_CLAUSES 64

/* What is looked up. */
enum nunchi_block_kind {
	NUNCHI_BLOCK_PATH,	/* texts: of the file that is opened or executed, the name that is removed, or the new one */
	NUNCHI_BLOCK_OLD,	/* the other one of two: what is renamed, or linked to */
	NUNCHI_BLOCK_DIRECTORY,
	NUNCHI_BLOCK_FILENAME,
	NUNCHI_BLOCK_COMM,	/* of the task; of an exec the new one */
	NUNCHI_BLOCK_PARENT_COMM,
	NUNCHI_BLOCK_EXE,	/* path of its image; of an exec the new one's */
	NUNCHI_BLOCK_UID,	/* four bytes, big-endian */
	NUNCHI_BLOCK_ACCESS,	/* a byte: NUNCHI_BLOCK_READ, _WRITE */
	NUNCHI_BLOCK_TYPE,	/* a byte: enum nunchi_block_type */
	NUNCHI_BLOCK_ADDRESS,	/* 4 and an IPv4 address, or 6 and an IPv6 one */
	NUNCHI_BLOCK_PORT,	/* two bytes, big-endian */
	NUNCHI_BLOCK_FAMILY,	/* a byte: of a socket that is made, AF_*; NUNCHI_BLOCK_FAMILY_MAX - 1: that or a higher one */
	NUNCHI_BLOCK_SOCKTYPE,	/* a byte: SOCK_*, without its flags */
	NUNCHI_BLOCK_PROTOCOL,	/* four bytes, big-endian */
	NUNCHI_BLOCK_READ_FIRST,	/* texts that are read: NUNCHI_BLOCK_READ_KIND */
	NUNCHI_BLOCK_KINDS = NUNCHI_BLOCK_READ_FIRST + 5 * 3
};

/*
 * Texts of which a look-up by their beginning does not decide are read, byte by byte, in an automaton: how they
 * begin, how they end, and what they come by. A path is read whole: what is asked of its directory or of its last name,
 * too.
 */
enum nunchi_block_text {
	NUNCHI_BLOCK_TEXT_PATH,
	NUNCHI_BLOCK_TEXT_OLD,
	NUNCHI_BLOCK_TEXT_EXE,
	NUNCHI_BLOCK_TEXT_COMM,
	NUNCHI_BLOCK_TEXT_PARENT_COMM,
	NUNCHI_BLOCK_TEXTS
};

enum nunchi_block_place { NUNCHI_BLOCK_HEAD, NUNCHI_BLOCK_TAIL, NUNCHI_BLOCK_WITHIN, NUNCHI_BLOCK_PLACES };

#define NUNCHI_BLOCK_READ_KIND(text, place) (NUNCHI_BLOCK_READ_FIRST + NUNCHI_BLOCK_PLACES * (text) + (place))
/* Of a row's kinds: whether the text is read, and what for. */
#define NUNCHI_BLOCK_READS(kinds, text) ((kinds) >> NUNCHI_BLOCK_READ_KIND(text, 0) & ((1U << NUNCHI_BLOCK_PLACES) - 1))

#define NUNCHI_BLOCK_READ 0x01
#define NUNCHI_BLOCK_WRITE 0x02

enum nunchi_block_type {
	NUNCHI_BLOCK_TYPE_OTHER,
	NUNCHI_BLOCK_TYPE_FILE,
	NUNCHI_BLOCK_TYPE_DIRECTORY,
	NUNCHI_BLOCK_TYPE_CHAR,
	NUNCHI_BLOCK_TYPE_BLOCK,
	NUNCHI_BLOCK_TYPE_PIPE,
	NUNCHI_BLOCK_TYPE_IPV4,
	NUNCHI_BLOCK_TYPE_IPV6,
	NUNCHI_BLOCK_TYPE_UNIX,
	NUNCHI_BLOCK_TYPE_MAX
};

/* Of socket(2): more than there are. */
#define NUNCHI_BLOCK_FAMILY_MAX 64
#define NUNCHI_BLOCK_SOCKTYPE_MAX 16

/* Values that rules name, all together: 20 MiB in the kernel. */
#define NUNCHI_BLOCK_VALUES_MAX 65536

/* Of a text that is compared; its NUL is one of them. An LPM trie takes keys of 256 bytes. */
#define NUNCHI_BLOCK_BYTES 252

/*
 * The key of the one table of values: the longest entry that the value begins with is meant. The
 * entry of a whole text ends with its NUL, that of a beginning does not.
 */
struct nunchi_block_key {
	__u32 bits;		/* that count of what follows */
	__u8 row;		/* NUNCHI_BLOCK_ROW */
	__u8 kind;
	__u8 bytes[NUNCHI_BLOCK_BYTES];
	__u8 pad[2];
};

/* An entry of it: the clauses that such values satisfy. */
struct nunchi_block_value {
	struct nunchi_block_key key;
	__u32 pad;
	__u64 mask;
};

#define NUNCHI_BLOCK_KEY_BITS 16	/* row and kind */

/*
 * All tables have two halves. The one that is not in force is filled, and then block_generation says
 * that it is: what is blocked changes at once, and as a whole. A row is that of a class in one half.
 */
#define NUNCHI_BLOCK_ROWS (2 * NUNCHI_BLOCK_MAX)
#define NUNCHI_BLOCK_ROW(class, generation) ((class) + ((generation) & 1) * NUNCHI_BLOCK_MAX)

/* Of a call, beside its class: it names a peer, but what its socket is connected to it need not be. */
#define NUNCHI_BLOCK_SENDS 0x80
/* The same: what it sets can connect its socket, or bind it as well (SCTP's alone). No rule names it. */
#define NUNCHI_BLOCK_SETS 0x40
#define NUNCHI_BLOCK_FLAGS (NUNCHI_BLOCK_SENDS | NUNCHI_BLOCK_SETS)

/* What is known of a class; a bit of a mask is a clause. */
struct nunchi_block_row {
	__u64 active;		/* in force on this kernel */
	__u64 host;		/* may be the host's processes' */
	__u64 pending;		/* may be those of a container that has no name yet */
	__u64 kill;		/* of the active: the process is killed */
	__u64 watch;		/* of the active: nothing is done but that it is told for certain */
	__u32 kinds;		/* 1 << enum nunchi_block_kind: to be looked up */
	__u32 pad;
};

#define NUNCHI_BLOCK_MARKS 64

/* How texts of a class are read; the states are those of push.h. */
struct nunchi_block_read {
	__u16 start[NUNCHI_BLOCK_TEXTS][2];	/* of the automaton, for the head and for the tail */
	__u64 marks[NUNCHI_BLOCK_TEXTS];	/* what a text may come by (within, in its states) */
	__u64 without_any[NUNCHI_BLOCK_TEXTS];	/* clauses that are left if it comes by none of them */
	__u64 with[NUNCHI_BLOCK_MARKS];		/* if it comes by this one, and if it does not */
	__u64 without[NUNCHI_BLOCK_MARKS];
};

/* States of one half of the tables: the index of one fits 16 bits, whichever half it is in. */
#define NUNCHI_BLOCK_STATES_MAX 32768

/* Which clauses a named container satisfies. */
struct nunchi_block_slot {
	__u32 generation;	/* of the slot; another one: not known yet */
	__u32 pad;
	__u64 masks[NUNCHI_BLOCK_ROWS];
};

/*
 * What became of a call, in nunchi_head.verdict: 1 + clause, class << 8, effect << 16, and the low byte of
 * the generation of rules that the clause is one of, << 24; 0: nothing.
 */
enum nunchi_effect {
	NUNCHI_EFFECT_NONE,
	NUNCHI_EFFECT_BEFORE,	/* it was refused before it did anything */
	NUNCHI_EFFECT_AFTER,	/* it was done, and the process killed when it returned */
	NUNCHI_EFFECT_DRY,	/* it was not refused, but would have been */
	/* Of what user space does to the container: no verdict has these. */
	NUNCHI_EFFECT_ASKED,	/* it is under way */
	NUNCHI_EFFECT_DONE,
	NUNCHI_EFFECT_FAILED,
	NUNCHI_EFFECT_WATCH,	/* it is told by the critical lane, and that is all */
};

#define NUNCHI_VERDICT(clause, class, effect, generation) \
	((1 + (__u32)(clause)) | (__u32)(class) << 8 | (__u32)(effect) << 16 | (__u32)(generation) << 24)
#define NUNCHI_VERDICT_CLAUSE(v) (((v) & 0xff) - 1)
#define NUNCHI_VERDICT_CLASS(v) ((v) >> 8 & 0xff)
#define NUNCHI_VERDICT_EFFECT(v) ((v) >> 16 & 0xff)
#define NUNCHI_VERDICT_GENERATION(v) ((v) >> 24)

#ifndef __bpf__
static_assert(sizeof(struct nunchi_block_key) == 260, "block: nunchi_block_key");
static_assert(NUNCHI_BLOCK_KINDS <= 32, "block: kinds are bits of a word");
static_assert(sizeof(struct nunchi_block_row) == 48, "block: nunchi_block_row");
static_assert(sizeof(struct nunchi_block_slot) == 8 + 8 * NUNCHI_BLOCK_ROWS, "block: nunchi_block_slot");
#endif
