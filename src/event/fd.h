/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an event is about: the file, or the socket and its peer. One view of it for every call,
 * from which the fd.* fields, the WHAT column and the block output read.
 */
#pragma once

#include "event.h"

/* fd.type, as Falco names them where it has a name. */
enum fd_type { FD_NONE, FD_FILE, FD_DIRECTORY, FD_IPV4, FD_IPV6, FD_UNIX, FD_NETLINK, FD_PACKET,
	       FD_VSOCK, FD_PIPE, FD_CHAR, FD_BLOCK, FD_ANON, FD_MEMFD, FD_OTHER };

/*
 * Where a value is from, the best first: an object or a copy that the kernel went by; a place that
 * others could have changed between that and our look; user memory, which can say anything.
 */
enum grade { GRADE_OBJECT, GRADE_LATE, GRADE_USER };

/* Of which layer of an overlay a file is, if it is in one: written since, or the image's. */
enum fd_layer { FD_LAYER_NONE, FD_LAYER_UPPER, FD_LAYER_LOWER };

struct event_fd {
	bool present;		/* the event has a file, socket or path at all */
	int64_t num;		/* fd.num: -1 for a failed open; INT64_MIN: no value */
	enum fd_type type;
	const char *name;	/* fd.name: absolute path; or "10.0.0.1:40000->10.0.0.7:443"; NULL: none */
	size_t name_len;
	const char *nameraw;	/* what was asked for, as it was written; NULL: none */
	size_t nameraw_len;
	const struct event_blob *alias;	/* a walk: of a file that another mount led to, its path by those of the container's beginning; or NULL */
	const char *oldname;	/* rename, link, symlink: the other path, absolute; NULL: none */
	size_t oldname_len;
	size_t dir_len;		/* of name: fd.directory is its first dir_len bytes ("/" for the root) */
	size_t file_off;	/* of name: fd.filename starts here; name_len when there is none */
	bool is_path;		/* name is a path: directory and filename exist */
	bool has_addr;		/* lip.. below are set */
	bool unreachable;	/* a path, of a file that is not below the task's root */
	bool deleted;		/* a path, of a file that has no name (any more) */
	enum fd_layer layer;
	uint16_t family;	/* AF_* */
	uint16_t protocol;	/* IPPROTO_TCP ... ; 0 when unknown */
	uint16_t state;		/* of an IP socket: TCP_ESTABLISHED ... */
	uint16_t lport, rport;	/* host order */
	uint8_t lip[16], rip[16];	/* IPv4 in the first four bytes */
	bool has_lip, has_rip;
	uint64_t ino;
	uint64_t magic;		/* of its file system */
	uint32_t dev;
	uint32_t peer_pid;	/* of a unix socket: who listened or connected at the other end; 0: nobody */
	enum grade name_grade, nameraw_grade, oldname_grade;
};

enum grade grade_of(const struct event_blob *blob);

/*
 * Computes the view. The strings live in the caller's scratch, which is reset by the call and must
 * outlive the use of *ret. cwd: the process's working directory for records that carry no base
 * (may be NULL).
 */
void event_fd(const struct event *ev, const char *cwd, struct strbuf *scratch, struct event_fd *ret);

/*
 * Appends the absolute path that a path argument of the call means, as fd.name is made of it where
 * no object tells. False, and nothing appended: it is no path, or nobody knows where it starts.
 */
bool event_arg_path(const struct event *ev, const char *cwd, unsigned index, struct strbuf *out);

/* The same of what an exec (kind EXEC) was asked for, whichever argument that was. */
bool event_exec_path(const struct event *ev, const char *cwd, struct strbuf *out);

/*
 * The same of the path that fd.name is about, as it was asked for: what was opened can be somewhere
 * else, by links.
 */
bool event_asked_path(const struct event *ev, const char *cwd, struct strbuf *out);

/* "file", "directory", "ipv4", "unix", ... ; NULL for FD_NONE. */
const char *fd_type_name(enum fd_type type);

/*
 * Appends the path that the components of a FILE, BASE, EXE or CWD blob (after its nunchi_file)
 * make. Damaged components are taken as far as they are sound. A deleted file gets " (deleted)" as
 * in /proc; what has no path is "memfd:name", "pipe:[ino]", "anon_inode:[eventpoll]"; a path whose
 * part next to the root was cut off begins with ".../".
 */
void path_from_walk(struct strbuf *out, const struct event_blob *blob);
/* The same without " (deleted)". False if what was appended is no path (or nothing was). */
bool path_from_file(struct strbuf *out, const struct event_blob *blob);
/* The same of an ALIAS: of proc and sysfs where they are to be. */
void path_from_alias(struct strbuf *out, const struct event_blob *blob);

/* Whether the file of such a blob had a name once. That of one whose directory is not known is not known either: it is "...". */
bool path_is_deleted(const struct event_blob *blob);

/* Appends the path of a CGROUP_PATH blob below the hierarchy's root: "/docker/<id>". */
void cgroup_from_walk(struct strbuf *out, const struct event_blob *blob);

/*
 * Appends the absolute, textually normalised path of name below base: "." and empty components
 * go, ".." takes one away but never rises above "/", a trailing slash goes. Symbolic links are not
 * resolved: that is the difference between fd.name of a failed call and the truth.
 */
void path_join(struct strbuf *out, const char *base, size_t base_len, const char *name, size_t len);
