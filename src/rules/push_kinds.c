/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel side knows of a call that has returned, and which tests that decides. User space
 * evaluates the same bytes; what is not in the record (ancestors, command lines) is not known here.
 */
#include "push.h"

#include <fcntl.h>

#include "evaluation.h"

static bool is_path(const struct syscall_arg *arg)
{
	return arg->kind == ARG_PATH || arg->kind == ARG_PATHAT;
}

/* Whether the exit record has only numbers. */
static bool has_no_object(const struct syscall_info *call)
{
	struct nunchi_spec spec = syscall_spec(call);
	unsigned captures = spec.captures & (spec.flags & NUNCHI_SPEC_CLOSES ? ~1U : ~0U);

	return !captures && !(spec.flags & (NUNCHI_SPEC_RET_FD | NUNCHI_SPEC_CWD));
}

unsigned push_shape(const struct syscall_info *call, struct nunchi_push_call *ret)
{
	unsigned shape = (call->ret == RET_FD ? PUSH_HAS_FD : 0) | (has_no_object(call) ? PUSH_NO_OBJECT : 0);

	*ret = (struct nunchi_push_call){ .path = NUNCHI_PUSH_NO_ARG, .flags = NUNCHI_PUSH_NO_ARG };
	for (uint8_t i = 0; i < call->n_args; i++) {
		if (is_path(&call->args[i]))
			ret->path = i;	/* of several, fd.name is the last */
		if (call->args[i].kind == ARG_OPENFLAGS)
			ret->flags = i;
	}
	if (streq(call->name, "pivot_root"))
		ret->path = NUNCHI_PUSH_NO_ARG;
	if (ret->path != NUNCHI_PUSH_NO_ARG)
		shape |= PUSH_HAS_PATH;
	if ((shape & PUSH_HAS_PATH) && (shape & PUSH_HAS_FD))
		shape |= PUSH_OPENS;
	if (streq(call->name, "connect") || streq(call->name, "sendto") || streq(call->name, "sendmsg") ||
	    streq(call->name, "sendmmsg")) {
		shape |= PUSH_HAS_PEER;
		ret->sends = true;
	}
	if (!starts_with(call->name, "open"))
		ret->flags = NUNCHI_PUSH_NO_ARG;
	if (ret->flags != NUNCHI_PUSH_NO_ARG)
		shape |= PUSH_HAS_FLAGS;
	return shape;
}

/* A field, the kind of look-up, and what a call must have for it. */
static const struct {
	const char *field;
	unsigned kind;
	unsigned shape;
} properties[] = {
	{ "evt.res", NUNCHI_PUSH_RESULT, 0 },
	{ "evt.rawres", NUNCHI_PUSH_RESULT, 0 },
	{ "evt.failed", NUNCHI_PUSH_RESULT, 0 },
	{ "fd.num", NUNCHI_PUSH_RESULT, PUSH_HAS_FD },
	{ "evt.is_open_read", NUNCHI_PUSH_ACCESS, PUSH_HAS_FLAGS },
	{ "evt.is_open_write", NUNCHI_PUSH_ACCESS, PUSH_HAS_FLAGS },
	{ "evt.is_open_create", NUNCHI_PUSH_ACCESS, PUSH_HAS_FLAGS },
	{ "evt.is_open_exec", NUNCHI_PUSH_ACCESS, PUSH_HAS_FLAGS },
	{ "fd.type", NUNCHI_PUSH_TYPE, PUSH_OPENS },
	{ "fd.typechar", NUNCHI_PUSH_TYPE, PUSH_OPENS },
	{ "fd.unreachable", NUNCHI_PUSH_TYPE, PUSH_OPENS },
	{ "fd.type", NUNCHI_PUSH_TYPE, PUSH_HAS_PEER },
	{ "fd.typechar", NUNCHI_PUSH_TYPE, PUSH_HAS_PEER },
	/* The process that connects or sends is the client. */
	{ "fd.rip", NUNCHI_PUSH_ADDRESS, PUSH_HAS_PEER },
	{ "fd.rnet", NUNCHI_PUSH_ADDRESS, PUSH_HAS_PEER },
	{ "fd.sip", NUNCHI_PUSH_ADDRESS, PUSH_HAS_PEER },
	{ "fd.snet", NUNCHI_PUSH_ADDRESS, PUSH_HAS_PEER },
	{ "fd.rport", NUNCHI_PUSH_PORT, PUSH_HAS_PEER },
	{ "fd.sport", NUNCHI_PUSH_PORT, PUSH_HAS_PEER },
	{ "fd.name", NUNCHI_PUSH_HEAD, PUSH_HAS_PATH },
	{ "fd.directory", NUNCHI_PUSH_HEAD, PUSH_HAS_PATH },
	{ "fd.filename", NUNCHI_PUSH_HEAD, PUSH_HAS_PATH },
	{ "fd.nameraw", NUNCHI_PUSH_RAW, PUSH_HAS_PATH },
	{ "proc.name", NUNCHI_PUSH_COMM, 0 },
	{ "proc.exepath", NUNCHI_PUSH_IMAGE, 0 },
};

/* Whether the field is missing where there is no file or socket: all of fd.* except fd.num. */
static bool is_of_object(const struct field *f)
{
	return starts_with(f->name, "fd.") && !streq(f->name, "fd.num") && !streq(f->name, "fd.uid");
}

enum block_known push_test(unsigned shape, const struct node *test, unsigned *ret_kind,
			   const char **ret_why)
{
	*ret_why = "";
	if (test->right || test->left.field->absent)
		return BLOCK_UNKNOWN;
	if (test->left.field->scope == SCOPE_CONTAINER) {
		*ret_kind = NUNCHI_PUSH_CONTAINER;
		return BLOCK_KIND;
	}
	/* A missing value makes every comparison false. */
	if (shape & PUSH_NO_OBJECT && is_of_object(test->left.field))
		return BLOCK_FALSE;
	if (test->left.n_transforms)
		return BLOCK_UNKNOWN;
	for (size_t i = 0; i < ARRAY_SIZE(properties); i++) {
		if (!streq(properties[i].field, test->left.field->name) || properties[i].shape & ~shape)
			continue;
		*ret_kind = properties[i].kind;
		if (properties[i].kind >= NUNCHI_PUSH_TEXT && !push_text_fits(test, ret_kind))
			return BLOCK_UNKNOWN;
		return BLOCK_KIND;
	}
	return BLOCK_UNKNOWN;
}

static enum tri test_bool(const struct node *test, bool is)
{
	const struct value v = { .type = VALUE_BOOL, .n = is };

	return node_test_value(test, &v) ? TRI_TRUE : TRI_FALSE;
}

static enum tri test_text(const struct node *test, const char *s)
{
	const struct value v = { .type = VALUE_STRING, .s = s, .len = strlen(s) };

	return node_test_value(test, &v) ? TRI_TRUE : TRI_FALSE;
}

static enum tri test_number(const struct node *test, int64_t n)
{
	const struct value v = { .type = VALUE_NUMBER, .n = n };

	return node_test_value(test, &v) ? TRI_TRUE : TRI_FALSE;
}

/* Any number from 0 up: decided if the result is the same at each number where it could change. */
static enum tri test_numbers(const struct node *test)
{
	enum tri ret = test_number(test, 0);

	if (test_number(test, INT64_MAX) != ret)
		return TRI_UNKNOWN;
	for (size_t i = 0; i < test->n_values; i++)
		for (int64_t k = -1; k <= 1; k++) {
			int64_t at = test->values[i].n;

			if (at > 0 && at < INT64_MAX && test_number(test, at + k) != ret)
				return TRI_UNKNOWN;
		}
	return ret;
}

static enum tri test_result(const struct syscall_info *call, const struct node *test, unsigned code)
{
	const char *field = test->left.field->name;

	if (code == 255)
		return TRI_UNKNOWN;	/* some other number */
	if (streq(field, "evt.failed"))
		return test_bool(test, code);
	if (streq(field, "evt.res"))
		return test_text(test, result_name(call, -(int64_t)code));
	if (!code)
		return test_numbers(test);
	return test_number(test, streq(field, "fd.num") ? -1 : -(int64_t)code);
}

/* code: what nunchi_open_access() returned on the kernel side. */
static enum tri test_access(const struct node *test, unsigned code)
{
	const char *field = test->left.field->name;
	unsigned access = code & O_ACCMODE;

	if (streq(field, "evt.is_open_read"))
		return test_bool(test, access == O_RDONLY || access == O_RDWR);
	if (streq(field, "evt.is_open_write"))
		return test_bool(test, access == O_WRONLY || access == O_RDWR);
	/* For an open that may create a file, the result or the mode decides. */
	return code & NUNCHI_PUSH_CREATES ? TRI_UNKNOWN : test_bool(test, false);
}

static enum tri test_type(const struct node *test, unsigned code)
{
	bool letter = streq(test->left.field->name, "fd.typechar");

	/* False, or missing where there is no path. */
	if (streq(test->left.field->name, "fd.unreachable") && code != NUNCHI_PUSH_OUTSIDE)
		return test_bool(test, false) == TRI_FALSE ? TRI_FALSE : TRI_UNKNOWN;
	switch (code) {
	case NUNCHI_PUSH_IPV4:
		return test_text(test, letter ? "4" : "ipv4");
	case NUNCHI_PUSH_IPV6:
		return test_text(test, letter ? "6" : "ipv6");
	case NUNCHI_PUSH_UNIX:
		return test_text(test, letter ? "u" : "unix");
	case NUNCHI_PUSH_NO_OBJECT:
		return letter ? TRI_UNKNOWN : TRI_FALSE;
	default:
		break;
	}
	switch (code << 12) {
	case S_IFREG:
		return test_text(test, letter ? "f" : "file");
	case S_IFDIR:
		return test_text(test, letter ? "d" : "directory");
	case S_IFCHR:
		return test_text(test, letter ? "f" : "char");
	case S_IFBLK:
		return test_text(test, letter ? "f" : "block");
	case S_IFIFO:
		return test_text(test, letter ? "f" : "pipe");
	default:
		return TRI_UNKNOWN;
	}
}

enum tri push_test_code(const struct syscall_info *call, unsigned kind, const struct node *test,
			unsigned code)
{
	if (kind == NUNCHI_PUSH_RESULT)
		return test_result(call, test, code);
	return kind == NUNCHI_PUSH_ACCESS ? test_access(test, code) : test_type(test, code);
}
