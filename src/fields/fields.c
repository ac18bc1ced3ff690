/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table, look-up in it, the context of one event, and values as text. Accessors are in the
 * files by group: evt.c, proc.c, fd.c, container.c.
 */
#include "fields.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "accessors.h"

static void get_absent(struct field_context *fc, const char *arg, struct value *ret)
{
}

const struct field field_table[] = {
#define FIELD(ident, n, t, s, j, d)                                                            \
	{ .name = n, .type = VALUE_##t, .scope = SCOPE_##s, .json = j, .doc = d,               \
	  .get = field_get_##ident },
#define FIELD_ARG(ident, n, t, s, d)                                                           \
	{ .name = n, .type = VALUE_##t, .scope = SCOPE_##s, .takes_arg = true, .doc = d,       \
	  .get = field_get_##ident },
#define FIELD_ARG_NUMBER(ident, n, t, s, d)                                                    \
	{ .name = n, .type = VALUE_##t, .scope = SCOPE_##s, .takes_arg = true, .doc = d,       \
	  .get = field_get_##ident, .others = { field_get_number_##ident } },
#define FIELD_FORMS(ident, n, t, s, j, d)                                                      \
	{ .name = n, .type = VALUE_##t, .scope = SCOPE_##s, .json = j, .doc = d,               \
	  .get = field_get_##ident,                                                           \
	  .others = { field_get_asked_##ident, field_get_alias_##ident } },
#define FIELD_EITHER(ident, n, t, first, second, d)                                            \
	{ .name = n, .type = VALUE_##t, .scope = SCOPE_EVENT, .doc = d,                        \
	  .either = { first, second }, .get = field_get_##ident },
#define FIELD_ANY(ident, n, t, first, second, third, d)                                        \
	{ .name = n, .type = VALUE_##t, .scope = SCOPE_EVENT, .doc = d,                        \
	  .either = { first, second, third }, .get = field_get_##ident },
#define FIELD_ARG_OR_ALL(ident, n, t, s, d)                                                    \
	{ .name = n, .type = VALUE_##t, .scope = SCOPE_##s, .takes_arg = true,                 \
	  .arg_optional = true, .doc = d, .get = field_get_##ident },
#define FIELD_NUMBER_OR_ALL(ident, n, t, s, d)                                                \
	{ .name = n, .type = VALUE_##t, .scope = SCOPE_##s, .takes_arg = true,                 \
	  .arg_optional = true, .numbered = true, .doc = d, .get = field_get_##ident },
#define FIELD_MANY(ident, n, t, d)                                                             \
	{ .name = n, .type = VALUE_##t, .scope = SCOPE_EVENT, .takes_arg = true,               \
	  .arg_optional = true, .numbered = true, .doc = d, .get = field_get_##ident },
#define FIELD_ABSENT(n, t, a, d)                                                               \
	{ .name = n, .type = VALUE_##t, .scope = SCOPE_EVENT, .takes_arg = a,                  \
	  .arg_optional = a, .absent = true, .doc = d, .get = get_absent },
#include "table.def.h"
#undef FIELD
#undef FIELD_ARG
#undef FIELD_ARG_NUMBER
#undef FIELD_FORMS
#undef FIELD_EITHER
#undef FIELD_ANY
#undef FIELD_ARG_OR_ALL
#undef FIELD_NUMBER_OR_ALL
#undef FIELD_MANY
#undef FIELD_ABSENT
};

const size_t field_table_len = ARRAY_SIZE(field_table);

/* The argument in ".NAME", "[KEY]" or "[\"KEY\"]", malloc'ed; NULL if it is none of these. */
static char *argument_of(const char *s, size_t len)
{
	if (len < 2)
		return NULL;
	if (s[0] == '.')
		return memchr(s, '[', len) ? NULL : xstrndup(s + 1, len - 1);
	if (s[0] != '[' || s[len - 1] != ']')
		return NULL;
	s++;
	len -= 2;
	if (len >= 2 && (s[0] == '"' || s[0] == '\'') && s[len - 1] == s[0]) {
		s++;
		len -= 2;
	}
	return len ? xstrndup(s, len) : NULL;
}

const struct field *field_find(const char *name, size_t len, char **ret_arg)
{
	*ret_arg = NULL;
	if (memchr(name, '\0', len))
		return NULL;
	for (size_t i = 0; i < field_table_len; i++) {
		const struct field *f = &field_table[i];
		size_t n = strlen(f->name);

		if (len < n || memcmp(name, f->name, n))
			continue;
		if (len == n && (!f->takes_arg || f->arg_optional))
			return f;
		if (!f->takes_arg)
			continue;
		*ret_arg = argument_of(name + n, len - n);
		if (*ret_arg)
			return f;
	}
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Whether arg is the number of a value; among ancestors 0 is the process itself. */
static bool is_index(const char *arg)
{
	size_t digits = strspn(arg, "0123456789");

	return digits && digits < 4 && !arg[digits];
}

static bool type_known(const char *name, struct strbuf *near)
{
	_cleanup_free_ const char **names = xcalloc(syscall_table_len + EVENT_OTHER, sizeof(*names));
	size_t n = 0;

	for (size_t i = 0; i < syscall_table_len; i++)
		names[n++] = syscall_table[i].name;
	for (unsigned type = EVENT_SYSCALL + 1; type < EVENT_OTHER; type++)
		names[n++] = event_type_name(&(struct event){ .type = (enum event_type)type });
	for (size_t i = 0; i < n; i++)
		if (streq(names[i], name))
			return true;
	nearest_names(near, name, strlen(name), names, n);
	return false;
}

bool field_arg_known(const struct field *f, const char *arg, struct strbuf *near)
{
	_cleanup_free_ const char **names = NULL;
	size_t n = 0, unique = 0;

	if (f->numbered)
		return is_index(arg);
	if (f->get == field_get_evt_abspath)
		return streq(arg, "src") || streq(arg, "dst");
	if (f->get == field_get_evt_type_is)
		return type_known(arg, near);
	if (f->get != field_get_evt_arg && f->get != field_get_evt_rawarg)
		return true;
	/* A number, or the argument of a call that the table does not have. */
	if (falco_arg_number_known(arg))
		return true;
	if (arg[0] == 'a' && arg[1] >= '0' && arg[1] <= '5' && !arg[2])
		return true;

	names = xcalloc(syscall_table_len * 6 + EXIT_ARGS_MAX + falco_arg_names_len, sizeof(*names));
	for (size_t i = 0; i < syscall_table_len; i++)
		for (unsigned k = 0; k < syscall_table[i].n_args; k++)
			names[n++] = syscall_table[i].args[k].name;
	for (size_t i = 0; i < EXIT_ARGS_MAX; i++)
		names[n++] = exit_arg_names[i];
	for (size_t i = 0; i < falco_arg_names_len; i++)
		names[n++] = falco_arg_names[i];
	qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 0; i < n; i++) {
		if (streq(names[i], arg))
			return true;
		if (!unique || !streq(names[unique - 1], names[i]))
			names[unique++] = names[i];
	}
	nearest_names(near, arg, strlen(arg), names, unique);
	return false;
}

void fields_begin(struct field_context *fc, const struct event *ev, const struct model *model)
{
	fc->ev = ev;
	fc->model = model;
	fc->has_fd = false;
	fc->has_asked = false;
}

void fields_end(struct field_context *fc)
{
	strbuf_free(&fc->fd_scratch);
	strbuf_free(&fc->alias);
	strbuf_free(&fc->asked);
	free(fc->peers);
	for (size_t i = 0; i < FIELD_SCRATCH; i++)
		strbuf_free(&fc->scratch[i]);
	*fc = (struct field_context){ .ev = NULL };
}

struct strbuf *fields_scratch(struct field_context *fc)
{
	struct strbuf *b = &fc->scratch[fc->next_scratch++ % FIELD_SCRATCH];

	strbuf_reset(b);
	return b;
}

const struct event_fd *fields_fd(struct field_context *fc)
{
	if (!fc->has_fd) {
		event_fd(fc->ev, fc->ev->proc ? fc->ev->proc->cwd : NULL, &fc->fd_scratch, &fc->fd);
		fc->has_fd = true;
	}
	return &fc->fd;
}

static bool is_asked(const struct event_fd *fd)
{
	return fd->nameraw_len == fd->name_len && !memcmp(fd->nameraw, fd->name, fd->name_len);
}

bool fields_opened_as_path(struct field_context *fc)
{
	const struct event_fd *fd = fields_fd(fc);

	return (fd->type == FD_PIPE || fd->type == FD_MEMFD) && fd->nameraw && fc->ev->call &&
	       fc->ev->call->ret == RET_FD;
}

const struct strbuf *fields_asked(struct field_context *fc)
{
	const struct event_fd *fd = fields_fd(fc);

	if ((!fd->is_path && fd->type != FD_UNIX && !fields_opened_as_path(fc)) || !fd->nameraw || is_asked(fd))
		return NULL;
	if (!fc->has_asked) {
		const char *cwd = fc->ev->proc ? fc->ev->proc->cwd : NULL;

		fc->has_asked = true;
		strbuf_reset(&fc->asked);
		if (fd->type != FD_UNIX)
			event_asked_path(fc->ev, cwd, &fc->asked);
		else if (cwd || fd->nameraw[0] == '/')
			path_join(&fc->asked, cwd, cwd ? strlen(cwd) : 0, fd->nameraw, fd->nameraw_len);
		if (fc->asked.len == fd->name_len &&
		    !memcmp(fc->asked.s, fd->name, fd->name_len))
			strbuf_reset(&fc->asked);
	}
	return fc->asked.len ? &fc->asked : NULL;
}

const struct strbuf *fields_alias(struct field_context *fc)
{
	const struct event_fd *fd = fields_fd(fc);

	if (!fd->alias)
		return NULL;
	strbuf_reset(&fc->alias);
	path_from_alias(&fc->alias, fd->alias);
	return fc->alias.len ? &fc->alias : NULL;
}

void field_get(const struct field *f, const char *arg, struct field_context *fc, struct value *ret)
{
	ret->type = VALUE_NONE;
	f->get(fc, arg, ret);
}

void value_set_ip(struct value *v, uint16_t family, const uint8_t *bytes)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	v->type = VALUE_IP;
	v->family = family;
	memset(v->ip, 0, sizeof(v->ip));
	if (family == AF_INET) {
		memcpy(v->ip, bytes, 4);
	} else if (!memcmp(bytes, mapped, sizeof(mapped))) {
		v->family = AF_INET;
		memcpy(v->ip, bytes + sizeof(mapped), 4);
	} else {
		memcpy(v->ip, bytes, 16);
	}
}

const char *value_type_name(enum value_type type)
{
	static const char *const names[] = {
		[VALUE_NONE] = "none", [VALUE_STRING] = "string", [VALUE_NUMBER] = "number",
		[VALUE_BOOL] = "bool", [VALUE_IP] = "ip", [VALUE_NET] = "net",
		[VALUE_LIST] = "list",
	};

	return names[type];
}

static void print_items(struct strbuf *out, const struct value *v, char open, char close,
			void (*print)(struct strbuf *out, const struct value *v))
{
	strbuf_addc(out, open);
	for (size_t i = 0; i < v->len; i++) {
		if (i)
			strbuf_addc(out, ',');
		print(out, &v->items[i]);
	}
	strbuf_addc(out, close);
}

void value_print(struct strbuf *out, const struct value *v)
{
	char text[INET6_ADDRSTRLEN];

	switch (v->type) {
	case VALUE_STRING:
		strbuf_add(out, v->s, v->len);
		break;
	case VALUE_NUMBER:
		strbuf_addi(out, v->n);
		break;
	case VALUE_BOOL:
		strbuf_adds(out, v->n ? "true" : "false");
		break;
	case VALUE_IP:
	case VALUE_NET:
		if (inet_ntop(v->family, v->ip, text, sizeof(text)))
			strbuf_adds(out, text);
		if (v->type == VALUE_NET)
			strbuf_addf(out, "/%u", v->prefix);
		break;
	case VALUE_LIST:
		print_items(out, v, '(', ')', value_print);
		break;
	case VALUE_NONE:
		break;
	}
}

void value_print_json(struct strbuf *out, const struct value *v)
{
	switch (v->type) {
	case VALUE_STRING:
		strbuf_add_json(out, v->s, v->len);
		break;
	case VALUE_IP:
	case VALUE_NET:
		strbuf_addc(out, '"');
		value_print(out, v);
		strbuf_addc(out, '"');
		break;
	case VALUE_LIST:
		print_items(out, v, '[', ']', value_print_json);
		break;
	case VALUE_NONE:
		strbuf_adds(out, "null");
		break;
	default:
		value_print(out, v);
	}
}
