/* SPDX-License-Identifier: Apache-2.0 */
/* Names of addresses: those that somebody has asked for, and what they were looked up to be. */
#include "internal.h"

struct named_address {
	struct hnode by_address;
	struct address address;
	struct named_address *next;	/* of the same name */
	const struct address_name *name;
};

struct address_name {
	char *name;
	struct named_address *addresses;
};

static uint64_t hash_address(const struct address *a)
{
	return hash_bytes(a->ip, sizeof(a->ip)) + a->family;
}

static bool is_same(const struct address *a, const struct address *b)
{
	return a->family == b->family && !memcmp(a->ip, b->ip, sizeof(a->ip));
}

static void forget(struct model *m, struct address_name *name)
{
	for (struct named_address *a = name->addresses, *next; a; a = next) {
		next = a->next;
		hmap_remove(&m->addresses, &a->by_address);
		free(a);
	}
	name->addresses = NULL;
}

static struct address_name *find(struct model *m, const char *name)
{
	for (size_t i = 0; i < m->n_names; i++)
		if (streq(m->names[i]->name, name))
			return m->names[i];
	m->names = xrealloc(m->names, (m->n_names + 1) * sizeof(struct address_name *));
	m->names[m->n_names] = xcalloc(1, sizeof(struct address_name));
	m->names[m->n_names]->name = xstrdup(name);
	return m->names[m->n_names++];
}

void model_set_addresses(struct model *m, const char *name, const struct address *addresses, size_t n)
{
	struct address_name *of = find(m, name);

	forget(m, of);
	for (size_t i = 0; i < n; i++) {
		struct named_address *a = xcalloc(1, sizeof(*a));

		a->address = addresses[i];
		a->name = of;
		a->next = of->addresses;
		of->addresses = a;
		hmap_insert(&m->addresses, &a->by_address, hash_address(&a->address));
	}
}

size_t model_address_names(const struct model *m, const struct address *address, const char **ret, size_t max)
{
	uint64_t hash = hash_address(address);
	size_t n = 0;

	for (struct hnode *node = hmap_first(&m->addresses, hash); node && n < max; node = hmap_next(node, hash)) {
		const struct named_address *a = container_of(node, struct named_address, by_address);

		if (is_same(&a->address, address))
			ret[n++] = a->name->name;
	}
	return n;
}

void addresses_free(struct model *m)
{
	for (size_t i = 0; i < m->n_names; i++) {
		forget(m, m->names[i]);
		free(m->names[i]->name);
		free(m->names[i]);
	}
	free(m->names);
	hmap_free(&m->addresses);
}
