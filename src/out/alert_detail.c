/* SPDX-License-Identifier: Apache-2.0 */
#include "alert_detail.h"

#include <ctype.h>

#include "rules/operand.h"
#include "rules/ruleset.h"

#define MATCHED_MAX 32		/* fields that made the rule match */
#define ANCESTORS_MAX 16	/* from a container's process to its runtime are five */

/* Fields that every alert has, whatever the rule's own output is. Missing ones are left out. */
static const char *const subject[] = {
	"container.id", "container.name", "container.image", "container.runtime", "k8s.ns.name",
	"k8s.pod.name", "k8s.pod.uid", "proc.pid", "proc.name", "proc.exepath", "proc.cmdline",
	"user.name", "evt.type", "evt.res",
};

/* "T1611", "T1059.004": as MITRE numbers its techniques. */
static bool is_technique(const char *s)
{
	size_t digits = 0;

	if (*s++ != 'T')
		return false;
	while (isdigit((unsigned char)s[digits]))
		digits++;
	if (digits != 4)
		return false;
	s += digits;
	return !*s || (s[0] == '.' && isdigit((unsigned char)s[1]) && isdigit((unsigned char)s[2]) &&
		       isdigit((unsigned char)s[3]) && !s[4]);
}

static void add_string(struct strbuf *out, const char *s)
{
	strbuf_add_json(out, s, strlen(s));
}

static void add_techniques(const struct rule *rule, struct strbuf *out)
{
	unsigned n = 0;

	strbuf_adds(out, "\"attack\":[");
	for (size_t i = 0; i < rule->n_tags; i++) {
		if (!is_technique(rule->tags[i]))
			continue;
		strbuf_adds(out, n++ ? "," : "");
		add_string(out, rule->tags[i]);
	}
	strbuf_addc(out, ']');
}

static bool add_member(struct strbuf *out, bool first, const char *name, const struct value *v)
{
	if (v->type == VALUE_NONE)
		return first;
	strbuf_adds(out, first ? "" : ",");
	add_string(out, name);
	strbuf_addc(out, ':');
	value_print_json(out, v);
	return false;
}

static void add_matched(const struct rule *rule, struct field_context *fc, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf name = STRBUF_INIT;
	const struct operand *operands[MATCHED_MAX];
	size_t n = rule_matched(rule, fc, operands, ARRAY_SIZE(operands));
	bool first = true;

	strbuf_adds(out, ",\"matched\":{");
	for (size_t i = 0; i < n; i++) {
		struct value v = { .type = VALUE_NONE };

		strbuf_reset(&name);
		operand_print(operands[i], &name);
		operand_get(operands[i], fc, &v);
		first = add_member(out, first, name.s, &v);
	}
	strbuf_addc(out, '}');
}

static void add_subject(struct field_context *fc, struct strbuf *out)
{
	bool first = true;

	strbuf_adds(out, ",\"subject\":{");
	for (size_t i = 0; i < ARRAY_SIZE(subject); i++) {
		struct value v = { .type = VALUE_NONE };
		char *arg;
		const struct field *f = field_find(subject[i], strlen(subject[i]), &arg);

		field_get(f, NULL, fc, &v);
		first = add_member(out, first, subject[i], &v);
	}
	strbuf_addc(out, '}');
}

static void add_ancestry(struct field_context *fc, struct strbuf *out)
{
	const struct process *p = fc->ev->proc && fc->model ? model_parent(fc->model, fc->ev->proc) : NULL;

	strbuf_adds(out, ",\"ancestry\":[");
	for (unsigned i = 0; p && i < ANCESTORS_MAX; i++) {
		strbuf_addf(out, "%s{\"pid\":%u,\"name\":", i ? "," : "", p->pid);
		strbuf_add_json(out, p->comm, strnlen(p->comm, sizeof(p->comm)));
		if (p->exepath) {
			strbuf_adds(out, ",\"exepath\":");
			add_string(out, p->exepath);
		}
		if (p->cmdline) {
			strbuf_adds(out, ",\"cmdline\":");
			add_string(out, p->cmdline);
		}
		strbuf_addc(out, '}');
		p = model_parent(fc->model, p);
	}
	strbuf_addc(out, ']');
}

static void add_event(const char *text, void *arg)
{
	struct strbuf *out = arg;

	if (out->s[out->len - 1] != '[')
		strbuf_addc(out, ',');
	add_string(out, text);
}

void detail_add(const struct rule *rule, struct field_context *fc, uint64_t minute,
		struct context *context, struct strbuf *out)
{
	strbuf_adds(out, ",\"nunchi\":{");
	add_techniques(rule, out);
	if (minute) {
		strbuf_adds(out, ",\"last_minute\":");
		strbuf_addu(out, minute);
	}
	add_matched(rule, fc, out);
	add_subject(fc, out);
	add_ancestry(fc, out);
	if (context) {
		strbuf_adds(out, ",\"context\":[");
		context_for_each(context, fc->ev->proc, add_event, out);
		strbuf_addc(out, ']');
	}
	strbuf_addc(out, '}');
}
