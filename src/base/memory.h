/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How --memory is divided: the one place. What the program itself takes comes first; the rest goes in
 * 64ths to what grows with the machine and with what is done on it, each of which stops at its share,
 * counts what did not fit, and says so.
 */
#pragma once

#include <stdint.h>

#define MEMORY_DEFAULT (64ULL << 20)
#define MEMORY_MIN (16ULL << 20)
#define MEMORY_MAX (64ULL << 30)
#define MEMORY_PROGRAM (13ULL << 20)	/* code, libraries, tables, BPF programs and their scratch: measured 8 to 13 MiB */
#define MEMORY_PROGRAM_CPUS 8		/* so many CPUs' scratch is in that, */
#define MEMORY_CPU_BYTES (136ULL << 10)	/* and of each more: four times a record and what reads it */
#define MEMORY_REST_LEAST (MEMORY_MIN - MEMORY_PROGRAM)	/* for all that follows */

/* X(name, 64ths, what for) */
#define MEMORY_SHARES(X)                                                              \
	X(critical, 3, "the ring of life-cycle records")                              \
	X(bulk, 21, "the rings of all other records, together")                       \
	X(slots, 8, "containers: accounts, names in the kernel's maps, what is counted in place of told") \
	X(tasks, 7, "whose each task is, 704 bytes a task")                           \
	X(calls, 3, "calls under way: requests of io_uring, and what the kernel has copied of arguments") \
	X(rules, 6, "what rules ask of texts, as automata: here, and in the kernel")          \
	X(mounts, 1, "where containers' file systems are mounted")                            \
	X(reader, 15, "processes and containers that are known, and what waits for a name or an output")

#define MEMORY_RINGS_LEAST (256ULL << 10)	/* of a bulk ring: 10 of the longest records */
#define MEMORY_PIECE_MOST (1ULL << 20)	/* of a bulk ring: kernels of 6.1 have no values in arrays beyond 4 MiB */
#define MEMORY_CRITICAL_LEAST (128ULL << 10)
/*
 * What task storage takes of the kernel for a task: of 512 bytes our value and the element's own head, of 192 the
 * head that the kernel makes at a task's first storage (kernel/bpf/bpf_local_storage.c).
 */
#define MEMORY_TASK_BYTES 704
#define MEMORY_RING_MOST (512ULL << 20)	/* its size is a number of 32 bits */

struct memory {
	uint64_t total;
#define X(name, parts, what) uint64_t name;
	MEMORY_SHARES(X)
#undef X
	unsigned rings;		/* bulk ones; as many as there are CPUs, unless each would be too small */
	unsigned ring_shift;	/* CPUs that each serves, but the last, as a power of two */
	uint64_t ring;		/* bytes of each; it and critical are powers of two */
};

/* A bulk ring's pieces (nunchi/bulk.h): bytes of each without what is behind it, and of the ring with all of that. */
uint64_t memory_piece(const struct memory *m);
uint64_t memory_ring_all(const struct memory *m);

/* What there must be on so many CPUs. */
uint64_t memory_least(unsigned cpus);
/* total: between MEMORY_MIN and MEMORY_MAX; less than memory_least() is taken for that. rings_max: how many bulk rings there can be. */
void memory_divide(struct memory *ret, uint64_t total, unsigned cpus, unsigned rings_max);
