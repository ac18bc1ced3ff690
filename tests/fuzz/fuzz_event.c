/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records as they come from a ring or a file: the input is a stream of them, each taken as long as
 * its length says (at least its head). Everything that reads an event looks at each: all fields are
 * asked for, and every output shows it.
 */
#include "event/account.h"
#include "event/encode.h"
#include "event/fd.h"
#include "fields/accessors.h"
#include "model/model.h"
#include "out/account.h"
#include "out/json.h"
#include "out/out.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reader {
	struct model *model;
	struct field_context fields;
	struct output *outputs[3];
	struct strbuf text;
};

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

/* Printed, so that all of the value is read. */
static void read_value(struct reader *r, const struct value *v)
{
	strbuf_reset(&r->text);
	if (v->type != VALUE_NONE)
		value_print(&r->text, v);
}

static void ask(struct reader *r, const struct field *f, const char *arg)
{
	struct value v;

	field_get(f, arg, &r->fields, &v);
	read_value(r, &v);
	for (size_t i = 0; i < ARRAY_SIZE(f->others) && f->others[i]; i++) {
		v = (struct value){ .type = VALUE_NONE };
		f->others[i](&r->fields, arg, &v);
		read_value(r, &v);
	}
}

/* By number and by pattern; arguments by their names, and by Falco's. */
static void ask_parts(struct reader *r, const struct field *f)
{
	static const char *const parts[] = { "0", "1", "*", "a", "dst" };
	const struct syscall_info *call = r->fields.ev->call;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		ask(r, f, parts[i]);
	if (!streq(f->name, "evt.arg"))
		return;
	for (size_t i = 0; i < falco_arg_names_len; i++)
		ask(r, f, falco_arg_names[i]);
	for (unsigned i = 0; call && i < call->n_args; i++)
		ask(r, f, call->args[i].name);
}

static void ask_all(struct reader *r)
{
	for (size_t i = 0; i < field_table_len; i++) {
		const struct field *f = &field_table[i];

		if (!f->takes_arg || f->arg_optional)
			ask(r, f, NULL);
		if (f->takes_arg)
			ask_parts(r, f);
	}
}

/* No record gets a byte to a terminal that does something there. */
static void check_lines(const struct strbuf *b)
{
	for (size_t i = 0; i < b->len; i++)
		check((unsigned char)b->s[i] >= ' ' || b->s[i] == '\n', "a control byte is shown");
	check(b->len && b->s[b->len - 1] == '\n', "a line without an end");
}

static void show(struct reader *r, const struct event *ev)
{
	fields_begin(&r->fields, ev, r->model);
	ask_all(r);
	for (size_t i = 0; i < ARRAY_SIZE(r->outputs); i++) {
		strbuf_reset(&r->text);
		output_event(r->outputs[i], &r->fields, &r->text);
		check_lines(&r->text);
	}
}

static void show_accounts(struct reader *r, const struct accounts *accounts)
{
	strbuf_reset(&r->text);
	account_summary(accounts, 1, &r->text);
	account_counts_text(&accounts->counts, true, &r->text);
	account_json(accounts, &r->text);
	strbuf_addc(&r->text, '\n');
	check_lines(&r->text);
}

static void look_at(struct reader *r, struct event *ev)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct event counted = *ev;
	struct model *m = r->model;
	struct accounts accounts = { .n = 0 };
	struct container *c;
	struct event_fd fd;

	model_apply(m, ev);
	strbuf_adds(&text, event_type_name(ev));
	strbuf_adds(&text, event_activity(ev));
	for (unsigned i = 0; i < 6; i++)
		event_arg_print(ev, i, &text);
	for (unsigned i = 0; i < ev->n_blobs; i++) {
		path_from_walk(&text, &ev->blobs[i]);
		cgroup_from_walk(&text, &ev->blobs[i]);
	}
	(void)model_slot(m, ev->head->slot, ev->head->generation, &c);
	(void)model_user_name(m, ev->container, ev->head->uid);
	accounts_apply(&accounts, ev);
	show_accounts(r, &accounts);
	accounts_free(&accounts);
	for (unsigned i = 0; event_lost_kind(ev, i); i++)
		strbuf_adds(&text, lost_kind_name(event_lost_kind(ev, i)->what));
	event_fd(ev, ev->proc ? ev->proc->cwd : NULL, &text, &fd);
	check(!fd.name || (fd.dir_len <= fd.name_len && fd.file_off <= fd.name_len), "a name shorter than its parts");
	check(!ev->proc || (ev->proc->cmdline && strlen(ev->proc->comm) < 16), "a process without a name");
	if (ev->type == EVENT_OTHER)
		return;
	show(r, ev);
	if (event_become_counted(&counted))
		show(r, &counted);
}

static void list(struct container *c, void *arg)
{
	struct reader *r = arg;

	strbuf_reset(&r->text);
	json_add_container(&r->text, r->model, c);
	check_lines(&r->text);
}

static void reader_begin(struct reader *r)
{
	static const enum output_kind kinds[] = { OUTPUT_TEXT, OUTPUT_BLOCK, OUTPUT_JSON };
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;

	*r = (struct reader){ .model = model_new(1 << 16) };
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct output_config config = { .kind = kinds[i], .width = 120 };

		check(output_new(&r->outputs[i], &config, &err) >= 0, "no output");
	}
}

static void reader_end(struct reader *r)
{
	model_for_each_container(r->model, list, r);
	for (size_t i = 0; i < ARRAY_SIZE(r->outputs); i++)
		output_free(r->outputs[i]);
	fields_end(&r->fields);
	strbuf_free(&r->text);
	model_free(r->model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r;
	struct event ev;
	const char *why;

	reader_begin(&r);
	while (size >= sizeof(struct nunchi_head)) {
		/* Its own memory, so that reading past the record's end is found. */
		struct nunchi_head head;
		_cleanup_free_ void *copy = NULL;
		size_t len;

		memcpy(&head, data, sizeof(head));
		len = MIN(MAX(head.len, sizeof(head)), size);
		copy = xmemdup(data, len);
		if (!event_decode(&ev, copy, len, 0, &why))
			look_at(&r, &ev);
		data += len;
		size -= len;
	}
	reader_end(&r);
	return 0;
}
