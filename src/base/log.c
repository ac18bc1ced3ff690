/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>

#include "strbuf.h"

static enum log_level threshold = LOG_INFO;
static int patience = -1;
static unsigned long unwritten;	/* lines, since one was written last */

void log_set_level(enum log_level level)
{
	threshold = level;
}

void log_set_patience(int ms)
{
	__atomic_store_n(&patience, ms, __ATOMIC_RELAXED);
}

/* False: nobody reads, and who waits for that would stand still. Other errors there is nobody to tell of. */
static bool write_line(const char *s, size_t len)
{
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };

	while (len) {
		ssize_t n;

		if (poll(&out, 1, __atomic_load_n(&patience, __ATOMIC_RELAXED)) == 0)
			return false;
		/* As much as does not block after that: pipe(7). */
		n = write(STDERR_FILENO, s, MIN(len, PIPE_BUF));
		if (n <= 0)
			return n < 0 && errno != EAGAIN;
		s += n;
		len -= (size_t)n;
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
	if (gap)
		strbuf_addf(&b, "nunchi: %lu lines before this one were not written: nobody read them\n", gap);
	/* One write, so that lines of several threads do not mix. */
	strbuf_addf(&b, "nunchi: %s\n", text ? text : fmt);
	if (!write_line(b.s, b.len))
		__atomic_add_fetch(&unwritten, gap + 1, __ATOMIC_RELAXED);
	errno = saved;
}

void log_lines(enum log_level level, const char *text)
{
	for (const char *end; text && (end = strchr(text, '\n')); text = end + 1)
		log_line(level, "%.*s", (int)(end - text), text);
}
