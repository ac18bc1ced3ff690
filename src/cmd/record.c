/* SPDX-License-Identifier: Apache-2.0 */
/* nunchi record: writes the stream to a capture file, which -r reads anywhere, without root. */
#include "cmd.h"

#include "base/log.h"
#include "options.h"

static const struct usage usage = {
	.command = FOR_RECORD,
	.name = "record",
	.synopsis = "-w FILE [OPTION]... [FILTER]",
	.text = "Writes what containers do, with their names, to a capture file. Commands that\n"
		"show live events can read it with -r FILE, on any machine and without root.\n"
		"\n"
		"  nunchi record -w web.cap -c web --timeout 60\n"
		"  nunchi trace -r web.cap -o json\n",
};

static int record(struct options *o)
{
	if (!o->engine.record) {
		log_error("record: which file? -w FILE says it");
		return EXIT_USAGE;
	}
	return options_build_filter(o, o->args, o->n_args) ? engine_run(&o->engine) : EXIT_USAGE;
}

int cmd_record(int argc, char **argv)
{
	return command_run(&usage, record, argc, argv);
}
