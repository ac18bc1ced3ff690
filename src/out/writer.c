/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two buffers: the loop fills one while the thread writes the other out; they are swapped when the
 * thread is done. The thread must be able to end while the reader does not read, so it never
 * writes without having been told by poll(2) that there is room: a pipe or terminal is opened
 * again, which gives a description of our own that can be non-blocking (the one that we were
 * given is shared with the shell and stays as it is); where that fails, writes are short enough
 * not to block after a poll.
 *
 * lock protects pending, in_flight, error, stopping, idle and refused; what the thread writes
 * out is its own.
 */
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/privileges.h"

enum {
	PIPE_BYTES = 1 << 20,
	SPARE_MIN = 64 << 10, /* bytes that a buffer keeps in any case */
};

struct writer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t room;	/* pending was taken or written, or an error came */
	int fd;			/* to write to */
	int own_fd;		/* the same if opened here, else -1 */
	int wake_fd;		/* readable when there is something in pending, or stopping is set */
	int tell_fd;		/* readable when error is set, or when there is room again */
	size_t queue_max;
	size_t chunk;		/* bytes that may be written at once */
	struct strbuf pending;
	size_t peaks[2];	/* the thread's own: most bytes at once, in the last second and in this one */
	uint64_t second_began;	/* the thread's own: CLOCK_MONOTONIC */
	size_t in_flight;
	int error;
	bool idle;		/* the thread waits on wake_fd */
	bool refused;		/* somebody waits for room */
	bool stopping;
	uint64_t deadline;	/* CLOCK_MONOTONIC ns, when stopping; UINT64_MAX: none */
};

static void signal_fd(int fd)
{
	const uint64_t one = 1;
	ssize_t n = write(fd, &one, sizeof(one));

	(void)n; /* full only if it was signalled 2^64 times */
}

static void clear_fd(int fd)
{
	uint64_t count;
	ssize_t n = read(fd, &count, sizeof(count));

	(void)n; /* nothing to clear is fine */
}

static void writer_fail(struct writer *w, int err)
{
	pthread_mutex_lock(&w->lock);
	if (!w->error) {
		w->error = err;
		signal_fd(w->tell_fd);
	}
	w->in_flight = 0;
	pthread_cond_broadcast(&w->room);
	pthread_mutex_unlock(&w->lock);
}

/* How long to wait: for ever, or what is left until the deadline. */
static int remaining_ms(struct writer *w)
{
	uint64_t now, deadline;
	bool stopping;

	pthread_mutex_lock(&w->lock);
	stopping = w->stopping;
	deadline = w->deadline;
	pthread_mutex_unlock(&w->lock);
	if (!stopping || deadline == UINT64_MAX)
		return -1;
	now = clock_ns(CLOCK_MONOTONIC);
	if (now >= deadline)
		return 0;
	return (int)MIN((deadline - now + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC, (uint64_t)INT_MAX);
}

/* Waits until fd takes bytes. 0; -ETIMEDOUT: the deadline of writer_stop() has passed; or another -errno. */
static int wait_writable(struct writer *w)
{
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = w->fd, .events = POLLOUT },
			{ .fd = w->wake_fd, .events = POLLIN },
		};
		int timeout = remaining_ms(w);
		int n = poll(fds, timeout < 0 ? 2 : 1, timeout);

		if (n < 0 && errno != EINTR)
			return -errno;
		/* An error condition too: the write then says which. */
		if (n > 0 && fds[0].revents)
			return 0;
		if (n > 0 && timeout < 0 && fds[1].revents)
			clear_fd(w->wake_fd);
		if (n == 0 && timeout >= 0 && !remaining_ms(w))
			return -ETIMEDOUT;
	}
}

static int write_out(struct writer *w, const char *s, size_t len)
{
	while (len) {
		int r = wait_writable(w);
		ssize_t n;

		if (r < 0)
			return r;
		n = write(w->fd, s, MIN(len, w->chunk));
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n < 0)
			return -errno;
		s += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Waits for work. -EPIPE: the reader went away meanwhile. */
static int wait_for_work(struct writer *w)
{
	struct pollfd fds[] = {
		{ .fd = w->wake_fd, .events = POLLIN },
		{ .fd = w->fd, .events = 0 },
	};

	if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		return errno == EINTR ? 0 : -errno;
	if (fds[0].revents)
		clear_fd(w->wake_fd);
	else if (fds[1].revents)
		return -EPIPE;
	return 0;
}

/*
 * How many bytes a buffer may keep, of which so many were used now: as many as were needed in the last one or two seconds.
 * New pages cost more than writing into them, so the memory of a peak is kept through the pauses of a flood.
 */
static size_t worth_keeping(struct writer *w, size_t used)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	if (now - w->second_began >= NSEC_PER_SEC) {
		w->peaks[0] = w->peaks[1];
		w->peaks[1] = 0;
		w->second_began = now;
	}
	w->peaks[1] = MAX(w->peaks[1], used);
	/* Buffers grow by doubling. */
	return MAX(2 * (MAX(w->peaks[0], w->peaks[1]) + 1), (size_t)SPARE_MIN);
}

/* Moves what is pending into busy. False: there is nothing; *ret_end: and nothing will come. */
static bool take_pending(struct writer *w, struct strbuf *busy, bool *ret_end)
{
	bool taken = false;

	if (busy->cap > worth_keeping(w, busy->len))
		strbuf_free(busy);
	strbuf_reset(busy);
	pthread_mutex_lock(&w->lock);
	w->in_flight = 0;
	*ret_end = w->stopping;
	w->idle = !w->pending.len && !w->stopping;
	if (w->pending.len) {
		struct strbuf tmp = w->pending;

		w->pending = *busy;
		*busy = tmp;
		w->in_flight = busy->len;
		taken = true;
	}
	/* Room may have come from what was in flight before, too. */
	pthread_cond_broadcast(&w->room);
	if (w->refused)
		signal_fd(w->tell_fd);
	w->refused = false;
	pthread_mutex_unlock(&w->lock);
	return taken;
}

static void *writer_main(void *arg)
{
	_cleanup_strbuf_ struct strbuf busy = STRBUF_INIT;
	struct writer *w = arg;

	(void)privileges_keep(PRIVILEGES_NONE);
	for (;;) {
		bool end;
		int r;

		if (take_pending(w, &busy, &end))
			r = write_out(w, busy.s, busy.len);
		else if (end)
			return NULL;
		else
			r = wait_for_work(w);
		if (r < 0) {
			writer_fail(w, r);
			return NULL;
		}
	}
}

/* A description of our own for what can block: see the head of this file. */
static void writer_open_own(struct writer *w)
{
	char path[32];
	struct stat st;

	w->chunk = SSIZE_MAX;
	if (fstat(w->fd, &st) < 0 || S_ISREG(st.st_mode))
		return;
	/* A larger pipe needs fewer switches between writer and reader; if that is not allowed it stays as it is. */
	if (S_ISFIFO(st.st_mode))
		(void)fcntl(w->fd, F_SETPIPE_SZ, PIPE_BYTES);
	if (!S_ISFIFO(st.st_mode) && !isatty(w->fd) && !S_ISSOCK(st.st_mode))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", w->fd);
	w->own_fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (w->own_fd >= 0)
		w->fd = w->own_fd;
	else
		w->chunk = PIPE_BUF;
}

static void writer_free(struct writer *w)
{
	if (w->own_fd >= 0)
		close(w->own_fd);
	if (w->wake_fd >= 0)
		close(w->wake_fd);
	if (w->tell_fd >= 0)
		close(w->tell_fd);
	pthread_cond_destroy(&w->room);
	pthread_mutex_destroy(&w->lock);
	strbuf_free(&w->pending);
	free(w);
}

static int start_thread(struct writer *w)
{
	sigset_t all, old;
	int r;

	/* Signals are the loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&w->thread, NULL, writer_main, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -r;
}

int writer_start(struct writer **ret, int fd, size_t queue_max)
{
	struct writer *w = xcalloc(1, sizeof(*w));
	pthread_condattr_t monotonic;
	int r;

	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->room, &monotonic);
	pthread_condattr_destroy(&monotonic);
	w->fd = fd;
	w->queue_max = queue_max;
	w->own_fd = -1;
	w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->tell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = w->wake_fd < 0 || w->tell_fd < 0 ? -errno : 0;
	if (r == 0) {
		writer_open_own(w);
		r = start_thread(w);
	}
	if (r < 0) {
		writer_free(w);
		return r;
	}
	*ret = w;
	return 0;
}

/* Whether len bytes more would be too many. More than queue_max at once are accepted if nothing else is queued. */
static bool is_full(const struct writer *w, size_t len)
{
	size_t queued = w->pending.len + w->in_flight;

	return queued && queued + len > w->queue_max;
}

static int put(struct writer *w, struct strbuf *b, bool wait)
{
	bool wake = false;
	int r = 0;

	if (!b->len)
		return 0;
	pthread_mutex_lock(&w->lock);
	while (wait && !w->error && is_full(w, b->len))
		pthread_cond_wait(&w->room, &w->lock);
	if (w->error) {
		r = w->error;
	} else if (is_full(w, b->len)) {
		w->refused = true;
		r = -EAGAIN;
	} else {
		if (w->pending.len) {
			strbuf_add(&w->pending, b->s, b->len);
		} else {
			struct strbuf tmp = w->pending;

			w->pending = *b;
			*b = tmp;
		}
		strbuf_reset(b);
		wake = w->idle;
		w->idle = false;
	}
	pthread_mutex_unlock(&w->lock);
	if (wake)
		signal_fd(w->wake_fd);
	return r;
}

int writer_put(struct writer *w, struct strbuf *b)
{
	return put(w, b, false);
}

int writer_put_wait(struct writer *w, struct strbuf *b)
{
	return put(w, b, true);
}

int writer_fd(const struct writer *w)
{
	return w->tell_fd;
}

int writer_error(struct writer *w)
{
	int r;

	pthread_mutex_lock(&w->lock);
	r = w->error;
	if (!r)
		clear_fd(w->tell_fd);
	pthread_mutex_unlock(&w->lock);
	return r;
}

void writer_wait(struct writer *w, unsigned timeout_ms)
{
	const uint64_t until = clock_ns(CLOCK_MONOTONIC) + timeout_ms * NSEC_PER_MSEC;
	const struct timespec at = { (time_t)(until / NSEC_PER_SEC), (long)(until % NSEC_PER_SEC) };
	int r = 0;

	pthread_mutex_lock(&w->lock);
	while (!w->error && !r && (w->pending.len || w->in_flight))
		r = pthread_cond_timedwait(&w->room, &w->lock, &at);
	pthread_mutex_unlock(&w->lock);
}

int writer_stop(struct writer *w, unsigned timeout_ms)
{
	int r;

	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	w->deadline = timeout_ms == WRITER_WAITS ? UINT64_MAX : clock_ns(CLOCK_MONOTONIC) + timeout_ms * NSEC_PER_MSEC;
	pthread_mutex_unlock(&w->lock);
	signal_fd(w->wake_fd);
	pthread_join(w->thread, NULL);
	r = w->error;
	writer_free(w);
	return r;
}
