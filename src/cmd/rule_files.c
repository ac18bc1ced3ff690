/* SPDX-License-Identifier: Apache-2.0 */
/* Which rules a command uses. nunchi's own are part of the program: there is nothing to install or to lose. */
#include "rule_files.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/log.h"
#include "cmd.h"

static const char default_rules[] =
#include "default_rules.h"
	;
static const char common_rules[] =
#include "common_rules.h"
	;
static const struct rules_input own = { .path = "(built-in rules)", .text = default_rules };

/* Standard input, pipes and the like: a second read finds nothing. */
static bool can_be_read_once(const char *path)
{
	struct stat st;

	return path && (streq(path, "-") || (!stat(path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)));
}

bool rule_files_keep(struct options *o)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;

	o->kept_rules = xcalloc(o->n_rule_paths + 1, sizeof(*o->kept_rules));
	for (size_t i = 0; i < o->n_rule_paths; i++) {
		struct rule_file **kept = &o->kept_rules[i];

		if (!can_be_read_once(o->rule_paths[i]))
			continue;
		if (rule_file_read(kept, o->rule_paths[i], &err) >= 0 && strlen((*kept)->text) != (*kept)->len)
			strbuf_adds(&err, "has a byte 0: this is no YAML");
		if (err.len) {
			log_error("%s: %s", o->rule_paths[i], err.s);
			return false;
		}
	}
	return true;
}

static struct rules_input input_of(const struct options *o, size_t i)
{
	if (!o->rule_paths[i])
		return own;
	return (struct rules_input){ .path = o->rule_paths[i],
				     .text = o->kept_rules && o->kept_rules[i] ? o->kept_rules[i]->text : NULL,
				     .named = o->rule_places[i] };
}

int rule_files_read(struct ruleset **ret, const struct options *o, int first, struct report *report)
{
	bool has_own = false;
	size_t n_args = (size_t)MAX(o->n_args - first, 0), n = 0;
	struct rules_input *inputs = xcalloc(o->n_rule_paths + n_args + 2, sizeof(*inputs));
	int r;

	inputs[n++] = (struct rules_input){ .path = "(built-in names)", .text = common_rules, .common = true };
	for (size_t i = 0; i < o->n_rule_paths; i++) {
		inputs[n++] = input_of(o, i);
		has_own |= !o->rule_paths[i];
	}
	for (size_t i = 0; i < n_args; i++)
		inputs[n++].path = o->args[(size_t)first + i];
	if (n > 1 && !has_own)
		inputs[n++] = (struct rules_input){ .path = own.path, .text = own.text, .offered = true };
	if (n == 1)
		inputs[n++] = own;
	r = ruleset_load(ret, inputs, n, &o->choice, report);
	free(inputs);
	return r;
}

void rule_files_check(const struct options *o, struct report *report)
{
	struct ruleset *rs = NULL;

	for (size_t i = 0; i < o->n_rule_paths; i++)
		if (can_be_read_once(o->rule_paths[i]))
			return;
	if (rule_files_read(&rs, o, o->n_args, report) >= 0)
		ruleset_free(rs);
}

int rule_files_load(struct ruleset **ret, const struct options *o, int first)
{
	struct report report = { .least = REPORT_WARNING };
	int r = rule_files_read(ret, o, first, &report);

	if (report.text.len && !(o->quiet && r >= 0))
		fputs(report.text.s, stderr);
	if (r < 0)
		log_error("these rules cannot be in force: %u error%s", report.counts[REPORT_ERROR],
			  report.counts[REPORT_ERROR] == 1 ? "" : "s");
	report_free(&report);
	if (r == -ENOENT)
		return EXIT_USAGE;
	return r < 0 ? EXIT_FAILURE : 0;
}

void rule_files_say_choice(const struct ruleset *rs)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	ruleset_describe_choice(rs, &text);
	if (text.len)
		log_info("%s", text.s);
}
