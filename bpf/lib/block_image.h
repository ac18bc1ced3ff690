/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a rule that blocks asks of the image that a process runs, it asks of the path by which that was executed, as
 * user space knows it: the file can be renamed since, or be another's by now (prctl(PR_SET_MM)). Each process has
 * the hash of that path, and what a path satisfies is kept by its hash; so the path is walked at the exec, and
 * again only after rules have changed. One that is another path by then is not known any more, and satisfies
 * all: block_image.bpf.c.
 */
#pragma once

#include "record.h"

/* The hash of the path that block_path() has made, as far as it is kept. Never 0. */
u64 image_hash(struct scratch *s);

/* The clauses of the row that a path satisfies which s->image has the hash of; NULL: that is not kept. */
static __always_inline const u64 *image_kept(const struct scratch *s, u32 row)
{
	struct block_image *image = bpf_map_lookup_elem(&block_images, &s->image);

	return image && image->generation == row >> 8 ? &image->masks[row & (NUNCHI_BLOCK_MAX - 1)] : 0;
}

/* Who executed it when it had executed as much as now. */
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
