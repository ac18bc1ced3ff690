/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocation that does not return NULL. nunchi's memory is bounded by its own limits; when the
 * machine cannot give even that, there is nothing useful left to do, and it says so and ends.
 */
#pragma once

#include <stdarg.h>

#include "macros.h"

/*
 * To be called before there are threads: one arena for all of them, since they allocate little and a chunk that goes
 * from one to the other draws what grows from it into its arena; and what is large goes back to the kernel when it is
 * freed, whatever was freed before it (mallopt(3), "dynamic mmap threshold").
 */
void alloc_keep_small(void);

void *xmalloc(size_t n) _must_check_ __attribute__((malloc));
void *xcalloc(size_t n, size_t size) _must_check_ __attribute__((malloc));
void *xrealloc(void *p, size_t n) _must_check_;
char *xstrdup(const char *s) _must_check_;		/* NULL gives NULL */
char *xstrndup(const char *s, size_t n) _must_check_;
void *xmemdup(const void *p, size_t n) _must_check_;
char *xasprintf(const char *fmt, ...) _must_check_ _printf_(1, 2);
