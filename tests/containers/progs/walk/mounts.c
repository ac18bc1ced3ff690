/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts, roots and namespaces, within the container's own. */
#include "walk.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

static void old_ones(void)
{
	CALL(mkdirat, N(AT_FDCWD), P("/tmp/m"), T(0755, "0755"));
	CALL(mount, P("none"), P("/tmp/m"), P("tmpfs"), N(MS_NOSUID | MS_NODEV), P("size=64k"));
	CALL(umount2, P("/tmp/m"), N(MNT_DETACH));
	FAIL(EINVAL, umount2, P("/tmp/m"), V(0));
	FAIL(ENOENT, mount, P("none"), P("/tmp/none"), P("tmpfs"), N(MS_RDONLY), U(NULL));
}

static void new_ones(void)
{
	static struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	long fd, tree, mounted;

	fd = CALL(fsopen, P("tmpfs"), N(FSOPEN_CLOEXEC));
	FAIL(ENODEV, fsopen, P("nosuchfs"), V(0));
	CALL(fsconfig, V(fd), N(FSCONFIG_SET_STRING), P("size"), P("64k"), V(0));
	CALL(fsconfig, V(fd), N(FSCONFIG_CMD_CREATE), U(NULL), U(NULL), V(0));
	mounted = CALL(fsmount, V(fd), N(FSMOUNT_CLOEXEC), N(MOUNT_ATTR_NOSUID));
	FAIL(EBADF, fsmount, V(-1), V(0), V(0));
	CALL(move_mount, V(mounted), P(""), N(AT_FDCWD), P("/tmp/m"), N(MOVE_MOUNT_F_EMPTY_PATH));
	CALL(fspick, N(AT_FDCWD), P("/tmp/m"), N(FSPICK_CLOEXEC));
	FAIL(ENOENT, fspick, N(AT_FDCWD), P("/tmp/none"), V(0));
	tree = CALL(open_tree, N(AT_FDCWD), P("/tmp/m"), N(OPEN_TREE_CLOEXEC));
	FAIL(ENOENT, open_tree, N(AT_FDCWD), P("/tmp/none"), V(0));
	FAIL(ENOENT, open_tree_attr, N(AT_FDCWD), P("/tmp/none"), V(0), U(NULL), V(0));
	CALL(mount_setattr, N(AT_FDCWD), P("/tmp/m"), V(0),
	     T(&attr, "{attr_set=MOUNT_ATTR_RDONLY, attr_clr=0, propagation=0}"), V(sizeof(attr)));
	FAIL(EINVAL, mount_setattr, N(AT_FDCWD), P("/tmp/none"), V(0), U(NULL), V(0));
	FAIL(EFAULT, statmount, U(NULL), U(NULL), V(0), V(0));
	FAIL(EFAULT, listns, U(NULL), U(NULL), V(0), V(0));
	FAIL(EFAULT, listmount, U(NULL), U(NULL), V(0), V(0));
	close((int)fd);
	close((int)mounted);
	close((int)tree);
	CALL(umount2, P("/tmp/m"), N(MNT_DETACH));
}

void mounts(void)
{
	long fd;

	old_ones();
	new_ones();
	FAIL(OR(EBUSY, EINVAL), pivot_root, P("/etc"), P("/etc"));
	FAIL(ENOENT, chroot, P("/tmp/none"));
	CALL(chroot, P("/"));
	fd = CALL(openat, N(AT_FDCWD), P("/proc/self/ns/uts"), N(O_RDONLY), V(0));
	CALL(setns, V(fd), N(CLONE_NEWUTS));
	FAIL(EBADF, setns, V(-1), N(CLONE_NEWNET));
	CALL(unshare, N(CLONE_FS | CLONE_SYSVSEM));
	FAIL(EINVAL, unshare, U(1));
	close((int)fd);
}
