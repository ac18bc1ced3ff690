/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread between the event loop and an fd that can block. It queues formatted bytes, at most queue_max of them; beyond
 * that it refuses, and the caller counts the loss.
 */
#pragma once

#include "base/strbuf.h"

/* queue_max: a sixth of the memory for waiting records; at least three writes, at most 10 ms of the fastest JSON stream. */
#define WRITER_QUEUE_OF(bytes) MIN(MAX((size_t)(bytes) / 6, (size_t)768 << 10), (size_t)4 << 20)

struct writer;

int writer_start(struct writer **ret, int fd, size_t queue_max) _must_check_;
/*
 * Takes the bytes if there is room (they are copied or swapped; b is empty after success).
 * 0; -EAGAIN: full, b unchanged; -EPIPE or another -errno: the reader is gone or the disk full,
 * now and from now on.
 */
int writer_put(struct writer *w, struct strbuf *b) _must_check_;
/* The same but waits for room (replay: nothing is lost by waiting). */
int writer_put_wait(struct writer *w, struct strbuf *b) _must_check_;
/* Readable once there is room after -EAGAIN, or the fd has failed, so that a loop can end; owned by w. */
int writer_fd(const struct writer *w);
/* The error with which the fd has failed: -errno. 0: it has not, and writer_fd() is no longer readable. */
int writer_error(struct writer *w);
/* Waits until everything is written or the fd has failed, but not longer than that. */
void writer_wait(struct writer *w, unsigned timeout_ms);
#define WRITER_WAITS UINT32_MAX	/* as long as the reader does */

/* Writes out what is queued, waiting at most timeout_ms, or WRITER_WAITS; ends the thread. First error, or 0. */
int writer_stop(struct writer *w, unsigned timeout_ms);
