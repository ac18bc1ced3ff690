/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that serves sinks. It lives until nunchi closes the pipe, or dies; signals are nunchi's to handle. What sinks
 * need is opened before the lock (privileges.h). It has none of nunchi's fds, because it is forked before they are opened.
 */
#include "sinks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/privileges.h"
#include "sink.h"

#define SAY_LAST_MS 1000	/* how long a line of the account may wait for stderr at the end */

struct sinks {
	pid_t pid;
	int fd;
	int reopen_fd;
};

static const struct sink_kind *find_kind(const char *to)
{
	for (size_t i = 0; i < n_sink_kinds; i++) {
		const struct sink_kind *kind = &sink_kinds[i];

		if (kind->takes_rest ? starts_with(to, kind->prefix) && to[strlen(kind->prefix)] :
				       streq(to, kind->prefix))
			return kind;
	}
	return NULL;
}

int sinks_check(const char *to, struct strbuf *err)
{
	if (find_kind(to))
		return 0;
	strbuf_addf(err, "%s: no such place for alerts. There is stdout, file:PATH, syslog, "
		    "syslog:SOCKET, program:COMMAND, http://... and https://...", to);
	return -EINVAL;
}

int sinks_check_open(const char *to, struct strbuf *err)
{
	const struct sink_kind *kind = find_kind(to);
	int r = kind->check ? kind->check(to, to + strlen(kind->prefix), err) : 0;

	if (r < 0 && !err->len)
		strbuf_addf(err, "%s: %s", to, strerror(-r));
	return r;
}

bool sinks_is_server(const char *to)
{
	return find_kind(to)->send == sink_http_send;
}

static void put_all(struct sink *sinks, size_t n, const char *line, size_t len)
{
	for (size_t i = 0; i < n; i++)
		sink_put(&sinks[i], line, len);
}

/* Passes on complete lines; the beginning of the next one stays in the buffer. */
static void put_lines(struct sink *sinks, size_t n, struct strbuf *in)
{
	size_t at = 0;
	const char *end;

	while ((end = memchr(in->s + at, '\n', in->len - at))) {
		size_t len = (size_t)(end - (in->s + at)) + 1;

		put_all(sinks, n, in->s + at, len);
		at += len;
	}
	memmove(in->s, in->s + at, in->len - at);
	in->len -= at;
}

/* Until nunchi closes the pipe. */
static void serve(struct sink *sinks, size_t n, int fd, int reopen_fd)
{
	_cleanup_strbuf_ struct strbuf in = STRBUF_INIT;
	struct pollfd fds[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = reopen_fd, .events = POLLIN },
	};

	for (;;) {
		uint64_t count;
		ssize_t got;

		if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
			continue;
		if (fds[1].revents && read(reopen_fd, &count, sizeof(count)) > 0)
			for (size_t i = 0; i < n; i++)
				sink_reopen(&sinks[i]);
		if (!fds[0].revents)
			continue;
		strbuf_grow(&in, 1U << 16);
		got = read(fd, in.s + in.len, 1U << 16);
		if (got <= 0)
			return;
		in.len += (size_t)got;
		put_lines(sinks, n, &in);
	}
}

static bool all_done(struct sink *sinks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!sink_is_done(&sinks[i]))
			return false;
	return true;
}

/* Threads that do not return are left alone: the process ends. */
static uint64_t finish(struct sink *sinks, size_t n)
{
	uint64_t deadline = clock_ns(CLOCK_MONOTONIC) + SINK_STOP_MS * NSEC_PER_MSEC, lost = 0;

	for (size_t i = 0; i < n; i++)
		sink_stop(&sinks[i], deadline);
	while (!all_done(sinks, n) && clock_ns(CLOCK_MONOTONIC) < deadline)
		usleep(5000);
	for (size_t i = 0; i < n; i++)
		lost += sink_account(&sinks[i]);
	return lost;
}

static int open_sinks(struct sink *sinks, const struct sinks_config *config, struct strbuf *err)
{
	for (size_t i = 0; i < config->n; i++) {
		struct sink *s = &sinks[i];
		int r;

		s->name = config->to[i];
		s->kind = find_kind(s->name);
		s->arg = s->name + strlen(s->kind->prefix);
		s->say = config->say;
		s->fd = -1;
		r = s->kind->open(s, config, err);
		if (r < 0 && !err->len)
			strbuf_addf(err, "%s: %s", s->name, strerror(-r));
		if (r < 0)
			return r;
	}
	return 0;
}

static int confine(const struct sink *sinks, size_t n)
{
	bool network = false;

	for (size_t i = 0; i < n; i++)
		network = network || sinks[i].easy;
	(void)privileges_keep(PRIVILEGES_NONE);
	return network ? privileges_lock_network() : privileges_lock(false);
}

/* Writes a sentence to `back` if something fails; closing it without one means that all sinks are open. */
static _noreturn_ void child(const struct sinks_config *config, int fd, int reopen_fd, int back)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGPIPE, SIGCHLD };
	struct sink *sinks = xcalloc(config->n, sizeof(*sinks));
	struct strbuf err = STRBUF_INIT;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_IGN);
	prctl(PR_SET_NAME, "nunchi-sinks");
	/* Neither a sink nor the end may wait for a reader of stderr. */
	log_set_patience(0);
	strbuf_reset(&err);
	/* Opening a file on a network disk may hang, and signals are ignored here: so this process must die with nunchi. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	r = open_sinks(sinks, config, &err);
	prctl(PR_SET_PDEATHSIG, 0);
	/* Before the threads, which inherit the capabilities. Without seccomp nothing is locked. */
	if (!r)
		(void)!confine(sinks, config->n);
	for (size_t i = 0; !r && i < config->n; i++) {
		r = sink_start(&sinks[i]);
		if (r < 0)
			strbuf_addf(&err, "%s: its thread: %s", sinks[i].name, strerror(-r));
	}
	if (r < 0) {
		ssize_t n = write(back, err.s, err.len);

		_exit(n < 0 ? 3 : 2);
	}
	close(back);
	serve(sinks, config->n, fd, reopen_fd);
	log_set_patience(SAY_LAST_MS);
	_exit(finish(sinks, config->n) ? 1 : 0);
}

/* Waits until the sinks are open. 0, or -EIO with the child's sentence. */
static int wait_open(int back, struct strbuf *err)
{
	char text[512];
	ssize_t n;

	while ((n = read(back, text, sizeof(text))) > 0)
		strbuf_add(err, text, (size_t)n);
	return err->len ? -EIO : 0;
}

int sinks_start(struct sinks **ret, const struct sinks_config *config, struct strbuf *err)
{
	struct sinks *s = xcalloc(1, sizeof(*s));
	int in[2] = { -1, -1 }, back[2] = { -1, -1 }, r;

	s->reopen_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->reopen_fd < 0 || pipe2(in, O_CLOEXEC) < 0 || pipe2(back, O_CLOEXEC) < 0) {
		r = -errno;
	} else {
		s->pid = fork();
		r = s->pid < 0 ? -errno : 0;
		if (!s->pid) {
			close(in[1]);
			close(back[0]);
			child(config, in[0], s->reopen_fd, back[1]);
		}
	}
	close_fd(&in[0]);
	close_fd(&back[1]);
	if (r < 0)
		strbuf_addf(err, "the process for sinks: %s", strerror(-r));
	else
		r = wait_open(back[0], err);
	close_fd(&back[0]);
	s->fd = in[1];
	if (r < 0) {
		(void)!sinks_stop(s);
		return r;
	}
	*ret = s;
	return 0;
}

int sinks_fd(const struct sinks *s)
{
	return s->fd;
}

int sinks_reopen_fd(const struct sinks *s)
{
	return s->reopen_fd;
}

int sinks_stop(struct sinks *s)
{
	int status = 0;

	close_fd(&s->fd);
	close_fd(&s->reopen_fd);
	while (s->pid > 0 && waitpid(s->pid, &status, 0) < 0 && errno == EINTR)
		;
	free(s);
	return status ? -EIO : 0;
}
