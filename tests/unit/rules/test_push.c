/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may stay in the kernel: for random sets of conditions and random calls, that none which a condition
 * matches would stay; and that what is decidable does. What the kernel side does with a record is done
 * here in the obvious way, with the same tables.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>

#include "fields/accessors.h"
#include "nunchi/open.h"
#include "rules/ast.h"
#include "rules/push.h"

#include "scene.h"

#define ROUNDS 4000
#define CONDITIONS 12
#define CALLS 40

static struct field_context context;
static struct scene *scene;

static unsigned pick(unsigned n)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % n;
}

#define ONE_OF(list) ((list)[pick(ARRAY_SIZE(list))])

static const char *const words[] = { "/etc", "/etc/", "etc", "/", "a", "/a", "b", "/a/b", ".b", "/etc/a", "b.a",
				     "/b/", "/etc/a/b", "a*b", "*", "/e?c", "?", "/etc/*", "*a", "/*/b", "A", "\\*" };
static const char *const names[] = { "a", "b", "etc", ".b", "b.a", "aa", "ab" };
#ifdef __aarch64__	/* it has no open and unlink */
static const char *const calls[] = { "openat", "close" };
#else
static const char *const calls[] = { "openat", "open", "unlink", "close" };
#endif
static const char *const comms[] = { "a", "b", "sh", "", "cat" };
static const char *const text_ops[] = { "=", "!=", "startswith", "endswith", "contains", "icontains", "glob",
					"iglob" };
static const char *const text_fields[] = { "fd.name", "fd.directory", "fd.filename", "fd.nameraw", "proc.name",
					   "proc.exepath", "proc.cmdline", "tolower(fd.name)" };
static const char *const fixed[] = {
	"evt.res = SUCCESS", "evt.res != ENOENT", "evt.res in (EACCES, SUCCESS)", "evt.rawres >= 0",
	"evt.rawres < 0", "evt.rawres > 4", "evt.failed = true", "fd.num = -1", "fd.num >= 0", "fd.num = 5",
	"evt.is_open_read = true", "evt.is_open_write = true", "evt.is_open_write = false",
	"evt.is_open_create = true", "evt.is_open_exec = true", "evt.is_open_exec != true", "fd.type = file",
	"fd.type != directory", "fd.type in (block, char)", "fd.typechar = f", "fd.typechar != f",
	"evt.type = openat", "evt.type in (open, unlink)", "evt.type != creat", "evt.dir = <", "user.uid = 0",
	"container.id != host", "container.id = host", "container.name = web", "container.name in (db, x)",
	"not container.name startswith w", "k8s.ns.name exists", "toupper(container.name) = DB", "proc.aname = sh",
	"fd.name exists", "fd.name regex '.*a.*'", "fd.name = val(fd.nameraw)", "fd.ip != 10.0.0.1",
	"fd.port != 80", "fd.uid exists", "fd.filename contains \"\"", "fd.ino >= 0", "fd.l4proto != tcp",
};

static void add_values(struct strbuf *out, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		strbuf_addf(out, "%s\"%s\"", i ? ", " : "", ONE_OF(words));
}

static void add_leaf(struct strbuf *out)
{
	unsigned n = 1 + pick(3);

	if (!pick(3)) {
		strbuf_adds(out, ONE_OF(fixed));
		return;
	}
	strbuf_addf(out, "%s ", ONE_OF(text_fields));
	switch (pick(6)) {
	case 0:
		strbuf_adds(out, pick(2) ? "in (" : "pmatch (");
		break;
	case 1:
		strbuf_addf(out, "%s %s (", ONE_OF(text_ops), pick(3) ? "anyof" : pick(2) ? "allof" : "oneof");
		break;
	default:
		strbuf_addf(out, "%s \"%s\"", ONE_OF(text_ops), ONE_OF(words));
		return;
	}
	add_values(out, n);
	strbuf_addc(out, ')');
}

static void add_tree(struct strbuf *out, unsigned depth)
{
	unsigned n = 2 + pick(2), kind = pick(4);

	if (!depth || !kind) {
		add_leaf(out);
		return;
	}
	strbuf_adds(out, kind == 1 ? "not (" : "(");
	for (unsigned i = 0; i < (kind == 1 ? 1 : n); i++) {
		strbuf_adds(out, !i ? "" : kind == 2 ? " and " : " or ");
		add_tree(out, depth - 1);
	}
	strbuf_addc(out, ')');
}

static struct filter *parse(const char *text)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	struct filter *f = NULL;

	return filter_parse(&f, text, &err) < 0 ? NULL : f;
}

/* Mostly of a few tests of the path: of two forms of it they are the hard ones. */
static void add_path_tests(struct strbuf *out)
{
	unsigned n = 2 + pick(2), op;

	for (unsigned i = 0; i < n; i++) {
		op = pick(ARRAY_SIZE(text_ops));
		strbuf_addf(out, "%s%s%s %s \"%s\"", i ? " and " : "", pick(3) ? "" : "not ",
			    text_fields[pick(3)], text_ops[op], ONE_OF(words));
	}
}

static struct filter *random_condition(void)
{
	struct filter *f = NULL;

	while (!f) {
		_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

		if (pick(2))
			add_tree(&text, 3);
		else
			add_path_tests(&text);
		f = parse(text.s);
	}
	return f;
}

struct call {
	const char *name;
	int64_t ret;
	uint64_t flags;
	char asked[64], base[64], opened[160];	/* base: "" is the root */
	uint32_t mode;
	const char *comm;
	struct strbuf record;
	struct event ev;
};

static void add_file(struct strbuf *b, unsigned type, uint8_t arg, uint32_t mode, const char *path)
{
	struct nunchi_file file = { .ino = 7, .dev = 8, .mode = mode, .magic = 0xef53 };
	_cleanup_strbuf_ struct strbuf body = STRBUF_INIT;
	size_t end = strlen(path);

	strbuf_add(&body, &file, sizeof(file));
	for (size_t i = end; i--;) {
		if (path[i] != '/')
			continue;
		strbuf_add(&body, path + i + 1, end - i - 1);
		strbuf_addc(&body, '\0');
		end = i;
	}
	encode_blob(b, (enum nunchi_blob_type)type, arg, 0, body.s, (uint32_t)body.len);
}

static void random_path(char *out, size_t size, unsigned n)
{
	*out = '\0';
	for (unsigned i = 0; i < n; i++)
		snprintf(out + strlen(out), size - strlen(out), "/%s", ONE_OF(names));
}

/* The process that makes the next calls executes something. */
static void execute(uint32_t slot, const char *comm)
{
	struct nunchi_head head = world_head(NUNCHI_REC_EXEC, slot, 5000, 31, comm);
	_cleanup_strbuf_ struct strbuf b = STRBUF_INIT;
	struct event ev;
	char path[64];

	random_path(path, sizeof(path), 1 + pick(3));
	world_call(&b, &head, "execve", 0, (const uint64_t[6]){ 0 });
	add_file(&b, NUNCHI_BLOB_EXE, 0, 0100755, path);
	encode_end(&b);
	world_apply(scene->world, &b, &ev);
}

static void add_path_blobs(struct call *c, uint8_t at)
{
	world_text(&c->record, NUNCHI_BLOB_STR, at, c->asked);
	if (*c->asked != '/')
		add_file(&c->record, NUNCHI_BLOB_BASE, at, 0040755, c->base);
	if (c->ret >= 0 && !streq(c->name, "unlink"))
		add_file(&c->record, NUNCHI_BLOB_FILE, NUNCHI_ARG_RET, c->mode, c->opened);
}

static void make_call(struct call *c)
{
	static const int64_t rets[] = { 3, 3, 3, 5, -2, -13, -300 };
	struct nunchi_head head;
	uint64_t args[6] = { 0 };
	unsigned at, slot;

	*c = (struct call){ .name = ONE_OF(calls), .ret = ONE_OF(rets), .comm = ONE_OF(comms),
			    .mode = pick(3) ? 0100644 : pick(2) ? 0040755 : 0060600, .record = STRBUF_INIT };
	c->flags = (uint64_t)pick(4) | (pick(3) ? 0 : O_CREAT) | (pick(3) ? 0 : O_TRUNC) | (pick(6) ? 0 : O_PATH);
	random_path(c->base, sizeof(c->base), pick(3));
	random_path(c->asked, sizeof(c->asked), 1 + pick(3));
	if (pick(2))
		memmove(c->asked, c->asked + 1, strlen(c->asked));	/* relative */
	if (pick(2))
		snprintf(c->opened, sizeof(c->opened), "%s%s%s", *c->asked == '/' ? "" : c->base,
			 *c->asked == '/' ? "" : "/", c->asked);
	else
		random_path(c->opened, sizeof(c->opened), pick(4));
	if (streq(c->name, "unlink") || streq(c->name, "close"))
		c->ret = pick(2) ? 0 : -2;
	at = streq(c->name, "openat");
	if (at)
		args[0] = (uint64_t)AT_FDCWD;
	args[at] = 0x1000;
	args[at + 1] = streq(c->name, "unlink") ? 0 : c->flags;
	args[at + 2] = pick(2) ? 0644 : 0755;
	/* In web mostly, in db, or on the host. */
	slot = pick(2) ? 1 : pick(3);
	if (!pick(4))
		execute(slot, c->comm);
	head = world_head(NUNCHI_REC_SYSCALL, slot, 5000, 31, c->comm);
	world_call(&c->record, &head, c->name, c->ret, args);
	if (!streq(c->name, "close"))
		add_path_blobs(c, (uint8_t)at);
	encode_end(&c->record);
	world_apply(scene->world, &c->record, &c->ev);
}

static uint64_t read_kind(const struct nunchi_push *t, const struct nunchi_push_row *row, unsigned kind,
			  const char *text, uint64_t *within)
{
	return push_read(&t->text, row->start[kind], text, strlen(text), within);
}

/* The clauses of a class that the image of the event's process leaves. */
static uint64_t image_mask(const struct nunchi_push *t, unsigned class, const struct event *ev)
{
	const char *path = ev->proc ? ev->proc->exepath : NULL;
	uint64_t none = 0, group;

	if (!path || !t->image_start)
		return ~0ULL;
	group = push_read(&t->text, t->image_start - 1, path, strlen(path), &none);
	assert_in_range(group, 0, NUNCHI_PUSH_IMAGES - 1);
	return t->images[group][class];
}

/* What the kernel side says: whether the record leaves. */
static bool leaves(const struct push_plan *plan, const struct call *c)
{
	const struct nunchi_push *t = push_table(plan);
	const struct nunchi_push_call *how = &t->calls[syscall_nr(c->ev.call)];
	const struct nunchi_push_row *row;
	uint64_t mask, heads = 0, tails = 0, within = 0, none, groups[NUNCHI_PUSH_CLASSES];
	_cleanup_strbuf_ struct strbuf asked = STRBUF_INIT;
	const char *forms[2] = { NULL, NULL };
	bool opened = c->ret >= 0 && how->path != NUNCHI_PUSH_NO_ARG && c->ev.call->ret == RET_FD;

	if (!how->class || (opened && !*c->opened))
		return true;
	row = &t->rows[how->class - 1];
	mask = row->clauses &
	       row->codes[NUNCHI_PUSH_RESULTS + (c->ret >= 0 ? 0 : c->ret > -255 ? -c->ret : 255)];
	push_container(plan, scene->world->model, c->ev.container, groups);
	mask &= groups[how->class - 1];
	if (row->kinds & 1U << NUNCHI_PUSH_IMAGE)
		mask &= image_mask(t, how->class - 1U, &c->ev);
	if (how->flags != NUNCHI_PUSH_NO_ARG)
		mask &= row->codes[NUNCHI_PUSH_ACCESSES +
				   (nunchi_open_access(c->flags) | (c->flags & O_CREAT ? NUNCHI_PUSH_CREATES : 0))];
	if (how->path != NUNCHI_PUSH_NO_ARG)
		mask &= row->codes[NUNCHI_PUSH_TYPES + (opened ? c->mode >> 12 : NUNCHI_PUSH_NO_OBJECT)];
	if (event_asked_path(&c->ev, NULL, &asked))
		forms[0] = asked.s;
	if (opened)
		forms[1] = c->opened;
	for (unsigned i = 0; i < 2; i++) {
		if (!forms[i])
			continue;
		none = 0;
		heads |= read_kind(t, row, NUNCHI_PUSH_HEAD, forms[i], &none);
		tails |= read_kind(t, row, NUNCHI_PUSH_TAIL, forms[i], &within);
	}
	if (how->path != NUNCHI_PUSH_NO_ARG) {
		mask &= heads & tails & (row->not_within | within);
		mask &= read_kind(t, row, NUNCHI_PUSH_RAW, c->asked, &none);
	}
	if (*c->comm)
		mask &= read_kind(t, row, NUNCHI_PUSH_COMM, c->comm, &none);
	return mask;
}

static bool matches(const struct filter *f, const struct call *c)
{
	fields_begin(&context, &c->ev, scene->world->model);
	return filter_match(f, &context);
}

static const struct syscall_set *calls_made(void)
{
	static struct syscall_set set;

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		set.bits[syscall_nr(syscall_by_name(calls[i], strlen(calls[i])))] = 1;
	return &set;
}

static void test_what_an_open_is_for(void **state)
{
	static const struct {
		uint64_t flags;
		unsigned access;
	} opens[] = {
		{ O_RDONLY, O_RDONLY },
		{ O_WRONLY | O_APPEND, O_WRONLY },
		{ O_RDWR | O_CREAT, O_RDWR },
		{ O_ACCMODE, O_ACCMODE },
		{ O_RDONLY | O_TRUNC, O_RDWR },
		{ O_WRONLY | O_TRUNC, O_WRONLY },
		{ O_RDWR | O_TRUNC, O_RDWR },
		{ O_ACCMODE | O_TRUNC, O_WRONLY },
		{ O_PATH | O_TRUNC, O_RDONLY },
		{ O_PATH | O_RDWR, O_RDONLY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(opens); i++)
		assert_int_equal(nunchi_open_access(opens[i].flags), opens[i].access);
}

static const char *const ips[] = { "10.0.0.1", "10.0.0.129", "10.1.0.0", "0.0.0.0", "169.254.169.254", "127.0.0.1" };
static const char *const ip_fields[] = { "fd.rip", "fd.sip" };
static const char *const net_fields[] = { "fd.rnet", "fd.snet" };
static const char *const nets[] = { "10.0.0.0/8", "10.0.0.0/25", "10.0.0.128/25", "0.0.0.0/0", "169.254.0.0/16",
				    "::/0", "::ffff:10.0.0.0/104", "10.0.0.1/32", "fd00::/8" };
static const char *const ip6s[] = { "::ffff:10.0.0.1", "::1", "fd00::1", "::", "fe80::1:2" };
static const char *const port_ops[] = { "=", "!=", "<", "<=", ">", ">=" };
static const unsigned ports[] = { 0, 1, 80, 255, 256, 443, 1024, 65535 };

static void add_peer_test(struct strbuf *out)
{
	switch (pick(7)) {
	case 0:
		strbuf_addf(out, "%s %s \"%s\"", ONE_OF(ip_fields), pick(2) ? "=" : "!=",
			    pick(3) ? ONE_OF(ips) : ONE_OF(ip6s));
		break;
	case 1:
		strbuf_addf(out, "%s in (\"%s\", \"%s\")", ONE_OF(ip_fields), ONE_OF(ips), ONE_OF(ip6s));
		break;
	case 2:
		strbuf_addf(out, "%s %s \"%s\"", ONE_OF(net_fields), pick(2) ? "=" : "!=", ONE_OF(nets));
		break;
	case 3:
		strbuf_addf(out, "%s %s anyof (\"%s\", \"%s\")", ONE_OF(ip_fields), pick(2) ? "=" : "!=",
			    ONE_OF(ips), ONE_OF(ips));
		break;
	case 4:
		strbuf_addf(out, "fd.%s %s %u", pick(2) ? "rport" : "sport", ONE_OF(port_ops), ONE_OF(ports));
		break;
	case 5:
		strbuf_addf(out, "fd.rport in (%u, %u)", ONE_OF(ports), ONE_OF(ports));
		break;
	default:
		strbuf_adds(out, pick(2) ? "fd.type = ipv4" : pick(2) ? "fd.typechar != 6" : "fd.type != unix");
	}
}

static struct filter *random_peer_condition(void)
{
	struct filter *f = NULL;

	while (!f) {
		_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
		unsigned n = 1 + pick(3);

		for (unsigned i = 0; i < n; i++) {
			strbuf_adds(&text, !i ? "" : pick(2) ? " and " : " or ");
			strbuf_adds(&text, pick(3) ? "" : "not ");
			add_peer_test(&text);
		}
		f = parse(text.s);
	}
	return f;
}

/* A socket, connected or not, and an address that is given, of its family mostly, or of none. */
struct sending {
	struct nunchi_sock sock;
	struct sockaddr_in6 in6;
	struct sockaddr_in in;
	bool given;
	struct strbuf record;
	struct event ev;
};

static void make_sending(struct sending *s)
{
	static const char *const senders[] = { "connect", "sendto", "sendmmsg" };
	static const uint16_t types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW };
	struct nunchi_head head = world_head(NUNCHI_REC_SYSCALL, 1, 5000, 31, "a");
	const uint64_t args[6] = { 5, 0x1000, 16 };
	const char *call = ONE_OF(senders);
	bool v6 = !pick(3);

	*s = (struct sending){ .record = STRBUF_INIT, .given = pick(3) };
	s->sock.family = !pick(4) ? AF_UNIX : v6 ? AF_INET6 : AF_INET;
	s->sock.type = ONE_OF(types);
	if (s->sock.family != AF_UNIX && pick(2)) {
		s->sock.rport = (uint16_t)ONE_OF(ports);
		inet_pton(s->sock.family, v6 ? ONE_OF(ip6s) : ONE_OF(ips), s->sock.raddr);
	}
	world_call(&s->record, &head, call, pick(2) ? 0 : -111, args);
	s->in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)ONE_OF(ports)) };
	inet_pton(AF_INET, ONE_OF(ips), &s->in.sin_addr);
	s->in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)ONE_OF(ports)) };
	inet_pton(AF_INET6, ONE_OF(ip6s), &s->in6.sin6_addr);
	if (!pick(5))
		s->in.sin_family = s->in6.sin6_family = AF_UNSPEC;
	encode_blob(&s->record, NUNCHI_BLOB_SOCK, 0, 0, &s->sock, sizeof(s->sock));
	if (s->given && (s->sock.family == AF_INET6) == !!pick(5))
		encode_blob(&s->record, NUNCHI_BLOB_SOCKADDR, 4, 0, &s->in6, sizeof(s->in6));
	else if (s->given)
		encode_blob(&s->record, NUNCHI_BLOB_SOCKADDR, 4, 0, &s->in, sizeof(s->in));
	encode_end(&s->record);
	world_apply(scene->world, &s->record, &s->ev);
}

/* What the kernel side says, of the end that user space takes it for. */
static bool sending_leaves(const struct nunchi_push *t, struct sending *s)
{
	const struct nunchi_push_call *how = &t->calls[syscall_nr(s->ev.call)];
	const struct nunchi_push_row *row;
	uint8_t text[17] = { 0 }, port[3] = { 0 };
	struct value ip = { .type = VALUE_NONE }, number = { .type = VALUE_NONE };
	_cleanup_free_ char *arg = NULL;
	uint64_t mask, none = 0;
	const struct event_fd *fd;

	if (!how->class)
		return true;
	row = &t->rows[how->class - 1];
	mask = row->clauses & row->codes[NUNCHI_PUSH_RESULTS + (s->ev.ret >= 0 ? 0 : -s->ev.ret)];
	fields_begin(&context, &s->ev, scene->world->model);
	fd = fields_fd(&context);
	mask &= row->codes[NUNCHI_PUSH_TYPES + (fd->type == FD_IPV4 ? NUNCHI_PUSH_IPV4 :
						fd->type == FD_IPV6 ? NUNCHI_PUSH_IPV6 : NUNCHI_PUSH_UNIX)];
	field_find("fd.rip", 6, &arg)->get(&context, NULL, &ip);
	field_find("fd.rport", 8, &arg)->get(&context, NULL, &number);
	if (ip.type != VALUE_NONE) {
		text[0] = ip.family == AF_INET ? 4 : 6;
		memcpy(text + 1, ip.ip, 16);
		port[0] = 1;
		port[1] = (uint8_t)(number.n >> 8);
		port[2] = (uint8_t)number.n;
	}
	mask &= push_read(&t->text, row->start[NUNCHI_PUSH_ADDRESS], text, text[0] == 4 ? 5 : text[0] ? 17 : 1, &none);
	mask &= push_read(&t->text, row->start[NUNCHI_PUSH_PORT], port, port[0] ? 3 : 1, &none);
	return mask;
}

static void test_no_address_is_missed(void **state)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	unsigned stayed = 0, matched = 0;
	struct syscall_set set;

	assert_int_equal(syscall_set_parse(&set, "connect,sendto,sendmmsg", &err), 0);
	for (unsigned round = 0; round < ROUNDS / 4; round++) {
		struct filter *f = random_peer_condition();
		struct push_plan *plan = push_plan_of_filter(f, &set);

		for (unsigned k = 0; k < CALLS; k++) {
			struct sending s;
			bool stays, match;

			make_sending(&s);
			stays = !sending_leaves(push_table(plan), &s);
			fields_begin(&context, &s.ev, scene->world->model);
			match = filter_match(f, &context);
			stayed += stays;
			matched += match;
			if (match && stays) {
				_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
				const struct rule rule = { .root = f->root };

				rule_unfold(&rule, &text);
				fail_msg("family %d to port %d would stay:\n%s", s.sock.family, s.sock.rport,
					 text.s);
			}
			strbuf_free(&s.record);
		}
		push_plan_free(plan);
		filter_free(f);
	}
	assert_true(stayed > ROUNDS * CALLS / 80);
	assert_true(matched > ROUNDS * CALLS / 80);
}

/* Of many conditions at once, so that clauses share bits. */
static void test_nothing_is_missed(void **state)
{
	unsigned stayed = 0, matched = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct filter *filters[CONDITIONS];
		const struct node *roots[CONDITIONS];
		unsigned n = pick(4) ? 1 : 1 + pick(CONDITIONS);
		struct push_plan *plan;

		for (unsigned i = 0; i < n; i++) {
			filters[i] = random_condition();
			roots[i] = filters[i]->root;
		}
		plan = push_plan_new(roots, n, calls_made());
		for (unsigned k = 0; k < CALLS; k++) {
			struct call c;
			bool stays;

			make_call(&c);
			stays = !leaves(plan, &c);
			stayed += stays;
			for (unsigned i = 0; i < n; i++) {
				bool match = matches(filters[i], &c);

				matched += match;
				if (match && stays) {
					_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
					const struct rule rule = { .root = filters[i]->root };

					rule_unfold(&rule, &text);
					fail_msg("%s asked %s from %s opened %s = %lld by %s would stay:\n%s",
						 c.name, c.asked, c.base, c.opened, (long long)c.ret,
						 c.comm, text.s);
				}
			}
			strbuf_free(&c.record);
		}
		push_plan_free(plan);
		for (unsigned i = 0; i < n; i++)
			filter_free(filters[i]);
	}
	/* It is about something. */
	assert_true(stayed > ROUNDS * CALLS / 20);
	assert_true(matched > ROUNDS * CALLS / 20);
}

/* How many of some calls a condition keeps in the kernel. */
static unsigned count_stays(const char *condition, bool sends)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	struct filter *f = parse(condition);
	struct push_plan *plan;
	struct syscall_set set;
	unsigned stay = 0;

	assert_non_null(f);
	assert_int_equal(syscall_set_parse(&set, "connect,sendto,sendmmsg", &err), 0);
	plan = push_plan_of_filter(f, sends ? &set : calls_made());
	for (unsigned k = 0; k < 10 * CALLS; k++) {
		struct sending s;
		struct call c;

		if (sends) {
			make_sending(&s);
			stay += !sending_leaves(push_table(plan), &s);
			strbuf_free(&s.record);
		} else {
			make_call(&c);
			stay += !leaves(plan, &c);
			strbuf_free(&c.record);
		}
	}
	push_plan_free(plan);
	filter_free(f);
	return stay;
}

/* Each property that docs/rules.md says is tested in the kernel, by what no call satisfies, or few. */
static void test_what_is_known_stays(void **state)
{
	static const struct {
		const char *condition;
		bool sends;
	} rows[] = {
		{ "evt.res = EXDEV" },
		{ "evt.rawres = -18" },
		{ "evt.failed = true and fd.num >= 0" },
		{ "evt.type = openat and fd.num = -1" },
		{ "evt.type = openat and evt.is_open_read = true" },
		{ "evt.type = openat and evt.is_open_write = true" },
		{ "evt.type = openat and evt.is_open_create = true" },
		{ "evt.type = openat and evt.is_open_exec = true" },
		{ "evt.type = openat and fd.type = block" },
		{ "evt.type = openat and fd.typechar = p" },
		{ "fd.unreachable = true" },
		{ "fd.name = /nosuch" },
		{ "fd.name pmatch (/nosuch)" },
		{ "fd.name endswith /nosuch" },
		{ "fd.name contains nosuch" },
		{ "fd.name icontains NOSUCH" },
		{ "fd.name glob /nosuch*" },
		{ "fd.directory = /nosuch" },
		{ "fd.directory contains nosuch" },
		{ "fd.filename startswith nosuch" },
		{ "fd.nameraw endswith nosuch" },
		{ "proc.name = nosuch" },
		{ "proc.exepath = /nosuch" },
		{ "container.name = nosuch" },
		{ "evt.res = EXDEV", true },
		{ "fd.rip = 203.0.113.1", true },
		{ "fd.sip = 203.0.113.1", true },
		{ "fd.rnet = 203.0.113.0/24", true },
		{ "fd.snet = 203.0.113.0/24", true },
		{ "fd.rport = 7", true },
		{ "fd.sport = 7", true },
		{ "fd.type = file", true },
		{ "fd.typechar = f", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (count_stays(rows[i].condition, rows[i].sends) < CALLS)
			fail_msg("%s: nearly all leave", rows[i].condition);
}

/* What a close has closed is gone when it returns: no condition on it can hold. */
static void test_what_has_no_object_stays(void **state)
{
	static const struct {
		const char *condition;
		bool stays;
	} rows[] = {
		{ "fd.name startswith /tmp", true },
		{ "fd.name != /tmp", true },
		{ "fd.rport = 80 or fd.type = file", true },
		{ "not fd.name startswith /tmp", false },
		{ "fd.num = 3", false },
		{ "fd.name startswith /tmp or evt.type = close", false },
	};
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	struct syscall_set set;

	assert_int_equal(syscall_set_parse(&set, "close,getppid", &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct filter *f = parse(rows[i].condition);
		struct push_plan *plan = push_plan_of_filter(f, &set);
		const struct nunchi_push *t = push_table(plan);
		unsigned class = t->calls[syscall_nr(syscall_by_name("close", 5))].class;

		assert_int_equal(class && !t->rows[class - 1].clauses, rows[i].stays);
		push_plan_free(plan);
		filter_free(f);
	}
}

static int set_up(void **state)
{
	scene = scene_new();
	return 0;
}

static int tear_down(void **state)
{
	fields_end(&context);
	scene_free(scene);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_an_open_is_for),
		cmocka_unit_test(test_nothing_is_missed),
		cmocka_unit_test(test_no_address_is_missed),
		cmocka_unit_test(test_what_is_known_stays),
		cmocka_unit_test(test_what_has_no_object_stays),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
