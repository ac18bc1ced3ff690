/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs.path.*, evt.abspath: the paths of calls that act on one or two of them, by Falco's names. As there, fs.path.*
 * is missing where the call failed, but for one that a rule has refused; and of a link the new name is the source.
 */
#include "accessors.h"
#include "nunchi/block.h"

enum role { ROLE_NAME, ROLE_SOURCE, ROLE_TARGET };

/* What calls of an activity have: one path; or two, by what the kernel calls these arguments. */
static const struct {
	const char *activity;
	const char *source, *target;
} paths[] = {
	{ "File Open", NULL, NULL },
	{ "File Create", NULL, NULL },
	{ "File Delete", NULL, NULL },
	{ "File Change Mode", NULL, NULL },
	{ "File Change Owner", NULL, NULL },
	{ "Directory Create", NULL, NULL },
	{ "Directory Delete", NULL, NULL },
	{ "Node Create", NULL, NULL },
	{ "Quota Control", NULL, NULL },
	{ "Filesystem Unmount", NULL, NULL },
	{ "File Rename", "oldpath", "newpath" },
	{ "File Link", "newpath", "oldpath" },
	{ "File Symlink", "linkpath", "target" },
	{ "Filesystem Mount", "source", "target" },
};

/* Whether a rule refused the call: then it is known what it would have done. */
static bool is_refused(const struct event *ev)
{
	return NUNCHI_VERDICT_EFFECT(ev->head->verdict) == NUNCHI_EFFECT_BEFORE;
}

/* *ret_arg: the kernel's name of the argument; NULL if there is only one path, that of fd.name. */
static bool find_role(const struct event *ev, enum role role, const char **ret_arg)
{
	if (ev->type != EVENT_SYSCALL || event_is_entry(ev) || (event_failed(ev) && !is_refused(ev)))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (!streq(paths[i].activity, ev->call->activity))
			continue;
		*ret_arg = role == ROLE_SOURCE ? paths[i].source : role == ROLE_TARGET ? paths[i].target : NULL;
		return (role == ROLE_NAME) == !paths[i].source;
	}
	return false;
}

FIELD_GET(fs_path_name)
{
	const char *name;

	if (find_role(fc->ev, ROLE_NAME, &name) && fields_fd(fc)->is_path)
		field_get_fd_name(fc, NULL, ret);
}

FIELD_GET(asked_fs_path_name)
{
	const char *name;

	if (find_role(fc->ev, ROLE_NAME, &name))
		field_get_asked_fd_name(fc, NULL, ret);
}

FIELD_GET(alias_fs_path_name)
{
	const char *name;

	if (find_role(fc->ev, ROLE_NAME, &name))
		field_get_alias_fd_name(fc, NULL, ret);
}

FIELD_GET(fs_path_nameraw)
{
	const char *name;

	if (find_role(fc->ev, ROLE_NAME, &name))
		field_get_fd_nameraw(fc, NULL, ret);
}

static void argument_get(struct field_context *fc, enum role role, bool raw, struct value *ret)
{
	const struct event *ev = fc->ev;
	const char *name;
	struct strbuf *b;
	unsigned index;

	if (!find_role(ev, role, &name) || !syscall_find_arg(ev->call, name, strlen(name), &index))
		return;
	b = scratch_next(fc);
	/* A symlink's text and the source of a mount are not paths of this process. */
	if (raw || !event_arg_path(ev, ev->proc ? ev->proc->cwd : NULL, index, b))
		event_arg_print(ev, index, b);
	value_set_strbuf(ret, b);
}

FIELD_GET(fs_path_source)
{
	argument_get(fc, ROLE_SOURCE, false, ret);
}

FIELD_GET(fs_path_sourceraw)
{
	argument_get(fc, ROLE_SOURCE, true, ret);
}

FIELD_GET(fs_path_target)
{
	argument_get(fc, ROLE_TARGET, false, ret);
}

FIELD_GET(fs_path_targetraw)
{
	argument_get(fc, ROLE_TARGET, true, ret);
}

/* evt.abspath is the first path, evt.abspath.dst the second. */
FIELD_GET(evt_abspath)
{
	const struct event *ev = fc->ev;
	bool second = arg && streq(arg, "dst");
	struct strbuf *b = scratch_next(fc);

	if (ev->type != EVENT_SYSCALL)
		return;
	for (unsigned i = 0; i < ev->call->n_args; i++) {
		if (ev->call->args[i].kind != ARG_PATHAT && ev->call->args[i].kind != ARG_PATH)
			continue;
		if (!second) {
			event_arg_path(ev, ev->proc ? ev->proc->cwd : NULL, i, b);
			break;
		}
		second = false;
	}
	value_set_strbuf(ret, b);
}
