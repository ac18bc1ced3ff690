/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The look-ups of a file that is opened or executed. */
#pragma once

#include "block.h"
#include "nunchi/open.h"

static __always_inline u8 file_type(u64 file)
{
	u32 mode = BPF_CORE_READ((struct file *)file, f_inode, i_mode) & S_IFMT;

	switch (mode) {
	case S_IFREG:
		return NUNCHI_BLOCK_TYPE_FILE;
	case S_IFDIR:
		return NUNCHI_BLOCK_TYPE_DIRECTORY;
	case S_IFCHR:
		return NUNCHI_BLOCK_TYPE_CHAR;
	case S_IFBLK:
		return NUNCHI_BLOCK_TYPE_BLOCK;
	case S_IFIFO:
		return NUNCHI_BLOCK_TYPE_PIPE;
	default:
		return NUNCHI_BLOCK_TYPE_OTHER;
	}
}

/* Looks up the names of s->leaf: its last name, its path, and its alias. */
static __always_inline u64 file_names(struct scratch *s, u32 row, u64 mask)
{
	u32 kinds = block_rows[row & (NUNCHI_BLOCK_ROWS - 1)].kinds;
	struct dentry *dentry = (void *)s->leaf.dentry;

	if (mask && kinds & 1 << NUNCHI_BLOCK_FILENAME) {
		bpf_probe_read_kernel_str(s->block.key.bytes, sizeof(s->block.key.bytes), BPF_CORE_READ(dentry, d_name.name));
		mask &= look_up(&s->block, row, NUNCHI_BLOCK_FILENAME);
	}
	return mask && asks_path(kinds) ? block_paths(s, row, mask) : mask;
}

/* Looks up a file that is opened. asked: flags that it does not have any more once it is open. */
static __noinline u64 block_file(struct scratch *s, u64 file, u64 asked, u32 row, u64 mask)
{
	u32 kinds = block_rows[row & (NUNCHI_BLOCK_ROWS - 1)].kinds, access;
	struct block_work *b;

	if (!s)
		return 0;
	b = &s->block;
	if (mask && kinds & 1 << NUNCHI_BLOCK_ACCESS) {
		access = nunchi_open_access(BPF_CORE_READ((struct file *)file, f_flags) | (asked & O_TRUNC));
		mask &= look_up_code(b, row, NUNCHI_BLOCK_ACCESS,
				     access == O_RDWR	? NUNCHI_BLOCK_READ | NUNCHI_BLOCK_WRITE :
				     access == O_WRONLY ? NUNCHI_BLOCK_WRITE :
				     access == O_RDONLY ? NUNCHI_BLOCK_READ :
							  0);	/* for ioctl alone */
	}
	if (mask && kinds & 1 << NUNCHI_BLOCK_TYPE)
		mask &= look_up_code(b, row, NUNCHI_BLOCK_TYPE, file_type(file));
	leaf_of(s, file);
	return file_names(s, row, mask);
}

/* Looks up an image at its exec. exe: a struct file, 0: there is none; s->whose: the container. */
static __noinline u64 block_exe(struct scratch *s, u64 exe, u32 row, u64 mask)
{
	u64 found;

	if (!s || !mask || !asks_exe(row))
		return mask;
	if (!exe) {
		block_no_path(s);
		return block_exe_path(s, row, mask);
	}
	block_path(s, exe);
	found = block_exe_path(s, row, mask);
	if (block_image_alias(s))
		found |= block_exe_path(s, row, mask);
	return found;
}
