/* SPDX-License-Identifier: Apache-2.0 */
/* The containers' shares of the rings, and calls that are counted rather than recorded (bpf/lanes.bpf.c). */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "internal.h"

#define SUMMARY_BYTES (sizeof(struct nunchi_summary_key) + sizeof(struct nunchi_summary_row) + 64)
#define SUMMARIES_LEAST 256UL
#define SUMMARIES_AT_ONCE 256	/* rows that are read by one call */

static unsigned watched_row(const struct probe *p)
{
	return p->n_rings;
}

static size_t lane_entries(const struct probe *p)
{
	return (size_t)(watched_row(p) + 1) * p->n_slots;
}

/* With --aggregate a whole working set must fit: the bulk rings, which carry less then, give memory for it. */
void lanes_divide(struct probe *p, bool aggregate)
{
	uint64_t bytes = aggregate ? p->memory.bulk / 4 : p->memory.slots / 2;

	p->summaries = (uint32_t)MIN(MAX(bytes / SUMMARY_BYTES, SUMMARIES_LEAST),
				     aggregate ? NUNCHI_SUMMARIES_AGGREGATE : NUNCHI_SUMMARIES);
	if (aggregate && p->memory.ring > MEMORY_RINGS_LEAST)
		p->memory.ring /= 2;
	else
		p->memory.slots -= MIN(p->memory.slots / 2, (uint64_t)p->summaries * SUMMARY_BYTES);
}

static size_t pieces_stride(const struct probe *p)
{
	return memory_piece(&p->memory) + NUNCHI_BULK_BEHIND;
}

static size_t pieces_all(const struct probe *p)
{
	return (p->n_rings - 1) * (p->memory.ring / memory_piece(&p->memory));
}

static int bulk_configure(struct probe *p, struct strbuf *err)
{
	struct nunchi *skel = p->skel;
	uint64_t piece = memory_piece(&p->memory);

	skel->rodata->bulk_pieces = (uint32_t)(p->memory.ring / piece);
	skel->rodata->bulk_piece_shift = (uint32_t)__builtin_ctzll(piece);
	skel->rodata->bulk_piece_mask = (uint32_t)(piece - 1);
	if (getrandom((void *)&skel->rodata->bulk_secret, sizeof(skel->rodata->bulk_secret), 0) < 0)
		return load_failed(err, "asking for random bytes (getrandom)", -errno);
	skel->bss->bulk_bytes = p->memory.ring;
	bpf_map__set_value_size(skel->maps.bulk, (uint32_t)pieces_stride(p));
	bpf_map__set_max_entries(skel->maps.bulk, (uint32_t)pieces_all(p));
	return 0;
}

int lanes_configure(struct probe *p, bool aggregate, struct strbuf *err)
{
	struct nunchi *skel = p->skel;

	skel->rodata->lane_slots = p->n_slots;
	skel->rodata->lane_watched = watched_row(p);
	skel->rodata->critical_bytes = p->memory.critical;
	skel->rodata->aggregates = aggregate;
	skel->rodata->summary_objects = p->summaries / 4 * 3;
	bpf_map__set_max_entries(skel->maps.lane_put, (uint32_t)lane_entries(p));
	bpf_map__set_max_entries(skel->maps.lane_taken, (uint32_t)lane_entries(p));
	bpf_map__set_max_entries(skel->maps.summaries, p->summaries);
	return bulk_configure(p, err);
}

static void bulk_open(struct probe *p)
{
	struct bulk bulk = {
		.piece_shift = (unsigned)__builtin_ctzll(memory_piece(&p->memory)),
		.stride = pieces_stride(p),
		.pieces = p->memory.ring / memory_piece(&p->memory),
		.secret = p->skel->rodata->bulk_secret,
	};

	for (unsigned i = 0; i + 1 < p->n_rings; i++) {
		bulk.put = &p->skel->bss->bulk_put[i];
		bulk.taken = &p->skel->bss->bulk_taken[i];
		bulk.data = p->bulk + i * bulk.pieces * bulk.stride;
		ring_bulk(&p->rings[i + 1], &bulk);
	}
}

int lanes_open(struct probe *p, struct strbuf *err)
{
	int r = ring_map(&p->rings[0], bpf_map__fd(p->skel->maps.critical), p->memory.critical);

	if (r < 0)
		return load_failed(err, "mapping the ring buffer", r);
	r = map_table(p->skel->maps.lane_taken, lane_entries(p) * sizeof(*p->lane_taken), "mapping the rings' shares",
		      (void **)&p->lane_taken, err);
	if (r >= 0)
		r = map_table(p->skel->maps.bulk, pieces_all(p) * pieces_stride(p), "mapping the bulk rings",
			      (void **)&p->bulk, err);
	if (r >= 0)
		bulk_open(p);
	return r;
}

void lanes_close(struct probe *p)
{
	ring_unmap(&p->rings[0]);
	if (p->bulk)
		munmap(p->bulk, pieces_all(p) * pieces_stride(p));
	if (p->lane_taken)
		munmap(p->lane_taken, lane_entries(p) * sizeof(*p->lane_taken));
	free(p->summary_keys);
	free(p->summary_rows);
}

uint64_t probe_bulk_bytes(const struct probe *p)
{
	return p->memory.ring;
}

void probe_bulk_limit(struct probe *p, uint64_t bytes)
{
	__atomic_store_n(&p->skel->bss->bulk_bytes, bytes, __ATOMIC_RELAXED);
}

void probe_taken(struct probe *p, const struct nunchi_head *record)
{
	unsigned row = record->flags & NUNCHI_F_WATCHED ? watched_row(p) : record->ring;

	if (row <= watched_row(p) && record->slot < p->n_slots)
		__atomic_fetch_add(&p->lane_taken[row * p->n_slots + record->slot],
				   nunchi_bulk_room(record->len), __ATOMIC_RELAXED);
}

void probe_summaries(struct probe *p,
		     void (*fn)(const struct nunchi_summary_key *key, const struct nunchi_summary_row *row,
				void *arg),
		     void *arg)
{
	int fd = bpf_map__fd(p->skel->maps.summaries), r;
	uint32_t at = 0, count;
	bool first = true;

	if (!__atomic_load_n(&p->skel->bss->summary_rows, __ATOMIC_RELAXED))
		return;
	if (!p->summary_keys) {
		p->summary_keys = xcalloc(SUMMARIES_AT_ONCE, sizeof(*p->summary_keys));
		p->summary_rows = xcalloc(SUMMARIES_AT_ONCE, sizeof(*p->summary_rows));
	}
	do {
		count = SUMMARIES_AT_ONCE;
		r = bpf_map_lookup_batch(fd, first ? NULL : &at, &at, p->summary_keys, p->summary_rows,
					 &count, NULL);
		if (r && errno != ENOENT)
			return;
		for (uint32_t i = 0; i < count; i++)
			fn(&p->summary_keys[i], &p->summary_rows[i], arg);
		first = false;
	} while (!r);
}

bool probe_summary_forget(struct probe *p, const struct nunchi_summary_key *key, struct nunchi_summary_row *ret)
{
	if (bpf_map_lookup_and_delete_elem(bpf_map__fd(p->skel->maps.summaries), key, ret))
		return false;
	__atomic_fetch_sub(&p->skel->bss->summary_rows, 1, __ATOMIC_RELAXED);
	return true;
}
