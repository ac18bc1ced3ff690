/* SPDX-License-Identifier: Apache-2.0 */
/* Files of rules: every construct that Falco's own files have, and everything that can be wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "rules/ruleset.h"

#include "scene.h"

static struct scene *scene;
static struct field_context context;
static struct report report;

static int set_up(void **state)
{
	scene = scene_new();
	return 0;
}

static int tear_down(void **state)
{
	fields_end(&context);
	report_free(&report);
	scene_free(scene);
	return 0;
}

static struct ruleset *load_both(const char *first, const char *second)
{
	const struct rules_input inputs[] = { { "a.yaml", first }, { "b.yaml", second } };
	struct ruleset *rs = NULL;

	report_free(&report);
	report = (struct report){ .least = REPORT_NOTE };
	if (ruleset_load(&rs, inputs, second ? 2 : 1, NULL, &report) < 0)
		return NULL;
	return rs;
}

static struct ruleset *load(const char *text)
{
	struct ruleset *rs = load_both(text, NULL);

	if (!rs)
		fail_msg("%s", report.text.s);
	return rs;
}

/* The names of the rules that match, by commas. */
static void assert_fires(struct ruleset *rs, int event, const char *expected)
{
	_cleanup_strbuf_ struct strbuf names = STRBUF_INIT;
	struct rule *matched[16];
	size_t n;

	strbuf_reset(&names);
	fields_begin(&context, &scene->events[event], scene->world->model);
	n = ruleset_match(rs, &context, matched, ARRAY_SIZE(matched));
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&names, "%s%s", i ? "," : "", matched[i]->name);
	assert_string_equal(names.s, expected);
}

#define RULE(name, condition)                                                            \
	"- rule: " name "\n  desc: d\n  priority: INFO\n  output: o\n  condition: " condition "\n"

static void test_constructs(void **state)
{
	static const char text[] =
		"# A file has all that the public ones have.\n"
		"- required_engine_version: 0.57.0\n"
		"- required_plugin_versions:\n"
		"  - name: container\n"
		"    version: 0.4.0\n"
		"\n"
		"- list: viewers\n"
		"  items: [cat, less, \"(systemd)\", '\"odd name\"']\n"
		"- list: readers\n"
		"  items: [viewers, head]\n"
		"- list: none\n"
		"  items: []\n"
		"- list: secrets\n"
		"  items: [/etc/shadow, '\"/etc/sudoers\"']\n"
		"- macro: opens\n"
		"  condition: (evt.type in (open, openat, openat2))\n"
		"- macro: contained\n"
		"  condition: container.id != host\n"
		"- macro: reads\n"
		"  condition: >\n"
		"    opens and\n"
		"    evt.is_open_read = true\n"
		"- macro: never\n"
		"  condition: (evt.num=0)\n"
		"- rule: Secret read\n"
		"  desc: >\n"
		"    Somebody reads\n"
		"    a secret.\n"
		"  condition: >\n"
		"    reads and contained\n"
		"    and proc.name in (none, readers)\n"
		"    and fd.name in (secrets) and not never\n"
		"  output: Secret read | file=%fd.name name=%proc.aname[2] upper=%toupper(proc.name)\n"
		"  priority: WARNING\n"
		"  tags: [file, T1003, maturity_stable]\n"
		"- rule: Off\n"
		"  desc: not in force\n"
		"  condition: opens\n"
		"  output: off\n"
		"  priority: debug\n"
		"  enabled: false\n"
		"- rule: Everything written\n"
		"  desc: d\n"
		"  condition: evt.type = write\n"
		"  output: '*write %evt.buffer'\n"
		"  priority: Informational\n"
		"  source: syscall\n";
	struct ruleset *rs = load(text);
	struct rule *rule;

	assert_int_equal(ruleset_count(rs), 3);
	assert_fires(rs, W_FAILED, "Secret read");
	assert_fires(rs, W_OPEN, "");
	assert_fires(rs, W_HOST, "");
	assert_fires(rs, S_WRITE, "Everything written");
	rule = ruleset_find(rs, "Secret read");
	assert_string_equal(rule->desc, "Somebody reads a secret.");
	assert_int_equal(rule->priority, PRIORITY_WARNING);
	assert_int_equal(rule->n_tags, 3);
	assert_string_equal(rule->tags[1], "T1003");
	assert_int_equal(rule->fired, 1);
	assert_false(ruleset_find(rs, "Off")->enabled);
	assert_int_equal(ruleset_find(rs, "Off")->priority, PRIORITY_DEBUG);
	assert_null(ruleset_find(rs, "Nothing"));
	assert_int_equal(report.counts[REPORT_WARNING], 0);
	ruleset_free(rs);
}

static void test_override(void **state)
{
	static const char base[] =
		"- list: names\n  items: [dog]\n"
		"- macro: named\n  condition: proc.name in (names)\n"
		RULE("A", "evt.type=openat and named") RULE("B", "evt.type=openat")
		RULE("C", "evt.type=openat") RULE("D", "evt.type=openat");
	static const char more[] =
		"- list: names\n  items: [cat]\n  override: {items: append}\n"
		"- rule: B\n  condition: and fd.name endswith .png\n  output: and more\n"
		"  override: {condition: append, output: append}\n"
		"- rule: C\n  enabled: false\n"
		"- rule: D\n  condition: evt.type=connect\n  priority: CRITICAL\n  tags: [x]\n"
		"  override:\n    condition: replace\n    priority: replace\n    tags: append\n";
	struct ruleset *rs = load_both(base, more);

	assert_non_null(rs);
	assert_fires(rs, W_OPEN, "A");
	assert_fires(rs, W_CONNECT, "D");
	assert_string_equal(ruleset_find(rs, "B")->output_text, "o and more");
	assert_int_equal(ruleset_find(rs, "D")->priority, PRIORITY_CRITICAL);
	assert_int_equal(ruleset_find(rs, "D")->n_tags, 1);
	ruleset_free(rs);

	/* The old way. */
	rs = load_both(base, "- list: names\n  append: true\n  items: [cat]\n"
			     "- macro: named\n  append: true\n  condition: or proc.name=x\n"
			     "- rule: B\n  append: true\n  condition: and proc.name=x\n");
	assert_non_null(rs);
	assert_fires(rs, W_OPEN, "A,C,D");
	ruleset_free(rs);

	/* It appends what it always did, and nothing else. */
	rs = load_both(base, "- rule: B\n  enabled: false\n"
			     "- rule: B\n  append: true\n  condition: and proc.name=cat\n  enabled: true\n  output: and more\n"
			     "  priority: CRITICAL\n");
	assert_non_null(rs);
	assert_fires(rs, W_OPEN, "C,D");
	assert_string_equal(ruleset_find(rs, "B")->output_text, "o");
	assert_int_equal(ruleset_find(rs, "B")->priority, PRIORITY_INFORMATIONAL);
	ruleset_free(rs);

	/* What is only turned on or off keeps all else. */
	rs = load_both(RULE("T", "evt.type=openat") "  tags: [a]\n  exceptions: [{name: e, fields: proc.name, values: [dog]}]\n",
		       "- rule: T\n  enabled: true\n  tags: [b, c]\n  action: kill-container\n"
		       "  exceptions: [{name: f, fields: proc.name, values: [cat]}]\n");
	assert_non_null(rs);
	assert_fires(rs, W_OPEN, "T");
	assert_int_equal(ruleset_find(rs, "T")->n_tags, 1);
	assert_int_equal(ruleset_find(rs, "T")->action, ACTION_KILL_CONTAINER);
	assert_non_null(strstr(report.text.s, "b.yaml:3:9: warning: rule T: where a rule is turned on or off 'tags' means nothing"));
	assert_non_null(strstr(report.text.s, "'exceptions' means nothing. To change it: override: {exceptions: replace}"));
	ruleset_free(rs);

	/* A list or macro that is replaced need not be there. */
	rs = load("- list: first\n  items: [cat]\n  override: {items: replace}\n"
		  "- macro: second\n  condition: proc.name in (first)\n  override: {condition: replace}\n"
		  RULE("A", "evt.type=openat and second"));
	assert_fires(rs, W_OPEN, "A");
	ruleset_free(rs);

	/* What is defined again is another one, in its old place. */
	rs = load_both(base, RULE("A", "evt.type=connect") "- list: names\n  items: [cat]\n"
			     RULE("E", "named and evt.type=openat"));
	assert_non_null(rs);
	assert_fires(rs, W_CONNECT, "A");
	assert_fires(rs, W_OPEN, "B,C,D,E");
	ruleset_free(rs);
}

static void test_exceptions(void **state)
{
	static const char base[] =
		"- list: tools\n  items: [cat, less]\n"
		"- rule: A\n  desc: d\n  priority: INFO\n  output: o\n  condition: evt.type=openat\n"
		"  exceptions:\n"
		"  - name: tuples\n    fields: [proc.name, fd.name]\n    comps: [=, startswith]\n"
		"    values:\n    - [cat, /mnt]\n    - [dog, /]\n"
		"- rule: B\n  desc: d\n  priority: INFO\n  output: o\n  condition: evt.type=openat\n"
		"  exceptions:\n"
		"  - name: one\n    fields: proc.name\n    values: [dog, tools]\n"
		"- rule: C\n  desc: d\n  priority: INFO\n  output: o\n  condition: evt.type=openat\n"
		"  exceptions:\n"
		"  - name: lists\n    fields: [proc.name, fd.name]\n    comps: [in, pmatch]\n"
		"    values:\n    - [[dog, tools], [/etc, /mnt]]\n"
		"- rule: D\n  desc: d\n  priority: INFO\n  output: o\n  condition: evt.type=openat\n"
		"  exceptions:\n  - name: defaults\n    fields: [proc.name, fd.name]\n"
		"  - name: pname\n    fields: proc.pname\n    comps: startswith\n    values: []\n";
	struct ruleset *rs = load(base);

	assert_fires(rs, W_OPEN, "D");
	assert_fires(rs, W_FAILED, "A,D");	/* cat, but /etc/shadow */
	assert_fires(rs, W_HOST, "A,B,C,D");
	ruleset_free(rs);

	rs = load_both(base, "- rule: D\n  exceptions:\n  - name: defaults\n"
			     "    values:\n    - [cat, /mnt/test.txt]\n    - ['has space', '(x, y)']\n"
			     "  override: {exceptions: append}\n");
	assert_non_null(rs);
	assert_fires(rs, W_OPEN, "");
	assert_fires(rs, W_FAILED, "A,D");
	ruleset_free(rs);

	/* Another field's value, unless it has a blank. The program is cat, and so is its exepath's last part. */
	rs = load("- rule: A\n  desc: d\n  priority: INFO\n  output: o\n  condition: evt.type=openat\n"
		  "  exceptions:\n  - name: x\n    fields: [proc.name]\n    comps: [=]\n    values: [['basename(proc.exepath)']]\n"
		  "- rule: B\n  desc: d\n  priority: INFO\n  output: o\n  condition: evt.type=openat\n"
		  "  exceptions:\n  - name: x\n    fields: [proc.name]\n    values: [[val(proc.name)]]\n"
		  "- rule: C\n  desc: d\n  priority: INFO\n  output: o\n  condition: evt.type=openat\n"
		  "  exceptions:\n  - name: x\n    fields: [proc.name]\n    comps: [=]\n    values: [['val( proc.name)']]\n");
	assert_fires(rs, W_OPEN, "C");
	ruleset_free(rs);

	/* One value where a list is due, as Falco takes it. */
	rs = load("- list: tools\n  items: [cat, less]\n"
		  "- rule: A\n  desc: d\n  priority: INFO\n  output: o\n  condition: evt.type=openat\n"
		  "  exceptions:\n  - name: x\n    fields: [proc.name, fd.name]\n    comps: [in, pmatch]\n"
		  "    values: [[tools, /mnt]]\n"
		  "- rule: B\n  desc: d\n  priority: INFO\n  output: o\n  condition: evt.type=openat\n"
		  "  exceptions:\n  - name: x\n    fields: [proc.name, fd.name]\n    comps: [in, startswith anyof]\n"
		  "    values: [['(dog, cat)', '(/etc, /mnt)']]\n");
	assert_fires(rs, W_OPEN, "");
	assert_fires(rs, W_HOST, "A,B");
	ruleset_free(rs);

	rs = load_both(base, "- rule: A\n  exceptions:\n  - name: new\n    fields: [evt.res]\n"
			     "    values: [[EACCES]]\n  append: true\n");
	assert_non_null(rs);
	assert_fires(rs, W_FAILED, "D");
	ruleset_free(rs);
}

/* Names that the files do not define are taken from those that are read first as common. */
static void test_common(void **state)
{
	static const char common[] =
		"- list: tools\n  items: [cat, nc]\n"
		"- macro: ran\n  condition: evt.type in (execve, execveat)\n"
		"- macro: tool\n  condition: proc.name in (tools)\n"
		"- macro: other\n  condition: proc.name in (nothing)\n"
		"- list: nothing\n  items: [x]\n";
	static const char user[] =
		"- rule: one\n  desc: d\n  condition: ran and tool\n  output: o\n  priority: INFO\n"
		"- rule: two\n  desc: d\n  condition: ran and own\n  output: o\n  priority: INFO\n"
		"- macro: own\n  condition: proc.name in (tools, mine)\n"
		"- list: tools\n  items: [bash]\n  append: true\n"
		"- macro: other\n  condition: proc.name = cat\n"
		"- list: more\n  items: [x]\n"
		"- list: nothing\n  items: [more, cat]\n"
		"- rule: four\n  desc: d\n  condition: ran and proc.name in (nothing, some_binaries)\n  output: o\n  priority: INFO\n"
		"- rule: three\n  desc: d\n  condition: ran and other\n  output: o\n  priority: INFO\n";
	const struct rules_input inputs[] = { { "common", common, true }, { "user.yaml", user, false } };
	struct ruleset *rs = NULL;

	report_free(&report);
	report = (struct report){ .least = REPORT_NOTE };
	assert_int_equal(ruleset_load(&rs, inputs, 2, NULL, &report), 0);
	assert_fires(rs, W_EXEC, "one,two,four,three");
	assert_non_null(strstr(report.text.s, "rule four compares with some_binaries: there is no list"));
	assert_non_null(strstr(report.text.s, "\nnote: not defined in these files, so nunchi's own "
			    "(rules/common.yaml): ran, tool\n"));
	ruleset_free(rs);
}

/* What was appended to a list, or takes its place, has the lists before it, though the list itself came earlier. */
static void test_lists_in_lists(void **state)
{
	struct ruleset *rs = load("- list: a\n  items: [later, nothing]\n"
				  "- list: b\n  items: [nothing]\n"
				  "- list: later\n  items: [cat, a, c]\n"
				  "- list: c\n  items: [cat]\n"
				  "- list: b\n  items: [later]\n"
				  "- list: d\n  items: [d, e]\n- list: e\n  items: [d]\n- list: d\n  append: true\n  items: [e, later]\n"
				  "- rule: a\n  desc: d\n  condition: proc.name in (a)\n  output: o\n  priority: INFO\n"
				  "- rule: b\n  desc: d\n  condition: proc.name in (b)\n  output: o\n  priority: INFO\n"
				  "- rule: later\n  desc: d\n  condition: proc.name in (later)\n  output: o\n  priority: INFO\n"
				  "- rule: d\n  desc: d\n  condition: proc.name in (d)\n  output: o\n  priority: INFO\n");

	assert_fires(rs, W_EXEC, "b,later,d");
	ruleset_free(rs);
}

/* A list is what it is when a condition is compiled; a list in a list, what came before. */
static void test_order(void **state)
{
	struct ruleset *rs = load("- list: outer\n  items: [inner]\n- list: inner\n  items: [cat]\n"
				  RULE("A", "evt.type=openat and proc.name in (outer)")
				  RULE("B", "evt.type=openat and late")
				  RULE("C", "evt.type=openat and proc.name startswith anyof inner and proc.name != oneof inner2")
				  "- list: inner2\n  items: [cat, dog]\n"
				  "- macro: late\n  condition: proc.name=cat\n");

	assert_fires(rs, W_OPEN, "B,C");
	ruleset_free(rs);
	assert_null(load_both("- macro: early\n  condition: late\n- macro: late\n  condition: proc.pid=1\n"
			      RULE("A", "evt.type=openat and early"), NULL));
	assert_non_null(strstr(report.text.s, "a.yaml:2:14: error: macro late comes only after"));
}

static void test_foreign(void **state)
{
	struct ruleset *rs = load("- required_plugin_versions:\n  - name: k8saudit\n    version: 0.7.0\n"
				  "- macro: kevt\n  condition: jevt.value[/stage] in (x)\n"
				  "- rule: K\n  desc: d\n  source: k8s_audit\n  priority: INFO\n"
				  "  output: '%ka.user'\n  condition: kevt and ka.verb=create\n"
				  "- rule: S\n  desc: d\n  priority: INFO\n  output: o\n"
				  "  condition: no.such=1\n  skip-if-unknown-filter: true\n"
				  RULE("A", "evt.type=openat"));

	assert_int_equal(ruleset_count(rs), 1);
	assert_non_null(strstr(report.text.s, "rule K is skipped"));
	assert_non_null(strstr(report.text.s, "rule S is skipped"));
	ruleset_free(rs);
}

/* Wherever its field stands, of rules that ask for it; of others it is an error. */
static void test_skipped(void **state)
{
#define SKIP "  skip-if-unknown-filter: true\n"
#define M "- macro: m\n  condition: no.such=1\n"
#define BY "- macro: by\n  condition: m or proc.pid=1\n"
	static const char *const skipped[] = {
		RULE("S", "evt.type=openat") SKIP "  exceptions: [{name: x, fields: no.such, values: [c]}]\n",
		M RULE("S", "evt.type=openat and m") SKIP,
		M BY RULE("S", "evt.type=openat and by and no.such2=1") SKIP,
		("- rule: S\n  desc: d\n  priority: INFO\n  output: '%no.such'\n  condition: evt.type=openat\n" SKIP),
		RULE("S", "evt.type in (openat, krsi_open)") SKIP,
		"- macro: m\n  condition: evt.type=krsi_open\n" RULE("S", "m or evt.type=openat") SKIP,
		RULE("S", "evt.type=openat and evt.arg.no_such=x") SKIP,
	};
	static const char *const names[] = { "no.such", "no.such", "no.such', unknown field 'no.such2", "no.such", "krsi_open",
					     "krsi_open", "no_such" };
	static const char *const errors[] = {
		M RULE("S", "evt.type=openat and m"),
		M BY RULE("S", "evt.type=openat and by") SKIP RULE("A", "evt.type=openat and m"),
		M RULE("S", "evt.type=openat and m and proc.name xs y") SKIP,
		/* What takes its place is another rule. */
		RULE("S", "no.such=1") SKIP RULE("S", "no.such=1"),
		/* Nothing is of another source any more, of which a macro nobody uses could be. */
		M RULE("S", "ka.x=1") "  source: k8s\n" "- rule: S\n  source: k8s\n  override: {source: replace}\n" RULE("S", "evt.type=openat"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(skipped); i++) {
		struct ruleset *rs = load(skipped[i]);

		assert_int_equal(ruleset_count(rs), 0);
		assert_non_null(strstr(report.text.s, "rule S is skipped"));
		if (!strstr(report.text.s, names[i]))
			fail_msg("%s", report.text.s);
		ruleset_free(rs);
	}
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		assert_null(load_both(errors[i], NULL));
		assert_true(report.counts[REPORT_ERROR] > 0);
	}
}

static void test_calls(void **state)
{
	struct ruleset *rs = load("- macro: m\n  condition: evt.type in (openat, openat2)\n"
				  RULE("A", "m and proc.name=x")
				  RULE("B", "(evt.type=connect or (evt.type=accept4 and fd.num=1)) and not "
					    "evt.type=connect")
				  RULE("C", "evt.type=procexit and activity.category=process")
				  RULE("D", "evt.type=container"));
	struct syscall_set set = { .procexit = false };
	unsigned n = 0;

	ruleset_calls(rs, &set);
	for (unsigned nr = 0; nr < NUNCHI_CALLS_MAX; nr++)
		n += set.bits[nr];
	assert_int_equal(n, 3);
	assert_true(set.bits[syscall_nr(syscall_by_name("openat", 6))]);
	assert_true(set.bits[syscall_nr(syscall_by_name("accept4", 7))]);
	assert_false(set.bits[syscall_nr(syscall_by_name("connect", 7))]);
	assert_true(set.procexit);
	assert_true(ruleset_takes(rs, ruleset_find(rs, "D"), EVENT_CONTAINER_STARTED));
	assert_false(ruleset_takes(rs, ruleset_find(rs, "A"), EVENT_CONTAINER_STARTED));
	assert_fires(rs, W_STARTED, "D");
	ruleset_free(rs);
}

/* They are found by what stands before the first wildcard. */
static void test_wildcards(void **state)
{
	struct ruleset *rs = load(RULE("A", "evt.type=openat and fd.name pmatch (/etc, /m*/test.*)")
				  RULE("B", "evt.type=openat and fd.name pmatch (/m\\\\*)")
				  RULE("C", "evt.type=openat and fd.name pmatch (/mnt/*)")
				  RULE("D", "evt.type=openat and fd.name pmatch (*/mnt)")
				  RULE("E", "evt.type=openat and fd.name pmatch (/?nt/test.txt/)"));

	assert_fires(rs, W_OPEN, "A,C,E");
	ruleset_free(rs);
}

/* What other readers of YAML take, and Falco with them. */
static void test_harmless(void **state)
{
	struct ruleset *rs = load("-\n" RULE("A", "evt.type=openat") "  enabled: No\n-\n"
				  RULE("B", "evt.type=openat") "  enabled: y\n"
				  RULE("C", "evt.type=openat") "  enabled: ON\n  exceptions:\n  - name: x\n"
				  "    fields: [proc.name, fd.name]\n    comps: [' = ', \"startswith  anyof\\t\"]\n"
				  "    values: [[cat, [/etc, /mnt]]]\n");

	assert_int_equal(report.counts[REPORT_WARNING], 0);
	assert_fires(rs, W_OPEN, "B");
	ruleset_free(rs);
}

/* Falco told beginnings of calls as well, and rules asked for them. */
static void test_only_event(void **state)
{
	struct ruleset *rs = load("- macro: begins\n  condition: evt.dir=>\n"
				  RULE("equal", "evt.type=openat and evt.dir = >")
				  RULE("in", "evt.type=openat and evt.dir in (>)")
				  RULE("macro", "evt.type=openat and begins")
				  RULE("not", "evt.type=openat and not evt.dir = >")
				  RULE("not-not", "evt.type=openat and not (evt.dir != < or not evt.dir = >)")
				  RULE("differs", "evt.type=openat and evt.dir != >")
				  RULE("end", "evt.type=openat and evt.dir = <"));

	assert_non_null(strstr(report.text.s, "note: rule macro: 'evt.dir = >' holds of the one event"));
	assert_null(strstr(report.text.s, "note: rule not:"));
	assert_null(strstr(report.text.s, "note: rule end:"));
	assert_fires(rs, W_OPEN, "equal,in,macro,not,not-not,differs,end");
	assert_fires(rs, W_STARTED, "");
	ruleset_free(rs);
}

/* By conditions and outputs of rules that are in force. */
static void test_asks(void **state)
{
	struct ruleset *none = load(RULE("A", "evt.type=openat")
				    RULE("B", "proc.env exists") "  enabled: false\n");
	struct ruleset *condition = load("- macro: m\n  condition: proc.env[A]=b\n"
					 RULE("A", "evt.type=openat and not m"));
	struct ruleset *output = load("- {rule: A, desc: d, priority: INFO, output: '%proc.env[A]', "
				      "condition: evt.type=openat}\n");

	assert_false(ruleset_asks(none, "proc.env"));
	assert_true(ruleset_asks(condition, "proc.env"));
	assert_true(ruleset_asks(output, "proc.env"));
	ruleset_free(none);
	ruleset_free(condition);
	ruleset_free(output);
}

/* Where a message is about line 6, column 30 of a folded text, it says so. */
static void test_places(void **state)
{
	static const struct {
		const char *text;
		const char *expected;
	} rows[] = {
		{ "- rule: A\n  desc: d\n  priority: INFO\n  output: o\n  condition: >\n"
		  "    evt.type=openat and\n      fd.nam=x\n",
		  "a.yaml:7:7: error: unknown field 'fd.nam'. Did you mean" },
		{ "- rule: A\n  desc: d\n  priority: INFO\n  output: o\n"
		  "  condition: evt.type=openat and prco.name=x\n",
		  "a.yaml:5:34: error: unknown field 'prco.name'" },
		{ "- rule: A\n  desc: d\n  priority: INFO\n  output: o\n"
		  "  condition: \"evt.type=openat and spawnd\"\n- macro: spawned\n  condition: proc.pid=1\n",
		  "a.yaml:5:35: error: unknown macro 'spawnd'. Did you mean spawned?" },
		{ "- rule: A\n  desc: d\n  priority: INFO\n  output: a %fd.nme b\n"
		  "  condition: evt.type=openat\n",
		  "a.yaml:4:14: error: output of rule A: unknown field 'fd.nme'. Did you mean" },
		{ "- macro: m\n  condition: |\n    proc.name = cat\n    and (fd.num = x)\n"
		  RULE("A", "m and evt.type=openat"),
		  "a.yaml:4:19: error: fd.num is compared with a number, and 'x' is none" },
		{ RULE("A", "evt.type=openat") "- rule: A\n  condition: |\n    and proc.name=cat\n"
		  "    and nope\n  override: {condition: append}\n",
		  "a.yaml:9:9: error: unknown macro 'nope'" },
		/* Characters are counted, not bytes, and before it there may be any. */
		{ "# \xe2\x80\x94\xe2\x80\x94\xe2\x80\x94\xe2\x80\x94 \xf0\x9f\x90\x9f\n- rule: A\n  desc: \xc3\xa9\xc3\xa9\n"
		  "  priority: INFO\n  output: o\n  condition: proc.name=\xc3\xa9\xc3\xa9 and nope.x=1\n",
		  "a.yaml:6:31: error: unknown field 'nope.x'" },
		{ RULE("A", "evt.type in (openat, oepn)"), "a.yaml:5:35: error: no such system call or event: 'oepn'" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_null(load_both(rows[i].text, NULL));
		if (!strstr(report.text.s, rows[i].expected))
			fail_msg("'%s' is not in: %s", rows[i].expected, report.text.s);
		assert_int_equal(report.counts[REPORT_ERROR], 1);
	}
}

static void test_wrong_files(void **state)
{
	static const struct {
		const char *text;
		const char *expected;
	} rows[] = {
		{ "a: [b", "this is no YAML" },
		{ "\t- x", "this is no YAML" },
		{ "rule: A\n", "expected a list of rules, macros and lists" },
		{ "- 5\n", "expected a rule, macro or list here" },
		{ "- rule: [A]\n", "rule: expected a text" },
		{ "- rule: ''\n", "a rule without a name" },
		{ "- rule: A\n", "rule A has no condition" },
		{ "- rule: A\n", "rule A has no output" },
		{ "- rule: A\n", "rule A has no desc" },
		{ "- rule: A\n", "rule A has no priority" },
		{ "- list: A\n", "has no items" },
		{ "- list: A\n  items: x\n", "items: expected a list, as in [a, b]" },
		{ "- list: A\n  items: [[x]]\n", "items: expected a text" },
		{ "- macro: A\n", "has no condition" },
		{ "- macro: A\n  condition: ''\n" RULE("R", "A"), "the condition of macro A is empty" },
		{ RULE("A", "''"), "the condition of rule A is empty" },
		{ "- macro: A\n  condition: A\n" RULE("R", "A"), "macro A would contain itself" },
		{ "- macro: A\n  condition: proc.pid=1\n- macro: B\n  condition: A\n"
		  "- macro: A\n  condition: B\n" RULE("R", "A"), "would contain itself" },
		{ "- rule: A\n  desc: d\n  output: o\n  priority: urgent\n  condition: evt.type=openat\n",
		  "no such priority. There are Emergency, Alert, " },
		{ "- rule: A\n  desc: d\n  output: o\n  priority: WARNIN\n  condition: evt.type=openat\n",
		  "no such priority. Did you mean Warning?" },
		{ RULE("A", "evt.type=openat") "  enabled: maybe\n", "enabled: expected true or false" },
		{ RULE("A", "evt.type=openat") "  tags: x\n", "tags: expected a list" },
		{ "- rule: A\n  condition: and x\n  append: true\n", "there is no rule 'A' before this" },
		{ "- rule: A\n  enabled: false\n", "there is no rule 'A' before this that it could change; give the file that" },
		{ RULE("Shell", "evt.type=openat") "- rule: Shel\n  enabled: false\n", "as -f falco_rules.yaml. Did you mean Shell?" },
		{ "- list: A\n  items: []\n  override: {items: append}\n", "there is no list 'A' before" },
		{ RULE("A", "evt.type=openat") "- rule: A\n  condition: and x\n  append: true\n"
		  "  override: {condition: append}\n", "append and override exclude each other" },
		{ RULE("A", "evt.type=openat") "- rule: A\n  condition: x\n  output: y\n"
		  "  override: {condition: replace}\n", "override does not say whether" },
		{ RULE("A", "evt.type=openat") "- rule: A\n  priority: INFO\n  override: {priority: append}\n",
		  "override of priority: expected replace" },
		{ RULE("A", "evt.type=openat") "- rule: A\n  condition: x\n  override: {condition: add}\n",
		  "override of condition: expected append or replace" },
		{ "- required_engine_version: new\n", "expected a number, or a version" },
		{ "- required_plugin_versions: x\n", "expected a list" },
		{ "- required_plugin_versions: [{name: x}]\n", "has a name and a version" },
		{ RULE("A", "evt.type=openat") "  exceptions: x\n", "exceptions: expected a list" },
		{ RULE("A", "evt.type=openat") "  exceptions: [{fields: x}]\n", "this exception has no name" },
		{ RULE("A", "evt.type=openat") "  exceptions: [{name: x}]\n", "exception x has no fields" },
		{ RULE("A", "evt.type=openat") "  exceptions: [{name: x, fields: [a, b], comps: [=]}]\n",
		  "exception x has 2 fields and 1 comps" },
		{ RULE("A", "evt.type=openat") "  exceptions: [{name: x, fields: [a, b], values: [[c]]}]\n",
		  "expected a list of 2 values" },
		{ RULE("A", "evt.type=openat") "  exceptions: [{name: x, fields: no.such, values: [c]}]\n",
		  "exception x: unknown field 'no.such'" },
		{ RULE("A", "evt.type=openat") "  exceptions: [{name: x, fields: [no.such, fd.name]}]\n",
		  "exception x: unknown field 'no.such'" },
		{ RULE("A", "evt.type=openat") "  exceptions: [{name: x, fields: [fd.name], comps: [startwith]}]\n",
		  "exception x: 'startwith' is no operator. Did you mean startswith" },
		{ RULE("A", "evt.type=openat") "- rule: A\n  override: {output: replace}\n",
		  "override says what is to become of 'output', which is not given\n" },
		{ RULE("A", "evt.type=openat") "- rule: A\n  condition: and x\n  override: {condition: append, otput: replace}\n",
		  "what is to become of 'otput', which is not given. Did you mean output?" },
		{ RULE("A", "evt.type=openat") "- rule: A\n  override: {}\n", "override: expected what is to become of a key" },
		{ RULE("A", "evt.type=openat") "- rule: A\n  override: [x]\n", "override: expected what is to become of a key" },
		{ RULE("A", "evt.type=openat") "- rule: A\n  action: kill\n", "To change only some keys of the rule before it" },
		{ RULE("A", "fd.sport=70000"), "fd.sport is a port, from 0 to 65535: not '70000'" },
		{ RULE("A", "fd.sport=htp"), "fd.sport is compared with a number, and 'htp' is none" },
		{ "- rule: A\n  desc: \"x\n  output: o\n", "a.yaml:2:9: error: this is no YAML: found unexpected end" },
		{ "- rule: A\n  desc: \xff\n", "a.yaml:2:9: error: this is no YAML: invalid leading UTF-8 octet" },
		{ "- list: l\n  items: [a, b]\n" RULE("A", "evt.type=openat and proc.name = l"),
		  "'=' takes one value, and this list has 2" },
		{ "- list: l\n  items: [a, b]\n" RULE("A", "evt.type=openat and fd.num in (l)"),
		  "fd.num is compared with a number, and 'a' is none" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ruleset *rs = load_both(rows[i].text, NULL);

		if (rs || !strstr(report.text.s, rows[i].expected))
			fail_msg("row %zu: '%s' is not in: %s", i, rows[i].expected, report.text.s);
	}
}

static void test_warnings(void **state)
{
	static const struct {
		const char *text;
		const char *expected;
	} rows[] = {
		{ "- something: x\n", "this means nothing" },
		{ RULE("A", "evt.type=openat") "  prioritty: x\n", "no key 'prioritty': it means nothing. Did you mean priority?" },
		{ RULE("A", "proc.name=x"), "rule A is about every kind of event" },
		{ "- required_engine_version: 0.99.0\n", "asks for the language of engine 0.99" },
		{ RULE("A", "evt.type=openat") "  desc: e\n", "desc is given twice: this one means nothing" },
		{ RULE("A", "evt.type=openat") "  exceptions: [{name: x, fields: fd.name, nme: y}]\n",
		  "an exception has no key 'nme': it means nothing. Did you mean name?" },
		{ "- {rule: A, desc: d, priority: INFO, condition: evt.type=openat, output: 'by %user.namecontainerid=%container.id'}\n",
		  "warning: output of rule A: user.namecontainerid is no field: the one that it begins with is shown" },
		{ RULE("A", "evt.type=openat") "  source: sycsall\n", "warning: rule A is skipped: its source is sycsall" },
		{ RULE("A", "proc.name in (cat, some_binaries)"), "rule A compares with some_binaries: there is no list" },
		{ RULE("A", "evt.type in (openat, ipc, send, syscall)"), "note: rule A asks for events that never happen here: ipc, syscall" },
		{ RULE("A", "evt.type in (open, openat) and (evt.arg.target=x or evt.arg[20]=y or evt.arg.flags=z)"),
		  "warning: rule A asks for evt.arg.target, evt.arg.20, which no event has that it is about" },
		{ "- macro: m\n  condition: proc.pid=1\n", "nothing uses macro m" },
		{ "- list: m\n  items: [x]\n", "nothing uses list m" },
		{ RULE("A", "evt.type=openat") RULE("A", "evt.type=open"), "warning: rule A is defined twice in this file: what line 1 says means nothing" },
		{ "- list: m\n  items: [x]\n- list: m\n  items: [y]\n", "3:9: warning: list m is defined twice in this file: what line 1 says" },
		{ "- macro: m-n\n  condition: proc.pid=1\n", "1:10: warning: no condition can name this macro: a name has letters" },
		{ "- list: m n\n  items: [x]\n", "1:9: warning: no condition can name this list: a name has no blanks" },
		{ RULE("A", "evt.type=execve and thread.cpu > 5"), "rule A asks for what no event has yet: thread.cpu" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ruleset *rs = load(rows[i].text);

		if (!strstr(report.text.s, rows[i].expected))
			fail_msg("row %zu: '%s' is not in: %s", i, rows[i].expected, report.text.s);
		ruleset_free(rs);
	}
}

/* Not the first error of a file only. */
static void test_all_errors(void **state)
{
	static const char text[] = RULE("A", "fd.nam=x") "- list: x\n" RULE("B", "nope")
		"- macro: m\n  condition: (proc.pid=1\n" RULE("C", "m") RULE("D", "evt.type=opn");

	assert_null(load_both(text, "- rule: E\n"));
	assert_int_equal(report.counts[REPORT_ERROR], 1 + 1 + 1 + 1 + 1 + 4);
	assert_non_null(strstr(report.text.s, "b.yaml:1:9: error: rule E has no priority"));

	/* Nor the first of a condition, of a macro or of an output. */
	assert_null(load_both("- macro: m\n  condition: fd.nam=x or fd.num=y\n"
			 "- rule: A\n  desc: d\n  priority: INFO\n  output: '%a.b c %d.e f %proc.name'\n"
			 "  condition: m and (fd.sip=300 or fd.num=z) and proc.name='a or b' or proc.name=x and not nope\n", NULL));
	assert_int_equal(report.counts[REPORT_ERROR], 2 + 2 + 3);
}

/* Macros that double each other, lists likewise, a chain of macros, deep YAML. */
static void test_bounds(void **state)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct ruleset *rs;

	/* An exception may be longer than anybody's condition. */
	strbuf_adds(&text, RULE("A", "evt.type=openat") "  exceptions:\n  - name: e\n    fields: proc.name\n    values:\n");
	for (int i = 0; i < 6000; i++)
		strbuf_addf(&text, "    - a-name-of-%d\n", i);
	rs = load(text.s);
	ruleset_free(rs);
	strbuf_reset(&text);

	strbuf_adds(&text, "- macro: m0\n  condition: proc.pid=1\n");
	for (int i = 1; i < 40; i++)
		strbuf_addf(&text, "- macro: m%d\n  condition: m%d or m%d\n", i, i - 1, i - 1);
	strbuf_adds(&text, RULE("A", "m39"));
	assert_null(load_both(text.s, NULL));
	assert_non_null(strstr(report.text.s, "more than 1000000 tests"));

	/* What is replaced takes no room. */
	strbuf_reset(&text);
	strbuf_adds(&text, RULE("A", "evt.type=openat"));
	for (int i = 0; i < 2; i++) {
		strbuf_adds(&text, "- rule: A\n  override: {condition: replace}\n  condition: evt.type=openat and not (proc.pid=1");
		for (int k = 0; k < 3000; k++)
			strbuf_adds(&text, " or proc.pid=1");
		strbuf_adds(&text, ")\n");
	}
	rs = load(text.s);
	assert_fires(rs, W_OPEN, "A");
	ruleset_free(rs);

	strbuf_reset(&text);
	strbuf_adds(&text, "- list: l0\n  items: [a, b]\n");
	for (int i = 1; i < 40; i++)
		strbuf_addf(&text, "- list: l%d\n  items: [l%d, l%d]\n", i, i - 1, i - 1);
	assert_null(load_both(text.s, NULL));
	assert_non_null(strstr(report.text.s, "lists have more than 1000000 items"));

	strbuf_reset(&text);
	strbuf_adds(&text, "- macro: m0\n  condition: proc.name=cat\n");
	for (int i = 1; i < 900; i++)
		strbuf_addf(&text, "- macro: m%d\n  condition: m%d\n", i, i - 1);
	strbuf_adds(&text, RULE("A", "m899 and evt.type=openat"));
	rs = load(text.s);
	assert_fires(rs, W_OPEN, "A");
	ruleset_free(rs);

	/* First all of them, then each by the next: compiled from the front, each waits for the rest. */
	strbuf_reset(&text);
	for (int i = 0; i < 900; i++)
		strbuf_addf(&text, "- macro: m%d\n  condition: proc.pid=1\n", i);
	for (int i = 0; i < 899; i++)
		strbuf_addf(&text, "- macro: m%d\n  condition: m%d\n", i, i + 1);
	assert_null(load_both(text.s, NULL));
	assert_non_null(strstr(report.text.s, "macros wait for each other"));

	strbuf_reset(&text);
	/* libyaml looks at all that are open with each one that comes. */
	for (int i = 0; i < 10000; i++)
		strbuf_addc(&text, '[');
	assert_null(load_both(text.s, NULL));
	assert_non_null(strstr(report.text.s, "this is no YAML"));
}

static void write_file(const char *dir, const char *name, const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void remove_file(const char *dir, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);

	unlink(path);
}

static void test_directory(void **state)
{
	char dir[] = "/tmp/nunchi-rules-XXXXXX";
	struct rules_input input = { .path = mkdtemp(dir) };
	struct ruleset *rs = NULL;

	assert_non_null(input.path);
	write_file(dir, "20.yaml", "- rule: A\n  enabled: false\n" RULE("C", "evt.type=openat"));
	write_file(dir, "10.yml", RULE("A", "evt.type=openat") RULE("B", "evt.type=openat"));
	write_file(dir, "30.txt", "no rules at all: [");
	report_free(&report);
	assert_int_equal(ruleset_load(&rs, &input, 1, NULL, &report), 0);
	assert_fires(rs, W_OPEN, "B,C");
	ruleset_free(rs);
	remove_file(dir, "10.yml");
	remove_file(dir, "20.yaml");
	remove_file(dir, "30.txt");
	rmdir(dir);

	input.path = "/nowhere/at/all.yaml";
	report_free(&report);
	report = (struct report){ .least = REPORT_NOTE };
	assert_int_equal(ruleset_load(&rs, &input, 1, NULL, &report), -EINVAL);
	assert_non_null(strstr(report.text.s, "/nowhere/at/all.yaml: cannot be read: No such file"));
}

static void test_unfold(void **state)
{
	struct ruleset *rs = load("- list: l\n  items: [a, 'b c', '눈 치']\n- macro: m\n  condition: proc.name in (l)\n"
				  RULE("A", "evt.type=openat and (m or tolower(fd.name) startswith anyof "
					    "(/x, /y)) and not fd.num >= 0 and proc.name = val(proc.pname)"));
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

	rule_unfold(ruleset_find(rs, "A"), &out);
	assert_string_equal(out.s, "  all of\n"
				   "    evt.type = openat\n"
				   "    any of\n"
				   "      proc.name in (a, \"b c\", \"눈 치\")\n"
				   "      tolower(fd.name) startswith anyof (/x, /y)\n"
				   "    not fd.num >= 0\n"
				   "    proc.name = val(proc.pname)\n");
	ruleset_free(rs);
}

#define TAGGED(name, priority, tags)                                                     \
	"- rule: " name "\n  desc: d\n  priority: " priority "\n  output: o\n  tags: " tags                  \
	"\n  condition: evt.type=openat\n"

/* The rules that are in force, and what is said of the others; or what is wrong. */
static void assert_chosen(const struct rules_choice *choice, const char *fires, const char *said)
{
	const struct rules_input input = {
		"a.yaml", TAGGED("Read it", "INFO", "[file, T1]") TAGGED("Read it all", "WARNING", "[file, T2]")
		TAGGED("Called", "CRITICAL", "[net]") TAGGED("Off", "CRITICAL", "[file]") "  enabled: false\n"
		"- rule: Stopped\n  desc: d\n  priority: ERROR\n  output: o\n  action: deny\n"
		"  condition: evt.type=openat and fd.name=/etc/shadow\n"
	};
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct ruleset *rs = NULL;
	int r;

	report_free(&report);
	report = (struct report){ .least = REPORT_WARNING };
	strbuf_reset(&out);
	r = ruleset_load(&rs, &input, 1, choice, &report);
	if (r < 0) {
		assert_int_equal(r, -ENOENT);
		assert_null(fires);
		assert_string_equal(report.text.s, said);
		return;
	}
	assert_non_null(fires);
	assert_fires(rs, W_OPEN, fires);
	/* What is left out denies nothing. */
	assert_true(!ruleset_block(rs) == (ruleset_find(rs, "Stopped")->left_out != LEFT_OUT_NOT));
	ruleset_describe_choice(rs, &out);
	assert_string_equal(out.s, said);
	ruleset_free(rs);
}

#define NAMES(...) { (const char *[]){ __VA_ARGS__ }, ARRAY_SIZE(((const char *[]){ __VA_ARGS__ })) }
#define CHOSEN(lowest, fires, said, ...)                                                 \
	assert_chosen(&(struct rules_choice){ .least = PRIORITY_##lowest, __VA_ARGS__ }, fires, said)

static void test_choice(void **state)
{
	CHOSEN(DEBUG, "Read it,Read it all,Called", "");
	CHOSEN(DEBUG, "Read it,Read it all", "of 5 rules 2 are in force; left out by --tag 2 (of these 1 would do more than "
	       "alert); disabled in their files 1", .tags = NAMES("file"));
	CHOSEN(DEBUG, "Read it,Called", "of 5 rules 2 are in force; left out by --tag 2 (of these 1 would do more than alert); "
	       "disabled in their files 1", .tags = NAMES("T1", "net"));
	CHOSEN(DEBUG, "Called", "of 5 rules 2 are in force; left out by --disable-tag 2; disabled in their files 1",
	       .not_tags = NAMES("file"));
	/* A name, a part of one, a glob of all of it. */
	CHOSEN(DEBUG, "Read it all,Called", "of 5 rules 3 are in force; left out by --disable 1; disabled in their files 1",
	       .not_names = NAMES("Read it"));
	CHOSEN(DEBUG, "Called", "of 5 rules 2 are in force; left out by --disable 2; disabled in their files 1",
	       .not_names = NAMES("ead"));
	CHOSEN(DEBUG, "Called", "of 5 rules 2 are in force; left out by --disable 2; disabled in their files 1",
	       .not_names = NAMES("Read*"));
	CHOSEN(WARNING, "Read it all,Called", "of 5 rules 3 are in force; left out by --priority 1; disabled in their files 1");
	CHOSEN(DEBUG, "Read it all", "of 5 rules 1 is in force; left out by --tag 2, by --disable-tag 1 (of these 1 would do more "
	       "than alert); disabled in their files 1", .tags = NAMES("file"), .not_tags = NAMES("T1"));
	/* A slip disarms nothing. */
	CHOSEN(DEBUG, NULL, "error: --tag T11: no rule has this tag. Did you mean T1?\n", .tags = NAMES("file", "T11"));
	CHOSEN(DEBUG, NULL, "error: --disable-tag nett: no rule has this tag. Did you mean net?\n", .not_tags = NAMES("nett"));
	CHOSEN(DEBUG, NULL, "error: --disable Caled: no rule is called so. Did you mean Called?\n", .not_names = NAMES("Caled"));
	CHOSEN(DEBUG, NULL, "error: --disable X*: no rule is called so. See nunchi rules list\n", .not_names = NAMES("X*"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_constructs),
		cmocka_unit_test(test_override),
		cmocka_unit_test(test_exceptions),
		cmocka_unit_test(test_common),
		cmocka_unit_test(test_lists_in_lists),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_skipped),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_harmless),
		cmocka_unit_test(test_only_event),
		cmocka_unit_test(test_wildcards),
		cmocka_unit_test(test_asks),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_wrong_files),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_all_errors),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_unfold),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
