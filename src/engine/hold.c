/* SPDX-License-Identifier: Apache-2.0 */
#include "hold.h"

void hold_add(struct hold_queue *q, const struct nunchi_head *record)
{
	struct held *h = xmalloc(sizeof(*h) + record->len);

	h->next = NULL;
	memcpy(h->record, record, record->len);
	if (!q->first)
		q->last = &q->first;
	*q->last = h;
	q->last = &h->next;
	q->count++;
	q->bytes += record->len;
}

void hold_move(struct hold_queue *to, struct hold_queue *from)
{
	if (!from->first)
		return;
	if (!to->first)
		to->last = &to->first;
	*to->last = from->first;
	to->last = from->last;
	to->count += from->count;
	to->bytes += from->bytes;
	*from = (struct hold_queue){ 0 };
}

struct held *hold_take(struct hold_queue *q)
{
	struct held *h = q->first;

	if (!h)
		return NULL;
	q->first = h->next;
	q->count--;
	q->bytes -= h->record->len;
	return h;
}
