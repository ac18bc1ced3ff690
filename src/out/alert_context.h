/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last events of each process, so that an alert can show what came before it. Kept as text, since the
 * state that an event was seen in has changed by then. Bounded: CONTEXT_PROCESSES of them, those that did
 * something last, each with its last n events of at most CONTEXT_TEXT_MAX bytes: n MiB in all.
 */
#pragma once

#include "fields/fields.h"

#define CONTEXT_EVENTS_MAX 32		/* a process */
#define CONTEXT_PROCESSES 4096		/* twice what a busy host runs at once */
#define CONTEXT_TEXT_MAX 256		/* an event, its NUL included; longer paths are cut */

struct context;

struct context *context_new(unsigned n) _must_check_;	/* NULL for n = 0 */
void context_free(struct context *c);			/* NULL is fine */
void context_add(struct context *c, struct field_context *fc);
/* Calls fn for each event of the process that is kept, the oldest first. */
void context_for_each(struct context *c, const struct process *p,
		      void (*fn)(const char *text, void *arg), void *arg);
