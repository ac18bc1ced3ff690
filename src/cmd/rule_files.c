/* SPDX-License-Identifier: Apache-2.0 */
/* nunchi's own rules are part of the program: there is nothing to install, and nothing to lose. */
#include "rule_files.h"

#include "base/log.h"

static const char default_rules[] =
#include "default_rules.h"
	;
static const char common_rules[] =
#include "common_rules.h"
	;

struct ruleset *rule_files_read(const struct options *o, int first, struct report *report)
{
	size_t n_args = (size_t)MAX(o->n_args - first, 0), n = 0;
	struct rules_input *inputs = xcalloc(o->n_rule_paths + n_args + 2, sizeof(*inputs));
	struct ruleset *rs = NULL;

	inputs[n++] = (struct rules_input){ "(built-in names)", common_rules, true };
	for (size_t i = 0; i < o->n_rule_paths; i++)
		inputs[n++].path = o->rule_paths[i];
	for (size_t i = 0; i < n_args; i++)
		inputs[n++].path = o->args[(size_t)first + i];
	if (n == 1)
		inputs[n++] = (struct rules_input){ "(built-in rules)", default_rules, false };
	if (ruleset_load(&rs, inputs, n, report) < 0)
		rs = NULL;
	free(inputs);
	return rs;
}

struct ruleset *rule_files_load(const struct options *o, int first)
{
	struct report report = { .least = REPORT_WARNING };
	struct ruleset *rs = rule_files_read(o, first, &report);

	if (report.text.len && !(o->quiet && rs))
		fputs(report.text.s, stderr);
	if (!rs)
		log_error("these rules cannot be in force: %u error%s", report.counts[REPORT_ERROR],
			  report.counts[REPORT_ERROR] == 1 ? "" : "s");
	report_free(&report);
	return rs;
}
