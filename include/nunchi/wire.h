/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The wire format: records as they are in the rings and in a capture file. The kernel side writes the
 * kinds up to NUNCHI_REC_KERNEL_LAST; user space adds the later ones (names, losses), so that the stream
 * alone contains all that the model needs.
 *
 * Rules: fixed-width integers in host byte order, no implicit padding, no pointers. A record is a struct
 * nunchi_head, then the struct of its kind (for system calls a struct nunchi_call), then blobs, each 8-byte
 * aligned. Numbers of kinds and blobs are never reused: a changed meaning gets a new number.
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
	NUNCHI_REC_PENDING = 5,	/* a slot was opened for tasks in unknown namespaces: nunchi_pending */
	NUNCHI_REC_CGROUP_NEW = 6,	/* cgroup_mkdir: nunchi_cgroup, CGROUP_PATH */
	NUNCHI_REC_CGROUP_GONE = 7,	/* cgroup_rmdir: the same */
	NUNCHI_REC_TASK = 8,	/* a process that already ran at start; the head is its own */
	NUNCHI_REC_ENTER = 9,	/* a task of the host has come into a container */
	NUNCHI_REC_NAMESPACES = 10,	/* a container's task is in other namespaces: nunchi_namespaces */
	NUNCHI_REC_MOVED = 11,	/* a container's task was moved to another cgroup: nunchi_moved, CGROUP_PATH */
	NUNCHI_REC_MISMATCH = 12,	/* an argument in user memory differs from the kernel's copy: nunchi_call, two blobs */
	NUNCHI_REC_KERNEL_LAST = NUNCHI_REC_MISMATCH,

	NUNCHI_REC_HOST = 32,		/* who recorded: nunchi_host, then strings (see event/) */
	NUNCHI_REC_CONTAINER = 33,	/* names and facts of a container (event/container_info.h) */
	NUNCHI_REC_CONTAINER_GONE = 34,	/* it stopped: its full id */
	NUNCHI_REC_PROCESS = 35,	/* facts from /proc of a process that already ran */
	NUNCHI_REC_LOST = 36,		/* records lost in a ring, or by a full queue */
	NUNCHI_REC_SLOT = 38,		/* slot, generation -> container id, or host */
	NUNCHI_REC_LIFE = 39,		/* something happened to a container: nunchi_life, its full id */
	NUNCHI_REC_ESCAPE = 40,		/* a task left its container; the head is the task's: nunchi_escape */
	NUNCHI_REC_GAP = 41,		/* nobody watched: nunchi_gap */
	NUNCHI_REC_ACCOUNT = 42,	/* the account of a slot, when it ends (37: an older form of it) */
	NUNCHI_REC_COUNTS = 43,		/* counters of the whole host, at the end */
	NUNCHI_REC_SUMMARY = 44,	/* calls that were only counted: nunchi_summary, a blob of the object */
	NUNCHI_REC_BLIND = 45,		/* a container starts something that no hook sees; the head is its task's: nunchi_blind */
	NUNCHI_REC_RULE = 46,		/* how often a rule has matched; only in the account of a running nunchi, not in captures */
};

/* Flags of a record. */
#define NUNCHI_F_SETUP 0x0001		/* done by the runtime, before the entrypoint's exec */
#define NUNCHI_F_CUT 0x0002		/* a blob did not fit into the record */
#define NUNCHI_F_INTERRUPTED 0x0004	/* a signal interrupted the call, which was resumed, or ended by that */
#define NUNCHI_F_LATE 0x0008		/* set by the reader: later records were already merged when it came */
#define NUNCHI_F_MODEL 0x0010		/* nobody asked for this call, but the model needs it */
#define NUNCHI_F_ENTERED 0x0020		/* the process, or an ancestor, came into the container from outside */
#define NUNCHI_F_ENTERING 0x0040	/* EXEC: its first one since it came in */
#define NUNCHI_F_SANDBOXED 0x0080	/* a host process, in a mount namespace of its own */
#define NUNCHI_F_ENTRY 0x0100		/* SYSCALL: the start of the call; ret is NUNCHI_RET_ENTRY */
#define NUNCHI_F_SHARED 0x0200		/* while in its ring it counts against its container's share */
#define NUNCHI_F_WATCHED 0x0400		/* uses the critical lane's share for what is watched or blocked */

/*
 * The head of every record: when, which ring and number, and which task. All ids are those in the initial
 * namespaces, except vpid and vtid. In records that no task caused, the fields of the task are 0.
 */
struct nunchi_head {
	__u32 len;		/* of the whole record, head included */
	__u16 kind;		/* enum nunchi_kind */
	__u16 flags;		/* NUNCHI_F_* */
	__u64 seq;		/* number in its ring, from 1; a gap is a loss */
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
	__u32 verdict;		/* what a blocking rule did: NUNCHI_VERDICT() in block.h; 0: nothing */
	__u64 cgroup;		/* kernfs id in v2, or in v1 with NUNCHI_CGROUP_V1 set */
	__u64 start;		/* start of the thread group leader, CLOCK_BOOTTIME, ns */
	char comm[16];
};

/*
 * Each hierarchy numbers its cgroups by itself: the same id is a different cgroup in another one. Of v1 only
 * one hierarchy is used, that of the pids controller, or, if there is none, of memory.
 */
#define NUNCHI_CGROUP_V1 (1ULL << 63)

/* How a call entered the kernel. In any case, number and arguments are recorded as those of the native call. */
enum nunchi_abi {
	NUNCHI_ABI_NATIVE = 0,
	NUNCHI_ABI_I386 = 1,	/* x86-64: int 0x80; or sysenter or syscall in a 32-bit program */
	NUNCHI_ABI_X32 = 2,	/* x86-64: a number with __X32_SYSCALL_BIT */
	NUNCHI_ABI_IO_URING = 3,	/* an io_uring request, recorded as the equivalent call */
};

/* How the caller's structs differ from native ones, and what the result is. */
#define NUNCHI_LAYOUT_POINTERS32 0x01	/* pointers in them */
#define NUNCHI_LAYOUT_LONGS32 0x02	/* longs: times, limits */
#define NUNCHI_LAYOUT_NO_FD 0x04	/* the result is no fd, but an index in an io_uring's own file table */

/* nunchi_call.ret of a call that has not ended: neither a success nor an error. */
#define NUNCHI_RET_ENTRY (-0x7fffffffffffffffLL - 1)

/* A system call. Follows the head in SYSCALL, EXEC and MISMATCH records. */
struct nunchi_call {
	__u32 nr;		/* number on the architecture that recorded */
	__u16 abi;		/* enum nunchi_abi */
	__u16 layout;		/* NUNCHI_LAYOUT_* */
	__s64 ret;
	__u64 args[6];		/* all zero in an EXEC for which they could not be kept */
};

/* Follows the head in EXIT records. */
struct nunchi_exit {
	__u32 code;		/* wait status, as in wait(2) */
	__u32 oom;		/* 1: killed by the OOM killer */
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
	__u32 host;		/* of the changed ones: those that are the host's now */
};

/* Follows the head in MOVED records; the head is that of who was moved. */
struct nunchi_moved {
	__u64 id;		/* kernfs id of the new cgroup */
	__u32 hierarchy;	/* 0 is cgroup v2 */
	__u32 mover_pid;	/* the process that moved it */
	__u32 mover_slot;
	__u32 mover_generation;
	char mover_comm[16];
};

/* What LIFE records report. Starts and stops are CONTAINER and CONTAINER_GONE records. */
enum nunchi_life_what {
	NUNCHI_LIFE_CREATED = 1,
	NUNCHI_LIFE_REMOVED = 2,
	NUNCHI_LIFE_PAUSED = 3,
	NUNCHI_LIFE_RESUMED = 4,
	NUNCHI_LIFE_EXEC = 5,	/* a program was run in it from outside; the head is that program's */
	NUNCHI_LIFE_INFO = 6,	/* its name came after its first events had gone out */
	NUNCHI_LIFE_DIED = 7,	/* how its init ended, as a runtime reports it */
	NUNCHI_LIFE_OOM = 8,	/* a process of it was killed by the OOM killer, as a runtime reports it */
};

/* Follows the head in LIFE records, then the container's full id. */
struct nunchi_life {
	__u32 what;		/* enum nunchi_life_what */
	__s32 exit_code;	/* DIED: as the runtime reports it (128 + signal); -1: unknown */
};

/* Follows the head in ESCAPE records; if the task was moved, then a CGROUP_PATH. */
struct nunchi_escape {
	__u32 namespaces;	/* host namespaces that it joined: bits 1 << enum nunchi_namespace */
	__u32 pad;
};

/* Follows the head in BLIND records. */
struct nunchi_blind {
	__u32 what;		/* enum nunchi_blind_what */
	__u32 pad;
};

enum nunchi_blind_what {
	NUNCHI_BLIND_NOTHING = 0,
	NUNCHI_BLIND_IO_URING = 1,	/* an io_uring was created */
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
	__u32 parent_slot;	/* the task's slot before that; 0: the host */
	__u32 parent_generation;
	__u64 namespace_key;	/* of the mount namespace in the identity maps, see NUNCHI_KEY_PIDNS */
};

/* Follows the head in CGROUP_* records. Blob: CGROUP_PATH. */
struct nunchi_cgroup {
	__u64 id;		/* kernfs id */
	__u32 hierarchy;	/* 0 is cgroup v2 */
	__u32 level;
};

/* Follows the head in LOST records; then their kinds. */
struct nunchi_lost {
	__u64 count;
	__u64 first;		/* when the first and last were lost, CLOCK_BOOTTIME, ns */
	__u64 last;
	__u32 reason;		/* enum nunchi_drop */
	__u32 kinds;		/* how many struct nunchi_lost_kind follow */
};

struct nunchi_lost_kind {
	__u32 what;		/* number of a call, or NUNCHI_CALLS_MAX and kind of the record */
	__u32 pad;
	__u64 count;		/* as far as it was kept: the sum can be less than nunchi_lost.count */
};

/* Follows the head in SUMMARY records. The head is that of the first call, except for its time. */
struct nunchi_summary {
	__u64 count;
	__u64 from;		/* the period in which they were counted, CLOCK_BOOTTIME, ns */
	__u64 to;
	__u32 kind;		/* enum nunchi_kind */
	__s32 error;		/* of calls: -errno; 0: they succeeded */
	struct nunchi_call call;	/* the first of them */
};

enum nunchi_blob_type {
	NUNCHI_BLOB_STR = 1,	/* a path or string, as read from user memory; no NUL */
	NUNCHI_BLOB_STRV = 2,	/* an array of strings, each with its NUL */
	NUNCHI_BLOB_SOCKADDR = 3,	/* a struct sockaddr, as read from user memory */
	NUNCHI_BLOB_BYTES = 4,	/* the beginning of a buffer, or a struct */
	NUNCHI_BLOB_FILE = 5,	/* the file behind an fd argument: nunchi_file, components */
	NUNCHI_BLOB_BASE = 6,	/* the directory at which a relative path argument starts, or of a chroot, likewise */
	NUNCHI_BLOB_SOCK = 7,	/* the socket behind an fd argument: nunchi_sock */
	NUNCHI_BLOB_EXE = 8,	/* a process's image: nunchi_file, components */
	NUNCHI_BLOB_CWD = 9,	/* its working directory, likewise */
	NUNCHI_BLOB_ARGV = 10,	/* its arguments, each with its NUL */
	NUNCHI_BLOB_FILENAME = 11,	/* the path that execve was given */
	NUNCHI_BLOB_PREV_COMM = 12,	/* the comm before the exec */
	NUNCHI_BLOB_PARENT_COMM = 13,	/* the real parent's comm */
	NUNCHI_BLOB_CGROUP_PATH = 14,	/* components, leaf first, each with its NUL; or the kernel's text */
	NUNCHI_BLOB_TRAITS = 15,	/* of EXEC and PROCESS: nunchi_traits */
	NUNCHI_BLOB_ENV = 16,	/* of EXEC and PROCESS, if something asks for it: each variable with its NUL */
	NUNCHI_BLOB_CAPS = 17,	/* of SYSCALL: nunchi_caps, if they differ from those after the last exec */
	NUNCHI_BLOB_ROOT = 18,	/* a root directory, like CWD: of chroot; and of PROCESS, if it is in a chroot */
	NUNCHI_BLOB_ALIAS = 19,	/* the file of FILE of the same argument by another path: from the container's root in the container's own file system, if it was reached by another mount; for proc and sysfs mounted elsewhere, the path below /proc or /sys */
	NUNCHI_BLOB_FOUND = 20,	/* MISMATCH: what user memory contained at the end of the call */
	NUNCHI_BLOB_INTERPRETER = 21,	/* of EXEC: the file with its first instruction, if that is not EXE: nunchi_file, components; UNREADABLE and empty: unknown */
};

/* nunchi_blob.arg if the blob describes the returned fd, not an argument. */
#define NUNCHI_ARG_RET 0xff

#define NUNCHI_BLOB_TRUNCATED 0x01	/* the data is cut; full is the whole length */
#define NUNCHI_BLOB_UNREADABLE 0x02	/* user memory could not be read */
#define NUNCHI_BLOB_UNREACHABLE 0x04	/* the walk did not end at the root mount of the task's namespace */
#define NUNCHI_BLOB_DELETED 0x08	/* the file has no name any more */
#define NUNCHI_BLOB_UPPER 0x10	/* in the upper layer of an overlay: not from the image */
#define NUNCHI_BLOB_LATE 0x20	/* read from an fd or directory that others could have changed since the call */
#define NUNCHI_BLOB_KERNEL 0x40	/* the copy that the kernel used, not user memory */
#define NUNCHI_BLOB_MOVED 0x80	/* of EXE: it has that path by a mount that was made in the container */

/* Head of a blob. Data follows, padded with zeros to a multiple of 8. */
struct nunchi_blob {
	__u8 type;		/* enum nunchi_blob_type */
	__u8 arg;		/* the argument it describes, 0 to 5, or NUNCHI_ARG_RET */
	__u16 flags;		/* NUNCHI_BLOB_* */
	__u32 len;		/* of the data, without padding */
	__u32 full;		/* length before truncation */
	__u32 pad;
};

/*
 * A file, as the kernel knows it. Its path follows as components, leaf first, each with its NUL, up to the
 * task's root directory: "test.txt\0mnt\0" is /mnt/test.txt, and no component at all is /.
 */
struct nunchi_file {
	__u64 ino;
	__u32 dev;		/* kernel encoding: major << 20 | minor */
	__u16 mode;		/* type and permissions, as st_mode */
	__u16 opened;		/* for the fd that openat2 returns: NUNCHI_OPENED_*; 0: unknown */
	__u64 magic;		/* of the file system, as f_type of statfs(2) */
};

#define NUNCHI_OPENED_ACCESS 0x0003	/* as in nunchi/open.h: O_RDONLY, O_WRONLY, ... */
#define NUNCHI_OPENED_KNOWN 0x0004
#define NUNCHI_OPENED_WHOLE 0x0008	/* includes what O_TRUNC adds, which the open file no longer shows */

/*
 * One end of a socket of another family, in place of an IP address. AF_NETLINK: port and groups (bits).
 * AF_PACKET, local end only: interface and protocol (host order). AF_VSOCK: CID and port. Both 0: unknown
 * or none.
 */
struct nunchi_end {
	__u32 first;
	__u32 second;
};

/* A socket, as the kernel knows it. For AF_UNIX the sun_paths of both ends follow. */
struct nunchi_sock {
	__u16 family;
	__u16 type;		/* SOCK_STREAM ... */
	__u16 protocol;
	__u16 state;		/* TCP_ESTABLISHED ... */
	__u16 lport;		/* host byte order */
	__u16 rport;
	__u16 lpath;		/* AF_UNIX: bytes of the local path that follow, then of the peer's */
	__u16 rpath;
	__u8 laddr[16];		/* IPv4 in the first four bytes, network byte order; other families: a nunchi_end */
	__u8 raddr[16];		/* the same; AF_UNIX: 32 bits, pid of the peer (SO_PEERCRED); 0: none */
	__u64 ino;
};

/* Capabilities of a thread: bits 1 << CAP_*; in the order that struct cred has them. */
struct nunchi_caps {
	__u64 inheritable;
	__u64 permitted;
	__u64 effective;
};

/* Properties of a process after its exec; in a PROCESS record as far as /proc tells. 0: unknown. */
struct nunchi_traits {
	__u64 cap_effective;	/* bits 1 << CAP_* */
	__u64 cap_permitted;
	__u64 cap_inheritable;
	__u64 exe_ctime;	/* ctime and mtime of the image's file, ns since the epoch */
	__u64 exe_mtime;
	__u64 pidns_start;	/* start of its PID namespace's init, CLOCK_BOOTTIME, ns */
	__u32 tty;		/* device number of the controlling terminal, as /proc/PID/stat has it */
	__u32 sid;		/* session and process group, in the initial PID namespace */
	__u32 pgid;
	__u32 vpgid;		/* process group in the task's own PID namespace; 0: it is outside of that */
	__u32 flags;		/* NUNCHI_TRAIT_* */
	__u8 streams[3];	/* standard input, output and error: enum nunchi_stream */
	__u8 pad;
};

/* What a standard stream is: S_IFMT >> 12, or for a socket its family. */
enum nunchi_stream {
	NUNCHI_STREAM_NONE = 0,		/* closed, or unknown */
	NUNCHI_STREAM_FIFO = 3,		/* a named pipe */
	NUNCHI_STREAM_SOCKET = 12,	/* of another family */
	NUNCHI_STREAM_IPV4 = 13,
	NUNCHI_STREAM_IPV6 = 14,
	NUNCHI_STREAM_UNIX = 15,
};

#define NUNCHI_TRAIT_EXE 0x01		/* exe_* and WRITABLE are known */
#define NUNCHI_TRAIT_WRITABLE 0x02	/* the user may write the image's file */
#define NUNCHI_TRAIT_32 0x04		/* EXEC: a 32-bit program */

/* What is done with the calls of a container. */
enum nunchi_mode {
	NUNCHI_MODE_NONE = 0,	/* not even counted: the host, when it is not asked for */
	NUNCHI_MODE_COUNT = 1,	/* seen and filtered */
	NUNCHI_MODE_EVENT = 2,	/* recorded */
};

enum nunchi_slot_state {
	NUNCHI_SLOT_FREE = 0,
	NUNCHI_SLOT_PENDING = 1,	/* opened by the kernel side, not claimed yet */
	NUNCHI_SLOT_NAMED = 2,		/* a container's: its tasks keep it, whatever they do */
	NUNCHI_SLOT_HOST = 3,		/* nobody claimed it: a sandbox of the host */
};

/*
 * The row of a slot. Written by user space, except root and mounts, and what opening a slot sets: state
 * PENDING, opener, parent, outer and key.
 */
struct nunchi_slot {
	__u32 generation;
	__u8 state;		/* enum nunchi_slot_state */
	__u8 mode;		/* enum nunchi_mode */
	__u8 group;		/* the container's group for nunchi/push.h; 0: none */
	__u8 pad;
	__u32 opener;		/* process that opened it; if that unshares again it gets no other slot */
	__u32 pidns;		/* of its init, once known; a task in another one may be in a nested container */
	__u32 parent;		/* slot from which it was opened; 0: the host */
	__u32 parent_generation;
	__u32 outer;		/* the same; but if the parent was pending, the parent's parent, if it had one */
	__u32 outer_generation;
	__u64 key;		/* the mount namespace by which it is known now */
	__u64 root;		/* struct dentry * of its root directory as the runtime made it; 0: unknown */
	__u64 mounts;		/* mnt_namespace.event as long as its mounts are those that the runtime made; 0: unknown */
};

/* The slot of processes that the kernel itself starts on the host: core_pattern, modprobe, release_agent. */
#define NUNCHI_SLOT_HELPERS 1

/* The value of the identity maps: a slot, valid while it has that generation. */
struct nunchi_slot_ref {
	__u32 slot;
	__u32 generation;
};

/*
 * Keys of namespaces in the identity maps. A mount namespace: its unique id, because inode numbers are reused
 * at once. A PID namespace: its inode number and this bit; the entry is removed when its init exits.
 */
#define NUNCHI_KEY_PIDNS (1ULL << 63)

/* The bits of wanted[nr]. */
#define NUNCHI_WANT_EVENT 0x01	/* somebody asked for this call */
#define NUNCHI_WANT_MODEL 0x02	/* the model needs it, in containers that are recorded */
#define NUNCHI_WANT_IDENTITY 0x04	/* it can move a task into a container (setns, unshare) */
#define NUNCHI_WANT_RESTART 0x08	/* restart_syscall: the end of a call that was interrupted */
#define NUNCHI_WANT_COMPAT 0x10	/* as a number of i386, it is that of a wanted call */

/* How the kernel side captures an argument. How it is printed is defined in src/syscalls. */
enum nunchi_capture {
	NUNCHI_CAP_VALUE = 0,	/* only the register */
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
	NUNCHI_CAP_LONGS,	/* a struct of two longs (a time, a limit); recorded as two 64-bit ones */
	NUNCHI_CAP_MMSGHDR,	/* several struct mmsghdr: the address of the first is captured */
};

/* How a call is captured, one row per number; filled from the table in src/syscalls. */
struct nunchi_spec {
	__u8 capture[6];	/* enum nunchi_capture */
	__u8 size[6];		/* for NUNCHI_CAP_BYTES and _LONGS */
	__u8 flags;		/* NUNCHI_SPEC_* */
	__u8 captures;		/* bits 1 << argument: those that are not NUNCHI_CAP_VALUE */
	__u8 pad[2];
};

#define NUNCHI_SPEC_RET_FD 0x01	/* the result is an fd: capture its file or socket */
#define NUNCHI_SPEC_FORK 0x02	/* returns twice: the child's return is dropped */
#define NUNCHI_SPEC_EXEC 0x04	/* success is reported by the exec hook */
#define NUNCHI_SPEC_CRITICAL 0x08	/* changes the model's state: uses the critical ring */
#define NUNCHI_SPEC_EXEC_CHECK 0x20 /* argument 4 can be AT_EXECVE_CHECK: success executes nothing */
#define NUNCHI_SPEC_CLOSES 0x40	/* closes argument 0, whose number can be another file's when it returns */
#define NUNCHI_SPEC_CWD 0x10	/* success changes the working directory: capture the new one */
#define NUNCHI_SPEC_ROOT 0x80	/* the same for the root directory */

/*
 * How a non-native call maps to the native one. Rows by number: below NUNCHI_CALLS_MAX those of i386, above
 * it those of x32, then the calls that socketcall(2) and ipc(2) multiplex. Filled from
 * src/syscalls/compat.def.h.
 */
struct nunchi_compat {
	__u16 nr;		/* of the native call, plus one; 0: there is none */
	__u8 flags;		/* NUNCHI_COMPAT_* */
	__u8 from[6];		/* for each argument its register, from 1, | NUNCHI_COMPAT_WIDE; 0: the argument is 0 */
	__u8 pad;
};

/* io_uring's operations are below this (63 in Linux 6.18). */
#define NUNCHI_URING_MAX 128

#define NUNCHI_COMPAT_WIDE 0x08		/* the high half is the next register */
#define NUNCHI_COMPAT_LONGS64 0x01	/* longs in structs have 64 bits */
#define NUNCHI_COMPAT_MEMORY_0 0x02	/* register 0 points to the arguments, six words */
#define NUNCHI_COMPAT_MEMORY_1 0x04	/* register 1 does */
#define NUNCHI_COMPAT_PAGES 0x08	/* the last argument counts pages */
#define NUNCHI_COMPAT_SOCKETCALL 0x10	/* register 0 says which call */
#define NUNCHI_COMPAT_IPC 0x20		/* its low 16 bits do */

#define NUNCHI_COMPAT_SOCKETCALL_ROW 560
#define NUNCHI_COMPAT_SOCKETCALLS 21	/* SYS_SENDMMSG plus one */
#define NUNCHI_COMPAT_IPC_ROW 600
#define NUNCHI_COMPAT_IPCS 25		/* SHMCTL plus one */
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
