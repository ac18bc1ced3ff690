/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of system calls (table.def.h) and what can be asked of it. A row says number,
 * name, activity, and for each argument its name, its kind and, for flags and enums, its values.
 * The kernel side's capture rows (struct nunchi_spec) are derived from it here.
 */
#pragma once

#include "base/strbuf.h"
#include "nunchi/wire.h"

/* The paper's nine kinds of activity. X(enum, activity.category, for people) */
#define ACTIVITY_CATEGORIES(X)                         \
	X(FILE, "file", "File Operation")              \
	X(NETWORK, "network", "Network Operation")     \
	X(PROCESS, "process", "Process Manage")        \
	X(MEMORY, "memory", "Memory Manage")           \
	X(SIGNAL, "signal", "Signal Operation")        \
	X(IPC, "ipc", "IPC Operation")                 \
	X(CREDENTIAL, "credential", "Credential Manage") \
	X(NAMESPACE, "namespace", "Namespace Manage")  \
	X(SYSTEM, "system", "System Manage")

enum activity_category {
#define X(id, name, title) CATEGORY_##id,
	ACTIVITY_CATEGORIES(X)
#undef X
	CATEGORY_MAX
};

extern const char *const category_names[CATEGORY_MAX];		/* "file" */
extern const char *const category_titles[CATEGORY_MAX];	/* "File Operation" */

/*
 * What an argument is to a person, and how the kernel side takes it. X(kind, capture):
 * several kinds share a capture. FLAGS, ENUM and the like use struct syscall_arg.values.
 */
#define ARG_KINDS(X)                                                              \
	X(NONE, VALUE)		/* no such argument */                            \
	X(INT, VALUE)		/* signed, 32 bits: "-1" */                       \
	X(LONG, VALUE)		/* signed, 64 bits */                             \
	X(UINT, VALUE)		/* unsigned, 32 bits */                           \
	X(SIZE, VALUE)		/* unsigned, 64 bits: a size or count */          \
	X(HEX, VALUE)		/* "0x1f" */                                      \
	X(POINTER, VALUE)	/* "0x7f..", or "NULL" */                         \
	X(MODE, VALUE)		/* "0644" */                                      \
	X(DEV, VALUE)		/* "8:1" */                                       \
	X(FLAGS, VALUE)		/* "A|B", the rest in hex, "0" when none */       \
	X(ENUM, VALUE)		/* "A", or the number */                          \
	X(OPENFLAGS, VALUE)	/* open flags: access mode and the rest */        \
	X(CLONEFLAGS, VALUE)	/* clone flags, with the exit signal in the low byte */ \
	X(SOCKTYPE, VALUE)	/* SOCK_STREAM|SOCK_CLOEXEC */                    \
	X(SIGNAL, VALUE)	/* "SIGKILL" */                                   \
	X(PID, VALUE)		/* a number; 0 and -1 have a meaning */           \
	X(UID, VALUE)		/* a number, (uid_t)-1 is "-1" */                 \
	X(GID, VALUE)                                                             \
	X(TIME, LONGS)		/* struct timespec: "1.500000000" (s) */          \
	X(FD, FD)                                                                 \
	X(DIRFD, DIRFD)		/* "AT_FDCWD", or the number */                   \
	X(PATH, PATH)                                                             \
	X(PATHAT, PATHAT)                                                         \
	X(STRING, STR)                                                            \
	X(STRINGS, STRV)                                                          \
	X(SOCKADDR, SOCKADDR)	/* "10.0.0.7:443", "[::1]:53", "unix:/run/x.sock" */ \
	X(SOCKADDR_OUT, SOCKADDR_OUT)                                             \
	X(MSGHDR, MSGHDR)	/* the address in it */                           \
	X(BUFFER, BUFFER)	/* first bytes, escaped */                        \
	X(BUFFER_OUT, BUFFER_OUT)                                                 \
	X(FDPAIR, BYTES)	/* int[2] that came out: "[3, 4]" */              \
	X(OPENHOW, BYTES)	/* struct open_how */                             \
	X(CLONEARGS, BYTES)	/* struct clone_args */                           \
	X(STRUCT, BYTES)	/* some other struct of fixed size: hex bytes */  \
	X(MODEFLAGS, VALUE)	/* flags with a mode in the low nine bits: "IPC_CREAT|0600" */ \
	X(TIMEVAL, LONGS)	/* struct timeval: "1.500000" (s) */              \
	X(RLIMIT, LONGS)	/* struct rlimit: "{cur=1024, max=RLIM_INFINITY}" */ \
	X(CAPHDR, BYTES)	/* struct __user_cap_header_struct */             \
	X(CAPDATA, BYTES)	/* two struct __user_cap_data_struct */           \
	X(MOUNTATTR, BYTES)	/* struct mount_attr */                           \
	X(URINGPARAMS, BYTES)	/* the beginning of struct io_uring_params */     \
	X(MMSGHDR, MMSGHDR)	/* the address in the first of them */

enum arg_kind {
#define X(kind, capture) ARG_##kind,
	ARG_KINDS(X)
#undef X
	ARG_KIND_MAX
};

/* A named value; a list of them ends with a NULL name. Values come from the system's headers. */
struct named_value {
	const char *name;
	uint64_t value;
	uint64_t mask;	/* for flags: bits that must equal value; 0 means value itself */
};

/*
 * What an argument means where another one says so (the option names of setsockopt by the level).
 * A list of them ends with ARG_NONE; all have the capture of the argument's own kind.
 */
struct arg_choice {
	uint32_t when;				/* the other argument's low 32 bits */
	enum arg_kind kind;
	const struct named_value *values;
};

struct syscall_arg {
	const char *name;
	enum arg_kind kind;
	uint8_t size;				/* bytes, for the BYTES and LONGS captures */
	uint8_t chooser;			/* the number of the one that chooses */
	const struct named_value *values;	/* for FLAGS and ENUM */
	const struct arg_choice *choices;	/* NULL: it always means the same */
};

/* What the result is. */
enum ret_kind {
	RET_ZERO,	/* 0, or an error: "SUCCESS" */
	RET_FD,		/* an fd */
	RET_COUNT,	/* bytes or the like */
	RET_PID,
	RET_POINTER,
	RET_VALUE,	/* some other number */
	RET_NEVER,	/* does not return (exit): the exit hook reports it */
};

#define SYSCALL_DEFAULT 0x01	/* in the default set */
#define SYSCALL_MODEL 0x02	/* the model needs it, asked for or not (chdir ...) */
#define SYSCALL_IDENTITY 0x04	/* can move a task into a container (setns, unshare) */
#define SYSCALL_FORK 0x08	/* returns twice */
#define SYSCALL_EXEC 0x10
#define SYSCALL_CLOSES 0x20	/* argument 0 */
#define SYSCALL_ROOT 0x40	/* changes the root directory */
#define SYSCALL_CWD 0x80	/* changes the working directory */

struct syscall_info {
	const char *name;		/* "openat" */
	int16_t nr_x86_64;		/* never -1; use syscall_nr() */
	int16_t nr_arm64;		/* -1: not there */
	enum activity_category category;
	const char *activity;		/* "File Open" */
	enum ret_kind ret;
	uint8_t flags;			/* SYSCALL_* */
	uint8_t n_args;
	struct syscall_arg args[6];
};

/* All rows, by table order (ascending number). */
extern const struct syscall_info syscall_table[];
extern const size_t syscall_table_len;

/* The call's number on this machine's architecture, -1 if it is not there. */
static inline int syscall_nr(const struct syscall_info *call)
{
#ifdef __aarch64__
	return call->nr_arm64;
#else
	return call->nr_x86_64;
#endif
}

/* By number of this machine's architecture; NULL if there is no such call. O(1). */
const struct syscall_info *syscall_by_nr(uint32_t nr);
/* By exact name; NULL if there is none. O(1) or O(log n). */
const struct syscall_info *syscall_by_name(const char *name, size_t len);
const struct syscall_arg *syscall_find_arg(const struct syscall_info *call, const char *name,
					   size_t len, unsigned *ret_index);

/* How the kernel side is to capture the call. */
struct nunchi_spec syscall_spec(const struct syscall_info *call);

/* Calls by the 32-bit doors, in the kernel side's terms; empty where the machine has no such door. */
extern const struct nunchi_compat syscall_compat[NUNCHI_COMPAT_MAX];
/* Marks the numbers by which somebody at such a door makes a call that is wanted. */
void syscall_want_compat(uint8_t wanted[NUNCHI_CALLS_MAX]);

/* By operation of io_uring: the number of the call that does the same, plus one; 0: there is none. */
void syscall_uring_calls(uint16_t calls[NUNCHI_URING_MAX]);

/* A set of calls, and of "procexit", which is an event without a call of its own. */
struct syscall_set {
	uint8_t bits[NUNCHI_CALLS_MAX];	/* 1: in the set, by number */
	bool procexit;
};

void syscall_set_default(struct syscall_set *set);

/*
 * Parses what -e takes: names, @category, "all", "default", "procexit", each with "!" before it
 * to take it out, separated by commas, applied from left to right. If the first is a "!", it
 * starts from the default set, else from the empty one. "@process" has procexit in it. On error
 * returns -EINVAL and puts one sentence without "nunchi: " into err ("-e openatt: no such ..."),
 * with the offending word and the nearest names.
 */
int syscall_set_parse(struct syscall_set *set, const char *spec, struct strbuf *err) _must_check_;

/*
 * Up to three names nearest to word (edit distance, prefix first), as "openat, openat2"; empty if
 * nothing is near. Any list of names: fields, categories and commands use it too.
 */
void nearest_names(struct strbuf *out, const char *word, size_t len, const char *const *names,
		   size_t n_names);
/* Sets ret to them as the end of a message, ". Did you mean openat, openat2?". False: none is near, and ret is "". */
bool did_you_mean(struct strbuf *ret, const char *word, size_t len, const char *const *names, size_t n_names);

/* "ENOENT" for 2 (also ERESTARTSYS and its kin, "EINTR"-like kernel codes), NULL if unknown. */
const char *errno_name(int err);
#define ERRNO_NAMES_END 531	/* none has a name from here on */
/* "SIGKILL" for 9, "SIGRTMIN+2" for 36; NULL if out of range. */
const char *signal_name(int sig);
/* "CAP_SYS_ADMIN" for 21, NULL if unknown. */
const char *capability_name(int cap);
/* "AF_INET" for 2, NULL if unknown. */
const char *family_name(int family);
/* "NETLINK_ROUTE" for 0, NULL if unknown. */
const char *netlink_protocol_name(int protocol);

/*
 * Prints an argument's value for a person. data, len: what was captured of it (user memory:
 * hostile), NULL if nothing was. raw: the register. Never fails, escapes nothing (the output
 * does), bounds its own output to about 4 KiB + the captured length.
 */
void arg_print(struct strbuf *out, const struct syscall_arg *arg, uint64_t raw, const char *data,
	       size_t len);

/* The same for argument index of a call, in the light of the others. Nothing if it has none. */
void syscall_print_arg(struct strbuf *out, const struct syscall_info *call,
		       const uint64_t args[6], unsigned index, const char *data, size_t len);

/* The flags in the struct of clone3(): 64 bits, none of which is the exit signal's. */
void clone3_flags_print(struct strbuf *out, uint64_t flags);

/* The result as evt.res: "SUCCESS", or the errno's name ("ENOENT"). */
const char *result_name(const struct syscall_info *call, int64_t ret);

/* An address as "10.0.0.7:443", "[::1]:53", "unix:/run/x.sock", "netlink:0:1"; len may lie. */
void sockaddr_print(struct strbuf *out, const void *addr, size_t len);
/*
 * The two numbers that an address of AF_NETLINK, AF_PACKET or AF_VSOCK is; false: it is none of the family, or too
 * short. And printed, "0:1"; what vsock calls any is "*".
 */
bool sockaddr_end(const void *addr, size_t len, unsigned family, struct nunchi_end *ret);
void sockaddr_print_end(struct strbuf *out, unsigned family, const struct nunchi_end *end);
