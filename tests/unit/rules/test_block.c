/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocking rules: which conditions the kernel side can decide, which containers they apply to, and how much
 * of them there is room for.
 */
#include <limits.h>

#include "blocking.h"
#include "scene.h"

#define OPENS "evt.type in (open, openat, openat2) and "

static const struct {
	const char *condition;
	const char *error;	/* NULL: it is decidable */
} decidable[] = {
	{ OPENS "fd.name = /etc/shadow", NULL },
	{ OPENS "fd.name startswith /etc/ and not fd.name in (/etc/hosts, /etc/passwd)", NULL },
	{ OPENS "fd.name pmatch (/etc, /root/)", NULL },
	{ OPENS "fd.directory in (/bin, /sbin) and evt.is_open_write = true", NULL },
	{ OPENS "evt.is_open_read = true and fd.typechar = 'f' and fd.num >= 0 and fd.name = /x", NULL },
	{ OPENS "evt.dir = < and evt.failed = false and fd.filename startswith id_", NULL },
	{ OPENS "evt.dir = > and fd.name = /x", NULL },
	{ OPENS "(evt.rawres >= 0 or evt.res = EINPROGRESS) and proc.name != sshd", NULL },
	{ OPENS "container.image.repository = nginx and container.label[a] exists", NULL },
	{ OPENS "container.name glob web-* and user.uid != 0", NULL },
	{ "evt.type in (execve, execveat) and proc.exepath startswith /tmp/ and not proc.pname in (make)", NULL },
	{ "evt.type = connect and fd.typechar = 4 and fd.sip != 0.0.0.0 and not fd.snet in (10.0.0.0/8)", NULL },
	{ "evt.type = connect and fd.rport in (3333, 4444) and fd.rip = 1.2.3.4", NULL },
	{ "evt.type = bind and fd.lport < 1024", NULL },
	{ "(evt.type = bind and fd.sport = 80) or (evt.type = openat and fd.name = /x)", NULL },
	{ "evt.type in (init_module, finit_module, bpf, mount, ptrace)", NULL },
	{ OPENS "fd.name contains shadow", NULL },
	{ OPENS "fd.name endswith .so and not fd.directory glob /usr/lib/*", NULL },
	{ OPENS "(fd.name glob /etc/* or fd.filename icontains PASS) and not proc.name in (a, b)", NULL },
	{ OPENS "fd.name startswith /etc/ and not fd.name contains anyof (/ssl/, /pki/)", NULL },
	{ OPENS "user.uid != 9223372036854775807", NULL },
	{ OPENS "proc.exepath contains memfd and proc.name endswith d and proc.pname glob *sh", NULL },
	{ OPENS "fd.name regex '/etc/.*'", "compares texts by" },
	{ OPENS "fd.name glob '/etc/[a-f]*'", "has no [...] in glob and pmatch" },
	{ OPENS "fd.name pmatch (/etc, /home/*/.ssh)", NULL },
	{ OPENS "fd.name pmatch (/dev/sd[ab])", "has no [...] in glob and pmatch" },
	{ OPENS "fd.name contains allof (a, b)", "by anyof only" },
	{ OPENS "tolower(fd.name) = /x", "as they are" },
	{ OPENS "fd.name = val(proc.exepath)", "with each other" },
	{ OPENS "proc.cmdline contains x", "cannot decide proc.cmdline contains" },
	{ OPENS "proc.aname = sshd", "cannot decide proc.aname" },
	{ OPENS "proc.tty != 0", "cannot decide proc.tty" },
	{ OPENS "evt.rawres > 5", "cannot decide evt.rawres" },
	{ OPENS "evt.failed = true", "no call that could be blocked satisfies" },
	{ OPENS "fd.sport = 80", "no call that could be blocked satisfies" },
	{ "evt.type = connect and fd.lport = 80", "cannot decide fd.lport" },
	{ "evt.type in (connect, sendto, sendmsg, sendmmsg) and fd.rport = 53 and evt.rawres >= 0", NULL },
	{ "evt.type = sendto and evt.rawres > 5", "cannot decide evt.rawres" },
	{ "evt.type = sendto and fd.cip = 1.2.3.4", "cannot decide fd.cip" },
	{ "evt.type = socket and evt.arg.domain in (AF_ALG, AF_PACKET) and evt.rawres >= 0", NULL },
	{ "evt.type in (socket, socketpair) and evt.rawarg.domain != 1 and proc.name = x", NULL },
	{ "evt.type = socket and evt.arg.domain = AF_NETLINK and evt.rawarg.protocol in (6, 12)", NULL },
	{ "evt.type = socket and evt.arg.type contains SOCK_RAW", NULL },
	{ "evt.type = socket and evt.arg.type startswith SOCK_RAW", NULL },
	{ "evt.type = socket and evt.arg.type = SOCK_RAW", "the type without its flags" },
	{ "evt.type = socket and evt.arg.type contains CLOEXEC", "the type without its flags" },
	{ "evt.type = socket and evt.rawarg.type = 3", "the type without its flags" },
	{ "evt.type = socket and evt.arg.protocol = NETLINK_XFRM", "evt.rawarg.protocol" },
	{ "evt.type in (unshare, clone, clone3) and (evt.arg.flags contains CLONE_NEWUSER or evt.arg.cl_args contains CLONE_NEWUSER)", NULL },
	{ "evt.type = unshare and evt.arg.flags contains CLONE_NEWUSER and user.uid != 0", NULL },
	{ "evt.type = unshare and user.uid != 0", "about unshare that makes no user namespace" },
	{ "evt.type = clone and not evt.arg.flags contains CLONE_NEWUSER", "about clone that makes no user namespace" },
	{ "evt.type = clone3 and (evt.arg.flags contains CLONE_NEWUSER or proc.name = x)", "about clone3 that makes no user namespace" },
	{ "evt.type = unshare and evt.arg.flags contains CLONE_NEWUSER and evt.arg.flags contains CLONE_NEWNS", "no other flag" },
	{ "evt.type in (unlink, unlinkat, rmdir) and fs.path.name pmatch (/var/log)", NULL },
	{ "evt.type in (rename, renameat2) and (fs.path.source contains /etc/ or fs.path.target endswith .conf)", NULL },
	{ "evt.type = linkat and fs.path.target = /etc/shadow and evt.failed = false", NULL },
	{ "evt.type in (unlink, rename) and (fs.path.name = /x or fs.path.target = /x)", NULL },
	{ "evt.type = unlink and fs.path.target = /x", "no call that could be blocked satisfies" },
	{ "evt.type = unlink and fd.name = /x", "cannot decide fd.name" },
	{ "evt.type = unlink and fs.path.nameraw = x", "cannot decide fs.path.nameraw" },
	{ "evt.type = truncate and fd.name = /x and fd.typechar = f", NULL },
	{ "(evt.type = truncate or evt.type = openat and evt.is_open_write = true) and fd.filename endswith .log", NULL },
	{ "evt.type = truncate and evt.arg.length = 0", "whatever length" },
	{ "evt.type = truncate and evt.is_open_write = true", "no call that could be blocked satisfies" },
	{ "evt.type in (ptrace, process_vm_readv, process_vm_writev, pidfd_getfd) and evt.rawres >= 0 and evt.res = SUCCESS", NULL },
	{ "evt.type = chdir", "about chdir, which cannot be blocked: in a rule of its own" },
	{ "evt.type in (openat, write)", "about write, which cannot be blocked: what a descriptor may be used for" },
	{ "evt.type = accept4 and fd.lport = 80", "evt.type = bind" },
	{ "evt.type in (mount, umount2)", "about umount2, which cannot be blocked: of what mounts" },
	{ OPENS "fd.nameraw = x", "ask by fd.name" },
	{ OPENS "fs.path.name = /x", "ask by fd.name" },
	{ OPENS "evt.arg.flags contains O_WRONLY", "evt.is_open_write" },
	{ OPENS "user.name = root", "ask by user.uid" },
	{ OPENS "proc.aname = sshd", "proc.pname" },
	{ "evt.type = execve and evt.arg.filename = /x", "ask by proc.exepath" },
	{ "evt.type = execve and proc.is_exe_from_memfd = true", "startswith \"memfd:\"" },
	{ "evt.type = connect and fd.name = /run/x.sock", NULL },
	{ "evt.type = connect and fd.name endswith docker.sock and not fd.name pmatch (/run/own)", NULL },
	{ "evt.type = connect and fd.name endswith :443", "ask by fd.type, fd.rip" },
	{ "evt.type = connect and fd.name in (/run/x.sock, @x)", "of unix sockets in the file system by fd.name" },
	{ "evt.type = bind and fd.name = /run/x.sock", "not told apart" },
	{ "evt.type = rename and fd.name = /x", "fs.path.source" },
	{ "evt.type = ptrace and evt.arg.request = PTRACE_ATTACH", "leave it out" },
	{ "(evt.type = connect and fd.rport = 1) or (evt.type = sendto and fd.rport = 2)", "connect, sendto are blocked by one" },
	{ "evt.type in (openat, chdir)", "about chdir, which cannot be blocked" },
	{ "fd.name = /x", "evt.type has to say" },
	{ "evt.type = procexit", "about procexit" },
};

static void test_decidable(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(decidable); i++) {
		struct ruleset *rs = load_condition(decidable[i].condition);

		if (!rs != !!decidable[i].error || (!rs && !strstr(report.text.s, decidable[i].error)))
			fail_msg("%s: %s", decidable[i].condition, rs ? "is taken" : report.text.s);
		ruleset_free(rs);
	}
}

static void assert_error(const char *text, const char *where, const char *what)
{
	assert_null(load(text));
	if (!strstr(report.text.s, where) || !strstr(report.text.s, what))
		fail_msg("%s", report.text.s);
}

#define HEAD "- rule: r\n  desc: d\n  priority: INFO\n  output: o\n"

static void test_errors_have_places(void **state)
{
	assert_error(HEAD "  action: deny\n  condition: evt.type=openat and\n    fd.name regex x\n",
		     "a.yaml:7:5: error: rule r cannot deny", "fd.name regex");
	/* In a macro, where the test stands; with an exception, that has no place, at the rule. */
	assert_error("- macro: m\n  condition: (proc.name=a or proc.args=b)\n" HEAD
		     "  action: kill\n  condition: evt.type=openat and m\n",
		     "a.yaml:2:30: error: rule r cannot kill", "proc.args");
	assert_error(HEAD "  action: kill\n  condition: evt.type=openat\n  exceptions:\n  - name: e\n"
		     "    fields: [proc.args]\n    comps: [=]\n    values: [[x]]\n",
		     "a.yaml:1:9: error", "proc.args");
	assert_error(HEAD "  action: block\n  condition: evt.type=openat\n", "a.yaml:5:11: error",
		     "expected alert, kill, deny");
	assert_error(HEAD "  action: deny\n  on_pending: x\n  condition: evt.type=openat\n",
		     "a.yaml:6:15: error", "expected allow or deny");
	/* One that is off is checked all the same. */
	assert_error(HEAD "  enabled: false\n  action: deny\n  condition: evt.type=chdir\n", "a.yaml:1:9",
		     "chdir");
}

/* What blocks has the path behind a link: a rule that names only the link's is likely a mistake. */
static void test_paths_of_links(void **state)
{
	static const struct {
		const char *condition, *said;
	} rows[] = {
		{ OPENS "fd.name startswith /var/run/secrets/", "too: /var/run/secrets/ (/run/secrets/)" },
		{ OPENS "fd.name startswith anyof (/var/run/secrets/, /run/secrets/)", NULL },
		{ OPENS "fd.name = /proc/self/mem", "/proc/self/mem (/proc/*/mem)" },
		{ OPENS "fd.name = /binary and fd.directory != /library", NULL },
		{ "evt.type = execve and proc.exepath in (/bin/a, /bin/b, /usr/bin/b, /opt/c)", "too: /bin/a (/usr/bin/a)\n" },
		{ "evt.type = execve and not proc.exepath pmatch (/bin)", "too: /bin (/usr/bin)" },
		{ "evt.type = execve and not (proc.exepath pmatch (/bin) or proc.exepath pmatch (/usr/bin))", NULL },
		{ "evt.type = link and fs.path.target = /lib/x", "too: /lib/x (/usr/lib/x)" },
		{ "evt.type = openat and proc.name = /bin/sh", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ruleset *rs = load_condition(rows[i].condition);

		assert_non_null(rs);
		ruleset_free(rs);
		if (rows[i].said ? !strstr(report.text.s, rows[i].said) : report.counts[REPORT_WARNING])
			fail_msg("%s: %s", rows[i].condition, report.text.s);
	}
	ruleset_free(load(HEAD "  condition: evt.type = openat and fd.name = /bin/x\n"));
	assert_int_equal(report.counts[REPORT_WARNING], 0);
}

static void test_room(void **state)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct ruleset *rs;

	strbuf_reset(&text);
	for (unsigned i = 0; i <= NUNCHI_BLOCK_CLAUSES; i++) {
		if (i == NUNCHI_BLOCK_CLAUSES) {
			rs = load(text.s);
			assert_non_null(rs);
			assert_int_equal(ruleset_block(rs)->rows[NUNCHI_BLOCK_OPEN].active, UINT64_MAX);
			ruleset_free(rs);
		}
		strbuf_addf(&text, "- rule: r%u\n  desc: d\n  priority: INFO\n  output: o\n  action: deny\n"
				   "  condition: evt.type=openat and fd.name=/%u\n", i, i);
	}
	assert_null(load(text.s));
	assert_non_null(strstr(report.text.s, "more than the 64 combinations of open"));
	/* What is all about one property is one, however it is put together. */
	rs = load_condition("evt.type=openat and (fd.name=/a or fd.name=/b or not (fd.name startswith /c or fd.name=/d))");
	assert_non_null(rs);
	assert_int_equal(ruleset_block(rs)->n_clauses[NUNCHI_BLOCK_OPEN], 1);
	ruleset_free(rs);
}

static void test_room_for_values(void **state)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	strbuf_adds(&text, "- list: many\n  items: [a");
	for (unsigned i = 0; i < NUNCHI_BLOCK_VALUES_MAX; i++)
		strbuf_addf(&text, ", n%u", i);
	strbuf_adds(&text, "]\n" HEAD "  action: deny\n  condition: evt.type=openat and proc.name in (many)\n");
	assert_null(load(text.s));
	assert_non_null(strstr(report.text.s, "more than the 65536 values"));
}

/* Exceptions by the values of one property are one combination more each, not twice as many; by those of which there are fewer. */
static void test_room_for_exceptions(void **state)
{
	static const struct {
		const char *test, *exception;
		unsigned n;
	} rows[] = {
		{ "evt.type = connect", "(fd.rip = 10.0.0.%u and fd.rport = %u)", 61 },
		{ "evt.type = connect", "(fd.rip = 10.0.0.%u and fd.rport = 443)", 2 },
		{ "evt.type = openat", "(proc.exepath = /usr/bin/%u and fd.name startswith /etc/%u/)", 61 },
		{ "evt.type = openat", "(proc.exepath = /usr/bin/app and fd.name startswith /etc/%u%u/)", 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
		const struct block_plan *p;
		struct ruleset *rs;

		strbuf_addf(&text, "%s and not (", rows[i].test);
		for (unsigned k = 1; k <= 60; k++) {
			strbuf_adds(&text, k > 1 ? " or " : "");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			strbuf_addf(&text, rows[i].exception, k, k);
#pragma GCC diagnostic pop
		}
		strbuf_addc(&text, ')');
		rs = load_condition(text.s);
		if (!rs)
			fail_msg("%s: %s", text.s, report.text.s);
		p = ruleset_block(rs);
		assert_int_equal(p->n_clauses[NUNCHI_BLOCK_CONNECT] + p->n_clauses[NUNCHI_BLOCK_OPEN], rows[i].n);
		ruleset_free(rs);
	}
}

/* Too much for the automaton is said, and nothing is blocked by half of it. */
static void test_room_for_texts(void **state)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct ruleset *rs;

	strbuf_adds(&text, HEAD "  action: deny\n  condition: evt.type=openat and (fd.name glob '/*a??????????????????b*'");
	rs = load_condition("evt.type=openat and fd.name glob '/*a????b*'");
	assert_non_null(rs);
	ruleset_free(rs);
	strbuf_adds(&text, ")\n");
	assert_null(load(text.s));
	assert_non_null(strstr(report.text.s, "more than the 32768 states"));
	/* 65 in two clauses: marks are of the class. */
	strbuf_reset(&text);
	for (unsigned i = 0; i <= NUNCHI_BLOCK_MARKS; i++)
		strbuf_addf(&text, "%s not fd.name contains x%u", i ? " and" : HEAD "  action: deny\n  condition: evt.type=openat and",
			    i);
	strbuf_addc(&text, '\n');
	assert_null(load(text.s));
	assert_non_null(strstr(report.text.s, "more than the 64 things"));
}

static void test_who(void **state)
{
	static const struct {
		const char *condition;
		bool host, pending;
	} rows[] = {
		{ "evt.type=openat and fd.name=/x", false, true },
		{ "evt.type=openat and container.id != host", false, true },
		{ "evt.type=openat and container.id = host", true, false },
		{ "evt.type=openat and container.name = web", false, false },
		{ "evt.type=openat and container.name != web", false, false },
		{ "evt.type=openat and (container.name = web or container.id = host)", true, false },
		{ "evt.type=openat and container.name = web\n  on_pending: deny", false, true },
		{ "evt.type=openat and container.name = web\n  on_pending: allow", false, false },
		{ "evt.type=openat and container.id = host\n  on_pending: deny", true, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ruleset *rs = load_condition(rows[i].condition);
		const struct nunchi_block_row *row;

		assert_non_null(rs);
		row = &ruleset_block(rs)->rows[NUNCHI_BLOCK_OPEN];
		if (!!row->host != rows[i].host || !!row->pending != rows[i].pending)
			fail_msg("%s: host %d pending %d", rows[i].condition, !!row->host, !!row->pending);
		ruleset_free(rs);
	}
}

/* A call that the kernel says was blocked, whatever is known of it afterwards. */
static void test_watch(void **state)
{
	static const struct {
		const char *filter, *said;	/* what is watched, or why nothing is */
		bool good;
	} rows[] = {
		{ "fd.name = /etc/shadow", "  open: by fd.name\n  connect: by fd.name\n", true },
		{ "fd.rip = 1.2.3.4", "  connect: by fd.rip\n", true },
		{ "evt.type = openat and fd.name = /x or evt.type = connect and fd.rport = 22",
		  "  open: by fd.name\n  connect: by fd.rport\n", true },
		{ "evt.type = unlink", "about no call that can be watched", false },
		{ "evt.arg.domain = AF_ALG", "  socket: by evt.arg[domain]\n", true },
		{ "evt.type = unshare", "unshare that makes no user namespace, which cannot be told", false },
		{ "evt.type = sendto and fd.rport = 53", "about no call that can be watched", false },
		{ "evt.type = openat and fd.name contains x", "  open: by fd.name\n", true },
		{ "evt.type = openat and fd.name regex x", "compares texts by", false },
		{ "evt.type = openat and evt.failed = true", "no call that can be watched satisfies it", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_strbuf_ struct strbuf said = STRBUF_INIT;
		struct block_plan *p = block_plan_new();
		struct filter *f = NULL;

		assert_int_equal(filter_parse(&f, rows[i].filter, &said), 0);
		assert_int_equal(block_watch(p, f, &said) >= 0, rows[i].good);
		if (rows[i].good)
			strbuf_reset(&said);
		block_describe(p, UINT_MAX, &said);
		if (!strstr(said.s, rows[i].said) || (rows[i].good && strcmp(said.s, rows[i].said)))
			fail_msg("%s: %s", rows[i].filter, said.s);
		filter_free(f);
		block_plan_free(p);
	}
}

/* Beside rules that block: neither takes the other's clauses, and rows can be made again. */
static void test_watch_beside_rules(void **state)
{
	struct ruleset *rs = load_condition("evt.type = openat and fd.name = /x");
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	const struct block_plan *p;
	struct filter *f = NULL;

	assert_non_null(rs);
	assert_int_equal(filter_parse(&f, "fd.name in (/x, /y)", &err), 0);
	assert_int_equal(ruleset_watch(rs, f, &err), 0);
	p = ruleset_block(rs);
	assert_int_equal(p->n_clauses[NUNCHI_BLOCK_OPEN], 2);
	assert_int_equal(p->rows[NUNCHI_BLOCK_OPEN].active, 3);
	assert_int_equal(p->rows[NUNCHI_BLOCK_OPEN].watch, 2);
	assert_int_equal(block_look_up(p, NUNCHI_BLOCK_OPEN, NUNCHI_BLOCK_PATH, "/x", 3), 3);
	assert_int_equal(block_look_up(p, NUNCHI_BLOCK_OPEN, NUNCHI_BLOCK_PATH, "/y", 3), 2);
	assert_int_equal(block_look_up(p, NUNCHI_BLOCK_OPEN, NUNCHI_BLOCK_PATH, "/z", 3), 0);
	filter_free(f);
	ruleset_free(rs);
}

static void test_verdicts_match_their_rule(void **state)
{
	static const struct {
		int event;
		uint32_t verdict;
		unsigned effect;
		size_t matched;
	} rows[] = {
		{ S_PTRACE, 0, NUNCHI_EFFECT_NONE, 0 },
		{ S_PTRACE, NUNCHI_VERDICT(0, NUNCHI_BLOCK_PTRACE, NUNCHI_EFFECT_BEFORE, 0), NUNCHI_EFFECT_BEFORE, 1 },
		{ S_PTRACE, NUNCHI_VERDICT(1, NUNCHI_BLOCK_PTRACE, NUNCHI_EFFECT_BEFORE, 0), NUNCHI_EFFECT_BEFORE, 0 },
		/* One of another call, one that was not refused, what cannot be. */
		{ S_PTRACE, NUNCHI_VERDICT(0, NUNCHI_BLOCK_OPEN, NUNCHI_EFFECT_BEFORE, 0), NUNCHI_EFFECT_NONE, 0 },
		{ S_LINKED, NUNCHI_VERDICT(0, NUNCHI_BLOCK_OPEN, NUNCHI_EFFECT_BEFORE, 0), NUNCHI_EFFECT_NONE, 0 },
		{ S_LINKED, NUNCHI_VERDICT(0, NUNCHI_BLOCK_OPEN, NUNCHI_EFFECT_DRY, 0), NUNCHI_EFFECT_DRY, 1 },
		{ S_LINKED, NUNCHI_VERDICT(0, NUNCHI_BLOCK_OPEN, 77, 0), NUNCHI_EFFECT_NONE, 0 },
		{ S_LINKED, UINT32_MAX, NUNCHI_EFFECT_NONE, 0 },
		/* As if --watch, which is no rule, had refused it: no kernel says so, but a capture can. */
		{ S_LINKED, NUNCHI_VERDICT(1, NUNCHI_BLOCK_OPEN, NUNCHI_EFFECT_DRY, 0), NUNCHI_EFFECT_DRY, 0 },
	};
	struct ruleset *rs = load_condition("evt.type in (ptrace, openat) and proc.name = nosuch");
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	struct field_context fc = { .ev = NULL };
	struct scene *scene = scene_new();
	struct filter *watch = NULL;

	assert_non_null(rs);
	assert_int_equal(filter_parse(&watch, "evt.type = openat and fd.name = /x", &err), 0);
	assert_int_equal(ruleset_watch(rs, watch, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct event ev = scene->events[rows[i].event];
		struct nunchi_head head = *ev.head;
		struct rule *matched[4];

		head.verdict = rows[i].verdict;
		ev.head = &head;
		fields_begin(&fc, &ev, scene->world->model);
		if (ruleset_effect(&ev) != rows[i].effect ||
		    ruleset_match(rs, &fc, matched, ARRAY_SIZE(matched)) != rows[i].matched)
			fail_msg("row %zu", i);
	}
	fields_end(&fc);
	scene_free(scene);
	filter_free(watch);
	ruleset_free(rs);
}

/* Whether a rule about connect or bind is about unix sockets alone, which cgroup programs cannot refuse. */
static void test_without_address(void **state)
{
	static const struct {
		const char *condition;
		unsigned classes;
	} rows[] = {
		{ "evt.type = connect and fd.name = /run/docker.sock", 1U << NUNCHI_BLOCK_CONNECT },
		{ "evt.type = connect and container.id != host and fd.name startswith /run/", 1U << NUNCHI_BLOCK_CONNECT },
		{ "evt.type = connect and fd.name endswith docker.sock", 1U << NUNCHI_BLOCK_CONNECT },
		{ "evt.type in (connect, sendto) and fd.type = unix", 1U << NUNCHI_BLOCK_CONNECT },
		{ "evt.type = bind and fd.typechar = u", 1U << NUNCHI_BLOCK_BIND },
		{ "evt.type in (connect, bind) and not fd.type in (ipv4, ipv6)",
		  1U << NUNCHI_BLOCK_CONNECT | 1U << NUNCHI_BLOCK_BIND },
		{ "evt.type = connect", 0 },
		{ "evt.type = connect and fd.rport = 443", 0 },
		{ "evt.type = connect and fd.type in (ipv6, unix)", 0 },
		{ "evt.type = connect and not fd.name = /run/docker.sock", 0 },
		{ "evt.type = connect and (fd.name = /run/docker.sock or fd.rport = 2375)", 0 },
		{ "evt.type = openat and fd.name = /run/docker.sock", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ruleset *rs = load_condition(rows[i].condition);

		if (!rs || block_classes_without_address(ruleset_block(rs), 0) != rows[i].classes)
			fail_msg("%s: %s", rows[i].condition, rs ? "others" : report.text.s);
		ruleset_free(rs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decidable),
		cmocka_unit_test(test_errors_have_places),
		cmocka_unit_test(test_paths_of_links),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_room_for_exceptions),
		cmocka_unit_test(test_room_for_texts),
		cmocka_unit_test(test_room_for_values),
		cmocka_unit_test(test_who),
		cmocka_unit_test(test_watch),
		cmocka_unit_test(test_watch_beside_rules),
		cmocka_unit_test(test_verdicts_match_their_rule),
		cmocka_unit_test(test_without_address),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	report_free(&report);
	return r;
}
