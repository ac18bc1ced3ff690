/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sink's queue. The thread sends the first alert without holding the lock and removes it afterwards, so that at the end
 * every alert is either sent, lost or in the queue, even if the thread does not return.
 */
#include "sink.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>

#include "base/clock.h"

#define RETRY_MIN (100 * NSEC_PER_MSEC)
#define RETRY_MAX (10 * NSEC_PER_SEC)	/* a server that is back gets alerts again after that */
#define RETRY_LAST (200 * NSEC_PER_MSEC)	/* at the end, when there is no time for more */

uint64_t sink_remaining(struct sink *s)
{
	uint64_t deadline, now = clock_ns(CLOCK_MONOTONIC);

	pthread_mutex_lock(&s->lock);
	deadline = s->deadline;
	pthread_mutex_unlock(&s->lock);
	if (!deadline)
		return UINT64_MAX;
	return deadline > now ? deadline - now : 0;
}

/*
 * With the lock held. Counts n losses. Puts a message into text, which must be logged without the lock because that can
 * block; only the first time until the queue has been empty again.
 */
static void lose(struct sink *s, uint64_t n, const char *why, struct strbuf *text)
{
	s->lost += n;
	if (s->losing || !n)
		return;
	s->losing = true;
	strbuf_addf(text, "%s: alerts are being lost: %s", s->name, why);
}

/* With the lock held; releases it meanwhile. */
static void say(struct sink *s, bool error, const struct strbuf *text)
{
	if (!text->len)
		return;
	s->saying++;
	pthread_mutex_unlock(&s->lock);
	s->say(error, text->s);
	pthread_mutex_lock(&s->lock);
	s->saying--;
}

static void drop_first(struct sink *s)
{
	struct sink_line *line = s->first;

	s->first = line->next;
	if (!s->first)
		s->last = NULL;
	s->bytes -= line->len;
	free(line);
}

static uint64_t drop_all(struct sink *s)
{
	uint64_t n = 0;

	for (; s->first; n++)
		drop_first(s);
	return n;
}

/* With the lock held: waits until something changes or so many ns have passed. */
static void wait_for(struct sink *s, uint64_t ns)
{
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + ns;
	struct timespec ts = {
		.tv_sec = (time_t)(until / NSEC_PER_SEC),
		.tv_nsec = (long)(until % NSEC_PER_SEC),
	};

	pthread_cond_timedwait(&s->changed, &s->lock, &ts);
}

/* New alerts do not hurry a retry; the end does. */
static void back_off(struct sink *s, uint64_t *delay)
{
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + *delay, now;

	*delay = MIN(*delay * 2, RETRY_MAX);
	while ((now = clock_ns(CLOCK_MONOTONIC)) < until) {
		if (s->deadline && until > now + RETRY_LAST)
			until = now + RETRY_LAST;
		wait_for(s, until - now);
	}
}

/* With the lock held; releases it meanwhile. */
static void send_first(struct sink *s, uint64_t *delay)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT, text = STRBUF_INIT;
	struct sink_line *line = s->first;
	int r;

	strbuf_reset(&err);
	pthread_mutex_unlock(&s->lock);
	r = s->kind->send(s, line->text, line->len, &err);
	pthread_mutex_lock(&s->lock);
	if (r == -EAGAIN) {
		if (*delay == RETRY_MIN)
			strbuf_addf(&text, "%s: %s; it is tried again", s->name, err.s);
		say(s, false, &text);
		back_off(s, delay);
		return;
	}
	*delay = RETRY_MIN;
	drop_first(s);
	if (!r) {
		s->sent++;
		s->losing = s->losing && s->first;
		return;
	}
	lose(s, 1, err.s, &text);
	if (r == -EPIPE) {
		s->dead = true;
		lose(s, drop_all(s), err.s, &text);
	}
	say(s, true, &text);
}

/* With the lock held; releases it meanwhile. */
static void open_anew(struct sink *s)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	int r;

	s->reopen = false;
	strbuf_addf(&text, "%s: cannot be opened anew, the old one goes on: ", s->name);
	pthread_mutex_unlock(&s->lock);
	r = s->kind->reopen(s, &text);
	if (r < 0)
		s->say(true, text.s);
	pthread_mutex_lock(&s->lock);
}

static void *sink_main(void *arg)
{
	struct sink *s = arg;
	uint64_t delay = RETRY_MIN;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		if (s->reopen && s->kind->reopen) {
			open_anew(s);
		} else if (s->first) {
			send_first(s, &delay);
		} else {
			pthread_cond_wait(&s->changed, &s->lock);
		}
	}
	return NULL;
}

int sink_start(struct sink *s)
{
	pthread_condattr_t attr;
	int r;

	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->changed, &attr);
	pthread_condattr_destroy(&attr);
	r = pthread_create(&s->thread, NULL, sink_main, s);
	return -r;
}

void sink_put(struct sink *s, const char *text, size_t len)
{
	_cleanup_strbuf_ struct strbuf said = STRBUF_INIT;
	struct sink_line *line;

	pthread_mutex_lock(&s->lock);
	if (s->dead || (s->bytes && s->bytes + len > SINK_QUEUE_MAX)) {
		lose(s, 1, "its queue is full", &said);
	} else {
		line = xmalloc(sizeof(*line) + len);
		line->next = NULL;
		line->len = len;
		memcpy(line->text, text, len);
		*(s->last ? &s->last->next : &s->first) = line;
		s->last = line;
		s->bytes += len;
		pthread_cond_signal(&s->changed);
	}
	say(s, true, &said);
	pthread_mutex_unlock(&s->lock);
}

void sink_reopen(struct sink *s)
{
	pthread_mutex_lock(&s->lock);
	s->reopen = true;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

void sink_stop(struct sink *s, uint64_t deadline)
{
	pthread_mutex_lock(&s->lock);
	s->deadline = deadline;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

bool sink_is_done(struct sink *s)
{
	bool done;

	pthread_mutex_lock(&s->lock);
	done = !s->first && !s->saying;
	pthread_mutex_unlock(&s->lock);
	return done;
}

uint64_t sink_account(struct sink *s)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	uint64_t queued = 0;

	/* Never unlocked: a thread in the middle of sending must not count that alert as well. */
	pthread_mutex_lock(&s->lock);
	for (const struct sink_line *line = s->first; line; line = line->next)
		queued++;
	s->lost += queued;
	strbuf_addf(&text, "%s: alerts %" PRIu64 " = sent %" PRIu64 " + lost %" PRIu64, s->name,
		    s->sent + s->lost, s->sent, s->lost);
	if (queued)
		strbuf_addf(&text, ", %" PRIu64 " of them because there was no more time", queued);
	s->say(s->lost > 0, text.s);
	return s->lost;
}
