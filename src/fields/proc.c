/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proc.*, thread.*, user.*, group.*. Ids and the name come from the record itself: they are those of
 * the moment. What the record does not carry comes from the model's process.
 */
#include "accessors.h"

/* Members of the record's head, if a task caused it. */
#define HEAD_NUMBER(ident, member)                                                             \
	FIELD_GET(ident)                                                                       \
	{                                                                                      \
		const struct nunchi_head *head = task_head(fc);                                \
                                                                                               \
		if (head)                                                                      \
			value_set_number(ret, (int64_t)head->member);                          \
	}

HEAD_NUMBER(proc_pid, pid)
HEAD_NUMBER(proc_ppid, ppid)
HEAD_NUMBER(proc_vpid, vpid)
HEAD_NUMBER(thread_tid, tid)
HEAD_NUMBER(thread_vtid, vtid)
HEAD_NUMBER(proc_pidns, pidns)
HEAD_NUMBER(proc_mntns, mntns)
HEAD_NUMBER(proc_cgroup_id, cgroup & ~NUNCHI_CGROUP_V1)
HEAD_NUMBER(user_uid, uid)
HEAD_NUMBER(group_gid, gid)

FIELD_GET(thread_ismain)
{
	const struct nunchi_head *head = task_head(fc);

	if (head)
		value_set_bool(ret, head->tid == head->pid);
}

FIELD_GET(user_loginuid)
{
	const struct nunchi_head *head = task_head(fc);

	/* (uid_t)-1 is "not set", and Falco shows it as -1. */
	if (head)
		value_set_number(ret, (int32_t)head->loginuid);
}

FIELD_GET(proc_start_ts)
{
	const struct nunchi_head *head = task_head(fc);

	/* The record knows its time by both clocks: their difference is the offset. */
	if (head && head->start)
		value_set_number(ret, (int64_t)(head->start + (fc->ev->time - head->time)));
}

/* While the container is not known, neither is whose names apply: the host's would be a guess. */
FIELD_GET(user_name)
{
	const struct nunchi_head *head = task_head(fc);

	if (head && fc->model && event_owner(fc) != OWNER_UNKNOWN)
		value_set_text(ret, model_user_name(fc->model, fc->ev->container, head->uid));
}

FIELD_GET(group_name)
{
	const struct nunchi_head *head = task_head(fc);

	if (head && fc->model && event_owner(fc) != OWNER_UNKNOWN)
		value_set_text(ret, model_group_name(fc->model, fc->ev->container, head->gid));
}

FIELD_GET(proc_name)
{
	const struct nunchi_head *head = task_head(fc);

	if (head)
		value_set_comm(ret, head->comm);
}

FIELD_GET(proc_prev_name)
{
	if (fc->ev->proc)
		value_set_comm(ret, fc->ev->proc->prev_comm);
}

FIELD_GET(proc_exepath)
{
	if (fc->ev->proc)
		value_set_text(ret, fc->ev->proc->exepath);
}

FIELD_GET(proc_exename)
{
	const char *path = fc->ev->proc ? fc->ev->proc->exepath : NULL;
	const char *slash = path ? strrchr(path, '/') : NULL;

	value_set_text(ret, slash ? slash + 1 : path);
}

/* What is shown: the file's name, which a program cannot choose. */
FIELD_GET(proc_program)
{
	field_get_proc_exename(fc, arg, ret);
	if (ret->type == VALUE_NONE)
		field_get_proc_name(fc, arg, ret);
}

FIELD_GET(proc_execfn)
{
	if (fc->ev->proc)
		process_execfn(fc->ev->proc, ret);
}

FIELD_GET(proc_cmdline)
{
	if (fc->ev->proc)
		value_set_text(ret, fc->ev->proc->cmdline);
}

FIELD_GET(proc_is_container_exec)
{
	if (fc->ev->proc)
		value_set_bool(ret, fc->ev->proc->entered);
}

FIELD_GET(proc_entered_by)
{
	if (fc->ev->proc && fc->ev->proc->entered)
		value_set_comm(ret, fc->ev->proc->entered_by);
}

FIELD_GET(proc_sandboxed)
{
	const struct nunchi_head *head = task_head(fc);

	if (head && event_owner(fc) == OWNER_HOST)
		value_set_bool(ret, head->flags & NUNCHI_F_SANDBOXED);
}

FIELD_GET(proc_cwd)
{
	if (fc->ev->proc)
		value_set_text(ret, fc->ev->proc->cwd);
}

FIELD_GET(proc_chroot)
{
	if (fc->ev->proc)
		value_set_text(ret, fc->ev->proc->chroot);
}

FIELD_GET(proc_exe)
{
	const struct process *p = fc->ev->proc;

	if (p && p->argv)
		value_set_bytes(ret, p->argv, strnlen(p->argv, p->argv_len));
}

/* The arguments after argv[0]; *ret_len: their length together, without the last NUL. NULL: unknown. */
static const char *arguments(const struct process *p, size_t *ret_len)
{
	size_t first;

	if (!p || !p->argv)
		return NULL;
	first = MIN(strnlen(p->argv, p->argv_len) + 1, (size_t)p->argv_len);
	*ret_len = p->argv_len - first;
	if (*ret_len && !p->argv[p->argv_len - 1])
		--*ret_len;
	return p->argv + first;
}

static void argument_get(const char *args, size_t len, unsigned long index, struct value *ret)
{
	size_t at = 0;

	while (index-- && at < len)
		at += strnlen(args + at, len - at) + 1;
	if (at < len)
		value_set_bytes(ret, args + at, strnlen(args + at, len - at));
}

FIELD_GET(proc_args)
{
	size_t len;
	const char *args = arguments(fc->ev->proc, &len);
	struct strbuf *b;

	if (!args)
		return;
	if (arg) {
		argument_get(args, len, strtoul(arg, NULL, 10), ret);
		return;
	}
	b = scratch_next(fc);
	strbuf_add(b, args, len);
	for (size_t i = 0; i < b->len; i++)
		if (!b->s[i])
			b->s[i] = ' ';
	value_set_bytes(ret, b->s, b->len);
}

static bool is_many_programs(const char *name, size_t len)
{
	static const char *const names[] = { "busybox", "toybox", "coreutils" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (len >= strlen(names[i]) && !memcmp(name, names[i], strlen(names[i])))
			return true;
	return false;
}

/* Reduces a path to its last component, and a login shell's name to what is after the dash. */
static void to_name(struct value *v)
{
	const char *slash = v->len ? memrchr(v->s, '/', v->len) : NULL;

	if (slash)
		value_set_bytes(v, slash + 1, v->len - (size_t)(slash + 1 - v->s));
	if (v->len && v->s[0] == '-')
		value_set_bytes(v, v->s + 1, v->len - 1);
}

/* The applet's name is argv[0] if that is not the file's own name; else the first argument that is not. */
FIELD_GET(proc_applet)
{
	static const char option[] = "--coreutils-prog=";
	struct value word = { .type = VALUE_NONE };
	const char *args;
	size_t len;

	field_get_proc_exename(fc, NULL, &word);
	if (word.type == VALUE_NONE || !is_many_programs(word.s, word.len))
		return;
	args = arguments(fc->ev->proc, &len);
	if (!args)
		return;
	field_get_proc_exe(fc, NULL, &word);
	to_name(&word);
	for (unsigned long i = 0; is_many_programs(word.s, word.len); i++) {
		word.type = VALUE_NONE;
		argument_get(args, len, i, &word);
		if (word.type == VALUE_NONE)
			return;
		if (word.len >= sizeof(option) - 1 && !memcmp(word.s, option, sizeof(option) - 1))
			value_set_bytes(&word, word.s + sizeof(option) - 1, word.len - (sizeof(option) - 1));
		to_name(&word);
	}
	if (word.len)
		*ret = word;
}

FIELD_GET(proc_cmdlenargs)
{
	size_t len, n = 0;
	const char *args = arguments(fc->ev->proc, &len);

	if (!args)
		return;
	for (size_t i = 0; i < len; i++)
		n += args[i] != '\0';
	value_set_number(ret, (int64_t)n);
}

FIELD_GET(proc_is_cmdline_cut)
{
	const struct process *p = fc->ev->proc;

	if (p && p->argv)
		value_set_bool(ret, p->argv_full > p->argv_len);
}

FIELD_GET(proc_pname)
{
	const struct event_blob *blob;

	if (fc->ev->parent) {
		value_set_comm(ret, fc->ev->parent->comm);
		return;
	}
	blob = task_head(fc) ? event_blob(fc->ev, NUNCHI_BLOB_PARENT_COMM, -1) : NULL;
	if (blob && blob->len)
		value_set_bytes(ret, blob->data, strnlen(blob->data, blob->len));
	else if (fc->ev->proc)
		value_set_comm(ret, fc->ev->proc->parent_comm);
}

FIELD_GET(proc_pvpid)
{
	if (fc->ev->parent && fc->ev->parent->vpid)
		value_set_number(ret, fc->ev->parent->vpid);
}

FIELD_GET(proc_pexepath)
{
	if (fc->ev->parent)
		value_set_text(ret, fc->ev->parent->exepath);
}

FIELD_GET(proc_pcmdline)
{
	if (fc->ev->parent)
		value_set_text(ret, fc->ev->parent->cmdline);
}

FIELD_GET(proc_nargs)
{
	const struct process *p = fc->ev->proc;
	int64_t n = -1;

	if (!p || !p->argv)
		return;
	for (size_t at = 0; at < p->argv_len; at += strnlen(p->argv + at, p->argv_len - at) + 1)
		n++;
	value_set_number(ret, MAX(n, (int64_t)0));
}

FIELD_GET(proc_exeline)
{
	const struct process *p = fc->ev->proc;
	struct strbuf *b;

	if (!p || !p->argv)
		return;
	b = scratch_next(fc);
	strbuf_add(b, p->argv, p->argv_len);
	while (b->len && !b->s[b->len - 1])
		b->len--;
	for (size_t i = 0; i < b->len; i++)
		if (!b->s[i])
			b->s[i] = ' ';
	b->s[b->len] = '\0';
	value_set_bytes(ret, b->s, b->len);
}

FIELD_GET(proc_is_exe_from_memfd)
{
	if (fc->ev->proc && fc->ev->proc->exepath)
		value_set_bool(ret, starts_with(fc->ev->proc->exepath, "memfd:"));
}

FIELD_GET(user_loginname)
{
	const struct nunchi_head *head = task_head(fc);

	if (head && fc->model && head->loginuid != UINT32_MAX)
		value_set_text(ret, model_user_name(fc->model, NULL, head->loginuid));
}
