/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How an open accesses its file, so that both sides agree. The includer defines O_*. */
#pragma once

/*
 * The access of an open: O_RDONLY, O_WRONLY, O_RDWR, or O_ACCMODE for neither. O_TRUNC counts as writing: the
 * kernel requires write permission for it, and empties the file whatever the access mode. With O_PATH it
 * ignores both.
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
