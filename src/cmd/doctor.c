/* SPDX-License-Identifier: Apache-2.0 */
/* nunchi doctor: one screen that says what is seen on this machine, how, and what is not. */
#include "cmd.h"

#include "base/log.h"
#include "options.h"

static const struct usage usage = {
	.command = FOR_DOCTOR,
	.name = "doctor",
	.synopsis = "[OPTION]...",
	.text = "Examines this machine, tries each hook, and says what nunchi can see here and\n"
		"what it cannot. Exit code 0: fine; 1: degraded, something is not seen; 2:\n"
		"unusable.\n"
		"\n"
		"  sudo nunchi doctor\n"
		"  sudo nunchi doctor -o json\n",
};

static int run_doctor(struct options *o)
{
	static const char *const kinds[] = { "text", "json" };
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	int kind = options_choice(o, kinds, ARRAY_SIZE(kinds));
	struct doctor_report report;
	struct doctor_facts facts;
	int r;

	if (o->n_args) {
		log_error("doctor: what is %s? See nunchi doctor --help", o->args[0]);
		return EXIT_USAGE;
	}
	if (kind < 0)
		return EXIT_USAGE;
	engine_doctor(&o->engine.runtimes, &facts);
	doctor_judge(&facts, &report);
	if (kind == 1)
		doctor_json(&facts, &report, &out);
	else
		doctor_text(&report, terminal_width(), options_color(o), &out);
	r = cmd_print(&out);
	if (!r)
		r = (int)report.verdict;
	doctor_report_free(&report);
	doctor_facts_free(&facts);
	return r;
}

int cmd_doctor(int argc, char **argv)
{
	return command_run(&usage, run_doctor, argc, argv);
}
