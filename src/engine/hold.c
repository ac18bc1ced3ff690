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
