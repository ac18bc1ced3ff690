/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hot path: a record becomes a struct event without a copy and without an allocation. What
 * follows the head is a fixed part by kind, then blobs; only the blobs that are there are
 * written, never the whole array.
 */
#include "event.h"

#include <errno.h>

static int bad(const char **ret_why, const char *why)
{
	*ret_why = why;
	return -EBADMSG;
}

/*
 * Calls that the table does not have, newer than it, get a row of their own at first use: an
 * event always has a call. Only the thread that decodes touches them.
 */
static const struct syscall_info *unknown_call(uint32_t nr)
{
	static struct {
		struct syscall_info info;
		char name[16];
	} rows[NUNCHI_CALLS_MAX];
	static const struct syscall_arg raw[6] = {
		{ .name = "a0", .kind = ARG_HEX }, { .name = "a1", .kind = ARG_HEX },
		{ .name = "a2", .kind = ARG_HEX }, { .name = "a3", .kind = ARG_HEX },
		{ .name = "a4", .kind = ARG_HEX }, { .name = "a5", .kind = ARG_HEX },
	};
	struct syscall_info *info = &rows[nr].info;

	if (!info->name) {
		snprintf(rows[nr].name, sizeof(rows[nr].name), "syscall_%u", nr);
		*info = (struct syscall_info){
			.name = rows[nr].name,
			.nr_x86_64 = (int16_t)nr,
			.nr_arm64 = (int16_t)nr,
			.category = CATEGORY_SYSTEM,
			.activity = "Unknown Call",
			.ret = RET_VALUE,
			.n_args = 6,
		};
		memcpy(info->args, raw, sizeof(raw));
	}
	return info;
}

static const struct syscall_info *call_of(uint32_t nr)
{
	const struct syscall_info *call = syscall_by_nr(nr);

	return likely(call) ? call : unknown_call(nr);
}

static int decode_call(struct event *ev, const char *p, size_t len, const char **ret_why)
{
	const struct nunchi_call *call = (const void *)p;

	if (unlikely(len < sizeof(*call)))
		return bad(ret_why, "a system call without its numbers");
	if (unlikely(call->nr >= NUNCHI_CALLS_MAX))
		return bad(ret_why, "a system call number out of range");
	memcpy(ev->args, call->args, sizeof(ev->args));
	if (ev->head->kind == NUNCHI_REC_MISMATCH) {
		ev->type = EVENT_MISMATCH;	/* it is about a call, and none itself */
		return 0;
	}
	ev->type = EVENT_SYSCALL;
	ev->call = call_of(call->nr);
	ev->ret = call->ret;
	ev->abi = call->abi;
	return 0;
}

static int decode_blobs(struct event *ev, const char *p, size_t len, const char **ret_why)
{
	unsigned n = 0;

	while (len) {
		const struct nunchi_blob *blob = (const void *)p;
		struct event_blob *to = &ev->blobs[n];
		size_t whole;

		/* len stays a multiple of 8, hence a blob's padding fits when its data does. */
		if (unlikely(len < sizeof(*blob)))
			return bad(ret_why, "a piece of data is cut off");
		if (unlikely(blob->len > len - sizeof(*blob)))
			return bad(ret_why, "a piece of data is longer than the record");
		if (unlikely(n == EVENT_BLOBS_MAX))
			return bad(ret_why, "too many pieces of data");
		to->data = p + sizeof(*blob);
		to->len = blob->len;
		to->full = MAX(blob->full, blob->len);
		to->flags = blob->flags;
		to->type = blob->type;
		to->arg = blob->arg;
		whole = sizeof(*blob) + ALIGN8((size_t)blob->len);
		p += whole;
		len -= whole;
		n++;
	}
	ev->n_blobs = n;
	return 0;
}

/* Bytes between the head and the blobs; SIZE_MAX for kinds that have no blobs. */
static size_t fixed_part(unsigned kind)
{
	switch (kind) {
	case NUNCHI_REC_SYSCALL:
	case NUNCHI_REC_EXEC:
	case NUNCHI_REC_MISMATCH:
		return sizeof(struct nunchi_call);
	case NUNCHI_REC_EXIT:
		return sizeof(struct nunchi_exit);
	case NUNCHI_REC_PENDING:
		return sizeof(struct nunchi_pending);
	case NUNCHI_REC_CGROUP_NEW:
	case NUNCHI_REC_CGROUP_GONE:
		return sizeof(struct nunchi_cgroup);
	case NUNCHI_REC_NAMESPACES:
		return sizeof(struct nunchi_namespaces);
	case NUNCHI_REC_MOVED:
		return sizeof(struct nunchi_moved);
	case NUNCHI_REC_ESCAPE:
		return sizeof(struct nunchi_escape);
	case NUNCHI_REC_SUMMARY:
		return sizeof(struct nunchi_summary);
	case NUNCHI_REC_FORK:
	case NUNCHI_REC_TASK:
	case NUNCHI_REC_ENTER:
	case NUNCHI_REC_PROCESS:
		return 0;
	default:
		return SIZE_MAX;
	}
}

/* DIED and OOM only tell the model how what stops ended. */
static enum event_type life_type(uint32_t what)
{
	static const enum event_type types[] = {
		[NUNCHI_LIFE_CREATED] = EVENT_CONTAINER_CREATED,
		[NUNCHI_LIFE_REMOVED] = EVENT_CONTAINER_REMOVED,
		[NUNCHI_LIFE_PAUSED] = EVENT_CONTAINER_PAUSED,
		[NUNCHI_LIFE_RESUMED] = EVENT_CONTAINER_RESUMED,
		[NUNCHI_LIFE_EXEC] = EVENT_CONTAINER_EXEC,
		[NUNCHI_LIFE_INFO] = EVENT_CONTAINER_INFO,
	};

	return what && what < ARRAY_SIZE(types) ? types[what] : EVENT_OTHER;
}

static int decode_fixed(struct event *ev, const char *p, size_t len, const char **ret_why)
{
	switch (ev->head->kind) {
	case NUNCHI_REC_SYSCALL:
	case NUNCHI_REC_EXEC:
	case NUNCHI_REC_MISMATCH:
		return decode_call(ev, p, len, ret_why);
	case NUNCHI_REC_EXIT:
		if (len < sizeof(struct nunchi_exit))
			return bad(ret_why, "an exit without its code");
		ev->type = EVENT_PROCEXIT;
		ev->exit_code = ((const struct nunchi_exit *)(const void *)p)->code;
		return 0;
	case NUNCHI_REC_LOST:
		if (len < sizeof(ev->lost))
			return bad(ret_why, "a loss without its count");
		ev->type = EVENT_LOST;
		memcpy(&ev->lost, p, sizeof(ev->lost));
		return 0;
	case NUNCHI_REC_LIFE:
		if (len <= sizeof(struct nunchi_life))
			return bad(ret_why, "a container's life without its id");
		ev->type = life_type(((const struct nunchi_life *)(const void *)p)->what);
		return 0;
	case NUNCHI_REC_GAP:
		if (len < sizeof(struct nunchi_gap))
			return bad(ret_why, "a gap without its times");
		ev->type = EVENT_GAP;
		return 0;
	case NUNCHI_REC_BLIND:
		if (len < sizeof(struct nunchi_blind))
			return bad(ret_why, "what is not seen, without saying what");
		ev->type = EVENT_BLIND;
		return 0;
	case NUNCHI_REC_SUMMARY:
		if (len < sizeof(struct nunchi_summary))
			return bad(ret_why, "a summary without its count");
		ev->type = EVENT_SUMMARY;
		return 0;
	case NUNCHI_REC_NAMESPACES:
		ev->type = EVENT_NS_CHANGED;
		return 0;
	case NUNCHI_REC_MOVED:
		ev->type = EVENT_CGROUP_MOVED;
		return 0;
	case NUNCHI_REC_ESCAPE:
		ev->type = EVENT_ESCAPE;
		return 0;
	default:
		return 0;
	}
}

int event_decode(struct event *ev, const void *data, size_t len, uint64_t boot_to_epoch,
		 const char **ret_why)
{
	const struct nunchi_head *head = data;
	size_t fixed;
	const char *p;
	int r;

	if (unlikely(len < sizeof(*head)))
		return bad(ret_why, "shorter than a record's head");
	if (unlikely(head->len < sizeof(*head) || head->len > len || head->len % 8))
		return bad(ret_why, "a record length that cannot be");

	p = (const char *)data + sizeof(*head);
	len = head->len - sizeof(*head);
	ev->type = EVENT_OTHER;
	ev->num = 0;
	ev->time = head->time + boot_to_epoch;
	ev->head = head;
	ev->call = NULL;
	ev->ret = 0;
	ev->exit_code = 0;
	ev->body = p;
	ev->body_len = len;
	ev->n_blobs = 0;
	ev->proc = NULL;
	ev->parent = NULL;
	ev->container = NULL;
	ev->host_name = NULL;

	r = decode_fixed(ev, p, len, ret_why);
	fixed = fixed_part(head->kind);
	if (r < 0 || fixed == SIZE_MAX)
		return r;
	if (unlikely(fixed > len))
		return bad(ret_why, "shorter than its kind of record");
	return decode_blobs(ev, p + fixed, len - fixed, ret_why);
}

const struct event_blob *event_blob(const struct event *ev, enum nunchi_blob_type type, int arg)
{
	for (unsigned i = 0; i < ev->n_blobs; i++)
		if (ev->blobs[i].type == type && (arg < 0 || ev->blobs[i].arg == arg))
			return &ev->blobs[i];
	return NULL;
}

static const struct {
	const char *name;
	const char *activity;
	enum activity_category category;
	bool process;
} kinds[] = {
	[EVENT_SYSCALL] = { .process = true },
#define X(id, n, a, c, p) [EVENT_##id] = { n, a, CATEGORY_##c, p },
	EVENT_TYPES(X)
#undef X
	[EVENT_OTHER] = { "other", "Other", CATEGORY_SYSTEM, false },
};

bool event_has_process(enum event_type type)
{
	return kinds[type].process;
}

const char *blind_name(uint32_t what)
{
	static const char *const names[NUNCHI_BLIND_MAX] = {
		[NUNCHI_BLIND_IO_URING] = "io_uring operations",
		[NUNCHI_BLIND_CALLS_32] = "32-bit calls",
	};

	return what < ARRAY_SIZE(names) ? names[what] : NULL;
}

void namespaces_print(struct strbuf *out, uint32_t bits)
{
	static const char *const names[NUNCHI_NS_MAX] = {
#define X(name, text) [NUNCHI_NS_##name] = text,
		NUNCHI_NAMESPACES(X)
#undef X
	};
	const char *comma = "";

	for (unsigned i = 0; i < NUNCHI_NS_MAX; i++) {
		if (!(bits & 1U << i))
			continue;
		strbuf_adds(out, comma);
		strbuf_adds(out, names[i]);
		comma = ",";
	}
}

const char *event_type_name(const struct event *ev)
{
	return ev->type == EVENT_SYSCALL ? ev->call->name : kinds[ev->type].name;
}

const char *event_activity(const struct event *ev)
{
	return ev->type == EVENT_SYSCALL ? ev->call->activity : kinds[ev->type].activity;
}

enum activity_category event_category(const struct event *ev)
{
	return ev->type == EVENT_SYSCALL ? ev->call->category : kinds[ev->type].category;
}

/* User memory that was captured of an argument, not what an fd or a directory is. */
static const struct event_blob *captured(const struct event *ev, unsigned index)
{
	for (unsigned i = 0; i < ev->n_blobs; i++) {
		const struct event_blob *b = &ev->blobs[i];

		if (b->arg == index && b->type >= NUNCHI_BLOB_STR && b->type <= NUNCHI_BLOB_BYTES)
			return b;
	}
	return NULL;
}

bool event_mismatch(const struct event *ev, struct event_mismatch *ret)
{
	const struct nunchi_call *body = ev->body;

	if (ev->type != EVENT_MISMATCH)
		return false;
	ret->call = call_of(body->nr);
	ret->found = event_blob(ev, NUNCHI_BLOB_FOUND, -1);
	ret->arg = ret->found ? ret->found->arg : 0;
	ret->used = captured(ev, ret->arg);
	if (!ret->used || !ret->found || ret->arg >= ret->call->n_args)
		ret->used = ret->found = NULL;
	return true;
}

bool event_become_counted(struct event *ev)
{
	const struct nunchi_summary *s = event_summary(ev);

	if (!s)
		return false;
	if (s->kind == NUNCHI_REC_EXIT) {
		ev->type = EVENT_PROCEXIT;
		return true;
	}
	/* A capture can say anything. */
	if ((s->kind != NUNCHI_REC_SYSCALL && s->kind != NUNCHI_REC_EXEC) || s->call.nr >= NUNCHI_CALLS_MAX)
		return false;
	ev->type = EVENT_SYSCALL;
	ev->call = call_of(s->call.nr);
	ev->ret = s->error ? s->error : s->call.ret;
	ev->abi = s->call.abi;
	memcpy(ev->args, s->call.args, sizeof(ev->args));
	return true;
}

const char *event_kind_name(uint32_t kind)
{
	switch (kind) {
	case NUNCHI_REC_EXEC:
		return "execve";
	case NUNCHI_REC_FORK:
		return "fork";
	case NUNCHI_REC_EXIT:
		return "procexit";
	case NUNCHI_REC_ENTER:
		return "entering";
	case NUNCHI_REC_NAMESPACES:
		return "ns_changed";
	case NUNCHI_REC_MOVED:
		return "cgroup_moved";
	case NUNCHI_REC_MISMATCH:
		return "argument_mismatch";
	default:
		return NULL;
	}
}

const char *event_counted_name(const struct event *ev)
{
	const struct nunchi_summary *s = event_summary(ev);

	if (!s)
		return NULL;
	if (s->kind == NUNCHI_REC_SYSCALL || s->kind == NUNCHI_REC_EXEC)
		return s->call.nr < NUNCHI_CALLS_MAX ? call_of(s->call.nr)->name : NULL;
	return event_kind_name(s->kind);
}

/* Of a successful exec the strings lie in blobs without a number: the old memory is gone. */
static const struct event_blob *captured_exec(const struct event *ev, enum arg_kind kind,
					      unsigned index)
{
	switch (kind) {
	case ARG_PATH:
	case ARG_PATHAT:
		return event_blob(ev, NUNCHI_BLOB_FILENAME, -1);
	case ARG_STRINGS:
		/* The second list of strings is the environment, which is not captured. */
		for (unsigned i = 0; i < index; i++)
			if (ev->call->args[i].kind == ARG_STRINGS)
				return NULL;
		return event_blob(ev, NUNCHI_BLOB_ARGV, -1);
	default:
		return NULL;
	}
}

/* An execve's path is never at address 0. */
static bool has_registers(const struct event *ev)
{
	return ev->args[0] || ev->args[1];
}

void event_arg_print(const struct event *ev, unsigned index, struct strbuf *out)
{
	const struct event_blob *b;
	const struct syscall_arg *arg;
	bool readable;

	if (ev->type != EVENT_SYSCALL || index >= ev->call->n_args)
		return;
	arg = &ev->call->args[index];
	if (ev->head->kind == NUNCHI_REC_EXEC) {
		b = captured_exec(ev, arg->kind, index);
		if (!b && !has_registers(ev))
			return;
	} else {
		b = captured(ev, index);
	}
	readable = b && !(b->flags & NUNCHI_BLOB_UNREADABLE);
	syscall_print_arg(out, ev->call, ev->args, index, readable ? b->data : NULL,
			  readable ? b->len : 0);
	if (readable && b->flags & NUNCHI_BLOB_TRUNCATED &&
	    (b->type == NUNCHI_BLOB_STR || b->type == NUNCHI_BLOB_STRV ||
	     b->type == NUNCHI_BLOB_FILENAME || b->type == NUNCHI_BLOB_ARGV))
		strbuf_addf(out, "... (%u bytes)", b->full);
}
