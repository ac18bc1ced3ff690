/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What an open is for, as both sides must have it. Who includes this has O_* of its own. */
#pragma once

/*
 * O_RDONLY, O_WRONLY, O_RDWR, or O_ACCMODE for neither. The kernel asks for the right to write for O_TRUNC, too, and
 * empties the file whatever it is opened for; with O_PATH it takes no notice of either.
 */
static inline __u32 nunchi_open_access(__u64 flags)
{
	__u32 access = flags & O_ACCMODE;

	if (flags & O_PATH)
		return O_RDONLY;
	if (!(flags & O_TRUNC))
		return access;
	return access == O_RDONLY ? O_RDWR : access == O_ACCMODE ? O_WRONLY : access;
}
