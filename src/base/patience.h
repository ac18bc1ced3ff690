/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can wait for ever is done in a thread of its own, and given up after a while: a file system that a container serves itself
 * (FUSE) need not answer, and while it does not, who has begun to read cannot be stopped, but by the end of his process.
 */
#pragma once

#include <pthread.h>

#include "macros.h"

/* The first member of what is to be done, on the heap. */
struct patience {
	void (*run)(struct patience *what);	/* in that thread, with all signals blocked */
	void (*release)(struct patience *what);	/* frees it */
	pthread_mutex_t lock;
	pthread_cond_t done_now;
	bool done, left;
};

/*
 * Whether it was done within so many ms: then it is the caller's, who reads it and releases it. Else it is not any more: it is
 * released when it is done, if ever, or has been. Of those that are left there are at most PATIENCE_LEFT_MAX; then nothing is begun.
 */
bool patience_run(struct patience *what, unsigned ms) _must_check_;

#define PATIENCE_LEFT_MAX 64	/* threads, each with a stack of PATIENCE_STACK of which a page or two is used */
#define PATIENCE_STACK (128 * 1024)

/* How many are left by now. */
unsigned patience_left(void);
