/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines for people: TIME CONTAINER PROCESS ACTIVITY WHAT RESULT. On a terminal the columns fill
 * its width and WHAT is cut to what is left; elsewhere nothing is cut, so that a log loses
 * nothing. The container's column grows to what is seen, up to a bound. What repeats from the
 * line before is dim, so that the eye finds what changes.
 */
#include "internal.h"

#include <time.h>

#include "columns.h"
#include "describe.h"

/* Columns of a terminal below which names are cut more and the time loses its milliseconds, */
#define NARROW 116
/* below which there is no time at all, since room is worth more, */
#define NO_TIME 90
/* and below which (half a window) all columns are as narrow as they can be, and show names of calls for activities. */
#define TINY 80
#define WHAT_MIN 20
#define WHAT_TINY 12
#define WHAT_DEFAULT 44 /* without a width to fill */
#define RESULT_WIDTH 12 /* "EINPROGRESS", "ok fd 12" */
#define RESULT_TINY 9	/* "ok fd 123"; longer names of errors go beyond */
#define GAP 2
#define FOUND_AFTER (10 * NSEC_PER_SEC) /* runtimes report a start within seconds */

#define SGR_DIM "2"
#define SGR_BOLD "1"
#define SGR_ERROR "31"
#define SGR_LOSS "1;31"

static const char *const category_colors[CATEGORY_MAX] = {
	[CATEGORY_FILE] = "36",	      [CATEGORY_NETWORK] = "35", [CATEGORY_PROCESS] = "32",
	[CATEGORY_MEMORY] = "34",     [CATEGORY_SIGNAL] = "33",	 [CATEGORY_IPC] = "94",
	[CATEGORY_CREDENTIAL] = "93", [CATEGORY_NAMESPACE] = "95", [CATEGORY_SYSTEM] = "96",
};

struct text {
	struct output output;
	bool color;
	bool cut;			/* to the terminal's width */
	bool millis;
	size_t time, container, process, activity, what;	/* widths of the columns */
	size_t container_max, process_max, activity_max;
	size_t width;			/* of the terminal; 0: none */
	uint64_t second;		/* that clock_text stands for */
	char clock_text[16];
	bool any;			/* a line was written: the last_* are set */
	uint64_t last_second;
	struct strbuf last_container, last_process;
	struct strbuf cell, tmp;	/* scratch */
	struct what w;
};

static struct text *text_of(struct output *o)
{
	return container_of(o, struct text, output);
}

static size_t longest_activity(void)
{
	size_t longest = strlen("Container Start");

	for (size_t i = 0; i < syscall_table_len; i++) {
		const struct syscall_info *call = &syscall_table[i];

		if ((call->flags & SYSCALL_DEFAULT) && call->activity)
			longest = MAX(longest, strlen(call->activity));
	}
	return longest;
}

/* WHAT gets what the others leave. */
static void layout(struct text *t)
{
	bool tiny = t->width && t->width < TINY;
	size_t least = tiny ? WHAT_TINY : WHAT_MIN;
	size_t used = t->container + t->process + t->activity + 4 * GAP;

	if (t->time)
		used += t->time + GAP;
	used += tiny && t->width < used + RESULT_WIDTH + least ? RESULT_TINY : RESULT_WIDTH;
	if (!t->cut)
		t->what = WHAT_DEFAULT;
	else
		t->what = t->width > used + least ? t->width - used : least;
}

static void text_set_width(struct output *o, unsigned width)
{
	struct text *t = text_of(o);
	bool narrow = width && width < NARROW, no_time = width && width < NO_TIME, tiny = width && width < TINY;

	t->width = width;
	t->cut = width != 0;
	t->millis = !narrow;
	t->time = no_time ? 0 : narrow ? 8 : 12;
	t->container_max = tiny ? 9 : narrow ? 12 : MIN(MAX(width / 6, 16U), 32U);
	t->process_max = tiny ? 12 : narrow ? 13 : 22;
	t->activity_max = tiny ? 10 : narrow ? 14 : 20;
	t->container = MIN(MAX(t->container, 12U), t->container_max);
	t->process = MIN(MAX(t->process, 13U), t->process_max);
	t->activity = MIN(longest_activity(), t->activity_max);
	layout(t);
}

static void sgr(struct text *t, struct strbuf *out, const char *code)
{
	if (!t->color || !code)
		return;
	strbuf_adds(out, "\033[");
	strbuf_adds(out, code);
	strbuf_addc(out, 'm');
}

/* What is in t->cell, coloured, padded to the column, with the gap to the next. */
static void add_cell(struct text *t, struct strbuf *out, const char *color, size_t width)
{
	size_t used = columns_width(t->cell.s, t->cell.len);

	sgr(t, out, color);
	strbuf_add(out, t->cell.s, t->cell.len);
	if (color)
		sgr(t, out, "0");
	/* The gap is there however long the cell is. */
	columns_pad(out, used, MAX(used, width) + GAP);
	strbuf_reset(&t->cell);
}

static void text_header(struct output *o, struct strbuf *out)
{
	static const char *const heads[] = { "TIME", "CONTAINER", "PROCESS", "ACTIVITY", "WHAT" };
	struct text *t = text_of(o);
	const size_t widths[] = { t->time, t->container, t->process, t->activity, t->what };

	strbuf_reset(&t->cell);
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		if (!widths[i])
			continue;
		strbuf_adds(&t->cell, heads[i]);
		add_cell(t, out, SGR_BOLD, widths[i]);
	}
	sgr(t, out, SGR_BOLD);
	strbuf_adds(out, "RESULT");
	sgr(t, out, "0");
	strbuf_addc(out, '\n');
}

static void add_time(struct text *t, uint64_t time, struct strbuf *out)
{
	uint64_t second = time / NSEC_PER_SEC;
	const char *color = t->any && second == t->last_second ? SGR_DIM : NULL;

	if (!t->time)
		return;
	if (second != t->second || !t->clock_text[0]) {
		time_t sec = (time_t)second;
		struct tm tm;

		if (!localtime_r(&sec, &tm))
			memset(&tm, 0, sizeof(tm));
		strftime(t->clock_text, sizeof(t->clock_text), "%H:%M:%S", &tm);
		t->second = second;
	}
	strbuf_adds(&t->cell, t->clock_text);
	if (t->millis) {
		unsigned ms = (unsigned)(time % NSEC_PER_SEC / NSEC_PER_MSEC);
		const char text[] = { '.', (char)('0' + ms / 100), (char)('0' + ms / 10 % 10),
				      (char)('0' + ms % 10) };

		strbuf_add(&t->cell, text, sizeof(text));
	}
	t->last_second = second;
	add_cell(t, out, color, t->time);
}

/* Whether the cell is the same as in the last line, which it then replaces. */
static bool repeats(struct text *t, struct strbuf *last)
{
	bool same = t->any && last->len == t->cell.len &&
		    !memcmp(last->s, t->cell.s, t->cell.len);

	strbuf_reset(last);
	strbuf_add(last, t->cell.s, t->cell.len);
	return same;
}

/* Makes the column as wide as the cell, up to max. */
static void grow(struct text *t, size_t *column, size_t max)
{
	size_t used = columns_width(t->cell.s, t->cell.len);

	if (used <= *column || *column >= max)
		return;
	*column = MIN(used, max);
	layout(t);
}

static void add_container(struct text *t, const struct event *ev, struct strbuf *out)
{
	const char *name = describe_container(ev);

	strbuf_reset(&t->tmp);
	strbuf_add_printable(&t->tmp, name, strlen(name));
	if (t->cut)
		columns_add_cut(&t->cell, t->tmp.s, t->tmp.len, t->container_max);
	else
		strbuf_add(&t->cell, t->tmp.s, t->tmp.len);
	grow(t, &t->container, t->container_max);
	add_cell(t, out, repeats(t, &t->last_container) ? SGR_DIM : NULL, t->container);
}

/* "nginx[31]"; the name is cut, never the number. */
static void add_process(struct text *t, const struct event *ev, struct strbuf *out)
{
	const char *comm = describe_comm(ev);
	struct strbuf *name = &t->tmp;
	size_t id;

	strbuf_reset(name);
	strbuf_addc(name, '[');
	strbuf_addu(name, ev->head->vpid);
	strbuf_addc(name, ']');
	id = name->len;
	strbuf_add_printable(name, comm, strnlen(comm, sizeof(ev->head->comm)));
	if (t->cut)
		columns_add_cut(&t->cell, name->s + id, name->len - id, t->process_max - id);
	else
		strbuf_add(&t->cell, name->s + id, name->len - id);
	strbuf_add(&t->cell, name->s, id);
	grow(t, &t->process, t->process_max);
	add_cell(t, out, repeats(t, &t->last_process) ? SGR_DIM : NULL, t->process);
}

static void add_activity(struct text *t, const struct event *ev, struct strbuf *out)
{
	/* The call's name says more than "Process E...". */
	const char *activity = t->width && t->width < TINY ? event_type_name(ev) : event_activity(ev);

	if (t->cut)
		columns_add_cut(&t->cell, activity, strlen(activity), t->activity);
	else
		strbuf_adds(&t->cell, activity);
	add_cell(t, out, ev->type == EVENT_ESCAPE || ev->type == EVENT_MISMATCH || ev->type == EVENT_BLIND ? SGR_LOSS : category_colors[event_category(ev)],
		 t->activity);
}

/* Shortens the paths in it first, then its end. */
static void add_what(struct text *t, struct field_context *fc, struct strbuf *out)
{
	struct what *w = &t->w;
	size_t used, done = 0;

	describe_what(fc, w);
	used = columns_width(w->text.s, w->text.len);
	if (!t->cut || used <= t->what) {
		strbuf_add(&t->cell, w->text.s, w->text.len);
		add_cell(t, out, NULL, t->what);
		return;
	}
	for (unsigned i = 0; i < w->n_paths; i++) {
		const char *path = w->text.s + w->paths[i].start;
		size_t len = w->paths[i].len, width = columns_width(path, len);
		size_t excess = used > t->what ? used - t->what : 0;
		size_t before;

		/* Of two paths the first gives half of what is too much, the second the rest. */
		if (i + 1 < w->n_paths)
			excess = (excess + 1) / 2;
		strbuf_add(&t->cell, w->text.s + done, w->paths[i].start - done);
		before = t->cell.len;
		columns_add_path(&t->cell, path, len, width > excess ? width - excess : 0);
		used -= width - columns_width(t->cell.s + before, t->cell.len - before);
		done = w->paths[i].start + len;
	}
	strbuf_add(&t->cell, w->text.s + done, w->text.len - done);
	/* A path alone keeps its file name, whatever the width; other text ends with the column. */
	if (used > t->what && !(w->n_paths && done == w->text.len)) {
		strbuf_reset(&t->tmp);
		strbuf_add(&t->tmp, t->cell.s, t->cell.len);
		strbuf_reset(&t->cell);
		columns_add_cut(&t->cell, t->tmp.s, t->tmp.len, t->what);
	}
	add_cell(t, out, NULL, t->what);
}

/* Whether the container was found running: a start so long ago was not seen. */
static bool runs_already(const struct event *ev)
{
	uint64_t started = ev->container ? ev->container->info->started : 0;

	return started && ev->time > started + FOUND_AFTER;
}

/* A container's life ("* started"), losses and gaps ("! 1,204 lost"), over two columns. */
static void add_mark(struct text *t, struct field_context *fc, struct strbuf *out)
{
	const struct event *ev = fc->ev;
	const char *color = SGR_BOLD;

	switch (ev->type) {
	case EVENT_LOST:
		strbuf_adds(&t->cell, "! ");
		add_grouped(&t->cell, ev->lost.count);
		strbuf_adds(&t->cell, " lost");
		color = SGR_LOSS;
		break;
	case EVENT_GAP:
		strbuf_adds(&t->cell, "! not watched");
		color = SGR_LOSS;
		break;
	case EVENT_CONTAINER_STARTED:
		strbuf_adds(&t->cell, runs_already(ev) ? "* running" : "* started");
		break;
	case EVENT_CONTAINER_INFO:
		strbuf_adds(&t->cell, "* named");
		break;
	default:
		strbuf_addf(&t->cell, "* %s", event_type_name(ev) + strlen("container_"));
		break;
	}
	add_cell(t, out, color, t->process);
	columns_pad(out, 0, t->activity + GAP);
	strbuf_reset(&t->last_process);
}

static void text_event(struct output *o, struct field_context *fc, struct strbuf *out)
{
	struct text *t = text_of(o);
	const struct event *ev = fc->ev;
	bool process = event_has_process(ev->type);
	size_t end;

	strbuf_reset(&t->cell);
	add_time(t, ev->time, out);
	add_container(t, ev, out);
	if (process) {
		add_process(t, ev, out);
		add_activity(t, ev, out);
	} else {
		add_mark(t, fc, out);
	}
	add_what(t, fc, out);
	end = out->len;
	if (process && describe_is_failure(ev))
		sgr(t, out, SGR_ERROR);
	describe_result(ev, out);
	if (process && describe_is_failure(ev))
		sgr(t, out, "0");
	if (out->len == end)
		while (out->len && out->s[out->len - 1] == ' ')
			out->len--;
	strbuf_addc(out, '\n');
	t->any = true;
}

static void text_free(struct output *o)
{
	struct text *t = text_of(o);

	strbuf_free(&t->last_container);
	strbuf_free(&t->last_process);
	strbuf_free(&t->cell);
	strbuf_free(&t->tmp);
	strbuf_free(&t->w.text);
	free(t);
}

static const struct output_ops text_ops = {
	.header = text_header,
	.event = text_event,
	.set_width = text_set_width,
	.free = text_free,
};

struct output *text_new(const struct output_config *config)
{
	struct text *t = xcalloc(1, sizeof(*t));

	t->output.ops = &text_ops;
	t->color = config->color;
	t->container = 16;
	t->process = 15;
	text_set_width(&t->output, config->width);
	return &t->output;
}
