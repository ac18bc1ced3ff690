/* SPDX-License-Identifier: Apache-2.0 */
/* A replay: records from a capture file. Names are in the stream, so nothing has to wait for them. */
#include "internal.h"
#include "out/account.h"
#include "out/describe.h"

static void free_host(struct host_info **host)
{
	host_info_free(*host);
}

static void take_host(struct engine *e, const struct nunchi_head *record)
{
	_cleanup_(free_host) struct host_info *host = NULL;
	const char *why;
	struct event ev;

	if (event_decode(&ev, record, record->len, 0, &why) < 0 || decode_host(&ev, &host) < 0)
		return;
	/* A second HOST record: the clock was set. */
	if (e->boot_to_epoch && e->boot_to_epoch != host->boot_to_epoch && e->config->output)
		output_forget(e->config->output, &e->out);
	e->boot_to_epoch = host->boot_to_epoch;
	e->started = record->time;
}

/* Accounts are records that are not shown as events. */
static void take_account(struct accounts *a, const struct nunchi_head *record)
{
	const char *why;
	struct event ev;

	if ((record->kind == NUNCHI_REC_ACCOUNT || record->kind == NUNCHI_REC_COUNTS) &&
	    event_decode(&ev, record, record->len, 0, &why) >= 0)
		accounts_apply(a, &ev);
}

/* Prints the account of the nunchi that recorded. A capture that was cut off has none. */
static void say_account(const struct engine *e, const struct accounts *a)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	if (!a->n)
		return;
	if (e->writer)
		writer_wait(e->writer, ENGINE_SAY_LAST_MS);
	strbuf_adds(&text, "recorded: ");
	account_summary(a, e->last_time > e->started ? e->last_time - e->started : 0, &text);
	log_lines(LOG_INFO, text.s);
	account_log_faults(a);
}

/* Says what was recorded on purpose and is not shown, and which option would show it. */
static void say_hidden(const struct engine *e)
{
	static const struct {
		const char *of, *option;
	} reasons[HIDDEN_MAX] = {
		[HIDDEN_HOST] = { "the host", "--host" },
		[HIDDEN_SETUP] = { "runtimes that set up containers", "--setup" },
		[HIDDEN_CALLS] = { "calls outside of the default set", "-e all" },
	};

	for (unsigned why = 0; why < HIDDEN_MAX; why++) {
		_cleanup_strbuf_ struct strbuf n = STRBUF_INIT;
		bool one = e->hidden[why] == 1;

		if (!(e->hidden_meant & 1U << why))
			continue;
		add_grouped(&n, e->hidden[why]);
		log_info("%s event%s of %s %s not %s (%s)", n.s, one ? "" : "s", reasons[why].of, one ? "is" : "are",
			 e->config->rules ? "judged" : "shown", reasons[why].option);
	}
}

int replay_run(struct engine *e)
{
	struct accounts accounts = { .n = 0 };
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT, shown = STRBUF_INIT;
	const struct nunchi_head *record;
	struct capture_reader *reader;
	const char *path = e->config->replay;
	int r;

	r = capture_reader_open(&reader, path, &err);
	if (r < 0) {
		log_error("%s: %s", path, err.len ? err.s : strerror(-r));
		return 1;
	}
	while (!e->ending && !e->failure && (r = capture_reader_next(reader, &record, &err)) > 0) {
		if (record->kind == NUNCHI_REC_HOST)
			take_host(e, record);
		pipeline_record(e, record);
		take_account(&accounts, record);
		e->last_time = MAX(e->last_time, record->time);
	}
	pipeline_tell(e, UINT64_MAX);
	pipeline_flush(e, true);
	capture_reader_close(reader);
	if (e->config->snapshot)
		e->config->snapshot(e->model, e->boot_to_epoch ? e->last_time + e->boot_to_epoch : 0, e->config->snapshot_arg);
	if (r < 0 && !e->ending) {
		add_grouped(&shown, e->shown);
		log_error("%s: %s; the %s events before it were shown", path, err.s, shown.s);
		accounts_free(&accounts);
		return 1;
	}
	if (e->config->account && !e->ending) {
		if (e->config->filter && e->config->output && !e->config->rules && !e->shown)
			log_info("no event in it is what was asked for");
		say_hidden(e);
		say_account(e, &accounts);
	}
	accounts_free(&accounts);
	return 0;
}
