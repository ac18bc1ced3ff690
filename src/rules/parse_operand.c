/* SPDX-License-Identifier: Apache-2.0 */
/* A field, its argument, and the transformers around it. */
#include "parser.h"

#include <errno.h>

#include "call.h"

bool parser_skip_bracket(struct parser *p)
{
	char quote = p->pos + 1 < p->len ? p->text[p->pos + 1] : '\0';
	const char *end = NULL;

	if (quote == '"' || quote == '\'') {
		end = memchr(p->text + p->pos + 2, quote, p->len - p->pos - 2);
		if (!end)
			return false;
		p->pos = (size_t)(end - p->text);
	}
	end = memchr(p->text + p->pos, ']', p->len - p->pos);
	if (!end)
		return false;
	p->pos = (size_t)(end - p->text) + 1;
	return true;
}

/* Adds advice for a name that is a field of another tool or of a Falco plugin. */
static bool add_meant(struct parser *p, const char *word, size_t len)
{
	static const char *const meant[][2] = {
		{ "proc.parent.name", "proc.pname" }, { "fd.dport", "fd.rport" },
		{ "fd.dip", "fd.rip" },		      { "process.name", "proc.name" },
		{ "user.id", "user.uid" },	      { "evt.user", "user.name" },
		/* Tracee's, Inspektor Gadget's and Tetragon's */
		{ "comm", "proc.name" },	      { "proc.comm", "proc.name" },
		{ "pid", "proc.pid" },		      { "ppid", "proc.ppid" },
		{ "tid", "thread.tid" },	      { "uid", "user.uid" },
		{ "mntns", "proc.mntns" },	      { "pidns", "proc.pidns" },
		{ "executable", "proc.exepath" },     { "binary", "proc.exepath" },
		{ "process.binary", "proc.exepath" }, { "process.arguments", "proc.cmdline" },
		{ "container", "container.name" },    { "containerName", "container.name" },
		{ "k8s.containerName", "container.name" }, { "image", "container.image" },
		{ "pod", "k8s.pod.name" },	      { "podName", "k8s.pod.name" },
		{ "k8s.pod", "k8s.pod.name" },	      { "k8s.podName", "k8s.pod.name" },
		{ "namespace", "k8s.ns.name" },	      { "podNamespace", "k8s.ns.name" },
		{ "k8s.namespace", "k8s.ns.name" },   { "k8s.namespace.name", "k8s.ns.name" },
		{ "fname", "fd.name" },		      { "pathname", "fd.name" },
		{ "filename", "fd.name" },	      { "retval", "evt.rawres" },
		{ "syscall", "evt.type" },	      { "eventName", "evt.type" },
		{ "exec", "evt.type = execve" },      { "hostname", "host.name" },
	};
	static const char *const plugins[] = { "ka.",  "jevt.", "json.",   "ct.",    "aws.",	"gcp.",
					       "okta.", "github.", "gitlab.", "kafka.", "keycloak." };

	for (size_t i = 0; i < ARRAY_SIZE(meant); i++) {
		if (strlen(meant[i][0]) != len || memcmp(meant[i][0], word, len))
			continue;
		strbuf_addf(p->err, ". Here it is %s", meant[i][1]);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(plugins); i++) {
		if (len <= strlen(plugins[i]) || memcmp(plugins[i], word, strlen(plugins[i])))
			continue;
		strbuf_adds(p->err, ". It is a plugin's: a rule about what that tells says source:, and is left out here");
		return true;
	}
	return false;
}

static void *fail_field(struct parser *p, struct span where)
{
	_cleanup_free_ const char **names = xcalloc(field_table_len, sizeof(*names));
	_cleanup_strbuf_ struct strbuf near = STRBUF_INIT;
	const char *word = p->text + where.at;

	for (size_t i = 0; i < field_table_len; i++) {
		names[i] = field_table[i].name;
		if (!field_table[i].takes_arg || strlen(names[i]) != where.len ||
		    memcmp(names[i], word, where.len))
			continue;
		strbuf_addf(p->err, "field '%s' needs a name after it, as in %s%s", names[i],
			    names[i], strstr(names[i], "label") ? "[KEY]" : ".NAME");
		return parser_fail_at(p, where);
	}
	strbuf_adds(p->err, "unknown field ");
	error_add_word(p->err, word, where.len);
	if (!add_meant(p, word, where.len)) {
		bool call = !p->in_output && syscall_by_name(word, where.len);
		size_t told;

		if (!call)
			nearest_names(&near, word, where.len, names, field_table_len);
		parser_add_nearest(p, &near);
		told = p->err->len;
		parser_add_comparison(p, where.at);
		/* "nunchi trace openat" */
		if (call && p->err->len == told)
			strbuf_addf(p->err, ". A system call is asked for by evt.type = %.*s", (int)where.len, word);
	}
	return parser_fail_at(p, where);
}

static void *fail_argument(struct parser *p, const struct operand *o, const struct strbuf *near,
			   struct span where)
{
	if (o->field->numbered) {
		strbuf_addf(p->err, "%s takes a number, as in %s[2]: expected one, not ",
			    o->field->name, o->field->name);
		error_add_word(p->err, o->arg, strlen(o->arg));
		return parser_fail_at(p, where);
	}
	if (streq(o->field->name, "evt.abspath"))
		strbuf_adds(p->err, "evt.abspath has src and dst: expected one of them, not ");
	else if (streq(o->field->name, "evt.type.is"))
		strbuf_adds(p->err, "no such system call or event: ");
	else
		strbuf_adds(p->err, "no event has an argument ");
	error_add_word(p->err, o->arg, strlen(o->arg));
	parser_add_nearest(p, near);
	return parser_fail_at(p, where);
}

static size_t longest_beginning(const char *word, size_t len)
{
	size_t longest = 0;

	for (size_t i = 0; i < field_table_len; i++) {
		size_t n = strlen(field_table[i].name);

		if (n > longest && n < len && !field_table[i].takes_arg &&
		    !memcmp(field_table[i].name, word, n))
			longest = n;
	}
	return longest;
}

static bool take_field(struct parser *p, struct operand *o)
{
	_cleanup_strbuf_ struct strbuf near = STRBUF_INIT;
	size_t start = p->pos;
	struct span where;

	while (p->pos < p->len &&
	       (is_letter(p->text[p->pos]) || is_digit(p->text[p->pos]) || p->text[p->pos] == '.' ||
		(p->text[p->pos] == '-' && !p->in_output)))
		p->pos++;
	while (p->in_output && p->pos > start && p->text[p->pos - 1] == '.')
		p->pos--;
	if (parser_at_char(p, '[')) {
		struct span bracket = parser_here(p, 1);

		if (!parser_skip_bracket(p))
			return parser_fail(p, bracket, "this '[' is not closed");
	}
	where = (struct span){ start, p->pos - start };
	o->field = field_find(p->text + start, where.len, &o->arg);
	if (!o->field && p->may_glue && !start) {
		size_t n = longest_beginning(p->text + start, where.len);

		p->glued |= n > 0;
		p->pos = start + (n ? n : where.len);
		o->field = n ? field_find(p->text + start, n, &o->arg) : NULL;
	}
	if (!o->field)
		return fail_field(p, where);
	o->type = field_arg_type(o->field, o->arg);
	if (o->arg && !field_arg_known(o->field, o->arg, &near))
		return fail_argument(p, o, &near, where);
	return true;
}

size_t parser_call_length(const struct parser *p)
{
	size_t n = 0;

	while (p->pos + n < p->len &&
	       (is_letter(p->text[p->pos + n]) || (n && is_digit(p->text[p->pos + n]))))
		n++;
	return n && p->pos + n < p->len && p->text[p->pos + n] == '(' ? n : 0;
}

static void *fail_transform(struct parser *p, size_t len)
{
	struct span where = parser_here(p, len);

	if (len == 3 && !memcmp(p->text + p->pos, "val", 3))
		return parser_fail(p, where, "val() stands on the right side of an operator only");
	strbuf_adds(p->err, "unknown transformer ");
	error_add_word(p->err, p->text + p->pos, len);
	strbuf_adds(p->err, ". There are ");
	for (unsigned t = 0; t < TRANSFORM_MAX; t++)
		strbuf_addf(p->err, "%s, ", transform_names[t]);
	for (unsigned k = 0; k < CALL_MAX; k++)
		strbuf_addf(p->err, "%s%s", k ? ", " : "", call_fields[k].name);
	return parser_fail_at(p, where);
}

static bool close_call(struct parser *p, struct span open)
{
	parser_skip_blanks(p);
	if (p->pos == p->len)
		return parser_fail(p, open, "this '(' is not closed");
	if (!parser_at_char(p, ')'))
		return parser_fail(p, parser_word(p), "expected ')' after the field");
	p->pos++;
	return true;
}

static bool take_transform(struct parser *p, struct operand *o, size_t len)
{
	struct span where = parser_here(p, len), open = { p->pos + len, 1 };
	enum transform t = transform_find(p->text + p->pos, len);
	enum value_type before;

	if (t == TRANSFORM_MAX)
		return fail_transform(p, len);
	if (++p->calls > TRANSFORMS_MAX)
		return parser_fail(p, where, "too many transformers around one field");
	p->pos += len + 1;
	if (!parser_take_operand(p, o))
		return false;
	p->calls--;
	before = o->type;
	if (!transform_takes(t, o->type, &o->type)) {
		strbuf_addf(p->err, "%s() takes text, and ", transform_names[t]);
		operand_print(o, p->err);
		strbuf_addf(p->err, " is %s", parser_type_name(before));
		return parser_fail_at(p, where);
	}
	o->transforms[o->n_transforms++] = (uint8_t)t;
	return close_call(p, open);
}

bool parser_take_operand(struct parser *p, struct operand *o)
{
	size_t len;

	parser_skip_blanks(p);
	len = parser_call_length(p);
	if (!len)
		return take_field(p, o);
	return call_find(p->text + p->pos, len) < CALL_MAX ? parser_take_call(p, o, len) : take_transform(p, o, len);
}

int operand_parse(struct operand *ret, const char *text, bool glue, size_t *ret_len,
		  struct strbuf *err)
{
	struct parser p = {
		.text = text, .len = strlen(text), .err = err, .in_output = true, .may_glue = glue
	};

	*ret = (struct operand){ .field = NULL };
	strbuf_reset(err);
	if (!parser_take_operand(&p, ret)) {
		operand_free(ret);
		return -EINVAL;
	}
	*ret_len = p.pos;
	return p.glued;
}
