/* SPDX-License-Identifier: Apache-2.0 */
/* Messages about files of rules, and the files themselves. */
#include "report.h"

#include <errno.h>

#include "parse_error.h"

static const char *line_of(const struct rule_file *s, long line, size_t *ret_len)
{
	const char *at = s->text, *end = s->text + s->len, *newline;

	for (; line > 0; line--) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline)
			break;
		at = newline + 1;
	}
	newline = memchr(at, '\n', (size_t)(end - at));
	*ret_len = (size_t)((newline ? newline : end) - at);
	return at;
}

static void add_place(struct report *r, const struct place *at)
{
	if (!at->source)
		return;
	strbuf_add_printable(&r->text, at->source->path, strlen(at->source->path));
	strbuf_addc(&r->text, ':');
	if (at->line >= 0)
		strbuf_addf(&r->text, "%ld:%ld:", at->line + 1, at->column + 1);
	strbuf_addc(&r->text, ' ');
}

void report_add(struct report *r, enum report_level level, struct place at, const char *sentence)
{
	static const char *const names[] = { "note", "warning", "error" };
	const char *line;
	size_t len;

	if (r->counts[level]++ >= REPORT_MESSAGES_MAX || level < r->least)
		return;
	add_place(r, &at);
	strbuf_addf(&r->text, "%s: ", names[level]);
	strbuf_adds(&r->text, sentence);
	if (at.source && at.line >= 0 && !strchr(sentence, '\n')) {
		line = line_of(at.source, at.line, &len);
		error_show_place(&r->text, line, len, MIN((size_t)at.column, len), 1);
	}
	strbuf_addc(&r->text, '\n');
}

void report_addf(struct report *r, enum report_level level, struct place at, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		abort();
	va_end(args);
	report_add(r, level, at, text);
}

void report_free(struct report *r)
{
	strbuf_free(&r->text);
	*r = (struct report){ .least = r->least };
}

int rule_file_read(struct rule_file **ret, const char *path, struct strbuf *err)
{
	_cleanup_fclose_ FILE *f = streq(path, "-") ? fdopen(dup(STDIN_FILENO), "re")
						    : fopen(path, "re");
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	struct rule_file *s;
	char part[65536];
	size_t n;

	strbuf_reset(err);
	strbuf_reset(&b);
	while (f && (n = fread(part, 1, sizeof(part), f)) > 0 && b.len <= SOURCE_MAX)
		strbuf_add(&b, part, n);
	if (!f || ferror(f)) {
		strbuf_addf(err, "cannot be read: %s", strerror(errno));
		return errno ? -errno : -EIO;
	}
	if (b.len > SOURCE_MAX) {
		strbuf_addf(err, "longer than the %u MiB that are allowed", SOURCE_MAX >> 20);
		return -EFBIG;
	}
	s = xcalloc(1, sizeof(*s));
	s->path = xstrdup(path);
	s->len = b.len;
	s->text = strbuf_take(&b);
	*ret = s;
	return 0;
}

struct rule_file *rule_file_new(const char *path, const char *text)
{
	struct rule_file *s = xcalloc(1, sizeof(*s));

	s->path = xstrdup(path);
	s->text = xstrdup(text);
	s->len = strlen(text);
	return s;
}

void rule_file_free(struct rule_file *s)
{
	free(s->path);
	free(s->text);
	free(s);
}
