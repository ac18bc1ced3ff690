/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* io_uring requests: see uring.bpf.c. */
#pragma once

#include "state.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* Until 6.12. */
struct io_fixed_file {
	unsigned long file_ptr;	/* struct file *, with flags in its lowest bits */
};

struct io_rsrc_node {
	unsigned long file_ptr;
};

struct io_rsrc_data {
	struct io_rsrc_node **nodes;
};

struct io_file_table {
	struct io_fixed_file *files;
	struct io_rsrc_data data;
};

struct io_ring_ctx {
	struct io_file_table file_table;
};

struct io_uring_cqe {
	u64 user_data;
	s32 res;
};

/* Before 6.15 it has user_data and res as arguments in place of the completion queue entry. */
typedef void (*btf_trace_io_uring_complete)(void *, struct io_ring_ctx *, void *, struct io_uring_cqe *);

struct io_cqe {
	u64 user_data;
	s32 res;
	int fd;			/* until it is complete: of the request, or its index */
};

struct io_kiocb {
	struct file *file;
	void *ctx;
	u8 opcode;
	void *async_data;
	const struct cred *creds;
	u32 flags;		/* the low half, which is all there was before 6.8 */
	struct io_cqe cqe;
};

struct open_how {
	u64 flags;
	u64 mode;
};

struct io_open {
	int dfd;
	u32 file_slot;
	struct filename *filename;
	struct open_how how;
};

struct io_socket {
	int domain;
	int type;
	int protocol;
	int flags;
	u32 file_slot;
};

#pragma clang attribute pop

/*
 * By what the kernel identifies a result if it does not say of which request it is. If a process gives two requests
 * of a ring the same user_data, the later one is meant.
 */
struct request_name {
	u64 ring;	/* struct io_ring_ctx */
	u64 user_data;
};

/* A request in progress. In its arguments a pointer to a name is replaced by the name's number, from 1. */
struct request {
	struct nunchi_call call;
	struct uring_names names;
	struct request_name name;
	u32 tgid;
	u8 has_file;	/* argument 0 is the request's own file */
	u8 quiet;	/* was recorded; only a failure of it will be reported */
	u8 op;
	u8 many;	/* it can have several results */
};

struct map_requests {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64);	/* of the request */
	__type(value, struct request);
};
extern struct map_requests requests SEC(".maps");

/* Requests with more than one result. */
struct map_many_results {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct request_name);
	__type(value, u64);	/* the request */
};
extern struct map_many_results many_results SEC(".maps");

static __noinline __attribute__((unused)) void request_forget(u64 req, const struct request *r)
{
	struct request_name name = r->name;
	u64 *known = r->many ? bpf_map_lookup_elem(&many_results, &name) : 0;

	if (known && *known == req)
		bpf_map_delete_elem(&many_results, &name);
	bpf_map_delete_elem(&requests, &req);
}

/* Flags of a request; the lowest are the UAPI's (IOSQE_...). */
#define REQ_F_FIXED_FILE 0x1	/* its file is one of the ring's own, given by an index instead of an fd */
#define REQ_F_CQE_SKIP 0x40	/* no word of a success */

/*
 * The search for a request if the completion queue is full because its owner does not read it. Then the kernel says
 * only of which ring the completed request is, its user_data and its result.
 */
struct overflow {
	struct request_name name;
	u64 req;	/* the request; 0: none that is remembered */
	s32 res;
	u32 pad;
};

/* Whether this is the request; any of several with the same name and result will do. 1: found. */
static long overflow_step(struct bpf_map *map, u64 *key, struct request *r, struct overflow *o)
{
	struct io_kiocb *req = (void *)*key;

	if (r->name.ring != o->name.ring || r->name.user_data != o->name.user_data ||
	    BPF_CORE_READ(req, cqe.res) != o->res || BPF_CORE_READ(req, opcode) != r->op ||
	    BPF_CORE_READ(req, flags) & REQ_F_CQE_SKIP)
		return 0;
	o->req = *key;
	return 1;
}

/* Costs 10 us, but only for a process that does not read its results. */
static __noinline __attribute__((unused)) u64 overflow_find(u64 ring, u64 user_data, s32 res)
{
	struct overflow o = { .name = { ring, user_data }, .res = res };

	bpf_for_each_map_elem(&requests, overflow_step, &o, 0);
	return o.req;
}

/* Forgets the requests of a process that has ended. */
int requests_forget(u32 tgid);

/* Keeps the address of a request. */
static __always_inline void address_take(struct request *r, u64 address, u32 len)
{
	if (len && len <= NUNCHI_SOCKADDR_MAX &&
	    !bpf_probe_read_kernel(r->names.text[0], below(len, 2 * NUNCHI_SOCKADDR_MAX), (void *)address))
		r->names.address = len;
}
