/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments by the names that Falco's events have for them, where the kernel's are others, or where
 * Falco shows something else: paths are absolute, modes are names of bits, and what came out of the
 * call is an argument too.
 */
#include "accessors.h"

#include <sys/stat.h>

#define NAMES_MAX 4

/* Falco's name, and what the kernel calls it, by preference; of one call, or of whichever has one of them. */
static const struct {
	const char *name;
	const char *kernel[NAMES_MAX];
	const char *call;
} aliases[] = {
	{ "path", { "path", "pathname" } },
	{ "name", { "pathname", "filename" } },
	{ "name", { "target" }, "umount2" },
	{ "filename", { "pathname", "filename" } },
	{ "oldpath", { "oldpath" } },
	{ "newpath", { "newpath" } },
	{ "linkpath", { "linkpath" } },
	{ "linkdirfd", { "newdirfd" } },
	{ "olddir", { "olddirfd" } },
	{ "newdir", { "newdirfd" } },
	{ "fd", { "sockfd", "oldfd" } },
	{ "proto", { "protocol" } },
	{ "data", { "buf" } },
	{ "addr", { "addr", "dest_addr", "src_addr", "uaddr" } },
	{ "dir", { "target" } },
	{ "dev", { "source" } },
	{ "type", { "filesystemtype" } },
	{ "argument", { "argp" } },
	{ "arg2_str", { "arg2" } },
	{ "arg2_int", { "arg2" } },
	{ "uargs", { "param_values", "uargs" } },
	{ "img", { "module_image" } },
	{ "mountfd", { "mount_fd" } },
	{ "pid_fd", { "pidfd" } },
	{ "target_fd", { "targetfd" } },
	{ "fdin", { "fd_in" } },
	{ "fdout", { "fd_out" } },
	{ "offin", { "off_in" } },
	{ "offout", { "off_out" } },
	{ "pos", { "offset" } },
	{ "pgoffset", { "offset" } },
	{ "interval", { "duration", "request" } },
	{ "timeout", { "tmo_p" } },
	{ "size", { "count", "len" } },
	{ "length", { "len" } },
	{ "len", { "len", "size" } },
	{ "flags", { "mountflags" } },
	{ "uid", { "owner" } },
	{ "gid", { "group" } },
	{ "pid", { "tgid" } },
	{ "op", { "futex_op", "operation" } },
	{ "cmd", { "op" }, "quotactl" },
	{ "val", { "optval" } },
};

const char *const falco_arg_names[] = {
	"path", "name", "filename", "oldpath", "newpath", "linkpath", "linkdirfd", "olddir", "newdir", "fd",
	"proto", "data", "addr", "dir", "dev", "type", "argument", "arg2_str", "arg2_int", "uargs", "img",
	"timeout", "size", "length", "len", "pid", "op", "cmd", "val",
	"mountfd", "pid_fd", "target_fd", "fdin", "fdout", "offin", "offout", "pos", "pgoffset", "interval",
	"res", "res_or_fd", "tuple", "exe", "args", "cwd", "comm", "tid", "ptid", "flags", "mode",
	"cap_effective", "cap_permitted", "cap_inheritable", "env", "tty", "vpgid", "pgid", "loginuid", "uid",
	"gid", "vtid", "vpid", "exe_ino", "exe_ino_ctime", "exe_ino_mtime", "trusted_exepath",
	"pidns_init_start_ts",
	/* What no record has: missing. */
	"cgroups", "creat_flags", "cur", "max", "newcur", "newmax", "oldcur", "oldmax", "fd1", "fd2",
	"fdlimit", "pgft_maj", "pgft_min", "vm_size", "vm_rss", "vm_swap", "ino", "msgcontrol", "peer",
	"queuelen", "queuemax", "queuepct", "resolve", "value_bytebuf", "value_charbuf", "dqb_bhardlimit",
	"dqb_bsoftlimit", "dqb_btime", "dqb_curspace", "dqb_ihardlimit", "dqb_isoftlimit", "dqb_itime",
	"dqi_bgrace", "dqi_flags", "dqi_igrace", "quota_fmt", "quota_fmt_out", "quotafilepath", "sem_flg_0",
	"sem_flg_1", "sem_num_0", "sem_num_1", "sem_op_0", "sem_op_1", "ID", "nativeID", "sq_entries", "cq_entries",
	"sq_thread_cpu", "sq_thread_idle", "features",
};
const size_t falco_arg_names_len = ARRAY_SIZE(falco_arg_names);

static const struct {
	const char *name;
	mode_t bit;
} mode_bits[] = {
	{ "S_IXOTH", S_IXOTH }, { "S_IWOTH", S_IWOTH }, { "S_IROTH", S_IROTH },
	{ "S_IXGRP", S_IXGRP }, { "S_IWGRP", S_IWGRP }, { "S_IRGRP", S_IRGRP },
	{ "S_IXUSR", S_IXUSR }, { "S_IWUSR", S_IWUSR }, { "S_IRUSR", S_IRUSR },
	{ "S_ISVTX", S_ISVTX }, { "S_ISGID", S_ISGID }, { "S_ISUID", S_ISUID },
};

static void mode_get(struct field_context *fc, uint64_t mode, struct value *ret)
{
	struct strbuf *b = scratch_next(fc);

	for (size_t i = 0; i < ARRAY_SIZE(mode_bits); i++) {
		if (!(mode & mode_bits[i].bit))
			continue;
		strbuf_adds(b, b->len ? "|" : "");
		strbuf_adds(b, mode_bits[i].name);
	}
	value_set_bytes(ret, b->s, b->len);
}

/* By the name that Falco has for it in this call. */
bool falco_arg_find(const struct syscall_info *call, const char *arg, unsigned *ret_index)
{
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++) {
		if (!streq(aliases[i].name, arg) || (aliases[i].call && !streq(aliases[i].call, call->name)))
			continue;
		for (size_t k = 0; k < NAMES_MAX && aliases[i].kernel[k]; k++)
			if (syscall_find_arg(call, aliases[i].kernel[k],
					     strlen(aliases[i].kernel[k]), ret_index))
				return true;
	}
	return false;
}

static void result_get(struct field_context *fc, struct value *ret)
{
	struct strbuf *b;

	if (event_is_entry(fc->ev))
		return;
	if (event_failed(fc->ev)) {
		value_set_text(ret, result_name(fc->ev->call, fc->ev->ret));
		return;
	}
	b = scratch_next(fc);
	strbuf_addi(b, fc->ev->ret);
	value_set_bytes(ret, b->s, b->len);
}

/* Flags of an execve about the program's file: EXE_WRITABLE|EXE_UPPER_LAYER. */
static void exec_flags_get(struct field_context *fc, struct value *ret)
{
	static const struct {
		const char *name;
		void (*get)(struct field_context *fc, const char *arg, struct value *ret);
	} flags[] = {
		{ "EXE_WRITABLE", field_get_proc_is_exe_writable },
		{ "EXE_UPPER_LAYER", field_get_proc_is_exe_upper_layer },
		{ "EXE_FROM_MEMFD", field_get_proc_is_exe_from_memfd },
		{ "EXE_LOWER_LAYER", field_get_proc_is_exe_lower_layer },
	};
	struct strbuf *b = scratch_next(fc);

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		struct value is = { .type = VALUE_NONE };

		flags[i].get(fc, NULL, &is);
		if (is.type == VALUE_BOOL && is.n)
			strbuf_addf(b, "%s%s", b->len ? "|" : "", flags[i].name);
	}
	value_set_strbuf(ret, b);
}

/* Arguments by which an execve describes the new image, and a fork the new process. */
static const struct {
	const char *name;
	void (*get)(struct field_context *fc, const char *arg, struct value *ret);
} exec_parts[] = {
	{ "exe", field_get_proc_exe },
	{ "args", field_get_proc_args },
	{ "cwd", field_get_proc_cwd },
	{ "comm", field_get_proc_name },
	{ "tid", field_get_thread_tid },
	{ "pid", field_get_proc_pid },
	{ "ptid", field_get_proc_ppid },
	{ "vtid", field_get_thread_vtid },
	{ "vpid", field_get_proc_vpid },
	{ "env", field_get_proc_env },
	{ "tty", field_get_proc_tty },
	{ "pgid", field_get_proc_pgid },
	{ "vpgid", field_get_proc_vpgid },
	{ "uid", field_get_user_uid },
	{ "gid", field_get_group_gid },
	{ "loginuid", field_get_user_loginuid },
	{ "cap_effective", field_get_thread_cap_effective },
	{ "cap_permitted", field_get_thread_cap_permitted },
	{ "cap_inheritable", field_get_thread_cap_inheritable },
	{ "exe_ino", field_get_proc_exe_ino },
	{ "exe_ino_ctime", field_get_proc_exe_ino_ctime },
	{ "exe_ino_mtime", field_get_proc_exe_ino_mtime },
	{ "trusted_exepath", field_get_proc_exepath },
	{ "pidns_init_start_ts", field_get_proc_pidns_init_start_ts },
};

/* Arguments are texts. */
static bool exec_get(struct field_context *fc, const char *arg, struct value *ret)
{
	struct value v = { .type = VALUE_NONE };

	if (!(fc->ev->call->flags & (SYSCALL_EXEC | SYSCALL_FORK)))
		return false;
	/* If the execve failed there is no new image, and its flags are the kernel's argument. */
	if (streq(arg, "flags") && fc->ev->head->kind == NUNCHI_REC_EXEC) {
		exec_flags_get(fc, ret);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(exec_parts); i++) {
		if (!streq(exec_parts[i].name, arg))
			continue;
		exec_parts[i].get(fc, NULL, &v);
		if (v.type == VALUE_NONE)
			return true;
		if (v.type != VALUE_STRING) {
			struct strbuf *b = scratch_next(fc);

			value_print(b, &v);
			value_set_strbuf(&v, b);
		}
		*ret = v;
		return true;
	}
	return false;
}

static bool is_chmod(const struct syscall_info *call)
{
	return strstr(call->name, "chmod") != NULL;
}

/* If the call has its flags in a struct: the similar call that has them in a register. Else NULL. */
static const char *has_flags_like(const struct syscall_info *call)
{
	return streq(call->name, "openat2") ? "openat" : streq(call->name, "clone3") ? "clone" : NULL;
}

static bool clone_flags(const struct event *ev, uint64_t *ret)
{
	const struct event_blob *b = event_blob(ev, NUNCHI_BLOB_BYTES, 0);

	if (!b || b->len < sizeof(*ret) || b->flags & NUNCHI_BLOB_UNREADABLE)
		return false;
	memcpy(ret, b->data, sizeof(*ret));
	return true;
}

static bool struct_flags_get(struct field_context *fc, struct value *ret)
{
	const char *like = has_flags_like(fc->ev->call);
	bool clones = like && streq(like, "clone");
	const struct syscall_info *call;
	struct strbuf *b;
	uint64_t flags;
	unsigned index;

	if (!like || !(clones ? clone_flags : event_open_flags)(fc->ev, &flags))
		return false;
	call = syscall_by_name(like, strlen(like));
	b = scratch_next(fc);
	if (clones)	/* which has more of them, and no signal among them */
		clone3_flags_print(b, flags);
	else
		arg_print(b, syscall_find_arg(call, "flags", strlen("flags"), &index), flags, NULL, 0);
	value_set_bytes(ret, b->s, b->len);
	return true;
}

bool falco_arg_is_result(const struct syscall_info *call, const char *arg)
{
	unsigned index;

	return streq(arg, "res") || streq(arg, "res_or_fd") ||
	       (streq(arg, "fd") && call->ret == RET_FD && !falco_arg_find(call, arg, &index));
}

/* Gets what Falco has as an argument but the kernel has not. */
static bool made_get(struct field_context *fc, const char *arg, struct value *ret)
{
	const struct event *ev = fc->ev;
	unsigned index;

	if (falco_arg_is_result(ev->call, arg)) {
		result_get(fc, ret);
		return true;
	}
	if (streq(arg, "tuple")) {
		field_get_fd_name(fc, NULL, ret);
		return true;
	}
	if (streq(arg, "mode") && is_chmod(ev->call) &&
	    syscall_find_arg(ev->call, "mode", strlen("mode"), &index)) {
		mode_get(fc, ev->args[index], ret);
		return true;
	}
	if (streq(arg, "flags") && struct_flags_get(fc, ret))
		return true;
	return exec_get(fc, arg, ret);
}

bool falco_arg_has(const struct syscall_info *call, const char *arg)
{
	unsigned index;

	if (falco_arg_is_result(call, arg) || streq(arg, "tuple") || falco_arg_find(call, arg, &index))
		return true;
	if (streq(arg, "flags") && (has_flags_like(call) || call->flags & SYSCALL_EXEC))
		return true;
	for (size_t i = 0; call->flags & (SYSCALL_EXEC | SYSCALL_FORK) && i < ARRAY_SIZE(exec_parts); i++)
		if (streq(exec_parts[i].name, arg))
			return true;
	return false;
}

bool falco_arg_get(struct field_context *fc, const char *arg, struct value *ret)
{
	const struct event *ev = fc->ev;
	struct strbuf *b;
	unsigned index;

	if (ev->type != EVENT_SYSCALL)
		return false;
	if (made_get(fc, arg, ret))
		return true;
	if (!falco_arg_find(ev->call, arg, &index))
		return false;
	b = scratch_next(fc);
	if (!event_arg_path(ev, ev->proc ? ev->proc->cwd : NULL, index, b))
		event_arg_print(ev, index, b);
	value_set_strbuf(ret, b);
	return true;
}
