/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An intrusive hash table: the object holds a struct hnode, the table owns nothing. The caller
 * compares keys, walking the chain of one hash:
 *
 *	for (struct hnode *n = hmap_first(&map, hash); n; n = hmap_next(n, hash)) ...
 */
#pragma once

#include "alloc.h"

struct hnode {
	struct hnode *next;
	uint64_t hash;
};

struct hmap {
	struct hnode **buckets;
	size_t mask;	/* buckets - 1, or 0 when there are none */
	size_t count;
};

void hmap_free(struct hmap *m);	/* the buckets only */
void hmap_insert(struct hmap *m, struct hnode *n, uint64_t hash);
void hmap_remove(struct hmap *m, struct hnode *n);

static inline struct hnode *hmap_match(struct hnode *n, uint64_t hash)
{
	while (n && n->hash != hash)
		n = n->next;
	return n;
}

static inline struct hnode *hmap_first(const struct hmap *m, uint64_t hash)
{
	return m->buckets ? hmap_match(m->buckets[hash & m->mask], hash) : NULL;
}

static inline struct hnode *hmap_next(const struct hnode *n, uint64_t hash)
{
	return hmap_match(n->next, hash);
}

/* Visits every node; the one visited may be removed meanwhile, no other may. */
#define hmap_for_each(m, n)                                                         \
	for (size_t i_ = 0; (m)->buckets && i_ <= (m)->mask; i_++)                  \
		for (struct hnode *n = (m)->buckets[i_], *next_;                    \
		     n && (next_ = n->next, true); n = next_)

/* A finaliser with good avalanche (splitmix64), for numbers that nobody chooses: anybody can compute it. */
static inline uint64_t hash_u64(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ULL;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/*
 * With a key that is another in each process: paths, addresses and ids are what containers choose, and names that all
 * hash alike would make a table a list.
 */
uint64_t hash_bytes(const void *p, size_t len);

static inline uint64_t hash_string(const char *s)
{
	return hash_bytes(s, strlen(s));
}
