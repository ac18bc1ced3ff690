/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nunchi ps: the containers that run, as the model knows them once every runtime has listed its own,
 * or at the end of a capture.
 */
#include "cmd.h"

#include <time.h>

#include "base/log.h"
#include "options.h"
#include "out/describe.h"
#include "out/json.h"
#include "table.h"

static const struct usage usage = {
	.command = FOR_PS,
	.name = "ps",
	.synopsis = "[OPTION]... [NAME]...",
	.text = "Lists the running containers, whichever runtime started them.\n"
		"\n"
		"  nunchi ps\n"
		"  nunchi ps -o wide 'web*'\n"
		"  nunchi ps -r web.cap\n",
};

enum ps_kind { PS_TABLE, PS_WIDE, PS_JSON };

struct ps {
	const struct options *options;
	enum ps_kind kind;
	const struct model *model;
	struct table table;
	struct strbuf out;
	uint64_t now;	/* epoch ns, 0: unknown */
	size_t shown;
};

static const char *const heads[] = {
	"NAME", "RUNTIME", "IMAGE", "POD", "PID", "PIDNS", "MNTNS", "PROCS", "UP",
};
static const char *const wide_heads[] = { "ID", "CGROUP", "CREATED", "LABELS", "FROM" };

/* "4s", "12m", "2h", "6d" */
static void add_up(struct ps *ps, const struct container *c)
{
	static const struct {
		uint64_t seconds;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	uint64_t started = c->info->started ? c->info->started : c->info->created;
	char text[24] = "0s";
	uint64_t seconds;

	if (!container_runs(c)) {
		table_add(&ps->table, "stopped");
		return;
	}
	if (!started || !ps->now) {
		table_add(&ps->table, NULL);
		return;
	}
	seconds = ps->now > started ? (ps->now - started) / NSEC_PER_SEC : 0;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (seconds < units[i].seconds)
			continue;
		snprintf(text, sizeof(text), "%llu%c",
			 (unsigned long long)(seconds / units[i].seconds), units[i].unit);
		break;
	}
	table_add(&ps->table, text);
}

static void add_number(struct ps *ps, uint64_t n)
{
	if (n)
		table_add_number(&ps->table, n);
	else
		table_add(&ps->table, NULL);
}

static void add_labels(struct ps *ps, const struct container_info *info)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < info->n_labels; i++)
		strbuf_addf(&text, "%s%s=%s", i ? "," : "", info->labels[i].key,
			    info->labels[i].value ? info->labels[i].value : "");
	table_add(&ps->table, text.s);
}

static void add_wide(struct ps *ps, const struct container *c)
{
	const time_t at = (time_t)(c->info->created / NSEC_PER_SEC);
	char created[sizeof("2026-01-02T03:04:05Z")] = "";
	struct tm tm;

	if (at && gmtime_r(&at, &tm))
		strftime(created, sizeof(created), "%FT%TZ", &tm);
	table_add(&ps->table, c->short_id);
	table_add(&ps->table, c->info->cgroup);
	table_add(&ps->table, created);
	add_labels(ps, c->info);
	table_add(&ps->table, c->info->source);
}

static void add_row(struct ps *ps, const struct container *c)
{
	_cleanup_strbuf_ struct strbuf pod = STRBUF_INIT, notes = STRBUF_INIT;
	const struct container_info *info = c->info;

	if (info->pod_name)
		strbuf_addf(&pod, "%s%s%s", info->pod_namespace ? info->pod_namespace : "",
			    info->pod_namespace ? "/" : "", info->pod_name);
	describe_notes(info, &notes);
	table_add(&ps->table, c->display ? c->display : c->short_id);
	table_add(&ps->table, info->runtime);
	table_add(&ps->table, info->image);
	table_add(&ps->table, pod.s);
	add_number(ps, info->init_pid);
	add_number(ps, info->pidns);
	add_number(ps, info->mntns);
	table_add_number(&ps->table, c->n_procs);
	add_up(ps, c);
	if (ps->kind == PS_WIDE)
		add_wide(ps, c);
	table_add(&ps->table, notes.s);
}

static void add_container(struct container *c, void *arg)
{
	struct ps *ps = arg;

	if (!ps->options->all && (!container_runs(c) || c->info->sandbox))
		return;
	if (filter_match_container(ps->options->engine.filter, ps->model, c) == TRI_FALSE)
		return;
	ps->shown++;
	if (ps->kind == PS_JSON)
		json_add_container(&ps->out, ps->model, c);
	else
		add_row(ps, c);
}

static void add_heads(struct ps *ps)
{
	ps->table.columns = ARRAY_SIZE(heads) + 1;
	if (ps->kind == PS_WIDE)
		ps->table.columns += ARRAY_SIZE(wide_heads);
	table_add_all(&ps->table, heads, ARRAY_SIZE(heads));
	if (ps->kind == PS_WIDE)
		table_add_all(&ps->table, wide_heads, ARRAY_SIZE(wide_heads));
	table_add(&ps->table, NULL); /* the notes have no head */
}

static void snapshot(const struct model *m, uint64_t now, void *arg)
{
	struct ps *ps = arg;

	ps->model = m;
	ps->now = now;
	if (ps->kind != PS_JSON)
		add_heads(ps);
	model_for_each_container(m, add_container, ps);
	if (ps->kind != PS_JSON)
		table_print(&ps->table, &ps->out);
}

static int run_ps(struct options *o)
{
	static const char *const kinds[] = {
		[PS_TABLE] = "text",
		[PS_WIDE] = "wide",
		[PS_JSON] = "json",
	};
	int kind = options_choice(o, kinds, ARRAY_SIZE(kinds));
	struct ps ps = { .options = o, .kind = (enum ps_kind)kind };
	int r, printed;

	if (kind < 0)
		return EXIT_USAGE;
	for (int i = 0; i < o->n_args; i++) {
		_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;

		if (selection_add(&o->selection, SELECT_CONTAINER, o->args[i], &err) < 0) {
			log_error("ps: a name is what -c takes: %s", err.s);
			return EXIT_USAGE;
		}
	}
	if (!options_build_filter(o, NULL, 0))
		return EXIT_USAGE;
	o->engine.snapshot = snapshot;
	o->engine.snapshot_arg = &ps;
	o->engine.account = false;
	o->engine.ready_line = false;
	r = engine_run(&o->engine);
	printed = ps.out.len ? cmd_print(&ps.out) : 0;
	if (r == 0 && !ps.shown)
		log_info("no containers%s", o->engine.filter ? " that match" : " run here");
	table_free(&ps.table);
	strbuf_free(&ps.out);
	return r ? r : printed;
}

int cmd_ps(int argc, char **argv)
{
	return command_run(&usage, run_ps, argc, argv);
}
