/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel's hooks know when they decide about a call: which field is which of their properties, and which fields
 * have the same value in every call that can be refused.
 */
#include "block.h"

#include <sys/socket.h>

#include "evaluation.h"
#include "push.h"
#include "value_set.h"

const char *const block_class_names[NUNCHI_BLOCK_MAX] = {
#define X(id, name) [NUNCHI_BLOCK_##id] = name,
	NUNCHI_BLOCK_CLASSES(X)
#undef X
};

#define CLASS(id) (1U << NUNCHI_BLOCK_##id)
#define EVERY (CLASS(MAX) - 1)
#define FILES (CLASS(OPEN) | CLASS(TRUNCATE))
#define SOCKETS (CLASS(CONNECT) | CLASS(BIND))
/* Classes with calls that can return more than 0. */
#define COUNTS (CLASS(OPEN) | CLASS(BPF) | CLASS(CONNECT) | CLASS(SOCKET) | CLASS(USERNS) | CLASS(PTRACE))

static const struct {
	const char *call;
	enum nunchi_block_class class;
	unsigned flags;
} calls[] = {
	{ "open", NUNCHI_BLOCK_OPEN },
	{ "openat", NUNCHI_BLOCK_OPEN },
	{ "openat2", NUNCHI_BLOCK_OPEN },
	{ "creat", NUNCHI_BLOCK_OPEN },
	{ "open_by_handle_at", NUNCHI_BLOCK_OPEN },
	{ "execve", NUNCHI_BLOCK_EXEC },
	{ "execveat", NUNCHI_BLOCK_EXEC },
	{ "connect", NUNCHI_BLOCK_CONNECT },
	{ "sendto", NUNCHI_BLOCK_CONNECT, NUNCHI_BLOCK_SENDS },
	{ "sendmsg", NUNCHI_BLOCK_CONNECT, NUNCHI_BLOCK_SENDS },
	{ "sendmmsg", NUNCHI_BLOCK_CONNECT, NUNCHI_BLOCK_SENDS },
	{ "setsockopt", NUNCHI_BLOCK_CONNECT, NUNCHI_BLOCK_SETS },
	{ "bind", NUNCHI_BLOCK_BIND },
	{ "init_module", NUNCHI_BLOCK_MODULE },
	{ "finit_module", NUNCHI_BLOCK_MODULE },
	{ "mount", NUNCHI_BLOCK_MOUNT },
	{ "move_mount", NUNCHI_BLOCK_MOUNT },
	{ "fsconfig", NUNCHI_BLOCK_MOUNT },
	{ "bpf", NUNCHI_BLOCK_BPF },
	{ "ptrace", NUNCHI_BLOCK_PTRACE },
	{ "process_vm_readv", NUNCHI_BLOCK_PTRACE },
	{ "process_vm_writev", NUNCHI_BLOCK_PTRACE },
	{ "pidfd_getfd", NUNCHI_BLOCK_PTRACE },
	{ "socket", NUNCHI_BLOCK_SOCKET },
	{ "socketpair", NUNCHI_BLOCK_SOCKET },
	{ "unshare", NUNCHI_BLOCK_USERNS },
	{ "clone", NUNCHI_BLOCK_USERNS },
	{ "clone3", NUNCHI_BLOCK_USERNS },
	{ "unlink", NUNCHI_BLOCK_REMOVE },
	{ "unlinkat", NUNCHI_BLOCK_REMOVE },
	{ "rmdir", NUNCHI_BLOCK_REMOVE },
	{ "rename", NUNCHI_BLOCK_RENAME },
	{ "renameat", NUNCHI_BLOCK_RENAME },
	{ "renameat2", NUNCHI_BLOCK_RENAME },
	{ "link", NUNCHI_BLOCK_LINK },
	{ "linkat", NUNCHI_BLOCK_LINK },
	{ "truncate", NUNCHI_BLOCK_TRUNCATE },
};

/* The call's row above; ARRAY_SIZE(calls): it has none. */
static size_t row_of(const struct syscall_info *call)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(calls) && !streq(calls[i].call, call->name))
		i++;
	return i;
}

int block_class_of(const struct syscall_info *call)
{
	size_t i = row_of(call);

	return i < ARRAY_SIZE(calls) && !(calls[i].flags & NUNCHI_BLOCK_SETS) ? (int)calls[i].class : -1;
}

bool block_sends(const struct syscall_info *call)
{
	return block_bits_of(call) & NUNCHI_BLOCK_SENDS;
}

bool block_may_be(const struct syscall_info *call, unsigned class)
{
	unsigned bits = block_bits_of(call);

	return (bits & ~NUNCHI_BLOCK_FLAGS) == class + 1 || (bits & NUNCHI_BLOCK_SETS && class == NUNCHI_BLOCK_BIND);
}

uint8_t block_bits_of(const struct syscall_info *call)
{
	size_t i = row_of(call);

	return i < ARRAY_SIZE(calls) ? (uint8_t)((calls[i].class + 1) | calls[i].flags) : 0;
}

/* Fields: the kind of look-up, the classes in which the field is known, and those in which it is always missing. */
static const struct property {
	const char *field;
	unsigned kind;
	unsigned known, missing;
} properties[] = {
	{ "fd.name", NUNCHI_BLOCK_PATH, FILES, 0 },
	{ "fd.name", NUNCHI_BLOCK_PATH, CLASS(CONNECT), 0 },	/* of a unix socket: names_file() */
	{ "fd.directory", NUNCHI_BLOCK_DIRECTORY, FILES, SOCKETS },
	{ "fd.filename", NUNCHI_BLOCK_FILENAME, FILES, SOCKETS },
	{ "fs.path.name", NUNCHI_BLOCK_PATH, CLASS(REMOVE), CLASS(RENAME) | CLASS(LINK) },
	{ "fs.path.source", NUNCHI_BLOCK_OLD, CLASS(RENAME), CLASS(REMOVE) },
	{ "fs.path.source", NUNCHI_BLOCK_PATH, CLASS(LINK), CLASS(REMOVE) },	/* Falco: the new one */
	{ "fs.path.target", NUNCHI_BLOCK_PATH, CLASS(RENAME), CLASS(REMOVE) },
	{ "fs.path.target", NUNCHI_BLOCK_OLD, CLASS(LINK), CLASS(REMOVE) },
	{ "fd.type", NUNCHI_BLOCK_TYPE, CLASS(OPEN) | SOCKETS, 0 },
	{ "fd.typechar", NUNCHI_BLOCK_TYPE, CLASS(OPEN) | SOCKETS, 0 },
	{ "fd.rip", NUNCHI_BLOCK_ADDRESS, CLASS(CONNECT), EVERY & ~CLASS(CONNECT) },
	{ "fd.rnet", NUNCHI_BLOCK_ADDRESS, CLASS(CONNECT), EVERY & ~CLASS(CONNECT) },
	{ "fd.rport", NUNCHI_BLOCK_PORT, CLASS(CONNECT), EVERY & ~CLASS(CONNECT) },
	{ "fd.sip", NUNCHI_BLOCK_ADDRESS, SOCKETS, EVERY & ~SOCKETS },
	{ "fd.snet", NUNCHI_BLOCK_ADDRESS, SOCKETS, EVERY & ~SOCKETS },
	{ "fd.sport", NUNCHI_BLOCK_PORT, SOCKETS, EVERY & ~SOCKETS },
	{ "fd.lip", NUNCHI_BLOCK_ADDRESS, CLASS(BIND), EVERY & ~SOCKETS },
	{ "fd.lnet", NUNCHI_BLOCK_ADDRESS, CLASS(BIND), EVERY & ~SOCKETS },
	{ "fd.lport", NUNCHI_BLOCK_PORT, CLASS(BIND), EVERY & ~SOCKETS },
	{ "fd.cip", NUNCHI_BLOCK_ADDRESS, 0, EVERY & ~CLASS(CONNECT) },
	{ "fd.cnet", NUNCHI_BLOCK_ADDRESS, 0, EVERY & ~CLASS(CONNECT) },
	{ "fd.cport", NUNCHI_BLOCK_PORT, 0, EVERY & ~CLASS(CONNECT) },
	{ "evt.is_open_read", NUNCHI_BLOCK_ACCESS, CLASS(OPEN), 0 },
	{ "evt.is_open_write", NUNCHI_BLOCK_ACCESS, CLASS(OPEN), 0 },
	{ "proc.name", NUNCHI_BLOCK_COMM, EVERY, 0 },
	{ "proc.pname", NUNCHI_BLOCK_PARENT_COMM, EVERY, 0 },
	{ "proc.exepath", NUNCHI_BLOCK_EXE, EVERY, 0 },
	{ "user.uid", NUNCHI_BLOCK_UID, EVERY, 0 },
};

#define NUMBER(value) { .type = VALUE_NUMBER, .n = (value) }
#define BOOL(value) { .type = VALUE_BOOL, .n = (value) }
#define STRING(value) { .type = VALUE_STRING, .s = (value), .len = sizeof(value) - 1 }

/* The values that a call would have if it were not refused: a test with the same result for all of them is decided. */
static const struct {
	const char *field;
	unsigned classes;
	struct value values[3];
	size_t n;
} assumed[] = {
	{ "evt.dir", EVERY, { STRING("<") }, 1 },
	{ "evt.res", EVERY, { STRING("SUCCESS") }, 1 },
	{ "evt.failed", EVERY, { BOOL(false) }, 1 },
	{ "evt.phase", EVERY, { STRING("run") }, 1 },
	{ "evt.rawres", COUNTS, { NUMBER(0), NUMBER(3), NUMBER(1000) }, 3 },
	{ "evt.rawres", EVERY & ~COUNTS, { NUMBER(0) }, 1 },
	{ "fd.num", EVERY & ~CLASS(EXEC), { NUMBER(0), NUMBER(3), NUMBER(1000) }, 3 },
	{ "fd.type", CLASS(TRUNCATE), { STRING("file") }, 1 },	/* for anything else the kernel fails before it asks */
	{ "fd.typechar", CLASS(TRUNCATE), { STRING("f") }, 1 },
	{ "evt.is_open_read", EVERY & ~CLASS(OPEN), { BOOL(false) }, 1 },
	{ "evt.is_open_write", EVERY & ~CLASS(OPEN), { BOOL(false) }, 1 },
	{ "evt.is_open_exec", EVERY & ~CLASS(OPEN), { BOOL(false) }, 1 },
	{ "evt.is_open_create", EVERY & ~CLASS(OPEN), { BOOL(false) }, 1 },
};

/* BLOCK_UNKNOWN: nothing is assumed of the field, or the results differ. */
static enum block_known test_assumed(unsigned class, const struct node *test)
{
	for (size_t i = 0; i < ARRAY_SIZE(assumed); i++) {
		size_t n = 0;

		if (!streq(assumed[i].field, test->left.field->name) ||
		    !(assumed[i].classes & 1U << class))
			continue;
		for (size_t k = 0; k < assumed[i].n; k++)
			n += node_test_value(test, &assumed[i].values[k]);
		if (!n || n == assumed[i].n)
			return n ? BLOCK_TRUE : BLOCK_FALSE;
	}
	return BLOCK_UNKNOWN;
}

/* Whether a look-up by a value's beginning can decide the test. */
static bool is_comparable(const struct node *test)
{
	static const char *const texts[] = { "=", "==", "!=", "in", "startswith", "pmatch",
					     "intersects", "exists" };

	if (streq(test->op->name, "pmatch") && values_have_wildcards(test->values, test->n_values))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (streq(test->op->name, texts[i]))
			return true;
	return false;
}

static bool fits(const struct node *test)
{
	for (size_t i = 0; i < test->n_values; i++)
		if (test->values[i].type == VALUE_STRING &&
		    test->values[i].len >= NUNCHI_BLOCK_BYTES - 1)
			return false;
	return true;
}

/* What to write so that the test of a text can be decided in the automaton. */
static const char *why_not_read(const struct node *test)
{
	if (test->quantifier == QUANTIFIER_ALL || test->quantifier == QUANTIFIER_ONE)
		return "the kernel side compares texts by anyof only; ask for each value by itself, with and";
	for (size_t i = 0; i < test->n_values; i++) {
		const struct value *w = &test->values[i];

		if (w->type == VALUE_STRING && w->len > 250)
			return "the kernel side compares 250 bytes; ask for less of it";
		if (w->type == VALUE_STRING && (strstr(test->op->name, "glob") || streq(test->op->name, "pmatch")) &&
		    memchr(w->s, '[', w->len))
			return "the kernel side has no [...] in glob and pmatch; ask with ?, or by several values";
		if (w->type == VALUE_STRING && streq(test->left.field->name, "fd.filename") && memchr(w->s, '/', w->len))
			return "no file's name has a slash; ask by fd.name";
	}
	return "the kernel side compares texts by =, !=, in, pmatch, startswith, endswith, contains, icontains, glob and "
	       "iglob, and by nothing that all texts satisfy; ask by one of these, or let the rule alert";
}

/* For a text that a look-up by its beginning cannot decide: it is read byte by byte. */
static enum block_known test_read(unsigned kind, const struct node *test, unsigned *ret_kind, const char **ret_why)
{
	static const unsigned texts[] = {
		[NUNCHI_BLOCK_PATH] = NUNCHI_BLOCK_TEXT_PATH,
		[NUNCHI_BLOCK_OLD] = NUNCHI_BLOCK_TEXT_OLD,
		[NUNCHI_BLOCK_DIRECTORY] = NUNCHI_BLOCK_TEXT_PATH,
		[NUNCHI_BLOCK_FILENAME] = NUNCHI_BLOCK_TEXT_PATH,
		[NUNCHI_BLOCK_EXE] = NUNCHI_BLOCK_TEXT_EXE,
		[NUNCHI_BLOCK_COMM] = NUNCHI_BLOCK_TEXT_COMM,
		[NUNCHI_BLOCK_PARENT_COMM] = NUNCHI_BLOCK_TEXT_PARENT_COMM,
	};
	unsigned place = NUNCHI_PUSH_HEAD;

	if (!push_text_fits(test, &place)) {
		*ret_why = why_not_read(test);
		return BLOCK_UNKNOWN;
	}
	/* A match within the path need not be within its directory or its name: only the end of the path decides that. */
	if (place == NUNCHI_PUSH_WITHIN && (kind == NUNCHI_BLOCK_DIRECTORY || kind == NUNCHI_BLOCK_FILENAME))
		place = NUNCHI_PUSH_TAIL;
	*ret_kind = NUNCHI_BLOCK_READ_KIND(texts[kind], place - NUNCHI_PUSH_HEAD);
	return BLOCK_KIND;
}

static enum block_known test_property(const struct property *p, unsigned class,
				      const struct node *test, unsigned *ret_kind,
				      const char **ret_why)
{
	if (p->missing & 1U << class)
		return BLOCK_FALSE;
	if (!(p->known & 1U << class))
		return BLOCK_UNKNOWN;
	if (block_form(p->kind) != BLOCK_TEXT || (is_comparable(test) && fits(test))) {
		*ret_kind = p->kind;
		return BLOCK_KIND;
	}
	return test_read(p->kind, test, ret_kind, ret_why);
}

static bool is_arg(const struct node *test, const char *field, const char *arg)
{
	return streq(test->left.field->name, field) && streq(test->left.arg, arg);
}

bool block_asks_userns(const struct node *test)
{
	static const struct value newuser = STRING("CLONE_NEWUSER");

	return (is_arg(test, "evt.arg", "flags") || is_arg(test, "evt.arg", "cl_args")) && !test->op->negative &&
	       (streq(test->op->name, "contains") || streq(test->op->name, "icontains")) &&
	       node_test_value(test, &newuser);
}

/* Tests argument `index` of socket(2), as it is printed (evt.arg) or as a number (evt.rawarg). */
static bool test_socket_arg(const struct node *test, unsigned index, uint64_t n)
{
	const uint64_t args[6] = { [0] = index ? 0 : n, [1] = index ? n : 0 };
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct value v = { .type = VALUE_NUMBER, .n = (int64_t)n };

	if (streq(test->left.field->name, "evt.arg")) {
		syscall_print_arg(&text, syscall_by_name("socket", strlen("socket")), args, index, NULL, 0);
		v = (struct value){ .type = VALUE_STRING, .s = text.s, .len = text.len };
	}
	return node_test_value(test, &v);
}

/* Whether the test is the same with and without flags of the type, which the kernel removes before it asks. */
static bool ignores_flags(const struct node *test)
{
	static const unsigned flags[] = { SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_CLOEXEC | SOCK_NONBLOCK };

	for (unsigned type = 0; type < NUNCHI_BLOCK_SOCKTYPE_MAX; type++)
		for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
			if (test_socket_arg(test, 1, type | flags[i]) != test_socket_arg(test, 1, type))
				return false;
	return true;
}

/* Arguments that hooks know. */
static enum block_known test_arg(unsigned class, const struct node *test, unsigned *ret_kind, const char **ret_why)
{
	if (class == NUNCHI_BLOCK_USERNS) {
		*ret_why = "its hook knows that there is to be a user namespace, and no other flag; ask by evt.arg.flags contains CLONE_NEWUSER";
		return block_asks_userns(test) ? BLOCK_TRUE : BLOCK_UNKNOWN;
	}
	if (class != NUNCHI_BLOCK_SOCKET)
		return BLOCK_UNKNOWN;
	*ret_kind = NUNCHI_BLOCK_FAMILY;
	if (is_arg(test, "evt.arg", "domain") || is_arg(test, "evt.rawarg", "domain"))
		return BLOCK_KIND;
	*ret_kind = NUNCHI_BLOCK_PROTOCOL;
	if (is_arg(test, "evt.rawarg", "protocol"))
		return BLOCK_KIND;
	*ret_kind = NUNCHI_BLOCK_SOCKTYPE;
	if ((is_arg(test, "evt.arg", "type") || is_arg(test, "evt.rawarg", "type")) && ignores_flags(test))
		return BLOCK_KIND;
	*ret_why = is_arg(test, "evt.arg", "protocol") ?
			   "the name of a protocol is its family's; ask by its number, evt.rawarg.protocol" :
			   "its hook knows evt.arg.domain, evt.rawarg.protocol, and the type without its flags: ask by evt.arg.type "
			   "contains, or startswith";
	return BLOCK_UNKNOWN;
}

/* Whether the text cannot be from the name of a socket with addresses: "10.0.0.7:40000->[fd00::1]:443". */
static bool is_no_address(const struct value *v)
{
	for (size_t i = 0; i < v->len; i++)
		if (!strchr("0123456789abcdef:.[]->*?", v->s[i]))
			return true;
	return false;
}

/* Whether the test of fd.name can only be about a unix socket in a file system, not an abstract one ("@"). */
static bool names_file(const struct node *test)
{
	for (size_t i = 0; i < test->n_values; i++) {
		const struct value *v = &test->values[i];

		if (v->type != VALUE_STRING || v->s[0] == '@' || !is_no_address(v))
			return false;
	}
	return test->n_values;
}

/* What to do about a field that no hook of the class knows. */
static const char *why_unknown(unsigned class, const struct node *test)
{
	const char *instead = block_instead_of_field(class, test->left.field->name);

	return instead ? instead :
			 "no hook of the kernel's knows this when the call begins; take it out, or let the rule alert";
}

enum block_known block_test(unsigned class, const struct node *test, unsigned *ret_kind,
			    const char **ret_why)
{
	const struct field *f = test->left.field;
	enum block_known known;

	*ret_why = why_unknown(class, test);
	if (test->right) {
		*ret_why = "the kernel side does not compare fields with each other; name the value, or let the rule alert";
		return BLOCK_UNKNOWN;
	}
	if (f->scope == SCOPE_CONTAINER && !f->absent) {
		*ret_kind = BLOCK_KIND_CONTAINER;
		return BLOCK_KIND;
	}
	if (test->left.n_transforms) {
		*ret_why = "the kernel side compares values as they are; icontains and iglob do not tell case apart";
		return BLOCK_UNKNOWN;
	}
	known = test_assumed(class, test);
	if (known != BLOCK_UNKNOWN || (class == NUNCHI_BLOCK_CONNECT && streq(f->name, "fd.name") && !names_file(test)))
		return known;
	if (test->left.arg)
		return test_arg(class, test, ret_kind, ret_why);
	for (size_t i = 0; i < ARRAY_SIZE(properties); i++)
		if (streq(properties[i].field, f->name) && (properties[i].known | properties[i].missing) & 1U << class)
			return test_property(&properties[i], class, test, ret_kind, ret_why);
	return BLOCK_UNKNOWN;
}

enum block_form block_form(unsigned kind)
{
	switch (kind) {
	case NUNCHI_BLOCK_UID:
	case NUNCHI_BLOCK_PORT:
	case NUNCHI_BLOCK_PROTOCOL:
		return BLOCK_NUMBER;
	case NUNCHI_BLOCK_ACCESS:
	case NUNCHI_BLOCK_TYPE:
	case NUNCHI_BLOCK_FAMILY:
	case NUNCHI_BLOCK_SOCKTYPE:
		return BLOCK_CODE;
	case NUNCHI_BLOCK_ADDRESS:
		return BLOCK_ADDRESS;
	default:
		return BLOCK_TEXT;
	}
}

unsigned block_bits(unsigned kind)
{
	return kind == NUNCHI_BLOCK_UID || kind == NUNCHI_BLOCK_PROTOCOL ? 32 : kind == NUNCHI_BLOCK_PORT ? 16 : 8;
}

unsigned block_codes(unsigned kind)
{
	return kind == NUNCHI_BLOCK_FAMILY   ? NUNCHI_BLOCK_FAMILY_MAX :
	       kind == NUNCHI_BLOCK_SOCKTYPE ? NUNCHI_BLOCK_SOCKTYPE_MAX :
					       NUNCHI_BLOCK_TYPE_MAX;
}

bool block_test_code(unsigned kind, const struct node *test, unsigned code)
{
	static const struct {
		const char *type, *typechar;
	} types[NUNCHI_BLOCK_TYPE_MAX] = {
		[NUNCHI_BLOCK_TYPE_OTHER] = { "other", "o" },
		[NUNCHI_BLOCK_TYPE_FILE] = { "file", "f" },
		[NUNCHI_BLOCK_TYPE_DIRECTORY] = { "directory", "d" },
		[NUNCHI_BLOCK_TYPE_CHAR] = { "char", "f" },
		[NUNCHI_BLOCK_TYPE_BLOCK] = { "block", "f" },
		[NUNCHI_BLOCK_TYPE_PIPE] = { "pipe", "f" },
		[NUNCHI_BLOCK_TYPE_IPV4] = { "ipv4", "4" },
		[NUNCHI_BLOCK_TYPE_IPV6] = { "ipv6", "6" },
		[NUNCHI_BLOCK_TYPE_UNIX] = { "unix", "u" },
	};
	const char *name = test->left.field->name;
	struct value v = { .type = VALUE_BOOL };

	if (kind == NUNCHI_BLOCK_FAMILY || kind == NUNCHI_BLOCK_SOCKTYPE)
		return test_socket_arg(test, kind == NUNCHI_BLOCK_SOCKTYPE, code);
	if (kind == NUNCHI_BLOCK_ACCESS) {
		v.n = !!(code & (streq(name, "evt.is_open_read") ? NUNCHI_BLOCK_READ :
								   NUNCHI_BLOCK_WRITE));
		return node_test_value(test, &v);
	}
	v.type = VALUE_STRING;
	v.s = streq(name, "fd.type") ? types[code].type : types[code].typechar;
	v.len = strlen(v.s);
	return node_test_value(test, &v);
}
