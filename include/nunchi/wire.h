/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The wire: what a record looks like in the rings and in a capture file. The kernel side writes
 * the kinds up to NUNCHI_REC_KERNEL_LAST, the user side adds the ones after it (names, losses),
 * so that the stream by itself says all that the model needs.
 *
 * Rules: fixed-width integers in host byte order, no implicit padding, no pointer; a record is a
 * struct nunchi_head, for system calls a struct nunchi_call after it, then blobs, each 8-byte
 * aligned. Numbers of kinds and blobs are never reused; a changed meaning is a new number.
 */
#pragma once

#ifndef __bpf__
#include <assert.h>
#include <linux/types.h>
#endif

#include "account.h"
#include "limits.h"

enum nunchi_kind {
	NUNCHI_REC_SYSCALL = 1,	/* a system call returned: nunchi_call, argument blobs */
	NUNCHI_REC_EXEC = 2,	/* an execve or execveat succeeded: nunchi_call, EXE, ARGV, ... */
	NUNCHI_REC_FORK = 3,	/* a process (not a thread) was born; the head is the child's */
	NUNCHI_REC_EXIT = 4,	/* the last thread of a process ended: nunchi_exit */
	NUNCHI_REC_PENDING = 5,	/* tasks in unknown namespaces: a slot was opened: nunchi_pending */
	NUNCHI_REC_CGROUP_NEW = 6,	/* cgroup_mkdir: nunchi_cgroup, CGROUP_PATH */
	NUNCHI_REC_CGROUP_GONE = 7,	/* cgroup_rmdir: the same */
	NUNCHI_REC_TASK = 8,	/* a process that already ran at start; the head is its own */
	NUNCHI_REC_ENTER = 9,	/* a task of the host has come into a container */
	NUNCHI_REC_NAMESPACES = 10,	/* a container's task is in other namespaces: nunchi_namespaces */
	NUNCHI_REC_MOVED = 11,	/* a container's task was moved to a cgroup: nunchi_moved, CGROUP_PATH */
	NUNCHI_REC_MISMATCH = 12,	/* an argument is not what the kernel used: nunchi_call, two blobs */
	NUNCHI_REC_KERNEL_LAST = NUNCHI_REC_MISMATCH,

	NUNCHI_REC_HOST = 32,		/* who recorded: nunchi_host, then strings (see event/) */
	NUNCHI_REC_CONTAINER = 33,	/* names and facts of a container (event/container_info.h) */
	NUNCHI_REC_CONTAINER_GONE = 34,	/* it stopped: its full id */
	NUNCHI_REC_PROCESS = 35,	/* facts from /proc of a process that already ran */
	NUNCHI_REC_LOST = 36,		/* records lost in a ring, or by a full queue */
	NUNCHI_REC_SLOT = 38,		/* slot, generation -> container id, or host */
	NUNCHI_REC_LIFE = 39,		/* of a container: nunchi_life, its full id */
	NUNCHI_REC_ESCAPE = 40,		/* a container's task left it; the head is its own: nunchi_escape */
	NUNCHI_REC_GAP = 41,		/* nobody watched: nunchi_gap */
	NUNCHI_REC_ACCOUNT = 42,	/* the account of a slot, when it ends (37: an older form of it) */
	NUNCHI_REC_COUNTS = 43,		/* what was counted of the whole host, at the end */
	NUNCHI_REC_SUMMARY = 44,	/* calls that were counted: nunchi_summary, a blob of the object */
	NUNCHI_REC_BLIND = 45,		/* a container begins what no hook sees; the head is its task's: nunchi_blind */
	NUNCHI_REC_RULE = 46,		/* how often a rule has matched; of a running nunchi's account, in no capture */
};

/* Flags of a record. */
#define NUNCHI_F_SETUP 0x0001		/* the runtime's own doing, before the entrypoint's exec */
#define NUNCHI_F_CUT 0x0002		/* a blob did not fit in the record any more */
#define NUNCHI_F_INTERRUPTED 0x0004	/* a signal interrupted the call, it went on or ended by that */
#define NUNCHI_F_LATE 0x0008		/* set by the reader: came after its time had been passed */
#define NUNCHI_F_MODEL 0x0010		/* nobody asked for this call; the model needs it */
#define NUNCHI_F_ENTERED 0x0020		/* the process, or one it descends from, came in from outside */
#define NUNCHI_F_ENTERING 0x0040	/* EXEC: its first since it came in */
#define NUNCHI_F_SANDBOXED 0x0080	/* the host's, in a mount namespace of its own */
#define NUNCHI_F_ENTRY 0x0100		/* SYSCALL: it begins; ret is NUNCHI_RET_ENTRY */
#define NUNCHI_F_SHARED 0x0200		/* counted against its container's share of the lane while it is in it */
#define NUNCHI_F_WATCHED 0x0400		/* by the critical lane's share for what is watched or blocked */

/*
 * The head of every record: when, where in the ring, and who. All ids are the kernel's own, in
 * the initial namespaces, but for vpid and vtid. For records that no task caused, the task
 * fields are 0.
 */
struct nunchi_head {
	__u32 len;		/* of the whole record, head included */
	__u16 kind;		/* enum nunchi_kind */
	__u16 flags;		/* NUNCHI_F_* */
	__u64 seq;		/* number in its ring, from 1, without gaps but for losses */
	__u64 time;		/* CLOCK_BOOTTIME, ns */
	__u32 slot;		/* container slot, 0 for the host */
	__u32 generation;	/* of the slot */
	__u16 cpu;
	__u16 ring;		/* 0 is the critical ring */
	__u32 ppid;		/* real parent's tgid */
	__u32 pid;		/* tgid */
	__u32 tid;
	__u32 vpid;		/* tgid and tid in the task's own PID namespace */
	__u32 vtid;
	__u32 uid;		/* effective, in the initial user namespace */
	__u32 gid;
	__u32 loginuid;
	__u32 pidns;		/* inode numbers of the namespaces */
	__u32 mntns;
	__u32 verdict;		/* what a rule did about it: see block.h; 0: nothing */
	__u64 cgroup;		/* kernfs id in v2, or in v1 with NUNCHI_CGROUP_V1 */
	__u64 start;		/* start of the thread group leader, CLOCK_BOOTTIME, ns */
	char comm[16];
};

/*
 * Each hierarchy counts its cgroups by itself: the same id is another cgroup in another one. Of v1
 * only one is looked at, that of the pids controller, or of memory where there is none.
 */
#define NUNCHI_CGROUP_V1 (1ULL << 63)

/* By which door a call came in; whichever it was, its number and arguments are told as the native call's. */
enum nunchi_abi {
	NUNCHI_ABI_NATIVE = 0,
	NUNCHI_ABI_I386 = 1,	/* x86-64: int 0x80, or sysenter or syscall of a 32-bit program */
	NUNCHI_ABI_X32 = 2,	/* x86-64: a number with __X32_SYSCALL_BIT */
	NUNCHI_ABI_IO_URING = 3,	/* no call: a request in a ring, told as the call that does the same */
};

/* How structs in the caller's memory differ from native ones. */
#define NUNCHI_LAYOUT_POINTERS32 0x01	/* pointers in them */
#define NUNCHI_LAYOUT_LONGS32 0x02	/* longs: times, limits */
#define NUNCHI_LAYOUT_NO_FD 0x04	/* the result is no fd but an index of a ring's own files */

/* Neither a success nor an error. */
#define NUNCHI_RET_ENTRY (-0x7fffffffffffffffLL - 1)

/* A system call. Follows the head in SYSCALL, EXEC and MISMATCH records. */
struct nunchi_call {
	__u32 nr;		/* number in the table of the architecture that recorded */
	__u16 abi;		/* enum nunchi_abi */
	__u16 layout;		/* NUNCHI_LAYOUT_* */
	__s64 ret;
	__u64 args[6];		/* all zero in an EXEC that could not keep them */
};

/* Follows the head in EXIT records. */
struct nunchi_exit {
	__u32 code;		/* wait status, as in wait(2) */
	__u32 oom;		/* 1: the kernel chose it to free memory */
};

/* The namespaces of a task, in the order of struct nunchi_namespaces; names as in /proc/PID/ns. */
#define NUNCHI_NAMESPACES(X)                                                     \
	X(MNT, "mnt")                                                            \
	X(PID, "pid")		/* of its children, if unshare or setns moved them */ \
	X(NET, "net")                                                            \
	X(USER, "user")                                                          \
	X(IPC, "ipc")                                                            \
	X(UTS, "uts")                                                            \
	X(CGROUP, "cgroup")                                                      \
	X(TIME, "time")		/* of its children */

enum nunchi_namespace {
#define X(name, text) NUNCHI_NS_##name,
	NUNCHI_NAMESPACES(X)
#undef X
	NUNCHI_NS_MAX
};

/* Follows the head in NAMESPACES records. */
struct nunchi_namespaces {
	__u32 before[NUNCHI_NS_MAX];	/* inode numbers */
	__u32 now[NUNCHI_NS_MAX];
	__u32 changed;		/* bits 1 << enum nunchi_namespace */
	__u32 host;		/* of those: the host's now */
};

/* Follows the head in MOVED records; the head is that of who was moved. */
struct nunchi_moved {
	__u64 id;		/* kernfs id of where to */
	__u32 hierarchy;	/* 0 is cgroup v2 */
	__u32 mover_pid;	/* who did it */
	__u32 mover_slot;
	__u32 mover_generation;
	char mover_comm[16];
};

/* What LIFE records tell; what starts and stops is told by CONTAINER and CONTAINER_GONE. */
enum nunchi_life_what {
	NUNCHI_LIFE_CREATED = 1,
	NUNCHI_LIFE_REMOVED = 2,
	NUNCHI_LIFE_PAUSED = 3,
	NUNCHI_LIFE_RESUMED = 4,
	NUNCHI_LIFE_EXEC = 5,	/* somebody outside ran a program in it; the head is that program's */
	NUNCHI_LIFE_INFO = 6,	/* its name came after its first events had gone out */
	NUNCHI_LIFE_DIED = 7,	/* how its init ended, if a runtime knows what we did not see */
	NUNCHI_LIFE_OOM = 8,	/* a process of it was killed to free memory, as a runtime says */
};

/* Follows the head in LIFE records, then the container's full id. */
struct nunchi_life {
	__u32 what;		/* enum nunchi_life_what */
	__s32 exit_code;	/* DIED: as the runtime has it, 128 + signal; -1: unknown */
};

/* Follows the head in ESCAPE records; by a move a CGROUP_PATH after it. */
struct nunchi_escape {
	__u32 namespaces;	/* of the host that it joined: bits 1 << enum nunchi_namespace */
	__u32 pad;
};

/* Follows the head in BLIND records. */
struct nunchi_blind {
	__u32 what;		/* enum nunchi_blind_what */
	__u32 pad;
};

enum nunchi_blind_what {
	NUNCHI_BLIND_NOTHING = 0,
	NUNCHI_BLIND_IO_URING = 1,	/* a ring was made */
	NUNCHI_BLIND_CALLS_32 = 2,	/* a 32-bit program was executed */
	NUNCHI_BLIND_MAX,
};

/* Follows the head in GAP records: ns since the epoch. */
struct nunchi_gap {
	__u64 from;
	__u64 to;
};

/* Follows the head in PENDING records; the head is the task's. Blob: CGROUP_PATH. */
struct nunchi_pending {
	__u32 parent_slot;	/* the slot the task was in before, 0 for the host */
	__u32 parent_generation;
	__u64 namespace_key;	/* of the mount namespace in the identity maps, see NUNCHI_KEY_PIDNS */
};

/* Follows the head in CGROUP_* records. Blob: CGROUP_PATH. */
struct nunchi_cgroup {
	__u64 id;		/* kernfs id */
	__u32 hierarchy;	/* 0 is cgroup v2 */
	__u32 level;
};

/* Follows the head in LOST records, then of what kinds they were. */
struct nunchi_lost {
	__u64 count;
	__u64 first;		/* CLOCK_BOOTTIME, ns: between which times they were lost */
	__u64 last;
	__u32 reason;		/* enum nunchi_drop */
	__u32 kinds;		/* how many struct nunchi_lost_kind follow */
};

struct nunchi_lost_kind {
	__u32 what;		/* number of a call, or NUNCHI_CALLS_MAX and kind of the record */
	__u32 pad;
	__u64 count;		/* as far as was kept: their sum can be less than what was lost */
};

/* Follows the head in SUMMARY records; the head is that of the first of them, but for its time. */
struct nunchi_summary {
	__u64 count;
	__u64 from;		/* CLOCK_BOOTTIME, ns: between which times they were counted */
	__u64 to;
	__u32 kind;		/* enum nunchi_kind */
	__s32 error;		/* of calls: -errno; 0: they succeeded */
	struct nunchi_call call;	/* the first of them */
};

enum nunchi_blob_type {
	NUNCHI_BLOB_STR = 1,	/* a path or string as user memory had it; no NUL */
	NUNCHI_BLOB_STRV = 2,	/* a string array: each string with its NUL */
	NUNCHI_BLOB_SOCKADDR = 3,	/* a struct sockaddr as user memory had it */
	NUNCHI_BLOB_BYTES = 4,	/* a buffer's beginning, or a struct */
	NUNCHI_BLOB_FILE = 5,	/* nunchi_file and components of what an fd argument is */
	NUNCHI_BLOB_BASE = 6,	/* the same of the directory that a path argument starts at, if that is relative, or of a chroot */
	NUNCHI_BLOB_SOCK = 7,	/* nunchi_sock of what an fd argument is */
	NUNCHI_BLOB_EXE = 8,	/* nunchi_file and components of a process's image */
	NUNCHI_BLOB_CWD = 9,	/* the same of its working directory */
	NUNCHI_BLOB_ARGV = 10,	/* its arguments, each with its NUL */
	NUNCHI_BLOB_FILENAME = 11,	/* what execve was asked for */
	NUNCHI_BLOB_PREV_COMM = 12,	/* the comm before the exec */
	NUNCHI_BLOB_PARENT_COMM = 13,	/* the real parent's comm */
	NUNCHI_BLOB_CGROUP_PATH = 14,	/* leaf first, each component with its NUL; or as the kernel's text */
	NUNCHI_BLOB_TRAITS = 15,	/* of EXEC and PROCESS: nunchi_traits */
	NUNCHI_BLOB_ENV = 16,	/* of the same, if somebody asked for it: each variable with its NUL */
	NUNCHI_BLOB_CAPS = 17,	/* of SYSCALL: nunchi_caps, where they are not what the last exec has left */
	NUNCHI_BLOB_ROOT = 18,	/* of its root directory, as CWD: of chroot, and of PROCESS in a chroot alone */
	NUNCHI_BLOB_ALIAS = 19,	/* of a FILE of the same argument: its path from the container's root within that one's file system, where the way to it was another; of proc and sysfs elsewhere than in /proc and /sys that within them */
	NUNCHI_BLOB_FOUND = 20,	/* MISMATCH: what user memory held at the end of the call */
	NUNCHI_BLOB_INTERPRETER = 21,	/* of EXEC: nunchi_file and components of the file with its first instruction, where that is not EXE; UNREADABLE, and empty: not known */
};

/* nunchi_blob.arg when the blob is of the returned fd, not of an argument. */
#define NUNCHI_ARG_RET 0xff

#define NUNCHI_BLOB_TRUNCATED 0x01	/* data is a beginning; full is the whole length */
#define NUNCHI_BLOB_UNREADABLE 0x02	/* user memory could not be read */
#define NUNCHI_BLOB_UNREACHABLE 0x04	/* the walk ended elsewhere than at the first mount of the task's namespace */
#define NUNCHI_BLOB_DELETED 0x08	/* the file has no name any more */
#define NUNCHI_BLOB_UPPER 0x10	/* of an overlay: not in its image but written since */
#define NUNCHI_BLOB_LATE 0x20	/* of an fd or directory that others could have changed since the call */
#define NUNCHI_BLOB_KERNEL 0x40	/* not of user memory: the copy that the kernel went by */

/* Head of a blob. Data follows, padded with zeros to a multiple of 8. */
struct nunchi_blob {
	__u8 type;		/* enum nunchi_blob_type */
	__u8 arg;		/* which argument it is of, 0 to 5, or NUNCHI_ARG_RET */
	__u16 flags;		/* NUNCHI_BLOB_* */
	__u32 len;		/* of the data, without padding */
	__u32 full;		/* length before truncation */
	__u32 pad;
};

/*
 * A file as the kernel has it. Its path follows as components, leaf first, each with its NUL
 * ("test.txt\0mnt\0" is /mnt/test.txt; none at all is /), up to the task's root directory.
 */
struct nunchi_file {
	__u64 ino;
	__u32 dev;		/* kernel encoding: major << 20 | minor */
	__u16 mode;		/* type and permissions, as st_mode */
	__u16 opened;		/* of what openat2 returns: NUNCHI_OPENED_*; 0: not known */
	__u64 magic;		/* of the file system, as f_type of statfs(2) */
};

#define NUNCHI_OPENED_ACCESS 0x0003	/* as in nunchi/open.h: O_RDONLY, O_WRONLY, ... */
#define NUNCHI_OPENED_KNOWN 0x0004
#define NUNCHI_OPENED_WHOLE 0x0008	/* with what O_TRUNC adds, which an open file does not have any more */

/*
 * In place of an IP address: of AF_NETLINK port and groups (each a bit; of a peer, too), of AF_PACKET interface and protocol
 * (host order; this end only), of AF_VSOCK CID and port. Both 0: not known, or none.
 */
struct nunchi_end {
	__u32 first;
	__u32 second;
};

/* A socket as the kernel has it. For AF_UNIX the sun_path of this end and of the peer follow. */
struct nunchi_sock {
	__u16 family;
	__u16 type;		/* SOCK_STREAM ... */
	__u16 protocol;
	__u16 state;		/* TCP_ESTABLISHED ... */
	__u16 lport;		/* host byte order */
	__u16 rport;
	__u16 lpath;		/* AF_UNIX: bytes of path that follow, this end's, then the peer's */
	__u16 rpath;
	__u8 laddr[16];		/* IPv4 in the first four bytes, network byte order; of other families a nunchi_end */
	__u8 raddr[16];		/* AF_UNIX: pid of who listened or connected there (SO_PEERCRED), 32 bits; 0: none */
	__u64 ino;
};

/* Capabilities of a thread: bits 1 << CAP_*; in the order that struct cred has them. */
struct nunchi_caps {
	__u64 inheritable;
	__u64 permitted;
	__u64 effective;
};

/* What an exec leaves a process with; a PROCESS record has what /proc says of it. 0: not known. */
struct nunchi_traits {
	__u64 cap_effective;	/* bits 1 << CAP_* */
	__u64 cap_permitted;
	__u64 cap_inheritable;
	__u64 exe_ctime;	/* last change and last writing of the image's file, ns since the epoch */
	__u64 exe_mtime;
	__u64 pidns_start;	/* start of its PID namespace's init, CLOCK_BOOTTIME, ns */
	__u32 tty;		/* device number of the controlling terminal, as /proc/PID/stat has it */
	__u32 sid;		/* session and process group, in the initial PID namespace */
	__u32 pgid;
	__u32 vpgid;		/* in the task's own; 0: the group is none of it */
	__u32 flags;		/* NUNCHI_TRAIT_* */
	__u8 streams[3];	/* standard input, output and error: enum nunchi_stream */
	__u8 pad;
};

/* What a standard stream is: its S_IFMT >> 12, or of a socket its family. */
enum nunchi_stream {
	NUNCHI_STREAM_NONE = 0,		/* closed, or not known */
	NUNCHI_STREAM_FIFO = 3,		/* a pipe that has a name */
	NUNCHI_STREAM_SOCKET = 12,	/* of another family */
	NUNCHI_STREAM_IPV4 = 13,
	NUNCHI_STREAM_IPV6 = 14,
	NUNCHI_STREAM_UNIX = 15,
};

#define NUNCHI_TRAIT_EXE 0x01		/* what is of the image is known */
#define NUNCHI_TRAIT_WRITABLE 0x02	/* the user may write the image's file */
#define NUNCHI_TRAIT_32 0x04		/* of an EXEC: its addresses are of 32 bits */

/* What becomes of the calls of a container. */
enum nunchi_mode {
	NUNCHI_MODE_NONE = 0,	/* not even counted: the host, when it is not asked for */
	NUNCHI_MODE_COUNT = 1,	/* seen and filtered */
	NUNCHI_MODE_EVENT = 2,	/* recorded */
};

enum nunchi_slot_state {
	NUNCHI_SLOT_FREE = 0,
	NUNCHI_SLOT_PENDING = 1,	/* opened by the kernel side, nobody has claimed it yet */
	NUNCHI_SLOT_NAMED = 2,		/* a container: its tasks keep it, whatever they do */
	NUNCHI_SLOT_HOST = 3,		/* nobody claimed it: a sandbox of the host's */
};

/*
 * The row of a slot: written by user space, but for what opening it sets: PENDING, opener, parent, outer
 * and key; and for root.
 */
struct nunchi_slot {
	__u32 generation;
	__u8 state;		/* enum nunchi_slot_state */
	__u8 mode;		/* enum nunchi_mode */
	__u8 group;		/* of the container, for nunchi/push.h; 0: it is in none */
	__u8 pad;
	__u32 opener;		/* process that opened it: one that goes on unsharing needs no other */
	__u32 pidns;		/* its init's, once it is known: who is in another may be nested */
	__u32 parent;		/* slot of the container that it was opened in; 0: the host */
	__u32 parent_generation;
	__u32 outer;		/* the same, but of one that was pending what that was opened in, if anything */
	__u32 outer_generation;
	__u64 key;		/* mount namespace by which it is known now */
	__u64 root;		/* its root directory, a struct dentry *, whatever its processes have made their own since; 0: not known */
	__u64 mounts;		/* what its mount namespace has as event while its mounts are those that its runtime has made; 0: not known */
};

/* What the kernel itself starts on the host: core_pattern's program, modprobe, release_agent. */
#define NUNCHI_SLOT_HELPERS 1

/* A slot, and which container's it was meant as: the value of the identity maps. */
struct nunchi_slot_ref {
	__u32 slot;
	__u32 generation;
};

/*
 * Namespaces in the identity maps: a mount namespace by its unique id (inode numbers are given out
 * again as soon as a namespace is gone), a PID namespace by its inode number and this bit; that
 * entry goes when its init exits.
 */
#define NUNCHI_KEY_PIDNS (1ULL << 63)

/* What a bit of wanted[nr] means. */
#define NUNCHI_WANT_EVENT 0x01	/* somebody asked for this call */
#define NUNCHI_WANT_MODEL 0x02	/* the model needs it, in containers that are recorded */
#define NUNCHI_WANT_IDENTITY 0x04	/* it can move a task into a container (setns, unshare) */
#define NUNCHI_WANT_RESTART 0x08	/* restart_syscall: the end of a call that was interrupted */
#define NUNCHI_WANT_COMPAT 0x10	/* the number is that of a wanted call at the 32-bit door */

/* How the kernel side captures an argument. What a person reads is up to src/syscalls. */
enum nunchi_capture {
	NUNCHI_CAP_VALUE = 0,	/* the register is all */
	NUNCHI_CAP_FD,		/* the file or socket behind it */
	NUNCHI_CAP_DIRFD,	/* a directory for the path in the next argument: captured with it */
	NUNCHI_CAP_PATH,	/* a path; its base is the working directory */
	NUNCHI_CAP_PATHAT,	/* a path; its base is the DIRFD argument before it */
	NUNCHI_CAP_STR,		/* a string that is no path */
	NUNCHI_CAP_STRV,	/* a NULL-terminated array of strings */
	NUNCHI_CAP_SOCKADDR,	/* an address; its length is the next argument */
	NUNCHI_CAP_SOCKADDR_OUT,	/* an address; a pointer to its length is the next argument */
	NUNCHI_CAP_MSGHDR,	/* a struct msghdr: its address is captured */
	NUNCHI_CAP_BUFFER,	/* bytes that go in; how many is the next argument */
	NUNCHI_CAP_BUFFER_OUT,	/* bytes that came out; how many is the result */
	NUNCHI_CAP_BYTES,	/* a struct of fixed size: nunchi_spec.size */
	NUNCHI_CAP_LONGS,	/* one of two longs (a time, a limit); as two of 64 bits, whatever they were */
	NUNCHI_CAP_MMSGHDR,	/* several struct mmsghdr: the address of the first is captured */
};

/* How a call is captured, one row a number; filled from the table of src/syscalls. */
struct nunchi_spec {
	__u8 capture[6];	/* enum nunchi_capture */
	__u8 size[6];		/* for NUNCHI_CAP_BYTES and _LONGS */
	__u8 flags;		/* NUNCHI_SPEC_* */
	__u8 captures;		/* bits 1 << argument: those that are more than their value */
	__u8 pad[2];
};

#define NUNCHI_SPEC_RET_FD 0x01	/* the result is an fd: capture what it is */
#define NUNCHI_SPEC_FORK 0x02	/* returns twice: the child's return is dropped */
#define NUNCHI_SPEC_EXEC 0x04	/* success is reported by the exec hook */
#define NUNCHI_SPEC_CRITICAL 0x08	/* changes the model's state: by the critical ring */
#define NUNCHI_SPEC_EXEC_CHECK 0x20 /* argument 4 can be AT_EXECVE_CHECK: success executes nothing */
#define NUNCHI_SPEC_CLOSES 0x40	/* of argument 0, which is gone when it returns: the number can be another file's */
#define NUNCHI_SPEC_CWD 0x10	/* success changes the working directory: capture the new one */
#define NUNCHI_SPEC_ROOT 0x80	/* success changes the root directory, the same */

/*
 * A call by another door than the native one: its row by number; below NUNCHI_CALLS_MAX i386's, above
 * it x32's, then those that socketcall(2) and ipc(2) choose from. Filled from src/syscalls/compat.def.h.
 */
struct nunchi_compat {
	__u16 nr;		/* of the native call, plus one; 0: there is none */
	__u8 flags;		/* NUNCHI_COMPAT_* */
	__u8 from[6];		/* each argument: a register from 1, and NUNCHI_COMPAT_WIDE; 0: it is 0 */
	__u8 pad;
};

/* io_uring's operations fit below this (they stand at 63 in Linux 6.18). */
#define NUNCHI_URING_MAX 128

#define NUNCHI_COMPAT_WIDE 0x08		/* the high half is the next register */
#define NUNCHI_COMPAT_LONGS64 0x01	/* longs in structs are 64 bits */
#define NUNCHI_COMPAT_MEMORY_0 0x02	/* register 0 points to the six words that are meant */
#define NUNCHI_COMPAT_MEMORY_1 0x04	/* register 1 */
#define NUNCHI_COMPAT_PAGES 0x08	/* the last argument counts pages */
#define NUNCHI_COMPAT_SOCKETCALL 0x10	/* register 0 says which call */
#define NUNCHI_COMPAT_IPC 0x20		/* its low 16 bits do */

#define NUNCHI_COMPAT_SOCKETCALL_ROW 560
#define NUNCHI_COMPAT_SOCKETCALLS 21	/* SYS_SENDMMSG, and one */
#define NUNCHI_COMPAT_IPC_ROW 600
#define NUNCHI_COMPAT_IPCS 25		/* SHMCTL, and one */
#define NUNCHI_COMPAT_MAX 1024	/* a power of two, so that the kernel side can mask an index */

#ifndef __bpf__
static_assert(sizeof(struct nunchi_compat) == 10, "wire: nunchi_compat");
static_assert(sizeof(struct nunchi_head) == 112, "wire: nunchi_head");
static_assert(sizeof(struct nunchi_call) == 64, "wire: nunchi_call");
static_assert(sizeof(struct nunchi_blob) == 16, "wire: nunchi_blob");
static_assert(sizeof(struct nunchi_file) == 24, "wire: nunchi_file");
static_assert(sizeof(struct nunchi_end) == 8, "wire: nunchi_end");
static_assert(sizeof(struct nunchi_sock) == 56, "wire: nunchi_sock");
static_assert(sizeof(struct nunchi_spec) == 16, "wire: nunchi_spec");
static_assert(sizeof(struct nunchi_slot) == 56, "wire: nunchi_slot");
static_assert(sizeof(struct nunchi_namespaces) == 72, "wire: nunchi_namespaces");
static_assert(sizeof(struct nunchi_moved) == 40, "wire: nunchi_moved");
static_assert(sizeof(struct nunchi_summary) == 96, "wire: nunchi_summary");
static_assert(sizeof(struct nunchi_traits) == 72, "wire: nunchi_traits");
#endif
