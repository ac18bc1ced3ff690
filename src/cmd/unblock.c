/* SPDX-License-Identifier: Apache-2.0 */
/* nunchi unblock: shows or removes what guard --keep-blocking has left in force. */
#include "cmd.h"

#include <errno.h>

#include "base/log.h"
#include "engine/unblock.h"
#include "options.h"

static const struct usage usage = {
	.command = FOR_UNBLOCK,
	.name = "unblock",
	.synopsis = "[--list]",
	.text = "Removes what nunchi guard --keep-blocking has left in force: from then on\n"
		"nothing is denied, and no process killed, by it.\n"
		"\n"
		"  sudo nunchi unblock --list\n"
		"  sudo nunchi unblock\n",
};

static void add_hook(const char *hook, uint64_t since, void *arg)
{
	struct strbuf *out = arg;

	strbuf_addf(out, "%-24s since ", hook);
	strbuf_add_iso8601(out, since);
	strbuf_addc(out, '\n');
}

static int unblock(struct options *o)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	int n;

	if (o->n_args) {
		log_error("unblock: there is nothing that %s could say", o->args[0]);
		return EXIT_USAGE;
	}
	n = engine_unblock(o->list, add_hook, &out);
	if (n == -EACCES || n == -EPERM) {
		log_error("what is kept is root's, to look at and to take away\nTry: sudo nunchi unblock%s",
			  o->list ? " --list" : "");
		return EXIT_FAILURE;
	}
	if (n < 0) {
		log_error("what is pinned cannot be %s: %s", o->list ? "read" : "taken away", strerror(-n));
		return EXIT_FAILURE;
	}
	if (!n)
		log_info("nothing is kept");
	else if (!o->list)
		log_info("%d hook%s taken away", n, n == 1 ? " is" : "s are");
	if (engine_is_keeping())
		log_warn("a nunchi guard runs that goes on blocking until it ends");
	return o->list ? cmd_print(&out) : 0;
}

int cmd_unblock(int argc, char **argv)
{
	return command_run(&usage, unblock, argc, argv);
}
