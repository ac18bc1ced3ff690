/* SPDX-License-Identifier: Apache-2.0 */
/* Decode tables: files, descriptors and what watches them. */
#include "values.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/xattr.h>

/* The C library has O_LARGEFILE as 0 on 64-bit machines; old programs still pass the kernel's. */
#ifdef __aarch64__
#define KERNEL_O_LARGEFILE 0400000
#else
#define KERNEL_O_LARGEFILE 0100000
#endif

/* What contains another one comes first (O_SYNC has the bits of O_DSYNC). */
const struct named_value values_open_flags[] = {
	M(O_RDONLY, O_ACCMODE), M(O_WRONLY, O_ACCMODE), M(O_RDWR, O_ACCMODE),
	N(O_CREAT), N(O_EXCL), N(O_NOCTTY), N(O_TRUNC), N(O_APPEND), N(O_NONBLOCK), N(O_SYNC),
	N(O_DSYNC), N(O_ASYNC), N(O_DIRECT), L(O_LARGEFILE, KERNEL_O_LARGEFILE), N(O_TMPFILE),
	N(O_DIRECTORY), N(O_NOFOLLOW), N(O_NOATIME), N(O_CLOEXEC), N(O_PATH), END
};

const struct named_value values_fd_open_flags[] = {
	N(O_CLOEXEC), N(O_NONBLOCK), N(O_DIRECT), L(O_NOTIFICATION_PIPE, O_EXCL), END
};

const struct named_value values_resolve_flags[] = {
	N(RESOLVE_NO_XDEV), N(RESOLVE_NO_MAGICLINKS), N(RESOLVE_NO_SYMLINKS), N(RESOLVE_BENEATH),
	N(RESOLVE_IN_ROOT), N(RESOLVE_CACHED), END
};

const struct named_value values_access_mode[] = {
	M(F_OK, 0xffffffff), N(R_OK), N(W_OK), N(X_OK), END
};

const struct named_value values_at_flags[] = {
	N(AT_SYMLINK_NOFOLLOW), N(AT_SYMLINK_FOLLOW), N(AT_NO_AUTOMOUNT), N(AT_EMPTY_PATH), END
};

const struct named_value values_unlinkat_flags[] = { N(AT_REMOVEDIR), END };

const struct named_value values_linkat_flags[] = {
	N(AT_SYMLINK_FOLLOW), N(AT_EMPTY_PATH), END
};

const struct named_value values_faccessat_flags[] = {
	N(AT_EACCESS), N(AT_SYMLINK_NOFOLLOW), N(AT_EMPTY_PATH), END
};

const struct named_value values_execveat_flags[] = {
	N(AT_SYMLINK_NOFOLLOW), N(AT_EMPTY_PATH), L(AT_EXECVE_CHECK, 0x10000), END
};

const struct named_value values_handle_flags[] = {
	L(AT_HANDLE_MNT_ID_UNIQUE, 1), L(AT_HANDLE_CONNECTABLE, 2), L(AT_HANDLE_FID, 0x200),
	N(AT_SYMLINK_FOLLOW), N(AT_EMPTY_PATH), END
};

const struct named_value values_statx_flags[] = {
	N(AT_SYMLINK_NOFOLLOW), N(AT_NO_AUTOMOUNT), N(AT_EMPTY_PATH),
	M(AT_STATX_FORCE_SYNC, AT_STATX_SYNC_TYPE), M(AT_STATX_DONT_SYNC, AT_STATX_SYNC_TYPE), END
};

const struct named_value values_statx_mask[] = {
	N(STATX_BASIC_STATS), N(STATX_TYPE), N(STATX_MODE), N(STATX_NLINK), N(STATX_UID),
	N(STATX_GID), N(STATX_ATIME), N(STATX_MTIME), N(STATX_CTIME), N(STATX_INO), N(STATX_SIZE),
	N(STATX_BLOCKS), N(STATX_BTIME), N(STATX_MNT_ID), N(STATX_DIOALIGN),
	L(STATX_MNT_ID_UNIQUE, 0x4000), L(STATX_SUBVOL, 0x8000), L(STATX_WRITE_ATOMIC, 0x10000),
	L(STATX_DIO_READ_ALIGN, 0x20000), END
};

const struct named_value values_whence[] = {
	N(SEEK_SET), N(SEEK_CUR), N(SEEK_END), N(SEEK_DATA), N(SEEK_HOLE), END
};

const struct named_value values_rename_flags[] = {
	N(RENAME_NOREPLACE), N(RENAME_EXCHANGE), N(RENAME_WHITEOUT), END
};

const struct named_value values_xattr_flags[] = { N(XATTR_CREATE), N(XATTR_REPLACE), END };

const struct named_value values_flock_ops[] = {
	N(LOCK_SH), N(LOCK_EX), N(LOCK_UN), N(LOCK_NB), N(LOCK_MAND), N(LOCK_READ), N(LOCK_WRITE),
	END
};

const struct named_value values_fcntl_cmds[] = {
	N(F_DUPFD), N(F_GETFD), N(F_SETFD), N(F_GETFL), N(F_SETFL), N(F_GETLK), N(F_SETLK),
	N(F_SETLKW), N(F_SETOWN), N(F_GETOWN), N(F_SETSIG), N(F_GETSIG), N(F_SETOWN_EX),
	N(F_GETOWN_EX), L(F_GETOWNER_UIDS, 17), N(F_OFD_GETLK), N(F_OFD_SETLK), N(F_OFD_SETLKW),
	N(F_SETLEASE), N(F_GETLEASE), N(F_NOTIFY), L(F_DUPFD_QUERY, 1027), L(F_CREATED_QUERY, 1028),
	L(F_CANCELLK, 1029), N(F_DUPFD_CLOEXEC), N(F_SETPIPE_SZ), N(F_GETPIPE_SZ), N(F_ADD_SEALS),
	N(F_GET_SEALS), N(F_GET_RW_HINT), N(F_SET_RW_HINT), N(F_GET_FILE_RW_HINT),
	N(F_SET_FILE_RW_HINT), END
};

static const struct named_value fd_flags[] = { N(FD_CLOEXEC), END };
static const struct named_value lease_types[] = { N(F_RDLCK), N(F_WRLCK), N(F_UNLCK), END };
static const struct named_value dnotify_events[] = {
	N(DN_ACCESS), N(DN_MODIFY), N(DN_CREATE), N(DN_DELETE), N(DN_RENAME), N(DN_ATTRIB),
	N(DN_MULTISHOT), END
};

const struct named_value values_seals[] = {
	N(F_SEAL_SEAL), N(F_SEAL_SHRINK), N(F_SEAL_GROW), N(F_SEAL_WRITE), N(F_SEAL_FUTURE_WRITE),
	L(F_SEAL_EXEC, 0x20), END
};

const struct arg_choice choices_fcntl_args[] = {
	{ F_DUPFD, ARG_INT, NULL },
	{ F_DUPFD_CLOEXEC, ARG_INT, NULL },
	{ F_SETFD, ARG_FLAGS, fd_flags },
	{ F_SETFL, ARG_OPENFLAGS, NULL },
	{ F_SETOWN, ARG_PID, NULL },
	{ F_SETSIG, ARG_SIGNAL, NULL },
	{ F_SETLEASE, ARG_ENUM, lease_types },
	{ F_NOTIFY, ARG_FLAGS, dnotify_events },
	{ F_SETPIPE_SZ, ARG_UINT, NULL },
	{ F_ADD_SEALS, ARG_FLAGS, values_seals },
	{ 0, ARG_NONE, NULL }
};

const struct named_value values_fallocate_mode[] = {
	N(FALLOC_FL_KEEP_SIZE), N(FALLOC_FL_PUNCH_HOLE), N(FALLOC_FL_NO_HIDE_STALE),
	N(FALLOC_FL_COLLAPSE_RANGE), N(FALLOC_FL_ZERO_RANGE), N(FALLOC_FL_INSERT_RANGE),
	N(FALLOC_FL_UNSHARE_RANGE), L(FALLOC_FL_WRITE_ZEROES, 0x80), END
};

const struct named_value values_fadvise_advice[] = {
	N(POSIX_FADV_NORMAL), N(POSIX_FADV_RANDOM), N(POSIX_FADV_SEQUENTIAL),
	N(POSIX_FADV_WILLNEED), N(POSIX_FADV_DONTNEED), N(POSIX_FADV_NOREUSE), END
};

const struct named_value values_splice_flags[] = {
	N(SPLICE_F_MOVE), N(SPLICE_F_NONBLOCK), N(SPLICE_F_MORE), N(SPLICE_F_GIFT), END
};

const struct named_value values_sync_file_range_flags[] = {
	N(SYNC_FILE_RANGE_WAIT_BEFORE), N(SYNC_FILE_RANGE_WRITE), N(SYNC_FILE_RANGE_WAIT_AFTER), END
};

const struct named_value values_rwf_flags[] = {
	N(RWF_HIPRI), N(RWF_DSYNC), N(RWF_SYNC), N(RWF_NOWAIT), N(RWF_APPEND),
	L(RWF_NOAPPEND, 0x20), L(RWF_ATOMIC, 0x40), L(RWF_DONTCACHE, 0x80), END
};

const struct named_value values_close_range_flags[] = {
	N(CLOSE_RANGE_UNSHARE), N(CLOSE_RANGE_CLOEXEC), END
};

const struct named_value values_epoll_flags[] = { N(EPOLL_CLOEXEC), END };

const struct named_value values_epoll_ops[] = {
	N(EPOLL_CTL_ADD), N(EPOLL_CTL_DEL), N(EPOLL_CTL_MOD), END
};

const struct named_value values_eventfd_flags[] = {
	N(EFD_SEMAPHORE), N(EFD_CLOEXEC), N(EFD_NONBLOCK), END
};

const struct named_value values_inotify_flags[] = { N(IN_CLOEXEC), N(IN_NONBLOCK), END };

const struct named_value values_inotify_mask[] = {
	N(IN_ALL_EVENTS), N(IN_ACCESS), N(IN_MODIFY), N(IN_ATTRIB), N(IN_CLOSE_WRITE),
	N(IN_CLOSE_NOWRITE), N(IN_OPEN), N(IN_MOVED_FROM), N(IN_MOVED_TO), N(IN_CREATE),
	N(IN_DELETE), N(IN_DELETE_SELF), N(IN_MOVE_SELF), N(IN_ONLYDIR), N(IN_DONT_FOLLOW),
	N(IN_EXCL_UNLINK), N(IN_MASK_CREATE), N(IN_MASK_ADD), N(IN_ONESHOT), END
};

#define CLASS_BITS (FAN_CLASS_CONTENT | FAN_CLASS_PRE_CONTENT)

const struct named_value values_fanotify_init_flags[] = {
	M(FAN_CLASS_NOTIF, CLASS_BITS), M(FAN_CLASS_CONTENT, CLASS_BITS),
	M(FAN_CLASS_PRE_CONTENT, CLASS_BITS), N(FAN_CLOEXEC), N(FAN_NONBLOCK),
	N(FAN_UNLIMITED_QUEUE), N(FAN_UNLIMITED_MARKS), N(FAN_ENABLE_AUDIT), N(FAN_REPORT_PIDFD),
	N(FAN_REPORT_TID), N(FAN_REPORT_FID), N(FAN_REPORT_DIR_FID), N(FAN_REPORT_NAME),
	N(FAN_REPORT_TARGET_FID), L(FAN_REPORT_FD_ERROR, 0x2000), L(FAN_REPORT_MNT, 0x4000), END
};

const struct named_value values_fanotify_mark_flags[] = {
	N(FAN_MARK_ADD), N(FAN_MARK_REMOVE), N(FAN_MARK_FLUSH), N(FAN_MARK_DONT_FOLLOW),
	N(FAN_MARK_ONLYDIR), L(FAN_MARK_MNTNS, 0x110), N(FAN_MARK_MOUNT), N(FAN_MARK_FILESYSTEM),
	N(FAN_MARK_IGNORED_MASK), N(FAN_MARK_IGNORED_SURV_MODIFY), N(FAN_MARK_EVICTABLE),
	N(FAN_MARK_IGNORE), END
};

const struct named_value values_fanotify_mask[] = {
	N(FAN_ACCESS), N(FAN_MODIFY), N(FAN_ATTRIB), N(FAN_CLOSE_WRITE), N(FAN_CLOSE_NOWRITE),
	N(FAN_OPEN), N(FAN_MOVED_FROM), N(FAN_MOVED_TO), N(FAN_CREATE), N(FAN_DELETE),
	N(FAN_DELETE_SELF), N(FAN_MOVE_SELF), N(FAN_OPEN_EXEC), N(FAN_Q_OVERFLOW), N(FAN_FS_ERROR),
	N(FAN_OPEN_PERM), N(FAN_ACCESS_PERM), N(FAN_OPEN_EXEC_PERM), L(FAN_PRE_ACCESS, 0x100000),
	L(FAN_MNT_ATTACH, 0x1000000), L(FAN_MNT_DETACH, 0x2000000), N(FAN_EVENT_ON_CHILD),
	N(FAN_RENAME), N(FAN_ONDIR), END
};
