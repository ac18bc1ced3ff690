/* SPDX-License-Identifier: Apache-2.0 */
/* Advice for rules that cannot block: what to write instead of a call or field. */
#include "block.h"

#include "operand.h"

#define CLASS(id) (1U << NUNCHI_BLOCK_##id)
#define FILES	  (CLASS(OPEN) | CLASS(TRUNCATE))
#define SOCKETS	  (CLASS(CONNECT) | CLASS(BIND))
#define EVERY	  (CLASS(MAX) - 1)

#define DESCRIPTORS                                                                           \
	"what a descriptor may be used for is decided when it is opened: ask by evt.type in " \
	"(open, openat, openat2, creat) and evt.is_open_write or evt.is_open_read"
#define CONNECTIONS "who comes in is decided by the bind: ask by evt.type = bind and fd.lport"
#define LINKS                                                                                   \
	"files are known by the path behind a link, wherever that stands: ask for the open or " \
	"exec of what it leads to"
#define MOUNTS "of what mounts, mount, move_mount and fsconfig can be: ask by evt.type = mount"

static const struct {
	const char *call, *instead;
} calls[] = {
	{ "write", DESCRIPTORS },     { "writev", DESCRIPTORS },
	{ "pwrite64", DESCRIPTORS },  { "pwritev", DESCRIPTORS },
	{ "pwritev2", DESCRIPTORS },  { "read", DESCRIPTORS },
	{ "readv", DESCRIPTORS },     { "pread64", DESCRIPTORS },
	{ "preadv", DESCRIPTORS },    { "preadv2", DESCRIPTORS },
	{ "sendfile", DESCRIPTORS },  { "splice", DESCRIPTORS },
	{ "ftruncate", DESCRIPTORS }, { "fallocate", DESCRIPTORS },
	{ "mmap", DESCRIPTORS },      { "copy_file_range", DESCRIPTORS },
	{ "dup", DESCRIPTORS },	      { "dup2", DESCRIPTORS },
	{ "dup3", DESCRIPTORS },      { "listen", CONNECTIONS },
	{ "accept", CONNECTIONS },    { "accept4", CONNECTIONS },
	{ "symlink", LINKS },	      { "symlinkat", LINKS },
	{ "umount2", MOUNTS },	      { "pivot_root", MOUNTS },
	{ "open_tree", MOUNTS },      { "mount_setattr", MOUNTS },
	{ "fsopen", MOUNTS },	      { "fsmount", MOUNTS },
};

const char *block_instead_of_call(const struct syscall_info *call)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (streq(calls[i].call, call->name))
			return calls[i].instead;
	return "in a rule of its own it can be told, or end the container (action: kill-container)";
}

/* By the beginning of a field's name; the first row that fits. */
static const struct {
	const char *field;
	unsigned classes;
	const char *instead;
} fields[] = {
	{ "proc.is_exe_from_memfd", CLASS(EXEC), "ask by proc.exepath startswith \"memfd:\"" },
	{ "proc.is_exe_", EVERY, "ask where the programs lie that may be, by proc.exepath" },
	{ "proc.execfn", EVERY, "ask by proc.exepath, the file that is executed" },
	{ "proc.exe", EVERY, "ask by proc.exepath, the file that is executed" },
	{ "proc.program", EVERY, "ask by proc.exepath, or proc.name" },
	{ "proc.cmdline", EVERY, "arguments can be anything; ask by proc.exepath" },
	{ "proc.args", EVERY, "arguments can be anything; ask by proc.exepath" },
	{ "proc.aname", EVERY, "of ancestors the parent's name is known, proc.pname" },
	{ "proc.aexe", EVERY, "of ancestors the parent's name is known, proc.pname" },
	{ "proc.pexe", EVERY, "of ancestors the parent's name is known, proc.pname" },
	{ "proc.acmdline", EVERY, "of ancestors the parent's name is known, proc.pname" },
	{ "proc.pcmdline", EVERY, "of ancestors the parent's name is known, proc.pname" },
	{ "user.", EVERY, "ask by user.uid" },
	{ "group.", EVERY, "ask by user.uid" },
	{ "fd.sip.name", CLASS(CONNECT),
	  "names are looked up in user space; ask by fd.rip or fd.rnet" },
	{ "fd.rip.name", CLASS(CONNECT),
	  "names are looked up in user space; ask by fd.rip or fd.rnet" },
	{ "fd.l4proto", SOCKETS, "TCP and UDP are not told apart; ask by fd.type and the port" },
	{ "fd.lport", CLASS(CONNECT), "this end is not known yet; ask by fd.rport" },
	{ "fd.lip", CLASS(CONNECT), "this end is not known yet; ask by fd.rip" },
	{ "fd.", CLASS(CONNECT),
	  "ask by fd.type, fd.rip, fd.rnet and fd.rport, and of unix sockets in the file system by fd.name, their path" },
	{ "fd.", CLASS(BIND),
	  "ask by fd.type, fd.lip and fd.lport; sockets in the file system are not told apart" },
	{ "fd.", CLASS(REMOVE), "ask by fs.path.name" },
	{ "fd.", CLASS(RENAME) | CLASS(LINK), "ask by fs.path.source and fs.path.target" },
	{ "fs.path.nameraw", CLASS(REMOVE), "ask by fs.path.name, the path behind links" },
	{ "fs.path.", CLASS(RENAME) | CLASS(LINK), "ask by fs.path.source and fs.path.target" },
	{ "fs.path.", FILES, "ask by fd.name" },
	{ "fd.nameraw", FILES, "ask by fd.name, the path behind links" },
	{ "fd.host_path", FILES, "ask by fd.name, the path from the container's root on" },
	{ "evt.is_open_", CLASS(OPEN), "ask by evt.is_open_write or evt.is_open_read" },
	{ "evt.arg", CLASS(OPEN), "ask by fd.name, evt.is_open_write or evt.is_open_read" },
	{ "evt.arg", CLASS(TRUNCATE), "whatever length is asked for is refused alike; ask by fd.name" },
	{ "evt.arg", CLASS(EXEC), "ask by proc.exepath, the file that is executed" },
	{ "evt.arg", CLASS(CONNECT), "ask by fd.rip, fd.rnet and fd.rport" },
	{ "evt.arg", CLASS(BIND), "ask by fd.lip and fd.lport" },
	{ "evt.arg", CLASS(REMOVE), "ask by fs.path.name" },
	{ "evt.arg", CLASS(RENAME) | CLASS(LINK), "ask by fs.path.source and fs.path.target" },
	{ "evt.arg", CLASS(PTRACE), "who attaches is refused, by whatever request; leave it out" },
	{ "evt.arg", CLASS(MODULE) | CLASS(MOUNT) | CLASS(BPF),
	  "all that this call does is refused alike; leave it out" },
};

const char *block_instead_of_field(unsigned class, const char *field)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].classes & 1U << class &&
		    !strncmp(fields[i].field, field, strlen(fields[i].field)))
			return fields[i].instead;
	return NULL;
}
