/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that take names of files. */
#include "walk.h"

#include <fcntl.h>
#include <linux/fanotify.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

void files_at(void)
{
	static struct open_how how = { .flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_BENEATH };
	static struct stat st;
	static struct statx stx;
	static char target[64];
	long dir, fd;

	dir = CALL(openat, N(AT_FDCWD), P("/tmp"), N(O_RDONLY | O_DIRECTORY | O_CLOEXEC), V(0));
	fd = CALL(openat, V(dir), P("a"), N(O_WRONLY | O_CREAT | O_TRUNC), T(0644, "0644"));
	FAIL(ENOENT, openat, N(AT_FDCWD), P("/tmp/none"), N(O_RDWR), V(0));
	CALL(openat2, V(dir), P("a"),
	     T(&how, "{flags=O_RDONLY|O_CLOEXEC, mode=0, resolve=RESOLVE_BENEATH}"), V(sizeof(how)));
	FAIL(EXDEV, openat2, V(dir), P("/tmp/a"),
	     T(&how, "{flags=O_RDONLY|O_CLOEXEC, mode=0, resolve=RESOLVE_BENEATH}"), V(sizeof(how)));
	CALL(fchmod, V(fd), T(0600, "0600"));
	CALL(fchown, V(fd), V(0), V(0));
	CALL(mkdirat, V(dir), P("d"), T(0750, "0750"));
	FAIL(EEXIST, mkdirat, V(dir), P("d"), T(0750, "0750"));
	CALL(mknodat, N(AT_FDCWD), P("/tmp/pipe"), T(S_IFIFO | 0600, "S_IFIFO|0600"), T(0, "0:0"));
	CALL(fchownat, N(AT_FDCWD), P("/tmp/a"), V(0), V(0), N(AT_SYMLINK_NOFOLLOW));
	CALL(fchmodat, N(AT_FDCWD), P("/tmp/a"), T(0640, "0640"));
	CALL(fchmodat2, N(AT_FDCWD), P("/tmp/a"), T(0600, "0600"), N(AT_SYMLINK_NOFOLLOW));
	CALL(linkat, V(dir), P("a"), N(AT_FDCWD), P("/tmp/b"), V(0));
	CALL(symlinkat, P("a"), N(AT_FDCWD), P("/tmp/s"));
	CALL(readlinkat, V(dir), P("s"), P(target), V(sizeof(target)));
	FAIL(EINVAL, readlinkat, V(dir), P("a"), U(target), V(sizeof(target)));
	CALL(faccessat, V(dir), P("a"), N(R_OK | W_OK));
	CALL(faccessat2, V(dir), P("a"), N(F_OK), N(AT_EACCESS));
	FAIL(ENOENT, faccessat2, N(AT_FDCWD), P("/tmp/none"), N(X_OK), V(0));
	CALL(newfstatat, V(dir), P("s"), U(&st), N(AT_SYMLINK_NOFOLLOW));
	FAIL(ENOENT, newfstatat, V(dir), P("none"), U(&st), V(0));
	CALL(statx, V(dir), P("a"), N(AT_SYMLINK_NOFOLLOW), N(STATX_SIZE | STATX_BTIME), U(&stx));
	CALL(utimensat, V(dir), P("a"), U(NULL), N(AT_SYMLINK_NOFOLLOW));
	CALL(renameat, N(AT_FDCWD), P("/tmp/b"), V(dir), P("c"));
	CALL(renameat2, V(dir), P("c"), V(dir), P("b"), N(RENAME_NOREPLACE));
	FAIL(EEXIST, renameat2, V(dir), P("a"), V(dir), P("b"), N(RENAME_NOREPLACE));
	CALL(unlinkat, V(dir), P("b"), V(0));
	CALL(unlinkat, V(dir), P("d"), N(AT_REMOVEDIR));
	FAIL(ENOENT, unlinkat, V(dir), P("none"), V(0));
	CALL(truncate, P("/tmp/a"), V(8));
	FAIL(EINVAL, truncate, P("/tmp/a"), V(-1));
	CALL(close, V(fd));
	FAIL(EBADF, close, V(fd));
	CALL(fchdir, V(dir));
	CALL(chdir, P("/"));
	FAIL(ENOTDIR, chdir, P("/tmp/a"));
	CALL(close, V(dir));
}

void files(void)
{
	static struct statfs fs;
#ifdef SYS_open
	static char target[64];
	static struct stat st;

	CALL(open, P("/etc/passwd"), N(O_RDONLY), V(0));
	FAIL(ENOENT, open, P("/tmp/none"), N(O_WRONLY | O_APPEND), V(0));
	CALL(creat, P("/tmp/f"), T(0600, "0600"));
	CALL(mkdir, P("/tmp/e"), T(0700, "0700"));
	CALL(rename, P("/tmp/e"), P("/tmp/g"));
	CALL(rmdir, P("/tmp/g"));
	FAIL(ENOENT, rmdir, P("/tmp/g"));
	CALL(link, P("/tmp/f"), P("/tmp/h"));
	FAIL(EEXIST, link, P("/tmp/f"), P("/tmp/h"));
	CALL(symlink, P("f"), P("/tmp/i"));
	CALL(readlink, P("/tmp/i"), P(target), V(sizeof(target)));
	CALL(chmod, P("/tmp/f"), T(04755, "04755"));
	CALL(chown, P("/tmp/f"), V(0), V(-1));
	CALL(access, P("/tmp/f"), N(X_OK));
	FAIL(ENOENT, access, P("/tmp/none"), N(F_OK));
	CALL(stat, P("/tmp/i"), U(&st));
	FAIL(ENOENT, stat, P("/tmp/none"), U(&st));
	CALL(lstat, P("/tmp/i"), U(&st));
	CALL(lchown, P("/tmp/i"), V(101), V(101));	/* nobody else follows it from now on */
	CALL(utime, P("/tmp/f"), U(NULL));
	CALL(utimes, P("/tmp/f"), U(NULL));
	CALL(futimesat, N(AT_FDCWD), P("/tmp/f"), U(NULL));
	CALL(unlink, P("/tmp/h"));
	CALL(mknod, P("/tmp/null"), T(S_IFCHR | 0666, "S_IFCHR|0666"), T(makedev(1, 3), "1:3"));
	FAIL(OR(ENOENT, ENOSYS), uselib, P("/tmp/none"));
	FAIL(EINVAL, ustat, T(makedev(4095, 255), "4095:255"), U(&st));
#endif
	CALL(statfs, P("/tmp"), U(&fs));
	FAIL(ENOENT, statfs, P("/tmp/none"), U(&fs));
	CALL(umask, T(022, "022"));
	CALL(memfd_create, P("walk"), N(MFD_CLOEXEC));
	FAIL(EINVAL, memfd_create, P("walk"), U(0x800));
	FAIL(OR(0, ENOSYS), memfd_secret, V(0));
}

static void handles(void)
{
	static struct {
		struct file_handle head;
		char room[128];
	} handle;
	static int mount_id;

	handle.head.handle_bytes = sizeof(handle.room);
	CALL(name_to_handle_at, N(AT_FDCWD), P("/tmp"), U(&handle), U(&mount_id), V(0));
	handle.head.handle_bytes = 0;
	FAIL(OR(EINVAL, EBADF), open_by_handle_at, V(-1), U(&handle), N(O_RDONLY));
}

static void watches(void)
{
	long fd, watch;

	fd = CALL(fanotify_init, N(FAN_CLASS_NOTIF | FAN_CLOEXEC), N(O_RDONLY));
	CALL(fanotify_mark, V(fd), N(FAN_MARK_ADD), N(FAN_OPEN | FAN_CLOSE_WRITE), N(AT_FDCWD), P("/tmp"));
	FAIL(ENOENT, fanotify_mark, V(fd), N(FAN_MARK_ADD), N(FAN_OPEN), N(AT_FDCWD), P("/tmp/none"));
	close((int)fd);
#ifdef SYS_inotify_init
	CALL(inotify_init);
#endif
	fd = CALL(inotify_init1, N(IN_CLOEXEC | IN_NONBLOCK));
	watch = CALL(inotify_add_watch, V(fd), P("/tmp"), N(IN_CREATE | IN_DELETE));
	CALL(inotify_rm_watch, V(fd), V(watch));
	FAIL(EINVAL, inotify_rm_watch, V(fd), V(watch));
	close((int)fd);
}

static void extended(void)
{
	static char value[16], list[64];
	long fd = open("/tmp/a", O_RDWR);

	CALL(setxattr, P("/tmp/a"), P("security.walk"), P("one"), V(3), V(0));
	CALL(lsetxattr, P("/tmp/a"), P("security.walk"), P("two"), V(3), N(XATTR_REPLACE));
	CALL(fsetxattr, V(fd), P("security.walk"), P("six"), V(3), V(0));
	FAIL(EEXIST, fsetxattr, V(fd), P("security.walk"), P("ten"), V(3), N(XATTR_CREATE));
	CALL(getxattr, P("/tmp/a"), P("security.walk"), P(value), V(sizeof(value)));
	CALL(lgetxattr, P("/tmp/a"), P("security.walk"), P(value), V(sizeof(value)));
	CALL(fgetxattr, V(fd), P("security.walk"), P(value), V(sizeof(value)));
	FAIL(ENODATA, fgetxattr, V(fd), P("security.none"), U(value), V(sizeof(value)));
	/* The list ends with a NUL, which is shown. */
	CALL(listxattr, P("/tmp/a"), T(list, "security.walk\\u0000"), V(sizeof(list)));
	CALL(llistxattr, P("/tmp/a"), T(list, "security.walk\\u0000"), V(sizeof(list)));
	CALL(flistxattr, V(fd), T(list, "security.walk\\u0000"), V(sizeof(list)));
	CALL(removexattr, P("/tmp/a"), P("security.walk"));
	FAIL(ENODATA, lremovexattr, P("/tmp/a"), P("security.none"));
	FAIL(ENODATA, fremovexattr, V(fd), P("security.none"));
	FAIL(EINVAL, setxattrat, N(AT_FDCWD), P("/tmp/none"), V(0), P("security.walk"), U(NULL), V(0));
	FAIL(EINVAL, getxattrat, N(AT_FDCWD), P("/tmp/none"), V(0), P("security.walk"), U(NULL), V(0));
	CALL(listxattrat, N(AT_FDCWD), P("/tmp/a"), N(AT_SYMLINK_NOFOLLOW), U(NULL), V(0));
	FAIL(ENOENT, removexattrat, N(AT_FDCWD), P("/tmp/none"), V(0), P("security.walk"));
	FAIL(EINVAL, file_setattr, N(AT_FDCWD), P("/tmp/none"), U(NULL), V(0), V(0));
	FAIL(EINVAL, file_getattr, N(AT_FDCWD), P("/tmp/none"), U(NULL), V(0), V(0));
	close((int)fd);
}

void attributes(void)
{
	handles();
	watches();
	extended();
}
