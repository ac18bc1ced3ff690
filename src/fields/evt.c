/* SPDX-License-Identifier: Apache-2.0 */
/* evt.*, activity.*, lost.*: what the event itself is. */
#include "accessors.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/wait.h>
#include <time.h>

FIELD_GET(evt_num)
{
	/* 0 is an event that has not been shown: `evt.num=0` is Falco's idiom for "never". */
	if (fc->ev->num)
		value_set_number(ret, (int64_t)fc->ev->num);
}

/* The calendar is asked once a second; the nanoseconds follow the cached beginning. */
static void time_get(struct field_context *fc, struct field_second *cache, bool utc,
		     struct value *ret)
{
	uint64_t second = fc->ev->time / NSEC_PER_SEC;
	uint32_t ns = (uint32_t)(fc->ev->time % NSEC_PER_SEC);
	struct strbuf *b = scratch_next(fc);
	char digits[10];

	if (cache->second != second || !cache->len) {
		time_t t = (time_t)second;
		struct tm tm = { .tm_mday = 1 };

		if (utc)
			gmtime_r(&t, &tm);
		else
			localtime_r(&t, &tm);
		cache->second = second;
		cache->len = (uint8_t)strftime(cache->text, sizeof(cache->text),
					       utc ? "%Y-%m-%dT%H:%M:%S." : "%H:%M:%S.", &tm);
	}
	for (int i = 8; i >= 0; i--, ns /= 10)
		digits[i] = (char)('0' + ns % 10);
	digits[9] = 'Z';
	strbuf_add(b, cache->text, cache->len);
	strbuf_add(b, digits, utc ? 10 : 9);
	value_set_bytes(ret, b->s, b->len);
}

FIELD_GET(evt_time)
{
	time_get(fc, &fc->local, false, ret);
}

FIELD_GET(evt_time_iso8601)
{
	time_get(fc, &fc->utc, true, ret);
}

FIELD_GET(evt_rawtime)
{
	value_set_number(ret, (int64_t)fc->ev->time);
}

FIELD_GET(evt_type)
{
	value_set_text(ret, event_type_name(fc->ev));
}

FIELD_GET(activity_category)
{
	value_set_text(ret, category_names[event_category(fc->ev)]);
}

FIELD_GET(activity_name)
{
	value_set_text(ret, event_activity(fc->ev));
}

FIELD_GET(activity_title)
{
	value_set_text(ret, category_titles[event_category(fc->ev)]);
}

FIELD_GET(evt_res)
{
	if (fc->ev->type == EVENT_SYSCALL)
		value_set_text(ret, result_name(fc->ev->call, fc->ev->ret));
	else if (fc->ev->type == EVENT_PROCEXIT)
		value_set_bytes(ret, "SUCCESS", 7);
}

FIELD_GET(evt_rawres)
{
	if (fc->ev->type == EVENT_SYSCALL)
		value_set_number(ret, fc->ev->ret);
}

FIELD_GET(evt_failed)
{
	value_set_bool(ret, event_failed(fc->ev));
}

FIELD_GET(evt_cpu)
{
	const struct nunchi_head *head = task_head(fc);

	if (head)
		value_set_number(ret, head->cpu);
}

FIELD_GET(evt_abi)
{
	static const char *const names[] = { [NUNCHI_ABI_I386] = "i386", [NUNCHI_ABI_X32] = "x32",
					   [NUNCHI_ABI_IO_URING] = "io_uring" };

	if (fc->ev->type == EVENT_SYSCALL && fc->ev->abi != NUNCHI_ABI_NATIVE &&
	    (size_t)fc->ev->abi < ARRAY_SIZE(names))
		value_set_text(ret, names[fc->ev->abi]);
}

FIELD_GET(evt_phase)
{
	const struct nunchi_head *head = task_head(fc);

	if (head)
		value_set_text(ret, head->flags & NUNCHI_F_SETUP ? "setup" : "run");
}

FIELD_GET(evt_late)
{
	if (fc->ev->head)
		value_set_bool(ret, fc->ev->head->flags & NUNCHI_F_LATE);
}

/* procexit has no row in the table of calls; its arguments are Falco's. */
const char *const exit_arg_names[EXIT_ARGS_MAX] = { "status", "ret", "sig" };

static bool exit_arg(const struct event *ev, unsigned index, int64_t *ret)
{
	int status = (int)ev->exit_code;

	switch (index) {
	case 0:
		*ret = status;
		return true;
	case 1:
		*ret = WEXITSTATUS(status);
		return WIFEXITED(status);
	case 2:
		*ret = WTERMSIG(status);
		return WIFSIGNALED(status);
	default:
		return false;
	}
}

/* False: this exit has no such argument. */
static bool exit_arg_print(const struct event *ev, unsigned index, struct strbuf *out)
{
	const char *signal = NULL;
	int64_t n;

	if (!exit_arg(ev, index, &n))
		return false;
	if (index == 2)
		signal = signal_name((int)n);
	if (signal)
		strbuf_adds(out, signal);
	else
		strbuf_addi(out, n);
	return true;
}

/* Which argument of the event a name or a number means. */
static bool arg_find(const struct event *ev, const char *arg, unsigned *ret)
{
	bool number = arg[0] >= '0' && arg[0] <= '5' && !arg[1];

	*ret = (unsigned)(arg[0] - '0');
	if (ev->type == EVENT_SYSCALL)
		return number ? *ret < ev->call->n_args :
				syscall_find_arg(ev->call, arg, strlen(arg), ret) != NULL;
	if (ev->type != EVENT_PROCEXIT)
		return false;
	if (number)
		return *ret < EXIT_ARGS_MAX;
	for (*ret = 0; *ret < EXIT_ARGS_MAX; (*ret)++)
		if (streq(exit_arg_names[*ret], arg))
			return true;
	return false;
}

/* After a successful exec the registers are gone: what its record lacks is missing. */
static bool is_exec_record(const struct event *ev)
{
	return ev->type == EVENT_SYSCALL && ev->head->kind == NUNCHI_REC_EXEC;
}

static bool arg_text(const struct event *ev, unsigned index, struct strbuf *out)
{
	size_t before = out->len;

	if (ev->type == EVENT_PROCEXIT)
		return exit_arg_print(ev, index, out);
	event_arg_print(ev, index, out);
	return out->len > before || !is_exec_record(ev);
}

FIELD_GET(evt_arg)
{
	struct strbuf *b;
	unsigned index;

	if (!arg || !arg_find(fc->ev, arg, &index))
		return;
	b = scratch_next(fc);
	if (arg_text(fc->ev, index, b))
		value_set_bytes(ret, b->s, b->len);
}

/* The register as the kernel's own declaration of the call reads it. */
static int64_t register_value(const struct syscall_arg *arg, uint64_t raw)
{
	switch (arg->kind) {
	case ARG_INT:
	case ARG_PID:
	case ARG_UID:
	case ARG_GID:
	case ARG_FD:
	case ARG_DIRFD:
	case ARG_SIGNAL:
		return (int32_t)raw;
	case ARG_UINT:
	case ARG_MODE:
	case ARG_DEV:
	case ARG_SOCKTYPE:
	case ARG_OPENFLAGS:
		return (uint32_t)raw;
	default:
		return (int64_t)raw;
	}
}

FIELD_GET(evt_rawarg)
{
	unsigned index;
	int64_t n;

	if (!arg || is_exec_record(fc->ev) || !arg_find(fc->ev, arg, &index))
		return;
	if (fc->ev->type == EVENT_SYSCALL)
		value_set_number(ret, register_value(&fc->ev->call->args[index],
						     fc->ev->args[index]));
	else if (exit_arg(fc->ev, index, &n))
		value_set_number(ret, n);
}

FIELD_GET(evt_args)
{
	const struct event *ev = fc->ev;
	struct strbuf *b;
	unsigned n;

	if (ev->type != EVENT_SYSCALL && ev->type != EVENT_PROCEXIT)
		return;
	n = ev->type == EVENT_SYSCALL ? ev->call->n_args : EXIT_ARGS_MAX;
	b = scratch_next(fc);
	for (unsigned i = 0; i < n; i++) {
		size_t before = b->len;

		if (before)
			strbuf_addc(b, ' ');
		strbuf_adds(b, ev->call ? ev->call->args[i].name : exit_arg_names[i]);
		strbuf_addc(b, '=');
		if (!arg_text(ev, i, b)) {
			b->len = before;
			b->s[before] = '\0';
		}
	}
	value_set_bytes(ret, b->s, b->len);
}

/* The flags of a call that opens a file by path or handle. */
static bool open_flags(const struct event *ev, uint64_t *ret)
{
	const struct event_blob *b;
	struct open_how how;

	if (ev->type != EVENT_SYSCALL || ev->call->ret != RET_FD)
		return false;
	if (streq(ev->call->name, "creat")) {
		*ret = O_CREAT | O_WRONLY | O_TRUNC;
		return true;
	}
	if (!starts_with(ev->call->name, "open"))
		return false;
	for (unsigned i = 0; i < ev->call->n_args; i++) {
		switch (ev->call->args[i].kind) {
		case ARG_OPENFLAGS:
			*ret = ev->args[i];
			return true;
		case ARG_OPENHOW:
			b = event_blob(ev, NUNCHI_BLOB_BYTES, (int)i);
			if (!b || b->len < sizeof(how.flags) || b->flags & NUNCHI_BLOB_UNREADABLE)
				return false;
			memcpy(&how.flags, b->data, sizeof(how.flags));
			*ret = how.flags;
			return true;
		default:
			break;
		}
	}
	return false;
}

FIELD_GET(evt_is_open_read)
{
	uint64_t flags;
	bool is = open_flags(fc->ev, &flags);

	value_set_bool(ret, is && ((flags & O_ACCMODE) == O_RDONLY || (flags & O_ACCMODE) == O_RDWR));
}

FIELD_GET(evt_is_open_write)
{
	uint64_t flags;
	bool is = open_flags(fc->ev, &flags);

	value_set_bool(ret, is && ((flags & O_ACCMODE) == O_WRONLY || (flags & O_ACCMODE) == O_RDWR));
}

FIELD_GET(evt_is_open_create)
{
	uint64_t flags;
	bool is = open_flags(fc->ev, &flags);

	value_set_bool(ret, is && fc->ev->ret >= 0 &&
				    (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE));
}

FIELD_GET(lost_count)
{
	if (fc->ev->type == EVENT_LOST)
		value_set_number(ret, (int64_t)fc->ev->lost.count);
}

FIELD_GET(lost_reason)
{
	static const char *const reasons[NUNCHI_DROP_MAX] = {
#define X(name, text, why) [NUNCHI_DROP_##name] = text,
		NUNCHI_DROPS(X)
#undef X
	};

	if (fc->ev->type == EVENT_LOST && fc->ev->lost.reason < NUNCHI_DROP_MAX)
		value_set_text(ret, reasons[fc->ev->lost.reason]);
}
