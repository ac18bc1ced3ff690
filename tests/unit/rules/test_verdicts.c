/* SPDX-License-Identifier: Apache-2.0 */
/* Falco's documented semantics, as a table: an event, a condition, what it must say. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "rules/filter.h"

#include "scene.h"

static struct scene *scene;
static struct field_context context;

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

#define T true
#define F false

static const struct {
	int event;
	const char *text;
	bool expected;
} verdicts[] = {
	/* A value that is missing: every comparison is false, so its negation is true. */
	{ W_OPEN, "fd.sip = 10.0.0.1", F },
	{ W_OPEN, "fd.sip != 10.0.0.1", F },
	{ W_OPEN, "not fd.sip = 10.0.0.1", T },
	{ W_OPEN, "not fd.sip != 10.0.0.1", T },
	{ W_OPEN, "fd.sport in (80, 443)", F },
	{ W_OPEN, "not fd.sport in (80, 443)", T },
	{ W_OPEN, "fd.sport < 1024", F },
	{ W_OPEN, "fd.sport >= 0", F },
	{ W_OPEN, "fd.snet in (0.0.0.0/0)", F },
	{ W_OPEN, "not fd.snet in (0.0.0.0/0)", T },
	{ W_OPEN, "fd.sip exists", F },
	{ W_OPEN, "not fd.sip exists", T },
	{ W_OPEN, "evt.arg.target contains x", F },
	{ W_OPEN, "evt.arg.target = \"\"", F },
	{ W_OPEN, "evt.arg.target != x", F },
	{ W_OPEN, "evt.arg.target startswith \"\"", F },
	{ W_OPEN, "evt.arg.target glob *", F },
	{ W_OPEN, "evt.arg.target regex .*", F },
	{ W_OPEN, "evt.arg.target pmatch (/)", F },
	{ W_OPEN, "proc.aname[5] = sshd", F },
	{ W_OPEN, "proc.aname[5] != sshd", F },
	{ W_OPEN, "not proc.aname[5] in (sshd)", T },
	{ W_OPEN, "proc.aname[5] exists", F },
	{ W_OPEN, "evt.arg.request exists", F },
	{ W_OPEN, "tolower(evt.arg.request) = x", F },
	{ W_OPEN, "tolower(evt.arg.request) != x", F },
	{ W_OPEN, "len(evt.arg.request) >= 0", F },
	{ W_HOST, "container.image.repository = nginx", F },
	{ W_HOST, "container.image.repository != nginx", F },
	{ W_HOST, "not container.image.repository in (nginx)", T },
	{ W_HOST, "container.privileged = true", F },
	{ W_HOST, "container.privileged = false", F },
	{ W_HOST, "container.privileged != true", F },
	{ W_HOST, "k8s.ns.name = kube-system", F },
	{ W_HOST, "k8s.ns.name != kube-system", F },
	{ W_HOST, "not k8s.ns.name = kube-system", T },
	{ W_PENDING, "container.id = host", F },
	{ W_PENDING, "container.id != host", F },
	{ W_PENDING, "container.id exists", F },
	{ W_PENDING, "not container.id = host", T },
	{ W_PENDING, "container.privileged = true", F },
	{ W_KILLED, "fd.name exists", F },
	{ W_KILLED, "evt.rawres >= 0", F },
	/* What is not known, or not there, is missing as well: terminals, layers, mounts. */
	{ W_HOST, "proc.tty != 0", F },
	{ W_HOST, "proc.tty = 0", F },
	{ W_HOST, "not proc.tty != 0", T },
	{ W_OPEN, "thread.cap_effective icontains sys_admin", F },
	{ W_HOST, "proc.is_exe_upper_layer = true", F },
	{ W_HOST, "proc.is_exe_upper_layer = false", F },
	{ W_DB_EXIT, "container.mount.dest[/proc*] in (\"<NA>\", \"N/A\")", F },
	{ W_DB_EXIT, "not container.mount.dest[/proc*] in (\"<NA>\", \"N/A\")", T },
	{ W_CONNECT, "fd.sip.name = \"kubernetes.default.svc.cluster.local\"", F },
	{ W_CONNECT, "fd.sip.name exists", F },
	{ W_CONNECT, "fd.connected = false", T },
	{ W_OPEN, "fd.connected = false", F },
	{ W_CONNECT, "fd.name_changed = false", T },
	{ W_OPEN, "fd.name_changed = false", F },
	{ W_CONNECT, "thread.cpu < 5", F },
	{ W_CONNECT, "not thread.cpu < 5", T },

	/* Precedence: not, then and, then or. */
	{ W_OPEN, "proc.name = x or proc.name = cat and proc.name = y", F },
	{ W_OPEN, "proc.name = cat or proc.name = x and proc.name = y", T },
	{ W_OPEN, "(proc.name = cat or proc.name = x) and proc.name = y", F },
	{ W_OPEN, "not proc.name = x and proc.name = cat", T },
	{ W_OPEN, "not (proc.name = x and proc.name = cat)", T },
	{ W_OPEN, "not proc.name = cat or proc.name = cat", T },
	{ W_OPEN, "not (proc.name = cat or proc.name = cat)", F },
	{ W_OPEN, "not not proc.name = cat", T },
	{ W_OPEN, "not not not proc.name = cat", F },
	{ W_OPEN, "not(proc.name = x)", T },
	{ W_OPEN, "proc.name = cat and(proc.name = x or evt.type = openat)", T },
	{ W_OPEN, "proc.name = x or(proc.name = cat)", T },
	{ W_OPEN, "((((proc.name = cat))))", T },
	{ W_OPEN, "proc.name = cat and not fd.name = x and not fd.name = y", T },

	/* Signs need no blank, words do; what is bare ends at a blank, comma, parenthesis, =, quote. */
	{ W_OPEN, "proc.name=cat", T },
	{ W_OPEN, "proc.name!=cat", F },
	{ W_OPEN, "proc.name==cat", T },
	{ W_OPEN, "proc.name in(cat,dog)", T },
	{ W_OPEN, "proc.name in ( dog ,cat )", T },
	{ W_OPEN, "proc.name in (dog,\ncat)", T },
	{ W_OPEN, "fd.num>=3", T },
	{ W_OPEN, "fd.num<4", T },
	{ W_OPEN, "fd.name=/mnt/test.txt", T },
	{ W_OPEN, "fd.name=\"/mnt/test.txt\"", T },
	{ W_OPEN, "fd.name='/mnt/test.txt'", T },
	{ W_OPEN, "proc.cmdline = \"cat /mnt/test.txt -n\"", T },
	{ W_OPEN, "proc.cmdline contains \" -n\"", T },
	{ W_OPEN, "proc.cmdline contains -n", T },
	{ W_OPEN, "proc.args contains \"-n\"", T },
	{ W_OPEN, "proc.pname = runc:[0:PARENT]", F },
	{ W_OPEN, "proc.pname in (runc:[0:PARENT], bash)", T },
	{ W_OPEN, "proc.name in (\"(systemd)\", cat)", T },
	{ W_OPEN, "fd.name endswith .txt", T },
	{ W_OPEN, "proc.name = \"c\\x61t\"", T },
	{ W_OPEN, "fd.name = \"\\/mnt\\/test.txt\"", T },
	{ W_OPEN, "proc.cmdline contains \"\\ \"", F },
	{ W_OPEN, "proc.cmdline endswith \\", F },
	{ W_OPEN, "proc.name startswith \"\"", T },
	{ W_OPEN, "proc.name endswith \"\"", T },
	{ W_OPEN, "proc.name contains \"\"", T },
	{ W_OPEN, "proc.name in ()", F },
	{ W_OPEN, "not proc.name in ()", T },

	/* Text */
	{ W_OPEN, "proc.name = CAT", F },
	{ W_OPEN, "proc.name contains a", T },
	{ W_OPEN, "proc.name contains A", F },
	{ W_OPEN, "proc.name icontains A", T },
	{ W_OPEN, "fd.name icontains TEST.TXT", T },
	{ W_OPEN, "fd.name startswith /mnt", T },
	{ W_OPEN, "fd.name startswith /mnt/test.txt", T },
	{ W_OPEN, "fd.name startswith /mnt/test.txt2", F },
	{ W_OPEN, "fd.name startswith /MNT", F },
	{ W_OPEN, "fd.name endswith txt", T },
	{ W_OPEN, "fd.name endswith /mnt", F },
	{ W_OPEN, "fd.name glob /mnt/*", T },
	{ W_OPEN, "fd.name glob /mnt/*.tx?", T },
	{ W_OPEN, "fd.name glob /m*t", T },
	{ W_OPEN, "fd.name glob *", T },
	{ W_OPEN, "fd.name glob /mnt", F },
	{ W_OPEN, "fd.name glob /mnt/[s-u]est.txt", T },
	{ W_OPEN, "fd.name glob /mnt/[!t]est.txt", F },
	{ W_OPEN, "fd.name glob /MNT/*", F },
	{ W_OPEN, "fd.name iglob /MNT/*", T },
	{ W_OPEN, "fd.name iglob /mnt/[S-U]EST.TXT", T },
	{ W_OPEN, "fd.name iglob /mnt/[!T]est.txt", F },
	{ W_OPEN, "fd.name regex /mnt/.*", T },
	{ W_OPEN, "fd.name regex /mnt", F },
	{ W_OPEN, "fd.name regex mnt/test.txt", F },
	{ W_OPEN, "fd.name regex '/(mnt|tmp)/[a-z]+\\\\.txt'", T },
	{ W_OPEN, "fd.name regex '(?i)/MNT/.*'", T },
	{ W_OPEN, "proc.name regex 'c?a*t{1}'", T },
	{ W_OPEN, "proc.name regex '[^c].*'", F },
	{ S_WRITE, "evt.buffer bcontains cafebabe", T },
	{ S_WRITE, "evt.buffer bcontains CAFEBABE", T },
	{ S_WRITE, "evt.buffer bcontains babe00", T },
	{ S_WRITE, "evt.buffer bcontains deadbeef", F },
	{ S_WRITE, "evt.buffer bstartswith cafe", T },
	{ S_WRITE, "evt.buffer bstartswith babe", F },
	{ S_SENDTO, "evt.buffer startswith GET", T },
	{ S_SENDTO, "evt.buffer contains HTTP", T },
	{ S_SENDTO, "evt.buffer bcontains 48545450", T },
	{ W_OPEN, "evt.buffer exists", F },

	/* Paths by their components */
	{ W_OPEN, "fd.name pmatch (/mnt)", T },
	{ W_OPEN, "fd.name pmatch (/mnt/)", T },
	{ W_OPEN, "fd.name pmatch (/)", T },
	{ W_OPEN, "fd.name pmatch (/mnt/test.txt)", T },
	{ W_OPEN, "fd.name pmatch (/mnt/test)", F },
	{ W_OPEN, "fd.name pmatch (/mn)", F },
	{ W_OPEN, "fd.name pmatch (/etc, /usr, /mnt)", T },
	{ W_OPEN, "fd.name pmatch (/mnt/test.txt/more)", F },
	{ W_OPEN, "fd.name pmatch ()", F },

	/* Lists, and what is said of several values */
	{ W_OPEN, "proc.name in (a, b, c, d, e, f, g, h, cat)", T },
	{ W_OPEN, "proc.name intersects (dog, cat)", T },
	{ W_OPEN, "proc.name intersects (dog)", F },
	{ W_OPEN, "fd.name startswith anyof (/etc, /mnt)", T },
	{ W_OPEN, "fd.name startswith anyof (/etc, /usr)", F },
	{ W_OPEN, "fd.name contains allof (mnt, test)", T },
	{ W_OPEN, "fd.name contains allof (mnt, pest)", F },
	{ W_OPEN, "fd.name contains oneof (mnt, pest)", T },
	{ W_OPEN, "fd.name contains oneof (mnt, test)", F },
	{ W_OPEN, "fd.name endswith anyof(.exe, .txt)", T },
	{ W_OPEN, "fd.name glob anyof (/etc/*, /mnt/*)", T },
	{ W_OPEN, "fd.name regex anyof ('/etc/.*', '/mnt/.*')", T },
	{ W_OPEN, "proc.name = anyof (a, cat)", T },
	{ W_OPEN, "proc.name != allof (a, b)", T },
	{ W_OPEN, "proc.name != allof (a, cat)", F },
	{ W_OPEN, "fd.name startswith anyof ()", F },
	{ W_OPEN, "fd.name startswith allof ()", T },
	{ W_OPEN, "proc.name = anyof", F },
	{ W_CONNECT, "fd.sip != anyof (10.0.0.7, 192.0.2.1)", T },
	{ W_CONNECT, "fd.ip != anyof (10.0.0.7, 192.0.2.1)", T },
	{ W_CONNECT, "fd.ip != anyof (10.0.0.7)", F },
	{ W_CONNECT, "fd.ip != allof (10.0.0.7, 192.0.2.1)", F },
	{ W_CONNECT, "fd.ip != allof (192.0.2.2, 192.0.2.1)", T },
	{ W_CONNECT, "fd.ip != oneof (10.0.0.7, 192.0.2.1)", F },
	{ W_CONNECT, "fd.ip != val(fd.sip)", F },
	{ W_OPEN, "fd.ip != anyof (10.0.0.7, 192.0.2.1)", F },

	/* Transformers, and another field on the right */
	{ W_OPEN, "toupper(proc.name) = CAT", T },
	{ W_OPEN, "tolower(toupper(proc.name)) = cat", T },
	{ W_OPEN, "tolower(proc.name) = CAT", F },
	{ W_OPEN, "basename(fd.name) = test.txt", T },
	{ W_OPEN, "basename(proc.name) = cat", T },
	{ W_OPEN, "toupper(basename(fd.name)) startswith TEST", T },
	{ W_OPEN, "len(proc.name) = 3", T },
	{ W_OPEN, "len(proc.name) > 3", F },
	{ W_OPEN, "len(basename(fd.name)) in (7, 8)", T },
	{ W_OPEN, "b64(proc.name) exists", T },
	{ W_OPEN, "b64(fd.name) exists", F },
	{ W_OPEN, "proc.name = val(proc.name)", T },
	{ W_OPEN, "proc.name = val(proc.pname)", F },
	{ W_OPEN, "proc.name != val(proc.pname)", T },
	{ W_OPEN, "proc.exepath endswith val(proc.name)", T },
	{ W_OPEN, "fd.name contains val(fd.filename)", T },
	{ W_OPEN, "proc.pname = val(evt.arg.request)", F },
	{ W_OPEN, "proc.pname != val(evt.arg.request)", F },
	{ W_OPEN, "fd.name in val(fd.name)", T },
	{ W_OPEN, "proc.pid > val(proc.ppid)", T },
	{ W_OPEN, "proc.name = tolower(proc.name)", T },
	{ W_OPEN, "toupper(proc.name) = toupper(proc.name)", T },
	{ W_OPEN, "proc.pname = val(proc.aname)", T },
	{ W_OPEN, "proc.name = val(proc.aname)", F },
	{ W_CONNECT, "fd.sip = val(fd.rip)", T },
	{ W_CONNECT, "fd.sip = val(fd.lip)", F },

	/* Calls of several arguments: as Falco's own tests have them. */
	{ W_OPEN, "join(\"-\", (fd.name, fd.directory)) = /mnt/test.txt-/mnt", T },
	{ W_OPEN, "join(\"-\", (\"aaa\", 'bbb')) = aaa-bbb", T },
	{ W_OPEN, "join( '->' , ( \"aaa\" , \"bbb\" ) ) = \"aaa->bbb\"", T },
	{ W_OPEN, "join(\"->\", (\"aaa\")) = aaa", T },
	{ W_OPEN, "join(\",\", (proc.pid, proc.pid)) = \"5000,5000\"", T },
	{ W_OPEN, "join(\",\", (proc.pid, 123)) contains 123", T },
	{ W_OPEN, "join(\",\", ()) = \"\"", T },
	{ W_OPEN, "join(\",\", ()) = \",\"", F },
	{ W_OPEN, "join(fd.name, (fd.directory, fd.directory)) = /mnt/mnt/test.txt/mnt", T },
	{ W_OPEN, "join(\"-\", (fd.directory, join(\"->\", (\"aaa\", toupper(proc.name))))) = \"/mnt-aaa->CAT\"", T },
	{ W_OPEN, "join(\"-\", (toupper(proc.name), b64(fd.name))) exists", F },
	{ W_OPEN, "join(\" \", proc.args) = val(proc.args)", T },
	{ W_OPEN, "join(\"/\", proc.aname) startswith bash", T },
	{ W_OPEN, "join(\"-\", (fd.name, fd.sip)) = x", F },
	{ W_OPEN, "join(\"-\", (fd.name, fd.sip)) != x", F },
	{ W_OPEN, "not join(\"-\", (fd.name, fd.sip)) != x", T },
	{ W_OPEN, "concat(fd.name, fd.directory) = /mnt/test.txt/mnt", T },
	{ W_OPEN, "concat(\"aaa\", \"bbb\", \"ccc\") = aaabbbccc", T },
	{ W_OPEN, "concat(fd.directory, concat(\"aaa\", toupper(proc.name))) = /mntaaaCAT", T },
	{ W_OPEN, "concat(\"aaa\", \"bbb\") = \"aaa-bbb\"", F },
	{ W_OPEN, "concat(fd.name, k8s.deployment.name) exists", F },
	{ W_OPEN, "b64(join(\"W\", (\"YWFhL\", \"JiYg\"))) = \"aaa-bbb\"", T },
	{ W_OPEN, "b64(concat(\"YWFh\", \"YmJi\")) = \"aaabbb\"", T },
	{ W_OPEN, "len(concat(\"aaa\", \"bbb\")) = 6", T },
	{ W_OPEN, "len(join(\"-\", (\"aaa\", \"bbb\"))) >= 7", T },
	{ W_OPEN, "toupper(tolower(concat(\"aAa\", \"bbb\"))) = AAABBB", T },
	{ W_OPEN, "basename(join(\"/\", (fd.directory, \"x\"))) = x", T },
	{ W_OPEN, "fd.name = concat(fd.directory, \"/test.txt\")", T },
	{ W_OPEN, "fd.name = val(concat(fd.directory, \"/\", fd.filename))", T },
	{ W_OPEN, "getopt((\"-n\",\"\"), \"n\") intersects (\"n\")", T },
	{ W_OPEN, "getopt((\"-t\", \"hello\"), \"t:\") intersects (\"t\", \"hello\")", T },
	{ W_OPEN, "getopt((\"-nt\", \"hello\"), \"nt:\") intersects (\"hello\")", T },
	{ W_OPEN, "getopt((\"-thello\"), \"t:\") intersects (\"hello\")", T },
	{ W_OPEN, "getopt((\"-n\"), \"n\") intersects (\"t\")", F },
	{ W_OPEN, "getopt((\"-n\", \"--\", \"-t\"), \"nt:\") intersects (\"n\")", T },
	{ W_OPEN, "getopt((\"-n\", \"--\", \"-t\"), \"nt:\") intersects (\"t\")", F },
	{ W_OPEN, "getopt((\"-n\", \"x\", \"-t\"), \"nt:\") intersects (\"t\")", F },
	{ W_OPEN, "getopt((\"--exec\", \"-n\"), \"nexc\") = n", T },
	{ W_OPEN, "toupper(getopt((\"-abcdefghij\"), \"abcdefghij\")) = J", T },
	{ W_OPEN, "tolower(toupper(getopt((\"-abcdefghij\"), \"abcdefghij\"))) = a", T },
	{ W_OPEN, "b64(getopt((\"-aYQ==\", \"-a-\", \"-aYg==\"), \"a:\")) = b", T },
	{ W_OPEN, "b64(getopt((\"-aYQ==\", \"-a-\", \"-aYg==\"), \"a:\")) = a", T },
	{ W_OPEN, "getopt((\"--exec\", \"-n\"), \"nexc\") = x", F },
	{ W_OPEN, "getopt((\"-x\", \"-n\"), \"n\") intersects (\"?\")", T },
	{ W_OPEN, "getopt((\"-x\", \"-n\"), \"n\") intersects (\"x\")", F },
	{ W_OPEN, "getopt((\"-lpe\", \"/bin/sh\"), \"lp:e:\") intersects (\"e\")", T },
	{ W_OPEN, "getopt((\"-lpe\", \"/bin/sh\"), \"lpe:\") intersects (\"/bin/sh\")", T },
	{ W_OPEN, "getopt((\"-n\", \"-t\"), \"\") intersects (\"n\")", F },
	{ W_OPEN, "getopt((\"-n\", \"-t\"), \"\") = \"?\"", T },
	{ W_OPEN, "getopt((\"x\"), \"n\") exists", F },
	{ W_OPEN, "getopt((\"-nt\", \"hello\"), \"nt:\")[t] = hello", T },
	{ W_OPEN, "getopt((\"-nt\", \"hello\"), \"nt:\")[\"n\"] = n", T },
	{ W_OPEN, "getopt((\"-ta\", \"-tb\"), \"t:\")[t] = b", T },
	{ W_OPEN, "getopt((\"-ta\", \"-t\"), \"t:\")[t] = \"\"", T },
	{ W_OPEN, "getopt((\"-n\"), \"nt:\")[t] exists", F },
	{ W_OPEN, "getopt((\"-n\"), \"nt:\")[t] != x", F },
	{ W_OPEN, "len(getopt((\"-nt\", \"hello\"), \"nt:\")) = 3", T },
	{ W_OPEN, "len(getopt((\"-nt\", \"hello\"), \"nt:\")[t]) = 5", T },
	{ W_OPEN, "toupper(getopt((\"-nt\", \"hello\"), \"nt:\")) = HELLO", T },
	{ W_OPEN, "getopt((proc.args[1], proc.args[0]), \"n:\")[n] = /mnt/test.txt", T },
	{ W_OPEN, "getopt(proc.args, \"n\") exists", F },

	/* Numbers */
	{ W_OPEN, "proc.pid = 5000", T },
	{ W_OPEN, "proc.pid = 0x1388", T },
	{ W_OPEN, "proc.pid = 5e+3", T },
	{ W_OPEN, "proc.pid = 5000.0", T },
	{ W_OPEN, "proc.pid = +5000", T },
	{ W_OPEN, "proc.pid in (1, 5000)", T },
	{ W_OPEN, "proc.pid intersects (1, 5000)", T },
	{ W_OPEN, "user.loginuid = -1", T },
	{ W_OPEN, "user.loginuid >= 0", F },
	{ W_OPEN, "user.uid != 0", T },
	{ W_OPEN, "evt.num = 0", F },
	{ W_OPEN, "evt.num > 0", T },
	{ W_OPEN, "not evt.num = 0", T },

	/* Opens: what was asked for, and what came of it */
	{ W_OPEN, "evt.type in (open, openat, openat2) and evt.is_open_read = true and fd.typechar = 'f' "
		  "and fd.num >= 0", T },
	{ W_OPEN, "evt.is_open_write = true", F },
	{ W_OPEN, "evt.res = SUCCESS", T },
	{ W_OPEN, "evt.res startswith E", F },
	{ W_OPEN, "evt.rawres = 3", T },
	{ W_OPEN, "evt.rawres in (0, 1, 2)", F },
	{ W_OPEN, "fd.directory = /mnt", T },
	{ W_OPEN, "fd.directory = /mnt/", F },
	{ W_OPEN, "fd.filename = test.txt", T },
	{ W_OPEN, "fd.nameraw = test.txt", T },
	{ W_OPEN, "evt.arg.flags contains O_RDONLY", T },
	{ W_OPEN, "evt.arg.flags contains O_TRUNC", F },
	{ W_OPEN, "evt.dir = <", T },
	{ W_OPEN, "evt.dir = >", F },
	{ W_FAILED, "fd.num = -1 and evt.res startswith E", T },
	{ W_FAILED, "fd.num >= 0", F },
	{ W_FAILED, "evt.res = EACCES", T },
	{ W_FAILED, "evt.res in (ENOENT, EACCES)", T },
	/* Both names of an error, the kernel's own, and numbers, which nothing has. */
	{ W_FAILED, "evt.res in (EWOULDBLOCK, ERESTARTSYS, EUNKNOWN, 13, -13)", F },
	{ W_FAILED, "evt.res = SUCCESS", F },
	{ W_FAILED, "evt.rawres < 0", T },
	{ W_FAILED, "evt.failed = true", T },
	{ W_FAILED, "fd.name = /etc/shadow", T },
	{ W_FAILED, "fd.nameraw contains ../", T },
	{ W_FAILED, "fd.typechar = f", T },
	{ W_FAILED, "fd.directory = /etc", T },
	{ W_FAILED, "evt.is_open_read = true and evt.is_open_write = true", T },
	{ W_FAILED, "evt.arg.flags contains O_CREAT", T },
	{ W_FAILED, "evt.arg.flags = O_RDWR|O_CREAT", T },
	{ W_CREATE, "evt.type = openat2 and evt.is_open_write = true", T },
	{ W_CREATE, "evt.is_open_read = true", F },
	{ W_CREATE, "evt.is_open_exec = true", F },
	{ W_CREATE, "evt.arg.flags contains O_CREAT", T },
	{ W_CREATE, "fd.directory = /tmp", T },
	{ W_PENDING, "fd.directory = /", T },
	{ W_PENDING, "fd.name = /", T },
	{ W_PENDING, "fd.typechar = d", T },
	{ W_CONNECT, "evt.is_open_read = true", F },
	{ W_CONNECT, "evt.is_open_read = false", T },

	/* A link: Falco has the path that was asked for, the kernel the one that was opened. */
	{ S_LINKED, "fd.name = /etc/shadow", T },
	{ S_LINKED, "fd.name = /var/link", T },
	{ S_LINKED, "fd.name = /var/other", F },
	{ S_LINKED, "fd.name != /etc/shadow", F },
	{ S_LINKED, "fd.name != /var/link", F },
	{ S_LINKED, "fd.name != /var/other", T },
	{ S_LINKED, "not fd.name = /var/link", F },
	{ S_LINKED, "not fd.name in (/etc/shadow)", F },
	{ S_LINKED, "fd.name startswith /var/", T },
	{ S_LINKED, "fd.name startswith /etc/", T },
	{ S_LINKED, "fd.name pmatch (/etc)", T },
	{ S_LINKED, "fd.name pmatch (/var)", T },
	{ S_LINKED, "fd.name startswith allof (/etc, /var)", F },
	{ S_LINKED, "fd.directory = /var", T },
	{ S_LINKED, "fd.directory = /etc", T },
	{ S_LINKED, "fd.directory != /etc", F },
	{ S_LINKED, "fd.filename in (link)", T },
	{ S_LINKED, "fd.filename in (shadow)", T },
	{ S_LINKED, "basename(fd.name) = link", T },
	{ S_LINKED, "basename(fd.name) != link", F },
	{ S_LINKED, "toupper(fd.name) = /ETC/SHADOW", T },
	{ S_LINKED, "len(fd.name) = 9", T },
	{ S_LINKED, "fd.nameraw = /var/link", T },
	{ S_LINKED, "fd.nameraw = /etc/shadow", F },

	/* Execs, those that failed as well */
	{ W_EXEC, "evt.type in (execve, execveat)", T },
	{ W_EXEC, "evt.type = execve and proc.name = cat", T },
	{ W_EXEC, "proc.exepath = /usr/bin/cat", T },
	{ W_EXEC, "proc.exe = cat", T },
	{ W_EXEC, "proc.args = \"/mnt/test.txt -n\"", T },
	{ W_EXEC, "proc.cmdline startswith \"cat \"", T },
	{ W_EXEC, "proc.pname = bash", T },
	{ W_EXEC, "proc.pcmdline = \"bash -l\"", T },
	{ W_EXEC, "proc.pexe = /bin/bash", T },
	{ W_EXEC, "proc.cwd = /mnt", T },
	{ W_EXEC, "evt.arg.exe = cat", T },
	{ W_EXEC, "evt.arg.args contains test", T },
	{ W_EXEC, "evt.arg.res = 0", T },
	{ S_EXEC_FAILED, "evt.type in (execve, execveat)", T },
	{ S_EXEC_FAILED, "evt.type = execve and proc.name = cat", T },
	{ S_EXEC_FAILED, "evt.res = ENOENT", T },
	{ S_EXEC_FAILED, "evt.arg.res = ENOENT", T },
	{ S_EXEC_FAILED, "proc.exepath = /usr/bin/cat", T },
	{ S_MEMFD, "proc.is_exe_from_memfd = true", T },
	{ S_MEMFD, "proc.exepath startswith memfd:", T },
	{ W_EXEC, "proc.is_exe_from_memfd = false", T },
	{ S_SHELL, "proc.name in (sh, bash) and proc.pname = postgres", T },
	{ S_SHELL, "proc.pname exists", T },
	{ S_SHELL, "not proc.pname exists or proc.pname in (runc, containerd-shim)", F },
	{ S_SHELL, "proc.vpid = 7", T },

	/* Ancestors: [0] the process, [1] its parent; without a number any of those above */
	{ W_OPEN, "proc.aname[0] = cat", T },
	{ W_OPEN, "proc.aname[1] = bash", T },
	{ W_OPEN, "proc.aname[2] = bash", F },
	{ W_OPEN, "proc.aname = bash", T },
	{ W_OPEN, "proc.aname = cat", F },
	{ W_OPEN, "proc.aname in (sshd, bash)", T },
	{ W_OPEN, "not proc.aname in (sshd, bash)", F },
	{ W_OPEN, "proc.aname != cat", T },
	{ W_OPEN, "proc.aname contains as", T },
	{ W_OPEN, "proc.aname intersects (bash)", T },
	{ W_OPEN, "toupper(proc.aname) = BASH", T },
	{ W_OPEN, "proc.aexepath = /usr/bin/bash", T },
	{ W_OPEN, "proc.acmdline startswith bash", T },
	{ W_OPEN, "proc.apid in (4999)", T },
	{ S_SHELL, "proc.aname = postgres and proc.aname[1] = postgres", T },
	{ S_EXEC_HOST, "proc.aname in (sshd, login)", T },
	{ S_EXEC_HOST, "proc.aname[2] exists", F },
	{ W_KILLED, "proc.aname exists", F },
	{ W_KILLED, "proc.aname != x", F },
	{ W_KILLED, "not proc.aname in (sshd)", T },

	/* Containers and the host */
	{ W_OPEN, "container.id != host", T },
	{ W_OPEN, "container.id = host", F },
	{ W_OPEN, "container.id = 0123456789ab", T },
	{ W_HOST, "container.id != host", F },
	{ W_HOST, "container.id = host", T },
	{ W_HOST, "not container.id != host", T },
	{ W_OPEN, "container.image.repository = reg:5000/nginx", T },
	{ W_OPEN, "container.image.repository endswith /nginx", T },
	{ W_OPEN, "container.image.tag = 1.27", T },
	{ W_OPEN, "container.privileged = true", T },
	{ W_OPEN, "k8s.ns.name = shop", T },
	{ W_OPEN, "k8s.ns.name in (kube-system)", F },
	{ W_OPEN, "container.type = containerd", T },
	{ W_OPEN, "user.name = nginx", T },
	{ W_OPEN, "container.label[app] = shop", T },
	{ W_OPEN, "container.label.app = shop", T },
	{ W_OPEN, "container.label[nope] exists", F },
	{ W_STARTED, "evt.type = container", T },
	{ W_STARTED, "evt.type = container_started", T },
	{ W_OPEN, "evt.type = container", F },
	{ W_OPEN, "evt.type != container", T },
	{ W_OPEN, "evt.type in (switch, page_fault)", F },

	/* Addresses: server and client, either end, networks */
	{ W_CONNECT, "fd.sip = 10.0.0.7", T },
	{ W_CONNECT, "fd.cip = 10.0.0.1", T },
	{ W_CONNECT, "fd.sport = 443 and fd.cport = 40000", T },
	{ W_CONNECT, "fd.rip = 10.0.0.7 and fd.lip = 10.0.0.1", T },
	{ W_CONNECT, "fd.ip = 10.0.0.7", T },
	{ W_CONNECT, "fd.ip = 10.0.0.1", T },
	{ W_CONNECT, "fd.ip != 10.0.0.7", F },
	{ W_CONNECT, "fd.ip != 10.0.0.1", F },
	{ W_CONNECT, "fd.ip != 10.0.0.8", T },
	{ W_CONNECT, "not fd.ip = 10.0.0.8", T },
	{ W_CONNECT, "fd.ip in (10.0.0.8, 10.0.0.1)", T },
	{ W_CONNECT, "fd.port = 443", T },
	{ W_CONNECT, "fd.port = 40000", T },
	{ W_CONNECT, "fd.port != 443", F },
	{ W_CONNECT, "fd.port in (53, 443)", T },
	{ W_CONNECT, "fd.snet = 10.0.0.0/8", T },
	{ W_CONNECT, "fd.snet in (\"192.168.0.0/16\", \"10.0.0.0/8\")", T },
	{ W_CONNECT, "fd.snet in (192.168.0.0/16)", F },
	{ W_CONNECT, "fd.snet != 10.0.0.0/8", F },
	{ W_CONNECT, "fd.snet != 192.168.0.0/16", T },
	{ W_CONNECT, "fd.snet = 10.0.0.7", T },
	{ W_CONNECT, "fd.snet = 10.0.0.6/31", T },
	{ W_CONNECT, "fd.snet = 10.0.0.4/31", F },
	{ W_CONNECT, "fd.snet = 0.0.0.0/0", T },
	{ W_CONNECT, "fd.net = 10.0.0.1/32", T },
	{ W_CONNECT, "fd.net != 10.0.0.1/32", F },
	{ W_CONNECT, "fd.net != 172.16.0.0/12", T },
	{ W_CONNECT, "fd.cnet = 10.0.0.0/29", T },
	{ W_CONNECT, "fd.rnet in (10.0.0.0/29)", T },
	{ W_CONNECT, "fd.lnet in (127.0.0.0/8)", F },
	{ W_CONNECT, "fd.sip = ::1", F },
	{ W_CONNECT, "fd.sip != ::1", T },
	{ W_CONNECT, "fd.snet != fc00::/7", T },
	{ W_CONNECT, "fd.typechar = 4 and fd.type in (ipv4, ipv6)", T },
	{ W_CONNECT, "fd.l4proto = tcp", T },
	{ W_CONNECT, "fd.name = 10.0.0.1:40000->10.0.0.7:443", T },
	{ W_CONNECT, "evt.rawres >= 0 or evt.res = EINPROGRESS", T },
	{ W_CONNECT, "fd.sockfamily = ip", T },
	{ W_CONNECT6, "fd.snet = 2001:db8::/32", T },
	{ W_CONNECT6, "fd.snet = 2001:db9::/32", F },
	{ W_CONNECT6, "fd.sip = 2001:db8::7", T },
	{ W_CONNECT6, "fd.l4proto = udp", T },
	{ W_MAPPED, "fd.snet = 10.0.0.0/8 and fd.typechar = 4", T },
	{ S_ACCEPT, "fd.sip = 10.0.0.1 and fd.sport = 8080", T },
	{ S_ACCEPT, "fd.cip = 10.0.0.9", T },
	{ S_SENDTO, "fd.sip = \"169.254.169.254\"", T },
	{ S_SENDTO, "fd.sport = 80 and fd.l4proto = udp", T },
	{ S_UNIX, "fd.typechar = u and fd.name = /run/docker.sock", T },
	{ S_UNIX, "fd.sockfamily = unix", T },
	{ S_UNIX, "fd.sip exists", F },
	{ S_DUP, "evt.type in (dup, dup2, dup3) and evt.rawres in (0, 1, 2) and fd.type in (ipv4, ipv6)", T },
	{ S_DUP, "fd.num = 0", T },

	/* Arguments, by Falco's names and by the kernel's */
	{ W_EXEC, "evt.arg.tid = 5100", T },
	{ W_EXEC, "evt.arg.flags contains EXE_UPPER_LAYER", T },
	{ W_EXEC, "evt.arg.flags contains EXE_WRITABLE", F },
	{ W_OPEN, "evt.arg.flags contains EXE_UPPER_LAYER", F },
	{ S_SOCKET, "evt.arg.domain contains AF_PACKET", T },
	{ S_SOCKET, "evt.arg[0] contains AF_PACKET", T },
	{ S_SOCKET, "evt.arg.domain = AF_INET", F },
	{ S_SOCKET, "evt.arg.type contains SOCK_RAW", T },
	{ S_SETUID, "evt.arg.uid = 0", T },
	{ S_SETUID, "evt.arg.uid = root", F },
	{ S_SETUID, "evt.arg[0] = 0", T },
	{ S_SETUID, "evt.rawarg.uid = 0", T },
	{ S_PTRACE, "evt.arg.request = PTRACE_ATTACH", T },
	{ S_PTRACE, "evt.arg.request contains PTRACE_ATTACH", T },
	{ S_PTRACE, "evt.arg.request contains PTRACE_TRACEME", F },
	{ S_PTRACE, "evt.arg.pid = 1", T },
	{ S_CHMOD, "evt.arg.mode contains S_ISUID", T },
	{ S_CHMOD, "evt.arg.mode contains S_ISGID", F },
	{ S_CHMOD, "evt.arg.mode contains S_IXUSR", T },
	{ S_CHMOD, "evt.arg.filename = /mnt/run.sh", T },
	{ S_CHMOD, "evt.rawarg.mode = 2541", T },
	{ S_SYMLINK, "evt.arg.target = /etc/shadow", T },
	{ S_SYMLINK, "evt.arg.target in (/etc/shadow, /etc/passwd)", T },
	{ S_SYMLINK, "evt.arg.linkpath = /mnt/x", T },
	{ S_SYMLINK, "fd.name = /mnt/x", T },
	{ S_LINK, "evt.arg.oldpath = /etc/passwd", T },
	{ S_LINK, "evt.arg.newpath = /tmp/p", T },
	{ W_RENAME, "evt.arg.oldpath = /mnt/a and evt.arg.newpath startswith /mnt", T },
	{ S_UNLINK, "evt.arg.name = /etc/cron.d/job", T },
	{ S_UNLINK, "evt.arg.pathname = ../etc/cron.d/job", T },
	{ S_UNLINK, "fd.name startswith /etc/cron", T },
	{ S_MKDIR, "evt.arg.path startswith /usr/bin/", T },
	{ S_MKDIR, "evt.arg.mode = 0755", T },
	{ S_BPF, "evt.arg.cmd = 5 or evt.arg.cmd = BPF_PROG_LOAD", T },
	{ S_BPF, "evt.arg.cmd = BPF_MAP_CREATE", F },
	{ S_BPF, "evt.res = EPERM", T },
	{ W_DB_EXIT, "evt.type = procexit and evt.arg.ret = 3", T },
	{ W_KILLED, "evt.arg.sig = SIGKILL", T },
	{ W_OPEN, "evt.args contains \"pathname=test.txt\"", T },
};

static void test_verdicts(void **state)
{
	assert_true(ARRAY_SIZE(verdicts) >= 300);
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
		struct filter *f = NULL;
		bool match;

		if (filter_parse(&f, verdicts[i].text, &err) < 0)
			fail_msg("%s", err.s);
		fields_begin(&context, &scene->events[verdicts[i].event], scene->world->model);
		match = filter_match(f, &context);
		if (match != verdicts[i].expected)
			fail_msg("event %d, '%s': is %s", verdicts[i].event, verdicts[i].text,
				 match ? "true" : "false");
		filter_free(f);
	}
}

static const char *const refused[] = {
	"proc.name", "proc.name =", "proc.name in", "proc.name in (a", "proc.name in a", "= cat",
	"proc.name = a b", "proc.name = (a)", "proc.name = anyof a", "proc.name startswith in (a)",
	"proc.pid startswith 5", "proc.pid = 5.5", "proc.pid = abc", "proc.pid contains 5",
	"container.privileged = yes", "container.privileged < true", "container.privileged intersects (true)",
	"fd.sip = 10.0.0.0/8", "fd.sip < 10.0.0.1", "fd.sip startswith 10", "fd.snet = 10.0.0.0/33",
	"fd.snet = 10.0.0.0/", "fd.snet = 10.0.0/8", "fd.snet = ::/129", "evt.buffer bcontains xyz",
	"evt.buffer bcontains abc", "evt.buffer bcontains ''", "proc.name regex '('", "proc.name regex [",
	"proc.name regex val(proc.pname)", "lower(proc.name) = cat", "tolower(proc.name = cat",
	"join() = x", "join(\"-\") = x", "join(\"-\", \"a\", \"b\") = x", "join(\"a\", \"b\") = x",
	"join((\"a\", \"b\"), (\"a\")) = x", "join((\"a\"), \"a\") = x", "join(proc.aname, (\"a\")) = x",
	"join(\"-\", (fd.name, fd.directory) = x", "join(\"-\", (fd.name, (fd.name))) = x",
	"join(\"-\", (fd.name, fd.directory))[x] = x", "join(\"-\", (fd.name,)) = x", "join(\"-\", (a)) = x",
	"concat() = x", "concat(\"aaa\") = x", "concat(proc.aname, \"a\") = x", "concat(proc.pid, \"a\") = x",
	"concat(\"a\", (\"b\")) = x", "concat(\"a\", \"b\"", "concat(\"a\", ", "concat(",
	"getopt() = n", "getopt((\"a\")) = n", "getopt((\"a\"), \"n\", \"x\") = n", "getopt(\"a\", \"n\") = n",
	"getopt((\"-n\"), (\"n\")) = n", "getopt((\"-n\"), \"n\")[nt] = n", "getopt((\"-n\"), \"n\")[] = n",
	"getopt((\"-n\"), \"n\")[\"\"] = n", "getopt((\"-n\"), \"n\")[n = n", "concat(fd.name, fd.nam) = x",
	"concat(concat(concat(concat(concat(concat(concat(concat(concat(\"a\",\"b\"),\"b\"),\"b\"),\"b\"),\"b\"),\"b\"),\"b\"),\"b\"),\"b\") = x",
	"proc.args[x] = 1", "proc.args[] = 1", "evt.type.is.opne = 1", "evt.abspath.x = 1",
	"tolower(proc.pid) = 5", "tolower proc.name = cat", "tolower() = cat", "val(proc.name) = cat",
	"proc.pid = val(proc.name)", "proc.name = val(proc.pid)", "proc.name = val(nope.nope)",
	"proc.name = val(proc.pname", 
	"tolower(tolower(tolower(tolower(tolower(tolower(tolower(tolower(tolower(proc.name))))))))) = x",
	"proc.aname[x] = bash", "proc.aname[-1] = bash",
	"proc.aname[] = bash", "proc.aname[1 = bash", "proc.aname.1 = x.y and", "evt.type = nope",
	"evt.arg = x", "spawned_process", "not", "proc.name = cat and", "or proc.name = cat",
	"proc.name = cat or or proc.name = dog", "(proc.name = cat", "proc.name = cat)", "proc.name ~ cat",
	"proc.name = 'a\\qb'", "proc.name = 'abc", "foo.bar = 1", "container.label = x",
};

static void test_refused(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
		struct filter *f = NULL;

		if (filter_parse(&f, refused[i], &err) == 0)
			fail_msg("'%s' was taken", refused[i]);
		assert_true(err.len > 0);
	}
}

/* A pattern that backtracks without end gives up, and does not match. */
static void test_regex_limits(void **state)
{
	_cleanup_strbuf_ struct strbuf err = STRBUF_INIT;
	struct event ev = scene->events[W_OPEN];
	struct process p = *ev.proc;
	char name[4001];
	struct filter *f;

	memset(name, 'a', sizeof(name));
	name[4000] = '\0';
	p.exepath = name;
	ev.proc = &p;
	assert_int_equal(filter_parse(&f, "proc.exepath regex '(a*)*(a*)*b'", &err), 0);
	fields_begin(&context, &ev, scene->world->model);
	assert_false(filter_match(f, &context));
	filter_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_regex_limits),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
