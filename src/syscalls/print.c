/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments as a person would write them. What was captured is user memory: its length is checked
 * against what is read from it, and what is too short is shown as bytes.
 */
#include "values.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>

struct flag_list {
	struct strbuf *out;
	bool any;
};

static void add_flag(struct flag_list *list, const char *name)
{
	if (list->any)
		strbuf_addc(list->out, '|');
	strbuf_adds(list->out, name);
	list->any = true;
}

/* Adds the names of the bits that have one and returns the other bits. */
static uint64_t add_named(struct flag_list *list, const struct named_value *v, uint64_t raw)
{
	uint64_t rest = raw;

	for (; v && v->name; v++) {
		if (v->mask ? (raw & v->mask) != v->value
			    : !v->value || (rest & v->value) != v->value)
			continue;
		add_flag(list, v->name);
		rest &= ~(v->mask ? v->mask : v->value);
	}
	return rest;
}

static void end_flags(struct flag_list *list, uint64_t rest)
{
	if (!rest && list->any)
		return;
	if (list->any)
		strbuf_addc(list->out, '|');
	if (rest)
		strbuf_addx(list->out, rest);
	else
		strbuf_addc(list->out, '0');
}

static void print_flags(struct strbuf *out, const struct named_value *values, uint64_t raw)
{
	struct flag_list list = { out, false };

	end_flags(&list, add_named(&list, values, raw));
}

static const char *enum_name(const struct named_value *v, uint32_t raw)
{
	for (; v && v->name; v++)
		if (v->value == raw)
			return v->name;
	return NULL;
}

/* Small numbers are counted, large ones (ioctl requests, magic numbers) are made of bits. */
static void print_enum(struct strbuf *out, const struct named_value *values, uint32_t raw)
{
	const char *name = enum_name(values, raw);

	if (name)
		strbuf_adds(out, name);
	else if ((int32_t)raw < -4095 || (int32_t)raw > 0xffff)
		strbuf_addx(out, raw);
	else
		strbuf_addi(out, (int32_t)raw);
}

/* Numbers that stand for something of which the caller needs no descriptor. */
static void print_descriptor(struct strbuf *out, int32_t fd)
{
	static const struct named_value known[] = {
		{ "PIDFD_SELF_THREAD", (uint32_t)-10000, 0 }, { "PIDFD_SELF_THREAD_GROUP", (uint32_t)-10001, 0 },
		{ "FD_PIDFS_ROOT", (uint32_t)-10002, 0 }, { "FD_NSFS_ROOT", (uint32_t)-10003, 0 }, END
	};
	const char *name = enum_name(known, (uint32_t)fd);

	if (name)
		strbuf_adds(out, name);
	else
		strbuf_addi(out, fd);
}

static void print_clone_flags(struct strbuf *out, uint32_t raw)
{
	struct flag_list list = { out, false };
	uint32_t signal = raw & CSIGNAL;
	uint64_t rest = add_named(&list, values_clone_flags, raw & ~(uint32_t)CSIGNAL);
	const char *name = signal_name((int)signal);

	if (signal && name)
		add_flag(&list, name);
	else
		rest |= signal;
	end_flags(&list, rest);
}

static void print_socket_type(struct strbuf *out, uint32_t raw)
{
	const uint32_t type_mask = 0xf;
	struct flag_list list = { out, true };
	uint64_t rest;

	print_enum(out, values_sock_types, raw & type_mask);
	rest = add_named(&list, values_sock_flags, raw & ~type_mask);
	end_flags(&list, rest);
}

static void print_mode(struct strbuf *out, uint16_t mode)
{
	static const struct named_value types[] = {
		N(S_IFREG), N(S_IFDIR), N(S_IFCHR), N(S_IFBLK), N(S_IFIFO), N(S_IFLNK), N(S_IFSOCK),
		END
	};
	const char *type = enum_name(types, mode & S_IFMT);

	if (type) {
		strbuf_adds(out, type);
		strbuf_addc(out, '|');
		mode &= (uint16_t)~S_IFMT;
	}
	strbuf_addo(out, mode);
}

static void print_mode_flags(struct strbuf *out, const struct named_value *values, uint32_t raw)
{
	const uint32_t mode_mask = 0777;
	struct flag_list list = { out, false };
	uint64_t rest = add_named(&list, values, raw & ~mode_mask);

	if (rest || !(raw & mode_mask)) {
		end_flags(&list, rest);
		list.any = true;
	}
	if (!(raw & mode_mask))
		return;
	if (list.any)
		strbuf_addc(out, '|');
	strbuf_addo(out, raw & mode_mask);
}

/* The kernel's encoding of a dev_t in 32 bits (new_decode_dev). */
static void print_device(struct strbuf *out, uint32_t dev)
{
	strbuf_addu(out, (dev >> 8) & 0xfff);
	strbuf_addc(out, ':');
	strbuf_addu(out, (dev & 0xff) | ((dev >> 12) & 0xfff00));
}

static void print_pointer(struct strbuf *out, uint64_t raw)
{
	if (raw)
		strbuf_addx(out, raw);
	else
		strbuf_adds(out, "NULL");
}

static void print_signal(struct strbuf *out, int sig)
{
	const char *name = signal_name(sig);

	if (name)
		strbuf_adds(out, name);
	else
		strbuf_addi(out, sig);
}

/* Each string ends with a NUL, but perhaps the last one. */
static void print_strings(struct strbuf *out, const char *data, size_t len)
{
	if (len && !data[len - 1])
		len--;
	for (const char *nul; (nul = memchr(data, '\0', len));) {
		strbuf_add(out, data, (size_t)(nul - data));
		strbuf_addc(out, ' ');
		len -= (size_t)(nul + 1 - data);
		data = nul + 1;
	}
	strbuf_add(out, data, len);
}

static void print_hex(struct strbuf *out, const char *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		strbuf_addc(out, digits[(uint8_t)data[i] >> 4]);
		strbuf_addc(out, digits[(uint8_t)data[i] & 15]);
	}
}

/* Seconds and a fraction of so many digits; a fraction that is none is told as it is. */
static void print_time(struct strbuf *out, const char *data, int digits)
{
	int64_t t[2], units = digits == 9 ? 1000000000 : 1000000;

	memcpy(t, data, sizeof(t));
	if (t[1] < 0 || t[1] >= units)
		strbuf_addf(out, "{%lld, %lld}", (long long)t[0], (long long)t[1]);
	else
		strbuf_addf(out, "%lld.%0*lld", (long long)t[0], digits, (long long)t[1]);
}

static void print_fd_pair(struct strbuf *out, const char *data)
{
	int32_t fds[2];

	memcpy(fds, data, sizeof(fds));
	strbuf_addf(out, "[%d, %d]", fds[0], fds[1]);
}

static void print_open_how(struct strbuf *out, const char *data)
{
	struct open_how how;

	memcpy(&how, data, sizeof(how));
	strbuf_adds(out, "{flags=");
	print_flags(out, values_open_flags, how.flags);
	strbuf_adds(out, ", mode=");
	strbuf_addo(out, how.mode);
	strbuf_adds(out, ", resolve=");
	print_flags(out, values_resolve_flags, how.resolve);
	strbuf_addc(out, '}');
}

void clone3_flags_print(struct strbuf *out, uint64_t flags)
{
	print_flags(out, values_clone_flags, flags);
}

/* Shown unasked is what the oldest form of the struct has: other bytes follow a short one. */
static void print_clone_args(struct strbuf *out, const char *data)
{
	struct clone_args args;

	memcpy(&args, data, sizeof(args));
	strbuf_adds(out, "{flags=");
	clone3_flags_print(out, args.flags);
	strbuf_adds(out, ", exit_signal=");
	print_signal(out, (int)args.exit_signal);
	if (args.flags & CLONE_INTO_CGROUP) {
		strbuf_adds(out, ", cgroup=");
		strbuf_addi(out, (int32_t)args.cgroup);
	}
	strbuf_addc(out, '}');
}

static void print_limit(struct strbuf *out, uint64_t limit)
{
	if (limit == UINT64_MAX)
		strbuf_adds(out, "RLIM_INFINITY");
	else
		strbuf_addu(out, limit);
}

static void print_rlimit(struct strbuf *out, const char *data)
{
	uint64_t limits[2];

	memcpy(limits, data, sizeof(limits));
	strbuf_adds(out, "{cur=");
	print_limit(out, limits[0]);
	strbuf_adds(out, ", max=");
	print_limit(out, limits[1]);
	strbuf_addc(out, '}');
}

static void print_cap_header(struct strbuf *out, const char *data)
{
	static const struct named_value versions[] = {
		N(_LINUX_CAPABILITY_VERSION_1), N(_LINUX_CAPABILITY_VERSION_2),
		N(_LINUX_CAPABILITY_VERSION_3), END
	};
	struct __user_cap_header_struct header;

	memcpy(&header, data, sizeof(header));
	strbuf_adds(out, "{version=");
	print_enum(out, versions, header.version);
	strbuf_addf(out, ", pid=%d}", header.pid);
}

static void print_caps(struct strbuf *out, const char *name, uint32_t low, uint32_t high)
{
	const uint64_t caps = low | (uint64_t)high << 32;
	const uint64_t all = (2ULL << CAP_LAST_CAP) - 1;
	struct flag_list list = { out, false };

	strbuf_adds(out, name);
	if ((caps & all) == all) {
		strbuf_adds(out, "all");
		return;
	}
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (caps & 1ULL << cap)
			add_flag(&list, capability_name(cap));
	end_flags(&list, caps & ~all);
}

static void print_cap_data(struct strbuf *out, const char *data)
{
	struct __user_cap_data_struct half[2];

	memcpy(half, data, sizeof(half));
	print_caps(out, "{effective=", half[0].effective, half[1].effective);
	print_caps(out, ", permitted=", half[0].permitted, half[1].permitted);
	print_caps(out, ", inheritable=", half[0].inheritable, half[1].inheritable);
	strbuf_addc(out, '}');
}

static void print_mount_attr(struct strbuf *out, const char *data)
{
	struct mount_attr attr;

	memcpy(&attr, data, sizeof(attr));
	strbuf_adds(out, "{attr_set=");
	print_flags(out, values_mount_attrs, attr.attr_set);
	strbuf_adds(out, ", attr_clr=");
	print_flags(out, values_mount_attrs, attr.attr_clr);
	strbuf_adds(out, ", propagation=");
	print_flags(out, values_mount_flags, attr.propagation);
	if (attr.attr_set & MOUNT_ATTR_IDMAP) {
		strbuf_adds(out, ", userns_fd=");
		strbuf_addi(out, (int32_t)attr.userns_fd);
	}
	strbuf_addc(out, '}');
}

/* Its first three words: entries of both queues, as the kernel has made them, and the flags. */
static void print_uring_params(struct strbuf *out, const char *data)
{
	uint32_t words[3];

	memcpy(words, data, sizeof(words));
	strbuf_addf(out, "{sq_entries=%u, cq_entries=%u, flags=", words[0], words[1]);
	print_flags(out, values_io_uring_setup_flags, words[2]);
	strbuf_addc(out, '}');
}

/* Structs that are not all there, and those without a form of their own, are shown as hex. */
static void print_struct(struct strbuf *out, enum arg_kind kind, const char *data, size_t len)
{
	static const struct {
		size_t size;
		void (*print)(struct strbuf *out, const char *data);
	} structs[ARG_KIND_MAX] = {
		[ARG_FDPAIR] = { sizeof(int32_t[2]), print_fd_pair },
		[ARG_OPENHOW] = { sizeof(struct open_how), print_open_how },
		[ARG_CLONEARGS] = { sizeof(struct clone_args), print_clone_args },
		[ARG_RLIMIT] = { sizeof(uint64_t[2]), print_rlimit },
		[ARG_CAPHDR] = { sizeof(struct __user_cap_header_struct), print_cap_header },
		[ARG_CAPDATA] = { sizeof(struct __user_cap_data_struct[2]), print_cap_data },
		[ARG_MOUNTATTR] = { sizeof(struct mount_attr), print_mount_attr },
		[ARG_URINGPARAMS] = { sizeof(uint32_t[3]), print_uring_params },
	};

	if (structs[kind].print && len >= structs[kind].size)
		structs[kind].print(out, data);
	else if ((kind == ARG_TIME || kind == ARG_TIMEVAL) && len >= sizeof(int64_t[2]))
		print_time(out, data, kind == ARG_TIME ? 9 : 6);
	else
		print_hex(out, data, len);
}

/* Kinds of which the register says all but for their table of values. */
static void print_listed(struct strbuf *out, const struct syscall_arg *arg, uint32_t bits)
{
	switch (arg->kind) {
	case ARG_FLAGS:
		return print_flags(out, arg->values, bits);
	case ARG_ENUM:
		return print_enum(out, arg->values, bits);
	case ARG_OPENFLAGS:
		return print_flags(out, values_open_flags, bits);
	case ARG_CLONEFLAGS:
		return print_clone_flags(out, bits);
	case ARG_MODEFLAGS:
		return print_mode_flags(out, arg->values, bits);
	default:
		return print_socket_type(out, bits);
	}
}

/* Kinds of which the register says all. */
static void print_register(struct strbuf *out, const struct syscall_arg *arg, uint64_t raw)
{
	int32_t word = (int32_t)raw;
	uint32_t bits = (uint32_t)raw;

	switch (arg->kind) {
	case ARG_NONE:
		return;
	case ARG_INT:
	case ARG_PID:
		return strbuf_addi(out, word);
	case ARG_FD:
		return print_descriptor(out, word);
	case ARG_DIRFD:
		return word == AT_FDCWD ? strbuf_adds(out, "AT_FDCWD") : strbuf_addi(out, word);
	case ARG_LONG:
		return strbuf_addi(out, (int64_t)raw);
	case ARG_UINT:
		return strbuf_addu(out, bits);
	case ARG_UID:
	case ARG_GID:
		return word == -1 ? strbuf_adds(out, "-1") : strbuf_addu(out, bits);
	case ARG_SIZE:
		return strbuf_addu(out, raw);
	case ARG_HEX:
		return strbuf_addx(out, raw);
	case ARG_MODE:
		return print_mode(out, (uint16_t)raw);
	case ARG_DEV:
		return print_device(out, bits);
	case ARG_SIGNAL:
		return print_signal(out, word);
	case ARG_FLAGS:
	case ARG_ENUM:
	case ARG_OPENFLAGS:
	case ARG_CLONEFLAGS:
	case ARG_MODEFLAGS:
	case ARG_SOCKTYPE:
		return print_listed(out, arg, bits);
	default:
		return print_pointer(out, raw);
	}
}

/* Kinds that are bytes in user memory. */
static void print_memory(struct strbuf *out, const struct syscall_arg *arg, uint64_t raw,
			 const char *data, size_t len)
{
	switch (arg->kind) {
	case ARG_PATH:
	case ARG_PATHAT:
	case ARG_STRING:
	case ARG_BUFFER:
	case ARG_BUFFER_OUT:
		return strbuf_add(out, data, len);
	case ARG_STRINGS:
		return print_strings(out, data, len);
	case ARG_SOCKADDR:
	case ARG_SOCKADDR_OUT:
	case ARG_MSGHDR:
	case ARG_MMSGHDR:
		return sockaddr_print(out, data, len);
	case ARG_FDPAIR:
	case ARG_OPENHOW:
	case ARG_CLONEARGS:
	case ARG_STRUCT:
	case ARG_TIME:
	case ARG_TIMEVAL:
	case ARG_RLIMIT:
	case ARG_CAPHDR:
	case ARG_CAPDATA:
	case ARG_MOUNTATTR:
	case ARG_URINGPARAMS:
		return print_struct(out, arg->kind, data, len);
	default:
		return print_register(out, arg, raw);
	}
}

void arg_print(struct strbuf *out, const struct syscall_arg *arg, uint64_t raw, const char *data,
	       size_t len)
{
	if (data)
		print_memory(out, arg, raw, data, len);
	else
		print_register(out, arg, raw);
}

void syscall_print_arg(struct strbuf *out, const struct syscall_info *call,
		       const uint64_t args[6], unsigned index, const char *data, size_t len)
{
	struct syscall_arg arg;

	if (index >= call->n_args)
		return;
	arg = call->args[index];
	for (const struct arg_choice *c = arg.choices; c && c->kind != ARG_NONE; c++) {
		if (c->when != (uint32_t)args[arg.chooser])
			continue;
		arg.kind = c->kind;
		arg.values = c->values;
		break;
	}
	arg_print(out, &arg, args[index], data, len);
}
