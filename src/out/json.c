/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One flat JSON object a line. Keys and their order are the field table's, in groups by what they
 * depend on: event, then process, then container, then host. This is the hot path of the whole
 * program, so each part is formatted as seldom as its scope allows: what depends on the type once
 * per call, what depends on a process or container once per version of it. Every part is a row of
 * `,"key":value` fragments; the first comma becomes the opening brace.
 */
#include "json.h"

#include <assert.h>
#include <sys/socket.h>

#include "describe.h"
#include "internal.h"

#define N_SCOPES (SCOPE_HOST + 1)
#define KEY_ROOM 32 /* nearly every key fits */

struct json_field {
	const struct field *field;
	char *key;		/* `,"fd.name":` */
	size_t key_len;
	bool if_true;
};

struct json_fields {
	struct json_field *v;
	size_t n;
};

/* The arguments of procexit, which has no row in the table of calls. */
static const char *const exit_args[] = { "status", "ret", "sig", "core" };

/* A part as it was last rendered; NULL: not yet. */
struct part {
	char *text;
	size_t len;
};

struct json {
	struct output output;
	struct json_fields fields[N_SCOPES];
	const struct field *arg_field;	/* evt.arg */
	struct part *types;		/* per row of the call table: the SCOPE_TYPE part */
	struct part (*arg_keys)[6];	/* per row of the call table: `,"evt.arg.NAME":` */
	struct part host;
	const char *host_name;		/* that host was rendered of */
	struct strbuf tmp;
};

static struct json *json_of(struct output *o)
{
	return container_of(o, struct json, output);
}

/* Makes room for len bytes and a NUL, and returns where they go. The caller advances out->len. */
static inline char *room(struct strbuf *out, size_t len)
{
	if (unlikely(out->len + len + 1 > out->cap))
		strbuf_grow(out, len);
	return out->s + out->len;
}

static inline void put(struct strbuf *out, const char *s, size_t len)
{
	memcpy(room(out, len), s, len);
	out->len += len;
}

/* Copies KEY_ROOM bytes, which the key's memory has: a copy of constant length is a few instructions. */
static inline void put_key(struct strbuf *out, const char *key, size_t len)
{
	if (unlikely(len > KEY_ROOM)) {
		put(out, key, len);
		return;
	}
	memcpy(room(out, KEY_ROOM), key, KEY_ROOM);
	out->len += len;
}

/* `,"NAME":`, in at least KEY_ROOM bytes for put_key(); owned by the caller. */
static char *make_key(const char *prefix, const char *name, size_t *ret_len)
{
	struct strbuf b = STRBUF_INIT;

	strbuf_addf(&b, ",\"%s%s\":", prefix, name);
	*ret_len = b.len;
	strbuf_grow(&b, KEY_ROOM);
	memset(b.s + b.len, 0, KEY_ROOM);
	return strbuf_take(&b);
}

#define EACH(byte) (0x0101010101010101ULL * (byte))

static inline uint64_t bytes_below(uint64_t x, unsigned char n)
{
	return (x - EACH(n)) & ~x & EACH(0x80);
}

/* Whether one of eight bytes cannot just be copied: not 0x20 to 0x7e, a quote, a backslash. */
static inline bool any_special(uint64_t x)
{
	return (bytes_below(x, 0x20) | bytes_below(x ^ EACH('"'), 1) |
		bytes_below(x ^ EACH('\\'), 1) | bytes_below(x ^ EACH(0x7f), 1) |
		(x & EACH(0x80))) != 0;
}

static inline void put_string(struct strbuf *out, const char *s, size_t len)
{
	char *p = room(out, len + 2);
	uint64_t eight;
	size_t i;

	*p++ = '"';
	for (i = 0; i + 8 <= len; i += 8) {
		memcpy(&eight, s + i, 8);
		if (unlikely(any_special(eight)))
			goto slow;
		memcpy(p + i, &eight, 8);
	}
	for (; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (unlikely(c < 0x20 || c >= 0x7f || c == '"' || c == '\\'))
			goto slow;
		p[i] = (char)c;
	}
	p[len] = '"';
	out->len += len + 2;
	return;
slow:
	strbuf_add_json(out, s, len);
}

static inline void put_number(struct strbuf *out, int64_t v)
{
	static const char pairs[] = "00010203040506070809" "10111213141516171819"
				    "20212223242526272829" "30313233343536373839"
				    "40414243444546474849" "50515253545556575859"
				    "60616263646566676869" "70717273747576777879"
				    "80818283848586878889" "90919293949596979899";
	char digits[20], *end = digits + sizeof(digits), *d = end;
	uint64_t n = v < 0 ? -(uint64_t)v : (uint64_t)v;
	char *p = room(out, sizeof(digits) + 1);

	/* Two digits for each division: times have 19 digits. */
	for (; n >= 10; n /= 100)
		memcpy(d -= 2, pairs + n % 100 * 2, 2);
	if (n || d == end)
		*--d = (char)('0' + n);
	if (v < 0)
		*p++ = '-';
	memcpy(p, d, (size_t)(end - d));
	out->len = (size_t)(p + (end - d) - out->s);
}

static void put_ipv4(struct strbuf *out, const uint8_t *ip)
{
	char *p = room(out, sizeof("\"255.255.255.255\""));

	for (int i = 0; i < 4; i++) {
		*p++ = i ? '.' : '"';
		if (ip[i] >= 100)
			*p++ = (char)('0' + ip[i] / 100);
		if (ip[i] >= 10)
			*p++ = (char)('0' + ip[i] / 10 % 10);
		*p++ = (char)('0' + ip[i] % 10);
	}
	*p++ = '"';
	out->len = (size_t)(p - out->s);
}

static inline void put_value(struct strbuf *out, const struct value *v)
{
	if (v->type == VALUE_STRING)
		put_string(out, v->s, v->len);
	else if (v->type == VALUE_NUMBER)
		put_number(out, v->n);
	else if (v->type == VALUE_IP && v->family == AF_INET)
		put_ipv4(out, v->ip);
	else
		value_print_json(out, v);
}

static void put_fields(const struct json_fields *fields, struct field_context *fc,
		       struct strbuf *out)
{
	for (size_t i = 0; i < fields->n; i++) {
		const struct json_field *f = &fields->v[i];
		struct value v = { .type = VALUE_NONE };

		f->field->get(fc, NULL, &v);
		if (v.type == VALUE_NONE || (f->if_true && !v.n))
			continue;
		put_key(out, f->key, f->key_len);
		put_value(out, &v);
	}
}

/* The call's row in the table; -1: none. Calls newer than the table have a struct elsewhere. */
static ptrdiff_t row_of(const struct syscall_info *call)
{
	uintptr_t at = (uintptr_t)call, first = (uintptr_t)syscall_table;

	if (at < first || at >= (uintptr_t)(syscall_table + syscall_table_len))
		return -1;
	return call - syscall_table;
}

static void put_type(struct json *j, struct field_context *fc, struct strbuf *out)
{
	ptrdiff_t row = row_of(fc->ev->call);
	size_t start = out->len;
	struct part *part;

	if (unlikely(row < 0)) {
		put_fields(&j->fields[SCOPE_TYPE], fc, out);
		return;
	}
	part = &j->types[row];
	if (likely(part->text)) {
		put(out, part->text, part->len);
		return;
	}
	put_fields(&j->fields[SCOPE_TYPE], fc, out);
	part->len = out->len - start;
	part->text = xmemdup(out->s + start, part->len);
}

/* The key of an argument: `,"evt.arg.NAME":`. */
static void put_arg_key(struct json *j, const struct syscall_info *call, ptrdiff_t row, unsigned i,
			struct strbuf *out)
{
	struct part *key;

	if (unlikely(row < 0)) {
		strbuf_addf(out, ",\"evt.arg.%s\":", call->args[i].name);
		return;
	}
	key = &j->arg_keys[row][i];
	if (unlikely(!key->text)) {
		key->text = make_key("evt.arg.", call->args[i].name, &key->len);
	}
	put_key(out, key->text, key->len);
}

/* As text, like evt.arg.NAME; of a successful exec only those that its record has. */
static void put_args(struct json *j, const struct event *ev, struct strbuf *out)
{
	const struct syscall_info *call = ev->call;
	bool exec = ev->head->kind == NUNCHI_REC_EXEC;
	ptrdiff_t row = row_of(call);

	for (unsigned i = 0; i < call->n_args; i++) {
		strbuf_reset(&j->tmp);
		event_arg_print(ev, i, &j->tmp);
		if (exec && !j->tmp.len)
			continue;
		put_arg_key(j, call, row, i, out);
		put_string(out, j->tmp.s, j->tmp.len);
	}
}

static void put_exit_args(struct json *j, struct field_context *fc, struct strbuf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(exit_args); i++) {
		struct value v = { .type = VALUE_NONE };

		field_get(j->arg_field, exit_args[i], fc, &v);
		if (v.type == VALUE_NONE)
			continue;
		strbuf_addf(out, ",\"evt.arg.%s\":", exit_args[i]);
		put_value(out, &v);
	}
}

/* The part of fields that only depend on an object with a version, rendered when that changed. */
static void put_rendered(struct rendered *cache, uint32_t version, const struct json_fields *fields,
			 struct field_context *fc, struct strbuf *out)
{
	size_t start = out->len;

	if (likely(cache->text && cache->version == version)) {
		put(out, cache->text, cache->len);
		return;
	}
	put_fields(fields, fc, out);
	free(cache->text);
	cache->len = (uint32_t)(out->len - start);
	cache->text = xmemdup(out->s + start, cache->len);
	cache->version = version;
}

static void put_process(struct json *j, struct field_context *fc, struct strbuf *out)
{
	struct process *p = fc->ev->proc;

	if (p)
		put_rendered(&p->json, p->version, &j->fields[SCOPE_PROCESS], fc, out);
	else
		put_fields(&j->fields[SCOPE_PROCESS], fc, out);
}

static void put_container(struct json *j, struct field_context *fc, struct strbuf *out)
{
	struct container *c = fc->ev->container;

	if (c)
		put_rendered(&c->json, c->version, &j->fields[SCOPE_CONTAINER], fc, out);
	else
		put_fields(&j->fields[SCOPE_CONTAINER], fc, out);
}

static void put_host(struct json *j, struct field_context *fc, struct strbuf *out)
{
	size_t start = out->len;

	if (likely(j->host.text && j->host_name == fc->ev->host_name)) {
		put(out, j->host.text, j->host.len);
		return;
	}
	put_fields(&j->fields[SCOPE_HOST], fc, out);
	free(j->host.text);
	j->host.len = out->len - start;
	j->host.text = xmemdup(out->s + start, j->host.len);
	j->host_name = fc->ev->host_name;
}

/* keys: each with its NUL. */
static bool key_stands(const struct strbuf *keys, const char *key, size_t len)
{
	for (size_t i = 0; i < keys->len;) {
		size_t n = strlen(keys->s + i);

		if (n == len && !memcmp(keys->s + i, key, len))
			return true;
		i += n + 1;
	}
	return false;
}

/*
 * Labels as one object. Strangers choose the keys: if two differ only in what JSON cannot express, the first counts.
 */
static void put_labels(struct strbuf *out, const char *key, const struct label *labels, size_t n)
{
	_cleanup_strbuf_ struct strbuf keys = STRBUF_INIT, text = STRBUF_INIT;
	const char *comma = "";

	if (!n)
		return;
	strbuf_adds(out, key);
	strbuf_addc(out, '{');
	for (size_t i = 0; i < n; i++) {
		if (!labels[i].key)
			continue;
		strbuf_reset(&text);
		strbuf_add_json(&text, labels[i].key, strlen(labels[i].key));
		if (key_stands(&keys, text.s, text.len))
			continue;
		strbuf_add(&keys, text.s, text.len + 1);
		strbuf_adds(out, comma);
		strbuf_add(out, text.s, text.len);
		strbuf_addc(out, ':');
		strbuf_add_json(out, labels[i].value ? labels[i].value : "",
				labels[i].value ? strlen(labels[i].value) : 0);
		comma = ",";
	}
	strbuf_addc(out, '}');
}

static void put_all_labels(struct strbuf *out, const struct container_info *info)
{
	put_labels(out, ",\"container.labels\":", info->labels, info->n_labels);
	put_labels(out, ",\"k8s.pod.labels\":", info->pod_labels, info->n_pod_labels);
}

static void put_lost(const struct event *ev, struct strbuf *out)
{
	uint64_t boot_to_epoch = ev->time - ev->head->time;

	strbuf_adds(out, ",\"lost.count\":");
	strbuf_addu(out, ev->lost.count);
	strbuf_addf(out, ",\"lost.reason\":\"%s\"", describe_drop(ev->lost.reason));
	strbuf_adds(out, ",\"lost.first\":\"");
	strbuf_add_iso8601(out, ev->lost.first + boot_to_epoch);
	strbuf_adds(out, "\",\"lost.last\":\"");
	strbuf_add_iso8601(out, ev->lost.last + boot_to_epoch);
	strbuf_addc(out, '"');
}

/* The fragments that begin at start become an object. */
static void close_object(struct strbuf *out, size_t start)
{
	if (out->len == start)
		strbuf_addc(out, '{');
	out->s[start] = '{';
	strbuf_add(out, "}\n", 2);
}

static void json_event(struct output *o, struct field_context *fc, struct strbuf *out)
{
	struct json *j = json_of(o);
	const struct event *ev = fc->ev;
	size_t start = out->len;

	put_fields(&j->fields[SCOPE_EVENT], fc, out);
	put_type(j, fc, out);
	if (ev->type == EVENT_SYSCALL) {
		put_args(j, ev, out);
	} else {
		put_fields(&j->fields[SCOPE_OTHER], fc, out);
		if (ev->type == EVENT_PROCEXIT)
			put_exit_args(j, fc, out);
	}
	put_process(j, fc, out);
	put_container(j, fc, out);
	put_host(j, fc, out);
	if (ev->type == EVENT_CONTAINER_STARTED && ev->container)
		put_all_labels(out, ev->container->info);
	else if (ev->type == EVENT_LOST)
		put_lost(ev, out);
	close_object(out, start);
}

/* all: also those that are not in every event. */
static void fields_collect(struct json_fields *ret, enum field_scope scope, bool all)
{
	for (size_t i = 0; i < field_table_len; i++) {
		const struct field *f = &field_table[i];
		struct json_field *jf;

		if (!(f->json || all) || f->takes_arg || f->scope != scope)
			continue;
		ret->v = xrealloc(ret->v, (ret->n + 1) * sizeof(*ret->v));
		jf = &ret->v[ret->n++];
		jf->field = f;
		jf->if_true = f->json == JSON_IF_TRUE && !all;
		jf->key = make_key("", f->name, &jf->key_len);
	}
}

static void fields_free(struct json_fields *fields)
{
	for (size_t i = 0; i < fields->n; i++)
		free(fields->v[i].key);
	free(fields->v);
}

void json_add_container(struct strbuf *out, const struct model *m, struct container *c)
{
	const struct event ev = { .type = EVENT_CONTAINER_STARTED, .container = c };
	struct json_fields fields = { NULL, 0 };
	struct field_context fc = { .ev = NULL };
	size_t start = out->len;

	fields_collect(&fields, SCOPE_CONTAINER, true);
	fields_begin(&fc, &ev, m);
	put_fields(&fields, &fc, out);
	strbuf_adds(out, ",\"container.procs\":");
	strbuf_addu(out, c->n_procs);
	strbuf_adds(out, ",\"container.running\":");
	strbuf_adds(out, c->running ? "true" : "false");
	if (c->info->source) {
		strbuf_adds(out, ",\"container.source\":");
		strbuf_add_json(out, c->info->source, strlen(c->info->source));
	}
	put_all_labels(out, c->info);
	close_object(out, start);
	fields_end(&fc);
	fields_free(&fields);
}

static void json_free(struct output *o)
{
	struct json *j = json_of(o);

	for (size_t scope = 0; scope < N_SCOPES; scope++)
		fields_free(&j->fields[scope]);
	for (size_t i = 0; i < syscall_table_len; i++) {
		free(j->types[i].text);
		for (size_t k = 0; k < 6; k++)
			free(j->arg_keys[i][k].text);
	}
	free(j->types);
	free(j->arg_keys);
	free(j->host.text);
	strbuf_free(&j->tmp);
	free(j);
}

static const struct output_ops json_ops = {
	.event = json_event,
	.free = json_free,
};

struct output *json_new(void)
{
	struct json *j = xcalloc(1, sizeof(*j));
	char *arg = NULL;

	j->output.ops = &json_ops;
	for (unsigned scope = 0; scope < N_SCOPES; scope++)
		fields_collect(&j->fields[scope], (enum field_scope)scope, false);
	j->arg_field = field_find("evt.arg.ret", strlen("evt.arg.ret"), &arg);
	free(arg);
	assert(j->arg_field);
	j->types = xcalloc(syscall_table_len, sizeof(*j->types));
	j->arg_keys = xcalloc(syscall_table_len, sizeof(*j->arg_keys));
	strbuf_reset(&j->tmp);
	return &j->output;
}
