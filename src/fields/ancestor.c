/* SPDX-License-Identifier: Apache-2.0 */
/* proc.p*, proc.a*: parents and further ancestors, as far as the model knows them. */
#include "accessors.h"

/* The ancestor so many steps up; 0 is the process itself. NULL: not known. */
static const struct process *ancestor(const struct field_context *fc, unsigned steps)
{
	const struct process *p = fc->ev->proc;

	for (; p && steps; steps--)
		p = fc->model ? model_parent(fc->model, p) : NULL;
	return p;
}

static void many_get(struct field_context *fc, const char *arg, struct value *ret,
		     void (*get)(const struct process *p, struct value *ret))
{
	const struct process *p;
	size_t n = 0, steps = 0;

	if (arg) {
		p = ancestor(fc, (unsigned)strtoul(arg, NULL, 10));
		if (p)
			get(p, ret);
		return;
	}
	/* As in Falco, the process itself is not among its ancestors. */
	for (p = ancestor(fc, 1); p && steps < FIELD_ITEMS_MAX; steps++) {
		struct value *item = &fc->items[n];

		item->type = VALUE_NONE;
		get(p, item);
		n += item->type != VALUE_NONE;
		p = model_parent(fc->model, p);
	}
	if (n) {
		ret->type = VALUE_LIST;
		ret->items = fc->items;
		ret->len = n;
	}
}

static void get_name(const struct process *p, struct value *ret)
{
	value_set_comm(ret, p->comm);
}

static void get_exe(const struct process *p, struct value *ret)
{
	if (p->argv)
		value_set_bytes(ret, p->argv, strnlen(p->argv, p->argv_len));
}

static void get_exepath(const struct process *p, struct value *ret)
{
	value_set_text(ret, p->exepath);
}

/* How a process that ran before nunchi was called is not known, but its image is. */
void process_execfn(const struct process *p, struct value *ret)
{
	value_set_text(ret, p->execfn ? p->execfn : p->exe_asked ? NULL : p->exepath);
}

static void get_cmdline(const struct process *p, struct value *ret)
{
	value_set_text(ret, p->cmdline);
}

/* What follows the name in proc.cmdline. */
static void get_args(const struct process *p, struct value *ret)
{
	const char *after = p->cmdline + strnlen(p->comm, sizeof(p->comm));

	if (p->argv)
		value_set_text(ret, *after ? after + 1 : "");
}

static void get_pid(const struct process *p, struct value *ret)
{
	value_set_number(ret, p->pid);
}

FIELD_GET(proc_aname)
{
	many_get(fc, arg, ret, get_name);
}

FIELD_GET(proc_aexe)
{
	many_get(fc, arg, ret, get_exe);
}

FIELD_GET(proc_aexepath)
{
	many_get(fc, arg, ret, get_exepath);
}

FIELD_GET(proc_aexecfn)
{
	many_get(fc, arg, ret, process_execfn);
}

FIELD_GET(proc_acmdline)
{
	many_get(fc, arg, ret, get_cmdline);
}

FIELD_GET(proc_aargs)
{
	many_get(fc, arg, ret, get_args);
}

FIELD_GET(proc_apid)
{
	many_get(fc, arg, ret, get_pid);
}

static bool is_shell(const struct process *p)
{
	size_t len = strnlen(p->comm, sizeof(p->comm));

	return len >= 2 && !memcmp(p->comm + len - 2, "sh", 2);
}

FIELD_GET(proc_loginshellid)
{
	const struct process *p = fc->ev->proc;

	for (unsigned n = 0; p && n < FIELD_ITEMS_MAX; n++) {
		if (is_shell(p))
			value_set_number(ret, p->pid);
		p = fc->model ? model_parent(fc->model, p) : NULL;
	}
}

FIELD_GET(proc_pexe)
{
	if (fc->ev->parent)
		get_exe(fc->ev->parent, ret);
}

static void start_get(const struct field_context *fc, const struct process *p, bool duration,
		      struct value *ret)
{
	const struct nunchi_head *head = task_head(fc);

	if (!head || !p || !p->start)
		return;
	if (!duration)
		value_set_number(ret, (int64_t)(p->start + (fc->ev->time - head->time)));
	else if (head->time >= p->start)
		value_set_number(ret, (int64_t)(head->time - p->start));
}

FIELD_GET(proc_duration)
{
	start_get(fc, fc->ev->proc, true, ret);
}

FIELD_GET(proc_ppid_duration)
{
	start_get(fc, fc->ev->parent, true, ret);
}

FIELD_GET(proc_pid_ts)
{
	start_get(fc, fc->ev->proc, false, ret);
}

FIELD_GET(proc_ppid_ts)
{
	start_get(fc, fc->ev->parent, false, ret);
}
