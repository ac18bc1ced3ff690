/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Capture of bytes, strings and arrays of strings; blob.bpf.c has everything that reads the kernel's structs. */
#include "lib/blob.h"

#define STRINGS_MAX 16384	/* strings of an argv that are looked at; with more, `full` is too small */

__noinline int blob_kernel_str(struct scratch *s, u64 ptr, u32 blob)
{
	u32 pos;
	long n;

	if (!blob_begin(s, &pos))
		return 0;
	n = bpf_probe_read_kernel_str(&s->data[pos + sizeof(struct nunchi_blob)], DATA_MAX,
				      (void *)ptr);
	if (n > 0)
		blob_end(s, pos, n - 1, n - 1, 0, blob);
	return 0;
}

/* full: its length; len: how much of it is kept. */
__noinline int blob_user_bytes(struct scratch *s, u64 ptr, u32 len, u32 full, u32 blob)
{
	u32 pos, flags = full > len ? NUNCHI_BLOB_TRUNCATED : 0;

	if (!blob_begin(s, &pos) || len > DATA_MAX)
		return 0;
	if (bpf_probe_read_user(&s->data[pos + sizeof(struct nunchi_blob)], len, (void *)ptr)) {
		len = 0;
		flags = NUNCHI_BLOB_UNREADABLE;
	}
	blob_end(s, pos, len, full, flags, blob);
	return 0;
}

/* Copies one string of an array. What no longer fits is only measured. 1 ends the loop. */
static long strv_step(u32 i, struct scratch **ctx)
{
	struct scratch *s = *ctx;
	struct strv *v = &s->strv;
	u32 pos = v->pos, len = v->len;
	u32 size = s->call.layout & NUNCHI_LAYOUT_POINTERS32 ? sizeof(u32) : sizeof(u64);
	u64 string = 0;
	long n;

	if (bpf_probe_read_user(&string, size, (void *)(v->next + i * size))) {
		v->flags |= NUNCHI_BLOB_UNREADABLE;
		return 1;
	}
	if (!string || pos > LAST_POS + sizeof(struct nunchi_blob))
		return 1;
	if (len < DATA_MAX - 1)
		n = bpf_probe_read_user_str(&s->data[pos + len], DATA_MAX - len, (void *)string);
	else
		n = bpf_probe_read_user_str(&s->data[SPARE], DATA_MAX, (void *)string);
	if (n <= 0) {
		v->flags |= NUNCHI_BLOB_UNREADABLE;
		return 1;
	}
	v->full += n;
	if (len + n >= DATA_MAX)
		v->flags |= NUNCHI_BLOB_TRUNCATED;
	if (len < DATA_MAX - 1)
		v->len = len + n;
	return 0;
}

__noinline int blob_user_strv(struct scratch *s, u64 ptr, u32 blob)
{
	struct strv *v;
	u32 pos;

	if (!blob_begin(s, &pos))
		return 0;
	v = &s->strv;
	v->next = ptr;
	v->pos = pos + sizeof(struct nunchi_blob);
	v->len = v->full = v->flags = 0;
	bpf_loop(STRINGS_MAX, strv_step, &s, 0);
	blob_end(s, pos, v->len, v->full, v->flags, blob);
	return 0;
}

__noinline int blob_argv(struct scratch *s)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 start = task->mm->arg_start, full = task->mm->arg_end - start;

	if (!s)
		return 0;
	return blob_user_bytes(s, start, full > NUNCHI_ARGV_MAX ? NUNCHI_ARGV_MAX : full, full,
			       BLOB(NUNCHI_BLOB_ARGV, 0));
}

__noinline int blob_longs(struct scratch *s, u64 ptr, u32 blob)
{
	s32 narrow[2];
	s64 *out;
	u32 pos;

	if (!s || !(s->call.layout & NUNCHI_LAYOUT_LONGS32))
		return blob_user_bytes(s, ptr, sizeof(s64[2]), sizeof(s64[2]), blob);
	if (!blob_begin(s, &pos))
		return 0;
	if (bpf_probe_read_user(narrow, sizeof(narrow), (void *)ptr)) {
		blob_end(s, pos, 0, 0, NUNCHI_BLOB_UNREADABLE, blob);
		return 0;
	}
	out = (s64 *)&s->data[pos + sizeof(struct nunchi_blob)];
	out[0] = narrow[0];
	out[1] = narrow[1];
	blob_end(s, pos, sizeof(s64[2]), sizeof(s64[2]), 0, blob);
	return 0;
}
