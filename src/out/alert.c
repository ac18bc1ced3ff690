/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alerts, in the two forms that Falco has them: a line of text, and a JSON object with the same
 * text and each of its fields, so that what reads Falco's output reads this as well.
 */
#include "internal.h"

#include "nunchi/block.h"
#include "rules/ruleset.h"

struct alert {
	struct output output;
	bool json;
	const struct field *time;
	struct strbuf text; /* the line, without its end */
	struct strbuf tmp;
};

/* What became of the call. */
static const char *const effect_names[] = {
	[NUNCHI_EFFECT_NONE] = "none",
	[NUNCHI_EFFECT_BEFORE] = "before",
	[NUNCHI_EFFECT_AFTER] = "after",
	[NUNCHI_EFFECT_DRY] = "dry-run",
};

/* "14:05:31.123456789: Critical A shell was ..." */
static void make_text(struct alert *a, const struct rule *rule, struct field_context *fc)
{
	struct value time = { .type = VALUE_NONE };

	strbuf_reset(&a->text);
	field_get(a->time, NULL, fc, &time);
	value_print(&a->text, &time);
	strbuf_addf(&a->text, ": %s ", priority_names[rule->priority]);
	template_print(rule->output, fc, &a->tmp, &a->text);
	if (rule->action != ACTION_ALERT)
		strbuf_addf(&a->text, " action=%s effect=%s", action_names[rule->action],
			    effect_names[ruleset_effect(fc->ev)]);
}

/* Before piece i there is one of the same name. */
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

static void add_json(struct alert *a, const struct rule *rule, struct field_context *fc,
		     struct strbuf *out)
{
	const char *host = fc->ev->host_name;

	add_text(out, "{\"hostname\":", host, host ? strlen(host) : 0);
	add_text(out, ",\"output\":", a->text.s, a->text.len);
	strbuf_adds(out, ",\"output_fields\":");
	add_fields(rule->output, fc, out);
	strbuf_addf(out, ",\"priority\":\"%s\"", priority_names[rule->priority]);
	add_text(out, ",\"rule\":", rule->name, strlen(rule->name));
	if (rule->action != ACTION_ALERT)
		strbuf_addf(out, ",\"action\":\"%s\",\"effect\":\"%s\"", action_names[rule->action],
			    effect_names[ruleset_effect(fc->ev)]);
	strbuf_adds(out, ",\"source\":\"syscall\",\"tags\":[");
	for (size_t i = 0; i < rule->n_tags; i++)
		add_text(out, i ? "," : "", rule->tags[i], strlen(rule->tags[i]));
	strbuf_adds(out, "],\"time\":\"");
	strbuf_add_iso8601(out, fc->ev->time);
	strbuf_adds(out, "\"}");
}

static void alert_rule(struct output *o, const struct rule *rule, struct field_context *fc,
		       struct strbuf *out)
{
	struct alert *a = container_of(o, struct alert, output);

	make_text(a, rule, fc);
	if (a->json)
		add_json(a, rule, fc, out);
	else
		strbuf_add(out, a->text.s, a->text.len);
	strbuf_addc(out, '\n');
}

static void alert_free(struct output *o)
{
	struct alert *a = container_of(o, struct alert, output);

	strbuf_free(&a->text);
	strbuf_free(&a->tmp);
	free(a);
}

static const struct output_ops alert_ops = {
	.alert = alert_rule,
	.free = alert_free,
};

struct output *alert_new(bool json)
{
	struct alert *a = xcalloc(1, sizeof(*a));
	char *arg;

	a->output.ops = &alert_ops;
	a->json = json;
	a->time = field_find("evt.time", strlen("evt.time"), &arg);
	return &a->output;
}
