/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "rules/ast.h"
#include "rules/filter.h"
#include "rules/value_set.h"

#include "../fields/world.h"

static struct world *world;
static struct field_context context;

static int set_up(void **state)
{
	world = world_new();
	return 0;
}

static int tear_down(void **state)
{
	fields_end(&context);
	world_free(world);
	return 0;
}

static struct filter *parse(const char *text)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	struct filter *f = NULL;

	if (filter_parse(&f, text, &err) < 0)
		fail_msg("%s", err.s);
	return f;
}

static bool matches(const struct filter *f, enum world_event e)
{
	fields_begin(&context, &world->events[e], world->model);
	return filter_match(f, &context);
}

static const struct {
	const char *text;
	enum world_event event;
	bool expected;
} verdicts[] = {
	/* Everything, and blanks */
	{ "", W_OPEN, true },
	{ " \t\r\n ", W_OPEN, true },
	{ "\n evt.type\n=\topenat \n", W_OPEN, true },

	/* Text */
	{ "proc.name=cat", W_OPEN, true },
	{ "proc.name==cat", W_OPEN, true },
	{ "proc.name = cat", W_OPEN, true },
	{ "proc.name=ca", W_OPEN, false },
	{ "proc.name=catt", W_OPEN, false },
	{ "proc.name=CAT", W_OPEN, false },
	{ "proc.name!=cat", W_OPEN, false },
	{ "proc.name!=dog", W_OPEN, true },
	{ "proc.name = \"cat\"", W_OPEN, true },
	{ "proc.name='cat'", W_OPEN, true },
	{ "proc.name=''", W_OPEN, false },
	{ "proc.name='\\x63at'", W_OPEN, true },
	{ "proc.name=\"c\\x61t\"", W_OPEN, true },
	{ "proc.name=runc:[2:INIT]", W_PENDING, true },
	{ "proc.name in (runc:[2:INIT], sh)", W_PENDING, true },
	{ "fd.name=/mnt/test.txt", W_OPEN, true },
	{ "fd.name startswith /mnt", W_OPEN, true },
	{ "fd.name startswith /mnt/test.txt", W_OPEN, true },
	{ "fd.name startswith /mnt/test.txt.", W_OPEN, false },
	{ "fd.name startswith ''", W_OPEN, true },
	{ "fd.name startswith /MNT", W_OPEN, false },
	{ "fd.name endswith .txt", W_OPEN, true },
	{ "fd.name endswith /mnt", W_OPEN, false },
	{ "fd.name endswith ''", W_OPEN, true },
	{ "fd.name contains test", W_OPEN, true },
	{ "fd.name contains TEST", W_OPEN, false },
	{ "fd.name contains ''", W_OPEN, true },
	{ "fd.name icontains TEST", W_OPEN, true },
	{ "fd.name icontains TEXT", W_OPEN, false },
	{ "fd.name icontains .TxT", W_OPEN, true },
	{ "fd.name icontains ''", W_OPEN, true },
	{ "fd.name glob /mnt/*", W_OPEN, true },
	{ "fd.name glob /mnt/*.c", W_OPEN, false },
	{ "fd.name glob '*t*t*t*'", W_OPEN, true },
	{ "fd.name glob /mnt/tes?.[a-t]xt", W_OPEN, true },
	{ "fd.name in (/etc/passwd, /mnt/test.txt)", W_OPEN, true },
	{ "fd.name in (\"/etc/passwd\",'/mnt/test.txt')", W_OPEN, true },
	{ "fd.name in(/mnt/test.txt)", W_OPEN, true },
	{ "fd.name in ()", W_OPEN, false },
	{ "not fd.name in ()", W_OPEN, true },
	{ "fd.name in (a, b, c, d, e, f, g, h, i, j, k, /mnt/test.txt)", W_OPEN, true },
	{ "fd.name in (a, b, c, d, e, f, g, h, i, j, k, /mnt/test.tx)", W_OPEN, false },
	{ "fd.nameraw=../etc/shadow", W_FAILED, true },
	{ "proc.cmdline=\"cat /mnt/test.txt -n\"", W_OPEN, true },
	{ "proc.cmdline contains ' -n'", W_OPEN, true },
	{ "evt.arg.flags contains O_RDWR", W_FAILED, true },
	{ "evt.arg[flags] contains O_CREAT", W_FAILED, true },
	{ "evt.arg.pathname=test.txt", W_OPEN, true },
	{ "evt.arg.sig=SIGKILL", W_KILLED, true },
	{ "container.label[app]=shop", W_OPEN, true },
	{ "container.label.app=shop", W_OPEN, true },
	{ "container.label[\"io.kubernetes/x-y\"] exists", W_OPEN, true },
	{ "container.label[\"io.kubernetes/x-y\"]=''", W_OPEN, true },
	{ "container.label[none] exists", W_OPEN, false },

	/* Numbers */
	{ "proc.pid=5000", W_OPEN, true },
	{ "proc.pid=0x1388", W_OPEN, true },
	{ "proc.pid=0X1388", W_OPEN, true },
	{ "proc.pid=+5000", W_OPEN, true },
	{ "proc.pid='5000'", W_OPEN, true },
	{ "proc.pid!=5000", W_OPEN, false },
	{ "proc.pid>4999", W_OPEN, true },
	{ "proc.pid>5000", W_OPEN, false },
	{ "proc.pid>=5000", W_OPEN, true },
	{ "proc.pid<5000", W_OPEN, false },
	{ "proc.pid<=5000", W_OPEN, true },
	{ "proc.pid < 5001", W_OPEN, true },
	{ "proc.pid in (1, 2, 5000)", W_OPEN, true },
	{ "proc.pid in (1, 2, -5000)", W_OPEN, false },
	{ "evt.rawres=-13", W_FAILED, true },
	{ "evt.rawres<0", W_FAILED, true },
	{ "evt.rawres>=0", W_FAILED, false },
	{ "evt.rawres>=0", W_OPEN, true },
	{ "evt.rawres in (-13, -1)", W_FAILED, true },
	{ "evt.rawres=0xfffffffffffffff3", W_FAILED, true },
	{ "evt.rawres>-9223372036854775808", W_FAILED, true },
	{ "evt.rawtime>1700000000000000000", W_OPEN, true },
	{ "user.loginuid=-1", W_OPEN, true },
	{ "fd.num=-1 and evt.res startswith E", W_FAILED, true },
	{ "evt.rawarg.flags=0x42", W_FAILED, true },
	{ "evt.num=0", W_OPEN, false },
	{ "not evt.num=0", W_OPEN, true },
	{ "lost.count>1000", W_LOST, true },

	/* Truth */
	{ "evt.failed=true", W_FAILED, true },
	{ "evt.failed=false", W_FAILED, false },
	{ "evt.failed!=true", W_OPEN, true },
	{ "evt.failed in (true, false)", W_OPEN, true },
	{ "evt.is_open_write=true", W_FAILED, true },
	{ "evt.is_open_write = true", W_OPEN, false },
	{ "evt.is_open_read=false", W_CONNECT, true },
	{ "container.privileged=true", W_OPEN, true },

	/* Addresses */
	{ "fd.rip=10.0.0.7", W_CONNECT, true },
	{ "fd.rip=10.0.0.8", W_CONNECT, false },
	{ "fd.rip!=10.0.0.8", W_CONNECT, true },
	{ "fd.rip in (10.0.0.7, 10.0.0.8)", W_CONNECT, true },
	{ "fd.rip='::ffff:10.0.0.7'", W_CONNECT, true },
	{ "fd.rip=10.0.0.7", W_MAPPED, true },
	{ "fd.rip=2001:db8::7", W_CONNECT6, true },
	{ "fd.rip=2001:DB8:0::7", W_CONNECT6, true },
	{ "fd.rip!=10.0.0.7", W_CONNECT6, true },
	{ "fd.rip=10.0.0.7", W_OPEN, false },
	{ "fd.rip!=10.0.0.7", W_OPEN, false },

	/* Either end */
	{ "fd.ip=10.0.0.7", W_CONNECT, true },
	{ "fd.ip=10.0.0.1", W_CONNECT, true },
	{ "fd.ip=10.0.0.2", W_CONNECT, false },
	{ "fd.ip!=10.0.0.1", W_CONNECT, false },
	{ "fd.ip!=10.0.0.2", W_CONNECT, true },
	{ "fd.ip!=10.0.0.2", W_OPEN, false },
	{ "not fd.ip=10.0.0.2", W_OPEN, true },
	{ "fd.ip exists", W_CONNECT, true },
	{ "fd.ip exists", W_OPEN, false },
	{ "fd.ip in (10.0.0.1)", W_CONNECT, true },
	{ "fd.port=443", W_CONNECT, true },
	{ "fd.port=40000", W_CONNECT, true },
	{ "fd.port!=443", W_CONNECT, false },
	{ "fd.port in (80, 443)", W_CONNECT, true },
	{ "fd.port<1024", W_CONNECT, true },
	{ "fd.port>50000", W_CONNECT, false },

	/* Missing values */
	{ "fd.name=x", W_KILLED, false },
	{ "fd.name!=x", W_KILLED, false },
	{ "not fd.name=x", W_KILLED, true },
	{ "not fd.name!=x", W_KILLED, true },
	{ "fd.name in (x)", W_KILLED, false },
	{ "not fd.name in (x)", W_KILLED, true },
	{ "fd.name exists", W_KILLED, false },
	{ "not fd.name exists", W_KILLED, true },
	{ "fd.name contains ''", W_KILLED, false },
	{ "fd.rport!=1", W_OPEN, false },
	{ "container.id!=host", W_PENDING, false },
	{ "container.id=host", W_PENDING, false },
	{ "container.id=''", W_PENDING, false },
	{ "not container.id=host", W_PENDING, true },

	/* Containers */
	{ "container.id=0123456789ab", W_OPEN, true },
	{ "container.id=0123456789a", W_OPEN, false },
	{ "container.id=" WEB_ID, W_OPEN, true },
	{ "container.id=0123456789abcdef", W_OPEN, true },
	{ "container.id=0123456789abcdee", W_OPEN, false },
	{ "container.id!=" WEB_ID, W_OPEN, false },
	{ "container.id!=" WEB_ID, W_DB_EXIT, true },
	{ "container.id!=" WEB_ID, W_HOST, true },
	{ "container.id!=" WEB_ID, W_PENDING, false },
	{ "container.id in (x, " WEB_ID ")", W_OPEN, true },
	{ "container.id in (0123456789ab, postgres-main-2)", W_OPEN, true },
	{ "container.id in (x, " WEB_ID ")", W_DB_EXIT, false },
	{ "container.id=postgres-main-1", W_DB_EXIT, true },
	{ "container.id=postgres-main-2", W_DB_EXIT, false },
	{ "container.id=postgres-mai", W_DB_EXIT, true },
	{ "container.id=host", W_HOST, true },
	{ "container.id!=host", W_HOST, false },
	{ "container.id!=host", W_OPEN, true },
	{ "container.name=web", W_OPEN, true },
	{ "container.name=web", W_HOST, false },
	{ "k8s.ns.name=shop and k8s.pod.name glob web-*", W_OPEN, true },
	{ "container.image.repository endswith nginx", W_OPEN, true },

	/* Types and categories */
	{ "evt.type=openat", W_OPEN, true },
	{ "evt.type in (open, openat, connect)", W_OPEN, true },
	{ "evt.type in (open, connect)", W_OPEN, false },
	{ "evt.type startswith open", W_CREATE, true },
	{ "evt.type=procexit", W_KILLED, true },
	{ "evt.type=container_started", W_STARTED, true },
	{ "evt.type=events_lost", W_LOST, true },
	{ "evt.type=syscall_499", W_OPEN, false },
	{ "activity.category=file", W_OPEN, true },
	{ "activity.category in (file, network)", W_CONNECT, true },
	{ "activity.name='File Open'", W_OPEN, true },
	{ "activity.title=\"File Operation\"", W_OPEN, true },
	{ "evt.phase=setup", W_PENDING, true },

	/* and, or, not, parentheses */
	{ "proc.pid=1 or proc.pid=5000", W_OPEN, true },
	{ "proc.pid=1 or proc.pid=2", W_OPEN, false },
	{ "proc.pid=5000 and proc.name=cat", W_OPEN, true },
	{ "proc.pid=5000 and proc.name=dog", W_OPEN, false },
	{ "proc.pid=5000 or proc.pid=1 and proc.pid=2", W_OPEN, true },
	{ "(proc.pid=5000 or proc.pid=1) and proc.pid=2", W_OPEN, false },
	{ "proc.pid=2 and proc.pid=1 or proc.pid=5000", W_OPEN, true },
	{ "not proc.pid=5000 or proc.name=cat", W_OPEN, true },
	{ "not (proc.pid=5000 or proc.name=dog)", W_OPEN, false },
	{ "not(proc.pid=1)and(proc.name=cat)or(proc.pid=2)", W_OPEN, true },
	{ "not not proc.pid=5000", W_OPEN, true },
	{ "not not not proc.pid=5000", W_OPEN, false },
	{ "((((proc.pid=5000))))", W_OPEN, true },
	{ "( proc.pid=5000 )", W_OPEN, true },
	{ "proc.pid=5000 and not fd.name startswith /proc", W_OPEN, true },
	{ "proc.name=and", W_OPEN, false },
	{ "proc.name in (and, or, not, cat)", W_OPEN, true },
	{ "fd.name exists and fd.name exists", W_OPEN, true },
	{ "(fd.name exists)or(fd.num exists)", W_OPEN, true },
	{ "container.name=web and evt.type in (openat, connect) and not fd.name startswith /proc",
	  W_OPEN, true },
};

static void test_verdicts(void **state)
{
	assert_true(ARRAY_SIZE(verdicts) >= 120);
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		struct filter *f = parse(verdicts[i].text);

		if (matches(f, verdicts[i].event) != verdicts[i].expected)
			fail_msg("%s: expected %d for event %d", verdicts[i].text,
				 verdicts[i].expected, verdicts[i].event);
		filter_free(f);
	}
}

#define OPERATORS_TEXT                                                                       \
	"=, ==, !=, in, intersects, pmatch, contains, icontains, bcontains, startswith, "     \
	"bstartswith, endswith, glob, iglob, regex, exists"
#define OPERATORS_NUMBER "=, ==, !=, <, <=, >, >=, in, intersects, exists"
#define CLASSES "alnum, alpha, blank, cntrl, digit, graph, lower, print, punct, space, upper, xdigit"
#define OPERATORS_EQUAL "=, ==, !=, in, intersects, exists"

static const struct {
	const char *text;
	const char *expected;
} errors[] = {
	{ "fd.nam startswith /etc",
	  "unknown field 'fd.nam'. Did you mean fd.name?\n"
	  "  fd.nam startswith /etc\n"
	  "  ^~~~~~" },
	{ "proc.pid=1 and xyzzy=1",
	  "unknown field 'xyzzy'\n"
	  "  proc.pid=1 and xyzzy=1\n"
	  "                 ^~~~~" },
	{ "evt.arg=1",
	  "field 'evt.arg' needs a name after it, as in evt.arg.NAME\n"
	  "  evt.arg=1\n"
	  "  ^~~~~~~" },
	{ "container.label exists",
	  "field 'container.label' needs a name after it, as in container.label[KEY]\n"
	  "  container.label exists\n"
	  "  ^~~~~~~~~~~~~~~" },
	{ "container.label[app=1",
	  "this '[' is not closed\n"
	  "  container.label[app=1\n"
	  "                 ^" },
	{ "container.label[\"app]=1",
	  "this '[' is not closed\n"
	  "  container.label[\"app]=1\n"
	  "                 ^" },
	{ "fd.name startwith /etc",
	  "unknown operator 'startwith'. Did you mean startswith?\n"
	  "  fd.name startwith /etc\n"
	  "          ^~~~~~~~~" },
	{ "fd.name ~ /etc",
	  "unknown operator '~'. There are " OPERATORS_TEXT "\n"
	  "  fd.name ~ /etc\n"
	  "          ^" },
	{ "fd.name !/etc",
	  "unknown operator '!'. There are " OPERATORS_TEXT "\n"
	  "  fd.name !/etc\n"
	  "          ^" },
	{ "fd.name contains/etc",
	  "unknown operator 'contains/etc'. Did you mean contains?\n"
	  "  fd.name contains/etc\n"
	  "          ^~~~~~~~~~~~" },
	{ "proc.pid startswith 1",
	  "'startswith' does not go with proc.pid, which is a number. What does: " OPERATORS_NUMBER "\n"
	  "  proc.pid startswith 1\n"
	  "           ^~~~~~~~~~" },
	{ "proc.name > a",
	  "'>' does not go with proc.name, which is text. What does: " OPERATORS_TEXT "\n"
	  "  proc.name > a\n"
	  "            ^" },
	{ "fd.rip < 10.0.0.1",
	  "'<' does not go with fd.rip, which is an IP address. What does: " OPERATORS_EQUAL "\n"
	  "  fd.rip < 10.0.0.1\n"
	  "         ^" },
	{ "evt.failed",
	  "'evt.failed' needs an operator and a value, as in evt.failed=true\n"
	  "  evt.failed\n"
	  "            ^" },
	{ "proc.pid and proc.name=sh",
	  "'proc.pid' needs an operator: " OPERATORS_NUMBER "\n"
	  "  proc.pid and proc.name=sh\n"
	  "           ^~~" },
	{ "(proc.pid)",
	  "'proc.pid' needs an operator: " OPERATORS_NUMBER "\n"
	  "  (proc.pid)\n"
	  "           ^" },
	{ "proc.pid=12a",
	  "proc.pid is compared with a number, and '12a' is none\n"
	  "  proc.pid=12a\n"
	  "           ^~~" },
	{ "proc.pid=0x",
	  "proc.pid is compared with a number, and '0x' is none\n"
	  "  proc.pid=0x\n"
	  "           ^~" },
	{ "proc.pid=9223372036854775808",
	  "proc.pid is compared with a number, and '9223372036854775808' is none\n"
	  "  proc.pid=9223372036854775808\n"
	  "           ^~~~~~~~~~~~~~~~~~~" },
	{ "proc.pid=-9223372036854775809",
	  "proc.pid is compared with a number, and '-9223372036854775809' is none\n"
	  "  proc.pid=-9223372036854775809\n"
	  "           ^~~~~~~~~~~~~~~~~~~~" },
	{ "proc.pid=0x10000000000000000",
	  "proc.pid is compared with a number, and '0x10000000000000000' is none\n"
	  "  proc.pid=0x10000000000000000\n"
	  "           ^~~~~~~~~~~~~~~~~~~" },
	{ "proc.pid in (1, two)",
	  "proc.pid is compared with a number, and 'two' is none\n"
	  "  proc.pid in (1, two)\n"
	  "                  ^~~" },
	{ "proc.pid=\"\"",
	  "proc.pid is compared with a number, and '' is none\n"
	  "  proc.pid=\"\"\n"
	  "           ^~" },
	{ "evt.failed=yes",
	  "evt.failed is compared with true or false, and 'yes' is none\n"
	  "  evt.failed=yes\n"
	  "             ^~~" },
	{ "evt.failed='true\\x00'",
	  "evt.failed is compared with true or false, and 'true\\x00' is none\n"
	  "  evt.failed='true\\\\x00'\n"
	  "             ^~~~~~~~~~~" },
	{ "fd.rip=10.0.0",
	  "fd.rip is compared with an IP address, and '10.0.0' is none\n"
	  "  fd.rip=10.0.0\n"
	  "         ^~~~~~" },
	{ "fd.rip=10.0.0.0/8",
	  "fd.rip is compared with an IP address, and '10.0.0.0/8' is none\n"
	  "  fd.rip=10.0.0.0/8\n"
	  "         ^~~~~~~~~~" },
	{ "evt.type in (openat, connec)",
	  "no such system call or event: 'connec'. Did you mean connect?\n"
	  "  evt.type in (openat, connec)\n"
	  "                       ^~~~~~" },
	{ "evt.type=syscall_12345",
	  "no such system call or event: 'syscall_12345'\n"
	  "  evt.type=syscall_12345\n"
	  "           ^~~~~~~~~~~~~" },
	{ "activity.category=netwrk",
	  "no such category: 'netwrk'. Did you mean network?\n"
	  "  activity.category=netwrk\n"
	  "                    ^~~~~~" },
	{ "evt.res in (SUCCESS, EFOO)",
	  "no such result: 'EFOO'\n"
	  "  evt.res in (SUCCESS, EFOO)\n"
	  "                       ^~~~" },
	{ "evt.res != enoent",
	  "no such result: 'enoent'. Did you mean ENOENT?\n"
	  "  evt.res != enoent\n"
	  "             ^~~~~~" },
	{ "proc.name glob 'web-[[:dig:]]*'",
	  "no such class of characters: 'dig'. There is " CLASSES "\n"
	  "  proc.name glob 'web-[[:dig:]]*'\n"
	  "                 ^~~~~~~~~~~~~~~~" },
	{ "fd.name pmatch (/etc, /var/[![:Digit:]])",
	  "no such class of characters: 'Digit'. There is " CLASSES "\n"
	  "  fd.name pmatch (/etc, /var/[![:Digit:]])\n"
	  "                        ^~~~~~~~~~~~~~~~~" },
	{ "evt.arg.pathnam=x",
	  "no event has an argument 'pathnam'. Did you mean pathname?\n"
	  "  evt.arg.pathnam=x\n"
	  "  ^~~~~~~~~~~~~~~" },
	{ "proc.name=",
	  "expected a value after '='; what has blanks or signs goes in quotes\n"
	  "  proc.name=\n"
	  "            ^" },
	{ "proc.name=)",
	  "expected a value after '='; what has blanks or signs goes in quotes\n"
	  "  proc.name=)\n"
	  "            ^" },
	{ "proc.name=(a, b)",
	  "'=' takes one value, and this is a list: write proc.name in (a, b)\n"
	  "  proc.name=(a, b)\n"
	  "            ^" },
	{ "proc.name in a",
	  "'in' takes a list in parentheses, as in (a, b)\n"
	  "  proc.name in a\n"
	  "               ^" },
	{ "proc.name in (a b)",
	  "expected ',' or ')' in the list\n"
	  "  proc.name in (a b)\n"
	  "                  ^" },
	{ "proc.name in (a,)",
	  "expected a value after 'in'; what has blanks or signs goes in quotes\n"
	  "  proc.name in (a,)\n"
	  "                  ^" },
	{ "proc.name in (a, b",
	  "this '(' is not closed\n"
	  "  proc.name in (a, b\n"
	  "               ^" },
	{ "proc.name=\"sh",
	  "this quote is not closed\n"
	  "  proc.name=\"sh\n"
	  "            ^" },
	{ "proc.name='a\\d'",
	  "unknown escape; a backslash itself is written \\\\\n"
	  "  proc.name='a\\\\d'\n"
	  "              ^~~" },
	{ "proc.name='\\",
	  "unknown escape; a backslash itself is written \\\\\n"
	  "  proc.name='\\\\\n"
	  "             ^~" },
	{ "proc.name='\\x4",
	  "unknown escape; a backslash itself is written \\\\\n"
	  "  proc.name='\\\\x4\n"
	  "             ^~~" },
	{ "(proc.name=sh",
	  "this '(' is not closed\n"
	  "  (proc.name=sh\n"
	  "  ^" },
	{ "(proc.name=sh proc.pid=1)",
	  "expected and, or, or ')'\n"
	  "  (proc.name=sh proc.pid=1)\n"
	  "                ^~~~~~~~" },
	{ "proc.name=sh)",
	  "this ')' has no '(' before it\n"
	  "  proc.name=sh)\n"
	  "              ^" },
	{ "proc.name=sh proc.pid=1",
	  "expected and, or, or the end\n"
	  "  proc.name=sh proc.pid=1\n"
	  "               ^~~~~~~~" },
	{ "proc.name contains (a, b)",
	  "'contains' takes one value, and this is a list: write proc.name contains anyof (a, b)\n"
	  "  proc.name contains (a, b)\n"
	  "                     ^" },
	{ "proc.name!=(a, b)",
	  "'!=' takes one value, and this is a list: write not proc.name in (a, b)\n"
	  "  proc.name!=(a, b)\n"
	  "             ^" },
	{ "proc.name not in (a)",
	  "'not' stands before the field, as in not proc.name in (a, b)\n"
	  "  proc.name not in (a)\n"
	  "            ^~~" },
	{ "!proc.name=a",
	  "expected a condition here, as in proc.name=sh; for '!' write not\n"
	  "  !proc.name=a\n"
	  "  ^~~~~~~~~~" },
	{ "proc.name=a or sh",
	  "unknown field 'sh'. After 'or' comes a whole comparison; of several values one is meant by proc.name in (...)\n"
	  "  proc.name=a or sh\n"
	  "                 ^~" },
	{ "fd.name startswith /a or /b",
	  "expected a condition here, as in proc.name=sh. After 'or' comes a whole comparison; of several values one is meant by "
	  "fd.name startswith anyof (...)\n"
	  "  fd.name startswith /a or /b\n"
	  "                           ^~" },
	{ "proc.args contains --x=1",
	  "expected and, or, or the end; a value with '=' in it goes in quotes\n"
	  "  proc.args contains --x=1\n"
	  "                        ^" },
	{ "proc.name=a # x",
	  "expected and, or, or the end; in a condition '#' begins no comment\n"
	  "  proc.name=a # x\n"
	  "              ^" },
	{ "(proc.name=a OR proc.pid=1)",
	  "expected and, or, or ')'; for 'OR' write or\n"
	  "  (proc.name=a OR proc.pid=1)\n"
	  "               ^~" },
	{ "proc.parent.name=a",
	  "unknown field 'proc.parent.name'. Here it is proc.pname\n"
	  "  proc.parent.name=a\n"
	  "  ^~~~~~~~~~~~~~~~" },
	{ "comm=a",
	  "unknown field 'comm'. Here it is proc.name\n"
	  "  comm=a\n"
	  "  ^~~~" },
	{ "k8s.namespace=a",
	  "unknown field 'k8s.namespace'. Here it is k8s.ns.name\n"
	  "  k8s.namespace=a\n"
	  "  ^~~~~~~~~~~~~" },
	{ "openat",
	  "unknown field 'openat'. A system call is asked for by evt.type = openat\n"
	  "  openat\n"
	  "  ^~~~~~" },
	{ "proc.name=sh or mount",
	  "unknown field 'mount'. After 'or' comes a whole comparison; of several values one is meant by proc.name in (...)\n"
	  "  proc.name=sh or mount\n"
	  "                  ^~~~~" },
	{ "ka.verb=get",
	  "unknown field 'ka.verb'. It is a plugin's: a rule about what that tells says source:, and is left out here\n"
	  "  ka.verb=get\n"
	  "  ^~~~~~~" },
	{ "evt.arg.size > 5",
	  "'>' does not go with evt.arg.size, which is text. What does: " OPERATORS_TEXT
	  ". Numbers are evt.rawarg.size, and evt.rawres for the result\n"
	  "  evt.arg.size > 5\n"
	  "               ^" },
	{ "proc.name=sh && proc.pid=1",
	  "expected and, or, or the end; for '&&' write and\n"
	  "  proc.name=sh && proc.pid=1\n"
	  "               ^~" },
	{ "proc.name=sh and",
	  "expected a condition here, as in proc.name=sh\n"
	  "  proc.name=sh and\n"
	  "                  ^" },
	{ "and proc.name=sh",
	  "expected a condition here, as in proc.name=sh\n"
	  "  and proc.name=sh\n"
	  "  ^~~" },
	{ "()",
	  "expected a condition here, as in proc.name=sh\n"
	  "  ()\n"
	  "   ^" },
	{ "not",
	  "expected a condition here, as in proc.name=sh\n"
	  "  not\n"
	  "     ^" },
	{ "/etc/passwd",
	  "expected a condition here, as in proc.name=sh\n"
	  "  /etc/passwd\n"
	  "  ^~~~~~~~~~~" },
	/* What does not print is shown escaped, and the caret follows. */
	{ "proc.name=\xc3\xa9\n\x1b and fd.nam=x",
	  "expected and, or, or the end\n"
	  "  proc.name=\xc3\xa9\\n\\x1b and fd.nam=x\n"
	  "               ^~~~" },
	{ "proc.name=\xc3\xa9\xc3\xa9 and fd.nam=x",
	  "unknown field 'fd.nam'. Did you mean fd.name?\n"
	  "  proc.name=\xc3\xa9\xc3\xa9 and fd.nam=x\n"
	  "                   ^~~~~~" },
};

/* Of the nearest names only the first is ours to expect: "Did you mean a, b?" to "Did you mean a?". */
static void keep_first_name(char *text)
{
	char *names = strstr(text, "Did you mean "), *comma, *end;

	if (!names)
		return;
	comma = strpbrk(names, ",?");
	end = strchr(names, '?');
	memmove(comma, end, strlen(end) + 1);
}

static void test_errors(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
		struct filter *f = (struct filter *)0x1;

		assert_int_equal(filter_parse(&f, errors[i].text, &err), -EINVAL);
		assert_ptr_equal(f, (struct filter *)0x1);
		keep_first_name(err.s);
		assert_string_equal(err.s, errors[i].expected);
	}
}

/* Of a long text only what is around the error is shown. */
static void test_error_in_long_text(void **state)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT, err = STRBUF_INIT;
	struct filter *f;
	const char *line;

	for (int i = 0; i < 500; i++)
		strbuf_adds(&text, "proc.pid=1 and ");
	strbuf_adds(&text, "fd.nam=/x");
	for (int i = 0; i < 500; i++)
		strbuf_adds(&text, " and proc.pid=1");
	assert_int_equal(filter_parse(&f, text.s, &err), -EINVAL);
	line = strchr(err.s, '\n') + 1;
	assert_true(starts_with(line, "  ... and proc.pid=1 and "));
	assert_true(strchrnul(line, '\n') - line <= 100);
	assert_non_null(strstr(line, "...\n"));
	line = strchr(line, '\n') + 1;
	assert_int_equal(strspn(line, " "), 2 + 3 + 50);
	assert_string_equal(line + 55, "^~~~~~");
}

static void test_bounds(void **state)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT, err = STRBUF_INIT;
	struct filter *f = NULL;

	for (int i = 0; i < 199; i++)
		strbuf_addc(&text, '(');
	strbuf_adds(&text, "proc.pid=5000");
	for (int i = 0; i < 199; i++)
		strbuf_addc(&text, ')');
	assert_int_equal(filter_parse(&f, text.s, &err), 0);
	assert_true(matches(f, W_OPEN));
	filter_free(f);

	strbuf_reset(&text);
	for (int i = 0; i < 200; i++)
		strbuf_addc(&text, '(');
	strbuf_adds(&text, "proc.pid=1");
	assert_int_equal(filter_parse(&f, text.s, &err), -EINVAL);
	assert_true(starts_with(err.s, "nested more than 200 deep\n"));

	strbuf_reset(&text);
	for (int i = 0; i < 10000; i++)
		strbuf_adds(&text, "not ");
	assert_int_equal(filter_parse(&f, text.s, &err), -EINVAL);
	assert_true(starts_with(err.s, "nested more than 200 deep\n"));

	/* A long chain is no nesting. */
	strbuf_reset(&text);
	for (int i = 0; i < 4000; i++)
		strbuf_adds(&text, "proc.pid=1 or ");
	strbuf_adds(&text, "proc.pid=5000");
	assert_int_equal(filter_parse(&f, text.s, &err), 0);
	assert_true(matches(f, W_OPEN));
	filter_free(f);

	while (text.len < 65536)
		strbuf_addc(&text, ' ');
	assert_int_equal(filter_parse(&f, text.s, &err), 0);
	filter_free(f);
	strbuf_addc(&text, ' ');
	assert_int_equal(filter_parse(&f, text.s, &err), -EINVAL);
	assert_string_equal(err.s, "the filter is 65537 bytes long; 65536 are allowed");
}

/* The cut before and the cut after a text that is an error. */
static void test_truncated_texts(void **state)
{
	static const char whole[] = "not (fd.name in ('a\\x20', b) or container.label['x']!=\"y\") "
				    "and evt.rawres >= -0x1f or fd.ip exists";

	for (size_t n = 0; n <= sizeof(whole) - 1; n++) {
		_cleanup_free_ char *text = xstrndup(whole, n);
		_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
		struct filter *f = NULL;

		if (filter_parse(&f, text, &err) < 0)
			assert_true(err.len > 0);
		else
			assert_int_equal(err.len, 0);
		filter_free(f);
	}
}

static void test_long_lists(void **state)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct filter *f;

	strbuf_adds(&text, "proc.pid in (7");
	for (int i = 0; i < 2000; i++)
		strbuf_addf(&text, ", %d", (i * 7919) % 5003 - 100);
	strbuf_addc(&text, ')');
	for (int pid = 4990; pid < 5003; pid++) {
		bool expected = pid == 7;
		struct nunchi_head head = *world->events[W_OPEN].head;
		struct event ev = world->events[W_OPEN];

		for (int i = 0; i < 2000; i++)
			expected |= (i * 7919) % 5003 - 100 == pid;
		head.pid = (uint32_t)pid;
		ev.head = &head;
		f = parse(text.s);
		fields_begin(&context, &ev, world->model);
		assert_int_equal(filter_match(f, &context), expected);
		filter_free(f);
	}
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* One look-up says the same as one comparison after the other; bits past a prefix mean nothing. */
static void test_many_networks(void **state)
{
	struct value nets[500] = { { .type = VALUE_NONE } };
	struct value_set *set;
	uint32_t seed = 1;
	unsigned inside = 0;

	for (size_t i = 0; i < ARRAY_SIZE(nets); i++) {
		bool six = next_random(&seed) % 3 == 0;
		uint8_t bytes[16];

		for (size_t k = 0; k < sizeof(bytes); k++)
			bytes[k] = k < 2 ? (uint8_t)(next_random(&seed) % 8) : (uint8_t)next_random(&seed);
		bytes[0] |= six ? 0x20 : 0;
		value_set_ip(&nets[i], six ? AF_INET6 : AF_INET, bytes);
		nets[i].type = VALUE_NET;
		nets[i].prefix = (uint8_t)(12 + next_random(&seed) % (six ? 117 : 21));
	}
	set = value_set_new(nets, ARRAY_SIZE(nets), SET_VALUES);
	for (unsigned n = 0; n < 20000; n++) {
		struct value ip = nets[next_random(&seed) % ARRAY_SIZE(nets)];
		bool expected = false;

		ip.type = VALUE_IP;
		ip.ip[next_random(&seed) % 4] ^= (uint8_t)(1U << next_random(&seed) % 8);
		for (size_t i = 0; i < ARRAY_SIZE(nets); i++)
			expected |= value_in_net(&ip, &nets[i]);
		inside += expected;
		assert_int_equal(value_set_has(set, &ip), expected);
	}
	assert_in_range(inside, 1000, 19000);
	value_set_free(set);
}

static void make_text(struct value *v, char *s, uint32_t *seed)
{
	size_t len = next_random(seed) % 8;

	for (size_t i = 0; i < len; i++)
		s[i] = "/ab"[next_random(seed) % 3];
	*v = (struct value){ .type = VALUE_STRING, .s = s, .len = len };
}

static void test_many_texts(void **state)
{
	const enum value_set_kind kinds[] = { SET_BEGINNINGS, SET_ENDINGS };
	struct value values[12], v;
	char texts[12][8], s[8];
	uint32_t seed = 7;
	unsigned hits = 0;

	for (unsigned round = 0; round < 200; round++) {
		size_t n = 1 + next_random(&seed) % ARRAY_SIZE(values);

		for (size_t i = 0; i < n; i++)
			make_text(&values[i], texts[i], &seed);
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
			struct value_set *set = value_set_new(values, n, kinds[k]);

			for (unsigned t = 0; t < 50; t++) {
				bool expected = false;

				make_text(&v, s, &seed);
				for (size_t i = 0; i < n; i++)
					expected |= values[i].len <= v.len &&
						    !memcmp(values[i].s, v.s + (k ? v.len - values[i].len : 0), values[i].len);
				hits += expected;
				assert_int_equal(value_set_has(set, &v), expected);
			}
			value_set_free(set);
		}
	}
	assert_in_range(hits, 2000, 18000);
}

static void test_and(void **state)
{
	struct filter *f;

	assert_null(filter_and(NULL, NULL));
	assert_true(matches(NULL, W_OPEN));
	f = filter_and(NULL, parse("proc.pid=5000"));
	assert_true(matches(f, W_OPEN));
	f = filter_and(f, NULL);
	assert_true(matches(f, W_OPEN));
	f = filter_and(f, parse(""));
	assert_true(matches(f, W_OPEN));
	f = filter_and(parse(" "), f);
	assert_true(matches(f, W_OPEN));
	f = filter_and(f, parse("proc.name=cat or proc.name=dog"));
	assert_true(matches(f, W_OPEN));
	for (int i = 0; i < 1000; i++)
		f = filter_and(f, parse("evt.type=openat"));
	assert_true(matches(f, W_OPEN));
	assert_false(matches(f, W_CONNECT));
	f = filter_and(f, parse("container.name=db"));
	assert_false(matches(f, W_OPEN));
	filter_free(f);
	filter_free(NULL);
}

/* An error has the name that the kernel's table has first; a filter may say the other. */
static void test_errors_of_two_names(void **state)
{
	struct filter *f = parse("evt.res = EWOULDBLOCK");
	struct event ev = world->events[W_FAILED];

	ev.ret = -EAGAIN;
	fields_begin(&context, &ev, world->model);
	assert_true(filter_match(f, &context));
	assert_false(matches(f, W_FAILED));
	filter_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_error_in_long_text),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_truncated_texts),
		cmocka_unit_test(test_long_lists),
		cmocka_unit_test(test_many_networks),
		cmocka_unit_test(test_many_texts),
		cmocka_unit_test(test_and),
		cmocka_unit_test(test_errors_of_two_names),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
