/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The file with the first instruction of what was just executed. A program that is not linked statically names
 * another one that runs first, its ELF interpreter: mostly the dynamic linker, but it can be any file. It is found
 * from the address at which the task will continue; what the image's headers or the auxiliary vector (AT_BASE) say
 * need not be true. Not found: code outside of any file, and code in a memory map that another task is changing at
 * the moment (trylock).
 */
#include "lib/blob.h"
#include "lib/drift.h"

/*
 * From 6.8 on: what is mapped on an overlay is the layer's file, which is followed by the path by which it was
 * opened.
 */
struct backing_file___user {
	struct path user_path;
} __attribute__((preserve_access_index));

static long mapped_file(struct task_struct *task, struct vm_area_struct *vma, struct scratch **ctx)
{
	struct scratch *s = *ctx;

	/* Through memory, so that the verifier takes it for a plain number. */
	*(volatile u64 *)&s->walk.name = (u64)vma->vm_file;
	return 0;
}

/*
 * Whether the struct path is one, in a file system that maps files of another (overlay, FUSE). Nothing else says so on
 * every kernel.
 */
static __always_inline bool is_user_path(const struct path *path)
{
	struct super_block *sb = BPF_CORE_READ(path->mnt, mnt_sb);
	u64 magic = BPF_CORE_READ(sb, s_magic);

	return (magic == OVERLAYFS_SUPER_MAGIC || magic == FUSE_SUPER_MAGIC) && BPF_CORE_READ(path->dentry, d_sb) == sb &&
	       BPF_CORE_READ(path->dentry, d_inode, i_sb) == sb;
}

/* The path by which a mapped file was opened. */
static __always_inline void opened_path(struct path *ret, u64 file)
{
	struct backing_file___user *backing = (void *)file;

	if (bpf_core_field_exists(backing->user_path) && !bpf_core_read(ret, sizeof(*ret), &backing->user_path) &&
	    is_user_path(ret))
		return;
	BPF_CORE_READ_INTO(ret, (struct file *)file, f_path);
}

__noinline int interpreter_find(struct scratch *s)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct path path = { 0 };
	u64 file;

	if (!s)
		return INTERPRETER_UNKNOWN;
	s->walk.name = 0;
	if (bpf_find_vma(task, next_instruction((struct pt_regs *)bpf_task_pt_regs(task)), mapped_file, &s, 0))
		return INTERPRETER_UNKNOWN;
	file = *(volatile u64 *)&s->walk.name;
	if (!file)
		return INTERPRETER_UNKNOWN;
	opened_path(&path, file);
	if (path.dentry == BPF_CORE_READ(task, mm, exe_file, f_path.dentry))
		return INTERPRETER_NONE;
	s->walk.mnt = (u64)path.mnt;
	s->walk.dentry = (u64)path.dentry;
	return INTERPRETER_FOUND;
}

__noinline int blob_interpreter(struct scratch *s)
{
	int found = interpreter_find(s);
	u32 pos;

	if (found == INTERPRETER_FOUND)
		return blob_walk(s, BLOB(NUNCHI_BLOB_INTERPRETER, 0));
	if (found == INTERPRETER_UNKNOWN && blob_begin(s, &pos))
		blob_end(s, pos, 0, 0, NUNCHI_BLOB_UNREADABLE, BLOB(NUNCHI_BLOB_INTERPRETER, 0));
	return 0;
}
