/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a filter: it is parsed, and what parses is evaluated on events of all kinds and before
 * there are any. An answer that is given early must not contradict the one for the event. The same as a format
 * (--format), of whose lines none may be broken by what is in them.
 */
#include "rules/filter.h"
#include "rules/template.h"

#include "../unit/fields/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void evaluate(const struct filter *f, const struct world *w)
{
	static struct field_context fc;
	struct syscall_set set = { .procexit = false };

	for (size_t i = 0; i < W_MAX; i++) {
		const struct event *ev = &w->events[i];
		bool match;

		fields_begin(&fc, ev, w->model);
		match = filter_match(f, &fc);
		if (ev->type != EVENT_SYSCALL && ev->type != EVENT_PROCEXIT)
			continue;
		check(filter_match_type(f, ev->call) != (match ? TRI_FALSE : TRI_TRUE),
		      "the answer by type contradicts the event's");
		if (i == W_PENDING)
			continue;
		check(filter_match_container(f, w->model, ev->container) !=
			      (match ? TRI_FALSE : TRI_TRUE),
		      "the answer by container contradicts the event's");
	}
	filter_named_calls(f, &set);
	(void)filter_names_host(f);
}

/* Without escapes, newlines are those of the format itself. */
static void format(const char *text, const struct world *w)
{
	_cleanup_strbuf_ struct strbuf glued = STRBUF_INIT, err = STRBUF_INIT, tmp = STRBUF_INIT,
				       out = STRBUF_INIT;
	static struct field_context fc;
	struct template *t = NULL;
	size_t at, lines = 0, own = 0;

	if (template_new(&t, text, false, &glued, &err, &at) < 0) {
		check(!t && err.len && at <= strlen(text), "a format is refused without a word");
		return;
	}
	for (size_t i = 0; i < W_MAX; i++) {
		fields_begin(&fc, &w->events[i], w->model);
		template_print(t, &fc, &tmp, &out);
	}
	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < t->pieces[i].len; k++)
			own += t->pieces[i].text[k] == '\n';
	for (size_t i = 0; i < out.len; i++)
		lines += out.s[i] == '\n';
	check(lines == own * W_MAX, "a value has a line's end of its own");
	template_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world *w;
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	struct filter *f = NULL;

	if (!w)
		w = world_new();
	format(text, w);
	if (filter_parse(&f, text, &err) < 0) {
		check(!f && err.len, "an error without a sentence");
		return 0;
	}
	check(f && !err.len, "a sentence without an error");
	evaluate(f, w);
	filter_free(f);
	return 0;
}
