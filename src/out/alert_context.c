/* SPDX-License-Identifier: Apache-2.0 */
#include "alert_context.h"

#include "base/hmap.h"
#include "describe.h"

/* A process's last events, in a ring. */
struct past {
	struct hnode by_pid;
	struct past *older, *newer;
	uint32_t pid;
	uint64_t start;
	unsigned count, next;
	char text[][CONTEXT_TEXT_MAX];
};

struct context {
	unsigned n;
	struct hmap pasts;
	struct past *oldest, *newest;
	const struct field *time, *type;
	struct what what;
	struct strbuf line, tmp;
};

struct context *context_new(unsigned n)
{
	struct context *c;
	char *arg;

	if (!n)
		return NULL;
	c = xcalloc(1, sizeof(*c));
	c->n = MIN(n, CONTEXT_EVENTS_MAX);
	c->time = field_find("evt.time", strlen("evt.time"), &arg);
	c->type = field_find("evt.type", strlen("evt.type"), &arg);
	return c;
}

static void detach(struct context *c, struct past *p)
{
	*(p->older ? &p->older->newer : &c->oldest) = p->newer;
	*(p->newer ? &p->newer->older : &c->newest) = p->older;
}

static void attach(struct context *c, struct past *p)
{
	p->older = c->newest;
	p->newer = NULL;
	*(c->newest ? &c->newest->newer : &c->oldest) = p;
	c->newest = p;
}

void context_free(struct context *c)
{
	if (!c)
		return;
	while (c->oldest) {
		struct past *p = c->oldest;

		detach(c, p);
		free(p);
	}
	hmap_free(&c->pasts);
	strbuf_free(&c->what.text);
	strbuf_free(&c->line);
	strbuf_free(&c->tmp);
	free(c);
}

static uint64_t hash_process(const struct process *p)
{
	return hash_u64(p->start ^ (uint64_t)p->pid << 32);
}

static struct past *find(const struct context *c, const struct process *p)
{
	uint64_t hash = hash_process(p);

	for (struct hnode *n = hmap_first(&c->pasts, hash); n; n = hmap_next(n, hash)) {
		struct past *past = container_of(n, struct past, by_pid);

		if (past->pid == p->pid && past->start == p->start)
			return past;
	}
	return NULL;
}

/* The events of the process; if there are none, a new ring, or that of the process that has been idle longest. */
static struct past *get(struct context *c, const struct process *p)
{
	struct past *past = find(c, p);

	if (past) {
		detach(c, past);
	} else {
		if (c->pasts.count >= CONTEXT_PROCESSES) {
			past = c->oldest;
			detach(c, past);
			hmap_remove(&c->pasts, &past->by_pid);
		} else {
			past = xcalloc(1, sizeof(*past) + c->n * CONTEXT_TEXT_MAX);
		}
		past->pid = p->pid;
		past->start = p->start;
		past->count = past->next = 0;
		hmap_insert(&c->pasts, &past->by_pid, hash_process(p));
	}
	attach(c, past);
	return past;
}

static void add_value(struct context *c, const struct field *f, struct field_context *fc)
{
	struct value v = { .type = VALUE_NONE };

	strbuf_reset(&c->tmp);
	field_get(f, NULL, fc, &v);
	value_print(&c->tmp, &v);
	strbuf_add_printable(&c->line, c->tmp.s, c->tmp.len);
	strbuf_addc(&c->line, ' ');
}

void context_add(struct context *c, struct field_context *fc)
{
	struct past *past;
	size_t len;

	if (!c || !fc->ev->proc)
		return;
	strbuf_reset(&c->line);
	add_value(c, c->time, fc);
	add_value(c, c->type, fc);
	describe_what(fc, &c->what);
	if (c->what.text.len)
		strbuf_addf(&c->line, "%s ", c->what.text.s);
	describe_result(fc->ev, &c->line);
	c->line.len -= c->line.s[c->line.len - 1] == ' ';
	len = MIN(c->line.len, (size_t)CONTEXT_TEXT_MAX - 1);
	while (len < c->line.len && ((unsigned char)c->line.s[len] & 0xc0) == 0x80)
		len--;
	past = get(c, fc->ev->proc);
	memcpy(past->text[past->next], c->line.s, len);
	past->text[past->next][len] = '\0';
	past->next = (past->next + 1) % c->n;
	past->count = MIN(past->count + 1, c->n);
}

void context_for_each(struct context *c, const struct process *p,
		      void (*fn)(const char *text, void *arg), void *arg)
{
	const struct past *past = c && p ? find(c, p) : NULL;

	for (unsigned i = 0; past && i < past->count; i++)
		fn(past->text[(past->next + c->n - past->count + i) % c->n], arg);
}
