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

	if (!r->consumer)
		return;
	munmap(r->consumer, page);
	munmap((void *)(uintptr_t)r->producer, page + 2 * (r->mask + 1));
	*r = (struct ring){ .fd = -1 };
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
	r->pos += record_size(header(r));
}

void ring_commit(struct ring *r)
{
	__atomic_store_n(r->consumer, r->pos, __ATOMIC_RELEASE);
}

bool ring_is_empty(const struct ring *r)
{
	return r->pos == __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
}
