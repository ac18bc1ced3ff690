/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/hmap.h"

struct item {
	struct hnode node;
	unsigned key;
};

#define ITEMS 5000

static struct item items[ITEMS];
static struct hmap map;

static int reset(void **state)
{
	hmap_free(&map);
	memset(items, 0, sizeof(items));
	return 0;
}

static struct item *find(unsigned key, uint64_t hash)
{
	for (struct hnode *n = hmap_first(&map, hash); n; n = hmap_next(n, hash)) {
		struct item *it = container_of(n, struct item, node);

		if (it->key == key)
			return it;
	}
	return NULL;
}

static void fill(uint64_t (*hash)(unsigned key))
{
	for (unsigned i = 0; i < ITEMS; i++) {
		items[i].key = i;
		hmap_insert(&map, &items[i].node, hash(i));
	}
}

static uint64_t good_hash(unsigned key)
{
	return hash_u64(key);
}

/* Few hashes, and those in one bucket while the table is small. */
static uint64_t bad_hash(unsigned key)
{
	return (uint64_t)(key % 8) << 32;
}

static void test_empty(void **state)
{
	size_t n = 0;

	assert_null(hmap_first(&map, 0));
	hmap_for_each(&map, node)
		n += !!node;
	assert_int_equal(n, 0);
	hmap_free(&map);
	hmap_free(&map);
	assert_int_equal(map.count, 0);
}

static void check_all(uint64_t (*hash)(unsigned key))
{
	size_t n = 0, sum = 0;

	fill(hash);
	assert_int_equal(map.count, ITEMS);
	for (unsigned i = 0; i < ITEMS; i++)
		assert_ptr_equal(find(i, hash(i)), &items[i]);
	assert_null(find(ITEMS, hash(ITEMS)));
	hmap_for_each(&map, node) {
		n++;
		sum += container_of(node, struct item, node)->key;
	}
	assert_int_equal(n, ITEMS);
	assert_int_equal(sum, (size_t)ITEMS * (ITEMS - 1) / 2);

	for (unsigned i = 0; i < ITEMS; i += 2)
		hmap_remove(&map, &items[i].node);
	assert_int_equal(map.count, ITEMS / 2);
	for (unsigned i = 0; i < ITEMS; i++)
		assert_ptr_equal(find(i, hash(i)), i % 2 ? &items[i] : NULL);
}

static void test_good_hash(void **state)
{
	check_all(good_hash);
}

static void test_bad_hash(void **state)
{
	check_all(bad_hash);
}

static void test_remove_while_visiting(void **state)
{
	size_t n = 0;

	fill(good_hash);
	hmap_for_each(&map, node) {
		hmap_remove(&map, node);
		memset(node, 0xff, sizeof(*node));	/* as if it were freed */
		n++;
	}
	assert_int_equal(n, ITEMS);
	assert_int_equal(map.count, 0);
	for (unsigned i = 0; i < ITEMS; i++)
		assert_null(find(i, good_hash(i)));
}

static void test_insert_again(void **state)
{
	items[0].key = 7;
	for (int i = 0; i < 100; i++) {
		hmap_insert(&map, &items[0].node, 42);
		assert_ptr_equal(find(7, 42), &items[0]);
		hmap_remove(&map, &items[0].node);
		assert_null(find(7, 42));
	}
	assert_int_equal(map.count, 0);
}

/* Equal keys both stay; the later one is found first. */
static void test_same_key(void **state)
{
	items[0].key = items[1].key = 3;
	hmap_insert(&map, &items[0].node, 3);
	hmap_insert(&map, &items[1].node, 3);
	assert_ptr_equal(find(3, 3), &items[1]);
	hmap_remove(&map, &items[1].node);
	assert_ptr_equal(find(3, 3), &items[0]);
}

static void test_hash(void **state)
{
	assert_int_equal(hash_string("abc"), hash_bytes("abcd", 3));
	assert_true(hash_string("abc") != hash_string("abd"));
	assert_true(hash_string("") != hash_bytes("\0", 1));
	assert_int_equal(hash_bytes(NULL, 0), hash_string(""));
	assert_true(hash_u64(1) != hash_u64(2));
}

static uint64_t fnv(const char *s)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3ULL;
	return hash_u64(h);
}

/* Who knows how names are hashed finds as many as he likes that share a bucket: hash_string() must be of no use for that. */
static void test_chosen(void **state)
{
	enum { NAMES = 512, BUCKETS = 1024 };
	unsigned buckets[BUCKETS] = { 0 }, most = 0;

	for (unsigned i = 0, n = 0; n < NAMES; i++) {
		char name[32];

		snprintf(name, sizeof(name), "/tmp/%u", i);
		if (fnv(name) % BUCKETS)
			continue;
		n++;
		most = MAX(most, ++buckets[hash_string(name) % BUCKETS]);
	}
	assert_true(most < 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_empty, reset),
		cmocka_unit_test_teardown(test_good_hash, reset),
		cmocka_unit_test_teardown(test_bad_hash, reset),
		cmocka_unit_test_teardown(test_remove_while_visiting, reset),
		cmocka_unit_test_teardown(test_insert_again, reset),
		cmocka_unit_test_teardown(test_same_key, reset),
		cmocka_unit_test_teardown(test_hash, reset),
		cmocka_unit_test_teardown(test_chosen, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
