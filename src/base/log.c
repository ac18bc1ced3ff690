/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include <errno.h>

#include "strbuf.h"

static enum log_level threshold = LOG_INFO;

void log_set_level(enum log_level level)
{
	threshold = level;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	_cleanup_free_ char *text = NULL;
	int saved = errno;
	va_list ap;

	if (level > threshold)
		return;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	strbuf_adds(&b, "nunchi: ");
	strbuf_adds(&b, text ? text : fmt);
	strbuf_addc(&b, '\n');
	/* One write, so that lines of several threads do not mix. Nobody left to tell if it fails. */
	ssize_t n = write(STDERR_FILENO, b.s, b.len);
	(void)n;
	errno = saved;
}

void log_lines(enum log_level level, const char *text)
{
	for (const char *end; text && (end = strchr(text, '\n')); text = end + 1)
		log_line(level, "%.*s", (int)(end - text), text);
}
