/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What io_uring does: files opened, sockets connected, names removed without a system call of their own. A request is read
 * when it is taken from the ring, and recorded when it completes, as the equivalent system call. Its arguments are the
 * kernel's copies, except addresses, which are kept when the security hooks are asked about them (copies.bpf.c); its object
 * is the request's own file. If the caller does not want to hear of a success (IOSQE_CQE_SKIP_SUCCESS), no hook does either:
 * such a request is recorded when it is taken, as a success, and again if it fails.
 *
 * Not seen: operations without an equivalent call (waiting, polling, commands to devices and sockets, messages between
 * rings), what the kernel refuses before it becomes a request, and what is still pending when a process ends. Cost: nothing
 * unless a process uses io_uring; then 100 ns for a request that nobody wants.
 */
#include "lib/tells.h"
#include "lib/uring_args.h"

/* A function so that it has a frame of its own, like read_request(). False: there is no room. */
static __noinline bool remember(struct task_struct *task, u64 req, struct request *r)
{
	struct identity *leader = bpf_task_storage_get(&identities, task->group_leader, 0, 0);
	struct request_name name = { (u64)BPF_CORE_READ((struct io_kiocb *)req, ctx),
				     BPF_CORE_READ((struct io_kiocb *)req, cqe.user_data) };

	r->name = name;
	if (bpf_map_update_elem(&requests, &req, r, BPF_ANY))
		return false;
	if (leader)
		leader->rings = 1;
	if (r->many && bpf_map_update_elem(&many_results, &name, &req, BPF_ANY))
		count(counts[NUNCHI_COUNT_URING]);
	return true;
}

/* Forgets the requests of a process that has ended: those still pending can no longer be recorded, and others would stay here for good. */
static long forget_step(struct bpf_map *map, u64 *key, struct request *r, u32 *tgid)
{
	u64 req = *key;

	if (r->tgid != *tgid)
		return 0;
	if (!r->quiet && !(BPF_CORE_READ((struct io_kiocb *)req, flags) & REQ_F_CQE_SKIP))
		count(counts[NUNCHI_COUNT_URING]);
	request_forget(req, r);
	return 0;
}

__noinline int requests_forget(u32 tgid)
{
	bpf_for_each_map_elem(&requests, forget_step, &tgid, 0);
	return 0;
}

/* Prepares the record of a request that begins. */
static __always_inline bool begun(u64 req, const struct request *r)
{
	struct telling *telling = telling_here();

	if (!telling)
		return false;
	bpf_probe_read_kernel(&telling->result.request, sizeof(*r), r);
	telling->result.is_new = 1;
	telling->result.res = r->quiet ? 0 : NUNCHI_RET_ENTRY;
	telling->result.flags = r->quiet ? 0 : NUNCHI_F_ENTRY;
	telling->result.req = req;
	return true;
}

static __always_inline int submitted(void *ctx, u64 req)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u8 op = BPF_CORE_READ((struct io_kiocb *)req, opcode);
	u32 nr = uring_calls[op & (NUNCHI_URING_MAX - 1)];
	struct identity *id;
	struct request *r;
	struct scratch *s;
	bool kept, is_told;

	if (!nr)
		return 0;
	nr = (nr - 1) & (NUNCHI_CALLS_MAX - 1);
	barrier_var(nr);
	if (nr >= NUNCHI_CALLS_MAX || !(wanted[nr] & NUNCHI_WANT_EVENT))
		return 0;
	id = identity_get(task);
	if (!id || identity_mode(id) == NUNCHI_MODE_NONE)
		return 0;
	s = scratch_get();	/* room for it, no more */
	if (!s) {
		count(counts[NUNCHI_COUNT_URING]);
		bpf_map_delete_elem(&requests, &req);	/* an earlier request at the same address */
		return 0;
	}
	r = (void *)s->data;
	r->tgid = task->tgid;
	r->op = op;
	read_request(req, nr, r);
	kept = remember(task, req, r);
	if (!kept) {
		count(counts[NUNCHI_COUNT_URING]);
		count(requests_missed);
	}
	/* If there is no room to remember it, its beginning is recorded: a process with many requests cannot hide one. */
	is_told = (r->quiet || !kept) && begun(req, r);
	scratch_put(s);
	return is_told ? request_tell(ctx) : 0;
}

static __always_inline bool has_address(u8 op)
{
	return op == OP_BIND || op == OP_CONNECT || op == OP_SENDMSG || op == OP_SENDMSG_ZC || op == OP_SEND ||
	       op == OP_SEND_ZC;
}

/* A request begins. */
SEC("fentry/io_issue_sqe")
int BPF_PROG(copied_request, struct io_kiocb *req)
{
	struct identity *id;
	u64 key = (u64)req;

	if (!has_address(req->opcode) || !bpf_map_lookup_elem(&requests, &key))
		return 0;
	id = identity_get(bpf_get_current_task_btf());
	if (id)
		id->request = key;
	return 0;
}

/* The request waits or has ended: what the task does from here on is not for it. The request may be freed by now. */
SEC("fexit/io_issue_sqe")
int BPF_PROG(copied_request_left)
{
	struct identity *id = bpf_task_storage_get(&identities, bpf_get_current_task_btf(), 0, 0);

	if (id && id->request)
		id->request = 0;
	return 0;
}

/* Up to 6.2 this tracepoint had another name. */
SEC("raw_tp/io_uring_submit_req")
int uring_submit_req(struct bpf_raw_tracepoint_args *ctx)
{
	return submitted(ctx, ctx->args[0]);
}

SEC("raw_tp/io_uring_submit_sqe")
int uring_submit_sqe(struct bpf_raw_tracepoint_args *ctx)
{
	return submitted(ctx, ctx->args[0]);
}

/* For kernels that preempt in tracepoints; see sched.bpf.c. */
SEC("tracepoint/io_uring/io_uring_submit_req")
int uring_submit_perf(struct trace_event_raw_io_uring_submit_req *ctx)
{
	return submitted(ctx, (u64)ctx->req);
}

/* The last result of a request. */
static __always_inline void result_last(struct result *ret, u64 req)
{
	ret->req = req;
	ret->res = BPF_CORE_READ((struct io_kiocb *)req, cqe.res);
	ret->more = 0;
}

/* One of several results, of which only the last comes with its request. */
static __always_inline void result_named(struct result *ret, u64 ring, u64 user_data, s32 res)
{
	struct request_name name = { ring, user_data };
	u64 *req = bpf_map_lookup_elem(&many_results, &name);

	ret->req = req ? *req : 0;
	ret->res = res;
	ret->more = 1;
}

/* Records the result if its request is one that is wanted. */
static __always_inline int completed(void *ctx, struct result *result)
{
	u64 req = result->req;

	result->is_new = result->flags = 0;
	if (req && (requests_missed || bpf_map_lookup_elem(&requests, &req)))
		return request_tell(ctx);
	result->req = 0;
	return 0;
}

SEC("raw_tp/io_uring_complete")
int uring_complete(struct bpf_raw_tracepoint_args *ctx)
{
	struct telling *telling = telling_here();
	struct io_uring_cqe *cqe;

	if (!telling)
		return 0;
	if (ctx->args[1]) {
		result_last(&telling->result, ctx->args[1]);
	} else if (bpf_core_type_exists(btf_trace_io_uring_complete)) {
		cqe = (void *)ctx->args[2];
		result_named(&telling->result, ctx->args[0], BPF_CORE_READ(cqe, user_data), BPF_CORE_READ(cqe, res));
	} else {
		result_named(&telling->result, ctx->args[0], ctx->args[2], ctx->args[3]);
	}
	return completed(ctx, &telling->result);
}

SEC("tracepoint/io_uring/io_uring_complete")
int uring_complete_perf(struct trace_event_raw_io_uring_complete *ctx)
{
	struct telling *telling = telling_here();

	if (!telling)
		return 0;
	if (ctx->req)
		result_last(&telling->result, (u64)ctx->req);
	else
		result_named(&telling->result, (u64)ctx->ctx, ctx->user_data, ctx->res);
	return completed(ctx, &telling->result);
}

#define CQE_F_MORE 2	/* further results of the request follow */

/* The completion queue is full. This hook does not say which request the result is of: it must be found. */
static __always_inline int overflowed(void *ctx, u64 ring, u64 user_data, s32 res, u32 flags)
{
	struct telling *telling = telling_here();
	struct result *result;

	if (!telling)
		return 0;
	result = &telling->result;
	result->req = 0;
	if (flags & CQE_F_MORE)
		result_named(result, ring, user_data, res);
	if (!(flags & CQE_F_MORE) || !result->req) {
		result->req = overflow_find(ring, user_data, res);
		result->res = res;
		result->more = 0;
	}
	return completed(ctx, result);
}

SEC("raw_tp/io_uring_cqe_overflow")
int uring_overflow(struct bpf_raw_tracepoint_args *ctx)
{
	return overflowed(ctx, ctx->args[0], ctx->args[1], ctx->args[2], ctx->args[3]);
}

SEC("tracepoint/io_uring/io_uring_cqe_overflow")
int uring_overflow_perf(struct trace_event_raw_io_uring_cqe_overflow *ctx)
{
	return overflowed(ctx, (u64)ctx->ctx, ctx->user_data, ctx->res, ctx->cflags);
}
