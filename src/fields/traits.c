/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process has since its last exec: terminal, standard streams, session and process group with their leaders,
 * capabilities, environment, and what its image's file is. A process that nobody saw exec has what /proc said of it.
 */
#include "accessors.h"

#include <linux/magic.h>
#include <sys/stat.h>

static const struct nunchi_traits *traits_of(const struct field_context *fc)
{
	return fc->ev->proc && fc->ev->proc->has_traits ? &fc->ev->proc->traits : NULL;
}

FIELD_GET(proc_tty)
{
	const struct nunchi_traits *t = traits_of(fc);

	if (t)
		value_set_number(ret, t->tty);
}

static void set_stream(const struct field_context *fc, unsigned fd, struct value *ret)
{
	/* As fd.type has them. */
	static const char *const types[16] = {
		[S_IFIFO >> 12] = "pipe",	   [S_IFCHR >> 12] = "char",
		[S_IFDIR >> 12] = "directory",	   [S_IFBLK >> 12] = "block",
		[S_IFREG >> 12] = "file",	   [NUNCHI_STREAM_IPV4] = "ipv4",
		[NUNCHI_STREAM_IPV6] = "ipv6",	   [NUNCHI_STREAM_UNIX] = "unix",
		[NUNCHI_STREAM_FIFO] = "fifo",
	};
	const struct nunchi_traits *t = traits_of(fc);

	if (t)
		value_set_text(ret, types[t->streams[fd] & 15]);
}

FIELD_GET(proc_stdin_type)
{
	set_stream(fc, 0, ret);
}

FIELD_GET(proc_stdout_type)
{
	set_stream(fc, 1, ret);
}

FIELD_GET(proc_stderr_type)
{
	set_stream(fc, 2, ret);
}

FIELD_GET(proc_sid)
{
	const struct nunchi_traits *t = traits_of(fc);

	if (t && t->sid)
		value_set_number(ret, t->sid);
}

FIELD_GET(proc_vpgid)
{
	const struct nunchi_traits *t = traits_of(fc);

	if (t && t->vpgid)
		value_set_number(ret, t->vpgid);
}

FIELD_GET(proc_pgid)
{
	const struct nunchi_traits *t = traits_of(fc);

	if (t && t->pgid)
		value_set_number(ret, t->pgid);
}

FIELD_GET(proc_pidns_init_start_ts)
{
	const struct nunchi_traits *t = traits_of(fc);
	const struct nunchi_head *head = task_head(fc);

	if (t && t->pidns_start && head)
		value_set_number(ret, (int64_t)(t->pidns_start + (fc->ev->time - head->time)));
}

FIELD_GET(proc_is_sid_leader)
{
	const struct nunchi_traits *t = traits_of(fc);

	if (t && t->sid)
		value_set_bool(ret, t->sid == fc->ev->proc->pid);
}

FIELD_GET(proc_is_vpgid_leader)
{
	const struct nunchi_traits *t = traits_of(fc);

	if (t && t->pgid)
		value_set_bool(ret, t->pgid == fc->ev->proc->pid);
}

static uint32_t sid_of(const struct process *p)
{
	return p->has_traits ? p->traits.sid : 0;
}

static uint32_t pgid_of(const struct process *p)
{
	return p->has_traits ? p->traits.pgid : 0;
}

/* The leader, or, if it has ended, the most distant ancestor in the same session or group, as in Falco. */
static const struct process *leader(const struct field_context *fc,
				    uint32_t (*number)(const struct process *p))
{
	const struct process *p = fc->ev->proc, *best = p, *found;
	uint32_t wanted = p ? number(p) : 0;

	if (!wanted || !fc->model)
		return NULL;
	found = model_process_alive(fc->model, wanted);
	if (found && number(found) == wanted)
		return found;
	for (unsigned n = 0; n < FIELD_ITEMS_MAX && p && number(p) == wanted; n++) {
		best = p;
		p = model_parent(fc->model, p);
	}
	return best;
}

static void set_name(struct value *ret, const struct process *p)
{
	if (p)
		value_set_comm(ret, p->comm);
}

static void set_exe(struct value *ret, const struct process *p)
{
	if (p && p->argv)
		value_set_bytes(ret, p->argv, strnlen(p->argv, p->argv_len));
}

static void set_exepath(struct value *ret, const struct process *p)
{
	if (p)
		value_set_text(ret, p->exepath);
}

#define LEADER(ident, number, set)                                                             \
	FIELD_GET(ident)                                                                       \
	{                                                                                      \
		set(ret, leader(fc, number));                                                  \
	}

LEADER(proc_sname, sid_of, set_name)
LEADER(proc_sid_exe, sid_of, set_exe)
LEADER(proc_sid_exepath, sid_of, set_exepath)
LEADER(proc_vpgid_name, pgid_of, set_name)
LEADER(proc_vpgid_exe, pgid_of, set_exe)
LEADER(proc_vpgid_exepath, pgid_of, set_exepath)

/* As Falco has them: "CAP_CHOWN CAP_KILL". */
static void set_capabilities(struct field_context *fc, struct value *ret, uint64_t bits)
{
	struct strbuf *b = scratch_next(fc);

	for (int cap = 0; cap < 64 && bits >> cap; cap++)
		if (bits >> cap & 1 && capability_name(cap))
			strbuf_addf(b, "%s%s", b->len ? " " : "", capability_name(cap));
	value_set_bytes(ret, b->s ? b->s : "", b->len);
}

/* The thread's capabilities when it made the call: those that the process's last exec left, unless the record has others. */
static bool capabilities_of(const struct field_context *fc, struct nunchi_caps *ret)
{
	const struct event_blob *now = event_blob(fc->ev, NUNCHI_BLOB_CAPS, -1);
	const struct nunchi_traits *t = traits_of(fc);

	if (now && now->len >= sizeof(*ret))
		memcpy(ret, now->data, sizeof(*ret));
	else if (t)
		*ret = (struct nunchi_caps){ t->cap_inheritable, t->cap_permitted, t->cap_effective };
	else
		return false;
	return true;
}

#define CAPABILITIES(member)                                                                   \
	FIELD_GET(thread_cap_##member)                                                         \
	{                                                                                      \
		struct nunchi_caps caps;                                                       \
                                                                                               \
		if (capabilities_of(fc, &caps))                                                \
			set_capabilities(fc, ret, caps.member);                                \
	}

CAPABILITIES(effective)
CAPABILITIES(permitted)
CAPABILITIES(inheritable)

FIELD_GET(proc_is_exe_upper_layer)
{
	if (fc->ev->proc && fc->ev->proc->exe_layer)
		value_set_bool(ret, fc->ev->proc->exe_layer == EXE_UPPER);
}

FIELD_GET(proc_is_exe_lower_layer)
{
	if (fc->ev->proc && fc->ev->proc->exe_layer)
		value_set_bool(ret, fc->ev->proc->exe_layer == EXE_LOWER);
}

FIELD_GET(proc_is_exe_moved)
{
	/* Not known of processes that ran before nunchi: /proc does not say. */
	if (fc->ev->proc && fc->ev->proc->exe_layer)
		value_set_bool(ret, fc->ev->proc->exe_moved);
}

/* The interpreter's file, if what was executed is not the file with the first instruction. NULL: none, or not known. */
static const struct event_blob *interpreter(const struct field_context *fc)
{
	const struct event_blob *blob = event_blob(fc->ev, NUNCHI_BLOB_INTERPRETER, -1);

	return blob && blob->len >= sizeof(struct nunchi_file) ? blob : NULL;
}

FIELD_GET(proc_interpreter)
{
	const struct event_blob *blob = interpreter(fc);
	struct strbuf *b;

	if (!blob)
		return;
	b = scratch_next(fc);
	path_from_walk(b, blob);
	value_set_strbuf(ret, b);
}

FIELD_GET(proc_is_interpreter_upper_layer)
{
	const struct event_blob *blob = interpreter(fc);
	struct nunchi_file file;

	if (!blob)
		return;
	memcpy(&file, blob->data, sizeof(file));
	value_set_bool(ret, file.magic == OVERLAYFS_SUPER_MAGIC && blob->flags & NUNCHI_BLOB_UPPER);
}

/* The mode is not known of processes that ran before nunchi. */
static void set_exe_mark(const struct field_context *fc, struct value *ret, bool (*is)(const struct process *p))
{
	if (fc->ev->proc && fc->ev->proc->exe_mode)
		value_set_bool(ret, is(fc->ev->proc));
}

static bool is_setuid(const struct process *p)
{
	return p->exe_mode & S_ISUID;
}

/* Without execute permission for the group the set-group-ID bit means something else to the kernel. */
static bool is_setgid(const struct process *p)
{
	return (p->exe_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
}

static bool is_deleted(const struct process *p)
{
	return p->exe_deleted;
}

FIELD_GET(proc_is_exe_setuid)
{
	set_exe_mark(fc, ret, is_setuid);
}

FIELD_GET(proc_is_exe_setgid)
{
	set_exe_mark(fc, ret, is_setgid);
}

FIELD_GET(proc_is_exe_deleted)
{
	set_exe_mark(fc, ret, is_deleted);
}

FIELD_GET(proc_is_exe_writable)
{
	const struct nunchi_traits *t = traits_of(fc);

	if (t && t->flags & NUNCHI_TRAIT_EXE)
		value_set_bool(ret, t->flags & NUNCHI_TRAIT_WRITABLE);
}

FIELD_GET(proc_exe_ino)
{
	if (fc->ev->proc && fc->ev->proc->exe_ino)
		value_set_number(ret, (int64_t)fc->ev->proc->exe_ino);
}

FIELD_GET(proc_exe_ino_ctime)
{
	const struct nunchi_traits *t = traits_of(fc);

	if (t && t->exe_ctime)
		value_set_number(ret, (int64_t)t->exe_ctime);
}

FIELD_GET(proc_exe_ino_mtime)
{
	const struct nunchi_traits *t = traits_of(fc);

	if (t && t->exe_mtime)
		value_set_number(ret, (int64_t)t->exe_mtime);
}

/* The time between a boot time and the file's last change; missing if the two were in the other order. */
static void set_between(const struct field_context *fc, struct value *ret, uint64_t boot, bool since)
{
	const struct nunchi_traits *t = traits_of(fc);
	const struct nunchi_head *head = task_head(fc);
	uint64_t epoch;

	if (!t || !t->exe_ctime || !boot || !head)
		return;
	epoch = boot + (fc->ev->time - head->time);
	if (since ? t->exe_ctime >= epoch : epoch >= t->exe_ctime)
		value_set_number(ret, (int64_t)(since ? t->exe_ctime - epoch : epoch - t->exe_ctime));
}

FIELD_GET(proc_exe_ino_ctime_duration_proc_start)
{
	if (fc->ev->proc)
		set_between(fc, ret, fc->ev->proc->start, false);
}

FIELD_GET(proc_exe_ino_ctime_duration_pidns_start)
{
	const struct nunchi_traits *t = traits_of(fc);

	if (t)
		set_between(fc, ret, t->pidns_start, true);
}

static const char *variable(const struct process *p, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = p->env; at < p->env + p->env_len; at += strlen(at) + 1)
		if (!strncmp(at, name, len) && at[len] == '=')
			return at + len + 1;
	return NULL;
}

static void set_env(struct field_context *fc, const struct process *p, struct value *ret)
{
	struct strbuf *b;

	if (!p || !p->env)
		return;
	b = scratch_next(fc);
	for (const char *at = p->env; at < p->env + p->env_len; at += strlen(at) + 1)
		strbuf_addf(b, "%s%s", b->len ? " " : "", at);
	value_set_bytes(ret, b->s ? b->s : "", b->len);
}

FIELD_GET(proc_env)
{
	const struct process *p = fc->ev->proc;

	if (!arg)
		set_env(fc, p, ret);
	else if (p && p->env)
		value_set_text(ret, variable(p, arg));
}

#define ENV_ANCESTORS_MAX 20	/* Falco looks no further */

/* A number is an ancestor (0: the process itself) and means its whole environment; a name means the nearest ancestor's variable. */
FIELD_GET(proc_aenv)
{
	bool number = !arg || !arg[strspn(arg, "0123456789")];
	unsigned long steps = number ? (arg ? strtoul(arg, NULL, 10) : 0) : ENV_ANCESTORS_MAX;
	const struct process *p = fc->ev->proc;

	for (unsigned long i = 0; p && fc->model && i < steps && ret->type == VALUE_NONE; i++) {
		p = model_parent(fc->model, p);
		if (!number && p && p->env)
			value_set_text(ret, variable(p, arg));
	}
	if (number && (fc->model || !steps))
		set_env(fc, p, ret);
}
