/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture files: a stream of records on disk. Layout (docs/capture-format.md): a fixed header
 * (magic "NUNCHI\x1a\n", version, architecture, flags), then frames {magic, stored length, raw
 * length, CRC-32 of the lengths and the stored bytes, zstd data}, each frame holding whole records,
 * and an end frame of raw length 0. A frame is at most CAPTURE_FRAME_MAX raw bytes and stands for
 * itself, so that a truncated or damaged file gives everything before the damage.
 */
#pragma once

#include "base/strbuf.h"
#include "nunchi/wire.h"

#define CAPTURE_FRAME_MAX (1U << 20)

struct capture_writer;
struct capture_reader;

/*
 * Creates path (mode 0600; "-" is stdout), or opens it: what is in it goes when the first thing is put. 0 or -errno.
 */
int capture_writer_open(struct capture_writer **ret, const char *path) _must_check_;
int capture_writer_fd(const struct capture_writer *w);	/* what it writes to, its own */
const char *capture_writer_created(const struct capture_writer *w);	/* its path, its own; NULL: there was such a file before */
/* Takes all of b, which is empty then, and returns 0; -EAGAIN: it is full, and is asked again; or another -errno. */
typedef int capture_put_fn(void *arg, struct strbuf *b);
/* From now on frames are put there instead of being written. */
void capture_writer_through(struct capture_writer *w, capture_put_fn *put, void *arg);
/*
 * Takes one whole record. 0; -EAGAIN: not now, a frame is full and there is no place for it; or -errno of the
 * write: after such an error the writer only fails.
 */
int capture_writer_add(struct capture_writer *w, const struct nunchi_head *rec) _must_check_;
/* Puts once more what had no place. 0 or -errno, as above. */
int capture_writer_put(struct capture_writer *w);
/* A frame has no place yet. What is collected meanwhile, a frame at most, is all that there is room for. */
bool capture_writer_is_full(const struct capture_writer *w);
/* Writes out what is collected, as a frame of its own. */
int capture_writer_flush(struct capture_writer *w) _must_check_;
/* Flushes, writes the end frame, closes (but a put's fd), frees. Returns the first error there ever was. */
int capture_writer_close(struct capture_writer *w);
/* Something was put: the file, if there was one, is not what it was. */
bool capture_writer_has_begun(const struct capture_writer *w);
/* In place of closing one that has not begun: the file is as if it had not been opened. */
void capture_writer_drop(struct capture_writer *w);

/* Opens path ("-" is stdin). -EBADMSG: no capture, or of a newer version: the sentence is in err. */
int capture_reader_open(struct capture_reader **ret, const char *path, struct strbuf *err) _must_check_;
/*
 * The next record; valid until the next call. 1: *ret is set; 0: the end; -EBADMSG: damage or a
 * truncated file, the sentence in err: "damaged at byte 81,920 (checksum)", "ends early at byte N".
 */
int capture_reader_next(struct capture_reader *r, const struct nunchi_head **ret, struct strbuf *err)
	_must_check_;
void capture_reader_close(struct capture_reader *r);	/* NULL is fine */
