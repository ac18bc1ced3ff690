/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a thread of nunchi may do. Capabilities are each thread's own, so that each gives up by
 * itself what it does not need; the lock is everybody's. docs/security.md: who keeps what, and why.
 */
#pragma once

#include <linux/capability.h>

#include "macros.h"

#ifndef CAP_BPF
#define CAP_BPF 39
#endif

#define PRIVILEGES_NONE 0ULL
/* To look at others' processes and files, and to write to the sockets of users' services. */
#define PRIVILEGES_LOOK                                                   \
	(1ULL << CAP_SYS_PTRACE | 1ULL << CAP_DAC_READ_SEARCH | 1ULL << CAP_DAC_OVERRIDE)
/* The same, and to end what runs in a container. */
#define PRIVILEGES_ACT (PRIVILEGES_LOOK | 1ULL << CAP_KILL)
#define PRIVILEGES_BPF (1ULL << CAP_BPF | 1ULL << CAP_SYS_ADMIN)

/* Of the capabilities that the calling thread has, those it uses from now on. 0 or -errno. */
int privileges_use(uint64_t capabilities);
/* The same for ever: it has no others any more. */
int privileges_keep(uint64_t capabilities);

/*
 * Which modules the kernel has types of may be asked with CAP_SYS_ADMIN alone. For all threads and for ever: without it there are
 * none, in place of an error. No execve gives more from then on. 0, or -errno where there is no seccomp.
 */
int privileges_hide_modules(void);

/*
 * For all threads and for ever: no execve gives more, and what nunchi never calls fails with EPERM:
 * new processes and programs, other sockets than unix ones, new BPF programs and maps, mounts and
 * namespaces, ptrace, modules, other users' ids, signals. kills: but for SIGKILL by a pidfd. 0, or -errno where
 * there is no seccomp.
 */
int privileges_lock(bool kills) _must_check_;
/* The same for a process that speaks with servers: IP sockets are allowed, bpf() is not at all. */
int privileges_lock_network(void) _must_check_;
