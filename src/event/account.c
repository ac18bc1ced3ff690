/* SPDX-License-Identifier: Apache-2.0 */
#include "account.h"

#include <errno.h>

#include "encode.h"

#define STRING_MAX 1024	/* of an id or a name; CONTAINER_STRING_MAX bounds them where they come from */

uint64_t account_filtered(const struct nunchi_account *kernel)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < NUNCHI_FILTER_MAX; i++)
		sum += kernel->filtered[i];
	return sum;
}

/* Of either half: they have the same reasons. */
static uint64_t all_dropped(const uint64_t dropped[NUNCHI_DROP_MAX])
{
	uint64_t sum = 0;

	for (size_t i = 0; i < NUNCHI_DROP_MAX; i++)
		sum += dropped[i];
	return sum;
}

static uint64_t kernel_dropped(const struct nunchi_account *kernel)
{
	uint64_t dropped[NUNCHI_DROP_MAX];	/* __u64 is another type of the same size */

	memcpy(dropped, kernel->dropped, sizeof(dropped));
	return all_dropped(dropped);
}

uint64_t account_lost(const struct account_row *row)
{
	return kernel_dropped(&row->kernel) + all_dropped(row->user.dropped);
}

uint64_t account_in_flight(const struct account_row *row)
{
	return row->kernel.sent > row->user.received ? row->kernel.sent - row->user.received : 0;
}

bool account_adds_up(const struct account_row *row)
{
	const struct nunchi_account *k = &row->kernel;
	const struct account_user *u = &row->user;

	return k->seen == account_filtered(k) + k->aggregated + kernel_dropped(k) + k->sent &&
	       u->received == u->shown + u->filtered + all_dropped(u->dropped) + u->held &&
	       k->sent >= u->received;
}

/* Both structs are counters and nothing else. */
static void add_counters(void *to, const void *from, size_t size)
{
	const uint64_t *f = from;
	uint64_t *t = to;

	for (size_t i = 0; i < size / sizeof(*t); i++)
		t[i] += f[i];
}

static void add_row(struct account_row *to, const struct account_row *from)
{
	add_counters(&to->kernel, &from->kernel, sizeof(from->kernel));
	add_counters(&to->user, &from->user, sizeof(from->user));
	to->ended = from->ended;
	to->containers += from->containers;
}

void account_row_free(struct account_row *row)
{
	free(row->id);
	free(row->name);
	*row = (struct account_row){ .id = NULL };
}

static struct account_row *find_row(const struct accounts *a, const char *id, const char *name)
{
	uint64_t hash = hash_string(id ? id : name);

	for (struct hnode *n = hmap_first(&a->by_key, hash); n; n = hmap_next(n, hash)) {
		struct account_row *row = container_of(n, struct account_row, by_key);

		if (id ? row->id && streq(row->id, id) : !row->id && streq(row->name, name))
			return row;
	}
	return NULL;
}

void accounts_add(struct accounts *a, struct account_row *row, size_t max)
{
	struct account_row *known;

	if (!row->name)
		row->name = xstrdup(row->id ? row->id : "host");
	row->containers = !!row->id;
	known = find_row(a, row->id, row->name);
	if (!known && a->n >= max) {
		free(row->id);
		free(row->name);
		row->id = NULL;
		row->name = xstrdup(ACCOUNTS_OTHERS);
		known = find_row(a, NULL, row->name);
	}
	if (known) {
		add_row(known, row);
		/* Another run of the same one. */
		if (known->id)
			known->containers = 1;
		account_row_free(row);
		return;
	}
	a->rows = xrealloc(a->rows, (a->n + 1) * sizeof(struct account_row *));
	a->rows[a->n++] = known = xmemdup(row, sizeof(*row));
	hmap_insert(&a->by_key, &known->by_key, hash_string(known->id ? known->id : known->name));
}

struct account_row accounts_sum(const struct accounts *a)
{
	struct account_row sum = { .id = NULL };

	for (size_t i = 0; i < a->n; i++)
		add_row(&sum, a->rows[i]);
	return sum;
}

void accounts_free(struct accounts *a)
{
	for (size_t i = 0; i < a->n; i++) {
		account_row_free(a->rows[i]);
		free(a->rows[i]);
	}
	for (size_t i = 0; i < a->n_rules; i++) {
		free(a->rules[i].name);
		free(a->rules[i].priority);
	}
	free(a->rows);
	free(a->rules);
	hmap_free(&a->by_key);
	*a = (struct accounts){ .n = 0 };
}

static void add_rule(struct accounts *a, const struct account_rule *rule)
{
	a->rules = xrealloc(a->rules, (a->n_rules + 1) * sizeof(*a->rules));
	a->rules[a->n_rules++] = *rule;
}

void accounts_apply(struct accounts *a, const struct event *ev)
{
	struct account_rule rule;
	struct account_row row;

	if (ev->head->kind == NUNCHI_REC_ACCOUNT && !decode_account(ev, &row))
		accounts_add(a, &row, ACCOUNTS_MAX);
	else if (ev->head->kind == NUNCHI_REC_COUNTS && decode_counts(ev, &a->counts) < 0)
		a->counts = (struct account_counts){ .n_missed = 0 };
	else if (ev->head->kind == NUNCHI_REC_RULE && !decode_rule(ev, &rule))
		add_rule(a, &rule);
}

/*
 * Each array with its length before it, so that a new name does not make old captures unreadable:
 * what a reader does not know it passes over, what the writer did not know is 0.
 */
static void put_array(struct strbuf *out, const void *values, size_t n)
{
	const uint64_t count = n;

	encode_bytes(out, &count, sizeof(count));
	encode_bytes(out, values, n * sizeof(uint64_t));
}

static void put_string(struct strbuf *out, const char *s)
{
	const uint64_t len = s ? strnlen(s, STRING_MAX) : 0;

	encode_bytes(out, &len, sizeof(len));
	encode_bytes(out, s ? s : "", len);
}

struct cursor {
	const unsigned char *p;
	size_t left;
	bool bad;
};

static const void *take(struct cursor *c, size_t len)
{
	const void *p = c->p;

	if (c->bad || ALIGN8(len) > c->left) {
		c->bad = true;
		return NULL;
	}
	c->p += ALIGN8(len);
	c->left -= ALIGN8(len);
	return p;
}

static uint64_t take_number(struct cursor *c, uint64_t max)
{
	const void *p = take(c, sizeof(uint64_t));
	uint64_t n = 0;

	if (p)
		memcpy(&n, p, sizeof(n));
	if (n > max)
		c->bad = true;
	return c->bad ? 0 : n;
}

static void take_array(struct cursor *c, void *values, size_t n)
{
	uint64_t count = take_number(c, c->left / sizeof(uint64_t));
	const void *p = take(c, count * sizeof(uint64_t));

	if (p)
		memcpy(values, p, MIN(count, n) * sizeof(uint64_t));
}

/* NULL: it is empty. */
static char *take_string(struct cursor *c)
{
	uint64_t len = take_number(c, STRING_MAX);
	const char *p = take(c, len);

	return p && len ? xstrndup(p, len) : NULL;
}

void encode_account(struct strbuf *out, const struct account_row *row, uint32_t slot,
		    uint32_t generation, uint64_t time)
{
	const struct nunchi_account *k = &row->kernel;
	const struct account_user *u = &row->user;
	const uint64_t kernel[] = { k->seen, k->aggregated, k->sent };
	const uint64_t user[] = { u->received, u->shown, u->filtered, u->held };
	const uint64_t ended = row->ended;
	const struct nunchi_head head = { .kind = NUNCHI_REC_ACCOUNT, .time = time, .slot = slot,
					  .generation = generation };

	encode_begin(out, &head);
	put_array(out, kernel, ARRAY_SIZE(kernel));
	put_array(out, k->filtered, NUNCHI_FILTER_MAX);
	put_array(out, k->dropped, NUNCHI_DROP_MAX);
	put_array(out, user, ARRAY_SIZE(user));
	put_array(out, u->dropped, NUNCHI_DROP_MAX);
	put_array(out, &ended, 1);
	put_string(out, row->id);
	put_string(out, row->name);
	encode_end(out);
}

int decode_account(const struct event *ev, struct account_row *ret)
{
	struct cursor c = { ev->body, ev->body_len, false };
	uint64_t kernel[3] = { 0 }, user[4] = { 0 }, ended = 0;

	*ret = (struct account_row){ .id = NULL };
	take_array(&c, kernel, ARRAY_SIZE(kernel));
	take_array(&c, ret->kernel.filtered, NUNCHI_FILTER_MAX);
	take_array(&c, ret->kernel.dropped, NUNCHI_DROP_MAX);
	take_array(&c, user, ARRAY_SIZE(user));
	take_array(&c, ret->user.dropped, NUNCHI_DROP_MAX);
	take_array(&c, &ended, 1);
	ret->id = take_string(&c);
	ret->name = take_string(&c);
	if (c.bad) {
		account_row_free(ret);
		return -EBADMSG;
	}
	ret->kernel.seen = kernel[0];
	ret->kernel.aggregated = kernel[1];
	ret->kernel.sent = kernel[2];
	ret->user.received = user[0];
	ret->user.shown = user[1];
	ret->user.filtered = user[2];
	ret->user.held = user[3];
	ret->ended = ended;
	return 0;
}

void encode_counts(struct strbuf *out, const struct account_counts *counts, uint64_t time)
{
	const struct nunchi_head head = { .kind = NUNCHI_REC_COUNTS, .time = time };
	const uint64_t n_missed = counts->n_missed;

	encode_begin(out, &head);
	put_array(out, counts->kernel, NUNCHI_UNSEEN_MAX);
	put_array(out, counts->kernel + NUNCHI_UNSEEN_MAX, NUNCHI_COUNT_MAX - NUNCHI_UNSEEN_MAX);
	put_array(out, counts->reader, ACCOUNT_READER_MAX);
	encode_bytes(out, &n_missed, sizeof(n_missed));
	for (unsigned i = 0; i < counts->n_missed; i++) {
		encode_bytes(out, &counts->missed[i].count, sizeof(uint64_t));
		put_string(out, counts->missed[i].program);
	}
	encode_end(out);
}

int decode_counts(const struct event *ev, struct account_counts *ret)
{
	struct cursor c = { ev->body, ev->body_len, false };
	uint64_t n;

	*ret = (struct account_counts){ .n_missed = 0 };
	take_array(&c, ret->kernel, NUNCHI_UNSEEN_MAX);
	take_array(&c, ret->kernel + NUNCHI_UNSEEN_MAX, NUNCHI_COUNT_MAX - NUNCHI_UNSEEN_MAX);
	take_array(&c, ret->reader, ACCOUNT_READER_MAX);
	n = take_number(&c, ACCOUNT_MISSED_MAX);
	for (; n && !c.bad; n--) {
		struct account_missed *m = &ret->missed[ret->n_missed++];
		_cleanup_free_ char *program = NULL;

		m->count = take_number(&c, UINT64_MAX);
		program = take_string(&c);
		snprintf(m->program, sizeof(m->program), "%s", program ? program : "");
	}
	return c.bad ? -EBADMSG : 0;
}

void encode_rule(struct strbuf *out, const char *name, const char *priority, uint64_t matches, uint64_t time)
{
	const struct nunchi_head head = { .kind = NUNCHI_REC_RULE, .time = time };

	encode_begin(out, &head);
	encode_bytes(out, &matches, sizeof(matches));
	put_string(out, name);
	put_string(out, priority);
	encode_end(out);
}

int decode_rule(const struct event *ev, struct account_rule *ret)
{
	struct cursor c = { ev->body, ev->body_len, false };

	ret->matches = take_number(&c, UINT64_MAX);
	ret->name = take_string(&c);
	ret->priority = take_string(&c);
	if (!c.bad && ret->name && ret->priority)
		return 0;
	free(ret->name);
	free(ret->priority);
	return -EBADMSG;
}

const char *lost_kind_name(uint32_t what)
{
	const struct syscall_info *call = what < NUNCHI_CALLS_MAX ? syscall_by_nr(what) : NULL;
	const char *name = call ? call->name : event_kind_name(what - NUNCHI_CALLS_MAX);

	return name ? name : "unknown";
}

uint32_t lost_kind_of(const struct nunchi_head *record)
{
	const struct nunchi_call *call = (const void *)(record + 1);

	if (record->kind == NUNCHI_REC_SYSCALL && record->len >= sizeof(*record) + sizeof(*call) &&
	    call->nr < NUNCHI_CALLS_MAX)
		return call->nr;
	return NUNCHI_CALLS_MAX + record->kind;
}

const struct nunchi_lost_kind *event_lost_kind(const struct event *ev, unsigned i)
{
	size_t at = sizeof(ev->lost) + i * sizeof(struct nunchi_lost_kind);

	if (ev->type != EVENT_LOST || i >= ev->lost.kinds || at + sizeof(struct nunchi_lost_kind) > ev->body_len)
		return NULL;
	return (const void *)(ev->body + at);
}
