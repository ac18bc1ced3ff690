/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: the table of options (options.c) as getopt wants it, and as --help shows it. */
#include "option_table.h"

#include <errno.h>
#include <getopt.h>
#include <sys/ioctl.h>

#include "base/log.h"
#include "rules/block.h"
#include "cmd.h"
#include "config_file.h"
#include "rules/fold.h"

#define HELP_INDENT 32
#define HELP_WIDTH_MIN 60U

static int show_help(const struct usage *usage)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	size_t width = terminal_width();

	strbuf_addf(&b, "Usage: nunchi %s %s\n\n%s\nOptions:\n", usage->name, usage->synopsis,
		    usage->text);
	for (size_t i = 0; i < n_option_rows; i++) {
		_cleanup_strbuf_ struct strbuf flag = STRBUF_INIT;

		if (!(option_rows[i].commands & usage->command))
			continue;
		if (option_rows[i].code < OPTION_NO_LETTER)
			strbuf_addf(&flag, "-%c, ", option_rows[i].code);
		else
			strbuf_adds(&flag, "    ");
		strbuf_addf(&flag, "--%s", option_rows[i].name);
		if (option_rows[i].arg)
			strbuf_addf(&flag, " %s", option_rows[i].arg);
		if (!width) {
			strbuf_addf(&b, "  %-*s  %s\n", HELP_INDENT - 4, flag.s, option_rows[i].help);
			continue;
		}
		if (flag.len > HELP_INDENT - 4)
			strbuf_addf(&b, "  %s\n%*s", flag.s, HELP_INDENT, "");
		else
			strbuf_addf(&b, "  %-*s  ", HELP_INDENT - 4, flag.s);
		strbuf_add_wrapped(&b, option_rows[i].help, strlen(option_rows[i].help), HELP_INDENT, MAX(width, HELP_WIDTH_MIN));
	}
	return cmd_print(&b);
}

/* "config, container" as "--config, --container". */
static void add_dashes(struct strbuf *out, const char *names)
{
	for (size_t n; *names; names += n) {
		n = strcspn(names, " ");
		n += names[n] == ' ';
		strbuf_adds(out, "--");
		strbuf_add(out, names, n);
	}
}

/* What to write here for an option of other tools. NULL: nothing. */
static const char *meant(const struct usage *usage, const char *name, size_t len)
{
	static const struct {
		const char *others, *name, *written;
	} table[] = {
		{ "namespace", "k8s-ns", "--k8s-ns" },
		{ "podname", "pod", "--pod" },
		{ "json", "output", "-o json" },
		{ "scope", "format", "a condition, without an option: nunchi trace 'proc.name = sh'" },
		{ "filter", "format", "a condition, without an option: nunchi trace 'proc.name = sh'" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (strlen(table[i].others) != len || memcmp(table[i].others, name, len))
			continue;
		for (size_t k = 0; k < n_option_rows; k++)
			if ((option_rows[k].commands & usage->command) && streq(option_rows[k].name, table[i].name))
				return table[i].written;
	}
	return NULL;
}

/* After getopt returned '?': word is where it stopped. */
static void tell_unknown(const struct usage *usage, const char *word)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT, nearest = STRBUF_INIT, flags = STRBUF_INIT;
	_cleanup_free_ const char **names = xcalloc(n_option_rows, sizeof(*names));
	char letter[3] = { '-', (char)optopt, '\0' };
	const char *here = NULL;
	size_t n = 0;

	for (size_t i = 0; i < n_option_rows; i++)
		if (option_rows[i].commands & usage->command)
			names[n++] = option_rows[i].name;
	strbuf_reset(&nearest);
	if (optopt) {
		word = letter;
	} else if (starts_with(word, "--")) {
		const char *name = word + strlen("--");

		here = meant(usage, name, strcspn(name, "="));
		nearest_names(&nearest, name, strcspn(name, "="), names, n);
	}
	strbuf_add_printable(&text, word, strlen(word));
	if (nearest.len)
		add_dashes(&flags, nearest.s);
	if (here)
		log_error("%s: no such option: %s. Here it is %s", usage->name, text.s, here);
	else if (nearest.len)
		log_error("%s: no such option: %s. Did you mean %s?", usage->name, text.s, flags.s);
	else
		log_error("%s: no such option: %s. See nunchi %s --help", usage->name, text.s,
			  usage->name);
}

/* The table in getopt's two forms. */
static void make_getopt(unsigned command, struct strbuf *letters, struct option *longs)
{
	size_t n = 0;

	strbuf_addc(letters, ':');
	for (size_t i = 0; i < n_option_rows; i++) {
		if (!(option_rows[i].commands & command))
			continue;
		longs[n].name = option_rows[i].name;
		longs[n].has_arg = option_rows[i].arg ? required_argument : optional_argument;
		longs[n++].val = option_rows[i].code;
		if (option_rows[i].code >= OPTION_NO_LETTER)
			continue;
		strbuf_addc(letters, (char)option_rows[i].code);
		if (option_rows[i].arg)
			strbuf_addc(letters, ':');
	}
}

void options_init(struct options *o)
{
	memset(o, 0, sizeof(*o));
	syscall_set_default(&o->engine.set);
	o->engine.hold_ms = ENGINE_HOLD_MS_DEFAULT;
	o->engine.memory = MEMORY_DEFAULT;
	o->engine.hold_bytes = ENGINE_HOLD_BYTES_DEFAULT;
	o->engine.runtimes.root = "";
	o->engine.runtimes.defaults = true;
	o->engine.out_fd = STDOUT_FILENO;
	o->fold = FOLD_WINDOW_DEFAULT;
	o->alert_limit = FOLD_LIMIT_DEFAULT;
	o->choice.least = PRIORITY_DEBUG;
}

/* An option as it was given. */
struct word {
	const struct option_row *row;
	const char *value;	/* NULL: none */
};

/* Collects what getopt finds. It is applied later, because the configuration file comes first. */
static enum parsed read_words(const struct usage *usage, int argc, char **argv, struct word *words,
			      size_t *n_words)
{
	_cleanup_free_ struct option *longs = xcalloc(n_option_rows + 1, sizeof(*longs));
	_cleanup_strbuf_ struct strbuf letters = STRBUF_INIT;
	const struct option_row *row;
	int code;

	make_getopt(usage->command, &letters, longs);
	opterr = 0;
	optind = 1;
	while ((code = getopt_long(argc, argv, letters.s, longs, NULL)) != -1) {
		if (code == 'h')
			return show_help(usage) ? PARSED_FAILED : PARSED_DONE;
		if (code == ':') {
			row = option_find(usage->command, optopt);
			log_error("%s: --%s needs %s", usage->name, row ? row->name : "option",
				  row && row->arg ? row->arg : "a value");
			return PARSED_USAGE;
		}
		if (code == '?') {
			tell_unknown(usage, argv[optind - 1]);
			return PARSED_USAGE;
		}
		words[(*n_words)++] = (struct word){ option_find(usage->command, code), optarg };
	}
	return PARSED_OK;
}

/* Applies the configuration file, except for options that the command line gives. */
static bool take_file(struct options *o, const struct usage *usage, const struct word *words, size_t n)
{
	_cleanup_free_ int *groups = xcalloc(n + 1, sizeof(*groups));
	struct report report = { .least = REPORT_WARNING };
	int r;

	for (size_t i = 0; i < n; i++) {
		groups[i] = option_group(words[i].row->code);
		if (words[i].row->code == OPTION_CONFIG)
			o->config = words[i].value;
	}
	if (!(option_find(usage->command, OPTION_CONFIG)))
		return true;
	r = config_file_take(o, usage->command, groups, n, &report);
	if (report.text.len)
		fputs(report.text.s, stderr);
	report_free(&report);
	return r == 0;
}

enum parsed options_parse(struct options *o, const struct usage *usage, int argc, char **argv)
{
	_cleanup_free_ struct word *words = NULL;
	enum parsed parsed;
	size_t n = 0, room = 1;

	options_init(o);
	/* One word can be several options: -qv. */
	for (int i = 1; i < argc; i++)
		room += strlen(argv[i]) + 1;
	words = xcalloc(room, sizeof(*words));
	parsed = read_words(usage, argc, argv, words, &n);
	if (parsed != PARSED_OK)
		return parsed;
	if (!take_file(o, usage, words, n))
		return PARSED_USAGE;
	for (size_t i = 0; i < n; i++) {
		if (!option_take(o, words[i].row, words[i].value)) {
			log_error("%s", o->error.s);
			return PARSED_USAGE;
		}
	}
	if (options_conflict(o)) {
		log_error("%s", o->error.s);
		return PARSED_USAGE;
	}
	if (o->quiet || o->verbose)
		log_set_level(o->quiet ? LOG_ERROR : LOG_DEBUG);
	o->args = argv + optind;
	o->n_args = argc - optind;
	o->engine.account = !o->quiet;
	o->engine.ready_line = !o->quiet;
	return PARSED_OK;
}

static void names_free(struct choice_names *names)
{
	free(names->names);
	free(names->places);
}

void options_free(struct options *o)
{
	filter_free(o->engine.filter);
	o->engine.filter = NULL;
	selection_free(&o->selection);
	free(o->runtimes);
	for (size_t i = 0; o->kept_rules && i < o->n_rule_paths; i++)
		if (o->kept_rules[i])
			rule_file_free(o->kept_rules[i]);
	free(o->kept_rules);
	free(o->rule_paths);
	free(o->rule_places);
	names_free(&o->choice.tags);
	names_free(&o->choice.not_tags);
	names_free(&o->choice.not_names);
	free(o->sink_names);
	free(o->host_root);
	for (size_t i = 0; i < o->engine.n_watches; i++)
		filter_free(o->watches[i]);
	free(o->watches);
	block_plan_free(o->watch_plan);
	strbuf_free(&o->error);
	for (size_t i = 0; i < o->n_kept; i++)
		free(o->kept[i]);
	free(o->kept);
	if (o->config_text)
		rule_file_free(o->config_text);
}

int command_run(const struct usage *usage, int (*run)(struct options *o), int argc, char **argv)
{
	struct options o;
	enum parsed parsed = options_parse(&o, usage, argc, argv);
	int code = parsed == PARSED_OK ? run(&o) : (int)parsed;

	options_free(&o);
	return code;
}

static bool add_filter(struct options *o, const char *text)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	struct filter *f = NULL;

	if (filter_parse(&f, text, &err) < 0) {
		log_error("filter: %s", err.s);
		return false;
	}
	o->engine.filter = filter_and(o->engine.filter, f);
	return true;
}

bool options_build_filter(struct options *o, char *const *words, int n_words)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	selection_text(&o->selection, &text);
	if (text.len && !add_filter(o, text.s))
		return false;
	/* Parsed apart from the flags' text, so that an error shows exactly what was typed. */
	strbuf_reset(&text);
	for (int i = 0; i < n_words; i++) {
		if (i)
			strbuf_addc(&text, ' ');
		strbuf_adds(&text, words[i]);
	}
	if (text.len && !add_filter(o, text.s))
		return false;
	if (o->engine.filter && filter_names_host(o->engine.filter))
		o->engine.host = true;
	return true;
}

int options_choice(const struct options *o, const char *const *names, size_t n_names)
{
	_cleanup_strbuf_ struct strbuf all = STRBUF_INIT;

	if (!o->output)
		return 0;
	for (size_t i = 0; i < n_names; i++) {
		if (streq(o->output, names[i]))
			return (int)i;
		strbuf_addf(&all, "%s%s", i ? ", " : "", names[i]);
	}
	log_error("-o %s: no such output. There is %s", o->output, all.s);
	return -1;
}

bool options_color(const struct options *o)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (o->color != COLOR_AUTO)
		return o->color == COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && !(term && streq(term, "dumb"));
}

unsigned terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_col;
}
