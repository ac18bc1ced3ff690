/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nunchi COMMAND. Exit code 0: success; 1: failure; 2: a wrong command line. What was asked for goes
 * to stdout, everything else to stderr.
 */
#include "cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "base/alloc.h"
#include "base/log.h"
#include "syscalls/syscalls.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
#define X(name, help) { #name, cmd_##name, help },
	COMMANDS(X)
#undef X
};

int cmd_print(const struct strbuf *text)
{
	size_t done = 0;

	while (done < text->len) {
		ssize_t n = write(STDOUT_FILENO, text->s + done, text->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EPIPE)
			return 0;
		if (n < 0) {
			log_error("stdout: %s", errno == EBADF ? "is closed" : strerror(errno));
			return EXIT_FAILURE;
		}
		done += (size_t)n;
	}
	return 0;
}

static int print_version(void)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;

	strbuf_adds(&b, "nunchi " NUNCHI_VERSION "\n");
	return cmd_print(&b);
}

static void add_help(struct strbuf *b)
{
	strbuf_adds(b, "Usage: nunchi COMMAND [OPTION]...\n"
			"\n"
			"Shows what containers do: every event with the container that caused it.\n"
			"\n"
			"Commands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		strbuf_addf(b, "  %-8s  %s\n", commands[i].name, commands[i].help);
	strbuf_adds(b, "\n"
			"nunchi COMMAND --help says more; nunchi --version prints the version.\n"
			"To begin: sudo nunchi trace\n");
}

static int print_help(void)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;

	add_help(&b);
	return cmd_print(&b);
}

/* Without a command: the help, but on stderr and as a failure. */
static int no_command(void)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;

	add_help(&b);
	fputs(b.s, stderr);
	return EXIT_USAGE;
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (streq(name, commands[i].name))
			return &commands[i];
	return NULL;
}

static int unknown_command(const char *name)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT, meant = STRBUF_INIT;
	const char *names[ARRAY_SIZE(commands)];

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		names[i] = commands[i].name;
	strbuf_add_printable(&text, name, strlen(name));
	if (!*name)
		log_error("the command is empty. See nunchi --help");
	else if (*name == '-')
		log_error("%s: no such option before a command. See nunchi --help", text.s);
	else if (did_you_mean(&meant, name, strlen(name), names, ARRAY_SIZE(names)))
		log_error("%s: no such command%s", text.s, meant.s);
	else
		log_error("%s: no such command. See nunchi --help", text.s);
	return EXIT_USAGE;
}

/* help, help COMMAND, --help COMMAND */
static int run_help(const char *name)
{
	const struct command *command;
	char *words[] = { NULL, (char[]){ "--help" }, NULL };

	if (!name)
		return print_help();
	command = find_command(name);
	words[0] = (char *)name;
	return command ? command->run(2, words) : unknown_command(name);
}

/*
 * If one of the three standard fds is closed, the next file opened would get its number, and messages
 * would go into a capture. /dev/null takes the place, opened so that reading stdin and writing stdout
 * or stderr still fail, as on a closed fd.
 */
static void hold_places(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			_exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;
	const struct command *command;

	hold_places();
	alloc_keep_small();
	/* A closed pipe is a clean end: write() reports it. */
	signal(SIGPIPE, SIG_IGN);
	/* Our parent may have ignored it, which is inherited: then waitpid() would not tell how a child ended. */
	signal(SIGCHLD, SIG_DFL);
	if (!word)
		return no_command();
	if (streq(word, "--version") || streq(word, "-V") || streq(word, "version"))
		return print_version();
	if (streq(word, "help") || streq(word, "--help") || streq(word, "-h"))
		return run_help(argv[2]);
	if (streq(word, "complete"))
		return cmd_complete(argc - 1, argv + 1);
	command = find_command(word);
	return command ? command->run(argc - 1, argv + 1) : unknown_command(word);
}
