/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "fields/accessors.h"

#include "falco_fields.h"
#include "world.h"

static struct world *world;
static struct field_context context;

static int set_up(void **state)
{
	setenv("TZ", "XYZ-1", 1);
	world = world_new();
	return 0;
}

static int tear_down(void **state)
{
	fields_end(&context);
	world_free(world);
	return 0;
}

/* The field's text, or "-" when it is missing. */
static char *text_of(enum world_event e, const char *name)
{
	_cleanup_free_ char *arg = NULL;
	const struct field *f = field_find(name, strlen(name), &arg);
	struct strbuf out = STRBUF_INIT;
	struct value v;

	if (!f)
		fail_msg("no field %s", name);
	fields_begin(&context, &world->events[e], world->model);
	field_get(f, arg, &context, &v);
	if (v.type != VALUE_NONE)
		if (v.type != VALUE_LIST && f->type != VALUE_NET)
		assert_int_equal(v.type, field_arg_type(f, arg));
	if (v.type == VALUE_NONE)
		strbuf_addc(&out, '-');
	value_print(&out, &v);
	return strbuf_take(&out);
}

static const struct {
	enum world_event event;
	const char *field;
	const char *expected;
} rows[] = {
	{ W_EXEC, "evt.type", "execve" },
	{ W_EXEC, "evt.num", "-" },
	{ W_EXEC, "evt.time", "23:13:32.345678901" },
	{ W_EXEC, "evt.time.iso8601", "2023-11-14T22:13:32.345678901Z" },
	{ W_EXEC, "evt.rawtime", "1700000012345678901" },
	{ W_EXEC, "evt.rawtime.s", "1700000012" },
	{ W_EXEC, "evt.rawtime.ns", "345678901" },
	{ W_EXEC, "evt.time.s", "23:13:32" },
	{ W_EXEC, "evt.datetime", "2023-11-14 23:13:32.345678901" },
	{ W_EXEC, "evt.datetime.s", "2023-11-14 23:13:32" },
	{ W_EXEC, "evt.outputtime", "23:13:32.345678901" },
	{ W_EXEC, "evt.reltime", "-" },
	{ W_EXEC, "evt.source", "syscall" },
	{ W_EXEC, "evt.is_async", "false" },
	{ W_EXEC, "evt.type.is.execve", "1" },
	{ W_EXEC, "evt.type.is.openat", "0" },
	{ W_EXEC, "syscall.type", "execve" },
	{ W_KILLED, "syscall.type", "-" },
	{ W_STARTED, "evt.is_async", "true" },
	{ W_EXEC, "evt.category", "process" },
	{ W_OPEN, "evt.category", "file" },
	{ W_CONNECT, "evt.category", "net" },
	{ W_OPEN, "evt.count", "1" },
	{ W_OPEN, "evt.count.exit", "1" },
	{ W_ENTRY, "evt.count.exit", "-" },
	{ W_OPEN, "evt.count.error", "0" },
	{ W_FAILED, "evt.count.error", "1" },
	{ W_FAILED, "evt.count.error.file", "1" },
	{ W_FAILED, "evt.count.error.net", "-" },
	{ W_FAILED, "evt.count.error.memory", "-" },
	{ W_FAILED, "evt.count.error.other", "-" },
	{ W_CONNECT, "evt.count.error.net", "1" },
	{ W_EXEC, "evt.count.error.other", "-" },
	{ W_OPEN, "evt.is_io", "false" },
	{ W_OPEN, "evt.io_dir", "-" },
	{ W_OPEN, "evt.buflen", "-" },
	{ W_OPEN, "evt.is_wait", "false" },
	{ W_OPEN, "evt.is_syslog", "false" },
	{ W_OPEN, "evt.abspath", "/mnt/test.txt" },
	{ W_FAILED, "evt.abspath", "/etc/shadow" },
	{ W_RENAME, "evt.abspath.src", "/mnt/a" },
	{ W_RENAME, "evt.abspath.dst", "/mnt/b" },
	{ W_OPEN, "evt.abspath.dst", "-" },
	{ W_OPEN, "evt.info", "dirfd=AT_FDCWD pathname=test.txt flags=O_RDONLY mode=0" },
	{ W_OPEN, "fs.path.name", "/mnt/test.txt" },
	{ W_OPEN, "fs.path.nameraw", "test.txt" },
	{ W_OPEN, "fs.path.source", "-" },
	{ W_FAILED, "fs.path.name", "-" },
	{ W_ENTRY, "fs.path.name", "-" },
	{ W_CONNECT, "fs.path.name", "-" },
	{ W_RENAME, "fs.path.name", "-" },
	{ W_RENAME, "fs.path.source", "/mnt/a" },
	{ W_RENAME, "fs.path.sourceraw", "/mnt/a" },
	{ W_RENAME, "fs.path.target", "/mnt/b" },
	{ W_RENAME, "fs.path.targetraw", "/mnt/b" },
	{ W_OPEN, "fd.dev.major", "8" },
	{ W_OPEN, "fd.dev.minor", "1" },
	{ W_OPEN, "fd.is_upper_layer", "false" },
	{ W_OPEN, "fd.is_lower_layer", "false" },
	{ W_FAILED, "fd.is_lower_layer", "-" },
	{ W_OPEN, "fd.uid", "51003" },
	{ W_OPEN, "fd.containername", "0123456789ab:/mnt/test.txt" },
	{ W_OPEN, "fd.containerdirectory", "0123456789ab:/mnt" },
	{ W_PENDING, "fd.containername", "-" },
	{ W_CONNECT, "fd.lproto", "40000" },
	{ W_CONNECT, "fd.rproto", "443" },
	{ W_CONNECT, "fd.cproto", "40000" },
	{ W_CONNECT, "fd.sproto", "443" },
	{ W_CONNECT, "fd.proto", "443" },
	{ W_CONNECT, "fd.is_server", "false" },
	{ W_CONNECT, "fd.connected", "false" },
	{ W_CONNECT, "fd.name_changed", "false" },
	{ W_OPEN, "fd.name_changed", "-" },
	{ W_OPEN, "fd.is_server", "-" },
	{ W_EXEC, "proc.args[0]", "/mnt/test.txt" },
	{ W_EXEC, "proc.args[1]", "-n" },
	{ W_EXEC, "proc.args[2]", "-" },
	{ W_EXEC, "proc.cmdnargs", "2" },
	{ W_EXEC, "proc.cmdlenargs", "15" },
	{ W_EXEC, "proc.is_cmdline_cut", "false" },
	{ W_EXEC, "proc.aargs[0]", "/mnt/test.txt -n" },
	{ W_EXEC, "proc.aargs[1]", "-l" },
	{ W_EXEC, "proc.aargs", "(-l)" },
	{ W_EXEC, "proc.aenv[0]", "HOME=/root EMPTY= X=a=b" },
	{ W_EXEC, "proc.aenv", "HOME=/root EMPTY= X=a=b" },
	{ W_EXEC, "proc.aenv[HOME]", "/" },
	{ W_EXEC, "proc.aenv[NONE]", "-" },
	{ W_EXEC, "proc.pgid", "5000" },
	{ W_EXEC, "proc.pgid.name", "cat" },
	{ W_EXEC, "proc.is_pgid_leader", "true" },
	{ W_EXEC, "proc.loginshellid", "4999" },
	{ W_HOST, "proc.loginshellid", "-" },
	{ W_EXEC, "proc.pidns_init_start_ts", "1700000001000000000" },
	{ W_EXEC, "proc.pvpid", "30" },
	{ W_EXEC, "thread.ismain", "false" },
	{ W_EXEC, "container.image.id", "-" },
	{ W_EXEC, "container.host_pid", "true" },
	{ W_EXEC, "container.host_network", "true" },
	{ W_EXEC, "container.host_ipc", "false" },
	{ W_HOST, "container.host_pid", "-" },
	{ W_EXEC, "container.duration", "12345678902" },
	{ W_EXEC, "container.ip", "10.88.0.7" },
	{ W_EXEC, "k8s.pod.ip", "10.88.0.7" },
	{ W_DB_EXIT, "k8s.pod.ip", "-" },
	{ W_EXEC, "k8s.pod.sandbox_id", "fedcba987654" },
	{ W_EXEC, "k8s.pod.full_sandbox_id", "fedcba9876543210" },
	{ W_EXEC, "container.mount.propagation[0]", "rprivate" },
	{ W_EXEC, "container.mount.mode[0]", "" },
	{ W_EXEC, "container.mount.mode[7]", "-" },
	{ W_EXEC, "evt.cpu", "3" },
	{ W_EXEC, "evt.phase", "run" },
	{ W_EXEC, "evt.unordered", "false" },
	{ W_EXEC, "evt.res", "SUCCESS" },
	{ W_EXEC, "activity.category", "process" },
	{ W_EXEC, "activity.title", "Process Manage" },
	{ W_EXEC, "evt.rawarg.pathname", "/usr/bin/cat" },
	{ W_EXEC, "evt.rawarg.argv", "-" },
	{ W_EXEC, "evt.arg.pathname", "/usr/bin/cat" },
	{ W_EXEC, "evt.arg.envp", "-" },
	{ W_EXEC, "evt.arg.flags", "EXE_UPPER_LAYER" },
	{ W_EXEC, "evt.arg.tid", "5100" },
	{ W_EXEC, "evt.arg.uid", "101" },
	{ W_EXEC, "evt.arg.trusted_exepath", "/usr/bin/cat" },
	{ W_EXEC, "evt.arg.cap_effective", "CAP_CHOWN CAP_KILL" },
	{ W_EXEC, "evt.arg.vm_size", "-" },
	{ W_EXEC, "proc.pid", "5000" },
	{ W_EXEC, "proc.ppid", "4999" },
	{ W_EXEC, "proc.vpid", "31" },
	{ W_EXEC, "thread.tid", "5100" },
	{ W_EXEC, "thread.vtid", "131" },
	{ W_EXEC, "proc.name", "cat" },
	{ W_EXEC, "proc.prev_name", "bash" },
	{ W_EXEC, "proc.exe", "cat" },
	{ W_EXEC, "proc.exepath", "/usr/bin/cat" },
	{ W_EXEC, "proc.exename", "cat" },
	{ W_EXEC, "proc.program", "cat" },
	{ W_EXEC, "proc.applet", "-" },
	{ W_EXEC, "proc.execfn", "/usr/bin/cat" },
	{ W_EXEC, "proc.args", "/mnt/test.txt -n" },
	{ W_EXEC, "proc.cmdline", "cat /mnt/test.txt -n" },
	{ W_EXEC, "proc.cwd", "/mnt" },
	{ W_EXEC, "proc.pname", "bash" },
	{ W_EXEC, "proc.pexepath", "/usr/bin/bash" },
	{ W_EXEC, "proc.pcmdline", "bash -l" },
	{ W_EXEC, "proc.start_ts", "1700000001000005000" },
	{ W_EXEC, "proc.pidns", "4026532995" },
	{ W_EXEC, "proc.mntns", "4026532993" },
	{ W_EXEC, "proc.cgroup_id", "7777" },
	{ W_EXEC, "user.uid", "101" },
	{ W_EXEC, "user.name", "nginx" },
	{ W_EXEC, "group.gid", "33" },
	{ W_EXEC, "group.name", "www-data" },
	{ W_EXEC, "user.loginuid", "-1" },
	{ W_EXEC, "host.name", "node1" },
	{ W_EXEC, "container.id", "0123456789ab" },
	{ W_EXEC, "container.full_id", WEB_ID },
	{ W_EXEC, "container.name", "web" },
	{ W_EXEC, "container.info", "container_id=0123456789ab container_name=web" },
	{ W_HOST, "container.info", "container_id=host container_name=host" },
	{ W_PENDING, "container.info", "-" },
	{ W_EXEC, "container.runtime", "containerd" },
	{ W_EXEC, "container.image", "reg:5000/nginx:1.27" },
	{ W_EXEC, "container.image.repository", "reg:5000/nginx" },
	{ W_EXEC, "container.image.tag", "1.27" },
	{ W_EXEC, "container.image.digest", "-" },
	{ W_EXEC, "container.pid", "4211" },
	{ W_EXEC, "container.pidns", "4026532995" },
	{ W_EXEC, "container.mntns", "4026532993" },
	{ W_EXEC, "container.privileged", "true" },
	{ W_EXEC, "container.host_namespaces", "pid,net" },
	{ W_EXEC, "container.cgroup", "/kubepods/web" },
	{ W_EXEC, "container.start_ts", "1699999999999999999" },
	{ W_EXEC, "container.created", "1699999999999999998" },
	{ W_EXEC, "container.label.app", "shop" },
	{ W_EXEC, "container.label[app]", "shop" },
	{ W_EXEC, "container.label[\"io.kubernetes/x-y\"]", "" },
	{ W_EXEC, "container.label.none", "-" },
	{ W_EXEC, "container.mounts", "/proc:/host/proc::false:rprivate /srv/web:1:/var/www::true:" },
	{ W_EXEC, "container.mount[0]", "/proc:/host/proc::false:rprivate" },
	{ W_EXEC, "container.mount[/srv/*]", "/srv/web:1:/var/www::true:" },
	{ W_EXEC, "container.mount.dest[/proc*]", "/host/proc" },
	{ W_EXEC, "container.mount.dest[1]", "/var/www" },
	{ W_EXEC, "container.mount.dest[/]", "-" },
	{ W_EXEC, "container.mount.dest[2]", "-" },
	{ W_EXEC, "container.mount.source[/var/www]", "/srv/web:1" },
	{ W_EXEC, "container.mount.source[/proc]", "-" },
	{ W_EXEC, "container.mount.rdwr[/proc]", "false" },
	{ W_EXEC, "container.mount.rdwr[/srv*]", "true" },
	{ W_DB_EXIT, "container.mounts", "-" },
	{ W_HOST, "container.mounts", "-" },
	{ W_HOST, "container.mount.dest[0]", "-" },
	{ W_EXEC, "k8s.ns.name", "shop" },
	{ W_EXEC, "k8s.pod.name", "web-7d9" },
	{ W_EXEC, "k8s.pod.uid", "aaaa-bbbb" },
	{ W_EXEC, "k8s.pod.label[tier]", "front" },
	{ W_EXEC, "evt.is_open_read", "false" },
	{ W_EXEC, "lost.count", "-" },

	{ W_OPEN, "fd.num", "3" },
	{ W_OPEN, "fd.type", "file" },
	{ W_OPEN, "fd.typechar", "f" },
	{ W_OPEN, "fd.name", "/mnt/test.txt" },
	{ W_OPEN, "fd.nameraw", "test.txt" },
	{ W_OPEN, "fd.directory", "/mnt" },
	{ W_OPEN, "fd.filename", "test.txt" },
	{ W_OPEN, "fd.oldname", "-" },
	{ W_OPEN, "fd.ino", "4711" },
	{ W_OPEN, "fd.dev", "8388609" },
	{ W_OPEN, "fd.fstype", "ext4" },
	{ W_OPEN, "fd.rip", "-" },
	{ W_OPEN, "fd.port", "-" },
	{ W_OPEN, "fd.l4proto", "-" },
	{ W_OPEN, "evt.arg.pathname", "test.txt" },
	{ W_OPEN, "evt.arg.1", "AT_FDCWD" },
	{ W_OPEN, "evt.arg.2", "/mnt/test.txt" },
	{ W_OPEN, "evt.arg[dirfd]", "AT_FDCWD" },
	{ W_OPEN, "evt.arg.oldpath", "-" },
	{ W_OPEN, "evt.arg.name", "/mnt/test.txt" },
	{ W_OPEN, "evt.arg.path", "/mnt/test.txt" },
	{ W_OPEN, "evt.arg.fd", "3" },
	{ W_OPEN, "evt.arg.res", "3" },
	{ W_OPEN, "evt.dir", "<" },
	{ W_OPEN, "evt.is_entry", "-" },
	{ W_ENTRY, "evt.is_entry", "true" },
	{ W_ENTRY, "evt.dir", ">" },
	{ W_ENTRY, "evt.arg.pathname", "/mnt/test.txt" },
	{ W_ENTRY, "fd.nameraw", "/mnt/test.txt" },
	{ W_ENTRY, "evt.res", "-" },
	{ W_ENTRY, "evt.rawres", "-" },
	{ W_ENTRY, "evt.failed", "false" },
	{ W_ENTRY, "evt.arg.res", "-" },
	{ W_ENTRY, "evt.arg.fd", "-" },
	{ W_ENTRY, "fd.num", "-" },
	{ W_OPEN, "evt.is_open_exec", "false" },
	{ W_CREATE, "evt.is_open_exec", "false" },
	{ W_CREATE, "evt.arg.flags", "O_WRONLY|O_CREAT" },
	{ W_FAILED, "evt.arg.name", "/etc/shadow" },
	{ W_FAILED, "evt.arg.res", "EACCES" },
	{ W_CONNECT, "fd.sip", "10.0.0.7" },
	{ W_CONNECT, "fd.sport", "443" },
	{ W_CONNECT, "fd.cip", "10.0.0.1" },
	{ W_CONNECT, "fd.cport", "40000" },
	{ W_CONNECT, "fd.snet", "10.0.0.7" },
	{ W_CONNECT, "fd.sockfamily", "ip" },
	{ W_CONNECT, "fd.sip.name", "-" },
	{ W_CONNECT, "evt.arg.fd", "5" },
	{ W_OPEN, "fd.sip", "-" },
	{ W_OPEN, "fd.unreachable", "false" },
	{ W_FAILED, "fd.unreachable", "-" },
	{ W_CONNECT, "fd.unreachable", "-" },
	{ W_OPEN, "fd.is_deleted", "false" },
	{ W_FAILED, "fd.is_deleted", "-" },
	{ W_CONNECT, "fd.is_deleted", "-" },
	{ W_OPEN, "proc.aname", "(bash)" },
	{ W_OPEN, "proc.aname[0]", "cat" },
	{ W_OPEN, "proc.aname[1]", "bash" },
	{ W_OPEN, "proc.aname[2]", "-" },
	{ W_OPEN, "proc.aexe[1]", "/bin/bash" },
	{ W_OPEN, "proc.aexepath[1]", "/usr/bin/bash" },
	{ W_OPEN, "proc.aexecfn[1]", "/usr/bin/bash" },	/* it ran before */
	{ W_OPEN, "proc.acmdline[1]", "bash -l" },
	{ W_OPEN, "proc.apid[1]", "4999" },
	{ W_OPEN, "proc.pexe", "/bin/bash" },
	{ W_OPEN, "proc.nargs", "2" },
	{ W_OPEN, "proc.exeline", "cat /mnt/test.txt -n" },
	{ W_OPEN, "proc.is_exe_from_memfd", "false" },
	{ W_OPEN, "proc.tty", "34818" },
	{ W_OPEN, "proc.stdin.type", "char" },
	{ W_OPEN, "proc.stdout.type", "ipv6" },
	{ W_OPEN, "proc.stderr.type", "-" },
	{ W_OPEN, "proc.sid", "4999" },
	{ W_OPEN, "proc.sname", "bash" },
	{ W_OPEN, "proc.sid.exe", "/bin/bash" },
	{ W_OPEN, "proc.sid.exepath", "/usr/bin/bash" },
	{ W_OPEN, "proc.is_sid_leader", "false" },
	{ W_OPEN, "proc.vpgid", "31" },
	{ W_OPEN, "proc.vpgid.name", "cat" },
	{ W_OPEN, "proc.vpgid.exe", "cat" },
	{ W_OPEN, "proc.vpgid.exepath", "/usr/bin/cat" },
	{ W_OPEN, "proc.is_vpgid_leader", "true" },
	{ W_OPEN, "thread.cap_effective", "CAP_CHOWN CAP_KILL" },
	{ W_OPEN, "thread.cap_permitted", "CAP_KILL" },
	{ W_OPEN, "thread.cap_inheritable", "" },
	{ W_OPEN, "proc.is_exe_upper_layer", "true" },
	{ W_OPEN, "proc.is_exe_lower_layer", "false" },
	{ W_OPEN, "proc.is_exe_moved", "false" },
	{ W_EXEC, "proc.interpreter", "/lib/ld-musl-x86_64.so.1" },
	{ W_OPEN, "proc.interpreter", "-" },
	{ W_EXEC, "proc.is_interpreter_upper_layer", "true" },
	{ W_OPEN, "proc.is_interpreter_upper_layer", "-" },
	{ W_OPEN, "proc.is_exe_setuid", "true" },
	{ W_OPEN, "proc.is_exe_setgid", "false" },	/* not for the group to execute */
	{ W_OPEN, "proc.is_exe_deleted", "false" },
	{ W_OPEN, "proc.is_exe_writable", "false" },
	{ W_OPEN, "proc.exe_ino", "4711" },
	{ W_OPEN, "proc.exe_ino.ctime", "1700000001000000100" },
	{ W_OPEN, "proc.exe_ino.mtime", "1600000000000000001" },
	{ W_OPEN, "proc.exe_ino.ctime_duration_proc_start", "4900" },
	{ W_OPEN, "proc.exe_ino.ctime_duration_pidns_start", "100" },
	{ W_HOST, "proc.tty", "-" },
	{ W_HOST, "proc.sid", "-" },
	{ W_HOST, "proc.sname", "-" },
	{ W_HOST, "proc.is_vpgid_leader", "-" },
	{ W_HOST, "thread.cap_effective", "-" },
	{ W_HOST, "proc.is_exe_upper_layer", "-" },
	{ W_HOST, "proc.is_exe_moved", "-" },
	{ W_HOST, "proc.is_exe_setuid", "-" },
	{ W_HOST, "proc.is_exe_setgid", "-" },
	{ W_HOST, "proc.is_exe_deleted", "-" },
	{ W_HOST, "proc.is_exe_writable", "-" },
	{ W_HOST, "proc.exe_ino", "-" },
	{ W_OPEN, "proc.env[HOME]", "/root" },
	{ W_OPEN, "proc.env[HOM]", "-" },
	{ W_OPEN, "proc.env[EMPTY]", "" },
	{ W_OPEN, "proc.env", "HOME=/root EMPTY= X=a=b" },
	{ W_HOST, "proc.env", "-" },
	{ W_HOST, "proc.env[HOME]", "-" },
	{ W_OPEN, "container.type", "containerd" },
	{ W_HOST, "user.loginname", "alice" },
	{ W_OPEN, "user.loginname", "-" },
	{ W_OPEN, "evt.arg.5", "-" },
	{ W_OPEN, "evt.rawarg.dirfd", "-100" },
	{ W_OPEN, "evt.rawarg.pathname", "test.txt" },
	{ W_OPEN, "evt.is_open_read", "true" },
	{ W_OPEN, "evt.is_open_write", "false" },
	{ W_OPEN, "evt.is_open_create", "false" },
	{ W_OPEN, "evt.failed", "false" },
	{ W_OPEN, "evt.rawres", "3" },
	{ W_OPEN, "activity.name", "File Open" },
	{ W_OPEN, "proc.exepath", "/usr/bin/cat" },

	{ W_FAILED, "evt.res", "EACCES" },
	{ W_FAILED, "evt.rawres", "-13" },
	{ W_FAILED, "evt.failed", "true" },
	{ W_FAILED, "fd.num", "-1" },
	{ W_FAILED, "fd.name", "/etc/shadow" },
	{ W_FAILED, "fd.nameraw", "../etc/shadow" },
	{ W_FAILED, "fd.typechar", "f" },
	{ W_FAILED, "fd.ino", "-" },
	{ W_FAILED, "evt.is_open_read", "true" },
	{ W_FAILED, "evt.is_open_write", "true" },
	{ W_FAILED, "evt.is_open_create", "false" },

	{ W_CREATE, "evt.is_open_read", "false" },
	{ W_CREATE, "evt.is_open_write", "true" },
	{ W_CREATE, "evt.is_open_create", "true" },

	{ W_CONNECT, "fd.type", "ipv4" },
	{ W_CONNECT, "fd.typechar", "4" },
	{ W_CONNECT, "fd.num", "5" },
	{ W_CONNECT, "fd.name", "10.0.0.1:40000->10.0.0.7:443" },
	{ W_CONNECT, "fd.directory", "-" },
	{ W_CONNECT, "fd.filename", "-" },
	{ W_CONNECT, "fd.lip", "10.0.0.1" },
	{ W_CONNECT, "fd.lport", "40000" },
	{ W_CONNECT, "fd.rip", "10.0.0.7" },
	{ W_CONNECT, "fd.rport", "443" },
	{ W_CONNECT, "fd.ip", "10.0.0.7" },
	{ W_CONNECT, "fd.port", "443" },
	{ W_CONNECT, "fd.l4proto", "tcp" },
	{ W_CONNECT, "evt.res", "EINPROGRESS" },
	{ W_CONNECT6, "fd.rip", "2001:db8::7" },
	{ W_CONNECT6, "fd.l4proto", "udp" },
	{ W_CONNECT6, "fd.typechar", "6" },
	{ W_MAPPED, "fd.rip", "10.0.0.7" },

	{ W_RENAME, "fd.name", "/mnt/b" },
	{ W_RENAME, "fd.oldname", "/mnt/a" },
	{ W_RENAME, "fd.num", "-" },
	{ W_RENAME, "evt.args",
	  "olddirfd=AT_FDCWD oldpath=/mnt/a newdirfd=AT_FDCWD newpath=/mnt/b flags=0" },

	{ W_KILLED, "evt.type", "procexit" },
	{ W_KILLED, "evt.res", "SUCCESS" },
	{ W_KILLED, "evt.rawres", "-" },
	{ W_KILLED, "evt.arg.status", "9" },
	{ W_KILLED, "evt.arg.sig", "SIGKILL" },
	{ W_KILLED, "evt.rawarg.sig", "9" },
	{ W_KILLED, "evt.arg.ret", "-" },
	{ W_KILLED, "evt.arg.core", "0" },
	{ W_KILLED, "evt.rawarg.core", "0" },
	{ W_KILLED, "evt.args", "status=9 sig=SIGKILL core=0" },
	{ W_KILLED, "fd.name", "-" },
	{ W_KILLED, "activity.name", "Process Exit" },
	{ W_DB_EXIT, "evt.args", "status=768 ret=3" },
	{ W_DB_EXIT, "evt.arg.1", "3" },
	{ W_DB_EXIT, "evt.arg.4", "-" },
	{ W_DB_EXIT, "container.id", "postgres-mai" },
	{ W_DB_EXIT, "container.host_namespaces", "-" },
	{ W_DB_EXIT, "container.image", "-" },
	{ W_DB_EXIT, "k8s.ns.name", "-" },
	{ W_DB_EXIT, "container.privileged", "false" },

	{ W_HOST, "container.id", "host" },
	{ W_HOST, "container.name", "host" },
	{ W_HOST, "container.full_id", "-" },
	{ W_HOST, "container.runtime", "-" },
	{ W_HOST, "container.privileged", "-" },
	{ W_HOST, "container.label.app", "-" },
	{ W_HOST, "user.name", "alice" },
	{ W_HOST, "group.name", "alices" },
	{ W_HOST, "user.loginuid", "1000" },

	{ W_PENDING, "container.id", "-" },
	{ W_PENDING, "container.name", "-" },
	{ W_PENDING, "user.uid", "1000" },
	{ W_PENDING, "user.name", "-" },
	{ W_PENDING, "group.name", "-" },
	{ W_PENDING, "evt.phase", "setup" },
	{ W_PENDING, "evt.unordered", "true" },
	{ W_PENDING, "fd.name", "/" },
	{ W_PENDING, "fd.directory", "/" },
	{ W_PENDING, "fd.filename", "-" },
	{ W_PENDING, "fd.type", "directory" },
	{ W_PENDING, "fd.typechar", "d" },

	{ W_STARTED, "evt.type", "container_started" },
	{ W_STARTED, "container.name", "web" },
	{ W_STARTED, "proc.pid", "-" },
	{ W_STARTED, "proc.name", "-" },
	{ W_STARTED, "user.uid", "-" },
	{ W_STARTED, "user.loginuid", "-" },
	{ W_STARTED, "evt.cpu", "-" },
	{ W_STARTED, "evt.phase", "-" },
	{ W_STARTED, "evt.res", "-" },
	{ W_STARTED, "evt.args", "-" },
	{ W_STARTED, "evt.arg.flags", "-" },
	{ W_STARTED, "fd.num", "-" },

	{ W_LOST, "evt.type", "events_lost" },
	{ W_LOST, "lost.count", "1204" },
	{ W_LOST, "lost.reason", "ring full" },
	{ W_LOST, "lost.first", "2023-11-14T22:13:20.000000001Z" },
	{ W_LOST, "lost.last", "2023-11-14T22:13:20.000000002Z" },
	{ W_EXEC, "lost.first", "-" },
	{ W_LOST, "container.name", "web" },
	{ W_MISSING, "lost.reason", "missing" },
	{ W_MISSING, "container.id", "-" },
};

/* Of an open in web, whose mounts are /host/proc of /proc and /var/www of /srv/web:1. */
static void check_host_path(const char *components, size_t len, struct nunchi_head *head, unsigned flags,
			    const char *expected)
{
	_cleanup_strbuf_ struct strbuf record = STRBUF_INIT, body = STRBUF_INIT, text = STRBUF_INIT;
	struct nunchi_file file = { .ino = 1, .mode = S_IFREG | 0644, .magic = EXT4_SUPER_MAGIC };
	_cleanup_free_ char *arg = NULL;
	struct value value;
	struct event ev;

	world_call(&record, head, "openat", 3, (const uint64_t[6]){ 0 });
	strbuf_add(&body, &file, sizeof(file));
	strbuf_add(&body, components, len);
	encode_blob(&record, NUNCHI_BLOB_FILE, NUNCHI_ARG_RET, (uint16_t)flags, body.s, body.len);
	encode_end(&record);
	world_apply(world, &record, &ev);
	fields_begin(&context, &ev, world->model);
	field_get(field_find("fd.host_path", strlen("fd.host_path"), &arg), NULL, &context, &value);
	value_print(&text, &value);
	assert_string_equal(text.s ? text.s : "", expected);
}
#define HOST_PATH(components, head, flags, expected) check_host_path(components, sizeof(components), head, flags, expected)

static void test_host_path(void **state)
{
	struct nunchi_head web = world_head(NUNCHI_REC_SYSCALL, 1, 5000, 31, "cat"), head = web;

	HOST_PATH("index.html\0www\0var", &web, 0, "/srv/web:1/index.html");
	HOST_PATH("www\0var", &web, 0, "/srv/web:1");
	HOST_PATH("maps\0001\0proc\0host", &web, 0, "/proc/1/maps");
	HOST_PATH("x\0www2\0var", &web, 0, "");
	HOST_PATH("var", &web, 0, "");
	HOST_PATH("x\0www\0var", &web, NUNCHI_BLOB_UNREACHABLE, "");
	HOST_PATH("x\0www\0var", &web, NUNCHI_BLOB_TRUNCATED, "");

	/* By other mounts than the runtime's: while it makes them, and in a namespace of one's own. */
	head.flags = NUNCHI_F_SETUP;
	HOST_PATH("x\0www\0var", &head, 0, "");
	head = web;
	head.mntns++;
	HOST_PATH("x\0www\0var", &head, 0, "");
	/* Of containers whose mounts nobody has told. */
	head = world_head(NUNCHI_REC_SYSCALL, 2, 5300, 1, "cat");
	HOST_PATH("x\0www\0var", &head, 0, "");
}

static void test_values(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = text_of(rows[i].event, rows[i].field);

		if (!streq(text, rows[i].expected))
			fail_msg("row %zu: %s is '%s', expected '%s'", i, rows[i].field, text,
				 rows[i].expected);
	}
}

/* No accessor may crash, or give another type than it says, whatever the event is. */
static void test_all_fields_of_all_events(void **state)
{
	static const char *const args[] = { "pathname", "status", "0", "5", "9", "", "no such" };

	for (size_t e = 0; e < W_MAX; e++) {
		for (size_t i = 0; i < field_table_len; i++) {
			const struct field *f = &field_table[i];

			for (size_t k = 0; k < (f->takes_arg ? ARRAY_SIZE(args) : 1); k++) {
				const char *arg = f->takes_arg ? args[k] : NULL;
				struct value v;

				fields_begin(&context, &world->events[e], world->model);
				field_get(f, arg, &context, &v);
				assert_true(v.type == VALUE_NONE || v.type == field_arg_type(f, arg) ||
					    (v.type == VALUE_IP && f->type == VALUE_NET));
				assert_true(v.type == VALUE_NONE || !f->absent);
				if (v.type == VALUE_STRING)
					assert_non_null(v.s);
			}
		}
	}
}

/* What says that it depends on the process alone is the same for each of its events. */
static void test_scopes(void **state)
{
	static const enum world_event same[] = { W_OPEN, W_FAILED, W_CONNECT, W_RENAME };

	for (size_t i = 0; i < field_table_len; i++) {
		const struct field *f = &field_table[i];
		_cleanup_free_ char *first = NULL;

		if (f->takes_arg || f->scope == SCOPE_EVENT || f->scope == SCOPE_TYPE)
			continue;
		first = text_of(W_EXEC, f->name);
		for (size_t k = 0; k < ARRAY_SIZE(same); k++) {
			_cleanup_free_ char *other = text_of(same[k], f->name);

			assert_string_equal(first, other);
		}
	}
}

/* A record without a head or a model: what an output makes to show a container alone. */
static void test_bare_event(void **state)
{
	const struct event ev = { .type = EVENT_CONTAINER_STARTED,
				  .container = world->events[W_OPEN].container };
	struct field_context fc = { .ev = NULL };

	for (size_t i = 0; i < field_table_len; i++) {
		struct value v;

		fields_begin(&fc, &ev, NULL);
		field_get(&field_table[i], field_table[i].takes_arg ? "x" : NULL, &fc, &v);
		if (streq(field_table[i].name, "container.name"))
			assert_memory_equal(v.s, "web", 3);
	}
	fields_end(&fc);
}

/* Which of the many programs in a file it is that runs. */
static void test_applet(void **state)
{
	static const struct {
		const char *exepath, *argv;
		size_t len;
		const char *expected;
	} steps[] = {
#define STEP(exepath, argv, expected) { exepath, argv, sizeof(argv), expected }
		STEP("/bin/busybox", "wget\0http://x.invalid", "wget"),
		STEP("/bin/busybox", "/usr/bin/wget\0http://x.invalid", "wget"),
		STEP("/bin/busybox", "busybox\0wget\0http://x.invalid", "wget"),
		STEP("/bin/busybox", "/bin/busybox\0/usr/bin/wget", "wget"),
		STEP("/bin/busybox", "busybox\0busybox\0busybox\0wget", "wget"),
		STEP("/bin/busybox", "-sh", "sh"),
		STEP("/bin/busybox", "busybox", "-"),
		STEP("/bin/busybox", "", "-"),
		STEP("/bin/busybox.static", "busybox.static\0nc\0-l", "nc"),
		STEP("/bin/toybox", "toybox\0nc\0-l", "nc"),
		STEP("/usr/bin/coreutils", "coreutils\0--coreutils-prog=rm\0-rf", "rm"),
		STEP("/usr/bin/coreutils", "/usr/bin/coreutils\0--coreutils-prog=", "-"),
		STEP("/usr/bin/wget", "busybox\0nc", "-"),
#undef STEP
	};

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		struct process p = { .exepath = (char *)(uintptr_t)steps[i].exepath,
				     .argv = (char *)(uintptr_t)steps[i].argv, .argv_len = (uint32_t)steps[i].len };
		const struct event ev = { .proc = &p };
		struct field_context fc = { .ev = NULL };
		char *arg;
		struct value v;

		fields_begin(&fc, &ev, NULL);
		field_get(field_find("proc.applet", strlen("proc.applet"), &arg), NULL, &fc, &v);
		if (v.type == VALUE_NONE ? !streq(steps[i].expected, "-")
					 : v.len != strlen(steps[i].expected) || memcmp(v.s, steps[i].expected, v.len))
			fail_msg("%zu: %.*s, not %s", i, v.type == VALUE_NONE ? 1 : (int)v.len,
				 v.type == VALUE_NONE ? "-" : v.s, steps[i].expected);
		fields_end(&fc);
	}
}

static void test_find(void **state)
{
	static const char *const none[] = {
		"", "fd", "fd.", "fd.nam", "fd.namex", "fd.name.x", "fd.name[x]", "evt.arg",
		"evt.arg.", "evt.arg[", "evt.arg[]", "evt.arg[\"\"]", "evt.arg.x[y]", "evt.argx",
		"container.labelsx", "container.label[x", "proc.args[", "EVT.TYPE",
	};
	_cleanup_free_ char *arg = NULL;
	const struct field *f;

	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		f = field_find(none[i], strlen(none[i]), &arg);
		if (f || arg)
			fail_msg("'%s' was found", none[i]);
	}
	assert_null(field_find("fd.name\0", 8, &arg));
	f = field_find("evt.args", 8, &arg);
	assert_string_equal(f->name, "evt.args");
	assert_null(arg);
	f = field_find("container.label['a b.c']", 24, &arg);
	assert_string_equal(f->name, "container.label");
	assert_string_equal(arg, "a b.c");
}

/* The names that somebody asks for, by what they were looked up to be; IPv4 also where it is mapped into IPv6. */
static void test_address_names(void **state)
{
	const struct address ours[] = { { AF_INET, { 10, 0, 0, 7 } }, { AF_INET, { 10, 0, 0, 8 } } };
	const struct address other = { AF_INET, { 10, 0, 0, 7 } };
	struct {
		const char *field, *expected;
	} steps[] = { { "fd.sip.name", "api" }, { "fd.rip.name", "api" }, { "fd.cip.name", "-" }, { "fd.lip.name", "-" } };

	model_set_addresses(world->model, "api", ours, 2);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		_cleanup_free_ char *text = text_of(W_CONNECT, steps[i].field);
		_cleanup_free_ char *mapped = text_of(W_MAPPED, steps[i].field);

		assert_string_equal(text, steps[i].expected);
		assert_string_equal(mapped, steps[i].expected);
	}
	model_set_addresses(world->model, "db", &other, 1);
	{
		_cleanup_free_ char *text = text_of(W_CONNECT, "fd.sip.name");

		assert_true(streq(text, "(api,db)") || streq(text, "(db,api)"));
	}
	model_set_addresses(world->model, "api", ours + 1, 1);
	model_set_addresses(world->model, "db", NULL, 0);
	{
		_cleanup_free_ char *text = text_of(W_CONNECT, "fd.sip.name");

		assert_string_equal(text, "-");
	}
}

static void test_falco_fields(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(falco_fields); i++) {
		char *arg;

		if (!field_find(falco_fields[i], strlen(falco_fields[i]), &arg))
			fail_msg("no field %s", falco_fields[i]);
		free(arg);
	}
	for (size_t i = 0; i < ARRAY_SIZE(falco_args); i++) {
		_cleanup_strbuf_ struct strbuf near = STRBUF_INIT;
		char *none;
		const struct field *f = field_find("evt.arg.path", strlen("evt.arg.path"), &none);

		free(none);
		if (!field_arg_known(f, falco_args[i], &near))
			fail_msg("no event has an argument %s", falco_args[i]);
	}
}

/* Each row of the table of numbers is found, and has names that are known. */
static void test_arg_numbers(void **state)
{
	const struct field *f = NULL;
	char *arg, name[FALCO_ARG_NAME_MAX];
	size_t calls = 0;

	f = field_find("evt.arg.0", 9, &arg);
	free(arg);
	for (size_t i = 0; i < syscall_table_len; i++) {
		_cleanup_strbuf_ struct strbuf near = STRBUF_INIT;
		bool known = falco_arg_name(&syscall_table[i], 0, name);

		calls += known;
		for (unsigned n = 0; known && *name; known = falco_arg_name(&syscall_table[i], ++n, name))
			if (!field_arg_known(f, name, &near))
				fail_msg("argument %u of %s: %s", n, syscall_table[i].name, name);
	}
	assert_int_equal(calls, 152);
}

static void test_arg_known(void **state)
{
	_cleanup_strbuf_ struct strbuf near = STRBUF_INIT;
	const struct field *f;
	char *arg;

	f = field_find("evt.arg.flags", 13, &arg);
	free(arg);
	assert_true(field_arg_known(f, "flags", &near));
	assert_true(field_arg_known(f, "0", &near));
	assert_true(field_arg_known(f, "a5", &near));
	assert_true(field_arg_known(f, "sig", &near));
	assert_int_equal(near.len, 0);
	assert_true(field_arg_known(f, "30", &near));
	assert_false(field_arg_known(f, "31", &near));
	strbuf_reset(&near);
	assert_false(field_arg_known(f, "pathnam", &near));
	assert_true(starts_with(near.s, "pathname"));
	f = field_find("container.label.x", 17, &arg);
	free(arg);
	assert_true(field_arg_known(f, "anything", &near));
	f = field_find("proc.args[1]", 12, &arg);
	free(arg);
	assert_true(field_arg_known(f, "31", &near));
	assert_false(field_arg_known(f, "x", &near));
	f = field_find("evt.abspath.src", 15, &arg);
	free(arg);
	assert_true(field_arg_known(f, "dst", &near));
	assert_false(field_arg_known(f, "source", &near));
	f = field_find("evt.type.is.open", 16, &arg);
	free(arg);
	assert_true(field_arg_known(f, "container_started", &near));
	strbuf_reset(&near);
	assert_false(field_arg_known(f, "opne", &near));
	assert_true(starts_with(near.s, "open"));
}

static void test_table(void **state)
{
	for (size_t i = 0; i < field_table_len; i++) {
		const struct field *f = &field_table[i];

		assert_true(strlen(f->doc) > 5);
		assert_true(f->type != VALUE_NONE);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(field_table[k].name, f->name);
		for (size_t k = 0; k < ARRAY_SIZE(f->either) && f->either[k]; k++) {
			char *arg;
			const struct field *end = field_find(f->either[k], strlen(f->either[k]), &arg);

			assert_non_null(end);
			assert_null(arg);
			assert_int_equal(end->type, f->type);
		}
	}
}

static void test_print_json(void **state)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct value v = { .type = VALUE_NONE };
	const uint8_t ip[16] = { 10, 0, 0, 7 };

	strbuf_reset(&out);
	value_print_json(&out, &v);
	value_print_json(&out, &(struct value){ .type = VALUE_NUMBER, .n = INT64_MIN });
	value_print_json(&out, &(struct value){ .type = VALUE_BOOL, .n = 1 });
	value_print_json(&out, &(struct value){ .type = VALUE_STRING, .s = "a\"\n", .len = 3 });
	value_set_ip(&v, AF_INET, ip);
	value_print_json(&out, &v);
	assert_string_equal(out.s, "null-9223372036854775808true\"a\\\"\\n\"\"10.0.0.7\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_host_path),
		cmocka_unit_test(test_all_fields_of_all_events),
		cmocka_unit_test(test_scopes),
		cmocka_unit_test(test_bare_event),
		cmocka_unit_test(test_applet),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_address_names),
		cmocka_unit_test(test_falco_fields),
		cmocka_unit_test(test_arg_numbers),
		cmocka_unit_test(test_arg_known),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_print_json),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
