/* SPDX-License-Identifier: Apache-2.0 */
/* Decode tables: mounts, old (mount) and new (fsopen, open_tree, ...). */
#include "values.h"

#include <fcntl.h>
#include <linux/mount.h>

const struct named_value values_mount_flags[] = {
	M(MS_MGC_VAL, MS_MGC_MSK), N(MS_RDONLY), N(MS_NOSUID), N(MS_NODEV), N(MS_NOEXEC),
	N(MS_SYNCHRONOUS), N(MS_REMOUNT), N(MS_MANDLOCK), N(MS_DIRSYNC), N(MS_NOSYMFOLLOW),
	N(MS_NOATIME), N(MS_NODIRATIME), N(MS_BIND), N(MS_MOVE), N(MS_REC), N(MS_SILENT),
	N(MS_POSIXACL), N(MS_UNBINDABLE), N(MS_PRIVATE), N(MS_SLAVE), N(MS_SHARED), N(MS_RELATIME),
	N(MS_KERNMOUNT), N(MS_I_VERSION), N(MS_STRICTATIME), N(MS_LAZYTIME), END
};

/* In the C library's header only, which cannot be had together with the kernel's. */
const struct named_value values_umount_flags[] = {
	L(MNT_FORCE, 1), L(MNT_DETACH, 2), L(MNT_EXPIRE, 4), L(UMOUNT_NOFOLLOW, 8), END
};

const struct named_value values_tree_flags[] = {
	N(AT_SYMLINK_NOFOLLOW), N(AT_NO_AUTOMOUNT), N(AT_EMPTY_PATH), N(AT_RECURSIVE), END
};

const struct named_value values_open_tree_flags[] = {
	N(OPEN_TREE_CLONE), L(OPEN_TREE_NAMESPACE, 2), N(OPEN_TREE_CLOEXEC), N(AT_SYMLINK_NOFOLLOW),
	N(AT_NO_AUTOMOUNT), N(AT_EMPTY_PATH), N(AT_RECURSIVE), END
};

const struct named_value values_move_mount_flags[] = {
	N(MOVE_MOUNT_F_SYMLINKS), N(MOVE_MOUNT_F_AUTOMOUNTS), N(MOVE_MOUNT_F_EMPTY_PATH),
	N(MOVE_MOUNT_T_SYMLINKS), N(MOVE_MOUNT_T_AUTOMOUNTS), N(MOVE_MOUNT_T_EMPTY_PATH),
	N(MOVE_MOUNT_SET_GROUP), L(MOVE_MOUNT_BENEATH, 0x200), END
};

const struct named_value values_fsopen_flags[] = { N(FSOPEN_CLOEXEC), END };
const struct named_value values_fsmount_flags[] = { N(FSMOUNT_CLOEXEC), L(FSMOUNT_NAMESPACE, 2), END };

const struct named_value values_fspick_flags[] = {
	N(FSPICK_CLOEXEC), N(FSPICK_SYMLINK_NOFOLLOW), N(FSPICK_NO_AUTOMOUNT), N(FSPICK_EMPTY_PATH),
	END
};

const struct named_value values_fsconfig_cmds[] = {
	N(FSCONFIG_SET_FLAG), N(FSCONFIG_SET_STRING), N(FSCONFIG_SET_BINARY), N(FSCONFIG_SET_PATH),
	N(FSCONFIG_SET_PATH_EMPTY), N(FSCONFIG_SET_FD), N(FSCONFIG_CMD_CREATE),
	N(FSCONFIG_CMD_RECONFIGURE), L(FSCONFIG_CMD_CREATE_EXCL, 8), END
};

/* MOUNT_ATTR_RELATIME is 0, and so what stands when nothing does. */
const struct named_value values_mount_attrs[] = {
	N(MOUNT_ATTR_RDONLY), N(MOUNT_ATTR_NOSUID), N(MOUNT_ATTR_NODEV), N(MOUNT_ATTR_NOEXEC),
	M(MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME), M(MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME),
	N(MOUNT_ATTR__ATIME), N(MOUNT_ATTR_NODIRATIME), N(MOUNT_ATTR_IDMAP),
	N(MOUNT_ATTR_NOSYMFOLLOW), END
};
