/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue from many threads to the loop. While it is full the threads wait, so nothing is lost. Only answers to the loop
 * itself may exceed the bound, because the loop cannot wait for itself.
 */
#include "source.h"

#include <errno.h>
#include <sys/eventfd.h>

#include "base/clock.h"

void runtime_message_free(struct runtime_message *m)
{
	if (!m)
		return;
	container_info_free(m->info);
	free(m->text);
	free(m);
}

struct runtime_message *message_new(enum runtime_message_type type)
{
	struct runtime_message *m = xcalloc(1, sizeof(*m));

	m->type = type;
	return m;
}

int messages_init(struct message_queue *q)
{
	q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->fd < 0)
		return -errno;
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->space, NULL);
	q->tail = &q->head;
	return 0;
}

void messages_free(struct message_queue *q)
{
	struct runtime_message *m;

	while ((m = messages_next(q)))
		runtime_message_free(m);
	close(q->fd);
	pthread_cond_destroy(&q->space);
	pthread_mutex_destroy(&q->lock);
}

void messages_post(struct message_queue *q, struct runtime_message *m, bool now)
{
	m->time = clock_boot();
	pthread_mutex_lock(&q->lock);
	while (!now && !q->closed && q->n >= MESSAGES_MAX)
		pthread_cond_wait(&q->space, &q->lock);
	if (q->closed) {
		pthread_mutex_unlock(&q->lock);
		runtime_message_free(m);
		return;
	}
	*q->tail = m;
	q->tail = &m->next;
	if (q->n++ == 0)
		eventfd_write(q->fd, 1);
	pthread_mutex_unlock(&q->lock);
}

struct runtime_message *messages_next(struct message_queue *q)
{
	struct runtime_message *m;
	eventfd_t seen;

	pthread_mutex_lock(&q->lock);
	m = q->head;
	if (m) {
		q->head = TAKE_PTR(m->next);
		if (!q->head)
			q->tail = &q->head;
		if (--q->n == 0)
			eventfd_read(q->fd, &seen);
		pthread_cond_signal(&q->space);
	}
	pthread_mutex_unlock(&q->lock);
	return m;
}

void messages_close(struct message_queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	pthread_cond_broadcast(&q->space);
	pthread_mutex_unlock(&q->lock);
}
