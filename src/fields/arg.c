/* SPDX-License-Identifier: Apache-2.0 */
/* evt.arg.*, evt.rawarg.*, evt.args: the arguments of calls, by the kernel's names, and by Falco's names and numbers. */
#include "accessors.h"

#include <sys/wait.h>

/* procexit has no row in the table of calls; its arguments are Falco's. */
const char *const exit_arg_names[EXIT_ARGS_MAX] = { "status", "ret", "sig", "core" };

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
	case 3:
		*ret = !!WCOREDUMP(status);
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

/* The name that a number means in Falco, in buf. If Falco has no arguments of the call it stays the kernel's number. */
static const char *arg_name(const struct event *ev, const char *arg, char buf[FALCO_ARG_NAME_MAX])
{
	if (ev->type != EVENT_SYSCALL || arg[0] < '0' || arg[0] > '9')
		return arg;
	return falco_arg_name(ev->call, (unsigned)atoi(arg), buf) ? buf : arg;
}

/* Which argument of the event a name or a number means. */
static bool arg_find(const struct event *ev, const char *arg, unsigned *ret)
{
	bool number = arg[0] >= '0' && arg[0] <= '5' && !arg[1];

	*ret = (unsigned)(arg[0] - '0');
	if (ev->type == EVENT_SYSCALL)
		return number ? *ret < ev->call->n_args
			      : syscall_find_arg(ev->call, arg, strlen(arg), ret) != NULL;
	if (ev->type != EVENT_PROCEXIT)
		return false;
	if (number)
		return *ret < EXIT_ARGS_MAX;
	for (*ret = 0; *ret < EXIT_ARGS_MAX; (*ret)++)
		if (streq(exit_arg_names[*ret], arg))
			return true;
	return false;
}

bool field_arg_fits(const struct field *f, const char *arg, enum event_type type, const struct syscall_info *call)
{
	const struct event ev = { .type = type, .call = call };
	char buf[FALCO_ARG_NAME_MAX];
	unsigned index;

	if (f->get != field_get_evt_arg && f->get != field_get_evt_rawarg)
		return true;
	arg = arg_name(&ev, arg, buf);
	return arg_find(&ev, arg, &index) || (call && falco_arg_has(call, arg));
}

/* After a successful exec the registers are gone: what the record does not have is missing. */
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

/* The name of the user or group that setuid() and its like are given, as Falco shows it. NULL: not such an argument, or no name. */
static const char *id_name(struct field_context *fc, unsigned index)
{
	const struct event *ev = fc->ev;
	enum arg_kind kind = ev->type == EVENT_SYSCALL ? ev->call->args[index].kind : ARG_NONE;

	if ((kind != ARG_UID && kind != ARG_GID) || !starts_with(ev->call->name, "set") || !fc->model)
		return NULL;
	return (kind == ARG_UID ? model_user_name : model_group_name)(fc->model, ev->container, (uint32_t)ev->args[index]);
}

FIELD_GET(evt_arg)
{
	char buf[FALCO_ARG_NAME_MAX];
	struct strbuf *b;
	unsigned index;

	if (!arg)
		return;
	arg = arg_name(fc->ev, arg, buf);
	if (falco_arg_get(fc, arg, ret) || !arg_find(fc->ev, arg, &index))
		return;
	value_set_text(ret, id_name(fc, index));
	if (ret->type != VALUE_NONE)
		return;
	b = scratch_next(fc);
	if (arg_text(fc->ev, index, b))
		value_set_bytes(ret, b->s, b->len);
}

/* Of what has a name, the number. */
FIELD_GET(number_evt_arg)
{
	char buf[FALCO_ARG_NAME_MAX];
	struct strbuf *b;
	unsigned index;

	if (!arg || fc->ev->type != EVENT_SYSCALL || !starts_with(fc->ev->call->name, "set") ||
	    !arg_find(fc->ev, arg_name(fc->ev, arg, buf), &index) || !id_name(fc, index))
		return;
	b = scratch_next(fc);
	event_arg_print(fc->ev, index, b);
	value_set_strbuf(ret, b);
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

/* Whether an argument of this name is text in every call. */
static bool is_raw_text(const char *arg)
{
	static const char *const names[] = { "path", "pathname", "name", "filename", "oldpath", "newpath", "linkpath", "target",
					     "source", "special", "filesystemtype", "fsname", "buf", "data", "value" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (streq(names[i], arg))
			return true;
	return false;
}

enum value_type field_arg_type(const struct field *f, const char *arg)
{
	return arg && f->get == field_get_evt_rawarg && is_raw_text(arg) ? VALUE_STRING : f->type;
}

/* Finds an argument by the kernel's name, else by Falco's. */
static bool raw_find(const struct event *ev, const char *arg, unsigned *ret)
{
	return arg_find(ev, arg, ret) || (ev->type == EVENT_SYSCALL && falco_arg_find(ev->call, arg, ret));
}

static bool raw_number(const struct event *ev, const char *arg, int64_t *ret)
{
	unsigned index;

	if (is_exec_record(ev))
		return false;
	if (raw_find(ev, arg, &index)) {
		if (ev->type != EVENT_SYSCALL)
			return exit_arg(ev, index, ret);
		*ret = register_value(&ev->call->args[index], ev->args[index]);
		return true;
	}
	*ret = ev->ret;
	return ev->type == EVENT_SYSCALL && !event_is_entry(ev) && falco_arg_is_result(ev->call, arg);
}

/* The text as the program wrote it. NULL: it was not captured, or the argument is none. */
static const struct event_blob *raw_text(const struct event *ev, const char *arg)
{
	const struct event_blob *b;
	unsigned index;

	if (ev->type != EVENT_SYSCALL || !raw_find(ev, arg, &index))
		return NULL;
	if (is_exec_record(ev))
		b = event_blob(ev, NUNCHI_BLOB_FILENAME, -1);
	else
		b = event_blob(ev, NUNCHI_BLOB_STR, (int)index);
	if (!b)
		b = event_blob(ev, NUNCHI_BLOB_BYTES, (int)index);
	return b && !(b->flags & NUNCHI_BLOB_UNREADABLE) ? b : NULL;
}

FIELD_GET(evt_rawarg)
{
	char buf[FALCO_ARG_NAME_MAX];
	const struct event_blob *b;
	int64_t n;

	if (!arg)
		return;
	if (is_raw_text(arg)) {
		b = raw_text(fc->ev, arg);
		if (b)
			value_set_bytes(ret, b->data, b->len);
	} else if (raw_number(fc->ev, arg_name(fc->ev, arg, buf), &n)) {
		value_set_number(ret, n);
	}
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
