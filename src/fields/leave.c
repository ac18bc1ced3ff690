/* SPDX-License-Identifier: Apache-2.0 */
/* ns.*, cgroup.*, escape.*, blind.*, gap.*: a container's task that gets away, what is not seen, and times when nobody watched. */
#include "accessors.h"

static void print_namespaces(struct field_context *fc, uint32_t bits, struct value *ret)
{
	struct strbuf *b = scratch_next(fc);

	namespaces_print(b, bits);
	value_set_strbuf(ret, b);
}

FIELD_GET(ns_changed)
{
	const struct nunchi_namespaces *ns = event_namespaces(fc->ev);

	if (ns)
		print_namespaces(fc, ns->changed, ret);
}

FIELD_GET(ns_host)
{
	const struct nunchi_namespaces *ns = event_namespaces(fc->ev);
	const struct nunchi_escape *escape = event_escape(fc->ev);

	if (ns)
		print_namespaces(fc, ns->host, ret);
	else if (escape)
		print_namespaces(fc, escape->namespaces, ret);
}

static bool add_cgroup(const struct event *ev, struct strbuf *out)
{
	const struct event_blob *blob = NULL;

	if (ev->type == EVENT_CGROUP_MOVED || ev->type == EVENT_ESCAPE)
		blob = event_blob(ev, NUNCHI_BLOB_CGROUP_PATH, -1);
	if (blob)
		cgroup_from_walk(out, blob);
	return blob;
}

FIELD_GET(cgroup_path)
{
	struct strbuf *b = scratch_next(fc);

	if (add_cgroup(fc->ev, b))
		value_set_strbuf(ret, b);
}

FIELD_GET(cgroup_mover)
{
	const struct nunchi_moved *moved = event_moved(fc->ev);

	if (moved)
		value_set_comm(ret, moved->mover_comm);
}

FIELD_GET(cgroup_mover_pid)
{
	const struct nunchi_moved *moved = event_moved(fc->ev);

	if (moved)
		value_set_number(ret, moved->mover_pid);
}

FIELD_GET(escape_reason)
{
	const struct nunchi_escape *escape = event_escape(fc->ev);
	struct strbuf *b;

	if (!escape)
		return;
	b = scratch_next(fc);
	if (escape->namespaces) {
		strbuf_adds(b, "joined the host's ");
		namespaces_print(b, escape->namespaces);
		strbuf_adds(b, " namespace");
	} else {
		strbuf_adds(b, "left its cgroup for ");
		add_cgroup(fc->ev, b);
	}
	value_set_strbuf(ret, b);
}

FIELD_GET(blind_what)
{
	const struct nunchi_blind *blind = event_blind(fc->ev);

	if (blind)
		value_set_text(ret, blind_name(blind->what));
}

static void time_get(struct field_context *fc, uint64_t ns, struct value *ret)
{
	struct strbuf *b = scratch_next(fc);

	strbuf_add_iso8601(b, ns);
	value_set_strbuf(ret, b);
}

FIELD_GET(gap_from)
{
	const struct nunchi_gap *gap = event_gap(fc->ev);

	if (gap)
		time_get(fc, gap->from, ret);
}

FIELD_GET(gap_to)
{
	const struct nunchi_gap *gap = event_gap(fc->ev);

	if (gap)
		time_get(fc, gap->to, ret);
}
