/* SPDX-License-Identifier: Apache-2.0 */
/* nunchi trace: events, one a line. */
#include "cmd.h"

#include "base/log.h"
#include "options.h"

static const struct usage usage = {
	.command = FOR_TRACE,
	.name = "trace",
	.synopsis = "[OPTION]... [FILTER]",
	.text = "Shows what containers do: container, process, activity, object and result of\n"
		"each event. FILTER is a condition on the fields that `nunchi list fields`\n"
		"shows.\n"
		"\n"
		"  nunchi trace -c web\n"
		"  nunchi trace -e openat,connect --failed\n"
		"  nunchi trace 'container.name=web and not fd.name startswith /proc'\n"
		"  nunchi trace -o json > events.json\n",
};

static int make_output(struct options *o, struct output **ret)
{
	static const char *const kinds[] = {
		[OUTPUT_TEXT] = "text",
		[OUTPUT_JSON] = "json",
		[OUTPUT_BLOCK] = "block",
	};
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	int kind = options_choice(o, kinds, ARRAY_SIZE(kinds));
	struct output_config config = {
		.kind = o->format ? OUTPUT_FORMAT : (enum output_kind)kind,
		.format = o->format,
		.color = options_color(o),
		.width = terminal_width(),
	};

	if (kind < 0)
		return EXIT_USAGE;
	if (output_new(ret, &config, &err) < 0) {
		log_error("%s", err.s);
		return EXIT_USAGE;
	}
	return 0;
}

static int trace(struct options *o)
{
	struct output *output = NULL;
	int r = options_build_filter(o, o->args, o->n_args) ? make_output(o, &output) : EXIT_USAGE;

	if (r)
		return r;
	o->engine.output = output;
	r = engine_run(&o->engine);
	output_free(output);
	return r;
}

int cmd_trace(int argc, char **argv)
{
	return command_run(&usage, trace, argc, argv);
}
