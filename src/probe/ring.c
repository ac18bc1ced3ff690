/* SPDX-License-Identifier: Apache-2.0 */
#include "ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sys/mman.h>

int ring_map(struct ring *r, int fd, uint64_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *p;

	*r = (struct ring){ .fd = fd, .mask = size - 1 };
	p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	r->consumer = p;
	p = mmap(NULL, page + 2 * size, PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (p == MAP_FAILED) {
		int r_errno = -errno;

		munmap(r->consumer, page);
		r->consumer = NULL;
		return r_errno;
	}
	r->producer = p;
	r->data = (const unsigned char *)p + page;
	r->pos = __atomic_load_n(r->consumer, __ATOMIC_ACQUIRE);
	return 0;
}

void ring_unmap(struct ring *r)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (!r->consumer)	/* none, or a bulk ring */
		return;
	munmap(r->consumer, page);
	munmap((void *)(uintptr_t)r->producer, page + 2 * (r->mask + 1));
	*r = (struct ring){ .fd = -1 };
}

void ring_bulk(struct ring *r, const struct bulk *bulk)
{
	*r = (struct ring){ .fd = -1, .bulk = *bulk, .pos = bulk->taken->taken };
	r->number = r->pos >> 32;
}

static struct nunchi_head *bulk_place(const struct ring *r)
{
	const struct bulk *b = &r->bulk;
	uint64_t at = (uint64_t)(uint32_t)r->pos * NUNCHI_BULK_UNIT;

	return (void *)(b->data + (at >> b->piece_shift & (b->pieces - 1)) * b->stride +
			(at & ((1ULL << b->piece_shift) - 1)));
}

/* The record's seq holds a mark until it is read here; then it gets its number. */
static const struct nunchi_head *bulk_peek(struct ring *r, uint32_t *ret_len)
{
	struct nunchi_head *head = bulk_place(r);

	if (!r->found) {
		if (__atomic_load_n(&head->seq, __ATOMIC_ACQUIRE) != r->pos + r->bulk.secret)
			return NULL;
		head->seq = r->number + 1;
		r->found = head;
	}
	*ret_len = head->len;
	return head;
}

static void bulk_advance(struct ring *r)
{
	r->pos = nunchi_bulk_next(r->pos, r->found->len);
	r->number++;
	r->found = NULL;
}

static uint64_t record_size(uint32_t len)
{
	return ALIGN8((uint64_t)len + BPF_RINGBUF_HDR_SZ);
}

static uint32_t header(const struct ring *r)
{
	return __atomic_load_n((const uint32_t *)(const void *)(r->data + (r->pos & r->mask)),
			       __ATOMIC_ACQUIRE);
}

const struct nunchi_head *ring_peek(struct ring *r, uint32_t *ret_len)
{
	if (r->bulk.put)
		return bulk_peek(r, ret_len);
	while (r->pos < __atomic_load_n(r->producer, __ATOMIC_ACQUIRE)) {
		uint32_t len = header(r);

		if (len & BPF_RINGBUF_BUSY_BIT)
			return NULL;
		if (!(len & BPF_RINGBUF_DISCARD_BIT) && len >= sizeof(struct nunchi_head)) {
			*ret_len = len;
			return (const void *)(r->data + (r->pos & r->mask) + BPF_RINGBUF_HDR_SZ);
		}
		r->pos += record_size(len & ~BPF_RINGBUF_DISCARD_BIT);
	}
	return NULL;
}

void ring_advance(struct ring *r)
{
	if (r->bulk.put)
		bulk_advance(r);
	else
		r->pos += record_size(header(r));
}

void ring_commit(struct ring *r)
{
	if (r->bulk.put)
		__atomic_store_n(&r->bulk.taken->taken, r->pos, __ATOMIC_RELEASE);
	else
		__atomic_store_n(r->consumer, r->pos, __ATOMIC_RELEASE);
}

bool ring_is_empty(const struct ring *r)
{
	if (r->bulk.put)
		return r->pos == __atomic_load_n(&r->bulk.put->put, __ATOMIC_ACQUIRE);
	return r->pos == __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
}

uint64_t ring_last_number(const struct ring *r)
{
	uint64_t put = __atomic_load_n(&r->bulk.put->put, __ATOMIC_ACQUIRE);

	/* The word has its lower 32 bits. */
	return r->number + (uint32_t)((uint32_t)(put >> 32) - (uint32_t)r->number);
}
