/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread between the event loop and an fd that can block. Takes formatted bytes, at most
 * queue_max of them; past that it refuses, and the caller accounts the loss.
 */
#pragma once

#include "base/strbuf.h"

/* Of the memory that is there for what waits: 10 ms of the fastest JSON stream, or what a write has three times. */
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
/* By what the fd has failed: a negative errno, or 0; then writer_fd() is no longer readable. */
int writer_error(struct writer *w);
/* Waits until all that was put is written, or the fd has failed, or at most so long. */
void writer_wait(struct writer *w, unsigned timeout_ms);
#define WRITER_WAITS UINT32_MAX	/* as long as the reader does */

/* Writes out what is queued, waiting at most timeout_ms, or WRITER_WAITS; ends the thread. First error, or 0. */
int writer_stop(struct writer *w, unsigned timeout_ms);
