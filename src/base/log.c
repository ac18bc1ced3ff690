/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>

#include "strbuf.h"

static enum log_level threshold = LOG_INFO;
static int patience = -1;
static int own = -1;	/* stderr, opened once more; -1: it is not */
static unsigned long unwritten;	/* lines, since one was written last */
static bool torn;	/* of the last only a part was written */

void log_set_level(enum log_level level)
{
	threshold = level;
}

/*
 * A terminal that nobody reads takes the beginning of a line, and who writes waits with the rest; so does who comes second of two
 * threads that have found a pipe's last room. An opening of our own does not wait: as a flag of stderr that would be for all
 * who have it. Not of a file, which has a place in it that is everybody's.
 */
static void open_own(void)
{
	struct stat st;

	if (own < 0 && !fstat(STDERR_FILENO, &st) && (S_ISFIFO(st.st_mode) || isatty(STDERR_FILENO)))
		__atomic_store_n(&own, open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), __ATOMIC_RELAXED);
}

void log_set_patience(int ms)
{
	if (ms >= 0)
		open_own();
	__atomic_store_n(&patience, ms, __ATOMIC_RELAXED);
}

/* False: nobody reads, and who waits for that would stand still. Other errors there is nobody to tell of. */
static bool write_line(const char *s, size_t len)
{
	int fd = __atomic_load_n(&own, __ATOMIC_RELAXED);
	struct pollfd out = { .fd = fd < 0 ? STDERR_FILENO : fd, .events = POLLOUT };
	bool begun = false;

	while (len) {
		ssize_t n = -1;

		errno = EAGAIN;
		/* As much as does not block after that: pipe(7). */
		if (poll(&out, 1, __atomic_load_n(&patience, __ATOMIC_RELAXED)) != 0)
			n = write(out.fd, s, MIN(len, PIPE_BUF));
		if (n <= 0 && errno == EAGAIN) {
			if (begun)
				__atomic_store_n(&torn, true, __ATOMIC_RELAXED);
			return false;
		}
		if (n <= 0)
			break;
		s += n;
		len -= (size_t)n;
		begun = true;
	}
	return true;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	_cleanup_free_ char *text = NULL;
	int saved = errno;
	unsigned long gap;
	va_list ap;

	if (level > threshold)
		return;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	gap = __atomic_exchange_n(&unwritten, 0, __ATOMIC_RELAXED);
	/* Once more if it is not written: an empty line harms nobody. */
	if (gap && __atomic_load_n(&torn, __ATOMIC_RELAXED))
		strbuf_addc(&b, '\n');
	if (gap)
		strbuf_addf(&b, "nunchi: %lu lines before this one were not written: nobody read them\n", gap);
	/* One write, so that lines of several threads do not mix. */
	strbuf_adds(&b, "nunchi: ");
	strbuf_add_lines(&b, text ? text : fmt, strlen(text ? text : fmt));
	strbuf_addc(&b, '\n');
	if (!write_line(b.s, b.len))
		__atomic_add_fetch(&unwritten, gap + 1, __ATOMIC_RELAXED);
	else if (gap)
		__atomic_store_n(&torn, false, __ATOMIC_RELAXED);
	errno = saved;
}

void log_lines(enum log_level level, const char *text)
{
	for (const char *end; text && (end = strchr(text, '\n')); text = end + 1)
		log_line(level, "%.*s", (int)(end - text), text);
}
