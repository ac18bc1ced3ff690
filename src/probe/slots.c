/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel side's slots: which container each is, by which PID namespace and cgroup its tasks are recognised, and
 * its account. The rows are mapped memory; what is keyed by a namespace or a cgroup is in maps. A task whose
 * identity has an earlier generation of its slot is looked up anew.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "internal.h"

void slots_init(struct probe *p)
{
	int fd = bpf_map__fd(p->skel->maps.free_slots);

	p->skel->bss->slots_had = NUNCHI_SLOT_HELPERS + 1;
	/* The lowest is the first to be used. */
	for (uint32_t slot = p->n_slots; slot-- > 0;) {
		if (slot > NUNCHI_SLOT_HELPERS && pin_restore(p, slot)) {
			p->skel->bss->slots_had = MAX(p->skel->bss->slots_had, slot + 1);
			continue;
		}
		p->skel->bss->slots[slot].generation =
			slot > NUNCHI_SLOT_HELPERS ? p->first_generation : PROBE_GENERATION_FIRST;
		/* Not all slots: that would be thousands of bpf(), during which programs are skipped (struct map_accounts). */
		if (slot > NUNCHI_SLOT_HELPERS && slot < p->skel->bss->slots_had)
			bpf_map_update_elem(fd, NULL, &slot, BPF_ANY);
	}
	p->skel->bss->slots[NUNCHI_SLOT_HELPERS].state = NUNCHI_SLOT_NAMED;
	p->skel->bss->slots[NUNCHI_SLOT_HELPERS].mode = NUNCHI_MODE_EVENT;
	p->skel->bss->slots[0].state = NUNCHI_SLOT_HOST;
	p->skel->bss->slots[0].mode = p->host ? NUNCHI_MODE_EVENT : NUNCHI_MODE_NONE;
}

unsigned probe_slots(const struct probe *p)
{
	return p->n_slots;
}

bool slot_is_current(const struct probe *p, uint32_t slot, uint32_t generation)
{
	return slot < p->n_slots && p->skel->bss->slots[slot].generation == generation;
}

void probe_slot_set(struct probe *p, uint32_t slot, uint32_t generation,
		    enum nunchi_slot_state state, enum nunchi_mode mode)
{
	if (!slot_is_current(p, slot, generation))
		return;
	p->skel->bss->slots[slot].mode = (uint8_t)mode;
	p->skel->bss->slots[slot].state = (uint8_t)state;
}

void probe_slot_pidns(struct probe *p, uint32_t slot, uint32_t generation, uint32_t inum,
		      bool exclusive)
{
	struct nunchi_slot_ref ref = { slot, generation };
	uint64_t key = NUNCHI_KEY_PIDNS | inum;

	if (!inum || !slot_is_current(p, slot, generation))
		return;
	p->skel->bss->slots[slot].pidns = inum;
	if (exclusive && inum != p->skel->rodata->host_pidns)
		bpf_map_update_elem(bpf_map__fd(p->skel->maps.namespaces), &key, &ref, BPF_ANY);
}

void probe_slot_cgroup(struct probe *p, uint32_t slot, uint32_t generation, uint64_t id)
{
	struct nunchi_slot_ref ref = { slot, generation };

	if (id && slot_is_current(p, slot, generation))
		bpf_map_update_elem(bpf_map__fd(p->skel->maps.cgroups), &id, &ref, BPF_ANY);
}

/* The slot no longer counts as opened inside a container. */
static void forget_parent(struct probe *p, struct nunchi_slot *row)
{
	if (row->parent)
		__atomic_fetch_sub(&p->skel->bss->slots_inside, 1, __ATOMIC_RELAXED);
	row->parent = row->parent_generation = row->outer = row->outer_generation = 0;
}

static void forget_mounts(struct probe *p, uint32_t slot, uint32_t generation)
{
	struct nunchi_slot_ref ref = { slot, generation };

	bpf_map_delete_elem(bpf_map__fd(p->skel->maps.mounted), &ref);
	p->skel->bss->slots[slot].mounts = 0;
}

uint32_t probe_slot_host(struct probe *p, uint32_t slot, uint32_t generation, enum nunchi_mode mode)
{
	struct nunchi_slot_ref ref = { slot, generation + 1 };
	struct nunchi_slot *row = &p->skel->bss->slots[slot];

	if (!slot_is_current(p, slot, generation))
		return generation;
	probe_slot_set(p, slot, generation, NUNCHI_SLOT_HOST, mode);
	forget_parent(p, row);
	forget_mounts(p, slot, generation);
	bpf_map_update_elem(bpf_map__fd(p->skel->maps.namespaces), &row->key, &ref, BPF_ANY);
	__atomic_store_n(&row->generation, ref.generation, __ATOMIC_SEQ_CST);
	return ref.generation;
}

void probe_slot_sandbox(struct probe *p, uint32_t slot, uint32_t generation)
{
	uint64_t key;
	uint8_t yes = 1;

	if (!slot_is_current(p, slot, generation))
		return;
	key = p->skel->bss->slots[slot].key;
	bpf_map_update_elem(bpf_map__fd(p->skel->maps.sandboxes), &key, &yes, BPF_ANY);
}

static void forget(int map, uint64_t key, uint32_t slot, uint32_t generation)
{
	struct nunchi_slot_ref ref;

	if (!bpf_map_lookup_elem(map, &key, &ref) && ref.slot == slot &&
	    ref.generation == generation)
		bpf_map_delete_elem(map, &key);
}

void probe_forget_pidns(struct probe *p, uint32_t slot, uint32_t generation, uint32_t inum)
{
	forget(bpf_map__fd(p->skel->maps.namespaces), NUNCHI_KEY_PIDNS | inum, slot, generation);
}

void probe_forget_cgroup(struct probe *p, uint32_t slot, uint32_t generation, uint64_t id)
{
	forget(bpf_map__fd(p->skel->maps.cgroups), id, slot, generation);
}

static struct nunchi_account *account_of(const struct probe *p, unsigned cpu, uint32_t slot)
{
	return &p->accounts[(size_t)cpu * p->n_slots + slot];
}

void probe_slot_retire(struct probe *p, uint32_t slot, uint32_t generation)
{
	struct nunchi_slot *row;
	uint64_t key;

	if (!slot || !slot_is_current(p, slot, generation))
		return;
	pin_forget(p, slot);
	forget_mounts(p, slot, generation);
	row = &p->skel->bss->slots[slot];
	key = row->key;
	bpf_map_delete_elem(bpf_map__fd(p->skel->maps.namespaces), &key);
	row->state = NUNCHI_SLOT_FREE;
	row->mode = NUNCHI_MODE_NONE;
	forget_parent(p, row);
	row->pidns = row->opener = 0;
	row->root = 0;
	/* From here on tasks that have the slot are looked up anew. */
	__atomic_store_n(&row->generation, generation + 1, __ATOMIC_SEQ_CST);
}

void probe_slot_free(struct probe *p, uint32_t slot, uint32_t generation)
{
	if (!slot || !slot_is_current(p, slot, generation + 1))
		return;
	for (unsigned cpu = 0; cpu < p->n_cpus; cpu++)
		memset(account_of(p, cpu, slot), 0, sizeof(*p->accounts));
	bpf_map_update_elem(bpf_map__fd(p->skel->maps.free_slots), NULL, &slot, BPF_ANY);
}

void probe_account(struct probe *p, uint32_t slot, struct nunchi_account *ret)
{
	uint64_t *to = (uint64_t *)ret;

	memset(ret, 0, sizeof(*ret));
	for (unsigned cpu = 0; slot < p->n_slots && cpu < p->n_cpus; cpu++) {
		const uint64_t *from = (const uint64_t *)account_of(p, cpu, slot);

		for (size_t i = 0; i < sizeof(*ret) / sizeof(*to); i++)
			to[i] += __atomic_load_n(&from[i], __ATOMIC_RELAXED);
	}
}
