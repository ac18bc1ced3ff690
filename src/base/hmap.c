/* SPDX-License-Identifier: Apache-2.0 */
#include "hmap.h"

#define FIRST_SIZE 16

static void resize(struct hmap *m, size_t size)
{
	struct hnode **old = m->buckets;
	size_t old_size = old ? m->mask + 1 : 0;

	m->buckets = xcalloc(size, sizeof(*m->buckets));
	m->mask = size - 1;
	for (size_t i = 0; i < old_size; i++) {
		for (struct hnode *n = old[i], *next; n; n = next) {
			next = n->next;
			n->next = m->buckets[n->hash & m->mask];
			m->buckets[n->hash & m->mask] = n;
		}
	}
	free(old);
}

void hmap_free(struct hmap *m)
{
	free(m->buckets);
	*m = (struct hmap){ 0 };
}

void hmap_insert(struct hmap *m, struct hnode *n, uint64_t hash)
{
	if (!m->buckets)
		resize(m, FIRST_SIZE);
	else if (m->count > m->mask)
		resize(m, 2 * (m->mask + 1));
	n->hash = hash;
	n->next = m->buckets[hash & m->mask];
	m->buckets[hash & m->mask] = n;
	m->count++;
}

void hmap_remove(struct hmap *m, struct hnode *n)
{
	struct hnode **p = &m->buckets[n->hash & m->mask];

	while (*p != n)
		p = &(*p)->next;
	*p = n->next;
	n->next = NULL;
	m->count--;
}

uint64_t hash_bytes(const void *p, size_t len)
{
	const unsigned char *s = p;
	uint64_t h = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < len; i++)
		h = (h ^ s[i]) * 0x100000001b3ULL;
	return hash_u64(h);
}
