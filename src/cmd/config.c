/* SPDX-License-Identifier: Apache-2.0 */
/* nunchi config: checks the configuration file, or writes an example of one. */
#include "cmd.h"

#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "config_file.h"

static const struct usage usage = {
	.command = FOR_CONFIG,
	.name = "config",
	.synopsis = "check [FILE]|example",
	.text = "check    reports every error in a configuration file and the rules that it names\n"
		"example  writes one in which every option is a comment\n"
		"\n"
		"The default FILE is " NUNCHI_CONFIG ".\n"
		"\n"
		"  nunchi config example > nunchi.yaml\n"
		"  nunchi config check nunchi.yaml\n",
};

static int check(struct options *o)
{
	struct report report = { .least = REPORT_WARNING };
	int r;

	/* A file that was named must exist; the default one need not. */
	o->config = o->n_args > 1 ? o->args[1] : NULL;
	if (!o->config && access(NUNCHI_CONFIG, F_OK) < 0 && errno == ENOENT)
		strbuf_adds(&report.text, NUNCHI_CONFIG ": is not there, and need not be\n");
	r = config_file_take(o, 0, NULL, 0, &report);
	strbuf_addf(&report.text, "%u error%s\n", report.counts[REPORT_ERROR],
		    report.counts[REPORT_ERROR] == 1 ? "" : "s");
	if (cmd_print(&report.text))
		r = -1;
	report_free(&report);
	return r ? EXIT_FAILURE : 0;
}

static int run_config(struct options *o)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	const char *verb = o->n_args ? o->args[0] : "";

	if (streq(verb, "check") && o->n_args <= 2)
		return check(o);
	if (streq(verb, "example") && o->n_args == 1) {
		config_file_example(&out);
		return cmd_print(&out);
	}
	log_error("config: check [FILE], or example");
	return EXIT_USAGE;
}

int cmd_config(int argc, char **argv)
{
	return command_run(&usage, run_config, argc, argv);
}
