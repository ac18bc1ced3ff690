/* SPDX-License-Identifier: Apache-2.0 */
#include "patience.h"

#include <signal.h>
#include <stdatomic.h>

#include "clock.h"

static atomic_uint left_now;

static void end(struct patience *what)
{
	pthread_mutex_destroy(&what->lock);
	pthread_cond_destroy(&what->done_now);
}

static void *patience_main(void *arg)
{
	struct patience *what = arg;
	sigset_t all;
	bool left;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	what->run(what);
	pthread_mutex_lock(&what->lock);
	what->done = true;
	left = what->left;
	pthread_cond_signal(&what->done_now);
	pthread_mutex_unlock(&what->lock);
	if (left) {
		end(what);
		what->release(what);
		atomic_fetch_sub(&left_now, 1);
	}
	return NULL;
}

static int begin(struct patience *what, pthread_t *ret)
{
	pthread_attr_t attr;
	int r;

	what->done = what->left = false;
	pthread_mutex_init(&what->lock, NULL);
	pthread_cond_init(&what->done_now, NULL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, PATIENCE_STACK);
	r = pthread_create(ret, &attr, patience_main, what);
	pthread_attr_destroy(&attr);
	return -r;
}

bool patience_run(struct patience *what, unsigned ms)
{
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + ms * NSEC_PER_MSEC;
	const struct timespec deadline = { .tv_sec = (time_t)(until / NSEC_PER_SEC),
					   .tv_nsec = (long)(until % NSEC_PER_SEC) };
	pthread_t thread;
	bool done;

	if (atomic_load(&left_now) >= PATIENCE_LEFT_MAX) {
		what->release(what);
		return false;
	}
	if (begin(what, &thread) < 0) {
		end(what);
		what->release(what);
		return false;
	}
	pthread_mutex_lock(&what->lock);
	while (!what->done && !pthread_cond_clockwait(&what->done_now, &what->lock, CLOCK_MONOTONIC, &deadline))
		;
	done = what->done;
	what->left = !done;
	if (!done)
		atomic_fetch_add(&left_now, 1);
	pthread_mutex_unlock(&what->lock);
	if (!done) {
		pthread_detach(thread);
		return false;
	}
	pthread_join(thread, NULL);
	end(what);
	return true;
}

unsigned patience_left(void)
{
	return atomic_load(&left_now);
}
