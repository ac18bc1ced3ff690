/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of walk share; main.c says what the program is. */
#pragma once

#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>

/* Newer than Debian 12's headers; the same number on every architecture. */
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#define SYS_cachestat 451
#define SYS_fchmodat2 452
#define SYS_map_shadow_stack 453
#define SYS_futex_wake 454
#define SYS_futex_wait 455
#define SYS_futex_requeue 456
#define SYS_statmount 457
#define SYS_listmount 458
#define SYS_lsm_get_self_attr 459
#define SYS_lsm_set_self_attr 460
#define SYS_lsm_list_modules 461
#define SYS_mseal 462
#define SYS_setxattrat 463
#define SYS_getxattrat 464
#define SYS_listxattrat 465
#define SYS_removexattrat 466
#define SYS_open_tree_attr 467
#define SYS_file_getattr 468
#define SYS_file_setattr 469
#define SYS_listns 470
#define SYS_rseq_slice_yield 471
#ifdef __x86_64__
#define SYS_uretprobe 335
#define SYS_uprobe 336
#endif

struct arg {
	unsigned long raw;
	const char *text;
	char how;
};

#define N(x) { (unsigned long)(x), #x, 't' }		/* a constant, by its name */
#define P(s) { (unsigned long)(s), s, 't' }		/* a string, or a buffer that becomes one */
#define T(x, text) { (unsigned long)(x), text, 't' }	/* anything, and how it is written */
#define V(x) { (unsigned long)(x), NULL, 'n' }		/* a number, -1 is one */
#define U(x) { (unsigned long)(x), NULL, 'u' }		/* a number without a sign, a pointer */

#define ARGS(...) (const struct arg[]){ __VA_ARGS__ }, \
		  sizeof((const struct arg[]){ __VA_ARGS__ }) / sizeof(struct arg)

/*
 * Which results are right: 0 for success and errors by number, at most two. A call that is newer
 * than the kernel may be ENOSYS anyway.
 */
#define OR(a, b) (0x1000000 | (a) << 12 | (b))
#define ANY (-1)

#define CALL(name, ...) call(#name, SYS_##name, 0, ARGS(__VA_ARGS__))
#define FAIL(error, name, ...) call(#name, SYS_##name, error, ARGS(__VA_ARGS__))
/* For what was called already, because its arguments are not known before. */
#define MADE(name, ret, ...) report(#name, ret, 0, ARGS(__VA_ARGS__))

long call(const char *name, long nr, int want, const struct arg *args, size_t n);
void report(const char *name, long ret, int want, const struct arg *args, size_t n);

/* Does it in a child process, whose end is waited for. */
void in_child(void (*deed)(void));

void files_at(void);
void files(void);
void attributes(void);
void descriptors(void);
void reading_and_writing(void);
void copying(void);
void waiting_for_files(void);
void memory(void);
void sockets(void);
void messages(void);
void ipc(void);
void futexes(void);
void signals(void);
void timers(void);
void credentials(void);
void mounts(void);
void scheduling(void);
void limits_and_queries(void);
void processes(char **envp);
void the_system(void);
void retired(void);
