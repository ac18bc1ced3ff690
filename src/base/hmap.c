/* SPDX-License-Identifier: Apache-2.0 */
#include "hmap.h"

#include <sys/auxv.h>

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

static uint64_t rotate(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

static uint64_t hash_key[2];

/* What the kernel gives each program that it executes: no call, and before the first thread. */
static void __attribute__((constructor)) take_key(void)
{
	const void *random = (const void *)getauxval(AT_RANDOM);

	if (random)
		memcpy(hash_key, random, sizeof(hash_key));
}

/* SipHash-1-3. */
uint64_t hash_bytes(const void *p, size_t len)
{
	uint64_t v[4] = {
		hash_key[0] ^ 0x736f6d6570736575ULL, hash_key[1] ^ 0x646f72616e646f6dULL,
		hash_key[0] ^ 0x6c7967656e657261ULL, hash_key[1] ^ 0x7465646279746573ULL,
	};
	uint64_t word, last = (uint64_t)len << 56;
	const unsigned char *s = p;

	for (; len >= sizeof(word); s += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, s, sizeof(word));
		sip_word(v, word);
	}
	for (size_t i = 0; i < len; i++)
		last |= (uint64_t)s[i] << 8 * i;
	sip_word(v, last);
	v[2] ^= 0xff;
	for (unsigned i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
