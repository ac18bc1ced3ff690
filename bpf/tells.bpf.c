/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What hooks that seldom tell of a call leave to one program: calls that a signal, an exec or the process's end cuts short, requests
 * of io_uring, and ends. It is attached nowhere. Cost: 10 ns to come here.
 */
#include "lib/tells.h"

static __always_inline bool is_wanted(const struct identity *id)
{
	enum nunchi_mode mode = identity_mode(id);

	return mode != NUNCHI_MODE_NONE && account_seen(id->slot, mode);
}

/* Of a request at its end, or one of its results. */
static __always_inline bool is_told(const struct task_struct *task, u64 req, const struct request *r, const struct result *result)
{
	/*
	 * Its own has succeeded quietly, or was behind one that asked for no word and failed, and never begun with: of neither the
	 * kernel says anything. This is another in its place, which nobody wants.
	 */
	if (r->op != BPF_CORE_READ((struct io_kiocb *)req, opcode) || (r->quiet && r->tgid != (u32)task->tgid))
		return false;
	if (r->tgid != (u32)task->tgid) {
		count(counts[NUNCHI_COUNT_URING]);	/* cancelled after its process */
		return false;
	}
	return !r->quiet || result->res < 0;
}

/* In frames of their own, which do not add to that of what tells of a call. */
static __noinline int request_told(struct task_struct *task, struct result *result)
{
	struct identity *id;
	struct request *r;
	u64 req, file;

	if (!result)
		return 0;
	req = result->req;
	result->req = 0;
	r = result->is_new ? &result->request : bpf_map_lookup_elem(&requests, &req);
	if (!r)
		return 0;
	id = result->is_new || is_told(task, req, r, result) ? identity_get(task) : 0;
	if (id && is_wanted(id)) {
		file = r->has_file ? (u64)BPF_CORE_READ((struct io_kiocb *)req, file) : 0;
		call_record_other(task, id, &r->call, result->res, result->flags, file, (u64)&r->names);
	}
	if (!result->is_new && !result->more)
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
	/* The last to go can be one of io_uring's, which no fork has told of; storage can be locked. */
	if (!id && (slots[0].mode || leader || storage_find(task)))
		id = identity_get(task);
	/* Threads that go at the same time can all find that nobody is left. */
	if (!id || __sync_lock_test_and_set(leader ? &leader->ended : &id->ended, 1))
		return 0;
	if (unlikely((leader ? leader : id)->rings))
		requests_forget(task->tgid);
	/* A PID namespace ends with its init, and its inode number may be another's at once. */
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
	/* The model waits for the end of what it knows. */
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
		return 0;	/* an interrupt's hook has come here before, and told it */
	telling->what = TELL_NOTHING;
	id = bpf_task_storage_get(&identities, task, 0, 0);
	if (id && id->interrupted.ret)
		call_interrupted_end(-EINTR);
	if (what == TELL_EXEC)
		exec_begins();
	return what == TELL_EXIT ? exited(task) : 0;
}

/*
 * As in function.bpf.c: a hook's run keeps the same hook from running inside of it, but not this program, to which another goes on; that it
 * could call on to another, too, has each of its runs have a stack of its own.
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
