/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The capture. The loop makes frames; a thread writes them, because a disk can be slow, and the reader of
 * a pipe can stand still.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

/* A file accepts everything in the end, however slow the disk; the reader of a pipe may never read again. */
static bool is_file(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode);
}

static int put(void *arg, struct strbuf *b)
{
	struct engine *e = arg;
	int r;

	if (!e->probe || (e->last_call && is_file(capture_writer_fd(e->capture))))
		return writer_put_wait(e->capture_out, b);
	r = writer_put(e->capture_out, b);
	while (r == -EAGAIN && clock_boot() < e->last_call) {
		usleep(5000);
		r = writer_put(e->capture_out, b);
	}
	return r == -EAGAIN && e->last_call ? -ETIMEDOUT : r;
}

static int cannot(const struct engine *e, int r)
{
	log_error("%s: cannot be written: %s", e->config->record, strerror(-r));
	return r;
}

int recording_open(struct engine *e)
{
	int r;

	if (!e->config->record)
		return 0;
	r = capture_writer_open(&e->capture, e->config->record);
	if (r < 0)
		return cannot(e, r);
	r = writer_start(&e->capture_out, capture_writer_fd(e->capture), WRITER_QUEUE_OF(e->memory.reader));
	if (r < 0)
		return cannot(e, r);
	capture_writer_through(e->capture, put, e);
	return 0;
}

bool recording_add(struct engine *e, const struct nunchi_head *record, bool wanted)
{
	int r;

	/* Calls that the filter refuses are not needed later; everything else is, for the model. */
	if (record->kind == NUNCHI_REC_SYSCALL && !wanted && !(record->flags & NUNCHI_F_MODEL))
		return true;
	/* While a frame waits, the next one accepts only names and losses: the rest means nothing without them. */
	if (unlikely(e->blocked) && is_accounted(record) && !e->last_call)
		pipeline_flush(e, false);
	if (unlikely(e->blocked) && is_accounted(record) && !e->last_call)
		return false;
	r = capture_writer_add(e->capture, record);
	if (r < 0 && r != -EAGAIN && !e->failure)
		e->failure = r;
	e->blocked |= r == -EAGAIN || (e->probe && capture_writer_is_full(e->capture));
	return r != -EAGAIN;
}

bool recording_put(struct engine *e)
{
	return !e->capture || capture_writer_put(e->capture) != -EAGAIN;
}

void recording_flush(struct engine *e)
{
	int r = e->capture ? capture_writer_flush(e->capture) : 0;

	if (r < 0 && r != -EAGAIN && !e->failure)
		e->failure = r;
}

/* If the start failed nothing was recorded: then an existing file is left as it was. */
static int end(struct capture_writer *w)
{
	if (capture_writer_has_begun(w))
		return capture_writer_close(w);
	capture_writer_drop(w);
	return 0;
}

int recording_close(struct engine *e)
{
	int fd, r, written;

	if (!e->capture)
		return 0;
	fd = capture_writer_fd(e->capture);
	r = end(e->capture);
	if (e->capture_out) {
		written = writer_stop(e->capture_out, ENGINE_WRITER_STOP_MS);
		r = written < 0 ? written : r;
		if (fd > STDERR_FILENO && close(fd) < 0 && !r)
			r = -errno;
	}
	/* A reader that has gone is no error. */
	return r < 0 && r != -EPIPE ? cannot(e, r) : 0;
}
