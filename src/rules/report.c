/* SPDX-License-Identifier: Apache-2.0 */
/* Messages about rules files, and the files themselves. */
#include "report.h"

#include <errno.h>
#include <limits.h>

#include "parse_error.h"

static bool begins_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

static size_t line_end(const struct rule_file *s, size_t line)
{
	return line + 1 < s->n_lines ? s->lines[line + 1] - 1 : s->len;
}

size_t rule_file_offset(const struct rule_file *s, long line, long column)
{
	size_t at, end;

	if (line < 0 || (size_t)line >= s->n_lines)
		return s->len;
	at = s->lines[line];
	end = line_end(s, (size_t)line);
	for (; at < end && column > 0; column--)
		do
			at++;
		while (at < end && !begins_character(s->text[at]));
	return at;
}

struct place rule_file_place(const struct rule_file *s, size_t offset)
{
	struct place place = { s, 0, 0 };
	size_t low = 0, high = s->n_lines;

	/* The last line that begins at or before it. */
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (s->lines[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	place.line = (long)low;
	for (size_t i = s->lines[low]; i < offset; i++)
		place.column += begins_character(s->text[i]);
	return place;
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

static void add_json(struct report *r, const char *level, const struct place *at, const char *sentence)
{
	strbuf_addf(&r->text, "{\"level\":\"%s\"", level);
	if (at->source) {
		strbuf_adds(&r->text, ",\"file\":");
		strbuf_add_json(&r->text, at->source->path, strlen(at->source->path));
	}
	if (at->source && at->line >= 0)
		strbuf_addf(&r->text, ",\"line\":%ld,\"column\":%ld", at->line + 1, at->column + 1);
	strbuf_adds(&r->text, ",\"message\":");
	strbuf_add_json(&r->text, sentence, strcspn(sentence, "\n"));
	strbuf_adds(&r->text, "}\n");
}

void report_add(struct report *r, enum report_level level, struct place at, const char *sentence)
{
	static const char *const names[] = { "note", "warning", "error" };
	size_t line, end, at_byte;

	if (r->counts[level]++ >= REPORT_MESSAGES_MAX || level < r->least)
		return;
	if (r->json) {
		add_json(r, names[level], &at, sentence);
		return;
	}
	add_place(r, &at);
	strbuf_addf(&r->text, "%s: ", names[level]);
	strbuf_add_lines(&r->text, sentence, strlen(sentence));
	if (at.source && at.line >= 0 && !strchr(sentence, '\n')) {
		at_byte = rule_file_offset(at.source, at.line, at.column);
		line = rule_file_offset(at.source, at.line, 0);
		end = rule_file_offset(at.source, at.line, LONG_MAX);
		error_show_place(&r->text, at.source->text + line, end - line, at_byte - line,
				 rule_file_offset(at.source, at.line, at.column + 1) - at_byte);
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
	*r = (struct report){ .json = r->json, .least = r->least };
}

/* Takes ownership of text. */
static struct rule_file *make(const char *path, char *text, size_t len)
{
	struct rule_file *s = xcalloc(1, sizeof(*s));
	size_t n = 1;

	s->path = xstrdup(path);
	s->text = text;
	s->len = len;
	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	s->lines = xcalloc(n, sizeof(*s->lines));
	s->n_lines = 1;
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\n')
			s->lines[s->n_lines++] = i + 1;
	return s;
}

int rule_file_read(struct rule_file **ret, const char *path, struct strbuf *err)
{
	_cleanup_fclose_ FILE *f = streq(path, "-") ? fdopen(dup(STDIN_FILENO), "re")
						    : fopen(path, "re");
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
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
	n = b.len;
	*ret = make(path, strbuf_take(&b), n);
	return 0;
}

struct rule_file *rule_file_new(const char *path, const char *text)
{
	return make(path, xstrdup(text), strlen(text));
}

void rule_file_free(struct rule_file *s)
{
	free(s->path);
	free(s->text);
	free(s->lines);
	free(s);
}
