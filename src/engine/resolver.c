/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks up the host names that rules compare with fd.sip.name and its like. A process of its own does it,
 * because the C library asks servers, reads files, may load modules, and takes as long as it takes. It is
 * forked before anything of the kernel side is open, has the lock for processes that talk to servers, and
 * shares one socket with nunchi. It receives all names, each ended by a newline, and answers
 * "NAME ADDRESS ADDRESS...".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/privileges.h"
#include "internal.h"
#include "rules/host_names.h"

#define NAMES_BYTES (32U << 10)	/* of all names: about 1,000 */
#define ANSWER_BYTES (8U << 10)	/* of one answer: about 200 addresses */
#define ADDRESSES_MAX 256
#define REFRESH_MS 30000	/* between look-ups of the same name */

struct looked_up {
	char *name;
	struct strbuf answer;	/* the last one sent */
};

struct names {
	struct looked_up *all;
	size_t n;
};

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->n; i++) {
		free(names->all[i].name);
		strbuf_free(&names->all[i].answer);
	}
	free(names->all);
	*names = (struct names){ NULL, 0 };
}

static void names_take(struct names *names, char *text)
{
	char *rest = text, *name;

	names_free(names);
	while ((name = strsep(&rest, "\n"))) {
		if (!*name)
			continue;
		names->all = xrealloc(names->all, (names->n + 1) * sizeof(*names->all));
		names->all[names->n++] = (struct looked_up){ .name = xstrdup(name), .answer = STRBUF_INIT };
	}
}

/* Sends the name's addresses if they have changed. If the look-up fails, nunchi keeps the old ones. */
static void look_up(int fd, struct looked_up *one)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	_cleanup_strbuf_ struct strbuf answer = STRBUF_INIT;
	struct addrinfo *list = NULL;
	char text[INET6_ADDRSTRLEN];

	if (getaddrinfo(one->name, NULL, &hints, &list))
		return;
	strbuf_adds(&answer, one->name);
	for (const struct addrinfo *a = list; a && answer.len + sizeof(text) < ANSWER_BYTES; a = a->ai_next)
		if (!getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST))
			strbuf_addf(&answer, " %s", text);
	freeaddrinfo(list);
	if ((one->answer.len && streq(answer.s, one->answer.s)) || send(fd, answer.s, answer.len, MSG_NOSIGNAL) < 0)
		return;
	strbuf_reset(&one->answer);
	strbuf_adds(&one->answer, answer.s);
}

/* Serves until nunchi closes the socket. */
static void serve(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	struct names names = { NULL, 0 };
	static char text[NAMES_BYTES + 1];

	for (;;) {
		if (poll(&wait, 1, REFRESH_MS) > 0) {
			ssize_t n = recv(fd, text, NAMES_BYTES, 0);

			if (n <= 0)
				return;
			text[n] = '\0';
			names_take(&names, text);
		}
		/* New names interrupt this round. */
		for (size_t i = 0; i < names.n && poll(&wait, 1, 0) == 0; i++)
			look_up(fd, &names.all[i]);
	}
}

static _noreturn_ void child(int fd)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGPIPE };
	int null;

	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_IGN);
	prctl(PR_SET_NAME, "nunchi-names");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpriority(PRIO_PROCESS, 0, 0);
	/* The socket becomes fd 3 before the standard streams are replaced: it may be one of 0 to 2 itself. */
	if (dup2(fd, 3) < 0 || close_range(4, ~0U, 0) < 0)
		_exit(1);
	/* Does not keep nunchi's stdout open: its reader waits for the end of nunchi, not of this process. */
	null = open("/dev/null", O_RDWR);
	for (int i = 0; i < 3 && null >= 0; i++)
		dup2(null, i);
	if (null > 3)
		close(null);
	(void)privileges_keep(PRIVILEGES_NONE);
	/* Fails on a kernel without seccomp: then it runs without the lock. */
	(void)!privileges_lock_network();
	serve(3);
	_exit(0);
}

struct wanted {
	struct strbuf *all;
	unsigned left_out;
};

static void add_name(const char *name, void *arg)
{
	struct wanted *wanted = arg;

	if (wanted->all->len + strlen(name) + 1 > NAMES_BYTES) {
		wanted->left_out++;
		return;
	}
	strbuf_adds(wanted->all, name);
	strbuf_addc(wanted->all, '\n');
}

static void collect(const struct engine *e, struct strbuf *all)
{
	struct wanted wanted = { .all = all };

	strbuf_reset(all);
	if (e->force->rules)
		ruleset_host_names(e->force->rules, add_name, &wanted);
	filter_host_names(e->config->filter, add_name, &wanted);
	if (wanted.left_out)
		log_warn("%u of the names that addresses are compared with are not looked up, so no address has them: there is "
			 "room for %u KiB of names. Compare with addresses or networks (fd.sip, fd.snet) instead",
			 wanted.left_out, NAMES_BYTES >> 10);
}

int resolver_start(struct engine *e)
{
	_cleanup_strbuf_ struct strbuf all = STRBUF_INIT;
	int pair[2];
	pid_t pid;

	collect(e, &all);
	if (!all.len)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	pid = fork();
	if (!pid)
		child(pair[1]);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return -errno;
	}
	e->resolver = pair[0];
	return send(e->resolver, all.s, all.len, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

void resolver_ask(struct engine *e)
{
	_cleanup_strbuf_ struct strbuf all = STRBUF_INIT;

	collect(e, &all);
	if (e->resolver < 0 && all.len)
		log_warn("the new rules ask for names of addresses, which are not looked up: none did at the start, or the "
			 "process that does it has ended. Restart nunchi");
	else if (e->resolver >= 0 && send(e->resolver, all.len ? all.s : "\n", MAX(all.len, (size_t)1), MSG_NOSIGNAL) < 0)
		log_warn("names of addresses are not looked up any more: %s", strerror(errno));
}

static void take_answer(struct engine *e, char *text)
{
	struct address addresses[ADDRESSES_MAX];
	char *name = strsep(&text, " "), *word;
	size_t n = 0;

	while (text && n < ADDRESSES_MAX && (word = strsep(&text, " "))) {
		struct value v = { .type = VALUE_NONE };
		uint8_t ip[16];

		/* Link-local addresses can have a zone after "%". */
		word[strcspn(word, "%")] = '\0';
		if (inet_pton(AF_INET, word, ip) == 1)
			value_set_ip(&v, AF_INET, ip);
		else if (inet_pton(AF_INET6, word, ip) == 1)
			value_set_ip(&v, AF_INET6, ip);
		else
			continue;
		addresses[n].family = v.family;
		memcpy(addresses[n++].ip, v.ip, sizeof(v.ip));
	}
	model_set_addresses(e->model, name, addresses, n);
	log_debug("%s has %zu address%s", name, n, n == 1 ? "" : "es");
}

void resolver_take(struct engine *e)
{
	char text[ANSWER_BYTES + 1];
	ssize_t n;

	while ((n = recv(e->resolver, text, ANSWER_BYTES, MSG_DONTWAIT)) > 0) {
		text[n] = '\0';
		take_answer(e, text);
	}
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		log_warn("names of addresses are not looked up any more: that process has ended");
		close_fd(&e->resolver);
	}
}

/* Ends the process: it sees the socket close, or, while it waits for a server, dies with us (PR_SET_PDEATHSIG). */
void resolver_stop(struct engine *e)
{
	close_fd(&e->resolver);
}
