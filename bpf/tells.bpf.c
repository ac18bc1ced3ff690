/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The program that makes records for hooks that seldom have one to make: of calls that a signal, an exec or the end of the
 * process cuts short, of io_uring requests, and of the ends of processes. It is attached nowhere; those hooks tail-call it.
 * Cost: 10 ns to come here.
 */
#include "lib/tells.h"
#include "lib/uring_args.h"

static __always_inline bool is_wanted(const struct identity *id)
{
	enum nunchi_mode mode = identity_mode(id);

	return mode != NUNCHI_MODE_NONE && account_seen(id->slot, mode);
}

/* Whether the end of a request, or one of its results, is recorded. */
static __always_inline bool is_told(const struct task_struct *task, u64 req, const struct request *r, const struct result *result)
{
	/*
	 * The request that was remembered has succeeded quietly, or was never begun because one before it in its chain, with
	 * IOSQE_CQE_SKIP_SUCCESS, failed: the kernel reports neither. This is another one at the same address, not wanted.
	 */
	if (r->op != BPF_CORE_READ((struct io_kiocb *)req, opcode) || (r->quiet && r->tgid != (u32)task->tgid))
		return false;
	if (r->tgid != (u32)task->tgid) {
		count(counts[NUNCHI_COUNT_URING]);	/* cancelled after its process */
		return false;
	}
	return !r->quiet || result->res < 0;
}

/* The credentials that a request is done with, if it has any of its own: of a personality, or kept for a worker. */
static __always_inline u64 request_cred(u64 req)
{
	if (!(BPF_CORE_READ((struct io_kiocb *)req, flags) & request_creds))
		return 0;
	return (u64)BPF_CORE_READ((struct io_kiocb *)req, creds);
}

/*
 * A request that is not remembered: what is to be told of its success, if it is one that is wanted, for which there was no
 * room. Its beginning has been told. NULL: nothing.
 */
static __always_inline struct request *request_missed(u64 req, struct result *result)
{
	struct request *r = &result->request;
	u32 nr = uring_calls[BPF_CORE_READ((struct io_kiocb *)req, opcode) & (NUNCHI_URING_MAX - 1)];

	if (!requests_missed || result->res < 0 || !nr || !(wanted[(nr - 1) & (NUNCHI_CALLS_MAX - 1)] & NUNCHI_WANT_EVENT))
		return 0;
	return read_complete(req, nr - 1, r) ? r : 0;
}

/* Finds out what else there is to record of a request. A function so that its frame is gone when the record is made. */
static __noinline int request_look(u64 req, const struct request *r, struct result *result)
{
	if (!r || !result)
		return 0;
	result->of.made = file_read(req, r->op);
	result->of.file = r->has_file ? (u64)BPF_CORE_READ((struct io_kiocb *)req, file) : result->of.made;
	result->of.names = (u64)&r->names;
	result->of.creds = request_cred(req);
	if (r->call.layout & NUNCHI_LAYOUT_NO_FD && !r->quiet && result->res >= 0)
		result->of.made = file_made(req, r->op, result->res);
	return 0;
}

/* These two are functions so that their frames do not add to that of call_interrupted_end(). */
static __noinline int request_told(struct task_struct *task, struct result *result)
{
	struct identity *id;
	struct request *r;
	bool is_here;
	u64 req;

	if (!result)
		return 0;
	req = result->req;
	result->req = 0;
	is_here = result->is_new;
	r = is_here ? &result->request : bpf_map_lookup_elem(&requests, &req);
	if (!r) {
		is_here = true;
		r = request_missed(req, result);
	}
	if (!r)
		return 0;
	id = is_here || is_told(task, req, r, result) ? identity_get(task) : 0;
	if (id && is_wanted(id)) {
		request_look(req, r, result);
		call_record_other(task, id, &r->call, result->res, result->flags, &result->of);
	}
	if (!is_here && !result->more)
		request_forget(req, r);
	return 0;
}

static __noinline int exited(struct task_struct *task)
{
	struct identity *id, *leader;
	struct signal_struct *signal = task->signal;
	struct scratch *s;

	id = bpf_task_storage_get(&identities, task, 0, 0);
	if (id)
		call_forget(id);
	if (signal->live.counter)
		return 0;
	leader = bpf_task_storage_get(&identities, task->group_leader, 0, 0);
	/* The last thread to exit can be an io_uring worker, whose fork no hook sees; and storage can be locked. */
	if (!id && (slots[0].mode || leader || storage_find(task)))
		id = identity_get(task);
	/* Several threads that exit at the same time can each find that no other is left. */
	if (!id || __sync_lock_test_and_set(leader ? &leader->ended : &id->ended, 1))
		return 0;
	if (unlikely((leader ? leader : id)->rings))
		requests_forget(task->tgid);
	/* A PID namespace ends with its init, and its inode number may be reused at once. */
	if (id->slot && id->vpid == 1 && id->pidns != host_pidns) {
		u64 key = NUNCHI_KEY_PIDNS | id->pidns;

		bpf_map_delete_elem(&namespaces, &key);
	}
	s = life_begin(task, id, NUNCHI_REC_EXIT, sizeof(s->exit));
	if (!s)
		return 0;
	s->exit.code = signal->flags & SIGNAL_GROUP_EXIT ? signal->group_exit_code :
							   task->exit_code;
	s->exit.oom = signal->oom_mm != 0;
	/* If the model knows the process, it needs this record. */
	life_send(s, (leader ? leader : id)->untold ? LANE_CRITICAL : LANE_NEEDED);
	return 0;
}

static __always_inline int told(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct telling *telling = telling_here();
	struct identity *id;
	u32 what;

	if (!telling)
		return 0;
	if (telling->result.req)
		return request_told(task, &telling->result);
	what = telling->what;
	if (what == TELL_NOTHING)
		return 0;	/* a hook in an interrupt was here before, and has recorded it */
	telling->what = TELL_NOTHING;
	id = bpf_task_storage_get(&identities, task, 0, 0);
	if (id && id->interrupted.ret)
		call_interrupted_end(-EINTR);
	if (what == TELL_EXEC)
		exec_begins();
	return what == TELL_EXIT ? exited(task) : 0;
}

/*
 * As in function.bpf.c: while a hook runs, the kernel does not run the same hook inside it, but this program can be
 * tail-called by another. Because it contains a tail call itself, each of its runs has a stack of its own.
 */
SEC("raw_tp")
int tells_raw(void *ctx)
{
	if (calls_on)
		bpf_tail_call(ctx, &tells, 0);
	return told();
}

/* Where hooks are of the perf type; see sched.bpf.c. */
SEC("tracepoint")
int tells_perf(void *ctx)
{
	if (calls_on)
		bpf_tail_call(ctx, &tells, 0);
	return told();
}
