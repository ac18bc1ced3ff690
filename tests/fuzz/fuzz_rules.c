/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two files of rules, the second after a line "--- second": they are loaded, and what loads judges
 * events of all kinds. A rule that is found must match by itself, and the other way round.
 */
#include "rules/evaluation.h"
#include "rules/ruleset.h"

#include "../unit/rules/scene.h"

#define MATCHED_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

/* What the index finds is what matches, looked at one by one and without any memory. */
static void compare(const struct rule *rule, struct rule *const *matched, size_t n,
		    struct field_context *fc)
{
	bool found = false;

	if (n > MATCHED_MAX)
		return;
	for (size_t k = 0; k < n; k++)
		found |= matched[k] == rule;
	/* Without memory a node is looked at as often as it is met. */
	if (rule->root->weight < 10000)
		check(found == (rule->enabled && node_match(rule->root, fc, NULL)),
		      "the index and the condition are not of one mind");
}

static void judge(struct ruleset *rs, const struct scene *s)
{
	static struct field_context fc;
	struct rule *matched[MATCHED_MAX];

	for (int e = 0; e < S_MAX; e++) {
		size_t n;

		fields_begin(&fc, &s->events[e], s->world->model);
		n = ruleset_match(rs, &fc, matched, ARRAY_SIZE(matched));
		check(n <= ruleset_count(rs), "more rules match than there are");
		for (size_t i = 0; i < ruleset_count(rs); i++)
			compare(ruleset_rule(rs, i), matched, n, &fc);
	}
}

static void use(struct ruleset *rs, const struct scene *s)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	static struct field_context fc;
	struct syscall_set set = { .procexit = false };
	struct strbuf tmp = STRBUF_INIT;

	judge(rs, s);
	ruleset_calls(rs, &set);
	for (size_t i = 0; i < ruleset_count(rs); i++) {
		fields_begin(&fc, &s->events[W_OPEN], s->world->model);
		rule_unfold(ruleset_rule(rs, i), &out);
		template_print(ruleset_rule(rs, i)->output, &fc, &tmp, &out);
	}
	strbuf_free(&tmp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct scene *s;
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	struct report report = { .least = REPORT_NOTE };
	struct rules_input inputs[] = { { "first", text }, { "second", "" } };
	char *second = strstr(text, "\n--- second\n");
	struct ruleset *rs = NULL;

	if (!s)
		s = scene_new();
	if (second) {
		*second = '\0';
		inputs[1].text = second + strlen("\n--- second\n");
	}
	if (ruleset_load(&rs, inputs, 2, NULL, &report) < 0) {
		check(!rs && report.text.len, "refused without a word");
	} else {
		check(!report.counts[REPORT_ERROR], "errors, and loaded all the same");
		use(rs, s);
		ruleset_free(rs);
	}
	report_free(&report);
	return 0;
}
