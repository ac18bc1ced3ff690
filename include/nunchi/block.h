/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Blocking rules, as user space gives them to the kernel side. Rules become clauses, each a bit. For each
 * property of the task or the call (its path, a port), one look-up yields the bits of the clauses that the
 * property satisfies; the clauses that are left after all look-ups decide. So the cost does not grow with
 * the number of rules.
 */
#pragma once

#ifndef __bpf__
#include <assert.h>
#include <linux/types.h>
#endif

#include "push.h"

/* Classes of calls that can be blocked, each by a hook of its own. X(enum, name to show) */
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
	NUNCHI_BLOCK_MAX = 16	/* with room for more; a power of two */
};

/*
 * Classes, as bits, that cannot be checked after the call has returned: it leaves no descriptor, and names
 * have changed by then.
 */
#define NUNCHI_BLOCK_NAMES                                                                       \
	(1U << NUNCHI_BLOCK_REMOVE | 1U << NUNCHI_BLOCK_RENAME | 1U << NUNCHI_BLOCK_LINK | \
	 1U << NUNCHI_BLOCK_TRUNCATE)

/* Clauses of one class: the bits of a mask. */
#define NUNCHI_BLOCK_CLAUSES 64

/* The properties that are looked up. */
enum nunchi_block_kind {
	NUNCHI_BLOCK_PATH,	/* a text: path of the file opened or executed, or of the name removed; the new name of rename, link */
	NUNCHI_BLOCK_OLD,	/* a text: the other path of two: what is renamed, or linked to */
	NUNCHI_BLOCK_DIRECTORY,
	NUNCHI_BLOCK_FILENAME,
	NUNCHI_BLOCK_COMM,	/* of the task; in an exec the new one */
	NUNCHI_BLOCK_PARENT_COMM,
	NUNCHI_BLOCK_EXE,	/* path of its image; in an exec that of the new one */
	NUNCHI_BLOCK_UID,	/* four bytes, big-endian */
	NUNCHI_BLOCK_ACCESS,	/* a byte: NUNCHI_BLOCK_READ, _WRITE */
	NUNCHI_BLOCK_TYPE,	/* a byte: enum nunchi_block_type */
	NUNCHI_BLOCK_ADDRESS,	/* 4 and an IPv4 address, or 6 and an IPv6 one */
	NUNCHI_BLOCK_PORT,	/* two bytes, big-endian */
	NUNCHI_BLOCK_FAMILY,	/* a byte: AF_* of a socket to be made; NUNCHI_BLOCK_FAMILY_MAX - 1 stands for all from there on */
	NUNCHI_BLOCK_SOCKTYPE,	/* a byte: SOCK_*, without its flags */
	NUNCHI_BLOCK_PROTOCOL,	/* four bytes, big-endian */
	NUNCHI_BLOCK_READ_FIRST,	/* from here on: texts read in an automaton, see NUNCHI_BLOCK_READ_KIND */
	NUNCHI_BLOCK_KINDS = NUNCHI_BLOCK_READ_FIRST + 5 * 3
};

/*
 * Texts for which a look-up by their beginning is not enough are read byte by byte in an automaton, which
 * tells how they begin, how they end, and what they contain. A path is always read as a whole; conditions on
 * its directory or its last component are translated to that.
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
/* Which places of the text a row reads, as bits 1 << enum nunchi_block_place; 0: it does not read the text. */
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

/* Bounds for arguments of socket(2), above all that exist. */
#define NUNCHI_BLOCK_FAMILY_MAX 64
#define NUNCHI_BLOCK_SOCKTYPE_MAX 16

/* Values in all rules together: 20 MiB in the kernel. */
#define NUNCHI_BLOCK_VALUES_MAX 65536

/* Bytes of a text that are compared, with its NUL. Keys of an LPM trie have at most 256. */
#define NUNCHI_BLOCK_BYTES 252

/*
 * The key of the one table of values, an LPM trie: the longest entry that is a prefix of the value counts.
 * The entry of a whole text ends with its NUL, that of a beginning does not.
 */
struct nunchi_block_key {
	__u32 bits;		/* prefix length: how many bits of what follows count */
	__u8 row;		/* NUNCHI_BLOCK_ROW */
	__u8 kind;
	__u8 bytes[NUNCHI_BLOCK_BYTES];
	__u8 pad[2];
};

/* An entry of it, with the clauses that such values satisfy. */
struct nunchi_block_value {
	struct nunchi_block_key key;
	__u32 pad;
	__u64 mask;
};

#define NUNCHI_BLOCK_KEY_BITS 16	/* row and kind */

/*
 * All tables have two halves. The half that is not in force is filled; then block_generation switches to
 * it. So all rules change at once. There is a row for each class in each half.
 */
#define NUNCHI_BLOCK_ROWS (2 * NUNCHI_BLOCK_MAX)
#define NUNCHI_BLOCK_ROW(class, generation) ((class) + ((generation) & 1) * NUNCHI_BLOCK_MAX)

/* Flags of a call, beside its class. It names a peer, which need not be the one its socket is connected to. */
#define NUNCHI_BLOCK_SENDS 0x80
/* It sets an option that can connect or bind its socket (SCTP only). No rule names it. */
#define NUNCHI_BLOCK_SETS 0x40
#define NUNCHI_BLOCK_FLAGS (NUNCHI_BLOCK_SENDS | NUNCHI_BLOCK_SETS)

/* A class in one half. Each bit of a mask is a clause. */
struct nunchi_block_row {
	__u64 active;		/* in force on this kernel */
	__u64 host;		/* those that host processes can satisfy */
	__u64 pending;		/* those that a container without a name yet can satisfy */
	__u64 kill;		/* of the active: kill the process, too */
	__u64 watch;		/* of the active: block nothing, but report by the critical lane */
	__u32 kinds;		/* bits 1 << enum nunchi_block_kind: to be looked up */
	__u32 pad;
};

#define NUNCHI_BLOCK_MARKS 64

/* How texts of a class are read, with the states of push.h. */
struct nunchi_block_read {
	__u16 start[NUNCHI_BLOCK_TEXTS][2];	/* start states, for the head and for the tail */
	__u64 marks[NUNCHI_BLOCK_TEXTS];	/* the "contains" tests of a text, as bits; see nunchi_push_state.within */
	__u64 without_any[NUNCHI_BLOCK_TEXTS];	/* clauses that are left if none of them holds */
	__u64 with[NUNCHI_BLOCK_MARKS];		/* clauses that are left if this one holds, */
	__u64 without[NUNCHI_BLOCK_MARKS];	/* and if it does not */
};

/* States in one half of the tables; so the index of a state in either half fits in 16 bits. */
#define NUNCHI_BLOCK_STATES_MAX 32768

/* Which clauses a named container satisfies. */
struct nunchi_block_slot {
	__u32 generation;	/* of the slot; if it differs, the masks are not known yet */
	__u32 pad;
	__u64 masks[NUNCHI_BLOCK_ROWS];
};

/*
 * nunchi_head.verdict, what a rule did to the call: 1 + clause | class << 8 | effect << 16 | generation << 24,
 * with the low byte of the generation of rules to which the clause belongs. 0: nothing.
 */
enum nunchi_effect {
	NUNCHI_EFFECT_NONE,
	NUNCHI_EFFECT_BEFORE,	/* refused before it did anything */
	NUNCHI_EFFECT_AFTER,	/* done; the process was killed when the call returned */
	NUNCHI_EFFECT_DRY,	/* not refused, but would have been without --dry-run */
	/* Effects of actions on the container, which user space takes: never in a verdict. */
	NUNCHI_EFFECT_ASKED,	/* requested */
	NUNCHI_EFFECT_DONE,
	NUNCHI_EFFECT_FAILED,
	NUNCHI_EFFECT_WATCH,	/* reported by the critical lane, nothing else */
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
