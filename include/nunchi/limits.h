/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The bounds that both sides, or more than one room, must know, each with its reason. Reaching a bound is
 * counted and shown, never silent.
 */
#pragma once

/* System-call numbers fit below this (x86-64 and arm64 stand at 472 in Linux 7.2). */
#define NUNCHI_CALLS_MAX 512

/*
 * Containers known at once, the host being slot 0. A slot costs 56 bytes and one account per CPU.
 * A power of two, so that the kernel side can mask an index.
 */
#define NUNCHI_SLOTS_MAX 4096

/* A path the kernel accepts is at most PATH_MAX bytes with its NUL. */
#define NUNCHI_PATH_MAX 4096

/* Bytes of argv that are kept. If it is longer, it is marked as truncated, with its full length. */
#define NUNCHI_ARGV_MAX 4096
#define NUNCHI_ENV_MAX 4096	/* bytes of the environment, if something asks for it */

/* Bytes kept of a data buffer argument (write, sendto, setsockopt ...), as Falco's snaplen. */
#define NUNCHI_BUFFER_MAX 80

/* sizeof(struct sockaddr_storage): the kernel takes no longer address. */
#define NUNCHI_SOCKADDR_MAX 128

/* Components of a resolved path; the 4,096 bytes of a path hold more only with 1-letter names. */
#define NUNCHI_COMPONENTS_MAX 256

/*
 * The longest record. The largest is an execve: file name, image, working directory and argv, each
 * at its bound, plus heads (an environment after all that is cut); two-path calls (rename, link) need two bases and two paths.
 */
#define NUNCHI_RECORD_MAX 24576

/* Scratch buffers per CPU: a program, one that preempted it, and one in an interrupt. */
#define NUNCHI_SCRATCH_LEVELS 3
