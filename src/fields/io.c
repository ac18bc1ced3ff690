/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of call it is, in Falco's terms: its category, whether it reads, writes or waits, how much, and what failed. */
#include "accessors.h"

static bool is_call(const struct event *ev)
{
	return ev->type == EVENT_SYSCALL;
}

FIELD_GET(syscall_type)
{
	if (is_call(fc->ev))
		value_set_text(ret, fc->ev->call->name);
}

FIELD_GET(evt_type_is)
{
	value_set_number(ret, arg && streq(event_type_name(fc->ev), arg));
}

FIELD_GET(evt_source)
{
	value_set_bytes(ret, "syscall", 7);
}

FIELD_GET(evt_is_async)
{
	value_set_bool(ret, !is_call(fc->ev) && fc->ev->type != EVENT_PROCEXIT);
}

enum direction { DIRECTION_NONE, DIRECTION_IN, DIRECTION_OUT };

/* The table of calls says what they do. */
static enum direction direction_of(const struct event *ev)
{
	static const char *const in[] = { "File Read", "Network Receive", "Message Receive", "Directory List" };
	static const char *const out[] = { "File Write", "Network Send", "Message Send", "File Copy", "File Splice" };

	for (size_t i = 0; is_call(ev) && i < ARRAY_SIZE(in); i++)
		if (streq(ev->call->activity, in[i]))
			return DIRECTION_IN;
	for (size_t i = 0; is_call(ev) && i < ARRAY_SIZE(out); i++)
		if (streq(ev->call->activity, out[i]))
			return DIRECTION_OUT;
	return DIRECTION_NONE;
}

FIELD_GET(evt_is_io)
{
	value_set_bool(ret, direction_of(fc->ev) != DIRECTION_NONE);
}

FIELD_GET(evt_is_io_read)
{
	value_set_bool(ret, direction_of(fc->ev) == DIRECTION_IN);
}

FIELD_GET(evt_is_io_write)
{
	value_set_bool(ret, direction_of(fc->ev) == DIRECTION_OUT);
}

FIELD_GET(evt_io_dir)
{
	static const char *const names[] = { [DIRECTION_IN] = "read", [DIRECTION_OUT] = "write" };

	value_set_text(ret, names[direction_of(fc->ev)]);
}

FIELD_GET(evt_is_wait)
{
	static const char *const waiting[] = {
		"File Poll", "Epoll Wait", "Signal Wait", "Process Sleep", "Process Wait", "Network Accept",
		"Network Receive", "Message Receive", "Futex Operate", "Async Wait",
	};
	bool waits = false;

	for (size_t i = 0; is_call(fc->ev) && i < ARRAY_SIZE(waiting); i++)
		waits |= streq(fc->ev->call->activity, waiting[i]);
	value_set_bool(ret, waits);
}

FIELD_GET(evt_is_syslog)
{
	const struct event_fd *fd = fields_fd(fc);
	bool writes = direction_of(fc->ev) == DIRECTION_OUT && fd->present && fd->name;

	value_set_bool(ret, writes && memmem(fd->name, fd->name_len, "/dev/log", strlen("/dev/log")));
}

FIELD_GET(evt_buflen)
{
	const struct event *ev = fc->ev;

	if (direction_of(ev) != DIRECTION_NONE && !event_is_entry(ev) && !event_failed(ev))
		value_set_number(ret, ev->ret);
}

static bool is_socket(const struct event_fd *fd)
{
	return fd->present && fd->type >= FD_IPV4 && fd->type <= FD_VSOCK;
}

static bool is_file(const struct event_fd *fd)
{
	return fd->present && (fd->type == FD_FILE || fd->type == FD_DIRECTORY || fd->type == FD_MEMFD ||
			       (fd->type == FD_NONE && fd->is_path));
}

/* As Falco names them. What a call reads or writes says of what kind that is. */
FIELD_GET(evt_category)
{
	static const char *const names[CATEGORY_MAX] = {
		[CATEGORY_FILE] = "file",	    [CATEGORY_NETWORK] = "net",	   [CATEGORY_PROCESS] = "process",
		[CATEGORY_MEMORY] = "memory",	    [CATEGORY_SIGNAL] = "signal",  [CATEGORY_IPC] = "IPC",
		[CATEGORY_CREDENTIAL] = "user",	    [CATEGORY_NAMESPACE] = "process",
		[CATEGORY_SYSTEM] = "system",
	};
	const struct event_fd *fd = fields_fd(fc);

	if (direction_of(fc->ev) != DIRECTION_NONE && is_socket(fd))
		value_set_text(ret, "net");
	else if (direction_of(fc->ev) != DIRECTION_NONE && fd->present && fd->type == FD_PIPE)
		value_set_text(ret, "ipc");
	else
		value_set_text(ret, names[event_category(fc->ev)]);
}

FIELD_GET(evt_count)
{
	value_set_number(ret, 1);
}

FIELD_GET(evt_count_exit)
{
	if (!event_is_entry(fc->ev))
		value_set_number(ret, 1);
}

FIELD_GET(evt_count_error)
{
	if (is_call(fc->ev) && !event_is_entry(fc->ev))
		value_set_number(ret, event_failed(fc->ev));
}

FIELD_GET(evt_count_error_file)
{
	if (is_file(fields_fd(fc)))
		field_get_evt_count_error(fc, NULL, ret);
}

FIELD_GET(evt_count_error_net)
{
	if (is_socket(fields_fd(fc)))
		field_get_evt_count_error(fc, NULL, ret);
}

FIELD_GET(evt_count_error_memory)
{
	if (event_category(fc->ev) == CATEGORY_MEMORY)
		field_get_evt_count_error(fc, NULL, ret);
}

FIELD_GET(evt_count_error_other)
{
	const struct event_fd *fd = fields_fd(fc);

	if (!is_file(fd) && !is_socket(fd) && event_category(fc->ev) != CATEGORY_MEMORY)
		field_get_evt_count_error(fc, NULL, ret);
}
