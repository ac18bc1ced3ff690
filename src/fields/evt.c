/* SPDX-License-Identifier: Apache-2.0 */
/* evt.*, activity.*, lost.*: what the event itself is. */
#include "accessors.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include "event/account.h"
#include "nunchi/open.h"

FIELD_GET(evt_num)
{
	/* 0 is an event that has not been shown: `evt.num=0` is Falco's idiom for "never". */
	if (fc->ev->num)
		value_set_number(ret, (int64_t)fc->ev->num);
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
	const struct nunchi_summary *s = event_summary(fc->ev);

	if (event_is_entry(fc->ev))
		return;
	if (s && (s->kind == NUNCHI_REC_SYSCALL || s->kind == NUNCHI_REC_EXEC))
		value_set_text(ret, result_name(NULL, s->error));
	if (fc->ev->type == EVENT_SYSCALL)
		value_set_text(ret, result_name(fc->ev->call, fc->ev->ret));
	else if (fc->ev->type == EVENT_PROCEXIT)
		value_set_bytes(ret, "SUCCESS", 7);
}

FIELD_GET(evt_rawres)
{
	if (fc->ev->type == EVENT_SYSCALL && !event_is_entry(fc->ev))
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

FIELD_GET(evt_unordered)
{
	if (fc->ev->head)
		value_set_bool(ret, fc->ev->head->flags & NUNCHI_F_LATE);
}

/* The flags of a call that opens a file by path or handle. */
bool event_open_flags(const struct event *ev, uint64_t *ret)
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

/* Whether the call had its flags in a struct in its memory. */
static bool user_flags(const struct event *ev)
{
	for (unsigned i = 0; ev->type == EVENT_SYSCALL && i < ev->call->n_args; i++) {
		const struct event_blob *b = event_blob(ev, NUNCHI_BLOB_BYTES, (int)i);

		if (ev->call->args[i].kind == ARG_OPENHOW && b)
			return grade_of(b) == GRADE_USER;
	}
	return false;
}

/* From the opened file, since another thread can have changed the flags in memory. The file has them all except O_TRUNC. */
static bool access_of_file(const struct event *ev, bool truncates, struct open_access *ret)
{
	const struct event_blob *b = event_blob(ev, NUNCHI_BLOB_FILE, NUNCHI_ARG_RET);
	struct nunchi_file file;

	if (!b || b->len < sizeof(file))
		return false;
	memcpy(&file, b->data, sizeof(file));
	if (!(file.opened & NUNCHI_OPENED_KNOWN))
		return false;
	ret->is = file.opened & NUNCHI_OPENED_ACCESS;
	ret->read_grade = ret->write_grade = grade_of(b);
	if (file.opened & NUNCHI_OPENED_WHOLE || ret->is == O_WRONLY || ret->is == O_RDWR)
		return true;
	ret->is = nunchi_open_access(ret->is | (truncates ? O_TRUNC : 0));
	ret->write_grade = GRADE_USER;
	return true;
}

bool event_open_access(const struct event *ev, struct open_access *ret)
{
	uint64_t flags = 0;
	bool known = event_open_flags(ev, &flags);

	*ret = (struct open_access){ .is = nunchi_open_access(flags), .read_grade = GRADE_OBJECT, .write_grade = GRADE_OBJECT };
	if (!user_flags(ev))
		return known;
	if (access_of_file(ev, flags & O_TRUNC, ret))
		return true;
	ret->read_grade = ret->write_grade = GRADE_USER;
	return known;
}

/* access: O_RDONLY or O_WRONLY; O_RDWR is both. */
static bool is_open_for(const struct event *ev, unsigned access)
{
	struct open_access has;

	return event_open_access(ev, &has) && (has.is == access || has.is == O_RDWR);
}

FIELD_GET(evt_is_open_read)
{
	value_set_bool(ret, is_open_for(fc->ev, O_RDONLY));
}

FIELD_GET(evt_is_open_write)
{
	value_set_bool(ret, is_open_for(fc->ev, O_WRONLY));
}

FIELD_GET(evt_is_open_create)
{
	uint64_t flags;
	bool is = event_open_flags(fc->ev, &flags);

	value_set_bool(ret, is && fc->ev->ret >= 0 &&
				    (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE));
}

/* O_CREAT with a mode that lets somebody execute it. */
FIELD_GET(evt_is_open_exec)
{
	const struct event *ev = fc->ev;
	uint64_t flags, mode = 0;
	bool is = event_open_flags(ev, &flags) &&
		  (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE);

	for (unsigned i = 0; is && i < ev->call->n_args; i++) {
		const struct event_blob *b = event_blob(ev, NUNCHI_BLOB_BYTES, (int)i);
		struct open_how how;

		if (ev->call->args[i].kind == ARG_MODE) {
			mode = ev->args[i];
		} else if (ev->call->args[i].kind == ARG_OPENHOW && b &&
			   b->len >= offsetof(struct open_how, resolve)) {
			memcpy(&how, b->data, offsetof(struct open_how, resolve));
			mode = how.mode;
		}
	}
	value_set_bool(ret, is && mode & (S_IXUSR | S_IXGRP | S_IXOTH));
}

FIELD_GET(evt_dir)
{
	if (fc->ev->type == EVENT_SYSCALL || fc->ev->type == EVENT_PROCEXIT)
		value_set_bytes(ret, event_is_entry(fc->ev) ? ">" : "<", 1);
}

FIELD_GET(evt_is_entry)
{
	if (event_is_entry(fc->ev))
		value_set_bool(ret, true);
}

FIELD_GET(evt_buffer)
{
	const struct event *ev = fc->ev;

	for (unsigned i = 0; ev->type == EVENT_SYSCALL && i < ev->call->n_args; i++) {
		const struct event_blob *b;

		if (ev->call->args[i].kind != ARG_BUFFER && ev->call->args[i].kind != ARG_BUFFER_OUT)
			continue;
		b = event_blob(ev, NUNCHI_BLOB_BYTES, (int)i);
		if (b && !(b->flags & NUNCHI_BLOB_UNREADABLE)) {
			value_set_bytes(ret, b->data, b->len);
			return;
		}
	}
}

FIELD_GET(summary_call)
{
	value_set_text(ret, event_counted_name(fc->ev));
}

FIELD_GET(summary_count)
{
	const struct nunchi_summary *s = event_summary(fc->ev);

	if (s)
		value_set_number(ret, (int64_t)s->count);
}

FIELD_GET(summary_seconds)
{
	const struct nunchi_summary *s = event_summary(fc->ev);

	if (s && s->to >= s->from)
		value_set_number(ret, (int64_t)((s->to - s->from + NSEC_PER_SEC / 2) / NSEC_PER_SEC));
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

/* boot: ns since boot, as in the record. */
static void get_lost_time(struct field_context *fc, uint64_t boot, struct value *ret)
{
	struct strbuf *b;

	if (fc->ev->type != EVENT_LOST)
		return;
	b = scratch_next(fc);
	strbuf_add_iso8601(b, boot + fc->ev->time - fc->ev->head->time);
	value_set_strbuf(ret, b);
}

FIELD_GET(lost_first)
{
	get_lost_time(fc, fc->ev->lost.first, ret);
}

FIELD_GET(lost_last)
{
	get_lost_time(fc, fc->ev->lost.last, ret);
}

FIELD_GET(lost_types)
{
	const struct nunchi_lost_kind *kind = event_lost_kind(fc->ev, 0);
	struct strbuf *b;

	if (!kind)
		return;
	b = scratch_next(fc);
	for (unsigned i = 0; (kind = event_lost_kind(fc->ev, i)); i++)
		strbuf_addf(b, "%s%s", i ? "," : "", lost_kind_name(kind->what));
	value_set_strbuf(ret, b);
}
