/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alerts in Falco's two forms: a line of text, and a JSON object with that text and each of its fields, so that a program
 * that reads Falco's output can read this.
 */
#include "internal.h"

#include <inttypes.h>
#include <limits.h>

#include "alert_detail.h"
#include "nunchi/block.h"
#include "rules/fold.h"
#include "rules/ruleset.h"

struct alert {
	struct output output;
	bool json;
	const struct field *time;
	struct fold *fold;	 /* borrowed; NULL: none */
	struct context *context; /* NULL: none */
	struct field_context clock; /* for times of what is no event */
	struct strbuf host;	 /* as the stream's head says */
	struct strbuf text;	 /* the line, without its end */
	size_t body;		 /* where time and priority end in it */
	struct strbuf tmp;
};

/* What became of the call. */
static const char *const effect_names[] = {
	[NUNCHI_EFFECT_NONE] = "none",
	[NUNCHI_EFFECT_BEFORE] = "before",
	[NUNCHI_EFFECT_AFTER] = "after",
	[NUNCHI_EFFECT_DRY] = "dry-run",
	[NUNCHI_EFFECT_ASKED] = "asked",
	[NUNCHI_EFFECT_DONE] = "done",
	[NUNCHI_EFFECT_FAILED] = "failed",
};

/* "14:05:31.123456789: Critical " */
static void add_head(struct alert *a, const struct rule *rule, struct field_context *fc)
{
	struct value time = { .type = VALUE_NONE };

	strbuf_reset(&a->text);
	field_get(a->time, NULL, fc, &time);
	value_print(&a->text, &time);
	strbuf_addf(&a->text, ": %s ", priority_names[rule->priority]);
}

static void add_action_text(struct alert *a, const struct rule *rule, unsigned effect)
{
	if (rule->action != ACTION_ALERT)
		strbuf_addf(&a->text, " action=%s effect=%s", action_names[rule->action],
			    effect_names[effect]);
}

static void make_text(struct alert *a, const struct rule *rule, struct field_context *fc, unsigned effect)
{
	add_head(a, rule, fc);
	a->body = a->text.len;
	template_print(rule->output, fc, &a->tmp, &a->text);
	add_action_text(a, rule, effect);
}

/* Whether a piece before i has the same name. */
static bool is_repeated(const struct template *t, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (t->pieces[k].name && streq(t->pieces[k].name, t->pieces[i].name))
			return true;
	return false;
}

static void add_fields(const struct template *t, struct field_context *fc, struct strbuf *out)
{
	strbuf_adds(out, "{\"evt.time\":");
	strbuf_addu(out, fc->ev->time);
	for (size_t i = 0; i < t->n; i++) {
		const struct template_piece *p = &t->pieces[i];
		struct value v = { .type = VALUE_NONE };

		if (!p->name || streq(p->name, "evt.time") || is_repeated(t, i))
			continue;
		operand_get(&p->operand, fc, &v);
		strbuf_addc(out, ',');
		strbuf_add_json(out, p->name, strlen(p->name));
		strbuf_addc(out, ':');
		value_print_json(out, &v);
	}
	strbuf_addc(out, '}');
}

static void add_text(struct strbuf *out, const char *key, const char *s, size_t len)
{
	strbuf_adds(out, key);
	if (s)
		strbuf_add_json(out, s, len);
	else
		strbuf_adds(out, "null");
}

static void add_action(const struct rule *rule, unsigned effect, struct strbuf *out)
{
	if (rule->action != ACTION_ALERT)
		strbuf_addf(out, ",\"action\":\"%s\",\"effect\":\"%s\"", action_names[rule->action],
			    effect_names[effect]);
}

/* The members of every alert after its output fields. */
static void add_rule(const struct rule *rule, struct strbuf *out)
{
	strbuf_addf(out, ",\"priority\":\"%s\"", priority_names[rule->priority]);
	add_text(out, ",\"rule\":", rule->name, strlen(rule->name));
	strbuf_adds(out, ",\"source\":\"syscall\",\"tags\":[");
	for (size_t i = 0; i < rule->n_tags; i++)
		add_text(out, i ? "," : "", rule->tags[i], strlen(rule->tags[i]));
	strbuf_addc(out, ']');
}

static void add_time(struct strbuf *out, uint64_t time)
{
	strbuf_adds(out, ",\"time\":\"");
	strbuf_add_iso8601(out, time);
	strbuf_addc(out, '"');
}

static void add_json(struct alert *a, const struct rule *rule, struct field_context *fc,
		     unsigned effect, uint64_t minute, struct strbuf *out)
{
	const char *host = fc->ev->host_name;

	add_text(out, "{\"hostname\":", host, host ? strlen(host) : 0);
	add_text(out, ",\"output\":", a->text.s, a->text.len);
	strbuf_adds(out, ",\"output_fields\":");
	add_fields(rule->output, fc, out);
	add_rule(rule, out);
	add_action(rule, effect, out);
	add_time(out, fc->ev->time);
	detail_add(rule, fc, minute, a->context, out);
	strbuf_addc(out, '}');
}

static void add_before(const char *text, void *arg)
{
	strbuf_addf(arg, "\n    before: %s", text);
}

static void make_told_text(struct alert *a, const struct fold_told *told)
{
	const struct event ev = { .time = told->last };

	fields_begin(&a->clock, &ev, NULL);
	add_head(a, told->rule, &a->clock);
	if (told->swallowed) {
		strbuf_add_printable(&a->text, told->rule->name, strlen(told->rule->name));
		strbuf_addf(&a->text, ": its limit of alerts a minute has swallowed %" PRIu64 " more, from ",
			    told->count);
	} else {
		strbuf_addf(&a->text, "%s (and %" PRIu64 " more, from ", told->text, told->count);
	}
	strbuf_add_iso8601(&a->text, told->first);
	strbuf_adds(&a->text, " to ");
	strbuf_add_iso8601(&a->text, told->last);
	strbuf_adds(&a->text, told->swallowed ? "" : ")");
}

static void add_known(struct strbuf *out, const char *key, const char *s, size_t max)
{
	if (*s)
		add_text(out, key, s, strnlen(s, max));
}

static void add_told_json(struct alert *a, const struct fold_told *told, struct strbuf *out)
{
	add_text(out, "{\"hostname\":", a->host.len ? a->host.s : NULL, a->host.len);
	add_text(out, ",\"output\":", a->text.s, a->text.len);
	strbuf_addf(out, ",\"output_fields\":{\"evt.time\":%" PRIu64 ",\"alert.%s\":%" PRIu64
		    ",\"alert.first\":%" PRIu64 ",\"alert.last\":%" PRIu64,
		    told->last, told->swallowed ? "swallowed" : "count", told->count, told->first,
		    told->last);
	add_known(out, ",\"container.id\":", told->container, CONTAINER_ID_SHORT);
	add_known(out, ",\"container.name\":", told->container_name, PATH_MAX);
	add_known(out, ",\"proc.exepath\":", told->image, PATH_MAX);
	strbuf_addc(out, '}');
	add_rule(told->rule, out);
	if (!told->swallowed)
		add_action(told->rule, told->effect, out);
	add_time(out, told->last);
	strbuf_addc(out, '}');
}

static void alert_tell(struct output *o, uint64_t now, struct strbuf *out)
{
	struct alert *a = container_of(o, struct alert, output);
	struct fold_told told;

	while (a->fold && fold_next(a->fold, now, &told)) {
		make_told_text(a, &told);
		if (a->json)
			add_told_json(a, &told, out);
		else
			strbuf_add(out, a->text.s, a->text.len);
		strbuf_addc(out, '\n');
	}
}

static void alert_forget(struct output *o, struct strbuf *out)
{
	struct alert *a = container_of(o, struct alert, output);

	alert_tell(o, UINT64_MAX, out);
	if (a->fold)
		fold_forget(a->fold);
}

static void make_acted_text(struct alert *a, const struct acted *acted)
{
	static const char *const words[][2] = { { "could not be killed", "was killed" },
						{ "could not be paused", "was paused" } };
	const struct event ev = { .time = acted->time };
	bool done = acted->effect == NUNCHI_EFFECT_DONE;

	fields_begin(&a->clock, &ev, NULL);
	add_head(a, acted->rule, &a->clock);
	strbuf_add_printable(&a->text, acted->rule->name, strlen(acted->rule->name));
	strbuf_adds(&a->text, ": container ");
	strbuf_add_printable(&a->text, acted->name, strlen(acted->name));
	strbuf_addf(&a->text, " %s%s", words[acted->rule->action == ACTION_PAUSE_CONTAINER][done],
		    done ? ", by " : ": ");
	strbuf_add_printable(&a->text, acted->text, strlen(acted->text));
	add_action_text(a, acted->rule, acted->effect);
}

static void alert_acted(struct output *o, const struct acted *acted, struct strbuf *out)
{
	struct alert *a = container_of(o, struct alert, output);

	make_acted_text(a, acted);
	if (!a->json) {
		strbuf_add(out, a->text.s, a->text.len);
		strbuf_addc(out, '\n');
		return;
	}
	add_text(out, "{\"hostname\":", a->host.len ? a->host.s : NULL, a->host.len);
	add_text(out, ",\"output\":", a->text.s, a->text.len);
	strbuf_addf(out, ",\"output_fields\":{\"evt.time\":%" PRIu64, acted->time);
	add_known(out, ",\"container.id\":", acted->info->id, CONTAINER_ID_SHORT);
	add_known(out, ",\"container.name\":", acted->name, PATH_MAX);
	add_text(out, acted->effect == NUNCHI_EFFECT_DONE ? ",\"action.by\":" : ",\"action.error\":",
		 acted->text, strlen(acted->text));
	strbuf_addc(out, '}');
	add_rule(acted->rule, out);
	add_action(acted->rule, acted->effect, out);
	add_time(out, acted->time);
	strbuf_adds(out, "}\n");
}

static void alert_rule(struct output *o, const struct rule *rule, struct field_context *fc,
		       unsigned effect, struct strbuf *out)
{
	struct alert *a = container_of(o, struct alert, output);
	uint64_t minute = 0;

	if (fc->ev->host_name && !a->host.len)
		strbuf_adds(&a->host, fc->ev->host_name);
	alert_tell(o, fc->ev->time, out);
	if (a->fold && fold_match(a->fold, rule, fc, effect, &minute) != FOLD_ALERT)
		return;
	make_text(a, rule, fc, effect);
	if (a->fold)
		fold_text(a->fold, a->text.s + a->body, a->text.len - a->body);
	if (a->json) {
		add_json(a, rule, fc, effect, minute, out);
	} else {
		strbuf_add(out, a->text.s, a->text.len);
		context_for_each(a->context, fc->ev->proc, add_before, out);
	}
	strbuf_addc(out, '\n');
}

static void alert_passed(struct output *o, struct field_context *fc)
{
	context_add(container_of(o, struct alert, output)->context, fc);
}

static void alert_free(struct output *o)
{
	struct alert *a = container_of(o, struct alert, output);

	context_free(a->context);
	fields_end(&a->clock);
	strbuf_free(&a->host);
	strbuf_free(&a->text);
	strbuf_free(&a->tmp);
	free(a);
}

static const struct output_ops alert_ops = {
	.alert = alert_rule,
	.acted = alert_acted,
	.tell = alert_tell,
	.forget = alert_forget,
	.passed = alert_passed,
	.free = alert_free,
};

struct output *alert_new(const struct output_config *config)
{
	struct alert *a = xcalloc(1, sizeof(*a));
	char *arg;

	a->output.ops = &alert_ops;
	a->json = config->kind == OUTPUT_ALERT_JSON;
	a->fold = config->fold;
	a->context = context_new(config->context);
	a->time = field_find("evt.time", strlen("evt.time"), &arg);
	return &a->output;
}
