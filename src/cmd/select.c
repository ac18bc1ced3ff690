/* SPDX-License-Identifier: Apache-2.0 */
#include "select.h"

#include <errno.h>

/* Shorter words ("db", "fee") are more likely names than the beginning of an id. */
#define ID_PREFIX_MIN 4

/* A string as the filter language quotes it. */
static void filter_quote(struct strbuf *out, const char *s, size_t len)
{
	strbuf_addc(out, '"');
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '"' || s[i] == '\\')
			strbuf_addc(out, '\\');
		strbuf_addc(out, s[i]);
	}
	strbuf_addc(out, '"');
}

static void add_condition(struct strbuf *out, const char *field, const char *op, const char *s,
			  size_t len)
{
	strbuf_adds(out, field);
	strbuf_addf(out, " %s ", op);
	filter_quote(out, s, len);
}

/* field = value, or field glob value when it holds a wildcard. */
static void add_match(struct strbuf *out, const char *field, const char *s, size_t len)
{
	bool glob = memchr(s, '*', len) || memchr(s, '?', len) || memchr(s, '[', len);

	add_condition(out, field, glob ? "glob" : "=", s, len);
}

static bool is_id_prefix(const char *s)
{
	return strlen(s) >= ID_PREFIX_MIN && s[strspn(s, "0123456789abcdef")] == '\0';
}

/* "ns/pod" or "ns/pod/container", as nunchi shows the containers of pods. */
static void add_display(struct strbuf *out, const char *s)
{
	const char *pod = strchr(s, '/') + 1;
	const char *name = strchr(pod, '/');

	strbuf_adds(out, " or (");
	add_match(out, "k8s.ns.name", s, (size_t)(pod - 1 - s));
	strbuf_adds(out, " and ");
	add_match(out, "k8s.pod.name", pod, name ? (size_t)(name - pod) : strlen(pod));
	if (name) {
		strbuf_adds(out, " and ");
		add_match(out, "container.name", name + 1, strlen(name + 1));
	}
	strbuf_addc(out, ')');
}

static void add_container(struct strbuf *out, const char *s)
{
	size_t len = strlen(s);

	add_match(out, "container.name", s, len);
	strbuf_adds(out, " or ");
	add_match(out, "container.full_id", s, len);
	if (is_id_prefix(s)) {
		strbuf_adds(out, " or ");
		add_condition(out, "container.full_id", "startswith", s, len);
	}
	if (strchr(s, '/'))
		add_display(out, s);
}

/* The whole image name or its repository, or the end of either after a slash: "nginx" is "docker.io/library/nginx". */
static void add_image(struct strbuf *out, const char *s)
{
	static const char *const fields[] = { "container.image", "container.image.repository" };
	_cleanup_strbuf_ struct strbuf end = STRBUF_INIT;
	size_t len = strlen(s);

	strbuf_addc(&end, '/');
	strbuf_adds(&end, s);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (i)
			strbuf_adds(out, " or ");
		add_match(out, fields[i], s, len);
		strbuf_adds(out, " or ");
		add_condition(out, fields[i], "endswith", end.s, end.len);
	}
}

static int add_label(struct strbuf *out, const char *s, struct strbuf *err)
{
	static const char *const fields[] = { "container.label", "k8s.pod.label" };
	const char *equals = strchr(s, '=');
	size_t len = equals ? (size_t)(equals - s) : strlen(s);
	char quote = memchr(s, '"', len) ? '\'' : '"';

	if (!len || memchr(s, quote, len)) {
		strbuf_adds(err, "-l ");
		strbuf_add_printable(err, s, strlen(s));
		strbuf_adds(err, ": expected KEY=VALUE, or KEY");
		return -EINVAL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		_cleanup_strbuf_ struct strbuf field = STRBUF_INIT;

		strbuf_addf(&field, "%s[%c%.*s%c]", fields[i], quote, (int)len, s, quote);
		if (i)
			strbuf_adds(out, " or ");
		if (equals)
			add_match(out, field.s, equals + 1, strlen(equals + 1));
		else
			strbuf_addf(out, "%s exists", field.s);
	}
	return 0;
}

static int add_pid(struct strbuf *out, const char *s, struct strbuf *err)
{
	size_t len = strlen(s);

	if (!len || len > 10 || s[strspn(s, "0123456789")]) {
		strbuf_adds(err, "--pid ");
		strbuf_add_printable(err, s, len);
		strbuf_adds(err, ": expected a process id of the host");
		return -EINVAL;
	}
	strbuf_addf(out, "proc.pid = %s", s);
	return 0;
}

int selection_add(struct selection *s, enum select_kind kind, const char *value, struct strbuf *err)
{
	static const char *const options[] = {
		[SELECT_CONTAINER] = "-c", [SELECT_POD] = "--pod", [SELECT_K8S_NS] = "--k8s-ns", [SELECT_IMAGE] = "--image",
	};
	struct strbuf *out = &s->any[kind];
	int r = 0;

	/* An empty name is most likely an unset variable in a script. */
	if (!*value && kind < ARRAY_SIZE(options)) {
		strbuf_addf(err, "%s: the name is empty", options[kind]);
		return -EINVAL;
	}
	strbuf_adds(out, out->len ? " or " : "(");
	switch (kind) {
	case SELECT_CONTAINER:
		add_container(out, value);
		break;
	case SELECT_POD:
		add_match(out, "k8s.pod.name", value, strlen(value));
		break;
	case SELECT_K8S_NS:
		add_match(out, "k8s.ns.name", value, strlen(value));
		break;
	case SELECT_IMAGE:
		add_image(out, value);
		break;
	case SELECT_LABEL:
		r = add_label(out, value, err);
		break;
	case SELECT_PID:
		r = add_pid(out, value, err);
		break;
	case SELECT_MAX:
		break;
	}
	return r;
}

void selection_text(const struct selection *s, struct strbuf *out)
{
	for (size_t i = 0; i < SELECT_MAX; i++) {
		if (!s->any[i].len)
			continue;
		if (out->len)
			strbuf_adds(out, " and ");
		strbuf_add(out, s->any[i].s, s->any[i].len);
		strbuf_addc(out, ')');
	}
}

void selection_free(struct selection *s)
{
	for (size_t i = 0; i < SELECT_MAX; i++)
		strbuf_free(&s->any[i]);
}
