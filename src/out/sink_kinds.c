/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of sinks: how each is opened, and how it takes an alert. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "rules/ruleset.h"
#include "sink.h"

#define SYSLOG_SOCKET "/dev/log"
#define SYSLOG_FACILITY (3 << 3)	/* daemon */
#define SYSLOG_MAX (32U << 10)	/* bytes of an alert in a datagram: journald takes more, others less */

static int write_all(struct sink *s, const char *line, size_t len, struct strbuf *err)
{
	bool begun = false;

	while (len) {
		ssize_t n = write(s->fd, line, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int r = -errno;

			s->torn |= begun;
			strbuf_adds(err, strerror(-r));
			return r == -EAGAIN ? -EIO : r;
		}
		line += n;
		len -= (size_t)n;
		begun = true;
	}
	return 0;
}

/* If a full disk took only the beginning of a line, that is ended first, so that it does not spoil the next line. */
static int write_line(struct sink *s, const char *line, size_t len, struct strbuf *err)
{
	int r = s->torn ? write_all(s, "\n", 1, err) : 0;

	if (r < 0)
		return r;
	s->torn = false;
	return write_all(s, line, len, err);
}

/* What is told while nobody reads a FIFO is lost; but another reader can come. */
static int file_send(struct sink *s, const char *line, size_t len, struct strbuf *err)
{
	int r = write_line(s, line, len, err);

	if (r != -EPIPE)
		return r;
	strbuf_reset(err);
	strbuf_adds(err, "nobody reads this FIFO");
	return -ENXIO;
}

static int program_send(struct sink *s, const char *line, size_t len, struct strbuf *err)
{
	int r = write_line(s, line, len, err);

	if (r == -EPIPE) {
		strbuf_reset(err);
		strbuf_adds(err, "it has ended, or reads no more; it is started again when nunchi is");
	}
	return r;
}

static int stdout_open(struct sink *s, const struct sinks_config *config, struct strbuf *err)
{
	s->fd = STDOUT_FILENO;
	return 0;
}

static bool is_fifo(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISFIFO(st.st_mode);
}

/* Opening a FIFO does not wait for a reader. Writing does, in the sink's own thread. */
static int file_reopen(struct sink *s, struct strbuf *err)
{
	bool fifo = is_fifo(s->arg);
	int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY;
	int fd = open(s->arg, flags | (fifo ? O_NONBLOCK : 0), 0640);
	int r = -errno;

	if (fd < 0) {
		strbuf_adds(err, fifo && r == -ENXIO ? "nobody reads this FIFO" : strerror(-r));
		return r;
	}
	if (fifo)
		fcntl(fd, F_SETFL, flags);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = fd;
	return 0;
}

/* A file that is not there yet needs a directory. Who checks a service's configuration may not be who runs it, but root. */
static int file_check(const char *name, const char *path, struct strbuf *err)
{
	_cleanup_free_ char *dir = xstrdup(path);
	char *slash = strrchr(dir, '/');
	struct stat st;
	int r = 0;

	if (slash)
		slash[slash == dir] = '\0';
	if (!stat(path, &st) && S_ISDIR(st.st_mode))
		return -EISDIR;
	if (access(path, W_OK) < 0)
		r = -errno;
	if (r == -ENOENT)
		r = access(slash ? dir : ".", W_OK | X_OK) < 0 ? -errno : 0;
	return r == -EACCES && geteuid() ? 0 : r;
}

static int file_open(struct sink *s, const struct sinks_config *config, struct strbuf *err)
{
	_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;
	int r = file_reopen(s, &why);

	if (r < 0)
		strbuf_addf(err, "%s: %s", s->name, why.s);
	return r;
}

/* In the child: gives the program default signals, and a process group of its own, apart from the terminal's keys. */
static void run_program(const char *command, int in)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGPIPE, SIGCHLD };

	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_DFL);
	setpgid(0, 0);
	dup2(in, STDIN_FILENO);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

static int program_open(struct sink *s, const struct sinks_config *config, struct strbuf *err)
{
	int fds[2], r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	r = -errno;
	if (!pid)
		run_program(s->arg, fds[0]);
	close(fds[0]);
	if (pid < 0) {
		close(fds[1]);
		return r;
	}
	s->fd = fds[1];
	return 0;
}

static int syslog_connect(struct sink *s, struct strbuf *err)
{
	const char *path = *s->arg ? s->arg : SYSLOG_SOCKET;
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int r;

	s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return -errno;
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	if (!connect(s->fd, (const struct sockaddr *)&un, sizeof(un)))
		return 0;
	r = -errno;
	strbuf_addf(err, "%s: %s", path, strerror(-r));
	close(s->fd);
	s->fd = -1;
	return r;
}

/* The syslog server may start later: so that it is missing is no error here. */
static int syslog_check(const char *name, const char *path, struct strbuf *err)
{
	if (strlen(path) < sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return 0;
	strbuf_addf(err, "%s: the path is too long for a socket", name);
	return -ENAMETOOLONG;
}

static int syslog_open(struct sink *s, const struct sinks_config *config, struct strbuf *err)
{
	return syslog_check(s->name, s->arg, err);
}

/*
 * Priorities are syslog's levels, in the same order. In JSON the key cannot be in a text, where quotes are escaped. In a line
 * of text it could be, so there the priority is what comes right after the time.
 */
static unsigned alert_level(const char *line, size_t len)
{
	static const char json[] = ",\"priority\":\"", text[] = ": ";
	const char *key = *line == '{' ? json : text;
	const char *at = memmem(line, len, key, strlen(key));
	const char *word = at ? at + strlen(key) : NULL;

	for (unsigned i = 0; word && i < PRIORITY_MAX; i++) {
		size_t n = strlen(priority_names[i]);

		if (n <= (size_t)(line + len - word) && !memcmp(word, priority_names[i], n))
			return i;
	}
	return PRIORITY_NOTICE;
}

static int syslog_send(struct sink *s, const char *line, size_t len, struct strbuf *err)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	time_t now = time(NULL);
	char stamp[32] = "";
	struct tm tm;

	if (s->fd < 0 && syslog_connect(s, err) < 0)
		return -EAGAIN;
	strftime(stamp, sizeof(stamp), "%b %e %H:%M:%S", localtime_r(&now, &tm));
	strbuf_addf(&b, "<%u>%s nunchi[%d]: ", SYSLOG_FACILITY | alert_level(line, len), stamp, getppid());
	strbuf_add(&b, line, MIN(len - 1, (size_t)SYSLOG_MAX));
	if (send(s->fd, b.s, b.len, 0) >= 0)
		return 0;
	strbuf_adds(err, strerror(errno));
	if (errno == EMSGSIZE)
		return -EMSGSIZE;
	close(s->fd);
	s->fd = -1;
	return -EAGAIN;
}

const struct sink_kind sink_kinds[] = {
	{ "stdout", false, NULL, stdout_open, write_line, NULL },
	{ "file:", true, file_check, file_open, file_send, file_reopen },
	{ "program:", true, NULL, program_open, program_send, NULL },
	{ "syslog:", true, syslog_check, syslog_open, syslog_send, NULL },
	{ "syslog", false, NULL, syslog_open, syslog_send, NULL },
	{ "http://", true, sink_http_check, sink_http_open, sink_http_send, NULL },
	{ "https://", true, sink_http_check, sink_http_open, sink_http_send, NULL },
};
const size_t n_sink_kinds = ARRAY_SIZE(sink_kinds);
