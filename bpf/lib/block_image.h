/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A rule that blocks by a process's image means the path by which that was executed, as user space knows it: the file
 * may have been renamed since, or be another by now (prctl(PR_SET_MM)). Each process has the hash of that path, and
 * what a path satisfies is kept by its hash; so the path is walked at the exec, and again only after rules have
 * changed. If it has changed by then it is no longer known, and satisfies everything: block_image.bpf.c.
 */
#pragma once

#include "block_path.h"
#include "block_read.h"
#include "block_rows.h"

/* Sets s->whose, the container of a task whose paths are looked up. id: the task's identity, or NULL. */
static __always_inline void block_whose(struct scratch *s, const struct identity *id)
{
	s->whose.slot = id ? id->slot : 0;
	s->whose.generation = id ? id->generation : 0;
}

/* The hash of as much of the path made by block_path() as is kept. Never 0. */
u64 image_hash(struct scratch *s);

/* The clauses of the row that the path with the hash s->image satisfies; NULL: not kept. */
static __always_inline const u64 *image_kept(const struct scratch *s, u32 row)
{
	struct block_image *image = bpf_map_lookup_elem(&block_images, &s->image);

	return image && image->generation == row >> 8 ? &image->masks[row & (NUNCHI_BLOCK_MAX - 1)] : 0;
}

/* Notes the image of a process, and how often it had executed something by then. */
static __always_inline void image_set(struct identity *id, u64 image, u64 execs)
{
	id->exe = image;
	id->exe_execs = execs;
	id->exe_run = block_image_run;
}

static __always_inline bool image_is_set(const struct identity *id, const struct task_struct *task)
{
	return id->exe_run == block_image_run && id->exe_execs == (u32)task->self_exec_id;
}

/* The struct file of the task's image, wherever that is by now. */
static __always_inline u64 task_exe(struct task_struct *task)
{
	return (u64)BPF_CORE_READ(task, mm, exe_file);
}

static __always_inline bool asks_exe(u32 row)
{
	u32 kinds = block_rows[row & (NUNCHI_BLOCK_ROWS - 1)].kinds;

	return kinds & 1 << NUNCHI_BLOCK_EXE || NUNCHI_BLOCK_READS(kinds, NUNCHI_BLOCK_TEXT_EXE);
}

/* Looks up an image's path that block_path() has made. */
static __noinline u64 block_exe_path(struct scratch *s, u32 row, u64 mask)
{
	u32 kinds = block_rows[row & (NUNCHI_BLOCK_ROWS - 1)].kinds;
	u32 reads = NUNCHI_BLOCK_READS(kinds, NUNCHI_BLOCK_TEXT_EXE);

	if (!s)
		return 0;
	if (!asks_exe(row) || block_is_unknown(s))
		return mask;
	if (kinds & 1 << NUNCHI_BLOCK_EXE) {
		block_path_key(s);
		mask &= look_up(&s->block, row, NUNCHI_BLOCK_EXE);
	}
	if (mask && reads)
		mask &= block_read_path(s, row, NUNCHI_BLOCK_TEXT_EXE);
	return mask;
}

static long image_judge_class(u32 class, struct scratch **ctx)
{
	struct scratch *s = *ctx;
	u32 row = s->judged_row | class;

	s->judged.masks[class & (NUNCHI_BLOCK_MAX - 1)] |= block_exe_path(s, row, (u64)-1);
	return 0;
}

/* Adds the clauses of each class that the path made by block_path() satisfies to those of an earlier path. */
static __always_inline void image_judge_path(struct scratch *s, u32 row)
{
	s->judged_row = row & ~(NUNCHI_BLOCK_MAX - 1);
	bpf_loop(NUNCHI_BLOCK_MAX, image_judge_class, &s, 0);
}

/*
 * The clauses of the row that the present paths of exe (a struct file) satisfy, also that by another mount; s->whose
 * is its container. What they satisfy in all classes is kept. If s->image is 0, they are taken for the paths at the
 * exec, and s->image is set; else, if they differ from those, nothing is known of those.
 */
static __noinline u64 image_judge(struct scratch *s, u64 exe, u32 row)
{
	u32 flags;
	u64 hash;

	if (!s)
		return 0;
	if (exe)
		block_path(s, exe);
	else
		block_no_path(s);
	hash = image_hash(s);
	flags = s->walk.flags;
	__builtin_memset(&s->judged, 0, sizeof(s->judged));
	image_judge_path(s, row);
	if (exe && block_image_alias(s)) {
		image_judge_path(s, row);
		flags |= s->walk.flags;
		hash = hash * 31 + image_hash(s);
		hash = hash ? hash : 1;
	}
	if (s->image && s->image != hash) {
		count(counts[NUNCHI_COUNT_UNREAD]);
		return (u64)-1;
	}
	s->image = hash;
	s->judged.generation = row >> 8;
	/* A path that is not known is counted each time. */
	if (!flags)
		bpf_map_update_elem(&block_images, &hash, &s->judged, BPF_ANY);
	return s->judged.masks[row & (NUNCHI_BLOCK_MAX - 1)];
}
