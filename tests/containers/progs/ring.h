/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of io_uring for one request. */
#pragma once

#include <errno.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Asks for it and waits. As a call returns: what came of it, or -1 and errno. */
static inline long ring_ask(struct io_uring_sqe request)
{
	struct io_uring_params params = { 0 };
	long ring = syscall(SYS_io_uring_setup, 1, &params);
	struct io_uring_sqe *sqe;
	char *rings;
	int res;

	if (ring < 0)
		return ring;
	rings = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, (int)ring, IORING_OFF_SQ_RING);
	sqe = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, (int)ring, IORING_OFF_SQES);
	*sqe = request;
	*(uint32_t *)(rings + params.sq_off.array) = 0;
	__atomic_store_n((uint32_t *)(rings + params.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -1;
	res = ((struct io_uring_cqe *)(rings + params.cq_off.cqes))->res;
	close((int)ring);
	errno = res < 0 ? -res : 0;
	return res < 0 ? -1 : res;
}
