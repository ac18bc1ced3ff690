/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evt.late, evt.untrusted, mismatch.*: how good the evidence is. A field that neither names is from an
 * object, or from a copy, that the kernel itself went by.
 */
#include <netinet/in.h>

#include "accessors.h"

static void name_add(struct strbuf *b, const char *name, const char *rest)
{
	if (b->len)
		strbuf_addc(b, ',');
	strbuf_adds(b, name);
	strbuf_adds(b, rest);
}

static void names_add(struct field_context *fc, enum grade grade, struct strbuf *b)
{
	const struct event_fd *fd = fields_fd(fc);

	if (!fd->present)
		return;
	if (fd->name && fd->name_grade == grade)
		name_add(b, "fd.name", "");
	if (fd->nameraw && fd->nameraw_grade == grade)
		name_add(b, "fd.nameraw", "");
	if (fd->oldname && fd->oldname_grade == grade)
		name_add(b, "fd.oldname", "");
}

static void access_add(struct field_context *fc, enum grade grade, struct strbuf *b)
{
	struct open_access access;

	if (!event_open_access(fc->ev, &access))
		return;
	if (access.read_grade == grade)
		name_add(b, "evt.is_open_read", "");
	if (access.write_grade == grade)
		name_add(b, "evt.is_open_write", "");
}

FIELD_GET(evt_late)
{
	struct strbuf *b;

	if (fc->ev->type != EVENT_SYSCALL)
		return;
	b = scratch_next(fc);
	names_add(fc, GRADE_LATE, b);
	access_add(fc, GRADE_LATE, b);
	value_set_strbuf(ret, b);
}

static bool has_blob(const struct event *ev, unsigned arg)
{
	for (unsigned i = 0; i < ev->n_blobs; i++) {
		if (ev->blobs[i].arg == arg)
			return true;
	}
	return false;
}

/*
 * Whether argument 1 had an address that user memory does not name any more: a message was sent by an IP socket that has no peer, and
 * none was found. udp_sendmsg() and raw_sendmsg() want one then; SCTP can go by the number of an association.
 */
static bool hides_address(struct field_context *fc)
{
	const struct event *ev = fc->ev;
	const struct event_fd *fd = fields_fd(fc);
	bool sends = streq(ev->call->name, "sendmsg") || streq(ev->call->name, "sendmmsg");

	return sends && ev->ret >= 0 && (fd->family == AF_INET || fd->family == AF_INET6) && !fd->has_rip &&
	       fd->protocol != IPPROTO_SCTP && !has_blob(ev, 1);
}

FIELD_GET(evt_untrusted)
{
	const struct event *ev = fc->ev;
	struct strbuf *b;

	if (ev->type != EVENT_SYSCALL)
		return;
	b = scratch_next(fc);
	for (unsigned i = 0; i < ev->n_blobs; i++) {
		const struct event_blob *blob = &ev->blobs[i];

		if (grade_of(blob) == GRADE_USER && blob->arg < ev->call->n_args &&
		    !(blob->flags & NUNCHI_BLOB_UNREADABLE))
			name_add(b, "evt.arg.", ev->call->args[blob->arg].name);
	}
	if (hides_address(fc))
		name_add(b, "evt.arg.", ev->call->args[1].name);
	names_add(fc, GRADE_USER, b);
	access_add(fc, GRADE_USER, b);
	value_set_strbuf(ret, b);
}

FIELD_GET(mismatch_call)
{
	struct event_mismatch m;

	if (event_mismatch(fc->ev, &m))
		value_set_text(ret, m.call->name);
}

FIELD_GET(mismatch_arg)
{
	struct event_mismatch m;

	if (event_mismatch(fc->ev, &m) && m.used)
		value_set_text(ret, m.call->args[m.arg].name);
}

static void print(struct field_context *fc, const struct event_mismatch *m,
		  const struct event_blob *blob, struct value *ret)
{
	struct strbuf *b = scratch_next(fc);

	syscall_print_arg(b, m->call, fc->ev->args, m->arg, blob->data, blob->len);
	value_set_bytes(ret, b->s, b->len);
}

FIELD_GET(mismatch_used)
{
	struct event_mismatch m;

	if (event_mismatch(fc->ev, &m) && m.used)
		print(fc, &m, m.used, ret);
}

FIELD_GET(mismatch_found)
{
	struct event_mismatch m;

	if (event_mismatch(fc->ev, &m) && m.used)
		print(fc, &m, m.found, ret);
}
